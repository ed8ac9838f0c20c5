-- Openings: the personal texts behind the salted digests that events carry. The one table that can be erased.
-- Read and written by the `journal` crate.

CREATE TABLE openings (
    digest  text NOT NULL PRIMARY KEY,
    -- Whom the text is about: everything of a subject is erased at once.
    subject text NOT NULL,
    salt    blob NOT NULL,
    opening text NOT NULL
) STRICT;

CREATE INDEX openings_subject ON openings (subject);
