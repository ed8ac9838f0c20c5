//! `/v1/customers/{id}/credit`: apply, grant, freeze, unfreeze. Nobody decides about the credit of a customer that they look after.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::customer::credit::{self, Limit, LimitGranted, TERMS_DAYS_MAX, Terms, TermsFrom};
use domain::customer::{Command, Event};
use domain::ids::CustomerId;
use domain::money::Money;
use domain::permissions::Act;
use domain::text::Prose;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, answer};
use crate::asked::{Asked, Asking, Body};
use crate::day;
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;

/// How much credit.
// Even a kind without fields has braces: serde lets anything pass beside a bare one.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LimitTerms {
    /// Explicitly no credit: what is not paid in advance is over the limit.
    None {},
    Unlimited {},
    Amount {
        amount: Money,
    },
}

impl From<LimitTerms> for Limit {
    fn from(terms: LimitTerms) -> Self {
        match terms {
            LimitTerms::None {} => Self::None,
            LimitTerms::Unlimited {} => Self::Unlimited,
            LimitTerms::Amount { amount } => Self::Amount { amount },
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    limit: LimitTerms,
    /// Inclusive; until it is superseded without.
    #[serde(default, deserialize_with = "day::optional")]
    valid_until: Option<NaiveDate>,
    /// Days from the invoice; or `terms`.
    terms_days: Option<u32>,
    terms: Option<Terms>,
    /// The most that one order may put on credit.
    single_document_cap: Option<Money>,
}

impl Body for Grant {
    const ACT: Act = Act::GrantCredit;
}

/// Grant a limit
///
/// It supersedes the one before. `none` is explicitly no credit: what is not prepaid is then over the limit. Within the authority of Credit,
/// measured on what was granted in twelve months, it takes effect at once; beyond it, 202 says that others are asked. While an application
/// is under way this is its assessment, with these terms.
#[utoipa::path(post, path = "/v1/customers/{id}/credit/grant", tag = "credit",
    params(("id" = CustomerId, Path)), request_body = Grant,
    responses((status = 200, body = Done), (status = 202, body = Done)))]
pub async fn grant(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Grant>,
) -> Result<Response, Problem> {
    let command = Command::Credit(credit::Command::Grant(Box::new(wanted(&body)?)));
    let committed = door.customer(by, id, command).await?;
    let granted = committed.events.iter().any(|event| matches!(event, Event::LimitGranted(_)));
    let (code, status) =
        if granted { (StatusCode::OK, "granted") } else { (StatusCode::ACCEPTED, "in_approval") };
    let done = Done { status: Some(status), ..Done::of(&id, &committed) };
    Ok(answer(code, &committed, &done))
}

/// An application for credit.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CreditApplication)]
#[serde(transparent)]
pub struct Application(Grant);

impl Body for Application {
    const ACT: Act = Act::ApplyForCredit;
}

/// Apply for credit
///
/// Credit assesses it, and whoever else the amount asks for agrees. `id` is that of the case: it spans application, assessment, approval
/// and grant.
#[utoipa::path(post, path = "/v1/customers/{id}/credit/apply", tag = "credit",
    params(("id" = CustomerId, Path)), request_body = Grant,
    responses((status = 201, body = Done)))]
pub async fn apply(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body: Application(body) }: Asked<Application>,
) -> Result<Response, Problem> {
    let command = Command::Credit(credit::Command::Apply(Box::new(wanted(&body)?)));
    let committed = door.customer(by, id, command).await?;
    let mut done = Done { status: Some("in_approval"), ..Done::of(&id, &committed) };
    if let Some(approval) = &done.approval {
        done.id = approval.case.to_string();
    }
    Ok(answer(StatusCode::CREATED, &committed, &done))
}

fn wanted(body: &Grant) -> Result<LimitGranted, Problem> {
    Ok(LimitGranted {
        limit: body.limit.into(),
        valid_until: body.valid_until,
        terms: terms(body)?,
        single_document_cap: body.single_document_cap,
        increase: None,
    })
}

fn terms(body: &Grant) -> Result<Option<Terms>, Problem> {
    let (terms, pointer) = match (body.terms_days, body.terms) {
        (Some(_), Some(_)) => {
            let message = "give either terms_days or terms";
            return Err(Problem::field("/terms_days", "unexpected_field", message));
        }
        (Some(days), None) => (Terms { from: TermsFrom::Invoice, days }, "/terms_days"),
        (None, Some(terms)) => (terms, "/terms/days"),
        (None, None) => return Ok(None),
    };
    if terms.days > TERMS_DAYS_MAX {
        let message = format!("at most {TERMS_DAYS_MAX} days");
        return Err(Problem::field(pointer, "too_large", message));
    }
    Ok(Some(terms))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    #[schema(value_type = String)]
    reason: Prose<500>,
}

impl Body for Freeze {
    const ACT: Act = Act::FreezeCredit;
}

/// Freeze a limit
///
/// It stops new credit, and neither what is owed nor incoming cash.
#[utoipa::path(post, path = "/v1/customers/{id}/credit/freeze", tag = "credit",
    params(("id" = CustomerId, Path)), request_body = Freeze,
    responses((status = 200, body = Done)))]
pub async fn freeze(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Freeze>,
) -> Result<Response, Problem> {
    give(&door, by, id, credit::Command::Freeze { reason: body.reason }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unfreeze {
    #[schema(value_type = Option<String>)]
    reason: Option<Prose<500>>,
}

impl Body for Unfreeze {
    const ACT: Act = Act::FreezeCredit;
}

/// Unfreeze a limit
#[utoipa::path(post, path = "/v1/customers/{id}/credit/unfreeze", tag = "credit",
    params(("id" = CustomerId, Path)), request_body = Unfreeze,
    responses((status = 200, body = Done)))]
pub async fn unfreeze(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<Unfreeze>,
) -> Result<Response, Problem> {
    give(&door, by, id, credit::Command::Unfreeze { reason: body.reason }).await
}

async fn give(
    door: &Door,
    by: Asking,
    id: CustomerId,
    command: credit::Command,
) -> Result<Response, Problem> {
    let committed = door.customer(by, id, Command::Credit(command)).await?;
    Ok(answer(StatusCode::OK, &committed, &Done::of(&id, &committed)))
}
