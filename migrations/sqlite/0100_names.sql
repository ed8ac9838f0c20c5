-- Names of people and of tokens: what the salted digests in events stand for. Erasable, unlike events; no read model.
CREATE TABLE names (
    subject TEXT NOT NULL PRIMARY KEY,
    salt    TEXT NOT NULL,
    name    TEXT NOT NULL
);
