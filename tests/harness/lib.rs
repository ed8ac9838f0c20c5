//! What the suites share: engines, clocks, a running server.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "this is test code, where a panic is the report"
)]

pub mod effort;
pub mod engine;
pub mod enrolled;
pub mod rules;
pub mod server;
pub mod toy;
pub mod world;
