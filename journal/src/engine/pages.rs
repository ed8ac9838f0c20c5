//! Pages for followers: many entries in one row of the database's answer, because a driver's work is per row.
//!
//! The columns of an entry are joined by U+001F and the entries by U+001E, which no JSON text holds unescaped. If any other text does,
//! the counts do not add up, and the piece is read again row by row.

use chrono::DateTime;
use uuid::Uuid;

use crate::{Entry, Position, Version};

/// How many entries are joined at most: 32 MiB of the longest payloads.
pub(super) const PIECE: i64 = 512;

const ENTRY: char = '\u{1e}';
const COLUMN: char = '\u{1f}';
const COLUMNS: usize = 11;

/// The entries after `$1` up to `$2`, at most `$3`, joined, and how many there are. `extra` narrows them.
pub(super) fn postgres(extra: &str) -> String {
    format!(
        "SELECT string_agg(concat_ws(chr(31), e.position, e.aggregate_type, e.aggregate_id, e.sequence, e.event_type, \
         e.event_version, (extract(epoch FROM e.recorded_at) * 1000000)::bigint, e.payload::text, e.metadata::text, \
         coalesce(e.command_id::text, ''), coalesce(encode(e.leaf_hash, 'hex'), '')), chr(30)), count(*) FROM ({}) AS e",
        rows(extra)
    )
}

pub(super) fn sqlite(extra: &str) -> String {
    let columns = [
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
    ];
    let columns = columns.join(" || char(31) || ");
    format!("SELECT group_concat({columns}, char(30)), count(*) FROM ({}) AS e", rows(extra))
}

/// In order: both engines aggregate a sorted and limited sub-query in its order, and [`entries`] makes sure.
fn rows(extra: &str) -> String {
    format!(
        "SELECT * FROM events e WHERE e.position > $1 AND e.position <= $2 {extra} ORDER BY e.position LIMIT $3"
    )
}

/// Takes a joined piece apart. None: it cannot be told apart this way.
pub(super) fn entries(joined: Option<&str>, count: i64) -> Option<Vec<Entry>> {
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
    let mut columns = [""; COLUMNS];
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
