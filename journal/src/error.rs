//! What can go wrong with the journal itself, with a stable code each.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::{Position, Version};

/// Cheap to clone, because one broken batch answers many commands.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error("the database is away: {0}")]
    Unavailable(Arc<sqlx::Error>),
    #[error("another program keeps the journal locked; nothing was recorded")]
    Locked,
    #[error("the disk is full; nothing was recorded")]
    Full,
    #[error("too many commands are waiting; nothing was recorded")]
    Busy,
    #[error("the journal is closed; nothing was recorded")]
    Closed,
    #[error("the database refused: {0}")]
    Database(Arc<sqlx::Error>),
    #[error("{stream} version {version} (position {position}) is not readable: {reason}")]
    Unreadable { stream: String, version: Version, position: Position, reason: String },
    #[error("an event could not be written as JSON: {0}")]
    Unwritable(String),
    #[error("{what} is {bytes} bytes long or has a NUL; at most {most} are taken")]
    Malformed { what: &'static str, bytes: usize, most: usize },
    #[error("the command claims {0} twice")]
    ClaimRepeated(String),
    #[error("the schema is at {found}, this program needs {needed}: run `probity migrate`")]
    Schema { found: i64, needed: i64 },
    #[error("our clock says {ours}, the database's {theirs}: set the clocks first")]
    Clock { ours: DateTime<Utc>, theirs: DateTime<Utc> },
    #[error("{0} is in use by another process")]
    InUse(String),
    #[error("not a journal's address: {0}")]
    Address(String),
    #[error("migration: {0}")]
    Migration(Arc<sqlx::migrate::MigrateError>),
    #[error("{0}")]
    File(Arc<std::io::Error>),
}

impl Error {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Unavailable(_) => "journal.unavailable",
            Error::Locked => "journal.locked",
            Error::Full => "journal.full",
            Error::Busy => "journal.busy",
            Error::Closed => "journal.closed",
            Error::Database(_) => "journal.database",
            Error::Unreadable { .. } => "journal.unreadable",
            Error::Unwritable(_) => "journal.unwritable",
            Error::Malformed { .. } => "journal.malformed",
            Error::ClaimRepeated(_) => "journal.claim-repeated",
            Error::Schema { .. } => "journal.schema",
            Error::Clock { .. } => "journal.clock",
            Error::InUse(_) => "journal.in-use",
            Error::Address(_) => "journal.address",
            Error::Migration(_) => "journal.migration",
            Error::File(_) => "journal.file",
        }
    }

    /// Whether the same request may succeed a little later.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Error::Unavailable(_) | Error::Locked | Error::Full | Error::Busy | Error::Closed
        )
    }
}

/// Two errors are the same answer when their codes are.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.code() == other.code()
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(database) => match database.code().as_deref() {
                // PostgreSQL: lock_not_available, query_canceled; SQLite: BUSY, BUSY_RECOVERY, BUSY_SNAPSHOT, LOCKED.
                Some("55P03" | "57014" | "5" | "261" | "517" | "6") => Error::Locked,
                // disk_full; SQLITE_FULL.
                Some("53100" | "13") => Error::Full,
                // Shutdown and start-up of the server, too many connections.
                Some("57P01" | "57P02" | "57P03" | "53300") => Error::Unavailable(Arc::new(error)),
                _ => Error::Database(Arc::new(error)),
            },
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::WorkerCrashed => Error::Unavailable(Arc::new(error)),
            sqlx::Error::PoolClosed => Error::Closed,
            _ => Error::Database(Arc::new(error)),
        }
    }
}

impl From<sqlx::migrate::MigrateError> for Error {
    fn from(error: sqlx::migrate::MigrateError) -> Self {
        Error::Migration(Arc::new(error))
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::File(Arc::new(error))
    }
}
