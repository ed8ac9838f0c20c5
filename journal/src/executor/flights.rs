//! Step 2: which keys are under way in this process, and who waits for them.
//!
//! A key is in flight until the outcome of its command is known, whether or not a client still waits.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

/// What became of a command under way: None, nothing was recorded and the next is judged anew.
pub(super) type Landed = Option<Answer>;

/// The recorded outcome, as those who waited for it get it.
#[derive(Clone)]
pub(super) struct Answer {
    pub(super) request_hash: String,
    /// A `Committed<E>`.
    pub(super) committed: Arc<dyn Any + Send + Sync>,
}

#[derive(Clone, Default)]
pub(super) struct Flights(Arc<Mutex<HashMap<String, watch::Receiver<Landed>>>>);

pub(super) enum Boarding {
    /// Nobody else: go on, and land the flight.
    First(Flight),
    /// Somebody is under way with this key.
    Waits(watch::Receiver<Landed>),
}

/// The right to execute a key. Dropping it without an answer says that nothing was recorded.
pub(super) struct Flight {
    flights: Flights,
    key: String,
    landing: watch::Sender<Landed>,
    left: bool,
}

impl Flights {
    fn under_way(&self) -> MutexGuard<'_, HashMap<String, watch::Receiver<Landed>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn board(&self, key: &str) -> Boarding {
        let mut under_way = self.under_way();
        if let Some(landing) = under_way.get(key) {
            return Boarding::Waits(landing.clone());
        }
        let (landing, waits) = watch::channel(None);
        under_way.insert(key.to_owned(), waits);
        Boarding::First(Flight { flights: self.clone(), key: key.to_owned(), landing, left: false })
    }
}

impl Flight {
    /// Tells those who wait what was recorded; `answer` is made only when somebody waits.
    pub(super) fn land(mut self, answer: impl FnOnce() -> Answer) {
        self.leave();
        // Nobody can board any more: whoever waits is counted.
        if self.landing.receiver_count() > 0 {
            self.landing.send_replace(Some(answer()));
        }
    }

    fn leave(&mut self) {
        if !self.left {
            self.left = true;
            self.flights.under_way().remove(&self.key);
        }
    }
}

impl Drop for Flight {
    fn drop(&mut self) {
        self.leave();
    }
}

/// Waits for a flight: what it recorded, or None, also when it was given up.
pub(super) async fn landing(mut waits: watch::Receiver<Landed>) -> Landed {
    // An error means that the sender is gone: whatever it left is final.
    let _ = waits.changed().await;
    waits.borrow().clone()
}
