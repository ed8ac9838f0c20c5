//! `POST /v1/customers/{id}/checks`: a dry run. It asks a checkpoint and records nothing.

use axum::extract::State;
use chrono::NaiveDate;
use domain::customer::receivables::{self, Allocation, InvoiceScope, IssueInvoice, ReceiveCash};
use domain::customer::trading::{self, Lot, ShipGoods};
use domain::customer::{Command, Event};
use domain::decision::Checkpoint;
use domain::ids::{CustomerId, OrderId, ShipmentId};
use domain::money::{Currency, Money};
use domain::permissions::Act;
use domain::text::Line;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::asked::{Asked, Body};
use crate::day;
use crate::decisions::DecisionView;
use crate::door::Door;
use crate::ended::Named;
use crate::extract::{Path, parse};
use crate::placement::{OrderLine, PaymentTerms, Wish};
use crate::problem::Problem;
use crate::shipments::ShipLot;

/// Stands for the number that an invoice or a receipt does not have yet.
const UNNUMBERED: &str = "-";

/// The body, not understood yet: its `checkpoint` says how it reads. Faults then point to their place in it.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Asks(Box<RawValue>);

impl Body for Asks {
    const ACT: Act = Act::Check;
}

#[derive(Debug, Deserialize)]
struct Which {
    checkpoint: Checkpoint,
}

/// What would be answered to the same order, shipment, invoice or receipt now.
#[derive(Debug, ToSchema)]
#[schema(description = "`checkpoint` says which of them it is.")]
#[serde(untagged)]
pub enum Check {
    Order(CheckOrder),
    Shipment(CheckShipment),
    Invoice(CheckInvoice),
    Receipt(CheckReceipt),
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckOrder {
    #[serde(rename = "checkpoint")]
    #[schema(rename = "checkpoint", pattern = "^order$", value_type = String)]
    _checkpoint: Checkpoint,
    lines: Vec<OrderLine>,
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "day::optional")]
    requested_ship_date: Option<NaiveDate>,
    #[schema(value_type = Option<String>)]
    ship_to: Option<Line<300>>,
    payment: Option<PaymentTerms>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckShipment {
    #[serde(rename = "checkpoint")]
    #[schema(rename = "checkpoint", pattern = "^shipment$", value_type = String)]
    _checkpoint: Checkpoint,
    order: OrderId,
    lines: Vec<ShipLot>,
    /// Today without; never in the future.
    #[serde(default, deserialize_with = "day::optional")]
    shipped_on: Option<NaiveDate>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckInvoice {
    #[serde(rename = "checkpoint")]
    #[schema(rename = "checkpoint", pattern = "^invoice$", value_type = String)]
    _checkpoint: Checkpoint,
    order: OrderId,
    /// All of the order that are not invoiced yet without.
    #[serde(default)]
    shipments: Vec<ShipmentId>,
    #[serde(default, deserialize_with = "day::optional")]
    issued_on: Option<NaiveDate>,
    #[schema(value_type = Option<String>)]
    title: Option<Line<200>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckReceipt {
    #[serde(rename = "checkpoint")]
    #[schema(rename = "checkpoint", pattern = "^receipt$", value_type = String)]
    _checkpoint: Checkpoint,
    amount: Money,
    #[serde(default, deserialize_with = "day::optional")]
    received_on: Option<NaiveDate>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Checked {
    pub decision: DecisionView,
}

/// Ask a checkpoint
///
/// What an order, a shipment, an invoice or a receipt of this kind would be answered now. Nothing is recorded.
#[utoipa::path(post, path = "/v1/customers/{id}/checks", tag = "trade",
    params(("id" = CustomerId, Path)), request_body = Check,
    responses((status = 200, body = Checked)))]
pub async fn check(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Asks>,
) -> Result<axum::Json<Checked>, Problem> {
    let sight = by.sight();
    let command = command(body.0.get().as_bytes())?;
    let named = named(&command);
    let events: Vec<Event> = match door.consider(by, id, command).await {
        Ok(events) => events,
        Err(problem) => return Err(named.explained(&door, id, problem).await),
    };
    let decision = events.iter().find_map(Event::decision);
    let decision = decision.ok_or_else(|| Problem::internal("a check without a decision"))?;
    Ok(axum::Json(Checked { decision: DecisionView::of(&door, id, decision, sight).await? }))
}

/// The order that it is asked about.
fn named(command: &Command) -> Named {
    match command {
        Command::Trading(trading::Command::Ship(ship)) => Named::order(ship.order),
        Command::Receivables(receivables::Command::Invoice(issue)) => match &issue.scope {
            InvoiceScope::Shipments { order, .. } => Named::order(*order),
            InvoiceScope::Lines(_) => Named::default(),
        },
        _ => Named::default(),
    }
}

/// What is asked, as the command that would be given.
fn command(body: &[u8]) -> Result<Command, Problem> {
    Ok(match parse::<Which>(body)?.checkpoint {
        Checkpoint::Order => {
            let order: CheckOrder = parse(body)?;
            let wish = Wish {
                reference: None,
                currency: order.currency,
                lines: order.lines,
                requested_ship_date: order.requested_ship_date,
                ship_to: order.ship_to,
                payment: order.payment,
            };
            Command::Check(Box::new(wish.into()))
        }
        Checkpoint::Shipment => {
            let CheckShipment { order, lines, shipped_on, .. } = parse(body)?;
            let lines = lines.into_iter().map(Lot::from).collect();
            let ship = ShipGoods { order, lines, shipped_on };
            Command::Trading(trading::Command::Ship(Box::new(ship)))
        }
        Checkpoint::Invoice => {
            let CheckInvoice { order, shipments, issued_on, title, .. } = parse(body)?;
            let scope = InvoiceScope::Shipments { order, shipments };
            let issue = IssueInvoice {
                number: UNNUMBERED.parse().map_err(Problem::internal)?,
                issued_on,
                title,
                scope,
            };
            Command::Receivables(receivables::Command::Invoice(Box::new(issue)))
        }
        Checkpoint::Receipt => {
            let CheckReceipt { amount, received_on, .. } = parse(body)?;
            let receive = ReceiveCash {
                reference: UNNUMBERED.parse().map_err(Problem::internal)?,
                amount,
                received_on,
                apply: Allocation::OldestFirst,
                origin: None,
            };
            Command::Receivables(receivables::Command::Receive(Box::new(receive)))
        }
    })
}
