//! One connection of either engine, on which transactions are written.

use sqlx::{ConnectOptions, Connection, Executor, PgConnection, SqliteConnection};

use crate::Error;
use journal::Engine;

/// Index plans are right for every statement that runs here, also when they were made on an empty table; and a crash that
/// loses the last commits loses their watermark with them, so that nothing waits for the disk.
const POSTGRES_SETTINGS: &str = "SET synchronous_commit = off; SET enable_seqscan = off; \
     SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; \
     SET plan_cache_mode = force_generic_plan; SET application_name = 'probity projector'";

/// WAL without a sync of its own at each commit, for the same reason; 64 MiB of pages.
const SQLITE_SETTINGS: &str =
    "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY";

pub(crate) enum Session {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

impl Session {
    /// A connection of its own: the read pool serves requests.
    pub(crate) async fn open(engine: &Engine) -> Result<Self, Error> {
        match engine {
            Engine::Sqlite(pool) => {
                let options = pool.connect_options();
                let mut connection = options.as_ref().clone().read_only(false).connect().await?;
                connection.execute(SQLITE_SETTINGS).await?;
                Ok(Self::Sqlite(connection))
            }
            Engine::Postgres(pool) => {
                let mut connection = pool.connect_options().connect().await?;
                connection.execute(POSTGRES_SETTINGS).await?;
                Ok(Self::Postgres(connection))
            }
        }
    }

    /// Runs statements without parameters.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<(), Error> {
        match self {
            Self::Sqlite(connection) => connection.execute(sqlx::raw_sql(sql)).await.map(|_| ())?,
            Self::Postgres(connection) => {
                connection.execute(sqlx::raw_sql(sql)).await.map(|_| ())?;
            }
        }
        Ok(())
    }

    /// Begins a transaction that will write.
    pub(crate) async fn begin(&mut self) -> Result<(), Error> {
        match self {
            Self::Sqlite(_) => self.run("BEGIN IMMEDIATE").await,
            Self::Postgres(_) => self.run("BEGIN").await,
        }
    }

    pub(crate) async fn commit(&mut self) -> Result<(), Error> {
        self.run("COMMIT").await
    }

    pub(crate) async fn rollback(&mut self) -> Result<(), Error> {
        self.run("ROLLBACK").await
    }

    pub(crate) async fn close(self) {
        // A connection that cannot say good-bye is gone already.
        let _ = match self {
            Self::Sqlite(connection) => connection.close().await,
            Self::Postgres(connection) => connection.close().await,
        };
    }
}
