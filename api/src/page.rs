//! Lists in pages: `?limit=` and an opaque `cursor`, which is the key of the last row and so stays right while rows come and go.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use crate::problem::Problem;

/// Rows of a page when nothing is said.
pub const PAGE_DEFAULT: u16 = 50;
/// Rows of a page at most.
pub const PAGE_MAX: u16 = 500;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Pass it as `cursor` for what follows; null at the end.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Cuts `rows`, of which one more than `limit` was asked for, and points at what follows.
    pub fn cut<K: Serialize>(
        list: &str,
        mut rows: Vec<T>,
        limit: u16,
        key: impl Fn(&T) -> K,
    ) -> Self {
        let more = rows.len() > usize::from(limit);
        rows.truncate(usize::from(limit));
        let next_cursor = rows.last().filter(|_| more).map(|row| cursor(list, &key(row)));
        Self { items: rows, next_cursor }
    }
}

/// How many rows were asked for.
pub fn limit(asked: Option<u16>) -> Result<u16, Problem> {
    match asked {
        None => Ok(PAGE_DEFAULT),
        Some(limit) if (1..=PAGE_MAX).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::not_understood(
            "limit.out_of_range",
            format!("limit is between 1 and {PAGE_MAX}."),
        )),
    }
}

/// The opaque text that stands for the key of a row of `list`.
fn cursor(list: &str, key: &impl Serialize) -> String {
    let json = serde_json::to_vec(&(list, key)).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(json)
}

/// The key that a cursor of `list` stands for.
pub fn after<K: DeserializeOwned>(list: &str, cursor: Option<&str>) -> Result<Option<K>, Problem> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let read = bytes.and_then(|bytes| serde_json::from_slice::<(String, K)>(&bytes).ok());
    match read {
        Some((of, key)) if of == list => Ok(Some(key)),
        _ => Err(Problem::not_understood(
            "cursor.not_understood",
            "This cursor is not one of this list: pass next_cursor as it was given.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_points_at_what_follows_only_when_something_does() {
        let page = Page::cut("products", vec!["a", "b", "c"], 2, |row| (*row).to_owned());
        assert_eq!(page.items, ["a", "b"]);
        let key: Option<String> = after("products", page.next_cursor.as_deref()).unwrap();
        assert_eq!(key.as_deref(), Some("b"));
        let page = Page::cut("products", vec!["c"], 2, |row| (*row).to_owned());
        assert_eq!(page.next_cursor, None);
    }

    #[test]
    fn a_cursor_of_another_list_or_of_nobody_is_refused() {
        let foreign = cursor("customers", &"b");
        for text in [foreign.as_str(), "", "%%%", "e30"] {
            let error = after::<String>("products", Some(text)).unwrap_err();
            assert_eq!(error.status().as_u16(), 400, "{text}");
        }
    }

    #[test]
    fn limits_are_between_1_and_500() {
        assert_eq!(limit(None).unwrap(), 50);
        assert_eq!(limit(Some(500)).unwrap(), 500);
        assert!(limit(Some(0)).is_err());
        assert!(limit(Some(501)).is_err());
    }
}
