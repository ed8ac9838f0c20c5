//! `POST /v1/customers/{id}/checks`: a dry run. It asks the checkpoint and records nothing.

use axum::extract::State;
use chrono::NaiveDate;
use domain::customer::Command;
use domain::decision::Checkpoint;
use domain::ids::CustomerId;
use domain::money::Currency;
use domain::permissions::Act;
use domain::text::Line;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::asked::{Asked, Body};
use crate::decisions::{DecisionView, of_event};
use crate::door::Door;
use crate::extract::Path;
use crate::placement::{OrderLine, PaymentTerms, Wish};
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// `order`; what ships and is invoiced is judged when it is.
    checkpoint: Checkpoint,
    lines: Vec<OrderLine>,
    currency: Option<Currency>,
    requested_ship_date: Option<NaiveDate>,
    #[schema(value_type = Option<String>)]
    ship_to: Option<Line<300>>,
    payment: Option<PaymentTerms>,
}

impl Body for Check {
    const ACT: Act = Act::Check;
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Checked {
    pub decision: DecisionView,
}

/// Ask a checkpoint
///
/// What an order of these lines would be answered now. Nothing is recorded.
#[utoipa::path(post, path = "/v1/customers/{id}/checks", tag = "trade",
    params(("id" = CustomerId, Path)), request_body = Check,
    responses((status = 200, body = Checked)))]
pub async fn check(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Check>,
) -> Result<axum::Json<Checked>, Problem> {
    if body.checkpoint != Checkpoint::Order {
        let message = "only the order checkpoint takes a dry run";
        return Err(Problem::field("/checkpoint", "unknown_value", message));
    }
    let wish = Wish {
        reference: None,
        currency: body.currency,
        lines: body.lines,
        requested_ship_date: body.requested_ship_date,
        ship_to: body.ship_to,
        payment: body.payment,
    };
    let events = door.consider(by, id, Command::Check(Box::new(wish.into()))).await?;
    let decision = events.iter().find_map(of_event);
    let decision = decision.ok_or_else(|| Problem::internal("a check without a decision"))?;
    Ok(axum::Json(Checked { decision: DecisionView::of(&door, id, decision).await? }))
}
