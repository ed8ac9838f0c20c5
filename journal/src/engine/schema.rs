//! The schema: its migrations, its version, and what a role that serves may do.

use sqlx::migrate::Migrator;
use sqlx::{Connection, Executor as _, PgConnection, SqliteConnection};

use super::{postgres, sqlite};
use crate::Error;
use crate::engine::reader::Pool;

static POSTGRES: Migrator = sqlx::migrate!("../migrations/postgres");
static SQLITE: Migrator = sqlx::migrate!("../migrations/sqlite");

const APPLIED: &str = "SELECT version FROM _sqlx_migrations WHERE success ORDER BY version";
const BUSY_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(30);

/// Which engine an address names.
pub(crate) enum Address<'a> {
    Postgres(&'a str),
    Sqlite(&'a str),
}

impl Address<'_> {
    pub(crate) fn of(url: &str) -> Result<Address<'_>, Error> {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            Ok(Address::Postgres(url))
        } else if url.starts_with("sqlite:") {
            Ok(Address::Sqlite(url))
        } else {
            // The address may hold a password: only its scheme is repeated.
            let scheme = url.split(':').next().unwrap_or_default();
            Err(Error::Address(format!("{scheme}: (sqlite:PATH or postgres://… are known)")))
        }
    }
}

pub(crate) async fn migrate(url: &str) -> Result<(), Error> {
    match Address::of(url)? {
        Address::Postgres(url) => {
            let mut connection = PgConnection::connect_with(&postgres::address(url)?).await?;
            POSTGRES.run_direct(&mut connection).await?;
            connection.close().await?;
        }
        Address::Sqlite(url) => {
            let options = sqlite::address(url, BUSY_TIMEOUT)?.create_if_missing(true);
            let mut connection = SqliteConnection::connect_with(&options).await?;
            SQLITE.run_direct(&mut connection).await?;
            connection.close().await?;
        }
    }
    Ok(())
}

/// Every migration of this program is applied, and none that it does not know.
pub(crate) async fn check(pool: &Pool) -> Result<(), Error> {
    let (applied, migrator) = match pool {
        Pool::Postgres(pool) => (sqlx::query_scalar(APPLIED).fetch_all(pool).await, &POSTGRES),
        Pool::Sqlite(pool) => (sqlx::query_scalar(APPLIED).fetch_all(pool).await, &SQLITE),
    };
    let applied: Vec<i64> = match applied {
        Ok(applied) => applied,
        // No such table: nothing was ever migrated here.
        Err(sqlx::Error::Database(_)) => Vec::new(),
        Err(error) => return Err(error.into()),
    };
    let known: Vec<i64> = migrator.iter().map(|migration| migration.version).collect();
    if applied == known {
        return Ok(());
    }
    let last = |versions: &[i64]| versions.last().copied().unwrap_or_default();
    Err(Error::Schema { found: last(&applied), needed: last(&known) })
}

/// What `grant` says for each table: the journal and its history are read and inserted, everything else is rebuilt at will.
const GRANT: &str = "
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), $1)
UNION ALL
SELECT format('REVOKE ALL ON %s FROM %I', t.oid::regclass, $1)
FROM pg_class t WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')
UNION ALL
SELECT format('GRANT %s ON %s TO %I',
              CASE t.relname WHEN 'events' THEN 'SELECT, INSERT' WHEN '_sqlx_migrations' THEN 'SELECT'
                             ELSE 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE' END, t.oid::regclass, $1)
FROM pg_class t WHERE t.relnamespace = current_schema()::regnamespace AND t.relkind IN ('r', 'p')
UNION ALL
SELECT format('GRANT USAGE, SELECT ON %s TO %I', s.oid::regclass, $1)
FROM pg_class s WHERE s.relnamespace = current_schema()::regnamespace AND s.relkind = 'S'";

/// A stock program inserts the seven columns that it knows, and may not sit in a transaction that holds the append lock.
const GRANT_STOCK: &str = "
SELECT format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), $1)
UNION ALL
SELECT format('REVOKE ALL ON events FROM %I', $1)
UNION ALL
SELECT format('GRANT SELECT ON events TO %I', $1)
UNION ALL
SELECT format('GRANT INSERT (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) '
              'ON events TO %I', $1)
UNION ALL
SELECT format('ALTER ROLE %I SET idle_in_transaction_session_timeout = ''10s''', $1)";

pub(crate) async fn grant(url: &str, role: &str) -> Result<(), Error> {
    run_all(url, GRANT, role).await
}

pub(crate) async fn grant_stock(url: &str, role: &str) -> Result<(), Error> {
    run_all(url, GRANT_STOCK, role).await
}

async fn run_all(url: &str, statements: &str, role: &str) -> Result<(), Error> {
    let Address::Postgres(url) = Address::of(url)? else {
        return Err(Error::Address("sqlite has no roles".to_owned()));
    };
    let mut connection = PgConnection::connect_with(&postgres::address(url)?).await?;
    let mut transaction = connection.begin().await?;
    let statements: Vec<String> =
        sqlx::query_scalar(statements).bind(role).fetch_all(&mut *transaction).await?;
    for statement in statements {
        transaction.execute(statement.as_str()).await?;
    }
    transaction.commit().await?;
    Ok(())
}
