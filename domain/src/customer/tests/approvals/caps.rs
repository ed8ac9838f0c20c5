//! The path of a limit and the most that it may be: both come out of the rules, and both are on record.

use super::*;
use crate::policy::{bands::Cap, proof};

/// A score of 90 where nothing is overdue, of 50 where something is; and what each is good for.
fn bands(pack: &mut Value) {
    let text = |text: &str| json!({"zh": text, "en": text});
    pack["scorecards"] = json!([{"id": "behaviour", "base": 50, "characteristics": [{
        "fact": "overdue_days", "title": text("逾期"), "remedy": text("结清。"), "bins": [
            {"id": "none", "when": "0", "points": 40},
            {"id": "late", "when": "> 0", "points": 0},
            {"id": "unknown", "when": "missing", "points": 0}]}]}]);
    let band = |grade: &str, score: &str, limit: &str, days: u32| {
        json!({"grade": grade, "score": score, "limit": cny(limit), "terms_days": days,
            "prepaid_percent": 0})
    };
    pack["bands"] = json!([{"id": "limits", "scorecard": "behaviour", "bands": [
        band("A", ">= 80", "8000000.00", 90), band("C", "< 80", "2000000.00", 30)]}]);
}

fn banded(mut stage: Stage) -> Stage {
    with_pack(&mut stage, bands);
    stage
}

/// An invoice of 40,000.00 that is due on 2027-01-21, on the day after.
fn late() -> Stage {
    let mut stage = crate::customer::given::with_limit("100000.00");
    stage.sold(4, "10000.00", "INV-1");
    stage.on("2027-01-22");
    banded(stage)
}

fn terms(amount: &str, days: u32) -> Value {
    let mut body = limit(amount);
    body["terms"] = json!({"from": "invoice", "days": days});
    body
}

fn chosen(events: &[Event]) -> (&str, &[Cap]) {
    let Some(Event::CaseOpened(opened)) = events.first() else { panic!("{events:?}") };
    (opened.chosen.route.as_str(), &opened.chosen.caps)
}

#[test]
fn row_116_the_path_and_the_cap_come_out_of_the_rules_accepts() {
    let mut stage = banded(qualified());
    assert_eq!(proof::objections(&stage.facts.policy.as_ref().unwrap().pack), []);
    let events = does(&mut stage, "credit", &grant(limit("8000000.00"))).unwrap();
    let cap = |score, grade: &str, limit: &str, terms_days| Cap {
        bands: "limits".to_owned(),
        score,
        grade: grade.to_owned(),
        limit: cny(limit),
        terms_days,
    };
    let expected = ("finance_and_compliance", &[cap(90, "A", "8000000.00", 90)][..]);
    assert_eq!(chosen(&events), expected);
    for name in ["finance", "compliance", "credit-2"] {
        agrees(&mut stage, name).unwrap();
    }
    let granted = stage.customer.credit.granted.as_ref().unwrap();
    assert_eq!(granted.limit.amount(), Some(cny("8000000.00").minor()));
    // Another customer of the same pack, another cap and another path.
    let events = does(&mut late(), "credit", &grant(terms("2000000.00", 30))).unwrap();
    assert_eq!(chosen(&events), ("finance", &[cap(50, "C", "2000000.00", 30)][..]));
    // A pack without bands caps nothing.
    let events = does(&mut qualified(), "credit", &grant(limit("90000000.00"))).unwrap();
    assert_eq!(chosen(&events), ("finance_and_compliance", &[][..]));
}

#[test]
fn row_116_the_path_and_the_cap_come_out_of_the_rules_refuses() {
    let mut stage = banded(qualified());
    let unlimited = json!({"limit": {"kind": "unlimited"}});
    for (asked, name) in [(grant(unlimited.clone()), "credit"), (apply(unlimited), "sales")] {
        assert_eq!(refused(&mut stage, name, &asked), "credit.beyond_band");
    }
    assert_eq!(
        does(&mut stage, "credit", &grant(limit("9000000.00"))).unwrap_err().to_string(),
        "grade A allows this customer at most 8000000.00 CNY, on terms of at most 90 days: \
         ask for less, or once the customer's grade is better"
    );
    assert_eq!(stage.customer.credit.granted, None);
    // Rules that give no grade, or speak of other money, grant nothing.
    for (change, at) in
        [(json!("< 70"), "score"), (json!({"amount": "1.00", "currency": "EUR"}), "limit")]
    {
        with_pack(&mut stage, |pack| {
            bands(pack);
            for band in pack["bands"][0]["bands"].as_array_mut().unwrap() {
                band[at] = change.clone();
            }
        });
        let asked = grant(limit("0.01"));
        assert_eq!(refused(&mut stage, "credit", &asked), "credit.no_band", "{at}");
    }
    // A grade that gets worse meanwhile does not wait for anybody's vote: no more than it allows is granted.
    let mut stage = crate::customer::given::with_limit("100000.00");
    stage.sold(4, "10000.00", "INV-1");
    stage.on("2027-01-21");
    let mut stage = banded(stage);
    does(&mut stage, "credit", &grant(limit("2000000.01"))).unwrap();
    stage.on("2027-01-22");
    let last = on_credit(&stage, agreement());
    assert_eq!(refused(&mut stage, "finance", &last), "credit.beyond_band");
    let rejected = on_credit(&stage, reject("逾期未付"));
    assert!(does(&mut stage, "finance", &rejected).is_ok());
}

#[test]
fn row_116_the_path_and_the_cap_come_out_of_the_rules_at_the_boundary() {
    // The path, to the cent.
    for (amount, route) in [
        ("1000000.00", "straight_through"),
        ("1000000.01", "finance"),
        ("5000000.00", "finance"),
        ("5000000.01", "finance_and_compliance"),
    ] {
        let events = does(&mut banded(qualified()), "credit", &grant(limit(amount))).unwrap();
        assert_eq!(chosen(&events).0, route, "{amount}");
    }
    // The cap, to the cent and to the day.
    let asked = |mut stage: Stage, amount: &str, days: u32| {
        does(&mut stage, "credit", &grant(terms(amount, days))).map_err(|refusal| refusal.code())
    };
    assert!(asked(banded(qualified()), "8000000.00", 90).is_ok());
    for (amount, days) in [("8000000.01", 90), ("8000000.00", 91)] {
        let refusal = asked(banded(qualified()), amount, days).unwrap_err();
        assert_eq!(refusal, "credit.beyond_band", "{amount}, {days} days");
    }
    assert!(asked(late(), "2000000.00", 30).is_ok());
    for (amount, days) in [("2000000.01", 30), ("2000000.00", 31)] {
        let refusal = asked(late(), amount, days).unwrap_err();
        assert_eq!(refusal, "credit.beyond_band", "{amount}, {days} days");
    }
    // On the day on which it is due nothing is late.
    let mut due = late();
    due.on("2027-01-21");
    assert!(asked(due, "8000000.00", 90).is_ok());
}
