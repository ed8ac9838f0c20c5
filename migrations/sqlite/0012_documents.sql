-- Papers of customers, one row each, whatever became of them. Filled by `projections::documents`.

CREATE TABLE documents (
    document          text PRIMARY KEY,
    customer          text NOT NULL,
    kind              text NOT NULL,
    number            text NOT NULL,
    issuer            text,
    issued_on         text,
    valid_from        text NOT NULL,
    -- NULL: without end.
    valid_to          text,
    copy              text NOT NULL,
    mode              text,
    scope             text,
    scans             text,
    standing          text NOT NULL,
    reason            text,
    uploaded_by       text NOT NULL,
    uploaded_position integer NOT NULL,
    uploaded_at       text NOT NULL,
    submitted_by      text,
    -- Who approved, rejected, returned or revoked it last.
    checked_by        text,
    approved_by       text,
    approved_position integer,
    approved_at       text
) STRICT;

CREATE INDEX documents_of_customer ON documents (customer, document);
CREATE INDEX documents_by_end ON documents (valid_to, document) WHERE standing = 'approved';

INSERT INTO watermarks (projection, position) VALUES ('documents', 0);
