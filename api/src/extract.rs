//! Bytes become typed values: bodies, query strings and paths, each with an answer that says what is wrong and where.

use axum::body::{Body, BodyDataStream, Bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use futures::StreamExt;
use serde::de::DeserializeOwned;

use crate::problem::{Fault, Problem};

/// The longest body of a command, in bytes.
pub const BODY_MAX: usize = 256 * 1024;
/// How much of a body that is refused is still read.
const DRAIN_MAX: usize = 4 * BODY_MAX;
/// Fields whose text may have lines and tabs.
const FREE_TEXT: [&str; 4] = ["reason", "comment", "note", "description"];

/// A JSON body. An empty one counts as `{}`.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let bytes = read_json(&parts.headers, body).await?;
        parse(&bytes).map(Self)
    }
}

/// A query string. What is not understood is 400 and names the parameter.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        refuse_controls_in_query(&parts.uri)?;
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(value)) => Ok(Self(value)),
            Err(QueryRejection::FailedToDeserializeQueryString(error)) => {
                Err(Problem::not_understood("query.not_understood", error.body_text()))
            }
            Err(error) => Err(Problem::not_understood("query.not_understood", error.to_string())),
        }
    }
}

/// No parameter means a control character, and PostgreSQL takes no U+0000 at all.
fn refuse_controls_in_query(uri: &Uri) -> Result<(), Problem> {
    // A bare one is no part of an address: only an escape can stand for it.
    if !uri.query().is_some_and(|query| query.contains('%')) {
        return Ok(());
    }
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|error| Problem::not_understood("query.not_understood", error.body_text()))?;
    let controls = |text: &str| text.chars().any(char::is_control);
    match pairs.0.iter().find(|(name, value)| controls(name) || controls(value)) {
        None => Ok(()),
        Some((name, _)) => {
            let name: String = name.chars().filter(|c| !c.is_control()).collect();
            let detail = format!("?{name}= has a control character: leave it out.");
            Err(Problem::not_understood("query.control_character", detail).with("parameter", name))
        }
    }
}

/// The parameters of the path. What is no id of the wanted kind does not exist.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(PathRejection::FailedToDeserializePathParams(error)) => {
                Err(Problem::new(StatusCode::NOT_FOUND, "path.not_found", error.body_text()))
            }
            Err(error) => Err(Problem::internal(error)),
        }
    }
}

/// The bytes of a JSON body, after its type and length were looked at.
pub async fn read_json(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let bytes = read(headers, body).await?;
    if bytes.is_empty() {
        return Ok(Bytes::from_static(b"{}"));
    }
    if !is_json(headers) {
        return Err(Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "body.content_type",
            "Send JSON, with Content-Type: application/json.",
        ));
    }
    Ok(bytes)
}

async fn read(headers: &HeaderMap, body: Body) -> Result<Bytes, Problem> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(0);
    if announced > BODY_MAX {
        drain(body).await;
        return Err(too_large());
    }
    let mut stream = body.into_data_stream();
    let mut whole = match stream.next().await {
        None => return Ok(Bytes::new()),
        Some(Err(error)) => return Err(broken_off(&error)),
        // Nearly every body comes in one piece, which is not copied.
        Some(Ok(first)) if first.len() == announced => return Ok(first),
        Some(Ok(first)) => first.to_vec(),
    };
    while let Some(piece) = stream.next().await {
        let piece = piece.map_err(|error| broken_off(&error))?;
        if whole.len().saturating_add(piece.len()) > BODY_MAX {
            discard(stream, DRAIN_MAX).await;
            return Err(too_large());
        }
        whole.extend_from_slice(&piece);
    }
    if whole.len() > BODY_MAX { Err(too_large()) } else { Ok(whole.into()) }
}

/// Reads on and forgets, within bounds: a client that still sends does not hear an answer, it only sees the line cut.
pub async fn drain(body: Body) {
    discard(body.into_data_stream(), DRAIN_MAX).await;
}

/// Reads at most `most` bytes and forgets them.
pub async fn discard(mut stream: BodyDataStream, most: usize) {
    let mut length = 0_usize;
    while let Some(Ok(piece)) = stream.next().await {
        length = length.saturating_add(piece.len());
        if length > most {
            return;
        }
    }
}

fn too_large() -> Problem {
    let detail = format!("A body may have at most {BODY_MAX} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body.too_large", detail)
}

fn broken_off(error: &axum::Error) -> Problem {
    Problem::not_understood("body.broken_off", format!("The body broke off: {error}."))
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else {
        return false;
    };
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// Reads JSON strictly: 400 when it is not JSON, 422 with a pointer when it is not what is wanted.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // Serde would take the fields as a list too, by their order.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::field("", "wrong_type", "send an object with named fields"));
    }
    // Parsing tracks no path: that costs an allocation per field, and only a wrong body needs it.
    match serde_json::from_slice(bytes) {
        Ok(value) => {
            refuse_control_characters(bytes)?;
            Ok(value)
        }
        Err(error) if error.is_data() => Err(explain::<T>(bytes, &error)),
        Err(error) => Err(Problem::not_understood(
            "body.not_understood",
            format!("The body is not JSON: {error}."),
        )),
    }
}

fn explain<T: DeserializeOwned>(bytes: &[u8], error: &serde_json::Error) -> Problem {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let traced: Result<T, _> = serde_path_to_error::deserialize(&mut deserializer);
    let (mut pointer, message) = match &traced {
        Err(traced) => (pointer(traced.path()), traced.inner().to_string()),
        Ok(_) => (String::new(), error.to_string()),
    };
    // Serde ends with " at line 1 column 20", which says less than the pointer.
    let message = message.split(" at line ").next().unwrap_or_default().to_owned();
    let (code, names_field) = classify(&message);
    if names_field && let Some(name) = message.split('`').nth(1) {
        let step = format!("/{}", escape(name));
        if !pointer.ends_with(&step) {
            pointer.push_str(&step);
        }
    }
    Problem::field(pointer, code, message)
}

/// The code of serde's message, and whether that message names a field that the path lacks.
fn classify(message: &str) -> (&'static str, bool) {
    const KINDS: [(&str, &str, bool); 6] = [
        ("unknown field", "unknown_field", true),
        ("missing field", "missing_field", true),
        ("duplicate field", "duplicate_field", true),
        ("unknown variant", "unknown_value", false),
        ("invalid type", "wrong_type", false),
        ("invalid length", "wrong_length", false),
    ];
    let found = KINDS.iter().find(|(start, ..)| message.starts_with(start));
    found.map_or(("invalid_value", false), |(_, code, names)| (code, *names))
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter()
        .filter_map(|segment| match segment {
            Segment::Seq { index } => Some(format!("/{index}")),
            Segment::Map { key } => Some(format!("/{}", escape(key))),
            Segment::Enum { .. } | Segment::Unknown => None,
        })
        .collect()
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Strings carry no control characters; free text may have tabs and line breaks.
fn refuse_control_characters(bytes: &[u8]) -> Result<(), Problem> {
    // Raw ones are no JSON at all; the rest needs an escape, DEL, or the lead byte of U+0080 to U+00BF.
    if !bytes.iter().any(|byte| matches!(byte, b'\\' | 0x7f | 0xc2)) {
        return Ok(());
    }
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(Problem::internal)?;
    let mut faults = Vec::new();
    find_control_characters(&value, "", "", &mut faults);
    if faults.is_empty() { Ok(()) } else { Err(Problem::content(faults)) }
}

fn find_control_characters(
    value: &serde_json::Value,
    field: &str,
    at: &str,
    faults: &mut Vec<Fault>,
) {
    use serde_json::Value;
    match value {
        Value::String(text) => {
            let free = FREE_TEXT.contains(&field);
            let bad = |c: char| c.is_control() && !(free && matches!(c, '\t' | '\n'));
            if let Some(character) = text.chars().find(|c| bad(*c)) {
                faults.push(Fault {
                    pointer: at.to_owned(),
                    code: "control_character".into(),
                    message: format!("U+{:04X} is not allowed here", u32::from(character)),
                });
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                find_control_characters(item, field, &format!("{at}/{index}"), faults);
            }
        }
        Value::Object(fields) => {
            for (name, item) in fields {
                find_control_characters(item, name, &format!("{at}/{}", escape(name)), faults);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read by serde only")]
    struct Line {
        quantity: u32,
        reason: Option<String>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "read by serde only")]
    struct Order {
        lines: Vec<Line>,
    }

    fn check(body: &str, expected: &str) {
        let got = match parse::<Order>(body.as_bytes()) {
            Ok(_) => "fine".to_owned(),
            Err(problem) => problem.to_string(),
        };
        assert!(got.starts_with(expected), "{body}: {got}");
    }

    #[test]
    fn each_fault_has_its_status_and_its_place() {
        for (body, expected) in [
            (r#"{"lines":[]}"#, "fine"),
            (r#"{"lines":"#, "400 body.not_understood"),
            (r#"{"lines":[]} x"#, "400 body.not_understood"),
            ("\"\\ud800\"", "4"),
            ("{}", "422 body.invalid_content: /lines: missing field"),
            (r#"{"lines":[{}]}"#, "422 body.invalid_content: /lines/0/quantity: missing field"),
            (r#"{"lines":[],"actor":"x"}"#, "422 body.invalid_content: /actor: unknown field"),
            (
                r#"{"lines":[{"quantity":1,"a/b":2}]}"#,
                "422 body.invalid_content: /lines/0/a~1b: unknown field",
            ),
            (r#"{"lines":[{"quantity":"1"}]}"#, "422 body.invalid_content: /lines/0/quantity: inv"),
            (r#"{"lines":[{"quantity":-1}]}"#, "422 body.invalid_content: /lines/0/quantity: inv"),
            (r#"{"lines":[],"lines":[]}"#, "422 body.invalid_content: /lines: duplicate field"),
            (r"[1]", "422 body.invalid_content"),
            (" [[]]", "422 body.invalid_content"),
        ] {
            check(body, expected);
        }
    }

    #[test]
    fn control_characters_are_refused_except_line_breaks_in_free_text() {
        for (reason, fine) in [
            (r"a\tb\nc", true),
            (r"a\u0000b", false),
            (r"a\rb", false),
            (r"a\u0085b", false),
            ("a\u{7f}b", false),
            ("\u{a0}ok é 中", true),
        ] {
            let body = format!(r#"{{"lines":[{{"quantity":1,"reason":"{reason}"}}]}}"#);
            check(&body, if fine { "fine" } else { "422 body.invalid_content: /lines/0/reason" });
        }
    }
}
