//! Tables in memory: the rows that the batch under way needs, and those of the batches before it.

use std::collections::HashMap;
use std::fmt::Display;
use std::hash::Hash;

use futures::future::BoxFuture;
use sqlx::{FromRow, postgres::PgRow, sqlite::SqliteRow};

use super::bulk;
use super::cell::{Cell, Kind};
use super::session::Session;
use crate::Error;

/// How many rows of a table stay in memory between batches.
const ROWS_KEPT_MAX: usize = 16_384;

/// A row of a table.
pub(crate) trait Record:
    Clone
    + PartialEq
    + Send
    + Sync
    + Unpin
    + for<'r> FromRow<'r, PgRow>
    + for<'r> FromRow<'r, SqliteRow>
{
    const TABLE: &'static str;
    const COLUMNS: &'static [(&'static str, Kind)];

    fn cells<'a>(&'a self, cells: &mut Vec<Cell<'a>>);
}

/// A row that is found by its first column.
pub(crate) trait Keyed: Record {
    type Key: Clone + Eq + Hash + Display + Send + Sync;

    fn key(&self) -> &Self::Key;
}

/// A table with the rows that its batch changed.
pub(crate) trait Stored: Send {
    fn name(&self) -> &'static str;

    fn columns(&self) -> String;

    /// Reads what was asked for and is not held.
    fn load<'a>(&'a mut self, session: &'a mut Session) -> BoxFuture<'a, Result<(), Error>>;

    /// Writes what changed.
    fn write<'a>(&'a mut self, session: &'a mut Session) -> BoxFuture<'a, Result<(), Error>>;

    /// What was written is now what is stored: called after the commit.
    fn settle(&mut self);

    /// Forgets everything: the table may have changed.
    fn forget(&mut self);
}

/// The rows of a table that change after they were made.
#[derive(Debug)]
pub(crate) struct Rows<R: Keyed> {
    held: HashMap<R::Key, Slot<R>>,
    asked: Vec<R::Key>,
    changed: Vec<R::Key>,
    /// Counts the batches, so that rows of earlier ones go first.
    batch: u64,
}

#[derive(Debug)]
struct Slot<R> {
    /// None: there is no such row.
    row: Option<R>,
    state: State,
    /// The last batch that was about it.
    batch: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    AsStored,
    New,
    Changed,
}

impl<R: Keyed> Default for Rows<R> {
    fn default() -> Self {
        Self { held: HashMap::new(), asked: Vec::new(), changed: Vec::new(), batch: 0 }
    }
}

impl<R: Keyed> Rows<R> {
    /// First pass: this row is needed.
    pub(crate) fn ask(&mut self, key: &R::Key) {
        if let Some(slot) = self.held.get_mut(key) {
            slot.batch = self.batch;
            return;
        }
        self.expect(key);
        self.asked.push(key.clone());
    }

    /// First pass: this row will be made by this batch.
    pub(crate) fn expect(&mut self, key: &R::Key) {
        let slot = Slot { row: None, state: State::AsStored, batch: self.batch };
        self.held.entry(key.clone()).or_insert(slot).batch = self.batch;
    }

    pub(crate) fn get(&self, key: &R::Key) -> Option<&R> {
        self.held.get(key).and_then(|slot| slot.row.as_ref())
    }

    /// Second pass: a new row, or a better one in its place.
    pub(crate) fn put(&mut self, row: R) {
        let key = row.key().clone();
        let slot = Slot { row: None, state: State::AsStored, batch: self.batch };
        let slot = self.held.entry(key).or_insert(slot);
        if slot.state == State::AsStored {
            slot.state = if slot.row.is_some() { State::Changed } else { State::New };
            self.changed.push(row.key().clone());
        }
        slot.row = Some(row);
    }

    /// Second pass: a row to change; None where there is none.
    pub(crate) fn change(&mut self, key: &R::Key) -> Option<&mut R> {
        debug_assert!(self.held.contains_key(key), "{} {key} was not asked for", R::TABLE);
        let slot = self.held.get_mut(key)?;
        let row = slot.row.as_mut()?;
        if slot.state == State::AsStored {
            slot.state = State::Changed;
            self.changed.push(key.clone());
        }
        Some(row)
    }

    fn rows_in(&self, state: State) -> Vec<&R> {
        let slots = self.changed.iter().filter_map(|key| self.held.get(key));
        slots.filter(|slot| slot.state == state).filter_map(|slot| slot.row.as_ref()).collect()
    }
}

impl<R: Keyed> Stored for Rows<R> {
    fn name(&self) -> &'static str {
        R::TABLE
    }

    fn columns(&self) -> String {
        bulk::column_names::<R>()
    }

    fn load<'a>(&'a mut self, session: &'a mut Session) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if self.asked.is_empty() {
                return Ok(());
            }
            let keys: Vec<String> = self.asked.drain(..).map(|key| key.to_string()).collect();
            for row in bulk::load::<R>(session, &keys).await? {
                let key = row.key().clone();
                let slot = Slot { row: Some(row), state: State::AsStored, batch: self.batch };
                self.held.insert(key, slot);
            }
            Ok(())
        })
    }

    fn write<'a>(&'a mut self, session: &'a mut Session) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            bulk::insert(session, &self.rows_in(State::New)).await?;
            bulk::update(session, &self.rows_in(State::Changed)).await
        })
    }

    fn settle(&mut self) {
        for key in self.changed.drain(..) {
            if let Some(slot) = self.held.get_mut(&key) {
                slot.state = State::AsStored;
            }
        }
        if self.held.len() > ROWS_KEPT_MAX {
            let batch = self.batch;
            self.held.retain(|_, slot| slot.batch == batch);
        }
        self.batch += 1;
    }

    fn forget(&mut self) {
        self.held.clear();
        self.asked.clear();
        self.changed.clear();
    }
}

/// The rows of a table that are only ever added.
#[derive(Debug)]
pub(crate) struct Appends<R>(Vec<R>);

impl<R> Default for Appends<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: Record> Appends<R> {
    pub(crate) fn put(&mut self, row: R) {
        self.0.push(row);
    }
}

impl<R: Record> Stored for Appends<R> {
    fn name(&self) -> &'static str {
        R::TABLE
    }

    fn columns(&self) -> String {
        bulk::column_names::<R>()
    }

    fn load<'a>(&'a mut self, _session: &'a mut Session) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn write<'a>(&'a mut self, session: &'a mut Session) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let rows: Vec<&R> = self.0.iter().collect();
            bulk::insert(session, &rows).await
        })
    }

    fn settle(&mut self) {
        self.0.clear();
    }

    fn forget(&mut self) {
        self.0.clear();
    }
}

/// Declares a row: its struct, its table, and its columns, which are the fields in their order.
macro_rules! table {
    (
        $(#[$meta:meta])*
        $vis:vis struct $name:ident in $table:literal $(by $key:ident: $key_type:ty)? {
            $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        $vis struct $name {
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $crate::store::rows::Record for $name {
            const TABLE: &'static str = $table;
            const COLUMNS: &'static [(&'static str, $crate::store::cell::Kind)] =
                &[$((stringify!($field), <$type as $crate::store::cell::Column>::KIND)),*];

            fn cells<'a>(&'a self, cells: &mut Vec<$crate::store::cell::Cell<'a>>) {
                $(cells.push($crate::store::cell::Column::cell(&self.$field));)*
            }
        }

        $(
            impl $crate::store::rows::Keyed for $name {
                type Key = $key_type;

                fn key(&self) -> &$key_type {
                    &self.$key
                }
            }
        )?

        $crate::store::rows::from_rows!($name { $($field),* } ::sqlx::postgres::PgRow, ::sqlx::sqlite::SqliteRow);
    };
}

/// Reads a row by the places of its columns, on each engine.
macro_rules! from_rows {
    ($name:ident { $($field:ident),* } $first:ty, $second:ty) => {
        $crate::store::rows::from_rows!(@one $name { $($field),* } $first);
        $crate::store::rows::from_rows!(@one $name { $($field),* } $second);
    };
    (@one $name:ident { $($field:ident),* } $row:ty) => {
        impl<'r> ::sqlx::FromRow<'r, $row> for $name {
            fn from_row(row: &'r $row) -> Result<Self, ::sqlx::Error> {
                let mut places = 0_usize..;
                $(let $field = $crate::store::cell::column(row, places.next().unwrap_or_default())?;)*
                Ok(Self { $($field),* })
            }
        }
    };
}

pub(crate) use {from_rows, table};
