//! Invoices: for what was shipped, of one order or several; voided with a reason.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::customer::receivables::{self, InvoiceScope, InvoicedPart, IssueInvoice};
use domain::customer::{Command, Event};
use domain::ids::{CustomerId, InvoiceId, OrderId, ShipmentId};
use domain::money::Quantity;
use domain::permissions::Act;
use domain::text::{Line, Prose};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, Verdict, answer};
use crate::asked::{Asked, Asking, Body};
use crate::backdating::backdated;
use crate::day;
use crate::decisions::DecisionView;
use crate::door::Door;
use crate::ended::Named;
use crate::extract::Path;
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceOrder {
    #[schema(value_type = String, example = "INV-1")]
    number: Line<64>,
    /// All of the order that are not invoiced yet without.
    #[serde(default)]
    shipments: Vec<ShipmentId>,
    /// The business date without.
    #[serde(default, deserialize_with = "day::optional")]
    issued_on: Option<NaiveDate>,
    /// The buyer's title, where it is stated: it must be the registered name.
    #[schema(value_type = Option<String>)]
    title: Option<Line<200>>,
    /// A past date, with its `reason`.
    #[serde(default, deserialize_with = "day::optional")]
    business_date: Option<NaiveDate>,
    #[schema(value_type = Option<String>)]
    reason: Option<Prose<500>>,
}

impl Body for InvoiceOrder {
    const ACT: Act = Act::IssueInvoice;
}

/// Invoice shipments of an order
///
/// Shipped goods stay invoicable: a legal cause opens a compliance case and does not stop the invoice.
#[utoipa::path(post, path = "/v1/customers/{id}/orders/{oid}/invoices", tag = "receivables",
    params(("id" = CustomerId, Path), ("oid" = OrderId, Path)), request_body = InvoiceOrder,
    responses((status = 201, body = Done), (status = 202, body = Done)))]
pub async fn of_order(
    State(door): State<Door>,
    Path((id, order)): Path<(CustomerId, OrderId)>,
    Asked { mut by, body }: Asked<InvoiceOrder>,
) -> Result<Response, Problem> {
    by.business_date = backdated(body.business_date, body.reason.as_ref())?;
    let issue = IssueInvoice {
        number: body.number,
        issued_on: body.issued_on,
        title: body.title,
        scope: InvoiceScope::Shipments { order, shipments: body.shipments },
    };
    give(&door, by, id, issue).await
}

/// A part of an order's line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Part {
    order: OrderId,
    /// Counted from 1.
    line: u32,
    quantity: Quantity,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvoiceParts {
    #[schema(value_type = String, example = "INV-2")]
    number: Line<64>,
    lines: Vec<Part>,
    #[serde(default, deserialize_with = "day::optional")]
    issued_on: Option<NaiveDate>,
    #[schema(value_type = Option<String>)]
    title: Option<Line<200>>,
    #[serde(default, deserialize_with = "day::optional")]
    business_date: Option<NaiveDate>,
    #[schema(value_type = Option<String>)]
    reason: Option<Prose<500>>,
}

impl Body for InvoiceParts {
    const ACT: Act = Act::IssueInvoice;
}

/// Invoice parts of several orders at once
#[utoipa::path(post, path = "/v1/customers/{id}/invoices", tag = "receivables",
    params(("id" = CustomerId, Path)), request_body = InvoiceParts,
    responses((status = 201, body = Done), (status = 202, body = Done)))]
pub async fn of_parts(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { mut by, body }: Asked<InvoiceParts>,
) -> Result<Response, Problem> {
    by.business_date = backdated(body.business_date, body.reason.as_ref())?;
    let parts = body.lines.into_iter().map(|part| InvoicedPart {
        order: part.order,
        line: part.line,
        quantity: part.quantity,
    });
    let issue = IssueInvoice {
        number: body.number,
        issued_on: body.issued_on,
        title: body.title,
        scope: InvoiceScope::Lines(parts.collect()),
    };
    give(&door, by, id, issue).await
}

async fn give(
    door: &Door,
    by: Asking,
    id: CustomerId,
    issue: IssueInvoice,
) -> Result<Response, Problem> {
    let orders = match &issue.scope {
        InvoiceScope::Shipments { order, .. } => [*order].into(),
        InvoiceScope::Lines(parts) => parts.iter().map(|part| part.order).collect(),
    };
    let named = Named { orders, ..Named::default() };
    let command = Command::Receivables(receivables::Command::Invoice(Box::new(issue)));
    let sight = by.sight();
    let committed = named.give(door, by, id, command).await?;
    let answered = committed.events.iter().find_map(|event| match event {
        Event::InvoiceIssued(e) => {
            Some((e.invoice, Some(e.due_on), &e.decision, Verdict::Done("issued")))
        }
        Event::InvoiceHeld(e) => Some((e.invoice, None, &e.decision, Verdict::Held)),
        Event::InvoiceDenied(e) => Some((e.invoice, None, &e.decision, DENIED)),
        _ => None,
    });
    let (invoice, due_on, decision, verdict) =
        answered.ok_or_else(|| Problem::internal("an invoice without its event"))?;
    let decision = DecisionView::of(door, id, decision, sight).await?;
    let done = Done { decision: Some(decision), due_on, ..Done::of(&invoice, &committed) };
    Ok(done.judged(StatusCode::CREATED, &committed, verdict))
}

const DENIED: Verdict = Verdict::Denied {
    code: "invoice.denied",
    detail: "This invoice is denied; its causes and their remedies are in `decision`.",
};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Void {
    #[schema(value_type = String)]
    reason: Prose<500>,
    /// A past date; `reason` says why.
    #[serde(default, deserialize_with = "day::optional")]
    business_date: Option<NaiveDate>,
}

impl Body for Void {
    const ACT: Act = Act::VoidInvoice;
}

/// Void an invoice that nothing was applied to
#[utoipa::path(post, path = "/v1/customers/{id}/invoices/{iid}/void", tag = "receivables",
    params(("id" = CustomerId, Path), ("iid" = InvoiceId, Path)), request_body = Void,
    responses((status = 200, body = Done)))]
pub async fn void(
    State(door): State<Door>,
    Path((id, invoice)): Path<(CustomerId, InvoiceId)>,
    Asked { mut by, body }: Asked<Void>,
) -> Result<Response, Problem> {
    by.business_date = backdated(body.business_date, Some(&body.reason))?;
    let command = receivables::Command::Void { invoice, reason: body.reason };
    let command = Command::Receivables(command);
    let committed = Named::invoice(invoice).give(&door, by, id, command).await?;
    let done = Done { status: Some("voided"), ..Done::of(&invoice, &committed) };
    Ok(answer(StatusCode::OK, &committed, &done))
}
