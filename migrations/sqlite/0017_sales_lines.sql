-- Sales records as Order 54 art. 38 and GSP art. 84 ask for them: each shipped line as it stood when the goods left.
-- Filled by `projections::sales_lines`.

CREATE TABLE sales_lines (
    position             integer NOT NULL,
    item                 integer NOT NULL,
    shipment             text NOT NULL,
    order_id             text NOT NULL,
    customer             text NOT NULL,
    shipped_on           text NOT NULL,
    buyer                text NOT NULL,
    -- JSON: the buyer's papers with kind and number.
    licences             text,
    ship_to              text NOT NULL,
    product              text NOT NULL,
    code                 text NOT NULL,
    name                 text NOT NULL,
    specification        text,
    registration_number  text,
    registrant           text,
    manufacturer         text,
    manufacturer_licence text,
    lot                  text,
    -- JSON; searched through `sales_serials`.
    serials              text,
    manufactured_on      text,
    expires_on           text,
    quantity             integer NOT NULL,
    unit                 text NOT NULL,
    unit_price           text NOT NULL,
    amount_minor         integer NOT NULL,
    currency             text NOT NULL,
    recorded_at          text NOT NULL,
    PRIMARY KEY (position, item)
) STRICT, WITHOUT ROWID;

CREATE INDEX sales_lines_by_lot ON sales_lines (lot) WHERE lot IS NOT NULL;
CREATE INDEX sales_lines_of_customer ON sales_lines (customer, position);
CREATE INDEX sales_lines_of_product ON sales_lines (product, position);

CREATE TABLE sales_serials (
    serial   text NOT NULL,
    position integer NOT NULL,
    item     integer NOT NULL,
    PRIMARY KEY (serial, position, item)
) STRICT, WITHOUT ROWID;

INSERT INTO watermarks (projection, position) VALUES ('sales_lines', 0);
