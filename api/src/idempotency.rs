//! `Idempotency-Key`: the same key with the same request gives the same answer, however often it is sent.

use std::borrow::Cow;

use axum::http::{HeaderMap, HeaderName, Method};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::clock::Ids;
use crate::problem::Problem;

pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Says that an answer had been given before.
pub const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// The longest key.
const KEY_MAX: usize = 255;

/// Where a key came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// The caller chose it, and may repeat the request with it.
    Given(String),
    /// Made here: the request cannot be repeated.
    Made(String),
}

impl Key {
    /// Reads the header, or makes a key.
    pub fn of(headers: &HeaderMap, ids: &dyn Ids) -> Result<Self, Problem> {
        let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
        match (values.next(), values.next()) {
            (None, _) => Ok(Self::Made(ids.uuid().to_string())),
            (Some(value), None) => match value.to_str() {
                Ok(key) if (1..=KEY_MAX).contains(&key.len()) => Ok(Self::Given(key.to_owned())),
                _ => Err(Problem::not_understood(
                    "idempotency_key.not_understood",
                    format!(
                        "Idempotency-Key takes 1 to {KEY_MAX} visible ASCII characters, such as a UUID."
                    ),
                )),
            },
            (Some(_), Some(_)) => Err(Problem::not_understood(
                "idempotency_key.not_understood",
                "Send one Idempotency-Key.",
            )),
        }
    }

    pub fn text(&self) -> &str {
        match self {
            Self::Given(key) | Self::Made(key) => key,
        }
    }
}

/// What "the same request" means: method, path, and what of the body [`without`] leaves.
///
/// The hash is recorded, and a short text can be found again from its hash by trying.
pub fn request_hash(method: &Method, path: &str, body: &[u8]) -> String {
    let mut hash = Sha256::new();
    for part in [method.as_str().as_bytes(), path.as_bytes()] {
        hash.update(part);
        hash.update([0]);
    }
    hash.update(body);
    hex::encode(hash.finalize())
}

/// A body without the texts of its fields with people's names, and without its secrets, given by JSON pointers; byte for byte where it has
/// no such field.
///
/// Whether a name was given is left in it. That a repeated name is the same is told by [`crate::names::Kept::settle`]. Of secrets nothing is
/// left: a code works once, and whoever repeats a request may give another one.
pub fn without<'a>(
    names: &[&str],
    secrets: &[&str],
    body: &'a [u8],
) -> serde_json::Result<Cow<'a, [u8]>> {
    if names.is_empty() && secrets.is_empty() {
        return Ok(Cow::Borrowed(body));
    }
    let mut fields: Map<String, Value> = serde_json::from_slice(body)?;
    for name in names {
        if let Some(Value::String(text)) = fields.get_mut(*name) {
            text.clear();
        }
    }
    let mut body = Value::Object(fields);
    for (parent, field) in secrets.iter().filter_map(|pointer| pointer.rsplit_once('/')) {
        if let Some(Value::Object(fields)) = body.pointer_mut(parent) {
            fields.remove(field);
        }
    }
    serde_json::to_vec(&body).map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::clock::SeededIds;

    fn read(key: &str) -> Result<Key, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_bytes(key.as_bytes()).unwrap());
        Key::of(&headers, &SeededIds::new(1)).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_key_has_1_to_255_characters() {
        assert_eq!(read("PO-1"), Ok(Key::Given("PO-1".to_owned())));
        assert!(read(&"k".repeat(255)).is_ok());
        for key in ["", &"k".repeat(256), "订单"] {
            assert_eq!(read(key), Err(400), "{key}");
        }
    }

    #[test]
    fn without_a_key_one_is_made() {
        let key = Key::of(&HeaderMap::new(), &SeededIds::new(1)).unwrap();
        assert!(matches!(key, Key::Made(_)));
    }

    #[test]
    fn another_path_or_body_is_another_request() {
        let hash = request_hash(&Method::POST, "/v1/a", b"{}");
        assert_eq!(hash, request_hash(&Method::POST, "/v1/a", b"{}"));
        assert_ne!(hash, request_hash(&Method::POST, "/v1/b", b"{}"));
        assert_ne!(hash, request_hash(&Method::POST, "/v1/a", b"{ }"));
    }

    #[test]
    fn a_name_leaves_only_that_it_was_given() {
        let left = |body: &'static str| without(&["name"], &[], body.as_bytes()).unwrap();
        assert_eq!(
            left(r#"{"name":"王芳","roles":["sales"]}"#),
            left(r#"{"roles":["sales"],"name":"李四"}"#)
        );
        assert_ne!(left(r#"{"name":"王芳"}"#), left("{}"));
        assert_ne!(
            left(r#"{"name":"王芳","role":"sales"}"#),
            left(r#"{"name":"王芳","role":"quality"}"#)
        );
        assert!(matches!(without(&[], &[], b"{ }"), Ok(Cow::Borrowed(b"{ }"))));
    }

    #[test]
    fn of_secrets_nothing_is_left() {
        let secrets = ["/sign/password", "/sign/code"];
        let left = |body: &'static str| without(&[], &secrets, body.as_bytes()).unwrap();
        let alone = left(r#"{"sign":{"meaning":"approve"}}"#);
        assert_eq!(left(r#"{"sign":{"code":"123456","meaning":"approve","password":"x"}}"#), alone);
        assert_ne!(left(r#"{"sign":{"meaning":"review","code":"123456"}}"#), alone);
        assert_ne!(left(r#"{"sign":"123456"}"#), left("{}"));
    }
}
