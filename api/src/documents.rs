//! `POST /v1/customers/{id}/documents`: papers are uploaded with their scans, and never edited.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::catalogue::ScopeItem;
use domain::customer::qualification::{self, CopyKind, Paper, TradeMode, Upload};
use domain::customer::{Command, Event};
use domain::document_kind::DocumentKind;
use domain::ids::{CustomerId, DocumentId};
use domain::permissions::Act;
use domain::text::{Line, Prose};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Done, answer};
use crate::asked::{Asked, Body};
use crate::attachments::Missing;
use crate::day;
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;

/// Pages of one paper.
const SCANS_MAX: usize = 50;
/// Entries of one paper's scope.
const SCOPE_MAX: usize = 500;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UploadDocument {
    kind: DocumentKind,
    #[schema(value_type = String, example = "浙杭药监械经营许20240001号")]
    number: Line<100>,
    #[schema(value_type = Option<String>)]
    issuer: Option<Line<200>>,
    #[serde(default, deserialize_with = "day::optional")]
    issued_on: Option<NaiveDate>,
    /// The day of issue without.
    #[serde(default, deserialize_with = "day::optional")]
    valid_from: Option<NaiveDate>,
    /// Inclusive. Absent only with `long_term`, where the kind allows it.
    #[serde(default, deserialize_with = "day::optional")]
    valid_to: Option<NaiveDate>,
    #[serde(default)]
    long_term: bool,
    mode: Option<TradeMode>,
    /// Each entry covers every product code that begins with it.
    #[serde(default)]
    scope: Vec<ScopeItem>,
    /// `plain_copy` without.
    copy: Option<CopyKind>,
    /// An attachment's id.
    scan: Option<String>,
    /// Several pages.
    #[serde(default)]
    scans: Vec<String>,
}

impl Body for UploadDocument {
    const ACT: Act = Act::UploadDocument;
}

/// Upload a paper
///
/// It counts once it was submitted and approved by Quality.
#[utoipa::path(post, path = "/v1/customers/{id}/documents", tag = "documents",
    params(("id" = CustomerId, Path)), request_body = UploadDocument,
    responses((status = 201, body = Done)))]
pub async fn upload(
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Asked { by, body }: Asked<UploadDocument>,
) -> Result<Response, Problem> {
    let paper = paper(&door, body).await?;
    let command = qualification::Command::Upload(Box::new(Upload { paper }));
    let committed = door.customer(by, id, Command::Qualification(command)).await?;
    let document = committed.events.iter().find_map(|event| match event {
        Event::DocumentUploaded(uploaded) => Some(uploaded.document),
        _ => None,
    });
    let document = document.ok_or_else(|| Problem::internal("an upload without its event"))?;
    Ok(answer(StatusCode::CREATED, &committed, &Done::of(&document, &committed)))
}

async fn paper(door: &Door, body: UploadDocument) -> Result<Paper, Problem> {
    let Some(valid_from) = body.valid_from.or(body.issued_on) else {
        let message = "give valid_from, or issued_on";
        return Err(Problem::field("/valid_from", "missing_field", message));
    };
    if body.scope.len() > SCOPE_MAX {
        let message = format!("at most {SCOPE_MAX} entries");
        return Err(Problem::field("/scope", "too_many", message));
    }
    let first = body.scan.map(|scan| ("/scan".to_owned(), scan));
    let more = body.scans.into_iter().enumerate();
    let scans: Vec<_> =
        first.into_iter().chain(more.map(|(nth, scan)| (format!("/scans/{nth}"), scan))).collect();
    if scans.len() > SCANS_MAX {
        return Err(Problem::field("/scans", "too_many", format!("at most {SCANS_MAX} pages")));
    }
    for (pointer, scan) in &scans {
        // An event that names a scan is recorded only once the scan is safe.
        if door.attachments().has(scan).await == Err(Missing) {
            let message = "there is no such attachment: PUT /v1/attachments first";
            return Err(Problem::field(pointer, "attachment.not_found", message));
        }
    }
    Ok(Paper {
        kind: body.kind,
        number: body.number,
        issuer: body.issuer,
        issued_on: body.issued_on,
        valid_from,
        valid_to: body.valid_to,
        long_term: body.long_term,
        mode: body.mode,
        scope: body.scope,
        copy: body.copy.unwrap_or(CopyKind::PlainCopy),
        scans: scans.into_iter().map(|(_, scan)| scan).collect(),
    })
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeDocument {
    #[schema(value_type = String)]
    reason: Prose<500>,
}

impl Body for RevokeDocument {
    const ACT: Act = Act::RevokeDocument;
}

/// Revoke a paper
///
/// What relied on it stays as it was; nothing relies on it from now on.
#[utoipa::path(post, path = "/v1/customers/{id}/documents/{did}/revoke", tag = "documents",
    params(("id" = CustomerId, Path), ("did" = DocumentId, Path)), request_body = RevokeDocument,
    responses((status = 200, body = Done)))]
pub async fn revoke(
    State(door): State<Door>,
    Path((id, document)): Path<(CustomerId, DocumentId)>,
    Asked { by, body }: Asked<RevokeDocument>,
) -> Result<Response, Problem> {
    let command = qualification::Command::Revoke { document, reason: body.reason };
    let committed = door.customer(by, id, Command::Qualification(command)).await?;
    Ok(answer(StatusCode::OK, &committed, &Done::of(&document, &committed)))
}
