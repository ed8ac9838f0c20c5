//! Scorecards by example: what they come to, why it is not more, and what refuses them.

use rust_decimal::Decimal;
use serde_json::{Value as Json, json};

use super::*;
use crate::{
    policy::{Pack, facts::CATALOGUE, proof},
    wording,
};

fn facts() -> Vec<Fact> {
    CATALOGUE.iter().map(|known| known.fact.clone()).collect()
}

fn written() -> Json {
    json!({
        "id": "behaviour",
        "base": 40,
        "characteristics": [
            {
                "fact": "overdue_days",
                "title": { "zh": "最早一笔逾期", "en": "oldest overdue item" },
                "remedy": { "zh": "结清逾期款项。", "en": "pay what is overdue." },
                "course": "falling",
                "bins": [
                    { "id": "none", "when": "0", "points": 30 },
                    { "id": "late", "when": "[P1D..P30D]", "points": 10 },
                    { "id": "very-late", "when": "> P30D", "points": -20 },
                    { "id": "unknown", "when": "missing", "points": 0 }
                ]
            },
            {
                "fact": "overdue_amount",
                "title": { "zh": "逾期金额", "en": "overdue amount" },
                "remedy": { "zh": "减少逾期金额。", "en": "reduce what is overdue." },
                "bins": [
                    { "id": "small", "when": "< 1000.00", "points": 10 },
                    { "id": "large", "when": ">= 1000.00", "points": 0 },
                    { "id": "unknown", "when": "missing", "points": 5 }
                ]
            },
            {
                "fact": "entity",
                "title": { "zh": "机构类别", "en": "kind of organisation" },
                "remedy": { "zh": "登记统一社会信用代码。", "en": "register the USCC." },
                "bins": [
                    { "id": "public", "when": "in (public_institution, government_body)", "points": 20 },
                    { "id": "others", "when": "not(in (public_institution, government_body))", "points": 10 },
                    { "id": "unknown", "when": "missing", "points": 0 }
                ]
            }
        ],
        "examples": [
            { "name": "a hospital that pays", "given": {
                "overdue_days": "0", "overdue_amount": "0", "entity": "public_institution"
            }, "expect": "100" },
            { "name": "nothing is known", "given": {}, "expect": "45" }
        ]
    })
}

fn card(text: Json) -> Scorecard {
    serde_json::from_value(text).unwrap()
}

fn known(days: Option<i64>, amount: &str, entity: &str) -> impl Fn(&str) -> Value {
    let (amount, entity) = (amount.parse::<Decimal>().unwrap(), entity.to_owned());
    move |fact| match fact {
        "overdue_days" => days.map_or(Value::Missing, |days| Value::Number(days.into())),
        "overdue_amount" => Value::Number(amount),
        "entity" => Value::Code(entity.clone()),
        _ => Value::Missing,
    }
}

#[test]
fn a_score_is_the_base_and_the_points_of_every_characteristic() {
    let source = card(written());
    let facts = facts();
    let read = source.read(&facts).unwrap();
    let points = |days, amount, entity| read.score(known(days, amount, entity)).unwrap().points;
    for (days, amount, entity, expected) in [
        (Some(0), "0", "public_institution", 100),
        (Some(1), "999.9999", "enterprise", 40 + 10 + 10 + 10),
        (Some(30), "1000", "enterprise", 40 + 10 + 10),
        (Some(31), "1000", "enterprise", 40 - 20 + 10),
        (None, "0", "enterprise", 40 + 10 + 10),
    ] {
        assert_eq!(points(days, amount, entity), expected, "{days:?} {amount} {entity}");
    }
    assert_eq!(read.score(|_| Value::Missing).unwrap().points, 45);
    assert_eq!(objections(&source, &facts), []);
}

#[test]
fn reasons_are_the_largest_shortfalls_with_what_was_seen_and_what_helps() {
    let source = card(written());
    let facts = facts();
    let read = source.read(&facts).unwrap();
    let score = read.score(known(Some(31), "1000", "enterprise")).unwrap();
    let told: Vec<(&str, i64)> =
        score.reasons.iter().map(|it| (it.fact.as_str(), it.shortfall())).collect();
    // Of equal shortfalls the one that the card names first.
    assert_eq!(told, [("overdue_days", 50), ("overdue_amount", 10), ("entity", 10)]);
    let said = wording::shortfall(&score.reasons[0]);
    assert_eq!(said.zh, "最早一笔逾期：31，得 -20 分（最高 30 分）。改进办法：结清逾期款项。");
    assert_eq!(
        said.en,
        "oldest overdue item: 31, -20 of 30 points. To improve: pay what is overdue."
    );
    let unknown = read.score(|_| Value::Missing).unwrap();
    assert!(wording::shortfall(&unknown.reasons[0]).en.contains("not known, 0 of 30 points"));
    let best = read.score(known(Some(0), "0", "public_institution")).unwrap();
    assert_eq!(best.reasons, [], "who has every point is told no reason");
}

#[test]
fn more_than_four_reasons_say_less() {
    let names: Vec<String> = (0..6).map(|n| format!("fact{n}")).collect();
    let facts: Vec<Fact> =
        names.iter().map(|name| Fact { name: name.clone(), ..score_fact() }).collect();
    let text = || json!({ "zh": "甲", "en": "a" });
    let characteristics: Vec<Json> = (1..)
        .zip(&names)
        .map(|(best, name)| {
            json!({ "fact": name, "title": text(), "remedy": text(), "bins": [
                { "id": "best", "when": "0", "points": best },
                { "id": "others", "when": "not(0)", "points": 0 },
                { "id": "unknown", "when": "missing", "points": 0 } ] })
        })
        .collect();
    let card = card(json!({ "id": "x", "base": 0, "characteristics": characteristics }));
    assert_eq!(objections(&card, &facts), []);
    let score = card.read(&facts).unwrap().score(|_| Value::Number(1.into())).unwrap();
    let told: Vec<&str> = score.reasons.iter().map(|it| it.fact.as_str()).collect();
    assert_eq!(told, ["fact5", "fact4", "fact3", "fact2"]);
}

#[test]
fn what_goes_wrong_while_a_score_is_worked_out_is_a_fault_and_no_score() {
    let source = card(written());
    let facts = facts();
    let read = source.read(&facts).unwrap();
    let fault = |value: Value| {
        let found =
            read.score(|fact| if fact == "entity" { value.clone() } else { Value::Missing });
        found.unwrap_err().code()
    };
    assert_eq!(fault(Value::Code("club".to_owned())), "off_axis");
    assert_eq!(fault(Value::Number(1.into())), "off_axis");
    // A card that was never proved: a gap is a fault, and so are two bins for one value.
    let mut gap = written();
    gap["characteristics"][0]["bins"][1]["when"] = json!("[P1D..P29D]");
    let gap = card(gap);
    let score = gap.read(&facts).unwrap().score(known(Some(30), "0", "enterprise"));
    assert_eq!(score, Err(Fault::NoRow));
    let mut twice = written();
    twice["characteristics"][0]["bins"][1]["when"] = json!("[P1D..P31D]");
    let twice = card(twice);
    let score = twice.read(&facts).unwrap().score(known(Some(31), "0", "enterprise"));
    assert!(matches!(score, Err(Fault::SeveralRows { .. })), "{score:?}");
}

/// The delivered pack with this scorecard.
fn against(pointer: &str, value: Json) -> Vec<(String, String)> {
    let mut text = written();
    *text.pointer_mut(pointer).unwrap() = value;
    let pack = Pack { scorecards: vec![card(text)], ..Pack::default_pack() };
    let found = proof::objections(&pack).into_iter();
    found.map(|it| (it.pointer, it.text.en)).collect()
}

#[test]
fn a_pack_with_a_sound_scorecard_passes_and_an_unsound_one_is_refused_with_a_counter_example() {
    assert_eq!(against("/id", json!("other")), []);
    for (pointer, value, at, said) in [
        (
            "/characteristics/0/bins/1/when",
            json!("[P1D..P29D]"),
            "/characteristics/0/bins",
            "no row is for overdue_days = 30",
        ),
        (
            "/characteristics/0/bins/1/when",
            json!("[P1D..P31D]"),
            "/characteristics/0/bins/2",
            "are both for overdue_days = 31",
        ),
        (
            "/characteristics/0/bins/3/when",
            json!("0"),
            "/characteristics/0/bins",
            "no row is for overdue_days = missing",
        ),
        (
            "/characteristics/0/bins/2/points",
            json!(11),
            "/characteristics/0/course",
            "against the declared course of overdue_days",
        ),
        (
            "/characteristics/1/bins/2/when",
            json!("in (missing, 500)"),
            "/characteristics/1/bins/2/when",
            "takes a missing value with others",
        ),
        (
            "/characteristics/1/bins/0/when",
            json!("< 1OOO"),
            "/characteristics/1/bins/0/when",
            "is no value of this fact",
        ),
        (
            "/characteristics/1/bins/0/points",
            json!(10_001),
            "/characteristics/1/bins/0/points",
            "is no answer of this table",
        ),
        (
            "/characteristics/1/bins/1/id",
            json!("small"),
            "/characteristics/1/bins/1/id",
            "used before",
        ),
        ("/characteristics/1/bins", json!([]), "/characteristics/1/bins", "at least one row"),
    ] {
        objects(pointer, value, at, said);
    }
}

#[test]
fn whatever_else_is_wrong_with_a_scorecard_is_said_where_it_stands() {
    for (pointer, value, at, said) in [
        ("/id", json!(" "), "/id", "the id is empty"),
        ("/base", json!(10_001), "/base", "from -10000 to 10000"),
        ("/characteristics", json!([]), "/characteristics", "1 to 64"),
        ("/characteristics/1/fact", json!("weather"), "/characteristics/1/fact", "no fact"),
        (
            "/characteristics/1/fact",
            json!("overdue_days"),
            "/characteristics/1/fact",
            "counts once",
        ),
        ("/characteristics/2/title/zh", json!(""), "/characteristics/2/title", "in Chinese"),
        ("/examples/0/expect", json!("99"), "/examples/0/expect", "the scorecard answers 100"),
        (
            "/examples/0/given/overdue_days",
            json!("soon"),
            "/examples/0/given/overdue_days",
            "is no value of a fact",
        ),
    ] {
        objects(pointer, value, at, said);
    }
}

fn objects(pointer: &str, value: Json, at: &str, said: &str) {
    let found = against(pointer, value);
    let at = format!("/scorecards/0{at}");
    let told = found.iter().any(|(place, what)| *place == at && what.contains(said));
    assert!(told, "{pointer}: {found:#?}");
}

#[test]
fn a_declared_course_needs_a_fact_that_has_an_order() {
    let mut text = written();
    text["characteristics"][2]["course"] = json!("rising");
    let found = objections(&card(text), &facts());
    assert_eq!(found[0].pointer, "/characteristics/2/course");
}
