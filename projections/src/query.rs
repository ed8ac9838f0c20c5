//! What the queries of all read models share: pages by key, rows by place, amounts.

use domain::money::{Currency, Minor, Money};

use crate::Error;

/// Where a list goes on: at most `limit` rows after the key that the page before it ended with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyset {
    pub limit: u32,
    pub after: Option<String>,
}

impl Keyset {
    pub fn first(limit: u32) -> Self {
        Self { limit, after: None }
    }

    /// One row more than is shown, which tells whether there is a next page.
    pub(crate) fn fetched(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// The text key to go on after; the empty text is before every key.
    pub(crate) fn text(&self) -> String {
        self.after.clone().unwrap_or_default()
    }

    /// The numeric key to go on after.
    pub(crate) fn number(&self, first: i64) -> Result<i64, Error> {
        let Some(after) = &self.after else { return Ok(first) };
        after.parse().map_err(|_| Error::Cursor(after.clone()))
    }

    /// A key of two parts.
    pub(crate) fn pair<A: std::str::FromStr, B: std::str::FromStr>(
        &self,
        first: (A, B),
    ) -> Result<(A, B), Error> {
        let Some(after) = &self.after else { return Ok(first) };
        let parts = after.split_once('_');
        let parts = parts.and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
        parts.ok_or_else(|| Error::Cursor(after.clone()))
    }
}

/// A page of a list; `next` is the key to go on after, if there is more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub next: Option<String>,
}

impl<T> Listed<T> {
    pub(crate) fn new(mut items: Vec<T>, keyset: &Keyset, key: impl Fn(&T) -> String) -> Self {
        let limit = usize::try_from(keyset.limit).unwrap_or(usize::MAX);
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(key) } else { None };
        Self { items, next }
    }

    pub(crate) fn map<U>(self, change: impl FnMut(T) -> U) -> Listed<U> {
        Listed { items: self.items.into_iter().map(change).collect(), next: self.next }
    }
}

/// The currency of a row; the tables hold only codes that events had.
pub(crate) fn currency(code: &str) -> Currency {
    code.parse().unwrap_or(Currency::CNY)
}

/// The amount of one paper. Papers are within the bounds of [`Money`].
pub(crate) fn money(minor: i64, code: &str) -> Money {
    let currency = currency(code);
    Money::from_minor(Minor(minor), currency).unwrap_or(Money::zero(currency))
}

/// A sum as a decimal string with its currency's decimals; sums may be longer than one [`Money`].
pub(crate) fn decimal(minor: i64, code: &str) -> String {
    Minor(minor).amount(currency(code)).to_string()
}

/// `%` and `_` in what somebody looks for are letters like others.
pub(crate) fn like(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    escaped.to_lowercase()
}

/// All rows of a query, on whichever engine.
macro_rules! fetch {
    ($engine:expr, $row:ty, $sql:expr $(, $bind:expr)* $(,)?) => {
        match $engine {
            ::journal::Engine::Sqlite(pool) => {
                ::sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(pool).await
            }
            ::journal::Engine::Postgres(pool) => {
                ::sqlx::query_as::<_, $row>($sql)$(.bind($bind))*.fetch_all(pool).await
            }
        }
    };
}

/// Declares a row of a query; its fields are the columns, in their order.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        $crate::store::rows::from_rows!($name { $($field),* } ::sqlx::postgres::PgRow, ::sqlx::sqlite::SqliteRow);
    };
}

pub(crate) use {fetch, row};
