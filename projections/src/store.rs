//! How read models are stored: rows in memory while a batch is folded, then all changes in bulk.
//!
//! A batch is folded in two passes. The first only says which rows it needs, so that they are loaded with one query for each
//! table; the second changes them. What a batch changed is written once, however often it changed.

pub(crate) mod bulk;
pub(crate) mod cell;
mod copy;
pub(crate) mod rows;
pub(crate) mod session;

pub use cell::Json;
pub(crate) use rows::{Appends, Rows, Stored, table};
pub(crate) use session::{Link, Session};
