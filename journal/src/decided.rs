//! Decisions of the past: every answer of a checkpoint on record, with all that it was made of.
//!
//! The journal is read once, in order. Customers are folded as it goes, each on the worker that has its share of them; of products and
//! packs every version is known before, since a decision says of each stream that it read how far it had come.

mod again;
mod house;
mod shares;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::context::Facts;
use domain::customer::{Customer, Event};
use domain::decision::Decision;
use domain::policy::InForce;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

pub use self::again::{Later, Made};
use self::house::House;
use self::shares::Place;
use crate::verify::Unsound;
use crate::{Error, Fault, Journal, Position, Version};

/// One decision, as it was made.
#[derive(Debug)]
pub struct Decided<'a> {
    pub position: Position,
    pub stream: &'a str,
    pub version: Version,
    /// The event in its current shape.
    pub payload: &'a str,
    /// The customer before the event; its cases may be left out.
    pub customer: &'a Customer,
    pub event: &'a Event,
    /// What the event carries.
    pub decision: &'a Decision,
    command_id: Uuid,
    others: Others<'a>,
}

/// What other streams said when it was made.
#[derive(Clone, Copy, Debug)]
enum Others<'a> {
    /// Every version of them, from which the right one is looked up.
    House(&'a House),
    /// The versions that it read.
    Read(&'a Facts),
}

impl Decided<'_> {
    /// Made again. None where the journal lacks what it was made of.
    pub fn again(&self) -> Option<Decision> {
        let policy = match self.others {
            Others::House(house) => {
                house.policy(&self.decision.reads, self.position, self.customer)
            }
            Others::Read(facts) => facts.policy.clone(),
        };
        self.made(policy)
    }

    /// What another pack would have answered to the same question.
    pub fn under(&self, pack: &Arc<InForce>) -> Option<Decision> {
        self.made(Some(Arc::clone(pack)))
    }

    /// By the facts as they were known then, under a pack.
    fn made(&self, policy: Option<Arc<InForce>>) -> Option<Decision> {
        let reads = self.decision.reads.clone();
        let products = match self.others {
            Others::House(house) => house.products(&reads, self.position),
            Others::Read(facts) => facts.products.clone(),
        };
        let facts = Facts { policy, products, reads };
        self.customer.decide_again(self.event, self.command_id, &facts)
    }

    fn fault(&self, what: String) -> Unsound {
        let (stream, version) = (self.stream.to_owned(), self.version);
        Unsound::Fault(Fault { position: self.position, stream, version, what })
    }

    /// Makes it again, under the pack that it names; it must come out byte for byte.
    fn compared(&self) -> Result<(), Unsound> {
        let Some(recorded) = carried(self.payload) else {
            return Err(self.fault("its decision is gone".to_owned()));
        };
        let Some(again) = self.again() else {
            return Err(self.fault("the journal lacks what its decision was made of".to_owned()));
        };
        let again = crate::codec::written(&again)?;
        if again == recorded {
            return Ok(());
        }
        let what = "its decision does not follow from what is on record";
        Err(self.fault(format!("{what}: recorded is {recorded}, and it comes out as {again}")))
    }
}

impl Journal {
    /// Shows every decision up to the head that it finds. Customers are shared out among workers: each has a `T` of its own that its
    /// decisions are shown to, in order, and all of them are handed back. Ends with the error of the earliest position, from `look` or
    /// of what cannot be read.
    pub async fn decisions<T, E>(
        &self,
        look: impl Fn(&mut T, &Decided<'_>) -> Result<(), E> + Send + Sync + 'static,
    ) -> Result<Vec<T>, E>
    where
        T: Default + Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let head = self.head().await?;
        let (house, unreadable) = self.house_until(head).await?;
        let upto = unreadable.as_ref().map_or(head, |Place { position, .. }| *position);
        let looked = self.share_out(house, upto, look).await?;
        match unreadable {
            Some(Place { what, .. }) => Err(what.into()),
            None => Ok(looked),
        }
    }

    /// Makes every decision again, under the pack that it names; each must come out byte for byte. Returns how many there are.
    pub async fn verify_decisions(&self) -> Result<usize, Unsound> {
        let made = self.decisions(|made: &mut usize, decided| {
            *made += 1;
            decided.compared()
        });
        Ok(made.await?.into_iter().sum())
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
