//! Puts events into a journal as if they had been decided: facts for read models, at chosen times.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use cqrs_es::DomainEvent;
use journal::{Engine, Journal};
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::Executor as _;

/// A journal that is written directly; versions and positions are counted here.
pub(crate) struct Book {
    pub(crate) journal: Journal,
    pub(crate) now: DateTime<Utc>,
    position: i64,
    versions: BTreeMap<String, i64>,
}

const INTO: &str = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, \
     metadata, position, recorded_at) VALUES";

impl Book {
    pub(crate) fn new(journal: Journal) -> Self {
        let now = "2026-01-05T01:00:00Z".parse().unwrap();
        Self { journal, now, position: 0, versions: BTreeMap::new() }
    }

    pub(crate) fn position(&self) -> i64 {
        self.position
    }

    pub(crate) async fn events<E: DomainEvent + Serialize>(
        &mut self,
        stream: &str,
        actor: &str,
        events: &[E],
    ) {
        for event in events {
            let payload = serde_json::to_string(event).unwrap();
            self.line(stream, actor, &event.event_type(), &payload).await;
        }
    }

    /// One event, as JSON says it.
    pub(crate) async fn fact(&mut self, stream: &str, actor: &str, kind: &str, data: Value) -> i64 {
        let payload = json!({ kind: data }).to_string();
        self.line(stream, actor, kind, &payload).await
    }

    pub(crate) async fn line(
        &mut self,
        stream: &str,
        actor: &str,
        kind: &str,
        payload: &str,
    ) -> i64 {
        self.position += 1;
        let version = self.versions.entry(stream.to_owned()).or_default();
        *version += 1;
        let aggregate = stream.split('-').next().unwrap();
        let metadata = json!({"actor": actor}).to_string();
        match self.journal.engine() {
            Engine::Sqlite(pool) => {
                let sql = format!("{INTO} ($1, $2, $3, $4, '1', $5, $6, $7, $8)");
                let row = sqlx::query(&sql).bind(aggregate).bind(stream).bind(*version).bind(kind);
                let row = row.bind(payload).bind(metadata).bind(self.position);
                row.bind(self.now.timestamp_micros()).execute(pool).await.unwrap();
            }
            Engine::Postgres(pool) => {
                let sql = format!("{INTO} ($1, $2, $3, $4, '1', $5::json, $6::json, $7, $8)");
                let row = sqlx::query(&sql).bind(aggregate).bind(stream).bind(*version).bind(kind);
                let row = row.bind(payload).bind(metadata).bind(self.position).bind(self.now);
                // What a test wrote need not survive a power cut.
                let mut transaction = pool.begin().await.unwrap();
                transaction.execute("SET LOCAL synchronous_commit = off").await.unwrap();
                row.execute(&mut *transaction).await.unwrap();
                transaction.commit().await.unwrap();
            }
        }
        self.position
    }
}
