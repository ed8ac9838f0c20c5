//! Row 11: reading and decoding a large journal in order, on both engines.

use std::time::Instant;

use anyhow::{Context as _, Result, anyhow, ensure};
use cqrs_es::persist::PersistedEventRepository;
use domain::{
    customer::{self, Customer},
    decider::Decider,
};
use futures::{StreamExt, TryStreamExt};
use journal::{Entry, Filter, Journal, Position};
use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;

use crate::{
    bench::Bench,
    embedded,
    load::number,
    ours, stock,
    table::{Compared, Round, Row, Target, figure},
};

/// What a follower asks for at once.
const PAGE: i64 = 2_000;
const PAGES_AHEAD: usize = 3;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let url = bench.large_postgres().await?;
    let pool = stock::pool(&url, 2).await?;
    let repository = PostgresEventRepository::new(pool.clone());
    let postgres = compare(bench, "PostgreSQL", &url, &repository).await?;
    pool.close().await;
    let (path, url) = bench.large_sqlite().await?;
    let pool = embedded::pool(&path, 2).await?;
    let repository = SqliteEventRepository::new(pool.clone());
    let sqlite = compare(bench, "SQLite", &url, &repository).await?;
    pool.close().await;
    Ok(vec![Row {
        number: 11,
        what: "reading and decoding 2.4 M events in order",
        against: "stock stream_all_events",
        compared: vec![postgres, sqlite],
        notes: Vec::new(),
    }])
}

async fn compare<R: PersistedEventRepository>(
    bench: &Bench,
    engine: &'static str,
    url: &str,
    repository: &R,
) -> Result<Compared> {
    let journal = ours::open(url, "bench").await?;
    let head = journal.head().await?;
    let mut rounds = Vec::new();
    for round in 0..bench.scale.rounds {
        let peer = theirs(repository).await?;
        let ours = read(&journal, head).await?;
        bench.say(&format!(
            "reading on {engine}, round {}: {} events/s, stock {}",
            round + 1,
            figure(ours),
            figure(peer)
        ));
        rounds.push(Round { ours, peer: Some(peer) });
    }
    journal.close().await;
    let target = Target::AtLeast { must: 1.8, aim: 3.0 };
    Ok(Compared { what: engine, target, unit: "events/s", rounds })
}

/// Every event of every customer; stock reads one type at a time and knows no order across streams.
async fn theirs<R: PersistedEventRepository>(repository: &R) -> Result<f64> {
    let began = Instant::now();
    let mut stream =
        repository.stream_all_events::<Customer>().await.map_err(|e| anyhow!("stock: {e}"))?;
    let mut events = 0;
    while let Some(event) = stream.next::<Customer>(&[]).await {
        event.map_err(|e| anyhow!("stock: {e}"))?;
        events += 1;
    }
    Ok(number(events) / began.elapsed().as_secs_f64())
}

/// Page after page by position. Positions are dense, so the next pages can be fetched and decoded while one is looked at.
async fn read(journal: &Journal, head: Position) -> Result<f64> {
    let began = Instant::now();
    let starts = (0..head.0).step_by(usize::try_from(PAGE)?).map(Position);
    let pages = starts.map(|after| {
        let journal = journal.clone();
        async move { tokio::spawn(page(journal, after, head)).await? }
    });
    let mut pages = futures::stream::iter(pages).buffered(PAGES_AHEAD);
    let mut last = Position::default();
    while let Some((after, upto)) = pages.try_next().await? {
        ensure!(after == last, "a page after {after} follows {last}");
        last = upto;
    }
    ensure!(last == head, "reading ended at {last}, the head is {head}");
    Ok(number(u64::try_from(last.0)?) / began.elapsed().as_secs_f64())
}

/// Fetches and decodes one page, which holds every position after `after`; answers where it begins and ends.
async fn page(journal: Journal, after: Position, head: Position) -> Result<(Position, Position)> {
    let mut last = after;
    let upto = head.min(Position(after.0 + PAGE));
    while last < upto {
        let limit = usize::try_from(upto.0 - last.0)?;
        let found = journal.after(last, &Filter::default(), limit).await?;
        ensure!(!found.entries.is_empty(), "nothing follows {last}");
        for entry in &found.entries {
            ensure!(entry.position.0 == last.0 + 1, "{} follows {last}", entry.position);
            last = entry.position;
            decode(entry)?;
        }
    }
    Ok((after, upto))
}

fn decode(entry: &Entry) -> Result<()> {
    if entry.aggregate_type == Customer::TYPE {
        let event: customer::Event = serde_json::from_str(&entry.payload)
            .with_context(|| format!("position {}", entry.position))?;
        std::hint::black_box(event);
    }
    Ok(())
}
