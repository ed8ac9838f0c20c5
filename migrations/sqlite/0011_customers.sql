-- The directory of customers. Filled by `projections::customers`.

CREATE TABLE customers (
    customer          text PRIMARY KEY,
    name              text NOT NULL,
    uscc              text,
    code              text,
    kind              text NOT NULL,
    segment           text,
    region            text,
    business_unit     text,
    account_manager   text,
    currency          text NOT NULL,
    status            text NOT NULL,
    status_reason     text,
    qualification     text NOT NULL,
    review_open       integer NOT NULL,
    approved_position integer,
    limit_kind        text,
    limit_minor       integer,
    limit_valid_until text,
    cap_minor         integer,
    terms_from        text,
    terms_days        integer,
    frozen            integer NOT NULL,
    origin            text,
    registered_at     text NOT NULL,
    -- Name, code and USCC in lower case: what `q` looks in.
    search            text NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX customers_code ON customers (code);

INSERT INTO watermarks (projection, position) VALUES ('customers', 0);
