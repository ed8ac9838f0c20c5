//! What every measurement has at hand: the server, the company, and how long to measure.

use std::{
    io::Write,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::Result;
use journal::Journal;
use tokio::sync::Mutex;

use crate::{
    cluster::Cluster,
    company::Company,
    cpu, embedded,
    load::{self, Client, Last, Measured},
    seeding::{Bulk, Sales, Store, Writer},
    stock,
    table::figure,
};

/// How much and how long.
#[derive(Clone, Copy)]
pub struct Scale {
    pub rounds: u32,
    /// Of one measurement.
    pub span: Duration,
    pub customers: u32,
    /// Of the rows that read, rebuild and hold a large journal.
    pub large_customers: u32,
    /// At least so many are made again under another pack.
    pub decisions: u32,
}

impl Scale {
    pub fn full(rounds: u32) -> Self {
        let span = Duration::from_secs(4);
        Self { rounds, span, customers: 10_000, large_customers: 100_000, decisions: 1_000_000 }
    }

    /// To see that everything works; its figures claim nothing.
    pub fn quick(rounds: u32) -> Self {
        let span = Duration::from_secs(1);
        Self { rounds, span, customers: 2_000, large_customers: 5_000, decisions: 20_000 }
    }
}

pub struct Bench {
    pub cluster: Cluster,
    pub company: Arc<Company>,
    pub scale: Scale,
    pub folder: tempfile::TempDir,
    seeded: AtomicI64,
    large: Mutex<Large>,
    began: Instant,
}

/// What was made of the large journals.
#[derive(Default)]
struct Large {
    postgres: Option<String>,
    sqlite: bool,
}

impl Bench {
    pub fn new(cluster: Cluster, scale: Scale) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("probity-bench-files-").tempdir()?;
        let company = Arc::new(Company::new()?);
        Ok(Self {
            cluster,
            company,
            scale,
            folder,
            seeded: AtomicI64::new(0),
            large: Mutex::default(),
            began: Instant::now(),
        })
    }

    /// A journal on PostgreSQL in a schema of this name, with so many customers. Answers its URL.
    pub async fn store(&self, schema: &str, customers: u32, sales: Sales) -> Result<String> {
        let url = self.empty(schema).await?;
        let store = Store::Postgres(stock::pool(&url, 2).await?);
        self.seed(&store, customers, sales).await?;
        Ok(url)
    }

    /// A journal on PostgreSQL in a schema of this name, with nothing in it.
    pub async fn empty(&self, schema: &str) -> Result<String> {
        let url = self.cluster.schema(schema).await?;
        Journal::migrate(&url).await?;
        Ok(url)
    }

    /// An SQLite file of this name. Answers its path and its URL as the journal takes it.
    pub fn file(&self, name: &str) -> (PathBuf, String) {
        let path = self.folder.path().join(name);
        let url = format!("sqlite:{}", path.display());
        (path, url)
    }

    pub async fn seed(&self, store: &Store, customers: u32, sales: Sales) -> Result<()> {
        self.say(&format!("seeding {customers} customers"));
        let mut writer = Writer::new(&self.company, 1);
        let mut bulk = Bulk::new(store, &self.company);
        bulk.add(writer.house()?).await?;
        for customer in 0..customers {
            bulk.add(writer.customer(customer, sales)?).await?;
        }
        self.seeded.store(bulk.finish().await?, Ordering::Relaxed);
        Ok(())
    }

    /// The large journal on PostgreSQL, made when it is first asked for. Answers its URL.
    pub async fn large_postgres(&self) -> Result<String> {
        let mut made = self.large.lock().await;
        if let Some(url) = &made.postgres {
            return Ok(url.clone());
        }
        let url = self.empty("bench_large").await?;
        let store = Store::Postgres(stock::pool(&url, 2).await?);
        self.seed_large(&store).await?;
        made.postgres = Some(url.clone());
        Ok(url)
    }

    /// The large journal in SQLite, made when it is first asked for. Answers its path and its URL.
    pub async fn large_sqlite(&self) -> Result<(PathBuf, String)> {
        let mut made = self.large.lock().await;
        let (path, url) = self.file("large.db");
        if !made.sqlite {
            Journal::migrate(&url).await?;
            let pool = embedded::pool(&path, 1).await?;
            self.seed_large(&Store::Sqlite(pool.clone())).await?;
            pool.close().await;
            made.sqlite = true;
        }
        Ok((path, url))
    }

    /// A customer of the large journal has 21 events of qualification and limit, votes included, and one sale of three.
    async fn seed_large(&self, store: &Store) -> Result<()> {
        self.seed(store, self.scale.large_customers, Sales { paid: 0, unpaid: 1 }).await
    }

    /// The last position of the last seeding.
    pub fn seeded(&self) -> i64 {
        self.seeded.load(Ordering::Relaxed)
    }

    /// Measures for one span, and says what came of it.
    pub async fn drive<C: Client>(
        &self,
        side: &str,
        clients: Vec<C>,
    ) -> Result<(Measured, Vec<C>)> {
        self.drive_for(side, clients, self.scale.span, Last::Finished).await
    }

    pub async fn drive_for<C: Client>(
        &self,
        side: &str,
        clients: Vec<C>,
        span: Duration,
        last: Last,
    ) -> Result<(Measured, Vec<C>)> {
        let (count, before) = (clients.len(), cpu::spent());
        let (measured, clients) = load::drive(clients, span, last).await?;
        let (here, below) = cpu::spent().a_command(before, measured.commands);
        self.say(&format!(
            "  {side:8} {count:>4}: {:>8} commands/s, p50 {} ms, p99 {} ms; processors: {here} µs a command here, \
             {below} µs in the database and servers",
            figure(measured.commands_a_second()),
            figure(measured.p50()),
            figure(measured.p99())
        ));
        Ok((measured, clients))
    }

    /// Progress goes to stderr; stdout is for the table.
    pub fn say(&self, what: &str) {
        let seconds = self.began.elapsed().as_secs();
        let _ = writeln!(std::io::stderr(), "[{seconds:>4} s] {what}");
    }
}
