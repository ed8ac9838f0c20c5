-- Orders and their shipments, with what holds them. Filled by `projections::orders`.

CREATE TABLE orders (
    order_id            text COLLATE "C" PRIMARY KEY,
    customer            text COLLATE "C" NOT NULL,
    reference           text,
    -- placed, held, denied, cancelled, closed (nothing is left to ship or to invoice).
    status              text NOT NULL,
    currency            text NOT NULL,
    total_minor         bigint NOT NULL,
    -- The three parts of exposure; they are 0 unless the order is placed.
    open_minor          bigint NOT NULL,
    delivered_minor     bigint NOT NULL,
    prepaid_minor       bigint NOT NULL,
    -- Cash set aside for it and not used by an invoice yet.
    deposit_minor       bigint NOT NULL,
    payment             text NOT NULL,
    prepaid_percent     bigint NOT NULL,
    requested_ship_date date NOT NULL,
    ship_to             text NOT NULL,
    -- JSON: what was ordered, shipped, invoiced and cancelled of each line.
    lines               text NOT NULL,
    -- JSON: the causes that hold it; its shipments that are held, with what they would take; its invoices.
    held_by             text,
    waiting             text,
    invoices            text,
    position            bigint NOT NULL,
    recorded_at         timestamptz NOT NULL,
    actor               text COLLATE "C",
    -- The position of the decision that stands: of its placing, release or healing.
    decided_position    bigint NOT NULL
) WITH (fillfactor = 85);

CREATE INDEX orders_of_customer ON orders (customer, order_id);
CREATE INDEX orders_open ON orders (customer) WHERE status = 'placed';
CREATE INDEX orders_held ON orders (position) WHERE status = 'held';

CREATE TABLE shipments (
    shipment    text COLLATE "C" PRIMARY KEY,
    order_id    text COLLATE "C" NOT NULL,
    customer    text COLLATE "C" NOT NULL,
    -- shipped, held, denied, cleared (what held it is gone: it may be sent again), overtaken (what it would take is gone).
    status      text NOT NULL,
    currency    text NOT NULL,
    value_minor bigint NOT NULL,
    shipped_on  date,
    -- JSON: the lots.
    lines       text NOT NULL,
    held_by     text,
    -- Of the decision that stands.
    position    bigint NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor       text COLLATE "C"
);

CREATE INDEX shipments_of_order ON shipments (order_id, shipment);
CREATE INDEX shipments_held ON shipments (position) WHERE status = 'held';

-- Which lines an invoice is about: what voiding it gives back.
CREATE TABLE order_invoices (
    invoice text COLLATE "C" PRIMARY KEY,
    lines   text NOT NULL
);

INSERT INTO watermarks (projection, position) VALUES ('orders', 0);
