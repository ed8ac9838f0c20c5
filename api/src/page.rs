//! Lists in pages: `?limit=` and an opaque `cursor`, which is the key of the last row and so stays right while rows come and go.

use axum::http::{HeaderName, HeaderValue};
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
/// Rows of a table that nobody asked to have in pages.
pub const TABLE_MAX: u32 = 50_000;
/// The `next_cursor` of a table, which has no other place for it.
pub const NEXT_CURSOR: HeaderName = HeaderName::from_static("probity-next-cursor");

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
    extent: Extent,
    /// A position that must be in it.
    pub at: Option<i64>,
}

/// How much of a list is wanted at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// So many rows at most; what follows is for the next request.
    Page(u16),
    /// A table that somebody keeps: all of it or nothing, for a file does not show that its end is missing.
    Whole,
}

impl Extent {
    /// What `limit` and `format` ask for together.
    pub(crate) fn of(asked: Option<u16>, format: Format) -> Result<Self, Problem> {
        match (asked, format) {
            (None, Format::Csv) => Ok(Self::Whole),
            (asked, _) => limit(asked).map(Self::Page),
        }
    }

    fn rows(self) -> u32 {
        match self {
            Self::Page(limit) => limit.into(),
            Self::Whole => TABLE_MAX,
        }
    }
}

/// A whole table was asked for that is too long to be made at once.
pub(crate) fn too_long(remedy: &str) -> Problem {
    let detail = format!("This table has more than {TABLE_MAX} rows: {remedy}.");
    Problem::not_understood("csv.too_long", detail)
}

impl Paging {
    pub fn new(
        list: &'static str,
        asked: Option<u16>,
        cursor: Option<&str>,
        format: Option<Format>,
        at: Option<i64>,
    ) -> Result<Self, Problem> {
        let format = format.unwrap_or_default();
        let extent = Extent::of(asked, format)?;
        let keyset = Keyset { limit: extent.rows(), after: after(list, cursor)? };
        Ok(Self { list, keyset, format, extent, at })
    }

    /// The rows, as they are wanted.
    pub fn answer<T: Serialize + ToSchema>(&self, listed: Listed<T>) -> Result<Response, Problem> {
        match self.format {
            Format::Csv => self.table(listed),
            Format::Json => Ok(axum::Json(self.page(listed)).into_response()),
        }
    }

    fn table<T: Serialize + ToSchema>(&self, listed: Listed<T>) -> Result<Response, Problem> {
        let page = self.page(listed);
        if page.next_cursor.is_some() && self.extent == Extent::Whole {
            return Err(too_long(
                "ask for less, or pass limit and take what follows with the cursor of the header Probity-Next-Cursor",
            ));
        }
        let mut response = csv::answer(self.list, &page.items)?;
        if let Some(next) = page.next_cursor {
            let next = HeaderValue::from_str(&next).map_err(Problem::internal)?;
            response.headers_mut().insert(NEXT_CURSOR, next);
        }
        Ok(response)
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
            /// 1 to 500; 50 without, and the whole list as `csv`.
            #[param(minimum = 1, maximum = 500)]
            limit: Option<u16>,
            /// `next_cursor` of the page before, or `Probity-Next-Cursor` of the table before.
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
    fn a_table_is_whole_or_says_what_follows_or_is_refused() {
        let listed = |next: Option<&str>| Listed {
            items: vec!["a".to_owned()],
            next: next.map(str::to_owned),
        };
        let whole = Paging::new("products", None, None, Some(Format::Csv), None).unwrap();
        assert_eq!(whole.keyset.limit, TABLE_MAX);
        assert!(!whole.answer(listed(None)).unwrap().headers().contains_key(NEXT_CURSOR));
        let refused = whole.answer(listed(Some("a"))).unwrap_err();
        assert_eq!((refused.status().as_u16(), refused.code()), (400, "csv.too_long"));
        let page = Paging::new("products", Some(1), None, Some(Format::Csv), None).unwrap();
        let answer = page.answer(listed(Some("a"))).unwrap();
        let next = answer.headers()[NEXT_CURSOR].to_str().unwrap();
        assert_eq!(after("products", Some(next)).unwrap().as_deref(), Some("a"));
    }

    #[test]
    fn limits_are_between_1_and_500() {
        assert_eq!(limit(None).unwrap(), 50);
        assert_eq!(limit(Some(500)).unwrap(), 500);
        assert!(limit(Some(0)).is_err());
        assert!(limit(Some(501)).is_err());
    }
}
