//! Seeded random commands; the invariants are checked after every step.

mod rules;
