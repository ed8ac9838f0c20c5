//! `?format=csv`: any list as a table that a spreadsheet opens without harming it.
//!
//! UTF-8 with a byte order mark, so that Chinese survives. Long codes keep all their digits. No cell is taken for a formula.
//! Nested objects become columns with dotted names; lists become one cell.

use std::collections::HashMap;
use std::fmt;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize as Derived, Serialize};
use utoipa::ToSchema;

use crate::columns;
use crate::problem::Problem;

/// A spreadsheet turns longer runs of digits into 6.9E+12.
const DIGITS_MAX: usize = 10;
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// How a list is wanted.
#[derive(Clone, Copy, Debug, Default, Derived, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    #[default]
    Json,
    Csv,
}

/// The rows as `NAME.csv`.
pub fn answer<T: Serialize + ToSchema>(name: &str, rows: &[T]) -> Result<Response, Problem> {
    let mut response = written(rows)?.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    let disposition = format!("attachment; filename=\"{name}.csv\"");
    if let Ok(value) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, value);
    }
    Ok(response)
}

/// The rows as the text of a file. Without rows it still says what its columns would be.
pub fn written<T: Serialize + ToSchema>(rows: &[T]) -> Result<String, Problem> {
    table(if rows.is_empty() { columns::of::<T>() } else { Vec::new() }, rows)
}

fn table<T: Serialize>(mut columns: Vec<String>, rows: &[T]) -> Result<String, Problem> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut lines = Vec::with_capacity(rows.len());
    for row in rows {
        // By way of text: the order of the fields is the order of the columns, which a map of values would lose.
        let json = serde_json::to_string(row).map_err(Problem::internal)?;
        let node: Node = serde_json::from_str(&json).map_err(Problem::internal)?;
        let mut cells = Vec::new();
        node.flatten(String::new(), &mut cells);
        let line = cells.into_iter().map(|(name, cell)| {
            let place = *places.entry(name).or_insert_with_key(|name| {
                columns.push(name.clone());
                columns.len() - 1
            });
            (place, cell)
        });
        lines.push(line.collect::<HashMap<_, _>>());
    }
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
    if !columns.is_empty() {
        writer.write_record(&columns).map_err(Problem::internal)?;
    }
    for cells in lines {
        let record = (0..columns.len()).map(|place| cells.get(&place).map_or("", String::as_str));
        writer.write_record(record).map_err(Problem::internal)?;
    }
    let bytes = writer.into_inner().map_err(Problem::internal)?;
    let text = String::from_utf8(bytes).map_err(Problem::internal)?;
    Ok(format!("{BYTE_ORDER_MARK}{text}"))
}

/// JSON whose objects keep their order.
enum Node {
    Empty,
    /// Numbers and truth values, as they are written.
    Plain(String),
    Text(String),
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    fn flatten(self, name: String, cells: &mut Vec<(String, String)>) {
        match self {
            Self::Empty => cells.push((name, String::new())),
            Self::Plain(text) => cells.push((name, text)),
            Self::Text(text) => cells.push((name, harmless(text))),
            Self::List(items) => {
                let parts: Vec<String> = items.into_iter().map(Self::in_one_cell).collect();
                cells.push((name, harmless(parts.join("; "))));
            }
            Self::Object(fields) => {
                for (field, node) in fields {
                    let dot = if name.is_empty() { "" } else { "." };
                    node.flatten(format!("{name}{dot}{field}"), cells);
                }
            }
        }
    }

    fn in_one_cell(self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Plain(text) | Self::Text(text) => text,
            Self::List(items) => {
                items.into_iter().map(Self::in_one_cell).collect::<Vec<_>>().join(", ")
            }
            Self::Object(fields) => fields
                .into_iter()
                .map(|(name, node)| format!("{name}={}", node.in_one_cell()))
                .collect::<Vec<_>>()
                .join(", "),
        }
    }
}

/// Text that a spreadsheet shows as it is.
pub fn harmless(text: String) -> String {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let long = text.len() > DIGITS_MAX || (text.len() > 1 && text.starts_with('0'));
    if (digits && long) || is_power_of_ten(&text) {
        return format!("\t{text}");
    }
    // Spaces do not keep every spreadsheet from reading a formula behind them.
    let shown = text.trim_start_matches([' ', '\u{a0}', '\u{3000}']);
    let formula = shown.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']);
    if formula && !is_amount(&text) { format!("'{text}") } else { text }
}

/// A lot such as 24E01, which a spreadsheet takes for 240.
fn is_power_of_ten(text: &str) -> bool {
    let numeric =
        |byte: u8| byte.is_ascii_digit() || matches!(byte, b'e' | b'E' | b'.' | b'+' | b'-');
    text.bytes().all(numeric)
        && text.contains(['e', 'E'])
        && text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && text.parse::<f64>().is_ok()
}

/// An amount may be negative and is no formula.
fn is_amount(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| {
        rest.starts_with(|c: char| c.is_ascii_digit())
            && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
            && rest.bytes().filter(|byte| *byte == b'.').count() <= 1
    })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node, E> {
        Ok(Node::Plain(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Text(value.to_owned()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Empty)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Node, A::Error> {
        let mut object = Vec::new();
        while let Some(field) = fields.next_entry()? {
            object.push(field);
        }
        Ok(Node::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Serialize, ToSchema)]
    struct Limit {
        kind: &'static str,
        amount: Option<&'static str>,
    }

    #[derive(Serialize, ToSchema)]
    struct Row {
        name: &'static str,
        code: &'static str,
        limit: Limit,
        tags: Vec<&'static str>,
    }

    #[test]
    fn columns_keep_the_order_of_the_fields() {
        let limit = Limit { kind: "amount", amount: Some("-12.50") };
        let row = Row { name: "示范", code: "06901234567892", limit, tags: vec!["a", "b"] };
        assert_eq!(
            table(vec![], &[row]).unwrap(),
            "\u{feff}name,code,limit.kind,limit.amount,tags\r\n示范,\t06901234567892,amount,-12.50,a; b\r\n"
        );
    }

    #[test]
    fn a_column_that_only_a_later_row_has_is_there() {
        let rows = [json!({"a": 1}), json!({"a": null, "b": true})];
        assert_eq!(table(vec![], &rows).unwrap(), "\u{feff}a,b\r\n1,\r\n,true\r\n");
    }

    #[test]
    fn nothing_is_taken_for_a_formula_or_a_big_number() {
        for (text, cell) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-cmd", "'-cmd"),
            ("-1.5", "-1.5"),
            ("-1.5.1", "'-1.5.1"),
            ("+86 571", "'+86 571"),
            ("＝1", "'＝1"),
            ("  =1+1", "'  =1+1"),
            ("\u{3000}@SUM(A1)", "'\u{3000}@SUM(A1)"),
            (" -1.5", "' -1.5"),
            (" 示范", " 示范"),
            ("12", "12"),
            ("007", "\t007"),
            ("91330100000000001C", "91330100000000001C"),
            ("913301000000000012", "\t913301000000000012"),
            ("24E01", "\t24E01"),
            ("9133010000000000E1", "\t9133010000000000E1"),
            ("2E", "2E"),
            ("E12", "E12"),
            ("L24E01", "L24E01"),
        ] {
            assert_eq!(harmless(text.to_owned()), cell);
        }
    }

    #[test]
    fn without_rows_the_columns_are_those_of_the_type() {
        let limit = Limit { kind: "amount", amount: None };
        let row = Row { name: "示范", code: "1", limit, tags: vec![] };
        let full = table(vec![], &[row]).unwrap();
        let empty = table::<Row>(columns::of::<Row>(), &[]).unwrap();
        assert_eq!(empty.lines().next(), full.lines().next());
        assert_eq!(empty.lines().count(), 1);
    }
}
