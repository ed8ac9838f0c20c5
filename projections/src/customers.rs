//! The directory: which customers there are, what they are, and how each stands.
//!
//! Table `customers`, made by migration 0011. The full card comes from the aggregate itself; exposure and ageing from
//! `orders` and `receivables`.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::customer::{
    Event,
    credit::{Limit, LimitGranted, TermsFrom},
    qualification::Approved,
    registration::{CustomerKind, CustomerRegistered, ParticularsAmended, Status, StatusChanged},
};
use domain::money::Money;
use journal::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;
use crate::model::Model;
use crate::query::{Keyset, Listed, fetch, like, money};
use crate::seen::{Seen, capability};
use crate::store::bulk::column_names;
use crate::store::{Rows, Stored, table};

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct Entry in "customers" by customer: Arc<str> {
        customer: Arc<str>,
        name: String,
        uscc: Option<String>,
        code: Option<String>,
        kind: Cow<'static, str>,
        segment: Option<String>,
        region: Option<String>,
        business_unit: Option<String>,
        account_manager: Option<String>,
        currency: String,
        status: Cow<'static, str>,
        status_reason: Option<String>,
        qualification: Cow<'static, str>,
        review_open: bool,
        approved_position: Option<i64>,
        limit_kind: Option<Cow<'static, str>>,
        limit_minor: Option<i64>,
        limit_valid_until: Option<NaiveDate>,
        cap_minor: Option<i64>,
        terms_from: Option<Cow<'static, str>>,
        terms_days: Option<i64>,
        frozen: bool,
        origin: Option<String>,
        registered_at: DateTime<Utc>,
        search: String,
    }
}

/// A line of the directory.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CustomerRow {
    pub id: String,
    pub name: String,
    pub uscc: Option<String>,
    pub code: Option<String>,
    pub kind: String,
    pub segment: Option<String>,
    pub region: Option<String>,
    pub business_unit: Option<String>,
    pub account_manager: Option<String>,
    pub currency: String,
    pub status: String,
    pub status_reason: Option<String>,
    /// `none`, `draft`, `in_review`, `approved`, `rejected`, `returned`.
    pub qualification: String,
    /// A review waits for Quality; also beside papers in force.
    pub review_open: bool,
    pub credit: Option<CreditRow>,
    /// `import`, where nobody entered it by hand.
    pub origin: Option<String>,
    pub registered_at: DateTime<Utc>,
}

/// What was granted; absent until somebody does.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct CreditRow {
    /// `none`, `unlimited`, `amount`; absent where credit was frozen before any was granted.
    pub limit_kind: Option<String>,
    pub limit: Option<Money>,
    pub valid_until: Option<NaiveDate>,
    pub single_document_cap: Option<Money>,
    pub terms_from: Option<String>,
    pub terms_days: Option<i64>,
    pub frozen: bool,
}

impl From<Entry> for CustomerRow {
    fn from(entry: Entry) -> Self {
        let of = |minor: i64| money(minor, &entry.currency);
        let credit = (entry.limit_kind.is_some() || entry.frozen).then(|| CreditRow {
            limit_kind: entry.limit_kind.map(Into::into),
            limit: entry.limit_minor.map(of),
            valid_until: entry.limit_valid_until,
            single_document_cap: entry.cap_minor.map(of),
            terms_from: entry.terms_from.map(Into::into),
            terms_days: entry.terms_days,
            frozen: entry.frozen,
        });
        Self {
            id: entry.customer.to_string(),
            name: entry.name,
            uscc: entry.uscc,
            code: entry.code,
            kind: entry.kind.into(),
            segment: entry.segment,
            region: entry.region,
            business_unit: entry.business_unit,
            account_manager: entry.account_manager,
            currency: entry.currency,
            status: entry.status.into(),
            status_reason: entry.status_reason,
            qualification: entry.qualification.into(),
            review_open: entry.review_open,
            credit,
            origin: entry.origin,
            registered_at: entry.registered_at,
        }
    }
}

const FILTERED: &str = "FROM customers WHERE customer > $1 \
     AND ($2 IS NULL OR search LIKE $2 ESCAPE '\\') AND ($3 IS NULL OR code = $3) AND ($4 IS NULL OR kind = $4) \
     AND ($5 IS NULL OR status = $5) AND ($6 IS NULL OR region LIKE $6 ESCAPE '\\') \
     AND ($7 IS NULL OR qualification = $7) \
     ORDER BY customer LIMIT $8";

/// The capabilities whose events change the directory.
const LIMITS_ENDING: &str = "FROM customers WHERE limit_valid_until >= $1 AND limit_valid_until <= $2 AND customer > $3 \
     ORDER BY customer LIMIT $4";
const CAPABILITIES: [&str; 3] = ["registration", "qualification", "credit"];

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Customers {
    rows: Rows<Entry>,
}

impl Model for Customers {
    fn name(&self) -> &'static str {
        "customers"
    }

    fn ask(&mut self, seen: &Seen) {
        match seen.customer() {
            Some(Event::CustomerRegistered(_)) => self.rows.expect(&seen.stream),
            Some(event) if CAPABILITIES.contains(&capability(event)) => self.rows.ask(&seen.stream),
            Some(_) | None => {}
        }
    }

    fn fold(&mut self, seen: &Seen) {
        match seen.customer() {
            Some(Event::CustomerRegistered(registered)) => {
                self.rows.put(Entry::opened(seen, registered));
            }
            Some(event) if CAPABILITIES.contains(&capability(event)) => {
                if let Some(row) = self.rows.change(&seen.stream) {
                    row.change(seen, event);
                    row.index();
                }
            }
            Some(_) | None => {}
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.rows]
    }
}

impl Entry {
    fn opened(seen: &Seen, registered: &CustomerRegistered) -> Self {
        let mut entry = Self {
            customer: Arc::clone(&seen.stream),
            name: registered.name.to_string(),
            uscc: registered.uscc.as_ref().map(ToString::to_string),
            code: None,
            kind: registered.kind.code().into(),
            segment: registered.segment.as_ref().map(ToString::to_string),
            region: registered.region.as_ref().map(ToString::to_string),
            business_unit: registered.business_unit.as_ref().map(ToString::to_string),
            account_manager: registered.account_manager.as_ref().map(ToString::to_string),
            currency: registered.currency.as_str().to_owned(),
            status: Status::Active.code().into(),
            status_reason: None,
            qualification: "none".into(),
            review_open: false,
            approved_position: None,
            limit_kind: None,
            limit_minor: None,
            limit_valid_until: None,
            cap_minor: None,
            terms_from: None,
            terms_days: None,
            frozen: false,
            origin: registered.origin.as_ref().map(|origin| origin.kind.clone()),
            registered_at: seen.recorded_at,
            search: String::new(),
        };
        entry.index();
        entry
    }

    fn approve(&mut self, seen: &Seen, approved: &Approved) {
        if let Some(name) = &approved.name {
            self.name = name.to_string();
        }
        self.review("approved", ReviewIs::Over);
        self.approved_position.get_or_insert(seen.position);
    }

    /// What `q` looks in.
    fn index(&mut self) {
        let parts = [Some(&self.name), self.code.as_ref(), self.uscc.as_ref()];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        self.search = parts.join("\n").to_lowercase();
    }

    fn change(&mut self, seen: &Seen, event: &Event) {
        match event {
            Event::CodeAssigned(assigned) => self.code = Some(assigned.code.to_string()),
            Event::CustomerClassified(classified) => self.classify(classified.kind),
            Event::UsccRecorded(recorded) => self.uscc = Some(recorded.uscc.to_string()),
            Event::ParticularsAmended(amended) => self.amend(amended),
            Event::CustomerSuspended(changed) => self.stand(Status::Suspended, changed),
            Event::CustomerDisabled(changed) => self.stand(Status::Disabled, changed),
            Event::CustomerReinstated(changed) => self.stand(Status::Active, changed),
            Event::DocumentUploaded(_) => {
                if self.qualification == "none" {
                    self.qualification = "draft".into();
                }
            }
            Event::QualificationSubmitted(_) => self.review("in_review", ReviewIs::Open),
            Event::QualificationApproved(approved) => self.approve(seen, approved),
            Event::QualificationRejected(_) => self.review("rejected", ReviewIs::Over),
            Event::QualificationReturned(_) => self.review("returned", ReviewIs::Over),
            Event::LimitGranted(granted) => self.grant(granted),
            Event::LimitFrozen(_) => self.frozen = true,
            Event::LimitUnfrozen(_) => self.frozen = false,
            Event::CaseOpened(_)
            | Event::CaseRoundOpened(_)
            | Event::CaseVoted(_)
            | Event::CaseStageOpened(_)
            | Event::InformationAsked(_)
            | Event::InformationGiven(_)
            | Event::ReviewerAdded(_)
            | Event::CaseTransferred(_)
            | Event::CaseReminded(_)
            | Event::SlaBreached(_)
            | Event::CaseEscalated(_)
            | Event::CaseClosed(_)
            | Event::CustomerRegistered(_)
            | Event::DocumentRevoked(_)
            | Event::DocumentExpiryAnnounced(_)
            | Event::OrderPlaced(_)
            | Event::OrderHeld(_)
            | Event::OrderDenied(_)
            | Event::OrderReleased(_)
            | Event::OrderHealed(_)
            | Event::OrderCancelled(_)
            | Event::GoodsShipped(_)
            | Event::ShipmentHeld(_)
            | Event::ShipmentDenied(_)
            | Event::ShipmentCleared(_)
            | Event::InvoiceIssued(_)
            | Event::InvoiceHeld(_)
            | Event::InvoiceDenied(_)
            | Event::InvoiceVoided(_)
            | Event::InvoiceOpened(_)
            | Event::CashReceived(_)
            | Event::CashApplied(_)
            | Event::ReceiptReversed(_)
            | Event::CreditNoteIssued(_)
            | Event::ComplianceCaseOpened(_)
            | Event::OverdueAnnounced(_) => {}
        }
    }

    fn amend(&mut self, amended: &ParticularsAmended) {
        fn replace<T: ToString>(field: &mut Option<String>, new: Option<&T>) {
            if let Some(new) = new {
                *field = Some(new.to_string());
            }
        }
        replace(&mut self.segment, amended.segment.as_ref());
        replace(&mut self.region, amended.region.as_ref());
        replace(&mut self.business_unit, amended.business_unit.as_ref());
        replace(&mut self.account_manager, amended.account_manager.as_ref());
    }

    fn stand(&mut self, status: Status, changed: &StatusChanged) {
        self.status = status.code().into();
        self.status_reason = Some(changed.reason.to_string());
    }

    /// Another kind asks for other papers: the approval speaks of it no more.
    fn classify(&mut self, kind: CustomerKind) {
        if self.kind == kind.code() {
            return;
        }
        self.kind = kind.code().into();
        if self.approved_position.take().is_some() {
            self.qualification = if self.review_open { "in_review" } else { "draft" }.into();
        }
    }

    /// Who was approved once stays approved, as one of its kind; a renewal is reviewed beside.
    fn review(&mut self, came_to: &'static str, review: ReviewIs) {
        self.review_open = review == ReviewIs::Open;
        if self.approved_position.is_none() {
            self.qualification = came_to.into();
        }
    }

    fn grant(&mut self, granted: &LimitGranted) {
        let (kind, minor) = match granted.limit {
            Limit::None => ("none", None),
            Limit::Unlimited => ("unlimited", None),
            Limit::Amount { amount } => ("amount", Some(amount.minor_units())),
        };
        self.limit_kind = Some(kind.into());
        self.limit_minor = minor;
        self.limit_valid_until = granted.valid_until;
        self.cap_minor = granted.single_document_cap.map(Money::minor_units);
        self.terms_days = granted.terms.map(|terms| terms.days.into());
        self.terms_from = granted.terms.map(|terms| match terms.from {
            TermsFrom::Invoice => "invoice".into(),
            TermsFrom::Shipment => "shipment".into(),
            TermsFrom::MonthEnd => "month_end".into(),
        });
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ReviewIs {
    Open,
    Over,
}

/// What the directory is searched for; what is absent does not narrow it.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Part of the name, the code or the USCC, in any case.
    pub q: Option<String>,
    /// The whole code.
    pub code: Option<String>,
    pub kind: Option<String>,
    pub status: Option<String>,
    /// GB/T 2260: `330000` is a province with all that lies in it, `330100` a prefecture, `330106` a county.
    pub region: Option<String>,
    pub qualification: Option<String>,
}

/// The directory, in the order of registration.
pub async fn directory(
    engine: &Engine,
    search: &Search,
    keyset: &Keyset,
) -> Result<Listed<CustomerRow>, Error> {
    let q = search.q.as_deref().map(|q| format!("%{}%", like(q)));
    let region = search.region.as_deref().map(|code| format!("{}%", like(within(code))));
    let sql = format!("SELECT {} {FILTERED}", column_names::<Entry>());
    let rows = fetch!(
        engine,
        Entry,
        &sql,
        keyset.text(),
        q.clone(),
        search.code.clone(),
        search.kind.clone(),
        search.status.clone(),
        region.clone(),
        search.qualification.clone(),
        keyset.fetched(),
    )?;
    Ok(Listed::new(rows, keyset, |row| row.customer.to_string()).map(Into::into))
}

/// The part of a GB/T 2260 code that all regions within it begin with.
fn within(code: &str) -> &str {
    code.strip_suffix("0000").or_else(|| code.strip_suffix("00")).unwrap_or(code)
}

/// Customers whose limit ends within a period, by id.
pub async fn limits_ending(
    engine: &Engine,
    (from, until): (NaiveDate, NaiveDate),
    keyset: &Keyset,
) -> Result<Listed<CustomerRow>, Error> {
    let sql = format!("SELECT {} {LIMITS_ENDING}", column_names::<Entry>());
    let rows = fetch!(engine, Entry, &sql, from, until, keyset.text(), keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.customer.to_string()).map(Into::into))
}

/// Some customers by id, in no order: for lists that name them.
pub async fn named(engine: &Engine, ids: &[String]) -> Result<Vec<CustomerRow>, Error> {
    let list = serde_json::to_string(ids).unwrap_or_default();
    let columns = column_names::<Entry>();
    let sql = match engine {
        Engine::Sqlite(_) => format!(
            "SELECT {columns} FROM customers WHERE customer IN (SELECT value FROM json_each($1))"
        ),
        Engine::Postgres(_) => format!(
            "SELECT {columns} FROM customers WHERE customer IN (SELECT json_array_elements_text($1::json))"
        ),
    };
    let rows = fetch!(engine, Entry, &sql, &list)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_holds_all_that_lies_in_it() {
        assert_eq!(within("330000"), "33");
        assert_eq!(within("330100"), "3301");
        assert_eq!(within("330106"), "330106");
    }
}
