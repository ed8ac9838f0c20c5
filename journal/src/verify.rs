//! Proof that the journal is sound: every position and version, every hash, every key and claim, and every stream folded a
//! second time by a reader that is not ours.

use std::collections::{HashMap, HashSet};
use std::fmt;

use cqrs_es::persist::{
    EventUpcaster, PersistedEventRepository, PersistedEventStore, SerializedEvent,
};
use cqrs_es::{Aggregate, EventStore};
use domain::decider::{Decider, Event};
use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;

use crate::engine::reader::Marks;
use crate::options::Upcast;
use crate::{
    Engine, Entry, Error, Filter, Journal, PAGE_MAX, Position, Until, Version, codec, leaf,
};

const STREAMS_PER_PAGE: i64 = 1_000;

/// What was found to hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub events: usize,
    pub streams: usize,
    /// Events whose leaf hash was computed again.
    pub hashed: usize,
    /// Events of stock programs, which carry no hash.
    pub stock: usize,
    pub keys: usize,
    pub claims: usize,
}

/// The first thing that does not hold, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub position: Position,
    pub stream: String,
    pub version: Version,
    pub what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault { position, stream, version, what } = self;
        write!(f, "position {position} ({stream}, version {version}): {what}")
    }
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Unsound {
    #[error("{0}")]
    Fault(Fault),
    /// The proof could not be finished.
    #[error("{0}")]
    Journal(#[from] Error),
}

impl Journal {
    /// Checks every event up to the head that it finds: dense positions and versions, times that never go back, leaf hashes, keys
    /// and claims. Stops at the first fault.
    pub async fn verify(&self) -> Result<Report, Unsound> {
        let head = self.head().await?;
        let mut proof = Proof::default();
        while proof.position < head {
            let page = self.after(proof.position, &Filter::default(), PAGE_MAX).await?;
            let marks = self.reader().marks(proof.position, page.next).await?;
            if page.entries.is_empty() || page.entries.len() != marks.len() {
                let missing = Position(proof.position.0 + 1);
                return Err(Unsound::Fault(fault_at(missing, "no event stands here")));
            }
            for (entry, marks) in page.entries.iter().zip(&marks) {
                proof.check(entry, marks).map_err(|what| Unsound::Fault(fault(entry, what)))?;
            }
        }
        proof.report.streams = proof.versions.len();
        Ok(proof.report)
    }

    /// Folds every stream of an aggregate type through the stock repository too, and compares; checks that each event of ours is filed
    /// under its own claim, and that no signature was moved to another record. Returns the number of streams.
    pub async fn verify_streams<A>(&self) -> Result<usize, Unsound>
    where
        A: Decider + Aggregate<Event = <A as Decider>::Event>,
    {
        match self.engine() {
            Engine::Postgres(pool) => {
                self.compare::<A, _>(PostgresEventRepository::new(pool.clone())).await
            }
            Engine::Sqlite(pool) => {
                self.compare::<A, _>(SqliteEventRepository::new(pool.clone())).await
            }
        }
    }

    async fn compare<A, R>(&self, repository: R) -> Result<usize, Unsound>
    where
        A: Decider + Aggregate<Event = <A as Decider>::Event>,
        R: PersistedEventRepository,
    {
        let upcasters: Vec<Box<dyn EventUpcaster>> = self
            .reader()
            .upcasts()
            .iter()
            .map(|ours| -> Box<dyn EventUpcaster> { Box::new(Stock(std::sync::Arc::clone(ours))) })
            .collect();
        let stock =
            PersistedEventStore::<R, A>::new_event_store(repository).with_upcasters(upcasters);
        let (mut compared, mut last) = (0, String::new());
        loop {
            let kind = <A as Decider>::TYPE;
            let streams = self.reader().streams(kind, &last, STREAMS_PER_PAGE).await?;
            let Some(end) = streams.last() else { return Ok(compared) };
            last.clone_from(end);
            for stream in streams {
                self.compare_stream::<A, R>(&stock, &stream).await?;
                compared += 1;
            }
        }
    }

    async fn compare_stream<A, R>(
        &self,
        stock: &PersistedEventStore<R, A>,
        stream: &str,
    ) -> Result<(), Unsound>
    where
        A: Decider + Aggregate<Event = <A as Decider>::Event>,
        R: PersistedEventRepository,
    {
        let at = |version: i64, what: String| {
            let (stream, version) = (stream.to_owned(), Version(version));
            Unsound::Fault(Fault { position: Position::default(), stream, version, what })
        };
        let theirs = stock
            .load_aggregate(stream)
            .await
            .map_err(|error| at(0, format!("the stock reader cannot fold it: {error}")))?;
        let version = i64::try_from(theirs.current_sequence).unwrap_or(i64::MAX);
        let ours = self.replay::<A>(stream, Until::Version(Version(version))).await?;
        if ours.version.0 != version {
            return Err(at(version, format!("our reader stops at version {}", ours.version)));
        }
        if *ours.state != theirs.aggregate {
            return Err(at(version, "our reader and the stock reader fold it differently".into()));
        }
        self.look_at_events::<A>(stream).await
    }

    /// What an event claims is what it is filed under, and what it is signed with is its own.
    async fn look_at_events<A>(&self, stream: &str) -> Result<(), Unsound>
    where
        A: Decider + Aggregate<Event = <A as Decider>::Event>,
    {
        let filter = Filter {
            stream: Some(stream.to_owned()),
            aggregate_type: Some(<A as Decider>::TYPE.to_owned()),
            types: Vec::new(),
        };
        let mut position = Position::default();
        loop {
            let page = self.after(position, &filter, PAGE_MAX).await?;
            let full = page.entries.len() == PAGE_MAX;
            position = page.next;
            for entry in page.entries {
                let stored = self.current_shape(&entry);
                let event = codec::decoded::<<A as Decider>::Event>(stream, &stored)?;
                if event.signed().is_some_and(|(it, content)| !it.is_of(stream, content)) {
                    let what = "its signature is of another record or another content".to_owned();
                    return Err(Unsound::Fault(fault(&entry, what)));
                }
                if entry.leaf_hash.is_none() {
                    continue;
                }
                let Some(claim) = Event::claim(&event, stream) else { continue };
                if self.holder(&claim).await?.as_deref() != Some(stream) {
                    let what = format!("it claims {claim}, which is not held by this stream");
                    return Err(Unsound::Fault(fault(&entry, what)));
                }
            }
            if !full {
                return Ok(());
            }
        }
    }
}

/// Our upcasters, as the stock reader takes them.
struct Stock(std::sync::Arc<dyn Upcast>);

impl EventUpcaster for Stock {
    fn can_upcast(&self, _event_type: &str, _event_version: &str) -> bool {
        true
    }

    fn upcast(&self, mut event: SerializedEvent) -> SerializedEvent {
        loop {
            let version = event.event_version.parse().unwrap_or_default();
            let upcast = self.0.upcast(&event.event_type, version, &event.payload.to_string());
            let Some((event_type, version, payload)) = upcast else { return event };
            // Not JSON: then the event stays as it was, and folding it says so.
            let Ok(payload) = serde_json::from_str(&payload) else { return event };
            event = SerializedEvent {
                event_type,
                event_version: version.to_string(),
                payload,
                ..event
            };
        }
    }
}

#[derive(Default)]
struct Proof {
    position: Position,
    recorded_us: i64,
    versions: HashMap<(String, String), i64>,
    /// Digests, because a million keys are long.
    keys: HashSet<[u8; 32]>,
    claims: HashSet<[u8; 32]>,
    command: Option<uuid::Uuid>,
    report: Report,
}

impl Proof {
    fn check(&mut self, entry: &Entry, marks: &Marks) -> Result<(), String> {
        let expected = Position(self.position.0 + 1);
        if entry.position != expected || marks.position != expected.0 {
            return Err(format!("position {expected} is missing before it"));
        }
        self.position = expected;
        self.report.events += 1;
        let place = (entry.aggregate_type.clone(), entry.stream.clone());
        let version = self.versions.entry(place).or_insert(0);
        *version += 1;
        if entry.version.0 != *version {
            return Err(format!("version {version} is missing before it"));
        }
        let recorded_us = entry.recorded_at.map_or(self.recorded_us, |at| at.timestamp_micros());
        if recorded_us < self.recorded_us {
            return Err("it was recorded before its predecessor".to_owned());
        }
        self.recorded_us = recorded_us;
        self.check_hash(entry, recorded_us)?;
        self.check_marks(entry, marks)
    }

    fn check_hash(&mut self, entry: &Entry, recorded_us: i64) -> Result<(), String> {
        let Some(stored) = entry.leaf_hash else {
            self.report.stock += 1;
            // Ours come with a command and a hash, stock ones with neither.
            return entry.command_id.map_or(Ok(()), |_| Err("its leaf hash is gone".to_owned()));
        };
        let version = entry.event_version.to_string();
        let metadata = leaf::digest(&entry.metadata);
        let tail = leaf::tail(&entry.event_type, &version, &entry.payload, &metadata);
        let head = leaf::head(&entry.aggregate_type, &entry.stream, entry.version.0);
        if leaf::leaf(&head, recorded_us, &tail) != stored {
            return Err("its content is not what its leaf hash says".to_owned());
        }
        self.report.hashed += 1;
        Ok(())
    }

    /// A key stands on the first event of its command; no key and no claim stands twice.
    fn check_marks(&mut self, entry: &Entry, marks: &Marks) -> Result<(), String> {
        let begins = entry.command_id.is_some() && entry.command_id != self.command;
        if begins != marks.idempotency_key.is_some() {
            return Err("its idempotency key does not stand on a command's first event".to_owned());
        }
        self.command = entry.command_id;
        if let Some(key) = &marks.idempotency_key {
            self.report.keys += 1;
            if !self.keys.insert(leaf::digest(key)) {
                return Err(format!("the idempotency key {key} is recorded twice"));
            }
        }
        if let Some(claim) = &marks.claim {
            self.report.claims += 1;
            if !self.claims.insert(leaf::digest(claim)) {
                return Err(format!("{claim} is claimed twice"));
            }
        }
        Ok(())
    }
}

pub(crate) fn fault(entry: &Entry, what: String) -> Fault {
    let Entry { position, stream, version, .. } = entry;
    Fault { position: *position, stream: stream.clone(), version: *version, what }
}

fn fault_at(position: Position, what: &str) -> Fault {
    let (stream, version) = (String::new(), Version::NONE);
    Fault { position, stream, version, what: what.to_owned() }
}
