-- Names of people and of tokens: what the salted digests in events stand for. Erasable, unlike events; no read model.
CREATE TABLE names (
    subject text NOT NULL PRIMARY KEY,
    salt    text NOT NULL,
    name    text NOT NULL
);
