//! What happened before the measuring begins: streams of real events, decided by the real rules, written in bulk.
//!
//! The rows are those that the journal itself would have written, leaf hashes included.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, Result};
use domain::{
    customer::{Command, Customer, Event},
    decider::{Decider, Event as _},
    ids::OrderId,
    policy::{self, Policy},
    product::Product,
    staff::Role,
};
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::{PgPool, SqlitePool};
use uuid::Uuid;

use crate::company::{Asked, Company, Paid, happens, stream};

/// How many rows go to the database at once.
pub const CHUNK: usize = 4_000;

/// One row of `events`, before its position is known.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub aggregate_type: &'static str,
    pub stream: String,
    pub sequence: i64,
    pub event_type: String,
    pub payload: String,
    pub metadata: String,
    pub command_id: Uuid,
    pub key: Option<String>,
    pub claim: Option<String>,
}

/// Writes one stream after another.
pub struct Writer<'a> {
    company: &'a Company,
    /// Keeps the ids of one kind of stream apart from those of another.
    source: u32,
    count: u32,
}

impl<'a> Writer<'a> {
    pub fn new(company: &'a Company, source: u32) -> Self {
        Self { company, source, count: 0 }
    }

    /// The pack and the products, which every order reads.
    pub fn house(&mut self) -> Result<Vec<Recorded>> {
        let mut rows = Vec::new();
        let id = self.id();
        self.rows::<Policy>(&mut rows, policy::STREAM, 0, &self.company.policy, id, "staff-admin")?;
        for (stream, events) in &self.company.products {
            let id = self.id();
            self.rows::<Product>(&mut rows, stream, 0, events, id, "staff-quality")?;
        }
        Ok(rows)
    }

    /// A customer that may order, and then sells and pays so often.
    pub fn customer(&mut self, number: u32, sales: Sales) -> Result<Vec<Recorded>> {
        let mut story =
            Story { rows: Vec::new(), stream: stream(number), customer: Customer::default() };
        for (command, actor, role) in self.company.qualification(number)? {
            self.step(&mut story, &command, actor, role)?;
        }
        for sale in 0..sales.paid + sales.unpaid {
            let id = self.id();
            let Asked { command, context, .. } = self.company.order(number, id)?;
            let events = happens(&mut story.customer, &context, &command)?;
            self.record(&mut story, &events, id, "staff-sales")?;
            let paid = if sale < sales.unpaid { Paid::No } else { Paid::Yes };
            let serial = u64::from(number) * 100_000 + u64::from(sale);
            for (command, actor, role) in
                self.company.fulfilment(OrderId::from_uuid(id), serial, paid)?
            {
                self.step(&mut story, &command, actor, role)?;
            }
        }
        Ok(story.rows)
    }

    fn step(
        &mut self,
        story: &mut Story,
        command: &Command,
        actor: &str,
        role: Role,
    ) -> Result<()> {
        let id = self.id();
        let context = self.company.context(id, actor, role)?;
        let events = happens(&mut story.customer, &context, command)?;
        self.record(story, &events, id, actor)
    }

    fn record(&self, story: &mut Story, events: &[Event], id: Uuid, actor: &str) -> Result<()> {
        let base = i64::try_from(story.rows.len())?;
        self.rows::<Customer>(&mut story.rows, &story.stream, base, events, id, actor)
    }

    #[expect(clippy::unused_self, reason = "reads as what the writer does")]
    fn rows<D: Decider>(
        &self,
        rows: &mut Vec<Recorded>,
        stream: &str,
        base: i64,
        events: &[D::Event],
        command_id: Uuid,
        actor: &str,
    ) -> Result<()> {
        let metadata = metadata(actor, command_id);
        for (sequence, event) in (base + 1..).zip(events) {
            let key = (sequence == base + 1).then(|| format!("{actor}/{command_id}"));
            rows.push(Recorded {
                aggregate_type: D::TYPE,
                stream: stream.to_owned(),
                sequence,
                event_type: cqrs_es::DomainEvent::event_type(event),
                payload: serde_json::to_string(event)?,
                metadata: metadata.clone(),
                command_id,
                key,
                claim: event.claim(stream),
            });
        }
        Ok(())
    }

    fn id(&mut self) -> Uuid {
        self.count += 1;
        self.company.past_id(self.source, self.count)
    }
}

struct Story {
    rows: Vec<Recorded>,
    stream: String,
    customer: Customer,
}

/// How much a customer has done: sales that were paid for, and sales that were not; each is ordered, shipped and invoiced.
#[derive(Clone, Copy, Default)]
pub struct Sales {
    pub paid: u32,
    pub unpaid: u32,
}

/// As the journal writes it.
pub fn metadata(actor: &str, command_id: Uuid) -> String {
    let correlation = command_id.to_string();
    json!({"actor": actor, "command_id": correlation, "correlation_id": correlation,
        "request_hash": request_hash(command_id)})
    .to_string()
}

/// As long as the hash of a request is.
pub fn request_hash(command_id: Uuid) -> String {
    format!("{:064x}", command_id.as_u128())
}

/// Where the bulk goes.
pub enum Store {
    Postgres(PgPool),
    Sqlite(SqlitePool),
}

/// Appends rows in bulk; positions go on where they stood.
pub struct Bulk<'a> {
    store: &'a Store,
    company: &'a Company,
    waiting: Vec<Recorded>,
    position: AtomicI64,
}

impl<'a> Bulk<'a> {
    pub fn new(store: &'a Store, company: &'a Company) -> Self {
        Self { store, company, waiting: Vec::new(), position: AtomicI64::new(0) }
    }

    pub async fn add(&mut self, rows: Vec<Recorded>) -> Result<()> {
        self.waiting.extend(rows);
        while self.waiting.len() >= CHUNK {
            let rest = self.waiting.split_off(CHUNK);
            let chunk = std::mem::replace(&mut self.waiting, rest);
            self.write(chunk).await?;
        }
        Ok(())
    }

    /// Writes what is left; answers the last position.
    pub async fn finish(mut self) -> Result<i64> {
        let rest = std::mem::take(&mut self.waiting);
        self.write(rest).await?;
        match self.store {
            Store::Postgres(pool) => {
                sqlx::query("VACUUM (FREEZE, ANALYZE) events").execute(pool).await?;
                sqlx::query("CHECKPOINT").execute(pool).await?;
            }
            Store::Sqlite(pool) => {
                sqlx::query("ANALYZE").execute(pool).await?;
                sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await?;
            }
        }
        Ok(self.position.load(Ordering::Relaxed))
    }

    async fn write(&self, rows: Vec<Recorded>) -> Result<()> {
        if rows.is_empty() {
            return Ok(());
        }
        let base = self.position.fetch_add(i64::try_from(rows.len())?, Ordering::Relaxed);
        let at = self.company.started();
        let leaves: Vec<_> = rows.iter().map(|row| leaf(row, at.timestamp_micros())).collect();
        match self.store {
            Store::Postgres(pool) => postgres(pool, &rows, leaves, base, at).await,
            Store::Sqlite(pool) => sqlite(pool, &rows, leaves, base, at.timestamp_micros()).await,
        }
        .context("seeding")
    }
}

const INTO_POSTGRES: &str = "
INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                    position, recorded_at, command_id, idempotency_key, claim, leaf_hash)
SELECT type, stream, sequence, event_type, '1', payload::json, metadata::json, $9 + n, $10, command::uuid, key, claim, leaf
FROM unnest($1::text[], $2::text[], $3::int8[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $11::text[],
            $12::bytea[])
     WITH ORDINALITY AS e(type, stream, sequence, event_type, payload, metadata, command, key, claim, leaf, n)";

async fn postgres(
    pool: &PgPool,
    rows: &[Recorded],
    leaves: Vec<Vec<u8>>,
    base: i64,
    at: chrono::DateTime<chrono::Utc>,
) -> Result<()> {
    fn column<T>(rows: &[Recorded], of: impl Fn(&Recorded) -> T) -> Vec<T> {
        rows.iter().map(of).collect()
    }
    sqlx::query(INTO_POSTGRES)
        .bind(column(rows, |r| r.aggregate_type.to_owned()))
        .bind(column(rows, |r| r.stream.clone()))
        .bind(column(rows, |r| r.sequence))
        .bind(column(rows, |r| r.event_type.clone()))
        .bind(column(rows, |r| r.payload.clone()))
        .bind(column(rows, |r| r.metadata.clone()))
        .bind(column(rows, |r| r.command_id.to_string()))
        .bind(column(rows, |r| r.key.clone()))
        .bind(base)
        .bind(at)
        .bind(column(rows, |r| r.claim.clone()))
        .bind(leaves)
        .execute(pool)
        .await?;
    Ok(())
}

const INTO_SQLITE: &str = "
INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
                    position, recorded_at, command_id, idempotency_key, claim, leaf_hash)
VALUES (?, ?, ?, ?, '1', ?, ?, ?, ?, ?, ?, ?, ?)";

async fn sqlite(
    pool: &SqlitePool,
    rows: &[Recorded],
    leaves: Vec<Vec<u8>>,
    base: i64,
    at: i64,
) -> Result<()> {
    let mut transaction = pool.begin().await?;
    for ((position, row), leaf) in (base + 1..).zip(rows).zip(leaves) {
        sqlx::query(INTO_SQLITE)
            .bind(row.aggregate_type)
            .bind(&row.stream)
            .bind(row.sequence)
            .bind(&row.event_type)
            .bind(&row.payload)
            .bind(&row.metadata)
            .bind(position)
            .bind(at)
            .bind(row.command_id.to_string())
            .bind(&row.key)
            .bind(&row.claim)
            .bind(leaf)
            .execute(&mut *transaction)
            .await?;
    }
    Ok(transaction.commit().await?)
}

/// SHA-256 over what makes the row, see ARCHITECTURE D10.
fn leaf(row: &Recorded, at_us: i64) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update([0, 1]);
    let text = |hash: &mut Sha256, text: &str| {
        hash.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(text);
    };
    text(&mut hash, row.aggregate_type);
    text(&mut hash, &row.stream);
    hash.update(row.sequence.to_be_bytes());
    hash.update(at_us.to_be_bytes());
    text(&mut hash, &row.event_type);
    text(&mut hash, "1");
    hash.update(Sha256::digest(&row.payload));
    hash.update(Sha256::digest(&row.metadata));
    hash.finalize().to_vec()
}
