//! Giving what a file says to the door: many commands at once, each of them once.
//!
//! A command's key is made of the file's digest and the line, so that a file that is imported again changes nothing, and an
//! import that was cut off is finished by running it again.

use std::time::Duration;

use axum::http::Method;
use domain::ids::{CustomerId, ProductId, StaffId};
use domain::{customer, product};
use indicatif::ProgressBar;
use journal::Committed;

use crate::asked::Asking;
use crate::door::Door;
use crate::idempotency::request_hash;
use crate::problem::Problem;

/// Commands under way at once: enough for the journal to write many with one commit.
pub const IN_FLIGHT: usize = 256;
/// How often a command is tried while the database is away, and how long to wait between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(500);
/// Who imports.
const ACTOR: &str = "staff-import";

/// The store failed: what was recorded until then stays.
#[derive(Debug, thiserror::Error)]
#[error(
    "the store failed ({0}): what was recorded until then stays, and importing the file again goes on from there"
)]
pub struct Stopped(#[from] Problem);

/// What became of one command.
pub type Given<E> = Result<Committed<E>, Problem>;

/// Gives the commands of one file.
pub struct Giver<'a> {
    door: &'a Door,
    actor: StaffId,
    digest: &'a str,
    /// Tells how the file was understood: the same line read otherwise is another request.
    understood: String,
    progress: ProgressBar,
}

impl<'a> Giver<'a> {
    pub fn new(
        door: &'a Door,
        digest: &'a str,
        understood: &str,
        progress: ProgressBar,
    ) -> Result<Self, Stopped> {
        let actor = ACTOR.parse().map_err(|error| Stopped(Problem::internal(error)))?;
        let understood = request_hash(&Method::POST, "import", understood.as_bytes());
        Ok(Self { door, actor, digest, understood, progress })
    }

    pub fn digest(&self) -> &str {
        self.digest
    }

    pub fn door(&self) -> &Door {
        self.door
    }

    /// One more row is dealt with.
    pub fn row_done(&self) {
        self.progress.inc(1);
    }

    /// Who asks for what a line says; `what` tells the commands of one line apart.
    pub fn asking(&self, line: u32, what: &str) -> Asking {
        let key = format!("import/{}/{line}/{what}", self.digest);
        let by = Asking::within(self.actor.clone(), Vec::new(), key);
        Asking { request_hash: self.understood.clone(), ..by }
    }

    pub async fn customer(
        &self,
        by: &Asking,
        id: CustomerId,
        command: &customer::Command,
    ) -> Result<Given<customer::Event>, Stopped> {
        insist(async || self.door.customer(by.clone(), id, command.clone()).await).await
    }

    pub async fn product(
        &self,
        by: &Asking,
        id: ProductId,
        command: &product::Command,
    ) -> Result<Given<product::Event>, Stopped> {
        insist(async || self.door.product(by.clone(), id, command.clone()).await).await
    }
}

/// Asks again while the database is away or the outcome is unknown: the key makes that safe.
async fn insist<E>(give: impl AsyncFn() -> Given<E>) -> Result<Given<E>, Stopped> {
    let mut tries = 1;
    loop {
        match give().await {
            Err(problem) if problem.status().is_server_error() => {
                if tries == TRIES || problem.status().as_u16() != 503 {
                    return Err(Stopped(problem));
                }
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            given => return Ok(given),
        }
    }
}
