-- How long the stages of cases took. Filled by `projections::cases`, from the beginning.

CREATE TABLE case_spans (
    -- Of the event that closed the stage.
    position     bigint PRIMARY KEY,
    case_id      text COLLATE "C" NOT NULL,
    -- JSON: what cycle times are told apart by.
    step         text NOT NULL,
    -- In microseconds since 1970.
    opened_us    bigint NOT NULL,
    closed_us    bigint NOT NULL,
    -- JSON: when questions were asked and answered.
    waited       text NOT NULL,
    breached     boolean NOT NULL
);

CREATE INDEX case_spans_closed ON case_spans (closed_us, position);

DELETE FROM cases;

-- JSON: everybody who asked; and when questions about the open stage were asked and answered.
ALTER TABLE cases ADD COLUMN editors text NOT NULL DEFAULT '[]';

ALTER TABLE cases ADD COLUMN waited text NOT NULL DEFAULT '[]';

-- Whose papers wait.
CREATE INDEX documents_in_review ON documents (customer) WHERE standing = 'in_review';

UPDATE watermarks SET position = 0 WHERE projection = 'cases';
