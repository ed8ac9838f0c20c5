//! `/v1/customers/{id}/qualification`: submit, and the caller's say in the open stage of the review. Nobody votes on what they uploaded
//! or submitted.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::customer::approving::{Act as Say, Which};
use domain::customer::qualification::{self, Remarks};
use domain::customer::{Command, Customer};
use domain::digest::Sha256Digest;
use domain::ids::CustomerId;
use domain::permissions::Act;
use domain::signature::Signature;
use domain::text::{Line, Prose};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, answer};
use crate::approvals::voting::{self, Told};
use crate::asked::{Asked, Asking, Body};
use crate::auth::Caller;
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;
use crate::signing::{self, Sign};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    /// What the customer is called now, where that has changed: it takes effect once the papers are approved, and is asked for until
    /// another name is given.
    #[schema(value_type = Option<String>)]
    name: Option<Line<200>>,
}

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
    Asked { by, body: Submit { name } }: Asked<Submit>,
) -> Result<Response, Problem> {
    let committed = door
        .customer(by, id, Command::Qualification(qualification::Command::Submit { name }))
        .await?;
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
    /// Proves once more who signs, for exactly what is voted on.
    pub sign: Option<Sign>,
    /// The hash of what the reviewer saw, as the case shows it: a vote on anything else is refused.
    pub content: Option<String>,
}

impl Body for Approve {
    const ACT: Act = Act::ReviewQualification;
    const NAMES: &[&str] = &["signature"];
    const SECRETS: &[&str] = signing::SECRETS;
}

/// Agree to what is under review
///
/// The caller's vote in the open stage: `status` is `approved` once all who are asked have agreed, and `in_review` before.
#[utoipa::path(post, path = "/v1/customers/{id}/qualification/approve", tag = "documents",
    params(("id" = CustomerId, Path)), request_body = Approve,
    responses((status = 200, body = Done)))]
pub async fn approve(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Approve>,
) -> Result<Response, Problem> {
    let Approve { comment, signature, sign, content } = body;
    let signed = signed(&door, &caller, &by, id, sign).await?;
    let say = |signature| Say::Approve {
        remarks: Remarks { comment, signature, signed: signed.map(Box::new) },
        content,
    };
    say_of(door, by, id, signature, say).await
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
    /// Back to this stage instead of back to whoever asked, counted from 1; only where something is returned.
    pub stage: Option<u32>,
    /// Proves once more who signs, for exactly what is turned down.
    pub sign: Option<Sign>,
}

impl Body for Decline {
    const ACT: Act = Act::ReviewQualification;
    const NAMES: &[&str] = &["signature"];
    const SECRETS: &[&str] = signing::SECRETS;
}

/// Reject what is under review, for good
#[utoipa::path(post, path = "/v1/customers/{id}/qualification/reject", tag = "documents",
    params(("id" = CustomerId, Path)), request_body = Decline,
    responses((status = 200, body = Done)))]
pub async fn reject(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Decline>,
) -> Result<Response, Problem> {
    let Decline { reason, comment, signature, stage, sign } = body;
    no_stage(stage)?;
    let signed = signed(&door, &caller, &by, id, sign).await?.map(Box::new);
    let say = |signature| Say::Reject { reason, remarks: Remarks { comment, signature, signed } };
    say_of(door, by, id, signature, say).await
}

/// Return what is under review, to be mended
#[utoipa::path(post, path = "/v1/customers/{id}/qualification/return", tag = "documents",
    params(("id" = CustomerId, Path)), request_body = Decline,
    responses((status = 200, body = Done)))]
pub async fn give_back(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Decline>,
) -> Result<Response, Problem> {
    let Decline { reason, comment, signature, stage, sign } = body;
    let signed = signed(&door, &caller, &by, id, sign).await?.map(Box::new);
    let say = move |signature| Say::Return {
        reason,
        remarks: Remarks { comment, signature, signed },
        stage,
    };
    say_of(door, by, id, signature, say).await
}

/// The signature under what the customer's review asks now; where nothing is asked there is nothing to sign, and the rule says so.
async fn signed(
    door: &Door,
    caller: &Caller,
    by: &Asking,
    customer: CustomerId,
    sign: Option<Sign>,
) -> Result<Option<Signature>, Problem> {
    let known = door.journal().confirmed::<Customer>(&customer.to_string()).await?;
    let Some(case) = &known.state.cases.qualification else { return Ok(None) };
    let (content, record) = (&case.round.content, customer.to_string());
    signing::sign(door, caller, by, sign, Act::ReviewQualification, (content, &record)).await
}

pub fn no_stage(stage: Option<u32>) -> Result<(), Problem> {
    if stage.is_none() {
        return Ok(());
    }
    let message = "what is rejected goes back to no stage: leave it out, or return it";
    Err(Problem::field("/stage", "unexpected_field", message))
}

async fn say_of(
    door: Door,
    by: Asking,
    id: CustomerId,
    signature: Option<Line<100>>,
    say: impl FnOnce(Option<Sha256Digest>) -> Say + Send + 'static,
) -> Result<Response, Problem> {
    let told = Told { id: id.to_string(), approved: "approved", open: "in_review" };
    voting::say(door, by, id, Which::Qualification, signature, say, told).await
}
