//! How events change orders and shipments.

use std::sync::Arc;

use domain::customer::{
    Event,
    exposure::percent_of,
    order::OrderLine,
    receivables::{InvoiceIssued, InvoicedLine},
    trading::{
        GoodsShipped, OrderCancelled, OrderReleased, OrderTaken, Payment, ShipmentCleared,
        ShipmentStopped,
    },
};
use domain::decision::{Cause, Decision};
use domain::ids::{OrderId, ShipmentId};
use domain::money::{Minor, Money};

use super::{OrderInvoiceRecord, OrderRecord, ShipmentRecord, Waiting};
use crate::model::Model;
use crate::seen::Seen;
use crate::store::{Json, Rows, Stored};

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    rows: Rows<OrderRecord>,
    shipments: Rows<ShipmentRecord>,
    invoices: Rows<OrderInvoiceRecord>,
}

impl Model for Orders {
    fn name(&self) -> &'static str {
        "orders"
    }

    fn ask(&mut self, seen: &Seen) {
        let Some(event) = seen.customer() else { return };
        if let Event::OrderPlaced(e) | Event::OrderHeld(e) | Event::OrderDenied(e) = event {
            self.rows.expect(&e.order);
        } else if let Event::OrderReleased(e) = event {
            self.rows.ask(&e.order);
        } else if let Event::OrderHealed(e) = event {
            self.rows.ask(&e.order);
        } else if let Event::OrderCancelled(e) = event {
            self.rows.ask(&e.order);
        } else if let Event::GoodsShipped(e) = event {
            self.rows.ask(&e.order);
            self.shipments.expect(&e.shipment);
        } else if let Event::ShipmentHeld(e) | Event::ShipmentDenied(e) = event {
            self.rows.ask(&e.order);
            self.shipments.expect(&e.shipment);
        } else if let Event::ShipmentCleared(e) = event {
            self.rows.ask(&e.order);
            self.shipments.ask(&e.shipment);
        } else if let Event::InvoiceIssued(e) = event {
            self.invoices.expect(&e.invoice);
            e.lines.iter().for_each(|line| self.rows.ask(&line.order));
            e.deposits.iter().chain(&e.freed).for_each(|used| self.rows.ask(&used.order));
        } else if let Event::InvoiceVoided(e) = event {
            self.invoices.ask(&e.invoice);
        } else if let Event::CashReceived(e) = event {
            e.deposits.iter().for_each(|deposit| self.rows.ask(&deposit.order));
        } else if let Event::CashApplied(e) = event {
            e.deposits.iter().for_each(|deposit| self.rows.ask(&deposit.order));
        } else if let Event::ReceiptReversed(e) = event {
            e.deposits.iter().for_each(|deposit| self.rows.ask(&deposit.order));
        }
    }

    fn ask_more(&mut self, seen: &Seen) {
        let Some(event) = seen.customer() else { return };
        if let Event::GoodsShipped(e) = event {
            self.ask_waiting(&e.order);
        } else if let Event::OrderCancelled(e) = event {
            self.ask_waiting(&e.order);
        } else if let Event::InvoiceVoided(e) = event {
            // Issued by this very batch, its orders are asked for already.
            if let Some(invoice) = self.invoices.get(&e.invoice) {
                invoice.lines.0.iter().for_each(|line| self.rows.ask(&line.order));
            }
        }
    }

    #[expect(clippy::too_many_lines, reason = "one line for each event")]
    fn fold(&mut self, seen: &Seen) {
        let Some(event) = seen.customer() else { return };
        match event {
            Event::OrderPlaced(e) => self.rows.put(OrderRecord::taken(seen, e, "placed")),
            Event::OrderHeld(e) => self.rows.put(OrderRecord::taken(seen, e, "held")),
            Event::OrderDenied(e) => self.rows.put(OrderRecord::taken(seen, e, "denied")),
            Event::OrderReleased(e) => self.order(&e.order, |order| order.release(seen, e)),
            Event::OrderHealed(e) => self.order(&e.order, |order| {
                order.place();
                order.decided_position = seen.position;
            }),
            Event::OrderCancelled(e) => self.cancel(e),
            Event::GoodsShipped(e) => self.ship(seen, e),
            Event::ShipmentHeld(e) => self.stop(seen, e, "held"),
            Event::ShipmentDenied(e) => self.stop(seen, e, "denied"),
            Event::ShipmentCleared(e) => self.clear(seen, e),
            Event::InvoiceIssued(e) => self.invoice(e),
            Event::InvoiceVoided(e) => {
                let lines = self.invoices.get(&e.invoice).map(|invoice| invoice.lines.0.clone());
                for line in lines.unwrap_or_default() {
                    self.order(&line.order, |order| order.uninvoice(&line));
                }
            }
            Event::CashReceived(e) => {
                e.deposits.iter().for_each(|it| self.deposit(&it.order, it.amount));
            }
            Event::CashApplied(e) => {
                e.deposits.iter().for_each(|it| self.deposit(&it.order, it.amount));
            }
            Event::ReceiptReversed(e) => {
                e.deposits.iter().for_each(|it| self.deposit(&it.order, it.amount.negated()));
            }
            Event::CustomerRegistered(_)
            | Event::CodeAssigned(_)
            | Event::CustomerClassified(_)
            | Event::UsccRecorded(_)
            | Event::ParticularsAmended(_)
            | Event::CustomerSuspended(_)
            | Event::CustomerDisabled(_)
            | Event::CustomerReinstated(_)
            | Event::DocumentUploaded(_)
            | Event::QualificationSubmitted(_)
            | Event::QualificationApproved(_)
            | Event::QualificationRejected(_)
            | Event::QualificationReturned(_)
            | Event::DocumentRevoked(_)
            | Event::DocumentExpiryAnnounced(_)
            | Event::LimitGranted(_)
            | Event::CaseOpened(_)
            | Event::CaseRoundOpened(_)
            | Event::CaseVoted(_)
            | Event::CaseStageOpened(_)
            | Event::InformationAsked(_)
            | Event::InformationGiven(_)
            | Event::ReviewerAdded(_)
            | Event::CaseTransferred(_)
            | Event::CaseClosed(_)
            | Event::LimitFrozen(_)
            | Event::LimitUnfrozen(_)
            | Event::InvoiceHeld(_)
            | Event::InvoiceDenied(_)
            | Event::InvoiceOpened(_)
            | Event::CreditNoteIssued(_)
            | Event::ComplianceCaseOpened(_)
            | Event::OverdueAnnounced(_) => {}
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.rows, &mut self.shipments, &mut self.invoices]
    }
}

impl Orders {
    /// Changes an order, and counts its part of exposure anew.
    fn order(&mut self, id: &OrderId, change: impl FnOnce(&mut OrderRecord)) {
        if let Some(order) = self.rows.change(id) {
            change(order);
            order.weigh();
        }
    }

    fn deposit(&mut self, id: &OrderId, amount: Money) {
        self.order(id, |order| {
            order.deposit_minor = order.deposit_minor.saturating_add(amount.minor_units());
        });
    }

    fn ask_waiting(&mut self, id: &OrderId) {
        let waiting = self.rows.get(id).and_then(|order| order.waiting.as_ref());
        for held in waiting.into_iter().flat_map(|list| &list.0) {
            self.shipments.ask(&held.shipment);
        }
    }

    fn cancel(&mut self, event: &OrderCancelled) {
        let mut overtaken = Vec::new();
        self.order(&event.order, |order| {
            for part in &event.lines {
                if let Some(line) = order.line(part.line) {
                    line.cancelled = line.cancelled.saturating_add(part.quantity.get());
                }
            }
            if order.lines.0.iter().all(|line| line.to_ship() == 0) {
                order.place();
            }
            // Held shipments of goods that are no longer wanted.
            let left: Vec<u32> = order.lines.0.iter().map(OrderLine::to_ship).collect();
            overtaken = order.overtaken(|held| !held.fits(&left));
            for freed in &event.freed {
                order.deposit_minor =
                    order.deposit_minor.saturating_sub(freed.amount.minor_units());
            }
        });
        self.overtake(&overtaken);
    }

    fn ship(&mut self, seen: &Seen, event: &GoodsShipped) {
        let mut overtaken = Vec::new();
        self.order(&event.order, |order| {
            for drawn in &event.drawn {
                order.deposit_minor =
                    order.deposit_minor.saturating_add(drawn.amount.minor_units());
            }
            for shipped in &event.lines {
                if let Some(line) = order.line(shipped.goods.line) {
                    line.shipped = line.shipped.saturating_add(shipped.goods.quantity.get());
                }
            }
            // A held shipment that no longer fits what is left was overtaken by this one.
            let left: Vec<u32> = order.lines.0.iter().map(OrderLine::to_ship).collect();
            overtaken = order.overtaken(|held| !held.fits(&left));
        });
        self.overtake(&overtaken);
        self.shipments.put(ShipmentRecord {
            shipment: event.shipment,
            order_id: event.order,
            customer: Arc::clone(&seen.stream),
            status: "shipped".into(),
            currency: event.value.currency().as_str().to_owned().into(),
            value_minor: event.value.minor_units(),
            shipped_on: Some(event.shipped_on),
            lines: Json(event.lines.iter().map(|line| line.goods.clone()).collect()),
            held_by: None,
            position: seen.position,
            recorded_at: seen.recorded_at,
            actor: seen.actor.clone(),
        });
    }

    fn overtake(&mut self, shipments: &[ShipmentId]) {
        for id in shipments {
            if let Some(shipment) = self.shipments.change(id) {
                shipment.status = "overtaken".into();
                shipment.held_by = None;
            }
        }
    }

    fn stop(&mut self, seen: &Seen, event: &ShipmentStopped, status: &'static str) {
        self.shipments.put(ShipmentRecord {
            shipment: event.shipment,
            order_id: event.order,
            customer: Arc::clone(&seen.stream),
            status: status.into(),
            currency: event.value.currency().as_str().to_owned().into(),
            value_minor: event.value.minor_units(),
            shipped_on: None,
            lines: Json(event.lines.clone()),
            held_by: stopping(&event.decision),
            position: seen.position,
            recorded_at: seen.recorded_at,
            actor: seen.actor.clone(),
        });
        if status == "held" {
            let lines = event.lines.iter().map(|lot| (lot.line, lot.quantity.get())).collect();
            let held = Waiting { shipment: event.shipment, lines };
            self.order(&event.order, |order| {
                order.waiting.get_or_insert_default().0.push(held);
            });
        }
    }

    fn clear(&mut self, seen: &Seen, event: &ShipmentCleared) {
        if let Some(shipment) = self.shipments.change(&event.shipment) {
            shipment.status = "cleared".into();
            shipment.held_by = None;
            shipment.position = seen.position;
        }
        self.order(&event.order, |order| {
            order.overtaken(|held| held.shipment == event.shipment);
        });
    }

    fn invoice(&mut self, event: &InvoiceIssued) {
        for line in &event.lines {
            self.order(&line.order, |order| {
                if let Some(known) = order.line(line.line) {
                    known.invoice(line.quantity.get(), line.amount.minor());
                }
                let invoices = &mut order.invoices.get_or_insert_default().0;
                if !invoices.contains(&event.invoice) {
                    invoices.push(event.invoice);
                }
            });
        }
        for used in event.deposits.iter().chain(&event.freed) {
            self.deposit(&used.order, used.amount.negated());
        }
        self.invoices
            .put(OrderInvoiceRecord { invoice: event.invoice, lines: Json(event.lines.clone()) });
    }
}

fn stopping(decision: &Decision) -> Option<Json<Vec<Cause>>> {
    Json::of_some(decision.causes.iter().filter(|cause| cause.stops()).cloned().collect())
}

impl Waiting {
    fn fits(&self, left: &[u32]) -> bool {
        self.lines.iter().all(|(line, quantity)| {
            let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
            left.get(index).is_some_and(|open| quantity <= open)
        })
    }
}

impl OrderRecord {
    fn taken(seen: &Seen, event: &OrderTaken, status: &'static str) -> Self {
        let lines = event.lines.iter().map(|line| OrderLine {
            product: line.product,
            quantity: line.quantity.get(),
            unit_price: line.unit_price,
            amount: line.amount.minor(),
            shipped: 0,
            invoiced: 0,
            invoiced_value: Minor::ZERO,
            cancelled: 0,
        });
        let mut order = Self {
            order_id: event.order,
            customer: Arc::clone(&seen.stream),
            reference: event.reference.as_ref().map(ToString::to_string),
            status: status.into(),
            currency: event.total.currency().as_str().to_owned().into(),
            total_minor: event.total.minor_units(),
            open_minor: 0,
            delivered_minor: 0,
            prepaid_minor: 0,
            deposit_minor: 0,
            payment: match event.payment {
                Payment::Credit => "credit".into(),
                Payment::Prepaid { .. } => "prepaid".into(),
                Payment::OnDelivery => "on_delivery".into(),
            },
            prepaid_percent: event.payment.prepaid_percent().into(),
            requested_ship_date: event.requested_ship_date,
            ship_to: event.ship_to.to_string(),
            lines: Json(lines.collect()),
            held_by: if status == "placed" { None } else { stopping(&event.decision) },
            waiting: None,
            invoices: None,
            position: seen.position,
            recorded_at: seen.recorded_at,
            actor: seen.actor.clone(),
            decided_position: seen.position,
        };
        order.weigh();
        order
    }

    /// Counted from 1.
    fn line(&mut self, number: u32) -> Option<&mut OrderLine> {
        self.lines.0.get_mut(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    /// Nothing holds it any more.
    fn place(&mut self) {
        if self.status == "held" {
            self.status = "placed".into();
            self.held_by = None;
        }
    }

    fn release(&mut self, seen: &Seen, event: &OrderReleased) {
        self.decided_position = seen.position;
        if self.status != "held" {
            return;
        }
        let causes = event.decision.causes.iter();
        let left = causes.filter(|cause| event.remaining.contains(&cause.code)).cloned().collect();
        self.held_by = Json::of_some(left);
        if event.remaining.is_empty() {
            self.place();
        }
    }

    fn uninvoice(&mut self, line: &InvoicedLine) {
        if let Some(known) = self.line(line.line) {
            known.uninvoice(line.quantity.get(), line.amount.minor());
        }
    }

    /// Takes the held shipments that are over off the list, and tells which they are.
    fn overtaken(&mut self, over: impl Fn(&Waiting) -> bool) -> Vec<ShipmentId> {
        let Some(Json(waiting)) = self.waiting.take() else { return Vec::new() };
        let (gone, left): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|held| over(held));
        self.waiting = Json::of_some(left);
        gone.into_iter().map(|held| held.shipment).collect()
    }

    /// Its part of exposure, and whether it is over; as in the customer's own totals.
    fn weigh(&mut self) {
        let lines = &self.lines.0;
        if matches!(&*self.status, "placed" | "closed" | "cancelled") {
            let over = lines.iter().all(|line| line.to_ship() == 0 && line.to_invoice() == 0);
            let shipped = lines.iter().any(|line| line.shipped > 0);
            self.status = match (over, shipped) {
                (false, _) => "placed".into(),
                (true, true) => "closed".into(),
                (true, false) => "cancelled".into(),
            };
        }
        let (mut open, mut delivered) = (Minor::ZERO, Minor::ZERO);
        if self.status == "placed" {
            for line in lines {
                let kept = line.value_of(line.quantity.saturating_sub(line.cancelled));
                let shipped = line.value_of(line.shipped);
                open = open.saturating_plus(kept.saturating_minus(shipped));
                delivered = delivered.saturating_plus(line.delivered());
            }
        }
        let deposit = Minor(self.deposit_minor);
        let percent = u32::try_from(self.prepaid_percent).unwrap_or(0);
        let for_open = percent_of(open, percent).max(deposit.min(open));
        let for_delivered = deposit.saturating_minus(for_open).max(Minor::ZERO).min(delivered);
        self.open_minor = open.0;
        self.delivered_minor = delivered.0;
        self.prepaid_minor = for_open.saturating_plus(for_delivered).0;
    }
}
