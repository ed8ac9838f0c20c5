//! The command itself: what is printed, and how it ends.

use std::io::Write;

use chrono::NaiveDate;
use domain::policy::Pack;
use journal::Engine;
use projections::ageing;
use rust_decimal::{Decimal, RoundingStrategy};

use super::{Checked, Imported, Input, fields, import};
use crate::cli::{Fault, bar, opening, pack, say};
use crate::clock::{Clock, SystemClock};
use crate::config::{ImportKind, ImportOptions, StoreOptions};
use crate::door::Door;
use crate::serve::Opened;

/// `probity import`.
pub async fn run(store: &StoreOptions, options: &ImportOptions) -> Result<(), Fault> {
    let input = Input::read(options).map_err(|error| Fault::Data(error.to_string()))?;
    if options.dry_run {
        return dry(store, &input);
    }
    let opened = Opened::open(opening(store)?).await?;
    if let Some(token) = &opened.first_token {
        say(&format!("The administrator's token, shown this once: {token}"))?;
    }
    let done = real(&opened.door, &input).await;
    opened.close().await;
    done
}

/// Reads and checks; opens no store, so that nothing can be recorded.
fn dry(store: &StoreOptions, input: &Input) -> Result<(), Fault> {
    let pack = pack(store)?.unwrap_or_else(Pack::default_pack);
    let now = SystemClock.now();
    let Checked { good, faults, .. } = input.check(pack.company.currency, pack.today(now));
    complain(&faults)?;
    say(&format!(
        "{}: {} rows read, {good} would be given to the store",
        name(input),
        input.len()
    ))?;
    verdict(input.len().saturating_sub(good))
}

async fn real(door: &Door, input: &Input) -> Result<(), Fault> {
    let imported =
        import(door, input, bar("rows")).await.map_err(|error| Fault::Data(error.to_string()))?;
    complain(&imported.tally.faults)?;
    say(&counts(input, &imported))?;
    say(&pace(&imported))?;
    if input.kind == ImportKind::Receivables {
        for line in figures(door.journal().engine(), door.today()).await? {
            say(&line)?;
        }
    }
    verdict(imported.tally.refused())
}

fn name(input: &Input) -> &'static str {
    fields::name_of(input.kind)
}

fn complain(faults: &[super::reading::Fault]) -> Result<(), Fault> {
    let mut out = std::io::stderr().lock();
    for fault in faults {
        writeln!(out, "{fault}")?;
    }
    Ok(())
}

fn counts(input: &Input, imported: &Imported) -> String {
    let tally = &imported.tally;
    let mut text = format!(
        "{}: {} rows read, {} recorded, {} recorded before, {} refused",
        name(input),
        input.len(),
        tally.taken,
        tally.known,
        tally.refused()
    );
    if input.kind == ImportKind::Receivables && tally.registered > 0 {
        text.push_str("; ");
        text.push_str(&tally.registered.to_string());
        text.push_str(" customers registered as unclassified");
    }
    if tally.commands == 0 {
        text.push_str("; nothing changed");
    }
    text
}

/// How long it took, and how fast that was.
fn pace(imported: &Imported) -> String {
    let ms = u64::try_from(imported.took.as_millis()).unwrap_or(u64::MAX).max(1);
    let per_second = imported.tally.commands.saturating_mul(1_000) / ms;
    let seconds = Decimal::new(i64::try_from(ms).unwrap_or(i64::MAX), 3).round_dp(2);
    format!(
        "{} commands in {seconds} s, {per_second} a second, read models included",
        imported.tally.commands
    )
}

/// The system's own figures, over everything that is on record.
async fn figures(engine: &Engine, today: NaiveDate) -> Result<Vec<String>, Fault> {
    let fault = |error: projections::Error| Fault::Data(error.to_string());
    let mut lines = Vec::new();
    for summary in ageing::summary(engine, today).await.map_err(fault)? {
        let currency = &summary.currency;
        lines.push(format!(
            "On record: {} invoices, {currency} {} in all, {} open; {} settled, {} of them late{}",
            summary.invoices,
            summary.amount,
            summary.open,
            summary.settled,
            summary.settled_late,
            summary
                .late_share
                .as_deref()
                .map_or_else(String::new, |share| format!(" ({})", percent(share))),
        ));
    }
    let peaks =
        ageing::peaks(engine, None, &projections::Keyset::first(u32::MAX)).await.map_err(fault)?;
    if let Some(peak) = peaks.items.iter().max_by_key(|peak| peak.open.minor_units()) {
        lines.push(format!(
            "Peak open exposure: {} {} of {} on {}, the highest of {} customers",
            peak.open.currency(),
            peak.open.amount(),
            peak.customer,
            peak.on,
            peaks.items.len()
        ));
    }
    Ok(lines)
}

/// A share as people read it: `0.3556` is `35.6 %`, rounded and not cut off.
pub(crate) fn percent(share: &str) -> String {
    let share = share.parse::<Decimal>().unwrap_or_default();
    let percent = share.saturating_mul(Decimal::ONE_HUNDRED);
    let rounded = percent.round_dp_with_strategy(1, RoundingStrategy::MidpointAwayFromZero);
    format!("{rounded:.1} %")
}

fn verdict(refused: usize) -> Result<(), Fault> {
    match refused {
        0 => Ok(()),
        1 => Err(Fault::Data("1 row was refused: mend it and import the file again".to_owned())),
        many => Err(Fault::Data(format!(
            "{many} rows were refused: mend them and import the file again"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_shown_in_per_cent() {
        for (share, shown) in [("0.3561", "35.6 %"), ("0.3556", "35.6 %"), ("0.0005", "0.1 %")] {
            assert_eq!(percent(share), shown);
        }
    }
}
