//! Scorecards: what is known of a customer as points, and why there are not more of them.
//!
//! A characteristic is a fact of the catalogue. Its bins are cells of the table grammar, and each gives points; a missing value is
//! a bin of its own, as not to know is not the same as to know the worst. The score is the base and the points of every
//! characteristic. What forbids trade (a licence that has run out, fraud) is a gate and no points: no score makes up for it.
//!
//! Each characteristic is proved like a decision table: some bin is for every value, no two are for the same, and where it is
//! declared, points rise or fall with the value. What goes wrong while a score is worked out is a [`Fault`]: whoever asked holds.

mod proof;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub(super) use self::proof::objections;
use super::{
    pack::{Example, Text},
    table::{
        Course, Fault, HitPolicy, Mistake, Monotone, Slot, Source, SourceRow, Table,
        axis::{Axis, Fact, Unit, Value, WhenMissing},
    },
};

/// The most points that a bin gives or takes, and the same for the base.
pub const POINTS_MAX: i32 = 10_000;
/// The most characteristics of a scorecard.
pub const CHARACTERISTICS_MAX: usize = 64;
/// No score lies further from zero.
pub const SCORE_MAX: i64 = 1_000_000;
/// The most reasons that are told: more of them say less.
pub const REASONS_MAX: usize = 4;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scorecard {
    pub id: String,
    /// What everybody begins with.
    pub base: i32,
    pub characteristics: Vec<Characteristic>,
    /// What its owners say that it answers; the checker asks it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Characteristic {
    /// The fact that it looks at.
    pub fact: String,
    /// What people call it.
    pub title: Text,
    /// What would earn more points.
    pub remedy: Text,
    /// How points go when the value grows, as its owners declare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<Course>,
    pub bins: Vec<Bin>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bin {
    pub id: String,
    /// The values that it is for.
    pub when: String,
    pub points: i32,
}

/// A scorecard whose every bin is understood.
#[derive(Clone, Debug)]
pub struct Card<'a> {
    source: &'a Scorecard,
    characteristics: Vec<(&'a Characteristic, Table)>,
}

/// What a customer's facts come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Score {
    pub points: i64,
    /// The largest shortfalls, the largest first.
    pub reasons: Vec<Reason>,
}

/// Why a score is not higher: what was seen of one characteristic, what it earned, and what would have earned more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub fact: String,
    pub title: Text,
    pub observed: Value,
    pub bin: String,
    pub points: i32,
    /// The most that any bin of it gives.
    pub best: i32,
    pub remedy: Text,
}

impl Reason {
    /// The points that are lacking.
    pub fn shortfall(&self) -> i64 {
        i64::from(self.best) - i64::from(self.points)
    }
}

impl Scorecard {
    /// Reads a scorecard, or says everything that is wrong with its bins, each with its pointer within it.
    pub fn read(&self, facts: &[Fact]) -> Result<Card<'_>, Vec<(String, Mistake)>> {
        let mut characteristics = Vec::with_capacity(self.characteristics.len());
        let mut wrong = Vec::new();
        for (number, characteristic) in self.characteristics.iter().enumerate() {
            match characteristic.read(facts) {
                Ok(table) => characteristics.push((characteristic, table)),
                Err(mistakes) => wrong.extend(mistakes.into_iter().map(|mistake| {
                    let within = within(&mistake.pointer());
                    (format!("/characteristics/{number}{within}"), mistake)
                })),
            }
        }
        if wrong.is_empty() { Ok(Card { source: self, characteristics }) } else { Err(wrong) }
    }
}

impl Characteristic {
    /// As a decision table of one input.
    fn read(&self, facts: &[Fact]) -> Result<Table, Vec<Mistake>> {
        let row = |bin: &Bin| {
            SourceRow::plain(bin.id.clone(), vec![bin.when.clone()], bin.points.to_string())
        };
        let course = self.course.map(|course| Monotone { input: self.fact.clone(), course });
        let source = Source {
            hit: HitPolicy::Unique,
            inputs: vec![self.fact.clone()],
            monotone: course.into_iter().collect(),
            rows: self.bins.iter().map(row).collect(),
        };
        let looked_at = facts.iter().filter(|fact| fact.name == self.fact);
        let slot = Slot {
            name: "points".to_owned(),
            // Also a fact without which no table is asked has a bin for being missing here.
            facts: looked_at
                .map(|fact| Fact { when_missing: WhenMissing::OwnBin, ..fact.clone() })
                .collect(),
            output: whole(i64::from(POINTS_MAX)),
        };
        Table::read(&source, &slot)
    }
}

impl Card<'_> {
    /// The score for what is known; a fact that nothing is known of is missing.
    pub fn score(&self, known: impl Fn(&str) -> Value) -> Result<Score, Fault> {
        let mut points = i64::from(self.source.base);
        let mut reasons = Vec::new();
        for (characteristic, table) in &self.characteristics {
            let observed = known(&characteristic.fact);
            let answer = table.answer(std::slice::from_ref(&observed))?;
            let id = answer.rows.first().ok_or(Fault::NoRow)?;
            let bin = characteristic.bins.iter().find(|bin| bin.id == *id).ok_or(Fault::NoRow)?;
            points = points.checked_add(i64::from(bin.points)).ok_or(Fault::Overflow)?;
            let best =
                characteristic.bins.iter().map(|bin| bin.points).max().ok_or(Fault::NoRow)?;
            if bin.points < best {
                reasons.push(Reason {
                    fact: characteristic.fact.clone(),
                    title: characteristic.title.clone(),
                    observed,
                    bin: bin.id.clone(),
                    points: bin.points,
                    best,
                    remedy: characteristic.remedy.clone(),
                });
            }
        }
        // Stable: of equal shortfalls the one that the card names first.
        reasons.sort_by_key(|reason| std::cmp::Reverse(reason.shortfall()));
        reasons.truncate(REASONS_MAX);
        Ok(Score { points, reasons })
    }
}

/// The score as a fact of its own, which band tables ask about.
pub(super) fn score_fact() -> Fact {
    Fact {
        name: "score".to_owned(),
        axis: whole(SCORE_MAX),
        unit: Unit::None,
        when_missing: WhenMissing::Hold,
    }
}

fn whole(furthest: i64) -> Axis {
    Axis::Number { least: (-furthest).into(), greatest: furthest.into(), scale: 0 }
}

/// What a pointer into the table is of a characteristic.
fn within(pointer: &str) -> String {
    let mut steps = pointer.split('/').skip(1);
    match (steps.next(), steps.next(), steps.next()) {
        (Some("rows"), Some(row), Some("when")) => format!("/bins/{row}/when"),
        (Some("rows"), Some(row), Some("then")) => format!("/bins/{row}/points"),
        (Some("rows"), Some(row), Some(part)) => format!("/bins/{row}/{part}"),
        (Some("rows"), Some(row), None) => format!("/bins/{row}"),
        (Some("rows"), None, _) => "/bins".to_owned(),
        (Some("monotone"), ..) => "/course".to_owned(),
        _ => "/fact".to_owned(),
    }
}
