//! Row 10: how long after its commit an event is seen by 100 subscribers, at 1,000 commands a second.
//!
//! Counted from `recorded_at`, which is taken when the transaction begins: the commit itself is in the figure.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use chrono::{DateTime, Utc};
use hdrhistogram::Histogram;
use journal::{Clock, SystemClock};
use tokio::{
    task::JoinHandle,
    time::{Instant, MissedTickBehavior},
};

use crate::{
    bench::Bench,
    load::{Client, histogram, number},
    seeding::Sales,
    server::{Server, Side},
    shopping,
    table::{Compared, Round, Row, Target, figure},
    wire::Connection,
};

const SUBSCRIBERS: u32 = 100;
const SENDERS: u32 = 20;
const COMMANDS_A_SECOND: u32 = 1_000;
/// Subscribers per token.
const PER_TOKEN_MAX: u32 = 100;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let customers = bench.scale.customers;
    let url = bench.store("bench_sse", customers, Sales::default()).await?;
    let server = Server::start(Side::Probity, &url, bench.folder.path()).await?;
    server.ready().await?;
    let (sales, auditor) = (server.token("sales").await?, server.token("auditor").await?);
    const { assert!(SUBSCRIBERS <= PER_TOKEN_MAX, "one token holds them all") };
    let (mut rounds, mut notes) = (Vec::new(), Vec::new());
    for round in 0..=bench.scale.rounds {
        let (rate, latency) = one(bench, &server, &sales, &auditor, round).await?;
        if round == 0 {
            continue;
        }
        let at = |quantile| number(latency.value_at_quantile(quantile)) / 1_000.0;
        let said = format!(
            "{} commands/s, p50 {} ms, p99 {} ms",
            figure(rate),
            figure(at(0.5)),
            figure(at(0.99))
        );
        bench.say(&format!("SSE, round {round}: {said}"));
        notes.push(said);
        rounds.push(Round { ours: at(0.99), peer: None });
    }
    server.stop().await?;
    Ok(vec![Row {
        number: 10,
        what: "commit → seen by 100 SSE subscribers at 1,000 commands/s, p99",
        against: "–",
        compared: vec![Compared {
            what: "",
            target: Target::AtMost { must: 15.0, aim: 5.0 },
            unit: "ms",
            rounds,
        }],
        notes: vec![format!("from `recorded_at`, so with the commit itself: {}", notes.join("; "))],
    }])
}

/// Commands a second, and how late each event was seen by each subscriber.
async fn one(
    bench: &Bench,
    server: &Server,
    sales: &str,
    auditor: &str,
    round: u32,
) -> Result<(f64, Histogram<u64>)> {
    let commands = COMMANDS_A_SECOND * u32::try_from(bench.scale.span.as_secs())?;
    let mut subscribers = Vec::new();
    for number in 0..SUBSCRIBERS {
        let stream = Connection::open(&server.address, auditor).await?;
        let stream = stream.follow("/v1/events/stream").await?;
        subscribers.push(tokio::spawn(subscribe(stream, usize::try_from(commands)?, number)));
    }
    let (company, customers) = (&bench.company, bench.scale.customers);
    let shoppers =
        shopping::shoppers(&server.address, sales, company, customers, SENDERS, 10 + round).await?;
    let began = Instant::now();
    let send = |(shopper, nth)| {
        let from = began + Duration::from_secs(1) * nth / COMMANDS_A_SECOND;
        tokio::spawn(send(shopper, from, commands / SENDERS))
    };
    let sending: Vec<_> = shoppers.into_iter().zip(0..).map(send).collect();
    for task in sending {
        task.await??;
    }
    let rate = number(u64::from(commands)) / began.elapsed().as_secs_f64();
    Ok((rate, gather(subscribers).await?))
}

/// One command every so often, at its time and not after the last answer; the senders take turns.
async fn send(mut shopper: shopping::Shopper, from: Instant, commands: u32) -> Result<()> {
    let every = Duration::from_secs(1) * SENDERS / COMMANDS_A_SECOND;
    let mut clock = tokio::time::interval_at(from, every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for _ in 0..commands {
        clock.tick().await;
        shopper.command().await?;
    }
    Ok(())
}

/// When a subscriber saw each event, and, from the first subscriber, when each was recorded: a load generator that read every
/// envelope a hundred times would be in the way of what it measures.
#[derive(Clone)]
struct Seen {
    first: i64,
    at: Vec<DateTime<Utc>>,
    recorded: Vec<DateTime<Utc>>,
}

/// Sees so many events, each exactly once and in order.
async fn subscribe(mut stream: Connection, events: usize, number: u32) -> Result<Seen> {
    let mut last = None;
    let mut seen = Seen { first: 0, at: Vec::with_capacity(events), recorded: Vec::new() };
    while seen.at.len() < events {
        let line = stream.line().await?;
        if let Some(id) = line.strip_prefix(b"id:") {
            let id: i64 = std::str::from_utf8(id)?.trim().parse()?;
            ensure!(last.is_none_or(|last| id == last + 1), "{id} follows {last:?}");
            if last.is_none() {
                seen.first = id;
            }
            last = Some(id);
        }
        if let Some(data) = line.strip_prefix(b"data:") {
            seen.at.push(SystemClock.now());
            if number == 0 {
                seen.recorded.push(recorded_at(data)?);
            }
        }
    }
    Ok(seen)
}

fn recorded_at(envelope: &[u8]) -> Result<DateTime<Utc>> {
    const MARK: &[u8] = b"\"recorded_at\":\"";
    let at = envelope.windows(MARK.len()).position(|window| window == MARK);
    let rest = at.and_then(|at| envelope.get(at + MARK.len()..)).context("no recording time")?;
    let end = rest.iter().position(|byte| *byte == b'"').context("no end of it")?;
    Ok(std::str::from_utf8(rest.get(..end).unwrap_or_default())?.parse()?)
}

async fn gather(subscribers: Vec<JoinHandle<Result<Seen>>>) -> Result<Histogram<u64>> {
    let mut latency = histogram()?;
    let mut first: Option<Seen> = None;
    for subscriber in subscribers {
        let seen = subscriber.await??;
        let told = first.get_or_insert_with(|| seen.clone());
        ensure!(
            seen.first == told.first,
            "{} came first, and {} elsewhere",
            seen.first,
            told.first
        );
        for (at, recorded) in seen.at.iter().zip(&told.recorded) {
            let late = at.signed_duration_since(recorded).num_microseconds().unwrap_or(i64::MAX);
            latency.saturating_record(u64::try_from(late.max(1))?);
        }
    }
    Ok(latency)
}
