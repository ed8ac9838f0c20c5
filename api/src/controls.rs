//! `/v1/reports`: what auditors ask. What is held, what was denied and released, what was entered late, and whether the papers
//! were checked before the first sale.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use domain::decision::{Cause, Checkpoint, Outcome};
use domain::ids::CustomerId;
use domain::money::Money;
use domain::permissions::Act;
use projections::Listed;
use projections::decisions::{self, Backdated, Between, Denial, FirstSale, Release};
use projections::orders::{self, Hold};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::day;
use crate::decisions::CauseView;
use crate::door::Door;
use crate::extract::Query;
use crate::page::{Page, list_query};
use crate::problem::Problem;

list_query! {
    HoldsQuery in "holds" {}
}

/// Something that waits for somebody's decision, or for its causes to go.
#[derive(Debug, Serialize, ToSchema)]
pub struct Waiting {
    /// `order`, `shipment`, `invoice`
    kind: String,
    id: String,
    order: Option<String>,
    customer: String,
    value: Money,
    causes: Vec<CauseView>,
    position: i64,
    held_since: DateTime<Utc>,
    /// Who asked for it.
    actor: Option<String>,
}

impl From<Hold> for Waiting {
    fn from(row: Hold) -> Self {
        Self {
            kind: row.kind,
            id: row.id,
            order: row.order,
            customer: row.customer,
            value: row.value,
            causes: shown(&row.causes),
            position: row.position,
            held_since: row.held_since,
            actor: row.actor,
        }
    }
}

/// What is held, the longest first
#[utoipa::path(get, path = "/v1/reports/holds", tag = "reports", params(HoldsQuery),
    responses((status = 200, body = Page<Waiting>)))]
pub async fn holds(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<HoldsQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadControls)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let mut listed = orders::holds(door.journal().engine(), &paging.keyset).await?;
    listed.items.iter_mut().for_each(|row| caller.sight().causes(&mut row.causes));
    paging.answer(each(listed, Waiting::from))
}

list_query! {
    DenialsQuery in "denials" {
        /// `deny` or `hold`; both without.
        outcome: Option<Outcome>,
        checkpoint: Option<Checkpoint>,
        #[param(value_type = Option<String>)]
        customer: Option<CustomerId>,
        /// Business dates, inclusive.
        #[serde(default, deserialize_with = "day::optional")]
        from: Option<NaiveDate>,
        #[serde(default, deserialize_with = "day::optional")]
        to: Option<NaiveDate>,
    }
}

/// An answer that stopped something, or would have.
#[derive(Debug, Serialize, ToSchema)]
pub struct Denied {
    position: i64,
    decision: String,
    customer: String,
    checkpoint: String,
    outcome: String,
    /// False: the checkpoint only observed, and it went through.
    enforced: bool,
    causes: Vec<CauseView>,
    /// The order, shipment or invoice that was asked about.
    subject: String,
    value: Option<Money>,
    actor: Option<String>,
    recorded_at: DateTime<Utc>,
    business_date: NaiveDate,
}

impl From<Denial> for Denied {
    fn from(row: Denial) -> Self {
        Self {
            position: row.position,
            decision: row.decision,
            customer: row.customer,
            checkpoint: row.checkpoint,
            outcome: row.outcome,
            enforced: row.enforced,
            causes: shown(&row.causes),
            subject: row.subject,
            value: row.value,
            actor: row.actor,
            recorded_at: row.recorded_at,
            business_date: row.business_date,
        }
    }
}

/// Answers that stopped something
#[utoipa::path(get, path = "/v1/reports/denials", tag = "reports", params(DenialsQuery),
    responses((status = 200, body = Page<Denied>)))]
pub async fn denials(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<DenialsQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadControls)?;
    let paging = query.paging()?;
    let outcome = match query.outcome {
        None => None,
        Some(Outcome::Deny) => Some("deny"),
        Some(Outcome::Hold) => Some("hold"),
        Some(Outcome::Allow | Outcome::AllowWithConditions) => {
            let detail = "outcome is deny or hold.";
            return Err(Problem::not_understood("query.not_understood", detail));
        }
    };
    door.settled(paging.at).await?;
    let customer = query.customer.map(|id| id.to_string());
    let between = Between {
        outcome,
        checkpoint: query.checkpoint.map(checkpoint),
        customer: customer.as_deref(),
        from: query.from,
        to: query.to,
    };
    let mut listed = decisions::denials(door.journal().engine(), between, &paging.keyset).await?;
    listed.items.iter_mut().for_each(|row| caller.sight().causes(&mut row.causes));
    paging.answer(each(listed, Denied::from))
}

fn checkpoint(checkpoint: Checkpoint) -> &'static str {
    match checkpoint {
        Checkpoint::Order => "order",
        Checkpoint::Shipment => "shipment",
        Checkpoint::Invoice => "invoice",
        Checkpoint::Receipt => "receipt",
    }
}

list_query! {
    ReleasesQuery in "releases" {
        /// One customer only.
        #[param(value_type = Option<String>)]
        customer: Option<CustomerId>,
    }
}

list_query! {
    BackdatedQuery in "backdated" {
        /// One customer only.
        #[param(value_type = Option<String>)]
        customer: Option<CustomerId>,
    }
}

list_query! {
    FirstSalesQuery in "first-sales" {
        /// One customer only.
        #[param(value_type = Option<String>)]
        customer: Option<CustomerId>,
    }
}

/// Holds that somebody released, with the reason
#[utoipa::path(get, path = "/v1/reports/releases", tag = "reports", params(ReleasesQuery),
    responses((status = 200, body = Page<Release>)))]
pub async fn releases(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<ReleasesQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadControls)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let customer = query.customer.map(|id| id.to_string());
    let engine = door.journal().engine();
    let mut listed = decisions::releases(engine, customer.as_deref(), &paging.keyset).await?;
    listed.items.iter_mut().for_each(|row| caller.sight().lifted(&mut row.lifted));
    paging.answer(listed)
}

/// What was entered after its business date
#[utoipa::path(get, path = "/v1/reports/backdated", tag = "reports", params(BackdatedQuery),
    responses((status = 200, body = Page<Backdated>)))]
pub async fn backdated(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<BackdatedQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadControls)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let customer = query.customer.map(|id| id.to_string());
    let engine = door.journal().engine();
    paging.answer(decisions::backdated(engine, customer.as_deref(), &paging.keyset).await?)
}

/// First sales, each with the papers that were checked before it, by whom and when
#[utoipa::path(get, path = "/v1/reports/first-sales", tag = "reports", params(FirstSalesQuery),
    responses((status = 200, body = Page<FirstSale>)))]
pub async fn first_sales(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<FirstSalesQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadQualificationReports)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let customer = query.customer.map(|id| id.to_string());
    let engine = door.journal().engine();
    paging.answer(decisions::first_sales(engine, customer.as_deref(), &paging.keyset).await?)
}

fn shown(causes: &[Cause]) -> Vec<CauseView> {
    causes.iter().map(|cause| CauseView::of(cause, Vec::new())).collect()
}

fn each<T, U>(listed: Listed<T>, show: impl FnMut(T) -> U) -> Listed<U> {
    Listed { items: listed.items.into_iter().map(show).collect(), next: listed.next }
}
