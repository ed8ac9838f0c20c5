//! Receivables: every row is an invoice of the past, and, where it was settled, the cash that settled it.
//!
//! Facts, which no gate is asked about. Each customer's are given in the order of their business dates, invoices before
//! receipts within a day, so that the account goes through what it went through.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use domain::customer::Command;
use domain::customer::receivables::{self, Allocation, OpenInvoice, ReceiveCash};
use domain::customer::registration::{self, CustomerKind, CustomerRegistered, Origin};
use domain::money::{Currency, Money};
use domain::text::Line;

use super::mapping::{Columns, Flag};
use super::reading::{Fault, Reading};
use super::sheet::Sheet;

/// What a file does not say of itself.
#[derive(Clone, Copy, Debug)]
pub struct Usual {
    pub currency: Currency,
    /// Nothing of the past lies after it.
    pub today: NaiveDate,
}

/// An invoice as its row tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    pub line: u32,
    pub customer: Line<64>,
    pub customer_name: Option<Line<200>>,
    pub number: Line<64>,
    pub amount: Money,
    pub invoiced_on: NaiveDate,
    pub due_on: NaiveDate,
    pub settled_on: Option<NaiveDate>,
    pub disputed: bool,
}

/// Everything that a file says of one customer, in the order in which it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    pub steps: Vec<Step>,
    pub openings: Vec<Opening>,
}

/// One fact: an invoice, or the receipt that settled it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    on: NaiveDate,
    pub what: What,
    line: u32,
    /// The place of its row in the account.
    pub opening: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Invoice,
    Receipt,
}

/// Reads every row; the good ones, and what is wrong with the others.
pub fn read(sheet: &Sheet, columns: &Columns, usual: Usual) -> (Vec<Opening>, Vec<Fault>) {
    let mut faults = Vec::new();
    let mut openings: Vec<Opening> = Vec::with_capacity(sheet.rows.len());
    let mut seen: HashMap<(Line<64>, Line<64>), u32> = HashMap::new();
    for row in &sheet.rows {
        let mut reading = Reading::of(row, columns);
        let opening = one(&mut reading, usual);
        if let Some(opening) = &opening {
            let name = (opening.customer.clone(), opening.number.clone());
            match seen.get(&name) {
                Some(line) => reading.refuse(
                    "invoice_number",
                    format!(
                        "{} of {} stands on line {line} already",
                        opening.number, opening.customer
                    ),
                ),
                None => {
                    seen.insert(name, row.line);
                }
            }
        }
        match reading.done(opening) {
            Ok(opening) => openings.push(opening),
            Err(wrong) => faults.extend(wrong),
        }
    }
    (openings, faults)
}

fn one(reading: &mut Reading<'_>, usual: Usual) -> Option<Opening> {
    let customer = reading.required("customer");
    let customer_name = reading.optional("customer_name");
    let number = reading.required("invoice_number");
    let invoiced_on = reading.required_date("invoiced_on");
    let due_on = reading.required_date("due_on");
    let currency = reading.optional("currency").unwrap_or(usual.currency);
    let amount = amount(reading, currency);
    let settled_on = reading.date("settled_on");
    let disputed = reading.flag("disputed") == Flag::Yes;
    if let (Some(issued), Some(due)) = (invoiced_on, due_on)
        && due < issued
    {
        reading.refuse("due_on", format!("{due} lies before the invoice of {issued}"));
    }
    if let (Some(issued), Some(settled)) = (invoiced_on, settled_on)
        && settled < issued
    {
        reading.refuse("settled_on", format!("{settled} lies before the invoice of {issued}"));
    }
    for (field, date) in [("invoiced_on", invoiced_on), ("settled_on", settled_on)] {
        if let Some(date) = date.filter(|date| *date > usual.today) {
            reading.refuse(field, format!("{date} has not come yet"));
        }
    }
    Some(Opening {
        line: reading.line(),
        customer: customer?,
        customer_name,
        number: number?,
        amount: amount?,
        invoiced_on: invoiced_on?,
        due_on: due_on?,
        settled_on,
        disputed,
    })
}

fn amount(reading: &mut Reading<'_>, currency: Currency) -> Option<Money> {
    let text: String = reading.required("amount")?;
    match Money::parse(&text, currency).and_then(Money::require_positive) {
        Ok(amount) => Some(amount),
        Err(error) => {
            reading.refuse("amount", error);
            None
        }
    }
}

/// The rows by customer, each in the order of its business dates.
pub fn accounts(openings: Vec<Opening>) -> Vec<Account> {
    let mut by_customer: BTreeMap<Line<64>, Vec<Opening>> = BTreeMap::new();
    for opening in openings {
        by_customer.entry(opening.customer.clone()).or_default().push(opening);
    }
    let accounts = by_customer.into_values().map(|openings| {
        let mut steps = Vec::with_capacity(openings.len().saturating_mul(2));
        for (index, opening) in openings.iter().enumerate() {
            let step = |what, on| Step { on, what, line: opening.line, opening: index };
            steps.push(step(What::Invoice, opening.invoiced_on));
            steps.extend(opening.settled_on.map(|on| step(What::Receipt, on)));
        }
        steps.sort_unstable();
        Account { steps, openings }
    });
    accounts.collect()
}

impl Opening {
    fn origin(&self, digest: &str) -> Origin {
        Origin { kind: "import".to_owned(), digest: digest.to_owned(), line: self.line }
    }

    /// What is recorded of this row.
    pub fn command(&self, what: What, digest: &str) -> Result<Command, domain::text::TextError> {
        let origin = self.origin(digest);
        Ok(Command::Receivables(match what {
            What::Invoice => receivables::Command::OpenInvoice(Box::new(OpenInvoice {
                number: self.number.clone(),
                amount: self.amount,
                issued_on: self.invoiced_on,
                due_on: self.due_on,
                disputed: self.disputed,
                origin,
            })),
            What::Receipt => receivables::Command::Receive(Box::new(ReceiveCash {
                // The file names no payment: the one that settled this invoice is called after it.
                reference: format!("settles {}", self.number).parse()?,
                amount: self.amount,
                received_on: self.settled_on,
                apply: Allocation::Number(self.number.clone()),
                origin: Some(origin),
            })),
        }))
    }

    /// A customer of whom nothing is known but this row.
    pub fn registration(&self, digest: &str) -> Result<Command, domain::text::TextError> {
        let name = match &self.customer_name {
            Some(name) => name.clone(),
            None => self.customer.parse()?,
        };
        let particulars = CustomerRegistered {
            name,
            uscc: None,
            kind: CustomerKind::Unclassified,
            segment: None,
            region: None,
            business_unit: None,
            account_manager: None,
            registered_address: None,
            delivery_addresses: Vec::new(),
            currency: self.amount.currency(),
            origin: Some(self.origin(digest)),
        };
        let register = registration::Register { particulars, code: Some(self.customer.clone()) };
        Ok(Command::Registration(registration::Command::Register(Box::new(register))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ImportKind;
    use crate::import::sheet::Layout;

    fn read_text(text: &str) -> (Vec<Opening>, Vec<String>) {
        let sheet = Sheet::parse(text.as_bytes(), &Layout::default()).unwrap();
        let columns = Columns::of(ImportKind::Receivables, None, &sheet).unwrap();
        let usual = Usual { currency: Currency::CNY, today: "2026-11-22".parse().unwrap() };
        let (openings, faults) = read(&sheet, &columns, usual);
        (openings, faults.iter().map(ToString::to_string).collect())
    }

    const HEADER: &str = "customer,invoice_number,invoiced_on,due_on,amount,settled_on,disputed\n";

    #[test]
    fn every_wrong_cell_of_a_row_is_named() {
        let rows = "C1,N1,2026-01-05,2026-02-04,10.00,2026-01-20,yes\n\
                    ,N2,2026-13-01,2026-02-04,\"1,5\",,\n\
                    C1,N3,2026-01-05,2026-01-04,0,2026-01-01,maybe\n\
                    C1,N1,2026-01-06,2026-02-05,10.00,,\n\
                    C1,N4,2026-12-01,2026-12-31,10.001,,\n";
        let (openings, faults) = read_text(&format!("{HEADER}{rows}"));
        assert_eq!(openings.len(), 1);
        assert!(openings[0].disputed);
        assert_eq!(
            faults,
            [
                "line 3, column customer: nothing stands here",
                "line 3, column invoiced_on: \"2026-13-01\" is no date written %Y-%m-%d",
                "line 3, column amount: \"1,5\" is not a decimal number such as \"12800.00\"",
                "line 4, column amount: the amount must be more than zero",
                "line 4, column disputed: \"maybe\" is neither yes nor no",
                "line 4, column due_on: 2026-01-04 lies before the invoice of 2026-01-05",
                "line 4, column settled_on: 2026-01-01 lies before the invoice of 2026-01-05",
                "line 5, column invoice_number: N1 of C1 stands on line 2 already",
                "line 6, column amount: \"10.001\" is finer than CNY can be paid: use at most 2 decimals",
                "line 6, column invoiced_on: 2026-12-01 has not come yet",
            ]
        );
    }

    use What::{Invoice, Receipt};

    #[test]
    fn invoices_come_before_receipts_within_a_day_and_days_in_their_order() {
        let rows = "C1,N1,2026-01-05,2026-02-04,10,2026-01-20,\n\
                    C2,N1,2026-01-01,2026-02-04,10,,\n\
                    C1,N2,2026-01-20,2026-02-19,10,2026-01-20,\n\
                    C1,N3,2026-01-02,2026-02-01,10,,\n";
        let (openings, faults) = read_text(&format!("{HEADER}{rows}"));
        assert_eq!(faults, Vec::<String>::new());
        let accounts = accounts(openings);
        let told: Vec<Vec<_>> = accounts
            .iter()
            .map(|account| {
                let steps = account.steps.iter();
                steps.map(|s| (s.what, account.openings[s.opening].number.as_str())).collect()
            })
            .collect();
        assert_eq!(
            told,
            [
                vec![
                    (Invoice, "N3"),
                    (Invoice, "N1"),
                    (Invoice, "N2"),
                    (Receipt, "N1"),
                    (Receipt, "N2")
                ],
                vec![(Invoice, "N1")],
            ]
        );
    }
}
