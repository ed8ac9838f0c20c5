//! Exposure: how much of our money is with the customer, or promised to it.
//!
//! Exposure = open orders + open deliveries + open items − unapplied cash − what is or will be paid in advance.
//! (Open order p·(o − c − max(s, i)), open delivery p·(s − i), open item: invoiced − applied; not floored at zero.)
//! Held and denied orders are not exposure. The share that is paid in advance uses no credit: nothing leaves before it is
//! covered; cash set aside for an order offsets that order and no other.
//! The totals are kept up to date event by event; `recount` counts them anew, and both must agree.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Customer, Event, order::Order};
use crate::{
    ids::{InvoiceId, OrderId},
    money::{Currency, Minor},
    policy::pack::OverdueRule,
};

/// The parts of exposure that orders make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    pub open_orders: Minor,
    pub open_deliveries: Minor,
    /// What of these is offset by payment in advance.
    pub prepaid: Minor,
}

impl Totals {
    pub(super) fn add(&mut self, other: Self) {
        self.open_orders = self.open_orders.saturating_plus(other.open_orders);
        self.open_deliveries = self.open_deliveries.saturating_plus(other.open_deliveries);
        self.prepaid = self.prepaid.saturating_plus(other.prepaid);
    }

    pub(super) fn remove(&mut self, other: Self) {
        self.open_orders = self.open_orders.saturating_minus(other.open_orders);
        self.open_deliveries = self.open_deliveries.saturating_minus(other.open_deliveries);
        self.prepaid = self.prepaid.saturating_minus(other.prepaid);
    }

    fn net(self) -> Minor {
        self.open_orders.saturating_plus(self.open_deliveries).saturating_minus(self.prepaid)
    }
}

/// So many per cent of an amount, rounded half up to the minor unit.
pub fn percent_of(amount: Minor, percent: u32) -> Minor {
    let share = (i128::from(amount.0) * i128::from(percent) + 50).div_euclid(100);
    Minor(i64::try_from(share).unwrap_or(i64::MAX))
}

/// One order's part, with the cash that is set aside for it.
fn parts(order: &Order, deposit: Minor) -> Totals {
    let open = if order.is_held() { Minor::ZERO } else { order.open() };
    let delivered = order.delivered();
    let promised = percent_of(open, order.payment.prepaid_percent());
    let for_open = promised.max(deposit.min(open));
    let for_delivered = deposit.saturating_minus(for_open).max(Minor::ZERO).min(delivered);
    Totals {
        open_orders: open,
        open_deliveries: delivered,
        prepaid: for_open.saturating_plus(for_delivered),
    }
}

/// The part of these orders in the totals.
pub(super) fn weigh(customer: &Customer, orders: &[OrderId]) -> Totals {
    let mut totals = Totals::default();
    for id in orders {
        if let Some(order) = customer.orders.get(id) {
            totals.add(parts(order, unused_deposit(customer, id)));
        }
    }
    totals
}

fn unused_deposit(customer: &Customer, order: &OrderId) -> Minor {
    customer
        .receivables
        .deposits
        .get(order)
        .map_or(Minor::ZERO, super::receivables::Deposit::unused)
}

/// The orders whose part an event changes, each once.
pub(super) fn touched(customer: &Customer, event: &Event) -> Vec<OrderId> {
    let mut orders = match event {
        Event::OrderPlaced(e) | Event::OrderHeld(e) => vec![e.order],
        Event::OrderReleased(e) => vec![e.order],
        Event::OrderHealed(e) => vec![e.order],
        Event::OrderCancelled(e) => vec![e.order],
        Event::GoodsShipped(e) => vec![e.order],
        Event::InvoiceIssued(e) => e.lines.iter().map(|line| line.order).collect(),
        Event::InvoiceVoided(e) => orders_of(customer, [&e.invoice]),
        Event::CashReceived(e) => {
            let mut orders = orders_of(customer, e.applied.iter().map(|s| &s.invoice));
            orders.extend(e.deposits.iter().map(|d| d.order));
            orders
        }
        Event::CashApplied(e) => {
            let mut orders = orders_of(customer, e.applied.iter().map(|s| &s.invoice));
            orders.extend(e.deposits.iter().map(|d| d.order));
            orders
        }
        Event::ReceiptReversed(e) => e.deposits.iter().map(|d| d.order).collect(),
        Event::CreditNoteIssued(e) => orders_of(customer, e.applied.iter().map(|s| &s.invoice)),
        _ => Vec::new(),
    };
    orders.sort_unstable();
    orders.dedup();
    orders
}

fn orders_of<'a>(
    customer: &Customer,
    invoices: impl IntoIterator<Item = &'a InvoiceId>,
) -> Vec<OrderId> {
    let items = invoices.into_iter().filter_map(|id| customer.receivables.items.get(id));
    items.flat_map(|item| item.lines.iter().map(|line| line.order)).collect()
}

/// Whether an order ships so soon that it is counted.
pub(super) fn within(order: &Order, horizon_days: Option<u32>, today: NaiveDate) -> bool {
    let end = horizon_days.and_then(|days| today.checked_add_days(Days::new(days.into())));
    end.is_none_or(|end| order.requested_ship_date <= end)
}

impl Customer {
    /// Everything that is or will be owed, as it stands.
    pub fn exposure(&self) -> Minor {
        self.totals
            .net()
            .saturating_plus(self.receivables.open_items)
            .saturating_minus(self.receivables.unapplied)
    }

    /// The same with open orders only where they ship within so many days.
    pub fn exposure_within(&self, horizon_days: Option<u32>, today: NaiveDate) -> Minor {
        if horizon_days.is_none() {
            return self.exposure();
        }
        let beyond = self.orders.iter().filter(|(_, order)| !within(order, horizon_days, today));
        beyond.fold(self.exposure(), |exposure, (id, order)| {
            let whole = parts(order, unused_deposit(self, id));
            let kept = Totals {
                open_orders: Minor::ZERO,
                open_deliveries: whole.open_deliveries,
                prepaid: unused_deposit(self, id).min(whole.open_deliveries),
            };
            exposure.saturating_minus(whole.net()).saturating_plus(kept.net())
        })
    }

    /// The totals, counted anew from what is open.
    pub fn recount(&self) -> Totals {
        let all: Vec<_> = self.orders.keys().copied().collect();
        weigh(self, &all)
    }

    /// What is overdue on a date: the sum, and the age in days of the oldest item.
    pub fn overdue(&self, date: NaiveDate, tolerance: Minor) -> Overdue {
        let late = self.receivables.due.range(..(date, InvoiceId::from_uuid(uuid::Uuid::nil())));
        let mut overdue = Overdue::default();
        for ((due_on, _), open) in late {
            if *open <= tolerance {
                continue;
            }
            overdue.amount = overdue.amount.saturating_plus(*open);
            let days = date.signed_duration_since(*due_on).num_days();
            overdue.days = overdue.days.max(u32::try_from(days).unwrap_or(u32::MAX));
        }
        overdue
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    pub amount: Minor,
    /// Of the oldest item.
    pub days: u32,
}

impl Overdue {
    /// Beyond the rule: the amount *and* the age. A rule's amount counts as the same number in the account's currency.
    pub fn beyond(self, rule: &OverdueRule, currency: Currency) -> bool {
        self.amount > rule.amount_above.same_number_in(currency) && self.days > rule.days_above
    }
}
