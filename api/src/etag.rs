//! `If-Match: "<version>"` on commands and `ETag: "<version>"` on reads: the version of the customer's stream.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::problem::Problem;

/// The version that the caller saw last; none when the header is absent or `*`.
pub fn if_match(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let version = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        .and_then(|digits| digits.parse::<i64>().ok());
    match version {
        Some(version) => Ok(Some(version)),
        None => Err(Problem::not_understood(
            "if_match.not_understood",
            "If-Match takes one version in double quotes, as ETag gave it: If-Match: \"31\".",
        )),
    }
}

/// The header that a read answers with.
pub fn etag(version: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{version}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str) -> Result<Option<i64>, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, HeaderValue::from_static(text));
        if_match(&headers).map_err(|problem| problem.status().as_u16())
    }

    #[test]
    fn a_version_stands_in_quotes() {
        assert_eq!(if_match(&HeaderMap::new()).unwrap(), None);
        assert_eq!(read("\"31\""), Ok(Some(31)));
        assert_eq!(read("*"), Ok(None));
        for text in ["31", "W/\"31\"", "\"\"", "\"a\"", "\"1\", \"2\"", "\"+1\""] {
            assert_eq!(read(text), Err(400), "{text}");
        }
    }

    #[test]
    fn what_a_read_gives_a_command_takes() {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, etag(31));
        assert_eq!(if_match(&headers).unwrap(), Some(31));
    }
}
