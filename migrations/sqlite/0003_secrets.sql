-- Secrets: what people prove who they are with, behind the ids that events carry. A password is a hash; the secret of one-time codes is
-- itself, because codes are made from it. Rows are replaced and erased. Read and written by the `journal` crate.

CREATE TABLE secrets (
    id     text NOT NULL PRIMARY KEY,
    -- Whose it is: everything of a person is erased at once.
    staff  text NOT NULL,
    secret text NOT NULL
) STRICT;

CREATE INDEX secrets_staff ON secrets (staff);
