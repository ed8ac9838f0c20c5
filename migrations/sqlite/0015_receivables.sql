-- Invoices, everything that moved what is open of them, and cash. Filled by `projections::receivables`.

CREATE TABLE invoices (
    invoice      text PRIMARY KEY,
    customer     text NOT NULL,
    number       text NOT NULL,
    -- open, settled, voided, held, denied.
    status       text NOT NULL,
    currency     text NOT NULL,
    amount_minor integer NOT NULL,
    open_minor   integer NOT NULL,
    issued_on    text NOT NULL,
    due_on       text,
    -- The business date of its last movement.
    moved_on     text,
    -- The business date from which on nothing is open.
    settled_on   text,
    disputed     integer NOT NULL,
    origin       text,
    held_by      text,
    position     integer NOT NULL,
    recorded_at  text NOT NULL,
    actor        text
) STRICT, WITHOUT ROWID;

CREATE INDEX invoices_of_customer ON invoices (customer, invoice);
CREATE INDEX invoices_open ON invoices (customer, due_on) WHERE status = 'open';
CREATE INDEX invoices_held ON invoices (position) WHERE status = 'held';

-- Signed: what is open of an invoice at the end of a day is the sum of its movements until then.
CREATE TABLE movements (
    position      integer NOT NULL,
    item          integer NOT NULL,
    invoice       text NOT NULL,
    customer      text NOT NULL,
    business_date text NOT NULL,
    amount_minor  integer NOT NULL,
    currency      text NOT NULL,
    -- issued, applied, reversed, credited, voided.
    kind          text NOT NULL,
    -- The receipt or credit note that it came from.
    source        text,
    PRIMARY KEY (position, item)
) STRICT, WITHOUT ROWID;

CREATE INDEX movements_of_invoice ON movements (invoice);

-- Cash, and what a credit note left over.
CREATE TABLE receipts (
    receipt         text PRIMARY KEY,
    customer        text NOT NULL,
    reference       text NOT NULL,
    -- cash, credit_note.
    kind            text NOT NULL,
    status          text NOT NULL,
    currency        text NOT NULL,
    amount_minor    integer NOT NULL,
    unapplied_minor integer NOT NULL,
    -- Set aside for orders and not used by an invoice yet.
    deposited_minor integer NOT NULL,
    received_on     text NOT NULL,
    origin          text,
    position        integer NOT NULL,
    recorded_at     text NOT NULL,
    actor           text
) STRICT, WITHOUT ROWID;

CREATE INDEX receipts_unapplied ON receipts (customer) WHERE unapplied_minor <> 0;

INSERT INTO watermarks (projection, position) VALUES ('receivables', 0);
