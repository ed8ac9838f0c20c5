//! Cash: receipts, their application, deposits, reversal, and credit notes.
//!
//! Cash is never refused by a gate; a reference that was received before is. It settles the oldest due invoice first,
//! unless somebody says otherwise; what is named explicitly must fit exactly. A reversal opens again what was settled.

use super::{
    Customer, Event, Rejection,
    gate::{self, Question},
    money,
    receivables::{
        Allocation, Application, CashApplied, CashReceived, CreditNoteIssued, Deposited,
        IssueCreditNote, OpenItem, REVERSIBLE_DAYS, Receipt, ReceiptReversed, Receivables,
        ReceiveCash, Settled, SettledItem, Target,
    },
    shipping::not_far_ahead,
};
use crate::{
    context::Context,
    decision::Checkpoint,
    ids::{CreditNoteId, InvoiceId, OrderId, ReceiptId},
    money::{Minor, Money},
    text::Prose,
};

/// The most invoices and orders that one receipt is applied to; what is left stays unapplied.
pub const APPLICATIONS_MAX: usize = 300;

pub(super) fn receive(
    customer: &Customer,
    context: &Context,
    receive: &ReceiveCash,
) -> Result<Vec<Event>, Rejection> {
    customer.takes(receive.amount.currency())?;
    if !receive.amount.is_positive() {
        return Err(Rejection::AmountNotPositive);
    }
    let received_on = receive.received_on.unwrap_or_else(|| context.business_date());
    not_far_ahead(context, received_on)?;
    let plan = plan(customer, receive.amount.minor(), &receive.apply)?;
    let decision = receive.origin.is_none().then(|| {
        let question = Question::about_customer(Checkpoint::Receipt, receive.amount.minor());
        gate::judge(customer, &context.hearing(), &question, 0)
    });
    Ok(vec![Event::CashReceived(Box::new(CashReceived {
        receipt: ReceiptId::from_uuid(context.turn.command_id),
        reference: receive.reference.clone(),
        amount: receive.amount,
        received_on,
        applied: plan.applied,
        deposits: plan.deposits,
        unapplied: money(plan.left, customer.currency()),
        decision,
        backdated: context.business_date.clone(),
        origin: receive.origin.clone(),
    }))])
}

pub(super) fn apply(
    customer: &Customer,
    context: &Context,
    receipt: ReceiptId,
    applications: &[Application],
) -> Result<Vec<Event>, Rejection> {
    let known = customer.receivables.receipts.get(&receipt).ok_or(Rejection::ReceiptUnknown)?;
    if !known.unapplied.is_positive() {
        return Err(Rejection::NothingUnapplied);
    }
    let allocation = if applications.is_empty() {
        Allocation::OldestFirst
    } else {
        Allocation::Just(applications.to_vec())
    };
    let plan = plan(customer, known.unapplied, &allocation)?;
    if plan.applied.is_empty() && plan.deposits.is_empty() {
        return Err(Rejection::InvoiceNotOpen);
    }
    Ok(vec![Event::CashApplied(CashApplied {
        receipt,
        applied: plan.applied,
        deposits: plan.deposits,
        business_date: context.business_date(),
        backdated: context.business_date.clone(),
    })])
}

/// How an amount is spread.
struct Plan {
    applied: Vec<Settled>,
    deposits: Vec<Deposited>,
    left: Minor,
}

fn plan(customer: &Customer, amount: Minor, allocation: &Allocation) -> Result<Plan, Rejection> {
    let mut plan = Plan { applied: Vec::new(), deposits: Vec::new(), left: amount };
    match allocation {
        Allocation::OldestFirst => {
            let due = customer.receivables.due.iter().take(APPLICATIONS_MAX);
            for ((_, invoice), open) in due {
                plan.settle(customer, *invoice, (*open).min(plan.left));
            }
        }
        Allocation::Number(number) => {
            let items = &customer.receivables.items;
            let found = items.iter().find(|(_, item)| item.number == *number);
            let (invoice, item) = found.ok_or(Rejection::InvoiceNotOpen)?;
            plan.settle(customer, *invoice, item.open.min(plan.left));
        }
        Allocation::Just(applications) => {
            if applications.len() > APPLICATIONS_MAX {
                return Err(Rejection::TooManyLines);
            }
            for (n, application) in applications.iter().enumerate() {
                if applications.iter().take(n).any(|earlier| earlier.to == application.to) {
                    return Err(Rejection::AppliedTwice);
                }
                plan.apply(customer, application)?;
            }
        }
    }
    Ok(plan)
}

impl Plan {
    fn settle(&mut self, customer: &Customer, invoice: InvoiceId, amount: Minor) {
        if amount.is_positive() {
            self.left = self.left.saturating_minus(amount);
            self.applied.push(Settled { invoice, amount: money(amount, customer.currency()) });
        }
    }

    /// What is named must be open, and there must be so much.
    fn apply(&mut self, customer: &Customer, wanted: &Application) -> Result<(), Rejection> {
        if let Some(amount) = wanted.amount {
            customer.takes(amount.currency())?;
            if !amount.is_positive() {
                return Err(Rejection::AmountNotPositive);
            }
            if amount.minor() > self.left {
                return Err(Rejection::MoreThanReceived);
            }
        }
        match wanted.to {
            Target::Invoice(invoice) => {
                let item =
                    customer.receivables.items.get(&invoice).ok_or(Rejection::InvoiceNotOpen)?;
                let amount = wanted.amount.map_or(item.open.min(self.left), Money::minor);
                if amount > item.open {
                    return Err(Rejection::MoreThanOwed { number: item.number.to_string() });
                }
                self.settle(customer, invoice, amount);
            }
            Target::Order(order) => {
                let known = customer.orders.get(&order).ok_or(Rejection::OrderNotOpen)?;
                if known.is_invoiced() {
                    return Err(Rejection::OrderInvoiced);
                }
                let amount = wanted.amount.map_or(self.left, Money::minor);
                if amount.is_positive() {
                    self.left = self.left.saturating_minus(amount);
                    let amount = money(amount, customer.currency());
                    self.deposits.push(Deposited { order, amount });
                }
            }
        }
        Ok(())
    }
}

pub(super) fn reverse(
    customer: &Customer,
    context: &Context,
    receipt: ReceiptId,
    reason: &Prose<500>,
) -> Result<Vec<Event>, Rejection> {
    let known = customer.receivables.receipts.get(&receipt).filter(|known| known.is_cash);
    let known = known.ok_or(Rejection::ReceiptUnknown)?;
    let currency = customer.currency();
    let reopened = known.settled.iter().map(|settled| Settled {
        invoice: settled.invoice,
        amount: money(settled.amount, currency),
    });
    let held = customer.receivables.deposits.iter().filter_map(|(order, deposit)| {
        let amount = money(*deposit.held.get(&receipt)?, currency);
        Some(Deposited { order: *order, amount })
    });
    Ok(vec![Event::ReceiptReversed(ReceiptReversed {
        receipt,
        reopened: reopened.collect(),
        deposits: held.collect(),
        amount: money(known.amount, currency),
        reason: reason.clone(),
        business_date: context.business_date(),
        backdated: context.business_date.clone(),
    })])
}

pub(super) fn credit_note(
    customer: &Customer,
    context: &Context,
    note: &IssueCreditNote,
) -> Result<Vec<Event>, Rejection> {
    customer.takes(note.amount.currency())?;
    if !note.amount.is_positive() {
        return Err(Rejection::AmountNotPositive);
    }
    let issued_on = note.issued_on.unwrap_or_else(|| context.business_date());
    not_far_ahead(context, issued_on)?;
    let mut left = note.amount.minor();
    let mut applied = None;
    if let Some(invoice) = note.invoice {
        match customer.receivables.items.get(&invoice) {
            Some(item) => {
                let amount = item.open.min(left);
                left = left.saturating_minus(amount);
                applied = Some(Settled { invoice, amount: money(amount, customer.currency()) });
            }
            // Goods come back after they were paid, too.
            None if customer.receivables.has_settled(&invoice) => {}
            None => return Err(Rejection::InvoiceNotOpen),
        }
    }
    Ok(vec![Event::CreditNoteIssued(CreditNoteIssued {
        credit_note: CreditNoteId::from_uuid(context.turn.command_id),
        number: note.number.clone(),
        amount: note.amount,
        issued_on,
        invoice: note.invoice,
        applied,
        unapplied: money(left, customer.currency()),
        reason: note.reason.clone(),
        backdated: context.business_date.clone(),
    })])
}

impl Customer {
    pub(super) fn receive_cash(&mut self, event: &CashReceived) {
        self.receivables.forget_before(event.received_on);
        self.receivables.receipts.insert(
            event.receipt,
            Receipt {
                amount: event.amount.minor(),
                unapplied: event.amount.minor(),
                received_on: event.received_on,
                settled: Vec::new(),
                is_cash: true,
            },
        );
        self.receivables.unapplied =
            self.receivables.unapplied.saturating_plus(event.amount.minor());
        self.spread(event.receipt, &event.applied, &event.deposits);
    }

    pub(super) fn apply_cash(&mut self, event: &CashApplied) {
        self.spread(event.receipt, &event.applied, &event.deposits);
    }

    fn spread(&mut self, receipt: ReceiptId, applied: &[Settled], deposits: &[Deposited]) {
        for settled in applied {
            self.receivables.take_unapplied(receipt, settled.amount.minor());
            self.settle(settled.invoice, receipt, settled.amount.minor());
        }
        for deposit in deposits {
            self.receivables.take_unapplied(receipt, deposit.amount.minor());
            self.receivables.set_aside(deposit.order, receipt, deposit.amount.minor());
        }
    }

    /// Takes an amount off an open item; a settled one leaves the state, and its orders may.
    pub(super) fn settle(&mut self, invoice: InvoiceId, receipt: ReceiptId, amount: Minor) {
        let Some(kept) = self.receivables.items.get(&invoice).cloned() else { return };
        if let Some(receipt) = self.receivables.receipts.get_mut(&receipt) {
            receipt.settled.push(SettledItem { invoice, amount, item: *kept });
        }
        self.reduce(invoice, amount);
    }

    fn reduce(&mut self, invoice: InvoiceId, amount: Minor) {
        if let Some(closed) = self.receivables.reduce(invoice, amount) {
            self.count_open_invoice(&closed, -1);
        }
    }

    pub(super) fn reverse_receipt(&mut self, event: &ReceiptReversed) {
        let Some(receipt) = self.receivables.receipts.remove(&event.receipt) else { return };
        self.receivables.unapplied = self.receivables.unapplied.saturating_minus(receipt.unapplied);
        for settled in receipt.settled {
            if !self.receivables.items.contains_key(&settled.invoice) {
                self.count_open_invoice(&settled.item, 1);
            }
            self.receivables.reopen(settled);
        }
        for deposit in self.receivables.deposits.values_mut() {
            deposit.held.remove(&event.receipt);
            deposit.used.remove(&event.receipt);
        }
    }

    pub(super) fn credit_note(&mut self, event: &CreditNoteIssued) {
        if let Some(applied) = &event.applied {
            self.reduce(applied.invoice, applied.amount.minor());
        }
        let left = event.unapplied.minor();
        if left.is_positive() {
            // What is over lies unapplied like cash, under the receipt of the same number.
            let receipt = ReceiptId::from_uuid(event.credit_note.uuid());
            self.receivables.unapplied = self.receivables.unapplied.saturating_plus(left);
            self.receivables.receipts.insert(
                receipt,
                Receipt {
                    amount: left,
                    unapplied: left,
                    received_on: event.issued_on,
                    settled: Vec::new(),
                    is_cash: false,
                },
            );
        }
    }
}

impl Receivables {
    pub(super) fn open_item(&mut self, event: &super::receivables::InvoiceOpened) {
        self.insert(
            event.invoice,
            OpenItem {
                number: event.number.clone(),
                amount: event.amount.minor(),
                open: event.amount.minor(),
                issued_on: event.issued_on,
                due_on: event.due_on,
                lines: Vec::new(),
            },
        );
    }

    /// Whether a receipt that can still be reversed settled it, or a part of it.
    fn has_settled(&self, invoice: &InvoiceId) -> bool {
        let mut settled = self.receipts.values().flat_map(|receipt| &receipt.settled);
        settled.any(|settled| settled.invoice == *invoice)
    }

    pub(super) fn insert(&mut self, invoice: InvoiceId, item: OpenItem) {
        self.open_items = self.open_items.saturating_plus(item.open);
        self.due.insert((item.due_on, invoice), item.open);
        self.items.insert(invoice, Box::new(item));
    }

    pub(super) fn remove(&mut self, invoice: &InvoiceId) -> Option<OpenItem> {
        let item = *self.items.remove(invoice)?;
        self.open_items = self.open_items.saturating_minus(item.open);
        self.due.remove(&(item.due_on, *invoice));
        Some(item)
    }

    /// The item, when this settles it.
    fn reduce(&mut self, invoice: InvoiceId, amount: Minor) -> Option<OpenItem> {
        let item = self.items.get_mut(&invoice)?;
        let open = item.open.saturating_minus(amount);
        if !open.is_positive() {
            return self.remove(&invoice);
        }
        self.open_items = self.open_items.saturating_minus(amount);
        item.open = open;
        self.due.insert((item.due_on, invoice), open);
        None
    }

    fn reopen(&mut self, settled: SettledItem) {
        let open = self.items.get(&settled.invoice).map_or(Minor::ZERO, |item| item.open);
        let kept = self.remove(&settled.invoice).unwrap_or(settled.item);
        let open = open.saturating_plus(settled.amount);
        self.insert(settled.invoice, OpenItem { open, ..kept });
    }

    pub(super) fn take_unapplied(&mut self, receipt: ReceiptId, amount: Minor) {
        self.unapplied = self.unapplied.saturating_minus(amount);
        if let Some(receipt) = self.receipts.get_mut(&receipt) {
            receipt.unapplied = receipt.unapplied.saturating_minus(amount);
        }
    }

    pub(super) fn set_aside(&mut self, order: OrderId, receipt: ReceiptId, amount: Minor) {
        let held = self.deposits.entry(order).or_default().held.entry(receipt).or_default();
        *held = held.saturating_plus(amount);
    }

    pub(super) fn use_deposit(&mut self, order: &OrderId, receipt: ReceiptId, amount: Minor) {
        let Some(deposit) = self.deposits.get_mut(order) else { return };
        let used = deposit.used.entry(receipt).or_default();
        *used = used.saturating_plus(amount);
        if let Some(held) = deposit.held.get_mut(&receipt) {
            *held = held.saturating_minus(amount);
        }
        deposit.held.retain(|_, held| held.is_positive());
    }

    /// Back from an order to the cash that is unapplied.
    pub(super) fn free_deposit(&mut self, order: &OrderId, receipt: ReceiptId, amount: Minor) {
        let Some(deposit) = self.deposits.get_mut(order) else { return };
        if let Some(held) = deposit.held.get_mut(&receipt) {
            *held = held.saturating_minus(amount);
        }
        deposit.held.retain(|_, held| held.is_positive());
        self.unapplied = self.unapplied.saturating_plus(amount);
        if let Some(receipt) = self.receipts.get_mut(&receipt) {
            receipt.unapplied = receipt.unapplied.saturating_plus(amount);
        }
    }

    /// Receipts too old to be reversed leave the state, once nothing of them is left, neither unapplied nor set aside: what an
    /// order gives back goes to its receipt.
    fn forget_before(&mut self, today: chrono::NaiveDate) {
        let Some(last) = today.checked_sub_days(chrono::Days::new(REVERSIBLE_DAYS)) else { return };
        while let Some(first) = self.receipts.first_entry() {
            let receipt = first.get();
            let set_aside = || self.deposits.values().any(|it| it.held.contains_key(first.key()));
            if receipt.received_on >= last || receipt.unapplied.is_positive() || set_aside() {
                return;
            }
            first.remove();
        }
    }
}
