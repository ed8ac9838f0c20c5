//! Row 12: the rebuild of all read models from a large journal, against the database's own way through the same rows.

use std::time::Instant;

use anyhow::{Result, ensure};
use futures::TryStreamExt;
use journal::Journal;
use sqlx::{PgPool, Row as _, SqlitePool, postgres::PgPoolCopyExt};

use crate::{
    bench::Bench,
    embedded,
    load::number,
    ours, stock,
    table::{Compared, Round, Row, Target, figure},
};

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let url = bench.large_postgres().await?;
    let pool = stock::pool(&url, 1).await?;
    let postgres = compare(bench, "PostgreSQL", &url, async || copy_out(&pool).await).await?;
    pool.close().await;
    let (path, url) = bench.large_sqlite().await?;
    let pool = embedded::pool(&path, 1).await?;
    let sqlite = compare(bench, "SQLite", &url, async || scan(&pool).await).await?;
    pool.close().await;
    Ok(vec![Row {
        number: 12,
        what: "rebuild of all read models, 2.4 M events",
        against: "COPY … TO STDOUT of the same table / full scan",
        compared: vec![postgres, sqlite],
        notes: Vec::new(),
    }])
}

async fn compare(
    bench: &Bench,
    engine: &'static str,
    url: &str,
    mut peer: impl AsyncFnMut() -> Result<f64>,
) -> Result<Compared> {
    let journal = ours::open(url, "bench").await?;
    let mut rounds = Vec::new();
    for round in 0..bench.scale.rounds {
        let peer = peer().await?;
        let ours = rebuild(&journal).await?;
        bench.say(&format!(
            "rebuild on {engine}, round {}: {} events/s, the database {}",
            round + 1,
            figure(ours),
            figure(peer)
        ));
        rounds.push(Round { ours, peer: Some(peer) });
    }
    journal.close().await;
    let target = Target::AtLeast { must: 0.15, aim: 0.5 };
    Ok(Compared { what: engine, target, unit: "events/s", rounds })
}

async fn rebuild(journal: &Journal) -> Result<f64> {
    let head = journal.head().await?;
    let began = Instant::now();
    projections::reset(journal, None).await?;
    let reached = projections::catch_up(journal).await?;
    ensure!(reached == head, "the rebuild ended at {reached}, the head is {head}");
    Ok(number(u64::try_from(head.0)?) / began.elapsed().as_secs_f64())
}

/// Every column of every row, as text, to this process.
async fn copy_out(pool: &PgPool) -> Result<f64> {
    let events: i64 = sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(pool).await?;
    let began = Instant::now();
    let mut out = pool.copy_out_raw("COPY events TO STDOUT").await?;
    while let Some(piece) = out.try_next().await? {
        std::hint::black_box(piece);
    }
    Ok(number(u64::try_from(events)?) / began.elapsed().as_secs_f64())
}

/// Every column of every row, through the driver, to this process.
async fn scan(pool: &SqlitePool) -> Result<f64> {
    const SCAN: &str = "SELECT aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata,
        position, recorded_at, command_id, idempotency_key, claim, leaf_hash FROM events";
    let began = Instant::now();
    let mut events = 0;
    let mut rows = sqlx::query(SCAN).fetch(pool);
    while let Some(row) = rows.try_next().await? {
        std::hint::black_box(row.try_get::<&str, _>(5)?);
        events += 1;
    }
    Ok(number(events) / began.elapsed().as_secs_f64())
}
