//! SQLite as the benchmarks use it: durable, in its own file.

use std::path::Path;

use anyhow::Result;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// With WAL and `synchronous = FULL`: what is answered is on the disk.
pub async fn pool(path: &Path, connections: u32) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(std::time::Duration::from_secs(30));
    let pool = SqlitePoolOptions::new().min_connections(connections).max_connections(connections);
    Ok(pool.connect_with(options).await?)
}
