//! The timeline: what happened to a customer, oldest first, with a sentence for each event.
//!
//! It has no table. A stream is stored in the order of its versions already, and texts are rendered from codes and never
//! stored, so that a better wording also speaks of the past; what would be stored beside the journal could only be stale.

use chrono::{DateTime, Utc};
use domain::customer::{Customer, Event};
use domain::decider::{Decider, Event as _};
use domain::digest::Sha256Digest;
use domain::signature::Signature;
use journal::{Entry, Journal, Version};
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;
use crate::query::{Keyset, Listed};
use crate::seen;

/// One event of a customer, for people.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct TimelineRow {
    pub position: i64,
    pub version: i64,
    #[serde(rename = "type")]
    pub event_type: String,
    pub recorded_at: Option<DateTime<Utc>>,
    /// Absent in rows of stock programs.
    pub actor: Option<String>,
    /// The digest of the name that somebody signed with.
    pub signature: Option<Sha256Digest>,
    /// An electronic signature with the content that it must be under.
    #[serde(skip)]
    pub signed: Option<(Signature, String)>,
    pub sentence_zh: String,
    pub sentence_en: String,
}

/// The events of a customer, oldest first; none where there is no such customer. `seen` takes out of an event what its
/// reader may not see before it is told, and says whether it is told at all.
pub async fn of_customer(
    journal: &Journal,
    customer: &str,
    keyset: &Keyset,
    seen: impl Fn(&mut Event) -> Option<()>,
) -> Result<Listed<TimelineRow>, Error> {
    let mut after = Version(keyset.number(0)?);
    let wanted = usize::try_from(keyset.fetched()).unwrap_or(usize::MAX);
    let mut rows = Vec::new();
    // The journal gives a long history in several pieces.
    while rows.len() < wanted {
        let entries = journal.stream(customer, after, wanted - rows.len()).await?;
        let Some(last) = entries.last() else { break };
        after = last.version;
        for entry in entries.iter().filter(|entry| entry.aggregate_type == Customer::TYPE) {
            rows.extend(told(journal, entry, &seen)?);
        }
    }
    Ok(Listed::new(rows, keyset, |row| row.version.to_string()))
}

fn told(
    journal: &Journal,
    entry: &Entry,
    seen: impl Fn(&mut Event) -> Option<()>,
) -> Result<Option<TimelineRow>, Error> {
    let mut event: Event = journal.event(entry)?;
    if seen(&mut event).is_none() {
        return Ok(None);
    }
    let sentence = domain::sentence::of(&event);
    Ok(Some(TimelineRow {
        position: entry.position.0,
        version: entry.version.0,
        event_type: entry.event_type.clone(),
        recorded_at: entry.recorded_at,
        actor: seen::actor(&entry.metadata).map(|actor| actor.to_string()),
        signature: event.signature(),
        signed: event.signed().map(|(signed, content)| (signed.clone(), content.to_owned())),
        sentence_zh: sentence.zh,
        sentence_en: sentence.en,
    }))
}
