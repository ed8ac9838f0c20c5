//! The examples in a pack: what the owners of a table say that it answers, against what it does answer.

use std::collections::HashSet;

use super::{Objection, objection};
use crate::policy::{
    pack::Example,
    table::{
        Table,
        axis::{Axis, Fact, Value, WhenMissing},
    },
};

/// Asks the table each example, and says where it answers something else.
pub(super) fn examples(
    examples: &[Example],
    table: &Table,
    slot: &[Fact],
    at: &str,
    found: &mut Vec<Objection>,
) {
    let mut names = HashSet::new();
    for (number, example) in examples.iter().enumerate() {
        let at = format!("{at}/{number}");
        if example.name.trim().is_empty() || !names.insert(&example.name) {
            found.push(objection(
                format!("{at}/name"),
                "示例名称为空或已被使用。",
                "the name of an example is empty, or one before it has it",
            ));
        }
        let before = found.len();
        given(example, table, slot, &at, found);
        if found.len() == before {
            found.extend(asked(example, table, &at));
        }
    }
}

/// What cannot be understood of the values that an example gives.
fn given(example: &Example, table: &Table, slot: &[Fact], at: &str, found: &mut Vec<Objection>) {
    for (name, text) in &example.given {
        let at = format!("{at}/given/{name}");
        let Some(fact) = slot.iter().find(|fact| fact.name == *name) else {
            found.push(objection(at, "此处没有该事实。", "there is no such fact here"));
            continue;
        };
        let place = value(fact, text).map(|value| fact.at(&value));
        if !matches!(place, Some(Ok(_))) {
            found.push(objection(
                at,
                &format!("「{text}」不是该事实的值。"),
                &format!("{text:?} is no value of this fact: {fact}"),
            ));
        }
    }
    let needed = table.facts().iter().filter(|fact| fact.when_missing == WhenMissing::Hold);
    for fact in needed.filter(|fact| !example.given.contains_key(&fact.name)) {
        found.push(objection(
            format!("{at}/given"),
            &format!("未给出「{}」；该事实不会缺失。", fact.name),
            &format!("{} is not given, and it is never missing", fact.name),
        ));
    }
}

fn asked(example: &Example, table: &Table, at: &str) -> Option<Objection> {
    let known = |name: &str| {
        let fact = table.facts().iter().find(|fact| fact.name == name);
        let text = example.given.get(name);
        fact.zip(text).and_then(|(fact, text)| value(fact, text)).unwrap_or(Value::Missing)
    };
    let (name, expected) = (&example.name, &example.expect);
    let (zh, en) = match table.ask(known) {
        Ok(answer) if answer.outcome.to_string() == *expected => return None,
        Ok(answer) => {
            let (outcome, rows) = (answer.outcome, answer.rows.join(", "));
            (
                format!("示例「{name}」：应为 {expected}，实为 {outcome}（由行 {rows} 得出）。"),
                format!("example {name:?}: expected {expected}, and row {rows} answers {outcome}"),
            )
        }
        Err(fault) => (
            format!("示例「{name}」：应为 {expected}，但该表没有结果。"),
            format!("example {name:?}: expected {expected}, and there is no answer: {fault}"),
        ),
    };
    Some(objection(format!("{at}/expect"), &zh, &en))
}

/// A value as it is written; none where it is of another type.
pub(in crate::policy) fn value(fact: &Fact, text: &str) -> Option<Value> {
    if text == "missing" {
        return Some(Value::Missing);
    }
    match &fact.axis {
        Axis::Number { .. } => text.parse().ok().map(Value::Number),
        Axis::Date { .. } => text.parse().ok().map(Value::Date),
        Axis::Code(_) => Some(Value::Code(text.to_owned())),
    }
}
