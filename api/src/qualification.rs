//! `/v1/customers/{id}/qualification`: submit, approve, reject, return. The approver never uploaded or submitted.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::customer::Command;
use domain::customer::qualification::{self, Command as Review};
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

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Submit {}

impl Body for Submit {
    const ACT: Act = Act::SubmitQualification;
}

/// Submit uploaded papers for review
#[utoipa::path(post, path = "/v1/customers/{id}/qualification/submit", tag = "documents",
    params(("id" = CustomerId, Path)), request_body = Submit,
    responses((status = 200, body = Done)))]
pub async fn submit(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body: Submit {} }: Asked<Submit>,
) -> Result<Response, Problem> {
    give(&door, by, id, Review::Submit, "in_review").await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    #[schema(value_type = Option<String>)]
    comment: Option<Prose<1000>>,
}

impl Body for Approve {
    const ACT: Act = Act::ReviewQualification;
}

/// Approve what is under review
#[utoipa::path(post, path = "/v1/customers/{id}/qualification/approve", tag = "documents",
    params(("id" = CustomerId, Path)), request_body = Approve,
    responses((status = 200, body = Done)))]
pub async fn approve(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Approve>,
) -> Result<Response, Problem> {
    give(&door, by, id, Review::Approve { comment: body.comment }, "approved").await
}

/// Why a review ended without approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    #[schema(value_type = String)]
    reason: Prose<500>,
    #[schema(value_type = Option<String>)]
    comment: Option<Prose<1000>>,
}

impl Body for Decline {
    const ACT: Act = Act::ReviewQualification;
}

/// Reject what is under review, for good
#[utoipa::path(post, path = "/v1/customers/{id}/qualification/reject", tag = "documents",
    params(("id" = CustomerId, Path)), request_body = Decline,
    responses((status = 200, body = Done)))]
pub async fn reject(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Decline>,
) -> Result<Response, Problem> {
    let review = Review::Reject { reason: body.reason, comment: body.comment };
    give(&door, by, id, review, "rejected").await
}

/// Return what is under review, to be mended
#[utoipa::path(post, path = "/v1/customers/{id}/qualification/return", tag = "documents",
    params(("id" = CustomerId, Path)), request_body = Decline,
    responses((status = 200, body = Done)))]
pub async fn give_back(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Decline>,
) -> Result<Response, Problem> {
    let review = Review::Return { reason: body.reason, comment: body.comment };
    give(&door, by, id, review, "returned").await
}

async fn give(
    door: &Door,
    by: Asking,
    id: CustomerId,
    review: qualification::Command,
    status: &'static str,
) -> Result<Response, Problem> {
    let committed = door.customer(by, id, Command::Qualification(review)).await?;
    let done = Done { status: Some(status), ..Done::of(&id, &committed) };
    Ok(answer(StatusCode::OK, &committed, &done))
}
