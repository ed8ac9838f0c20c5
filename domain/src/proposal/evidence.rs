//! What a simulation came to, as evidence for those who agree.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::StaffId;

/// What would have been decided otherwise: every decision of a period, made again under the proposed pack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Simulated {
    pub hash: String,
    pub base: String,
    /// The period by business date; absent ends are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
    /// The last event of the journal that it has seen.
    pub upto: i64,
    pub decisions: u64,
    /// Of which the journal lacks what they were made of.
    pub lost: u64,
    pub stricter: u64,
    pub looser: u64,
    pub otherwise: u64,
    /// Stopped by the law as recorded, and let through by the proposed pack.
    pub unlawful: u64,
    /// Held or denied, as recorded and by the proposed pack.
    pub stopped_before: u64,
    pub stopped_after: u64,
    /// `sha256:` and the SHA-256 of the list of all differences, which is kept beside the scans.
    pub differences: String,
    /// The same of the report that counts them, which is kept there too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    pub simulated_on: NaiveDate,
    /// How many votes this made void.
    pub voided: u32,
    pub by: StaffId,
}

impl Simulated {
    pub fn is_older_than(&self, days: u32, today: NaiveDate) -> bool {
        today.signed_duration_since(self.simulated_on).num_days() > i64::from(days)
    }
}
