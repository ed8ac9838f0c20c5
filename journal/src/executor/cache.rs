//! A cache bounded in bytes that never lets go of what somebody works on.
//!
//! Eviction is second chance: what was used since the hand last passed is spared once. An item that anybody but the cache
//! holds is in use: heads are held by those who decide on them and by their commands in the queue, so an unconfirmed head can never be
//! evicted and loaded again from rows that lack what is queued.

use std::any::Any;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::Version;

/// How many items are looked at for eviction at a time.
const LOOKS: usize = 64;
/// How many events a state may take in before its size is estimated anew.
const WEIGH_EVERY: i64 = 16;

/// The version at which a state of this size is due to be weighed again: weighing costs as much as writing it.
pub(super) fn weigh_again_at(version: Version, bytes: usize) -> i64 {
    version.0 + WEIGH_EVERY + i64::try_from(bytes / 2_048).unwrap_or(i64::MAX / 2)
}

/// Aggregate type and stream.
pub(super) type Place = (&'static str, Arc<str>);

/// What the cache must know of an item, whatever its type.
#[derive(Debug)]
pub(super) struct Life {
    pub(super) place: Place,
    /// No two items have the same, also not of the same stream.
    pub(super) epoch: usize,
    dead: AtomicBool,
    used: AtomicBool,
    bytes: AtomicUsize,
}

impl Life {
    pub(super) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// From now on whatever is queued on this item belongs to a dead epoch.
    pub(super) fn end(&self) {
        self.dead.store(true, Ordering::SeqCst);
    }
}

pub(super) trait Item: Any + Send + Sync {
    fn life(&self) -> &Life;

    /// The stream has moved on.
    fn outdate(&self) {}

    /// What was queued on it is recorded, up to this version.
    fn confirm(&self, _to: Version) {}

    /// Another process has brought the stream to this version.
    fn hear(&self, _of: Version) {}
}

pub(super) struct Cache {
    shelf: Mutex<Shelf>,
    bytes_max: usize,
}

#[derive(Default)]
struct Shelf {
    items: HashMap<&'static str, HashMap<Arc<str>, Arc<dyn Item>>>,
    /// Places in the order in which the hand will look at them; each once for each time it was inserted.
    ring: VecDeque<(Place, usize)>,
    bytes: usize,
    epochs: usize,
}

impl Cache {
    pub(super) fn new(bytes_max: usize) -> Cache {
        Cache { shelf: Mutex::default(), bytes_max }
    }

    fn inner(&self) -> MutexGuard<'_, Shelf> {
        // Nothing in here panics half way, so a poisoned one is whole.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The live item of a stream, made by `new` when there is none.
    pub(super) fn get_or_make<T: Item>(
        &self,
        aggregate_type: &'static str,
        stream: &str,
        new: impl FnOnce(Life) -> T,
    ) -> Arc<T> {
        let mut inner = self.inner();
        inner.make_room(self.bytes_max);
        if let Some(found) = inner.live::<T>(aggregate_type, stream) {
            return found;
        }
        let place: Place = (aggregate_type, Arc::from(stream));
        inner.epochs += 1;
        let epoch = inner.epochs;
        let made = Arc::new(new(Life {
            place: place.clone(),
            epoch,
            dead: AtomicBool::new(false),
            used: AtomicBool::new(true),
            bytes: AtomicUsize::new(0),
        }));
        let item: Arc<dyn Item> = Arc::<T>::clone(&made);
        let before = inner.items.entry(place.0).or_default().insert(Arc::clone(&place.1), item);
        if let Some(before) = before {
            before.life().end();
            inner.bytes = inner.bytes.saturating_sub(before.life().bytes.load(Ordering::Relaxed));
        }
        inner.ring.push_back((place, epoch));
        inner.tidy_ring();
        made
    }

    /// The live item of a stream, if there is one.
    pub(super) fn find(&self, aggregate_type: &str, stream: &str) -> Option<Arc<dyn Item>> {
        let inner = self.inner();
        let item = inner.items.get(aggregate_type)?.get(stream)?;
        (!item.life().is_dead()).then(|| Arc::clone(item))
    }

    /// Removes an item: the next who asks for its stream gets a new one.
    pub(super) fn remove(&self, life: &Life) {
        life.end();
        let mut inner = self.inner();
        inner.forget(&life.place, life.epoch);
    }

    /// Says what an item takes now, and makes room if that is too much in all.
    pub(super) fn weigh(&self, life: &Life, bytes: usize) {
        let mut inner = self.inner();
        if !inner.holds(&life.place, life.epoch) {
            return;
        }
        let before = life.bytes.swap(bytes, Ordering::Relaxed);
        inner.bytes = inner.bytes.saturating_sub(before) + bytes;
        inner.make_room(self.bytes_max);
    }

    /// What the item of a stream was said to take; 0 when there is none.
    pub(super) fn weight(&self, aggregate_type: &'static str, stream: &str) -> usize {
        let item = self.find(aggregate_type, stream);
        item.map_or(0, |item| item.life().bytes.load(Ordering::Relaxed))
    }

    /// Bytes and items, for measurements.
    pub(super) fn size(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.bytes, inner.items.values().map(HashMap::len).sum())
    }
}

impl Shelf {
    fn live<T: Item>(&self, aggregate_type: &'static str, stream: &str) -> Option<Arc<T>> {
        let item = self.items.get(aggregate_type)?.get(stream)?;
        if item.life().is_dead() {
            return None;
        }
        item.life().used.store(true, Ordering::Relaxed);
        let item: Arc<dyn Any + Send + Sync> = Arc::<dyn Item>::clone(item);
        item.downcast::<T>().ok()
    }

    fn holds(&self, place: &Place, epoch: usize) -> bool {
        self.find(place).is_some_and(|item| item.life().epoch == epoch)
    }

    fn find(&self, place: &Place) -> Option<&Arc<dyn Item>> {
        self.items.get(place.0)?.get(&place.1)
    }

    fn forget(&mut self, place: &Place, epoch: usize) {
        if !self.holds(place, epoch) {
            return;
        }
        let removed = self.items.get_mut(place.0).and_then(|items| items.remove(&place.1));
        if let Some(removed) = removed {
            self.bytes = self.bytes.saturating_sub(removed.life().bytes.load(Ordering::Relaxed));
        }
    }

    /// A little work at each call, so that none of them is long; every item that is added pays for some.
    fn make_room(&mut self, bytes_max: usize) {
        for _ in 0..LOOKS {
            if self.bytes <= bytes_max {
                return;
            }
            self.turn_hand();
        }
    }

    /// Places of items that are gone stay in the ring until the hand comes by, which it does only when room is needed.
    fn tidy_ring(&mut self) {
        let live: usize = self.items.values().map(HashMap::len).sum();
        if self.ring.len() > 2 * live + LOOKS {
            let mut ring = std::mem::take(&mut self.ring);
            ring.retain(|(place, epoch)| self.holds(place, *epoch));
            self.ring = ring;
        }
    }

    /// Looks at one item: evicts it, or gives it another chance.
    fn turn_hand(&mut self) {
        let Some((place, epoch)) = self.ring.pop_front() else { return };
        let Some(item) = self.find(&place).filter(|item| item.life().epoch == epoch) else {
            return; // removed meanwhile
        };
        // Under this lock nobody can get at an item that only the shelf holds.
        let in_use = Arc::strong_count(item) > 1;
        if in_use || item.life().used.swap(false, Ordering::Relaxed) {
            self.ring.push_back((place, epoch));
        } else {
            item.life().end();
            self.forget(&place, epoch);
        }
    }
}
