//! Seeded random commands; the invariants are checked after every step.

mod journal;
mod rules;
