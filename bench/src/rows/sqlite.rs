//! Row 6: the order commands of row 1 on SQLite, against single-row inserts into SQLite.

use std::sync::Arc;

use anyhow::Result;
use journal::{Journal, Position};

use crate::{
    bench::Bench,
    check, embedded, inserts,
    orders::Whose,
    ours,
    rows::orders::order_rows,
    seeding::{Recorded, Sales, Store},
    table::{Compared, Round, Row, Target},
};

const PEAK: u32 = 256;
/// SQLite has one writer; more connections only wait for it.
const INSERTING: u32 = 1;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let rows = Arc::new(order_rows(&bench.company)?);
    let mut rounds = Vec::new();
    for round in 0..bench.scale.rounds {
        bench.say(&format!("orders on SQLite, round {}", round + 1));
        rounds.push(self::round(bench, round, &rows).await?);
    }
    Ok(vec![Row {
        number: 6,
        what: "the same as the first, SQLite synchronous=FULL",
        against: "single-row durable inserts into SQLite",
        compared: vec![Compared {
            what: "",
            target: Target::AtLeast { must: 5.0, aim: 9.0 },
            unit: "events/s",
            rounds,
        }],
        notes: Vec::new(),
    }])
}

/// Each round has files of its own: customers that only ever order would grow from round to round.
async fn round(bench: &Bench, round: u32, rows: &Arc<Vec<Recorded>>) -> Result<Round> {
    let customers = bench.scale.customers;
    let whose = Whose::Many { first: 0, count: customers };
    let (path, url) = bench.file(&format!("orders-{round}.db"));
    Journal::migrate(&url).await?;
    let pool = embedded::pool(&path, 1).await?;
    bench.seed(&Store::Sqlite(pool.clone()), customers, Sales::default()).await?;
    pool.close().await;
    let seeded = Position(bench.seeded());
    let (plain, _) = bench.file(&format!("plain-{round}.db"));
    let plain = embedded::pool(&plain, INSERTING).await?;
    for sql in inserts::SQLITE_TABLE {
        sqlx::query(sql).execute(&plain).await?;
    }
    let into = inserts::Into::Sqlite(plain.clone());
    let journal = ours::open(&url, "bench").await?;
    let warm = ours::clients(&journal, &bench.company, whose, PEAK, 1);
    let (_, warm) = bench.drive("warm", warm).await?;
    let mut acknowledged: Vec<_> = warm.into_iter().flat_map(|c| c.acknowledged).collect();
    let (inserted, _) = bench.drive("inserts", inserts::clients(&into, rows, INSERTING, 2)).await?;
    let clients = ours::clients(&journal, &bench.company, whose, PEAK, 3);
    let (measured, clients) = bench.drive("Probity", clients).await?;
    acknowledged.extend(clients.into_iter().flat_map(|client| client.acknowledged));
    plain.close().await;
    check::acknowledged(&journal, seeded, &acknowledged).await?;
    check::limits(&journal, customers).await?;
    journal.close().await;
    Ok(Round { ours: measured.events_a_second(), peer: Some(inserted.events_a_second()) })
}
