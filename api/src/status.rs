//! `/v1/customers/{id}/status`: suspend, disable, reinstate.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::customer::Command;
use domain::customer::registration::Command as Registration;
use domain::ids::CustomerId;
use domain::permissions::Act;
use domain::text::Prose;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, answer};
use crate::asked::{Asked, Asking, Body};
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;

macro_rules! with_reason {
    ($($name:ident may $act:ident;)+) => {$(
        #[derive(Debug, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            #[schema(value_type = String)]
            reason: Prose<500>,
        }

        impl Body for $name {
            const ACT: Act = Act::$act;
        }
    )+};
}

with_reason! {
    Suspend may Suspend;
    Disable may Disable;
    Reinstate may Reinstate;
}

/// Suspend a customer
///
/// New orders and shipments are held; it keeps paying.
#[utoipa::path(post, path = "/v1/customers/{id}/status/suspend", tag = "customers",
    params(("id" = CustomerId, Path)), request_body = Suspend,
    responses((status = 200, body = Done)))]
pub async fn suspend(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Suspend>,
) -> Result<Response, Problem> {
    give(&door, by, id, Registration::Suspend { reason: body.reason }, "suspended").await
}

/// Disable a customer
///
/// New orders and shipments are denied; it keeps paying.
#[utoipa::path(post, path = "/v1/customers/{id}/status/disable", tag = "customers",
    params(("id" = CustomerId, Path)), request_body = Disable,
    responses((status = 200, body = Done)))]
pub async fn disable(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Disable>,
) -> Result<Response, Problem> {
    give(&door, by, id, Registration::Disable { reason: body.reason }, "disabled").await
}

/// Reinstate a customer
///
/// After a suspension by Quality, after disabling by Compliance or Legal.
#[utoipa::path(post, path = "/v1/customers/{id}/status/reinstate", tag = "customers",
    params(("id" = CustomerId, Path)), request_body = Reinstate,
    responses((status = 200, body = Done)))]
pub async fn reinstate(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Reinstate>,
) -> Result<Response, Problem> {
    give(&door, by, id, Registration::Reinstate { reason: body.reason }, "active").await
}

async fn give(
    door: &Door,
    by: Asking,
    id: CustomerId,
    command: Registration,
    status: &'static str,
) -> Result<Response, Problem> {
    let committed = door.customer(by, id, Command::Registration(command)).await?;
    let done = Done { status: Some(status), ..Done::of(&id, &committed) };
    Ok(answer(StatusCode::OK, &committed, &done))
}
