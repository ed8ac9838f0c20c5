//! Band tables by example: which band a score has, and what refuses a table.

use serde_json::{Value as Json, json};

use super::*;
use crate::policy::proof;

fn cny(amount: &str) -> Json {
    json!({ "amount": amount, "currency": "CNY" })
}

fn written() -> Json {
    let band = |grade: &str, score: &str, limit: &str, days: u32, share: u32| {
        json!({ "grade": grade, "score": score, "limit": cny(limit), "terms_days": days,
            "prepaid_percent": share })
    };
    json!({ "id": "limits", "scorecard": "behaviour", "bands": [
        band("A", ">= 80", "30000000.00", 90, 0),
        band("B", "[65..80)", "10000000.00", 60, 0),
        band("C", "[50..65)", "5000000.00", 30, 30),
        band("D", "< 50", "0.00", 0, 100),
    ] })
}

fn card() -> Scorecard {
    serde_json::from_value(json!({ "id": "behaviour", "base": 50, "characteristics": [
        { "fact": "overdue_days", "title": { "zh": "逾期", "en": "overdue" },
          "remedy": { "zh": "结清。", "en": "pay." }, "bins": [
            { "id": "none", "when": "0", "points": 40 },
            { "id": "late", "when": "> 0", "points": 0 },
            { "id": "unknown", "when": "missing", "points": 0 } ] } ] }))
    .unwrap()
}

#[test]
fn every_score_has_its_band() {
    let bands: BandTable = serde_json::from_value(written()).unwrap();
    for (score, grade) in [
        (1_000_000, "A"),
        (80, "A"),
        (79, "B"),
        (65, "B"),
        (64, "C"),
        (50, "C"),
        (49, "D"),
        (-1_000_000, "D"),
    ] {
        assert_eq!(bands.band(score).unwrap().grade, grade, "{score}");
    }
    assert_eq!(bands.band(1_000_001).unwrap_err().code(), "off_axis");
}

/// What is known of a customer chooses its cap, and nothing else does.
#[test]
fn row_116_rules_choose_the_cap_of_a_limit() {
    let bands: BandTable = serde_json::from_value(written()).unwrap();
    let (card, facts) = (card(), [CATALOGUE[3].fact.clone()]);
    let card = card.read(&facts).unwrap();
    let cap = |days: Value| {
        let score = card.score(|_| days.clone())?;
        bands.band(score.points).map(|band| (band.grade.clone(), band.limit.to_string()))
    };
    let chosen = |grade: &str, limit: &str| Ok((grade.to_owned(), limit.to_owned()));
    assert_eq!(cap(Value::Number(0.into())), chosen("A", "30000000.00 CNY"));
    assert_eq!(cap(Value::Number(1.into())), chosen("C", "5000000.00 CNY"));
    assert_eq!(cap(Value::Missing), chosen("C", "5000000.00 CNY"));
    assert_eq!(cap(Value::Number((-1).into())).unwrap_err().code(), "off_axis");
}

#[test]
fn what_cannot_be_answered_is_a_fault_and_no_band() {
    let with = |pointer: &str, value: &str| -> BandTable {
        let mut text = written();
        *text.pointer_mut(pointer).unwrap() = json!(value);
        serde_json::from_value(text).unwrap()
    };
    assert_eq!(with("/bands/1/score", "[65..79)").band(79), Err(Fault::NoRow));
    assert_eq!(with("/bands/1/score", "[65..80]").band(80).unwrap_err().code(), "several_rows");
    assert_eq!(with("/bands/1/score", "about 70").band(90).unwrap_err().code(), "unread");
}

#[test]
fn a_pack_with_sound_bands_passes_and_unsound_ones_are_refused_with_a_counter_example() {
    let against = |pointer: &str, value: Json| -> Vec<(String, String)> {
        let mut text = written();
        *text.pointer_mut(pointer).unwrap() = value;
        let bands = vec![serde_json::from_value(text).unwrap()];
        let pack = Pack { scorecards: vec![card()], bands, ..Pack::default_pack() };
        let found = proof::objections(&pack).into_iter();
        found.map(|it| (it.pointer, it.text.en)).collect()
    };
    assert_eq!(against("/id", json!("other")), []);
    for (pointer, value, at, said) in [
        ("/id", json!(""), "/id", "the id is empty"),
        ("/scorecard", json!("fortune"), "/scorecard", "no scorecard \"fortune\""),
        ("/bands/1/score", json!("[65..79)"), "/bands", "no row is for score = 79"),
        ("/bands/1/score", json!("[65..80]"), "/bands/1", "are both for score = 80"),
        ("/bands/1/score", json!("> 79.5"), "/bands/1/score", "is no value of this fact"),
        ("/bands/1/grade", json!("A"), "/bands/1/grade", "used before"),
        ("/bands", json!([]), "/bands", "at least one row"),
        ("/bands/0/score", json!("< 50"), "/bands/1/score", "79 stands after -1000000"),
        (
            "/bands/1/limit",
            cny("30000000.01"),
            "/bands/1/limit",
            "score 80 gets CNY 30,000,000.00, 90 days, 0% in advance; score 79 gets CNY 30,000,000.01",
        ),
        ("/bands/2/terms_days", json!(61), "/bands/2/terms_days", "score 64 gets"),
        ("/bands/3/prepaid_percent", json!(29), "/bands/3/prepaid_percent", "score 49 gets"),
        ("/bands/3/prepaid_percent", json!(101), "/bands/3/prepaid_percent", "from 0 to 100"),
        ("/bands/0/terms_days", json!(3_651), "/bands/0/terms_days", "at most 3650 days"),
        ("/bands/3/limit", cny("-1.00"), "/bands/3/limit", "not negative"),
        (
            "/bands/0/limit",
            json!({ "amount": "30000000.00", "currency": "EUR" }),
            "/bands/0/limit",
            "in the company's currency, CNY",
        ),
    ] {
        let found = against(pointer, value);
        let at = format!("/bands/0{at}");
        let told = found.iter().any(|(place, what)| *place == at && what.contains(said));
        assert!(told, "{pointer}: {found:#?}");
    }
    // The same limit in two bands, and the same terms, are no objection.
    assert_eq!(against("/bands/1/limit", cny("30000000.00")), []);
    assert_eq!(against("/bands/1/terms_days", json!(90)), []);
}
