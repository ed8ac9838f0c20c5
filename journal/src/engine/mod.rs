//! The two engines behind the executor: chosen once, when the journal is opened.

pub(crate) mod bulk;
mod copied;
mod flat;
pub(crate) mod pages;
pub(crate) mod postgres;
pub(crate) mod reader;
mod rows;
pub(crate) mod schema;
pub(crate) mod sqlite;
mod tails;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use tokio::time::Instant;

use crate::executor::{Appended, Backend, Batch, Broken, Recorded, Source, Tail};
use crate::options::Clock;
use crate::{Error, Version};
use postgres::PgWriter;
use reader::Reader;
use sqlite::SqliteWriter;
use tails::Tails;

/// A database as the executor sees it.
#[derive(Debug)]
pub(crate) struct Database {
    reader: Reader,
    tails: Tails,
    writer: Writer,
    clock: Arc<dyn Clock>,
    started: Instant,
}

impl Database {
    pub(crate) fn new(reader: Reader, writer: Writer, clock: Arc<dyn Clock>) -> Database {
        Database {
            tails: Tails::new(reader.clone()),
            reader,
            writer,
            clock,
            started: Instant::now(),
        }
    }
}

#[derive(Debug)]
pub(crate) enum Writer {
    Postgres(PgWriter),
    Sqlite(Box<SqliteWriter>),
}

impl Source for Database {
    fn tail<'a>(
        &'a self,
        aggregate_type: &'a str,
        stream: &'a str,
        after: Version,
    ) -> BoxFuture<'a, Result<Tail, Error>> {
        Box::pin(self.tails.after(aggregate_type, stream, after))
    }
}

impl Backend for Database {
    async fn append(&self, batch: &Batch) -> Result<Appended, Broken> {
        match &self.writer {
            Writer::Postgres(writer) => writer.append(batch).await,
            Writer::Sqlite(writer) => writer.append(batch).await,
        }
    }

    async fn begin(&self) -> Result<(), Broken> {
        match &self.writer {
            Writer::Postgres(writer) => writer.begin().await,
            Writer::Sqlite(writer) => writer.begin().await,
        }
    }

    async fn finish(&self, batch: &Batch) -> Result<Appended, Broken> {
        match &self.writer {
            Writer::Postgres(writer) => writer.finish(batch).await,
            Writer::Sqlite(writer) => writer.finish(batch).await,
        }
    }

    async fn abandon(&self) {
        match &self.writer {
            Writer::Postgres(writer) => writer.abandon().await,
            Writer::Sqlite(writer) => writer.abandon().await,
        }
    }

    async fn recover(&self, keys: &[&str]) -> Result<Vec<String>, Error> {
        match &self.writer {
            Writer::Postgres(writer) => writer.recover(keys).await,
            Writer::Sqlite(writer) => writer.recover(keys).await,
        }
    }

    async fn leave(&self) {
        match &self.writer {
            Writer::Postgres(writer) => writer.leave().await,
            Writer::Sqlite(writer) => writer.leave().await,
        }
    }

    async fn find(&self, key: &str) -> Result<Option<Recorded>, Error> {
        self.reader.find(key).await
    }

    async fn holder(&self, claim: &str) -> Result<Option<String>, Error> {
        self.reader.holder(claim).await
    }

    fn clock(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn uptime(&self) -> Duration {
        self.started.elapsed()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        tokio::spawn(task);
    }

    /// A thread of its own: a worker of the common runtime would look for the database's reply only between commands.
    fn spawn_writer(&self, task: BoxFuture<'static, ()>) -> std::io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let thread = std::thread::Builder::new().name("journal-writer".to_owned());
        thread.spawn(move || runtime.block_on(task)).map(drop)
    }
}
