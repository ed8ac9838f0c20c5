-- Invoices, everything that moved what is open of them, and cash. Filled by `projections::receivables`.

CREATE TABLE invoices (
    invoice      text COLLATE "C" PRIMARY KEY,
    customer     text COLLATE "C" NOT NULL,
    number       text NOT NULL,
    -- open, settled, voided, held, denied.
    status       text NOT NULL,
    currency     text NOT NULL,
    amount_minor bigint NOT NULL,
    open_minor   bigint NOT NULL,
    issued_on    date NOT NULL,
    due_on       date,
    -- The business date of its last movement.
    moved_on     date,
    -- The business date from which on nothing is open.
    settled_on   date,
    disputed     boolean NOT NULL,
    origin       text,
    held_by      text,
    position     bigint NOT NULL,
    recorded_at  timestamptz NOT NULL,
    actor        text COLLATE "C"
) WITH (fillfactor = 85);

CREATE INDEX invoices_of_customer ON invoices (customer, invoice);
CREATE INDEX invoices_open ON invoices (customer, due_on) WHERE status = 'open';
CREATE INDEX invoices_held ON invoices (position) WHERE status = 'held';

-- Signed: what is open of an invoice at the end of a day is the sum of its movements until then.
CREATE TABLE movements (
    position      bigint NOT NULL,
    item          bigint NOT NULL,
    invoice       text COLLATE "C" NOT NULL,
    customer      text COLLATE "C" NOT NULL,
    business_date date NOT NULL,
    amount_minor  bigint NOT NULL,
    currency      text NOT NULL,
    -- issued, applied, reversed, credited, voided.
    kind          text NOT NULL,
    -- The receipt or credit note that it came from.
    source        text COLLATE "C",
    PRIMARY KEY (position, item)
);

CREATE INDEX movements_of_invoice ON movements (invoice);

-- Cash, and what a credit note left over.
CREATE TABLE receipts (
    receipt         text COLLATE "C" PRIMARY KEY,
    customer        text COLLATE "C" NOT NULL,
    reference       text NOT NULL,
    -- cash, credit_note.
    kind            text NOT NULL,
    status          text NOT NULL,
    currency        text NOT NULL,
    amount_minor    bigint NOT NULL,
    unapplied_minor bigint NOT NULL,
    -- Set aside for orders and not used by an invoice yet.
    deposited_minor bigint NOT NULL,
    received_on     date NOT NULL,
    origin          text,
    position        bigint NOT NULL,
    recorded_at     timestamptz NOT NULL,
    actor           text COLLATE "C"
) WITH (fillfactor = 85);

CREATE INDEX receipts_unapplied ON receipts (customer) WHERE unapplied_minor <> 0;

INSERT INTO watermarks (projection, position) VALUES ('receivables', 0);
