//! `PUT /v1/attachments` and `GET /v1/attachments/{id}`: scans of papers.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;
use domain::permissions::Act;

#[derive(Debug, Serialize, ToSchema)]
pub struct Stored {
    /// `sha256:` and the digest of the bytes.
    #[schema(example = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    pub id: String,
}

/// Store a scan
///
/// PDF, PNG or JPEG, up to 20 MiB. The same bytes have the same id, however often they are sent.
#[utoipa::path(put, path = "/v1/attachments", tag = "documents",
    request_body(content(("application/pdf"), ("image/png"), ("image/jpeg"))),
    responses((status = 201, body = Stored)))]
pub async fn store(
    caller: Caller,
    State(door): State<Door>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, axum::Json<Stored>), Problem> {
    caller.may(Act::StoreAttachment)?;
    let id = door.attachments().store(&headers, body).await?;
    Ok((StatusCode::CREATED, axum::Json(Stored { id })))
}

/// A scan, as it was stored
#[utoipa::path(get, path = "/v1/attachments/{id}", tag = "documents",
    params(("id" = String, Path)),
    responses((status = 200, content((Vec<u8> = "application/pdf"), (Vec<u8> = "image/png"), (Vec<u8> = "image/jpeg")))))]
pub async fn fetch(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadAttachments)?;
    door.attachments().answer(&id).await
}
