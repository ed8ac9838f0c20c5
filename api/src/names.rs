//! Names of people and labels of tokens: events hold salted digests, and what opens them can be erased.

use std::collections::HashMap;
use std::sync::Arc;

use domain::digest::Sha256Digest;
use domain::text::Line;
use journal::Committed;

use crate::door::Door;
use crate::house::Credential;
use crate::problem::Problem;

/// What the journal writes before the hexadecimal digits of a digest.
const PREFIX: &str = "sha256:";

/// Keeps the name of `subject`, a person or a token, and answers what an event holds in its place.
///
/// Called before the event: an event never lacks a name that was meant to be there. Whatever ends us between the two leaves a name
/// that no event carries, and such a name is shown nowhere.
pub async fn keep(door: &Door, subject: &str, name: &Line<100>) -> Result<Sha256Digest, Problem> {
    let salt = door.ids().salt().map_err(Problem::internal)?;
    let sealed = door.journal().openings().seal(subject, name.as_str(), salt).await?;
    sealed.strip_prefix(PREFIX).unwrap_or(&sealed).parse().map_err(Problem::internal)
}

/// Lets a name go again that was kept for a command which did not record it: it was refused, or had been answered before.
pub async fn settle<E>(
    door: &Door,
    name: Sha256Digest,
    outcome: &Result<Committed<E>, Problem>,
    carries: impl Fn(&E) -> bool,
) {
    let unused = match outcome {
        Ok(committed) => !committed.events.iter().any(carries),
        // What is not the caller's fault may have been recorded all the same.
        Err(problem) => problem.status().is_client_error(),
    };
    if !unused {
        return;
    }
    if let Err(error) = door.journal().openings().discard(&key(name)).await {
        tracing::warn!(%error, "a name that no event carries could not be discarded");
    }
}

/// The names of a list that were not erased.
pub struct Names {
    by_digest: HashMap<String, String>,
    by_subject: HashMap<String, String>,
}

impl Names {
    /// Of tokens and their people.
    pub async fn of_tokens(door: &Door, tokens: &[Arc<Credential>]) -> Result<Self, Problem> {
        let of_people = tokens.iter().filter_map(|token| token.name_digest).map(key);
        let keys = tokens.iter().map(|token| token.token.to_string()).chain(of_people);
        Self::among(door, keys.collect()).await
    }

    /// Behind what [`keep`] answered.
    pub async fn behind(
        door: &Door,
        digests: impl IntoIterator<Item = Sha256Digest>,
    ) -> Result<Self, Problem> {
        Self::among(door, digests.into_iter().map(key).collect()).await
    }

    async fn among(door: &Door, keys: Vec<String>) -> Result<Self, Problem> {
        let (mut by_digest, mut by_subject) = (HashMap::new(), HashMap::new());
        if !keys.is_empty() {
            for opening in door.journal().openings().known(&keys).await? {
                by_digest.insert(opening.digest, opening.text.clone());
                by_subject.insert(opening.subject, opening.text);
            }
        }
        Ok(Self { by_digest, by_subject })
    }

    pub fn opened(&self, digest: Sha256Digest) -> Option<String> {
        self.by_digest.get(&key(digest)).cloned()
    }

    /// The name of a token, or of its person.
    ///
    /// A person's id may follow from the key of a request, and two requests have had the same: only the digest says which
    /// name was recorded. A token's id is drawn for one request.
    pub fn of(&self, credential: &Credential) -> Option<String> {
        let of_person = || self.opened(credential.name_digest?);
        self.by_subject.get(&credential.token.to_string()).cloned().or_else(of_person)
    }
}

/// A digest as the journal writes it.
fn key(digest: Sha256Digest) -> String {
    format!("{PREFIX}{digest}")
}
