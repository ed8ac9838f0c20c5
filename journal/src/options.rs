//! How a process opens the journal: its clock, its name, its bounds.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// The time that is recorded. A parameter, so that tests and replays can set it.
pub trait Clock: Debug + Send + Sync {
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that the others replace")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Whether other processes may serve the same journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusive {
    /// Command line, tests, several instances with names of their own.
    No,
    /// `serve`: on SQLite a second one is refused by a lock file; on PostgreSQL connections that a dead process
    /// of the same instance name left behind are ended first.
    Yes,
}

/// Whether our clock must agree with the database's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockCheck {
    /// Refuse to open when they differ by more than five seconds (PostgreSQL; SQLite has our own clock).
    Compared,
    /// The clock is a simulated one.
    Simulated,
}

/// An old shape of an event made into the next one, before it is deserialised.
///
/// Called with the event's type and version as long as it answers; the new version must be greater.
pub trait Upcast: Debug + Send + Sync {
    /// The new type, version and payload, or None: this shape is current.
    fn upcast(
        &self,
        event_type: &str,
        event_version: i32,
        payload: &str,
    ) -> Option<(String, i32, String)>;
}

#[derive(Clone, Debug)]
pub struct Options {
    pub clock: Arc<dyn Clock>,
    pub clock_check: ClockCheck,
    /// Part of the application name on PostgreSQL; different for each process that serves the same journal.
    pub instance: String,
    pub exclusive: Exclusive,
    /// How many bytes of states are kept in memory, by estimate.
    pub cache_bytes: usize,
    /// How much one transaction takes at most.
    pub batch_commands: usize,
    pub batch_bytes: usize,
    /// How many commands may be under way at once; more are answered `journal.busy`.
    pub commands: usize,
    /// How long a client waits for its answer; after that the outcome is unknown.
    pub deadline: Duration,
    /// How long an append waits for the journal's lock.
    pub lock_timeout: Duration,
    /// How long an append may take once it has the lock.
    pub statement_timeout: Duration,
    /// How often other processes' commits are looked for.
    pub poll: Duration,
    /// Connections for reading.
    pub readers: u32,
    /// How many pages a SQLite file may have; beyond that the disk counts as full.
    pub sqlite_pages_max: u32,
    pub upcasts: Vec<Arc<dyn Upcast>>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            clock: Arc::new(SystemClock),
            clock_check: ClockCheck::Compared,
            instance: "probity".to_owned(),
            exclusive: Exclusive::No,
            cache_bytes: 256 << 20,
            batch_commands: 1_024,
            batch_bytes: 8 << 20,
            commands: 16_384,
            deadline: Duration::from_secs(20),
            lock_timeout: Duration::from_secs(5),
            statement_timeout: Duration::from_secs(10),
            poll: Duration::from_millis(100),
            readers: 8,
            sqlite_pages_max: u32::MAX - 1,
            upcasts: Vec::new(),
        }
    }
}
