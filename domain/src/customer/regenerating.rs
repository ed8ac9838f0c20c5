//! Regenerating: a recorded answer of a checkpoint worked out again, from what is on record alone.
//!
//! The event says what was asked, the customer as it was before it and the streams that were read say the rest. With the pack
//! that the decision names it comes out byte for byte as it was recorded; with another, as that pack would have had it.

use uuid::Uuid;

use super::{
    Customer, Event,
    gate::{self, Question},
    healing, invoicing, ordering, releasing, shipping,
};
use crate::{
    context::{Facts, Hearing},
    decision::{Checkpoint, Decision},
    ids::OrderId,
};

impl Event {
    /// The types of events that carry an answer, or may.
    pub const DECIDING: &'static [&'static str] = &[
        "trading.order-placed",
        "trading.order-held",
        "trading.order-denied",
        "trading.order-released",
        "trading.order-healed",
        "trading.goods-shipped",
        "trading.shipment-held",
        "trading.shipment-denied",
        "trading.shipment-cleared",
        "receivables.invoice-issued",
        "receivables.invoice-held",
        "receivables.invoice-denied",
        "receivables.cash-received",
    ];

    /// The types of events on which no answer rests: they say who was asked and who agreed, and fold into the cases alone.
    pub const APPROVING: &'static [&'static str] = &[
        "approval.case-opened",
        "approval.round-opened",
        "approval.vote-cast",
        "approval.stage-opened",
        "approval.information-asked",
        "approval.information-given",
        "approval.reviewer-added",
        "approval.transferred",
        "approval.case-closed",
        "approval.reminded",
        "approval.sla-breached",
        "approval.escalated",
    ];

    /// The answer of a checkpoint that it carries, if it is one's.
    pub fn decision(&self) -> Option<&Decision> {
        match self {
            Self::OrderPlaced(e) | Self::OrderHeld(e) | Self::OrderDenied(e) => Some(&e.decision),
            Self::OrderReleased(e) => Some(&e.decision),
            Self::OrderHealed(e) => Some(&e.decision),
            Self::GoodsShipped(e) => Some(&e.decision),
            Self::ShipmentHeld(e) | Self::ShipmentDenied(e) => Some(&e.decision),
            Self::ShipmentCleared(e) => Some(&e.decision),
            Self::InvoiceIssued(e) => Some(&e.decision),
            Self::InvoiceHeld(e) | Self::InvoiceDenied(e) => Some(&e.decision),
            Self::CashReceived(e) => e.decision.as_ref(),
            _ => None,
        }
    }
}

impl Customer {
    /// What the checkpoint that led to this event answers with these facts, where `self` is the customer before the event.
    ///
    /// None where the event carries no decision, or names what neither the customer nor the facts know.
    pub fn decide_again(&self, event: &Event, command_id: Uuid, facts: &Facts) -> Option<Decision> {
        let recorded = event.decision()?;
        let today = recorded.judged_on.unwrap_or(recorded.business_date);
        let hearing = Hearing { command_id, today, business_date: recorded.business_date, facts };
        let question = self.question_of(event, facts)?;
        // The command's own decision is the first; those that heal follow it.
        let mut numbers = (0..).take(1 + healing::HEALED_MAX);
        let nth = numbers.find(|nth| gate::decision_id(&hearing, *nth) == recorded.id)?;
        Some(gate::judge(self, &hearing, &question, nth))
    }

    fn question_of<'a>(&'a self, event: &'a Event, facts: &'a Facts) -> Option<Question<'a>> {
        let order = |id: &OrderId| self.orders.get(id);
        match event {
            Event::OrderPlaced(e) | Event::OrderHeld(e) | Event::OrderDenied(e) => {
                let (total, ship_by) = (e.total.minor(), e.requested_ship_date);
                Some(ordering::question(facts, &e.lines, total, e.payment, ship_by))
            }
            Event::OrderReleased(e) => {
                releasing::waiting(self, facts, &e.order, order(&e.order)?).ok()
            }
            Event::OrderHealed(e) => releasing::question(self, facts, &e.order, order(&e.order)?),
            Event::GoodsShipped(e) => {
                let lots = e.lines.iter().map(|line| &line.goods);
                shipping::question(self, facts, &e.order, order(&e.order)?, lots)
            }
            Event::ShipmentHeld(e) | Event::ShipmentDenied(e) => {
                shipping::question(self, facts, &e.order, order(&e.order)?, &e.lines)
            }
            Event::ShipmentCleared(e) => {
                let order = order(&e.order)?;
                let held = order.shipments.get(&e.shipment)?;
                shipping::question(self, facts, &e.order, order, &held.lines)
            }
            Event::InvoiceIssued(e) => {
                let (title, amount) = (e.title.as_deref(), e.amount.minor());
                Some(invoicing::question(self, facts, title, &e.lines, amount))
            }
            Event::InvoiceHeld(e) | Event::InvoiceDenied(e) => {
                let (title, amount) = (e.title.as_deref(), e.amount.minor());
                Some(invoicing::question(self, facts, title, &e.lines, amount))
            }
            Event::CashReceived(e) => {
                Some(Question::about_customer(Checkpoint::Receipt, e.amount.minor()))
            }
            _ => None,
        }
    }
}
