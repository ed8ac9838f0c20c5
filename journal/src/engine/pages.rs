//! Pages for followers, each with the journal's head as the page's own query saw it.
//!
//! PostgreSQL sends them row by row. On SQLite, whose driver's work is per row, many entries come in one row: the columns of an entry
//! are joined by U+001F and the entries by U+001E, which no JSON text holds unescaped. If any other text does, the counts do not
//! add up, and the piece is read again row by row.

use chrono::DateTime;
use sqlx::postgres::PgRow;
use sqlx::{FromRow, PgPool, Row, SqlitePool};
use uuid::Uuid;

use super::reader::{COLUMNS, HEAD, Pool, Reader, Sql};
use crate::types::count;
use crate::{Entry, Error, Filter, Page, Position, Version, codec};

/// The most entries of one page.
pub const PAGE_MAX: usize = 10_000;
/// How many positions one page looks at when it filters, so that a rare type does not mean one endless query.
const LOOK_MAX: i64 = 50_000;
/// How many entries are joined at most: 32 MiB of the longest payloads.
pub(super) const PIECE: i64 = 512;

pub(super) const ENTRY: char = '\u{1e}';
pub(super) const COLUMN: char = '\u{1f}';
const JOINED: usize = 11;

/// What a page's queries have in common: positions after `$1` up to `$2`, at most `$3`, narrowed by an aggregate type (`$4`) and event
/// types (`$5`, if `$6`).
const WANTED: &str = "events e WHERE e.position > $1 AND e.position <= $2 AND ($4 = '' OR e.aggregate_type = $4) \
     AND ($6 = 0 OR {any_type}) ORDER BY e.position LIMIT $3";

/// A page's queries.
pub(super) struct Paged {
    /// Entries, and beside each the head; one row without an entry where there is none.
    postgres: String,
    /// Entries joined, how many they are, and the head.
    sqlite: String,
    sqlite_rows: String,
}

impl Paged {
    pub(super) fn new() -> Paged {
        let all = Sql::new(&format!("(SELECT * FROM {WANTED}) AS e"));
        let head = format!("coalesce(({HEAD}), 0)");
        let columns = Sql::new(COLUMNS).postgres;
        Paged {
            postgres: format!(
                "SELECT {columns}, h.head FROM (SELECT {head} AS head) AS h LEFT JOIN LATERAL {} ON true",
                all.postgres
            ),
            sqlite: format!(
                "SELECT group_concat({}, char(30)), count(*), {head} FROM {}",
                joined_columns(),
                all.sqlite
            ),
            sqlite_rows: Sql::new(&format!("SELECT {COLUMNS} FROM {WANTED}")).sqlite,
        }
    }
}

fn joined_columns() -> String {
    [
        "e.position",
        "e.aggregate_type",
        "e.aggregate_id",
        "e.sequence",
        "e.event_type",
        "e.event_version",
        "coalesce(e.recorded_at, '')",
        "e.payload",
        "e.metadata",
        "coalesce(e.command_id, '')",
        "coalesce(hex(e.leaf_hash), '')",
    ]
    .join(" || char(31) || ")
}

impl Reader {
    pub(crate) async fn after(
        &self,
        position: Position,
        filter: &Filter,
        limit: usize,
    ) -> Result<Page, Error> {
        let limit = i64::try_from(limit.clamp(1, PAGE_MAX)).unwrap_or(1);
        if let Some(stream) = &filter.stream {
            // Read first: what is committed later is for the next page.
            let head = self.head().await?;
            let entries = self.of_stream(stream, position, filter, limit).await?;
            return Ok(page(entries, limit, head.max(position), head));
        }
        let filters = !filter.types.is_empty() || filter.aggregate_type.is_some();
        let window = if filters { LOOK_MAX } else { limit };
        let upto = Position(position.0.saturating_add(window));
        let (entries, head) = match &self.pool {
            Pool::Postgres(pool) => {
                self.page_of_postgres(pool, position, upto, filter, limit).await?
            }
            Pool::Sqlite(pool) => self.page_of_sqlite(pool, position, upto, filter, limit).await?,
        };
        Ok(page(entries, limit, upto.min(head.max(position)), head))
    }

    async fn page_of_postgres(
        &self,
        pool: &PgPool,
        after: Position,
        upto: Position,
        filter: &Filter,
        limit: i64,
    ) -> Result<(Vec<Entry>, Position), Error> {
        let query = sqlx::query_as(&self.sql.page.postgres).bind(after.0).bind(upto.0).bind(limit);
        let kind = filter.aggregate_type.as_deref().unwrap_or_default();
        let query = query.bind(kind).bind(&filter.types).bind(i64::from(!filter.types.is_empty()));
        let rows: Vec<Beside> = query.fetch_all(pool).await?;
        let head = rows.first().map_or(Position::default(), |row| row.head);
        let mut entries: Vec<Entry> = rows.into_iter().filter_map(|row| row.entry).collect();
        // As they come from a sorted sub-query, although the outer one promises nothing.
        entries.sort_by_key(|entry| entry.position);
        Ok((entries, head))
    }

    async fn page_of_sqlite(
        &self,
        pool: &SqlitePool,
        after: Position,
        mut upto: Position,
        filter: &Filter,
        limit: i64,
    ) -> Result<(Vec<Entry>, Position), Error> {
        let Paged { sqlite: joined, sqlite_rows: rows, .. } = &self.sql.page;
        let kind = filter.aggregate_type.as_deref().unwrap_or_default();
        let types = codec::written(&filter.types)?;
        let filters = i64::from(!filter.types.is_empty());
        let (mut entries, mut at, mut head): (Vec<Entry>, _, _) = (Vec::new(), after, None);
        loop {
            let asked = PIECE.min(limit - count(entries.len()));
            let query = sqlx::query_as(joined).bind(at.0).bind(upto.0).bind(asked);
            let query = query.bind(kind).bind(types.as_str()).bind(filters);
            let (text, number, head_then): (Option<String>, i64, i64) =
                query.fetch_one(pool).await?;
            // As the first piece saw it: what is committed later is for the next page.
            let head = *head.get_or_insert(Position(head_then));
            upto = upto.min(head.max(after));
            let piece = if let Some(piece) = apart(text.as_deref(), number) {
                piece
            } else {
                let query = sqlx::query_as(rows).bind(at.0).bind(upto.0).bind(asked);
                let query = query.bind(kind).bind(types.as_str()).bind(filters);
                query.fetch_all(pool).await?
            };
            let full = count(piece.len()) == asked;
            at = piece.last().map_or(upto, |last| last.position);
            entries.extend(piece);
            if !full || count(entries.len()) >= limit {
                return Ok((entries, head));
            }
        }
    }
}

/// A row of a page on PostgreSQL.
struct Beside {
    entry: Option<Entry>,
    head: Position,
}

impl<'r> FromRow<'r, PgRow> for Beside {
    fn from_row(row: &'r PgRow) -> Result<Self, sqlx::Error> {
        let position: Option<i64> = row.try_get(0)?;
        let entry = position.map(|_| Entry::from_row(row)).transpose()?;
        Ok(Beside { entry, head: Position(row.try_get(11)?) })
    }
}

/// A full page was looked at up to its last entry; any other one up to `upto`. What a later query saw above the head is for the next
/// page: whoever goes on after the head would get it a second time.
fn page(mut entries: Vec<Entry>, limit: i64, upto: Position, head: Position) -> Page {
    entries.truncate(entries.partition_point(|entry| entry.position <= head));
    let full = i64::try_from(entries.len()).is_ok_and(|n| n == limit);
    let next = entries.last().filter(|_| full).map_or(upto, |last| last.position);
    Page { entries, next, head }
}

/// Takes a joined piece apart. None: it cannot be told apart this way.
fn apart(joined: Option<&str>, count: i64) -> Option<Vec<Entry>> {
    let count = usize::try_from(count).ok()?;
    let Some(joined) = joined else { return (count == 0).then(Vec::new) };
    let mut entries: Vec<Entry> = Vec::with_capacity(count);
    for text in joined.split(ENTRY) {
        let entry = entry(text)?;
        if entries.last().is_some_and(|before| before.position >= entry.position) {
            return None;
        }
        entries.push(entry);
    }
    (entries.len() == count).then_some(entries)
}

fn entry(text: &str) -> Option<Entry> {
    let mut columns = [""; JOINED];
    let mut rest = text.split(COLUMN);
    for column in &mut columns {
        *column = rest.next()?;
    }
    if rest.next().is_some() {
        return None;
    }
    let [
        position,
        kind,
        stream,
        version,
        event_type,
        event_version,
        recorded,
        payload,
        metadata,
        command,
        leaf,
    ] = columns;
    let recorded_at = match recorded {
        "" => None,
        us => Some(DateTime::from_timestamp_micros(us.parse().ok()?)?),
    };
    let leaf_hash = match leaf {
        "" => None,
        digits => {
            let mut bytes = [0; 32];
            hex::decode_to_slice(digits, &mut bytes).ok()?;
            Some(bytes)
        }
    };
    Some(Entry {
        position: Position(position.parse().ok()?),
        aggregate_type: kind.to_owned(),
        stream: stream.to_owned(),
        version: Version(version.parse().ok()?),
        event_type: event_type.to_owned(),
        event_version: super::rows::version_number(event_version),
        recorded_at,
        payload: payload.to_owned(),
        metadata: metadata.to_owned(),
        command_id: Uuid::parse_str(command).ok(),
        leaf_hash,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(position: i64) -> Entry {
        let columns = [
            &position.to_string(),
            "toy",
            "toy-1",
            &position.to_string(),
            "happened",
            "1",
            "",
            "{}",
            "{}",
            "",
            "",
        ];
        entry(&columns.join(&COLUMN.to_string())).unwrap()
    }

    /// Pages of what a query finds by the time it runs, where each page's head was read before.
    fn read(limit: i64, heads_and_rows: [(i64, &[i64]); 2]) -> Vec<i64> {
        let (mut seen, mut after) = (Vec::new(), Position(0));
        for (head, rows) in heads_and_rows {
            let later = rows.iter().filter(|at| **at > after.0).map(|at| row(*at));
            let found: Vec<Entry> = later.take(usize::try_from(limit).unwrap()).collect();
            let head = Position(head);
            let page = page(found, limit, head.max(after), head);
            seen.extend(page.entries.iter().map(|entry| entry.position.0));
            after = page.next;
        }
        seen
    }

    #[test]
    fn what_is_recorded_after_the_head_was_read_comes_once() {
        let all: &[i64] = &[2, 5, 6, 9];
        assert_eq!(read(10, [(5, all), (9, all)]), [2, 5, 6, 9]);
        assert_eq!(read(3, [(5, all), (9, all)]), [2, 5, 6, 9]);
        assert_eq!(read(2, [(5, all), (9, all)]), [2, 5, 6, 9]);
        assert_eq!(read(10, [(0, all), (9, all)]), [2, 5, 6, 9]);
    }
}
