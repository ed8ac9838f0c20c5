//! The writer's side of PostgreSQL: one direct connection, one function call per batch.

use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{
    PgArgumentBuffer, PgArguments, PgConnectOptions, PgConnection, PgDatabaseError, PgHasArrayType,
    PgSeverity, PgTypeInfo,
};
use sqlx::{Arguments as _, Connection, Encode, Executor as _, FromRow, Postgres, Type};
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::flat::{Findings, Flat, from_one};
use crate::executor::{Appended, Batch, Broken, News};
use crate::{Error, Options, Version};

const APPEND: &str = "SELECT * FROM journal_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, \
     $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)";
const OWN_BACKEND: &str =
    "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()";
/// Waits until it has ended, at most five seconds.
const TERMINATE: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
     WHERE pid = $1 AND backend_start = $2";
const TERMINATE_PREDECESSORS: &str = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity \
     WHERE application_name = $1 AND usename = current_user AND datname = current_database() AND pid <> pg_backend_pid()";
const KNOWN_KEYS: &str = "SELECT idempotency_key FROM events WHERE idempotency_key = ANY ($1)";
const CLOCK: &str = "SELECT clock_timestamp()";

/// Clocks that differ by more are refused.
const CLOCKS_APART_MAX: Duration = Duration::from_secs(5);
/// How much longer than its own timeouts a statement is waited for before its connection counts as lost.
const GRACE: Duration = Duration::from_secs(2);

/// The connections of one process: names and timeouts as ARCHITECTURE.md, D3, has them.
#[derive(Clone, Debug)]
pub(crate) struct Sessions {
    url: String,
    name: String,
    lock_timeout: Duration,
    statement_timeout: Duration,
}

/// Which work a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    Append,
    /// Reading the journal: plans that use the indexes, also those made on an empty table.
    Read,
    /// Read models and reports: anything, for as long as it takes within reason.
    Any,
}

impl Sessions {
    pub(crate) fn new(url: &str, options: &Options) -> Sessions {
        Sessions {
            url: url.to_owned(),
            name: format!("probity {}", options.instance),
            lock_timeout: options.lock_timeout,
            statement_timeout: options.statement_timeout,
        }
    }

    pub(crate) fn options(&self, work: Work) -> Result<PgConnectOptions, Error> {
        let ms = |duration: Duration| duration.as_millis().to_string();
        let statement_timeout = match work {
            Work::Append => ms(self.statement_timeout),
            Work::Read | Work::Any => "300s".to_owned(),
        };
        let options = address(&self.url)?.application_name(&self.name).options([
            ("synchronous_commit", "on".to_owned()),
            ("default_transaction_isolation", "read\\ committed".to_owned()),
            ("lock_timeout", ms(self.lock_timeout)),
            ("statement_timeout", statement_timeout),
            ("idle_in_transaction_session_timeout", "60s".to_owned()),
            ("client_connection_check_interval", "1s".to_owned()),
            // A plan without an index costs so much where scans are off that the server would compile it, for half a second.
            ("jit", "off".to_owned()),
        ]);
        Ok(match work {
            Work::Any => options,
            Work::Append | Work::Read => options.options([
                ("plan_cache_mode", "force_generic_plan"),
                ("enable_seqscan", "off"),
                ("enable_bitmapscan", "off"),
                ("enable_hashjoin", "off"),
                ("enable_mergejoin", "off"),
            ]),
        })
    }

    async fn connect(&self) -> Result<Wire, sqlx::Error> {
        let options =
            self.options(Work::Append).map_err(|e| sqlx::Error::Configuration(e.into()))?;
        let connecting = timeout(self.patience(), PgConnection::connect_with(&options));
        let mut connection = connecting.await.map_err(|_| sqlx::Error::PoolTimedOut)??;
        let backend = sqlx::query_as(OWN_BACKEND).fetch_one(&mut connection).await?;
        Ok(Wire { connection, backend })
    }

    fn patience(&self) -> Duration {
        self.lock_timeout + self.statement_timeout + GRACE
    }

    /// Ends what a dead process of the same name left: it may hold the append lock until the server notices.
    pub(crate) async fn end_predecessors(&self) -> Result<(), Error> {
        let mut wire = self.connect().await?;
        sqlx::query(TERMINATE_PREDECESSORS).bind(&self.name).execute(&mut wire.connection).await?;
        wire.connection.close().await?;
        Ok(())
    }

    pub(crate) async fn compare_clocks(&self, ours: DateTime<Utc>) -> Result<(), Error> {
        let mut wire = self.connect().await?;
        let theirs: DateTime<Utc> =
            sqlx::query_scalar(CLOCK).fetch_one(&mut wire.connection).await?;
        wire.connection.close().await?;
        let apart = (ours - theirs).abs().to_std().unwrap_or(Duration::MAX);
        if apart > CLOCKS_APART_MAX { Err(Error::Clock { ours, theirs }) } else { Ok(()) }
    }
}

pub(crate) fn address(url: &str) -> Result<PgConnectOptions, Error> {
    PgConnectOptions::from_str(url).map_err(|error| Error::Address(error.to_string()))
}

/// A backend of the server: its pid alone may have been given to another since.
#[derive(Clone, Copy, Debug, FromRow)]
struct BackendId {
    pid: i32,
    backend_start: DateTime<Utc>,
}

#[derive(Debug)]
struct Wire {
    connection: PgConnection,
    backend: BackendId,
}

#[derive(Debug)]
pub(crate) struct PgWriter {
    sessions: Sessions,
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    wire: Option<Wire>,
    /// The backend that we no longer hear from.
    lost: Option<BackendId>,
}

#[derive(Debug, FromRow)]
struct Reply {
    tip: i64,
    recorded_us: i64,
    moved: Option<Vec<i32>>,
    stale: Option<Vec<i32>>,
    known: Option<Vec<i32>>,
    taken: Option<Vec<i32>>,
    holders: Option<Vec<String>>,
    n_type: Option<Vec<String>>,
    n_stream: Option<Vec<String>>,
    n_version: Option<Vec<i64>>,
}

impl PgWriter {
    pub(crate) fn new(sessions: Sessions) -> PgWriter {
        PgWriter { sessions, line: Mutex::default() }
    }

    /// The reply is complete only when the server is ready for the next query, that is after the commit: sqlx reads up to there.
    pub(crate) async fn append(&self, batch: &Batch) -> Result<Appended, Broken> {
        let mut line = self.line.lock().await;
        self.call(&mut line, batch).await
    }

    pub(crate) async fn begin(&self) -> Result<(), Broken> {
        let mut line = self.line.lock().await;
        self.run(&mut line, "BEGIN").await?;
        self.run(&mut line, "SELECT journal_lock()").await
    }

    pub(crate) async fn finish(&self, batch: &Batch) -> Result<Appended, Broken> {
        let mut line = self.line.lock().await;
        match self.call(&mut line, batch).await {
            Ok(appended) => {
                self.run(&mut line, "COMMIT").await?;
                Ok(appended)
            }
            Err(broken) => {
                self.roll_back(&mut line).await;
                Err(broken)
            }
        }
    }

    pub(crate) async fn leave(&self) {
        let wire = self.line.lock().await.wire.take();
        if let Some(wire) = wire
            && let Err(error) = wire.connection.close().await
        {
            tracing::debug!(%error, "closing the append's connection");
        }
    }

    pub(crate) async fn abandon(&self) {
        let mut line = self.line.lock().await;
        self.roll_back(&mut line).await;
    }

    /// Only when the old backend is gone or done, and the lock is ours, is a key that is not there certainly not there.
    pub(crate) async fn recover(&self, keys: &[&str]) -> Result<Vec<String>, Error> {
        let mut line = self.line.lock().await;
        line.wire = None;
        let mut wire = self.sessions.connect().await?;
        if let Some(lost) = line.lost {
            sqlx::query(TERMINATE)
                .bind(lost.pid)
                .bind(lost.backend_start)
                .execute(&mut wire.connection)
                .await?;
        }
        let mut transaction = wire.connection.begin().await?;
        transaction.execute("SELECT journal_lock()").await?;
        let found = sqlx::query_scalar(KNOWN_KEYS).bind(keys).fetch_all(&mut *transaction).await?;
        transaction.commit().await?;
        *line = Line { wire: Some(wire), lost: None };
        Ok(found)
    }

    async fn wire<'l>(&self, line: &'l mut Line) -> Result<&'l mut Wire, Broken> {
        match &mut line.wire {
            Some(wire) => Ok(wire),
            empty => {
                let connecting = self.sessions.connect().await;
                // Nothing was sent.
                Ok(empty.insert(connecting.map_err(|error| Broken::Nothing(away(error)))?))
            }
        }
    }

    async fn run(&self, line: &mut Line, sql: &'static str) -> Result<(), Broken> {
        let patience = self.sessions.patience();
        let wire = self.wire(line).await?;
        let running = timeout(patience, wire.connection.execute(sql)).await;
        match running {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                let broken = broken(line, error);
                if matches!(broken, Broken::Nothing(_)) {
                    self.roll_back(line).await;
                }
                Err(broken)
            }
            Err(_) => Err(broken(line, sqlx::Error::PoolTimedOut)),
        }
    }

    async fn call(&self, line: &mut Line, batch: &Batch) -> Result<Appended, Broken> {
        let patience = self.sessions.patience();
        let flat = Flat::new(batch);
        let wire = self.wire(line).await?;
        let reply = match timeout(patience, call(&mut wire.connection, batch, &flat)).await {
            Ok(Ok(reply)) => reply,
            Ok(Err(error)) => return Err(broken(line, error)),
            Err(_) => return Err(broken(line, sqlx::Error::PoolTimedOut)),
        };
        flat.appended(findings(reply)).map_err(Broken::Unknown)
    }

    async fn roll_back(&self, line: &mut Line) {
        if let Some(wire) = &mut line.wire
            && let Err(error) = wire.connection.execute("ROLLBACK").await
        {
            tracing::warn!(%error, "the append's connection is given up");
            line.wire = None;
        }
    }
}

/// An error that the server reports leaves nothing behind; anything else may have been committed.
fn broken(line: &mut Line, error: sqlx::Error) -> Broken {
    if let sqlx::Error::Database(database) = &error
        && let Some(database) = database.try_downcast_ref::<PgDatabaseError>()
        && database.severity() == PgSeverity::Error
    {
        return Broken::Nothing(error.into());
    }
    line.lost = line.wire.take().map(|wire| wire.backend).or(line.lost);
    Broken::Unknown(error.into())
}

fn away(error: sqlx::Error) -> Error {
    match Error::from(error) {
        Error::Database(error) => Error::Unavailable(error),
        other => other,
    }
}

fn findings(reply: Reply) -> Findings {
    let numbers = |list: Option<Vec<i32>>| -> Vec<usize> {
        list.unwrap_or_default().into_iter().map(|n| from_one(i64::from(n))).collect()
    };
    let taken = numbers(reply.taken).into_iter().zip(reply.holders.unwrap_or_default());
    let types = reply.n_type.unwrap_or_default().into_iter();
    let news = types
        .zip(reply.n_stream.unwrap_or_default())
        .zip(reply.n_version.unwrap_or_default())
        .map(|((aggregate_type, stream), version)| News {
            aggregate_type,
            stream,
            version: Version(version),
        });
    Findings {
        tip: reply.tip,
        recorded_us: reply.recorded_us,
        moved: numbers(reply.moved),
        stale: numbers(reply.stale),
        known: numbers(reply.known),
        taken: taken.collect(),
        news: news.collect(),
    }
}

/// A JSON text as it is, bound as `json`: it reaches its column without another copy.
struct JsonText<'a>(&'a str);

impl Type<Postgres> for JsonText<'_> {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(114))
    }
}

impl PgHasArrayType for JsonText<'_> {
    fn array_type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(199))
    }
}

impl Encode<'_, Postgres> for JsonText<'_> {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }
}

fn number(n: usize) -> i32 {
    i32::try_from(n + 1).unwrap_or(i32::MAX)
}

/// What one event takes in a message beside its texts, and one group, at most: lengths, numbers, hashes, ids, the key.
const EVENT_BYTES: usize = 600;
const GROUP_BYTES: usize = 250;

async fn call(
    connection: &mut PgConnection,
    batch: &Batch,
    flat: &Flat<'_>,
) -> Result<Reply, sqlx::Error> {
    let arguments = arguments(batch, flat).map_err(sqlx::Error::Encode)?;
    sqlx::query_as_with(APPEND, arguments).fetch_one(connection).await
}

fn arguments(batch: &Batch, flat: &Flat<'_>) -> Result<PgArguments, BoxDynError> {
    let groups = &batch.groups;
    let mut rows = flat.rows();
    let heads: Vec<Vec<u8>> = rows.iter_mut().map(|row| std::mem::take(&mut row.head)).collect();
    let texts: usize =
        rows.iter().map(|row| row.line.payload.len() + row.draft.metadata.len()).sum();
    let mut to = PgArguments::default();
    to.reserve(27, texts + EVENT_BYTES * rows.len() + GROUP_BYTES * groups.len());
    to.add(batch.clock.timestamp_micros())?;
    to.add(batch.since.map(|since| since.0))?;
    to.add(groups.iter().map(|g| g.aggregate_type).collect::<Vec<&str>>())?;
    to.add(groups.iter().map(|g| &*g.stream).collect::<Vec<&str>>())?;
    to.add(groups.iter().map(|g| g.base.0).collect::<Vec<i64>>())?;
    to.add(flat.seen.iter().map(|seen| seen.aggregate_type).collect::<Vec<&str>>())?;
    to.add(flat.seen.iter().map(|seen| seen.stream.as_str()).collect::<Vec<&str>>())?;
    to.add(flat.seen.iter().map(|seen| seen.version.0).collect::<Vec<i64>>())?;
    to.add(flat.reads.iter().map(|(g, _)| number(*g)).collect::<Vec<i32>>())?;
    to.add(flat.reads.iter().map(|(_, seen)| number(*seen)).collect::<Vec<i32>>())?;
    to.add(flat.items.iter().map(|(g, ..)| number(*g)).collect::<Vec<i32>>())?;
    to.add(flat.items.iter().map(|(.., draft)| draft.key.as_str()).collect::<Vec<&str>>())?;
    to.add(flat.claims.iter().map(|(g, ..)| number(*g)).collect::<Vec<i32>>())?;
    to.add(flat.claims.iter().map(|(.., claim)| *claim).collect::<Vec<&str>>())?;
    to.add(rows.iter().map(|row| number(row.group)).collect::<Vec<i32>>())?;
    to.add(rows.iter().map(|row| row.of.aggregate_type).collect::<Vec<&str>>())?;
    to.add(rows.iter().map(|row| &*row.of.stream).collect::<Vec<&str>>())?;
    to.add(rows.iter().map(|row| row.sequence).collect::<Vec<i64>>())?;
    to.add(rows.iter().map(|row| row.line.event_type.as_str()).collect::<Vec<&str>>())?;
    to.add(rows.iter().map(|row| row.line.event_version.as_str()).collect::<Vec<&str>>())?;
    to.add(rows.iter().map(|row| JsonText(&row.line.payload)).collect::<Vec<_>>())?;
    to.add(rows.iter().map(|row| JsonText(&row.draft.metadata)).collect::<Vec<_>>())?;
    to.add(rows.iter().map(|row| row.draft.command_id.to_string()).collect::<Vec<String>>())?;
    to.add(rows.iter().map(|row| row.key).collect::<Vec<Option<&str>>>())?;
    to.add(rows.iter().map(|row| row.line.claim.as_deref()).collect::<Vec<Option<&str>>>())?;
    to.add(heads)?;
    to.add(rows.iter().map(|row| row.line.leaf_tail.as_slice()).collect::<Vec<&[u8]>>())?;
    Ok(to)
}
