//! Invoicing: what was shipped, and only that.
//!
//! Shipped goods stay invoicable: only a wrong title holds an invoice, until it is sent again with the right one.
//! Where something about the sale was not lawful, the invoice goes out and a compliance case is opened beside it.
//! Deposits for an order settle its invoices at once.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    Customer, Event, Rejection,
    credit::{Terms, TermsFrom},
    gate::{self, Question},
    money,
    order::Order,
    receivables::{
        ComplianceCaseOpened, DepositUsed, InvoiceIssued, InvoiceOpened, InvoiceScope,
        InvoiceStopped, InvoiceVoided, InvoicedLine, InvoicedPart, IssueInvoice, OPEN_INVOICES_MAX,
        OpenInvoice, OpenItem,
    },
    shipping::not_far_ahead,
    trading::{LINES_MAX, Lot, Payment},
};
use crate::{
    context::{Context, Facts},
    decision::{CauseCode, CauseKind, Checkpoint, Decision, Outcome},
    ids::{CaseId, InvoiceId, OrderId, ShipmentId},
    money::{Minor, Money, Quantity},
    text::Prose,
};

/// The orders that an invoice is about.
pub(super) fn orders_of(issue: &IssueInvoice) -> Vec<OrderId> {
    match &issue.scope {
        InvoiceScope::Shipments { order, .. } => vec![*order],
        InvoiceScope::Lines(parts) => parts.iter().map(|part| part.order).collect(),
    }
}

pub(super) fn issue(
    customer: &Customer,
    context: &Context,
    issue: &IssueInvoice,
) -> Result<Vec<Event>, Rejection> {
    if customer.receivables.items.len() >= OPEN_INVOICES_MAX {
        return Err(Rejection::TooManyOpenInvoices);
    }
    let issued_on = issue.issued_on.unwrap_or_else(|| context.business_date());
    not_far_ahead(context, issued_on)?;
    let draft = match &issue.scope {
        InvoiceScope::Shipments { order, shipments } => {
            Draft::of_shipments(customer, order, shipments)?
        }
        InvoiceScope::Lines(parts) => Draft::of_parts(customer, parts)?,
    };
    let amount = Money::from_minor(draft.amount, customer.currency())
        .map_err(|_| Rejection::AmountTooLarge)?;
    let question =
        question(customer, &context.facts, issue.title.as_deref(), &draft.lines, draft.amount);
    let decision = gate::judge(customer, &context.hearing(), &question, 0);
    let invoice = InvoiceId::from_uuid(context.turn.command_id);
    let number = issue.number.clone();
    if !decision.lets_through() {
        let denied = decision.outcome == Outcome::Deny;
        let lines = draft.lines;
        let title = issue.title.clone();
        let stopped = InvoiceStopped { invoice, number, title, lines, amount, issued_on, decision };
        let stopped = Box::new(stopped);
        return Ok(vec![if denied {
            Event::InvoiceDenied(stopped)
        } else {
            Event::InvoiceHeld(stopped)
        }]);
    }
    let case = case(context, invoice, &decision);
    let deposits = draft.deposits(customer);
    let freed = draft.freed(customer, &deposits);
    let issued = InvoiceIssued {
        due_on: due_on(customer, context, &draft, issued_on),
        invoice,
        number,
        title: issue.title.clone(),
        lines: draft.lines,
        amount,
        issued_on,
        deposits,
        freed,
        decision,
        backdated: context.business_date.clone(),
    };
    Ok(std::iter::once(Event::InvoiceIssued(Box::new(issued))).chain(case).collect())
}

/// The goods are gone and must be invoiced; what was unlawful about it is looked into.
fn case(context: &Context, invoice: InvoiceId, decision: &Decision) -> Option<Event> {
    let grave = |code: &CauseCode| matches!(code.kind(), CauseKind::Legal | CauseKind::Status);
    let mut causes: Vec<CauseCode> =
        decision.causes.iter().map(|cause| cause.code).filter(grave).collect();
    causes.dedup();
    if causes.is_empty() {
        return None;
    }
    let case = CaseId::from_uuid(context.turn.command_id);
    Some(Event::ComplianceCaseOpened(ComplianceCaseOpened { case, invoice, causes }))
}

/// By the customer's terms; at once where nothing was sold on credit.
fn due_on(
    customer: &Customer,
    context: &Context,
    draft: &Draft,
    issued_on: NaiveDate,
) -> NaiveDate {
    let on_credit = draft.orders(customer).any(|order| match order.payment {
        Payment::Credit => true,
        Payment::Prepaid { percent } => percent < 100,
        Payment::OnDelivery => false,
    });
    if !on_credit {
        return issued_on;
    }
    let granted = customer.credit.granted.as_ref().and_then(|granted| granted.terms);
    let default = context.facts.policy.as_ref().map_or(0, |p| p.pack.credit.default_terms_days);
    let terms = granted.unwrap_or(Terms { from: TermsFrom::Invoice, days: default });
    terms.due_on(issued_on, draft.last_shipped_on.unwrap_or(issued_on))
}

/// What the gate is asked about an invoice; its lines are numbered as on the invoice.
pub(super) fn question<'a>(
    customer: &Customer,
    facts: &'a Facts,
    title: Option<&'a str>,
    lines: &[InvoicedLine],
    amount: Minor,
) -> Question<'a> {
    let known = (1..).zip(lines).filter_map(|(number, line)| {
        let product = customer.orders.get(&line.order)?.line(line.line)?.product;
        gate::Line::of(facts, number, product, Vec::new())
    });
    let lines = known.collect();
    Question { lines, title, ..Question::about_customer(Checkpoint::Invoice, amount) }
}

/// What is about to be invoiced.
#[derive(Default)]
struct Draft {
    lines: Vec<InvoicedLine>,
    amount: Minor,
    last_shipped_on: Option<NaiveDate>,
    /// How much of each line is invoiced once this is, and for how much.
    invoiced: BTreeMap<(OrderId, u32), (u32, Minor)>,
}

impl Draft {
    fn of_shipments(
        customer: &Customer,
        id: &OrderId,
        shipments: &[ShipmentId],
    ) -> Result<Self, Rejection> {
        let order = customer.orders.get(id).ok_or(Rejection::OrderNotOpen)?;
        let mut draft = Self::default();
        let left: Vec<ShipmentId> = order
            .shipments
            .iter()
            .filter(|(_, shipment)| shipment.shipped_on.is_some())
            .map(|(shipment, _)| *shipment)
            .collect();
        let mut wanted = if shipments.is_empty() { left.clone() } else { shipments.to_vec() };
        wanted.sort_unstable();
        wanted.dedup();
        for shipment in wanted {
            let known = order.shipments.get(&shipment).filter(|_| left.contains(&shipment));
            for lot in &known.ok_or(Rejection::NoSuchShipment)?.lines {
                draft.add(customer, id, order, Some(shipment), lot.line, lot.quantity)?;
            }
        }
        draft.not_empty()
    }

    /// Parts of lines come from the earliest shipments first.
    fn of_parts(customer: &Customer, parts: &[InvoicedPart]) -> Result<Self, Rejection> {
        let mut draft = Self::default();
        for part in parts {
            let order = customer.orders.get(&part.order).ok_or(Rejection::OrderNotOpen)?;
            let line = order.line(part.line).ok_or(Rejection::NoSuchLine { line: part.line })?;
            let mut wanted = part.quantity.get();
            let open = line.to_invoice();
            if wanted > open {
                return Err(Rejection::MoreThanShipped { line: part.line, open });
            }
            for (shipment, known) in order.shipments.iter().filter(|(_, s)| s.shipped_on.is_some())
            {
                // By an earlier part of this invoice.
                let mut used = draft.used(shipment, part.line);
                for lot in known.lines.iter().filter(|lot| lot.line == part.line) {
                    let of_lot = lot.quantity.get();
                    let take = of_lot.saturating_sub(used).min(wanted);
                    used = used.saturating_sub(of_lot);
                    if let Some(quantity) = Quantity::new(take) {
                        draft.add(
                            customer,
                            &part.order,
                            order,
                            Some(*shipment),
                            part.line,
                            quantity,
                        )?;
                        wanted -= take;
                    }
                }
            }
            if wanted > 0 {
                return Err(Rejection::MoreThanShipped { line: part.line, open: open - wanted });
            }
        }
        draft.not_empty()
    }

    fn used(&self, shipment: &ShipmentId, line: u32) -> u32 {
        let same = |l: &&InvoicedLine| l.shipment.as_ref() == Some(shipment) && l.line == line;
        self.lines.iter().filter(same).map(|l| l.quantity.get()).sum()
    }

    fn add(
        &mut self,
        customer: &Customer,
        id: &OrderId,
        order: &Order,
        shipment: Option<ShipmentId>,
        number: u32,
        quantity: Quantity,
    ) -> Result<(), Rejection> {
        if self.lines.len() >= LINES_MAX {
            return Err(Rejection::TooManyLines);
        }
        let line = order.line(number).ok_or(Rejection::NoSuchLine { line: number })?;
        let before = (line.invoiced, line.invoiced_value);
        let (pieces, value) = self.invoiced.entry((*id, number)).or_insert(before);
        let after = pieces.saturating_add(quantity.get());
        if after > line.shipped {
            return Err(Rejection::MoreThanShipped { line: number, open: line.to_invoice() });
        }
        // Up to the value of so many pieces, whatever was voided before: all invoices together are the line's amount.
        let amount = line.value_of(after).saturating_minus(*value).max(Minor::ZERO);
        (*pieces, *value) = (after, value.saturating_plus(amount));
        self.amount = self.amount.saturating_plus(amount);
        let shipped_on = shipment.and_then(|s| order.shipments.get(&s)).and_then(|s| s.shipped_on);
        self.last_shipped_on = self.last_shipped_on.max(shipped_on);
        self.lines.push(InvoicedLine {
            order: *id,
            line: number,
            shipment,
            quantity,
            amount: money(amount, customer.currency()),
        });
        Ok(())
    }

    fn not_empty(self) -> Result<Self, Rejection> {
        if self.lines.is_empty() { Err(Rejection::NothingToInvoice) } else { Ok(self) }
    }

    fn ids(&self) -> Vec<OrderId> {
        let mut ids: Vec<_> = self.lines.iter().map(|line| line.order).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    fn orders<'a>(&self, customer: &'a Customer) -> impl Iterator<Item = &'a Order> + use<'a> {
        self.ids().into_iter().filter_map(|id| customer.orders.get(&id).map(Box::as_ref))
    }

    /// What is set aside for an order settles what of it is invoiced, the oldest receipt first.
    fn deposits(&self, customer: &Customer) -> Vec<DepositUsed> {
        let mut used = Vec::new();
        for order in self.ids() {
            let mine = self.lines.iter().filter(|line| line.order == order);
            let mut open = mine.fold(Minor::ZERO, |sum, l| sum.saturating_plus(l.amount.minor()));
            for drawn in super::ordering::deposits(customer, &order) {
                let amount = drawn.amount.minor().min(open);
                if amount.is_positive() {
                    open = open.saturating_minus(amount);
                    let amount = money(amount, customer.currency());
                    used.push(DepositUsed { order, receipt: drawn.receipt, amount });
                }
            }
        }
        used
    }

    /// What stays set aside for an order of which nothing is left to ship or invoice is free again.
    fn freed(&self, customer: &Customer, used: &[DepositUsed]) -> Vec<DepositUsed> {
        let mut freed = Vec::new();
        for id in self.ids() {
            let over = customer.orders.get(&id).is_some_and(|order| {
                (1..).zip(&order.lines).all(|(number, line)| {
                    let invoiced =
                        self.invoiced.get(&(id, number)).map_or(line.invoiced, |it| it.0);
                    line.to_ship() == 0 && invoiced >= line.shipped
                })
            });
            if !over {
                continue;
            }
            for drawn in super::ordering::deposits(customer, &id) {
                let gone = used.iter().filter(|u| u.order == id && u.receipt == drawn.receipt);
                let gone = gone.fold(Minor::ZERO, |sum, u| sum.saturating_plus(u.amount.minor()));
                let left = drawn.amount.minor().saturating_minus(gone);
                if left.is_positive() {
                    let amount = money(left, customer.currency());
                    freed.push(DepositUsed { order: id, receipt: drawn.receipt, amount });
                }
            }
        }
        freed
    }
}

pub(super) fn void(
    customer: &Customer,
    context: &Context,
    invoice: InvoiceId,
    reason: &Prose<500>,
) -> Result<Vec<Event>, Rejection> {
    let item = customer.receivables.items.get(&invoice).ok_or(Rejection::InvoiceNotOpen)?;
    if item.open != item.amount {
        return Err(Rejection::InvoicePartlySettled);
    }
    if item.lines.iter().any(|line| !customer.orders.contains_key(&line.order)) {
        return Err(Rejection::InvoiceOrderClosed);
    }
    Ok(vec![Event::InvoiceVoided(InvoiceVoided {
        invoice,
        number: item.number.clone(),
        amount: money(item.amount, customer.currency()),
        reason: reason.clone(),
        business_date: context.business_date(),
        backdated: context.business_date.clone(),
    })])
}

/// An invoice of the past, as an imported file tells it.
pub(super) fn open(
    customer: &Customer,
    context: &Context,
    open: &OpenInvoice,
) -> Result<Vec<Event>, Rejection> {
    customer.takes(open.amount.currency())?;
    if !open.amount.is_positive() {
        return Err(Rejection::AmountNotPositive);
    }
    if open.due_on < open.issued_on {
        return Err(Rejection::DueBeforeIssue);
    }
    if customer.receivables.items.len() >= OPEN_INVOICES_MAX {
        return Err(Rejection::TooManyOpenInvoices);
    }
    Ok(vec![Event::InvoiceOpened(InvoiceOpened {
        invoice: InvoiceId::from_uuid(context.turn.command_id),
        number: open.number.clone(),
        amount: open.amount,
        issued_on: open.issued_on,
        due_on: open.due_on,
        disputed: open.disputed,
        origin: open.origin.clone(),
    })])
}

impl Customer {
    pub(super) fn issue_invoice(&mut self, event: &InvoiceIssued) {
        for line in &event.lines {
            if let Some(order) = self.orders.get_mut(&line.order) {
                invoice_line(order, line);
            }
        }
        let item = OpenItem {
            number: event.number.clone(),
            amount: event.amount.minor(),
            open: event.amount.minor(),
            issued_on: event.issued_on,
            due_on: event.due_on,
            lines: event.lines.clone(),
        };
        if item.open.is_positive() {
            self.count_open_invoice(&item, 1);
            self.receivables.insert(event.invoice, item);
        }
        for used in &event.deposits {
            let amount = used.amount.minor();
            self.receivables.use_deposit(&used.order, used.receipt, amount);
            self.settle(event.invoice, used.receipt, amount);
        }
        for freed in &event.freed {
            self.receivables.free_deposit(&freed.order, freed.receipt, freed.amount.minor());
        }
    }

    pub(super) fn void_invoice(&mut self, event: &InvoiceVoided) {
        let Some(item) = self.receivables.remove(&event.invoice) else { return };
        self.count_open_invoice(&item, -1);
        for line in &item.lines {
            let Some(order) = self.orders.get_mut(&line.order) else { continue };
            if let Some(known) = order.line_mut(line.line) {
                known.uninvoice(line.quantity.get(), line.amount.minor());
            }
            if let Some(id) = line.shipment {
                let shipment =
                    order.shipments.entry(id).or_insert_with(|| super::order::Shipment {
                        lines: Vec::new(),
                        shipped_on: Some(item.issued_on),
                        held_by: Vec::new(),
                    });
                shipment.lines.push(Lot {
                    line: line.line,
                    quantity: line.quantity,
                    lot: None,
                    serials: Vec::new(),
                    manufactured_on: None,
                    expires_on: None,
                });
            }
        }
    }

    /// An order stays while an invoice of it is not settled.
    pub(super) fn count_open_invoice(&mut self, item: &OpenItem, change: i32) {
        let mut orders: Vec<_> = item.lines.iter().map(|line| line.order).collect();
        orders.sort_unstable();
        orders.dedup();
        for id in orders {
            if let Some(order) = self.orders.get_mut(&id) {
                order.open_invoices = order.open_invoices.saturating_add_signed(change);
            }
        }
    }
}

/// Moves a line's quantity from delivered to invoiced, and out of its shipment.
fn invoice_line(order: &mut Order, invoiced: &InvoicedLine) {
    if let Some(line) = order.line_mut(invoiced.line) {
        line.invoice(invoiced.quantity.get(), invoiced.amount.minor());
    }
    let Some(id) = invoiced.shipment else { return };
    let Some(shipment) = order.shipments.get_mut(&id) else { return };
    let mut left = invoiced.quantity.get();
    shipment.lines.retain_mut(|lot| {
        if lot.line != invoiced.line || left == 0 {
            return true;
        }
        let taken = lot.quantity.get().min(left);
        left -= taken;
        match Quantity::new(lot.quantity.get() - taken) {
            Some(rest) => {
                lot.quantity = rest;
                true
            }
            None => false,
        }
    });
    if shipment.lines.is_empty() {
        order.shipments.remove(&id);
    }
}
