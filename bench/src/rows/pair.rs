//! Row 7: two processes on one PostgreSQL, on customers of their own and on the same customers, against one process.
//!
//! Each process is this program again with a hidden subcommand. It opens the journal, warms up, says that it is ready, waits
//! for the word, puts 256 commands in flight, and leaves what was acknowledged in a file.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use journal::Position;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};
use uuid::Uuid;

use crate::{
    bench::Bench,
    check,
    company::Company,
    load::{Last, drive, number},
    orders::Whose,
    ours::{self, Acknowledged},
    seeding::Sales,
    table::{Compared, Round, Row, Target, figure},
};

const IN_FLIGHT: u32 = 256;
/// How many commands per customer come before the measurement.
const WARM_ROUNDS: usize = 2;

/// What one process is told.
#[derive(Args, Debug)]
pub struct Order {
    #[arg(long)]
    url: String,
    #[arg(long)]
    first: u32,
    #[arg(long)]
    count: u32,
    #[arg(long)]
    source: u32,
    #[arg(long)]
    span_ms: u64,
    /// Where it leaves what was acknowledged.
    #[arg(long)]
    file: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Report {
    commands: u64,
    seconds: f64,
    acknowledged: Vec<(Uuid, u64, i64, i64)>,
}

/// The life of one process.
pub async fn serve(order: Order) -> Result<()> {
    let company = Arc::new(Company::new()?);
    let journal = ours::open(&order.url, &format!("bench-{}", order.source)).await?;
    let whose = Whose::Many { first: order.first, count: order.count };
    let span = Duration::from_millis(order.span_ms);
    let mut warm = ours::clients(&journal, &company, whose, IN_FLIGHT, order.source);
    // As in a server that has run for a while, most customers are in memory when the measurement begins.
    let enough = usize::try_from(order.count)? * WARM_ROUNDS;
    while warm.iter().map(|client| client.acknowledged.len()).sum::<usize>() < enough {
        (_, warm) = drive(warm, span / 2, Last::Finished).await?;
    }
    let mut acknowledged: Vec<Acknowledged> =
        warm.into_iter().flat_map(|c| c.acknowledged).collect();
    let mut out = tokio::io::stdout();
    out.write_all(b"ready\n").await?;
    out.flush().await?;
    BufReader::new(tokio::io::stdin()).lines().next_line().await?;
    let clients = ours::clients(&journal, &company, whose, IN_FLIGHT, order.source + 1);
    let (measured, clients) = drive(clients, span, Last::Finished).await?;
    acknowledged.extend(clients.into_iter().flat_map(|client| client.acknowledged));
    journal.close().await;
    let rows = acknowledged.iter().map(|a| (a.command_id, a.events, a.position, a.version));
    let report = Report {
        commands: measured.commands,
        seconds: measured.seconds,
        acknowledged: rows.collect(),
    };
    std::fs::write(&order.file, serde_json::to_vec(&report)?)?;
    Ok(())
}

struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    file: PathBuf,
}

impl Process {
    fn start(
        url: &str,
        range: (u32, u32),
        source: u32,
        span: Duration,
        folder: &Path,
    ) -> Result<Self> {
        let file = folder.join(format!("acknowledged-{source}"));
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("client").args(["--url", url]);
        command.args(["--first", &range.0.to_string(), "--count", &range.1.to_string()]);
        command.args(["--source", &source.to_string(), "--span-ms", &span.as_millis().to_string()]);
        command.arg("--file").arg(&file);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let lines = BufReader::new(child.stdout.take().context("no pipe")?).lines();
        Ok(Self { child, lines, file })
    }

    async fn ready(&mut self) -> Result<()> {
        match self.lines.next_line().await?.as_deref() {
            Some("ready") => Ok(()),
            other => bail!("the process said {other:?}"),
        }
    }

    async fn go(&mut self) -> Result<()> {
        let mut stdin = self.child.stdin.take().context("no pipe")?;
        Ok(stdin.write_all(b"go\n").await?)
    }

    async fn report(mut self) -> Result<Report> {
        let status = self.child.wait().await?;
        ensure!(status.success(), "a process ended with {status}");
        Ok(serde_json::from_slice(&std::fs::read(&self.file)?)?)
    }
}

/// Lets processes work side by side on these ranges of customers, on a journal of their own; answers commands per second of all
/// together.
async fn side_by_side(bench: &Bench, ranges: &[(u32, u32)]) -> Result<f64> {
    let url = bench.store("bench_pair", bench.scale.customers, Sales::default()).await?;
    let seeded = Position(bench.seeded());
    let (mut processes, mut acknowledged) = (Vec::new(), Vec::new());
    for (range, source) in ranges.iter().zip((100..).step_by(2)) {
        let (span, folder) = (bench.scale.span, bench.folder.path());
        processes.push(Process::start(&url, *range, source, span, folder)?);
    }
    for process in &mut processes {
        process.ready().await?;
    }
    for process in &mut processes {
        process.go().await?;
    }
    let (mut commands, mut seconds) = (0, 0.0_f64);
    for process in processes {
        let report = process.report().await?;
        commands += report.commands;
        seconds = seconds.max(report.seconds);
        acknowledged.extend(report.acknowledged.into_iter().map(
            |(command_id, events, position, version)| Acknowledged {
                command_id,
                events,
                position,
                version,
            },
        ));
    }
    let journal = ours::open(&url, "bench").await?;
    check::acknowledged(&journal, seeded, &acknowledged).await?;
    check::limits(&journal, bench.scale.customers).await?;
    journal.close().await;
    Ok(number(commands) / seconds)
}

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let customers = bench.scale.customers;
    let (all, half) = ((0, customers), customers / 2);
    let (mut disjoint, mut same) = (Vec::new(), Vec::new());
    for round in 0..bench.scale.rounds {
        let one = side_by_side(bench, &[all]).await?;
        let apart = side_by_side(bench, &[(0, half), (half, customers - half)]).await?;
        let together = side_by_side(bench, &[all, all]).await?;
        bench.say(&format!(
            "processes, round {}: one {} commands/s, two apart {}, two on the same {}",
            round + 1,
            figure(one),
            figure(apart),
            figure(together)
        ));
        disjoint.push(Round { ours: apart, peer: Some(one) });
        same.push(Round { ours: together, peer: Some(one) });
    }
    let compared = |what, must, aim, rounds| Compared {
        what,
        target: Target::AtLeast { must, aim },
        unit: "commands/s",
        rounds,
    };
    Ok(vec![Row {
        number: 7,
        what: "two processes on one PostgreSQL, nothing lost or doubled",
        against: "one process",
        compared: vec![
            compared("disjoint customers", 1.0, 1.3, disjoint),
            compared("the same customers", 0.4, 0.8, same),
        ],
        notes: Vec::new(),
    }])
}
