//! Reading and writing many rows at once, each engine in its own way.
//!
//! PostgreSQL takes arrays (`UNNEST`) for few rows and binary COPY for many; SQLite takes INSERTs of several rows, in a few
//! fixed sizes so that their statements stay prepared.

use sqlx::postgres::PgArguments;
use sqlx::sqlite::SqliteArguments;
use sqlx::{Arguments, PgConnection, SqliteConnection};

use super::cell::{Cell, Kind, time_text};
use super::copy;
use super::rows::{Keyed, Record};
use super::session::{Link, Session};
use crate::Error;

/// From so many rows on, COPY is worth its two more round trips.
const COPY_ROWS_MIN: usize = 200;
/// Rows of one SQLite statement, the largest first; at most 32,766 parameters.
const SQLITE_CHUNKS: [usize; 3] = [256, 16, 1];

/// The rows with these keys, those that there are.
pub(crate) async fn load<R: Keyed>(
    session: &mut Session,
    keys: &[String],
) -> Result<Vec<R>, Error> {
    let columns = column_names::<R>();
    let key = key_name::<R>();
    let rows = match &mut session.link {
        Link::Postgres(connection) => {
            let sql = format!("SELECT {columns} FROM {} WHERE {key} = ANY($1)", R::TABLE);
            sqlx::query_as(&sql).bind(keys).fetch_all(connection).await?
        }
        Link::Sqlite(connection) => {
            let sql = format!(
                "SELECT {columns} FROM {} WHERE {key} IN (SELECT value FROM json_each($1))",
                R::TABLE
            );
            let list = serde_json::to_string(keys).unwrap_or_default();
            sqlx::query_as(&sql).bind(list).fetch_all(connection).await?
        }
    };
    Ok(rows)
}

/// Adds rows that are not there.
pub(crate) async fn insert<R: Record>(session: &mut Session, rows: &[&R]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    match &mut session.link {
        Link::Postgres(connection) if rows.len() >= COPY_ROWS_MIN => {
            copy_in(connection, rows).await
        }
        Link::Postgres(connection) => {
            let (table, columns) = (R::TABLE, column_names::<R>());
            let sql =
                format!("INSERT INTO {table} ({columns}) SELECT * FROM UNNEST({})", arrays::<R>());
            unnest(connection, &sql, rows).await
        }
        Link::Sqlite(connection) => {
            let (table, columns) = (R::TABLE, column_names::<R>());
            values(connection, &format!("INSERT INTO {table} ({columns}) VALUES "), "", rows).await
        }
    }
}

/// Changes rows that are there.
pub(crate) async fn update<R: Keyed>(session: &mut Session, rows: &[&R]) -> Result<(), Error> {
    if rows.is_empty() {
        return Ok(());
    }
    let (table, columns, key) = (R::TABLE, column_names::<R>(), key_name::<R>());
    match &mut session.link {
        Link::Postgres(connection) => {
            let sql = format!(
                "UPDATE {table} AS t SET {} FROM UNNEST({}) AS new ({columns}) WHERE t.{key} = new.{key}",
                assignments::<R>("new"),
                arrays::<R>()
            );
            unnest(connection, &sql, rows).await
        }
        Link::Sqlite(connection) => {
            let head = format!("INSERT INTO {table} ({columns}) VALUES ");
            let tail =
                format!(" ON CONFLICT ({key}) DO UPDATE SET {}", assignments::<R>("excluded"));
            values(connection, &head, &tail, rows).await
        }
    }
}

async fn copy_in<R: Record>(connection: &mut PgConnection, rows: &[&R]) -> Result<(), Error> {
    let (table, columns) = (R::TABLE, column_names::<R>());
    let sql = format!("COPY {table} ({columns}) FROM STDIN WITH (FORMAT binary)");
    let mut copy = connection.copy_in_raw(&sql).await?;
    copy.send(copy::encoded(rows)).await?;
    copy.finish().await?;
    Ok(())
}

async fn unnest<R: Record>(
    connection: &mut PgConnection,
    sql: &str,
    rows: &[&R],
) -> Result<(), Error> {
    let width = R::COLUMNS.len();
    let mut cells = Vec::with_capacity(rows.len() * width);
    for row in rows {
        row.cells(&mut cells);
    }
    let mut arguments = PgArguments::default();
    for (place, (_, kind)) in R::COLUMNS.iter().enumerate() {
        let column = cells.iter().skip(place).step_by(width);
        match kind {
            Kind::Text => add(&mut arguments, column.map(text).collect::<Vec<_>>())?,
            Kind::Int => add(&mut arguments, column.map(int).collect::<Vec<_>>())?,
            Kind::Flag => add(&mut arguments, column.map(flag).collect::<Vec<_>>())?,
            Kind::Date => add(&mut arguments, column.map(date).collect::<Vec<_>>())?,
            Kind::Time => add(&mut arguments, column.map(time).collect::<Vec<_>>())?,
        }
    }
    sqlx::query_with(sql, arguments).execute(connection).await?;
    Ok(())
}

fn add<'q, T>(arguments: &mut PgArguments, column: Vec<Option<T>>) -> Result<(), Error>
where
    Vec<Option<T>>: sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + 'q,
{
    arguments.add(column).map_err(|error| sqlx::Error::Encode(error).into())
}

macro_rules! extracted {
    ($($name:ident, $variant:ident, $type:ty;)*) => {$(
        fn $name(cell: &Cell<'_>) -> Option<$type> {
            if let Cell::$variant(value) = cell { Some(*value) } else { None }
        }
    )*};
}

extracted! {
    int, Int, i64;
    flag, Flag, bool;
    date, Date, chrono::NaiveDate;
    time, Time, chrono::DateTime<chrono::Utc>;
}

fn text<'a>(cell: &'a Cell<'_>) -> Option<&'a str> {
    if let Cell::Text(value) = cell { Some(value) } else { None }
}

/// `head (…), (…) tail` in chunks.
async fn values<R: Record>(
    connection: &mut SqliteConnection,
    head: &str,
    tail: &str,
    rows: &[&R],
) -> Result<(), Error> {
    let one = format!("({})", vec!["?"; R::COLUMNS.len()].join(", "));
    let mut rest = rows;
    for size in SQLITE_CHUNKS {
        let sql = format!("{head}{}{tail}", vec![one.as_str(); size].join(", "));
        while let Some((chunk, after)) = rest.split_at_checked(size) {
            if chunk.is_empty() {
                break;
            }
            let mut arguments = SqliteArguments::default();
            let mut cells = Vec::with_capacity(size * R::COLUMNS.len());
            for row in chunk {
                row.cells(&mut cells);
            }
            for cell in cells {
                bind(&mut arguments, cell).map_err(sqlx::Error::Encode)?;
            }
            sqlx::query_with(&sql, arguments).execute(&mut *connection).await?;
            rest = after;
        }
    }
    Ok(())
}

fn bind<'q>(
    arguments: &mut SqliteArguments<'q>,
    cell: Cell<'q>,
) -> Result<(), sqlx::error::BoxDynError> {
    match cell {
        Cell::Null => arguments.add(None::<i64>),
        Cell::Text(std::borrow::Cow::Borrowed(text)) => arguments.add(text),
        Cell::Text(std::borrow::Cow::Owned(text)) => arguments.add(text),
        Cell::Int(number) => arguments.add(number),
        Cell::Flag(flag) => arguments.add(flag),
        Cell::Date(date) => arguments.add(date),
        Cell::Time(time) => arguments.add(time_text(time)),
    }
}

pub(crate) fn column_names<R: Record>() -> String {
    R::COLUMNS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn key_name<R: Keyed>() -> &'static str {
    R::COLUMNS.first().map_or("", |(name, _)| name)
}

fn assignments<R: Keyed>(source: &str) -> String {
    let names = R::COLUMNS.iter().skip(1).map(|(name, _)| format!("{name} = {source}.{name}"));
    names.collect::<Vec<_>>().join(", ")
}

fn arrays<R: Record>() -> String {
    let casts = R::COLUMNS.iter().enumerate().map(|(place, (_, kind))| {
        let sql_type = match kind {
            Kind::Text => "text",
            Kind::Int => "bigint",
            Kind::Flag => "boolean",
            Kind::Date => "date",
            Kind::Time => "timestamptz",
        };
        format!("${}::{sql_type}[]", place + 1)
    });
    casts.collect::<Vec<_>>().join(", ")
}
