//! Confirmed states of streams, for decisions that must know of other streams and for dry runs.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::decider::Decider;

use super::backend::Source;
use super::cache::{Cache, Item, Life, weigh_again_at};
use crate::codec;
use crate::{Error, Known, Version};

/// What the journal has recorded, folded; never what is only queued.
#[derive(Clone)]
pub struct Confirmed {
    source: Arc<dyn Source>,
    cache: Arc<Cache>,
    freshness: Freshness,
}

impl fmt::Debug for Confirmed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Confirmed").field("freshness", &self.freshness).finish_non_exhaustive()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// A state that was confirmed once: the append finds out when it has changed since.
    AsRemembered,
    /// The journal is asked for what followed.
    Current,
}

/// A state that the journal confirmed at some time.
struct Remembered<A> {
    life: Life,
    /// How often the stream was found to have moved, and which of these times the state covers.
    moves: AtomicU64,
    covers: AtomicU64,
    weigh_at: AtomicI64,
    known: Mutex<Option<Known<A>>>,
}

impl<A: Decider> Item for Remembered<A> {
    fn life(&self) -> &Life {
        &self.life
    }

    fn outdate(&self) {
        self.moves.fetch_add(1, Ordering::SeqCst);
    }

    fn hear(&self, of: Version) {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.as_ref().is_none_or(|known| known.version < of) {
            self.outdate();
        }
    }
}

impl Confirmed {
    pub(super) fn new(source: Arc<dyn Source>, cache: Arc<Cache>, freshness: Freshness) -> Self {
        Confirmed { source, cache, freshness }
    }

    /// The confirmed state of a stream; version 0 when there is no such stream.
    pub async fn get<A: Decider>(&self, stream: &str) -> Result<Known<A>, Error> {
        let item = self.cache.get_or_make(A::TYPE, stream, |life| Remembered::<A> {
            life,
            moves: AtomicU64::new(1),
            covers: AtomicU64::new(0),
            weigh_at: AtomicI64::new(0),
            known: Mutex::new(None),
        });
        let remembered = item.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let moves = item.moves.load(Ordering::SeqCst);
        let fresh = item.covers.load(Ordering::SeqCst) == moves;
        let mut known = match remembered {
            Some(known) if fresh && self.freshness == Freshness::AsRemembered => return Ok(known),
            Some(known) => known,
            None => Known {
                stream: stream.to_owned(),
                version: Version::NONE,
                state: Arc::new(A::default()),
            },
        };
        let tail = self.source.tail(A::TYPE, stream, known.version).await?;
        let before = known.version;
        if !tail.is_empty() {
            let state = Arc::make_mut(&mut known.state);
            known.version = codec::fold(state, stream, before, &tail)?;
        }
        remember(&self.cache, &item, &known);
        // A move that was noticed while the rows were read is not covered.
        item.covers.fetch_max(moves, Ordering::SeqCst);
        Ok(known)
    }
}

/// Keeps what was read, unless somebody read more meanwhile.
fn remember<A: Decider>(cache: &Cache, item: &Remembered<A>, known: &Known<A>) {
    let mut slot = item.known.lock().unwrap_or_else(PoisonError::into_inner);
    if slot.as_ref().is_none_or(|other| other.version <= known.version) {
        *slot = Some(known.clone());
        drop(slot);
        if known.version.0 >= item.weigh_at.load(Ordering::Relaxed) {
            let bytes = codec::weight(known.state.as_ref());
            cache.weigh(&item.life, bytes);
            item.weigh_at.store(weigh_again_at(known.version, bytes), Ordering::Relaxed);
        }
    }
}
