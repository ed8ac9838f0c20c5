//! `/v1/policies`: proposals to change the rules, from the first draft to the day on which they apply.

pub mod affected;
pub mod card;
pub mod schedule;
pub mod shadow;
pub mod trial;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::ids::ProposalId;
use domain::permissions::Act;
use domain::policy::{self, Pack, Scope, proof};
use domain::proposal::{
    Command, Draft, Event, Plan, Proposal, Proposed, Simulated, Standing, Step,
};
use domain::signature::Signature;
use domain::text::Prose;
use journal::{Committed, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answers::answer;
use crate::asked::{Asked, Asking, Body};
use crate::auth::Caller;
use crate::day;
use crate::door::Door;
use crate::extract::Path;
use crate::problem::{Fault, Problem};
use crate::refusals;
use crate::signing::{self, Sign};

/// A pack that is proposed, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Propose {
    #[schema(value_type = String, example = "Payment terms of 45 days, as agreed with the sales board")]
    summary: Prose<1000>,
    /// The whole pack, as `probity policy export` writes it.
    #[schema(value_type = Option<Object>)]
    pack: Option<Box<Pack>>,
    /// Instead: the hash of a pack that was in force before.
    #[schema(example = "sha256:…")]
    restore: Option<String>,
    /// To whom it is to apply, and from when; absent: to all customers at once.
    plan: Option<Planned>,
}

/// To whom a pack is to apply at first, to whom then, and from when. It is agreed to with the pack.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// The customers of a pilot; absent: all of them.
    scope: Option<Scope>,
    /// The steps behind the pilot, each wider than the one before: `{"within": {…}}`, at last `"all"`.
    #[serde(default)]
    then: Vec<Step>,
    /// The first business date on which it may apply.
    #[serde(default, deserialize_with = "day::optional")]
    effective_from: Option<NaiveDate>,
}

impl From<Planned> for Plan {
    fn from(Planned { scope, then, effective_from }: Planned) -> Self {
        Self { scope, then, effective_from }
    }
}

impl Body for Propose {
    const ACT: Act = Act::ProposePolicy;
}

impl Propose {
    fn draft(self) -> Result<Draft, Problem> {
        let pack = match (self.pack, self.restore) {
            (Some(pack), None) => Proposed::New(pack),
            (None, Some(hash)) => Proposed::Former(hash),
            (None, None) | (Some(_), Some(_)) => {
                let message = "give the pack, or in restore the hash of a former one";
                return Err(Problem::field("/pack", "missing_field", message));
            }
        };
        let plan = self.plan.map(Plan::from).unwrap_or_default();
        Ok(Draft { summary: self.summary, pack, plan })
    }
}

/// How a proposal stands after a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct Proposing {
    id: ProposalId,
    status: Standing,
    position: i64,
    version: i64,
    /// The pack's, where the command wrote one.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    /// What stands against it: with these it cannot be submitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    objections: Option<Vec<Fault>>,
    /// What a simulation came to.
    #[serde(skip_serializing_if = "Option::is_none")]
    simulation: Option<Simulated>,
    /// How many votes this made void.
    #[serde(skip_serializing_if = "Option::is_none")]
    voided: Option<u32>,
}

impl Proposing {
    fn of(id: ProposalId, committed: &Committed<Event>) -> Self {
        let mut told = Self {
            id,
            status: Standing::Draft,
            position: committed.position.0,
            version: committed.version.0,
            hash: None,
            objections: None,
            simulation: None,
            voided: None,
        };
        for event in &committed.events {
            told.take(event);
        }
        told
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Drafted(drafted) => self.wrote(&drafted.content.hash, &drafted.content.pack),
            Event::Revised(revised) => {
                self.wrote(&revised.content.hash, &revised.content.pack);
                self.voided = Some(revised.voided);
            }
            Event::Simulated(simulated) => {
                self.simulation = Some(simulated.clone());
                self.voided = Some(simulated.voided);
            }
            Event::Submitted(_) | Event::VoteCast(_) | Event::StageOpened(_) => {
                self.status = Standing::InApproval;
            }
            Event::Approved(_) => self.status = Standing::Approved,
            Event::Rejected(_) => self.status = Standing::Rejected,
            Event::Returned(_) => self.status = Standing::Draft,
            Event::Withdrawn(_) => self.status = Standing::Withdrawn,
        }
    }

    fn wrote(&mut self, hash: &str, pack: &Pack) {
        self.hash = Some(hash.to_owned());
        self.objections = Some(against(pack));
    }
}

fn against(pack: &Pack) -> Vec<Fault> {
    proof::objections(pack).iter().map(refusals::fault).collect()
}

/// Propose other rules
///
/// The proposal stands on the pack that is in force now. What stands against the new pack is answered with it.
#[utoipa::path(post, path = "/v1/policies", tag = "policies", request_body = Propose,
    responses((status = 201, body = Proposing)))]
pub async fn propose(
    State(door): State<Door>,
    Asked { by, body }: Asked<Propose>,
) -> Result<Response, Problem> {
    let id = ProposalId::from_uuid(by.new_id(&door));
    let command = Command::Draft { id, draft: body.draft()? };
    let committed = door.proposal(by, id, command).await?;
    Ok(answer(StatusCode::CREATED, &committed, &Proposing::of(id, &committed)))
}

/// Write a proposal anew
///
/// On the pack that is in force now. Its simulation and all votes on it are void.
#[utoipa::path(post, path = "/v1/policies/{id}/revise", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Propose,
    responses((status = 200, body = Proposing)))]
pub async fn revise(
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body }: Asked<Propose>,
) -> Result<Response, Problem> {
    tell(&door, by, id, Command::Revise(body.draft()?)).await
}

async fn tell(
    door: &Door,
    by: Asking,
    id: ProposalId,
    command: Command,
) -> Result<Response, Problem> {
    let committed = door.proposal(by, id, command).await?;
    Ok(answer(StatusCode::OK, &committed, &Proposing::of(id, &committed)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SubmitProposal)]
#[serde(deny_unknown_fields)]
pub struct Submit {}

impl Body for Submit {
    const ACT: Act = Act::ProposePolicy;
}

/// Submit a proposal to those who must agree
///
/// Which departments these are follows from what the proposal changes, as the pack in force says. A new pack has a greater version (`semver`)
/// than the one in force, where that one has any, and nothing is to apply from a day that has passed.
#[utoipa::path(post, path = "/v1/policies/{id}/submit", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Submit,
    responses((status = 200, body = Proposing)))]
pub async fn submit(
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: Submit {} }: Asked<Submit>,
) -> Result<Response, Problem> {
    tell(&door, by, id, Command::Submit).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    #[schema(value_type = Option<String>)]
    pub comment: Option<Prose<1000>>,
    /// Signs the vote.
    pub sign: Option<Sign>,
}

impl Body for Vote {
    const ACT: Act = Act::VoteOnPolicy;
    const SECRETS: &[&str] = signing::SECRETS;
}

/// Agree to a proposal
///
/// The vote counts for one department of whoever casts it, and for exactly what the proposal says now. With `sign` it is signed.
#[utoipa::path(post, path = "/v1/policies/{id}/approve", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Vote,
    responses((status = 200, body = Proposing)))]
pub async fn approve(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: Vote { comment, sign } }: Asked<Vote>,
) -> Result<Response, Problem> {
    let signature = signed(&door, &caller, &by, id, sign).await?;
    tell(&door, by, id, Command::Approve { comment, signature }).await
}

/// The signature under what the proposal asks now; where nothing is asked there is nothing to sign, and the rule says so.
async fn signed(
    door: &Door,
    caller: &Caller,
    by: &Asking,
    id: ProposalId,
    sign: Option<Sign>,
) -> Result<Option<Box<Signature>>, Problem> {
    let (_, proposal) = known(door, id).await?;
    let Some(round) = &proposal.round else { return Ok(None) };
    let signature =
        signing::sign(door, caller, by, sign, Act::VoteOnPolicy, (&round.content, &id.to_string()))
            .await?;
    Ok(signature.map(Box::new))
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = DeclineProposal)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    /// Signs it.
    pub sign: Option<Sign>,
}

impl Body for Decline {
    const ACT: Act = Act::VoteOnPolicy;
    const SECRETS: &[&str] = signing::SECRETS;
}

/// Reject a proposal for good
#[utoipa::path(post, path = "/v1/policies/{id}/reject", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Decline,
    responses((status = 200, body = Proposing)))]
pub async fn reject(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: Decline { reason, sign } }: Asked<Decline>,
) -> Result<Response, Problem> {
    let signature = signed(&door, &caller, &by, id, sign).await?;
    tell(&door, by, id, Command::Reject { reason, signature }).await
}

/// Return a proposal to be mended
#[utoipa::path(post, path = "/v1/policies/{id}/return", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Decline,
    responses((status = 200, body = Proposing)))]
pub async fn give_back(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: Decline { reason, sign } }: Asked<Decline>,
) -> Result<Response, Problem> {
    let signature = signed(&door, &caller, &by, id, sign).await?;
    tell(&door, by, id, Command::Return { reason, signature }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Withdraw {
    #[schema(value_type = String)]
    reason: Prose<500>,
}

impl Body for Withdraw {
    const ACT: Act = Act::ProposePolicy;
}

/// Withdraw a proposal, as one of those who wrote it
#[utoipa::path(post, path = "/v1/policies/{id}/withdraw", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Withdraw,
    responses((status = 200, body = Proposing)))]
pub async fn withdraw(
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: Withdraw { reason } }: Asked<Withdraw>,
) -> Result<Response, Problem> {
    tell(&door, by, id, Command::Withdraw { reason }).await
}

/// A command for what applies.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Activate {
    /// Whom the plan names first, for whoever wants to be sure; any other is refused.
    scope: Option<Scope>,
}

impl Body for Activate {
    const ACT: Act = Act::LoadPolicy;
}

/// Put an approved proposal in force
///
/// For those whom its plan names first, not before its day. Beside a running pilot, only the pilot's own pack for more customers.
#[utoipa::path(post, path = "/v1/policies/{id}/activate", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Activate,
    responses((status = 200, body = crate::in_force::Applied)))]
pub async fn activate(
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: Activate { scope } }: Asked<Activate>,
) -> Result<Response, Problem> {
    crate::in_force::tell(&door, by, policy::Command::Activate { proposal: id, scope }).await
}

async fn known(door: &Door, id: ProposalId) -> Result<(Version, Arc<Proposal>), Problem> {
    let known = door.journal().confirmed::<Proposal>(&id.to_string()).await?;
    if known.version == Version::NONE {
        return Err(Problem::not_found("proposal", id));
    }
    Ok((known.version, known.state))
}

fn missing_proposal(proposal: &Proposal) -> Problem {
    let id = proposal.id.map(|id| id.to_string()).unwrap_or_default();
    Problem::not_found("proposal", id)
}
