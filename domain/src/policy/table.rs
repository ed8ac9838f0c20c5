//! Decision tables: rules that finance and quality read and change, and that can be proved.
//!
//! A row says of each fact which values it is for, and what the answer is then. A table is read whole or not at all: every cell
//! is parsed against its fact's type, and all that is wrong with it is said at once. [`check`] proves what the hit policy needs.
//! Whatever goes wrong while a table is asked is a [`Fault`], and a fault is a hold: no table allows by mistake.

pub mod axis;
pub mod cell;
pub mod check;
mod set;
#[cfg(test)]
mod tests;

use std::{collections::HashSet, fmt, sync::OnceLock};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use axis::{Axis, Fact, OffAxis, Value};
use cell::CellError;
use set::Set;

use super::pack::Text;

/// The most rows of a table.
pub const ROWS_MAX: usize = 1_000;
/// The most inputs of a table.
pub const INPUTS_MAX: usize = 16;

/// Which of the rows that match answer, in the terms of DMN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HitPolicy {
    /// Exactly one row matches.
    Unique,
    /// The first that matches.
    First,
    /// All, in their order; none is an answer too.
    Collect,
    /// The sum of all; 0 where none matches.
    CollectSum,
    CollectMin,
    CollectMax,
}

impl HitPolicy {
    /// Whether some row must match, whatever the values.
    fn needs_a_row(self) -> bool {
        !matches!(self, Self::Collect | Self::CollectSum)
    }
}

/// How the answer goes when one input grows and the others stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    Rising,
    Falling,
}

/// Where a table is asked: what it may ask about, and what it may answer.
#[derive(Clone, Debug)]
pub struct Slot {
    pub name: String,
    pub facts: Vec<Fact>,
    pub output: Axis,
}

/// A table as it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    pub hit: HitPolicy,
    /// The facts that it asks about, by name.
    pub inputs: Vec<String>,
    /// Inputs that the answer rises or falls with, as its owners declare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub monotone: Vec<Monotone>,
    pub rows: Vec<SourceRow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Monotone {
    pub input: String,
    pub course: Course,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceRow {
    pub id: String,
    /// One cell for each input.
    pub when: Vec<String>,
    pub then: String,
    /// What is said of it to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// The provision or the contract that it rests on, as shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<String>,
}

impl SourceRow {
    /// A row that says nothing about itself.
    pub fn plain(id: String, when: Vec<String>, then: String) -> Self {
        Self { id, when, then, text: None, basis: None }
    }
}

/// What is wrong with a table as it is written. Rows and columns are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mistake {
    #[error("input {column}: there is no fact {name:?} here")]
    UnknownFact { column: usize, name: String },
    #[error("input {column}: {name:?} is asked about twice")]
    RepeatedFact { column: usize, name: String },
    #[error("{of:?} has no values, too many, or codes that are no words or stand there twice")]
    Axis { of: String },
    #[error("a table has at most {INPUTS_MAX} inputs and {ROWS_MAX} rows, and at least one row")]
    Size,
    #[error("row {row}: {found} cells for {inputs} inputs")]
    Cells { row: usize, found: usize, inputs: usize },
    #[error("row {row}: the id {id:?} is empty or was used before")]
    RowId { row: usize, id: String },
    #[error("row {row}, column {column}: {error}")]
    Cell { row: usize, column: usize, error: CellError },
    #[error("row {row}: {text:?} is no answer of this table: {why}")]
    Answer { row: usize, text: String, why: OffAxis },
    #[error("{input:?} is declared monotone, and is no input that has an order")]
    Monotone { input: String },
    #[error("a table that collects a list has no order of answers")]
    ListHasNoOrder,
    #[error("only numbers can be summed")]
    SumOfOthers,
}

impl Mistake {
    /// Where in the table it stands, as a JSON pointer.
    pub fn pointer(&self) -> String {
        let place = |number: &usize| number.saturating_sub(1);
        match self {
            Self::UnknownFact { column, .. } | Self::RepeatedFact { column, .. } => {
                format!("/inputs/{}", place(column))
            }
            Self::Axis { .. } => "/inputs".to_owned(),
            Self::Size => "/rows".to_owned(),
            Self::Cells { row, .. } => format!("/rows/{}/when", place(row)),
            Self::RowId { row, .. } => format!("/rows/{}/id", place(row)),
            Self::Cell { row, column, .. } => {
                format!("/rows/{}/when/{}", place(row), place(column))
            }
            Self::Answer { row, .. } => format!("/rows/{}/then", place(row)),
            Self::Monotone { .. } | Self::ListHasNoOrder => "/monotone".to_owned(),
            Self::SumOfOthers => "/hit".to_owned(),
        }
    }
}

/// A table as it stands in a pack: written once, and read once when it is first asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sheet {
    source: Source,
    #[serde(skip)]
    read: OnceLock<Result<Table, Vec<Mistake>>>,
}

impl Sheet {
    pub fn new(source: Source) -> Self {
        Self { source, read: OnceLock::new() }
    }

    pub fn source(&self) -> &Source {
        &self.source
    }

    /// The table for the one place where this sheet is asked.
    pub fn table(&self, slot: &Slot) -> Result<&Table, &[Mistake]> {
        let read = self.read.get_or_init(|| Table::read(&self.source, slot));
        read.as_ref().map_err(Vec::as_slice)
    }

    /// A row, as it is written.
    pub fn row(&self, id: &str) -> Option<&SourceRow> {
        self.source.rows.iter().find(|written| written.id == id)
    }

    /// What a row says about a fact, as it is written.
    pub fn cell(&self, row: &str, fact: &str) -> Option<&str> {
        let column = self.source.inputs.iter().position(|input| input == fact)?;
        self.row(row)?.when.get(column).map(String::as_str)
    }
}

impl Clone for Sheet {
    fn clone(&self) -> Self {
        Self::new(self.source.clone())
    }
}

impl PartialEq for Sheet {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}

/// A table whose every cell is understood.
#[derive(Clone, Debug)]
pub struct Table {
    hit: HitPolicy,
    facts: Vec<Fact>,
    output: Axis,
    monotone: Vec<(usize, Course)>,
    rows: Vec<Row>,
}

#[derive(Clone, Debug)]
struct Row {
    id: String,
    cells: Vec<Set>,
    then: i64,
}

/// An answer, and the ids of the rows that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub outcome: Outcome,
    pub rows: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    One(Value),
    All(Vec<Value>),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(value) => value.fmt(f),
            Self::All(values) => {
                f.debug_list().entries(values.iter().map(ToString::to_string)).finish()
            }
        }
    }
}

/// Why there is no answer: whoever asked must hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("{given} values were given for {inputs} inputs")]
    Inputs { given: usize, inputs: usize },
    #[error("{fact} is {value}: {why}")]
    OffAxis { fact: String, value: Value, why: OffAxis },
    #[error("no row is for these values")]
    NoRow,
    #[error("rows {rows:?} are for the same values")]
    SeveralRows { rows: Vec<String> },
    #[error("the sum is beyond what a number holds")]
    Overflow,
    #[error("the table cannot be read: {0}")]
    Unread(Mistake),
}

impl Fault {
    /// What is recorded of it.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Inputs { .. } => "inputs",
            Self::OffAxis { .. } => "off_axis",
            Self::NoRow => "no_row",
            Self::SeveralRows { .. } => "several_rows",
            Self::Overflow => "overflow",
            Self::Unread(_) => "unread",
        }
    }
}

impl Table {
    /// Reads a table, or says everything that is wrong with it.
    pub fn read(source: &Source, slot: &Slot) -> Result<Self, Vec<Mistake>> {
        let mut mistakes = Vec::new();
        if source.inputs.len() > INPUTS_MAX || !(1..=ROWS_MAX).contains(&source.rows.len()) {
            return Err(vec![Mistake::Size]);
        }
        let mut facts: Vec<Fact> = Vec::with_capacity(source.inputs.len());
        for (name, column) in source.inputs.iter().zip(1..) {
            let name = name.clone();
            match slot.facts.iter().find(|fact| fact.name == name) {
                None => mistakes.push(Mistake::UnknownFact { column, name }),
                Some(fact) if facts.contains(fact) => {
                    mistakes.push(Mistake::RepeatedFact { column, name });
                }
                Some(fact) => facts.push(fact.clone()),
            }
        }
        // Of no values everything is true: such a table would be proved, and mean nothing.
        let axes = facts.iter().map(|fact| (&fact.name, &fact.axis));
        let axes = axes.chain([(&slot.name, &slot.output)]);
        let unsound = axes.filter(|(_, axis)| !axis.is_sound());
        mistakes.extend(unsound.map(|(of, _)| Mistake::Axis { of: of.clone() }));
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let monotone = declared(source, slot, &facts, &mut mistakes);
        let mut rows = Vec::with_capacity(source.rows.len());
        let mut ids = HashSet::new();
        for (written, row) in source.rows.iter().zip(1..) {
            if written.id.trim().is_empty() || !ids.insert(&written.id) {
                mistakes.push(Mistake::RowId { row, id: written.id.clone() });
            }
            rows.extend(read_row(written, row, &facts, &slot.output, &mut mistakes));
        }
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        let output = slot.output.clone();
        Ok(Self { hit: source.hit, facts, output, monotone, rows })
    }

    /// The id of a row, counted from 1.
    pub fn row_id(&self, number: usize) -> Option<&str> {
        self.rows.get(number.checked_sub(1)?).map(|row| row.id.as_str())
    }

    /// Whether a row is for a missing value, and for others as well.
    pub(super) fn takes_missing_with_others(&self, number: usize) -> bool {
        let cells = self.rows.get(number).into_iter().flat_map(|row| row.cells.iter());
        cells.zip(&self.facts).any(|(cell, fact)| {
            let missing = fact.at(&Value::Missing).ok().filter(|at| cell.contains(*at));
            missing.is_some_and(|at| *cell != Set::one(at))
        })
    }

    /// The first and the last coordinate of a cell.
    pub(super) fn ends(&self, row: usize, column: usize) -> Option<(i64, i64)> {
        let cell = self.rows.get(row)?.cells.get(column)?;
        cell.least().zip(cell.ranges().last().map(|range| range.last))
    }

    /// The facts that it asks about, in their order.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// The answer for what is known; a fact that nothing is known of is missing.
    pub fn ask(&self, known: impl Fn(&str) -> Value) -> Result<Answer, Fault> {
        let values: Vec<Value> = self.facts.iter().map(|fact| known(&fact.name)).collect();
        self.answer(&values)
    }

    /// The answer for one value of each fact, in their order.
    pub fn answer(&self, values: &[Value]) -> Result<Answer, Fault> {
        if values.len() != self.facts.len() {
            return Err(Fault::Inputs { given: values.len(), inputs: self.facts.len() });
        }
        let mut point = Vec::with_capacity(values.len());
        for (fact, value) in self.facts.iter().zip(values) {
            point.push(fact.at(value).map_err(|why| Fault::OffAxis {
                fact: fact.name.clone(),
                value: value.clone(),
                why,
            })?);
        }
        let hits: Vec<&Row> = self.rows.iter().filter(|row| row.is_for(&point)).collect();
        self.chosen(&hits)
    }

    fn chosen(&self, hits: &[&Row]) -> Result<Answer, Fault> {
        let one = |hit: Option<&&Row>| {
            let row = hit.ok_or(Fault::NoRow)?;
            let outcome = Outcome::One(self.output.value(row.then));
            Ok(Answer { outcome, rows: vec![row.id.clone()] })
        };
        let all = || hits.iter().map(|row| row.id.clone()).collect();
        match self.hit {
            HitPolicy::Unique if hits.len() > 1 => Err(Fault::SeveralRows { rows: all() }),
            HitPolicy::Unique | HitPolicy::First => one(hits.first()),
            HitPolicy::CollectMin => one(hits.iter().min_by_key(|row| row.then)),
            // The first of those that are equal, as with the least.
            HitPolicy::CollectMax => one(hits.iter().rev().max_by_key(|row| row.then)),
            HitPolicy::Collect => {
                let values = hits.iter().map(|row| self.output.value(row.then)).collect();
                Ok(Answer { outcome: Outcome::All(values), rows: all() })
            }
            HitPolicy::CollectSum => {
                let mut sum = Decimal::ZERO;
                for row in hits {
                    let Value::Number(number) = self.output.value(row.then) else {
                        return Err(Fault::Overflow);
                    };
                    sum = sum.checked_add(number).ok_or(Fault::Overflow)?;
                }
                Ok(Answer { outcome: Outcome::One(Value::Number(sum)), rows: all() })
            }
        }
    }
}

impl Row {
    fn is_for(&self, point: &[i64]) -> bool {
        self.cells.iter().zip(point).all(|(cell, at)| cell.contains(*at))
    }
}

fn declared(
    source: &Source,
    slot: &Slot,
    facts: &[Fact],
    mistakes: &mut Vec<Mistake>,
) -> Vec<(usize, Course)> {
    if source.hit == HitPolicy::Collect && !source.monotone.is_empty() {
        mistakes.push(Mistake::ListHasNoOrder);
    }
    if source.hit == HitPolicy::CollectSum && !matches!(slot.output, Axis::Number { .. }) {
        mistakes.push(Mistake::SumOfOthers);
    }
    let mut monotone = Vec::with_capacity(source.monotone.len());
    for Monotone { input, course } in &source.monotone {
        let ordered = |fact: &Fact| fact.name == *input && !matches!(fact.axis, Axis::Code(_));
        match facts.iter().position(ordered) {
            Some(column) => monotone.push((column, *course)),
            None => mistakes.push(Mistake::Monotone { input: input.clone() }),
        }
    }
    monotone
}

fn read_row(
    written: &SourceRow,
    row: usize,
    facts: &[Fact],
    output: &Axis,
    mistakes: &mut Vec<Mistake>,
) -> Option<Row> {
    if written.when.len() != facts.len() {
        let (found, inputs) = (written.when.len(), facts.len());
        mistakes.push(Mistake::Cells { row, found, inputs });
        return None;
    }
    let before = mistakes.len();
    let mut cells = Vec::with_capacity(facts.len());
    for ((text, fact), column) in written.when.iter().zip(facts).zip(1..) {
        match cell::meaning(text, fact) {
            Ok(set) => cells.push(set),
            Err(error) => mistakes.push(Mistake::Cell { row, column, error }),
        }
    }
    let then = cell::answer(&written.then, output).map_err(|why| {
        mistakes.push(Mistake::Answer { row, text: written.then.clone(), why });
    });
    let then = then.ok()?;
    (mistakes.len() == before).then(|| Row { id: written.id.clone(), cells, then })
}
