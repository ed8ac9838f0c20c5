//! How a pack comes to apply, and how it is taken back.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    Command, Context, Event, How, InForce, Pack, PackApplied, PackLoaded, PilotEnded, Policy,
    Rejection, ReviewClosed, ReviewVoted, Scope,
    changes::{self, Part},
    proof,
};
use crate::{
    approval::{self, Closes},
    ids::ProposalId,
    proposal::Standing,
    text::Prose,
};

/// The first pack of a store; every later one is proposed.
pub(super) fn load(policy: &Policy, pack: &Pack) -> Result<Vec<Event>, Rejection> {
    let hash = pack.hash().map_err(|error| Rejection::NotCanonical(error.to_string()))?;
    match &policy.in_force {
        Some(current) if *current.hash == *hash => return Err(Rejection::AlreadyInForce),
        Some(_) => return Err(Rejection::NotTheFirst),
        None => {}
    }
    let found = proof::objections(pack);
    if !found.is_empty() {
        return Err(Rejection::NotSound(found));
    }
    Ok(vec![Event::PackLoaded(PackLoaded { version: 1, hash, pack: Arc::new(pack.clone()) })])
}

pub(super) fn activate(
    policy: &Policy,
    context: &Context,
    id: ProposalId,
    scope: Option<&Scope>,
) -> Result<Vec<Event>, Rejection> {
    let base = policy.in_force()?;
    let proposal = context.proposal.as_deref().filter(|it| it.standing != Standing::Unknown);
    let proposal = proposal.ok_or(Rejection::NoSuchProposal)?;
    nothing_to_review(policy)?;
    let (Standing::Approved, Some(content), Some(simulation)) =
        (proposal.standing, &proposal.content, &proposal.simulation)
    else {
        return Err(Rejection::NotApproved);
    };
    if content.hash == *base.hash {
        return Err(Rejection::AlreadyInForce);
    }
    if content.base != *base.hash {
        return Err(Rejection::BaseSuperseded);
    }
    if policy.pilot.is_some() {
        return Err(Rejection::PilotRuns);
    }
    if policy.activated.contains(&id) {
        return Err(Rejection::AlreadyActivated);
    }
    let days = base.pack.changes().simulation_days_max;
    if simulation.is_older_than(days, context.turn.today) {
        return Err(Rejection::SimulationTooOld { days });
    }
    if scope.is_some_and(Scope::is_empty) {
        return Err(Rejection::ScopeEmpty);
    }
    // Proved once when it was submitted; what proves it may have learnt since.
    let found = proof::objections(&content.pack);
    if !found.is_empty() {
        return Err(Rejection::NotSound(found));
    }
    let mut events = Vec::new();
    let version = if let Some(known) = policy.known.get(content.hash.as_str()) {
        known.version
    } else {
        let version = u32::try_from(policy.known.len()).unwrap_or(u32::MAX).saturating_add(1);
        let (hash, pack) = (content.hash.clone(), Arc::clone(&content.pack));
        events.push(Event::PackAdmitted(PackLoaded { version, hash, pack }));
        version
    };
    events.push(Event::PackApplied(PackApplied {
        version,
        hash: content.hash.clone(),
        name: content.pack.name.clone(),
        scope: scope.cloned(),
        base: base.hash.to_string(),
        how: How::Activation,
        proposal: Some(id),
        reason: None,
    }));
    Ok(events)
}

pub(super) fn widen(policy: &Policy, scope: Option<&Scope>) -> Result<Vec<Event>, Rejection> {
    let base = policy.in_force()?;
    nothing_to_review(policy)?;
    let pilot = policy.pilot.as_ref().ok_or(Rejection::NoPilot)?;
    if let Some(scope) = scope {
        if scope.is_empty() {
            return Err(Rejection::ScopeEmpty);
        }
        if *scope == pilot.scope || !scope.includes(&pilot.scope) {
            return Err(Rejection::NotWider);
        }
    }
    Ok(vec![Event::PackApplied(PackApplied {
        version: pilot.pack.version,
        hash: pilot.pack.hash.to_string(),
        name: pilot.pack.pack.name.clone(),
        scope: scope.cloned(),
        base: base.hash.to_string(),
        how: How::Widening,
        proposal: pilot.proposal,
        reason: None,
    })])
}

/// The brake: one key, for what concerns money only, and a review behind it.
pub(super) fn roll_back(
    policy: &Policy,
    context: &Context,
    reason: &Prose<500>,
) -> Result<Vec<Event>, Rejection> {
    let current = policy.in_force()?;
    nothing_to_review(policy)?;
    let (from, to) = if let Some(pilot) = &policy.pilot {
        (&pilot.pack, current)
    } else {
        let before = policy.before.as_ref().and_then(|hash| policy.known.get(hash));
        (current, before.ok_or(Rejection::NothingBefore)?)
    };
    let parts = changes::parts(&from.pack, &to.pack);
    if parts.contains(&Part::Legal) {
        return Err(Rejection::TouchesLaw);
    }
    let back = match &policy.pilot {
        Some(_) => Event::PilotEnded(PilotEnded {
            hash: from.hash.to_string(),
            base: to.hash.to_string(),
            reason: reason.clone(),
        }),
        None => Event::PackApplied(PackApplied {
            version: to.version,
            hash: to.hash.to_string(),
            name: to.pack.name.clone(),
            scope: None,
            base: from.hash.to_string(),
            how: How::Brake,
            proposal: None,
            reason: Some(reason.clone()),
        }),
    };
    let review = review_of(policy, context, (from, to), &parts, reason)?;
    Ok(vec![back, review])
}

fn review_of(
    policy: &Policy,
    context: &Context,
    (from, to): (&InForce, &InForce),
    parts: &BTreeSet<Part>,
    reason: &Prose<500>,
) -> Result<Event, Rejection> {
    let content = approval::content_hash(&serde_json::json!({
        "from": &*from.hash, "to": &*to.hash, "reason": reason.as_str(),
    }));
    let content = content.map_err(|error| Rejection::NotCanonical(error.to_string()))?;
    // Two packs that differ in nothing that anybody owns differ in nothing.
    let route = to.pack.changes().route(parts);
    let excluded = BTreeSet::from([context.turn.actor.clone()]);
    let number = policy.reviews.saturating_add(1);
    let opened = route.open(number, content, excluded, &context.assembly.people)?;
    Ok(Event::ReviewOpened(opened))
}

pub(super) fn review(
    policy: &Policy,
    context: &Context,
    comment: Option<&Prose<1000>>,
) -> Result<Vec<Event>, Rejection> {
    let round = policy.review.as_ref().ok_or(Rejection::NothingToReview)?;
    let assembly = &context.assembly;
    let (vote, closes) = round.vote(&context.turn.actor, &assembly.actor, &assembly.people)?;
    let voted = Event::ReviewVoted(ReviewVoted { vote, comment: comment.cloned() });
    // The route of a review has one stage.
    let closed = (closes == Closes::Round)
        .then_some(Event::ReviewClosed(ReviewClosed { round: round.number }));
    Ok(std::iter::once(voted).chain(closed).collect())
}

fn nothing_to_review(policy: &Policy) -> Result<(), Rejection> {
    if policy.review.is_some() { Err(Rejection::ReviewDue) } else { Ok(()) }
}

impl Command {
    /// The proposal that it is about.
    pub fn proposal(&self) -> Option<ProposalId> {
        match self {
            Self::Activate { proposal, .. } => Some(*proposal),
            Self::Load(_) | Self::Widen { .. } | Self::RollBack { .. } | Self::Review { .. } => {
                None
            }
        }
    }
}
