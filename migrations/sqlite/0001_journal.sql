-- The journal: sqlite-es's `events` table with more columns, each nullable, so that an unmodified sqlite-es program reads
-- and appends beside Probity. Read and written by the `journal` crate.

CREATE TABLE events (
    aggregate_type  text                          NOT NULL,
    aggregate_id    text                          NOT NULL,
    sequence        integer CHECK (sequence >= 0) NOT NULL,
    event_type      text                          NOT NULL,
    event_version   text                          NOT NULL,
    payload         text                          NOT NULL,
    metadata        text                          NOT NULL,
    -- Dense and in the order of commits. Set by our append; filled by a trigger for stock rows. It is not the primary key,
    -- because sqlite-es knows a conflict only by the error of its own one.
    position        integer,
    -- Microseconds since 1970 UTC.
    recorded_at     integer,
    command_id      text,
    -- On the first event of a command only.
    idempotency_key text,
    -- What must be unique across streams for ever.
    claim           text,
    -- NULL in rows of stock programs.
    leaf_hash       blob CHECK (length(leaf_hash) = 32),
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
) STRICT;

CREATE UNIQUE INDEX events_position ON events (position);
CREATE UNIQUE INDEX events_idempotency_key ON events (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX events_claim ON events (claim) WHERE claim IS NOT NULL;

-- A stock program inserts without a position. The write lock that its insert took makes the next one certain.
CREATE TRIGGER events_position_of_stock_rows AFTER INSERT ON events WHEN NEW.position IS NULL
BEGIN
    UPDATE events
    SET position = coalesce((SELECT max(position) FROM events), 0) + 1,
        recorded_at = max(CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER),
                          coalesce((SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1), 0))
    WHERE rowid = NEW.rowid;
END;

-- NULL to the next position is the one change that is let through.
CREATE TRIGGER events_never_change BEFORE UPDATE ON events
WHEN OLD.position IS NOT NULL
  OR NEW.position IS NOT coalesce((SELECT max(position) FROM events), 0) + 1
  OR NEW.aggregate_type IS NOT OLD.aggregate_type
  OR NEW.aggregate_id IS NOT OLD.aggregate_id
  OR NEW.sequence IS NOT OLD.sequence
  OR NEW.event_type IS NOT OLD.event_type
  OR NEW.event_version IS NOT OLD.event_version
  OR NEW.payload IS NOT OLD.payload
  OR NEW.metadata IS NOT OLD.metadata
  OR NEW.command_id IS NOT OLD.command_id
  OR NEW.idempotency_key IS NOT OLD.idempotency_key
  OR NEW.claim IS NOT OLD.claim
  OR NEW.leaf_hash IS NOT OLD.leaf_hash
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

CREATE TRIGGER events_never_go BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
