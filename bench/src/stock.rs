//! The peer: stock `CqrsFramework` with its own stores, the same aggregate and the same commands.
//!
//! Its events go to a table of its own schema, as its documentation makes it. Nothing is added and nothing is tuned but
//! the size of the pool, which is the number of its clients.

use std::{collections::HashMap, sync::Arc, time::Duration};

use anyhow::{Result, anyhow};
use cqrs_es::{
    AggregateError, CqrsFramework,
    persist::{PersistedEventRepository, PersistedEventStore},
};
use domain::{customer::Customer, decider::Directed};
use postgres_es::PostgresEventRepository;
use sqlx::{PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

use crate::{
    company::{Asked, Company},
    load::Client,
    orders::{Orders, Whose},
    seeding,
};

/// The events table as postgres-es documents it.
const TABLE: &str = "
CREATE TABLE events (
    aggregate_type text                         NOT NULL,
    aggregate_id   text                         NOT NULL,
    sequence       bigint CHECK (sequence >= 0) NOT NULL,
    event_type     text                         NOT NULL,
    event_version  text                         NOT NULL,
    payload        json                         NOT NULL,
    metadata       json                         NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
)";

/// Makes stock's table in the schema of `url` and copies into it what Probity's table in the schema `from` holds.
pub async fn table(url: &str, from: &str) -> Result<()> {
    let pool = pool(url, 1).await?;
    sqlx::query(TABLE).execute(&pool).await?;
    let copy = format!(
        "INSERT INTO events SELECT aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata \
         FROM {from}.events ORDER BY position"
    );
    sqlx::query(&copy).execute(&pool).await?;
    sqlx::query("VACUUM (FREEZE, ANALYZE) events").execute(&pool).await?;
    pool.close().await;
    Ok(())
}

pub async fn pool(url: &str, connections: u32) -> Result<PgPool> {
    // Clients that decode 10,000 events at a time keep others waiting; that is slow, and no fault.
    let pool = PgPoolOptions::new()
        .min_connections(connections)
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(600));
    Ok(pool.connect(url).await?)
}

pub type Framework<R> = CqrsFramework<Customer, PersistedEventStore<R, Customer>>;

pub struct StockClient<R: PersistedEventRepository + 'static> {
    framework: Arc<Framework<R>>,
    orders: Orders,
    /// What was acknowledged.
    pub acknowledged: Vec<Uuid>,
    /// How often another client was faster.
    pub conflicts: u64,
}

/// So many clients of a framework on this repository.
pub fn clients<R: PersistedEventRepository + 'static>(
    repository: R,
    company: &Arc<Company>,
    whose: Whose,
    clients: u32,
    source: u32,
) -> Vec<StockClient<R>> {
    let store = PersistedEventStore::new_event_store(repository);
    let framework = Arc::new(CqrsFramework::new(store, Vec::new(), ()));
    let orders = Orders::of(company, whose, clients, source).into_iter();
    orders
        .map(|orders| StockClient {
            framework: Arc::clone(&framework),
            orders,
            acknowledged: Vec::new(),
            conflicts: 0,
        })
        .collect()
}

pub async fn postgres(url: &str, connections: u32) -> Result<(PgPool, PostgresEventRepository)> {
    let pool = pool(url, connections).await?;
    Ok((pool.clone(), PostgresEventRepository::new(pool)))
}

impl<R: PersistedEventRepository + 'static> Client for StockClient<R> {
    async fn command(&mut self) -> Result<u64> {
        let wanted = self.orders.next()?;
        loop {
            let Asked { command, context, command_id } = wanted.asked()?;
            let metadata = HashMap::from([
                ("actor".to_owned(), context.turn.actor.to_string()),
                ("command_id".to_owned(), command_id.to_string()),
                ("correlation_id".to_owned(), command_id.to_string()),
                ("request_hash".to_owned(), seeding::request_hash(command_id)),
            ]);
            let directed = Directed { context, command };
            let done =
                self.framework.execute_with_metadata(&wanted.stream, directed, metadata).await;
            match done {
                Ok(()) => break,
                Err(AggregateError::AggregateConflict) => self.conflicts += 1,
                Err(error) => return Err(anyhow!("stock: {error}")),
            }
        }
        self.acknowledged.push(wanted.command_id);
        Ok(1)
    }
}
