//! Keeping cases true: a change of what is voted on makes the votes void, in the transaction that brings it about.

use super::{
    Case, Matter, Outcome, Why,
    matter::{anew, closed, content, put, routed},
    reviewing,
};
use crate::{
    context::Context,
    customer::{Customer, Event, Rejection, releasing},
    decider::Decider,
    ids::{CaseId, StaffId},
    policy::InForce,
};

/// The command's events, and after them those by which open cases follow.
pub(in crate::customer) fn keep(
    customer: &Customer,
    context: &Context,
    mut events: Vec<Event>,
) -> Vec<Event> {
    if customer.cases.is_empty() || events.is_empty() {
        return events;
    }
    let mut next = customer.clone();
    for event in &events {
        next.evolve(event);
    }
    let open: Vec<CaseId> =
        next.cases.all().filter(|case| case.is_open()).map(|case| case.id).collect();
    for id in open {
        let Some(case) = next.cases.all().find(|case| case.id == id) else { continue };
        for event in followed(customer, &next, context, case) {
            next.evolve(&event);
            events.push(event);
        }
    }
    events
}

/// What makes an open case another one: its subject is gone, or not what it was.
fn followed(before: &Customer, customer: &Customer, context: &Context, case: &Case) -> Vec<Event> {
    if is_gone(customer, &case.matter) {
        return vec![overtaken(case)];
    }
    // What somebody changed before, and nobody else could be asked about, is not theirs who comes after: see `changed`.
    let known = before.cases.all().find(|known| known.id == case.id && known.is_open());
    if known.is_some_and(|known| !is_as_asked(before, known)) && !is_of_now(before, case) {
        return Vec::new();
    }
    let hand = if !is_as_asked(customer, case) {
        Some(&context.turn.actor)
    } else if is_routed_alike(customer, context, case).unwrap_or(true) {
        return Vec::new();
    } else {
        None
    };
    if context.facts.policy.as_ref().is_some_and(|it| is_asked_for_no_longer(it, &case.matter)) {
        return vec![overtaken(case)];
    }
    // Where nobody can be asked about what it has become, nobody's vote on what it was counts either: see `changed`.
    asked_anew(customer, context, case, case.matter.clone(), Why::ContentChanged, hand)
        .unwrap_or_default()
}

/// Whether this command has asked about it anew.
fn is_of_now(before: &Customer, case: &Case) -> bool {
    before.cases.all().all(|known| known.id != case.id || known.round.number < case.round.number)
}

/// Whether what is asked about is what it was when the round began.
fn is_as_asked(customer: &Customer, case: &Case) -> bool {
    let same = content(customer, &case.matter, &case.pack, &case.round.route);
    same.is_ok_and(|same| same == case.round.content)
}

/// Whether the rules by which it was routed would still route it so.
fn is_routed_alike(customer: &Customer, context: &Context, case: &Case) -> Result<bool, Rejection> {
    match &context.facts.policy {
        Some(policy) if *policy.hash == *case.pack => {
            let (route, _) = routed(customer, context, policy, &case.matter)?;
            Ok(route == case.round.route)
        }
        _ => Ok(true),
    }
}

/// The same before a vote, with what only the moment of the vote shows: other rules, figures that grew.
pub(super) fn changed(
    customer: &Customer,
    context: &Context,
    case: &Case,
) -> Result<Vec<Event>, Rejection> {
    if !case.is_open() {
        return Ok(Vec::new());
    }
    if is_gone(customer, &case.matter) {
        return Ok(vec![overtaken(case)]);
    }
    // Who changed it is not known any more, and might be the one who votes now.
    if !is_as_asked(customer, case) {
        return Err(Rejection::AskAnew);
    }
    let policy = context.facts.policy.as_ref().ok_or(Rejection::NoRules)?;
    if *policy.hash != *case.pack {
        if is_asked_for_no_longer(policy, &case.matter) {
            return Ok(vec![overtaken(case)]);
        }
        return asked_anew(customer, context, case, case.matter.clone(), Why::RulesChanged, None);
    }
    if let Matter::Release { order, release } = &case.matter
        && let Some(now) = releasing::grown(customer, context, *order, release)?
    {
        let matter = Matter::Release { order: *order, release: Box::new(now) };
        return asked_anew(customer, context, case, matter, Why::ContentChanged, None);
    }
    if is_routed_alike(customer, context, case)? {
        return Ok(Vec::new());
    }
    asked_anew(customer, context, case, case.matter.clone(), Why::ContentChanged, None)
}

fn asked_anew(
    customer: &Customer,
    context: &Context,
    case: &Case,
    matter: Matter,
    why: Why,
    hand: Option<&StaffId>,
) -> Result<Vec<Event>, Rejection> {
    let put = put(customer, context, &matter, Some(case), hand)?;
    if put.opened.route.stages.is_empty() {
        // What needed agreement does not slip through because it has become less: somebody asks again.
        return Ok(vec![overtaken(case)]);
    }
    let mut asked = anew(case, matter, put, why, None);
    asked.changed_by = hand.cloned();
    Ok(vec![Event::CaseRoundOpened(Box::new(asked))])
}

fn overtaken(case: &Case) -> Event {
    let (round, content) = (case.round.number, case.round.content.clone());
    closed(case.id, round, content, Outcome::Overtaken, None)
}

/// Whether the rules no longer ask for a re-review; what had changed still counts where anything is judged.
fn is_asked_for_no_longer(policy: &InForce, matter: &Matter) -> bool {
    match matter {
        Matter::ReReview { evidence, .. } => reviewing::route(&policy.pack, evidence).is_err(),
        Matter::Qualification { .. } | Matter::Credit { .. } | Matter::Release { .. } => false,
    }
}

/// Whether there is nothing left to decide.
fn is_gone(customer: &Customer, matter: &Matter) -> bool {
    match matter {
        Matter::Qualification { .. } => !customer.qualification.is_in_review(),
        Matter::Credit { .. } => false,
        Matter::ReReview { evidence, .. } => reviewing::is_gone(customer, evidence),
        Matter::Release { order, .. } => !customer.orders.get(order).is_some_and(|order| {
            order.is_held() || order.shipments.values().any(|it| it.shipped_on.is_none())
        }),
    }
}
