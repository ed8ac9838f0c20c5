//! For whoever watches over the process: alive, ready, and counted. No token is asked for.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::door::Door;
use crate::problem::Problem;

#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    #[schema(example = "ok")]
    pub status: &'static str,
    /// Version and commit.
    pub version: &'static str,
}

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "operations", security(()), responses((status = 200, body = Health)))]
pub async fn alive() -> Json<Health> {
    Json(Health { status: "ok", version: crate::config::VERSION })
}

/// Every read model has reached the head that it found at start.
#[utoipa::path(get, path = "/readyz", tag = "operations", security(()), responses((status = 200, body = Health)))]
pub async fn ready(State(door): State<Door>) -> Result<Json<Health>, Problem> {
    match door.ready() {
        Ok(()) => Ok(Json(Health { status: "ready", version: crate::config::VERSION })),
        Err(reached) => Err(Problem::unavailable(
            "read_model.behind",
            format!("The read models are being filled; they have reached position {reached}."),
        )),
    }
}

/// Counters in the text format of Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", security(()),
    responses((status = 200, body = String, content_type = "application/openmetrics-text")))]
pub async fn metrics(State(door): State<Door>) -> Result<Response, Problem> {
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, door.registry())
        .map_err(Problem::internal)?;
    let kind =
        HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
