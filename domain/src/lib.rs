//! The rules: pure, without I/O, clock or randomness.

pub mod decider;
pub mod ids;
pub mod money;
pub mod text;
pub mod turn;
pub mod uscc;
mod wire;
