-- Qualification reviews, the last one of every customer. Filled by `projections::reviews`.

CREATE TABLE reviews (
    customer     text COLLATE "C" PRIMARY KEY,
    open         boolean NOT NULL,
    position     bigint NOT NULL,
    submitted_at timestamptz NOT NULL,
    submitted_by text
);

CREATE INDEX reviews_waiting ON reviews (position) WHERE open;

INSERT INTO watermarks (projection, position) VALUES ('reviews', 0);
