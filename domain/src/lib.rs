//! The rules: pure, without I/O, clock or randomness.

pub mod decider;
