//! What the suites share: engines, clocks, a running server.

pub mod world;
