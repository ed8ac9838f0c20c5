-- What the checkpoints answered, who released what, what was dated before it was recorded, and each customer's first sale.
-- Filled by `projections::decisions`; `packs` tells it the company's zone.

CREATE TABLE decisions (
    position      bigint PRIMARY KEY,
    decision      text COLLATE "C" NOT NULL,
    customer      text COLLATE "C" NOT NULL,
    checkpoint    text NOT NULL,
    outcome       text NOT NULL,
    enforced      boolean NOT NULL,
    -- JSON; NULL: none. The rest of the decision is in the event at this position.
    causes        text,
    -- The paper that was decided about: order-…, shipment-…, invoice-…, receipt-….
    subject       text COLLATE "C" NOT NULL,
    value_minor   bigint,
    currency      text,
    actor         text COLLATE "C",
    recorded_at   timestamptz NOT NULL,
    business_date date NOT NULL
);

CREATE INDEX decisions_stopping ON decisions (position) WHERE outcome IN ('hold', 'deny');

CREATE TABLE releases (
    position          bigint PRIMARY KEY,
    customer          text COLLATE "C" NOT NULL,
    order_id          text COLLATE "C" NOT NULL,
    -- JSON: the causes with the figures that were seen.
    lifted            text NOT NULL,
    remaining         text,
    reason            text NOT NULL,
    tolerance_percent bigint NOT NULL,
    expires_on        date NOT NULL,
    released_by       text COLLATE "C" NOT NULL,
    recorded_at       timestamptz NOT NULL
);

CREATE TABLE backdated (
    position      bigint PRIMARY KEY,
    customer      text COLLATE "C" NOT NULL,
    event_type    text NOT NULL,
    subject       text COLLATE "C" NOT NULL,
    business_date date NOT NULL,
    -- The business date on which it was recorded.
    recorded_on   date NOT NULL,
    reason        text,
    origin        text,
    actor         text COLLATE "C",
    recorded_at   timestamptz NOT NULL
);

CREATE TABLE first_sales (
    customer          text COLLATE "C" PRIMARY KEY,
    approved_position bigint,
    approved_at       timestamptz,
    approved_by       text COLLATE "C",
    order_id          text COLLATE "C",
    order_position    bigint,
    order_at          timestamptz,
    shipment          text COLLATE "C",
    shipment_position bigint,
    shipment_at       timestamptz
);

-- The pack in force.
CREATE TABLE packs (
    stream      text COLLATE "C" PRIMARY KEY,
    version     bigint NOT NULL,
    hash        text NOT NULL,
    name        text NOT NULL,
    zone        text NOT NULL,
    position    bigint NOT NULL,
    recorded_at timestamptz NOT NULL
);

INSERT INTO watermarks (projection, position) VALUES ('decisions', 0);
