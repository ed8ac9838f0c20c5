//! What the two tables have in common whose rows are erased: a text is read by its key, and leaves the disk when it goes.

use sqlx::Executor as _;

use crate::{Engine, Error, Journal};

/// Refuses a text that is too long, or that PostgreSQL would not take.
pub(crate) fn kept(what: &'static str, text: &str, most: usize) -> Result<(), Error> {
    if text.len() > most || text.contains('\0') {
        return Err(Error::Malformed { what, bytes: text.len(), most });
    }
    Ok(())
}

impl Journal {
    /// One text by its key.
    pub(crate) async fn text(&self, sql: &str, key: &str) -> Result<Option<String>, Error> {
        Ok(match self.engine() {
            Engine::Postgres(pool) => {
                sqlx::query_scalar(sql).bind(key).fetch_optional(pool).await?
            }
            Engine::Sqlite(pool) => sqlx::query_scalar(sql).bind(key).fetch_optional(pool).await?,
        })
    }

    /// Deletes by a key; returns how many rows that were.
    ///
    /// On SQLite the pages are overwritten and the write-ahead log is emptied, if no reader is in the way.
    pub(crate) async fn erase(&self, sql: &str, key: &str) -> Result<u64, Error> {
        match self.engine() {
            Engine::Postgres(pool) => {
                Ok(sqlx::query(sql).bind(key).execute(pool).await?.rows_affected())
            }
            Engine::Sqlite(pool) => {
                let _turn = self.turn().await;
                let mut connection = pool.acquire().await?;
                connection.execute("PRAGMA secure_delete = ON").await?;
                let erased = sqlx::query(sql).bind(key).execute(&mut *connection).await;
                connection.execute("PRAGMA secure_delete = OFF").await?;
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await?;
                Ok(erased?.rows_affected())
            }
        }
    }
}
