//! Credit: how much a customer may owe us, and on what terms.
//!
//! A limit is none, unlimited or an amount; what was never granted is not configured, and never means "allowed".
//! A freeze stops new credit; it does not touch what is already owed, and it never stops incoming cash.
//! Nobody grants credit to a customer whose account they manage.

use chrono::{Datelike, Days, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{Customer, Event, Rejection};
use crate::{context::Context, ids::StaffId, money::Money, text::Prose};

#[derive(Clone, Debug)]
pub enum Command {
    Grant(Box<LimitGranted>),
    Freeze { reason: Prose<500> },
    Unfreeze { reason: Option<Prose<500>> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Limit {
    /// Explicitly no credit: what is not paid in advance is over the limit.
    None,
    Unlimited,
    Amount {
        amount: Money,
    },
}

/// When what was invoiced falls due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    pub from: TermsFrom,
    pub days: u32,
}

/// The longest terms of payment, in days.
pub const TERMS_DAYS_MAX: u32 = 3_650;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TermsFrom {
    Invoice,
    Shipment,
    MonthEnd,
}

impl Terms {
    /// The last day on which payment is in time.
    pub fn due_on(self, issued_on: NaiveDate, shipped_on: NaiveDate) -> NaiveDate {
        let from = match self.from {
            TermsFrom::Invoice => issued_on,
            TermsFrom::Shipment => shipped_on,
            TermsFrom::MonthEnd => month_end(issued_on),
        };
        from.checked_add_days(Days::new(self.days.into())).unwrap_or(NaiveDate::MAX)
    }
}

fn month_end(date: NaiveDate) -> NaiveDate {
    let (year, month) =
        if date.month() == 12 { (date.year() + 1, 1) } else { (date.year(), date.month() + 1) };
    NaiveDate::from_ymd_opt(year, month, 1).and_then(|first| first.pred_opt()).unwrap_or(date)
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LimitGranted {
    pub limit: Limit,
    /// Inclusive. Absent: until it is superseded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
    /// The most that one order may put on credit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub single_document_cap: Option<Money>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LimitFrozen {
    #[schema(value_type = String)]
    pub reason: Prose<500>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LimitUnfrozen {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Prose<500>>,
}

/// The credit part of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Credit {
    pub granted: Option<LimitGranted>,
    pub granted_version: i64,
    pub frozen: Option<Freeze>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Freeze {
    pub reason: String,
    pub version: i64,
}

pub(super) fn decide(
    customer: &Customer,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    not_the_account_manager(customer, &context.turn.actor)?;
    let credit = &customer.credit;
    match command {
        Command::Grant(grant) => {
            let amounts = [
                match grant.limit {
                    Limit::Amount { amount } => Some(amount),
                    Limit::None | Limit::Unlimited => None,
                },
                grant.single_document_cap,
            ];
            for amount in amounts.into_iter().flatten() {
                customer.takes(amount.currency())?;
                if !amount.is_positive() {
                    return Err(Rejection::AmountNotPositive);
                }
            }
            if grant.valid_until.is_some_and(|end| end < context.turn.today) {
                return Err(Rejection::LimitAlreadyEnded);
            }
            Ok(vec![Event::LimitGranted((**grant).clone())])
        }
        Command::Freeze { reason } => {
            if credit.frozen.is_some() {
                return Err(Rejection::AlreadyFrozen);
            }
            Ok(vec![Event::LimitFrozen(LimitFrozen { reason: reason.clone() })])
        }
        Command::Unfreeze { reason } => {
            if credit.frozen.is_none() {
                return Err(Rejection::NotFrozen);
            }
            Ok(vec![Event::LimitUnfrozen(LimitUnfrozen { reason: reason.clone() })])
        }
    }
}

/// Who looks after an account does not decide about its credit.
pub(super) fn not_the_account_manager(
    customer: &Customer,
    actor: &StaffId,
) -> Result<(), Rejection> {
    if customer.registration.account_manager() == Some(actor) {
        return Err(Rejection::OwnAccount);
    }
    Ok(())
}

impl Credit {
    pub(super) fn grant(&mut self, event: &LimitGranted, version: i64) {
        self.granted = Some(event.clone());
        self.granted_version = version;
    }

    pub(super) fn freeze(&mut self, event: &LimitFrozen, version: i64) {
        self.frozen = Some(Freeze { reason: event.reason.to_string(), version });
    }

    pub(super) fn unfreeze(&mut self) {
        self.frozen = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn terms_run_from_the_invoice_the_shipment_or_the_end_of_the_month() {
        let due = |from, days| {
            Terms { from, days }.due_on(date("2026-12-05"), date("2026-11-28")).to_string()
        };
        assert_eq!(due(TermsFrom::Invoice, 60), "2027-02-03");
        assert_eq!(due(TermsFrom::Shipment, 60), "2027-01-27");
        assert_eq!(due(TermsFrom::MonthEnd, 0), "2026-12-31");
        assert_eq!(due(TermsFrom::MonthEnd, 30), "2027-01-30");
    }
}
