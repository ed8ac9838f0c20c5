//! The report of a simulation: what it came to, counted from every side, bound to both packs and to how far the journal was read.
//!
//! It is kept under its hash, which the simulation's event names, and the event that puts the pack in force.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::policy::pack::Text;
use domain::wording::names;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Cell, Column, Lang, Mark, Readable, Row, Table};
use crate::day;
use crate::policies::codes;
use crate::policies::simulation::{Changed, Direction, Simulated};

/// Where a band of values begins, in whole units of the currency.
const BANDS: [(i64, &str, &str); 4] = [
    (1_000_000, ">=1000000", "1,000,000 –"),
    (100_000, "100000-1000000", "100,000 – 1,000,000"),
    (10_000, "10000-100000", "10,000 – 100,000"),
    (i64::MIN, "<10000", "– 10,000"),
];
/// A page shows so many customers, those with the most differences; the table of the report has all.
const CUSTOMERS_SHOWN: usize = 100;

/// What a simulation came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The pack that was tried.
    pub hash: String,
    /// The pack that it is to replace.
    pub base: String,
    /// The last event of the journal that it has seen.
    pub upto: i64,
    /// The first and the last business date with a decision.
    #[serde(deserialize_with = "day::optional")]
    pub first: Option<NaiveDate>,
    #[serde(deserialize_with = "day::optional")]
    pub last: Option<NaiveDate>,
    pub decisions: usize,
    /// Of which the journal lacks what they were made of.
    pub lost: usize,
    /// Stopped by the law as recorded, and let through by the pack that was tried.
    pub unlawful: usize,
    /// Held or denied, as recorded and by the pack that was tried.
    pub stopped_before: usize,
    pub stopped_after: usize,
    /// `sha256:` and the SHA-256 of the list of all differences.
    pub differences: String,
    pub counts: Vec<Count>,
}

/// How many decisions differ, seen from one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Count {
    pub by: Side,
    /// A code, a segment, a band of values or a customer; empty where the customer or the decision has none.
    pub key: String,
    /// A customer's.
    pub name: Option<String>,
    /// For a cause: how often it stops anew.
    pub stricter: usize,
    /// For a cause: how often it stops no more.
    pub looser: usize,
    /// The same answer, for other reasons.
    pub otherwise: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Direction,
    Checkpoint,
    Cause,
    Segment,
    Value,
    Customer,
}

impl Side {
    const ALL: [Self; 6] = [
        Self::Direction,
        Self::Checkpoint,
        Self::Cause,
        Self::Segment,
        Self::Value,
        Self::Customer,
    ];

    fn title(self) -> Text {
        match self {
            Self::Direction => codes::text("按方向", "By direction"),
            Self::Checkpoint => codes::text("按环节", "By checkpoint"),
            Self::Cause => codes::text("按原因", "By cause"),
            Self::Segment => codes::text("按客户分群", "By segment"),
            Self::Value => codes::text("按金额", "By value"),
            Self::Customer => codes::text("按客户", "By customer"),
        }
    }
}

impl Report {
    pub fn of(found: &Simulated, hash: &str, base: &str, differences: &str) -> Self {
        let mut counts = counted(&found.changed);
        counts.extend(found.causes.iter().map(|(code, (more, less))| Count {
            by: Side::Cause,
            key: (*code).to_owned(),
            name: None,
            stricter: *more,
            looser: *less,
            otherwise: 0,
        }));
        counts.sort_by(|one, other| {
            let most = other.total().cmp(&one.total());
            one.by.cmp(&other.by).then(most).then_with(|| one.key.cmp(&other.key))
        });
        Self {
            hash: hash.to_owned(),
            base: base.to_owned(),
            upto: found.upto.0,
            first: found.days.map(|(first, _)| first),
            last: found.days.map(|(_, last)| last),
            decisions: found.decisions,
            lost: found.lost,
            unlawful: found.unlawful,
            stopped_before: found.stopped.0,
            stopped_after: found.stopped.1,
            differences: differences.to_owned(),
            counts,
        }
    }

    /// As people read it.
    pub fn readable(&self, lang: Lang) -> Readable {
        let title = lang.pick("模拟报告", "Simulation report").to_owned();
        let (first, last) = (day(self.first), day(self.last));
        let Self { decisions, lost, unlawful, stopped_before, stopped_after, upto, .. } = self;
        let said = match lang {
            Lang::Zh => format!(
                "{first} 至 {last} 的 {decisions} 个决定，截至位置 {upto}；拦截：原 {stopped_before}，新 {stopped_after}；\
                 依法拦截而新规则放行：{unlawful}；无法重做：{lost}。"
            ),
            Lang::En => format!(
                "{decisions} decisions from {first} to {last}, up to position {upto}; held or denied: {stopped_before} \
                 before, {stopped_after} after; stopped by the law and let through now: {unlawful}; not to be made again: {lost}."
            ),
        };
        let notes = vec![format!("{} → {}", self.base, self.hash), said, self.differences.clone()];
        let tables = Side::ALL.into_iter().map(|side| self.table(side, lang)).collect();
        Readable { lang, title, notes, tables }
    }

    fn table(&self, side: Side, lang: Lang) -> Table {
        let of = self.counts.iter().filter(|count| count.by == side);
        let shown = if side == Side::Customer { CUSTOMERS_SHOWN } else { usize::MAX };
        let more = of.clone().count().saturating_sub(shown);
        let note = (more > 0).then(|| match lang {
            Lang::Zh => format!("另有 {more} 个客户，见报告的表格。"),
            Lang::En => format!("And {more} more customers: the report's table has them all."),
        });
        let column = |name: &str, zh, en| Column {
            name: name.to_owned(),
            title: lang.pick(zh, en).to_owned(),
        };
        let columns = vec![
            column("key", "项目", "what"),
            column("stricter", "更严", "stricter"),
            column("looser", "更宽", "looser"),
            column("otherwise", "结果同、原因不同", "for other reasons"),
        ];
        let rows = of.take(shown).map(|count| {
            let numbers = [count.stricter, count.looser, count.otherwise].map(|it| it.to_string());
            let cells = std::iter::once(count.shown(lang)).chain(numbers);
            let cells = cells.map(|now| Cell { raw: now.clone(), old: None, now }).collect();
            Row { key: count.key.clone(), mark: Mark::Same, cells }
        });
        Table {
            name: format!("{side:?}"),
            title: lang.of(side.title()),
            note,
            columns,
            rows: rows.collect(),
            ordered: false,
        }
    }
}

impl Count {
    fn total(&self) -> usize {
        self.stricter.saturating_add(self.looser).saturating_add(self.otherwise)
    }

    fn shown(&self, lang: Lang) -> String {
        let known = match self.by {
            Side::Direction => direction(&self.key),
            Side::Checkpoint => codes::of(&self.key, names::checkpoint),
            Side::Cause => codes::of(&self.key, names::cause),
            Side::Value => {
                let band = BANDS.iter().find(|(_, key, _)| *key == self.key);
                band.map(|(_, _, shown)| codes::text(shown, shown))
            }
            Side::Segment | Side::Customer => None,
        };
        let nothing = || codes::text("无", "none");
        match (known, &self.name) {
            (Some(text), _) => lang.of(text),
            (None, Some(name)) => format!("{name} ({})", self.key),
            (None, None) if self.key.is_empty() => lang.of(nothing()),
            (None, None) => self.key.clone(),
        }
    }
}

fn day(day: Option<NaiveDate>) -> String {
    day.map_or_else(|| "–".to_owned(), |day| day.to_string())
}

fn direction(key: &str) -> Option<Text> {
    Some(match key {
        "stricter" => codes::text("更严", "stricter"),
        "looser" => codes::text("更宽", "looser"),
        "otherwise" => codes::text("结果同、原因不同", "for other reasons"),
        _ => return None,
    })
}

/// A code as it is on the wire.
fn written(code: impl Serialize) -> String {
    let value = serde_json::to_value(code).ok();
    value.as_ref().and_then(|it| it.as_str()).unwrap_or_default().to_owned()
}

fn counted(changed: &[Changed]) -> Vec<Count> {
    let mut counts: BTreeMap<(Side, String), Count> = BTreeMap::new();
    for it in changed {
        let name = Some(it.name.clone());
        for (by, key, name) in [
            (Side::Direction, written(it.direction), None),
            (Side::Checkpoint, written(it.checkpoint), None),
            (Side::Segment, it.segment.clone().unwrap_or_default(), None),
            (Side::Value, band(it.value.as_deref()), None),
            (Side::Customer, it.customer.clone(), name),
        ] {
            let count = counts.entry((by, key.clone())).or_insert_with(|| Count {
                by,
                key,
                name,
                stricter: 0,
                looser: 0,
                otherwise: 0,
            });
            let place = match it.direction {
                Direction::Stricter => &mut count.stricter,
                Direction::Looser => &mut count.looser,
                Direction::Otherwise => &mut count.otherwise,
            };
            *place = place.saturating_add(1);
        }
    }
    counts.into_values().collect()
}

/// The band of an amount as it is written; none has none.
fn band(value: Option<&str>) -> String {
    let whole = value.and_then(|value| value.split('.').next()?.parse::<i64>().ok());
    let band = whole.and_then(|whole| BANDS.iter().find(|(from, _, _)| whole >= *from));
    band.map(|(_, key, _)| (*key).to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_amount_has_its_band() {
        for (value, expected) in [
            (Some("9999.99"), "<10000"),
            (Some("10000.00"), "10000-100000"),
            (Some("99999.99"), "10000-100000"),
            (Some("100000.00"), "100000-1000000"),
            (Some("1000000.00"), ">=1000000"),
            (Some("-5.00"), "<10000"),
            (None, ""),
        ] {
            assert_eq!(band(value), expected, "{value:?}");
        }
    }
}
