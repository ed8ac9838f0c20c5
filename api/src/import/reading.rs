//! Reading one row: every cell that is wrong is named, not only the first.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike, NaiveDate};

use super::mapping::{Columns, Flag};
use super::sheet::{Cell, Row};

/// Years that a date may lie in: others are typing errors, or a two-digit year.
const YEARS: std::ops::RangeInclusive<i32> = 1990..=2199;

/// Why a row was not taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    pub line: u32,
    /// As the file calls it; none where the whole row is at fault.
    pub column: Option<String>,
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => {
                write!(formatter, "line {}, column {column}: {}", self.line, self.reason)
            }
            None => write!(formatter, "line {}: {}", self.line, self.reason),
        }
    }
}

/// A row while it is read.
pub struct Reading<'a> {
    row: &'a Row,
    columns: &'a Columns,
    faults: Vec<Fault>,
}

impl<'a> Reading<'a> {
    pub fn of(row: &'a Row, columns: &'a Columns) -> Self {
        let mut reading = Self { row, columns, faults: Vec::new() };
        let beyond = row.cells.iter().skip(columns.width);
        if beyond.filter(|cell| **cell != Cell::Text(String::new())).count() > 0 {
            let (cells, width) = (row.cells.len(), columns.width);
            reading.fault(
                None,
                format!("{cells} cells, but the header names {width}: is a separator unquoted?"),
            );
        }
        reading
    }

    pub fn line(&self) -> u32 {
        self.row.line
    }

    /// What was read, unless anything about the row is wrong.
    pub fn done<T>(self, read: Option<T>) -> Result<T, Vec<Fault>> {
        match read {
            Some(read) if self.faults.is_empty() => Ok(read),
            _ => Err(self.faults),
        }
    }

    /// Says what is wrong with a field.
    pub fn refuse(&mut self, field: &str, reason: impl fmt::Display) {
        self.fault(Some(field), reason.to_string());
    }

    fn fault(&mut self, field: Option<&str>, reason: String) {
        let column = field.map(|field| self.column(field));
        self.faults.push(Fault { line: self.row.line, column, reason });
    }

    fn column(&self, field: &str) -> String {
        self.columns.place(field).map_or_else(|| field.to_owned(), |place| place.name.clone())
    }

    fn cell(&self, field: &str) -> Option<&'a Cell> {
        let cell = self.row.cells.get(self.columns.place(field)?.index)?;
        (*cell != Cell::Text(String::new())).then_some(cell)
    }

    /// What a cell says; none where it is empty.
    pub fn text(&self, field: &str) -> Option<String> {
        Some(match self.cell(field)? {
            Cell::Text(text) => self.columns.translated(field, text).to_owned(),
            Cell::Date(date) => date.to_string(),
        })
    }

    pub fn optional<T>(&mut self, field: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        let text = self.text(field)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(field, error);
                None
            }
        }
    }

    pub fn required<T>(&mut self, field: &str) -> Option<T>
    where
        T: FromStr,
        T::Err: fmt::Display,
    {
        self.must_say(field)?;
        self.optional(field)
    }

    fn must_say(&mut self, field: &str) -> Option<()> {
        if self.cell(field).is_none() {
            self.refuse(field, "nothing stands here");
            return None;
        }
        Some(())
    }

    /// A value that has a wire name.
    pub fn word<T: serde::de::DeserializeOwned>(&mut self, field: &str) -> Option<T> {
        let text = self.text(field)?;
        self.read_word(field, &text)
    }

    /// Several of them, separated by `|`.
    pub fn words<T: serde::de::DeserializeOwned>(&mut self, field: &str) -> Vec<T> {
        let text = self.text(field).unwrap_or_default();
        let words = text.split('|').map(str::trim).filter(|word| !word.is_empty());
        words.filter_map(|word| self.read_word(field, word)).collect()
    }

    fn read_word<T: serde::de::DeserializeOwned>(&mut self, field: &str, text: &str) -> Option<T> {
        match serde_json::from_value(serde_json::Value::String(text.to_owned())) {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(field, format!("{text:?}: {error}"));
                None
            }
        }
    }

    pub fn required_word<T: serde::de::DeserializeOwned>(&mut self, field: &str) -> Option<T> {
        self.must_say(field)?;
        self.word(field)
    }

    pub fn date(&mut self, field: &str) -> Option<NaiveDate> {
        let format = self.columns.format.date_format();
        let date = match self.cell(field)? {
            Cell::Date(date) => Ok(*date),
            Cell::Text(text) => NaiveDate::parse_from_str(text, format)
                .map_err(|_| format!("{text:?} is no date written {format}")),
        };
        match date {
            Ok(date) if YEARS.contains(&date.year()) => Some(date),
            Ok(date) => {
                self.refuse(field, format!("the year {} cannot be meant", date.year()));
                None
            }
            Err(reason) => {
                self.refuse(field, reason);
                None
            }
        }
    }

    pub fn required_date(&mut self, field: &str) -> Option<NaiveDate> {
        self.must_say(field)?;
        self.date(field)
    }

    /// An empty cell says no.
    pub fn flag(&mut self, field: &str) -> Flag {
        let Some(text) = self.text(field) else { return Flag::No };
        let flag = self.columns.format.flag(&text);
        if flag.is_none() {
            self.refuse(field, format!("{text:?} is neither yes nor no"));
        }
        flag.unwrap_or(Flag::No)
    }
}
