//! What stands around every request: a bound on how many run, a bound on how long each may take, and counting.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

use crate::problem::Problem;

/// Requests that may run at once; more are answered 429.
const RUNNING_MAX: usize = 8_192;
/// Scans come over slow lines: they get so many times the time of other requests.
const UPLOAD_PATIENCE: u32 = 12;
/// What is posted and records nothing.
const DRY_RUNS: [&str; 1] = ["/v1/customers/{id}/checks"];

/// Bounds and counters that all requests share.
#[derive(Debug)]
pub struct Around {
    running: AtomicUsize,
    timeout: Duration,
    requests: Family<Labels, Counter>,
    seconds: Family<Route, Histogram>,
    /// Event streams that are open.
    pub streams: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

impl Around {
    pub fn new(timeout: Duration) -> Self {
        Self {
            running: AtomicUsize::new(0),
            timeout,
            requests: Family::default(),
            // From a quarter of a millisecond to eight seconds.
            seconds: Family::new_with_constructor(|| {
                Histogram::new(exponential_buckets(0.000_25, 2.0, 16))
            }),
            streams: Gauge::default(),
        }
    }

    pub fn register(&self, registry: &mut Registry) {
        registry.register("http_requests", "Requests answered", self.requests.clone());
        registry.register("http_seconds", "Time to the answer's head", self.seconds.clone());
        registry.register("event_streams", "Event streams that are open", self.streams.clone());
    }

    fn count(
        &self,
        method: &Method,
        route: Option<&MatchedPath>,
        status: StatusCode,
        since: Instant,
    ) {
        let route = route.map_or("none", MatchedPath::as_str).to_owned();
        self.seconds
            .get_or_create(&Route { route: route.clone() })
            .observe(since.elapsed().as_secs_f64());
        let labels = Labels { method: method.to_string(), route, status: status.as_u16() };
        self.requests.get_or_create(&labels).inc();
    }
}

/// Leaves the count of running requests, however the request ends.
struct Running<'a>(&'a AtomicUsize);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pub async fn around(State(around): State<Arc<Around>>, request: Request, next: Next) -> Response {
    let since = Instant::now();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let running = around.running.fetch_add(1, Ordering::Relaxed);
    let _running = Running(&around.running);
    let response = if running >= RUNNING_MAX {
        Problem::too_many("requests.too_many", "Too many requests are under way.").into_response()
    } else {
        let patience = if method == Method::PUT { UPLOAD_PATIENCE } else { 1 };
        let answer =
            tokio::time::timeout(around.timeout.saturating_mul(patience), next.run(request));
        match answer.await {
            Ok(response) => response,
            Err(_) => too_late(&method, route.as_ref()).into_response(),
        }
    };
    around.count(&method, route.as_ref(), response.status(), since);
    response
}

/// A command that took too long may have been recorded all the same; a reading and a dry run record nothing.
fn too_late(method: &Method, route: Option<&MatchedPath>) -> Problem {
    let dry = route.is_some_and(|route| DRY_RUNS.contains(&route.as_str()));
    if dry || matches!(*method, Method::GET | Method::HEAD) {
        Problem::unavailable("request.too_slow", "This took too long; ask for less, or again.")
    } else {
        Problem::unavailable(
            "outcome.unknown",
            "This took too long and may have been recorded: repeat it with the same Idempotency-Key.",
        )
    }
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn_with_state;
    use axum::routing::{get, post};
    use tower::ServiceExt;

    use super::*;

    fn router(timeout: Duration) -> (Router, Arc<Around>) {
        let around_all = Arc::new(Around::new(timeout));
        let slow = || async { std::future::pending::<()>().await };
        let router = Router::new()
            .route("/slow", get(slow).post(slow))
            .nest("/v1", Router::new().route("/customers/{id}/checks", post(slow)))
            .route("/fast", get(|| async { "here" }))
            .layer(from_fn_with_state(Arc::clone(&around_all), around));
        (router, around_all)
    }

    async fn status(router: Router, method: Method, path: &str) -> StatusCode {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        router.oneshot(request).await.unwrap().status()
    }

    #[tokio::test]
    async fn what_takes_too_long_is_answered_all_the_same() {
        let (router, around) = router(Duration::from_millis(1));
        assert_eq!(status(router.clone(), Method::GET, "/slow").await, 503);
        assert_eq!(status(router.clone(), Method::POST, "/slow").await, 503);
        assert_eq!(status(router, Method::GET, "/fast").await, 200);
        assert_eq!(around.running.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn only_what_records_may_have_been_recorded() {
        for (method, path, code) in [
            (Method::GET, "/slow", "request.too_slow"),
            (Method::POST, "/slow", "outcome.unknown"),
            (Method::POST, "/v1/customers/customer-1/checks", "request.too_slow"),
        ] {
            let (router, _) = router(Duration::from_millis(1));
            let request = Request::builder().method(&method).uri(path).body(Body::empty()).unwrap();
            let response = router.oneshot(request).await.unwrap();
            assert_eq!(response.status(), 503);
            let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
            assert!(String::from_utf8_lossy(&body).contains(code), "{method} {path}: {body:?}");
        }
    }

    #[tokio::test]
    async fn more_requests_than_we_can_bear_are_turned_away() {
        let (router, around) = router(Duration::from_secs(1));
        around.running.store(RUNNING_MAX, Ordering::Relaxed);
        assert_eq!(status(router, Method::GET, "/fast").await, 429);
    }
}
