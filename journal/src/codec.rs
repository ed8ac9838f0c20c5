//! Events to rows and back.

use domain::decider::{Decider, Event};
use serde::Serialize;

use crate::executor::{Line, Stored, Tail};
use crate::leaf;
use crate::{Error, Metadata, Position, Refusal, TooLarge, Version};

/// The longest payload of one event, in bytes.
pub const PAYLOAD_MAX: usize = 64 << 10;
/// The most events that one command records.
pub const EVENTS_MAX: usize = 64;
/// The longest stream id, key, claim or other text that is indexed, in bytes.
pub const TEXT_MAX: usize = 512;

/// The `metadata` column: a flat object of strings, with the hash that tells a repeat from another request.
pub(crate) fn metadata(metadata: &Metadata, request_hash: &str) -> Result<String, Error> {
    #[derive(Serialize)]
    struct Stored<'a> {
        actor: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        via: Option<&'a str>,
        command_id: uuid::Uuid,
        #[serde(skip_serializing_if = "Option::is_none")]
        correlation_id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        causation_id: Option<&'a str>,
        request_hash: &'a str,
    }
    written(&Stored {
        actor: &metadata.actor,
        via: metadata.via.as_deref(),
        command_id: metadata.command_id,
        correlation_id: metadata.correlation_id.as_deref(),
        causation_id: metadata.causation_id.as_deref(),
        request_hash,
    })
}

/// The request hash inside a `metadata` column; empty in rows of stock programs.
pub(crate) fn request_hash(metadata: &str) -> String {
    #[derive(serde::Deserialize)]
    struct Stored {
        #[serde(default)]
        request_hash: String,
    }
    serde_json::from_str::<Stored>(metadata).map(|stored| stored.request_hash).unwrap_or_default()
}

pub(crate) fn written<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Unwritable(error.to_string()))
}

/// The rows of a command's events, or why they cannot be recorded.
pub(crate) fn lines<E: Event, R>(
    stream: &str,
    events: &[E],
    metadata: &str,
) -> Result<Vec<Line>, Refusal<R>> {
    if events.len() > EVENTS_MAX {
        return Err(Refusal::TooLarge(TooLarge::Events { events: events.len(), most: EVENTS_MAX }));
    }
    let mut lines: Vec<Line> = Vec::with_capacity(events.len());
    let metadata = leaf::digest(metadata);
    for event in events {
        let payload = written(event)?;
        if payload.len() > PAYLOAD_MAX {
            return Err(Refusal::TooLarge(TooLarge::Payload {
                bytes: payload.len(),
                most: PAYLOAD_MAX,
            }));
        }
        let claim = event.claim(stream);
        if let Some(claim) = &claim {
            bounded("the claim", claim)?;
            if lines.iter().any(|line| line.claim.as_ref() == Some(claim)) {
                return Err(Error::ClaimRepeated(claim.clone()).into());
            }
        }
        let (event_type, event_version) = (event.event_type(), event.event_version());
        let leaf_tail = leaf::tail(&event_type, &event_version, &payload, &metadata);
        lines.push(Line { event_type, event_version, payload, claim, leaf_tail });
    }
    Ok(lines)
}

/// Refuses a text that an index or a database text cannot hold.
pub(crate) fn bounded(what: &'static str, text: &str) -> Result<(), Error> {
    if text.len() > TEXT_MAX || text.contains('\0') {
        return Err(Error::Malformed { what, bytes: text.len(), most: TEXT_MAX });
    }
    Ok(())
}

/// Folds what follows onto a state.
pub(crate) fn fold<A: Decider>(
    state: &mut A,
    stream: &str,
    after: Version,
    tail: &Tail,
) -> Result<Version, Error> {
    let mut version = after.0;
    let unreadable = |version: i64, reason: String| Error::Unreadable {
        stream: stream.to_owned(),
        version: Version(version),
        position: Position::default(),
        reason,
    };
    match tail {
        Tail::Joined { texts, count } => {
            for text in texts {
                let events = serde_json::Deserializer::from_str(text).into_iter::<A::Event>();
                for event in events {
                    let event = event.map_err(|e| unreadable(version + 1, e.to_string()))?;
                    state.evolve(&event);
                    version += 1;
                }
            }
            if version != after.0 + count {
                return Err(unreadable(version, format!("{count} events follow {after}")));
            }
        }
        Tail::Rows(rows) => {
            for row in rows {
                let event = decoded::<A::Event>(stream, row)?;
                state.evolve(&event);
                version = row.version.0;
            }
        }
    }
    Ok(Version(version))
}

pub(crate) fn decoded<E: Event>(stream: &str, row: &Stored) -> Result<E, Error> {
    event(stream, row.version, row.position, &row.payload)
}

/// The event that a payload in its current shape says.
pub(crate) fn event<E: Event>(
    stream: &str,
    version: Version,
    position: Position,
    payload: &str,
) -> Result<E, Error> {
    serde_json::from_str(payload).map_err(|error| Error::Unreadable {
        stream: stream.to_owned(),
        version,
        position,
        reason: error.to_string(),
    })
}

/// An estimate of what a state takes in memory: twice its JSON, and what surrounds it in the cache.
pub(crate) fn weight<A: Serialize>(state: &A) -> usize {
    struct Counter(usize);
    impl std::io::Write for Counter {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut counter = Counter(0);
    // A state that cannot be written as JSON is rare and small enough to be counted as nothing.
    let _ = serde_json::to_writer(&mut counter, state);
    512 + 2 * counter.0
}
