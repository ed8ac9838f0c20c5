//! What moves a case without a vote: questions and answers, further reviewers, somebody else in one's place, withdrawing, asking again.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::customer::Command;
use domain::customer::approving::{self, Act as Say, Which};
use domain::ids::{CaseId, CustomerId, StaffId};
use domain::permissions::Act;
use domain::text::Prose;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, answer};
use crate::approvals::card;
use crate::asked::{Asked, Asking, Body};
use crate::auth::Caller;
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    #[schema(value_type = String)]
    question: Prose<1000>,
}

impl Body for Ask {
    const ACT: Act = Act::ReadWorklist;
}

/// Ask for information
///
/// As somebody whose vote is wanted. The clock stops until whoever asked for the case has answered.
#[utoipa::path(post, path = "/v1/approvals/{id}/ask", tag = "approvals",
    params(("id" = CaseId, Path)), request_body = Ask, responses((status = 200, body = Done)))]
pub async fn ask(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CaseId>,
    Asked { by, body: Ask { question } }: Asked<Ask>,
) -> Result<Response, Problem> {
    asked(&caller, door, by, id, Say::AskForInformation { question }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Inform {
    #[schema(value_type = String)]
    answer: Prose<1000>,
}

impl Body for Inform {
    const ACT: Act = Act::ReadWorklist;
}

/// Answer what was asked, as one of those who asked for the case
#[utoipa::path(post, path = "/v1/approvals/{id}/answer", tag = "approvals",
    params(("id" = CaseId, Path)), request_body = Inform, responses((status = 200, body = Done)))]
pub async fn inform(
    State(door): State<Door>,
    Path(id): Path<CaseId>,
    Asked { by, body: Inform { answer } }: Asked<Inform>,
) -> Result<Response, Problem> {
    moved(door, by, id, Say::Inform { answer }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddReviewer {
    reviewer: StaffId,
    #[schema(value_type = String)]
    reason: Prose<500>,
}

impl Body for AddReviewer {
    const ACT: Act = Act::ReadWorklist;
}

/// Add a reviewer to the open stage
///
/// As somebody whose vote is wanted. The stage then wants the reviewer's vote as well.
#[utoipa::path(post, path = "/v1/approvals/{id}/reviewers", tag = "approvals",
    params(("id" = CaseId, Path)), request_body = AddReviewer, responses((status = 200, body = Done)))]
pub async fn add_reviewer(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CaseId>,
    Asked { by, body: AddReviewer { reviewer, reason } }: Asked<AddReviewer>,
) -> Result<Response, Problem> {
    asked(&caller, door, by, id, Say::AddReviewer { reviewer, reason }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Transfer {
    to: StaffId,
    #[schema(value_type = String)]
    reason: Prose<500>,
}

impl Body for Transfer {
    const ACT: Act = Act::ReadWorklist;
}

/// Hand one's vote in the open stage to somebody else of one's department
#[utoipa::path(post, path = "/v1/approvals/{id}/transfer", tag = "approvals",
    params(("id" = CaseId, Path)), request_body = Transfer, responses((status = 200, body = Done)))]
pub async fn transfer(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CaseId>,
    Asked { by, body: Transfer { to, reason } }: Asked<Transfer>,
) -> Result<Response, Problem> {
    asked(&caller, door, by, id, Say::Transfer { to, reason }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    #[schema(value_type = String)]
    reason: Prose<500>,
}

impl Body for Because {
    const ACT: Act = Act::ReadWorklist;
}

/// Withdraw a case, as one of those who asked for it
#[utoipa::path(post, path = "/v1/approvals/{id}/withdraw", tag = "approvals",
    params(("id" = CaseId, Path)), request_body = Because, responses((status = 200, body = Done)))]
pub async fn withdraw(
    State(door): State<Door>,
    Path(id): Path<CaseId>,
    Asked { by, body: Because { reason } }: Asked<Because>,
) -> Result<Response, Problem> {
    moved(door, by, id, Say::Withdraw { reason }).await
}

/// Ask once more for what was rejected or withdrawn
///
/// A new round of the same case; the old one stays on record.
#[utoipa::path(post, path = "/v1/approvals/{id}/reopen", tag = "approvals",
    params(("id" = CaseId, Path)), request_body = Because, responses((status = 200, body = Done)))]
pub async fn reopen(
    State(door): State<Door>,
    Path(id): Path<CaseId>,
    Asked { by, body: Because { reason } }: Asked<Because>,
) -> Result<Response, Problem> {
    moved(door, by, id, Say::Reopen { reason }).await
}

/// By somebody who may be asked about such a case.
async fn asked(
    caller: &Caller,
    door: Door,
    by: Asking,
    case: CaseId,
    act: Say,
) -> Result<Response, Problem> {
    let (row, customer) = card::known(&door, case).await?;
    caller.may(row.matter.0.subject().act())?;
    given(door, by, case, customer, act).await
}

async fn moved(door: Door, by: Asking, case: CaseId, act: Say) -> Result<Response, Problem> {
    let (_, customer) = card::known(&door, case).await?;
    given(door, by, case, customer, act).await
}

async fn given(
    door: Door,
    by: Asking,
    case: CaseId,
    customer: CustomerId,
    act: Say,
) -> Result<Response, Problem> {
    let command = approving::Command { which: Which::Case(case), act };
    let committed = door.customer(by, customer, Command::Approving(command)).await?;
    let mut done = Done::of(&case, &committed);
    done.status = done.approval.as_ref().map(|approval| approval.status);
    Ok(answer(StatusCode::OK, &committed, &done))
}
