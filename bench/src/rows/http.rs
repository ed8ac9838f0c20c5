//! Row 9: order commands over HTTP, with real JSON and tokens, against stock behind an HTTP layer of the same making.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use sqlx::PgPool;

use crate::{
    bench::Bench,
    check, ours,
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
    let sides = Sides { bench, server: &server, sales: &sales, stock_url: &stock_url, pool: &pool };
    let (mut rounds, mut lags, mut acknowledged) = (Vec::new(), Vec::new(), Vec::new());
    // In the first round both sides see every customer and plan every statement; it does not count.
    for round in 0..=bench.scale.rounds {
        let (compared, lag) = sides.round(round, &mut acknowledged).await?;
        if round > 0 {
            rounds.push(compared);
            lags.push(lag);
        }
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

struct Sides<'a> {
    bench: &'a Bench,
    server: &'a Server,
    sales: &'a str,
    stock_url: &'a str,
    pool: &'a PgPool,
}

impl Sides<'_> {
    async fn round(&self, round: u32, acknowledged: &mut Vec<i64>) -> Result<(Round, String)> {
        let Self { bench, server, .. } = self;
        let (company, customers) = (&bench.company, bench.scale.customers);
        bench.say(&format!("HTTP, round {round}"));
        let peer = Server::start(Side::Stock, self.stock_url, bench.folder.path()).await?;
        let shoppers = |address, token, source| {
            shopping::shoppers(address, token, company, customers, CONNECTIONS, source)
        };
        let address = peer.address.clone();
        let clients = shoppers(&address, ADMINISTRATOR, 2 * round + 2).await?;
        let (theirs, _) = bench.drive("stock", clients).await?;
        peer.stop().await?;
        let clients = shoppers(&server.address, self.sales, 2 * round + 3).await?;
        let (measured, clients) = bench.drive("Probity", clients).await?;
        let (behind, lag) = lag(self.pool).await?;
        acknowledged.extend(clients.into_iter().flat_map(|client| client.acknowledged));
        let lag = format!("{behind} events and {lag:.2} s");
        bench.say(&format!("  the read models were behind by {lag}"));
        let (ours, peer) = (measured.commands_a_second(), theirs.commands_a_second());
        Ok((Round { ours, peer: Some(peer) }, lag))
    }
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
