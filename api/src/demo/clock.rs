//! A clock that is moved day by day while the demonstration is filled, and then runs with the computer's; and ids that follow it.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha12Rng;
use uuid::{Builder, Uuid};

use crate::clock::{Clock, Ids, NoRandomness, SystemClock, SystemIds};

/// Stands where it was set until it is let go.
#[derive(Debug)]
pub struct DemoClock {
    micros: AtomicI64,
    running: AtomicBool,
}

impl DemoClock {
    pub fn at(time: DateTime<Utc>) -> Self {
        Self { micros: AtomicI64::new(time.timestamp_micros()), running: AtomicBool::new(false) }
    }

    pub fn turn_to(&self, time: DateTime<Utc>) {
        self.micros.store(time.timestamp_micros(), Ordering::SeqCst);
    }

    /// From now on it is the computer's.
    pub fn let_go(&self) {
        self.running.store(true, Ordering::SeqCst);
    }
}

impl Clock for DemoClock {
    fn now(&self) -> DateTime<Utc> {
        if self.running.load(Ordering::SeqCst) {
            return SystemClock.now();
        }
        DateTime::from_timestamp_micros(self.micros.load(Ordering::SeqCst)).unwrap_or_default()
    }
}

/// Ids of version 7 that are the same for the same seed, and secrets that are not.
pub struct DemoIds {
    clock: Arc<DemoClock>,
    source: Mutex<Source>,
}

struct Source {
    random: ChaCha12Rng,
    millis: u64,
    count: u32,
}

impl DemoIds {
    pub fn new(clock: Arc<DemoClock>, seed: u64) -> Self {
        let random = ChaCha12Rng::seed_from_u64(seed);
        Self { clock, source: Mutex::new(Source { random, millis: 0, count: 0 }) }
    }
}

impl Ids for DemoIds {
    fn uuid(&self) -> Uuid {
        let millis = u64::try_from(self.clock.now().timestamp_millis()).unwrap_or(0);
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        source.count = if source.millis == millis { source.count.wrapping_add(1) } else { 0 };
        source.millis = millis;
        let mut bytes = [0_u8; 10];
        source.random.fill_bytes(&mut bytes);
        // The clock stands: a count keeps ids of one moment in order. Twelve of these bits become the id's.
        if let (Some(head), [_, _, high, low]) = (bytes.get_mut(..2), source.count.to_be_bytes()) {
            head.copy_from_slice(&[high, low]);
        }
        Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid()
    }

    fn secret(&self) -> Result<String, NoRandomness> {
        SystemIds.secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_one_moment_are_in_order_and_the_same_for_the_same_seed() {
        let ids = |seed| {
            let clock =
                Arc::new(DemoClock::at(DateTime::from_timestamp(1_800_000_000, 0).unwrap()));
            let ids = DemoIds::new(clock, seed);
            (0..1_000).map(|_| ids.uuid()).collect::<Vec<_>>()
        };
        assert_eq!(ids(1), ids(1));
        assert_ne!(ids(1), ids(2));
        assert!(ids(1).is_sorted());
    }
}
