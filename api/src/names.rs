//! Names of people and labels of tokens: kept beside the journal, so that they can be erased; events hold salted digests.
//!
//! The table `names` is made by migration `0100_names`. It is no read model: erasing a row is what it is for.

use domain::digest::Sha256Digest;
use domain::text::Line;
use journal::Engine;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

// The first opening of a digest stays: a repeated request has made another salt, which fits no event.
const INSERT: &str =
    "INSERT INTO names (subject, salt, name) VALUES ($1, $2, $3) ON CONFLICT (subject) DO NOTHING";
const SELECT: &str =
    "SELECT subject, name FROM names WHERE subject >= $1 ORDER BY subject LIMIT $2";
/// Names that one question takes at most.
const NAMES_MAX: i64 = 10_000;

/// Opens the digests of names.
#[derive(Clone, Debug)]
pub struct Names(Engine);

/// A name before it is kept, with the salt that makes its digest say nothing.
#[derive(Clone, Debug)]
pub struct Salted {
    salt: String,
    name: Line<100>,
}

impl Salted {
    pub fn new(salt: String, name: Line<100>) -> Self {
        Self { salt, name }
    }

    /// What an event holds in place of the name.
    pub fn digest(&self) -> Sha256Digest {
        let text = format!("{}\0{}", self.salt, self.name);
        Sha256Digest(Sha256::digest(text).into())
    }
}

impl Names {
    pub fn of(engine: &Engine) -> Self {
        Self(engine.clone())
    }

    /// Keeps the name of `subject`, a person or a token. Before its event: a name without an event opens nothing.
    pub async fn keep(&self, subject: &str, salted: &Salted) -> Result<(), Problem> {
        let name = salted.name.as_str();
        let kept = match &self.0 {
            Engine::Sqlite(pool) => sqlx::query(INSERT)
                .bind(subject)
                .bind(&salted.salt)
                .bind(name)
                .execute(pool)
                .await
                .map(|_| ()),
            Engine::Postgres(pool) => sqlx::query(INSERT)
                .bind(subject)
                .bind(&salted.salt)
                .bind(name)
                .execute(pool)
                .await
                .map(|_| ()),
        };
        kept.map_err(|error| journal::Error::from(error).into())
    }

    /// Subjects and names, for lists.
    pub async fn all(&self, from: &str) -> Result<Vec<(String, String)>, Problem> {
        let rows = match &self.0 {
            Engine::Sqlite(pool) => {
                sqlx::query_as(SELECT).bind(from).bind(NAMES_MAX).fetch_all(pool).await
            }
            Engine::Postgres(pool) => {
                sqlx::query_as(SELECT).bind(from).bind(NAMES_MAX).fetch_all(pool).await
            }
        };
        rows.map_err(|error| journal::Error::from(error).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_has_another_digest_under_another_salt() {
        let name: Line<100> = "王芳".parse().unwrap();
        let one = Salted::new("a".to_owned(), name.clone());
        assert_eq!(one.digest(), Salted::new("a".to_owned(), name.clone()).digest());
        assert_ne!(one.digest(), Salted::new("b".to_owned(), name).digest());
    }
}
