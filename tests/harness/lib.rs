//! What the suites share: engines, clocks, a running server.

pub mod engine;
pub mod server;
pub mod toy;
pub mod world;
