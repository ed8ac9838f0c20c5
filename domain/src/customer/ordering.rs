//! Placing and cancelling orders.
//!
//! What is malformed is rejected; what a gate refuses is recorded as held or denied, with all its causes.
//! Cancelling is never refused, and frees the cash that was set aside for what is gone.

use chrono::NaiveDate;

use super::{
    Customer, Event, Rejection,
    credit::Limit,
    exposure::percent_of,
    gate::{self, Line, Question},
    money,
    order::{Order, OrderLine},
    trading::{
        CancelOrder, Drawn, LINES_MAX, LineQuantity, OPEN_ORDERS_MAX, OrderCancelled, OrderTaken,
        Payment, Placement, TakenLine,
    },
};
use crate::{
    context::{Context, Facts},
    decision::{Checkpoint, Outcome},
    ids::OrderId,
    money::{Minor, Money, Quantity, line_amount},
};

pub(super) fn place(
    customer: &Customer,
    context: &Context,
    placement: &Placement,
) -> Result<Vec<Event>, Rejection> {
    let today = context.turn.today;
    let currency = customer.currency();
    customer.takes(placement.currency.unwrap_or(currency))?;
    bounds(customer, placement)?;
    let ship_by = placement.requested_ship_date.unwrap_or(today);
    if ship_by < today {
        return Err(Rejection::ShipDatePast { date: ship_by });
    }
    let ship_to = match &placement.ship_to {
        Some(address) if customer.registration.delivers_to(address) => address.clone(),
        Some(_) => return Err(Rejection::ShipToUnknown),
        None => customer.registration.usual_address().ok_or(Rejection::ShipToMissing)?.clone(),
    };
    let payment = payment(customer, context, placement.payment)?;
    let lines = lines(customer, context, placement)?;
    let total = Minor::total(lines.iter().map(|l| l.amount.minor()));
    let total = total.and_then(|t| Money::from_minor(t, currency).ok());
    let total = total.ok_or(Rejection::AmountTooLarge)?;
    let question = question(&context.facts, &lines, total.minor(), payment, ship_by);
    let decision = gate::judge(customer, &context.hearing(), &question, 0);
    let (through, outcome) = (decision.lets_through(), decision.outcome);
    let taken = Box::new(OrderTaken {
        order: OrderId::from_uuid(context.turn.command_id),
        reference: placement.reference.clone(),
        lines,
        total,
        requested_ship_date: ship_by,
        ship_to,
        payment,
        decision,
        origin: None,
        by: Some(context.turn.actor.clone()),
    });
    Ok(vec![match outcome {
        _ if through => Event::OrderPlaced(taken),
        Outcome::Deny => Event::OrderDenied(taken),
        Outcome::Allow | Outcome::AllowWithConditions | Outcome::Hold => Event::OrderHeld(taken),
    }])
}

fn bounds(customer: &Customer, placement: &Placement) -> Result<(), Rejection> {
    if placement.lines.is_empty() {
        return Err(Rejection::NoLines);
    }
    if placement.lines.len() > LINES_MAX {
        return Err(Rejection::TooManyLines);
    }
    if customer.orders.len() >= OPEN_ORDERS_MAX {
        return Err(Rejection::TooManyOpenOrders);
    }
    Ok(())
}

/// As ordered; else prepaid where there is explicitly no credit, else on credit.
fn payment(
    customer: &Customer,
    context: &Context,
    asked: Option<Payment>,
) -> Result<Payment, Rejection> {
    match asked {
        Some(Payment::Prepaid { percent }) if !(1..=100).contains(&percent) => {
            Err(Rejection::PercentOutOfRange)
        }
        Some(payment) => Ok(payment),
        None => {
            let without = customer.credit.granted.as_ref().map(|g| g.limit) == Some(Limit::None);
            let percent = context
                .facts
                .policy
                .as_ref()
                .map_or(100, |p| p.pack.credit.prepaid_percent_without_limit);
            Ok(if without { Payment::Prepaid { percent } } else { Payment::Credit })
        }
    }
}

/// What the gate is asked about an order that is new.
pub(super) fn question<'a>(
    facts: &'a Facts,
    lines: &[TakenLine],
    total: Minor,
    payment: Payment,
    ship_by: NaiveDate,
) -> Question<'a> {
    let known = (1..).zip(lines);
    let known = known.filter_map(|(n, line)| Line::of(facts, n, line.product, Vec::new()));
    Question {
        lines: known.collect(),
        on_credit: total.saturating_minus(percent_of(total, payment.prepaid_percent())),
        ship_by: Some(ship_by),
        ..Question::about_customer(Checkpoint::Order, total)
    }
}

fn lines(
    customer: &Customer,
    context: &Context,
    placement: &Placement,
) -> Result<Vec<TakenLine>, Rejection> {
    let mut taken = Vec::with_capacity(placement.lines.len());
    for (number, line) in (1..).zip(&placement.lines) {
        if Line::of(&context.facts, number, line.product, Vec::new()).is_none() {
            return Err(Rejection::NoSuchProduct { line: number });
        }
        let amount = line_amount(line.quantity, line.unit_price, customer.currency())
            .map_err(|_| Rejection::AmountTooLarge)?;
        let (product, quantity, unit_price) = (line.product, line.quantity, line.unit_price);
        taken.push(TakenLine { product, quantity, unit_price, amount });
    }
    Ok(taken)
}

pub(super) fn cancel(customer: &Customer, cancel: &CancelOrder) -> Result<Vec<Event>, Rejection> {
    let order = customer.orders.get(&cancel.order).ok_or(Rejection::OrderNotOpen)?;
    let lines = if cancel.lines.is_empty() { everything(order) } else { cancel.lines.clone() };
    let mut after = order.clone();
    for part in &lines {
        let line = after.line_mut(part.line).ok_or(Rejection::NoSuchLine { line: part.line })?;
        let open = line.to_ship();
        if part.quantity.get() > open {
            return Err(Rejection::MoreThanOpen { line: part.line, open });
        }
        line.cancelled = line.cancelled.saturating_add(part.quantity.get());
    }
    if lines.is_empty() {
        return Err(Rejection::NothingToCancel);
    }
    let freed = if after.is_invoiced() { deposits(customer, &cancel.order) } else { Vec::new() };
    let (order, reason) = (cancel.order, cancel.reason.clone());
    Ok(vec![Event::OrderCancelled(OrderCancelled { order, lines, reason, freed })])
}

fn everything(order: &Order) -> Vec<LineQuantity> {
    let open = (1..).zip(&order.lines).filter_map(|(line, l)| {
        Quantity::new(l.to_ship()).map(|quantity| LineQuantity { line, quantity })
    });
    open.collect()
}

/// What lies set aside for an order.
pub(super) fn deposits(customer: &Customer, order: &OrderId) -> Vec<Drawn> {
    let Some(deposit) = customer.receivables.deposits.get(order) else { return Vec::new() };
    let currency = customer.currency();
    deposit
        .held
        .iter()
        .map(|(receipt, amount)| Drawn { receipt: *receipt, amount: money(*amount, currency) })
        .collect()
}

impl Customer {
    pub(super) fn take_order(&mut self, event: &OrderTaken) {
        self.orders_taken += 1;
        let held_by =
            if event.decision.lets_through() { Vec::new() } else { event.decision.stopping() };
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
        let order = Order {
            lines: lines.collect(),
            requested_ship_date: event.requested_ship_date,
            ship_to: event.ship_to.clone(),
            payment: event.payment,
            held_by,
            releases: Vec::new(),
            shipments: std::collections::BTreeMap::new(),
            open_invoices: 0,
            serial: self.orders_taken,
            placed_by: event.by.clone(),
        };
        self.orders.insert(event.order, Box::new(order));
        self.watch(&event.order);
    }

    pub(super) fn cancel_lines(&mut self, event: &OrderCancelled) {
        if let Some(order) = self.orders.get_mut(&event.order) {
            for part in &event.lines {
                if let Some(line) = order.line_mut(part.line) {
                    line.cancelled = line.cancelled.saturating_add(part.quantity.get());
                }
            }
            if order.lines.iter().all(|line| line.to_ship() == 0) {
                order.held_by.clear();
            }
            super::shipping::drop_overtaken(order);
        }
        for drawn in &event.freed {
            self.receivables.free_deposit(&event.order, drawn.receipt, drawn.amount.minor());
        }
        self.watch(&event.order);
    }

    /// Keeps the list of what waits true to an order.
    pub(super) fn watch(&mut self, id: &OrderId) {
        let Some(order) = self.orders.get(id) else { return };
        let waits = order.is_held() || order.shipments.values().any(|s| s.shipped_on.is_none());
        if waits {
            self.waiting.insert(order.serial, *id);
        } else {
            self.waiting.remove(&order.serial);
        }
    }

    pub(super) fn stop_waiting(&mut self, id: &OrderId) {
        if let Some(order) = self.orders.get(id) {
            self.waiting.remove(&order.serial);
        }
    }
}
