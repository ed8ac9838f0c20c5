-- Orders and their shipments, with what holds them. Filled by `projections::orders`.

CREATE TABLE orders (
    order_id            text PRIMARY KEY,
    customer            text NOT NULL,
    reference           text,
    -- placed, held, denied, cancelled, closed (nothing is left to ship or to invoice).
    status              text NOT NULL,
    currency            text NOT NULL,
    total_minor         integer NOT NULL,
    -- The three parts of exposure; they are 0 unless the order is placed.
    open_minor          integer NOT NULL,
    delivered_minor     integer NOT NULL,
    prepaid_minor       integer NOT NULL,
    -- Cash set aside for it and not used by an invoice yet.
    deposit_minor       integer NOT NULL,
    payment             text NOT NULL,
    prepaid_percent     integer NOT NULL,
    requested_ship_date text NOT NULL,
    ship_to             text NOT NULL,
    -- JSON: what was ordered, shipped, invoiced and cancelled of each line.
    lines               text NOT NULL,
    -- JSON: the causes that hold it; its shipments that are held, with what they would take; its invoices.
    held_by             text,
    waiting             text,
    invoices            text,
    position            integer NOT NULL,
    recorded_at         text NOT NULL,
    actor               text,
    -- The position of the decision that stands: of its placing, release or healing.
    decided_position    integer NOT NULL
) STRICT;

CREATE INDEX orders_of_customer ON orders (customer, order_id);
CREATE INDEX orders_open ON orders (customer) WHERE status = 'placed';
CREATE INDEX orders_held ON orders (position) WHERE status = 'held';

CREATE TABLE shipments (
    shipment    text PRIMARY KEY,
    order_id    text NOT NULL,
    customer    text NOT NULL,
    -- shipped, held, denied, cleared (what held it is gone: it may be sent again), overtaken (what it would take is gone).
    status      text NOT NULL,
    currency    text NOT NULL,
    value_minor integer NOT NULL,
    shipped_on  text,
    -- JSON: the lots.
    lines       text NOT NULL,
    held_by     text,
    -- Of the decision that stands.
    position    integer NOT NULL,
    recorded_at text NOT NULL,
    actor       text
) STRICT, WITHOUT ROWID;

CREATE INDEX shipments_of_order ON shipments (order_id, shipment);
CREATE INDEX shipments_held ON shipments (position) WHERE status = 'held';

-- Which lines an invoice is about: what voiding it gives back.
CREATE TABLE order_invoices (
    invoice text PRIMARY KEY,
    lines   text NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO watermarks (projection, position) VALUES ('orders', 0);
