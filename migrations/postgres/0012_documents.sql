-- Papers of customers, one row each, whatever became of them. Filled by `projections::documents`.

CREATE TABLE documents (
    document          text COLLATE "C" PRIMARY KEY,
    customer          text COLLATE "C" NOT NULL,
    kind              text NOT NULL,
    number            text NOT NULL,
    issuer            text,
    issued_on         date,
    valid_from        date NOT NULL,
    -- NULL: without end.
    valid_to          date,
    copy              text NOT NULL,
    mode              text,
    scope             text,
    scans             text,
    standing          text NOT NULL,
    reason            text,
    uploaded_by       text COLLATE "C" NOT NULL,
    uploaded_position bigint NOT NULL,
    uploaded_at       timestamptz NOT NULL,
    submitted_by      text COLLATE "C",
    -- Who approved, rejected, returned or revoked it last.
    checked_by        text COLLATE "C",
    approved_by       text COLLATE "C",
    approved_position bigint,
    approved_at       timestamptz
);

CREATE INDEX documents_of_customer ON documents (customer, document);
CREATE INDEX documents_by_end ON documents (valid_to, document) WHERE standing = 'approved';

INSERT INTO watermarks (projection, position) VALUES ('documents', 0);
