//! What must hold of a scorecard, and what is said where it does not.

use std::collections::HashSet;

use super::{CHARACTERISTICS_MAX, Card, POINTS_MAX, Scorecard, within};
use crate::{
    policy::{
        Objection,
        pack::{Example, Text},
        proof::examples::value,
        table::{
            axis::{Fact, Value},
            check,
        },
    },
    wording,
};

/// Everything that stands against a scorecard, each with its pointer within it.
pub(in crate::policy) fn objections(card: &Scorecard, facts: &[Fact]) -> Vec<Objection> {
    let mut found = Vec::new();
    if !(1..=CHARACTERISTICS_MAX).contains(&card.characteristics.len()) {
        found.push(objection(
            "/characteristics",
            format!("评分卡应有 1 至 {CHARACTERISTICS_MAX} 项特征。"),
            format!("a scorecard has 1 to {CHARACTERISTICS_MAX} characteristics"),
        ));
    }
    if card.base.unsigned_abs() > POINTS_MAX.unsigned_abs() {
        found.push(objection(
            "/base",
            format!("基础分应在 -{POINTS_MAX} 至 {POINTS_MAX} 之间。"),
            format!("the base is from -{POINTS_MAX} to {POINTS_MAX}"),
        ));
    }
    let mut seen = HashSet::new();
    for (number, characteristic) in card.characteristics.iter().enumerate() {
        if !seen.insert(&characteristic.fact) {
            let fact = &characteristic.fact;
            found.push(objection(
                format!("/characteristics/{number}/fact"),
                format!("「{fact}」已在前面计分。"),
                format!("{fact} earns points before: a fact counts once"),
            ));
        }
        for (field, said) in [("title", &characteristic.title), ("remedy", &characteristic.remedy)]
        {
            if said.zh.trim().is_empty() || said.en.trim().is_empty() {
                found.push(objection(
                    format!("/characteristics/{number}/{field}"),
                    "请用中文和英文写明。".to_owned(),
                    "say it in Chinese and in English".to_owned(),
                ));
            }
        }
    }
    match card.read(facts) {
        Err(mistakes) => found.extend(mistakes.iter().map(|(pointer, mistake)| Objection {
            pointer: pointer.clone(),
            text: wording::mistake(mistake),
        })),
        Ok(read) => {
            proved(&read, &mut found);
            if found.is_empty() {
                found.extend(examples(&read, &card.examples));
            }
        }
    }
    found
}

fn proved(read: &Card<'_>, found: &mut Vec<Objection>) {
    for (number, (characteristic, table)) in read.characteristics.iter().enumerate() {
        let at = format!("/characteristics/{number}");
        found.extend(check::check(table).iter().map(|finding| Objection {
            pointer: format!("{at}{}", within(&finding.pointer())),
            text: wording::finding(finding, table),
        }));
        for (bin, written) in characteristic.bins.iter().enumerate() {
            if table.takes_missing_with_others(bin) {
                let id = &written.id;
                found.push(objection(
                    format!("{at}/bins/{bin}/when"),
                    format!("「{id}」把缺失与其他取值合在一起；缺失须单独成档。"),
                    format!("{id:?} takes a missing value with others: it needs a bin of its own"),
                ));
            }
        }
    }
}

fn examples(read: &Card<'_>, examples: &[Example]) -> Vec<Objection> {
    let mut found = Vec::new();
    let facts = || read.characteristics.iter().flat_map(|(_, table)| table.facts());
    for (number, example) in examples.iter().enumerate() {
        let at = format!("/examples/{number}");
        let name = &example.name;
        for (fact, text) in &example.given {
            let known = facts().find(|known| known.name == *fact);
            if known.and_then(|known| value(known, text)).is_none() {
                found.push(objection(
                    format!("{at}/given/{fact}"),
                    format!("「{text}」不是评分卡所用事实的值。"),
                    format!("{text:?} is no value of a fact that the scorecard looks at"),
                ));
            }
        }
        let known = |fact: &str| {
            let written = facts().find(|known| known.name == fact).zip(example.given.get(fact));
            written.and_then(|(known, text)| value(known, text)).unwrap_or(Value::Missing)
        };
        let (expected, answer) = (&example.expect, read.score(known));
        let came_out = answer.map_or_else(|fault| fault.to_string(), |it| it.points.to_string());
        if came_out != *expected {
            found.push(objection(
                format!("{at}/expect"),
                format!("示例「{name}」：应为 {expected}，实为 {came_out}。"),
                format!(
                    "example {name:?}: expected {expected}, and the scorecard answers {came_out}"
                ),
            ));
        }
    }
    found
}

fn objection(pointer: impl Into<String>, zh: String, en: String) -> Objection {
    Objection { pointer: pointer.into(), text: Text { zh, en } }
}
