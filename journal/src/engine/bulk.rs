//! Bulk: what a fold needs of events and nothing else, for whoever reads all of them.
//!
//! Each share of the streams gets its events in one piece of memory, which is used again. As entries they would be allocated here and
//! freed elsewhere, and their hashes, metadata and times would be carried for nobody.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use futures::TryStreamExt;
use sqlx::postgres::PgPoolCopyExt as _;
use sqlx::{PgPool, SqlitePool};
use uuid::Uuid;

use super::copied::{Copied, Malformed};
use super::pages::{COLUMN, ENTRY, PIECE};
use super::reader::{Pool, Reader};
use super::rows::version_number;
use crate::{Error, Position, Version, codec};

/// Texts and the id as they are stored: to cast them would be half of the server's work.
const POSTGRES: &str = "COPY (SELECT e.position, e.sequence, e.command_id, e.event_version, e.aggregate_id, e.event_type, e.payload \
     FROM events e WHERE e.position > {after} AND e.position <= {upto} AND e.aggregate_type = '{type}' \
     AND e.event_type <> ALL ('{{without}}') ORDER BY e.position) TO STDOUT (FORMAT binary)";

/// As pages of SQLite are joined.
const SQLITE: &str = "SELECT group_concat(e.position || char(31) || e.sequence || char(31) || coalesce(e.command_id, '') || char(31) \
     || e.event_version || char(31) || e.aggregate_id || char(31) || e.event_type || char(31) || e.payload, char(30)), count(*) \
     FROM (SELECT * FROM events e WHERE e.position > $1 AND e.position <= $2 AND e.aggregate_type = $3 \
     AND e.event_type NOT IN (SELECT t.value FROM json_each($4) AS t) ORDER BY e.position) AS e";

/// The same, one by one.
const SQLITE_ROWS: &str = "SELECT e.position, e.sequence, e.command_id, e.event_version, e.aggregate_id, e.event_type, e.payload \
     FROM events e WHERE e.position > $1 AND e.position <= $2 AND e.aggregate_type = $3 \
     AND e.event_type NOT IN (SELECT t.value FROM json_each($4) AS t) ORDER BY e.position";

/// Which events are read: those of an aggregate type, without those of some event types.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) aggregate_type: &'static str,
    pub(crate) without: &'static [&'static str],
}

/// The events of some streams, in order.
#[derive(Debug, Default)]
pub(crate) struct Bulk {
    text: String,
    places: Vec<Place>,
}

/// Where one event stands in the text: behind the one before it, its stream, its type and its payload after one another.
#[derive(Clone, Copy, Debug)]
struct Place {
    position: Position,
    version: Version,
    command_id: Option<Uuid>,
    event_version: i32,
    stream_end: usize,
    type_end: usize,
    end: usize,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Told<'a> {
    pub(crate) position: Position,
    pub(crate) version: Version,
    /// None in rows of stock programs.
    pub(crate) command_id: Option<Uuid>,
    pub(crate) event_version: i32,
    pub(crate) stream: &'a str,
    pub(crate) event_type: &'a str,
    pub(crate) payload: &'a str,
}

impl Bulk {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Told<'_>> {
        let mut from = 0;
        self.places.iter().map_while(move |place| {
            let begin = std::mem::replace(&mut from, place.end);
            Some(Told {
                position: place.position,
                version: place.version,
                command_id: place.command_id,
                event_version: place.event_version,
                stream: self.text.get(begin..place.stream_end)?,
                event_type: self.text.get(place.stream_end..place.type_end)?,
                payload: self.text.get(place.type_end..place.end)?,
            })
        })
    }

    /// Empty, and as large as it has become.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.places.clear();
    }

    fn push(&mut self, told: Told<'_>) {
        self.text.push_str(told.stream);
        let stream_end = self.text.len();
        self.text.push_str(told.event_type);
        let type_end = self.text.len();
        self.text.push_str(told.payload);
        let Told { position, version, command_id, event_version, .. } = told;
        let end = self.text.len();
        self.places.push(Place {
            position,
            version,
            command_id,
            event_version,
            stream_end,
            type_end,
            end,
        });
    }
}

/// Which of so many shares a stream belongs to.
fn share_of(stream: &str, shares: usize) -> usize {
    let mut hasher = DefaultHasher::new();
    stream.hash(&mut hasher);
    let shares = u64::try_from(shares.max(1)).unwrap_or(1);
    usize::try_from(hasher.finish() % shares).unwrap_or_default()
}

fn deal(told: Told<'_>, shares: &mut [Bulk]) {
    let number = share_of(told.stream, shares.len());
    if let Some(share) = shares.get_mut(number) {
        share.push(told);
    }
}

impl Reader {
    /// The events that are wanted after a position up to another, each put to the share of its stream.
    pub(crate) async fn bulk(
        &self,
        wanted: Wanted,
        after: Position,
        upto: Position,
        shares: &mut [Bulk],
    ) -> Result<(), Error> {
        // What is current under another name may have to be read.
        let without = if self.upcasts().is_empty() { wanted.without } else { &[] };
        let wanted = Wanted { without, ..wanted };
        match &self.pool {
            Pool::Postgres(pool) => bulk_of_postgres(pool, wanted, after, upto, shares).await,
            Pool::Sqlite(pool) => bulk_of_sqlite(pool, wanted, after, upto, shares).await,
        }
    }
}

async fn bulk_of_postgres(
    pool: &PgPool,
    wanted: Wanted,
    after: Position,
    upto: Position,
    shares: &mut [Bulk],
) -> Result<(), Error> {
    // A copy takes no parameters. Whoever stops reading half way leaves the connection in the middle of it.
    let sql = POSTGRES
        .replace("{after}", &after.to_string())
        .replace("{upto}", &upto.to_string())
        .replace("{type}", wanted.aggregate_type)
        .replace("{without}", &wanted.without.join(","));
    let mut pieces = pool.copy_out_raw(&sql).await?;
    let (mut copied, mut malformed) = (Copied::default(), false);
    while let Some(piece) = pieces.try_next().await? {
        malformed |= copied.take(&piece, |told| deal(told, shares)).is_err();
    }
    if malformed || !copied.is_whole() {
        return Err(sqlx::Error::Decode(Box::new(Malformed)).into());
    }
    Ok(())
}

async fn bulk_of_sqlite(
    pool: &SqlitePool,
    wanted: Wanted,
    after: Position,
    upto: Position,
    shares: &mut [Bulk],
) -> Result<(), Error> {
    let (mut after, aggregate_type) = (after.0, wanted.aggregate_type);
    let without = codec::written(&wanted.without)?;
    while after < upto.0 {
        let end = after.saturating_add(PIECE).min(upto.0);
        let query =
            sqlx::query_as(SQLITE).bind(after).bind(end).bind(aggregate_type).bind(&without);
        let (text, count): (Option<String>, i64) = query.fetch_one(pool).await?;
        if let Some(told) = apart(text.as_deref().unwrap_or_default(), count) {
            for told in told {
                deal(told, shares);
            }
        } else {
            let query = sqlx::query_as(SQLITE_ROWS).bind(after).bind(end).bind(aggregate_type);
            let query = query.bind(&without);
            let rows: Vec<Plain> = query.fetch_all(pool).await?;
            for row in &rows {
                deal(of_plain(row), shares);
            }
        }
        after = end;
    }
    Ok(())
}

/// Takes a joined text apart. None: it cannot be told apart this way.
fn apart(joined: &str, count: i64) -> Option<Vec<Told<'_>>> {
    let count = usize::try_from(count).ok()?;
    if count == 0 {
        return Some(Vec::new());
    }
    let mut all: Vec<Told<'_>> = Vec::with_capacity(count);
    for text in joined.split(ENTRY) {
        let mut columns = text.split(COLUMN);
        let mut column = || columns.next();
        let told = Told {
            position: Position(column()?.parse().ok()?),
            version: Version(column()?.parse().ok()?),
            command_id: Uuid::parse_str(column()?).ok(),
            event_version: version_number(column()?),
            stream: column()?,
            event_type: column()?,
            payload: column()?,
        };
        if columns.next().is_some() || all.last().is_some_and(|last| last.position >= told.position)
        {
            return None;
        }
        all.push(told);
    }
    (all.len() == count).then_some(all)
}

type Plain = (i64, i64, Option<String>, String, String, String, String);

fn of_plain(
    (position, version, command, event_version, stream, event_type, payload): &Plain,
) -> Told<'_> {
    Told {
        position: Position(*position),
        version: Version(*version),
        command_id: command.as_deref().and_then(|id| Uuid::parse_str(id).ok()),
        event_version: version_number(event_version),
        stream,
        event_type,
        payload,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: [(i64, &str, &str); 3] =
        [(1, "toy-1", "{}"), (2, "toy-2", "{\"名\":1}"), (5, "toy-1", "[]")];

    fn plain((position, stream, payload): (i64, &'static str, &'static str)) -> Told<'static> {
        let (version, event_type) = (Version(position), "happened");
        let position = Position(position);
        Told { position, version, command_id: None, event_version: 1, stream, event_type, payload }
    }

    #[test]
    fn each_stream_is_of_one_share_and_in_order() {
        let mut shares = [Bulk::default(), Bulk::default(), Bulk::default()];
        for row in PLAIN {
            deal(plain(row), &mut shares);
        }
        let mut all: Vec<_> = shares.iter().flat_map(Bulk::iter).collect();
        for share in &shares {
            let positions: Vec<_> = share.iter().map(|told| told.position).collect();
            assert!(positions.is_sorted());
        }
        let of_first = |share: &&Bulk| share.iter().any(|told| told.stream == "toy-1");
        assert_eq!(shares.iter().filter(of_first).count(), 1);
        all.sort_by_key(|told| told.position);
        assert_eq!(all, PLAIN.map(plain));
        shares.iter_mut().for_each(Bulk::clear);
        assert_eq!(shares.iter().flat_map(Bulk::iter).count(), 0);
    }

    #[test]
    fn what_cannot_be_told_apart_is_said_so() {
        let entry = |(position, stream, payload): (i64, &str, &str)| {
            [&position.to_string(), &position.to_string(), "", "1.0", stream, "happened", payload]
                .join(&COLUMN.to_string())
        };
        let joined = PLAIN.map(entry).join(&ENTRY.to_string());
        assert_eq!(apart(&joined, 3).unwrap(), PLAIN.map(plain));
        assert_eq!(apart("", 0).unwrap(), []);
        assert!(apart(&joined, 2).is_none());
        assert!(apart(&entry((1, "toy-1", "\"\u{1e}\"")), 1).is_none());
        assert!(apart(&entry((1, "toy-1", "\"\u{1f}\"")), 1).is_none());
    }
}
