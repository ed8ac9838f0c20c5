//! Shipping: goods leave only after a gate has let them.
//!
//! The lot decides: made in term, not past its use-by date. A held shipment's goods are still here: once its causes are
//! gone it is cleared, and judged once more when it leaves. What leaves carries what a sales record must hold.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Customer, Event, Rejection,
    exposure::percent_of,
    gate::{self, Line, Question},
    money,
    order::{Order, Shipment},
    receivables::{Deposit, POSTDATED_DAYS_MAX},
    trading::{
        Buyer, Drawn, GoodsShipped, LINES_MAX, LicenceNumbered, Lot, Particulars, SERIALS_MAX,
        ShipGoods, ShipmentCleared, ShipmentStopped, ShippedLine,
    },
};
use crate::{
    context::{Context, Facts},
    decision::{Checkpoint, Decision, Outcome},
    ids::{OrderId, ShipmentId},
    money::Minor,
};

pub(super) fn ship(
    customer: &Customer,
    context: &Context,
    ship: &ShipGoods,
) -> Result<Vec<Event>, Rejection> {
    let order = customer.orders.get(&ship.order).ok_or(Rejection::OrderNotOpen)?;
    if order.is_held() {
        return Err(Rejection::OrderHeld { causes: order.held_by.clone() });
    }
    let shipped_on = ship.shipped_on.unwrap_or_else(|| context.business_date());
    if shipped_on > context.turn.today {
        return Err(Rejection::FutureDate { date: shipped_on });
    }
    sound(order, &ship.lines, context)?;
    let question = question(customer, &context.facts, &ship.order, order, &ship.lines)
        .ok_or(Rejection::NoSuchProduct { line: 1 })?;
    // What left earlier and is entered now had to be lawful on the day it left.
    let question = Question { happened_on: Some(shipped_on), ..question };
    let decision = gate::judge(customer, &context.hearing(), &question, 0);
    let shipment = ShipmentId::from_uuid(context.turn.command_id);
    let value = money(question.value, customer.currency());
    if decision.lets_through() {
        return Ok(vec![shipped(customer, context, ship, shipped_on, value.minor(), decision)?]);
    }
    let (order, lines) = (ship.order, ship.lines.clone());
    let denied = decision.outcome == Outcome::Deny;
    let stopped = Box::new(ShipmentStopped { shipment, order, lines, value, decision });
    Ok(vec![if denied { Event::ShipmentDenied(stopped) } else { Event::ShipmentHeld(stopped) }])
}

/// What the gate is asked about goods of an order; none when a product is not known.
pub(super) fn question<'a>(
    customer: &'a Customer,
    facts: &'a Facts,
    id: &OrderId,
    order: &'a Order,
    lots: impl IntoIterator<Item = &'a Lot>,
) -> Option<Question<'a>> {
    let mut by_line: BTreeMap<u32, Vec<&Lot>> = BTreeMap::new();
    for lot in lots {
        by_line.entry(lot.line).or_default().push(lot);
    }
    let mut lines = Vec::with_capacity(by_line.len());
    let mut value = Minor::ZERO;
    for (number, lots) in by_line {
        let line = order.line(number)?;
        let quantity = lots.iter().fold(0, |sum: u32, lot| sum.saturating_add(lot.quantity.get()));
        let after = line.value_of(line.shipped.saturating_add(quantity));
        value = value.saturating_plus(after.saturating_minus(line.value_of(line.shipped)));
        lines.push(Line::of(facts, number, line.product, lots)?);
    }
    Some(Question {
        lines,
        on_credit: on_credit(customer, id, order, value),
        order: Some(order),
        prepayment_missing: missing(customer, id, order),
        ..Question::about_customer(Checkpoint::Shipment, value)
    })
}

/// What of a value of this order uses credit: neither the share that is paid in advance nor what lies set aside for it does.
pub(super) fn on_credit(customer: &Customer, id: &OrderId, order: &Order, value: Minor) -> Minor {
    let prepaid = percent_of(value, order.payment.prepaid_percent());
    let deposit = customer.receivables.deposits.get(id).map_or(Minor::ZERO, Deposit::unused);
    value.saturating_minus(prepaid.max(deposit.min(value)))
}

/// What of the share paid in advance neither deposits nor unapplied cash cover.
fn missing(customer: &Customer, id: &OrderId, order: &Order) -> Minor {
    let short = uncovered(customer, id, order);
    short.saturating_minus(customer.receivables.unapplied.max(Minor::ZERO)).max(Minor::ZERO)
}

/// What of the share paid in advance deposits do not cover.
fn uncovered(customer: &Customer, id: &OrderId, order: &Order) -> Minor {
    let share = percent_of(order.total(), order.payment.prepaid_percent());
    let deposit = customer.receivables.deposits.get(id);
    let have = deposit.map_or(Minor::ZERO, Deposit::paid);
    share.saturating_minus(have).max(Minor::ZERO)
}

fn sound(order: &Order, lots: &[Lot], context: &Context) -> Result<(), Rejection> {
    if lots.is_empty() {
        return Err(Rejection::NoLines);
    }
    if lots.len() > LINES_MAX {
        return Err(Rejection::TooManyLines);
    }
    let mut quantities: BTreeMap<u32, u32> = BTreeMap::new();
    for lot in lots {
        let line = order.line(lot.line).ok_or(Rejection::NoSuchLine { line: lot.line })?;
        let sum = quantities.entry(lot.line).or_default();
        *sum = sum.saturating_add(lot.quantity.get());
        if *sum > line.to_ship() {
            return Err(Rejection::MoreThanOpen { line: lot.line, open: line.to_ship() });
        }
        let serials: BTreeSet<&str> = lot.serials.iter().map(|s| &**s).collect();
        let pieces = usize::try_from(lot.quantity.get()).unwrap_or(usize::MAX);
        let twice = serials.len() != lot.serials.len();
        if twice || serials.len() > pieces.min(SERIALS_MAX) {
            return Err(Rejection::SerialsExceedQuantity { line: lot.line });
        }
        let made_too_late = lot.manufactured_on.is_some_and(|made| {
            made > context.turn.today || lot.expires_on.is_some_and(|end| end < made)
        });
        if made_too_late {
            return Err(Rejection::LotDates { line: lot.line });
        }
    }
    Ok(())
}

fn shipped(
    customer: &Customer,
    context: &Context,
    ship: &ShipGoods,
    shipped_on: chrono::NaiveDate,
    value: Minor,
    decision: Decision,
) -> Result<Event, Rejection> {
    let order = customer.orders.get(&ship.order).ok_or(Rejection::OrderNotOpen)?;
    let buyer = Buyer {
        name: customer
            .registration
            .particulars
            .as_ref()
            .map_or(String::new(), |p| p.name.to_string()),
        licences: licences(customer, &decision),
    };
    Ok(Event::GoodsShipped(Box::new(GoodsShipped {
        shipment: ShipmentId::from_uuid(context.turn.command_id),
        order: ship.order,
        shipped_on,
        lines: sold(customer, context, order, &ship.lines)?,
        value: money(value, customer.currency()),
        ship_to: order.ship_to.clone(),
        buyer,
        drawn: draw(customer, &ship.order, order),
        decision,
        backdated: context.business_date.clone(),
    })))
}

fn licences(customer: &Customer, decision: &Decision) -> Vec<LicenceNumbered> {
    let documents = &customer.qualification.documents;
    let relied =
        decision.relied_on.iter().filter_map(|r| Some((r.document, documents.get(&r.document)?)));
    relied
        .map(|(document, known)| LicenceNumbered {
            document,
            kind: known.paper.kind,
            number: known.paper.number.to_string(),
        })
        .collect()
}

fn sold(
    customer: &Customer,
    context: &Context,
    order: &Order,
    lots: &[Lot],
) -> Result<Vec<ShippedLine>, Rejection> {
    let mut shipped: BTreeMap<u32, u32> = BTreeMap::new();
    let mut lines = Vec::with_capacity(lots.len());
    for lot in lots {
        let unknown = Rejection::NoSuchProduct { line: lot.line };
        let line = order.line(lot.line).ok_or(Rejection::NoSuchLine { line: lot.line })?;
        let product = context.facts.products.get(&line.product).ok_or(unknown.clone())?;
        let known = product.particulars.as_ref().ok_or(unknown)?;
        let before = shipped.entry(lot.line).or_insert(line.shipped);
        let after = before.saturating_add(lot.quantity.get());
        let amount = line.value_of(after).saturating_minus(line.value_of(*before));
        *before = after;
        lines.push(ShippedLine {
            goods: lot.clone(),
            product: line.product,
            unit_price: line.unit_price,
            amount: money(amount, customer.currency()),
            particulars: particulars(known),
        });
    }
    Ok(lines)
}

fn particulars(known: &crate::product::Particulars) -> Particulars {
    let registration = known.registration_number.as_ref().map(ToString::to_string);
    Particulars {
        code: known.code.to_string(),
        name: known.name.to_string(),
        specification: Some(known.specification.to_string()),
        unit: known.unit.to_string(),
        registration_number: registration
            .or_else(|| known.filing_number.as_ref().map(ToString::to_string)),
        registrant: known.registrant.as_ref().map(ToString::to_string),
        manufacturer: known.manufacturer.as_ref().map(ToString::to_string),
        manufacturer_licence: known.manufacturer_licence.as_ref().map(ToString::to_string),
    }
}

/// Sets unapplied cash aside for what deposits leave uncovered, the oldest receipt first.
fn draw(customer: &Customer, id: &OrderId, order: &Order) -> Vec<Drawn> {
    let mut wanted = uncovered(customer, id, order);
    let mut drawn = Vec::new();
    for (receipt, known) in &customer.receivables.receipts {
        let amount = known.unapplied.min(wanted);
        if amount.is_positive() {
            wanted = wanted.saturating_minus(amount);
            drawn.push(Drawn { receipt: *receipt, amount: money(amount, customer.currency()) });
        }
    }
    drawn
}

/// Re-judges the held shipments of an order; each that may leave now is cleared, so many at most.
pub(super) fn clear(
    customer: &Customer,
    context: &Context,
    id: &OrderId,
    most: usize,
    nth: &mut u32,
) -> Vec<Event> {
    let Some(order) = customer.orders.get(id).filter(|order| !order.is_held()) else {
        return Vec::new();
    };
    let mut events = Vec::new();
    for (shipment, held) in order.shipments.iter().filter(|(_, s)| s.shipped_on.is_none()) {
        if events.len() >= most {
            break;
        }
        let Some(question) = question(customer, &context.facts, id, order, &held.lines) else {
            continue;
        };
        let decision = gate::judge(customer, &context.hearing(), &question, *nth);
        if decision.lets_through() {
            *nth += 1;
            let (shipment, order) = (*shipment, *id);
            let cleared = ShipmentCleared { shipment, order, decision };
            events.push(Event::ShipmentCleared(Box::new(cleared)));
        }
    }
    events
}

/// Documents may be dated a little ahead, never far.
pub(super) fn not_far_ahead(
    context: &Context,
    date: chrono::NaiveDate,
) -> Result<chrono::NaiveDate, Rejection> {
    let last = context.turn.today.checked_add_days(chrono::Days::new(POSTDATED_DAYS_MAX));
    if last.is_some_and(|last| date > last) {
        return Err(Rejection::FutureDate { date });
    }
    Ok(date)
}

impl Customer {
    pub(super) fn ship_goods(&mut self, event: &GoodsShipped) {
        for drawn in &event.drawn {
            let amount = drawn.amount.minor();
            self.receivables.take_unapplied(drawn.receipt, amount);
            self.receivables.set_aside(event.order, drawn.receipt, amount);
        }
        let Some(order) = self.orders.get_mut(&event.order) else { return };
        for shipped in &event.lines {
            if let Some(line) = order.line_mut(shipped.goods.line) {
                line.shipped = line.shipped.saturating_add(shipped.goods.quantity.get());
            }
        }
        let lines =
            event.lines.iter().map(|line| Lot { serials: Vec::new(), ..line.goods.clone() });
        let shipment = Shipment {
            lines: lines.collect(),
            shipped_on: Some(event.shipped_on),
            held_by: Vec::new(),
        };
        order.shipments.insert(event.shipment, shipment);
        drop_overtaken(order);
        self.watch(&event.order);
    }

    pub(super) fn hold_shipment(&mut self, event: &ShipmentStopped) {
        if let Some(order) = self.orders.get_mut(&event.order) {
            let causes = event.decision.causes.iter().filter(|cause| cause.stops());
            let held = Shipment {
                lines: event.lines.clone(),
                shipped_on: None,
                held_by: causes.cloned().collect(),
            };
            order.shipments.insert(event.shipment, held);
        }
        self.watch(&event.order);
    }

    pub(super) fn clear_shipment(&mut self, event: &ShipmentCleared) {
        if let Some(order) = self.orders.get_mut(&event.order) {
            order.shipments.remove(&event.shipment);
        }
        self.watch(&event.order);
    }
}

/// Held shipments that no longer fit what is left to ship were overtaken.
pub(super) fn drop_overtaken(order: &mut Order) {
    let left: Vec<u32> = order.lines.iter().map(super::order::OrderLine::to_ship).collect();
    order.shipments.retain(|_, held| held.shipped_on.is_some() || fits(&held.lines, &left));
}

fn fits(lots: &[Lot], left: &[u32]) -> bool {
    lots.iter().all(|lot| {
        let index = usize::try_from(lot.line.saturating_sub(1)).unwrap_or(usize::MAX);
        left.get(index).is_some_and(|open| lot.quantity.get() <= *open)
    })
}
