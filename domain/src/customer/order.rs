//! An open order: its lines, what of it was shipped, invoiced and cancelled, and what holds it.
//!
//! Every part of a line's value is in exactly one place: open, delivered and not yet invoiced, or invoiced.
//! A line's amount is rounded once; the value of a part of its quantity is its share of that amount, so that parts add up.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::trading::{Lot, Payment, Release};
use crate::{
    decision::{Cause, CauseCode},
    ids::{ProductId, ShipmentId, StaffId},
    money::{Minor, UnitPrice},
    text::Line,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    pub lines: Vec<OrderLine>,
    pub requested_ship_date: NaiveDate,
    pub ship_to: Line<300>,
    pub payment: Payment,
    /// What still holds it; empty: it is placed.
    pub held_by: Vec<CauseCode>,
    pub releases: Vec<Release>,
    /// Shipments that are not wholly invoiced, and those that are held.
    pub shipments: BTreeMap<ShipmentId, Shipment>,
    /// Invoices of it that are not settled yet.
    pub open_invoices: u32,
    /// Counts the orders of the customer: what waits longest is looked at first.
    pub serial: u64,
    pub placed_by: Option<StaffId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OrderLine {
    pub product: ProductId,
    pub quantity: u32,
    pub unit_price: UnitPrice,
    /// Quantity × unit price, rounded once.
    pub amount: Minor,
    pub shipped: u32,
    pub invoiced: u32,
    /// What the invoices that stand say of it. After a void this need not be the value of the first so many pieces.
    pub invoiced_value: Minor,
    pub cancelled: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shipment {
    pub lines: Vec<Lot>,
    /// Absent while it is held: the goods are still here.
    pub shipped_on: Option<NaiveDate>,
    /// What holds it, with the figures it was held for.
    pub held_by: Vec<Cause>,
}

impl OrderLine {
    /// The value of the first `quantity` pieces of this line; of all of them it is exactly the line's amount.
    pub fn value_of(&self, quantity: u32) -> Minor {
        if quantity >= self.quantity {
            return self.amount;
        }
        let whole = i128::from(self.amount.0) * i128::from(quantity);
        let share = whole / i128::from(self.quantity.max(1));
        Minor(i64::try_from(share).unwrap_or(i64::MAX))
    }

    /// What may still be shipped.
    pub fn to_ship(&self) -> u32 {
        self.quantity.saturating_sub(self.cancelled).saturating_sub(self.shipped)
    }

    /// What was shipped and not yet invoiced.
    pub fn to_invoice(&self) -> u32 {
        self.shipped.saturating_sub(self.invoiced)
    }

    /// An invoice takes so many pieces, for so much.
    pub fn invoice(&mut self, quantity: u32, amount: Minor) {
        self.invoiced = self.invoiced.saturating_add(quantity);
        self.invoiced_value = self.invoiced_value.saturating_plus(amount);
    }

    /// A voided invoice gives them back.
    pub fn uninvoice(&mut self, quantity: u32, amount: Minor) {
        self.invoiced = self.invoiced.saturating_sub(quantity);
        self.invoiced_value = self.invoiced_value.saturating_minus(amount);
    }

    fn open(&self) -> Minor {
        let kept = self.quantity.saturating_sub(self.cancelled);
        self.value_of(kept).saturating_minus(self.value_of(self.shipped))
    }

    /// The value of what was shipped and not yet invoiced.
    pub fn delivered(&self) -> Minor {
        self.value_of(self.shipped).saturating_minus(self.invoiced_value)
    }
}

impl Order {
    pub fn is_held(&self) -> bool {
        !self.held_by.is_empty()
    }

    /// The value of what is neither shipped nor cancelled.
    pub fn open(&self) -> Minor {
        sum(self.lines.iter().map(OrderLine::open))
    }

    /// The value of what was shipped and not yet invoiced.
    pub fn delivered(&self) -> Minor {
        sum(self.lines.iter().map(OrderLine::delivered))
    }

    /// The value of everything that was not cancelled.
    pub fn total(&self) -> Minor {
        let kept = |line: &OrderLine| line.value_of(line.quantity.saturating_sub(line.cancelled));
        sum(self.lines.iter().map(kept))
    }

    pub fn line(&self, number: u32) -> Option<&OrderLine> {
        self.lines.get(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    pub(super) fn line_mut(&mut self, number: u32) -> Option<&mut OrderLine> {
        self.lines.get_mut(usize::try_from(number.checked_sub(1)?).ok()?)
    }

    /// Nothing is left to ship or to invoice.
    pub fn is_invoiced(&self) -> bool {
        self.lines.iter().all(|line| line.to_ship() == 0 && line.to_invoice() == 0)
    }

    /// Nothing is left to ship, to invoice or to be paid.
    pub fn is_closed(&self) -> bool {
        self.open_invoices == 0 && self.is_invoiced()
    }
}

fn sum(parts: impl Iterator<Item = Minor>) -> Minor {
    parts.fold(Minor::ZERO, Minor::saturating_plus)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(quantity: u32, amount: i64) -> OrderLine {
        OrderLine {
            product: ProductId::from_uuid(uuid::Uuid::nil()),
            quantity,
            unit_price: "1".parse().unwrap(),
            amount: Minor(amount),
            shipped: 0,
            invoiced: 0,
            invoiced_value: Minor::ZERO,
            cancelled: 0,
        }
    }

    #[test]
    fn the_parts_of_a_line_add_up_to_its_amount_to_the_cent() {
        let mut third = line(3, 100);
        let mut parts = Vec::new();
        for shipped in 1..=3 {
            let before = third.value_of(third.shipped);
            third.shipped = shipped;
            parts.push(third.value_of(shipped).saturating_minus(before).0);
        }
        assert_eq!(parts, [33, 33, 34]);
    }

    #[test]
    fn what_is_cancelled_is_neither_open_nor_delivered() {
        let mut ten = line(10, 1_000);
        ten.shipped = 4;
        ten.cancelled = 5;
        assert_eq!((ten.open(), ten.delivered(), ten.to_ship()), (Minor(100), Minor(400), 1));
    }
}
