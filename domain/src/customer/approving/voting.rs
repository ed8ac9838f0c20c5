//! Voting on a case: each vote for what stands there now, and the last one with what it brings about.

use super::{
    Case, CaseClosed, CaseVoted, Matter, Outcome, Returned, clock,
    matter::{closed, effect},
    reviewing,
};
use crate::{
    approval::Closes,
    context::Context,
    customer::{
        Customer, Event, Rejection,
        qualification::{self, Remarks},
    },
    signature::Signature,
    staff::Role,
    text::Prose,
};

pub(super) fn approve(
    customer: &Customer,
    context: &Context,
    case: &Case,
    remarks: &Remarks,
    content: Option<&str>,
) -> Result<Vec<Event>, Rejection> {
    open(case)?;
    if content.is_some_and(|seen| seen != case.round.content) {
        return Err(Rejection::SawAnother { content: case.round.content.clone() });
    }
    own_signature(context, case, remarks)?;
    let people = context.assemblies.of(case.matter.subject());
    let by = &context.turn.actor;
    let voted = case.round.vote(by, &context.assemblies.actor, people);
    let (vote, closes) = voted.map_err(|rejection| own_work(case, rejection))?;
    let voted = CaseVoted { case: case.id, vote, remarks: remarks.clone() };
    let mut events = vec![Event::CaseVoted(Box::new(voted))];
    match closes {
        Closes::Nothing => {}
        Closes::Stage(opened) => {
            events.push(clock::stage_opened(context, case, opened, None, None));
        }
        Closes::Round => {
            events.extend(effect(customer, context, &case.matter, remarks.clone())?);
            let (round, content) = (case.round.number, case.round.content.clone());
            events.push(closed(case.id, round, content, case.matter.agreed(), Some(by)));
        }
    }
    Ok(events)
}

/// Whoever may approve may also reject, and Quality may reject papers whatever the stage: its veto stands alone.
pub(super) fn reject(
    customer: &Customer,
    context: &Context,
    case: &Case,
    reason: &Prose<500>,
    remarks: Remarks,
) -> Result<Vec<Event>, Rejection> {
    may_decline(context, case)?;
    own_signature(context, case, &remarks)?;
    let mut events = Vec::new();
    match &case.matter {
        Matter::Qualification { .. } => {
            let declined = qualification::declined(customer, context, reason, remarks.clone());
            events.push(Event::QualificationRejected(declined));
        }
        Matter::ReReview { of, .. } => events.extend(reviewing::rejected(customer, *of, reason)),
        Matter::Credit { .. } | Matter::Release { .. } => {}
    }
    events.push(ended(context, case, Outcome::Rejected, reason, remarks));
    Ok(events)
}

/// Back to whoever asked, who mends it and asks again.
pub(super) fn give_back(
    customer: &Customer,
    context: &Context,
    case: &Case,
    reason: &Prose<500>,
    remarks: Remarks,
) -> Result<Vec<Event>, Rejection> {
    may_decline(context, case)?;
    reviewing::may_be_called_back(case)?;
    own_signature(context, case, &remarks)?;
    let mut events = Vec::new();
    if matches!(case.matter, Matter::Qualification { .. }) {
        let declined = qualification::declined(customer, context, reason, remarks.clone());
        events.push(Event::QualificationReturned(declined));
    }
    events.push(ended(context, case, Outcome::Returned, reason, remarks));
    Ok(events)
}

/// Back to a stage that has closed: its votes and those after it are void.
pub(super) fn go_back(
    context: &Context,
    case: &Case,
    reason: &Prose<500>,
    remarks: Remarks,
    stage: u32,
) -> Result<Vec<Event>, Rejection> {
    asked(context, case)?;
    own_signature(context, case, &remarks)?;
    let opened = case.round.go_back(stage, context.assemblies.of(case.matter.subject()))?;
    let voided = case.round.votes.iter().filter(|vote| vote.stage >= stage).count();
    let returned = Returned {
        voided: u32::try_from(voided).unwrap_or(u32::MAX),
        content: case.round.content.clone(),
        reason: reason.clone(),
        by: context.turn.actor.clone(),
        remarks,
    };
    Ok(vec![clock::stage_opened(context, case, opened, Some(returned), None)])
}

/// Of which record a signature is, the door says, which alone knows the stream; here it must be of what is said, by whoever says it.
fn own_signature(context: &Context, case: &Case, remarks: &Remarks) -> Result<(), Rejection> {
    let own = |signed: &Signature| {
        signed.signer == context.turn.actor && signed.content == case.round.content
    };
    match remarks.signed.as_deref() {
        Some(signed) if !own(signed) => Err(Rejection::SignatureOfAnother),
        _ => Ok(()),
    }
}

fn may_decline(context: &Context, case: &Case) -> Result<(), Rejection> {
    open(case)?;
    let of_quality = matches!(case.matter, Matter::Qualification { .. })
        && context.assemblies.actor.contains(&Role::Quality);
    if !of_quality {
        return asked(context, case);
    }
    if case.round.excluded.contains(&context.turn.actor) {
        return Err(Rejection::OwnWork);
    }
    Ok(())
}

pub(super) fn open(case: &Case) -> Result<(), Rejection> {
    if case.is_open() { Ok(()) } else { Err(Rejection::CaseNotOpen) }
}

/// For somebody whose vote is wanted now.
pub(super) fn asked(context: &Context, case: &Case) -> Result<(), Rejection> {
    open(case)?;
    let people = context.assemblies.of(case.matter.subject());
    let asked = case.round.ballots(&context.turn.actor, &context.assemblies.actor, people);
    asked.map(|_| ()).map_err(|rejection| own_work(case, rejection))
}

fn own_work(case: &Case, rejection: crate::approval::Rejection) -> Rejection {
    match (&case.matter, rejection) {
        (Matter::Qualification { .. }, crate::approval::Rejection::HadAHand) => Rejection::OwnWork,
        (_, rejection) => rejection.into(),
    }
}

pub(super) fn ended(
    context: &Context,
    case: &Case,
    outcome: Outcome,
    reason: &Prose<500>,
    remarks: Remarks,
) -> Event {
    Event::CaseClosed(CaseClosed {
        case: case.id,
        round: case.round.number,
        content: case.round.content.clone(),
        outcome,
        reason: Some(reason.clone()),
        by: Some(context.turn.actor.clone()),
        remarks,
    })
}
