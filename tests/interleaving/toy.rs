//! The smallest rules that have everything the append must get right: a limit in another stream, stages, a claim.

use cqrs_es::DomainEvent;
use domain::decider::{Decider, Event};
use journal::{Confirmed, Error, Gather, Read, Version};
use serde::{Deserialize, Serialize};

pub(crate) const POLICY: &str = "policy-default";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Customer {
    pub(crate) orders: i64,
    pub(crate) stage: u8,
    pub(crate) registered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Act {
    Order,
    OrderAndReserve,
    Apply,
    Approve,
    Register,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Happened {
    /// Carries what it was decided on, so that a test sees when that was not what was current.
    Ordered {
        before: i64,
        limit: i64,
        policy: Version,
    },
    Reserved {},
    Applied {},
    Approved {},
    Registered {
        claim: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct No;

impl std::fmt::Display for No {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no")
    }
}

impl std::error::Error for No {}

/// The policy that an order reads.
#[derive(Clone, Debug, Default)]
pub(crate) struct Limit {
    pub(crate) limit: i64,
    pub(crate) policy: Version,
}

impl DomainEvent for Happened {
    fn event_type(&self) -> String {
        match self {
            Happened::Ordered { .. } => "ordered",
            Happened::Reserved {} => "reserved",
            Happened::Applied {} => "applied",
            Happened::Approved {} => "approved",
            Happened::Registered { .. } => "registered",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Event for Happened {
    fn claim(&self) -> Option<String> {
        match self {
            Happened::Registered { claim } => Some(claim.clone()),
            _ => None,
        }
    }
}

impl Decider for Customer {
    const TYPE: &'static str = "customer";
    type Command = Act;
    type Event = Happened;
    type Rejection = No;
    type Context = Limit;

    fn decide(&self, context: &Limit, act: &Act) -> Result<Vec<Happened>, No> {
        let ordered =
            Happened::Ordered { before: self.orders, limit: context.limit, policy: context.policy };
        match act {
            Act::Order if self.orders < context.limit => Ok(vec![ordered]),
            Act::OrderAndReserve if self.orders < context.limit => {
                Ok(vec![ordered, Happened::Reserved {}])
            }
            Act::Apply if self.stage == 0 => Ok(vec![Happened::Applied {}]),
            Act::Approve if self.stage == 1 => Ok(vec![Happened::Approved {}]),
            Act::Register if !self.registered => {
                Ok(vec![Happened::Registered { claim: "uscc:1".to_owned() }])
            }
            _ => Err(No),
        }
    }

    fn evolve(&mut self, event: &Happened) {
        match event {
            Happened::Ordered { .. } => self.orders += 1,
            Happened::Reserved {} => {}
            Happened::Applied {} => self.stage = 1,
            Happened::Approved {} => self.stage = 2,
            Happened::Registered { .. } => self.registered = true,
        }
    }
}

impl Gather for Customer {
    async fn gather(
        &self,
        context: &mut Limit,
        act: &Act,
        confirmed: &Confirmed,
    ) -> Result<Vec<Read>, Error> {
        if !matches!(act, Act::Order | Act::OrderAndReserve) {
            return Ok(Vec::new());
        }
        let policy = confirmed.get::<Policy>(POLICY).await?;
        *context = Limit { limit: policy.state.limit, policy: policy.version };
        Ok(vec![policy.read()])
    }
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Policy {
    pub(crate) limit: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Changed {
    Limited { limit: i64 },
}

impl DomainEvent for Changed {
    fn event_type(&self) -> String {
        "limited".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Event for Changed {}

impl Decider for Policy {
    const TYPE: &'static str = "policy";
    type Command = i64;
    type Event = Changed;
    type Rejection = No;
    type Context = ();

    fn decide(&self, (): &(), limit: &i64) -> Result<Vec<Changed>, No> {
        if self.limit == *limit { Err(No) } else { Ok(vec![Changed::Limited { limit: *limit }]) }
    }

    fn evolve(&mut self, event: &Changed) {
        let Changed::Limited { limit } = event;
        self.limit = *limit;
    }
}

impl Gather for Policy {
    async fn gather(
        &self,
        (): &mut (),
        _command: &i64,
        _confirmed: &Confirmed,
    ) -> Result<Vec<Read>, Error> {
        Ok(Vec::new())
    }
}
