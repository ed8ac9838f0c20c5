//! Money without floating point: amounts that know their currency, and bare minor units for sums inside a state.
//!
//! An amount is read from a decimal string of at most 12 integer and 6 decimal digits, and must be a whole number of its
//! currency's minor unit. Currencies never mix, and no operation wraps: both are errors.
//! An amount may be negative, because an account may be in credit.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

pub use currency::Currency;
pub use line::{Quantity, UnitPrice, line_amount};

mod currency;
mod line;

/// The most digits that an amount or a price has before its decimal point.
pub const INTEGER_DIGITS_MAX: usize = 12;
/// The most digits that an amount or a price has after its decimal point.
pub const DECIMAL_DIGITS_MAX: usize = 6;

/// Why an amount, a price or a sum is not one.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum MoneyError {
    #[error("{0:?} is not a decimal number such as \"12800.00\"")]
    Format(String),
    #[error(
        "{0:?} has too many digits: at most {INTEGER_DIGITS_MAX} before the point and {DECIMAL_DIGITS_MAX} after it"
    )]
    Digits(String),
    #[error("{text:?} is finer than {currency} can be paid: use at most {digits} decimals")]
    Precision { text: String, currency: Currency, digits: u32 },
    #[error("{0:?} is not a current ISO 4217 currency code such as \"CNY\"")]
    UnknownCurrency(String),
    #[error("{left} and {right} do not mix: use one currency")]
    CurrencyMix { left: Currency, right: Currency },
    #[error("the amount is out of range: at most {INTEGER_DIGITS_MAX} digits before the point")]
    Overflow,
    #[error("{0:?} is negative: a price is zero or more")]
    NegativePrice(String),
    #[error("the amount must be more than zero")]
    NotPositive,
}

impl MoneyError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "money.format",
            Self::Digits(_) => "money.digits",
            Self::Precision { .. } => "money.precision",
            Self::UnknownCurrency(_) => "money.unknown_currency",
            Self::CurrencyMix { .. } => "money.currency_mix",
            Self::Overflow => "money.overflow",
            Self::NegativePrice(_) => "money.negative_price",
            Self::NotPositive => "money.not_positive",
        }
    }
}

/// An amount in a currency: `{"amount": "12800.00", "currency": "CNY"}`.
///
/// It is always a whole number of minor units, so that every sum is exact, and has at most twelve digits before the point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "MoneyText", into = "MoneyText")]
pub struct Money {
    minor: Minor,
    currency: Currency,
}

impl Money {
    pub fn new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        // Whole numbers, because events are full of amounts and decimals take several times as long. None of this can overflow:
        // a decimal has 96 bits and at most 28 places.
        let (digits, places) = (currency.minor_digits(), amount.scale());
        let finer = 10_i128.pow(places.saturating_sub(digits));
        let scaled = amount.mantissa() * 10_i128.pow(digits.saturating_sub(places));
        if scaled % finer != 0 {
            return Err(MoneyError::Precision { text: amount.to_string(), currency, digits });
        }
        let units = i64::try_from(scaled / finer).map_err(|_| MoneyError::Overflow)?;
        Self::from_minor(Minor(units), currency)
    }

    /// Reads `"12800.00"`; white space, signs other than a leading minus, exponents and separators are refused.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, MoneyError> {
        Self::new(parse_decimal(amount)?, currency)
    }

    pub fn from_minor(minor: Minor, currency: Currency) -> Result<Self, MoneyError> {
        if minor.0.unsigned_abs() >= currency.minor_bound() {
            return Err(MoneyError::Overflow);
        }
        Ok(Self { minor, currency })
    }

    /// A sum of checked amounts; what is beyond the bound is the largest amount there is.
    pub fn saturating(minor: Minor, currency: Currency) -> Self {
        let most = i64::try_from(currency.minor_bound() - 1).unwrap_or(i64::MAX);
        Self { minor: Minor(minor.0.clamp(-most, most)), currency }
    }

    /// The same number in another currency, to its nearest unit: what a threshold of no particular currency means.
    pub fn same_number_in(self, currency: Currency) -> Minor {
        let scaled = self.amount().checked_mul(currency.minor_per_major()).map(|it| it.round());
        Minor(scaled.and_then(|it| it.to_i64()).unwrap_or(i64::MAX))
    }

    pub fn zero(currency: Currency) -> Self {
        Self { minor: Minor::ZERO, currency }
    }

    pub fn minor_units(self) -> i64 {
        self.minor.0
    }

    pub fn minor(self) -> Minor {
        self.minor
    }

    pub fn currency(self) -> Currency {
        self.currency
    }

    /// The amount with exactly the currency's decimals.
    pub fn amount(self) -> Decimal {
        self.minor.amount(self.currency)
    }

    pub fn is_zero(self) -> bool {
        self.minor.is_zero()
    }

    pub fn is_negative(self) -> bool {
        self.minor.is_negative()
    }

    pub fn is_positive(self) -> bool {
        self.minor.is_positive()
    }

    /// The amount itself when it is more than zero: receipts, limits and invoices are.
    pub fn require_positive(self) -> Result<Self, MoneyError> {
        if self.is_positive() { Ok(self) } else { Err(MoneyError::NotPositive) }
    }

    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        let sum = self.minor.plus(other.minor).ok_or(MoneyError::Overflow)?;
        Self::from_minor(sum, self.currency)
    }

    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.plus(other.negated())
    }

    #[must_use]
    pub fn negated(self) -> Self {
        // The bound is symmetric and far below i64's, so this cannot overflow.
        Self { minor: Minor(-self.minor.0), currency: self.currency }
    }

    pub fn compare(self, other: Self) -> Result<Ordering, MoneyError> {
        self.same_currency(other)?;
        Ok(self.minor.cmp(&other.minor))
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMix { left: self.currency, right: other.currency })
        }
    }
}

/// `12800.00 CNY`, always with the currency's own number of decimals.
impl fmt::Display for Money {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.amount(), self.currency)
    }
}

/// Money as it is written: kept apart, so that reading checks the amount against its currency.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoneyText {
    /// A decimal string with at most 12 digits before and 6 after the point, a whole number of minor units.
    #[schema(value_type = String, example = "12800.00")]
    amount: AmountText,
    currency: Currency,
}

impl TryFrom<MoneyText> for Money {
    type Error = MoneyError;

    fn try_from(text: MoneyText) -> Result<Self, MoneyError> {
        Self::new(text.amount.0, text.currency)
    }
}

impl From<Money> for MoneyText {
    fn from(money: Money) -> Self {
        Self { amount: AmountText(money.amount()), currency: money.currency }
    }
}

impl PartialSchema for Money {
    fn schema() -> RefOr<Schema> {
        MoneyText::schema()
    }
}

impl ToSchema for Money {
    fn name() -> std::borrow::Cow<'static, str> {
        "Money".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        MoneyText::schemas(schemas);
    }
}

/// A decimal that is a string on the wire and nothing else.
struct AmountText(Decimal);

impl fmt::Display for AmountText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl FromStr for AmountText {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        parse_decimal(text).map(Self)
    }
}

crate::wire::text_on_the_wire!(
    AmountText,
    "a decimal string such as \"12800.00\" (write amounts in quotes: a JSON number may lose digits)"
);

/// The library's own parser also takes `1_000`, `+1` and `.5`, and rounds what is too long.
fn parse_decimal(text: &str) -> Result<Decimal, MoneyError> {
    let format = || MoneyError::Format(text.to_owned());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (integer, decimals) = match unsigned.split_once('.') {
        Some((_, "")) => return Err(format()),
        Some(parts) => parts,
        None => (unsigned, ""),
    };
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if integer.is_empty() || !digits_only(integer) || !digits_only(decimals) {
        return Err(format());
    }
    if integer.len() > INTEGER_DIGITS_MAX || decimals.len() > DECIMAL_DIGITS_MAX {
        return Err(MoneyError::Digits(text.to_owned()));
    }
    Decimal::from_str_exact(text).map_err(|_| format())
}

/// Minor units (fen, cents) of a currency that the surroundings know: for states, where thousands are summed.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = i64, example = 1_280_000)]
pub struct Minor(pub i64);

impl Minor {
    pub const ZERO: Self = Self(0);

    /// `None` when it does not fit.
    pub fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `None` when it does not fit.
    pub fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// For folds, which cannot fail: the bounds of [`Money`] keep real sums far away from the end of the range.
    #[must_use]
    pub fn saturating_plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// For folds, which cannot fail.
    #[must_use]
    pub fn saturating_minus(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// `None` when the sum does not fit.
    pub fn total(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::plus)
    }

    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    pub fn is_positive(self) -> bool {
        self.0 > 0
    }

    /// The same amount in major units, with exactly the currency's decimals.
    pub fn amount(self, currency: Currency) -> Decimal {
        Decimal::new(self.0, currency.minor_digits())
    }
}

#[cfg(test)]
mod tests;
