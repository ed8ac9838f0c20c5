//! Time, ids and secrets: everything else is handed them from here, so that tests can fix all three.

use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
pub use journal::{Clock, SystemClock};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// Bytes of a secret: beyond guessing, and short enough to paste.
const SECRET_BYTES: usize = 24;
/// Bytes of a salt.
const SALT_BYTES: usize = 32;

/// Where ids and secrets come from.
pub trait Ids: Send + Sync {
    /// A fresh id. Its leading bits follow the time, so that keys arrive in order.
    fn uuid(&self) -> Uuid;

    /// Text that nobody can guess, for URLs and headers.
    fn secret(&self) -> Result<String, NoRandomness>;

    /// What makes the digest of a name say nothing about the name.
    fn salt(&self) -> Result<[u8; SALT_BYTES], NoRandomness> {
        Ok(Sha256::digest(self.secret()?).into())
    }
}

/// The operating system gave no randomness: no secret can be made.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness, so no secret can be made")]
pub struct NoRandomness;

/// Ids of version 7 and secrets of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemIds;

impl Ids for SystemIds {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that makes ids")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }

    fn secret(&self) -> Result<String, NoRandomness> {
        let mut bytes = [0_u8; SECRET_BYTES];
        getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
        Ok(hex::encode(bytes))
    }
}

/// A clock that stands until it is moved: for tests and replays.
#[derive(Debug)]
pub struct StandingClock(AtomicI64);

impl StandingClock {
    pub fn at(time: DateTime<Utc>) -> Self {
        Self(AtomicI64::new(time.timestamp_micros()))
    }

    /// Moves on by `by`; a negative span moves back.
    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for StandingClock {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}

/// The same ids and secrets for the same seed: for tests, the demonstration and the benchmarks. Never for a real store.
pub struct SeededIds {
    random: Mutex<ChaCha12Rng>,
}

impl SeededIds {
    pub fn new(seed: u64) -> Self {
        Self { random: Mutex::new(ChaCha12Rng::seed_from_u64(seed)) }
    }

    fn fill(&self, bytes: &mut [u8]) {
        let mut random = self.random.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        random.fill_bytes(bytes);
    }
}

impl Ids for SeededIds {
    fn uuid(&self) -> Uuid {
        let mut bytes = [0_u8; 16];
        self.fill(&mut bytes);
        Builder::from_random_bytes(bytes).into_uuid()
    }

    fn secret(&self) -> Result<String, NoRandomness> {
        let mut bytes = [0_u8; SECRET_BYTES];
        self.fill(&mut bytes);
        Ok(hex::encode(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_ids() {
        let (one, two) = (SeededIds::new(7), SeededIds::new(7));
        assert_eq!(one.uuid(), two.uuid());
        assert_eq!(one.secret().unwrap(), two.secret().unwrap());
        assert_ne!(one.uuid(), one.uuid());
    }

    #[test]
    fn a_standing_clock_moves_only_when_told() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let clock = StandingClock::at(start);
        assert_eq!(clock.now(), start);
        clock.advance(TimeDelta::days(2));
        assert_eq!(clock.now(), start + TimeDelta::days(2));
    }

    #[test]
    fn secrets_of_the_system_differ() {
        assert_ne!(SystemIds.secret().unwrap(), SystemIds.secret().unwrap());
    }
}
