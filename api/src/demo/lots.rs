//! The shelf: lots and serial numbers of what is shipped.

use chrono::{Datelike, Days, NaiveDate};
use domain::customer::trading::Lot;
use domain::money::Quantity;
use domain::product::Trait;

use super::data::{DataError, parsed};
use super::goods::Good;

/// A lot lasts so many days; then the next one comes from the maker.
const LOT_DAYS: u64 = 60;
/// Days between the making and the first shipment.
const AGE_DAYS: u64 = 45;
/// Days between the making and the use-by date.
const LIFE_DAYS: u64 = 1_095;
/// The most serial numbers of one line.
const SERIALS_MAX: u32 = 50;

/// Counts serial numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shelf {
    serials: u32,
}

/// What is taken off the shelf for one line of an order.
pub fn picked(
    good: &Good,
    line: u32,
    quantity: Quantity,
    shelf: &mut Shelf,
    today: NaiveDate,
) -> Result<Lot, DataError> {
    let mut lot = Lot {
        line,
        quantity,
        lot: None,
        serials: Vec::new(),
        manufactured_on: None,
        expires_on: None,
    };
    if good.is_service() {
        return Ok(lot);
    }
    let made = made(today);
    lot.manufactured_on = Some(made);
    if good.is_numbered() {
        for _ in 0..quantity.get().min(SERIALS_MAX) {
            shelf.serials = shelf.serials.saturating_add(1);
            lot.serials.push(parsed(&format!("SN{:07}", shelf.serials))?);
        }
        return Ok(lot);
    }
    lot.lot = Some(parsed(&name(good, made))?);
    lot.expires_on = made.checked_add_days(Days::new(LIFE_DAYS));
    if good.is(Trait::Implant) {
        for _ in 0..quantity.get().min(SERIALS_MAX) {
            shelf.serials = shelf.serials.saturating_add(1);
            lot.serials.push(parsed(&format!("SN{:07}", shelf.serials))?);
        }
    }
    Ok(lot)
}

/// The same for every day of a lot's time.
fn made(day: NaiveDate) -> NaiveDate {
    let into = u64::from(day.num_days_from_ce().unsigned_abs()).checked_rem(LOT_DAYS).unwrap_or(0);
    day.checked_sub_days(Days::new(into.saturating_add(AGE_DAYS))).unwrap_or(day)
}

fn name(good: &Good, made: NaiveDate) -> String {
    format!("{}-{}", good.particulars.code, made.format("%y%m%d"))
}
