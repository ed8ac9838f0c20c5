//! Axes: what a column of a decision table can hold, and where on it each value lies.
//!
//! A number has so many decimal digits and lies between two bounds, a date between two days, a code is one of a list. So an axis
//! is a row of whole numbers, and what is said about all its values can be proved.

use std::collections::HashSet;
use std::fmt;

use chrono::{Datelike, NaiveDate};
use rust_decimal::{Decimal, prelude::ToPrimitive};
use serde::{Deserialize, Serialize};

use super::set::Set;

/// Where a value lies that is not there. It is no neighbour of any other.
const MISSING: i64 = i64::MIN;
/// No value lies further out, so that one more and one less are numbers too.
const FURTHEST: i64 = 1_000_000_000_000_000_000;

/// One column's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Axis {
    /// From `least` to `greatest`, both included, with `scale` decimal digits.
    Number { least: Decimal, greatest: Decimal, scale: u32 },
    /// From `first` to `last`, both included.
    Date { first: NaiveDate, last: NaiveDate },
    /// In the order in which they are listed, which is the one that monotone tables go by.
    Code(Vec<String>),
}

/// What happens to a decision when a fact is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenMissing {
    /// No table is asked: the decision is a hold.
    Hold,
    /// It is a value like others, written `missing`.
    OwnBin,
}

/// What a number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    None,
    Days,
    /// A part of one: 0.8 is 80 %.
    Ratio,
    /// In the company's currency.
    Money,
}

/// A named, typed input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fact {
    pub name: String,
    pub axis: Axis,
    pub unit: Unit,
    pub when_missing: WhenMissing,
}

impl fmt::Display for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.axis {
            Axis::Number { least, greatest, scale } => {
                write!(f, "a number from {least} to {greatest}")?;
                match scale {
                    0 => f.write_str(", whole")?,
                    digits => write!(f, ", with at most {digits} decimals")?,
                }
            }
            Axis::Date { first, last } => write!(f, "a date from {first} to {last}")?,
            Axis::Code(codes) => write!(f, "one of {}", codes.join(", "))?,
        }
        f.write_str(match self.unit {
            Unit::None => "",
            Unit::Days => "; days",
            Unit::Ratio => "; a part of one",
            Unit::Money => "; in the company's currency",
        })?;
        f.write_str(match self.when_missing {
            WhenMissing::Hold => "; never missing",
            WhenMissing::OwnBin => "; or missing",
        })
    }
}

/// A value of a fact, or that there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Number(Decimal),
    Date(NaiveDate),
    Code(String),
    Missing,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.normalize().fmt(f),
            Self::Date(date) => date.fmt(f),
            Self::Code(code) => code.fmt(f),
            Self::Missing => f.write_str("missing"),
        }
    }
}

/// Why a value has no place on an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OffAxis {
    #[error("it is of another type")]
    Type,
    #[error("it lies beyond the bounds")]
    Bounds,
    #[error("it has more decimal digits than the fact")]
    Digits,
    #[error("the list does not have it")]
    Unlisted,
    #[error("it is missing, and no row may say what happens then")]
    Missing,
}

impl Axis {
    /// Whether it has values, each with one place and, if it is a code, one that a cell can name.
    pub(super) fn is_sound(&self) -> bool {
        let word = |code: &String| {
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
            code.starts_with(char::is_alphanumeric)
                && code.chars().all(plain)
                && !code.contains("..")
                && code != "missing"
        };
        let once = |codes: &[String]| codes.iter().collect::<HashSet<_>>().len() == codes.len();
        match self {
            Self::Code(codes) => !codes.is_empty() && codes.iter().all(word) && once(codes),
            Self::Number { .. } | Self::Date { .. } => !self.all().is_empty(),
        }
    }

    pub(super) fn number_at(&self, number: Decimal) -> Result<i64, OffAxis> {
        let Self::Number { least, greatest, scale } = self else { return Err(OffAxis::Type) };
        if number < *least || *greatest < number {
            return Err(OffAxis::Bounds);
        }
        units(number, *scale).ok_or(OffAxis::Digits)
    }

    pub(super) fn date_at(&self, date: NaiveDate) -> Result<i64, OffAxis> {
        match self {
            Self::Date { first, last } if *first <= date && date <= *last => Ok(day(date)),
            Self::Date { .. } => Err(OffAxis::Bounds),
            Self::Number { .. } | Self::Code(_) => Err(OffAxis::Type),
        }
    }

    pub(super) fn code_at(&self, code: &str) -> Result<i64, OffAxis> {
        let Self::Code(codes) = self else { return Err(OffAxis::Type) };
        let place = codes.iter().position(|listed| listed == code).ok_or(OffAxis::Unlisted)?;
        i64::try_from(place).map_err(|_| OffAxis::Unlisted)
    }

    pub(super) fn at(&self, value: &Value) -> Result<i64, OffAxis> {
        match value {
            Value::Number(number) => self.number_at(*number),
            Value::Date(date) => self.date_at(*date),
            Value::Code(code) => self.code_at(code),
            Value::Missing => Err(OffAxis::Missing),
        }
    }

    /// Every coordinate that a value can have.
    pub(super) fn all(&self) -> Set {
        match self {
            Self::Number { least, greatest, scale } => {
                match (units(*least, *scale), units(*greatest, *scale)) {
                    (Some(least), Some(greatest)) => Set::range(least, greatest),
                    _ => Set::NONE,
                }
            }
            Self::Date { first, last } => Set::range(day(*first), day(*last)),
            Self::Code(codes) => Set::range(0, i64::try_from(codes.len()).unwrap_or(0) - 1),
        }
    }

    /// The value at a coordinate of [`Axis::all`].
    pub(super) fn value(&self, at: i64) -> Value {
        let value = match self {
            Self::Number { scale, .. } => {
                Decimal::try_from_i128_with_scale(i128::from(at), *scale).ok().map(Value::Number)
            }
            Self::Date { .. } => i32::try_from(at)
                .ok()
                .and_then(NaiveDate::from_num_days_from_ce_opt)
                .map(Value::Date),
            Self::Code(codes) => {
                usize::try_from(at).ok().and_then(|at| codes.get(at)).cloned().map(Value::Code)
            }
        };
        value.unwrap_or(Value::Missing)
    }
}

impl Fact {
    pub(in crate::policy) fn at(&self, value: &Value) -> Result<i64, OffAxis> {
        match (value, self.when_missing) {
            (Value::Missing, WhenMissing::OwnBin) => Ok(MISSING),
            _ => self.axis.at(value),
        }
    }

    /// Every coordinate that a row must be ready for.
    pub(super) fn all(&self) -> Set {
        match self.when_missing {
            WhenMissing::Hold => self.axis.all(),
            WhenMissing::OwnBin => self.axis.all().or(&Set::one(MISSING)),
        }
    }

    pub(super) fn value(&self, at: i64) -> Value {
        if at == MISSING { Value::Missing } else { self.axis.value(at) }
    }
}

/// A number in steps of its last digit; none where it is finer than that.
fn units(number: Decimal, scale: u32) -> Option<i64> {
    let shifted = number.checked_mul(Decimal::from(10_i64.checked_pow(scale)?))?.normalize();
    let near = |at: &i64| (-FURTHEST..=FURTHEST).contains(at);
    if shifted.is_integer() { shifted.to_i64().filter(near) } else { None }
}

fn day(date: NaiveDate) -> i64 {
    i64::from(date.num_days_from_ce())
}
