//! Names of people and labels of tokens: events hold salted digests, and what opens them can be erased.

use std::collections::HashMap;
use std::sync::Arc;

use domain::digest::Sha256Digest;
use domain::text::Line;
use journal::Committed;

use crate::door::Door;
use crate::house::Credential;
use crate::problem::Problem;
use crate::refusals;

/// What the journal writes before the hexadecimal digits of a digest.
const PREFIX: &str = "sha256:";

/// A name that is kept for a command under way.
pub struct Kept<'a> {
    door: &'a Door,
    subject: String,
    name: &'a str,
    digest: Sha256Digest,
}

impl<'a> Kept<'a> {
    /// Keeps the name of `subject`, a person or a token.
    ///
    /// Called before the event: an event never lacks a name that was meant to be there. Whatever ends us between the two leaves a
    /// name that no event carries, and such a name is shown nowhere.
    pub async fn of(
        door: &'a Door,
        subject: impl ToString,
        name: &'a Line<100>,
    ) -> Result<Self, Problem> {
        let (subject, name) = (subject.to_string(), name.as_str());
        let salt = door.ids().salt().map_err(Problem::internal)?;
        let sealed = door.journal().openings().seal(&subject, name, salt).await?;
        let digest = sealed.strip_prefix(PREFIX).unwrap_or(&sealed);
        Ok(Self { door, subject, name, digest: digest.parse().map_err(Problem::internal)? })
    }

    /// What an event holds in place of the name.
    pub fn digest(&self) -> Sha256Digest {
        self.digest
    }

    /// Ends a command that was given with this name: one that was refused or answered before lets the name go again.
    ///
    /// `carried` tells where an event's name is found: under its digest or its subject. An answer from before under another
    /// name was to another request; of a name that was erased nobody can tell.
    pub async fn settle<E>(
        self,
        outcome: Result<Committed<E>, Problem>,
        carried: impl Fn(&E) -> Option<String>,
    ) -> Result<Committed<E>, Problem> {
        let found = match &outcome {
            Ok(committed) => committed.events.iter().find_map(carried),
            // What is the caller's fault was not recorded; anything else may have been.
            Err(problem) if problem.status().is_client_error() => None,
            Err(_) => return outcome,
        };
        let own = key(self.digest);
        if found.as_ref().is_some_and(|found| *found == own || *found == self.subject) {
            return outcome;
        }
        let openings = self.door.journal().openings();
        if let Err(error) = openings.discard(&own).await {
            tracing::warn!(%error, "a name that no event carries could not be discarded");
        }
        if let Some(found) = found {
            let before = openings.known(&[found]).await?;
            if before.iter().any(|before| before.text != self.name) {
                return Err(refusals::key_reused());
            }
        }
        outcome
    }
}

/// Does all of a command that keeps a name, even when whoever asked goes away or the time is up: a name that was refused would
/// stay.
pub async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    tokio::spawn(work).await.map_err(Problem::internal)?
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

    /// Behind what events hold.
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
pub fn key(digest: Sha256Digest) -> String {
    format!("{PREFIX}{digest}")
}
