//! How events change invoices and cash.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::customer::{
    Event,
    receivables::{
        CashApplied, CashReceived, CreditNoteIssued, Deposited, InvoiceIssued, InvoiceOpened,
        InvoiceStopped, InvoiceVoided, ReceiptReversed,
    },
    trading::Drawn,
};
use domain::ids::{InvoiceId, ReceiptId};
use domain::money::{Currency, Money};

use super::{InvoiceRecord, MovementRecord, ReceiptRecord};
use crate::model::Model;
use crate::seen::Seen;
use crate::store::{Appends, Json, Rows, Stored};

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Receivables {
    invoices: Rows<InvoiceRecord>,
    movements: Appends<MovementRecord>,
    receipts: Rows<ReceiptRecord>,
    /// How many movements the event under way has made.
    items: i64,
}

impl Model for Receivables {
    fn name(&self) -> &'static str {
        "receivables"
    }

    fn ask(&mut self, seen: &Seen) {
        let Some(event) = seen.customer() else { return };
        if let Event::InvoiceIssued(e) = event {
            self.invoices.expect(&e.invoice);
            e.deposits.iter().chain(&e.freed).for_each(|used| self.receipts.ask(&used.receipt));
        } else if let Event::InvoiceHeld(e) | Event::InvoiceDenied(e) = event {
            self.invoices.expect(&e.invoice);
        } else if let Event::InvoiceOpened(e) = event {
            self.invoices.expect(&e.invoice);
        } else if let Event::InvoiceVoided(e) = event {
            self.invoices.ask(&e.invoice);
        } else if let Event::CashReceived(e) = event {
            self.receipts.expect(&e.receipt);
            e.applied.iter().for_each(|settled| self.invoices.ask(&settled.invoice));
        } else if let Event::CashApplied(e) = event {
            self.receipts.ask(&e.receipt);
            e.applied.iter().for_each(|settled| self.invoices.ask(&settled.invoice));
        } else if let Event::ReceiptReversed(e) = event {
            self.receipts.ask(&e.receipt);
            e.reopened.iter().for_each(|settled| self.invoices.ask(&settled.invoice));
        } else if let Event::CreditNoteIssued(e) = event {
            self.receipts.expect(&left_over(e));
            e.applied.iter().for_each(|settled| self.invoices.ask(&settled.invoice));
        } else if let Event::GoodsShipped(e) = event {
            e.drawn.iter().for_each(|drawn| self.receipts.ask(&drawn.receipt));
        } else if let Event::OrderCancelled(e) = event {
            e.freed.iter().for_each(|freed| self.receipts.ask(&freed.receipt));
        }
    }

    fn fold(&mut self, seen: &Seen) {
        let Some(event) = seen.customer() else { return };
        self.items = 0;
        match event {
            Event::InvoiceIssued(e) => self.issue(seen, e),
            Event::InvoiceHeld(e) => self.invoices.put(InvoiceRecord::stopped(seen, e, "held")),
            Event::InvoiceDenied(e) => self.invoices.put(InvoiceRecord::stopped(seen, e, "denied")),
            Event::InvoiceOpened(e) => self.open(seen, e),
            Event::InvoiceVoided(e) => self.void(seen, e),
            Event::CashReceived(e) => self.receive(seen, e),
            Event::CashApplied(e) => self.apply(seen, e),
            Event::ReceiptReversed(e) => self.reverse(seen, e),
            Event::CreditNoteIssued(e) => self.credit(seen, e),
            Event::GoodsShipped(e) => e.drawn.iter().for_each(|drawn| self.set_aside(drawn)),
            Event::OrderCancelled(e) => e.freed.iter().for_each(|freed| self.free(freed)),
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
            | Event::OrderPlaced(_)
            | Event::OrderHeld(_)
            | Event::OrderDenied(_)
            | Event::OrderReleased(_)
            | Event::OrderHealed(_)
            | Event::ShipmentHeld(_)
            | Event::ShipmentDenied(_)
            | Event::ShipmentCleared(_)
            | Event::ComplianceCaseOpened(_)
            | Event::OverdueAnnounced(_) => {}
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.invoices, &mut self.movements, &mut self.receipts]
    }
}

/// What a credit note leaves over lies under the receipt of the same number.
fn left_over(note: &CreditNoteIssued) -> ReceiptId {
    ReceiptId::from_uuid(note.credit_note.uuid())
}

/// Something that changes what is open of an invoice.
struct Move<'a> {
    invoice: &'a InvoiceId,
    /// Signed.
    minor: i64,
    on: NaiveDate,
    kind: &'static str,
    source: Option<String>,
}

impl Receivables {
    fn issue(&mut self, seen: &Seen, event: &InvoiceIssued) {
        let mut invoice = InvoiceRecord::new(seen, event.invoice, event.amount, event.issued_on);
        invoice.number = event.number.to_string();
        invoice.due_on = Some(event.due_on);
        self.invoices.put(invoice);
        self.issued(seen, event.invoice, event.amount, event.issued_on);
        for used in &event.deposits {
            self.receipt(used.receipt, |receipt| receipt.take_deposit(used.amount));
            self.shift(
                seen,
                Move {
                    invoice: &event.invoice,
                    minor: used.amount.negated().minor_units(),
                    on: event.issued_on,
                    kind: "applied",
                    source: Some(used.receipt.to_string()),
                },
            );
        }
        for freed in &event.freed {
            self.free(&Drawn { receipt: freed.receipt, amount: freed.amount });
        }
    }

    fn open(&mut self, seen: &Seen, event: &InvoiceOpened) {
        let mut invoice = InvoiceRecord::new(seen, event.invoice, event.amount, event.issued_on);
        invoice.number = event.number.to_string();
        invoice.due_on = Some(event.due_on);
        invoice.disputed = event.disputed;
        invoice.origin = Some(event.origin.kind.clone());
        self.invoices.put(invoice);
        self.issued(seen, event.invoice, event.amount, event.issued_on);
    }

    fn void(&mut self, seen: &Seen, event: &InvoiceVoided) {
        let Some(invoice) = self.invoices.get(&event.invoice) else { return };
        let minor = invoice.open_minor.saturating_neg();
        let on = event.business_date;
        let (invoice, kind) = (&event.invoice, "voided");
        self.shift(seen, Move { invoice, minor, on, kind, source: None });
        if let Some(invoice) = self.invoices.change(&event.invoice) {
            invoice.status = "voided".into();
        }
    }

    fn receive(&mut self, seen: &Seen, event: &CashReceived) {
        let mut receipt = ReceiptRecord::new(seen, event.receipt, event.amount, event.received_on);
        receipt.reference = event.reference.to_string();
        receipt.unapplied_minor = event.unapplied.minor_units();
        receipt.deposited_minor = total(&event.deposits);
        receipt.origin = event.origin.as_ref().map(|origin| origin.kind.clone());
        self.receipts.put(receipt);
        for settled in &event.applied {
            self.settle(seen, event.receipt, &settled.invoice, settled.amount, event.received_on);
        }
    }

    fn apply(&mut self, seen: &Seen, event: &CashApplied) {
        for settled in &event.applied {
            self.receipt(event.receipt, |receipt| receipt.take_unapplied(settled.amount));
            self.settle(seen, event.receipt, &settled.invoice, settled.amount, event.business_date);
        }
        for deposit in &event.deposits {
            self.set_aside(&Drawn { receipt: event.receipt, amount: deposit.amount });
        }
    }

    fn reverse(&mut self, seen: &Seen, event: &ReceiptReversed) {
        self.receipt(event.receipt, |receipt| {
            receipt.status = "reversed".into();
            receipt.unapplied_minor = 0;
            receipt.deposited_minor = 0;
        });
        for reopened in &event.reopened {
            let moved = Move {
                invoice: &reopened.invoice,
                minor: reopened.amount.minor_units(),
                on: event.business_date,
                kind: "reversed",
                source: Some(event.receipt.to_string()),
            };
            self.shift(seen, moved);
        }
    }

    fn credit(&mut self, seen: &Seen, event: &CreditNoteIssued) {
        if let Some(applied) = &event.applied {
            let moved = Move {
                invoice: &applied.invoice,
                minor: applied.amount.negated().minor_units(),
                on: event.issued_on,
                kind: "credited",
                source: Some(event.credit_note.to_string()),
            };
            self.shift(seen, moved);
        }
        if event.unapplied.is_positive() {
            let left = left_over(event);
            let mut receipt = ReceiptRecord::new(seen, left, event.unapplied, event.issued_on);
            receipt.reference = event.number.to_string();
            receipt.kind = "credit_note".into();
            receipt.unapplied_minor = event.unapplied.minor_units();
            self.receipts.put(receipt);
        }
    }

    fn settle(
        &mut self,
        seen: &Seen,
        receipt: ReceiptId,
        invoice: &InvoiceId,
        amount: Money,
        on: NaiveDate,
    ) {
        let source = Some(receipt.to_string());
        let minor = amount.negated().minor_units();
        self.shift(seen, Move { invoice, minor, on, kind: "applied", source });
    }

    fn issued(&mut self, seen: &Seen, invoice: InvoiceId, amount: Money, on: NaiveDate) {
        self.record(seen, invoice, amount.minor_units(), on, ("issued", None), amount.currency());
    }

    /// Changes what is open of an invoice, and records the movement.
    fn shift(&mut self, seen: &Seen, moved: Move<'_>) {
        let Some(invoice) = self.invoices.change(moved.invoice) else { return };
        let on = moved.on.max(invoice.issued_on);
        invoice.shift(moved.minor, on);
        let currency = crate::query::currency(&invoice.currency);
        let what = (moved.kind, moved.source);
        self.record(seen, *moved.invoice, moved.minor, on, what, currency);
    }

    fn record(
        &mut self,
        seen: &Seen,
        invoice: InvoiceId,
        minor: i64,
        on: NaiveDate,
        (kind, source): (&'static str, Option<String>),
        currency: Currency,
    ) {
        self.items += 1;
        self.movements.put(MovementRecord {
            position: seen.position,
            item: self.items,
            invoice,
            customer: Arc::clone(&seen.stream),
            business_date: on,
            amount_minor: minor,
            currency: code(currency),
            kind: kind.into(),
            source,
        });
    }

    fn receipt(&mut self, id: ReceiptId, change: impl FnOnce(&mut ReceiptRecord)) {
        if let Some(receipt) = self.receipts.change(&id) {
            change(receipt);
        }
    }

    /// From unapplied to deposit.
    fn set_aside(&mut self, drawn: &Drawn) {
        self.receipt(drawn.receipt, |receipt| {
            receipt.take_unapplied(drawn.amount);
            receipt.take_deposit(drawn.amount.negated());
        });
    }

    /// From deposit to unapplied.
    fn free(&mut self, freed: &Drawn) {
        self.receipt(freed.receipt, |receipt| {
            receipt.take_deposit(freed.amount);
            receipt.take_unapplied(freed.amount.negated());
        });
    }
}

fn total(deposits: &[Deposited]) -> i64 {
    deposits.iter().fold(0, |sum, deposit| sum.saturating_add(deposit.amount.minor_units()))
}

fn code(currency: Currency) -> Cow<'static, str> {
    if currency == Currency::CNY { "CNY".into() } else { currency.as_str().to_owned().into() }
}

impl InvoiceRecord {
    fn new(seen: &Seen, invoice: InvoiceId, amount: Money, issued_on: NaiveDate) -> Self {
        let open = amount.is_positive();
        Self {
            invoice,
            customer: Arc::clone(&seen.stream),
            number: String::new(),
            status: if open { "open".into() } else { "settled".into() },
            currency: code(amount.currency()),
            amount_minor: amount.minor_units(),
            open_minor: amount.minor_units(),
            issued_on,
            due_on: None,
            moved_on: Some(issued_on),
            settled_on: if open { None } else { Some(issued_on) },
            disputed: false,
            origin: None,
            held_by: None,
            position: seen.position,
            recorded_at: seen.recorded_at,
            actor: seen.actor.clone(),
        }
    }

    fn stopped(seen: &Seen, event: &InvoiceStopped, status: &'static str) -> Self {
        let causes = event.decision.causes.iter().filter(|cause| cause.stops()).cloned();
        let mut invoice = Self::new(seen, event.invoice, event.amount, event.issued_on);
        invoice.number = event.number.to_string();
        invoice.status = status.into();
        invoice.open_minor = 0;
        invoice.moved_on = None;
        invoice.held_by = Json::of_some(causes.collect());
        invoice
    }

    fn shift(&mut self, minor: i64, on: NaiveDate) {
        self.open_minor = self.open_minor.saturating_add(minor);
        self.moved_on = self.moved_on.max(Some(on));
        let settled = self.open_minor <= 0;
        self.status = if settled { "settled".into() } else { "open".into() };
        self.settled_on = if settled { self.moved_on } else { None };
    }
}

impl ReceiptRecord {
    fn new(seen: &Seen, receipt: ReceiptId, amount: Money, received_on: NaiveDate) -> Self {
        Self {
            receipt,
            customer: Arc::clone(&seen.stream),
            reference: String::new(),
            kind: "cash".into(),
            status: "received".into(),
            currency: code(amount.currency()),
            amount_minor: amount.minor_units(),
            unapplied_minor: 0,
            deposited_minor: 0,
            received_on,
            origin: None,
            position: seen.position,
            recorded_at: seen.recorded_at,
            actor: seen.actor.clone(),
        }
    }

    fn take_unapplied(&mut self, amount: Money) {
        self.unapplied_minor = self.unapplied_minor.saturating_sub(amount.minor_units());
    }

    fn take_deposit(&mut self, amount: Money) {
        self.deposited_minor = self.deposited_minor.saturating_sub(amount.minor_units());
    }
}
