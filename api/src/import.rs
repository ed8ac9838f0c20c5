//! `probity import`: customers, products and receivables from files that people have.
//!
//! A file is read and checked as a whole first; then what is good is recorded through the ordinary door, while `serve` may
//! run on the same store. The command returns once the read models know all of it.

pub mod accounts;
pub mod customers;
pub mod earlier;
pub mod fields;
pub mod giving;
pub mod mapping;
pub mod products;
pub mod reading;
pub mod receivables;
pub mod registrations;
pub mod report;
pub mod sheet;
pub mod tally;

use std::time::{Duration, Instant};

use domain::money::Currency;
use indicatif::ProgressBar;

use self::giving::Giver;
use self::mapping::Columns;
use self::receivables::{Account, Usual};
use self::sheet::{Layout, Sheet};
use crate::config::{ImportKind, ImportOptions};
use crate::door::Door;

pub use self::fields::help;
pub use self::giving::Stopped;
pub use self::mapping::{Mapping, MappingError};
pub use self::reading::Fault;
pub use self::report::run;
pub use self::sheet::FileError;
pub use self::tally::Tally;

/// A file that was read, with what its columns mean.
#[derive(Clone, Debug)]
pub struct Input {
    pub kind: ImportKind,
    sheet: Sheet,
    columns: Columns,
}

/// The file cannot be understood as a whole.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    #[error("{0}")]
    File(#[from] FileError),
    #[error("{0}")]
    Mapping(#[from] MappingError),
}

/// Everything good about a file.
#[derive(Clone, Debug)]
enum Rows {
    Receivables(Vec<Account>),
    Customers(Vec<customers::Registration>),
    Products(Vec<products::Registration>),
}

/// A file whose rows were checked.
#[derive(Clone, Debug)]
pub struct Checked {
    rows: Rows,
    /// How many rows are good.
    pub good: usize,
    pub faults: Vec<Fault>,
}

/// What an import came to.
#[derive(Debug)]
pub struct Imported {
    pub tally: Tally,
    /// Until the read models knew all of it.
    pub took: Duration,
}

impl Input {
    pub fn read(options: &ImportOptions) -> Result<Self, InputError> {
        let mapping = options.mapping.as_deref().map(Mapping::read).transpose()?;
        let layout = match &mapping {
            Some(mapping) => mapping.layout()?,
            None => Layout::default(),
        };
        let sheet = Sheet::read(&options.file, &layout)?;
        let columns = Columns::of(options.kind, mapping.as_ref(), &sheet)?;
        Ok(Self { kind: options.kind, sheet, columns })
    }

    /// How many rows the file has.
    pub fn len(&self) -> usize {
        self.sheet.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sheet.rows.is_empty()
    }

    /// Checks every row by itself and against the others. `company` is the currency where neither file nor mapping tells.
    pub fn check(&self, company: Currency, today: chrono::NaiveDate) -> Checked {
        let currency = self.columns.format.currency.unwrap_or(company);
        let (rows, good, faults) = match self.kind {
            ImportKind::Receivables => {
                let usual = Usual { currency, today };
                let (openings, faults) = receivables::read(&self.sheet, &self.columns, usual);
                let good = openings.len();
                (Rows::Receivables(receivables::accounts(openings)), good, faults)
            }
            ImportKind::Customers => {
                let (rows, faults) = customers::read(&self.sheet, &self.columns, currency);
                let good = rows.len();
                (Rows::Customers(rows), good, faults)
            }
            ImportKind::Products => {
                let (rows, faults) = products::read(&self.sheet, &self.columns);
                let good = rows.len();
                (Rows::Products(rows), good, faults)
            }
        };
        Checked { rows, good, faults }
    }
}

/// Records what is good about a file, and waits for the read models.
pub async fn import(
    door: &Door,
    input: &Input,
    progress: ProgressBar,
) -> Result<Imported, Stopped> {
    let started = Instant::now();
    let company =
        door.house().policy().map_or(Currency::CNY, |policy| policy.pack.company.currency);
    let checked = input.check(company, door.today());
    progress.set_length(u64::try_from(checked.good).unwrap_or(u64::MAX));
    let understood = input.columns.understood(company);
    let giver = Giver::new(door, &input.sheet.digest, &understood, progress.clone())?;
    let columns = &input.columns;
    let mut tally = match &checked.rows {
        Rows::Receivables(accounts) => accounts::record(&giver, columns, accounts).await?,
        Rows::Customers(rows) => registrations::customers(&giver, columns, rows).await?,
        Rows::Products(rows) => registrations::products(&giver, columns, rows).await?,
    };
    tally.faults.extend(checked.faults);
    tally.faults.sort();
    progress.set_message("waiting for the read models");
    // This process follows already; what it has not reached by then is followed here, or the reason why not is told.
    let _ = door.settled(None).await;
    projections::catch_up(door.journal()).await.map_err(crate::problem::Problem::internal)?;
    progress.finish_and_clear();
    Ok(Imported { tally, took: started.elapsed() })
}
