//! What the executor needs of a database: a small surface, so that a test can stand in for one that loses replies,
//! commits late and crashes.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use uuid::Uuid;

use crate::types::count;
use crate::{Error, Position, Read, Version};

/// What is sent as one transaction.
///
/// Groups do not depend on one another: no stream is in two groups, no group reads what another writes, no key and no
/// claim comes twice. So it does not matter whether they are checked together or one after another.
#[derive(Clone, Debug)]
pub struct Batch {
    pub clock: DateTime<Utc>,
    /// The last position that this process knows of; None before its first append.
    pub since: Option<Position>,
    pub groups: Vec<Group>,
}

/// The commands of one stream in a batch: accepted or refused whole.
#[derive(Clone, Debug)]
pub struct Group {
    pub aggregate_type: &'static str,
    pub stream: Arc<str>,
    /// The version that the first command was decided on; each later one was decided on what those before it lead to.
    pub base: Version,
    pub drafts: Vec<Draft>,
}

impl Group {
    /// The version that its last event leads to.
    pub(crate) fn reaches(&self) -> Version {
        Version(self.base.0 + count(self.drafts.iter().map(|draft| draft.lines.len()).sum()))
    }
}

/// One decided command. Without lines it records nothing (it was rejected, or had nothing to do), and is confirmed all the same.
#[derive(Clone, Debug)]
pub struct Draft {
    pub key: String,
    pub reads: Vec<Read>,
    pub lines: Vec<Line>,
    pub command_id: Uuid,
    pub metadata: String,
}

/// One event to be recorded.
#[derive(Clone, Debug)]
pub struct Line {
    pub event_type: String,
    pub event_version: String,
    pub payload: String,
    pub claim: Option<String>,
    /// The part of the leaf's input after the recording time. Hashed by the command's own task: the writer is one for all.
    pub leaf_tail: Vec<u8>,
}

/// What a batch led to.
#[derive(Clone, Debug)]
pub struct Appended {
    /// One for each group.
    pub verdicts: Vec<Verdict>,
    /// The last position after it.
    pub head: Position,
    pub news: Vec<News>,
}

/// How far another process has brought a stream since the batch's `since`. Only advice, and where there is too much of it left
/// out: what is not learnt here is learnt from a refusal.
#[derive(Clone, Debug)]
pub struct News {
    pub aggregate_type: String,
    pub stream: String,
    pub version: Version,
}

/// What became of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `tip` is the last position before the group's first event.
    Accepted {
        tip: Position,
        recorded_at: DateTime<Utc>,
    },
    Refused(Refused),
}

/// Why a group was refused. Drafts are numbered from 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    pub moved: Moved,
    /// Drafts whose key is recorded.
    pub known: Vec<usize>,
    /// Draft, claim, and the stream that holds it.
    pub taken: Vec<(usize, String, String)>,
}

/// Whether the streams stand where the decisions found them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moved {
    #[default]
    Nothing,
    /// The group's own stream.
    Base,
    /// A stream that it read, or both.
    Reads,
}

/// Why there is no verdict.
#[derive(Clone, Debug)]
pub enum Broken {
    /// The transaction was never sent, or the database said that it failed: nothing is recorded.
    Nothing(Error),
    /// No reply. It may be recorded, or be recorded later.
    Unknown(Error),
}

/// A command's events, found by its key.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub aggregate_type: String,
    pub stream: String,
    pub metadata: String,
    pub recorded_at: DateTime<Utc>,
    pub rows: Vec<Stored>,
}

/// One recorded event, in its current shape.
#[derive(Clone, Debug)]
pub struct Stored {
    pub position: Position,
    pub version: Version,
    pub payload: String,
}

/// What follows a version of a stream.
#[derive(Clone, Debug)]
pub enum Tail {
    /// Payloads after one another in each text, so that a long stream is a few large rows and not many small ones.
    Joined { texts: Vec<String>, count: i64 },
    /// Row by row, as upcasters need it.
    Rows(Vec<Stored>),
}

impl Tail {
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Tail::Joined { count, .. } => *count == 0,
            Tail::Rows(rows) => rows.is_empty(),
        }
    }
}

/// The reading that decisions need.
pub trait Source: Send + Sync + 'static {
    /// Everything recorded of a stream after a version.
    fn tail<'a>(
        &'a self,
        aggregate_type: &'a str,
        stream: &'a str,
        after: Version,
    ) -> BoxFuture<'a, Result<Tail, Error>>;
}

/// One process's side of the append. The writer alone calls `append`, `begin`, `finish`, `abandon`, `recover` and
/// `leave`, one at a time.
pub trait Backend: Source {
    /// Steps 6 and 7: takes the lock, checks, inserts and commits, in one go.
    fn append(&self, batch: &Batch) -> impl Future<Output = Result<Appended, Broken>> + Send;

    /// Step 9: begins a transaction and takes the lock. Until `finish` or `abandon` nobody else commits events.
    fn begin(&self) -> impl Future<Output = Result<(), Broken>> + Send;

    /// Appends in the open transaction and commits.
    fn finish(&self, batch: &Batch) -> impl Future<Output = Result<Appended, Broken>> + Send;

    /// Ends the open transaction without any change.
    fn abandon(&self) -> impl Future<Output = ()> + Send;

    /// Step 10: makes sure that the transaction without reply has ended, and only then says which of these keys are recorded.
    fn recover(&self, keys: &[&str]) -> impl Future<Output = Result<Vec<String>, Error>> + Send;

    /// The writer is done: its connection can go.
    fn leave(&self) -> impl Future<Output = ()> + Send;

    /// The events that were recorded under a key.
    fn find(&self, key: &str) -> impl Future<Output = Result<Option<Recorded>, Error>> + Send;

    /// The stream that holds a claim.
    fn holder(&self, claim: &str) -> impl Future<Output = Result<Option<String>, Error>> + Send;

    /// The time to be recorded.
    fn clock(&self) -> DateTime<Utc>;

    /// Time that only goes forward, for deadlines.
    fn uptime(&self) -> Duration;

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()>;

    /// Runs a task of this process, for ever or until the process ends.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Runs the writer, which should not wait its turn behind the commands that wait for it.
    fn spawn_writer(&self, task: BoxFuture<'static, ()>) -> std::io::Result<()>;
}
