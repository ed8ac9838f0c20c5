//! A customer of the demonstration while it trades: what it is, what it wants, and what of its orders is under way.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::catalogue::DeviceClass;
use domain::customer::credit::{Limit, LimitGranted, Terms, TermsFrom};
use domain::customer::registration::{CustomerKind, CustomerRegistered, Register};
use domain::customer::trading::{Lot, OrderTaken, PlacedLine};
use domain::ids::{CustomerId, OrderId, ProductId, StaffId};
use domain::money::{Currency, Money, Quantity};
use domain::product::Trait;
use domain::uscc::Uscc;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use rust_decimal::Decimal;

use super::cast::{Credit, Sketch};
use super::data::{City, DataError, parsed};
use super::goods::Good;
use super::lots::{self, Shelf};
use super::task::{Share, Then, Wish};

#[derive(Debug)]
pub struct Client {
    pub sketch: Sketch,
    pub id: CustomerId,
    pub uscc: Uscc,
    pub running: BTreeMap<OrderId, Running>,
    /// Its own, so that another customer more changes nothing about this one.
    pub random: ChaCha12Rng,
    place: usize,
}

/// An order that was not denied.
#[derive(Clone, Debug)]
pub struct Running {
    pub then: Then,
    lines: Vec<(ProductId, u32)>,
}

impl Client {
    pub fn new(
        sketch: Sketch,
        id: CustomerId,
        city: &City,
        place: usize,
        seed: u64,
    ) -> Result<Self, DataError> {
        let first = format!("{}{}DEM{place:06}", sketch.entity.prefix(), city.region);
        let uscc = Uscc::with_check(&first).map_err(DataError::of)?;
        let mut random = ChaCha12Rng::seed_from_u64(seed);
        // The stream 0 is the company's.
        random.set_stream(u64::try_from(place).unwrap_or(u64::MAX).saturating_add(1));
        Ok(Self { sketch, id, uscc, running: BTreeMap::new(), random, place })
    }

    pub fn registration(&self, city: &City, manager: &StaffId) -> Result<Register, DataError> {
        let street = format!("{}示例路 {} 号", city.name, self.place.saturating_add(1));
        let particulars = CustomerRegistered {
            name: parsed(&self.sketch.name)?,
            uscc: Some(self.uscc),
            kind: self.sketch.kind,
            segment: None,
            region: Some(parsed(&city.region)?),
            business_unit: Some(parsed(if self.place.is_multiple_of(2) {
                "east"
            } else {
                "west"
            })?),
            account_manager: Some(manager.clone()),
            registered_address: Some(parsed(&street)?),
            delivery_addresses: vec![parsed(&format!("{street} 收货处"))?],
            currency: Currency::CNY,
            origin: None,
        };
        Ok(Register { particulars, code: Some(parsed(&format!("DEMO-{:04}", self.place))?) })
    }

    pub fn grant(&self) -> Result<LimitGranted, DataError> {
        let (limit, terms) = match self.sketch.credit {
            Credit::None => (Limit::None, None),
            Credit::Limit { amount, days } => {
                let amount = Money::new(amount.into(), Currency::CNY).map_err(DataError::of)?;
                (Limit::Amount { amount }, Some(Terms { from: TermsFrom::Invoice, days }))
            }
        };
        Ok(LimitGranted {
            limit,
            valid_until: None,
            terms,
            single_document_cap: None,
            increase: None,
        })
    }

    /// One to three products, each at its price or within five per cent of it.
    pub fn wish(&mut self, goods: &[Good]) -> Result<Wish, DataError> {
        let wanted = self.random.random_range(1..=3_u32);
        let mut lines: Vec<PlacedLine> = Vec::new();
        for _ in 0..wanted {
            let Some(good) = self.choose(goods) else { continue };
            if lines.iter().any(|line| line.product == good.id) {
                continue;
            }
            let quantity = self.random.random_range(1..=self.most(good));
            lines.push(self.line(good, quantity)?);
        }
        let in_days = self.random.random_range(1..=4);
        Ok(Wish { lines, in_days, payment: None, then: Then::SeesToIt })
    }

    pub fn line(&mut self, good: &Good, quantity: u32) -> Result<PlacedLine, DataError> {
        let percent = Decimal::from(self.random.random_range(95..=105_u32));
        let price = good.price.saturating_mul(percent) / Decimal::ONE_HUNDRED;
        let quantity =
            Quantity::new(quantity).ok_or_else(|| DataError::of("nothing is ordered"))?;
        let unit_price = parsed(&price.round_dp(2).to_string())?;
        Ok(PlacedLine { product: good.id, quantity, unit_price })
    }

    fn choose<'a>(&mut self, goods: &'a [Good]) -> Option<&'a Good> {
        let kind = self.sketch.kind;
        let fits = |good: &&Good| match kind {
            CustomerKind::Clinic => {
                matches!(good.particulars.class, DeviceClass::I | DeviceClass::II)
            }
            CustomerKind::OtherUnit => !good.is(Trait::Implant),
            _ => true,
        };
        let total: u32 = goods.iter().filter(fits).map(|good| good.weight).sum();
        let mut lot = self.random.random_range(0..total.max(1));
        goods.iter().filter(fits).find(|good| match lot.checked_sub(good.weight) {
            Some(rest) => {
                lot = rest;
                false
            }
            None => true,
        })
    }

    fn most(&self, good: &Good) -> u32 {
        let share = match self.sketch.kind {
            CustomerKind::Hospital => 100,
            CustomerKind::Distributor => 80,
            CustomerKind::Agent => 40,
            CustomerKind::Clinic => 8,
            _ => 20,
        };
        (good.most.saturating_mul(share) / 100).max(1)
    }

    /// Days until the money for an invoice comes.
    pub fn pays_in(&mut self) -> u32 {
        self.random.random_range(self.sketch.pays.from..=self.sketch.pays.to)
    }

    /// Some days, both ends included.
    pub fn random_days(&mut self, from: u32, to: u32) -> u32 {
        self.random.random_range(from..=to)
    }

    /// Days until the next order.
    pub fn orders_in(&mut self) -> u32 {
        let every = self.sketch.every.max(1);
        self.random.random_range(1..=every.saturating_mul(2).saturating_sub(1).max(1))
    }

    /// Whether something happens that happens so many times in a hundred.
    pub fn chance(&mut self, percent: u32) -> Chance {
        if self.random.random_range(0..100) < percent { Chance::Comes } else { Chance::Passes }
    }

    pub fn takes(&mut self, taken: &OrderTaken, then: Then) {
        let lines = taken.lines.iter().map(|line| (line.product, line.quantity.get())).collect();
        self.running.insert(taken.order, Running { then, lines });
    }

    /// What leaves the shelf for an order: lots or serial numbers, of all that is left or of half of it.
    pub fn lots(
        &mut self,
        order: &OrderId,
        share: Share,
        goods: &[Good],
        stock: &mut Shelf,
        today: NaiveDate,
    ) -> Result<Vec<Lot>, DataError> {
        let Some(running) = self.running.get(order) else { return Ok(Vec::new()) };
        let mut picked = Vec::new();
        for (number, (product, left)) in (1..).zip(&running.lines) {
            let count = match share {
                Share::Half => left.div_ceil(2),
                Share::Rest => *left,
            };
            let good = goods.iter().find(|good| good.id == *product);
            if let (Some(quantity), Some(good)) = (Quantity::new(count), good) {
                picked.push(lots::picked(good, number, quantity, stock, today)?);
            }
        }
        Ok(picked)
    }

    /// Counts what has left; tells how much of the order is still to be shipped.
    pub fn shipped<'a>(&mut self, order: &OrderId, goods: impl Iterator<Item = &'a Lot>) -> u32 {
        let Some(running) = self.running.get_mut(order) else { return 0 };
        for lot in goods {
            let index = usize::try_from(lot.line).unwrap_or(usize::MAX).saturating_sub(1);
            if let Some((_, left)) = running.lines.get_mut(index) {
                *left = left.saturating_sub(lot.quantity.get());
            }
        }
        running.lines.iter().map(|(_, left)| *left).sum()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chance {
    Comes,
    Passes,
}
