//! Rows 5 and 8: one customer with 10,000 past events and 500 open items: 64 in flight, and loaded cold.

use std::time::Instant;

use anyhow::{Result, ensure};
use cqrs_es::{AggregateContext, EventStore, persist::PersistedEventStore};
use domain::customer::Customer;
use journal::Position;
use postgres_es::PostgresEventRepository;

use crate::{
    bench::Bench,
    check,
    company::stream,
    load::Last,
    orders::Whose,
    ours,
    seeding::{Bulk, Sales, Store, Writer},
    stock,
    table::{Compared, Round, Row, Target, median},
};

/// 7 events of qualification, 500 × 3 of what is open, 2,123 × 4 of what was paid for: 9,999; and all but a few of them
/// would be read by a stock program for each command.
const SALES: Sales = Sales { paid: 2_123, unpaid: 500 };
/// Not one of those with a tight limit.
const CUSTOMER: u32 = 1;
const IN_FLIGHT: u32 = 64;
/// Loads of one round.
const LOADS: u32 = 10;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let url = bench.empty("bench_long").await?;
    let store = Store::Postgres(stock::pool(&url, 2).await?);
    let mut writer = Writer::new(&bench.company, 1);
    let mut bulk = Bulk::new(&store, &bench.company);
    bulk.add(writer.house()?).await?;
    let rows = writer.customer(CUSTOMER, SALES)?;
    let past = i64::try_from(rows.len())?;
    bulk.add(rows).await?;
    let seeded = Position(bulk.finish().await?);
    let stock_url = bench.cluster.schema("bench_stock").await?;
    stock::table(&stock_url, "bench_long").await?;

    let cold = cold(bench, &url, past).await?;
    let journal = ours::open(&url, "bench").await?;
    let (mut rounds, mut acknowledged, mut source) = (Vec::new(), Vec::new(), 0);
    for round in 0..bench.scale.rounds {
        bench.say(&format!("one long customer, round {}", round + 1));
        source += 2;
        let (pool, repository) = stock::postgres(&stock_url, IN_FLIGHT).await?;
        let clients =
            stock::clients(repository, &bench.company, Whose::One(CUSTOMER), IN_FLIGHT, source);
        // With every success all others have loaded 10,000 events for nothing.
        let (stock, clients) =
            bench.drive_for("stock", clients, bench.scale.span * 5, Last::Abandoned).await?;
        pool.close().await;
        let conflicts: u64 = clients.iter().map(|client| client.conflicts).sum();
        bench.say(&format!("  stock had {conflicts} conflicts"));
        let clients =
            ours::clients(&journal, &bench.company, Whose::One(CUSTOMER), IN_FLIGHT, source + 1);
        let (measured, clients) = bench.drive("Probity", clients).await?;
        acknowledged.extend(clients.into_iter().flat_map(|client| client.acknowledged));
        rounds.push(Round {
            ours: measured.commands_a_second(),
            // Where not one succeeded, one is counted all the same.
            peer: Some(stock.commands_a_second().max(1.0 / stock.seconds)),
        });
    }
    check::acknowledged(&journal, seeded, &acknowledged).await?;
    check::limits(&journal, CUSTOMER + 1).await?;
    journal.close().await;
    Ok(vec![
        Row {
            number: 5,
            what: "one customer with 10,000 past events and 500 open items, 64 in flight",
            against: "stock, same",
            compared: vec![Compared {
                what: "",
                target: Target::AtLeast { must: 500.0, aim: 3_000.0 },
                unit: "commands/s",
                rounds,
            }],
            notes: Vec::new(),
        },
        cold,
    ])
}

/// Each load by a process that has never seen the customer; stock has no memory, and its pool stays warm.
async fn cold(bench: &Bench, url: &str, past: i64) -> Result<Row> {
    let (pool, repository) = stock::postgres(url, 2).await?;
    let store: PersistedEventStore<PostgresEventRepository, Customer> =
        PersistedEventStore::new_event_store(repository);
    let stream = stream(CUSTOMER);
    let mut rounds = Vec::new();
    for round in 0..bench.scale.rounds {
        let (mut ours, mut peers) = (Vec::new(), Vec::new());
        for _ in 0..LOADS {
            let began = Instant::now();
            let loaded =
                store.load_aggregate(&stream).await.map_err(|e| anyhow::anyhow!("stock: {e}"))?;
            peers.push(began.elapsed().as_secs_f64() * 1_000.0);
            let journal = ours::open(url, "bench-cold").await?;
            // A connection of its own is open and has planned its statement, as a server's would have.
            journal.confirmed::<Customer>(&crate::company::stream(0)).await?;
            let began = Instant::now();
            let known = journal.confirmed::<Customer>(&stream).await?;
            ours.push(began.elapsed().as_secs_f64() * 1_000.0);
            ensure!(known.version.0 == past, "{} of {past} events were loaded", known.version);
            let mut loaded = loaded;
            ensure!(*loaded.aggregate() == *known.state, "stock and Probity load different states");
            journal.close().await;
        }
        let (ours, peer) = (median(ours), median(peers));
        bench.say(&format!("cold load, round {}: {ours:.1} ms, stock {peer:.1} ms", round + 1));
        rounds.push(Round { ours, peer: Some(peer) });
    }
    pool.close().await;
    Ok(Row {
        number: 8,
        what: "cold load of a customer with 10,000 events",
        against: "stock load_aggregate",
        compared: vec![Compared {
            what: "",
            target: Target::AtMost { must: 0.6, aim: 0.25 },
            unit: "ms",
            rounds,
        }],
        notes: Vec::new(),
    })
}
