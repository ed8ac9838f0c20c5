//! A pack, and the difference between two, as people read it: tables with headings, in Chinese or English.
//!
//! [`readable`] and [`readable_difference`] are pure; the terminal's text and the HTML page are both made from what they answer.
//! Every list has its table, and whatever else stands in a pack is a setting: no field can stay unseen.

pub mod html;
pub mod report;
mod settings;
pub mod signatures;
pub mod terminal;

use std::fmt;

use domain::policy::facts;
use domain::policy::pack::{Pack, Text};
use domain::wording::names;
use serde_json::Value;

use crate::policies::codes;
use crate::policies::lists::{Grid, LISTS, List};

#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    clap::ValueEnum,
    serde::Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    Zh,
    #[default]
    En,
}

impl Lang {
    pub fn of(self, text: Text) -> String {
        match self {
            Self::Zh => text.zh,
            Self::En => text.en,
        }
    }

    fn pick(self, zh: &'static str, en: &'static str) -> &'static str {
        match self {
            Self::Zh => zh,
            Self::En => en,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Readable {
    pub lang: Lang,
    pub title: String,
    /// Which pack, or packs, by their hashes; and that there is no difference, where there is none.
    pub notes: Vec<String>,
    pub tables: Vec<Table>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    name: String,
    pub title: String,
    pub note: Option<String>,
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    ordered: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    name: String,
    pub title: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    key: String,
    pub mark: Mark,
    pub cells: Vec<Cell>,
}

/// How a row stands to the one of the other pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Same,
    Added,
    Removed,
    Changed,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// As it is written in the pack.
    raw: String,
    /// What stood there, where that was something else.
    pub old: Option<String>,
    pub now: String,
}

/// A pack as people read it.
///
/// # Errors
/// A pack that has no JSON form.
pub fn readable(pack: &Pack, lang: Lang) -> Result<Readable, serde_json::Error> {
    let title = match lang {
        Lang::Zh => format!("政策包「{}」", pack.name),
        Lang::En => format!("Policy pack {:?}", pack.name),
    };
    let tables = tables(&serde_json::to_value(pack)?, lang);
    Ok(Readable { lang, title, notes: vec![pack.hash()?], tables })
}

/// What a pack changes in another: only the rows that differ.
///
/// # Errors
/// A pack that has no JSON form.
pub fn readable_difference(
    base: &Pack,
    pack: &Pack,
    lang: Lang,
) -> Result<Readable, serde_json::Error> {
    let title = match lang {
        Lang::Zh => format!("政策包的差异：「{}」→「{}」", base.name, pack.name),
        Lang::En => format!("Difference between policy packs: {:?} → {:?}", base.name, pack.name),
    };
    let mut notes = vec![format!("{} → {}", base.hash()?, pack.hash()?)];
    let mut before = tables(&serde_json::to_value(base)?, lang);
    let mut found = Vec::new();
    for now in tables(&serde_json::to_value(pack)?, lang) {
        let old = before.iter().position(|table| table.name == now.name);
        let old = old.map_or_else(|| now.without_rows(), |at| before.remove(at));
        found.extend(compared(&old, &now, lang));
    }
    // Lists that the new pack has no more.
    found.extend(before.iter().filter_map(|old| compared(old, &old.without_rows(), lang)));
    if found.is_empty() {
        notes.push(lang.pick("没有差异。", "No difference.").to_owned());
    }
    Ok(Readable { lang, title, notes, tables: found })
}

impl Table {
    fn without_rows(&self) -> Self {
        Self { rows: Vec::new(), ..self.clone() }
    }

    fn cell(&self, row: &Row, column: &str) -> Cell {
        let at = self.columns.iter().position(|known| known.name == column);
        at.and_then(|at| row.cells.get(at)).cloned().unwrap_or_default()
    }

    fn row(&self, key: &str) -> Option<&Row> {
        self.rows.iter().find(|row| row.key == key)
    }
}

fn compared(old: &Table, now: &Table, lang: Lang) -> Option<Table> {
    let gone = old.columns.iter().filter(|column| !now.columns.contains(column));
    let columns: Vec<Column> = now.columns.iter().chain(gone).cloned().collect();
    let mut rows = Vec::new();
    for row in &now.rows {
        let before = old.row(&row.key);
        let cells: Vec<Cell> = columns
            .iter()
            .map(|column| {
                let mut cell = now.cell(row, &column.name);
                let was = before.map(|before| old.cell(before, &column.name));
                cell.old = was.filter(|was| was.raw != cell.raw).map(|was| was.now);
                cell
            })
            .collect();
        if before.is_none() {
            rows.push(Row { mark: Mark::Added, key: row.key.clone(), cells });
        } else if cells.iter().any(|cell| cell.old.is_some()) {
            rows.push(Row { mark: Mark::Changed, key: row.key.clone(), cells });
        }
    }
    for row in old.rows.iter().filter(|row| now.row(&row.key).is_none()) {
        let cells = columns.iter().map(|column| old.cell(row, &column.name)).collect();
        rows.push(Row { mark: Mark::Removed, key: row.key.clone(), cells });
    }
    let kept = |one: &Table, other: &Table| -> Vec<String> {
        let keys = one.rows.iter().map(|row| row.key.clone());
        keys.filter(|key| other.row(key).is_some()).collect()
    };
    let moved = now.ordered && kept(old, now) != kept(now, old);
    let note = moved.then(|| {
        lang.pick("各行的先后顺序已改变。", "The rows stand in another order.").to_owned()
    });
    let differs = moved || !rows.is_empty();
    differs.then(|| Table { note, columns, rows, ..now.clone() })
}

fn tables(pack: &Value, lang: Lang) -> Vec<Table> {
    let lists = LISTS.iter().filter(|list| list.is_table_of(pack));
    let lists = lists.filter_map(|list| Some(table(list, &list.grid(pack)?, lang)));
    std::iter::once(settings::settings(pack, lang)).chain(lists).collect()
}

fn table(list: &List, grid: &Grid, lang: Lang) -> Table {
    let title = |name: &String| {
        let known = list.column(name).map(|column| codes::text(column.zh, column.en));
        let title = lang.of(known.unwrap_or_else(|| heading(name)));
        Column { name: name.clone(), title }
    };
    let rows = grid.rows.iter().zip(list.keys(grid)).map(|(line, key)| {
        let cells = grid.columns.iter().zip(&line.cells).map(|(name, raw)| {
            let shown = match list.column(name) {
                Some(column) => column.shown(raw),
                None => condition(name, raw),
            };
            Cell { raw: raw.clone(), old: None, now: lang.of(shown) }
        });
        Row { key, mark: Mark::Same, cells: cells.collect() }
    });
    Table {
        name: list.name.to_owned(),
        title: lang.of(codes::text(list.zh, list.en)),
        note: None,
        columns: grid.columns.iter().map(title).collect(),
        rows: rows.collect(),
        ordered: list.is_ordered(),
    }
}

/// What a column of a decision table is called.
fn heading(name: &str) -> Text {
    match name {
        "id" => codes::text("编号", "id"),
        "then" => codes::text("结果", "then"),
        "text_zh" => codes::text("中文说明", "in Chinese"),
        "text_en" => codes::text("英文说明", "in English"),
        "basis" => codes::text("依据", "basis"),
        "scorecard" => codes::text("评分卡", "scorecard"),
        "name" => codes::text("示例", "example"),
        "expect" => codes::text("应得结果", "expected"),
        fact => {
            let known = facts::CATALOGUE.iter().find(|known| known.fact.name == fact);
            let zh = known.and_then(|known| known.meaning.zh.split(['（', '：']).next());
            Text { zh: zh.unwrap_or(fact).to_owned(), en: fact.replace('_', " ") }
        }
    }
}

/// What a cell of a decision table says; a condition that is more than one code is shown as it is written.
fn condition(column: &str, raw: &str) -> Text {
    let named = match (column, raw) {
        (_, "-") => Some(codes::text("任意", "any")),
        (facts::CUSTOMER_KIND, code) => codes::of(code, names::customer_kind),
        (facts::ENTITY, "missing") => Some(codes::text("无代码", "no code")),
        (facts::ENTITY, code) => codes::of(code, codes::entity),
        ("then" | "expect", "fine") => Some(codes::text("不提示", "nothing is said")),
        ("then" | "expect", "advise") => Some(codes::text("提示", "advise")),
        ("then" | "expect", "stop") => {
            Some(codes::text("按「应收款逾期」处理", "react as to an overdue receivable"))
        }
        _ => None,
    };
    named.unwrap_or_else(|| codes::text(raw, raw))
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Same => " ",
            Self::Added => "+",
            Self::Removed => "-",
            Self::Changed => "~",
        })
    }
}

#[cfg(test)]
mod tests;
