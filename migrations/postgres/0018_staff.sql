-- People by id, their roles, and their tokens without secrets. Filled by `projections::staff`.

CREATE TABLE staff (
    staff         text COLLATE "C" PRIMARY KEY,
    standing      text NOT NULL,
    -- JSON: roles; tokens that work.
    roles         text NOT NULL,
    tokens        text NOT NULL,
    registered_at timestamptz NOT NULL
);

CREATE TABLE tokens (
    token      text COLLATE "C" PRIMARY KEY,
    staff      text COLLATE "C" NOT NULL,
    label      text NOT NULL,
    roles      text NOT NULL,
    machine    boolean NOT NULL,
    issued_at  timestamptz NOT NULL,
    revoked_at timestamptz
);

CREATE INDEX tokens_of_staff ON tokens (staff);

INSERT INTO watermarks (projection, position) VALUES ('staff', 0);
