-- Proposals to change the rules. Filled by `projections::proposals`.

CREATE TABLE proposals (
    proposal   text PRIMARY KEY,
    status     text NOT NULL,
    name       text NOT NULL,
    summary    text NOT NULL,
    hash       text NOT NULL,
    base       text NOT NULL,
    author     text,
    -- JSON: departments; the round of votes, or null.
    waits_for  text NOT NULL,
    round      text NOT NULL,
    version    integer NOT NULL,
    drafted_at text NOT NULL,
    changed_at text NOT NULL,
    applied_at text,
    -- Of the submission that waits for votes.
    asked_position integer,
    asked_at text
) STRICT, WITHOUT ROWID;

CREATE INDEX proposals_status ON proposals (status, proposal);

CREATE INDEX proposals_asked ON proposals (asked_position) WHERE asked_position IS NOT NULL;

INSERT INTO watermarks (projection, position) VALUES ('proposals', 0);
