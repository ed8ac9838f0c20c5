//! PostgreSQL's binary COPY format, which takes many rows faster than any INSERT.
//!
//! See "COPY / File Formats / Binary Format" in PostgreSQL's manual: a signature, then per row a count of fields and per field
//! its length and bytes; dates are days and times are microseconds since 2000-01-01.

use chrono::{DateTime, NaiveDate, Utc};

use super::cell::Cell;
use super::rows::Record;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
/// Microseconds from 1970 to 2000.
const MILLENNIUM_US: i64 = 946_684_800_000_000;
/// Days from 1970 to 2000.
const MILLENNIUM_DAYS: i64 = 10_957;

pub(super) fn encoded<R: Record>(rows: &[&R]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(rows.len() * R::COLUMNS.len() * 24);
    bytes.extend_from_slice(SIGNATURE);
    let fields = i16::try_from(R::COLUMNS.len()).unwrap_or(i16::MAX).to_be_bytes();
    let mut cells = Vec::with_capacity(R::COLUMNS.len());
    for row in rows {
        bytes.extend_from_slice(&fields);
        row.cells(&mut cells);
        for cell in cells.drain(..) {
            match cell {
                Cell::Null => bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
                Cell::Text(text) => field(&mut bytes, text.as_bytes()),
                Cell::Int(number) => field(&mut bytes, &number.to_be_bytes()),
                Cell::Flag(flag) => field(&mut bytes, &[u8::from(flag)]),
                Cell::Date(date) => field(&mut bytes, &days(date).to_be_bytes()),
                Cell::Time(time) => field(&mut bytes, &micros(time).to_be_bytes()),
            }
        }
    }
    bytes.extend_from_slice(&TRAILER);
    bytes
}

fn field(bytes: &mut Vec<u8>, value: &[u8]) {
    bytes.extend_from_slice(&i32::try_from(value.len()).unwrap_or(i32::MAX).to_be_bytes());
    bytes.extend_from_slice(value);
}

fn days(date: NaiveDate) -> i32 {
    let days = date.signed_duration_since(NaiveDate::default()).num_days() - MILLENNIUM_DAYS;
    i32::try_from(days).unwrap_or(i32::MAX)
}

fn micros(time: DateTime<Utc>) -> i64 {
    time.timestamp_micros() - MILLENNIUM_US
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_times_count_from_the_millennium() {
        assert_eq!(days("2000-01-02".parse().unwrap()), 1);
        assert_eq!(days("1999-12-31".parse().unwrap()), -1);
        assert_eq!(micros("2000-01-01T00:00:00.000001Z".parse().unwrap()), 1);
    }
}
