//! What must hold of a whole pack before it may be put in force, and what is said where it does not.

pub(super) mod examples;

use super::{
    approvals::{self, Subject},
    bands, calendar, changes, facts, identity,
    pack::{Overdue, Pack, Text},
    scorecard,
    table::{HitPolicy, Sheet, Slot, axis::Fact, check},
};
use crate::{
    customer::approving::reviewing::Trigger,
    decision::{CauseCode, Checkpoint, Reaction},
    wording,
};

/// The most days before its end that a limit is about to end.
pub const LIMIT_NOTICE_DAYS_MAX: u32 = 366;

/// Something in a pack that must not be so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Objection {
    /// Where it stands: a JSON pointer (RFC 6901) into the pack.
    pub pointer: String,
    pub text: Text,
}

impl Objection {
    /// The same, where its place is told from further out.
    fn within(self, at: &str) -> Self {
        Self { pointer: format!("{at}{}", self.pointer), ..self }
    }
}

/// Everything that stands against a pack; nothing, and it is proved.
pub fn objections(pack: &Pack) -> Vec<Objection> {
    let mut found = Vec::new();
    found.extend(identity::objections(pack));
    reactions(pack, &mut found);
    papers(pack, &mut found);
    credit(pack, &mut found);
    if let Overdue::Table(overdue) = &pack.overdue {
        sheet(&overdue.table, &facts::OVERDUE, "/overdue/table", &mut found);
        if let Ok(table) = overdue.table.table(&facts::OVERDUE) {
            let slot = &facts::OVERDUE.facts;
            examples::examples(&overdue.examples, table, slot, "/overdue/examples", &mut found);
        }
    }
    scores(pack, &mut found);
    if let Some(given) = &pack.approvals {
        for subject in Subject::ALL {
            let at = format!("/approvals/{}", subject.code());
            sheet(given.sheet(*subject), &given.slot(*subject), &at, &mut found);
        }
        found.extend(approvals::objections(given).into_iter().map(|it| it.within("/approvals")));
    }
    if let Some(given) = &pack.changes {
        found.extend(changes::objections(given).into_iter().map(|it| it.within("/changes")));
    }
    if let Some(given) = &pack.calendar {
        found.extend(calendar::objections(given).into_iter().map(|it| it.within("/calendar")));
    }
    found
}

/// Every cause has its reaction, and none keeps money from coming in.
fn reactions(pack: &Pack, found: &mut Vec<Objection>) {
    for code in CauseCode::ALL {
        let at = format!("/reactions/{code}");
        match pack.reactions.get(code) {
            None => found.push(objection(
                at,
                "未规定该原因的处理方式；请为每个环节各写一项。",
                "this cause has no reaction: say one for each checkpoint",
            )),
            Some(given) if given.at(Checkpoint::Receipt) > Reaction::Advise => {
                found.push(objection(
                    format!("{at}/receipt"),
                    "收款不得被拦截：只能为 none 或 advise。",
                    "cash is never refused: none or advise",
                ));
            }
            Some(_) => {}
        }
    }
}

fn papers(pack: &Pack, found: &mut Vec<Objection>) {
    for (n, rule) in pack.papers.iter().enumerate() {
        if rule.any_of.is_empty() {
            found.push(objection(
                format!("/papers/{n}/any_of"),
                "至少列出一种可接受的文件。",
                "name at least one paper that satisfies the rule",
            ));
        }
        if rule.id.trim().is_empty() {
            let at = format!("/papers/{n}/id");
            found.push(objection(at, "规则编号为空。", "the id of the rule is empty"));
        }
        if pack.papers.iter().take(n).any(|other| other.id == rule.id) {
            found.push(objection(
                format!("/papers/{n}/id"),
                "该规则编号已被使用。",
                "a rule before it has this id",
            ));
        }
    }
}

fn credit(pack: &Pack, found: &mut Vec<Objection>) {
    let credit = &pack.credit;
    if credit.prepaid_percent_without_limit > 100 {
        found.push(objection(
            "/credit/prepaid_percent_without_limit".to_owned(),
            "预付比例应为 0 至 100。",
            "a share in per cent is from 0 to 100",
        ));
    }
    let looked_at = pack.approvals().re_review.contains_key(&Trigger::LimitAboutToEnd);
    let days = credit.limit_notice_days;
    let known = days.map_or(!looked_at, |days| (1..=LIMIT_NOTICE_DAYS_MAX).contains(&days));
    if !known {
        found.push(objection(
            "/credit/limit_notice_days".to_owned(),
            "请填写额度到期前多少天复审（1 至 366）。",
            "say how many days before its end a limit is looked at again, from 1 to 366",
        ));
    }
}

/// Scorecards and what their scores come to.
fn scores(pack: &Pack, found: &mut Vec<Objection>) {
    let facts: Vec<Fact> = facts::CATALOGUE.iter().map(|known| known.fact.clone()).collect();
    for (number, card) in pack.scorecards.iter().enumerate() {
        let at = format!("/scorecards/{number}");
        let before = pack.scorecards.iter().take(number).map(|card| &card.id);
        named(&card.id, before, &at, found);
        let objections = scorecard::objections(card, &facts).into_iter();
        found.extend(objections.map(|it| it.within(&at)));
    }
    for (number, bands) in pack.bands.iter().enumerate() {
        let at = format!("/bands/{number}");
        named(&bands.id, pack.bands.iter().take(number).map(|bands| &bands.id), &at, found);
        let objections = bands::objections(bands, &pack.scorecards, pack.company.currency);
        found.extend(objections.into_iter().map(|it| it.within(&at)));
    }
}

fn named<'a>(
    id: &String,
    mut before: impl Iterator<Item = &'a String>,
    at: &str,
    found: &mut Vec<Objection>,
) {
    if id.trim().is_empty() || before.any(|other| other == id) {
        found.push(objection(
            format!("{at}/id"),
            "编号为空或已被使用。",
            "the id is empty, or one before it has it",
        ));
    }
}

/// A table is read whole, and proved.
fn sheet(sheet: &Sheet, slot: &Slot, at: &str, found: &mut Vec<Objection>) {
    // Whoever asks here wants one answer.
    if sheet.source().hit == HitPolicy::Collect {
        found.push(objection(
            format!("{at}/hit"),
            "此处需要一个结果，不能收集为列表。",
            "one answer is wanted here, and no list",
        ));
    }
    for (number, row) in sheet.source().rows.iter().enumerate() {
        if row.text.as_ref().is_some_and(|it| it.zh.trim().is_empty() || it.en.trim().is_empty()) {
            found.push(objection(
                format!("{at}/rows/{number}/text"),
                "请用中文和英文写明。",
                "say it in Chinese and in English",
            ));
        }
    }
    match sheet.table(slot) {
        Err(mistakes) => found.extend(mistakes.iter().map(|mistake| Objection {
            pointer: format!("{at}{}", mistake.pointer()),
            text: wording::mistake(mistake),
        })),
        Ok(table) => found.extend(check::check(table).iter().map(|finding| Objection {
            pointer: format!("{at}{}", finding.pointer()),
            text: wording::finding(finding, table),
        })),
    }
}

fn objection(pointer: String, zh: &str, en: &str) -> Objection {
    Objection { pointer, text: Text { zh: zh.to_owned(), en: en.to_owned() } }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value, json};

    use super::*;
    use crate::staff::Role;

    fn example(name: &str, kind: &str, amount: &str, days: &str, expect: &str) -> Value {
        let mut given = json!({
            "customer_kind": kind, "overdue_amount": amount, "overdue_days": days
        });
        if kind == "hospital" {
            given["entity"] = json!("public_institution");
        }
        json!({ "name": name, "given": given, "expect": expect })
    }

    /// The delivered pack with examples at the boundaries of its overdue table.
    fn pack() -> Value {
        let mut pack = serde_json::to_value(Pack::default_pack()).unwrap();
        pack["overdue"]["examples"] = json!([
            example("public hospital, nothing overdue", "hospital", "0", "0", "fine"),
            example("public hospital, 180 days", "hospital", "50000.00", "180", "advise"),
            example("public hospital, 181 days", "hospital", "50000.00", "181", "stop"),
            example("distributor, 31 days", "distributor", "1000.01", "31", "stop"),
            example("distributor, 30 days", "distributor", "1000.01", "30", "fine"),
            example("distributor, a small rest", "distributor", "1000.00", "400", "fine"),
        ]);
        pack
    }

    #[test]
    fn examples_that_the_table_answers_are_no_objection() {
        assert_eq!(objections(&serde_json::from_value(pack()).unwrap()), []);
    }

    /// A pack with something else at a place; null takes away what is there.
    fn with(pointer: &str, value: Value) -> Vec<(String, String)> {
        let mut pack = pack();
        let (parent, last) = pointer.rsplit_once('/').unwrap();
        let parent = pack.pointer_mut(parent).unwrap();
        match (value, parent) {
            (Value::Null, Value::Object(fields)) => {
                fields.remove(last);
            }
            (value, Value::Object(fields)) => {
                fields.insert(last.to_owned(), value);
            }
            (value, Value::Array(items)) => items[last.parse::<usize>().unwrap()] = value,
            _ => panic!("{pointer}"),
        }
        let pack: Pack = serde_json::from_value(pack).unwrap();
        let told = objections(&pack).into_iter().map(|it| (it.pointer, it.text.en));
        told.collect()
    }

    #[test]
    fn nothing_stands_against_the_delivered_pack() {
        assert_eq!(objections(&Pack::default_pack()), []);
    }

    /// The rule library: every rule of the delivered pack is told by an id of its own, is changed by its owners, and is tried.
    #[test]
    fn row_114_every_rule_has_an_id_an_owner_and_its_tests() {
        let pack = Pack::default_pack();
        let Overdue::Table(overdue) = &pack.overdue else {
            panic!("the delivered pack has a table")
        };
        let table = overdue.table.table(&facts::OVERDUE).unwrap();
        let mut answered = BTreeSet::new();
        for example in &overdue.examples {
            let value = |name: &str| {
                let fact = facts::OVERDUE.facts.iter().find(|fact| fact.name == name).unwrap();
                let text = example.given.get(name).map_or("missing", String::as_str);
                examples::value(fact, text).unwrap()
            };
            let answer = table.ask(value).unwrap();
            assert_eq!(answer.outcome.to_string(), example.expect, "{}", example.name);
            answered.extend(answer.rows);
        }
        let every: BTreeSet<String> =
            overdue.table.source().rows.iter().map(|row| row.id.clone()).collect();
        assert_eq!(answered, every, "every rule has its test");

        let approvals = pack.approvals();
        let rows = Subject::ALL.iter().map(|subject| approvals.sheet(*subject).source());
        let tables: Vec<Vec<&str>> = std::iter::once(overdue.table.source())
            .chain(rows)
            .map(|table| table.rows.iter().map(|row| row.id.as_str()).collect())
            .chain([pack.papers.iter().map(|rule| rule.id.as_str()).collect()])
            .collect();
        for ids in tables {
            assert!(!ids.is_empty() && ids.iter().all(|id| !id.trim().is_empty()), "{ids:?}");
            assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
        }
        // Whatever is taken out of the pack belongs to somebody, who is asked.
        let asked = |other: &Pack| pack.changes().departments(&changes::parts(&pack, other));
        let whole = serde_json::to_value(&pack).unwrap();
        let (law, money) = ([Role::Quality, Role::Compliance], [Role::Credit, Role::Finance]);
        for (list, owners) in [
            ("/papers", law),
            ("/never_counts", law),
            ("/approvals/qualification/rows", law),
            ("/overdue/table/rows", money),
            ("/overdue/examples", money),
            ("/approvals/credit/rows", money),
            ("/approvals/release/rows", money),
        ] {
            let mut other = whole.clone();
            other.pointer_mut(list).unwrap().as_array_mut().unwrap().pop().unwrap();
            let owned = asked(&serde_json::from_value(other).unwrap());
            assert_eq!(BTreeSet::from_iter(owned), BTreeSet::from(owners), "{list}");
        }
        for code in CauseCode::ALL {
            let mut other = pack.clone();
            other.reactions.remove(code);
            assert!(!asked(&other).is_empty(), "{code}");
        }
    }

    #[test]
    fn row_114_refuses_a_rule_without_an_id_of_its_own_or_against_its_test() {
        for (pointer, value, at, said) in [
            ("/overdue/table/rows/0/id", "", "/overdue/table/rows/0/id", "empty"),
            ("/overdue/table/rows/0/id", "general", "/overdue/table/rows/4/id", "used before"),
            ("/overdue/examples/0/expect", "stop", "/overdue/examples/0/expect", "answers fine"),
            ("/papers/0/id", " ", "/papers/0/id", "is empty"),
            ("/papers/1/id", "institution", "/papers/1/id", "has this id"),
            (
                "/approvals/credit/rows/0/id",
                "with-all",
                "/approvals/credit/rows/2/id",
                "used before",
            ),
        ] {
            objects(pointer, json!(value), at, said);
        }
        let mut nobodys = Pack::default_pack();
        nobodys.changes.as_mut().unwrap().credit.clear();
        assert!(objections(&nobodys).iter().any(|it| it.pointer == "/changes/credit"));
    }

    /// A test stands where its rule ends: the day and the cent on either side of it, and a rule that moves by one of them is against it.
    #[test]
    fn row_114_boundary_a_rule_that_moves_by_one_day_or_cent_is_against_its_test() {
        assert_eq!(with("/name", json!("the same rules")), []);
        for (cell, moved, example) in [
            ("/overdue/table/rows/0/when/3", "> 181", "public hospital, 181 days"),
            ("/overdue/table/rows/0/when/3", "> 179", "public hospital, 180 days"),
            ("/overdue/table/rows/3/when/3", "> 31", "distributor, 31 days"),
            ("/overdue/table/rows/3/when/3", "> 29", "distributor, 30 days"),
            ("/overdue/table/rows/3/when/2", "> 1000.01", "distributor, 31 days"),
            ("/overdue/table/rows/3/when/2", "> 999.99", "distributor, a small rest"),
        ] {
            let found = with(cell, json!(moved));
            let told = found.iter().any(|(_, said)| said.contains(example));
            assert!(told, "{cell} {moved}: {found:#?}");
        }
    }

    #[test]
    fn each_objection_says_where_and_what() {
        for (pointer, value, at, said) in [
            ("/reactions/credit.frozen", Value::Null, "/reactions/credit.frozen", "no reaction"),
            (
                "/reactions/credit.frozen/receipt",
                json!("hold"),
                "/reactions/credit.frozen/receipt",
                "cash is never refused",
            ),
            ("/papers/0/any_of", json!([]), "/papers/0/any_of", "at least one paper"),
            ("/papers/1/id", json!("institution"), "/papers/1/id", "has this id"),
            (
                "/credit/prepaid_percent_without_limit",
                json!(101),
                "/credit/prepaid_percent_without_limit",
                "from 0 to 100",
            ),
            ("/calendar/hours", json!([]), "/calendar/hours", "1 to 12 spans"),
            (
                "/overdue/table/rows/0/text",
                json!({ "zh": "清欠后再发货", "en": " " }),
                "/overdue/table/rows/0/text",
                "in Chinese and in English",
            ),
            ("/overdue/table/hit", json!("collect"), "/overdue/table/hit", "one answer"),
            (
                "/overdue/table/rows/0/when/3",
                json!("> 18O"),
                "/overdue/table/rows/0/when/3",
                "at character 3: \"18O\" is no value of this fact",
            ),
            (
                "/overdue/table/rows/4/when/2",
                json!("<= 1000.00"),
                "/overdue/table/rows",
                "no row is for customer_kind = distributor, entity = missing, overdue_amount = 1000.0001, overdue_days = 0",
            ),
            (
                "/overdue/table/rows/0/then",
                json!("fine"),
                "/overdue/table/monotone",
                "the answer falls",
            ),
            (
                "/overdue/table/rows/1/when",
                json!(["hospital", "public_institution", "> 2000.00", "> 200"]),
                "/overdue/table/rows/1",
                "is never reached",
            ),
        ] {
            objects(pointer, value, at, said);
        }
    }

    #[test]
    fn an_example_says_what_was_expected_what_came_out_and_which_row_answered() {
        for (pointer, value, at, said) in [
            (
                "/overdue/table/rows/3/when/3",
                json!("> 45"),
                "/overdue/examples/3/expect",
                "example \"distributor, 31 days\": expected stop, and row general answers fine",
            ),
            (
                "/overdue/examples/0/expect",
                json!("allow"),
                "/overdue/examples/0/expect",
                "expected allow, and row public-hospital answers fine",
            ),
            (
                "/overdue/examples/0/given/overdue_days",
                json!("soon"),
                "/overdue/examples/0/given/overdue_days",
                "\"soon\" is no value of this fact",
            ),
            (
                "/overdue/examples/0/given/overdue_days",
                Value::Null,
                "/overdue/examples/0/given",
                "overdue_days is not given",
            ),
            (
                "/overdue/examples/0/given/weather",
                json!("fair"),
                "/overdue/examples/0/given/weather",
                "no such fact",
            ),
            (
                "/overdue/examples/1/name",
                json!("public hospital, nothing overdue"),
                "/overdue/examples/1/name",
                "one before it has it",
            ),
        ] {
            objects(pointer, value, at, said);
        }
    }

    fn objects(pointer: &str, value: Value, at: &str, said: &str) {
        let found = with(pointer, value);
        let told = found.iter().any(|(where_, what)| where_ == at && what.contains(said));
        assert!(told, "{pointer}: {found:#?}");
    }
}
