//! Receipts: incoming cash, which no checkpoint refuses; its application to invoices and orders; its reversal.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::customer::receivables::{self, Allocation, ReceiveCash, Target};
use domain::customer::{Command, Customer, Event};
use domain::ids::{CustomerId, InvoiceId, OrderId, ReceiptId};
use domain::money::{Currency, Money};
use domain::permissions::Act;
use domain::text::{Line, Prose};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, answer};
use crate::asked::{Asked, Body};
use crate::backdating::backdated;
use crate::day;
use crate::decisions::DecisionView;
use crate::door::Door;
use crate::ended::Named;
use crate::extract::Path;
use crate::problem::Problem;

/// Invoices and orders that one receipt names.
const APPLICATIONS_MAX: usize = 200;

/// What cash is for: an invoice, or an order as a deposit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Application {
    invoice: Option<InvoiceId>,
    order: Option<OrderId>,
    /// In the receipt's currency; as much as there is and as is open without.
    #[schema(example = "4000.00")]
    amount: Option<String>,
}

fn applications(
    wanted: Vec<Application>,
    currency: Currency,
) -> Result<Vec<receivables::Application>, Problem> {
    if wanted.len() > APPLICATIONS_MAX {
        let message = format!("at most {APPLICATIONS_MAX} at once");
        return Err(Problem::field("/apply", "too_many", message));
    }
    wanted.into_iter().enumerate().map(|(nth, one)| application(nth, one, currency)).collect()
}

fn application(
    nth: usize,
    wanted: Application,
    currency: Currency,
) -> Result<receivables::Application, Problem> {
    let to = match (wanted.invoice, wanted.order) {
        (Some(invoice), None) => Target::Invoice(invoice),
        (None, Some(order)) => Target::Order(order),
        _ => {
            let message = "name either an invoice or an order";
            return Err(Problem::field(format!("/apply/{nth}"), "missing_field", message));
        }
    };
    let amount = match wanted.amount {
        None => None,
        Some(text) => {
            let amount = Money::parse(&text, currency).and_then(Money::require_positive);
            Some(amount.map_err(|error| {
                Problem::field(format!("/apply/{nth}/amount"), error.code(), error.to_string())
            })?)
        }
    };
    Ok(receivables::Application { to, amount })
}

/// What these name, for the answer when one of them is over.
fn named<'a>(applications: impl IntoIterator<Item = &'a receivables::Application>) -> Named {
    let mut named = Named::default();
    for application in applications {
        match &application.to {
            Target::Invoice(invoice) => named.invoices.insert(*invoice),
            Target::Order(order) => named.orders.insert(*order),
        };
    }
    named
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Receive {
    /// The bank's.
    #[schema(value_type = String, example = "BANK-1")]
    reference: Line<100>,
    amount: Money,
    /// The business date without.
    #[serde(default, deserialize_with = "day::optional")]
    received_on: Option<NaiveDate>,
    /// Absent: the oldest due first, deposits untouched; `[]`: it stays unapplied.
    apply: Option<Vec<Application>>,
    /// A past date, with its `reason`.
    #[serde(default, deserialize_with = "day::optional")]
    business_date: Option<NaiveDate>,
    #[schema(value_type = Option<String>)]
    reason: Option<Prose<500>>,
}

impl Body for Receive {
    const ACT: Act = Act::ReceiveCash;
}

/// Receive cash
///
/// What it cures heals in the same transaction; see `healed`.
#[utoipa::path(post, path = "/v1/customers/{id}/receipts", tag = "receivables",
    params(("id" = CustomerId, Path)), request_body = Receive,
    responses((status = 201, body = Done)))]
pub async fn receive(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { mut by, body }: Asked<Receive>,
) -> Result<Response, Problem> {
    by.business_date = backdated(body.business_date, body.reason.as_ref())?;
    let apply = match body.apply {
        None => Allocation::OldestFirst,
        Some(wanted) => Allocation::Just(applications(wanted, body.amount.currency())?),
    };
    let named = match &apply {
        Allocation::OldestFirst | Allocation::Number(_) => Named::default(),
        Allocation::Just(wanted) => named(wanted),
    };
    let receive = ReceiveCash {
        reference: body.reference,
        amount: body.amount,
        received_on: body.received_on,
        apply,
        origin: None,
    };
    let command = Command::Receivables(receivables::Command::Receive(Box::new(receive)));
    let sight = by.sight();
    let committed = named.give(&door, by, id, command).await?;
    let received = committed.events.iter().find_map(|event| match event {
        Event::CashReceived(received) => Some(received),
        _ => None,
    });
    let received = received.ok_or_else(|| Problem::internal("a receipt without its event"))?;
    let decision = match &received.decision {
        Some(decision) => Some(DecisionView::of(&door, id, decision, sight).await?),
        None => None,
    };
    let done = Done {
        decision,
        applied: Some(received.applied.clone()),
        deposits: Some(received.deposits.clone()),
        unapplied: Some(received.unapplied),
        ..Done::of(&received.receipt, &committed)
    };
    Ok(answer(StatusCode::CREATED, &committed, &done))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplyCash {
    apply: Vec<Application>,
    /// A past date, with its `reason`.
    #[serde(default, deserialize_with = "day::optional")]
    business_date: Option<NaiveDate>,
    #[schema(value_type = Option<String>)]
    reason: Option<Prose<500>>,
}

impl Body for ApplyCash {
    const ACT: Act = Act::ApplyCash;
}

/// Apply what lies unapplied
#[utoipa::path(post, path = "/v1/customers/{id}/receipts/{rid}/apply", tag = "receivables",
    params(("id" = CustomerId, Path), ("rid" = ReceiptId, Path)), request_body = ApplyCash,
    responses((status = 200, body = Done)))]
pub async fn apply(
    State(door): State<Door>,
    Path((id, receipt)): Path<(CustomerId, ReceiptId)>,
    Asked { mut by, body }: Asked<ApplyCash>,
) -> Result<Response, Problem> {
    by.business_date = backdated(body.business_date, body.reason.as_ref())?;
    // The amounts are in the account's currency, which a customer never changes.
    let known = door.journal().confirmed::<Customer>(&id.to_string()).await?;
    let apply = applications(body.apply, known.state.currency())?;
    let named = Named { receipt: Some(receipt), ..named(&apply) };
    let command = Command::Receivables(receivables::Command::Apply { receipt, apply });
    let committed = named.give(&door, by, id, command).await?;
    let applied = committed.events.iter().find_map(|event| match event {
        Event::CashApplied(applied) => Some(applied),
        _ => None,
    });
    let done = Done {
        applied: applied.map(|event| event.applied.clone()),
        deposits: applied.map(|event| event.deposits.clone()),
        ..Done::of(&receipt, &committed)
    };
    Ok(answer(StatusCode::OK, &committed, &done))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reverse {
    #[schema(value_type = String)]
    reason: Prose<500>,
    /// A past date; `reason` says why.
    #[serde(default, deserialize_with = "day::optional")]
    business_date: Option<NaiveDate>,
}

impl Body for Reverse {
    const ACT: Act = Act::ReverseReceipt;
}

/// Reverse a receipt that did not stand
///
/// Everything that it settled is open again.
#[utoipa::path(post, path = "/v1/customers/{id}/receipts/{rid}/reverse", tag = "receivables",
    params(("id" = CustomerId, Path), ("rid" = ReceiptId, Path)), request_body = Reverse,
    responses((status = 200, body = Done)))]
pub async fn reverse(
    State(door): State<Door>,
    Path((id, receipt)): Path<(CustomerId, ReceiptId)>,
    Asked { mut by, body }: Asked<Reverse>,
) -> Result<Response, Problem> {
    by.business_date = backdated(body.business_date, Some(&body.reason))?;
    let command = receivables::Command::Reverse { receipt, reason: body.reason };
    let command = Command::Receivables(command);
    let committed = Named::receipt(receipt).give(&door, by, id, command).await?;
    let done = Done { status: Some("reversed"), ..Done::of(&receipt, &committed) };
    Ok(answer(StatusCode::OK, &committed, &done))
}
