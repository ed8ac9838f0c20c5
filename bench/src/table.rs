//! The one table that is printed: what, the figures, the ratio that the target names, and whether it was reached.

use std::{cmp::Ordering, fmt, io::Write};

use anyhow::Result;

/// How far a target was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Missed,
    Must,
    Aim,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Missed => "missed",
            Self::Must => "must",
            Self::Aim => "aim",
        })
    }
}

/// What a figure has to be.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    AtLeast { must: f64, aim: f64 },
    AtMost { must: f64, aim: f64 },
}

impl Target {
    fn judge(self, figure: f64) -> Verdict {
        let (must, aim) = match self {
            Self::AtLeast { must, aim } => (figure >= must, figure >= aim),
            Self::AtMost { must, aim } => (figure <= must, figure <= aim),
        };
        match (must, aim) {
            (_, true) => Verdict::Aim,
            (true, false) => Verdict::Must,
            (false, false) => Verdict::Missed,
        }
    }
}

/// One measured comparison: a figure of each round, ours and the peer's, and what is compared.
pub struct Compared {
    /// `256 in flight`, `SQLite`; empty where the row has one comparison only.
    pub what: &'static str,
    pub target: Target,
    pub unit: &'static str,
    pub rounds: Vec<Round>,
}

pub struct Round {
    pub ours: f64,
    /// Of what it is compared with; absent where the target is absolute.
    pub peer: Option<f64>,
}

impl Compared {
    /// The median of the rounds' ratios (of the figures themselves where there is no peer).
    fn figure(&self) -> f64 {
        median(self.rounds.iter().map(|r| r.peer.map_or(r.ours, |peer| r.ours / peer)).collect())
    }

    fn ours(&self) -> f64 {
        median(self.rounds.iter().map(|r| r.ours).collect())
    }

    fn peer(&self) -> Option<f64> {
        let peers: Option<Vec<_>> = self.rounds.iter().map(|r| r.peer).collect();
        peers.map(median)
    }

    fn verdict(&self) -> Verdict {
        self.target.judge(self.figure())
    }
}

/// One row of the table.
pub struct Row {
    pub number: u32,
    pub what: &'static str,
    pub against: &'static str,
    pub compared: Vec<Compared>,
    /// What else should be known of it.
    pub notes: Vec<String>,
}

impl Row {
    /// A row without notes.
    pub fn of(
        number: u32,
        what: &'static str,
        against: &'static str,
        compared: Vec<Compared>,
    ) -> Self {
        Self { number, what, against, compared, notes: Vec::new() }
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(|a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    let middle = values.len() / 2;
    match (values.get(middle), middle.checked_sub(1).and_then(|before| values.get(before))) {
        (Some(upper), Some(lower)) if values.len().is_multiple_of(2) => {
            f64::midpoint(*upper, *lower)
        }
        (Some(middle), _) => *middle,
        (None, _) => f64::NAN,
    }
}

const HEADING: &str = "\
| # | what | against, in the same run | Probity | against | ratio | must | aim | reached |
|---|---|---|---|---|---|---|---|---|";

/// Prints the table, a line for each comparison, and the notes below it.
pub fn print(out: &mut impl Write, rows: &[Row]) -> Result<()> {
    writeln!(out, "\n{HEADING}")?;
    for row in rows {
        for compared in &row.compared {
            line(out, row, compared)?;
        }
    }
    for row in rows {
        for note in &row.notes {
            writeln!(out, "\nRow {}: {note}", row.number)?;
        }
    }
    writeln!(out)?;
    Ok(())
}

fn line(out: &mut impl Write, row: &Row, compared: &Compared) -> Result<()> {
    let what = match compared.what {
        "" => row.what.to_owned(),
        part => format!("{}: {part}", row.what),
    };
    let (sign, must, aim, mark) = match compared.target {
        Target::AtLeast { must, aim } => ("≥", must, aim, "×"),
        Target::AtMost { must, aim } => ("≤", must, aim, "×"),
    };
    let unit = compared.unit;
    let ours = format!("{} {unit}", figure(compared.ours()));
    let (peer, ratio, mark) = match compared.peer() {
        Some(peer) => {
            (format!("{} {unit}", figure(peer)), format!("{}×", figure(compared.figure())), mark)
        }
        None => ("–".to_owned(), "–".to_owned(), ""),
    };
    writeln!(
        out,
        "| {} | {what} | {} | {ours} | {peer} | {ratio} | {sign} {must}{mark} | {sign} {aim}{mark} | {} |",
        row.number,
        row.against,
        compared.verdict()
    )?;
    Ok(())
}

/// Three digits, with a thin grouping of thousands.
pub fn figure(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    if value < 10.0 {
        return format!("{value:.2}");
    }
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_the_rounds_counts() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0]) - 2.5).abs() < 1e-9);
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_target_is_judged_from_its_own_side() {
        let more = Target::AtLeast { must: 8.0, aim: 15.0 };
        assert_eq!(
            [7.9, 8.0, 15.0].map(|f| more.judge(f)),
            [Verdict::Missed, Verdict::Must, Verdict::Aim]
        );
        let less = Target::AtMost { must: 0.6, aim: 0.25 };
        assert_eq!(
            [0.7, 0.6, 0.2].map(|f| less.judge(f)),
            [Verdict::Missed, Verdict::Must, Verdict::Aim]
        );
    }

    #[test]
    fn figures_are_grouped_by_thousands() {
        assert_eq!([0.254, 12.34, 123.4, 31_000.0].map(figure), ["0.25", "12.3", "123", "31,000"]);
    }
}
