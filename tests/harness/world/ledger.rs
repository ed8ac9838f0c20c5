//! A second set of books, kept from the amounts that events say and from nothing else: what is delivered, owed and paid must
//! be what went in and has not come out, also of orders and invoices that have left the customer's state.

use std::collections::BTreeSet;

use domain::{
    customer::{Customer, Event, receivables::Settled},
    ids::InvoiceId,
    money::Money,
};

/// In minor units.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Shipped and not invoiced.
    delivered: i64,
    /// Invoiced and not settled.
    owed: i64,
    /// Received and not applied to an invoice.
    cash: i64,
    /// Invoices of the past: nothing was shipped for them here.
    opened: BTreeSet<InvoiceId>,
}

fn sum(amounts: impl Iterator<Item = Money>) -> i64 {
    amounts.map(Money::minor_units).sum()
}

impl Ledger {
    /// Enters an event.
    pub fn enter(&mut self, event: &Event) {
        match event {
            Event::GoodsShipped(e) => self.delivered += e.value.minor_units(),
            Event::InvoiceIssued(e) => {
                self.delivered -= e.amount.minor_units();
                self.owed += e.amount.minor_units();
                let used = sum(e.deposits.iter().map(|used| used.amount));
                self.owed -= used;
                self.cash -= used;
            }
            Event::InvoiceVoided(e) => {
                if !self.opened.contains(&e.invoice) {
                    self.delivered += e.amount.minor_units();
                }
                self.owed -= e.amount.minor_units();
            }
            Event::InvoiceOpened(e) => {
                self.owed += e.amount.minor_units();
                self.opened.insert(e.invoice);
            }
            Event::CashReceived(e) => {
                self.cash += e.amount.minor_units();
                self.apply(&e.applied);
            }
            Event::CashApplied(e) => self.apply(&e.applied),
            Event::CreditNoteIssued(e) => {
                self.owed -= sum(e.applied.iter().map(|settled| settled.amount));
                self.cash += e.unapplied.minor_units();
            }
            Event::ReceiptReversed(e) => {
                let reopened = sum(e.reopened.iter().map(|settled| settled.amount));
                self.owed += reopened;
                self.cash -= e.amount.minor_units() - reopened;
            }
            _ => {}
        }
    }

    fn apply(&mut self, settled: &[Settled]) {
        let applied = sum(settled.iter().map(|settled| settled.amount));
        self.owed -= applied;
        self.cash -= applied;
    }

    /// The customer's own books say the same.
    pub fn check(&self, customer: &Customer) {
        let books = &customer.receivables;
        let set_aside: i64 = books.deposits.values().map(|deposit| deposit.unused().0).sum();
        let own = Self {
            delivered: customer.totals.open_deliveries.0,
            owed: books.open_items.0,
            cash: books.unapplied.0 + set_aside,
            opened: self.opened.clone(),
        };
        assert_eq!(own, *self, "the customer's books, and those kept from its events");
    }
}
