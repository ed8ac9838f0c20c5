//! Reading: tails of streams for decisions, pages for followers, commands by key.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgPool, SqlitePool};
use tokio::time::{sleep, timeout};

use super::pages::{PAGE_MAX, Paged};
use crate::codec::{self, EVENTS_MAX};
use crate::executor::{Recorded, Stored, Tail};
use crate::options::Upcast;
use crate::{Entry, Error, Filter, Position, Version};

/// A query in both dialects: what stands in braces differs.
pub(super) struct Sql {
    pub(super) postgres: String,
    pub(super) sqlite: String,
}

impl Sql {
    pub(super) fn new(text: &str) -> Sql {
        Sql {
            postgres: text
                .replace("{payload}", "e.payload::text")
                .replace("{metadata}", "e.metadata::text")
                .replace("{command}", "e.command_id::text")
                .replace("{joined}", "string_agg(e.payload::text, E'\\n' ORDER BY e.sequence)")
                .replace("{any_type}", "e.event_type = ANY ($5)"),
            sqlite: text
                .replace("{payload}", "e.payload")
                .replace("{metadata}", "e.metadata")
                .replace("{command}", "e.command_id")
                .replace("{joined}", "group_concat(e.payload, char(10) ORDER BY e.sequence)")
                .replace("{any_type}", "e.event_type IN (SELECT t.value FROM json_each($5) AS t)"),
        }
    }
}

pub(super) const HEAD: &str = "SELECT h.position FROM events h ORDER BY h.position DESC LIMIT 1";
pub(super) const COLUMNS: &str = "e.position, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, e.event_version, \
     e.recorded_at, {payload} AS payload, {metadata} AS metadata, {command} AS command_id, e.leaf_hash";
/// Every aggregate type by one index step each, because the primary key begins with it.
const TYPES: &str = "WITH RECURSIVE types (name) AS (
         SELECT (SELECT e.aggregate_type FROM events e ORDER BY e.aggregate_type LIMIT 1)
         UNION ALL
         SELECT (SELECT e.aggregate_type FROM events e WHERE e.aggregate_type > t.name ORDER BY e.aggregate_type LIMIT 1)
         FROM types t WHERE t.name IS NOT NULL)";

/// How many payloads are joined into one row.
const JOINED: i64 = 256;

#[derive(Clone, Debug)]
pub(crate) enum Pool {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

#[derive(Clone, Debug)]
pub(crate) struct Reader {
    pub(super) pool: Pool,
    upcasts: Arc<[Arc<dyn Upcast>]>,
    pub(super) sql: Arc<Queries>,
}

pub(super) struct Queries {
    tail: Sql,
    shaped: Sql,
    version_at: Sql,
    find: Sql,
    holder: Sql,
    pub(super) page: Paged,
    page_of_stream: Sql,
    stream: Sql,
    of_type: Sql,
    marks: Sql,
    streams: Sql,
}

impl std::fmt::Debug for Queries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queries")
    }
}

impl Queries {
    fn new() -> Queries {
        let of_stream = "FROM events e WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 \
             AND e.sequence > $3 AND e.sequence <= $4";
        let by_stream = |condition: &str, order: &str| {
            Sql::new(&format!(
                "{TYPES} SELECT {COLUMNS} FROM types t JOIN events e ON e.aggregate_type = t.name \
                 WHERE e.aggregate_id = $1 AND {condition} ORDER BY {order} LIMIT $3"
            ))
        };
        Queries {
            tail: Sql::new(&format!(
                "SELECT {{joined}} AS payloads, count(*) AS events {of_stream} \
                 GROUP BY e.sequence / {JOINED} ORDER BY e.sequence / {JOINED}"
            )),
            shaped: Sql::new(&format!("SELECT {COLUMNS} {of_stream} ORDER BY e.sequence")),
            version_at: Sql::new(
                "SELECT max(e.sequence) FROM events e \
                 WHERE e.aggregate_type = $1 AND e.aggregate_id = $2 AND e.recorded_at <= $3",
            ),
            find: Sql::new(&format!(
                "SELECT {COLUMNS} FROM events f JOIN events e ON e.position >= f.position \
                 AND e.position < f.position + {EVENTS_MAX} AND e.command_id = f.command_id \
                 WHERE f.idempotency_key = $1 ORDER BY e.position"
            )),
            holder: Sql::new("SELECT e.aggregate_id FROM events e WHERE e.claim = $1"),
            page: Paged::new(),
            page_of_stream: by_stream(
                "e.position > $2 AND ($4 = '' OR e.aggregate_type = $4) AND ($6 = 0 OR {any_type})",
                "e.position",
            ),
            stream: by_stream("e.sequence > $2", "e.sequence, e.position"),
            of_type: Sql::new(&format!(
                "SELECT {COLUMNS} FROM events e WHERE e.aggregate_type = $1 AND (e.aggregate_id, e.sequence) > ($2, $3) \
                 ORDER BY e.aggregate_id, e.sequence LIMIT $4"
            )),
            marks: Sql::new(
                "SELECT e.position, e.idempotency_key, e.claim FROM events e \
                 WHERE e.position > $1 AND e.position <= $2 ORDER BY e.position",
            ),
            streams: Sql::new(
                "SELECT DISTINCT e.aggregate_id FROM events e \
                 WHERE e.aggregate_type = $1 AND e.aggregate_id > $2 ORDER BY e.aggregate_id LIMIT $3",
            ),
        }
    }
}

/// Runs one query on either engine: `$q` with `$bind`s, `$fetch`.
macro_rules! either {
    ($pool:expr, $sql:expr, [$($bind:expr),*], $fetch:ident, $as:ty) => {
        match $pool {
            Pool::Postgres(pool) => {
                sqlx::query_as::<_, $as>(&$sql.postgres)$(.bind($bind))*.$fetch(pool).await
            }
            Pool::Sqlite(pool) => {
                sqlx::query_as::<_, $as>(&$sql.sqlite)$(.bind($bind))*.$fetch(pool).await
            }
        }
    };
}

/// How long connections may take from their last users back to their pool and be closed there: one whose database does not answer
/// takes for ever.
const RETURN_MAX: Duration = Duration::from_secs(2);
const RETURN_LOOK: Duration = Duration::from_millis(1);

/// Closes a pool until no connection of it is left. One that is just on its way back, in a task of its own, may arrive after
/// sqlx's `close` has looked for the last time: each idle connection that it closes frees a permit that nobody held.
pub(crate) async fn emptied<DB: sqlx::Database>(pool: &sqlx::Pool<DB>) {
    let emptied = timeout(RETURN_MAX, async {
        pool.close().await;
        while pool.size() > 0 {
            sleep(RETURN_LOOK).await;
            pool.close().await;
        }
    });
    if emptied.await.is_err() {
        tracing::debug!(left = pool.size(), "connections are still in use");
    }
}

impl Reader {
    pub(crate) fn new(pool: Pool, upcasts: Vec<Arc<dyn Upcast>>) -> Reader {
        Reader { pool, upcasts: upcasts.into(), sql: Arc::new(Queries::new()) }
    }

    pub(crate) async fn close(&self) {
        match &self.pool {
            Pool::Postgres(pool) => emptied(pool).await,
            Pool::Sqlite(pool) => emptied(pool).await,
        }
    }

    /// The pool where tails can be read joined and several at a time.
    pub(super) fn joining(&self) -> Option<&PgPool> {
        match &self.pool {
            Pool::Postgres(pool) if self.upcasts.is_empty() => Some(pool),
            Pool::Postgres(_) | Pool::Sqlite(_) => None,
        }
    }

    pub(crate) async fn tail(
        &self,
        aggregate_type: &str,
        stream: &str,
        after: Version,
        until: Version,
    ) -> Result<Tail, Error> {
        if !self.upcasts.is_empty() {
            return self.shaped(aggregate_type, stream, after, until).await;
        }
        let (texts, count) = self.joined(aggregate_type, stream, after, until).await?;
        Ok(Tail::Joined { texts, count })
    }

    /// Payloads after one another in each text, and how many there are.
    pub(super) async fn joined(
        &self,
        aggregate_type: &str,
        stream: &str,
        after: Version,
        until: Version,
    ) -> Result<(Vec<String>, i64), Error> {
        let sql = &self.sql.tail;
        let chunks = either!(
            &self.pool,
            sql,
            [aggregate_type, stream, after.0, until.0],
            fetch_all,
            (String, i64)
        )?;
        let count = chunks.iter().map(|(_, events)| events).sum();
        Ok((chunks.into_iter().map(|(texts, _)| texts).collect(), count))
    }

    async fn shaped(
        &self,
        aggregate_type: &str,
        stream: &str,
        after: Version,
        until: Version,
    ) -> Result<Tail, Error> {
        let sql = &self.sql.shaped;
        let rows =
            either!(&self.pool, sql, [aggregate_type, stream, after.0, until.0], fetch_all, Entry)?;
        Ok(Tail::Rows(rows.iter().map(|entry| self.stored(entry)).collect()))
    }

    /// The entry in its current shape.
    pub(crate) fn stored(&self, entry: &Entry) -> Stored {
        let payload = self.payload(entry).into_owned();
        Stored { position: entry.position, version: entry.version, payload }
    }

    /// The entry's payload in its current shape.
    pub(crate) fn payload<'e>(&self, entry: &'e Entry) -> Cow<'e, str> {
        self.current(&entry.event_type, entry.event_version, &entry.payload)
    }

    /// A payload of this type and version in its current shape.
    pub(crate) fn current<'e>(
        &self,
        event_type: &'e str,
        mut event_version: i32,
        payload: &'e str,
    ) -> Cow<'e, str> {
        let (mut event_type, mut payload) = (Cow::Borrowed(event_type), Cow::Borrowed(payload));
        for upcast in self.upcasts.iter() {
            while let Some((new_type, new_version, new_payload)) =
                upcast.upcast(&event_type, event_version, &payload)
            {
                event_version = new_version;
                (event_type, payload) = (Cow::Owned(new_type), Cow::Owned(new_payload));
            }
        }
        payload
    }

    /// The version that a stream had at a time.
    pub(crate) async fn version_at(
        &self,
        aggregate_type: &str,
        stream: &str,
        at: DateTime<Utc>,
    ) -> Result<Version, Error> {
        let sql = &self.sql.version_at;
        let (version,): (Option<i64>,) = match &self.pool {
            Pool::Postgres(pool) => {
                let query = sqlx::query_as(&sql.postgres).bind(aggregate_type).bind(stream);
                query.bind(at).fetch_one(pool).await?
            }
            Pool::Sqlite(pool) => {
                let query = sqlx::query_as(&sql.sqlite).bind(aggregate_type).bind(stream);
                query.bind(at.timestamp_micros()).fetch_one(pool).await?
            }
        };
        Ok(Version(version.unwrap_or_default()))
    }

    pub(crate) async fn find(&self, key: &str) -> Result<Option<Recorded>, Error> {
        let sql = &self.sql.find;
        let entries = either!(&self.pool, sql, [key], fetch_all, Entry)?;
        let Some(first) = entries.first() else { return Ok(None) };
        Ok(Some(Recorded {
            aggregate_type: first.aggregate_type.clone(),
            stream: first.stream.clone(),
            metadata: first.metadata.clone(),
            recorded_at: first.recorded_at.unwrap_or_default(),
            rows: entries.iter().map(|entry| self.stored(entry)).collect(),
        }))
    }

    pub(crate) async fn holder(&self, claim: &str) -> Result<Option<String>, Error> {
        let sql = &self.sql.holder;
        let found = either!(&self.pool, sql, [claim], fetch_optional, (String,))?;
        Ok(found.map(|(holder,)| holder))
    }

    pub(crate) async fn head(&self) -> Result<Position, Error> {
        let head: Option<i64> = match &self.pool {
            Pool::Postgres(pool) => sqlx::query_scalar(HEAD).fetch_optional(pool).await?,
            Pool::Sqlite(pool) => sqlx::query_scalar(HEAD).fetch_optional(pool).await?.flatten(),
        };
        Ok(Position(head.unwrap_or_default()))
    }

    pub(super) async fn of_stream(
        &self,
        stream: &str,
        position: Position,
        filter: &Filter,
        limit: i64,
    ) -> Result<Vec<Entry>, Error> {
        let kind = filter.aggregate_type.as_deref().unwrap_or_default();
        let filters = i64::from(!filter.types.is_empty());
        let sql = &self.sql.page_of_stream;
        Ok(match &self.pool {
            Pool::Postgres(pool) => {
                let query = sqlx::query_as(&sql.postgres).bind(stream).bind(position.0).bind(limit);
                query.bind(kind).bind(&filter.types).bind(filters).fetch_all(pool).await?
            }
            Pool::Sqlite(pool) => {
                let query = sqlx::query_as(&sql.sqlite).bind(stream).bind(position.0).bind(limit);
                let types = codec::written(&filter.types)?;
                query.bind(kind).bind(types).bind(filters).fetch_all(pool).await?
            }
        })
    }

    pub(crate) async fn stream(
        &self,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let limit = i64::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(1);
        let sql = &self.sql.stream;
        Ok(either!(&self.pool, sql, [stream, after.0, limit], fetch_all, Entry)?)
    }
}

impl Reader {
    /// Key and claim of each entry after a position.
    pub(crate) async fn marks(&self, after: Position, upto: Position) -> Result<Vec<Marks>, Error> {
        let sql = &self.sql.marks;
        Ok(either!(&self.pool, sql, [after.0, upto.0], fetch_all, Marks)?)
    }

    /// The entries of a type stream by stream, each in order, after one of them.
    pub(crate) async fn of_type(
        &self,
        aggregate_type: &str,
        stream: &str,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Entry>, Error> {
        let limit = i64::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(1);
        let sql = &self.sql.of_type;
        let of = aggregate_type;
        Ok(either!(&self.pool, sql, [of, stream, after.0, limit], fetch_all, Entry)?)
    }

    /// The streams of a type in the order of their ids, after one of them.
    pub(crate) async fn streams(
        &self,
        aggregate_type: &str,
        after: &str,
        limit: i64,
    ) -> Result<Vec<String>, Error> {
        let sql = &self.sql.streams;
        let streams =
            either!(&self.pool, sql, [aggregate_type, after, limit], fetch_all, (String,))?;
        Ok(streams.into_iter().map(|(stream,)| stream).collect())
    }

    pub(crate) fn upcasts(&self) -> &[Arc<dyn Upcast>] {
        &self.upcasts
    }
}

/// What is stored of an entry beside what followers see.
#[derive(Debug, FromRow)]
pub(crate) struct Marks {
    pub(crate) position: i64,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) claim: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_connection_that_never_comes_back_holds_nobody_up_for_ever() {
        let pool = SqlitePool::connect("sqlite::memory:").await.unwrap();
        let kept = pool.acquire().await.unwrap();
        timeout(RETURN_MAX * 4, emptied(&pool)).await.unwrap();
        assert!(pool.is_closed());
        drop(kept);
    }
}
