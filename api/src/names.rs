//! Names of people and labels of tokens: events hold salted digests, and what opens them can be erased.

use std::collections::HashMap;

use domain::digest::Sha256Digest;
use domain::text::Line;

use crate::door::Door;
use crate::problem::Problem;

/// Names that one list takes at most.
const NAMES_MAX: i64 = 20_000;
/// What the journal writes before the hexadecimal digits of a digest.
const PREFIX: &str = "sha256:";

/// Keeps the name of `subject`, a person or a token, and answers what an event holds in its place.
///
/// Called before the event: a name without an event opens nothing, and an event never lacks a name that was meant to be there.
pub async fn keep(door: &Door, subject: &str, name: &Line<100>) -> Result<Sha256Digest, Problem> {
    let salt = door.ids().salt().map_err(Problem::internal)?;
    let sealed = door.journal().openings().seal(subject, name.as_str(), salt).await?;
    sealed.strip_prefix(PREFIX).unwrap_or(&sealed).parse().map_err(Problem::internal)
}

/// Every name that was not erased, by subject.
pub async fn all(door: &Door) -> Result<HashMap<String, String>, Problem> {
    Ok(door.journal().openings().known(NAMES_MAX).await?.into_iter().collect())
}
