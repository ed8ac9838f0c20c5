//! What is true now: one file per read model, each a row, a fold and queries.
//!
//! The projector follows the journal; whatever depends on today (days left, overdue, ageing) is computed by a query that is
//! told the date.

#![deny(clippy::wildcard_enum_match_arm)]

pub mod ageing;
pub mod cases;
pub mod customers;
pub mod decisions;
pub mod documents;
mod error;
mod follower;
mod model;
pub mod orders;
pub mod products;
mod projector;
pub mod proposals;
mod query;
pub mod receivables;
pub mod sales_lines;
mod seen;
pub mod staff;
mod store;
pub mod timeline;
mod verify;

pub use error::Error;
pub use projector::{Ended, Projector, Reached, Standing, catch_up, names, reset};
pub use query::{Keyset, Listed};
pub use store::Json;
pub use verify::{Difference, Side, Verified, verify};
