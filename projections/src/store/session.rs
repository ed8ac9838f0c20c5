//! One connection of either engine, on which transactions are written.

use sqlx::{ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};

use crate::Error;
use journal::Engine;

/// Index plans are right for every statement that runs here, also when they were made on an empty table; and a crash that
/// loses the last commits loses their watermark with them, so that nothing waits for the disk.
const POSTGRES_SETTINGS: &str = "SET synchronous_commit = off; SET enable_seqscan = off; \
     SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
     SET plan_cache_mode = force_generic_plan";

/// WAL without a sync of its own at each commit, for the same reason; 64 MiB of pages.
const SQLITE_SETTINGS: &str = "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536";

pub(crate) struct Session {
    pub(crate) link: Link,
    snapshot: Snapshot,
}

pub(crate) enum Link {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Whether one snapshot is held for all that follows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Snapshot {
    Each,
    Held,
}

impl Session {
    /// A connection of its own: the read pool serves requests.
    pub(crate) async fn open(engine: &Engine) -> Result<Self, Error> {
        let link = match engine {
            Engine::Sqlite(pool) => {
                let options = pool.connect_options();
                let mut connection = options.as_ref().clone().read_only(false).connect().await?;
                connection.execute(SQLITE_SETTINGS).await?;
                Link::Sqlite(connection)
            }
            Engine::Postgres(pool) => {
                let mut connection = pool.connect_options().connect().await?;
                connection.execute(POSTGRES_SETTINGS).await?;
                Link::Postgres(connection)
            }
        };
        Ok(Self { link, snapshot: Snapshot::Each })
    }

    /// Runs statements without parameters.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), Error> {
        let statements = sqlx::raw_sql(sql);
        match &mut self.link {
            Link::Sqlite(connection) => connection.execute(statements).await.map(|_| ())?,
            Link::Postgres(connection) => connection.execute(statements).await.map(|_| ())?,
        }
        Ok(())
    }

    /// Begins a transaction that will write; a part of the snapshot where one is held.
    pub(crate) async fn begin(&mut self) -> Result<(), Error> {
        match (self.snapshot, &self.link) {
            (Snapshot::Held, _) => self.run("SAVEPOINT batch").await,
            (Snapshot::Each, Link::Sqlite(_)) => self.run("BEGIN IMMEDIATE").await,
            (Snapshot::Each, Link::Postgres(_)) => self.run("BEGIN").await,
        }
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Error> {
        match self.snapshot {
            Snapshot::Held => self.run("RELEASE SAVEPOINT batch").await,
            Snapshot::Each => self.run("COMMIT").await,
        }
    }

    pub(crate) async fn rollback(&mut self) -> Result<(), Error> {
        match self.snapshot {
            Snapshot::Held => self.run("ROLLBACK TO SAVEPOINT batch").await,
            Snapshot::Each => self.run("ROLLBACK").await,
        }
    }

    /// From now on, everything that is read is of one moment.
    pub(crate) async fn freeze(&mut self) -> Result<(), Error> {
        match self.link {
            Link::Sqlite(_) => self.run("BEGIN").await?,
            Link::Postgres(_) => self.run("BEGIN ISOLATION LEVEL REPEATABLE READ").await?,
        }
        self.snapshot = Snapshot::Held;
        Ok(())
    }

    /// The schema in which the real tables are.
    pub(crate) async fn schema(&mut self) -> Result<String, Error> {
        match self.link {
            Link::Sqlite(_) => Ok("main".to_owned()),
            Link::Postgres(_) => {
                let schema = self.text("SELECT quote_ident(current_schema())").await?;
                Ok(schema.unwrap_or_else(|| "public".to_owned()))
            }
        }
    }

    /// The schema of temporary tables, which come before all others.
    pub(crate) fn temporary(&self) -> &'static str {
        match self.link {
            Link::Sqlite(_) => "temp",
            Link::Postgres(_) => "pg_temp",
        }
    }

    /// Makes an empty temporary table like a real one; the name alone means it from now on.
    pub(crate) async fn shadow(&mut self, schema: &str, table: &str) -> Result<(), Error> {
        let sql = match self.link {
            Link::Sqlite(_) => {
                let made = "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name";
                let made = self.text(&format!("{made} = '{table}'")).await?.unwrap_or_default();
                made.replacen("CREATE TABLE", "CREATE TEMP TABLE", 1)
            }
            Link::Postgres(_) => {
                format!("CREATE TEMP TABLE {table} (LIKE {schema}.{table} INCLUDING ALL)")
            }
        };
        self.run(&sql).await
    }

    pub(crate) async fn number(&mut self, sql: &str) -> Result<i64, Error> {
        let number: Option<i64> = match &mut self.link {
            Link::Sqlite(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
            Link::Postgres(connection) => sqlx::query_scalar(sql).fetch_one(connection).await?,
        };
        Ok(number.unwrap_or_default())
    }

    pub(crate) async fn text(&mut self, sql: &str) -> Result<Option<String>, Error> {
        let text: Option<Option<String>> = match &mut self.link {
            Link::Sqlite(connection) => sqlx::query_scalar(sql).fetch_optional(connection).await?,
            Link::Postgres(connection) => {
                sqlx::query_scalar(sql).fetch_optional(connection).await?
            }
        };
        Ok(text.flatten())
    }

    pub(crate) async fn close(self) {
        // A connection that cannot say good-bye is gone already.
        let _ = match self.link {
            Link::Sqlite(connection) => connection.close().await,
            Link::Postgres(connection) => connection.close().await,
        };
    }
}
