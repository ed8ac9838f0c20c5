//! The rules: pure, without I/O, clock or randomness.

pub mod catalogue;
pub mod decider;
pub mod ids;
pub mod licence_number;
pub mod money;
pub mod registration_number;
pub mod text;
pub mod turn;
pub mod udi;
pub mod uscc;
mod wire;
