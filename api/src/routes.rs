//! Every path of the door, on one screen.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, Uri};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{delete, get, post, put};
use tower_http::catch_panic::CatchPanicLayer;

use crate::around::around;
use crate::door::Door;
use crate::problem::Problem;
use crate::{
    attachment_paths, codes, event_types, events, health, openapi, products, staff, stream, tokens,
};

/// All routes, around which stand the bounds of [`crate::around`].
pub fn routes(door: Door) -> Router {
    let v1 = Router::new()
        .route("/attachments", put(attachment_paths::store))
        .route("/attachments/{id}", get(attachment_paths::fetch))
        .route("/codes", get(codes::codes))
        .route("/event-types", get(event_types::event_types))
        .route("/events", get(events::feed))
        .route("/events/stream", get(stream::stream))
        .route("/products", post(products::register))
        .route("/products/{id}", get(products::card))
        .route("/products/{id}/registrations", post(products::renew))
        .route("/staff", post(staff::register))
        .route("/tokens", get(tokens::list).post(tokens::issue))
        .route("/tokens/{id}", delete(tokens::revoke));
    let all_around = Arc::clone(door.around());
    Router::new()
        .nest("/v1", v1)
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .route("/openapi.json", get(openapi::document))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        // Bodies are bounded where they are read, because scans have another bound.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn_with_state(all_around, around))
        .with_state(door)
}

async fn no_such_path(uri: Uri) -> Problem {
    let detail = format!("There is nothing at {}; see /openapi.json.", uri.path());
    Problem::new(StatusCode::NOT_FOUND, "path.not_found", detail)
}

async fn no_such_method(uri: Uri) -> Problem {
    let detail = format!("{} does not take this method; see /openapi.json.", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method.not_allowed", detail)
}

#[expect(clippy::needless_pass_by_value, reason = "the layer hands the panic over")]
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    use axum::response::IntoResponse;
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    Problem::internal(text.unwrap_or("a panic without words")).into_response()
}
