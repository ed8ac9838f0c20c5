//! Spans: how long each stage of a case took, once it has closed.
//!
//! Table `case_spans`, made by migration 0022.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::approval::cycle::{Span, Step};
use journal::Engine;

use crate::Error;
use crate::query::{Keyset, Listed, fetch};
use crate::store::bulk::column_names;
use crate::store::{Json, table};

table! {
    /// A stage that closed.
    #[derive(Clone, Debug, PartialEq)]
    pub struct SpanRow in "case_spans" {
        /// Of the event that closed it.
        position: i64,
        case_id: Arc<str>,
        step: Json<Step>,
        /// In microseconds since 1970.
        opened_us: i64,
        closed_us: i64,
        /// When questions were asked and answered.
        waited: Json<Vec<(DateTime<Utc>, DateTime<Utc>)>>,
        /// Whether it took longer than it should have.
        breached: bool,
    }
}

const CLOSED: &str = "FROM case_spans WHERE closed_us >= $1 AND closed_us < $2 AND position > $3 \
     ORDER BY position LIMIT $4";

impl From<SpanRow> for Span {
    fn from(row: SpanRow) -> Self {
        let at = |micros: i64| DateTime::from_timestamp_micros(micros).unwrap_or_default();
        Self {
            step: row.step.0,
            opened_at: at(row.opened_us),
            closed_at: at(row.closed_us),
            waited: row.waited.0,
            breached: row.breached,
        }
    }
}

/// Stages that closed from a moment on and before another one, the first that did before the others.
pub async fn closed(
    engine: &Engine,
    (from, before): (DateTime<Utc>, DateTime<Utc>),
    keyset: &Keyset,
) -> Result<Listed<SpanRow>, Error> {
    let sql = format!("SELECT {} {CLOSED}", column_names::<SpanRow>());
    let (from, before) = (from.timestamp_micros(), before.timestamp_micros());
    let rows = fetch!(engine, SpanRow, &sql, from, before, keyset.number(0)?, keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.position.to_string()))
}
