//! The read models say what the journal says, on both engines.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "in a test a panic is the report"
)]

#[path = "projections/agreement.rs"]
mod agreement;
#[path = "projections/following.rs"]
mod following;
#[path = "projections/record.rs"]
mod record;
#[path = "projections/reports.rs"]
mod reports;
