-- What the checkpoints answered, who released what, what was dated before it was recorded, and each customer's first sale.
-- Filled by `projections::decisions`; `packs` tells it the company's zone.

CREATE TABLE decisions (
    position      integer PRIMARY KEY,
    decision      text NOT NULL,
    customer      text NOT NULL,
    checkpoint    text NOT NULL,
    outcome       text NOT NULL,
    enforced      integer NOT NULL,
    -- JSON; NULL: none. The rest of the decision is in the event at this position.
    causes        text,
    -- The paper that was decided about: order-…, shipment-…, invoice-…, receipt-….
    subject       text NOT NULL,
    value_minor   integer,
    currency      text,
    actor         text,
    recorded_at   text NOT NULL,
    business_date text NOT NULL
) STRICT;

CREATE INDEX decisions_stopping ON decisions (position) WHERE outcome IN ('hold', 'deny');

CREATE TABLE releases (
    position          integer PRIMARY KEY,
    customer          text NOT NULL,
    order_id          text NOT NULL,
    -- JSON: the causes with the figures that were seen.
    lifted            text NOT NULL,
    remaining         text,
    reason            text NOT NULL,
    tolerance_percent integer NOT NULL,
    expires_on        text NOT NULL,
    released_by       text NOT NULL,
    recorded_at       text NOT NULL
) STRICT;

CREATE TABLE backdated (
    position      integer PRIMARY KEY,
    customer      text NOT NULL,
    event_type    text NOT NULL,
    subject       text NOT NULL,
    business_date text NOT NULL,
    -- The business date on which it was recorded.
    recorded_on   text NOT NULL,
    reason        text,
    origin        text,
    actor         text,
    recorded_at   text NOT NULL
) STRICT;

CREATE TABLE first_sales (
    customer          text PRIMARY KEY,
    approved_position integer,
    approved_at       text,
    approved_by       text,
    order_id          text,
    order_position    integer,
    order_at          text,
    shipment          text,
    shipment_position integer,
    shipment_at       text
) STRICT, WITHOUT ROWID;

-- The pack in force.
CREATE TABLE packs (
    stream      text PRIMARY KEY,
    version     integer NOT NULL,
    hash        text NOT NULL,
    name        text NOT NULL,
    zone        text NOT NULL,
    position    integer NOT NULL,
    recorded_at text NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO watermarks (projection, position) VALUES ('decisions', 0);
