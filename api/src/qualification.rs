//! `/v1/customers/{id}/qualification`: submit, approve, reject, return. The approver never uploaded or submitted.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::customer::qualification::{Command as Review, Remarks};
use domain::customer::{Command, Event};
use domain::digest::Sha256Digest;
use domain::ids::CustomerId;
use domain::permissions::Act;
use domain::text::{Line, Prose};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, answer};
use crate::asked::{Asked, Asking, Body};
use crate::door::Door;
use crate::extract::Path;
use crate::names::{self, Kept};
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
    let committed = door.customer(by, id, Command::Qualification(Review::Submit)).await?;
    let done = Done { status: Some("in_review"), ..Done::of(&id, &committed) };
    Ok(answer(StatusCode::OK, &committed, &done))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Approve {
    #[schema(value_type = Option<String>)]
    pub comment: Option<Prose<1000>>,
    /// The name that the reviewer signs with. The event holds its salted digest.
    #[schema(value_type = Option<String>, example = "王芳")]
    pub signature: Option<Line<100>>,
}

impl Body for Approve {
    const ACT: Act = Act::ReviewQualification;
    const NAMES: &[&str] = &["signature"];
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
    let Approve { comment, signature } = body;
    let verdict = |signature| Review::Approve(Remarks { comment, signature });
    sign(door, by, id, signature, verdict, "approved").await
}

/// Why a review ended without approval.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Decline {
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    #[schema(value_type = Option<String>)]
    pub comment: Option<Prose<1000>>,
    /// The name that the reviewer signs with. The event holds its salted digest.
    #[schema(value_type = Option<String>, example = "王芳")]
    pub signature: Option<Line<100>>,
}

impl Body for Decline {
    const ACT: Act = Act::ReviewQualification;
    const NAMES: &[&str] = &["signature"];
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
    let Decline { reason, comment, signature } = body;
    let verdict = |signature| Review::Reject { reason, remarks: Remarks { comment, signature } };
    sign(door, by, id, signature, verdict, "rejected").await
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
    let Decline { reason, comment, signature } = body;
    let verdict = |signature| Review::Return { reason, remarks: Remarks { comment, signature } };
    sign(door, by, id, signature, verdict, "returned").await
}

/// Ends a review, with the name beneath it where there is one.
async fn sign(
    door: Door,
    by: Asking,
    id: CustomerId,
    signature: Option<Line<100>>,
    verdict: impl FnOnce(Option<Sha256Digest>) -> Review + Send + 'static,
    status: &'static str,
) -> Result<Response, Problem> {
    let signing = async move {
        let kept = match &signature {
            Some(name) => Some(Kept::of(&door, &by.actor, name).await?),
            None => None,
        };
        let review = verdict(kept.as_ref().map(Kept::digest));
        let outcome = door.customer(by, id, Command::Qualification(review)).await;
        let carried = |event: &Event| event.signature().map(names::key);
        match kept {
            Some(kept) => kept.settle(outcome, carried).await,
            None => outcome,
        }
    };
    let committed = names::to_the_end(signing).await?;
    let done = Done { status: Some(status), ..Done::of(&id, &committed) };
    Ok(answer(StatusCode::OK, &committed, &done))
}
