//! What came of it all, counted from the events themselves.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};

use domain::customer::Event;
use domain::customer::trading::GoodsShipped;
use domain::decision::Decision;

use super::cast::Sketch;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    pub customers: BTreeMap<&'static str, u32>,
    /// How often each thing happened.
    pub events: BTreeMap<&'static str, u32>,
    /// What stopped orders and shipments, and how often.
    pub causes: BTreeMap<String, u32>,
    /// Who bought of which lot.
    pub lots: BTreeMap<String, BTreeSet<String>>,
    /// Commands for which it was too late: what they were about was gone.
    pub too_late: u32,
    pub commands: u32,
}

impl Statistics {
    pub fn customer(&mut self, sketch: &Sketch) {
        count(&mut self.customers, sketch.kind.code());
    }

    pub fn observe(&mut self, events: &[Event]) {
        self.commands = self.commands.saturating_add(1);
        for event in events {
            count(&mut self.events, event.kind());
            match event {
                Event::OrderHeld(taken) | Event::OrderDenied(taken) => {
                    self.stopped(&taken.decision);
                }
                Event::ShipmentHeld(stopped) | Event::ShipmentDenied(stopped) => {
                    self.stopped(&stopped.decision);
                }
                Event::GoodsShipped(shipped) => self.shipped(shipped),
                _ => {}
            }
        }
    }

    fn shipped(&mut self, shipped: &GoodsShipped) {
        for lot in shipped.lines.iter().filter_map(|line| line.goods.lot.as_ref()) {
            let buyers = self.lots.entry(lot.to_string()).or_default();
            buyers.insert(shipped.buyer.name.clone());
        }
    }

    /// The lot of a product that went to most customers.
    pub fn most_sold_lot(&self, product: &str) -> Option<&str> {
        let of_product = self.lots.iter().filter(|(lot, _)| lot.starts_with(product));
        of_product.max_by_key(|(_, buyers)| buyers.len()).map(|(lot, _)| lot.as_str())
    }

    fn stopped(&mut self, decision: &Decision) {
        for code in decision.stopping() {
            count(&mut self.causes, code.to_string());
        }
    }

    pub fn of(&self, event: &str) -> u32 {
        self.events.get(event).copied().unwrap_or(0)
    }
}

fn count<K: Ord>(counts: &mut BTreeMap<K, u32>, key: K) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(1);
}

fn listed<K: Display>(counts: &BTreeMap<K, u32>) -> String {
    let all: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
    all.join(", ")
}

impl Display for Statistics {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let customers: u32 = self.customers.values().sum();
        let orders = ["trading.order-placed", "trading.order-held", "trading.order-denied"];
        let taken: u32 = orders.iter().map(|event| self.of(event)).sum();
        writeln!(out, "{customers} customers: {}", listed(&self.customers))?;
        writeln!(
            out,
            "{taken} orders: {} placed at once, {} held, {} denied; of the held {} healed, {} were released, {} cancelled",
            self.of(orders[0]),
            self.of(orders[1]),
            self.of(orders[2]),
            self.of("trading.order-healed"),
            self.of("trading.order-released"),
            self.of("trading.order-cancelled"),
        )?;
        writeln!(out, "stopped by: {}", listed(&self.causes))?;
        write!(
            out,
            "{} shipments ({} were held first), {} invoices, {} receipts",
            self.of("trading.goods-shipped"),
            self.of("trading.shipment-held"),
            self.of("receivables.invoice-issued"),
            self.of("receivables.cash-received"),
        )
    }
}
