//! What happened: the append-only, ordered, durable journal, on SQLite and PostgreSQL.
//!
//! Everything that writes goes through [`Journal::execute`]; everything that reads follows positions.

mod confirmed;
mod error;
mod journal;
mod options;
mod request;
mod types;

pub use confirmed::Confirmed;
pub use error::Error;
pub use journal::{Engine, Journal};
pub use options::{Clock, ClockCheck, Exclusive, Options, SystemClock, Upcast};
pub use request::{Committed, Gather, Refusal, Replayed, Request, TooLarge};
pub use types::{Entry, Filter, Known, Metadata, Page, Position, Read, Until, Version};
