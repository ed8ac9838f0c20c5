//! What another pack would have answered: every decision on record is made again with the facts as they were known then.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::decision::{Cause, CauseCode, CauseKind, Checkpoint, Decision, Outcome, Reaction};
use domain::policy::InForce;
use domain::policy::pack::Text;
use domain::wording;
use indicatif::ProgressBar;
use journal::{Decided, Journal, Position};
use serde::Serialize;
use utoipa::ToSchema;

use crate::cli::{Fault, bar, journal, say};
use crate::config::{SimulateOptions, StoreOptions};
use crate::csv;
use crate::policies::Loaded;
use crate::policies::file::put;

/// How many differences are shown when they are not written to a file.
const SHOWN: usize = 10;

/// Which way an answer moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    Stricter,
    Looser,
    /// The same answer, for other reasons.
    Otherwise,
}

/// A decision that another pack would have made otherwise.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Changed {
    pub position: i64,
    pub business_date: NaiveDate,
    pub customer: String,
    pub name: String,
    pub kind: String,
    pub segment: Option<String>,
    pub region: Option<String>,
    pub business_unit: Option<String>,
    pub checkpoint: Checkpoint,
    pub value: Option<String>,
    pub direction: Direction,
    pub recorded: Outcome,
    pub simulated: Outcome,
    pub recorded_reasons_zh: String,
    pub recorded_reasons_en: String,
    pub simulated_reasons_zh: String,
    pub simulated_reasons_en: String,
}

/// What a simulation came to.
#[derive(Debug, Default)]
pub struct Simulated {
    pub decisions: usize,
    /// Of which the journal lacks what they were made of.
    pub lost: usize,
    pub days: Option<(NaiveDate, NaiveDate)>,
    pub upto: Position,
    /// Held or denied, as recorded and by the other pack.
    pub stopped: (usize, usize),
    /// Stopped by the law as recorded, and let through now.
    pub unlawful: usize,
    pub changed: Vec<Changed>,
    /// By cause: how often it stops anew, and how often no more.
    pub causes: BTreeMap<&'static str, (usize, usize)>,
}

/// Asks a pack about every decision in a period; both ends are included.
pub async fn simulate(
    journal: &Journal,
    pack: &Arc<InForce>,
    (from, to): (Option<NaiveDate>, Option<NaiveDate>),
    progress: &ProgressBar,
) -> Result<Simulated, journal::Error> {
    let upto = journal.head().await?;
    progress.set_length(u64::try_from(upto.0).unwrap_or_default());
    let (pack, bar) = (Arc::clone(pack), progress.clone());
    let parts = journal.decisions(move |simulated: &mut Simulated, decided| {
        bar.set_position(u64::try_from(decided.position.0).unwrap_or_default());
        let date = decided.decision.business_date;
        if from.is_none_or(|from| from <= date) && to.is_none_or(|to| date <= to) {
            simulated.take(decided, &pack);
        }
        Ok::<(), journal::Error>(())
    });
    let parts = parts.await?;
    progress.finish_and_clear();
    let mut simulated = parts.into_iter().reduce(Simulated::and).unwrap_or_default();
    simulated.changed.sort_unstable_by_key(|changed| changed.position);
    Ok(Simulated { upto, ..simulated })
}

impl Simulated {
    pub(crate) fn take(&mut self, decided: &Decided<'_>, pack: &Arc<InForce>) {
        let (recorded, date) = (decided.decision, decided.decision.business_date);
        self.decisions += 1;
        let (first, last) = self.days.unwrap_or((date, date));
        self.days = Some((first.min(date), last.max(date)));
        let Some(now) = decided.under(pack) else {
            self.lost += 1;
            return;
        };
        let stops = |decision: &Decision| !decision.lets_through();
        self.stopped.0 += usize::from(stops(recorded));
        self.stopped.1 += usize::from(stops(&now));
        let legal = |decision: &Decision| {
            stops(decision)
                && decision.causes.iter().any(|it| it.stops() && it.code.kind() == CauseKind::Legal)
        };
        self.unlawful += usize::from(legal(recorded) && !legal(&now));
        let direction = match effect(&now).cmp(&effect(recorded)) {
            std::cmp::Ordering::Greater => Direction::Stricter,
            std::cmp::Ordering::Less => Direction::Looser,
            std::cmp::Ordering::Equal if said(&now) == said(recorded) => return,
            std::cmp::Ordering::Equal => Direction::Otherwise,
        };
        let (before, after) = (recorded.stopping(), now.stopping());
        for code in after.iter().filter(|code| !before.contains(code)) {
            self.causes.entry(code.code()).or_default().0 += 1;
        }
        for code in before.iter().filter(|code| !after.contains(code)) {
            self.causes.entry(code.code()).or_default().1 += 1;
        }
        self.changed.push(Changed::of(decided, &now, direction));
    }

    /// Together with what came of other customers.
    fn and(mut self, other: Self) -> Self {
        self.decisions += other.decisions;
        self.lost += other.lost;
        self.days = match (self.days, other.days) {
            (Some((first, last)), Some((from, to))) => Some((first.min(from), last.max(to))),
            (one, another) => one.or(another),
        };
        self.stopped.0 += other.stopped.0;
        self.stopped.1 += other.stopped.1;
        self.unlawful += other.unlawful;
        self.changed.extend(other.changed);
        for (cause, (new, gone)) in other.causes {
            let counts = self.causes.entry(cause).or_default();
            *counts = (counts.0 + new, counts.1 + gone);
        }
        self
    }

    fn count(&self, direction: Direction) -> usize {
        self.changed.iter().filter(|changed| changed.direction == direction).count()
    }

    /// How many are stricter, looser, and the same for other reasons.
    pub fn directions(&self) -> [usize; 3] {
        [Direction::Stricter, Direction::Looser, Direction::Otherwise].map(|it| self.count(it))
    }

    /// For people.
    pub fn told(&self) -> String {
        let mut text = String::new();
        let Some((first, last)) = self.days else {
            return "no decision was made in this period".to_owned();
        };
        let as_it_was = self.decisions - self.lost - self.changed.len();
        let [stricter, looser, otherwise] = self.directions();
        let _ = writeln!(
            text,
            "{} decisions from {first} to {last}, up to position {}: {as_it_was} as they were, {stricter} stricter, \
             {looser} looser, {otherwise} for other reasons",
            self.decisions, self.upto
        );
        let share = |stopped: usize| {
            let made = (self.decisions - self.lost).max(1);
            format!("{}.{} %", stopped * 100 / made, stopped * 1_000 / made % 10)
        };
        let (before, after) = self.stopped;
        let _ = writeln!(text, "held or denied: {} before, {} after", share(before), share(after));
        if self.lost > 0 {
            let _ = writeln!(text, "{} decisions rest on what the journal lacks", self.lost);
        }
        if self.unlawful > 0 {
            let _ = writeln!(
                text,
                "ATTENTION: {} were stopped by the law and are not any more",
                self.unlawful
            );
        }
        for (name, count) in self.by(|changed| code(changed.checkpoint)) {
            let _ = writeln!(text, "  {name}: {count} differ");
        }
        for (name, (new, gone)) in &self.causes {
            let _ = writeln!(text, "  {name}: stops {new} more, {gone} no more");
        }
        text.trim_end().to_owned()
    }

    fn by(&self, key: impl Fn(&Changed) -> String) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for changed in &self.changed {
            *counts.entry(key(changed)).or_default() += 1;
        }
        counts
    }
}

/// What came of it: where a checkpoint only observes, what is refused happens.
fn effect(decision: &Decision) -> Outcome {
    if decision.lets_through() {
        decision.outcome.min(Outcome::AllowWithConditions)
    } else {
        decision.outcome
    }
}

/// The reasons by code and reaction: their figures are the same facts.
fn said(decision: &Decision) -> Vec<(CauseCode, Reaction, bool)> {
    decision.causes.iter().map(|it| (it.code, it.reaction, it.released.is_some())).collect()
}

impl Changed {
    fn of(decided: &Decided<'_>, now: &Decision, direction: Direction) -> Self {
        let particulars = decided.customer.registration.particulars.as_ref();
        let (was, is) = (reasons(decided.decision), reasons(now));
        Self {
            position: decided.position.0,
            business_date: decided.decision.business_date,
            customer: decided.stream.to_owned(),
            name: particulars.map(|it| it.name.to_string()).unwrap_or_default(),
            kind: decided.customer.registration.kind().code().to_owned(),
            segment: particulars.and_then(|it| it.segment.as_ref().map(ToString::to_string)),
            region: particulars.and_then(|it| it.region.as_ref().map(ToString::to_string)),
            business_unit: particulars
                .and_then(|it| it.business_unit.as_ref().map(ToString::to_string)),
            checkpoint: now.checkpoint,
            value: now.figures.as_ref().map(|figures| figures.value.amount().to_string()),
            direction,
            recorded: decided.decision.outcome,
            simulated: now.outcome,
            recorded_reasons_zh: was.zh,
            recorded_reasons_en: was.en,
            simulated_reasons_zh: is.zh,
            simulated_reasons_en: is.en,
        }
    }

    fn told(&self) -> String {
        format!(
            "position {}, {}, {} ({}), {}: {} → {}: {}",
            self.position,
            self.business_date,
            self.name,
            self.customer,
            code(self.checkpoint),
            code(self.recorded),
            code(self.simulated),
            if self.simulated_reasons_en.is_empty() {
                "nothing stops it"
            } else {
                &self.simulated_reasons_en
            },
        )
    }
}

/// What stops; what is only advised, where nothing does.
fn reasons(decision: &Decision) -> Text {
    let stopped = decision.causes.iter().any(Cause::stops);
    let told = decision.causes.iter().filter(|cause| cause.stops() || !stopped);
    let texts: Vec<Text> = told.map(wording::message).collect();
    let zh: Vec<&str> = texts.iter().map(|text| text.zh.as_str()).collect();
    let en: Vec<&str> = texts.iter().map(|text| text.en.as_str()).collect();
    Text { zh: zh.concat(), en: en.join(" ") }
}

fn code(value: impl Serialize) -> String {
    serde_json::to_value(value)
        .ok()
        .and_then(|it| it.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// `probity policy simulate`.
pub async fn run(store: &StoreOptions, options: &SimulateOptions) -> Result<(), Fault> {
    let loaded = Loaded::of(&options.pack, store).await?.sound()?;
    let hash = Arc::from(loaded.hash()?);
    let pack = Arc::new(InForce { version: 0, hash, pack: Arc::new(loaded.pack) });
    let journal = journal(store).await?;
    let simulated = simulate(&journal, &pack, (options.from, options.to), &bar("events")).await;
    journal.close().await;
    let simulated = simulated?;
    say(&simulated.told())?;
    if let Some(file) = &options.csv {
        put(file, csv::written(&simulated.changed)?.as_bytes())?;
        return say(&format!("every difference is in {}", file.display()));
    }
    for changed in simulated.changed.iter().take(SHOWN) {
        say(&changed.told())?;
    }
    match simulated.changed.len().checked_sub(SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => say(&format!("and {more} more: --csv FILE writes them all")),
    }
}
