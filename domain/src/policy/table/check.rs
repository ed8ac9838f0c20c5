//! The checker: what is proved of a table before it may be used, and a counter-example where it cannot be.
//!
//! - **complete**: some row is for every combination of values, where the hit policy needs one;
//! - **free of overlap**: no two rows are for the same values, where exactly one may match;
//! - **free of rows that are never reached**, where the first that matches answers;
//! - **monotone**, where it is declared so.
//!
//! A column falls into sections: stretches of values that the same rows are for. The search goes through the columns section by
//! section and keeps the rows that are still possible. What was seen of the columns that follow depends on these rows alone, so
//! each set of rows is looked into once per column. Tables of real life need a few thousand steps; one that needs more than
//! [`STEPS_MAX`] is called too complex, which is no proof.
//!
//! Rows that do not overlap need no search: together they have as many combinations of sections as there are, or some are
//! nobody's.

use std::cell::Cell;
use std::collections::HashSet;

use super::axis::{Fact, Value};
use super::set::Set;
use super::{Course, HitPolicy, Table};

/// The most sections that the check of one table looks at, all searches together.
pub const STEPS_MAX: usize = 5_000_000;
/// The most pairs of rows that overlap and are told.
const OVERLAPS_MAX: usize = 20;

/// What is not so. Rows are counted from 1; examples have one value for each input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// No row is for these values.
    Gap { example: Vec<Value> },
    /// Both rows are for these values.
    Overlap { rows: (usize, usize), example: Vec<Value> },
    /// The rows before it are for all of its values.
    Unreachable { row: usize },
    /// The answer goes against the declared course between these two, which differ in one input.
    AgainstCourse { input: usize, lower: Vec<Value>, higher: Vec<Value> },
    /// The search was given up.
    TooComplex,
}

impl Finding {
    /// Where in the table it stands, as a JSON pointer.
    pub fn pointer(&self) -> String {
        match self {
            Self::Gap { .. } | Self::TooComplex => "/rows".to_owned(),
            Self::Overlap { rows: (_, row), .. } | Self::Unreachable { row } => {
                format!("/rows/{}", row.saturating_sub(1))
            }
            Self::AgainstCourse { .. } => "/monotone".to_owned(),
        }
    }
}

/// Everything that is found; nothing, and the table is proved.
pub fn check(table: &Table) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sections = Sections::of(table);
    let overlaps: Vec<Finding> = match table.hit {
        HitPolicy::Unique => overlaps(table).take(OVERLAPS_MAX).collect(),
        _ => Vec::new(),
    };
    let disjoint = table.hit == HitPolicy::Unique && overlaps.is_empty();
    if table.hit.needs_a_row() {
        let gap = match disjoint.then(|| sections.counted(table)).flatten() {
            Some(Counted::Whole) => Ok(None),
            Some(Counted::Lacks(point)) => Ok(Some(point)),
            None => sections.gap(table, None),
        };
        match gap {
            Ok(None) => {}
            Ok(Some(point)) => findings.push(Finding::Gap { example: values(table, &point) }),
            Err(TooComplex) => findings.push(Finding::TooComplex),
        }
    }
    match table.hit {
        HitPolicy::Unique => findings.extend(overlaps),
        HitPolicy::First => {
            for row in 0..table.rows.len() {
                match sections.gap(table, Some(row)) {
                    Ok(None) => findings.push(Finding::Unreachable { row: row + 1 }),
                    Ok(Some(_)) => {}
                    Err(TooComplex) => findings.push(Finding::TooComplex),
                }
            }
        }
        HitPolicy::Collect
        | HitPolicy::CollectSum
        | HitPolicy::CollectMin
        | HitPolicy::CollectMax => {}
    }
    for (input, course) in &table.monotone {
        match sections.against(table, *input, *course) {
            Ok(None) => {}
            Ok(Some((lower, higher))) => findings.push(Finding::AgainstCourse {
                input: *input,
                lower: values(table, &lower),
                higher: values(table, &higher),
            }),
            Err(TooComplex) => findings.push(Finding::TooComplex),
        }
    }
    findings.dedup();
    findings
}

fn values(table: &Table, point: &[i64]) -> Vec<Value> {
    table.facts.iter().zip(point).map(|(fact, at)| fact.value(*at)).collect()
}

fn overlaps(table: &Table) -> impl Iterator<Item = Finding> {
    let rows = table.rows.iter().enumerate();
    rows.flat_map(move |(n, row)| {
        table.rows.iter().enumerate().skip(n + 1).filter_map(move |(other, later)| {
            let common = row.cells.iter().zip(&later.cells).map(|(a, b)| a.and(b).least());
            let point: Vec<i64> = common.collect::<Option<_>>()?;
            Some(Finding::Overlap { rows: (n + 1, other + 1), example: values(table, &point) })
        })
    })
}

struct TooComplex;

/// What rows that do not overlap come to.
enum Counted {
    /// Every combination of values has its row.
    Whole,
    /// These values have none.
    Lacks(Point),
}

/// One coordinate for each input.
type Point = Vec<i64>;

/// Some rows of a table.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Rows(Vec<u64>);

impl Rows {
    /// Those of the first `count` for which `is_in` holds.
    fn of(count: usize, is_in: impl Fn(usize) -> bool) -> Self {
        let mut words = vec![0; count.div_ceil(64)];
        for row in (0..count).filter(|row| is_in(*row)) {
            if let Some(word) = words.get_mut(row / 64) {
                *word |= 1 << (row % 64);
            }
        }
        Self(words)
    }

    fn contains(&self, row: usize) -> bool {
        self.0.get(row / 64).is_some_and(|word| word & (1 << (row % 64)) != 0)
    }

    fn and(&self, other: &Self) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| a & b).collect())
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(a, b)| a & b != 0)
    }

    fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.0.len() * 64).filter(|row| self.contains(*row))
    }
}

/// A stretch of values that the same rows are for.
struct Section {
    /// One of its values.
    at: i64,
    rows: Rows,
}

/// The sections of every column, in the order of their values.
struct Sections {
    columns: Vec<Vec<Section>>,
    /// Columns by the number of their sections, the fewest first: there the search branches least where it begins.
    order: Vec<usize>,
    steps_left: Cell<usize>,
}

impl Sections {
    fn step(&self) -> Result<(), TooComplex> {
        let left = self.steps_left.get().checked_sub(1).ok_or(TooComplex)?;
        self.steps_left.set(left);
        Ok(())
    }

    fn of(table: &Table) -> Self {
        let columns: Vec<Vec<Section>> =
            table.facts.iter().enumerate().map(|(n, fact)| column(table, n, fact)).collect();
        let mut order: Vec<usize> = (0..columns.len()).collect();
        order.sort_by_key(|n| columns.get(*n).map_or(0, Vec::len));
        Self { columns, order, steps_left: Cell::new(STEPS_MAX) }
    }

    /// Values that no row is for; or, given a row, values of it that no row before it is for.
    fn gap(&self, table: &Table, within: Option<usize>) -> Result<Option<Point>, TooComplex> {
        let count = within.unwrap_or(table.rows.len());
        let all: Vec<Set> = match within.and_then(|row| table.rows.get(row)) {
            Some(row) => row.cells.clone(),
            None => table.facts.iter().map(Fact::all).collect(),
        };
        // Rows that are for everything in the columns that follow: where one is left, nothing is missing.
        let mut whole = vec![Rows::of(table.rows.len(), |row| row < count)];
        for column in self.order.iter().rev() {
            let holds = |row: usize| {
                let cell = table.rows.get(row).and_then(|row| row.cells.get(*column));
                let wanted = all.get(*column);
                cell.zip(wanted).is_some_and(|(cell, wanted)| wanted.without(cell).is_empty())
            };
            let before = whole
                .last()
                .map(|rows| Rows::of(table.rows.len(), |row| rows.contains(row) && holds(row)));
            whole.extend(before);
        }
        whole.reverse();
        let rows = Rows::of(table.rows.len(), |row| row < count);
        let last = self.order.len();
        let look = |nth: usize, rows: &Rows| match whole.get(nth) {
            Some(whole) if whole.meets(rows) => Look::Nothing,
            _ if nth == last => Look::Found(()),
            _ => Look::Further,
        };
        let order = self.order.clone();
        let mut search = Search { sections: self, order, within, look, nothing: HashSet::new() };
        let mut point = vec![0; self.columns.len()];
        Ok(search.find(0, &rows, &mut point)?.map(|()| point))
    }

    /// For rows of which no two overlap; none where there are too many combinations to count.
    fn counted(&self, table: &Table) -> Option<Counted> {
        // How many combinations of the columns behind each one a row has, and how many there are: the last column first.
        let mut shares = vec![vec![1_u128; table.rows.len()]];
        let mut totals = vec![1_u128];
        for column in self.columns.iter().rev() {
            let behind = shares.last()?;
            let share = |(row, behind): (usize, &u128)| {
                let own = column.iter().filter(|section| section.rows.contains(row)).count();
                behind.checked_mul(u128::try_from(own).ok()?)
            };
            let shared = behind.iter().enumerate().map(share).collect::<Option<Vec<_>>>()?;
            let total = totals.last()?.checked_mul(u128::try_from(column.len()).ok()?)?;
            shares.push(shared);
            totals.push(total);
        }
        // What disjoint rows have together is at most all there is: the sums below cannot pass what was multiplied here.
        let mut left = Rows::of(table.rows.len(), |_| true);
        let (mut shares, mut totals) = (shares.into_iter().rev(), totals.into_iter().rev());
        let together = |rows: &Rows, shares: &[u128]| -> u128 {
            rows.iter().filter_map(|row| shares.get(row)).sum()
        };
        if together(&left, &shares.next()?) == totals.next()? {
            return Some(Counted::Whole);
        }
        let mut point = Vec::with_capacity(self.columns.len());
        for (column, (shares, total)) in self.columns.iter().zip(shares.zip(totals)) {
            let lacking = column.iter().find_map(|section| {
                let rows = left.and(&section.rows);
                (together(&rows, &shares) < total).then_some((section.at, rows))
            });
            let (at, rows) = lacking?;
            point.push(at);
            left = rows;
        }
        Some(Counted::Lacks(point))
    }

    /// Two points, alike but for one input, between which the answer goes the wrong way.
    fn against(
        &self,
        table: &Table,
        input: usize,
        course: Course,
    ) -> Result<Option<(Point, Point)>, TooComplex> {
        let order: Vec<usize> =
            self.order.iter().copied().filter(|column| *column != input).collect();
        let (last, along) = (order.len(), Along { sections: self, table, input, course });
        let look = |nth: usize, rows: &Rows| {
            if nth < last {
                return Look::Further;
            }
            along.step(rows).map_or(Look::Nothing, Look::Found)
        };
        let nothing = HashSet::new();
        let mut search = Search { sections: self, order, within: None, look, nothing };
        let rows = Rows::of(table.rows.len(), |_| true);
        let mut point = vec![0; self.columns.len()];
        Ok(search.find(0, &rows, &mut point)?.map(|(lower, higher)| {
            let with = |at: i64| {
                let mut whole = point.clone();
                put(&mut whole, input, at);
                whole
            };
            (with(lower), with(higher))
        }))
    }
}

fn column(table: &Table, number: usize, fact: &Fact) -> Vec<Section> {
    let all = fact.all();
    let cells: Vec<&Set> = table.rows.iter().filter_map(|row| row.cells.get(number)).collect();
    // Where a section can begin: at the beginning of a range, and after its end.
    let mut starts: Vec<i64> = Vec::new();
    for range in cells.iter().flat_map(|cell| cell.ranges()).chain(all.ranges()) {
        starts.push(range.first);
        starts.extend(range.last.checked_add(1));
    }
    starts.sort_unstable();
    starts.dedup();
    let inside = starts.into_iter().filter(|at| all.contains(*at));
    let rows =
        |at: i64| Rows::of(cells.len(), |row| cells.get(row).is_some_and(|cell| cell.contains(at)));
    inside.map(|at| Section { at, rows: rows(at) }).collect()
}

fn put(point: &mut [i64], column: usize, at: i64) {
    if let Some(place) = point.get_mut(column) {
        *place = at;
    }
}

/// What is known once some columns are settled.
enum Look<T> {
    Found(T),
    /// The columns that follow change nothing.
    Nothing,
    Further,
}

/// Goes through the columns in an order, section by section, with the rows that are still possible.
struct Search<'a, L> {
    sections: &'a Sections,
    order: Vec<usize>,
    /// Only values of this row.
    within: Option<usize>,
    /// Asked with the number of columns that are settled; at the last one it must not say further.
    look: L,
    nothing: HashSet<(usize, Rows)>,
}

impl<L> Search<'_, L> {
    /// What is found first; the values that led to it are left in `point`.
    fn find<T>(
        &mut self,
        nth: usize,
        rows: &Rows,
        point: &mut Point,
    ) -> Result<Option<T>, TooComplex>
    where
        L: Fn(usize, &Rows) -> Look<T>,
    {
        match (self.look)(nth, rows) {
            Look::Found(found) => return Ok(Some(found)),
            Look::Nothing => return Ok(None),
            Look::Further => {}
        }
        let sections = self.sections;
        let column = self.order.get(nth).copied();
        if self.nothing.contains(&(nth, rows.clone())) {
            return Ok(None);
        }
        let mut looked_into = HashSet::new();
        for section in column.and_then(|column| sections.columns.get(column)).into_iter().flatten()
        {
            if self.within.is_some_and(|row| !section.rows.contains(row)) {
                continue;
            }
            sections.step()?;
            let left = rows.and(&section.rows);
            if looked_into.contains(&left) {
                continue;
            }
            put(point, column.unwrap_or_default(), section.at);
            if let Some(found) = self.find(nth + 1, &left, point)? {
                return Ok(Some(found));
            }
            looked_into.insert(left);
        }
        self.nothing.insert((nth, rows.clone()));
        Ok(None)
    }
}

/// How the answer goes along one input.
struct Along<'a> {
    sections: &'a Sections,
    table: &'a Table,
    input: usize,
    course: Course,
}

impl Along<'_> {
    /// The other inputs are settled. Values for which there is no answer are passed over, and so is a missing one.
    fn step(&self, rows: &Rows) -> Option<(i64, i64)> {
        let fact = self.table.facts.get(self.input)?;
        let mut before: Option<(i64, i128)> = None;
        for section in self.sections.columns.get(self.input).into_iter().flatten() {
            if fact.value(section.at) == Value::Missing {
                continue;
            }
            let Some(answer) = self.answer(&rows.and(&section.rows)) else { continue };
            if let Some((at, earlier)) = before {
                let wrong = match self.course {
                    Course::Rising => answer < earlier,
                    Course::Falling => answer > earlier,
                };
                if wrong {
                    return Some((at, section.at));
                }
            }
            before = Some((section.at, answer));
        }
        None
    }

    /// Where the answer lies that these matching rows give.
    fn answer(&self, rows: &Rows) -> Option<i128> {
        let mut answers =
            rows.iter().filter_map(|row| self.table.rows.get(row)).map(|row| i128::from(row.then));
        match self.table.hit {
            HitPolicy::Unique | HitPolicy::First => answers.next(),
            HitPolicy::CollectMin => answers.min(),
            HitPolicy::CollectMax => answers.max(),
            HitPolicy::CollectSum => Some(answers.sum()),
            HitPolicy::Collect => None,
        }
    }
}
