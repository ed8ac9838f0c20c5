//! Steps 1 to 4 and 7 to 9 from the command's side: the task that owns a command until its outcome is known.

use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use domain::decider::Decider;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::Shared;
use super::backend::{Backend, Draft, Group, Line, Recorded};
use super::cache::{Item, Life, weigh_again_at};
use super::confirmed::{Confirmed, Freshness};
use super::flights::{Answer, Boarding, Flight, landing};
use super::queue::{Queued, Reply, Slow};
use crate::codec;
use crate::types::count;
use crate::{Committed, Error, Gather, Position, Read, Refusal, Replayed, Version};

/// A command with what makes repeating it safe, and the rule that decides it.
pub(super) struct Order<R> {
    pub(super) stream: String,
    pub(super) key: String,
    pub(super) request_hash: String,
    pub(super) if_match: Option<Version>,
    pub(super) command_id: Uuid,
    pub(super) metadata: String,
    pub(super) rule: R,
}

/// How events come about: a command's decision, or events that somebody decided already.
pub(super) trait Rule<A: Decider>: Send + Sync + 'static {
    type Prepared: Send + Sync;

    /// What must be known of other streams, from confirmed state only.
    fn prepare(
        &self,
        state: &A,
        confirmed: &Confirmed,
    ) -> impl Future<Output = Result<(Self::Prepared, Vec<Read>), Error>> + Send;

    fn decide(&self, prepared: &Self::Prepared, state: &A) -> Result<Vec<A::Event>, A::Rejection>;
}

pub(super) struct OfCommand<A: Decider> {
    pub(super) command: A::Command,
    pub(super) context: A::Context,
}

impl<A: Gather> Rule<A> for OfCommand<A> {
    type Prepared = A::Context;

    async fn prepare(
        &self,
        state: &A,
        confirmed: &Confirmed,
    ) -> Result<(A::Context, Vec<Read>), Error> {
        let mut context = self.context.clone();
        let reads = state.gather(&mut context, &self.command, confirmed).await?;
        Ok((context, reads))
    }

    fn decide(&self, context: &A::Context, state: &A) -> Result<Vec<A::Event>, A::Rejection> {
        state.decide(context, &self.command)
    }
}

pub(super) struct OfEvents<A: Decider>(pub(super) Vec<A::Event>);

impl<A: Decider> Rule<A> for OfEvents<A> {
    type Prepared = ();

    async fn prepare(&self, _state: &A, _confirmed: &Confirmed) -> Result<((), Vec<Read>), Error> {
        Ok(((), Vec::new()))
    }

    fn decide(&self, (): &(), _state: &A) -> Result<Vec<A::Event>, A::Rejection> {
        Ok(self.0.clone())
    }
}

/// The entry of a stream: its head, the state that everything queued here leads to. Not confirmed.
struct Entry<A> {
    life: Life,
    /// How far the head is known to be recorded; what it holds beyond is queued.
    confirmed: AtomicI64,
    /// How far other processes are known to have brought the stream.
    heard: AtomicI64,
    head: tokio::sync::Mutex<Option<Head<A>>>,
}

struct Head<A> {
    state: A,
    version: Version,
    weigh_at: i64,
}

impl<A: Decider> Item for Entry<A> {
    fn life(&self) -> &Life {
        &self.life
    }

    fn confirm(&self, to: Version) {
        self.confirmed.fetch_max(to.0, Ordering::SeqCst);
    }

    fn hear(&self, of: Version) {
        self.heard.fetch_max(of.0, Ordering::SeqCst);
    }
}

impl<A> Entry<A> {
    fn new(life: Life) -> Self {
        let (confirmed, heard) = (AtomicI64::new(0), AtomicI64::new(0));
        Entry { life, confirmed, heard, head: tokio::sync::Mutex::new(None) }
    }
}

/// Ends the entry if deciding or folding panics half way: its head would not be what is queued.
struct WholeOrEnded<'a>(Option<&'a Life>);

impl Drop for WholeOrEnded<'_> {
    fn drop(&mut self) {
        if let Some(life) = self.0 {
            life.end();
        }
    }
}

type Outcome<A> = Result<Committed<<A as Decider>::Event>, Refusal<<A as Decider>::Rejection>>;

/// A command decided on an unconfirmed head: what is answered once the group is accepted.
struct Decided<A: Decider> {
    base: Version,
    outcome: Result<Vec<A::Event>, Refusal<A::Rejection>>,
}

struct Attempt<'a, A: Decider, R, B> {
    shared: &'a Arc<Shared<B>>,
    order: Arc<Order<R>>,
    deadline: Duration,
    of: std::marker::PhantomData<fn() -> A>,
}

pub(super) async fn run<A: Decider, R: Rule<A>, B: Backend>(
    shared: &Arc<Shared<B>>,
    order: Order<R>,
    deadline: Duration,
    answer: oneshot::Sender<Outcome<A>>,
) {
    // 2: one at a time per key.
    let flight = loop {
        match shared.flights.board(&order.key) {
            Boarding::First(flight) => break flight,
            Boarding::Waits(waits) => {
                if let Some(landed) = landing(waits).await {
                    let _ = answer.send(repeated::<A>(&landed, &order.request_hash));
                    return;
                }
                // Nothing was recorded, and nobody waits for us any more: nothing need be.
                if answer.is_closed() {
                    return;
                }
            }
        }
    };
    let attempt =
        Attempt { shared, order: Arc::new(order), deadline, of: std::marker::PhantomData };
    let (outcome, recorded) = attempt.conclude().await;
    if let Ok(committed) = &outcome {
        shared.acknowledge(committed.position);
        // News only if it was found after a lost reply, or another process recorded it.
        shared.ring(committed.position);
    }
    land::<A>(flight, &outcome, recorded);
    let _ = answer.send(outcome);
}

/// The answer to a repeat that waited for the first try.
fn repeated<A: Decider>(landed: &Answer, request_hash: &str) -> Outcome<A> {
    match landed.committed.downcast_ref::<Committed<A::Event>>() {
        Some(committed) if landed.request_hash == request_hash => {
            Ok(Committed { replayed: Replayed::Yes, ..committed.clone() })
        }
        _ => Err(Refusal::KeyReused),
    }
}

/// Whether the key is in the journal now, and with which request's hash.
enum InJournal {
    No,
    Yes(String),
}

impl<A: Decider, R: Rule<A>, B: Backend> Attempt<'_, A, R, B> {
    /// Tries until there is an outcome that the journal confirms.
    async fn conclude(&self) -> (Outcome<A>, InJournal) {
        let mut refusals = 0;
        loop {
            if self.shared.backend.uptime() >= self.deadline {
                return (Err(Refusal::Unknown), InJournal::No);
            }
            let sent = if refusals < self.shared.limits.refusals {
                self.queue(refusals > 0).await
            } else {
                Ok(self.queue_slow())
            };
            let (decided, reply) = match sent {
                Ok(sent) => sent,
                // Every earlier send of this try is known not to be recorded.
                Err(error) => return (Err(error.into()), InJournal::No),
            };
            match reply.await {
                Ok(Reply::Again) => refusals += 1,
                Ok(Reply::Lost) => {}
                Ok(reply) => return self.answered(decided.take(), reply).await,
                // The process is ending.
                Err(_) => return (Err(Refusal::Unknown), InJournal::No),
            }
        }
    }

    /// 1, 3, 4: decides on the head and queues what came out, rejections too.
    async fn queue(&self, mut again: bool) -> Result<(Cell<A>, oneshot::Receiver<Reply>), Error> {
        let order = &self.order;
        loop {
            let entry = self.shared.heads.get_or_make(A::TYPE, &order.stream, Entry::<A>::new);
            let mut slot = entry.head.lock().await;
            if entry.life.is_dead() {
                continue;
            }
            let head = if let Some(head) = slot.as_mut() {
                self.catch_up(&entry, head).await?;
                if entry.life.is_dead() {
                    again = true;
                    continue;
                }
                head
            } else {
                let head = slot.insert(self.load(&entry.life, again).await?);
                entry.confirm(head.version);
                head
            };
            let confirmed = self.shared.confirmed(Freshness::AsRemembered);
            let (prepared, reads) = order.rule.prepare(&head.state, &confirmed).await?;
            if entry.life.is_dead() {
                continue;
            }

            let mut whole = WholeOrEnded(Some(&entry.life));
            let base = head.version;
            let (outcome, lines) = decide(order, &prepared, &head.state, base);
            if let Ok(events) = &outcome {
                for event in events {
                    head.state.evolve(event);
                }
                head.version = Version(base.0 + count(events.len()));
            }
            whole.0 = None;
            self.weigh(&entry.life, head);

            let (reply, replies) = oneshot::channel();
            let item: Arc<dyn Item> = Arc::<Entry<A>>::clone(&entry);
            let draft = draft(order, reads, lines);
            let deadline = self.deadline;
            // Still under the entry's lock: commands of a stream are queued in the order of their decisions.
            self.shared.queue.push(Queued { entry: item, base, draft, deadline, reply });
            return Ok((Cell::new(Decided { base, outcome }), replies));
        }
    }

    /// Reads what another process is known to have recorded: to decide without it would only be refused.
    async fn catch_up(&self, entry: &Entry<A>, head: &mut Head<A>) -> Result<(), Error> {
        let confirmed = entry.confirmed.load(Ordering::SeqCst);
        if entry.heard.load(Ordering::SeqCst) <= confirmed {
            return Ok(());
        }
        // What is queued on this head will be refused.
        if head.version.0 > confirmed {
            self.shared.heads.remove(&entry.life);
            return Ok(());
        }
        let stream = &self.order.stream;
        let tail = self.shared.backend.tail(A::TYPE, stream, head.version).await?;
        let mut whole = WholeOrEnded(Some(&entry.life));
        head.version = codec::fold(&mut head.state, stream, head.version, &tail)?;
        whole.0 = None;
        entry.confirm(head.version);
        self.weigh(&entry.life, head);
        Ok(())
    }

    /// Whose head was refused may be refused again, so its confirmed state is kept and only what followed is read.
    async fn load(&self, life: &Life, again: bool) -> Result<Head<A>, Error> {
        let stream = &self.order.stream;
        if again {
            let known = self.shared.confirmed(Freshness::Current).get::<A>(stream).await?;
            let state = Arc::unwrap_or_clone(known.state);
            let bytes = self.shared.known.weight(A::TYPE, stream);
            self.shared.heads.weigh(life, bytes);
            let weigh_at = weigh_again_at(known.version, bytes);
            return Ok(Head { state, version: known.version, weigh_at });
        }
        let tail = self.shared.backend.tail(A::TYPE, stream, Version::NONE).await?;
        let mut state = A::default();
        let version = codec::fold(&mut state, stream, Version::NONE, &tail)?;
        Ok(Head { state, version, weigh_at: version.0 })
    }

    /// Tells the cache now and then how large the state has become.
    fn weigh(&self, life: &Life, head: &mut Head<A>) {
        if head.version.0 >= head.weigh_at {
            let bytes = codec::weight(&head.state);
            self.shared.heads.weigh(life, bytes);
            head.weigh_at = weigh_again_at(head.version, bytes);
        }
    }

    /// 9: asks the writer to decide under the lock, where nothing can change meanwhile.
    fn queue_slow(&self) -> (Cell<A>, oneshot::Receiver<Reply>) {
        let (reply, replies) = oneshot::channel();
        let cell = Cell::default();
        let (shared, order, decided) =
            (Arc::clone(self.shared), Arc::clone(&self.order), cell.clone());
        let decide = Box::pin(async move {
            let confirmed = shared.confirmed(Freshness::Current);
            let known = confirmed.get::<A>(&order.stream).await?;
            let (prepared, reads) = order.rule.prepare(known.state.as_ref(), &confirmed).await?;
            let base = known.version;
            let (outcome, lines) = decide(&order, &prepared, known.state.as_ref(), base);
            decided.put(Decided { base, outcome });
            let stream = Arc::from(order.stream.as_str());
            let drafts = vec![draft(&order, reads, lines)];
            Ok(Group { aggregate_type: A::TYPE, stream, base, drafts })
        });
        let (key, deadline) = (self.order.key.clone(), self.deadline);
        self.shared.queue.push_slow(Slow { key, deadline, decide, reply });
        (cell, replies)
    }

    /// 7 and 8: the answer to a reply that settles the command.
    async fn answered(&self, decided: Option<Decided<A>>, reply: Reply) -> (Outcome<A>, InJournal) {
        let refused = |refusal| (Err(refusal), InJournal::No);
        match reply {
            Reply::Accepted { tip, recorded_at } => match decided {
                Some(Decided { base, outcome: Ok(events) }) => {
                    let more = count(events.len());
                    let committed = Committed {
                        position: Position(tip.0 + more),
                        version: Version(base.0 + more),
                        recorded_at,
                        events,
                        replayed: Replayed::No,
                    };
                    let wrote = if more > 0 {
                        InJournal::Yes(self.order.request_hash.clone())
                    } else {
                        InJournal::No
                    };
                    (Ok(committed), wrote)
                }
                Some(Decided { outcome: Err(refusal), .. }) => refused(refusal),
                None => refused(Refusal::Unknown),
            },
            Reply::Recorded(replayed) => self.recorded_answer(replayed).await,
            Reply::ClaimTaken { claim, holder } => refused(Refusal::ClaimTaken { claim, holder }),
            Reply::Failed(error) => refused(error.into()),
            Reply::Again | Reply::Lost | Reply::TooLate => refused(Refusal::Unknown),
        }
    }

    /// The answer of a recorded command is derived from its events.
    async fn recorded_answer(&self, replayed: Replayed) -> (Outcome<A>, InJournal) {
        let Ok(Some(found)) = self.shared.backend.find(&self.order.key).await else {
            // It is recorded, but cannot be read now.
            return (Err(Refusal::Unknown), InJournal::No);
        };
        let hash = codec::request_hash(&found.metadata);
        let outcome = if hash == self.order.request_hash
            && found.stream == self.order.stream
            && found.aggregate_type == A::TYPE
        {
            committed::<A>(&found, replayed).map_err(Refusal::Journal)
        } else {
            Err(Refusal::KeyReused)
        };
        (outcome, InJournal::Yes(hash))
    }
}

/// 2: tells those who wait for the same key.
fn land<A: Decider>(flight: Flight, outcome: &Outcome<A>, recorded: InJournal) {
    match (outcome, recorded) {
        (Ok(committed), InJournal::Yes(request_hash)) => {
            flight.land(|| Answer { request_hash, committed: Arc::new(committed.clone()) });
        }
        // Judged anew, each by its own try.
        _ => drop(flight),
    }
}

/// What was decided, when it is decided by another task: the writer.
struct Cell<A: Decider>(Arc<Mutex<Option<Decided<A>>>>);

impl<A: Decider> Default for Cell<A> {
    fn default() -> Self {
        Cell(Arc::new(Mutex::new(None)))
    }
}

impl<A: Decider> Clone for Cell<A> {
    fn clone(&self) -> Self {
        Cell(Arc::clone(&self.0))
    }
}

impl<A: Decider> Cell<A> {
    fn new(decided: Decided<A>) -> Self {
        Cell(Arc::new(Mutex::new(Some(decided))))
    }

    fn put(&self, decided: Decided<A>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(decided);
    }

    fn take(&self) -> Option<Decided<A>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

type Ruling<A> =
    (Result<Vec<<A as Decider>::Event>, Refusal<<A as Decider>::Rejection>>, Vec<Line>);

/// 3: what the rule says, and the rows that it leads to. If-Match is decided here too; a mismatch travels like any rejection.
fn decide<A: Decider, R: Rule<A>>(
    order: &Order<R>,
    prepared: &R::Prepared,
    state: &A,
    version: Version,
) -> Ruling<A> {
    if let Some(expected) = order.if_match.filter(|expected| *expected != version) {
        return (Err(Refusal::Stale { expected, actual: version }), Vec::new());
    }
    match order.rule.decide(prepared, state) {
        Ok(events) => match codec::lines(&order.stream, &events, &order.metadata) {
            Ok(lines) => (Ok(events), lines),
            Err(refusal) => (Err(refusal), Vec::new()),
        },
        Err(rejection) => (Err(Refusal::Rejected(rejection)), Vec::new()),
    }
}

fn draft<R>(order: &Order<R>, reads: Vec<Read>, lines: Vec<Line>) -> Draft {
    Draft {
        key: order.key.clone(),
        reads,
        lines,
        command_id: order.command_id,
        metadata: order.metadata.clone(),
    }
}

fn committed<A: Decider>(
    found: &Recorded,
    replayed: Replayed,
) -> Result<Committed<A::Event>, Error> {
    let events = found
        .rows
        .iter()
        .map(|row| codec::decoded::<A::Event>(&found.stream, row))
        .collect::<Result<Vec<_>, _>>()?;
    let last = found.rows.last().ok_or(Error::Closed)?;
    Ok(Committed {
        position: last.position,
        version: last.version,
        recorded_at: found.recorded_at,
        events,
        replayed,
    })
}
