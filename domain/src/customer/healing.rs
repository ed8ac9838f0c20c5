//! Healing: a hold ends in the transaction that cures its last cause.
//!
//! After a command's own events, every order and shipment that waits is judged anew, the one that waits longest first,
//! each on the state that the ones before it leave behind.

use super::{Customer, Event, gate, releasing, shipping, trading::OrderHealed};
use crate::{context::Context, decider::Decider, ids::OrderId};

/// The most events by which one command heals; what is left heals with the next one, or with the daily review.
pub(super) const HEALED_MAX: usize = 40;

/// The command's events, and after them those of what they cure.
pub(super) fn heal(customer: &Customer, context: &Context, mut events: Vec<Event>) -> Vec<Event> {
    if !events.iter().any(may_cure) && !events.is_empty() {
        return events;
    }
    let mut after = None;
    let waiting = if events.is_empty() {
        customer.waiting.values().copied().collect::<Vec<_>>()
    } else if customer.waiting.is_empty() {
        return events;
    } else {
        let mut next = customer.clone();
        for event in &events {
            next.evolve(event);
        }
        let waiting = next.waiting.values().copied().collect();
        after = Some(next);
        waiting
    };
    if waiting.is_empty() {
        return events;
    }
    let mut after = after.unwrap_or_else(|| customer.clone());
    let mut nth = 1;
    let most = events.len() + HEALED_MAX;
    for id in waiting {
        if events.len() >= most {
            break;
        }
        if let Some(event) = heal_order(&after, context, id, &mut nth) {
            after.evolve(&event);
            events.push(event);
        }
        let room = most.saturating_sub(events.len());
        for event in shipping::clear(&after, context, &id, room, &mut nth) {
            after.evolve(&event);
            events.push(event);
        }
    }
    events
}

fn heal_order(customer: &Customer, context: &Context, id: OrderId, nth: &mut u32) -> Option<Event> {
    let order = customer.orders.get(&id).filter(|order| order.is_held())?;
    let question = releasing::question(customer, &context.facts, &id, order)?;
    let decision = gate::judge(customer, &context.hearing(), &question, *nth);
    if !decision.lets_through() {
        return None;
    }
    *nth += 1;
    Some(Event::OrderHealed(Box::new(OrderHealed { order: id, decision })))
}

/// Whether an event can take a cause away. New debt cannot.
fn may_cure(event: &Event) -> bool {
    match event {
        Event::CustomerClassified(_)
        | Event::CustomerReinstated(_)
        | Event::ParticularsAmended(_)
        | Event::QualificationApproved(_)
        // A paper that has lapsed may stop where none would only be advised.
        | Event::DocumentRevoked(_)
        | Event::LimitGranted(_)
        | Event::LimitUnfrozen(_)
        | Event::OrderReleased(_)
        | Event::OrderCancelled(_)
        | Event::InvoiceVoided(_)
        | Event::CashReceived(_)
        | Event::CashApplied(_)
        | Event::CreditNoteIssued(_)
        | Event::DocumentExpiryAnnounced(_)
        | Event::OverdueAnnounced(_)
        | Event::InvoiceIssued(_) => true,
        Event::CustomerRegistered(_)
        | Event::UsccRecorded(_)
        | Event::CodeAssigned(_)
        | Event::CustomerSuspended(_)
        | Event::CustomerDisabled(_)
        | Event::DocumentUploaded(_)
        | Event::QualificationSubmitted(_)
        | Event::QualificationRejected(_)
        | Event::QualificationReturned(_)
        | Event::LimitFrozen(_)
        | Event::CaseOpened(_)
        | Event::CaseRoundOpened(_)
        | Event::CaseVoted(_)
        | Event::CaseStageOpened(_)
        | Event::InformationAsked(_)
        | Event::InformationGiven(_)
        | Event::ReviewerAdded(_)
        | Event::CaseTransferred(_)
        | Event::CaseClosed(_)
        | Event::OrderPlaced(_)
        | Event::OrderHeld(_)
        | Event::OrderDenied(_)
        | Event::OrderHealed(_)
        | Event::GoodsShipped(_)
        | Event::ShipmentHeld(_)
        | Event::ShipmentDenied(_)
        | Event::ShipmentCleared(_)
        | Event::InvoiceHeld(_)
        | Event::InvoiceDenied(_)
        | Event::InvoiceOpened(_)
        | Event::ReceiptReversed(_)
        | Event::ComplianceCaseOpened(_) => false,
    }
}
