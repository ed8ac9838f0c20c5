//! What happened: the append-only, ordered, durable journal, on SQLite and PostgreSQL.
//!
//! Everything that writes goes through [`Journal::execute`]; everything that reads follows positions.

mod codec;
mod decided;
mod engine;
mod erasable;
mod error;
#[doc(hidden)]
pub mod executor;
mod gathering;
mod journal;
mod leaf;
mod openings;
mod options;
mod request;
mod secrets;
mod stock;
mod types;
mod verify;

pub use codec::{EVENTS_MAX, PAYLOAD_MAX, TEXT_MAX};
pub use decided::{Decided, Later, Made};
pub use engine::pages::PAGE_MAX;
pub use error::Error;
pub use executor::Confirmed;
pub use journal::{Engine, Journal, Turn};
pub use openings::{OPENING_MAX, Opening, Openings};
pub use options::{Clock, ClockCheck, Exclusive, Options, SystemClock, Upcast};
pub use request::{Committed, Gather, Refusal, Replayed, Request, TooLarge};
pub use secrets::{SECRET_MAX, Secrets};
pub use stock::StockContext;
pub use types::{Entry, Filter, Known, Metadata, Page, Position, Read, Until, Version};
pub use verify::{Fault, Report, Unsound};
