//! Whom another pack would concern: customers with a decision that would have been another, or with a paper that it asks for anew.

use std::sync::Arc;

use domain::policy::{InForce, Pack};
use journal::Journal;

use crate::cli::{Fault, bar, journal, say};
use crate::clock::{Clock as _, SystemClock};
use crate::config::{AffectedOptions, StoreOptions};
use crate::csv;
use crate::policies::file::put;
use crate::policies::{Loaded, in_force, simulation};
use crate::proposals::affected::{AffectedRow, joined, lacking};

/// How many customers are shown when they are not written to a file.
const SHOWN: usize = 20;

/// `probity policy affected`.
pub async fn run(store: &StoreOptions, options: &AffectedOptions) -> Result<(), Fault> {
    let loaded = Loaded::of(&options.pack, store).await?.sound()?;
    let hash = Arc::from(loaded.hash()?);
    let pack = Arc::new(InForce { version: 0, hash, pack: Arc::new(loaded.pack) });
    let journal = journal(store).await?;
    let found = found(&journal, &pack, options).await;
    journal.close().await;
    let rows = found?;
    let many = if rows.len() == 1 { "customer is" } else { "customers are" };
    say(&format!("{} {many} concerned", rows.len()))?;
    if let Some(file) = &options.csv {
        put(file, csv::written(&rows)?.as_bytes())?;
        return say(&format!("every one of them is in {}", file.display()));
    }
    for row in rows.iter().take(SHOWN) {
        say(&told(row))?;
    }
    match rows.len().checked_sub(SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => say(&format!("and {more} more: --csv FILE writes them all")),
    }
}

async fn found(
    journal: &Journal,
    pack: &Arc<InForce>,
    options: &AffectedOptions,
) -> Result<Vec<AffectedRow>, Fault> {
    let present = in_force(journal).await?;
    let on = options.on.unwrap_or_else(|| first_day(&present, &pack.pack));
    let lacking = lacking(journal, (&present, &pack.pack), on).await?;
    let simulated = simulation::simulate(journal, pack, (None, None), &bar("events")).await?;
    say(&format!("papers as of {on}, decisions up to position {}", simulated.upto))?;
    Ok(joined(lacking, &simulated.changed))
}

/// Today, or the first day on which the pack is meant to apply.
fn first_day(present: &Pack, pack: &Pack) -> chrono::NaiveDate {
    let today = present.today(SystemClock.now());
    pack.effective.map_or(today, |effective| effective.from.max(today))
}

fn told(row: &AffectedRow) -> String {
    let counts =
        [(row.stricter, "stricter"), (row.looser, "looser"), (row.otherwise, "for other reasons")];
    let decisions = counts.iter().filter(|(count, _)| *count > 0);
    let mut said: Vec<String> = decisions.map(|(count, how)| format!("{count} {how}")).collect();
    if !row.lacking.is_empty() {
        said.push(row.lacking_en.clone());
    }
    format!("{} ({}): {}", row.name, row.customer, said.join(", "))
}
