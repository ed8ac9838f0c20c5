//! Row 13: what a server with 100,000 customers and 2.4 million events holds in memory after its first run: every read model
//! built from nothing, then orders of customers all over the place.

use anyhow::Result;

use crate::{
    bench::Bench,
    load::Last,
    ours,
    server::{Server, Side},
    shopping,
    table::{Compared, Round, Row, Target},
};

const CONNECTIONS: u32 = 256;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let url = bench.large_postgres().await?;
    let journal = ours::open(&url, "bench-reader").await?;
    projections::reset(&journal, None).await?;
    let server = Server::start(Side::Probity, &url, bench.folder.path()).await?;
    let (started, _) = server.memory()?;
    server.ready().await?;
    let (built, _) = server.memory()?;
    let sales = server.token("sales").await?;
    let mark = journal.head().await?;
    let shoppers = shopping::shoppers(
        &server.address,
        &sales,
        &bench.company,
        bench.scale.large_customers,
        CONNECTIONS,
        1,
    );
    let (measured, shoppers) =
        bench.drive_for("Probity", shoppers.await?, bench.scale.span * 4, Last::Finished).await?;
    let (after, most) = server.memory()?;
    let acknowledged: Vec<_> =
        shoppers.into_iter().flat_map(|shopper| shopper.acknowledged).collect();
    shopping::check(&journal, mark, &acknowledged).await?;
    server.stop().await?;
    journal.close().await;
    Ok(vec![Row {
        number: 13,
        what: "memory of the server with 100,000 customers and 2.4 M events after the first run",
        against: "–",
        compared: vec![Compared {
            what: "",
            target: Target::AtMost { must: 700.0, aim: 300.0 },
            unit: "MiB",
            rounds: vec![Round { ours: after, peer: None }],
        }],
        notes: vec![format!(
            "resident: {started:.0} MiB at the start, {built:.0} MiB when all read models were built, {after:.0} MiB \
             after {} orders, {most:.0} MiB at most",
            measured.commands
        )],
    }])
}
