//! `/v1/reports`: receivables by age, exposure, and the sales records that the law asks for.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::ids::{CustomerId, ProductId};
use domain::permissions::Act;
use projections::ageing::{self, Buckets, CustomerBuckets, Peak, Summary};
use projections::documents::{self, Expiry};
use projections::orders::{self, Exposure, ExposureOf};
use projections::sales_lines::{self, SaleRow, Sold};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::csv::{self, Format};
use crate::day;
use crate::door::Door;
use crate::extract::Query;
use crate::page::{Page, list_query};
use crate::problem::Problem;

/// Papers that end within so many days are listed when nothing is said.
const EXPIRY_DAYS: u32 = 90;

list_query! {
    AgingQuery in "aging" {
        /// A business date, end of that day; today without.
        #[serde(default, deserialize_with = "day::optional")]
        as_of: Option<NaiveDate>,
    }
}

/// Open items by age, as of the end of a day.
#[derive(Debug, Serialize, ToSchema)]
pub struct Aging {
    as_of: NaiveDate,
    /// Over all customers, by currency.
    totals: Vec<Buckets>,
    #[serde(flatten)]
    page: Page<CustomerBuckets>,
}

/// Receivables by age
#[utoipa::path(get, path = "/v1/reports/receivables/aging", tag = "reports", params(AgingQuery),
    responses((status = 200, body = Aging)))]
pub async fn aging(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<AgingQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadReceivables)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let as_of = query.as_of.unwrap_or_else(|| door.today());
    let engine = door.journal().engine();
    let listed = ageing::by_customer(engine, as_of, &paging.keyset).await?;
    if paging.format == Format::Csv {
        return paging.answer(listed);
    }
    let totals = ageing::totals(engine, as_of).await?;
    Ok(axum::Json(Aging { as_of, totals, page: paging.page(listed) }).into_response())
}

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SummaryQuery {
    /// A business date; today without.
    #[serde(default, deserialize_with = "day::optional")]
    as_of: Option<NaiveDate>,
    #[param(inline)]
    format: Option<Format>,
    #[param(minimum = 0)]
    at: Option<i64>,
}

/// Sums over all invoices, by currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct Summaries {
    as_of: NaiveDate,
    items: Vec<Summary>,
}

/// How many invoices, of what sum, paid how late
#[utoipa::path(get, path = "/v1/reports/receivables/summary", tag = "reports", params(SummaryQuery),
    responses((status = 200, body = Summaries)))]
pub async fn summary(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<SummaryQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadReceivables)?;
    door.settled(query.at).await?;
    let as_of = query.as_of.unwrap_or_else(|| door.today());
    let items = ageing::summary(door.journal().engine(), as_of).await?;
    match query.format.unwrap_or_default() {
        Format::Csv => csv::answer("summary", &items),
        Format::Json => Ok(axum::Json(Summaries { as_of, items }).into_response()),
    }
}

list_query! {
    PeaksQuery in "peaks" {
        /// One customer only.
        #[param(value_type = Option<String>)]
        customer: Option<CustomerId>,
    }
}

list_query! {
    ExposureQuery in "exposure" {
        /// One customer only.
        #[param(value_type = Option<String>)]
        customer: Option<CustomerId>,
    }
}

/// The most that was open of each customer's invoices at the end of a day
#[utoipa::path(get, path = "/v1/reports/receivables/peaks", tag = "reports", params(PeaksQuery),
    responses((status = 200, body = Page<Peak>)))]
pub async fn peaks(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<PeaksQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadReceivables)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let customer = query.customer.map(|id| id.to_string());
    let engine = door.journal().engine();
    paging.answer(ageing::peaks(engine, customer.as_deref(), &paging.keyset).await?)
}

/// Exposure by customer, with its parts
#[utoipa::path(get, path = "/v1/reports/exposure", tag = "reports", params(ExposureQuery),
    responses((status = 200, body = Page<Exposure>)))]
pub async fn exposure(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<ExposureQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadReceivables)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let customer = query.customer.map(|id| id.to_string());
    let today = door.today();
    let days = door.house().policy().and_then(|policy| policy.pack.credit.horizon_days);
    let horizon = days.and_then(|days| today.checked_add_days(chrono::Days::new(days.into())));
    let of = ExposureOf { customer: customer.as_deref(), today, horizon };
    paging.answer(orders::exposure(door.journal().engine(), of, &paging.keyset).await?)
}

list_query! {
    ExpiriesQuery in "expiries" {
        /// 90 without; what has ended and was not followed is always there.
        #[param(maximum = 36500)]
        within_days: Option<u32>,
    }
}

/// Approved papers that end soon, or have ended
#[utoipa::path(get, path = "/v1/reports/expiries", tag = "reports", params(ExpiriesQuery),
    responses((status = 200, body = Page<Expiry>)))]
pub async fn expiries(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<ExpiriesQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadQualificationReports)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let within = query.within_days.unwrap_or(EXPIRY_DAYS);
    let engine = door.journal().engine();
    paging.answer(documents::expiries(engine, door.today(), within, &paging.keyset).await?)
}

list_query! {
    SalesQuery in "sales-records" {
        #[param(value_type = Option<String>)]
        product: Option<ProductId>,
        lot: Option<String>,
        serial: Option<String>,
        #[param(value_type = Option<String>)]
        customer: Option<CustomerId>,
        /// Dates of shipment, inclusive.
        #[serde(default, deserialize_with = "day::optional")]
        from: Option<NaiveDate>,
        #[serde(default, deserialize_with = "day::optional")]
        to: Option<NaiveDate>,
    }
}

/// Sales records
///
/// What Order 54 of 2022, article 38, and GSP article 84 ask for, lot by lot, as it stood when the goods left.
#[utoipa::path(get, path = "/v1/reports/sales-records", tag = "reports", params(SalesQuery),
    responses((status = 200, body = Page<SaleRow>)))]
pub async fn sales_records(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<SalesQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadSalesRecords)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let product = query.product.map(|id| id.to_string());
    let customer = query.customer.map(|id| id.to_string());
    let which = Sold {
        product: product.as_deref(),
        lot: query.lot.as_deref(),
        serial: query.serial.as_deref(),
        customer: customer.as_deref(),
        from: query.from,
        to: query.to,
    };
    paging.answer(sales_lines::sold(door.journal().engine(), which, &paging.keyset).await?)
}
