-- Sales records as Order 54 art. 38 and GSP art. 84 ask for them: each shipped line as it stood when the goods left.
-- Filled by `projections::sales_lines`.

CREATE TABLE sales_lines (
    position             bigint NOT NULL,
    item                 bigint NOT NULL,
    shipment             text COLLATE "C" NOT NULL,
    order_id             text COLLATE "C" NOT NULL,
    customer             text COLLATE "C" NOT NULL,
    shipped_on           date NOT NULL,
    buyer                text NOT NULL,
    -- JSON: the buyer's papers with kind and number.
    licences             text,
    ship_to              text NOT NULL,
    product              text COLLATE "C" NOT NULL,
    code                 text NOT NULL,
    name                 text NOT NULL,
    specification        text,
    registration_number  text,
    registrant           text,
    manufacturer         text,
    manufacturer_licence text,
    lot                  text COLLATE "C",
    -- JSON; searched through `sales_serials`.
    serials              text,
    manufactured_on      date,
    expires_on           date,
    quantity             bigint NOT NULL,
    unit                 text NOT NULL,
    unit_price           text NOT NULL,
    amount_minor         bigint NOT NULL,
    currency             text NOT NULL,
    recorded_at          timestamptz NOT NULL,
    PRIMARY KEY (position, item)
);

CREATE INDEX sales_lines_by_lot ON sales_lines (lot) WHERE lot IS NOT NULL;
CREATE INDEX sales_lines_of_customer ON sales_lines (customer, position);
CREATE INDEX sales_lines_of_product ON sales_lines (product, position);

CREATE TABLE sales_serials (
    serial   text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    item     bigint NOT NULL,
    PRIMARY KEY (serial, position, item)
);

INSERT INTO watermarks (projection, position) VALUES ('sales_lines', 0);
