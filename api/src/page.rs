//! Lists in pages: `?limit=` and an opaque `cursor`, which is the key of the last row and so stays right while rows come and go.

use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use projections::{Keyset, Listed};
use serde::Serialize;
use utoipa::ToSchema;

use crate::csv::{self, Format};
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

/// How a list is wanted: the parameters that every list takes.
#[derive(Debug)]
pub struct Paging {
    list: &'static str,
    pub keyset: Keyset,
    pub format: Format,
    /// A position that must be in it.
    pub at: Option<i64>,
}

impl Paging {
    pub fn new(
        list: &'static str,
        asked: Option<u16>,
        cursor: Option<&str>,
        format: Option<Format>,
        at: Option<i64>,
    ) -> Result<Self, Problem> {
        let keyset = Keyset { limit: limit(asked)?.into(), after: after(list, cursor)? };
        Ok(Self { list, keyset, format: format.unwrap_or_default(), at })
    }

    /// The rows, as they are wanted.
    pub fn answer<T: Serialize>(&self, listed: Listed<T>) -> Result<Response, Problem> {
        match self.format {
            Format::Csv => csv::answer(self.list, &listed.items),
            Format::Json => Ok(axum::Json(self.page(listed)).into_response()),
        }
    }

    pub fn page<T>(&self, listed: Listed<T>) -> Page<T> {
        let next_cursor = listed.next.map(|key| cursor(self.list, &key));
        Page { items: listed.items, next_cursor }
    }
}

/// Declares the query of a list: its own parameters, and those that every list takes.
macro_rules! list_query {
    ($(#[$meta:meta])* $name:ident in $list:literal { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, ::serde::Deserialize, ::utoipa::IntoParams)]
        #[serde(deny_unknown_fields)]
        #[into_params(parameter_in = Query)]
        pub struct $name {
            $($(#[$field_meta])* $field: $type,)*
            /// 1 to 500; 50 without.
            #[param(minimum = 1, maximum = 500)]
            limit: Option<u16>,
            /// `next_cursor` of the page before.
            cursor: Option<String>,
            /// `csv` for a table.
            #[param(inline)]
            format: Option<$crate::csv::Format>,
            /// A position that must be in it.
            #[param(minimum = 0)]
            at: Option<i64>,
        }

        impl $name {
            fn paging(&self) -> Result<$crate::page::Paging, $crate::problem::Problem> {
                $crate::page::Paging::new($list, self.limit, self.cursor.as_deref(), self.format, self.at)
            }
        }
    };
}

pub(crate) use list_query;

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
fn cursor(list: &str, key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{list}\0{key}"))
}

/// The key that a cursor of `list` stands for.
fn after(list: &str, cursor: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let key = text.as_deref().and_then(|text| text.split_once('\0'));
    match key {
        Some((of, key)) if of == list && !key.contains('\0') => Ok(Some(key.to_owned())),
        _ => Err(not_understood()),
    }
}

pub(crate) fn not_understood() -> Problem {
    Problem::not_understood(
        "cursor.not_understood",
        "This cursor is not one of this list: pass next_cursor as it was given.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_points_at_what_follows_only_when_something_does() {
        let paging = Paging::new("products", Some(2), None, None, None).unwrap();
        let listed = Listed { items: vec!["a", "b"], next: Some("b".to_owned()) };
        let page = paging.page(listed);
        let next = Paging::new("products", None, page.next_cursor.as_deref(), None, None).unwrap();
        assert_eq!(next.keyset, Keyset { limit: 50, after: Some("b".to_owned()) });
        let page = paging.page(Listed { items: vec!["c"], next: None });
        assert_eq!(page.next_cursor, None);
    }

    #[test]
    fn a_cursor_of_another_list_or_of_nobody_is_refused() {
        let foreign = cursor("customers", "b");
        for text in [foreign.as_str(), "", "%%%", "e30"] {
            let error = after("products", Some(text)).unwrap_err();
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
