//! `POST /v1/customers/{id}/orders/{oid}/shipments`: goods leave, lot by lot.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::customer::trading::{self, Lot, ShipGoods};
use domain::customer::{Command, Event};
use domain::ids::{CustomerId, OrderId};
use domain::money::Quantity;
use domain::permissions::Act;
use domain::text::Line;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, Verdict};
use crate::asked::{Asked, Body};
use crate::day;
use crate::decisions::DecisionView;
use crate::door::Door;
use crate::ended::Named;
use crate::extract::Path;
use crate::problem::Problem;

/// Goods of one lot, for one line of the order.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShipLot {
    /// The order's line, counted from 1.
    line: u32,
    quantity: Quantity,
    #[schema(value_type = Option<String>)]
    lot: Option<Line<64>>,
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    serials: Vec<Line<64>>,
    #[serde(default, deserialize_with = "day::optional")]
    manufactured_on: Option<NaiveDate>,
    /// The use-by date, inclusive.
    #[serde(default, deserialize_with = "day::optional")]
    expires_on: Option<NaiveDate>,
}

impl From<ShipLot> for Lot {
    fn from(lot: ShipLot) -> Self {
        Self {
            line: lot.line,
            quantity: lot.quantity,
            lot: lot.lot,
            serials: lot.serials,
            manufactured_on: lot.manufactured_on,
            expires_on: lot.expires_on,
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ship {
    lines: Vec<ShipLot>,
    /// Today without; never in the future.
    #[serde(default, deserialize_with = "day::optional")]
    shipped_on: Option<NaiveDate>,
}

impl Body for Ship {
    const ACT: Act = Act::ShipGoods;
}

/// Ship lines of an order
///
/// 201 shipped, 202 held, 409 denied. Parts of a line may be shipped one after another.
#[utoipa::path(post, path = "/v1/customers/{id}/orders/{oid}/shipments", tag = "trade",
    params(("id" = CustomerId, Path), ("oid" = OrderId, Path)), request_body = Ship,
    responses((status = 201, body = Done), (status = 202, body = Done)))]
pub async fn ship(
    State(door): State<Door>,
    Path((id, order)): Path<(CustomerId, OrderId)>,
    Asked { by, body }: Asked<Ship>,
) -> Result<Response, Problem> {
    let lines = body.lines.into_iter().map(Lot::from).collect();
    let ship = ShipGoods { order, lines, shipped_on: body.shipped_on };
    let command = Command::Trading(trading::Command::Ship(Box::new(ship)));
    let sight = by.sight();
    let committed = Named::order(order).give(&door, by, id, command).await?;
    let answered = committed.events.iter().find_map(|event| match event {
        Event::GoodsShipped(e) => Some((e.shipment, &e.decision, Verdict::Done("shipped"))),
        Event::ShipmentHeld(e) => Some((e.shipment, &e.decision, Verdict::Held)),
        Event::ShipmentDenied(e) => Some((e.shipment, &e.decision, DENIED)),
        _ => None,
    });
    let (shipment, decision, verdict) =
        answered.ok_or_else(|| Problem::internal("a shipment without its event"))?;
    let decision = DecisionView::of(&door, id, decision, sight).await?;
    let done = Done { decision: Some(decision), ..Done::of(&shipment, &committed) };
    Ok(done.judged(StatusCode::CREATED, &committed, verdict))
}

const DENIED: Verdict = Verdict::Denied {
    code: "shipment.denied",
    detail: "This shipment is denied; its causes and their remedies are in `decision`. The order stays open.",
};
