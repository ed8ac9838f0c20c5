//! The clocks of open cases: what has come due is put on record, a minute later at the most.
//!
//! Nothing relies on it but reminders and further people who are asked: time decides nothing. Several processes may look: under one
//! key for each mark of a case it is recorded once. After a pause the first look says everything that had come due, in its order.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::approval::{Assemblies, Person};
use domain::customer::Command;
use domain::customer::approving::Matter;
use domain::ids::{CustomerId, StaffId};
use domain::policy::approvals::Subject;
use projections::{Keyset, cases, documents};
use sha2::{Digest, Sha256};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::asked::Asking;
use crate::door::Door;
use crate::problem::Problem;
use crate::serve::SYSTEM;

const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Rows of one read; what comes due beyond them is said by the next look.
const PAGE: u32 = 500;

/// Looks each minute, until `closing`.
pub async fn watch(door: Door, closing: CancellationToken) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen = None;
    while closing.run_until_cancelled(looks.tick()).await.is_some() {
        if let Err(problem) = look(&door, &mut seen).await {
            // The next look tries again; what is on record is not recorded twice.
            tracing::warn!(%problem, "the clocks of cases could not be looked at");
        }
    }
}

/// One look; `seen` are the people that the last one saw. Answers how many customers were looked at.
pub async fn look(door: &Door, seen: &mut Option<Assemblies>) -> Result<usize, Problem> {
    door.settled(None).await?;
    if seen.is_none() {
        // The first look is at what was there before, which the read models may still be reading.
        door.settled(Some(door.opened_at().0)).await?;
    }
    let engine = door.journal().engine();
    let mut looked = BTreeSet::new();
    for row in cases::due(engine, door.now(), PAGE).await? {
        let mark = row.next_mark_us.unwrap_or_default();
        // One look at a customer says all that has come due of its cases, the earliest first.
        if looked.insert(row.customer.to_string()) {
            send(door, &row.customer, format!("deadline/{mark}/{}", row.case_id)).await?;
        }
    }
    let here = door.assemblies(door.today());
    // With the first look, and whenever there may be others to ask.
    if seen.as_ref() != Some(&here) {
        let reviewed = stranded(door, &here, &mut looked).await?;
        without_a_case(door, &here, &reviewed, &mut looked).await?;
        *seen = Some(here);
    }
    Ok(looked.len())
}

/// Cases whose open stage can no longer be filled by those who were asked. Answers whose papers are under review in a case.
async fn stranded(
    door: &Door,
    here: &Assemblies,
    looked: &mut BTreeSet<String>,
) -> Result<BTreeSet<String>, Problem> {
    let mut keyset = Keyset::first(PAGE);
    let mut reviewed = BTreeSet::new();
    loop {
        let page = cases::asked(door.journal().engine(), &keyset).await?;
        for row in &page.items {
            if matches!(row.matter.0, Matter::Qualification { .. }) {
                reviewed.insert(row.customer.to_string());
            }
            let people = here.of(row.matter.0.subject());
            if row.round.0.is_stranded(people) && looked.insert(row.customer.to_string()) {
                // A stage that is opened again waits since then: it may be stranded among the same people once more.
                let (since, digest) = (row.asked_position.unwrap_or_default(), digest(people)?);
                let key = format!("deadline/{since}/{digest}/{}", row.case_id);
                send(door, &row.customer, key).await?;
            }
        }
        let Some(next) = page.next else { return Ok(reviewed) };
        keyset.after = Some(next);
    }
}

/// Customers whose papers are under review in no case, as they were before there were cases.
async fn without_a_case(
    door: &Door,
    here: &Assemblies,
    reviewed: &BTreeSet<String>,
    looked: &mut BTreeSet<String>,
) -> Result<(), Problem> {
    let people = digest(here.of(Subject::Qualification))?;
    let mut keyset = Keyset::first(PAGE);
    loop {
        let page = documents::in_review(door.journal().engine(), &keyset).await?;
        for customer in page.items.iter().filter(|it| !reviewed.contains(*it)) {
            if looked.insert(customer.clone()) {
                send(door, customer, format!("deadline/papers/{people}/{customer}")).await?;
            }
        }
        let Some(next) = page.next else { return Ok(()) };
        keyset.after = Some(next);
    }
}

fn digest(people: &[Person]) -> Result<String, Problem> {
    let text = serde_json::to_vec(people).map_err(Problem::internal)?;
    Ok(hex::encode(Sha256::digest(text)))
}

async fn send(door: &Door, customer: &str, key: String) -> Result<(), Problem> {
    let system: StaffId = SYSTEM.parse().map_err(Problem::internal)?;
    let id: CustomerId = customer.parse().map_err(Problem::internal)?;
    let by = Asking::within(system, Vec::new(), key);
    match door.customer(by, id, Command::LookAtClock).await {
        Ok(_) => Ok(()),
        Err(problem) if problem.passes() => Err(problem),
        // Nothing that another look would change, and no reason to leave out the customers behind it.
        Err(problem) => {
            tracing::error!(%customer, %problem, "its clocks could not be looked at");
            Ok(())
        }
    }
}
