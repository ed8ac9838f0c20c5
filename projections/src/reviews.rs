//! Qualification reviews that wait for Quality, and since when.
//!
//! Table `reviews`, made by migration 0020: the last review of every customer.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::customer::Event;
use journal::Engine;

use crate::Error;
use crate::model::Model;
use crate::query::{Keyset, Listed, fetch};
use crate::seen::Seen;
use crate::store::bulk::column_names;
use crate::store::{Rows, Stored, table};

table! {
    /// A review.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ReviewRow in "reviews" by customer: Arc<str> {
        customer: Arc<str>,
        /// Whether it still waits.
        open: bool,
        /// Of the first submission since the review before it ended.
        position: i64,
        submitted_at: DateTime<Utc>,
        submitted_by: Option<String>,
    }
}

/// Nobody is asked about papers that they uploaded or submitted.
const WAITING: &str = "FROM reviews WHERE open AND position > $1 AND NOT EXISTS (SELECT 1 FROM documents \
         WHERE documents.customer = reviews.customer AND standing = 'in_review' AND (uploaded_by = $2 OR documents.submitted_by = $2)) \
     ORDER BY position LIMIT $3";

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Reviews {
    rows: Rows<ReviewRow>,
}

impl Model for Reviews {
    fn name(&self) -> &'static str {
        "reviews"
    }

    fn ask(&mut self, seen: &Seen) {
        if seen.customer().is_some_and(|event| opens(event).is_some()) {
            self.rows.ask(&seen.stream);
        }
    }

    fn fold(&mut self, seen: &Seen) {
        let Some(opens) = seen.customer().and_then(opens) else { return };
        let Some(row) = self.rows.change(&seen.stream) else {
            self.rows.put(ReviewRow::new(seen, opens));
            return;
        };
        if opens && !row.open {
            *row = ReviewRow::new(seen, opens);
        }
        row.open = opens;
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.rows]
    }
}

/// Whether a review begins or ends with this.
fn opens(event: &Event) -> Option<bool> {
    if let Event::QualificationSubmitted(_) = event {
        return Some(true);
    }
    let ends = matches!(
        event,
        Event::QualificationApproved(_)
            | Event::QualificationRejected(_)
            | Event::QualificationReturned(_)
    );
    ends.then_some(false)
}

impl ReviewRow {
    fn new(seen: &Seen, open: bool) -> Self {
        Self {
            customer: Arc::clone(&seen.stream),
            open,
            position: seen.position,
            submitted_at: seen.recorded_at,
            submitted_by: seen.actor.as_ref().map(ToString::to_string),
        }
    }
}

/// The reviews that wait and may be done by `reviewer`, the longest first.
pub async fn waiting(
    engine: &Engine,
    reviewer: &str,
    keyset: &Keyset,
) -> Result<Listed<ReviewRow>, Error> {
    let sql = format!("SELECT {} {WAITING}", column_names::<ReviewRow>());
    let rows = fetch!(engine, ReviewRow, &sql, keyset.number(0)?, reviewer, keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.position.to_string()))
}
