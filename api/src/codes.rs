//! `GET /v1/codes`: the data dictionary. Every code that a body, an event or an answer can hold, in Chinese and English.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::customer::Rejection;
use domain::dictionary::{Dictionary, dictionary};
use domain::permissions::Act;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::problem::Problem;

/// The data dictionary.
#[derive(Debug, Serialize, ToSchema)]
pub struct Codes {
    #[serde(flatten)]
    dictionary: Dictionary,
    /// Codes of problems that say why a customer command made no sense.
    rejections: &'static [&'static str],
}

/// The data dictionary
#[utoipa::path(get, path = "/v1/codes", tag = "dictionary", responses((status = 200, body = Codes)))]
pub async fn codes(caller: Caller) -> Result<Response, Problem> {
    caller.may(Act::ReadCodes)?;
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind)], TEXT.as_str()).into_response())
}

static TEXT: LazyLock<String> = LazyLock::new(|| {
    let codes = Codes { dictionary: dictionary(), rejections: Rejection::CODES };
    serde_json::to_string(&codes).unwrap_or_else(|_| "{}".to_owned())
});
