//! Rows 1 to 4: order commands of 10,000 customers, at 256, 8 and 1 in flight, against stock and against single-row inserts.

use std::sync::Arc;

use anyhow::{Result, ensure};
use journal::{Journal, Position};

use crate::{
    bench::Bench,
    check,
    company::Company,
    inserts,
    load::Measured,
    orders::Whose,
    ours::{self, Acknowledged},
    seeding::{Recorded, Sales, Writer},
    stock,
    table::{Compared, Round, Row, Target},
};

/// What the peers are tried with; their best counts.
const PEERS: [u32; 3] = [8, 32, 64];
const PEAK: u32 = 256;
const FIRST: &str =
    "durable order commands with full gates, 10,000 customers, 256 in flight, PostgreSQL";

/// One round's figures.
struct Figures {
    stock: Vec<(u32, Measured)>,
    inserts: Vec<(u32, Measured)>,
    ours: Vec<(u32, Measured)>,
}

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let rows = Arc::new(order_rows(&bench.company)?);
    let mut rounds = Vec::new();
    for round in 0..bench.scale.rounds {
        bench.say(&format!("orders, round {}", round + 1));
        rounds.push(self::round(bench, &rows).await?);
    }
    ensure!(!rounds.is_empty(), "no round was measured");
    Ok(rows_of(&rounds))
}

/// Each round has stores of its own: customers that only ever order would grow from round to round.
async fn round(bench: &Bench, rows: &Arc<Vec<Recorded>>) -> Result<Figures> {
    let customers = bench.scale.customers;
    let whose = Whose::Many { first: 0, count: customers };
    let url = bench.store("bench_ours", customers, Sales::default()).await?;
    let stock_url = bench.cluster.schema("bench_stock").await?;
    stock::table(&stock_url, "bench_ours").await?;
    let plain_url = bench.cluster.schema("bench_plain").await?;
    let plain = stock::pool(&plain_url, 64).await?;
    for sql in inserts::TABLE {
        sqlx::query(sql).execute(&plain).await?;
    }
    let into = inserts::Into::Postgres(plain.clone());
    let journal = ours::open(&url, "bench").await?;
    // Both sides have seen every customer once before anything is counted: a server runs for weeks.
    let (_, warm) =
        bench.drive("warm", ours::clients(&journal, &bench.company, whose, PEAK, 1)).await?;
    let mut acknowledged: Vec<_> = warm.into_iter().flat_map(|c| c.acknowledged).collect();

    let sides = Sides { bench, stock_url: &stock_url, journal: &journal, into: &into, rows, whose };
    let figures = sides.measure(&mut acknowledged).await?;
    plain.close().await;
    check::acknowledged(&journal, Position(bench.seeded()), &acknowledged).await?;
    check::limits(&journal, customers).await?;
    journal.close().await;
    Ok(figures)
}

/// What is measured against what.
struct Sides<'a> {
    bench: &'a Bench,
    stock_url: &'a str,
    journal: &'a Journal,
    into: &'a inserts::Into,
    rows: &'a Arc<Vec<Recorded>>,
    whose: Whose,
}

impl Sides<'_> {
    async fn measure(&self, acknowledged: &mut Vec<Acknowledged>) -> Result<Figures> {
        let (bench, mut source) = (self.bench, 10);
        let mut figures = Figures { stock: Vec::new(), inserts: Vec::new(), ours: Vec::new() };
        for tasks in [1, 8, 32, 64] {
            source += 1;
            let (pool, repository) = stock::postgres(self.stock_url, tasks.max(2)).await?;
            let clients = stock::clients(repository, &bench.company, self.whose, tasks, source);
            let (measured, _) = bench.drive("stock", clients).await?;
            figures.stock.push((tasks, measured));
            pool.close().await;
        }
        for in_flight in [PEAK, 8, 1] {
            source += 1;
            let clients =
                ours::clients(self.journal, &bench.company, self.whose, in_flight, source);
            let (measured, clients) = bench.drive("Probity", clients).await?;
            acknowledged.extend(clients.into_iter().flat_map(|c| c.acknowledged));
            figures.ours.push((in_flight, measured));
        }
        for connections in PEERS {
            source += 1;
            let clients = inserts::clients(self.into, self.rows, connections, source);
            let (measured, _) = bench.drive("inserts", clients).await?;
            figures.inserts.push((connections, measured));
        }
        Ok(figures)
    }
}

/// Real order events, to be inserted one by one.
pub(super) fn order_rows(company: &Company) -> Result<Vec<Recorded>> {
    let mut rows = Vec::new();
    for number in 0..1_000 {
        let sales = Sales { paid: 0, unpaid: 1 };
        let story = Writer::new(company, 900 + number).customer(number, sales)?;
        rows.extend(story.into_iter().filter(|row| row.event_type == "trading.order-placed"));
    }
    Ok(rows)
}

fn at(of: &[(u32, Measured)], clients: u32, figure: impl Fn(&Measured) -> f64) -> f64 {
    of.iter().find(|(n, _)| *n == clients).map_or(f64::NAN, |(_, measured)| figure(measured))
}

fn best(of: &[(u32, Measured)], figure: impl Fn(&Measured) -> f64) -> f64 {
    let of = of.iter().filter(|(n, _)| PEERS.contains(n));
    of.map(|(_, measured)| figure(measured)).fold(0.0, f64::max)
}

fn rows_of(rounds: &[Figures]) -> Vec<Row> {
    let compared = |what, target, unit, pair: &dyn Fn(&Figures) -> (f64, f64)| {
        let round = |figures| {
            let (ours, peer) = pair(figures);
            Round { ours, peer: Some(peer) }
        };
        Compared { what, target, unit, rounds: rounds.iter().map(round).collect() }
    };
    let at_least = |must, aim| Target::AtLeast { must, aim };
    let late = Target::AtMost { must: 2.0, aim: 1.0 };
    let speed = Measured::commands_a_second;
    let rows = Measured::events_a_second;
    let p99 = Measured::p99;
    let (stock, inserts) = (
        "stock, its best of 8/32/64 tasks",
        "single-row durable INSERTs, best of 8/32/64 connections",
    );
    vec![
        Row::of(
            1,
            FIRST,
            stock,
            vec![compared("", at_least(8.0, 15.0), "commands/s", &|f| {
                (at(&f.ours, PEAK, speed), best(&f.stock, speed))
            })],
        ),
        Row::of(
            2,
            "the same, in events/s",
            inserts,
            vec![compared("", at_least(2.0, 4.0), "events/s", &|f| {
                (at(&f.ours, PEAK, rows), best(&f.inserts, rows))
            })],
        ),
        Row::of(
            3,
            "the same, p99",
            "p99 of those INSERTs at 8 and at 64 connections",
            vec![
                compared("8 in flight", late, "ms", &|f| {
                    (at(&f.ours, 8, p99), at(&f.inserts, 8, p99))
                }),
                compared("256 in flight", late, "ms", &|f| {
                    (at(&f.ours, PEAK, p99), at(&f.inserts, 64, p99))
                }),
            ],
        ),
        Row::of(
            4,
            "the same, few clients",
            "stock, same",
            vec![
                compared("1 client", at_least(1.3, 1.8), "commands/s", &|f| {
                    (at(&f.ours, 1, speed), at(&f.stock, 1, speed))
                }),
                compared("8 clients", at_least(2.0, 3.0), "commands/s", &|f| {
                    (at(&f.ours, 8, speed), at(&f.stock, 8, speed))
                }),
            ],
        ),
    ]
}
