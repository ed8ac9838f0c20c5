//! Who asks, when, and under which id: what every decision may know besides its state and its command.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::ids::StaffId;

/// One command's turn. All of it comes from the door; none of it is ever read from a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    pub command_id: Uuid,
    pub actor: StaffId,
    pub now: DateTime<Utc>,
    /// The business date in the company's own zone.
    pub today: NaiveDate,
}
