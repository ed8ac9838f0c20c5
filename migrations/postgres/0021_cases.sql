-- What wants approval for a customer. Filled by `projections::cases`. Reviews of papers are cases too.

DELETE FROM watermarks WHERE projection = 'reviews';

DROP TABLE reviews;

CREATE TABLE cases (
    case_id      text COLLATE "C" PRIMARY KEY,
    customer     text COLLATE "C" NOT NULL,
    subject      text COLLATE "C" NOT NULL,
    -- JSON: what is asked for; why it takes its route; the round of votes.
    matter       text NOT NULL,
    status       text COLLATE "C" NOT NULL,
    chosen       text NOT NULL,
    pack         text NOT NULL,
    round        text NOT NULL,
    requested_by text NOT NULL,
    question     text,
    opened_at    timestamptz NOT NULL,
    changed_at   timestamptz NOT NULL,
    -- Of the event since which the open stage waits.
    asked_position bigint,
    asked_at     timestamptz,
    -- JSON: the clock of the open stage; and when it brings about something next, in microseconds since 1970.
    clock        text,
    next_mark_us bigint
);

CREATE INDEX cases_customer ON cases (customer, case_id);

CREATE INDEX cases_asked ON cases (asked_position) WHERE asked_position IS NOT NULL;

CREATE INDEX cases_next_mark ON cases (next_mark_us, case_id) WHERE next_mark_us IS NOT NULL;

INSERT INTO watermarks (projection, position) VALUES ('cases', 0);
