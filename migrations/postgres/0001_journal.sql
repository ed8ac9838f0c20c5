-- The journal: postgres-es's `events` table with more columns, each nullable or defaulted, so that an unmodified
-- postgres-es program reads and appends beside Probity. Read and written by the `journal` crate.
--
-- Everything here works in the schema that it is created in, whatever its name.

CREATE TABLE events (
    aggregate_type  text   NOT NULL,
    aggregate_id    text   NOT NULL,
    sequence        bigint NOT NULL CHECK (sequence >= 0),
    event_type      text   NOT NULL,
    event_version   text   NOT NULL,
    -- json, not jsonb: the text that was hashed is the text that is kept.
    payload         json   NOT NULL,
    metadata        json   NOT NULL,
    -- Dense and in the order of commits: assigned under the append lock from the last row.
    position        bigint NOT NULL,
    recorded_at     timestamptz NOT NULL,
    command_id      uuid,
    -- On the first event of a command only.
    idempotency_key text,
    -- What must be unique across streams for ever.
    claim           text,
    -- NULL in rows of stock programs.
    leaf_hash       bytea CHECK (octet_length(leaf_hash) = 32),
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
)
-- A payload is about as long as PostgreSQL's threshold for compressing a row, which would cost a tenth of an append.
WITH (toast_tuple_target = 8160);

CREATE UNIQUE INDEX events_position ON events (position);
CREATE UNIQUE INDEX events_idempotency_key ON events (idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE UNIQUE INDEX events_claim ON events (claim) WHERE claim IS NOT NULL;

-- Who appends holds this lock until its commit is visible, so that positions are given in the order of commits. The first
-- key is only ours (the ASCII of "prob"), the second is this table, so that journals in one database do not meet.
CREATE FUNCTION journal_lock() RETURNS void
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1886547810, 'events'::regclass::oid::int);
END $$;

-- The position of a row that a stock program inserts. The tip is read by a statement that begins after the lock is held.
CREATE FUNCTION journal_position() RETURNS bigint
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1886547810, 'events'::regclass::oid::int);
    RETURN coalesce((SELECT e.position FROM events e ORDER BY e.position DESC LIMIT 1), 0) + 1;
END $$;

CREATE FUNCTION journal_recorded_at() RETURNS timestamptz
LANGUAGE plpgsql VOLATILE SET search_path FROM CURRENT SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(1886547810, 'events'::regclass::oid::int);
    RETURN greatest(clock_timestamp(), (SELECT e.recorded_at FROM events e ORDER BY e.position DESC LIMIT 1));
END $$;

ALTER TABLE events ALTER COLUMN position SET DEFAULT journal_position();
ALTER TABLE events ALTER COLUMN recorded_at SET DEFAULT journal_recorded_at();

CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();

-- The append: one call, one transaction, one round trip. Groups (g_*) are numbered from 1 and do not depend on one another
-- (the caller ends a batch where they would): no stream is in two groups, no group reads what another writes, no key and no
-- claim comes twice. So checking all of them before the first insert is the same as checking them one by one.
--
-- A group is accepted whole or not at all: when its stream stands at its base, the streams that it read (r_seen, a number of
-- s_*) stand where they were seen, none of its keys (i_*, also those of commands that record nothing) is recorded and none of
-- its claims (c_*) is taken. The events (e_*) of accepted groups get the next positions in the order given. The result names
-- what did not hold, by number, and where the events after `since` brought their streams (n_*), unless they are too many.
--
-- The settings keep index plans on a table that was empty when they were made; so do the scalar sub-selects. Events are
-- unnested in a select list, where their texts are not copied into a tuple store as they would be in a FROM.
CREATE FUNCTION journal_append(
    clock_us bigint, since bigint,
    g_type text[], g_stream text[], g_base bigint[],
    s_type text[], s_stream text[], s_version bigint[],
    r_group int[], r_seen int[],
    i_group int[], i_key text[],
    c_group int[], c_claim text[],
    e_group int[], e_type text[], e_stream text[], e_sequence bigint[],
    e_event_type text[], e_event_version text[], e_payload json[], e_metadata json[],
    e_command text[], e_key text[], e_claim text[], e_leaf_head bytea[], e_leaf_tail bytea[],
    OUT tip bigint, OUT recorded_us bigint,
    OUT moved int[], OUT stale int[], OUT known int[], OUT taken int[], OUT holders text[],
    OUT n_type text[], OUT n_stream text[], OUT n_version bigint[]
)
LANGUAGE plpgsql VOLATILE
SET search_path FROM CURRENT
SET enable_seqscan = off SET enable_bitmapscan = off SET enable_hashjoin = off SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    last_at timestamptz;
    at timestamptz;
    stamp bytea;
    refused int[];
    readers int[];
    positions bigint[];
BEGIN
    PERFORM pg_advisory_xact_lock(1886547810, 'events'::regclass::oid::int);

    SELECT e.position, e.recorded_at INTO tip, last_at FROM events e ORDER BY e.position DESC LIMIT 1;
    tip := coalesce(tip, 0);
    at := greatest('epoch'::timestamptz + clock_us * interval '1 microsecond', last_at);
    recorded_us := (extract(epoch FROM at) * 1000000)::bigint;
    stamp := int8send(recorded_us);

    IF tip - since BETWEEN 1 AND 4096 THEN
        SELECT array_agg(e.aggregate_type), array_agg(e.aggregate_id), array_agg(e.sequence)
        INTO n_type, n_stream, n_version
        FROM events e WHERE e.position > since;
    END IF;

    SELECT array_agg(g.n) INTO moved
    FROM unnest(g_type, g_stream, g_base) WITH ORDINALITY AS g(type, stream, base, n)
    WHERE g.base <> coalesce((SELECT e.sequence FROM events e
                              WHERE e.aggregate_type = g.type AND e.aggregate_id = g.stream
                              ORDER BY e.sequence DESC LIMIT 1), 0);

    SELECT array_agg(s.n) INTO stale
    FROM unnest(s_type, s_stream, s_version) WITH ORDINALITY AS s(type, stream, version, n)
    WHERE s.version <> coalesce((SELECT e.sequence FROM events e
                                 WHERE e.aggregate_type = s.type AND e.aggregate_id = s.stream
                                 ORDER BY e.sequence DESC LIMIT 1), 0);
    IF stale IS NOT NULL THEN
        SELECT array_agg(r.in_group) INTO readers
        FROM unnest(r_group, r_seen) AS r(in_group, seen) WHERE r.seen = ANY (stale);
    END IF;

    SELECT array_agg(i.n), array_agg(i.in_group) INTO known, refused
    FROM unnest(i_group, i_key) WITH ORDINALITY AS i(in_group, key, n)
    WHERE (SELECT true FROM events e WHERE e.idempotency_key = i.key LIMIT 1);

    IF cardinality(c_group) > 0 THEN
        SELECT array_agg(c.n), array_agg(c.holder), refused || array_agg(c.in_group) INTO taken, holders, refused
        FROM (SELECT c.n, c.in_group,
                     (SELECT e.aggregate_id FROM events e WHERE e.claim = c.claim LIMIT 1) AS holder
              FROM unnest(c_group, c_claim) WITH ORDINALITY AS c(in_group, claim, n)) AS c
        WHERE c.holder IS NOT NULL;
    END IF;

    refused := coalesce(refused, '{}') || coalesce(moved, '{}') || coalesce(readers, '{}');

    -- NULL for the events of refused groups.
    SELECT array_agg(CASE WHEN e.accepted THEN tip + e.accepted_so_far END ORDER BY e.n) INTO positions
    FROM (SELECT e.n, e.accepted, count(*) FILTER (WHERE e.accepted) OVER (ORDER BY e.n) AS accepted_so_far
          FROM (SELECT n, in_group <> ALL (refused) AS accepted
                FROM unnest(e_group) WITH ORDINALITY AS e(in_group, n)) AS e) AS e;

    INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                        position, recorded_at, command_id, idempotency_key, claim, leaf_hash)
    SELECT e.type, e.stream, e.sequence, e.event_type, e.event_version, e.payload, e.metadata,
           e.position, at, e.command::uuid, e.key, e.claim, sha256(e.leaf_head || stamp || e.leaf_tail)
    FROM (SELECT unnest(positions) AS position, unnest(e_type) AS type, unnest(e_stream) AS stream,
                 unnest(e_sequence) AS sequence, unnest(e_event_type) AS event_type,
                 unnest(e_event_version) AS event_version, unnest(e_payload) AS payload,
                 unnest(e_metadata) AS metadata, unnest(e_command) AS command, unnest(e_key) AS key,
                 unnest(e_claim) AS claim, unnest(e_leaf_head) AS leaf_head, unnest(e_leaf_tail) AS leaf_tail) AS e
    WHERE e.position IS NOT NULL;
END $$;
