//! Deciding from the worklist: each thing that waits is decided as it is at its own path, by the same rule.

use std::fmt;
use std::str::FromStr;

use axum::extract::State;
use axum::response::Response;
use domain::customer::approving::{Act as Say, Which};
use domain::customer::qualification::Remarks;
use domain::ids::{CaseId, CustomerId, IdError, OrderId, ProposalId};
use domain::permissions::Act;
use domain::text::{Line, Prose};
use projections::orders as held;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::approvals::card;
use crate::approvals::voting::{self, Told};
use crate::asked::{Asked, Asking, Body};
use crate::auth::Caller;
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;
use crate::signing::{self, Sign};
use crate::{orders, proposals, qualification};

/// What waits: a case, papers of a customer, a held order, or a change of rules.
#[derive(Clone, Copy, Debug)]
pub enum Matter {
    Case(CaseId),
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
        if text.starts_with(CaseId::PREFIX) {
            return text.parse().map(Self::Case);
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
            Self::Case(id) => id.fmt(f),
            Self::Customer(id) => id.fmt(f),
            Self::Order(id) => id.fmt(f),
            Self::Proposal(id) => id.fmt(f),
        }
    }
}

impl Matter {
    /// What whoever decides must be allowed to do; of a case its subject says it.
    fn act(self) -> Act {
        match self {
            Self::Case(_) => Act::ReadWorklist,
            Self::Customer(_) => Act::ReviewQualification,
            Self::Order(_) => Act::VoteOnRelease,
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
    /// The name that whoever votes on a case signs with.
    #[schema(value_type = Option<String>)]
    signature: Option<Line<100>>,
    /// The hash of what whoever votes saw, as the case shows it: a vote on anything else is refused.
    content: Option<String>,
    /// Signs one's vote.
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
    /// The name that whoever votes on a case signs with.
    #[schema(value_type = Option<String>)]
    signature: Option<Line<100>>,
    /// Back to this stage of a case instead of back to whoever asked, counted from 1.
    stage: Option<u32>,
    /// Signs it.
    sign: Option<Sign>,
}

impl Body for Refuse {
    const ACT: Act = Act::ReadWorklist;
    const NAMES: &[&str] = &["signature"];
    const SECRETS: &[&str] = signing::SECRETS;
}

/// Agree to what waits
///
/// The id of a case or a proposal stands for one's vote, that of a customer for the review of its papers, that of an order for its release.
/// 409 `approval.content_changed` says that what was voted on had changed: no vote was counted.
#[utoipa::path(post, path = "/v1/approvals/{id}/approve", tag = "approvals",
    params(("id" = String, Path)), request_body = Agree, responses((status = 200, body = Object)))]
pub async fn approve(
    caller: Caller,
    State(door): State<Door>,
    Path(matter): Path<Matter>,
    Asked { by, body }: Asked<Agree>,
) -> Result<Response, Problem> {
    caller.may(matter.act())?;
    let Agree { comment, reason, signature, sign, content } = body;
    match matter {
        Matter::Case(case) => {
            absent("reason", reason.as_ref())?;
            let say = |remarks| Say::Approve { remarks, content };
            of_case(&caller, door, by, case, Beneath { comment, signature, sign }, say).await
        }
        Matter::Customer(id) => {
            absent("reason", reason.as_ref())?;
            let body = qualification::Approve { comment, signature, sign, content };
            qualification::approve(caller, State(door), Path(id), Asked { by, body }).await
        }
        Matter::Order(id) => {
            absent("comment", comment.as_ref())?;
            absent("signature", signature.as_ref())?;
            absent("content", content.as_ref())?;
            absent("sign", sign.as_ref())?;
            let reason = reason.ok_or_else(|| {
                Problem::field("/reason", "missing_field", "say why the order is released")
            })?;
            release(door, by, id, reason).await
        }
        Matter::Proposal(id) => {
            absent("reason", reason.as_ref())?;
            absent("signature", signature.as_ref())?;
            absent("content", content.as_ref())?;
            let body = proposals::Vote { comment, sign };
            proposals::approve(caller, State(door), Path(id), Asked { by, body }).await
        }
    }
}

/// What stands beneath a say.
struct Beneath {
    comment: Option<Prose<1000>>,
    signature: Option<Line<100>>,
    sign: Option<Sign>,
}

/// A say about a case, by whoever may be asked about its subject.
async fn of_case(
    caller: &Caller,
    door: Door,
    by: Asking,
    case: CaseId,
    Beneath { comment, signature, sign }: Beneath,
    say: impl FnOnce(Remarks) -> Say + Send + 'static,
) -> Result<Response, Problem> {
    let (row, customer) = card::known(&door, case).await?;
    // Asked first: whoever may not vote uses up no code.
    let act = row.matter.0.subject().act();
    caller.may(act)?;
    let beneath = (row.round.0.content.as_str(), &*row.customer);
    let signed = signing::sign(&door, caller, &by, sign, act, beneath).await?.map(Box::new);
    let say = |signature| say(Remarks { comment, signature, signed });
    let told = Told { id: case.to_string(), approved: "approved", open: "open" };
    voting::say(door, by, customer, Which::Case(case), signature, say, told).await
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
    refuse(caller, door, matter, asked, Refusal::ForGood).await
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
    refuse(caller, door, matter, asked, Refusal::ToBeMended).await
}

enum Refusal {
    ForGood,
    ToBeMended,
}

async fn refuse(
    caller: Caller,
    door: Door,
    matter: Matter,
    Asked { by, body: Refuse { reason, comment, signature, stage, sign } }: Asked<Refuse>,
    refusal: Refusal,
) -> Result<Response, Problem> {
    caller.may(matter.act())?;
    if let Matter::Case(case) = matter {
        let beneath = Beneath { comment, signature, sign };
        return match refusal {
            Refusal::ForGood => {
                qualification::no_stage(stage)?;
                let say = |remarks| Say::Reject { reason, remarks };
                of_case(&caller, door, by, case, beneath, say).await
            }
            Refusal::ToBeMended => {
                let say = move |remarks| Say::Return { reason, remarks, stage };
                of_case(&caller, door, by, case, beneath, say).await
            }
        };
    }
    let door = State(door);
    match matter {
        Matter::Case(_) => Err(Problem::internal("a case was answered before")),
        Matter::Customer(id) => {
            let body = qualification::Decline { reason, comment, signature, stage, sign };
            let (id, asked) = (Path(id), Asked { by, body });
            match refusal {
                Refusal::ForGood => qualification::reject(caller, door, id, asked).await,
                Refusal::ToBeMended => qualification::give_back(caller, door, id, asked).await,
            }
        }
        Matter::Proposal(id) => {
            absent("stage", stage.as_ref())?;
            absent("comment", comment.as_ref())?;
            absent("signature", signature.as_ref())?;
            let body = proposals::Decline { reason, sign };
            let (id, asked) = (Path(id), Asked { by, body });
            match refusal {
                Refusal::ForGood => proposals::reject(caller, door, id, asked).await,
                Refusal::ToBeMended => proposals::give_back(caller, door, id, asked).await,
            }
        }
        Matter::Order(_) => Err(not_declined()),
    }
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
