-- How far each read model has followed the journal. Moved by compare-and-swap as the first statement of every transaction
-- of the projector; a migration that changes a read model's tables drops them and sets its watermark back to 0.

CREATE TABLE watermarks (
    projection text PRIMARY KEY,
    position   integer NOT NULL CHECK (position >= 0)
) STRICT, WITHOUT ROWID;
