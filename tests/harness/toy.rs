//! The smallest rules that have everything the append must get right: a limit in another stream, stages, a claim.

use cqrs_es::DomainEvent;
use domain::decider::{Decider, Event};
use journal::{Confirmed, Error, Gather, Metadata, Read, Request, Version};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub const POLICY: &str = "policy-default";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    pub orders: i64,
    pub stage: u8,
    pub registered: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Order,
    OrderAndReserve,
    Apply,
    Approve,
    Register,
    /// A text of so many bytes.
    Note(usize),
    /// So many events at once.
    Repeat(usize),
    /// Nothing to do, and no reason to refuse.
    Nothing,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Happened {
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
    Noted {
        text: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct No;

impl std::fmt::Display for No {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no")
    }
}

impl std::error::Error for No {}

/// The policy that an order reads.
#[derive(Clone, Debug, Default)]
pub struct Limit {
    pub limit: i64,
    pub policy: Version,
}

impl DomainEvent for Happened {
    fn event_type(&self) -> String {
        match self {
            Happened::Ordered { .. } => "ordered",
            Happened::Reserved {} => "reserved",
            Happened::Applied {} => "applied",
            Happened::Approved {} => "approved",
            Happened::Registered { .. } => "registered",
            Happened::Noted { .. } => "noted",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl Event for Happened {
    fn claim(&self, _stream: &str) -> Option<String> {
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
            Act::Note(bytes) => Ok(vec![Happened::Noted { text: "é".repeat(bytes / 2) }]),
            Act::Repeat(times) => Ok(vec![Happened::Reserved {}; *times]),
            Act::Nothing => Ok(Vec::new()),
            _ => Err(No),
        }
    }

    fn evolve(&mut self, event: &Happened) {
        match event {
            Happened::Ordered { .. } => self.orders += 1,
            Happened::Reserved {} | Happened::Noted { .. } => {}
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
pub struct Policy {
    pub limit: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Changed {
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

domain::stock_aggregate!(Customer);
domain::stock_aggregate!(Policy);

/// A request as a staff member's programme makes it.
pub fn request<A: Gather>(
    stream: &str,
    key: &str,
    command: A::Command,
    context: A::Context,
) -> Request<A> {
    Request {
        stream: stream.to_owned(),
        command,
        context,
        key: format!("staff-1/{key}"),
        request_hash: format!("hash of {key}"),
        if_match: None,
        metadata: Metadata {
            actor: "staff-1".to_owned(),
            via: None,
            command_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes()),
            correlation_id: Some("correlation-1".to_owned()),
            causation_id: None,
        },
    }
}

pub fn act(stream: &str, key: &str, act: Act) -> Request<Customer> {
    request(stream, key, act, Limit::default())
}

pub fn limit(key: &str, limit: i64) -> Request<Policy> {
    request(POLICY, key, limit, ())
}
