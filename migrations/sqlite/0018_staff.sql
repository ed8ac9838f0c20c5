-- People by id, their roles, and their tokens without secrets. Filled by `projections::staff`.

CREATE TABLE staff (
    staff         text PRIMARY KEY,
    standing      text NOT NULL,
    -- JSON: roles; tokens that work.
    roles         text NOT NULL,
    tokens        text NOT NULL,
    registered_at text NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
    token      text PRIMARY KEY,
    staff      text NOT NULL,
    label      text NOT NULL,
    roles      text NOT NULL,
    machine    integer NOT NULL,
    issued_at  text NOT NULL,
    revoked_at text
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_of_staff ON tokens (staff);

INSERT INTO watermarks (projection, position) VALUES ('staff', 0);
