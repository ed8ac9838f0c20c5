//! How a pack comes to apply, and how it is taken back.

use std::{collections::BTreeSet, sync::Arc};

use chrono::NaiveDate;

use super::{
    Command, Context, Event, Evidence, How, InForce, Pack, PackApplied, PackLoaded, PilotEnded,
    PilotSimulated, Policy, Rejection, ReviewClosed, ReviewVoted, Scope,
    changes::{self, Part},
    proof,
};
use crate::{
    approval::{self, Closes},
    ids::ProposalId,
    proposal::{Content, Simulated, Standing},
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

/// What was agreed to, with the evidence for it.
pub(super) struct Agreed<'a> {
    pub(super) content: &'a Content,
    evidence: &'a Simulated,
    parts: &'a BTreeSet<Part>,
}

/// What may come into force on a day, as far as one can say.
pub(super) fn agreed<'a>(
    policy: &Policy,
    context: &'a Context,
    id: ProposalId,
    on: NaiveDate,
) -> Result<Agreed<'a>, Rejection> {
    let base = policy.in_force()?;
    let proposal = context.proposal.as_deref().filter(|it| it.standing != Standing::Unknown);
    let proposal = proposal.ok_or(Rejection::NoSuchProposal)?;
    nothing_to_review(policy)?;
    let (Standing::Approved, Some(content), Some(evidence)) =
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
    if policy.activated.contains(&id) {
        return Err(Rejection::AlreadyActivated);
    }
    if let Some(from) = content.first_day().filter(|from| on < *from) {
        return Err(Rejection::TooEarly { from });
    }
    if !content.pack.is_effective_on(on) {
        return Err(Rejection::NotEffective);
    }
    let days = base.pack.changes().simulation_days_max;
    if evidence.is_older_than(days, on) {
        return Err(Rejection::SimulationTooOld { days });
    }
    // Proved once when it was submitted; what proves it may have learnt since.
    let found = proof::objections(&content.pack);
    if !found.is_empty() {
        return Err(Rejection::NotSound(found));
    }
    Ok(Agreed { content, evidence, parts: &proposal.parts })
}

pub(super) fn activate(
    policy: &Policy,
    context: &Context,
    id: ProposalId,
    scope: Option<&Scope>,
) -> Result<Vec<Event>, Rejection> {
    let agreed = agreed(policy, context, id, context.turn.today)?;
    if scope.is_some() && scope != agreed.content.plan.scope.as_ref() {
        return Err(Rejection::NotAgreed);
    }
    apply(policy, &agreed, id, How::Activation)
}

/// Beside a running pilot only its own pack is put in force, for more customers.
pub(super) fn apply(
    policy: &Policy,
    agreed: &Agreed<'_>,
    id: ProposalId,
    how: How,
) -> Result<Vec<Event>, Rejection> {
    let base = policy.in_force()?;
    let (content, plan) = (agreed.content, &agreed.content.plan);
    if let Some(pilot) = &policy.pilot {
        if *pilot.pack.hash != *content.hash {
            return Err(Rejection::PilotRuns);
        }
        if plan.scope.as_ref().is_some_and(|scope| !scope.is_wider_than(&pilot.scope)) {
            return Err(Rejection::NotWider);
        }
    }
    let (version, admitted) = admit(policy, content);
    let applied = Event::PackApplied(PackApplied {
        version,
        hash: content.hash.clone(),
        name: content.pack.name.clone(),
        scope: plan.scope.clone(),
        base: base.hash.to_string(),
        how,
        proposal: Some(id),
        reason: None,
        then: plan.then.clone(),
        parts: agreed.parts.clone(),
        evidence: Some(Evidence::of(agreed.evidence)),
    });
    Ok(admitted.into_iter().chain([applied]).collect())
}

/// The version of a pack, and the event that puts it on record where it is not yet.
pub(super) fn admit(policy: &Policy, content: &Content) -> (u32, Option<Event>) {
    if let Some(known) = policy.known.get(content.hash.as_str()) {
        return (known.version, None);
    }
    let version = u32::try_from(policy.known.len()).unwrap_or(u32::MAX).saturating_add(1);
    let (hash, pack) = (content.hash.clone(), Arc::clone(&content.pack));
    (version, Some(Event::PackAdmitted(PackLoaded { version, hash, pack })))
}

pub(super) fn simulate_pilot(
    policy: &Policy,
    context: &Context,
    proposal: ProposalId,
    scope: &Scope,
    simulated: &Simulated,
) -> Result<Vec<Event>, Rejection> {
    let base = policy.in_force()?;
    let pilot = policy.pilot.as_ref().ok_or(Rejection::NoPilot)?;
    // A proposal comes into force once, and each of its steps is wider: these two name one step of one pilot.
    let is_it = pilot.proposal == Some(proposal) && pilot.scope == *scope;
    if !is_it || (&*simulated.hash, &*simulated.base) != (&*pilot.pack.hash, &*base.hash) {
        return Err(Rejection::PilotChanged);
    }
    if simulated.upto < pilot.paused_upto {
        return Err(Rejection::PilotChanged);
    }
    let simulated = Simulated {
        simulated_on: context.turn.today,
        voided: 0,
        by: context.turn.actor.clone(),
        ..simulated.clone()
    };
    let scope = scope.clone();
    Ok(vec![Event::PilotSimulated(Box::new(PilotSimulated { proposal, scope, simulated }))])
}

pub(super) fn widen(
    policy: &Policy,
    context: &Context,
    scope: Option<&Scope>,
) -> Result<Vec<Event>, Rejection> {
    let base = policy.in_force()?;
    nothing_to_review(policy)?;
    let pilot = policy.pilot.as_ref().ok_or(Rejection::NoPilot)?;
    if pilot.pause.is_some() {
        return Err(Rejection::Paused);
    }
    let (step, then) = pilot.then.split_first().ok_or(Rejection::NoStepAgreed)?;
    if scope.is_some() && scope != step.scope() {
        return Err(Rejection::NotAgreed);
    }
    let days = base.pack.changes().simulation_days_max;
    let evidence = pilot.simulation.as_ref();
    let evidence = evidence.filter(|it| !it.is_older_than(days, context.turn.today));
    let evidence = evidence.ok_or(Rejection::PilotNotSimulated { days })?;
    if evidence.unlawful > 0 && !pilot.parts.contains(&Part::Legal) {
        return Err(Rejection::Unlawful);
    }
    Ok(vec![Event::PackApplied(PackApplied {
        version: pilot.pack.version,
        hash: pilot.pack.hash.to_string(),
        name: pilot.pack.pack.name.clone(),
        scope: step.scope().cloned(),
        base: base.hash.to_string(),
        how: How::Widening,
        proposal: pilot.proposal,
        reason: None,
        then: then.to_vec(),
        parts: pilot.parts.clone(),
        evidence: Some(Evidence::of(evidence)),
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
            then: Vec::new(),
            parts: BTreeSet::new(),
            evidence: None,
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
    let round = policy.to_review().ok_or(Rejection::NothingToReview)?;
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

impl Policy {
    /// The proposal that a command is about.
    pub fn proposal_of(&self, command: &Command) -> Option<ProposalId> {
        match command {
            Command::Activate { proposal, .. }
            | Command::SimulatePilot { proposal, .. }
            | Command::Schedule { proposal, .. }
            | Command::CancelSchedule { proposal, .. }
            | Command::RunSchedule { proposal }
            | Command::StartShadow { proposal, .. }
            | Command::EndShadow { proposal, .. } => Some(*proposal),
            Command::PauseWidening(_) => self.pilot.as_ref()?.proposal,
            Command::Load(_)
            | Command::Widen { .. }
            | Command::RollBack { .. }
            | Command::Review { .. } => None,
        }
    }
}
