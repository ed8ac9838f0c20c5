//! Changes that come into force by themselves on a business date.
//!
//! What was agreed to is put on a day; on that day, or on the first one after it on which the system looks, it comes into force as a command
//! would have put it, or it is recorded why it did not. A day that was missed is not tried again by itself.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Context, Event, How, Policy, Rejection, Scope,
    activation::{agreed, apply},
};
use crate::{ids::ProposalId, text::Prose};

/// The most changes that may be scheduled at once.
pub const SCHEDULES_MAX: usize = 20;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ActivationScheduled {
    /// Counts what was ever scheduled, from 1.
    pub number: u32,
    pub proposal: ProposalId,
    pub hash: String,
    pub name: String,
    pub on: NaiveDate,
    /// Absent: for every customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleCancelled {
    pub proposal: ProposalId,
    pub on: NaiveDate,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
}

/// The day came, and nothing changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScheduleMissed {
    pub proposal: ProposalId,
    pub hash: String,
    pub on: NaiveDate,
    pub why: Missed,
}

/// Why something scheduled did not come into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// An emergency rollback waits for its review.
    ReviewDue,
    /// It is not approved any more as it was when it was scheduled.
    NotApproved,
    /// Another pack is in force than the one that it was agreed to on.
    BaseSuperseded,
    /// Another pack is in its pilot.
    PilotRuns,
    SimulationTooOld,
    /// What proves packs has found something against it.
    NotSound,
}

impl Missed {
    fn by(rejection: &Rejection) -> Option<Self> {
        Some(match rejection {
            Rejection::ReviewDue => Self::ReviewDue,
            Rejection::NoSuchProposal
            | Rejection::NotApproved
            | Rejection::TooEarly { .. }
            | Rejection::NotEffective => Self::NotApproved,
            Rejection::BaseSuperseded | Rejection::AlreadyInForce => Self::BaseSuperseded,
            Rejection::PilotRuns | Rejection::NotWider => Self::PilotRuns,
            Rejection::SimulationTooOld { .. } => Self::SimulationTooOld,
            Rejection::NotSound(_) => Self::NotSound,
            _ => return None,
        })
    }
}

/// What is to come into force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Scheduled {
    pub number: u32,
    pub hash: String,
    pub name: String,
    pub on: NaiveDate,
    pub scope: Option<Scope>,
}

impl Scheduled {
    pub(super) fn of(event: &ActivationScheduled) -> Self {
        Self {
            number: event.number,
            hash: event.hash.clone(),
            name: event.name.clone(),
            on: event.on,
            scope: event.scope.clone(),
        }
    }
}

pub(super) fn schedule(
    policy: &Policy,
    context: &Context,
    proposal: ProposalId,
    on: Option<NaiveDate>,
) -> Result<Vec<Event>, Rejection> {
    if let Some(scheduled) = policy.scheduled.get(&proposal) {
        return Err(Rejection::AlreadyScheduled { on: scheduled.on });
    }
    let known = context.proposal.as_deref().and_then(|it| it.content.as_ref());
    let known = known.ok_or(Rejection::NoSuchProposal)?;
    let on = on.or_else(|| known.first_day()).ok_or(Rejection::NoDay)?;
    // What is to apply today is activated: nobody looks a second time at a day that has begun.
    if on <= context.turn.today {
        return Err(Rejection::DayPast);
    }
    let content = agreed(policy, context, proposal, on)?.content;
    if policy.scheduled.len() >= SCHEDULES_MAX {
        return Err(Rejection::TooManySchedules);
    }
    Ok(vec![Event::ActivationScheduled(ActivationScheduled {
        number: policy.schedules.saturating_add(1),
        proposal,
        hash: content.hash.clone(),
        name: content.pack.name.clone(),
        on,
        scope: content.plan.scope.clone(),
    })])
}

pub(super) fn cancel(
    policy: &Policy,
    proposal: ProposalId,
    reason: &Prose<500>,
) -> Result<Vec<Event>, Rejection> {
    let scheduled = policy.scheduled.get(&proposal).ok_or(Rejection::NotScheduled)?;
    let (on, reason) = (scheduled.on, reason.clone());
    Ok(vec![Event::ScheduleCancelled(ScheduleCancelled { proposal, on, reason })])
}

/// Judged as of the day on which it comes into force, which is a later one where nobody looked on the day itself.
pub(super) fn run(
    policy: &Policy,
    context: &Context,
    proposal: ProposalId,
) -> Result<Vec<Event>, Rejection> {
    let scheduled = policy.scheduled.get(&proposal).ok_or(Rejection::NotScheduled)?;
    let (on, today) = (scheduled.on, context.turn.today);
    if today < on {
        return Err(Rejection::NotDue { on });
    }
    let applied = agreed(policy, context, proposal, today).and_then(|agreed| {
        if agreed.content.hash != scheduled.hash {
            return Err(Rejection::NotApproved);
        }
        apply(policy, &agreed, proposal, How::Schedule)
    });
    applied.or_else(|rejection| {
        let why = Missed::by(&rejection).ok_or(rejection)?;
        let hash = scheduled.hash.clone();
        Ok(vec![Event::ScheduleMissed(ScheduleMissed { proposal, hash, on, why })])
    })
}
