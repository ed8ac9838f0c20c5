//! Dates and times as they come in: `2026-11-22` and nothing like it, and years that people and databases can mean.
//!
//! What chrono reads by itself is wider (`2026-1-5`, `+12345-06-07`). Stored events are read as ever; this is for bodies and
//! queries: `#[serde(deserialize_with = "day::required")]` on a date, `#[serde(default, deserialize_with =
//! "day::optional")]` on one that may be absent.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::de::{Deserialize, Deserializer, Error, Visitor};

const YEARS: RangeInclusive<i32> = 1900..=9999;

pub fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NaiveDate, D::Error> {
    Day::deserialize(deserializer).map(|day| day.0)
}

pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NaiveDate>, D::Error> {
    Ok(Option::<Day>::deserialize(deserializer)?.map(|day| day.0))
}

/// Of a command line.
pub fn written(text: &str) -> Result<NaiveDate, String> {
    text.parse::<Day>().map(|day| day.0).map_err(|error| error.to_string())
}

/// A moment that may be absent.
pub fn optional_time<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<DateTime<Utc>>, D::Error> {
    Ok(Option::<Moment>::deserialize(deserializer)?.map(|moment| moment.0))
}

#[derive(Debug, PartialEq, Eq)]
struct Day(NaiveDate);

#[derive(Debug, PartialEq, Eq)]
struct Moment(DateTime<Utc>);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum NotADay {
    #[error("a date is written YYYY-MM-DD, as in 2026-11-22")]
    Form,
    #[error("a time is written as RFC 3339 says, as in 2026-11-22T03:04:05Z")]
    TimeForm,
    #[error("there is no such day")]
    NoSuchDay,
    #[error("the year is between 1900 and 9999")]
    Year,
}

impl FromStr for Day {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let right = |(place, byte): (usize, u8)| match place {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        };
        if text.len() != 10 || !text.bytes().enumerate().all(right) {
            return Err(NotADay::Form);
        }
        let day: NaiveDate = text.parse().map_err(|_| NotADay::NoSuchDay)?;
        if YEARS.contains(&day.year()) { Ok(Self(day)) } else { Err(NotADay::Year) }
    }
}

impl FromStr for Moment {
    type Err = NotADay;

    fn from_str(text: &str) -> Result<Self, NotADay> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| NotADay::TimeForm)?.to_utc();
        if YEARS.contains(&time.year()) { Ok(Self(time)) } else { Err(NotADay::Year) }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text { expected: "a date", read: PhantomData })
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text { expected: "a time", read: PhantomData })
    }
}

struct Text<T> {
    expected: &'static str,
    read: PhantomData<T>,
}

impl<T: FromStr<Err = NotADay>> Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_in_one_way() {
        for (text, expected) in [
            ("1900-01-01", None),
            ("2028-02-29", None),
            ("9999-12-31", None),
            ("2026-1-5", Some(NotADay::Form)),
            ("2026-01-5 ", Some(NotADay::Form)),
            (" 2026-01-05", Some(NotADay::Form)),
            ("+12345-6-7", Some(NotADay::Form)),
            ("-9999-01-01", Some(NotADay::Form)),
            ("２026-01-05", Some(NotADay::Form)),
            ("", Some(NotADay::Form)),
            ("2026-02-29", Some(NotADay::NoSuchDay)),
            ("2026-13-01", Some(NotADay::NoSuchDay)),
            ("1899-12-31", Some(NotADay::Year)),
            ("0000-01-01", Some(NotADay::Year)),
        ] {
            assert_eq!(text.parse::<Day>().err(), expected, "{text}");
        }
    }

    #[test]
    fn a_time_lies_in_the_same_years() {
        for (text, expected) in [
            ("2026-11-22T03:04:05Z", None),
            ("2026-11-22T11:04:05.678901+08:00", None),
            ("9999-12-31T23:59:59-08:00", Some(NotADay::Year)),
            ("1899-12-31T23:59:59Z", Some(NotADay::Year)),
            ("+12345-06-07T00:00:00Z", Some(NotADay::TimeForm)),
            ("2026-11-22", Some(NotADay::TimeForm)),
        ] {
            assert_eq!(text.parse::<Moment>().err(), expected, "{text}");
        }
    }
}
