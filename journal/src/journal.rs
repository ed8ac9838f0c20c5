//! The journal as the rest of Probity sees it.

use domain::decider::Decider;
use sqlx::{PgPool, SqlitePool};
use tokio::sync::watch;

use crate::{
    Committed, Entry, Error, Filter, Gather, Known, Options, Page, Position, Refusal, Request,
    Until, Version,
};

/// A handle; clones share everything.
#[derive(Clone, Debug)]
pub struct Journal {
    engine: Engine,
    doorbell: watch::Receiver<Position>,
}

/// The pool for reading, which the read models use too.
#[derive(Clone, Debug)]
pub enum Engine {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

impl Journal {
    /// Opens `sqlite:PATH` or `postgres://…`. Checks the schema's version and migrates nothing.
    pub async fn open(_url: &str, _options: Options) -> Result<Journal, Error> {
        std::future::ready(Err(Error::Closed)).await
    }

    /// Brings the schema up to date, as its owner.
    pub async fn migrate(_url: &str) -> Result<(), Error> {
        std::future::ready(Err(Error::Closed)).await
    }

    /// Lets `role` serve: read and insert, and neither change nor delete events (PostgreSQL).
    pub async fn grant(_url: &str, _role: &str) -> Result<(), Error> {
        std::future::ready(Err(Error::Closed)).await
    }

    /// Decides and records. The one way in which anything is written.
    pub async fn execute<A: Gather>(
        &self,
        _request: Request<A>,
    ) -> Result<Committed<A::Event>, Refusal<A::Rejection>> {
        std::future::ready(Err(Refusal::Journal(Error::Closed))).await
    }

    /// What would be recorded, on confirmed state; records nothing.
    pub async fn consider<A: Gather>(
        &self,
        _request: Request<A>,
    ) -> Result<Vec<A::Event>, Refusal<A::Rejection>> {
        std::future::ready(Err(Refusal::Journal(Error::Closed))).await
    }

    /// The confirmed state of a stream, current when this was called.
    pub async fn confirmed<A: Decider>(&self, _stream: &str) -> Result<Known<A>, Error> {
        std::future::ready(Err(Error::Closed)).await
    }

    /// The state that a stream had.
    pub async fn replay<A: Decider>(
        &self,
        _stream: &str,
        _until: Until,
    ) -> Result<Known<A>, Error> {
        std::future::ready(Err(Error::Closed)).await
    }

    /// What follows a position, in order, at most `limit` entries.
    pub async fn after(
        &self,
        _position: Position,
        _filter: &Filter,
        _limit: usize,
    ) -> Result<Page, Error> {
        std::future::ready(Err(Error::Closed)).await
    }

    /// The entries of one stream, oldest first.
    pub async fn stream(
        &self,
        _stream: &str,
        _after: Version,
        _limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        std::future::ready(Err(Error::Closed)).await
    }

    /// The last position that is recorded.
    pub async fn head(&self) -> Result<Position, Error> {
        std::future::ready(Err(Error::Closed)).await
    }

    /// The last position that this process acknowledged.
    pub fn acknowledged(&self) -> Position {
        Position::default()
    }

    /// Rings with the head: own commits at once, those of other processes when they are polled.
    pub fn doorbell(&self) -> watch::Receiver<Position> {
        self.doorbell.clone()
    }

    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Takes nothing new, finishes what is queued, closes the connections.
    pub async fn close(self) {
        std::future::ready(()).await;
    }
}
