-- Products with their registration terms. Filled by `projections::products`.

CREATE TABLE products (
    product              text PRIMARY KEY,
    code                 text NOT NULL,
    name                 text NOT NULL,
    specification        text NOT NULL,
    unit                 text NOT NULL,
    class                text NOT NULL,
    catalogue_version    text,
    catalogue_code       text,
    registration_number  text,
    filing_number        text,
    registrant           text,
    manufacturer         text,
    manufacturer_licence text,
    udi_di               text,
    udi_issuer           text,
    -- JSON: traits; terms as {from, to}.
    traits               text NOT NULL,
    terms                text NOT NULL,
    version              integer NOT NULL,
    registered_at        text NOT NULL,
    search               text NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX products_code ON products (code);

INSERT INTO watermarks (projection, position) VALUES ('products', 0);
