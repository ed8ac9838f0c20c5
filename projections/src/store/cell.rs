//! Columns: how a field of a row is written to and read from either engine.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use domain::ids::{DocumentId, InvoiceId, OrderId, ReceiptId, ShipmentId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sqlx::{ColumnIndex, Database, Decode, Row, Type};

/// The type of a column: `text`, `bigint`, `boolean`, `date`, `timestamptz` on PostgreSQL, text or integer on SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Int,
    Flag,
    Date,
    Time,
}

/// One value on its way into a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Text(Cow<'a, str>),
    Int(i64),
    Flag(bool),
    Date(NaiveDate),
    Time(DateTime<Utc>),
}

/// Something that is one column of a table.
pub(crate) trait Column: Sized {
    const KIND: Kind;
    /// What the driver gives for it.
    type Raw;

    fn cell(&self) -> Cell<'_>;

    fn restored(raw: Option<Self::Raw>) -> Result<Self, sqlx::Error>;
}

/// Reads the column at a place of a row.
pub(crate) fn column<'r, T, R>(row: &'r R, at: usize) -> Result<T, sqlx::Error>
where
    T: Column,
    R: Row,
    usize: ColumnIndex<R>,
    Option<T::Raw>: Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    T::restored(row.try_get(at)?)
}

fn missing<T>(raw: Option<T>) -> Result<T, sqlx::Error> {
    raw.ok_or_else(|| sqlx::Error::Decode("NULL in a column that has none".into()))
}

macro_rules! columns {
    ($($type:ty, $raw:ty, $kind:ident, |$value:ident| $cell:expr, |$back:ident| $restored:expr;)*) => {$(
        impl Column for $type {
            const KIND: Kind = Kind::$kind;
            type Raw = $raw;

            fn cell(&self) -> Cell<'_> {
                let $value = self;
                Cell::$kind($cell)
            }

            fn restored(raw: Option<$raw>) -> Result<Self, sqlx::Error> {
                let $back = missing(raw)?;
                $restored
            }
        }
    )*};
}

/// Microseconds, always all six digits, so that the text sorts as the time does.
pub(crate) fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

columns! {
    String, String, Text, |it| Cow::Borrowed(it), |raw| Ok(raw);
    Arc<str>, String, Text, |it| Cow::Borrowed(it), |raw| Ok(raw.into());
    Cow<'static, str>, String, Text, |it| Cow::Borrowed(it), |raw| Ok(raw.into());
    i64, i64, Int, |it| *it, |raw| Ok(raw);
    bool, bool, Flag, |it| *it, |raw| Ok(raw);
    NaiveDate, NaiveDate, Date, |it| *it, |raw| Ok(raw);
    DateTime<Utc>, DateTime<Utc>, Time, |it| *it, |raw| Ok(raw);
    DocumentId, String, Text, |it| Cow::Owned(it.to_string()), |raw| parsed(&raw);
    OrderId, String, Text, |it| Cow::Owned(it.to_string()), |raw| parsed(&raw);
    ShipmentId, String, Text, |it| Cow::Owned(it.to_string()), |raw| parsed(&raw);
    InvoiceId, String, Text, |it| Cow::Owned(it.to_string()), |raw| parsed(&raw);
    ReceiptId, String, Text, |it| Cow::Owned(it.to_string()), |raw| parsed(&raw);
}

fn parsed<T>(raw: &str) -> Result<T, sqlx::Error>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    raw.parse().map_err(|error| sqlx::Error::Decode(Box::new(error)))
}

impl<T: Column> Column for Option<T> {
    const KIND: Kind = T::KIND;
    type Raw = T::Raw;

    fn cell(&self) -> Cell<'_> {
        self.as_ref().map_or(Cell::Null, Column::cell)
    }

    fn restored(raw: Option<T::Raw>) -> Result<Self, sqlx::Error> {
        raw.map(|raw| T::restored(Some(raw))).transpose()
    }
}

/// A column of JSON text; on the wire it is what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json<T>(pub T);

impl<T> Json<Vec<T>> {
    /// None for an empty list, which is no list.
    pub(crate) fn of_some(list: Vec<T>) -> Option<Self> {
        (!list.is_empty()).then_some(Self(list))
    }
}

impl<T: Serialize + DeserializeOwned> Column for Json<T> {
    const KIND: Kind = Kind::Text;
    type Raw = String;

    fn cell(&self) -> Cell<'_> {
        // What was read from an event is written as JSON again; a failure would show as an unreadable row.
        Cell::Text(Cow::Owned(serde_json::to_string(&self.0).unwrap_or_default()))
    }

    fn restored(raw: Option<String>) -> Result<Self, sqlx::Error> {
        let text = missing(raw)?;
        serde_json::from_str(&text).map(Self).map_err(|error| sqlx::Error::Decode(Box::new(error)))
    }
}
