//! Credit: how much a customer may owe us, and on what terms.
//!
//! A limit is none, unlimited or an amount; what was never granted is not configured, and never means "allowed".
//! A freeze stops new credit; it does not touch what is already owed, and it never stops incoming cash.
//! Nobody grants credit to a customer whose account they manage, nor more than the pack's bands allow a customer like this one.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::{
    Customer, Event, Rejection,
    approving::{self, Case, Matter},
    money,
};
use crate::{
    context::Context,
    ids::StaffId,
    money::{Minor, Money},
    policy::approvals::Subject,
    text::Prose,
};

#[derive(Clone, Debug)]
pub enum Command {
    /// By Sales: Credit assesses it, and whoever else the amount asks for agrees.
    Apply(Box<LimitGranted>),
    /// By Credit: an assessment of its own, or of what was applied for.
    Grant(Box<LimitGranted>),
    Freeze {
        reason: Prose<500>,
    },
    Unfreeze {
        reason: Option<Prose<500>>,
    },
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
    /// By how much the limit grew; absent where it did not, and in grants of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub increase: Option<Increase>,
}

/// A limit that grew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Increase {
    pub on: NaiveDate,
    /// Absent: without bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<Money>,
}

/// For how long what was granted counts towards the authority of whoever grants more.
pub const CUMULATED: Months = Months::new(12);

impl Limit {
    /// Absent: without bound.
    pub fn amount(&self) -> Option<Minor> {
        match self {
            Self::None => Some(Minor::ZERO),
            Self::Amount { amount } => Some(amount.minor()),
            Self::Unlimited => None,
        }
    }
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
    /// Those of the last twelve months before the last grant.
    #[serde(default)]
    pub increases: Vec<Increase>,
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
    // An account manager may ask for credit, and decides nothing about it.
    if !matches!(command, Command::Apply(_)) {
        not_the_account_manager(customer, context)?;
    }
    let credit = &customer.credit;
    let under_way = customer.cases.credit.as_deref().filter(|case| case.goes_on());
    match command {
        Command::Apply(grant) => {
            is_sound(customer, context, grant)?;
            if under_way.is_some_and(Case::is_open) {
                return Err(Rejection::AlreadyApplied);
            }
            let matter = Matter::Credit { grant: grant.clone(), assessed_by: None };
            approving::request(customer, context, &matter)
        }
        Command::Grant(grant) => {
            is_sound(customer, context, grant)?;
            let actor = &context.turn.actor;
            let acts_for = |it: &StaffId| context.assemblies.acts_for(Subject::Credit, actor, it);
            let own = |case: &Case| case.applicants.iter().any(acts_for);
            if under_way.is_some_and(own) {
                return Err(Rejection::OwnApplication);
            }
            let assessed_by = Some(actor.clone());
            let matter = Matter::Credit { grant: grant.clone(), assessed_by };
            approving::request(customer, context, &matter)
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

fn is_sound(customer: &Customer, context: &Context, grant: &LimitGranted) -> Result<(), Rejection> {
    let limit = match grant.limit {
        Limit::Amount { amount } => Some(amount),
        Limit::None | Limit::Unlimited => None,
    };
    for amount in [limit, grant.single_document_cap].into_iter().flatten() {
        customer.takes(amount.currency())?;
        if !amount.is_positive() {
            return Err(Rejection::AmountNotPositive);
        }
    }
    if grant.valid_until.is_some_and(|end| end < context.turn.today) {
        return Err(Rejection::LimitAlreadyEnded);
    }
    approving::within_caps(customer, context, grant)
}

/// A limit as it takes effect, once everybody agreed.
pub(super) fn granted(
    customer: &Customer,
    context: &Context,
    grant: &LimitGranted,
) -> Result<LimitGranted, Rejection> {
    is_sound(customer, context, grant)?;
    let today = context.turn.today;
    let increase = match customer.credit.increase_to(&grant.limit, today) {
        Some(by) if by.is_positive() => {
            Some(Increase { on: today, by: Some(money(by, customer.currency())) })
        }
        Some(_) => None,
        None => Some(Increase { on: today, by: None }),
    };
    Ok(LimitGranted { increase, ..grant.clone() })
}

/// Who looks after an account does not decide about its credit, nor does whoever stands in for them.
pub(super) fn not_the_account_manager(
    customer: &Customer,
    context: &Context,
) -> Result<(), Rejection> {
    let manager = customer.registration.account_manager();
    let actor = &context.turn.actor;
    let acts_for = |it| context.assemblies.acts_for(Subject::Credit, actor, it);
    if manager.is_some_and(acts_for) {
        return Err(Rejection::OwnAccount);
    }
    Ok(())
}

/// Whether an increase is of the twelve months before a day.
fn counts(increase: &Increase, today: NaiveDate) -> bool {
    today.checked_sub_months(CUMULATED).is_none_or(|since| increase.on > since)
}

impl Credit {
    /// By how much this limit is more than what was granted last; None: without bound.
    ///
    /// A limit that ended more than twelve months ago is none: whoever grants it again grants all of it.
    fn increase_to(&self, limit: &Limit, today: NaiveDate) -> Option<Minor> {
        let stands = |granted: &&LimitGranted| {
            let since = today.checked_sub_months(CUMULATED).unwrap_or(today);
            granted.valid_until.is_none_or(|end| end >= since)
        };
        let before = self.granted.as_ref().filter(stands);
        match (before.map_or(Some(Minor::ZERO), |it| it.limit.amount()), limit.amount()) {
            (None, _) => Some(Minor::ZERO),
            (Some(_), None) => None,
            (Some(before), Some(now)) => Some(now.saturating_minus(before).max(Minor::ZERO)),
        }
    }

    /// The same with the increases of the last twelve months: what authority is tested on, so that splitting a request helps nobody.
    ///
    /// What does not grow has none, whatever was granted before.
    pub fn cumulative_increase(&self, limit: &Limit, today: NaiveDate) -> Option<Minor> {
        let mut total = self.increase_to(limit, today)?;
        if !total.is_positive() {
            return Some(Minor::ZERO);
        }
        for increase in self.increases.iter().filter(|known| counts(known, today)) {
            total = total.saturating_plus(increase.by?.minor());
        }
        Some(total)
    }

    pub(super) fn grant(&mut self, event: &LimitGranted, version: i64) {
        self.granted = Some(event.clone());
        self.granted_version = version;
        if let Some(increase) = event.increase {
            self.increases.retain(|known| counts(known, increase.on));
            self.increases.push(increase);
        }
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
