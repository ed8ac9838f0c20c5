//! Secrets: what people prove who they are with (migration `0003_secrets`).
//!
//! Events carry the id of a secret and never the secret. A secret is kept before the event that names it is recorded, and erased after
//! the event that names another: what a crash leaves behind is a row that no event names, and nobody compares with it.

use crate::codec::bounded;
use crate::erasable::kept;
use crate::{Engine, Error, Journal};

const KEEP: &str = "INSERT INTO secrets (id, staff, secret) VALUES ($1, $2, $3)";
const ONE: &str = "SELECT secret FROM secrets WHERE id = $1";
const ERASE: &str = "DELETE FROM secrets WHERE id = $1";
const ERASE_OF: &str = "DELETE FROM secrets WHERE staff = $1";

/// The longest secret that is kept, in bytes.
pub const SECRET_MAX: usize = 1 << 10;

#[derive(Debug)]
pub struct Secrets<'a> {
    journal: &'a Journal,
}

impl<'a> Secrets<'a> {
    pub(crate) fn of(journal: &'a Journal) -> Self {
        Secrets { journal }
    }

    /// Keeps a secret under an id that was made for it.
    pub async fn keep(&self, id: &str, staff: &str, secret: &str) -> Result<(), Error> {
        bounded("the id", id)?;
        bounded("the staff id", staff)?;
        kept("the secret", secret, SECRET_MAX)?;
        match self.journal.engine() {
            Engine::Postgres(pool) => {
                sqlx::query(KEEP).bind(id).bind(staff).bind(secret).execute(pool).await?;
            }
            Engine::Sqlite(pool) => {
                let _turn = self.journal.turn().await;
                sqlx::query(KEEP).bind(id).bind(staff).bind(secret).execute(pool).await?;
            }
        }
        Ok(())
    }

    /// The secret of an id; None when it was erased, or never was.
    pub async fn one(&self, id: &str) -> Result<Option<String>, Error> {
        self.journal.text(ONE, id).await
    }

    /// Erases one secret; returns how many that were.
    pub async fn erase(&self, id: &str) -> Result<u64, Error> {
        self.journal.erase(ERASE, id).await
    }

    /// Erases every secret of somebody; returns how many that were.
    pub async fn erase_of(&self, staff: &str) -> Result<u64, Error> {
        self.journal.erase(ERASE_OF, staff).await
    }
}
