//! The door: HTTP, streams and the command line.

pub mod around;
pub mod attachments;
pub mod clock;
pub mod config;
pub mod csv;
pub mod envelope;
pub mod etag;
pub mod extract;
pub mod idempotency;
pub mod page;
pub mod problem;
pub mod roster;
pub mod tail;
