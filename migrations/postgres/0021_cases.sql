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
    asked_at     timestamptz
);

CREATE INDEX cases_customer ON cases (customer, case_id);

CREATE INDEX cases_asked ON cases (asked_position) WHERE asked_position IS NOT NULL;

INSERT INTO watermarks (projection, position) VALUES ('cases', 0);
