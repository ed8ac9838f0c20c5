//! The rules: pure, without I/O, clock or randomness.

pub mod decider;
pub mod ids;
pub mod money;
pub mod turn;
mod wire;
