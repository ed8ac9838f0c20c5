-- The directory of customers. Filled by `projections::customers`.

CREATE TABLE customers (
    customer          text COLLATE "C" PRIMARY KEY,
    name              text NOT NULL,
    uscc              text COLLATE "C",
    code              text COLLATE "C",
    kind              text NOT NULL,
    segment           text,
    region            text COLLATE "C",
    business_unit     text,
    account_manager   text COLLATE "C",
    currency          text NOT NULL,
    status            text NOT NULL,
    status_reason     text,
    qualification     text NOT NULL,
    review_open       boolean NOT NULL,
    approved_position bigint,
    limit_kind        text,
    limit_minor       bigint,
    limit_valid_until date,
    cap_minor         bigint,
    terms_from        text,
    terms_days        bigint,
    frozen            boolean NOT NULL,
    origin            text,
    registered_at     timestamptz NOT NULL,
    -- Name, code and USCC in lower case: what `q` looks in.
    search            text NOT NULL
);

CREATE INDEX customers_code ON customers (code);

INSERT INTO watermarks (projection, position) VALUES ('customers', 0);
