//! Step 5: what waits for the writer, and how much of it becomes one transaction.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::sync::{Notify, oneshot};

use super::backend::{Draft, Group};
use super::cache::{Item as Entry, Place};
use crate::{Error, Position, Replayed, Version};

/// One decided command, with the entry that it was decided on: holding it keeps the entry in the cache.
pub(super) struct Queued {
    pub(super) entry: Arc<dyn Entry>,
    pub(super) base: Version,
    pub(super) draft: Draft,
    pub(super) deadline: Duration,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// Step 9: a command that is decided under the lock.
pub(super) struct Slow {
    pub(super) key: String,
    pub(super) deadline: Duration,
    pub(super) decide: BoxFuture<'static, Result<Group, Error>>,
    pub(super) reply: oneshot::Sender<Reply>,
}

/// What the writer tells the task that owns a command.
#[derive(Debug)]
pub(super) enum Reply {
    /// The group was accepted; `tip` is the position before this command's first event.
    Accepted {
        tip: Position,
        recorded_at: chrono::DateTime<chrono::Utc>,
    },
    /// The key is recorded, by this try (whose reply was lost) or an earlier one: answer from its events.
    Recorded(Replayed),
    ClaimTaken {
        claim: String,
        holder: String,
    },
    /// Refused, or its epoch ended: decide again.
    Again,
    /// The transaction was lost and has not written it: decide again. It is nobody's conflict and is not counted as one.
    Lost,
    /// Certainly not recorded.
    Failed(Error),
    /// Not sent, because its deadline had passed.
    TooLate,
}

/// What the writer still needs of a command in a batch.
pub(super) struct Sent {
    pub(super) entry: Arc<dyn Entry>,
    pub(super) reply: oneshot::Sender<Reply>,
}

#[derive(Default)]
pub(super) struct Take {
    pub(super) groups: Vec<Group>,
    /// As `groups` and their drafts.
    pub(super) sent: Vec<Vec<Sent>>,
    pub(super) slow: Option<Slow>,
}

#[derive(Default)]
pub(super) struct Queue {
    lines: Mutex<Lines>,
    bell: Notify,
}

#[derive(Default)]
struct Lines {
    queued: VecDeque<Queued>,
    slow: VecDeque<Slow>,
}

#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) commands: usize,
    pub(super) bytes: usize,
}

impl Queue {
    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn push(&self, queued: Queued) {
        self.lines().queued.push_back(queued);
        self.bell.notify_one();
    }

    pub(super) fn push_slow(&self, slow: Slow) {
        self.lines().slow.push_back(slow);
        self.bell.notify_one();
    }

    /// Wakes the writer, for instance to see that it is no longer needed.
    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Takes what waits, up to the bounds.
    pub(super) fn take(&self, bounds: Bounds, now: Duration) -> Take {
        let mut lines = self.lines();
        let mut filling = Filling::default();
        while filling.commands < bounds.commands && filling.bytes < bounds.bytes {
            let Some(next) = lines.queued.front() else { break };
            if next.entry.life().is_dead() {
                if let Some(next) = lines.queued.pop_front() {
                    let _ = next.reply.send(Reply::Again);
                }
                continue;
            }
            if next.deadline > now && !filling.admits(next) {
                break;
            }
            let Some(next) = lines.queued.pop_front() else { break };
            if next.deadline <= now {
                // What was decided after it on the same entry was decided on its events.
                if !next.draft.lines.is_empty() {
                    next.entry.life().end();
                }
                let _ = next.reply.send(Reply::TooLate);
                continue;
            }
            filling.add(next);
        }
        let slow = lines.slow.pop_front();
        Take { groups: filling.groups, sent: filling.sent, slow }
    }
}

/// A batch in the making.
#[derive(Default)]
struct Filling {
    groups: Vec<Group>,
    sent: Vec<Vec<Sent>>,
    commands: usize,
    bytes: usize,
    /// The group of each stream, and the epoch that its commands were decided on.
    places: HashMap<Place, (usize, usize)>,
    written: HashSet<Place>,
    reads: HashSet<Place>,
    claims: HashSet<String>,
}

impl Filling {
    /// Whether a command can join without making one group depend on another; otherwise the batch ends before it.
    fn admits(&self, next: &Queued) -> bool {
        let life = next.entry.life();
        let same_epoch = self.places.get(&life.place).is_none_or(|(_, epoch)| *epoch == life.epoch);
        let writes_what_is_read = !next.draft.lines.is_empty() && self.reads.contains(&life.place);
        let reads_what_is_written = !self.written.is_empty()
            && next.draft.reads.iter().any(|read| {
                self.written.contains(&(read.aggregate_type, Arc::from(read.stream.as_str())))
            });
        let claims_again = next
            .draft
            .lines
            .iter()
            .any(|line| line.claim.as_ref().is_some_and(|claim| self.claims.contains(claim)));
        same_epoch && !writes_what_is_read && !reads_what_is_written && !claims_again
    }

    fn add(&mut self, next: Queued) {
        let Queued { entry, base, draft, reply, .. } = next;
        let place = entry.life().place.clone();
        self.commands += 1;
        self.bytes +=
            draft.lines.iter().map(|l| l.payload.len() + draft.metadata.len()).sum::<usize>();
        if !draft.lines.is_empty() {
            self.written.insert(place.clone());
        }
        for read in &draft.reads {
            let place = (read.aggregate_type, Arc::from(read.stream.as_str()));
            if !self.reads.contains(&place) {
                self.reads.insert(place);
            }
        }
        self.claims.extend(draft.lines.iter().filter_map(|line| line.claim.clone()));
        let (at, _) = *self.places.entry(place.clone()).or_insert_with(|| {
            self.groups.push(Group {
                aggregate_type: place.0,
                stream: Arc::clone(&place.1),
                base,
                drafts: Vec::new(),
            });
            self.sent.push(Vec::new());
            (self.groups.len() - 1, entry.life().epoch)
        });
        if let (Some(group), Some(sent)) = (self.groups.get_mut(at), self.sent.get_mut(at)) {
            group.drafts.push(draft);
            sent.push(Sent { entry, reply });
        }
    }
}
