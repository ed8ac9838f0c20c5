//! What every measurement has at hand: the server, the company, and how long to measure.

use std::{
    io::Write,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use anyhow::Result;
use journal::Journal;

use crate::{
    cluster::Cluster,
    company::Company,
    seeding::{Bulk, Sales, Store, Writer},
    stock,
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
    pub large_events: u32,
}

impl Scale {
    pub fn full(rounds: u32) -> Self {
        let span = Duration::from_secs(4);
        Self { rounds, span, customers: 10_000, large_customers: 100_000, large_events: 1_000_000 }
    }

    /// To see that everything works; its figures claim nothing.
    pub fn quick(rounds: u32) -> Self {
        let span = Duration::from_secs(1);
        Self { rounds, span, customers: 2_000, large_customers: 5_000, large_events: 50_000 }
    }
}

pub struct Bench {
    pub cluster: Cluster,
    pub company: Arc<Company>,
    pub scale: Scale,
    pub folder: tempfile::TempDir,
    seeded: AtomicI64,
}

impl Bench {
    pub fn new(cluster: Cluster, scale: Scale) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("probity-bench-files-").tempdir()?;
        let company = Arc::new(Company::new()?);
        Ok(Self { cluster, company, scale, folder, seeded: AtomicI64::new(0) })
    }

    /// A journal on PostgreSQL in a schema of this name, with so many customers. Answers its URL.
    pub async fn store(&self, schema: &str, customers: u32, sales: Sales) -> Result<String> {
        let url = self.cluster.schema(schema).await?;
        Journal::migrate(&url).await?;
        let store = Store::Postgres(stock::pool(&url, 2).await?);
        self.seed(&store, customers, sales).await?;
        Ok(url)
    }

    pub async fn seed(&self, store: &Store, customers: u32, sales: Sales) -> Result<()> {
        self.say(&format!("seeding {customers} customers"));
        let mut writer = Writer::new(&self.company, 1);
        let mut bulk = Bulk::new(store, &self.company);
        bulk.add(writer.house()?).await?;
        for customer in 0..customers {
            bulk.add(writer.customer(customer, &sales)?).await?;
        }
        self.seeded.store(bulk.finish().await?, Ordering::Relaxed);
        Ok(())
    }

    /// The last position of the last seeding.
    pub fn seeded(&self) -> i64 {
        self.seeded.load(Ordering::Relaxed)
    }

    /// Progress goes to stderr; stdout is for the table.
    pub fn say(&self, what: &str) {
        let _ = writeln!(std::io::stderr(), "{what}");
    }
}
