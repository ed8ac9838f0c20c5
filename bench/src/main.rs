//! The benchmarks that every performance claim comes from: measured side by side in one run, printed as one table.
//!
//! Exits 1 when a result is wrong (an event lost, doubled or out of order, a limit passed), never because it is slow.

#![expect(unreachable_pub, reason = "a program has no outside; `pub` says what other files use")]
#![expect(clippy::float_arithmetic, reason = "rates and ratios are what this program is for")]

mod bench;
mod check;
mod cluster;
mod company;
mod cpu;
mod embedded;
mod inserts;
mod load;
mod orders;
mod ours;
mod rows;
mod seeding;
mod server;
mod shopping;
mod stock;
mod table;
mod wire;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::{
    bench::{Bench, Scale},
    cluster::Cluster,
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "Measures Probity against stock cqrs-es and against plain inserts")]
struct Arguments {
    /// A short run on less of everything: shows that all works, and claims nothing.
    #[arg(long)]
    quick: bool,
    #[arg(long, default_value_t = 3)]
    rounds: u32,
    /// Only these rows (with those that share their measurement).
    #[arg(long = "row")]
    rows: Vec<u32>,
    /// The database to measure on; absent: a private cluster.
    #[arg(long, env = "PROBITY_BENCH_POSTGRES", hide_env_values = true)]
    postgres: Option<String>,
    #[command(subcommand)]
    part: Option<Part>,
}

/// What this program is started as by itself.
#[derive(Subcommand)]
enum Part {
    #[command(hide = true)]
    Client(rows::pair::Order),
    #[command(hide = true)]
    Server(server::Serve),
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.part {
        Some(Part::Client(order)) => return rows::pair::serve(order).await,
        Some(Part::Server(order)) => return server::serve(order).await,
        None => {}
    }
    let scale = if arguments.quick { Scale::quick } else { Scale::full }(arguments.rounds);
    let bench = Bench::new(Cluster::reach(arguments.postgres).await?, scale)?;
    bench.say(&bench.cluster.described().await?);
    let asked = |rows: &[u32]| {
        arguments.rows.is_empty() || rows.iter().any(|row| arguments.rows.contains(row))
    };
    let mut table = Vec::new();
    if asked(&[1, 2, 3, 4]) {
        table.extend(rows::orders::measure(&bench).await?);
    }
    if asked(&[5, 8]) {
        table.extend(rows::long::measure(&bench).await?);
    }
    if asked(&[6]) {
        table.extend(rows::sqlite::measure(&bench).await?);
    }
    if asked(&[7]) {
        table.extend(rows::pair::measure(&bench).await?);
    }
    if asked(&[9]) {
        table.extend(rows::http::measure(&bench).await?);
    }
    if asked(&[10]) {
        table.extend(rows::streaming::measure(&bench).await?);
    }
    if asked(&[11]) {
        table.extend(rows::reading::measure(&bench).await?);
    }
    if asked(&[12]) {
        table.extend(rows::rebuild::measure(&bench).await?);
    }
    if asked(&[13]) {
        table.extend(rows::memory::measure(&bench).await?);
    }
    if asked(&[14, 15, 16]) {
        table.extend(rows::rules::measure(&bench).await?);
    }
    table.sort_by_key(|row| row.number);
    table::print(&mut std::io::stdout().lock(), &table)
}
