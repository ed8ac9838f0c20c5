//! Row 9: order commands over HTTP, with real JSON and tokens, against stock behind an HTTP layer of the same making.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use sqlx::PgPool;

use crate::{
    bench::Bench,
    check,
    load::drive,
    ours,
    seeding::Sales,
    server::{ADMINISTRATOR, Server, Side},
    shopping, stock,
    table::{Compared, Round, Row, Target, figure},
};

const CONNECTIONS: u32 = 256;
/// Read models that lag longer are a fault.
const LAG_MAX: Duration = Duration::from_secs(60);

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let customers = bench.scale.customers;
    let url = bench.store("bench_http", customers, Sales::default()).await?;
    let stock_url = bench.cluster.schema("bench_stock").await?;
    stock::table(&stock_url, "bench_http").await?;
    let pool = stock::pool(&url, 2).await?;
    let server = Server::start(Side::Probity, &url, bench.folder.path()).await?;
    server.ready().await?;
    let sales = server.token("sales").await?;
    let journal = ours::open(&url, "bench-reader").await?;
    let mark = journal.head().await?;
    let (mut rounds, mut lags, mut acknowledged, mut source) =
        (Vec::new(), Vec::new(), Vec::new(), 1);
    for round in 0..=bench.scale.rounds {
        source += 2;
        let peer = Server::start(Side::Stock, &stock_url, bench.folder.path()).await?;
        let clients = shopping::shoppers(
            &peer.address,
            ADMINISTRATOR,
            &bench.company,
            customers,
            CONNECTIONS,
            source,
        );
        let (theirs, _) = drive(clients.await?, bench.scale.span).await?;
        peer.stop().await?;
        let clients = shopping::shoppers(
            &server.address,
            &sales,
            &bench.company,
            customers,
            CONNECTIONS,
            source + 1,
        );
        let (measured, clients) = drive(clients.await?, bench.scale.span).await?;
        let (behind, lag) = lag(&pool).await?;
        acknowledged.extend(clients.into_iter().flat_map(|client| client.acknowledged));
        if round == 0 {
            continue; // Both have seen every customer and planned every statement.
        }
        bench.say(&format!("HTTP, round {round}"));
        bench.say(&theirs.described("stock", CONNECTIONS));
        bench.say(&measured.described("Probity", CONNECTIONS));
        bench.say(&format!(
            "  read models {behind} events behind at the end, caught up after {lag:.2} s"
        ));
        lags.push(format!("{behind} events and {lag:.2} s"));
        rounds.push(Round {
            ours: measured.commands_a_second(),
            peer: Some(theirs.commands_a_second()),
        });
    }
    shopping::check(&journal, mark, &acknowledged).await?;
    check::limits(&journal, customers).await?;
    server.stop().await?;
    journal.close().await;
    let orders = figure(crate::load::number(u64::try_from(acknowledged.len())?));
    Ok(vec![Row {
        number: 9,
        what: "commands over HTTP with real JSON and tokens, 256 connections, projections on",
        against: "stock behind the same HTTP layer, without projections",
        compared: vec![Compared {
            what: "",
            target: Target::AtLeast { must: 4.0, aim: 8.0 },
            unit: "commands/s",
            rounds,
        }],
        notes: vec![format!(
            "{orders} orders; the read models were behind, at the end of each round: {}",
            lags.join("; ")
        )],
    }])
}

/// How far the slowest read model is behind, and how long it takes to be there.
async fn lag(pool: &PgPool) -> Result<(i64, f64)> {
    const BEHIND: &str =
        "SELECT (SELECT max(position) FROM events) - (SELECT min(position) FROM watermarks)";
    let began = Instant::now();
    let behind: i64 = sqlx::query_scalar(BEHIND).fetch_one(pool).await?;
    let mut now = behind;
    while now > 0 {
        ensure!(began.elapsed() < LAG_MAX, "the read models do not catch up: {now} events behind");
        tokio::time::sleep(Duration::from_millis(10)).await;
        now = sqlx::query_scalar(BEHIND).fetch_one(pool).await?;
    }
    Ok((behind, began.elapsed().as_secs_f64()))
}
