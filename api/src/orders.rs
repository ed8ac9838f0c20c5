//! `/v1/customers/{id}/orders`: place, release, cancel. Every answer of the checkpoint is on record.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::customer::trading::{self, CancelOrder, LineQuantity, ReleaseOrder};
use domain::customer::{Command, Event};
use domain::decision::CauseCode;
use domain::ids::{CustomerId, OrderId};
use domain::money::Currency;
use domain::permissions::Act;
use domain::text::{Line, Prose};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, Verdict, answer};
use crate::asked::{Asked, Body};
use crate::day;
use crate::decisions::DecisionView;
use crate::door::Door;
use crate::ended::Named;
use crate::extract::Path;
use crate::placement::{OrderLine, PaymentTerms, Wish};
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// The customer's own.
    #[schema(value_type = Option<String>, example = "PO-1")]
    reference: Option<Line<100>>,
    lines: Vec<OrderLine>,
    currency: Option<Currency>,
    /// Today without.
    #[serde(default, deserialize_with = "day::optional")]
    requested_ship_date: Option<NaiveDate>,
    /// One of the customer's addresses; its first delivery address without.
    #[schema(value_type = Option<String>)]
    ship_to: Option<Line<300>>,
    /// `credit` without, or prepaid in full where the limit is `none`.
    payment: Option<PaymentTerms>,
}

impl Body for PlaceOrder {
    const ACT: Act = Act::PlaceOrder;
}

/// Place an order
///
/// 201 placed, 202 held, 409 denied; the checkpoint's `decision` is in each of them, and on record.
#[utoipa::path(post, path = "/v1/customers/{id}/orders", tag = "trade",
    params(("id" = CustomerId, Path)), request_body = PlaceOrder,
    responses((status = 201, body = Done), (status = 202, body = Done)))]
pub async fn place(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<PlaceOrder>,
) -> Result<Response, Problem> {
    let wish = Wish {
        reference: body.reference,
        currency: body.currency,
        lines: body.lines,
        requested_ship_date: body.requested_ship_date,
        ship_to: body.ship_to,
        payment: body.payment,
    };
    let command = Command::Trading(trading::Command::Place(Box::new(wish.into())));
    let sight = by.sight();
    let committed = door.customer(by, id, command).await?;
    let taken = committed.events.iter().find_map(|event| match event {
        Event::OrderPlaced(taken) => Some((taken, Verdict::Done("placed"))),
        Event::OrderHeld(taken) => Some((taken, Verdict::Held)),
        Event::OrderDenied(taken) => Some((taken, DENIED)),
        _ => None,
    });
    let (taken, verdict) = taken.ok_or_else(|| Problem::internal("an order without its event"))?;
    let decision = DecisionView::of(&door, id, &taken.decision, sight).await?;
    let done = Done { decision: Some(decision), ..Done::of(&taken.order, &committed) };
    Ok(done.judged(StatusCode::CREATED, &committed, verdict))
}

const DENIED: Verdict = Verdict::Denied {
    code: "order.denied",
    detail: "This order is denied; its causes and their remedies are in `decision`. Place it again once they are gone.",
};

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ReleaseOrder)]
#[serde(deny_unknown_fields)]
pub struct Release {
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    /// By how many per cent the figures may grow before the cause stops again; 0 without.
    #[serde(default)]
    pub tolerance_percent: u32,
    /// Inclusive; the policy's longest without.
    #[serde(default, deserialize_with = "day::optional")]
    pub expires_on: Option<NaiveDate>,
}

impl Body for Release {
    const ACT: Act = Act::ReleaseOrder;
}

/// Release a hold
///
/// Each role lifts its own causes and no legal one; 202 when something still holds, or when the amount asks for others to agree
/// (`status` is then `in_approval`). An order that nothing stops any more is
/// placed without a release.
#[utoipa::path(post, path = "/v1/customers/{id}/orders/{oid}/release", tag = "trade",
    params(("id" = CustomerId, Path), ("oid" = OrderId, Path)), request_body = Release,
    responses((status = 200, body = Done), (status = 202, body = Done)))]
pub async fn release(
    State(door): State<Door>,
    Path((id, order)): Path<(CustomerId, OrderId)>,
    Asked { by, body }: Asked<Release>,
) -> Result<Response, Problem> {
    let command = trading::Command::Release(Box::new(ReleaseOrder {
        order,
        reason: body.reason,
        tolerance_percent: body.tolerance_percent,
        expires_on: body.expires_on,
    }));
    let sight = by.sight();
    let command = Command::Trading(command);
    let committed = Named::order(order).give(&door, by, id, command).await?;
    let released = committed.events.iter().find_map(|event| match event {
        Event::OrderReleased(released) => Some((&released.decision, verdict(&released.remaining))),
        // Nothing stops it any more: it is placed for that reason, and the release was not needed.
        Event::OrderHealed(healed) if healed.order == order => {
            Some((&healed.decision, verdict(&[])))
        }
        _ => None,
    });
    let Some((decision, verdict)) = released else {
        let done = Done { status: Some("in_approval"), ..Done::of(&order, &committed) };
        return Ok(answer(StatusCode::ACCEPTED, &committed, &done));
    };
    let decision = DecisionView::of(&door, id, decision, sight).await?;
    let done = Done { decision: Some(decision), ..Done::of(&order, &committed) };
    Ok(done.judged(StatusCode::OK, &committed, verdict))
}

fn verdict(remaining: &[CauseCode]) -> Verdict {
    if remaining.is_empty() { Verdict::Done("placed") } else { Verdict::Held }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    #[schema(value_type = String)]
    reason: Prose<500>,
    /// Everything that is not shipped without.
    #[serde(default)]
    lines: Vec<LineQuantity>,
}

impl Body for Cancel {
    const ACT: Act = Act::CancelOrder;
}

/// Cancel what is not shipped
///
/// Never refused by a checkpoint.
#[utoipa::path(post, path = "/v1/customers/{id}/orders/{oid}/cancel", tag = "trade",
    params(("id" = CustomerId, Path), ("oid" = OrderId, Path)), request_body = Cancel,
    responses((status = 200, body = Done)))]
pub async fn cancel(
    State(door): State<Door>,
    Path((id, order)): Path<(CustomerId, OrderId)>,
    Asked { by, body }: Asked<Cancel>,
) -> Result<Response, Problem> {
    let cancel = CancelOrder { order, reason: body.reason, lines: body.lines };
    let command = Command::Trading(trading::Command::Cancel(Box::new(cancel)));
    let committed = Named::order(order).give(&door, by, id, command).await?;
    let done = Done { status: Some("cancelled"), ..Done::of(&order, &committed) };
    Ok(answer(StatusCode::OK, &committed, &done))
}
