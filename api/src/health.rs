//! For whoever watches over the process: alive, ready, and counted. No token is asked for.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use journal::Position;
use serde::Serialize;
use utoipa::ToSchema;

use crate::door::{Door, NotReady};
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

/// Every read model has reached the head that it found at start, and is followed
#[utoipa::path(get, path = "/readyz", tag = "operations", security(()), responses((status = 200, body = Health)))]
pub async fn ready(State(door): State<Door>) -> Result<Json<Health>, Problem> {
    match door.ready() {
        Ok(()) => Ok(Json(Health { status: "ready", version: crate::config::VERSION })),
        Err(NotReady::Behind { reached }) => Err(Problem::unavailable(
            "read_model.behind",
            format!("The read models are being filled; they have reached position {reached}."),
        )),
        Err(NotReady::Stopped { reached, error }) => Err(stopped(reached, &error)),
    }
}

/// Names the event that nobody can read, and not what is wrong with it: that may quote its content, and no token was asked for.
fn stopped(reached: Position, error: &projections::Error) -> Problem {
    let (at, remedy) = match error {
        projections::Error::Journal(journal::Error::Unreadable {
            stream,
            version,
            position,
            ..
        }) => (
            format!(" at position {position} ({stream}, version {version}), which cannot be read"),
            "Start the version of Probity that recorded it, or a later one.",
        ),
        _ => (String::new(), "The log says why; mend that and start Probity again."),
    };
    let problem = Problem::unavailable(
        error.code(),
        format!("The read models stopped at position {reached}{at}. {remedy}"),
    );
    match error {
        projections::Error::Journal(journal::Error::Unreadable { position, .. }) => {
            problem.with("position", position.0)
        }
        _ => problem,
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
