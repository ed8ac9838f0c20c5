//! The benchmarks that every performance claim comes from.

fn main() {}
