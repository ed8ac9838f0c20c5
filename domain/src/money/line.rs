//! A line's price, quantity and amount: the only place where anything is rounded.

use std::fmt;
use std::str::FromStr;

use rust_decimal::{Decimal, RoundingStrategy};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Currency, Money, MoneyError, parse_decimal};

/// What one unit costs, gross: zero or more, a decimal string with up to six decimals, in the line's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "1000.00")]
pub struct UnitPrice(Decimal);

impl UnitPrice {
    pub fn amount(self) -> Decimal {
        self.0
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for UnitPrice {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let price = parse_decimal(text)?;
        if price < Decimal::ZERO {
            return Err(MoneyError::NegativePrice(text.to_owned()));
        }
        Ok(Self(price.abs()))
    }
}

crate::wire::text_on_the_wire!(
    UnitPrice,
    "a decimal string such as \"1000.00\" (write prices in quotes: a JSON number may lose digits)"
);

/// How many: a positive JSON integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = u32, example = 10)]
pub struct Quantity(u32);

impl Quantity {
    /// `None` for zero.
    pub fn new(count: u32) -> Option<Self> {
        (count > 0).then_some(Self(count))
    }

    pub fn get(self) -> u32 {
        self.0
    }

    /// `None` when it does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `None` when nothing, or less than nothing, would be left.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).and_then(Self::new)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u64(Count)
    }
}

struct Count;

impl Visitor<'_> for Count {
    type Value = Quantity;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a whole number from 1 to {}, without quotes", u32::MAX)
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<Quantity, E> {
        u32::try_from(count)
            .ok()
            .and_then(Quantity::new)
            .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Unsigned(count), &self))
    }
}

/// Quantity × unit price, rounded half away from zero to the currency's minor unit, once.
pub fn line_amount(
    quantity: Quantity,
    unit_price: UnitPrice,
    currency: Currency,
) -> Result<Money, MoneyError> {
    let exact = unit_price.0.checked_mul(Decimal::from(quantity.0)).ok_or(MoneyError::Overflow)?;
    let rounded = exact
        .round_dp_with_strategy(currency.minor_digits(), RoundingStrategy::MidpointAwayFromZero);
    Money::new(rounded, currency)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn price(text: &str) -> UnitPrice {
        text.parse().unwrap()
    }

    fn quantity(count: u32) -> Quantity {
        Quantity::new(count).unwrap()
    }

    #[test]
    fn a_line_is_rounded_half_away_from_zero_to_its_minor_unit() {
        for (count, unit_price, code, amount) in [
            (3, "0.335", "CNY", "1.01"),
            (1, "0.005", "CNY", "0.01"),
            (1, "0.004999", "CNY", "0.00"),
            (10, "1000.00", "CNY", "10000.00"),
            (1, "0.5", "JPY", "1"),
            (1, "0.0005", "KWD", "0.001"),
        ] {
            let line = line_amount(quantity(count), price(unit_price), code.parse().unwrap());
            assert_eq!(line.unwrap().amount().to_string(), amount, "{count} × {unit_price} {code}");
        }
    }

    #[test]
    fn a_line_that_does_not_fit_is_an_error() {
        let line = line_amount(quantity(u32::MAX), price("999999999999.999999"), Currency::CNY);
        assert_eq!(line, Err(MoneyError::Overflow));
    }

    #[test]
    fn a_price_is_a_string_of_zero_or_more() {
        for text in ["\"0\"", "\"0.000001\"", "\"999999999999.999999\"", "\"-0.00\""] {
            assert!(serde_json::from_str::<UnitPrice>(text).is_ok(), "{text}");
        }
        for text in ["\"-0.01\"", "1000", "1000.5", "\"\"", "\"1.0000001\"", "null"] {
            assert!(serde_json::from_str::<UnitPrice>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_quantity_is_a_positive_json_integer() {
        for text in ["1", "10", "4294967295"] {
            let read: Quantity = serde_json::from_str(text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
        }
        for text in ["0", "-1", "1.0", "1.5", "1e3", "\"4\"", "4294967296", "null"] {
            assert!(serde_json::from_str::<Quantity>(text).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_line_at_a_price_in_whole_minor_units_is_exact(count in 1_u32..100_000, fen in 0_i64..10_000_000) {
            let unit_price = price(&Decimal::new(fen, 2).to_string());
            let line = line_amount(quantity(count), unit_price, Currency::CNY).unwrap();
            prop_assert_eq!(line.minor_units(), i64::from(count) * fen);
        }

        #[test]
        fn rounding_never_moves_a_line_by_more_than_half_a_minor_unit(count in 1_u32..100_000, millionths in 0_i64..10_000_000_000) {
            let unit_price = price(&Decimal::new(millionths, 6).to_string());
            let line = line_amount(quantity(count), unit_price, Currency::CNY).unwrap();
            let exact = unit_price.amount() * Decimal::from(count);
            prop_assert!((line.amount() - exact).abs() <= Decimal::new(5, 3));
        }
    }
}
