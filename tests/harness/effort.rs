//! How long a suite runs: short in `scripts/test`, as long as `scripts/extra` asks for.

/// The number that the environment variable says, or the usual one.
pub fn effort(variable: &str, usual: usize) -> usize {
    #[expect(clippy::disallowed_methods, reason = "the script that wants more says so here")]
    let asked = std::env::var(variable);
    asked.map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{variable}={text}")))
}
