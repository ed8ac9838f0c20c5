//! The executor: the one way in which anything is recorded.
//!
//! Steps are numbered as in ARCHITECTURE.md, decision D4. A command finds its stream's entry ([`cache`]), is decided on its
//! head ([`attempt`]), waits in the [`queue`], and the [`writer`] sends whatever waits as one transaction. Nothing is
//! answered before the database confirmed it, rejections neither. Keys under way are kept in [`flights`].
//!
//! Architecture invariant: this module knows no database. `tests/interleaving.rs` drives it against one that loses replies, commits
//! late and crashes, in thousands of schedules.

mod attempt;
mod backend;
mod cache;
mod confirmed;
mod flights;
mod queue;
mod writer;

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::decider::Decider;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot, watch};

pub use backend::{
    Appended, Backend, Batch, Broken, Draft, Group, Line, Moved, News, Recorded, Refused, Source,
    Stored, Tail, Verdict,
};
pub use confirmed::Confirmed;

use crate::codec::{self, bounded};
use crate::{Committed, Error, Gather, Known, Position, Refusal, Request, Version};
use attempt::{OfCommand, OfEvents, Order};
use cache::Cache;
use confirmed::Freshness;
use flights::Flights;
use queue::{Bounds, Queue};

/// What bounds an executor.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub cache_bytes: usize,
    pub batch_commands: usize,
    pub batch_bytes: usize,
    pub commands: usize,
    /// After so many refusals a command is decided under the lock, so that progress is guaranteed.
    pub refusals: usize,
    pub deadline: Duration,
}

/// A handle; clones share everything. When the last one is dropped, the writer ends after what is under way.
pub struct Executor<B: Backend>(Arc<Handle<B>>);

impl<B: Backend> Clone for Executor<B> {
    fn clone(&self) -> Self {
        Executor(Arc::clone(&self.0))
    }
}

struct Handle<B: Backend>(Arc<Shared<B>>);

impl<B: Backend> Drop for Handle<B> {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::SeqCst);
        self.0.queue.ring();
    }
}

/// What the tasks of one process share.
struct Shared<B> {
    backend: Arc<B>,
    limits: Limits,
    heads: Cache,
    known: Arc<Cache>,
    flights: Flights,
    queue: Queue,
    permits: Arc<Semaphore>,
    closed: AtomicBool,
    acknowledged: AtomicI64,
    refused: AtomicU64,
    doorbell: Arc<watch::Sender<Position>>,
    ended: Mutex<Option<oneshot::Receiver<()>>>,
}

impl<B: Backend> Executor<B> {
    /// Starts the writer.
    pub fn start(
        backend: &Arc<B>,
        limits: Limits,
        doorbell: Arc<watch::Sender<Position>>,
    ) -> Result<Self, Error> {
        let (end, ended) = oneshot::channel();
        let shared = Arc::new(Shared {
            heads: Cache::new(limits.cache_bytes / 4 * 3),
            known: Arc::new(Cache::new(limits.cache_bytes / 4)),
            flights: Flights::default(),
            queue: Queue::default(),
            permits: Arc::new(Semaphore::new(limits.commands)),
            closed: AtomicBool::new(false),
            acknowledged: AtomicI64::new(0),
            refused: AtomicU64::new(0),
            ended: Mutex::new(Some(ended)),
            doorbell,
            limits,
            backend: Arc::clone(backend),
        });
        let writing = Arc::clone(&shared);
        let writer = Box::pin(async move {
            writer::run(&writing).await;
            drop(writing);
            let _ = end.send(());
        });
        backend.spawn_writer(writer).map_err(|error| Error::File(Arc::new(error)))?;
        Ok(Executor(Arc::new(Handle(shared))))
    }

    fn shared(&self) -> &Arc<Shared<B>> {
        &self.0.0
    }

    /// Decides and records.
    pub async fn execute<A: Gather>(
        &self,
        request: Request<A>,
    ) -> Result<Committed<A::Event>, Refusal<A::Rejection>> {
        let Request { stream, command, context, key, request_hash, if_match, metadata } = request;
        let text = codec::metadata(&metadata, &request_hash)?;
        let order = Order {
            stream,
            key,
            request_hash,
            if_match,
            command_id: metadata.command_id,
            metadata: text,
            rule: OfCommand::<A> { command, context },
        };
        self.order(order).await
    }

    /// Records events that a stock program decided on `base`. Refused as stale when the stream stands elsewhere.
    pub(crate) async fn record<A: Decider>(
        &self,
        stream: String,
        base: Version,
        events: Vec<A::Event>,
        metadata: String,
        command_id: uuid::Uuid,
    ) -> Result<Committed<A::Event>, Refusal<A::Rejection>> {
        self.order(Order {
            stream,
            key: format!("stock/{command_id}"),
            request_hash: String::new(),
            if_match: Some(base),
            command_id,
            metadata,
            rule: OfEvents::<A>(events),
        })
        .await
    }

    /// Step 1 and what surrounds it: a task owns the command, so that a client that goes away takes nothing with it.
    async fn order<A: Decider, R: attempt::Rule<A>>(
        &self,
        order: Order<R>,
    ) -> Result<Committed<A::Event>, Refusal<A::Rejection>> {
        bounded("the stream's id", &order.stream)?;
        bounded("the idempotency key", &order.key)?;
        let shared = self.shared();
        if shared.closed.load(Ordering::SeqCst) {
            return Err(Error::Closed.into());
        }
        let Ok(permit) = Arc::clone(&shared.permits).try_acquire_owned() else {
            let closed = shared.permits.is_closed();
            return Err(if closed { Error::Closed } else { Error::Busy }.into());
        };
        let deadline = shared.backend.uptime() + shared.limits.deadline;
        let (reply, mut answer) = oneshot::channel();
        let owned = Arc::clone(shared);
        shared.backend.spawn(Box::pin(async move {
            let underway = Underway { shared: &owned, permit: Some(permit) };
            attempt::run::<A, R, B>(underway.shared, order, deadline, reply).await;
        }));
        tokio::select! {
            biased;
            answer = &mut answer => answer.unwrap_or(Err(Refusal::Unknown)),
            () = shared.backend.sleep(shared.limits.deadline) => Err(Refusal::Unknown),
        }
    }

    /// What would be recorded, on confirmed state only. Records nothing.
    pub async fn consider<A: Gather>(
        &self,
        request: Request<A>,
    ) -> Result<Vec<A::Event>, Refusal<A::Rejection>> {
        bounded("the stream's id", &request.stream)?;
        let confirmed = self.shared().confirmed(Freshness::Current);
        let known = confirmed.get::<A>(&request.stream).await?;
        let mut context = request.context;
        known.state.gather(&mut context, &request.command, &confirmed).await?;
        if let Some(expected) = request.if_match.filter(|expected| *expected != known.version) {
            return Err(Refusal::Stale { expected, actual: known.version });
        }
        let events = known.state.decide(&context, &request.command).map_err(Refusal::Rejected)?;
        for line in codec::lines(&request.stream, &events, "")? {
            if let Some(claim) = line.claim
                && let Some(holder) = self.shared().backend.holder(&claim).await?
            {
                return Err(Refusal::ClaimTaken { claim, holder });
            }
        }
        Ok(events)
    }

    /// The confirmed state of a stream, current when this was called.
    pub async fn confirmed<A: Decider>(&self, stream: &str) -> Result<Known<A>, Error> {
        bounded("the stream's id", stream)?;
        self.shared().confirmed(Freshness::Current).get::<A>(stream).await
    }

    /// The last position that this process acknowledged.
    pub fn acknowledged(&self) -> Position {
        Position(self.shared().acknowledged.load(Ordering::SeqCst))
    }

    /// Bytes and streams in the cache of heads, by estimate.
    pub fn cached(&self) -> (usize, usize) {
        self.shared().heads.size()
    }

    /// How many groups were refused and decided again, for measurements.
    pub fn refused(&self) -> u64 {
        self.shared().refused.load(Ordering::Relaxed)
    }

    /// Takes nothing new, and waits until everything under way has its outcome.
    pub async fn close(&self) {
        let shared = self.shared();
        shared.closed.store(true, Ordering::SeqCst);
        shared.queue.ring();
        let ended = shared.ended.lock().ok().and_then(|mut ended| ended.take());
        if let Some(ended) = ended {
            let _ = ended.await;
        }
    }
}

/// A command under way. A closing executor's writer hears when it ends, also when its runtime drops it half way.
struct Underway<'a, B: Backend> {
    shared: &'a Arc<Shared<B>>,
    permit: Option<OwnedSemaphorePermit>,
}

impl<B: Backend> Drop for Underway<'_, B> {
    fn drop(&mut self) {
        self.permit = None;
        if self.shared.closed.load(Ordering::SeqCst) {
            self.shared.queue.ring();
        }
    }
}

impl<B: Backend> Shared<B> {
    fn confirmed(&self, freshness: Freshness) -> Confirmed {
        let source: Arc<dyn Source> = Arc::<B>::clone(&self.backend);
        Confirmed::new(source, Arc::clone(&self.known), freshness)
    }

    fn bounds(&self) -> Bounds {
        Bounds { commands: self.limits.batch_commands, bytes: self.limits.batch_bytes }
    }

    /// Before the answer, so that a read which follows it waits for this position.
    fn acknowledge(&self, position: Position) {
        self.acknowledged.fetch_max(position.0, Ordering::SeqCst);
    }

    fn ring(&self, head: Position) {
        self.doorbell.send_if_modified(|last| {
            let later = head > *last;
            *last = head.max(*last);
            later
        });
    }

    fn is_idle(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
            && self.permits.available_permits() == self.limits.commands
    }
}
