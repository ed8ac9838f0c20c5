//! Openings: the erasable table of personal texts (migration `0002_openings`).
//!
//! Names, phones and other personal texts never enter events: an event carries a salted digest, and the text behind it
//! stands here until it is erased. The digest stays in the event, and without its opening it says nothing about the text.

use sha2::{Digest, Sha256};

use crate::codec::bounded;
use crate::erasable::kept;
use crate::{Engine, Error, Journal};

const SEAL: &str = "INSERT INTO openings (digest, subject, salt, opening) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (digest) DO NOTHING";
const OPEN: &str = "SELECT opening FROM openings WHERE digest = $1";
const KNOWN_POSTGRES: &str = "WITH k AS (SELECT json_array_elements_text($1::json) AS key) \
     SELECT digest, subject, opening FROM openings \
     WHERE digest IN (SELECT key FROM k) OR subject IN (SELECT key FROM k) ORDER BY subject, digest";
const KNOWN_SQLITE: &str = "WITH k AS (SELECT value AS key FROM json_each($1)) \
     SELECT digest, subject, opening FROM openings \
     WHERE digest IN (SELECT key FROM k) OR subject IN (SELECT key FROM k) ORDER BY subject, digest";
const ERASE: &str = "DELETE FROM openings WHERE subject = $1";
const DISCARD: &str = "DELETE FROM openings WHERE digest = $1";

/// The longest text that is sealed, in bytes.
pub const OPENING_MAX: usize = 4 << 10;

/// A text that was not erased.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// `sha256:…`, as [`Openings::seal`] gave it.
    pub digest: String,
    pub subject: String,
    pub text: String,
}

#[derive(Debug)]
pub struct Openings<'a> {
    journal: &'a Journal,
}

impl<'a> Openings<'a> {
    pub(crate) fn of(journal: &'a Journal) -> Self {
        Openings { journal }
    }

    /// Stores a text about a subject and returns its digest, `sha256:…` over salt and text.
    ///
    /// Call it before the event that mentions the digest is recorded, so that no event ever lacks an opening that was meant to be
    /// there. The salt is random; with the same salt the same text has the same digest, and is stored once.
    pub async fn seal(&self, subject: &str, text: &str, salt: [u8; 32]) -> Result<String, Error> {
        bounded("the subject", subject)?;
        kept("the text", text, OPENING_MAX)?;
        let digest = Sha256::new().chain_update(salt).chain_update(text.as_bytes()).finalize();
        let digest = format!("sha256:{}", hex::encode(digest));
        let salt = salt.as_slice();
        match self.journal.engine() {
            Engine::Postgres(pool) => {
                let query = sqlx::query(SEAL).bind(&digest).bind(subject).bind(salt).bind(text);
                query.execute(pool).await?;
            }
            Engine::Sqlite(pool) => {
                let _turn = self.journal.turn().await;
                let query = sqlx::query(SEAL).bind(&digest).bind(subject).bind(salt).bind(text);
                query.execute(pool).await?;
            }
        }
        Ok(digest)
    }

    /// The text behind a digest; None when it was erased, or never was.
    pub async fn open(&self, digest: &str) -> Result<Option<String>, Error> {
        self.journal.text(OPEN, digest).await
    }

    /// What was not erased of these digests and subjects: for lists that name people.
    ///
    /// A text of a subject may be one whose event was never recorded: what an event carries is told by its digest.
    pub async fn known(&self, keys: &[String]) -> Result<Vec<Opening>, Error> {
        let keys = serde_json::Value::from(keys).to_string();
        let rows: Vec<(String, String, String)> = match self.journal.engine() {
            Engine::Postgres(pool) => {
                sqlx::query_as(KNOWN_POSTGRES).bind(keys).fetch_all(pool).await?
            }
            Engine::Sqlite(pool) => sqlx::query_as(KNOWN_SQLITE).bind(keys).fetch_all(pool).await?,
        };
        let openings = rows.into_iter();
        Ok(openings.map(|(digest, subject, text)| Opening { digest, subject, text }).collect())
    }

    /// Erases everything about a subject; returns how many texts that were.
    ///
    /// On PostgreSQL the rows are invisible at once and leave the disk with the next (auto)vacuum; backups have their own time.
    pub async fn erase(&self, subject: &str) -> Result<u64, Error> {
        self.journal.erase(ERASE, subject).await
    }

    /// Erases one text that no event came to carry; returns how many texts that were.
    pub async fn discard(&self, digest: &str) -> Result<u64, Error> {
        self.journal.erase(DISCARD, digest).await
    }
}
