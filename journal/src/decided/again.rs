//! Decisions as they come: those behind a position, with all that they were made of, without reading what is before it.
//!
//! Whoever watches for a while wants each new decision once. Of the customers that a page touches the streams are folded, of other streams
//! the versions that the decisions name; so the cost follows from what was decided since, and not from how long the journal is.

use std::collections::HashMap;
use std::sync::Arc;

use domain::context::Facts;
use domain::customer::{Customer, Event};
use domain::decider::Decider;
use domain::decision::StreamVersion;
use domain::policy::Policy;
use domain::product::Product;

use super::{Decided, Others};
use crate::{Entry, Error, Filter, Journal, Position, Until, Version};

/// The most decisions of one page.
const PAGE: usize = 200;
/// How many entries of a stream are read at once.
const ENTRIES: usize = 1_000;

/// Some decisions, in the order in which they were made.
#[derive(Debug)]
pub struct Later {
    pub made: Vec<Made>,
    /// How far the journal was looked at: where the next page begins.
    pub next: Position,
    pub head: Position,
}

/// One decision with all that it was made of.
#[derive(Debug)]
pub struct Made {
    entry: Entry,
    /// In its current shape.
    payload: String,
    customer: Customer,
    event: Event,
    facts: Facts,
}

impl Made {
    /// None for an event that carries no decision.
    pub fn decided(&self) -> Option<Decided<'_>> {
        let decision = self.event.decision()?;
        Some(Decided {
            position: self.entry.position,
            stream: &self.entry.stream,
            version: self.entry.version,
            payload: &self.payload,
            customer: &self.customer,
            event: &self.event,
            decision,
            // Stock programs record no command; the first decision of one has its id.
            command_id: self.entry.command_id.unwrap_or_else(|| decision.id.uuid()),
            others: Others::Read(&self.facts),
        })
    }
}

impl Journal {
    /// The decisions behind a position, a page of them.
    pub async fn decisions_after(&self, after: Position) -> Result<Later, Error> {
        let types = Event::DECIDING.iter().map(|kind| (*kind).to_owned()).collect();
        let filter = Filter { types, ..Filter::default() };
        let page = self.after(after, &filter, PAGE).await?;
        let mut wanted: HashMap<String, Vec<Entry>> = HashMap::new();
        for entry in page.entries {
            wanted.entry(entry.stream.clone()).or_default().push(entry);
        }
        let mut others =
            Streams { journal: self, policies: HashMap::new(), products: HashMap::new() };
        let mut made = Vec::new();
        for (stream, entries) in wanted {
            self.remake(&stream, entries, &mut others, &mut made).await?;
        }
        made.sort_by_key(|it: &Made| it.entry.position);
        Ok(Later { made, next: page.next, head: page.head })
    }

    /// Folds one customer as far as its last decision of the page.
    async fn remake(
        &self,
        stream: &str,
        wanted: Vec<Entry>,
        others: &mut Streams<'_>,
        made: &mut Vec<Made>,
    ) -> Result<(), Error> {
        let mut customer = Customer::default();
        let mut wanted = wanted.into_iter().peekable();
        let mut version = Version::NONE;
        while wanted.peek().is_some() {
            let entries = self.stream(stream, version, ENTRIES).await?;
            let Some(last) = entries.last() else { break };
            version = last.version;
            for entry in &entries {
                let event: Event = self.event(entry)?;
                if let Some(entry) = wanted.next_if(|it| it.version == entry.version)
                    && let Some(decision) = event.decision()
                {
                    let facts = others.facts(&customer, &decision.reads).await?;
                    let (customer, event) = (customer.clone(), event.clone());
                    let payload = self.reader().payload(&entry).into_owned();
                    made.push(Made { entry, payload, customer, event, facts });
                }
                customer.evolve(&event);
            }
        }
        Ok(())
    }
}

/// Other streams at the versions that decisions name, each read once for a page.
struct Streams<'a> {
    journal: &'a Journal,
    policies: HashMap<StreamVersion, Arc<Policy>>,
    products: HashMap<StreamVersion, Arc<Product>>,
}

impl Streams<'_> {
    /// What these streams said at these versions to this customer.
    async fn facts(
        &mut self,
        customer: &Customer,
        reads: &[StreamVersion],
    ) -> Result<Facts, Error> {
        let mut facts = Facts { reads: reads.to_vec(), ..Facts::default() };
        for read in reads {
            if read.stream == domain::policy::STREAM {
                let policy = known(self.journal, &mut self.policies, read).await?;
                let applying = policy.applying_to(&customer.registration);
                facts.policy = applying.cloned().map(Arc::new);
            } else if let Ok(id) = read.stream.parse()
                && read.version > 0
            {
                let product = known(self.journal, &mut self.products, read).await?;
                facts.products.insert(id, product);
            }
        }
        Ok(facts)
    }
}

async fn known<A: Decider>(
    journal: &Journal,
    kept: &mut HashMap<StreamVersion, Arc<A>>,
    read: &StreamVersion,
) -> Result<Arc<A>, Error> {
    if let Some(known) = kept.get(read) {
        return Ok(Arc::clone(known));
    }
    let until = Until::Version(Version(read.version));
    let known = journal.replay::<A>(&read.stream, until).await?;
    kept.insert(read.clone(), Arc::clone(&known.state));
    Ok(known.state)
}
