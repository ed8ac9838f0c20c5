//! The writer's side of SQLite: one connection, one `BEGIN IMMEDIATE` transaction per batch, `synchronous = FULL`.

use std::str::FromStr;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteArguments, SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous,
};
use sqlx::{Arguments, Connection, Executor as _};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::flat::{Findings, Flat, Row, from_one};
use crate::executor::{Appended, Batch, Broken};
use crate::{Error, leaf};

/// What does not hold, one row each, and the tip. The lists come as JSON, so that one statement serves any number.
const CHECK: &str = "
SELECT 0 AS what, coalesce(max(position), 0) AS n,
       (SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1) AS at, NULL AS holder FROM events
UNION ALL
SELECT 1, g.key + 1, NULL, NULL FROM json_each($1) AS g
WHERE g.value ->> 2 <> coalesce((SELECT max(e.sequence) FROM events e
                                 WHERE e.aggregate_type = g.value ->> 0 AND e.aggregate_id = g.value ->> 1), 0)
UNION ALL
SELECT 2, r.key + 1, NULL, NULL FROM json_each($2) AS r
WHERE r.value ->> 2 <> coalesce((SELECT max(e.sequence) FROM events e
                                 WHERE e.aggregate_type = r.value ->> 0 AND e.aggregate_id = r.value ->> 1), 0)
UNION ALL
SELECT 3, i.key + 1, NULL, NULL FROM json_each($3) AS i
WHERE (SELECT true FROM events e WHERE e.idempotency_key = i.value LIMIT 1)
UNION ALL
SELECT 4, c.key + 1, NULL, e.aggregate_id FROM json_each($4) AS c JOIN events e ON e.claim = c.value";
const KNOWN_KEYS: &str =
    "SELECT e.idempotency_key FROM json_each($1) AS k JOIN events e ON e.idempotency_key = k.value";

/// Rows per insert: few different statements, so that all of them stay prepared.
const CHUNKS: [usize; 4] = [64, 16, 4, 1];
static INSERTS: LazyLock<[(usize, String); 4]> = LazyLock::new(|| CHUNKS.map(|n| (n, insert(n))));

fn insert(rows: usize) -> String {
    let row = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, \
         position, recorded_at, command_id, idempotency_key, claim, leaf_hash) VALUES {}",
        vec![row; rows].join(", ")
    )
}

/// How many pages the write-ahead log may hold before they are copied into the file (32 MiB). SQLite's own 1000 are a few
/// batches, and pages of indexes that change again at once were copied each time.
const CHECKPOINT_PAGES: &str = "8192";
/// KiB of pages that the writer keeps at most: its inserts land all over the indexes.
const WRITER_CACHE: &str = "-65536";

/// As every connection of ours opens the file.
pub(crate) fn address(url: &str, busy_timeout: Duration) -> Result<SqliteConnectOptions, Error> {
    Ok(SqliteConnectOptions::from_str(url)
        .map_err(|error| Error::Address(error.to_string()))?
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES)
        .foreign_keys(true)
        .busy_timeout(busy_timeout))
}

/// The right to write to the file from this process. SQLite has one writer; whoever waits here waits in line, not
/// by polling the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Turns(Arc<Mutex<()>>);

impl Turns {
    pub(crate) async fn take(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.0).lock_owned().await
    }
}

#[derive(Debug)]
pub(crate) struct SqliteWriter {
    options: SqliteConnectOptions,
    turns: Turns,
    line: Mutex<Line>,
}

#[derive(Debug, Default)]
struct Line {
    connection: Option<SqliteConnection>,
    /// Held while a transaction of the slow path is open.
    turn: Option<OwnedMutexGuard<()>>,
}

impl SqliteWriter {
    pub(crate) fn new(options: SqliteConnectOptions, turns: Turns) -> SqliteWriter {
        let options = options.pragma("cache_size", WRITER_CACHE);
        SqliteWriter { options, turns, line: Mutex::default() }
    }

    pub(crate) async fn append(&self, batch: &Batch) -> Result<Appended, Broken> {
        let mut line = self.line.lock().await;
        let flat = Flat::new(batch);
        // Hashed before others have to wait for the file.
        let rows = flat.rows();
        self.open(&mut line).await?;
        self.write(&mut line, batch, &flat, &rows).await
    }

    pub(crate) async fn begin(&self) -> Result<(), Broken> {
        let mut line = self.line.lock().await;
        self.open(&mut line).await
    }

    pub(crate) async fn finish(&self, batch: &Batch) -> Result<Appended, Broken> {
        let mut line = self.line.lock().await;
        let flat = Flat::new(batch);
        self.write(&mut line, batch, &flat, &flat.rows()).await
    }

    pub(crate) async fn leave(&self) {
        let connection = std::mem::take(&mut *self.line.lock().await).connection;
        if let Some(connection) = connection
            && let Err(error) = connection.close().await
        {
            tracing::debug!(%error, "closing the append's connection");
        }
    }

    pub(crate) async fn abandon(&self) {
        let mut line = self.line.lock().await;
        roll_back(&mut line).await;
    }

    /// A new connection sees a transaction whole or not at all, and once it has the write lock no other is under way.
    pub(crate) async fn recover(&self, keys: &[&str]) -> Result<Vec<String>, Error> {
        let mut line = self.line.lock().await;
        *line = Line::default();
        let keys = json(&keys)?;
        self.open(&mut line).await.map_err(|broken| match broken {
            Broken::Nothing(error) | Broken::Unknown(error) => error,
        })?;
        let connection = line.connection.as_mut().ok_or(Error::Closed)?;
        let found = sqlx::query_scalar(KNOWN_KEYS).bind(keys).fetch_all(connection).await;
        roll_back(&mut line).await;
        Ok(found?)
    }

    /// Begins a transaction that has the file's write lock.
    async fn open(&self, line: &mut Line) -> Result<(), Broken> {
        let turn = self.turns.take().await;
        if line.connection.is_none() {
            let connecting = SqliteConnection::connect_with(&self.options).await;
            line.connection = Some(connecting.map_err(|error| Broken::Nothing(error.into()))?);
        }
        if let Some(connection) = &mut line.connection
            && let Err(error) = connection.execute("BEGIN IMMEDIATE").await
        {
            line.connection = None;
            return Err(Broken::Nothing(error.into()));
        }
        line.turn = Some(turn);
        Ok(())
    }

    async fn write(
        &self,
        line: &mut Line,
        batch: &Batch,
        flat: &Flat<'_>,
        rows: &[Row<'_>],
    ) -> Result<Appended, Broken> {
        let Some(connection) = &mut line.connection else {
            return Err(Broken::Nothing(Error::Closed));
        };
        let written = write(connection, batch, flat, rows).await;
        let appended = match written.and_then(|found| flat.appended(found)) {
            Ok(appended) => appended,
            Err(error) => {
                roll_back(line).await;
                return Err(Broken::Nothing(error));
            }
        };
        let committed = match &mut line.connection {
            Some(connection) => connection.execute("COMMIT").await,
            None => Err(sqlx::Error::WorkerCrashed),
        };
        match committed.map_err(Error::from) {
            Ok(_) => {
                line.turn = None;
                Ok(appended)
            }
            // Not committed: the commit's last frame found no room, or another connection was in the way.
            Err(error) if error.is_passing() => {
                roll_back(line).await;
                Err(Broken::Nothing(error))
            }
            Err(error) => {
                *line = Line::default();
                Err(Broken::Unknown(error))
            }
        }
    }
}

/// Ends the transaction; a connection that cannot even do that is closed, which does it too.
async fn roll_back(line: &mut Line) {
    if let Some(connection) = &mut line.connection
        && connection.execute("ROLLBACK").await.is_err()
    {
        // SQLite may have rolled back by itself, as it does on a full disk; a fresh connection is certain.
        line.connection = None;
    }
    line.turn = None;
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Error> {
    crate::codec::written(value)
}

/// Checks, then inserts what may be inserted. Inside the transaction.
async fn write(
    connection: &mut SqliteConnection,
    batch: &Batch,
    flat: &Flat<'_>,
    rows: &[Row<'_>],
) -> Result<Findings, Error> {
    let mut found = check(connection, batch, flat).await?;
    found.recorded_us = found.recorded_us.max(batch.clock.timestamp_micros());
    let refused = flat.refused(&found);
    let mut rest: Vec<&Row<'_>> = rows.iter().filter(|row| !refused.contains(&row.group)).collect();
    let mut position = found.tip;
    for (size, sql) in INSERTS.iter() {
        while rest.len() >= *size {
            let later = rest.split_off(*size);
            let mut arguments = SqliteArguments::default();
            for row in &rest {
                position += 1;
                bind(&mut arguments, row, position, found.recorded_us)
                    .map_err(|error| Error::Unwritable(error.to_string()))?;
            }
            sqlx::query_with(sql, arguments).execute(&mut *connection).await?;
            rest = later;
        }
    }
    Ok(found)
}

async fn check(
    connection: &mut SqliteConnection,
    batch: &Batch,
    flat: &Flat<'_>,
) -> Result<Findings, Error> {
    let groups: Vec<_> =
        batch.groups.iter().map(|g| (g.aggregate_type, &*g.stream, g.base.0)).collect();
    let seen: Vec<_> = flat
        .seen
        .iter()
        .map(|seen| (seen.aggregate_type, seen.stream.as_str(), seen.version.0))
        .collect();
    let keys: Vec<_> = flat.items.iter().map(|(.., draft)| draft.key.as_str()).collect();
    let claims: Vec<_> = flat.claims.iter().map(|(.., claim)| *claim).collect();
    let rows: Vec<(i64, i64, Option<i64>, Option<String>)> = sqlx::query_as(CHECK)
        .bind(json(&groups)?)
        .bind(json(&seen)?)
        .bind(json(&keys)?)
        .bind(json(&claims)?)
        .fetch_all(connection)
        .await?;
    let mut found = Findings::default();
    for (what, n, at, holder) in rows {
        match what {
            0 => {
                found.tip = n;
                found.recorded_us = at.unwrap_or_default();
            }
            1 => found.moved.push(from_one(n)),
            2 => found.stale.push(from_one(n)),
            3 => found.known.push(from_one(n)),
            _ => found.taken.push((from_one(n), holder.unwrap_or_default())),
        }
    }
    Ok(found)
}

fn bind<'q>(
    arguments: &mut SqliteArguments<'q>,
    row: &Row<'q>,
    position: i64,
    recorded_us: i64,
) -> Result<(), sqlx::error::BoxDynError> {
    arguments.add(row.of.aggregate_type)?;
    arguments.add(&*row.of.stream)?;
    arguments.add(row.sequence)?;
    arguments.add(row.line.event_type.as_str())?;
    arguments.add(row.line.event_version.as_str())?;
    arguments.add(row.line.payload.as_str())?;
    arguments.add(row.draft.metadata.as_str())?;
    arguments.add(position)?;
    arguments.add(recorded_us)?;
    arguments.add(row.draft.command_id.to_string())?;
    arguments.add(row.key)?;
    arguments.add(row.line.claim.as_deref())?;
    arguments.add(leaf::leaf(&row.head, recorded_us, &row.line.leaf_tail).to_vec())
}
