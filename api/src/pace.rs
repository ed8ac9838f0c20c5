//! How fast components may be tried: comparing a password costs time and memory on purpose, and whoever signs in has no token yet.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use domain::ids::StaffId;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::problem::Problem;

/// Passwords that are compared at once; each takes some 20 MB.
const AT_ONCE: usize = 4;
/// Those that may wait for it.
const WAITING_MAX: usize = 64;
/// Tries without a token that are looked at in a minute, for each person.
const TRIES_PER_MINUTE: u32 = 12;
/// People share this many counts: more names cost no more memory.
const COUNTS: usize = 4_096;
/// When to come back, in seconds.
const RETRY_AFTER_S: u32 = 60;

#[derive(Debug)]
pub struct Pace {
    comparing: Semaphore,
    waiting: Semaphore,
    tries: Mutex<Vec<Tries>>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Tries {
    minute: i64,
    count: u32,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            comparing: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING_MAX),
            tries: Mutex::new(vec![Tries::default(); COUNTS]),
        }
    }
}

impl Pace {
    /// A place to compare a password in; 429 where too many wait for one.
    pub async fn compare(&self) -> Result<SemaphorePermit<'_>, Problem> {
        let busy =
            || Problem::too_many("components.busy", "Too many passwords are being compared.");
        let _waiting = self.waiting.try_acquire().map_err(|_| busy())?;
        self.comparing.acquire().await.map_err(Problem::internal)
    }

    /// Counts a try without a token; 429 where there were too many in this minute.
    pub fn try_as(&self, staff: &StaffId, now: DateTime<Utc>) -> Result<(), Problem> {
        let mut hash = DefaultHasher::new();
        staff.hash(&mut hash);
        let counts = u64::try_from(COUNTS).unwrap_or(u64::MAX);
        let place = usize::try_from(hash.finish() % counts).unwrap_or_default();
        let mut tries = self.tries.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(tries) = tries.get_mut(place) else { return Ok(()) };
        let minute = now.timestamp().div_euclid(60);
        if tries.minute != minute {
            *tries = Tries { minute, count: 0 };
        }
        tries.count = tries.count.saturating_add(1);
        if tries.count > TRIES_PER_MINUTE {
            let detail = "Too many tries for this person; come back in a minute.";
            return Err(Problem::too_many("components.too_many", detail).retry_after(RETRY_AFTER_S));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn a_person_is_tried_for_a_bounded_number_of_times_in_a_minute() {
        let (pace, staff) = (Pace::default(), "staff-1".parse().unwrap());
        let now: DateTime<Utc> = "2026-11-22T03:04:05Z".parse().unwrap();
        for _ in 0..TRIES_PER_MINUTE {
            assert!(pace.try_as(&staff, now).is_ok());
        }
        assert_eq!(pace.try_as(&staff, now).unwrap_err().status().as_u16(), 429);
        assert!(pace.try_as(&"staff-2".parse().unwrap(), now).is_ok());
        assert!(pace.try_as(&staff, now + TimeDelta::minutes(1)).is_ok());
    }

    #[tokio::test]
    async fn who_waits_to_be_compared_is_bounded_too() {
        let pace = Pace::default();
        let mut places = Vec::new();
        for _ in 0..AT_ONCE {
            places.push(pace.compare().await.unwrap());
        }
        let waiting: Vec<_> =
            (0..WAITING_MAX).map(|_| pace.waiting.try_acquire().unwrap()).collect();
        assert_eq!(pace.compare().await.unwrap_err().code(), "components.busy");
        drop(waiting);
        drop(places);
        assert!(pace.compare().await.is_ok());
    }
}
