//! Texts about scores: what kept one from being higher, and what would help.

use super::phrase::text;
use crate::policy::{pack::Text, scorecard::Reason, table::axis::Value};

/// What was seen, what it earned, and what would earn more.
pub fn shortfall(reason: &Reason) -> Text {
    let Reason { title, observed, points, best, remedy, .. } = reason;
    let (zh, en) = match observed {
        Value::Missing => ("未知".to_owned(), "not known".to_owned()),
        value => (value.to_string(), value.to_string()),
    };
    text(
        format!("{}：{zh}，得 {points} 分（最高 {best} 分）。改进办法：{}", title.zh, remedy.zh),
        format!("{}: {en}, {points} of {best} points. To improve: {}", title.en, remedy.en),
    )
}
