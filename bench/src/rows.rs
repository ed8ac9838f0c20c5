//! The rows of the table, in its order; rows that share a set-up are measured together.

pub mod http;
pub mod long;
pub mod memory;
pub mod orders;
pub mod pair;
pub mod reading;
pub mod rebuild;
pub mod rules;
pub mod sqlite;
pub mod streaming;
