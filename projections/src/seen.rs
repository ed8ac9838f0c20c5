//! Events as the read models see them: decoded once, with the place, the time and the actor that the journal recorded.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::{
    customer::{self, Customer},
    decider::Decider,
    policy::{self, Policy},
    product::{self, Product},
    proposal::{self, Proposal},
    staff::{self, Staff},
};
use journal::{Entry, Journal};
use serde::Deserialize;

use crate::Error;

/// One recorded event.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) position: i64,
    pub(crate) version: i64,
    pub(crate) stream: Arc<str>,
    /// None in rows of stock programs.
    pub(crate) actor: Option<Arc<str>>,
    pub(crate) recorded_at: DateTime<Utc>,
    pub(crate) what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    Customer(customer::Event),
    Product(product::Event),
    Staff(staff::Event),
    Policy(policy::Event),
    Proposal(proposal::Event),
    /// Of an aggregate that is not ours: no read model is about it.
    Foreign,
}

impl Seen {
    /// The customer's event, if it is one.
    pub(crate) fn customer(&self) -> Option<&customer::Event> {
        if let What::Customer(event) = &self.what { Some(event) } else { None }
    }
}

/// Decodes what was read. One entry that cannot be read fails the whole page: nothing is skipped.
pub(crate) fn decoded(journal: &Journal, entries: Vec<Entry>) -> Result<Vec<Seen>, Error> {
    entries.into_iter().map(|entry| one(journal, entry)).collect()
}

fn one(journal: &Journal, entry: Entry) -> Result<Seen, Error> {
    let what = match entry.aggregate_type.as_str() {
        Customer::TYPE => What::Customer(journal.event(&entry)?),
        Product::TYPE => What::Product(journal.event(&entry)?),
        Staff::TYPE => What::Staff(journal.event(&entry)?),
        Policy::TYPE => What::Policy(journal.event(&entry)?),
        Proposal::TYPE => What::Proposal(journal.event(&entry)?),
        _ => What::Foreign,
    };
    Ok(Seen {
        position: entry.position.0,
        version: entry.version.0,
        actor: actor(&entry.metadata),
        stream: entry.stream.into(),
        // Only rows older than the column have no time; they sort before everything.
        recorded_at: entry.recorded_at.unwrap_or(DateTime::UNIX_EPOCH),
        what,
    })
}

pub(crate) fn actor(metadata: &str) -> Option<Arc<str>> {
    #[derive(Deserialize)]
    struct Actor<'a> {
        #[serde(borrow)]
        actor: std::borrow::Cow<'a, str>,
    }
    // Stock programs write metadata of their own.
    serde_json::from_str::<Actor<'_>>(metadata).ok().map(|it| it.actor.as_ref().into())
}

/// The part of the customer that an event belongs to: what its wire name begins with.
pub(crate) fn capability(event: &customer::Event) -> &'static str {
    event.kind().split('.').next().unwrap_or_default()
}
