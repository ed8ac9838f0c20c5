//! Whatever stands in a pack outside its lists, as one table of settings.

use domain::policy::pack::Text;
use serde_json::Value;

use super::{Cell, Column, Lang, Mark, Row, Table};
use crate::policies::codes::{self, text};
use crate::policies::difference::key;
use crate::policies::lists::LISTS;

pub(super) fn settings(pack: &Value, lang: Lang) -> Table {
    let mut found = Vec::new();
    walk("", pack, pack, &mut found);
    let rows = found.into_iter().map(|(pointer, value)| {
        let name = lang.of(name(&pointer));
        let cell = |raw: &str, now: String| Cell { raw: raw.to_owned(), old: None, now };
        let shown = lang.of(meaning(&pointer, &value));
        let cells = vec![cell(&pointer, name), cell(&value, shown)];
        Row { key: pointer, mark: Mark::Same, cells }
    });
    let column =
        |name: &str, title: &str| Column { name: name.to_owned(), title: title.to_owned() };
    Table {
        name: "settings".to_owned(),
        title: lang.pick("基本设置", "Settings").to_owned(),
        note: None,
        columns: vec![
            column("setting", lang.pick("设置", "setting")),
            column("value", lang.pick("取值", "value")),
        ],
        rows: rows.collect(),
        ordered: false,
    }
}

/// Every value that is in no list, by its pointer; rows are told by their ids.
fn walk(at: &str, value: &Value, pack: &Value, found: &mut Vec<(String, String)>) {
    let list = LISTS.iter().find(|list| list.is_table_of(pack) && inside(list.at, at, value));
    if list.is_some() {
        return;
    }
    match value {
        Value::Object(fields) if !fields.is_empty() && money(value).is_none() => {
            for (name, value) in fields {
                walk(&format!("{at}/{name}"), value, pack, found);
            }
        }
        Value::Array(items) if items.iter().any(nested) => {
            for (item, number) in items.iter().zip(1..) {
                let id = key(item).map_or_else(|| format!("{number}"), str::to_owned);
                walk(&format!("{at}/{id}"), item, pack, found);
            }
        }
        leaf => found.push((at.to_owned(), written(leaf))),
    }
}

/// Whether a value is what a list is made of. A decision table's other fields are settings.
fn inside(list: &str, at: &str, value: &Value) -> bool {
    let part = at.strip_prefix(list);
    match part {
        Some("") => value.get("rows").is_none(),
        Some(part) => matches!(part, "/inputs" | "/rows"),
        None => false,
    }
}

/// Whether an item says more than fits in one value.
fn nested(item: &Value) -> bool {
    let deep = |value: &Value| value.is_object() || value.is_array();
    match item {
        Value::Object(fields) => fields.contains_key("id") || fields.values().any(deep),
        Value::Array(_) => true,
        _ => false,
    }
}

fn money(value: &Value) -> Option<String> {
    let fields = value.as_object().filter(|fields| fields.len() == 2)?;
    let field = |name| fields.get(name).and_then(Value::as_str);
    Some(format!("{} {}", field("currency")?, field("amount")?))
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => money(value)
            .unwrap_or_else(|| fields.values().map(written).collect::<Vec<_>>().join(" ")),
        other => other.to_string(),
    }
}

/// What a setting is called; one without a name by its place.
fn name(pointer: &str) -> Text {
    let (zh, en) = match pointer {
        "/name" => ("名称", "name of the pack"),
        "/semver" => ("版本", "version"),
        "/author" => ("编写者", "written by"),
        "/effective/from" => ("适用起始日", "applies from"),
        "/effective/until" => ("适用截止日", "applies until"),
        "/company/name/zh" => ("公司名称（中文）", "company, in Chinese"),
        "/company/name/en" => ("公司名称（英文）", "company, in English"),
        "/company/zone" => ("时区", "time zone in which the day turns"),
        "/company/currency" => ("本位币", "currency"),
        "/overdue/item_tolerance" => (
            "单据容差（不超过即不计逾期）",
            "an item with no more than this left open is not overdue",
        ),
        "/overdue/table/hit" => ("逾期判定：适用的行", "overdue table: which rows answer"),
        "/credit/horizon_days" => {
            ("计入占用的发货期限（天）", "open orders shipped within so many days are exposure")
        }
        "/credit/default_terms_days" => ("默认账期（天）", "terms of payment by default, in days"),
        "/credit/prepaid_percent_without_limit" => {
            ("无额度时的预付比例（%）", "paid in advance without a limit, in per cent")
        }
        "/credit/release_tolerance_percent_max" => {
            ("放行的最大容差（%）", "the largest tolerance of a release, in per cent")
        }
        "/credit/release_days_max" => ("放行的最长有效期（天）", "the longest release, in days"),
        "/credit/limit_notice_days" => {
            ("额度到期前多少天复审", "a limit is looked at again so many days before its end")
        }
        "/changes/legal" => ("法定与资质规则由谁批准", "who agrees to changes of law and papers"),
        "/changes/credit" => ("信用规则由谁批准", "who agrees to changes of credit"),
        "/changes/simulation_days_max" => {
            ("模拟结果的有效天数", "a simulation is evidence for so many days")
        }
        "/changes/stop_rule/decisions_min" => {
            ("试点停止条件：最少决定数", "stop rule of pilots: from so many decisions on")
        }
        "/changes/stop_rule/rise_points_max" => (
            "试点停止条件：拦截比例最多上升（百分点）",
            "stop rule of pilots: the largest rise of what is stopped, in percentage points",
        ),
        "/calendar/known_until" => {
            ("放假与调休安排公布至", "days off and days worked in exchange are known until")
        }
        other => of_approvals(other).unwrap_or((other, other)),
    };
    text(zh, en)
}

/// The same, of who must agree to what.
fn of_approvals(pointer: &str) -> Option<(&'static str, &'static str)> {
    Some(match pointer {
        "/approvals/qualification/hit" => {
            ("资质审核路线：适用的行", "routes of reviews: which rows answer")
        }
        "/approvals/credit/hit" => {
            ("授信权限：适用的行", "authority over limits: which rows answer")
        }
        "/approvals/release/hit" => {
            ("放行权限：适用的行", "authority over releases: which rows answer")
        }
        "/approvals/assessment/rule" => {
            ("信用申请的评估：表决规则", "assessment of an application: whose votes")
        }
        "/approvals/assessment/departments" => {
            ("信用申请的评估：部门", "assessment of an application: departments")
        }
        "/approvals/assessment/sla_hours" => {
            ("信用申请的评估：办理时限（工作小时）", "assessment of an application: working hours")
        }
        "/approvals/assessment/escalation" => {
            ("信用申请的评估：升级至", "assessment of an application: escalates to")
        }
        "/approvals/assessment/inform" => {
            ("信用申请的评估：知会", "assessment of an application: told")
        }
        _ => return None,
    })
}

fn meaning(pointer: &str, value: &str) -> Text {
    match (pointer, value) {
        ("/credit/horizon_days", "") => text("全部未发订单", "all of them"),
        (_, "") => text("无", "none"),
        ("/author" | "/changes/legal" | "/changes/credit", roles) => departments(roles),
        ("/approvals/assessment/rule", rule) => {
            codes::rule(rule).unwrap_or_else(|| text(rule, rule))
        }
        (pointer, roles) if pointer.starts_with("/approvals/assessment/") => departments(roles),
        (pointer, "first") if pointer.ends_with("/hit") => {
            text("第一条适用的行", "the first that matches")
        }
        (pointer, "unique") if pointer.ends_with("/hit") => {
            text("唯一适用的行", "the one that matches")
        }
        _ => text(value, value),
    }
}

/// Departments by their names; what is none stays as it is.
fn departments(roles: &str) -> Text {
    let named = |role: &str| codes::of(role, codes::role).unwrap_or_else(|| text(role, role));
    let (zh, en): (Vec<_>, Vec<_>) = roles.split(", ").map(named).map(|it| (it.zh, it.en)).unzip();
    text(&zh.join("、"), &en.join(", "))
}
