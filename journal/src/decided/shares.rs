//! Shares: customers parted among workers, so that all processors fold and judge, and whoever decoded an event also frees it.
//!
//! Pages are read ahead, and handed out in order: each worker gets what its customers did. A worker that finds a fault stops there,
//! and the others go on to just before it, so that the fault that is told is the first one whoever found it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::customer::{Customer, Event};
use domain::decider::Decider;
use futures::StreamExt;
use tokio::sync::{mpsc, oneshot};

use super::house::House;
use super::{Decided, Others};
use crate::engine::bulk::{Bulk, Told, Wanted};
use crate::engine::reader::Reader;
use crate::{Error, Journal, Position, codec};

/// What customers did, without who agreed to it: no decision rests on that, and it is more than half of what is on record.
const WANTED: Wanted = Wanted { aggregate_type: Customer::TYPE, without: Event::APPROVING };
/// How many positions are read at once.
const PAGE: usize = 4_000;
const PAGES_AHEAD: usize = 3;
/// How many parts of pages wait for a worker.
const PARTS_WAITING_MAX: usize = 2;
/// More workers than this would wait for what is read.
const WORKERS_MAX: usize = 8;

/// Something, and where it was found.
#[derive(Debug)]
pub(super) struct Place<T> {
    pub(super) position: Position,
    pub(super) what: T,
}

impl<T> Place<T> {
    pub(super) fn earliest(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => {
                Some(if other.position < one.position { other } else { one })
            }
            (one, other) => one.or(other),
        }
    }
}

/// By stream. Each in a place of its own, so that a map that grows moves no customers.
type Customers = HashMap<String, Box<Customer>>;

/// What a worker comes to.
type Looked<T, E> = (T, Option<Place<E>>);

/// What all workers have at hand.
struct Common<L> {
    /// No journal: its lock is held as long as any handle is, and workers tidy up after they have answered.
    reader: Reader,
    house: House,
    look: L,
    /// Before which position all must have been looked at: that of the earliest fault so far.
    before: AtomicI64,
    /// Parts that were looked through, to be filled again.
    empty: Mutex<Vec<Bulk>>,
}

impl Journal {
    /// Folds customers up to a position, and looks at what was decided about them.
    pub(super) async fn share_out<T, E>(
        &self,
        house: House,
        upto: Position,
        look: impl Fn(&mut T, &Decided<'_>) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<Vec<T>, E>
    where
        T: Default + Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let before = AtomicI64::new(upto.0.saturating_add(1));
        let common =
            Common { reader: self.reader().clone(), house, look, before, empty: Mutex::default() };
        let common = Arc::new(common);
        let number = std::thread::available_parallelism().map_or(1, usize::from).min(WORKERS_MAX);
        let (mut workers, mut answers) = (Vec::new(), Vec::new());
        for _ in 0..number {
            let (parts, waiting) = mpsc::channel(PARTS_WAITING_MAX);
            let (answer, answered) = oneshot::channel();
            let common = Arc::clone(&common);
            tokio::task::spawn_blocking(move || common.work(waiting, answer));
            workers.push(parts);
            answers.push(answered);
        }
        let unread = hand_out(&common, &workers, upto).await.err();
        drop(workers);
        let (mut looked, mut found) = (Vec::new(), None);
        for answer in answers {
            let (of_one, fault) = answer.await.map_err(|_| Error::Closed)?;
            looked.push(of_one);
            found = Place::earliest(found, fault);
        }
        match (found, unread) {
            (Some(Place { what, .. }), _) => Err(what),
            (None, Some(error)) => Err(error.into()),
            (None, None) => Ok(looked),
        }
    }
}

/// Reads pages and hands each worker its part, until one of them has found a fault.
async fn hand_out<L>(
    common: &Arc<Common<L>>,
    workers: &[mpsc::Sender<Bulk>],
    upto: Position,
) -> Result<(), Error>
where
    L: Send + Sync + 'static,
{
    let (number, wanted) = (workers.len(), AtomicBool::new(true));
    let starts = (0..upto.0).step_by(PAGE).map(Position);
    let pages = starts.take_while(|_| wanted.load(Ordering::Relaxed)).map(|after| {
        let common = Arc::clone(common);
        tokio::spawn(async move { common.page(after, upto, number).await })
    });
    let mut pages = futures::stream::iter(pages).buffered(PAGES_AHEAD);
    let mut ended = Ok(());
    while let Some(page) = pages.next().await {
        match page.map_err(|_| Error::Closed).flatten() {
            // What was read ahead of the end is let go of, and waited for: nothing reads any more when this returns.
            _ if !wanted.load(Ordering::Relaxed) => {}
            Ok(parts) => {
                for (part, worker) in parts.into_iter().zip(workers) {
                    // Whoever found a fault takes nothing more; the others look through this page yet.
                    let taken = worker.send(part).await.is_ok();
                    wanted.fetch_and(taken, Ordering::Relaxed);
                }
            }
            Err(error) => {
                wanted.store(false, Ordering::Relaxed);
                ended = Err(error);
            }
        }
    }
    ended
}

impl<L: Send + Sync + 'static> Common<L> {
    /// What customers did on one page, parted among so many.
    async fn page(
        &self,
        after: Position,
        upto: Position,
        number: usize,
    ) -> Result<Vec<Bulk>, Error> {
        let end = Position(after.0.saturating_add(crate::types::count(PAGE)).min(upto.0));
        let mut parts: Vec<Bulk> = (0..number).map(|_| self.emptied()).collect();
        self.reader.bulk(WANTED, after, end, &mut parts).await?;
        Ok(parts)
    }

    fn emptied(&self) -> Bulk {
        self.empty.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn work<T, E>(&self, mut parts: mpsc::Receiver<Bulk>, answer: oneshot::Sender<Looked<T, E>>)
    where
        L: Fn(&mut T, &Decided<'_>) -> Result<(), E>,
        T: Default,
        E: From<Error>,
    {
        let (mut looked, mut found) = (T::default(), None);
        let mut customers = Customers::new();
        while let Some(mut part) = parts.blocking_recv() {
            for told in part.iter() {
                if told.position.0 >= self.before.load(Ordering::Relaxed) {
                    break;
                }
                if let Err(what) = self.take(&mut customers, told, &mut looked) {
                    self.before.fetch_min(told.position.0, Ordering::Relaxed);
                    found = Some(Place { position: told.position, what });
                    break;
                }
            }
            if found.is_some() {
                break;
            }
            part.clear();
            self.empty.lock().unwrap_or_else(PoisonError::into_inner).push(part);
        }
        // Nobody listens any more where the caller has gone away. It need not wait until all customers are forgotten.
        let _ = answer.send((looked, found));
    }

    /// Folds an event; before, a decision that it carries is looked at.
    fn take<T, E>(&self, customers: &mut Customers, told: Told<'_>, looked: &mut T) -> Result<(), E>
    where
        L: Fn(&mut T, &Decided<'_>) -> Result<(), E>,
        E: From<Error>,
    {
        let Told { position, version, stream, event_type, event_version, payload, .. } = told;
        let payload = self.reader.current(event_type, event_version, payload);
        let event: Event = codec::event(stream, version, position, &payload)?;
        let customer = match customers.get_mut(stream) {
            Some(customer) => customer,
            None => customers.entry(stream.to_owned()).or_default(),
        };
        // What was left out counts too.
        customer.version = version.0.saturating_sub(1);
        if let Some(decision) = event.decision() {
            // Stock programs record no command; the first decision of one has its id.
            let command_id = told.command_id.unwrap_or_else(|| decision.id.uuid());
            let decided = Decided {
                position,
                stream,
                version,
                payload: &payload,
                customer,
                event: &event,
                decision,
                command_id,
                others: Others::House(&self.house),
            };
            (self.look)(looked, &decided)?;
        }
        customer.evolve(&event);
        Ok(())
    }
}
