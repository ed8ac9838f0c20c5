//! What the executor takes and what it answers.

use std::future::Future;

use chrono::{DateTime, Utc};
use domain::decider::Decider;

use crate::{Confirmed, Error, Metadata, Position, Read, Version};

/// A command for one stream, with everything that makes repeating it safe.
#[derive(Clone, Debug)]
pub struct Request<A: Decider> {
    /// The id of the stream, which is the full id of the aggregate.
    pub stream: String,
    pub command: A::Command,
    pub context: A::Context,
    /// `<actor>/<key>`; what is recorded under it is recorded once, for ever.
    pub key: String,
    /// Over method, path and body: the same key with another hash is another request.
    pub request_hash: String,
    /// The version that the client saw.
    pub if_match: Option<Version>,
    pub metadata: Metadata,
}

/// Fills what the command must know of other streams into the context, from confirmed state only, and
/// returns what was read (see [`crate::Known::read`]). The append confirms each of these versions.
pub trait Gather: Decider {
    fn gather(
        &self,
        context: &mut Self::Context,
        command: &Self::Command,
        confirmed: &Confirmed,
    ) -> impl Future<Output = Result<Vec<Read>, Error>> + Send;
}

/// What was recorded: the position and version of the command's last event.
///
/// A command that led to no event (there was nothing to do) has the stream's version and the position of the tip.
#[derive(Clone, Debug, PartialEq)]
pub struct Committed<E> {
    pub position: Position,
    pub version: Version,
    pub recorded_at: DateTime<Utc>,
    pub events: Vec<E>,
    pub replayed: Replayed,
}

/// Whether the answer speaks of this try or of an earlier one with the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replayed {
    No,
    Yes,
}

/// Why nothing was recorded, or why we cannot tell ([`Refusal::Unknown`] only).
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal<R> {
    #[error("{0}")]
    Rejected(R),
    #[error("the stream is at version {actual}, not {expected}")]
    Stale { expected: Version, actual: Version },
    #[error("{claim} belongs to {holder}")]
    ClaimTaken { claim: String, holder: String },
    #[error("the idempotency key was used for another request")]
    KeyReused,
    #[error("{0}")]
    TooLarge(TooLarge),
    /// Out of time. The command may be recorded now or soon: repeat it with its key.
    #[error("the outcome is not known yet; repeat the request with the same key")]
    Unknown,
    #[error("{0}")]
    Journal(#[from] Error),
}

impl<R> Refusal<R> {
    /// A stable code for programs; rejections have codes of their own.
    pub fn code(&self) -> &'static str {
        match self {
            Refusal::Rejected(_) => "command.rejected",
            Refusal::Stale { .. } => "version.stale",
            Refusal::ClaimTaken { .. } => "claim.taken",
            Refusal::KeyReused => "idempotency.key-reused",
            Refusal::TooLarge(_) => "command.too-large",
            Refusal::Unknown => "outcome.unknown",
            Refusal::Journal(error) => error.code(),
        }
    }
}

/// A command that says more than the journal takes at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooLarge {
    #[error("an event of {bytes} bytes; at most {most} are recorded")]
    Payload { bytes: usize, most: usize },
    #[error("{events} events of one command; at most {most} are recorded")]
    Events { events: usize, most: usize },
}
