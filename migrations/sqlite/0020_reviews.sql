-- Qualification reviews, the last one of every customer. Filled by `projections::reviews`.

CREATE TABLE reviews (
    customer     text PRIMARY KEY,
    open         integer NOT NULL,
    position     integer NOT NULL,
    submitted_at text NOT NULL,
    submitted_by text
) STRICT, WITHOUT ROWID;

CREATE INDEX reviews_waiting ON reviews (position) WHERE open;

INSERT INTO watermarks (projection, position) VALUES ('reviews', 0);
