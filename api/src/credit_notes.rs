//! `POST /v1/customers/{id}/credit_notes`: what a customer owes less. Never refused by a checkpoint.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::customer::receivables::{self, IssueCreditNote};
use domain::customer::{Command, Event};
use domain::ids::{CustomerId, InvoiceId};
use domain::money::Money;
use domain::permissions::Act;
use domain::text::{Line, Prose};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, answer};
use crate::asked::{Asked, Body};
use crate::backdating::backdated;
use crate::day;
use crate::door::Door;
use crate::ended::Named;
use crate::extract::Path;
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreditNote {
    #[schema(value_type = String, example = "CN-1")]
    number: Line<64>,
    /// The invoice that it reduces; what is more lies unapplied.
    invoice: Option<InvoiceId>,
    amount: Money,
    /// The business date without.
    #[serde(default, deserialize_with = "day::optional")]
    issued_on: Option<NaiveDate>,
    #[schema(value_type = String)]
    reason: Prose<500>,
    /// A past date; `reason` says why.
    #[serde(default, deserialize_with = "day::optional")]
    business_date: Option<NaiveDate>,
}

impl Body for CreditNote {
    const ACT: Act = Act::IssueCreditNote;
}

/// Issue a credit note
#[utoipa::path(post, path = "/v1/customers/{id}/credit_notes", tag = "receivables",
    params(("id" = CustomerId, Path)), request_body = CreditNote,
    responses((status = 201, body = Done)))]
pub async fn issue(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { mut by, body }: Asked<CreditNote>,
) -> Result<Response, Problem> {
    by.business_date = backdated(body.business_date, Some(&body.reason))?;
    let invoices = body.invoice.into_iter().collect();
    let named = Named { invoices, ..Named::default() };
    let note = IssueCreditNote {
        number: body.number,
        invoice: body.invoice,
        amount: body.amount,
        issued_on: body.issued_on,
        reason: body.reason,
    };
    let command = Command::Receivables(receivables::Command::IssueCreditNote(Box::new(note)));
    let committed = named.give(&door, by, id, command).await?;
    let issued = committed.events.iter().find_map(|event| match event {
        Event::CreditNoteIssued(issued) => Some(issued),
        _ => None,
    });
    let issued = issued.ok_or_else(|| Problem::internal("a credit note without its event"))?;
    let done = Done {
        applied: Some(issued.applied.iter().cloned().collect()),
        unapplied: Some(issued.unapplied),
        ..Done::of(&issued.credit_note, &committed)
    };
    Ok(answer(StatusCode::CREATED, &committed, &done))
}
