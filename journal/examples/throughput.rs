//! How fast the append is, with a rule that costs nothing: commands per second and latency at several concurrencies.
//!
//! `cargo run --release -p journal --example throughput -- sqlite:/tmp/x.db` or `-- postgres://…` (an empty database or schema).
//! Arguments after the address: seconds per step (3), then concurrencies (1 8 64 256).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use cqrs_es::DomainEvent;
use domain::decider::{Decider, Event};
use journal::{
    Confirmed, Engine, Error, Gather, Journal, Metadata, Options, Read, Refusal, Request,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

const STREAMS: u64 = 10_000;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counter {
    count: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Counted {
    #[serde(rename = "counter.counted")]
    Counted { amount: u64, note: String, customer: String, product: String, unit_price: String },
}

#[derive(Clone, Debug, PartialEq)]
struct Never;

impl std::fmt::Display for Never {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("never")
    }
}

impl std::error::Error for Never {}

impl DomainEvent for Counted {
    fn event_type(&self) -> String {
        "counter.counted".to_owned()
    }
    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Event for Counted {}

impl Decider for Counter {
    const TYPE: &'static str = "counter";
    type Command = u64;
    type Event = Counted;
    type Rejection = Never;
    type Context = ();

    fn decide(&self, (): &(), amount: &u64) -> Result<Vec<Counted>, Never> {
        Ok(vec![Counted::Counted {
            amount: *amount,
            note: "an order line of ordinary length, as they are".to_owned(),
            customer: format!("customer-{}", self.count),
            product: "product-0123456789".to_owned(),
            unit_price: "12800.00".to_owned(),
        }])
    }

    fn evolve(&mut self, event: &Counted) {
        let Counted::Counted { amount, .. } = event;
        self.count += amount;
    }
}

impl Gather for Counter {
    async fn gather(&self, (): &mut (), _: &u64, _: &Confirmed) -> Result<Vec<Read>, Error> {
        Ok(Vec::new())
    }
}

fn request(n: u64, run: u64) -> Request<Counter> {
    let stream = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) % STREAMS;
    Request {
        stream: format!("counter-01890a5d-ac96-774b-bcce-b302{stream:08}"),
        command: 1,
        context: (),
        key: format!("staff-12/{run:08x}-ac96-774b-bcce-{n:012x}"),
        request_hash: format!("sha256:{n:064x}"),
        if_match: None,
        metadata: Metadata {
            actor: "staff-12".to_owned(),
            via: None,
            command_id: Uuid::from_u128((u128::from(run) << 64) + u128::from(n)),
            correlation_id: None,
            causation_id: None,
        },
    }
}

async fn measure(journal: &Journal, clients: u64, seconds: u64, run: u64) -> String {
    let cpu = cpu_ms();
    let (stop, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let next = Arc::new(AtomicU64::new(0));
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|_| {
            let (journal, stop, done, next) =
                (journal.clone(), stop.clone(), done.clone(), next.clone());
            tokio::spawn(async move {
                let mut took = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    let at = Instant::now();
                    journal.execute(request(n, run)).await?;
                    took.push(at.elapsed());
                    done.fetch_add(1, Ordering::Relaxed);
                }
                Ok::<_, Refusal<Never>>(took)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let mut took = Vec::new();
    for task in tasks {
        match task.await {
            Ok(Ok(one)) => took.extend(one),
            other => return format!("{other:?}"),
        }
    }
    let elapsed = began.elapsed();
    took.sort();
    let at = |percent: usize| took.get((took.len() * percent / 100).min(took.len() - 1)).copied();
    let done = done.load(Ordering::Relaxed);
    let per_second = u128::from(done) * 1_000 / elapsed.as_millis().max(1);
    let each = u128::from(cpu_ms() - cpu) * 1_000 / u128::from(done.max(1));
    format!(
        "{clients:>5} in flight {per_second:>7}/s  p50 {:?}  p99 {:?}  {each} µs of CPU in this process each",
        at(50).unwrap_or_default(),
        at(99).unwrap_or_default()
    )
}

/// The processor time of this process so far, on Linux; 0 elsewhere.
fn cpu_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum::<u64>() * 10
}

/// The same rows, one durable insert each, through the same driver.
async fn singly(journal: &Journal, connections: u64, seconds: u64) -> String {
    let sql = "INSERT INTO singly (id, payload, metadata) VALUES ($1, $2, $3)";
    let payload = serde_json::to_string(&Counter::default().decide(&(), &1).ok());
    let payload = payload.unwrap_or_default();
    let stop = Arc::new(AtomicBool::new(false));
    let began = Instant::now();
    let tasks: Vec<_> = (0..connections)
        .map(|task| {
            let (engine, stop, payload) = (journal.engine().clone(), stop.clone(), payload.clone());
            tokio::spawn(async move {
                let mut done = 0_u64;
                let id = |n: u64| format!("{connections}-{task}-{n}-ac96-774b-bcce-b302");
                match engine {
                    Engine::Postgres(pool) => {
                        let mut one = pool.acquire().await?;
                        while !stop.load(Ordering::Relaxed) {
                            let query = sqlx::query(sql).bind(id(done)).bind(&payload).bind("{}");
                            query.execute(&mut *one).await?;
                            done += 1;
                        }
                    }
                    Engine::Sqlite(pool) => {
                        let mut one = pool.acquire().await?;
                        while !stop.load(Ordering::Relaxed) {
                            let query = sqlx::query(sql).bind(id(done)).bind(&payload).bind("{}");
                            query.execute(&mut *one).await?;
                            done += 1;
                        }
                    }
                }
                Ok::<u64, sqlx::Error>(done)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let mut done = 0;
    for task in tasks {
        match task.await {
            Ok(Ok(one)) => done += one,
            other => return format!("{other:?}"),
        }
    }
    let per_second = u128::from(done) * 1_000 / began.elapsed().as_millis().max(1);
    format!("{connections:>5} connections {per_second:>7}/s single-row inserts")
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "this is what it is for")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("an address, please")?;
    let seconds: u64 = arguments.next().map_or(Ok(3), |text| text.parse())?;
    let mut clients = arguments.map(|text| text.parse()).collect::<Result<Vec<u64>, _>>()?;
    if clients.is_empty() {
        clients = vec![1, 8, 64, 256];
    }
    Journal::migrate(&url).await?;
    let journal = Journal::open(&url, Options { readers: 64, ..Options::default() }).await?;
    let table =
        "CREATE TABLE IF NOT EXISTS singly (id text PRIMARY KEY, payload text, metadata text)";
    match journal.engine() {
        Engine::Postgres(pool) => sqlx::query(table).execute(pool).await.map(|_| ())?,
        Engine::Sqlite(pool) => sqlx::query(table).execute(pool).await.map(|_| ())?,
    }
    let mut run = u64::try_from(journal.head().await?.0)? << 16;
    let mut lines = BTreeMap::new();
    for (n, clients) in clients.into_iter().enumerate() {
        run += 1;
        println!("{}", measure(&journal, clients, seconds, run).await);
        lines.insert(n, clients);
    }
    let connections: &[u64] =
        if matches!(journal.engine(), Engine::Sqlite(_)) { &[1, 8] } else { &[1, 8, 32, 64] };
    for connections in connections {
        println!("{}", singly(&journal, *connections, seconds).await);
    }
    println!("head {} in {} steps", journal.head().await?, lines.len());
    journal.close().await;
    Ok(())
}
