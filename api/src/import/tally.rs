//! What became of the rows.

use journal::{Committed, Replayed};

use super::mapping::Columns;
use super::reading::Fault;
use crate::problem::Problem;

/// What became of the rows of a file.
#[derive(Debug, Default)]
pub struct Tally {
    /// Rows that recorded something.
    pub taken: u64,
    /// Rows that an earlier run had recorded.
    pub known: u64,
    /// What is wrong with the others.
    pub faults: Vec<Fault>,
    /// Customers that were not known before.
    pub registered: u64,
    /// Commands that recorded something.
    pub commands: u64,
}

impl Tally {
    pub fn add(&mut self, other: Self) {
        self.taken += other.taken;
        self.known += other.known;
        self.faults.extend(other.faults);
        self.registered += other.registered;
        self.commands += other.commands;
    }

    /// How many rows were not taken.
    pub fn refused(&self) -> usize {
        let mut lines: Vec<u32> = self.faults.iter().map(|fault| fault.line).collect();
        lines.sort_unstable();
        lines.dedup();
        lines.len()
    }

    /// Counts a row by the commands that it stood for.
    pub fn count(&mut self, row: Fate) {
        match row {
            Fate::Taken => self.taken += 1,
            Fate::Known => self.known += 1,
            Fate::Refused(fault) => self.faults.push(fault),
        }
    }

    /// Counts a command, and says what it makes of its row.
    pub fn command<E>(&mut self, committed: &Committed<E>) -> Fate {
        match committed.replayed {
            Replayed::Yes => Fate::Known,
            Replayed::No => {
                self.commands += 1;
                Fate::Taken
            }
        }
    }
}

#[derive(Debug)]
pub enum Fate {
    Taken,
    Known,
    Refused(Fault),
}

impl Fate {
    /// A row is known only when all that it stood for was.
    #[must_use]
    pub fn and(self, next: Self) -> Self {
        match (self, next) {
            (Self::Refused(fault), _) | (_, Self::Refused(fault)) => Self::Refused(fault),
            (Self::Known, Self::Known) => Self::Known,
            (Self::Taken, _) | (_, Self::Taken) => Self::Taken,
        }
    }
}

/// Why the door refused a row, in terms of the file.
pub fn fault(line: u32, problem: &Problem, columns: &Columns) -> Fault {
    let (field, reason) = match problem.code() {
        "invoice.taken" => {
            (Some("invoice_number"), "on record already, from another file or by hand".to_owned())
        }
        "receipt.taken" => (
            Some("invoice_number"),
            "its payment is on record already, from another file or by hand".to_owned(),
        ),
        "uscc.taken" => (Some("uscc"), problem.detail().to_owned()),
        "customer_code.taken" | "product_code.taken" => (Some("code"), problem.detail().to_owned()),
        "udi.taken" => (Some("udi_di"), problem.detail().to_owned()),
        "idempotency_key.reused" => return otherwise(line),
        _ => (None, problem.detail().to_owned()),
    };
    let column = field.and_then(|field| columns.place(field)).map(|place| place.name.clone());
    Fault { line, column, reason }
}

/// A line that was recorded as something else.
pub fn otherwise(line: u32) -> Fault {
    let reason = "imported before, but under another mapping: what was recorded then stands";
    Fault { line, column: None, reason: reason.to_owned() }
}
