//! Deciding from the worklist: each thing that waits is decided as it is at its own path, by the same rule.

use std::fmt;
use std::str::FromStr;

use axum::extract::State;
use axum::response::Response;
use domain::ids::{CustomerId, IdError, OrderId, ProposalId};
use domain::permissions::Act;
use domain::text::{Line, Prose};
use projections::orders as held;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::asked::{Asked, Asking, Body};
use crate::auth::Caller;
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;
use crate::signing::{self, Sign};
use crate::{orders, proposals, qualification};

/// What waits: papers of a customer, a held order, or a change of rules.
#[derive(Clone, Copy, Debug)]
pub enum Matter {
    Customer(CustomerId),
    Order(OrderId),
    Proposal(ProposalId),
}

impl FromStr for Matter {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        if text.starts_with(OrderId::PREFIX) {
            return text.parse().map(Self::Order);
        }
        if text.starts_with(ProposalId::PREFIX) {
            return text.parse().map(Self::Proposal);
        }
        text.parse().map(Self::Customer)
    }
}

impl<'de> Deserialize<'de> for Matter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Customer(id) => id.fmt(f),
            Self::Order(id) => id.fmt(f),
            Self::Proposal(id) => id.fmt(f),
        }
    }
}

impl Matter {
    /// What whoever decides must be allowed to do.
    fn act(self) -> Act {
        match self {
            Self::Customer(_) => Act::ReviewQualification,
            Self::Order(_) => Act::ReleaseOrder,
            Self::Proposal(_) => Act::VoteOnPolicy,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Agree {
    #[schema(value_type = Option<String>)]
    comment: Option<Prose<1000>>,
    /// For the release of an order, which is never without one.
    #[schema(value_type = Option<String>)]
    reason: Option<Prose<500>>,
    /// The name that the reviewer of papers signs with.
    #[schema(value_type = Option<String>)]
    signature: Option<Line<100>>,
    /// Signs one's vote on a change of rules.
    sign: Option<Sign>,
}

impl Body for Agree {
    const ACT: Act = Act::ReadWorklist;
    const NAMES: &[&str] = &["signature"];
    const SECRETS: &[&str] = signing::SECRETS;
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refuse {
    #[schema(value_type = String)]
    reason: Prose<500>,
    #[schema(value_type = Option<String>)]
    comment: Option<Prose<1000>>,
    /// The name that the reviewer of papers signs with.
    #[schema(value_type = Option<String>)]
    signature: Option<Line<100>>,
}

impl Body for Refuse {
    const ACT: Act = Act::ReadWorklist;
    const NAMES: &[&str] = &["signature"];
}

/// Agree to what waits
///
/// The id of a customer stands for the review of its papers, that of an order for its release, that of a proposal for one's vote. Answers
/// as the path does that the worklist names.
#[utoipa::path(post, path = "/v1/approvals/{id}/approve", tag = "approvals",
    params(("id" = String, Path)), request_body = Agree, responses((status = 200, body = Object)))]
pub async fn approve(
    caller: Caller,
    State(door): State<Door>,
    Path(matter): Path<Matter>,
    Asked { by, body }: Asked<Agree>,
) -> Result<Response, Problem> {
    caller.may(matter.act())?;
    let Agree { comment, reason, signature, sign } = body;
    match matter {
        Matter::Customer(id) => {
            absent("reason", reason.as_ref())?;
            absent("sign", sign.as_ref())?;
            let body = qualification::Approve { comment, signature };
            qualification::approve(State(door), Path(id), Asked { by, body }).await
        }
        Matter::Order(id) => {
            absent("comment", comment.as_ref())?;
            absent("signature", signature.as_ref())?;
            absent("sign", sign.as_ref())?;
            let reason = reason.ok_or_else(|| {
                Problem::field("/reason", "missing_field", "say why the order is released")
            })?;
            release(door, by, id, reason).await
        }
        Matter::Proposal(id) => {
            absent("reason", reason.as_ref())?;
            absent("signature", signature.as_ref())?;
            let body = proposals::Vote { comment, sign };
            proposals::approve(caller, State(door), Path(id), Asked { by, body }).await
        }
    }
}

async fn release(
    door: Door,
    by: Asking,
    order: OrderId,
    reason: Prose<500>,
) -> Result<Response, Problem> {
    door.settled(None).await?;
    let known = held::one(door.journal().engine(), &order).await?;
    let known = known.ok_or_else(|| Problem::not_found("order", order))?;
    let customer: CustomerId = known.customer.parse().map_err(Problem::internal)?;
    let body = orders::Release { reason, tolerance_percent: 0, expires_on: None };
    orders::release(State(door), Path((customer, order)), Asked { by, body }).await
}

/// Reject what waits, for good
///
/// An order is not rejected: it waits for its causes to go, or is cancelled.
#[utoipa::path(post, path = "/v1/approvals/{id}/reject", tag = "approvals",
    params(("id" = String, Path)), request_body = Refuse, responses((status = 200, body = Object)))]
pub async fn reject(
    caller: Caller,
    State(door): State<Door>,
    Path(matter): Path<Matter>,
    asked: Asked<Refuse>,
) -> Result<Response, Problem> {
    refuse(&caller, door, matter, asked, Refusal::ForGood).await
}

/// Return what waits, to be mended
#[utoipa::path(post, path = "/v1/approvals/{id}/return", tag = "approvals",
    params(("id" = String, Path)), request_body = Refuse, responses((status = 200, body = Object)))]
pub async fn give_back(
    caller: Caller,
    State(door): State<Door>,
    Path(matter): Path<Matter>,
    asked: Asked<Refuse>,
) -> Result<Response, Problem> {
    refuse(&caller, door, matter, asked, Refusal::ToBeMended).await
}

enum Refusal {
    ForGood,
    ToBeMended,
}

async fn refuse(
    caller: &Caller,
    door: Door,
    matter: Matter,
    Asked { by, body: Refuse { reason, comment, signature } }: Asked<Refuse>,
    refusal: Refusal,
) -> Result<Response, Problem> {
    caller.may(matter.act())?;
    let door = State(door);
    match matter {
        Matter::Customer(id) => {
            let body = qualification::Decline { reason, comment, signature };
            let (id, asked) = (Path(id), Asked { by, body });
            match refusal {
                Refusal::ForGood => qualification::reject(door, id, asked).await,
                Refusal::ToBeMended => qualification::give_back(door, id, asked).await,
            }
        }
        Matter::Proposal(id) => {
            let body = decline(reason, comment.as_ref(), signature.as_ref())?;
            let (id, asked) = (Path(id), Asked { by, body });
            match refusal {
                Refusal::ForGood => proposals::reject(door, id, asked).await,
                Refusal::ToBeMended => proposals::give_back(door, id, asked).await,
            }
        }
        Matter::Order(_) => Err(not_declined()),
    }
}

fn decline(
    reason: Prose<500>,
    comment: Option<&Prose<1000>>,
    signature: Option<&Line<100>>,
) -> Result<proposals::Decline, Problem> {
    absent("comment", comment)?;
    absent("signature", signature)?;
    Ok(proposals::Decline { reason })
}

/// What is said must be recorded: a field that this matter has no place for is refused.
fn absent<T>(field: &str, given: Option<&T>) -> Result<(), Problem> {
    if given.is_none() {
        Ok(())
    } else {
        let message = "this decision has no place for it: leave it out";
        Err(Problem::field(format!("/{field}"), "unexpected_field", message))
    }
}

fn not_declined() -> Problem {
    Problem::conflict(
        "release.not_declined",
        "A held order waits for its causes to go or for a release; to end it, cancel it.",
    )
    .with("detail_zh", "暂缓的订单等待原因解除或特批放行；如需终止，请取消订单。")
}
