//! The journal's vocabulary: where an event stands, what it carries, and what a reader asks for.

use std::fmt;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The place of an event among all events: dense, from 1, in the order of commits. 0 is before the first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Position(pub i64);

/// The place of an event in its stream: dense, from 1. 0 is a stream without events.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub i64);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Version {
    /// The version of a stream that has no event yet.
    pub const NONE: Version = Version(0);
}

/// One recorded event, as the followers see it: texts exactly as they are stored and hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub position: Position,
    pub aggregate_type: String,
    /// The `aggregate_id` column: the full id that the API shows.
    pub stream: String,
    pub version: Version,
    pub event_type: String,
    pub event_version: i32,
    /// None only in rows that a stock program wrote before this table had the column.
    pub recorded_at: Option<DateTime<Utc>>,
    /// `{"<event_type>": {…}}`
    pub payload: String,
    /// A flat JSON object of strings, see [`Metadata`].
    pub metadata: String,
    /// None in rows of stock programs.
    pub command_id: Option<Uuid>,
    /// None in rows of stock programs.
    pub leaf_hash: Option<[u8; 32]>,
}

/// Which entries a follower wants. Empty means: all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Event types; none means every type.
    pub types: Vec<String>,
    pub stream: Option<String>,
    pub aggregate_type: Option<String>,
}

/// A piece of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub entries: Vec<Entry>,
    /// The last position that was looked at, also when all entries were filtered out: the next `after`.
    pub next: Position,
    /// The last position there was.
    pub head: Position,
}

/// A confirmed state: what the recorded events of a stream lead to.
#[derive(Clone, Debug)]
pub struct Known<A> {
    pub stream: String,
    /// 0: no such stream, and `state` is the default one.
    pub version: Version,
    pub state: Arc<A>,
}

impl<A: domain::decider::Decider> Known<A> {
    /// What [`crate::Gather::gather`] reports for this stream.
    pub fn read(&self) -> Read {
        Read { aggregate_type: A::TYPE, stream: self.stream.clone(), version: self.version }
    }
}

/// A stream that a decision relied on, and how far it was read. The append confirms it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    pub aggregate_type: &'static str,
    pub stream: String,
    pub version: Version,
}

/// How far a stream is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The state right after this version, or the last one if there are fewer.
    Version(Version),
    /// The state as of this recording time, inclusive.
    RecordedAt(DateTime<Utc>),
}

/// Who caused an event and in which course of things: the `metadata` column, a flat object of strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    pub actor: String,
    /// The programme or person that acted for the actor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    pub command_id: Uuid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<String>,
}

/// How many, as positions and versions count.
pub(crate) fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
