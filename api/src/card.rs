//! `GET /v1/customers/{id}`: the card. It is folded from the customer's own events, so that it is never behind, and so that
//! the card of any past moment is made by the same code.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use domain::catalogue::DeviceClass;
use domain::customer::Customer;
use domain::customer::credit::{Limit, Terms};
use domain::customer::qualification::{Document, Standing};
use domain::customer::registration::{CustomerKind, Origin, Status};
use domain::document_kind::DocumentKind;
use domain::ids::{CustomerId, DocumentId, StaffId};
use domain::money::{Currency, Minor, Money};
use domain::permissions::Act;
use domain::policy::pack::{PaperRule, Weight};
use domain::policy::{self, Pack, Policy};
use domain::uscc::Uscc;
use journal::{Known, Until, Version};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::day;
use crate::door::Door;
use crate::etag::etag;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// A customer. What the caller may not see is absent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Card {
    id: CustomerId,
    version: i64,
    name: String,
    uscc: Option<Uscc>,
    code: Option<String>,
    kind: CustomerKind,
    status: Status,
    /// Why it is not active, or was not.
    status_reason: Option<String>,
    segment: Option<String>,
    region: Option<String>,
    business_unit: Option<String>,
    account_manager: Option<StaffId>,
    registered_address: Option<String>,
    delivery_addresses: Vec<String>,
    currency: Currency,
    /// Where it came from, when it was imported.
    origin: Option<Origin>,
    qualification: QualificationCard,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<CreditCard>,
    open: OpenCounts,
    /// The business date that days are counted from.
    business_date: NaiveDate,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct QualificationCard {
    /// `none`, `draft`, `in_review`, `approved`, `rejected`, `returned`
    status: &'static str,
    approved_by: Option<StaffId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documents: Option<Vec<DocumentCard>>,
    /// What the policy asks for and is not in force.
    missing: Vec<MissingPaper>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct DocumentCard {
    id: DocumentId,
    kind: DocumentKind,
    number: String,
    issuer: Option<String>,
    /// `draft`, `in_review`, `valid`, `not_yet_valid`, `expired`, `superseded`, `revoked`
    status: &'static str,
    valid_from: NaiveDate,
    /// Null: without end.
    valid_to: Option<NaiveDate>,
    /// 0 on its last day, negative once it has expired.
    days_left: Option<i64>,
    scans: Vec<String>,
    uploaded_by: StaffId,
    /// The version of the customer at which it last changed.
    version: i64,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct MissingPaper {
    /// Any of these would do.
    any_of: Vec<DocumentKind>,
    #[schema(value_type = String, example = "legal")]
    weight: Weight,
    /// For goods of these classes only; empty: for any trade.
    classes: Vec<DeviceClass>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CreditCard {
    /// Null: nobody has decided yet.
    limit: Option<Limit>,
    valid_until: Option<NaiveDate>,
    terms: Option<Terms>,
    single_document_cap: Option<Money>,
    /// Why it is frozen; null: it is not.
    frozen: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposure: Option<ExposureCard>,
    /// What of the limit is left; null: nobody has decided, or it is unlimited.
    available: Option<Amount>,
    overdue: OverdueCard,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct ExposureCard {
    open_orders: String,
    open_deliveries: String,
    open_items: String,
    unapplied_cash: String,
    /// What is or will be paid in advance.
    prepaid: String,
    total: Amount,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OverdueCard {
    amount: Amount,
    /// Of the oldest item; 0: nothing is overdue.
    oldest_days: u32,
}

/// A sum; it may be longer than the amount of one paper.
#[derive(Debug, Serialize, ToSchema)]
pub struct Amount {
    #[schema(example = "12800.00")]
    amount: String,
    currency: Currency,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct OpenCounts {
    orders: usize,
    /// Of them, those that are held or have a held shipment.
    waiting: usize,
    invoices: usize,
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CardQuery {
    /// As it was recorded by then (RFC 3339).
    #[serde(default, deserialize_with = "day::optional_time")]
    as_of: Option<DateTime<Utc>>,
    /// As it was at this version.
    #[param(minimum = 1)]
    at_version: Option<i64>,
    /// A position that must be in it.
    #[param(minimum = 0)]
    at: Option<i64>,
}

/// A customer's card
///
/// `as_of` and `at_version` replay it as it was, from its own events.
#[utoipa::path(get, path = "/v1/customers/{id}", tag = "customers",
    params(("id" = CustomerId, Path), CardQuery), responses((status = 200, body = Card)))]
pub async fn card(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Query(query): Query<CardQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadCustomers)?;
    door.recorded(query.at).await?;
    let stream = id.to_string();
    let (known, seen) = match (query.as_of, query.at_version) {
        (None, None) => {
            let seen = Seen { date: door.today(), rules: door.house().rules() };
            (door.journal().confirmed::<Customer>(&stream).await?, seen)
        }
        (Some(time), None) => {
            let known = door.journal().replay::<Customer>(&stream, Until::RecordedAt(time)).await?;
            (known, Seen::at(&door, time).await?)
        }
        (None, Some(version)) => {
            let recorded_at = recorded_at(&door, id, version).await?;
            let until = Until::Version(Version(version));
            let known = door.journal().replay::<Customer>(&stream, until).await?;
            (known, Seen::at(&door, recorded_at).await?)
        }
        (Some(_), Some(_)) => {
            let detail = "Give either as_of or at_version.";
            return Err(Problem::not_understood("query.not_understood", detail));
        }
    };
    let card = show(&caller, id, &known, &seen)?;
    let version = known.version.0;
    Ok(([(header::ETAG, etag(version))], axum::Json(card)).into_response())
}

/// The day that a card is of, and the rules of that day.
struct Seen {
    date: NaiveDate,
    rules: Policy,
}

impl Seen {
    /// As it was at a moment of the past.
    async fn at(door: &Door, time: DateTime<Utc>) -> Result<Self, Problem> {
        let until = Until::RecordedAt(time);
        let rules = door.journal().replay::<Policy>(policy::STREAM, until).await?;
        let rules = Arc::unwrap_or_clone(rules.state);
        let in_force = rules.in_force.as_ref();
        let date = in_force.map_or_else(|| door.house().today(time), |it| it.pack.today(time));
        Ok(Self { date, rules })
    }
}

/// When a version of a customer was recorded; 404 where the customer has not come so far.
async fn recorded_at(door: &Door, id: CustomerId, version: i64) -> Result<DateTime<Utc>, Problem> {
    let stream = id.to_string();
    let before = Version(version.saturating_sub(1).max(0));
    let entries = door.journal().stream(&stream, before, 1).await?;
    let Some(entry) = entries.into_iter().find(|entry| entry.version == Version(version)) else {
        let known = door.journal().confirmed::<Customer>(&stream).await?;
        let customer = known.state.registration.particulars.as_ref();
        return Err(match customer {
            Some(_) => Problem::not_found("version", version),
            None => Problem::not_found("customer", id),
        });
    };
    // Rows of stock programs tell no time: they are seen from today.
    Ok(entry.recorded_at.unwrap_or_else(|| door.now()))
}

fn show(
    caller: &Caller,
    id: CustomerId,
    known: &Known<Customer>,
    seen: &Seen,
) -> Result<Card, Problem> {
    let date = seen.date;
    let applying = seen.rules.applying_to(&known.state.registration);
    let pack = applying.map(|it| &*it.pack);
    let customer = &*known.state;
    let registration = &customer.registration;
    let particulars =
        registration.particulars.as_ref().ok_or_else(|| Problem::not_found("customer", id))?;
    let reason = Some(registration.status_reason.clone()).filter(|reason| !reason.is_empty());
    Ok(Card {
        id,
        version: known.version.0,
        name: particulars.name.to_string(),
        uscc: particulars.uscc,
        code: registration.code.as_ref().map(ToString::to_string),
        kind: particulars.kind,
        status: registration.status,
        status_reason: reason,
        segment: particulars.segment.as_ref().map(ToString::to_string),
        region: particulars.region.as_ref().map(ToString::to_string),
        business_unit: particulars.business_unit.as_ref().map(ToString::to_string),
        account_manager: particulars.account_manager.clone(),
        registered_address: particulars.registered_address.as_ref().map(ToString::to_string),
        delivery_addresses: particulars
            .delivery_addresses
            .iter()
            .map(ToString::to_string)
            .collect(),
        currency: particulars.currency,
        origin: particulars.origin.clone(),
        qualification: qualification(caller, customer, pack, date),
        credit: caller.sees(Act::ReadCreditPosition).map(|()| credit(caller, customer, date)),
        open: OpenCounts {
            orders: customer.orders.len(),
            waiting: customer.waiting.len(),
            invoices: customer.receivables.items.len(),
        },
        business_date: date,
    })
}

fn qualification(
    caller: &Caller,
    customer: &Customer,
    pack: Option<&Pack>,
    date: NaiveDate,
) -> QualificationCard {
    let qualification = &customer.qualification;
    let documents = qualification.documents.iter().map(|(id, paper)| document(*id, paper, date));
    let rules = pack.into_iter().flat_map(|pack| {
        pack.papers_for(
            customer.registration.kind(),
            customer.registration.uscc().map(Uscc::entity),
        )
    });
    let lacks = |rule: &&PaperRule| {
        rule.weight != Weight::Recommended
            && !rule.any_of.iter().any(|kind| qualification.in_force(*kind, date).is_some())
    };
    QualificationCard {
        status: qualification.status(),
        approved_by: qualification.approved_by.clone(),
        documents: caller.sees(Act::ReadDocuments).map(|()| documents.collect()),
        missing: rules.filter(lacks).map(missing).collect(),
    }
}

fn missing(rule: &PaperRule) -> MissingPaper {
    MissingPaper { any_of: rule.any_of.clone(), weight: rule.weight, classes: rule.classes.clone() }
}

fn document(id: DocumentId, document: &Document, date: NaiveDate) -> DocumentCard {
    let paper = &document.paper;
    DocumentCard {
        id,
        kind: paper.kind,
        number: paper.number.to_string(),
        issuer: paper.issuer.as_ref().map(ToString::to_string),
        status: standing(document, date),
        valid_from: paper.valid_from,
        valid_to: paper.valid_to,
        days_left: paper.valid_to.map(|end| end.signed_duration_since(date).num_days()),
        scans: paper.scans.clone(),
        uploaded_by: document.uploaded_by.clone(),
        version: document.version,
    }
}

fn standing(document: &Document, date: NaiveDate) -> &'static str {
    match document.standing {
        Standing::Draft => "draft",
        Standing::InReview => "in_review",
        Standing::Superseded => "superseded",
        Standing::Revoked => "revoked",
        Standing::Approved if date < document.paper.valid_from => "not_yet_valid",
        Standing::Approved if document.paper.in_force_on(date) => "valid",
        Standing::Approved => "expired",
    }
}

fn credit(caller: &Caller, customer: &Customer, date: NaiveDate) -> CreditCard {
    let currency = customer.currency();
    let amount = |minor: Minor| Amount { amount: minor.amount(currency).to_string(), currency };
    let text = |minor: Minor| minor.amount(currency).to_string();
    let granted = customer.credit.granted.as_ref();
    let total = customer.exposure();
    let available = granted.and_then(|granted| match granted.limit {
        Limit::None => Some(Minor::ZERO.saturating_minus(total)),
        Limit::Amount { amount } => Some(amount.minor().saturating_minus(total)),
        Limit::Unlimited => None,
    });
    let overdue = customer.overdue(date, Minor::ZERO);
    let exposure = ExposureCard {
        open_orders: text(customer.totals.open_orders),
        open_deliveries: text(customer.totals.open_deliveries),
        open_items: text(customer.receivables.open_items),
        unapplied_cash: text(customer.receivables.unapplied),
        prepaid: text(customer.totals.prepaid),
        total: amount(total),
    };
    CreditCard {
        limit: granted.map(|granted| granted.limit),
        valid_until: granted.and_then(|granted| granted.valid_until),
        terms: granted.and_then(|granted| granted.terms),
        single_document_cap: granted.and_then(|granted| granted.single_document_cap),
        frozen: customer.credit.frozen.as_ref().map(|freeze| freeze.reason.clone()),
        exposure: caller.sees(Act::ReadReceivables).map(|()| exposure),
        available: available.map(amount),
        overdue: OverdueCard { amount: amount(overdue.amount), oldest_days: overdue.days },
    }
}
