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

#[cfg(test)]
impl Turn {
    /// Staff `staff-test` on 2026-11-22, with an id of its own by number.
    pub(crate) fn of_test_numbered(n: u128) -> Self {
        Self {
            command_id: Uuid::from_u128(n),
            actor: "staff-test".parse().unwrap(),
            now: "2026-11-22T02:00:00Z".parse().unwrap(),
            today: "2026-11-22".parse().unwrap(),
        }
    }

    pub(crate) fn of_test() -> Self {
        Self::of_test_numbered(1)
    }
}
