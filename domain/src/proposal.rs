//! Proposals: a policy pack on its way to be in force.
//!
//! A proposal stands on the pack that was in force when it was written. It is drafted and revised, tried on what was decided, submitted, and
//! agreed to by the departments that own what it changes, by nobody who wrote any of it.
//! A pack against which something stands cannot leave draft, nor one that is no later version than the pack in force, or is to apply from
//! a day that has passed. Votes bind the pack, its plan, its base, the simulation and the route:
//! whatever changes one of them makes it a draft again, and the votes are void.
//! What was approved comes into force by a command of the policy ([`crate::policy`]), which asks this stream.

mod drafting;
mod evidence;
mod plan;
mod rejection;
#[cfg(test)]
mod tests;
mod voting;

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::drafting::{content, said_of_itself};
pub use self::{
    evidence::Simulated,
    plan::{Plan, STEPS_MAX, Step},
    rejection::Rejection,
};
use crate::{
    approval::{self, Assembly, Round, RoundOpened, StageOpened, VoteCast},
    decider::Decider,
    events,
    ids::{ProposalId, StaffId},
    policy::{
        Pack, Policy,
        changes::{self, Part},
        proof,
    },
    signature::Signature,
    stock_aggregate,
    text::Prose,
    turn::Turn,
};

#[derive(Clone, Debug)]
pub enum Command {
    Draft {
        id: ProposalId,
        draft: Draft,
    },
    Revise(Draft),
    /// What a simulation of this pack came to.
    Simulate(Box<Simulated>),
    Submit,
    Approve {
        comment: Option<Prose<1000>>,
        signature: Option<Box<Signature>>,
    },
    Reject {
        reason: Prose<500>,
        signature: Option<Box<Signature>>,
    },
    /// Back to whoever wrote it.
    Return {
        reason: Prose<500>,
        signature: Option<Box<Signature>>,
    },
    Withdraw {
        reason: Prose<500>,
    },
}

#[derive(Clone, Debug)]
pub struct Draft {
    pub summary: Prose<1000>,
    pub pack: Proposed,
    pub plan: Plan,
}

impl Command {
    /// Whether somebody speaks for a department by it.
    pub fn is_vote(&self) -> bool {
        matches!(self, Self::Approve { .. } | Self::Reject { .. } | Self::Return { .. })
    }
}

/// Which pack is proposed.
#[derive(Clone, Debug)]
pub enum Proposed {
    New(Box<Pack>),
    /// One that is on record, by its hash.
    Former(String),
}

/// What a command for a proposal is decided with.
#[derive(Clone, Debug)]
pub struct Context {
    pub turn: Turn,
    pub assembly: Assembly,
    pub policy: Arc<Policy>,
}

events! {
    pub enum Event {
        Drafted(Drafted) = "proposal.drafted",
        Revised(Revised) = "proposal.revised",
        Simulated(Simulated) = "proposal.simulated",
        Submitted(Submitted) = "proposal.submitted",
        VoteCast(Voted) = "proposal.vote-cast",
        StageOpened(StageOpened) = "proposal.stage-opened",
        Approved(Approved) = "proposal.approved",
        Rejected(Declined) = "proposal.rejected",
        Returned(Declined) = "proposal.returned",
        Withdrawn(Withdrawn) = "proposal.withdrawn",
    }
}

/// A pack, and what it is to replace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Content {
    /// `sha256:` and the SHA-256 of the pack's RFC 8785 form.
    pub hash: String,
    /// The hash of the pack that was in force.
    pub base: String,
    #[schema(value_type = Object)]
    pub pack: Arc<Pack>,
    #[schema(value_type = String)]
    pub summary: Prose<1000>,
    /// To whom it is to apply, and from when; absent: to all customers at once.
    #[serde(default, skip_serializing_if = "Plan::is_empty")]
    pub plan: Plan,
}

impl Content {
    /// The first business date on which it may apply, as its plan and its pack say.
    pub fn first_day(&self) -> Option<NaiveDate> {
        self.plan.effective_from.max(self.pack.effective.map(|effective| effective.from))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Drafted {
    pub proposal: ProposalId,
    #[serde(flatten)]
    pub content: Content,
    pub by: StaffId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Revised {
    #[serde(flatten)]
    pub content: Content,
    /// How many votes this made void.
    pub voided: u32,
    pub by: StaffId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProposalSubmitted)]
pub struct Submitted {
    /// What the proposal changes, which says who must agree.
    #[schema(value_type = Vec<String>)]
    pub parts: BTreeSet<Part>,
    #[serde(flatten)]
    pub opened: RoundOpened,
    pub by: StaffId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Voted {
    #[serde(flatten)]
    pub vote: VoteCast,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub comment: Option<Prose<1000>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Box<Signature>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProposalApproved)]
pub struct Approved {
    pub round: u32,
    /// What all stages agreed to.
    pub content: String,
    pub hash: String,
}

/// Rejected for good, or returned to be mended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProposalDeclined)]
pub struct Declined {
    pub round: u32,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    pub by: StaffId,
    /// Under what the round asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Box<Signature>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Withdrawn {
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    pub by: StaffId,
}

impl crate::decider::Event for Event {
    fn signed(&self) -> Option<(&Signature, &str)> {
        let signature = self.signature()?;
        let content = match self {
            Self::VoteCast(voted) => &voted.vote.content,
            // It names the round, which alone knows the content.
            _ => &signature.content,
        };
        Some((signature, content))
    }
}

impl Event {
    /// What somebody signed it with.
    pub fn signature(&self) -> Option<&Signature> {
        match self {
            Self::VoteCast(voted) => voted.signature.as_deref(),
            Self::Rejected(declined) | Self::Returned(declined) => declined.signature.as_deref(),
            _ => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ProposalStanding)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    #[default]
    Unknown,
    Draft,
    InApproval,
    Approved,
    Rejected,
    Withdrawn,
}

impl Standing {
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Draft => "draft",
            Self::InApproval => "in_approval",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
        }
    }
}

/// The state of one proposal. Its stream begins with `proposal.drafted`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    pub standing: Standing,
    pub id: Option<ProposalId>,
    pub content: Option<Content>,
    /// Whoever wrote any of it.
    pub editors: BTreeSet<StaffId>,
    /// Of this content.
    pub simulation: Option<Simulated>,
    pub rounds: u32,
    /// What it changes, as it was submitted: whose votes were asked for.
    pub parts: BTreeSet<Part>,
    /// The one under way or the last one, while its content stands.
    pub round: Option<Round>,
}

impl Decider for Proposal {
    const TYPE: &'static str = "proposal";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Context = Context;

    fn decide(&self, context: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
        let by = context.turn.actor.clone();
        match command {
            Command::Draft { id, draft } => self.draft(context, *id, draft),
            Command::Revise(draft) => {
                self.may_void(&by)?;
                let content = content(&context.policy, draft)?;
                Ok(vec![Event::Revised(Revised { content, voided: self.votes(), by })])
            }
            Command::Simulate(simulated) => self.simulate(context, simulated),
            Command::Submit => self.submit(context),
            Command::Approve { comment, signature } => {
                self.approve(context, comment.as_ref(), signature.as_deref())
            }
            Command::Reject { reason, signature } => {
                Ok(vec![Event::Rejected(self.decline(context, reason, signature.as_deref())?)])
            }
            Command::Return { reason, signature } => {
                Ok(vec![Event::Returned(self.decline(context, reason, signature.as_deref())?)])
            }
            Command::Withdraw { reason } => {
                self.may_change()?;
                if !self.editors.contains(&by) {
                    return Err(Rejection::NotYours);
                }
                Ok(vec![Event::Withdrawn(Withdrawn { reason: reason.clone(), by })])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Drafted(drafted) => {
                self.id = Some(drafted.proposal);
                self.write(&drafted.content, &drafted.by);
            }
            Event::Revised(revised) => self.write(&revised.content, &revised.by),
            Event::Simulated(simulated) => {
                self.simulation = Some(simulated.clone());
                self.standing = Standing::Draft;
                self.round = None;
            }
            Event::Submitted(submitted) => {
                self.standing = Standing::InApproval;
                self.rounds = submitted.opened.round;
                self.parts.clone_from(&submitted.parts);
                self.round = Some(Round::begin(&submitted.opened));
            }
            Event::VoteCast(voted) => {
                if let Some(round) = &mut self.round {
                    round.take(&voted.vote);
                }
            }
            Event::StageOpened(opened) => {
                if let Some(round) = &mut self.round {
                    round.open_next(opened);
                }
            }
            Event::Approved(_) => self.standing = Standing::Approved,
            Event::Rejected(_) => self.standing = Standing::Rejected,
            Event::Returned(_) => {
                self.standing = Standing::Draft;
                self.round = None;
            }
            Event::Withdrawn(_) => self.standing = Standing::Withdrawn,
        }
    }
}

impl Proposal {
    fn write(&mut self, content: &Content, by: &StaffId) {
        self.standing = Standing::Draft;
        self.content = Some(content.clone());
        self.editors.insert(by.clone());
        self.simulation = None;
        self.round = None;
    }

    fn draft(
        &self,
        context: &Context,
        id: ProposalId,
        draft: &Draft,
    ) -> Result<Vec<Event>, Rejection> {
        if self.standing != Standing::Unknown {
            return Err(Rejection::AlreadyDrafted);
        }
        let content = content(&context.policy, draft)?;
        let by = context.turn.actor.clone();
        Ok(vec![Event::Drafted(Drafted { proposal: id, content, by })])
    }

    fn simulate(&self, context: &Context, simulated: &Simulated) -> Result<Vec<Event>, Rejection> {
        let content = self.may_void(&context.turn.actor)?;
        if (&simulated.hash, &simulated.base) != (&content.hash, &content.base) {
            return Err(Rejection::SimulationOfAnother);
        }
        Ok(vec![Event::Simulated(Simulated {
            simulated_on: context.turn.today,
            voided: self.votes(),
            by: context.turn.actor.clone(),
            ..simulated.clone()
        })])
    }

    fn submit(&self, context: &Context) -> Result<Vec<Event>, Rejection> {
        let content = self.may_change()?;
        if self.standing != Standing::Draft {
            return Err(Rejection::AlreadySubmitted);
        }
        let in_force = context.policy.in_force.as_ref().ok_or(Rejection::NothingInForce)?;
        if *in_force.hash != *content.base {
            return Err(Rejection::BaseSuperseded);
        }
        let found = proof::objections(&content.pack);
        if !found.is_empty() {
            return Err(Rejection::NotSound(found));
        }
        said_of_itself(&context.policy, content, context.turn.today)?;
        let changes = in_force.pack.changes();
        let simulation = self.simulation.as_ref().ok_or(Rejection::NotSimulated)?;
        if simulation.is_older_than(changes.simulation_days_max, context.turn.today) {
            return Err(Rejection::NotSimulated);
        }
        let mut parts = changes::parts(&in_force.pack, &content.pack);
        if simulation.unlawful > 0 {
            parts.insert(Part::Legal);
        }
        let route = changes.route(&parts);
        let bound = approval::content_hash(&serde_json::json!({
            "proposal": self.id, "hash": content.hash, "base": content.base,
            "simulation": simulation, "route": route, "plan": content.plan,
        }));
        let bound = bound.map_err(|error| Rejection::NotCanonical(error.to_string()))?;
        let by = context.turn.actor.clone();
        let mut excluded = self.editors.clone();
        excluded.insert(by.clone());
        let opened =
            route.open(self.rounds.saturating_add(1), bound, excluded, &context.assembly.people)?;
        Ok(vec![Event::Submitted(Submitted { parts, opened, by })])
    }

    fn in_approval(&self, context: &Context) -> Result<(&Content, &Round), Rejection> {
        let content = self.may_change()?;
        let round = self.round.as_ref().filter(|_| self.standing == Standing::InApproval);
        let round = round.ok_or(Rejection::NotInApproval)?;
        let in_force = context.policy.in_force.as_ref().ok_or(Rejection::NothingInForce)?;
        if *in_force.hash != *content.base {
            return Err(Rejection::BaseSuperseded);
        }
        Ok((content, round))
    }

    /// Its content, while it has not ended.
    fn may_change(&self) -> Result<&Content, Rejection> {
        match self.standing {
            Standing::Unknown => Err(Rejection::NoSuchProposal),
            Standing::Rejected | Standing::Withdrawn => Err(Rejection::Ended),
            Standing::Draft | Standing::InApproval | Standing::Approved => {
                self.content.as_ref().ok_or(Rejection::NoSuchProposal)
            }
        }
    }

    /// The same, for what makes votes void: once they were asked for, that is for those who wrote it.
    fn may_void(&self, by: &StaffId) -> Result<&Content, Rejection> {
        let content = self.may_change()?;
        if self.standing != Standing::Draft && !self.editors.contains(by) {
            return Err(Rejection::NotYours);
        }
        Ok(content)
    }

    fn votes(&self) -> u32 {
        let votes = self.round.as_ref().map_or(0, |round| round.votes.len());
        u32::try_from(votes).unwrap_or(u32::MAX)
    }
}

stock_aggregate!(Proposal);
