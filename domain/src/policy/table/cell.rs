//! Cells: what a row says about one fact, in a subset of the S-FEEL of DMN 1.4 (OMG, chapter 9).
//!
//! ```text
//! cell     = "-" | test
//! test     = value | ("=" | "<" | "<=" | "≤" | ">" | ">=" | "≥") value | interval
//!          | "in" "(" test { "," test } ")" | "not" "(" test ")"
//! interval = ("[" | "(") value ".." value ("]" | ")")
//! value    = number | date (2026-01-31) | duration in days (P30D) | code | "missing"
//! ```
//!
//! `-` is any value, a missing one included. No other test is true of a missing value unless it says `missing`; `not(…)` speaks
//! of the values that are there. Values are on their fact's axis or the cell is refused, and so is a cell that is never true.

use chrono::NaiveDate;
use rust_decimal::Decimal;

use super::axis::{Axis, Fact, OffAxis, Unit, Value};
use super::set::Set;

/// Tests within tests.
const DEPTH_MAX: usize = 8;

/// What is wrong with a cell, and where: characters are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at character {at}: {problem}")]
pub struct CellError {
    pub at: usize,
    pub problem: CellProblem,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CellProblem {
    #[error("expected {0}")]
    Expected(Expected),
    #[error("{text:?} is no value of this fact: {why}")]
    Value { text: String, why: OffAxis },
    #[error("codes have no order; name them, as in: in (a, b)")]
    Unordered,
    #[error("the interval ends before it begins")]
    Reversed,
    #[error("tests stand in one another more than {DEPTH_MAX} deep")]
    TooDeep,
    #[error("nothing stands here that the cell still needs; `-` means any value")]
    Ends,
    #[error("this is left over")]
    LeftOver,
    #[error("no value makes this true")]
    NeverTrue,
}

/// What a cell would have to go on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Expected {
    #[error("a value")]
    Value,
    #[error("( after not")]
    ParenthesisAfterNot,
    #[error("( after in")]
    ParenthesisAfterIn,
    #[error("a closing )")]
    Closing,
    #[error("a comma or a closing )")]
    CommaOrClosing,
    #[error(".. between the two ends")]
    BetweenEnds,
    #[error("] or ) at the end of the interval")]
    IntervalEnd,
}

/// The values that a cell is true of.
pub(super) fn meaning(text: &str, fact: &Fact) -> Result<Set, CellError> {
    if text.trim() == "-" {
        return Ok(fact.all());
    }
    let mut reading = Reading { rest: text, text, fact };
    let set = reading.test(DEPTH_MAX)?;
    reading.space();
    if !reading.rest.is_empty() {
        return Err(reading.fails(CellProblem::LeftOver));
    }
    if set.is_empty() {
        return Err(CellError { at: 1, problem: CellProblem::NeverTrue });
    }
    Ok(set)
}

struct Reading<'a> {
    text: &'a str,
    rest: &'a str,
    fact: &'a Fact,
}

impl Reading<'_> {
    fn test(&mut self, depth: usize) -> Result<Set, CellError> {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(self.fails(CellProblem::TooDeep));
        };
        self.space();
        if self.word("not") {
            self.expect("(", Expected::ParenthesisAfterNot)?;
            let inner = self.test(depth)?;
            self.expect(")", Expected::Closing)?;
            return Ok(self.fact.axis.all().without(&inner));
        }
        if self.word("in") {
            self.expect("(", Expected::ParenthesisAfterIn)?;
            let mut all = self.test(depth)?;
            while self.takes(",") {
                all = all.or(&self.test(depth)?);
            }
            self.expect(")", Expected::CommaOrClosing)?;
            return Ok(all);
        }
        for (sign, order) in SIGNS {
            if self.takes(sign) {
                return self.compared(order);
            }
        }
        if self.takes("[") {
            return self.interval(Bound::Included);
        }
        if self.takes("(") {
            return self.interval(Bound::Excluded);
        }
        Ok(Set::one(self.value()?))
    }

    fn compared(&mut self, order: Order) -> Result<Set, CellError> {
        if order == Order::Equal {
            return Ok(Set::one(self.value()?));
        }
        let at = self.ordered()?;
        Ok(self.fact.axis.all().and(&match order {
            Order::Less => Set::range(i64::MIN, at - 1),
            Order::AtMost => Set::range(i64::MIN, at),
            Order::More => Set::range(at + 1, i64::MAX),
            Order::AtLeast | Order::Equal => Set::range(at, i64::MAX),
        }))
    }

    fn interval(&mut self, opens: Bound) -> Result<Set, CellError> {
        let place = self.place();
        let first = self.ordered()?;
        self.expect("..", Expected::BetweenEnds)?;
        let last = self.ordered()?;
        let closes = if self.takes("]") {
            Bound::Included
        } else {
            self.expect(")", Expected::IntervalEnd)?;
            Bound::Excluded
        };
        if last < first {
            return Err(CellError { at: place, problem: CellProblem::Reversed });
        }
        let first = if opens == Bound::Excluded { first + 1 } else { first };
        let last = if closes == Bound::Excluded { last - 1 } else { last };
        Ok(Set::range(first, last))
    }

    /// The place of a value that others can be less or more than.
    fn ordered(&mut self) -> Result<i64, CellError> {
        self.space();
        let place = self.place();
        let at = self.value()?;
        match self.fact.axis {
            Axis::Code(_) => Err(CellError { at: place, problem: CellProblem::Unordered }),
            Axis::Number { .. } | Axis::Date { .. } if self.fact.value(at) == Value::Missing => {
                Err(CellError { at: place, problem: CellProblem::Unordered })
            }
            Axis::Number { .. } | Axis::Date { .. } => Ok(at),
        }
    }

    fn value(&mut self) -> Result<i64, CellError> {
        self.space();
        let place = self.place();
        let end = self.rest.find(ends_value).unwrap_or(self.rest.len());
        let end = self.rest.find("..").map_or(end, |dots| dots.min(end));
        let (text, rest) = self.rest.split_at(end);
        if text.is_empty() {
            return Err(self.fails(if self.rest.is_empty() {
                CellProblem::Ends
            } else {
                CellProblem::Expected(Expected::Value)
            }));
        }
        self.rest = rest;
        located(text, self.fact).map_err(|why| {
            let problem = CellProblem::Value { text: text.to_owned(), why };
            CellError { at: place, problem }
        })
    }

    fn space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.space();
        let rest = self.rest.strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    /// A word, and not the beginning of a code.
    fn word(&mut self, word: &str) -> bool {
        let after = self.rest.strip_prefix(word);
        let opens = after.is_some_and(|after| after.trim_start().starts_with('('));
        if let Some(after) = after.filter(|_| opens) {
            self.rest = after;
        }
        opens
    }

    fn expect(&mut self, sign: &str, expected: Expected) -> Result<(), CellError> {
        if self.takes(sign) { Ok(()) } else { Err(self.fails(CellProblem::Expected(expected))) }
    }

    /// The character that comes next, counted from 1.
    fn place(&self) -> usize {
        let read = self.text.len() - self.rest.len();
        self.text.char_indices().take_while(|(at, _)| *at < read).count() + 1
    }

    fn fails(&self, problem: CellProblem) -> CellError {
        CellError { at: self.place(), problem }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    Equal,
    Less,
    AtMost,
    More,
    AtLeast,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Bound {
    Included,
    Excluded,
}

/// The longer ones first.
const SIGNS: [(&str, Order); 7] = [
    ("<=", Order::AtMost),
    ("≤", Order::AtMost),
    (">=", Order::AtLeast),
    ("≥", Order::AtLeast),
    ("<", Order::Less),
    (">", Order::More),
    ("=", Order::Equal),
];

fn ends_value(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | '(' | ')' | '[' | ']' | '<' | '>' | '=' | '≤' | '≥')
}

/// Where a value that is written in a cell lies.
fn located(text: &str, fact: &Fact) -> Result<i64, OffAxis> {
    if text == "missing" {
        return fact.at(&Value::Missing);
    }
    match &fact.axis {
        Axis::Number { .. } => fact.axis.number_at(number(text, fact.unit).ok_or(OffAxis::Type)?),
        Axis::Date { .. } => fact.axis.date_at(date(text).ok_or(OffAxis::Type)?),
        Axis::Code(_) => fact.axis.code_at(text),
    }
}

/// Digits with at most one point between them. A number of days may be written as a duration.
fn number(text: &str, unit: Unit) -> Option<Decimal> {
    let text = match text.strip_prefix('P').and_then(|rest| rest.strip_suffix('D')) {
        Some(days) if unit == Unit::Days => days,
        _ => text,
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if plain(whole) && plain(part) { Decimal::from_str_exact(text).ok() } else { None }
}

/// A date as YYYY-MM-DD and in no other way.
fn date(text: &str) -> Option<NaiveDate> {
    let date: NaiveDate = text.parse().ok()?;
    (date.to_string() == text).then_some(date)
}

/// Where an answer that is written in a row lies.
pub(super) fn answer(text: &str, output: &Axis) -> Result<i64, OffAxis> {
    let text = text.trim();
    match output {
        Axis::Number { .. } => output.number_at(number(text, Unit::None).ok_or(OffAxis::Type)?),
        Axis::Date { .. } => output.date_at(date(text).ok_or(OffAxis::Type)?),
        Axis::Code(_) => output.code_at(text),
    }
}
