//! A row of `events`, in the order of the columns that readers select, as an entry.

use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;
use sqlx::{FromRow, Row};
use uuid::Uuid;

use super::flat::at;
use crate::{Entry, Position, Version};

pub(super) fn version_number(text: &str) -> i32 {
    // Ours are integers; stock programs may write "1.0", of which the first part counts.
    text.split('.').next().and_then(|major| major.parse().ok()).unwrap_or_default()
}

impl<'r> FromRow<'r, PgRow> for Entry {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        Ok(Entry {
            position: Position(row.try_get(0)?),
            aggregate_type: row.try_get(1)?,
            stream: row.try_get(2)?,
            version: Version(row.try_get(3)?),
            event_type: row.try_get(4)?,
            event_version: version_number(row.try_get(5)?),
            recorded_at: row.try_get(6)?,
            payload: row.try_get(7)?,
            metadata: row.try_get(8)?,
            command_id: uuid(row.try_get(9)?),
            leaf_hash: leaf_hash(row.try_get(10)?),
        })
    }
}

impl<'r> FromRow<'r, SqliteRow> for Entry {
    fn from_row(row: &'r SqliteRow) -> Result<Self, sqlx::Error> {
        let recorded: Option<i64> = row.try_get(6)?;
        Ok(Entry {
            position: Position(row.try_get(0)?),
            aggregate_type: row.try_get(1)?,
            stream: row.try_get(2)?,
            version: Version(row.try_get(3)?),
            event_type: row.try_get(4)?,
            event_version: version_number(row.try_get(5)?),
            recorded_at: recorded
                .map(at)
                .transpose()
                .map_err(|error| sqlx::Error::Decode(Box::new(error)))?,
            payload: row.try_get(7)?,
            metadata: row.try_get(8)?,
            command_id: uuid(row.try_get(9)?),
            leaf_hash: leaf_hash(row.try_get(10)?),
        })
    }
}

fn uuid(text: Option<&str>) -> Option<Uuid> {
    text.and_then(|text| Uuid::parse_str(text).ok())
}

fn leaf_hash(bytes: Option<&[u8]>) -> Option<[u8; 32]> {
    bytes.and_then(|bytes| bytes.try_into().ok())
}
