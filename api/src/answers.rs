//! What a command is answered with: ids, position, version, and whether this had been answered before.

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use journal::{Committed, Position, Replayed, Version};
use serde::Serialize;
use utoipa::ToSchema;

use crate::idempotency::IDEMPOTENCY_REPLAYED;

/// Something was made or changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recorded {
    /// The full id of what was made or changed.
    pub id: String,
    /// Of the command's last event, among all events.
    #[schema(value_type = i64)]
    pub position: Position,
    /// Of the command's last event, in its stream.
    #[schema(value_type = i64)]
    pub version: Version,
}

impl Recorded {
    pub fn of<E>(id: &impl ToString, committed: &Committed<E>) -> Self {
        Self { id: id.to_string(), position: committed.position, version: committed.version }
    }
}

/// A status and a body, marked when the command had been given before.
pub fn answer<E>(status: StatusCode, committed: &Committed<E>, body: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    mark(&mut response, committed.replayed);
    response
}

/// Marks an answer that had been given before.
pub fn mark(response: &mut Response, replayed: Replayed) {
    if replayed == Replayed::Yes {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
}
