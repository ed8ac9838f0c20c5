//! The rules: pure, without I/O, clock or randomness.

#[macro_use]
pub mod rejection;

pub mod approval;
pub mod catalogue;
pub mod context;
pub mod customer;
pub mod decider;
pub mod decision;
pub mod dictionary;
pub mod digest;
pub mod document_kind;
pub mod ids;
pub mod licence_number;
pub mod money;
pub mod permissions;
pub mod policy;
pub mod product;
pub mod proposal;
pub mod registration_number;
pub mod sentence;
pub mod signature;
pub mod staff;
pub mod text;
pub mod turn;
pub mod udi;
pub mod uscc;
mod wire;
pub mod wording;
