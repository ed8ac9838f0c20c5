//! What the suites share: engines, clocks, a running server.
