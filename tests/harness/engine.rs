//! A journal of its own for each test, on either engine: a temporary file, or a schema in the server that `scripts/with-postgres` starts.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use journal::{Clock, ClockCheck, Journal, Options};
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// A migrated, empty database. A SQLite file goes with it; a schema stays as long as its cluster.
#[derive(Debug)]
pub struct Home {
    pub kind: Kind,
    pub url: String,
    /// PostgreSQL only.
    pub schema: String,
    folder: Option<TempDir>,
}

impl Home {
    pub async fn new(kind: Kind) -> Home {
        let home = Home::unmigrated(kind).await;
        Journal::migrate(&home.url).await.unwrap();
        home
    }

    pub async fn unmigrated(kind: Kind) -> Home {
        match kind {
            Kind::Sqlite => {
                let folder = tempfile::tempdir().unwrap();
                let url = format!("sqlite:{}", folder.path().join("journal.db").display());
                Home { kind, url, schema: String::new(), folder: Some(folder) }
            }
            Kind::Postgres => {
                let server = postgres();
                #[expect(
                    clippy::disallowed_methods,
                    reason = "schemas of parallel tests must differ"
                )]
                let schema = format!("test_{}", Uuid::new_v4().simple());
                let mut connection = PgConnection::connect(&server).await.unwrap();
                connection.execute(format!("CREATE SCHEMA {schema}").as_str()).await.unwrap();
                connection.close().await.unwrap();
                let mark = if server.contains('?') { '&' } else { '?' };
                let url = format!("{server}{mark}options=-c%20search_path%3D{schema}");
                Home { kind, url, schema, folder: None }
            }
        }
    }

    /// A database that somebody else made, as another role reaches it.
    pub fn at(kind: Kind, url: String, schema: String) -> Home {
        Home { kind, url, schema, folder: None }
    }

    pub async fn open(&self) -> Journal {
        self.open_with(options()).await
    }

    pub async fn open_with(&self, options: Options) -> Journal {
        Journal::open(&self.url, options).await.unwrap()
    }

    /// The SQLite file's folder.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.as_ref().map_or(std::path::Path::new("/"), TempDir::path)
    }
}

/// The server that tests on PostgreSQL use.
pub fn postgres() -> String {
    #[expect(clippy::disallowed_methods, reason = "the script that starts the server says so here")]
    let server = std::env::var("PROBITY_TEST_POSTGRES");
    assert!(
        server.is_ok(),
        "PROBITY_TEST_POSTGRES is not set: run this through scripts/with-postgres cargo test …"
    );
    server.unwrap_or_default()
}

/// Short timeouts, so that a test of a fault is quick, and a poll that no test waits for long.
pub fn options() -> Options {
    Options {
        deadline: Duration::from_secs(60),
        poll: Duration::from_millis(20),
        readers: 4,
        ..Options::default()
    }
}

/// A clock that stands still.
#[derive(Clone, Copy, Debug)]
pub struct Stopped(pub DateTime<Utc>);

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

/// Options with a stopped clock.
pub fn stopped_at(time: &str) -> Options {
    let clock = Arc::new(Stopped(time.parse().unwrap()));
    Options { clock, clock_check: ClockCheck::Simulated, ..options() }
}

/// One test on each engine: `both_engines! { async fn a_sentence(home: Home) { … } }`.
#[macro_export]
macro_rules! both_engines {
    ($($(#[$more:meta])* async fn $name:ident($home:ident: Home) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports, clippy::allow_attributes, reason = "each test uses its part")]
            use super::*;

            async fn test($home: $crate::engine::Home) $body

            $(#[$more])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                test($crate::engine::Home::new($crate::engine::Kind::Sqlite).await).await;
            }

            $(#[$more])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                test($crate::engine::Home::new($crate::engine::Kind::Postgres).await).await;
            }
        }
    )*};
}
