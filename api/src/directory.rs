//! What there is: the customers, and of one customer its papers, orders, shipments, invoices and receipts.

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use domain::customer::registration::{CustomerKind, Status};
use domain::ids::{CustomerId, OrderId};
use domain::permissions::Act;
use projections::customers::{self, CustomerRow};
use projections::documents::{self, DocumentRow};
use projections::orders::{self, OrderRow, ShipmentRow};
use projections::products::{self, ProductRow};
use projections::receivables::{self, InvoiceRow, ReceiptRow, Which};

use crate::auth::Caller;
use crate::day;
use crate::door::Door;
use crate::extract::{Path, Query};
use crate::page::{Page, list_query};
use crate::problem::Problem;

list_query! {
    CustomersQuery in "customers" {
        /// A part of the name, of the USCC or of the company's own code.
        q: Option<String>,
        /// The company's own code.
        code: Option<String>,
        kind: Option<CustomerKind>,
        status: Option<Status>,
        /// GB/T 2260; a province or prefecture stands for all that lies in it.
        region: Option<String>,
        /// Refused: no grades are configured.
        grade: Option<String>,
    }
}

/// The directory of customers
#[utoipa::path(get, path = "/v1/customers", tag = "customers", params(CustomersQuery),
    responses((status = 200, body = Page<CustomerRow>)))]
pub async fn list(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<CustomersQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadCustomers)?;
    let paging = query.paging()?;
    if query.grade.is_some() {
        // An empty list would say that there are grades, and nobody has this one.
        let detail = "No grades are configured, so nobody can be found by one: leave ?grade= out.";
        return Err(Problem::not_understood("grade.not_configured", detail));
    }
    door.settled(paging.at).await?;
    let search = customers::Search {
        q: query.q,
        code: query.code,
        kind: query.kind.map(|kind| kind.code().to_owned()),
        status: query.status.map(|status| status.code().to_owned()),
        region: query.region,
        qualification: None,
    };
    let mut listed = customers::directory(door.journal().engine(), &search, &paging.keyset).await?;
    if caller.sees(Act::ReadCreditPosition).is_none() {
        listed.items.iter_mut().for_each(|row| row.credit = None);
    }
    paging.answer(listed)
}

list_query! {
    DocumentsQuery in "documents" {}
}

list_query! {
    OrdersQuery in "orders" {}
}

list_query! {
    ShipmentsQuery in "shipments" {}
}

list_query! {
    ReceiptsQuery in "receipts" {}
}

/// What may be asked of one thing.
#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AtQuery {
    /// A position that must be in it.
    #[param(minimum = 0)]
    pub at: Option<i64>,
}

/// Everything that is asked of a customer's parts before they are read.
async fn opened(
    caller: &Caller,
    door: &Door,
    act: Act,
    customer: CustomerId,
    at: Option<i64>,
) -> Result<String, Problem> {
    caller.may(act)?;
    door.settled(at).await?;
    let id = customer.to_string();
    let known = customers::named(door.journal().engine(), std::slice::from_ref(&id)).await?;
    if known.is_empty() { Err(Problem::not_found("customer", id)) } else { Ok(id) }
}

/// The papers of a customer
#[utoipa::path(get, path = "/v1/customers/{id}/documents", tag = "documents",
    params(("id" = CustomerId, Path), DocumentsQuery), responses((status = 200, body = Page<DocumentRow>)))]
pub async fn documents(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Query(query): Query<DocumentsQuery>,
) -> Result<Response, Problem> {
    let paging = query.paging()?;
    let id = opened(&caller, &door, Act::ReadDocuments, id, paging.at).await?;
    paging.answer(documents::of_customer(door.journal().engine(), &id, &paging.keyset).await?)
}

/// The orders of a customer, in the order in which they were taken
#[utoipa::path(get, path = "/v1/customers/{id}/orders", tag = "trade",
    params(("id" = CustomerId, Path), OrdersQuery), responses((status = 200, body = Page<OrderRow>)))]
pub async fn orders(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Query(query): Query<OrdersQuery>,
) -> Result<Response, Problem> {
    let paging = query.paging()?;
    let id = opened(&caller, &door, Act::ReadOrders, id, paging.at).await?;
    let mut listed = orders::of_customer(door.journal().engine(), &id, &paging.keyset).await?;
    listed.items.iter_mut().for_each(|row| caller.sight().order(row));
    paging.answer(listed)
}

/// An order
#[utoipa::path(get, path = "/v1/customers/{id}/orders/{oid}", tag = "trade",
    params(("id" = CustomerId, Path), ("oid" = OrderId, Path), AtQuery),
    responses((status = 200, body = OrderRow)))]
pub async fn order(
    caller: Caller,
    State(door): State<Door>,
    Path((id, order)): Path<(CustomerId, OrderId)>,
    Query(query): Query<AtQuery>,
) -> Result<axum::Json<OrderRow>, Problem> {
    let id = opened(&caller, &door, Act::ReadOrders, id, query.at).await?;
    let mut found = own_order(&door, &id, &order).await?;
    caller.sight().order(&mut found);
    Ok(axum::Json(found))
}

async fn own_order(door: &Door, customer: &str, order: &OrderId) -> Result<OrderRow, Problem> {
    let found = orders::one(door.journal().engine(), order).await?;
    let own = found.filter(|row| row.customer == customer);
    own.ok_or_else(|| Problem::not_found("order", order))
}

/// The shipments of an order
#[utoipa::path(get, path = "/v1/customers/{id}/orders/{oid}/shipments", tag = "trade",
    params(("id" = CustomerId, Path), ("oid" = OrderId, Path), ShipmentsQuery),
    responses((status = 200, body = Page<ShipmentRow>)))]
pub async fn shipments(
    caller: Caller,
    State(door): State<Door>,
    Path((id, order)): Path<(CustomerId, OrderId)>,
    Query(query): Query<ShipmentsQuery>,
) -> Result<Response, Problem> {
    let paging = query.paging()?;
    let id = opened(&caller, &door, Act::ReadOrders, id, paging.at).await?;
    own_order(&door, &id, &order).await?;
    let mut listed = orders::shipments_of(door.journal().engine(), &order, &paging.keyset).await?;
    listed.items.iter_mut().for_each(|row| caller.sight().shipment(row));
    paging.answer(listed)
}

list_query! {
    InvoicesQuery in "invoices" {
        /// `open`, `settled`, `voided`, `held`, `denied`
        status: Option<String>,
        /// Only those due before this day.
        #[serde(default, deserialize_with = "day::optional")]
        due_before: Option<NaiveDate>,
    }
}

/// The invoices of a customer
#[utoipa::path(get, path = "/v1/customers/{id}/invoices", tag = "receivables",
    params(("id" = CustomerId, Path), InvoicesQuery), responses((status = 200, body = Page<InvoiceRow>)))]
pub async fn invoices(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Query(query): Query<InvoicesQuery>,
) -> Result<Response, Problem> {
    let paging = query.paging()?;
    let id = opened(&caller, &door, Act::ReadReceivables, id, paging.at).await?;
    let which = Which { status: query.status.as_deref(), due_before: query.due_before };
    let engine = door.journal().engine();
    paging.answer(receivables::invoices(engine, &id, which, &paging.keyset).await?)
}

/// The cash of a customer
#[utoipa::path(get, path = "/v1/customers/{id}/receipts", tag = "receivables",
    params(("id" = CustomerId, Path), ReceiptsQuery), responses((status = 200, body = Page<ReceiptRow>)))]
pub async fn receipts(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Query(query): Query<ReceiptsQuery>,
) -> Result<Response, Problem> {
    let paging = query.paging()?;
    let id = opened(&caller, &door, Act::ReadReceivables, id, paging.at).await?;
    paging.answer(receivables::receipts(door.journal().engine(), &id, &paging.keyset).await?)
}

list_query! {
    ProductsQuery in "products" {
        /// A part of the name, code, specification, registration number or UDI-DI.
        q: Option<String>,
        /// The company's own code.
        code: Option<String>,
        /// `I`, `II`, `III`, `none`
        class: Option<domain::catalogue::DeviceClass>,
    }
}

/// Products, in the order of registration
#[utoipa::path(get, path = "/v1/products", tag = "products", params(ProductsQuery),
    responses((status = 200, body = Page<ProductRow>)))]
pub async fn products(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<ProductsQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadProducts)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let search = products::Search {
        q: query.q,
        code: query.code,
        class: query.class.map(|class| class.code().to_owned()),
    };
    paging.answer(products::list(door.journal().engine(), &search, &paging.keyset).await?)
}
