//! The daily review: announces what time has brought about, and lets what time has cured heal.
//!
//! No checkpoint relies on it: each compares dates itself. Several processes may send it: under one key a day and a customer it
//! is recorded once.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{Days, NaiveDate};
use domain::customer::Command;
use domain::ids::{CustomerId, StaffId};
use projections::{Keyset, ageing, customers, documents, orders};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::asked::Asking;
use crate::door::Door;
use crate::due::due;
use crate::problem::Problem;
use crate::serve::SYSTEM;

/// How often we look whether the business date has changed.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// Rows of one read.
const PAGE: u32 = 500;

/// Reviews once on each business date, until `closing`.
pub async fn daily(door: Door, closing: CancellationToken) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut reviewed: Option<NaiveDate> = None;
    while closing.run_until_cancelled(looks.tick()).await.is_some() {
        let today = door.today();
        if reviewed == Some(today) {
            continue;
        }
        match review(&door).await {
            Ok(customers) => {
                tracing::info!(%today, customers, "reviewed the day");
                reviewed = Some(today);
            }
            // The next look tries again; who was reviewed already is not reviewed twice.
            Err(problem) => tracing::warn!(%today, %problem, "the day could not be reviewed"),
        }
    }
}

/// Reviews every customer that time may have changed something for; answers how many.
pub async fn review(door: &Door) -> Result<usize, Problem> {
    // What comes into force today is what the customers are looked at with.
    due(door).await?;
    door.settled(None).await?;
    let today = door.today();
    let system: StaffId = SYSTEM.parse().map_err(Problem::internal)?;
    let customers = affected(door, today).await?;
    for customer in &customers {
        let id: CustomerId = customer.parse().map_err(Problem::internal)?;
        let by = Asking::within(system.clone(), Vec::new(), format!("review/{today}/{customer}"));
        match door.customer(by, id, Command::ReviewDay).await {
            Ok(_) => {}
            Err(problem) if problem.passes() => return Err(problem),
            // Nothing that another look would change, and no reason to leave out the customers behind it.
            Err(problem) => tracing::error!(%today, %customer, %problem, "not reviewed"),
        }
    }
    Ok(customers.len())
}

/// Whose papers or limits end soon, whose invoices are overdue, and for whom something waits.
async fn affected(door: &Door, today: NaiveDate) -> Result<BTreeSet<String>, Problem> {
    let engine = door.journal().engine();
    let notice = door.house().policy().map(|policy| policy.pack.expiry_notice_days.clone());
    let within = notice.unwrap_or_default().into_iter().max().unwrap_or(0);
    let mut affected = BTreeSet::new();
    let mut keyset = Keyset::first(PAGE);
    loop {
        let page = documents::expiries(engine, today, within, &keyset).await?;
        affected.extend(page.items.into_iter().map(|row| row.document.customer));
        let Some(next) = page.next else { break };
        keyset.after = Some(next);
    }
    keyset.after = None;
    loop {
        let page = ageing::by_customer(engine, today, &keyset).await?;
        let late = page.items.into_iter().filter(|row| row.buckets.total != row.buckets.not_due);
        affected.extend(late.map(|row| row.customer));
        let Some(next) = page.next else { break };
        keyset.after = Some(next);
    }
    keyset.after = None;
    let until = within_notice(door, today);
    loop {
        let page = customers::limits_ending(engine, (today, until), &keyset).await?;
        affected.extend(page.items.into_iter().map(|row| row.id));
        let Some(next) = page.next else { break };
        keyset.after = Some(next);
    }
    keyset.after = None;
    loop {
        let page = orders::holds(engine, &keyset).await?;
        affected.extend(page.items.into_iter().map(|row| row.customer));
        let Some(next) = page.next else { break };
        keyset.after = Some(next);
    }
    Ok(affected)
}

/// The last day that is near enough for a limit that ends on it to be looked at again; a pilot may look further than the pack in force.
fn within_notice(door: &Door, today: NaiveDate) -> NaiveDate {
    let rules = door.house().rules();
    let packs = rules.in_force.iter().chain(rules.pilot.as_ref().map(|pilot| &pilot.pack));
    let days = packs.filter_map(|it| it.pack.credit.limit_notice_days).max().unwrap_or(0);
    today.checked_add_days(Days::new(days.into())).unwrap_or(today)
}
