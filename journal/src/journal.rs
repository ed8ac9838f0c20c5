//! The journal as the rest of Probity sees it.

use std::fs::File;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::decider::{Decider, Event};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{PgPool, SqlitePool};
use tokio::sync::{Notify, OwnedMutexGuard, watch};
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::engine::postgres::{PgWriter, Sessions, Work};
use crate::engine::reader::{self, Pool, Reader};
use crate::engine::schema::{self, Address};
use crate::engine::sqlite::{SqliteWriter, Turns};
use crate::engine::{Database, Writer, sqlite};
use crate::executor::{Executor, Limits, Stored};
use crate::{
    ClockCheck, Committed, Entry, Error, Exclusive, Filter, Gather, Known, Openings, Options, Page,
    Position, Refusal, Request, Secrets, Until, Version, codec,
};

/// How long a closing journal waits for the poller's last look.
const LAST_LOOK_MAX: Duration = Duration::from_secs(2);
/// After so many refusals a command is decided under the journal's lock.
const REFUSALS_MAX: usize = 3;

const MAY_CHANGE: &str = "SELECT has_table_privilege('events', 'UPDATE') OR has_table_privilege('events', 'DELETE') \
     OR has_table_privilege('events', 'TRUNCATE')";

/// A handle; clones share everything.
#[derive(Clone)]
pub struct Journal {
    pub(crate) executor: Executor<Database>,
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    reader: Reader,
    turns: Turns,
    doorbell: watch::Receiver<Position>,
    poller: Mutex<Option<JoinHandle<()>>>,
    /// Rung when nobody polls any more.
    over: Arc<Notify>,
    /// Its lock goes when the last handle does.
    _lock: Option<File>,
}

impl Shared {
    /// Between two looks: a connection that is cut off while it opens would be closed at a time of its own.
    async fn stop_polling(&self) {
        self.over.notify_one();
        let poller = self.poller.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut poller) = poller
            && timeout(LAST_LOOK_MAX, &mut poller).await.is_err()
        {
            poller.abort();
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.over.notify_one();
    }
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").field("engine", &self.shared.engine).finish_non_exhaustive()
    }
}

/// The pool for reading, which the read models use too.
#[derive(Clone, Debug)]
pub enum Engine {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The right to write to the SQLite file. Nothing on PostgreSQL.
#[derive(Debug)]
pub struct Turn {
    _guard: Option<OwnedMutexGuard<()>>,
}

impl Journal {
    /// Opens `sqlite:PATH` or `postgres://…`. Checks the schema's version and migrates nothing.
    pub async fn open(url: &str, options: Options) -> Result<Journal, Error> {
        let opened = match Address::of(url)? {
            Address::Postgres(url) => open_postgres(url, &options).await?,
            Address::Sqlite(url) => open_sqlite(url, &options).await?,
        };
        let Opened { engine, reader, writer, turns, lock } = opened;
        let head = reader.head().await?;
        let (bell, doorbell) = watch::channel(head);
        let bell = Arc::new(bell);
        let database = Database::new(reader.clone(), writer, Arc::clone(&options.clock));
        let limits = Limits {
            cache_bytes: options.cache_bytes,
            batch_commands: options.batch_commands,
            batch_bytes: options.batch_bytes,
            commands: options.commands,
            refusals: REFUSALS_MAX,
            deadline: options.deadline,
        };
        let executor = Executor::start(&Arc::new(database), limits, Arc::clone(&bell))?;
        let over = Arc::new(Notify::new());
        let polling = poll(reader.clone(), bell, options.poll, Arc::clone(&over));
        let poller = Mutex::new(Some(tokio::spawn(polling)));
        let shared = Shared { engine, reader, turns, doorbell, poller, over, _lock: lock };
        Ok(Journal { executor, shared: Arc::new(shared) })
    }

    /// Brings the schema up to date, as its owner. Creates a SQLite file that is not there.
    pub async fn migrate(url: &str) -> Result<(), Error> {
        schema::migrate(url).await
    }

    /// Lets `role` serve: read and insert events, and neither change nor delete them (PostgreSQL). Run after each migration.
    pub async fn grant(url: &str, role: &str) -> Result<(), Error> {
        schema::grant(url, role).await
    }

    /// Lets `role` run stock postgres-es programs: read, and insert the seven stock columns only.
    pub async fn grant_stock(url: &str, role: &str) -> Result<(), Error> {
        schema::grant_stock(url, role).await
    }

    /// Decides and records. The one way in which anything is written.
    pub async fn execute<A: Gather>(
        &self,
        request: Request<A>,
    ) -> Result<Committed<A::Event>, Refusal<A::Rejection>> {
        self.executor.execute(request).await
    }

    /// What would be recorded, on confirmed state; records nothing.
    pub async fn consider<A: Gather>(
        &self,
        request: Request<A>,
    ) -> Result<Vec<A::Event>, Refusal<A::Rejection>> {
        self.executor.consider(request).await
    }

    /// The confirmed state of a stream, current when this was called.
    pub async fn confirmed<A: Decider>(&self, stream: &str) -> Result<Known<A>, Error> {
        self.executor.confirmed(stream).await
    }

    /// The state that a stream had.
    pub async fn replay<A: Decider>(&self, stream: &str, until: Until) -> Result<Known<A>, Error> {
        codec::bounded("the stream's id", stream)?;
        let reader = &self.shared.reader;
        let until = match until {
            Until::Version(version) => version,
            Until::RecordedAt(at) => reader.version_at(A::TYPE, stream, at).await?,
        };
        let tail = reader.tail(A::TYPE, stream, Version::NONE, until).await?;
        let mut state = A::default();
        let version = codec::fold(&mut state, stream, Version::NONE, &tail)?;
        Ok(Known { stream: stream.to_owned(), version, state: Arc::new(state) })
    }

    /// What follows a position, in order, at most `limit` entries ([`crate::PAGE_MAX`] whatever is asked).
    pub async fn after(
        &self,
        position: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, Error> {
        self.shared.reader.after(position, filter, limit).await
    }

    /// The entries of one stream, oldest first.
    pub async fn stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        codec::bounded("the stream's id", stream)?;
        self.shared.reader.stream(stream, after, limit).await
    }

    /// The stream that holds a claim.
    pub async fn holder(&self, claim: &str) -> Result<Option<String>, Error> {
        codec::bounded("the claim", claim)?;
        self.shared.reader.holder(claim).await
    }

    /// The last position that is recorded.
    pub async fn head(&self) -> Result<Position, Error> {
        self.shared.reader.head().await
    }

    /// The last position that this process acknowledged.
    pub fn acknowledged(&self) -> Position {
        self.executor.acknowledged()
    }

    /// Rings with the head: own commits at once, those of other processes when they are polled.
    pub fn doorbell(&self) -> watch::Receiver<Position> {
        self.shared.doorbell.clone()
    }

    /// Whether the role that we are connected as may do more to events than read and append them (PostgreSQL).
    pub async fn may_change_events(&self) -> Result<bool, Error> {
        match &self.shared.engine {
            Engine::Postgres(pool) => Ok(sqlx::query_scalar(MAY_CHANGE).fetch_one(pool).await?),
            Engine::Sqlite(_) => Ok(false),
        }
    }

    pub fn engine(&self) -> &Engine {
        &self.shared.engine
    }

    /// Waits in line for writing to the SQLite file from this process: whoever writes to it beside the journal should
    /// hold a turn for the time of the transaction. On PostgreSQL there is nothing to wait for.
    pub async fn turn(&self) -> Turn {
        match &self.shared.engine {
            Engine::Sqlite(_) => Turn { _guard: Some(self.shared.turns.take().await) },
            Engine::Postgres(_) => Turn { _guard: None },
        }
    }

    /// The event of an entry, whatever shape it was recorded in.
    pub fn event<E: Event>(&self, entry: &Entry) -> Result<E, Error> {
        let payload = self.shared.reader.payload(entry);
        codec::event(&entry.stream, entry.version, entry.position, &payload)
    }

    /// A stored entry in the shape that this program's events have.
    pub(crate) fn current_shape(&self, entry: &Entry) -> Stored {
        self.shared.reader.stored(entry)
    }

    pub(crate) fn reader(&self) -> &Reader {
        &self.shared.reader
    }

    /// What personal texts were behind the digests in events, as long as they are not erased.
    pub fn openings(&self) -> Openings<'_> {
        Openings::of(self)
    }

    /// What people prove who they are with.
    pub fn secrets(&self) -> Secrets<'_> {
        Secrets::of(self)
    }

    /// Bytes (by estimate) and streams that the cache holds.
    pub fn cached(&self) -> (usize, usize) {
        self.executor.cached()
    }

    /// How many groups of commands found that another process had been quicker, and were decided again.
    pub fn refused(&self) -> u64 {
        self.executor.refused()
    }

    /// Takes nothing new, finishes what is queued, closes the connections.
    pub async fn close(self) {
        self.executor.close().await;
        self.shared.stop_polling().await;
        self.shared.reader.close().await;
        match &self.shared.engine {
            Engine::Sqlite(pool) => reader::emptied(pool).await,
            Engine::Postgres(pool) => reader::emptied(pool).await,
        }
    }
}

struct Opened {
    engine: Engine,
    reader: Reader,
    writer: Writer,
    turns: Turns,
    lock: Option<File>,
}

async fn open_postgres(url: &str, options: &Options) -> Result<Opened, Error> {
    let sessions = Sessions::new(url, options);
    if options.exclusive == Exclusive::Yes {
        sessions.end_predecessors().await?;
    }
    if options.clock_check == ClockCheck::Compared {
        sessions.compare_clocks(options.clock.now()).await?;
    }
    let pool = |work| -> Result<PgPool, Error> {
        let pool = PgPoolOptions::new().max_connections(options.readers.max(1));
        Ok(pool.acquire_timeout(options.deadline).connect_lazy_with(sessions.options(work)?))
    };
    let reading = Pool::Postgres(pool(Work::Read)?);
    schema::check(&reading).await?;
    Ok(Opened {
        engine: Engine::Postgres(pool(Work::Any)?),
        reader: Reader::new(reading, options.upcasts.clone()),
        writer: Writer::Postgres(PgWriter::new(sessions)),
        turns: Turns::default(),
        lock: None,
    })
}

async fn open_sqlite(url: &str, options: &Options) -> Result<Opened, Error> {
    let connect = sqlite::address(url, options.lock_timeout)?
        .pragma("max_page_count", options.sqlite_pages_max.to_string());
    let lock = match options.exclusive {
        Exclusive::Yes => Some(lock_file(connect.get_filename())?),
        Exclusive::No => None,
    };
    let pool = SqlitePoolOptions::new().max_connections(options.readers.max(1));
    let pool = pool.acquire_timeout(options.deadline).connect_with(connect.clone()).await?;
    let reading = Pool::Sqlite(pool.clone());
    schema::check(&reading).await?;
    let turns = Turns::default();
    Ok(Opened {
        engine: Engine::Sqlite(pool),
        reader: Reader::new(reading, options.upcasts.clone()),
        writer: Writer::Sqlite(Box::new(SqliteWriter::new(connect, turns.clone()))),
        turns,
        lock,
    })
}

/// A second `serve` would find our unconfirmed heads missing in its own. The operating system releases the lock when the process ends, however it ends.
fn lock_file(database: &Path) -> Result<File, Error> {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => Err(Error::InUse(database.display().to_string())),
        Err(std::fs::TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Notices the commits of other processes. A failing look is tried again: followers lose time, not events.
async fn poll(
    reader: Reader,
    bell: Arc<watch::Sender<Position>>,
    every: Duration,
    over: Arc<Notify>,
) {
    let mut ticks = interval(every.max(Duration::from_millis(1)));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            biased;
            () = over.notified() => return,
            _ = ticks.tick() => {}
        }
        match reader.head().await {
            Ok(head) => {
                bell.send_if_modified(|last| {
                    let later = head > *last;
                    *last = head.max(*last);
                    later
                });
            }
            Err(error) => tracing::debug!(%error, "the journal's head could not be read"),
        }
    }
}
