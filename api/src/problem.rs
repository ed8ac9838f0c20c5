//! Every answer that is not a success: RFC 9457 `application/problem+json` with a stable `code`.
//!
//! What we are to blame for is logged once, here, and answered with an id and nothing else.

use std::borrow::Cow;
use std::fmt;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// When to come back, in seconds, after a 503 or 429.
const RETRY_AFTER_S: u32 = 1;
/// Bytes of the id that ties an answer to its line in the log.
const INCIDENT_BYTES: usize = 8;

/// An answer that is not a success.
#[derive(Debug)]
pub struct Problem(Box<Content>);

/// The body of an answer that is not a success (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Content {
    /// A name for this kind of problem: `urn:probity:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// The status in words.
    title: &'static str,
    status: u16,
    /// Stable, for programs.
    code: Cow<'static, str>,
    /// What happened and what to do next, for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// What is wrong with the content, and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<Fault>,
    /// Who has what must be unique.
    #[serde(skip_serializing_if = "Option::is_none")]
    holder: Option<String>,
    /// The id under which our log explains a fault of ours, or of what was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Further members, among them a gate's `decision` and the `position` and `version` at which it was recorded.
    #[serde(flatten)]
    #[schema(ignore)]
    more: serde_json::Map<String, Value>,
    #[serde(skip)]
    #[schema(ignore)]
    retry_after_s: Option<u32>,
}

/// One thing that is wrong with the content.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// An RFC 6901 pointer into the body, or the name of a parameter.
    pub pointer: String,
    pub code: Cow<'static, str>,
    pub message: String,
}

impl Problem {
    pub fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<String>,
    ) -> Self {
        let code = code.into();
        Self(Box::new(Content {
            kind: format!("urn:probity:problem:{code}"),
            title: status.canonical_reason().unwrap_or("Problem"),
            status: status.as_u16(),
            code,
            detail: Some(detail.into()),
            errors: Vec::new(),
            holder: None,
            id: None,
            more: serde_json::Map::new(),
            retry_after_s: None,
        }))
    }

    /// 400: not understood.
    pub fn not_understood(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, detail)
    }

    /// 422: understood, and wrong at these places.
    pub fn content(faults: Vec<Fault>) -> Self {
        let detail = match faults.as_slice() {
            [fault] if fault.pointer.is_empty() => fault.message.clone(),
            [fault] => format!("{}: {}", fault.pointer, fault.message),
            _ => "Several fields are wrong; see errors.".to_owned(),
        };
        let mut problem =
            Self::new(StatusCode::UNPROCESSABLE_ENTITY, "body.invalid_content", detail);
        problem.0.errors = faults;
        problem
    }

    /// 422 for one field.
    pub fn field(
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self::content(vec![Fault {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        }])
    }

    /// 401: no credential, or one that we do not know.
    pub fn unauthorized(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, code, detail)
    }

    /// 403: known, and not allowed.
    pub fn forbidden(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: no such thing.
    pub fn not_found(what: &str, id: impl fmt::Display) -> Self {
        let code = format!("{}.not_found", what.replace(' ', "_"));
        Self::new(StatusCode::NOT_FOUND, code, format!("There is no {what} {id}."))
    }

    /// 409: makes no sense in the current state.
    pub fn conflict(code: impl Into<Cow<'static, str>>, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 429: come back later.
    pub fn too_many(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).retry_after(RETRY_AFTER_S)
    }

    /// 503: not now.
    pub fn unavailable(code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail).retry_after(RETRY_AFTER_S)
    }

    /// 500: our fault. The cause goes to the log, its id into the answer.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let id = incident();
        tracing::error!(incident = %id, %cause, "a request failed");
        let mut problem = Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "");
        problem.0.detail = None;
        problem.0.id = Some(id);
        problem
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.0.retry_after_s = Some(seconds);
        self
    }

    /// Names the stream that already has what must be unique.
    #[must_use]
    pub fn held_by(mut self, holder: impl Into<String>) -> Self {
        self.0.holder = Some(holder.into());
        self
    }

    /// Gives the whole problem a code of its own.
    #[must_use]
    pub fn coded(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = code.into();
        self.0.kind = format!("urn:probity:problem:{}", self.0.code);
        self
    }

    /// Answers with another status.
    #[must_use]
    pub fn answered(mut self, status: StatusCode) -> Self {
        self.0.status = status.as_u16();
        self.0.title = status.canonical_reason().unwrap_or("Problem");
        self
    }

    /// Names what was refused, when the refusal is on record.
    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.0.id = Some(id.into());
        self
    }

    /// Adds a further member beside the standard ones.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.more.insert(name.to_owned(), value.into());
        self
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub fn code(&self) -> &str {
        &self.0.code
    }

    /// Whether the same will be answered otherwise a little later: who asks by themselves asks again.
    pub fn passes(&self) -> bool {
        let status = self.status();
        status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS
    }

    /// What happened and what to do next; a fault of ours says only its id.
    pub fn detail(&self) -> &str {
        self.0.detail.as_deref().or(self.0.id.as_deref()).unwrap_or_default()
    }

    /// Who has what must be unique.
    pub fn holder(&self) -> Option<&str> {
        self.0.holder.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}: {}", self.0.status, self.0.code, self.detail())
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.0).unwrap_or_else(|_| b"{}".to_vec());
        let mut response = (self.status(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.0.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status() == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// An id for one fault; without randomness the log still has the fault itself.
fn incident() -> String {
    let mut bytes = [0_u8; INCIDENT_BYTES];
    match getrandom::fill(&mut bytes) {
        Ok(()) => hex::encode(bytes),
        Err(_) => "unnumbered".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn body(problem: Problem) -> Value {
        let response = problem.into_response();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let bytes = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        serde_json::from_slice(&bytes).unwrap()
    }

    #[tokio::test]
    async fn a_fault_of_ours_says_nothing_but_its_id() {
        let body = body(Problem::internal("the password is s3cret")).await;
        assert!(body["id"].as_str().is_some_and(|id| id.len() == 16));
        assert!(!body.to_string().contains("s3cret"));
        assert_eq!(body.get("detail"), None);
    }

    #[tokio::test]
    async fn bad_content_says_where() {
        let body = body(Problem::field("/lines/0/quantity", "too_small", "at least 1")).await;
        assert_eq!(body["status"], 422);
        assert_eq!(body["errors"][0]["pointer"], "/lines/0/quantity");
    }

    #[tokio::test]
    async fn a_busy_answer_says_when_to_come_back() {
        let response = Problem::unavailable("database.away", "later").into_response();
        assert_eq!(response.headers()[header::RETRY_AFTER], "1");
    }
}
