//! Decisions of the past: every answer of a checkpoint on record, with all that it was made of.
//!
//! The journal is read once, in order. Customers are folded as it goes; of products and packs every version is kept, since a decision
//! says of each stream that it read how far it had come.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::context::Facts;
use domain::customer::registration::Registration;
use domain::customer::{Customer, Event};
use domain::decider::Decider;
use domain::decision::{Decision, StreamVersion};
use domain::policy::{self, InForce, Policy};
use domain::product::{self, Product};
use futures::StreamExt;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::verify::{Unsound, fault};
use crate::{Entry, Error, Filter, Journal, Position};

/// How many entries are read and decoded at once.
const PAGE: usize = 2_000;
const PAGES_AHEAD: usize = 3;

/// One decision, as it was made.
#[derive(Debug)]
pub struct Decided<'a> {
    pub entry: &'a Entry,
    /// The customer before the event.
    pub customer: &'a Customer,
    pub event: &'a Event,
    /// What the event carries.
    pub decision: &'a Decision,
    /// What other streams said when it was made.
    pub facts: Facts,
}

impl Decided<'_> {
    /// Made again. None where the journal lacks what it was made of.
    pub fn again(&self) -> Option<Decision> {
        self.made(&self.facts)
    }

    /// What another pack would have answered to the same question.
    pub fn under(&self, pack: &Arc<InForce>) -> Option<Decision> {
        self.made(&Facts { policy: Some(Arc::clone(pack)), ..self.facts.clone() })
    }

    fn made(&self, facts: &Facts) -> Option<Decision> {
        // Stock programs record no command; the first decision of one has its id.
        let command = self.entry.command_id.unwrap_or_else(|| self.decision.id.uuid());
        self.customer.decide_again(self.event, command, facts)
    }
}

impl Journal {
    /// Shows every decision up to the head that it finds, in order; stops at the first error of `visit`.
    pub async fn decisions<E: From<Error>>(
        &self,
        mut visit: impl FnMut(Decided<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let head = self.head().await?;
        let mut past = Past::default();
        // Positions are dense, so the next pages are read and decoded while one is looked at.
        let starts = (0..head.0).step_by(PAGE).map(Position);
        let pages = starts.map(|after| {
            let journal = self.clone();
            async move { tokio::spawn(async move { journal.told(after, head).await }).await }
        });
        let mut pages = futures::stream::iter(pages).buffered(PAGES_AHEAD);
        while let Some(page) = pages.next().await {
            for (entry, told) in page.map_err(|_| Error::Closed)?? {
                past.take(&entry, told, &mut visit)?;
            }
        }
        Ok(())
    }

    /// A page's entries, and what they say to us.
    async fn told(&self, after: Position, head: Position) -> Result<Vec<(Entry, Told)>, Error> {
        let page = self.after(after, &Filter::default(), PAGE).await?;
        let entries = page.entries.into_iter().filter(|entry| entry.position <= head);
        let told = |entry: Entry| {
            let told = match entry.aggregate_type.as_str() {
                Customer::TYPE => Told::Customer(self.event(&entry)?),
                Product::TYPE => Told::Product(self.event(&entry)?),
                Policy::TYPE => Told::Policy(self.event(&entry)?),
                _ => Told::Nothing,
            };
            Ok((entry, told))
        };
        entries.map(told).collect()
    }

    /// Makes every decision again, under the pack that it names; each must come out byte for byte. Returns how many there are.
    pub async fn verify_decisions(&self) -> Result<usize, Unsound> {
        let mut made = 0;
        self.decisions(|decided| {
            made += 1;
            self.compare_decision(&decided)
        })
        .await?;
        Ok(made)
    }

    fn compare_decision(&self, decided: &Decided<'_>) -> Result<(), Unsound> {
        let wrong = |what: String| Unsound::Fault(fault(decided.entry, what));
        let payload = self.reader().payload(decided.entry);
        let recorded = carried(&payload).ok_or_else(|| wrong("its decision is gone".to_owned()))?;
        let Some(again) = decided.again() else {
            return Err(wrong("the journal lacks what its decision was made of".to_owned()));
        };
        let again = crate::codec::written(&again)?;
        if again == recorded {
            return Ok(());
        }
        let what = "its decision does not follow from what is on record";
        Err(wrong(format!("{what}: recorded is {recorded}, and it comes out as {again}")))
    }
}

/// The text of the decision in an event.
fn carried(payload: &str) -> Option<&str> {
    #[derive(Deserialize)]
    struct Carrier<'a> {
        #[serde(borrow)]
        decision: &'a RawValue,
    }
    let events: BTreeMap<Cow<'_, str>, Carrier<'_>> = serde_json::from_str(payload).ok()?;
    events.into_values().next().map(|event| event.decision.get())
}

/// An event that decisions may rest on.
enum Told {
    Customer(Event),
    Product(product::Event),
    Policy(policy::Event),
    Nothing,
}

/// What the entries so far lead to.
#[derive(Default)]
struct Past {
    customers: HashMap<String, Customer>,
    /// By stream, after each of its events.
    products: HashMap<String, Vec<Arc<Product>>>,
    policies: HashMap<String, Vec<Policy>>,
}

impl Past {
    fn take<E: From<Error>>(
        &mut self,
        entry: &Entry,
        told: Told,
        visit: &mut impl FnMut(Decided<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match told {
            Told::Customer(event) => {
                let before = self.customers.get(&entry.stream);
                let facts = event.decision().map(|decision| self.facts(before, &decision.reads));
                let customer = match self.customers.get_mut(&entry.stream) {
                    Some(customer) => customer,
                    None => self.customers.entry(entry.stream.clone()).or_default(),
                };
                if let (Some(decision), Some(facts)) = (event.decision(), facts) {
                    visit(Decided { entry, customer, event: &event, decision, facts })?;
                }
                customer.evolve(&event);
            }
            Told::Product(event) => {
                let versions = self.products.entry(entry.stream.clone()).or_default();
                let mut product = versions.last().map(|it| (**it).clone()).unwrap_or_default();
                product.evolve(&event);
                versions.push(Arc::new(product));
            }
            Told::Policy(event) => {
                let versions = self.policies.entry(entry.stream.clone()).or_default();
                let mut policy = versions.last().cloned().unwrap_or_default();
                policy.evolve(&event);
                versions.push(policy);
            }
            Told::Nothing => {}
        }
        Ok(())
    }

    /// What these streams said at these versions to this customer.
    fn facts(&self, customer: Option<&Customer>, reads: &[StreamVersion]) -> Facts {
        let mut facts = Facts { reads: reads.to_vec(), ..Facts::default() };
        for StreamVersion { stream, version } in reads {
            let index = usize::try_from(version.saturating_sub(1)).unwrap_or(usize::MAX);
            if let Some(policy) = self.policies.get(stream).and_then(|all| all.get(index)) {
                let unknown = Registration::default();
                let registration = customer.map_or(&unknown, |it| &it.registration);
                facts.policy = policy.applying_to(registration).cloned().map(Arc::new);
            }
            if let Some(product) = self.products.get(stream).and_then(|all| all.get(index))
                && let Ok(id) = stream.parse()
            {
                facts.products.insert(id, Arc::clone(product));
            }
        }
        facts
    }
}
