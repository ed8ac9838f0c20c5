//! The other peer: a durable INSERT for each row, as the driver does it, without any event store around it.
//!
//! The rows are Probity's own (every column, real payloads), the table has Probity's indexes and nothing else: no trigger, no
//! function, no lock; positions come from a sequence, recording times from the database's clock.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use sqlx::{PgPool, SqlitePool};
use uuid::Uuid;

use crate::{company::Company, load::Client, seeding::Recorded};

pub const TABLE: &[&str] = &[
    "CREATE TABLE events (
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload json NOT NULL, metadata json NOT NULL,
        position bigserial NOT NULL, recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(), command_id uuid,
        idempotency_key text, claim text, leaf_hash bytea,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)) WITH (toast_tuple_target = 8160)",
    "CREATE UNIQUE INDEX events_position ON events (position)",
    "CREATE UNIQUE INDEX events_idempotency_key ON events (idempotency_key) WHERE idempotency_key IS NOT NULL",
    "CREATE UNIQUE INDEX events_claim ON events (claim) WHERE claim IS NOT NULL",
];

const INSERT: &str = "
INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                    command_id, idempotency_key, leaf_hash)
VALUES ($1, $2, $3, $4, '1', $5::text::json, $6::text::json, $7::text::uuid, $8, $9)";

pub const SQLITE_TABLE: &[&str] = &[
    "CREATE TABLE events (
        aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence integer NOT NULL,
        event_type text NOT NULL, event_version text NOT NULL, payload text NOT NULL, metadata text NOT NULL,
        position integer, recorded_at integer, command_id text, idempotency_key text, claim text, leaf_hash blob,
        PRIMARY KEY (aggregate_type, aggregate_id, sequence)) STRICT",
    "CREATE UNIQUE INDEX events_position ON events (position)",
    "CREATE UNIQUE INDEX events_idempotency_key ON events (idempotency_key) WHERE idempotency_key IS NOT NULL",
    "CREATE UNIQUE INDEX events_claim ON events (claim) WHERE claim IS NOT NULL",
];

const INSERT_SQLITE: &str = "
INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                    position, recorded_at, command_id, idempotency_key, leaf_hash)
VALUES (?, ?, ?, ?, '1', ?, ?, ?, ?, ?, ?, ?)";

#[derive(Clone)]
pub enum Into {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

pub struct InsertClient {
    into: Into,
    rows: Arc<Vec<Recorded>>,
    /// From this sequence on, so that loads on one table do not meet; every client has streams of its own.
    sequence: i64,
    source: u32,
    client: u32,
    clients: u32,
    count: u32,
}

pub fn clients(
    into: &Into,
    rows: &Arc<Vec<Recorded>>,
    clients: u32,
    source: u32,
) -> Vec<InsertClient> {
    (0..clients)
        .map(|client| InsertClient {
            into: into.clone(),
            rows: Arc::clone(rows),
            sequence: i64::from(source) * 1_000_000,
            source: source * 4_096 + client,
            client,
            clients,
            count: 0,
        })
        .collect()
}

impl Client for InsertClient {
    async fn command(&mut self) -> Result<u64> {
        let turn = usize::try_from(self.count * self.clients + self.client)?;
        self.count += 1;
        self.sequence += 1;
        let row = self.rows.get(turn % self.rows.len()).context("no rows to insert")?;
        let id = Company::fresh_id(self.source, self.count);
        let key = format!("staff-sales/{id}");
        // Another stream for every client and turn, as with orders of many customers.
        let stream = crate::company::stream(u32::try_from(turn % 10_000)?);
        match &self.into {
            Into::Postgres(pool) => self.insert(pool, row, &stream, id, &key).await?,
            Into::Sqlite(pool) => self.insert_sqlite(pool, row, &stream, id, &key).await?,
        }
        Ok(1)
    }
}

impl InsertClient {
    async fn insert(
        &self,
        pool: &PgPool,
        row: &Recorded,
        stream: &str,
        id: Uuid,
        key: &str,
    ) -> Result<()> {
        sqlx::query(INSERT)
            .bind(row.aggregate_type)
            .bind(stream)
            .bind(self.sequence * 64 + i64::from(self.client))
            .bind(&row.event_type)
            .bind(&row.payload)
            .bind(&row.metadata)
            .bind(id.to_string())
            .bind(key)
            .bind([7_u8; 32].as_slice())
            .execute(pool)
            .await?;
        Ok(())
    }

    async fn insert_sqlite(
        &self,
        pool: &SqlitePool,
        row: &Recorded,
        stream: &str,
        id: Uuid,
        key: &str,
    ) -> Result<()> {
        sqlx::query(INSERT_SQLITE)
            .bind(row.aggregate_type)
            .bind(stream)
            .bind(self.sequence * 64 + i64::from(self.client))
            .bind(&row.event_type)
            .bind(&row.payload)
            .bind(&row.metadata)
            .bind(self.sequence * 64 + i64::from(self.client))
            .bind(self.sequence)
            .bind(id.to_string())
            .bind(key)
            .bind([7_u8; 32].as_slice())
            .execute(pool)
            .await?;
        Ok(())
    }
}
