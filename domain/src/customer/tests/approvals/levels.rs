//! How much is asked for how much: levels by amount, a band without others, the fast lane and the strict one.

use super::*;

fn route_of(events: &[Event]) -> (&str, &str) {
    let Some(Event::CaseOpened(opened)) = events.first() else { panic!("{events:?}") };
    (opened.chosen.route.as_str(), opened.chosen.row.as_str())
}

#[test]
fn row_23_levels_by_amount_accepts() {
    let mut stage = qualified();
    let events = does(&mut stage, "credit", &grant(limit("5000000.01"))).unwrap();
    assert_eq!(route_of(&events), ("finance_and_compliance", "with-all"));
    agrees(&mut stage, "finance").unwrap();
    agrees(&mut stage, "compliance").unwrap();
    let events = agrees(&mut stage, "credit-2").unwrap();
    let expected = ["approval.vote-cast", "credit.limit-granted", "approval.case-closed"];
    assert_eq!(kinds(&events), expected);
}

#[test]
fn row_23_levels_by_amount_refuses() {
    let mut stage = qualified();
    does(&mut stage, "credit", &grant(limit("5000000.00"))).unwrap();
    // Neither whoever assessed it, nor their colleague, nor another department.
    for (name, code) in [
        ("credit", "approval.had_a_hand"),
        ("credit-2", "approval.not_asked"),
        ("compliance", "approval.not_asked"),
        ("sales", "approval.not_asked"),
    ] {
        let vote = on_credit(&stage, agreement());
        assert_eq!(refused(&mut stage, name, &vote), code, "{name}");
    }
    assert_eq!(stage.customer.credit.granted, None);
}

#[test]
fn row_23_levels_by_amount_at_the_boundary() {
    for (amount, route) in [
        ("1000000.00", "straight_through"),
        ("1000000.01", "finance"),
        ("5000000.00", "finance"),
        ("5000000.01", "finance_and_compliance"),
    ] {
        let events = does(&mut qualified(), "credit", &grant(limit(amount))).unwrap();
        assert_eq!(route_of(&events).0, route, "{amount}");
    }
    // The same of a release: the order's value decides, to the cent.
    for (price, route) in [
        ("1000000.00", "straight_through"),
        ("1000000.01", "finance"),
        ("5000000.00", "finance"),
        ("5000000.01", "finance_and_compliance"),
    ] {
        let mut stage = crate::customer::given::with_limit("0.01");
        let order = stage.order(STENT, 1, price).order;
        let events = does(&mut stage, "credit", &release(order)).unwrap();
        assert_eq!(route_of(&events).0, route, "{price}");
    }
    // No rate is on record: one cent of other money than the company's asks whoever the most there is asks.
    let mut stage = qualified();
    stage.rules(|pack| pack.company.currency = "USD".parse().unwrap());
    let events = does(&mut stage, "credit", &grant(limit("0.01"))).unwrap();
    assert_eq!(route_of(&events).0, "finance_and_compliance");
}

#[test]
fn row_24_a_band_without_others_accepts() {
    let mut stage = qualified();
    let events = does(&mut stage, "credit", &grant(limit("1000000.00"))).unwrap();
    let expected = ["approval.case-opened", "credit.limit-granted", "approval.case-closed"];
    assert_eq!(kinds(&events), expected);
    // Up and down within what was granted asks nobody either.
    does(&mut stage, "credit", &grant(limit("400000.00"))).unwrap();
    assert!(stage.customer.cases.is_empty());
}

#[test]
fn row_24_a_band_without_others_refuses() {
    // Whoever asks for a customer decides nothing: Credit is asked even for one cent.
    let mut stage = qualified();
    let events = does(&mut stage, "sales", &apply(limit("0.01"))).unwrap();
    assert_eq!(kinds(&events), ["approval.case-opened"]);
    assert_eq!(stage.customer.credit.granted, None);
    assert_eq!(refused(&mut stage, "manager", &grant(limit("0.01"))), "credit.own_account");
    agrees(&mut stage, "credit").unwrap();
    assert!(stage.customer.credit.granted.is_some());
}

#[test]
fn row_24_a_band_without_others_at_the_boundary() {
    // Twice half of it is all of it; the cent above it is asked about, however often it is split.
    let mut stage = qualified();
    for amount in ["500000.00", "1000000.00"] {
        does(&mut stage, "credit", &grant(limit(amount))).unwrap();
        assert!(stage.customer.cases.is_empty(), "{amount}");
    }
    let events = does(&mut stage, "credit", &grant(limit("1000000.01"))).unwrap();
    assert_eq!(route_of(&events).0, "finance");
}

#[test]
fn row_23_what_was_granted_counts_for_twelve_months_to_the_day() {
    let granted = |today: &str| {
        let mut stage = qualified();
        stage.on("2026-11-22");
        does(&mut stage, "credit", &grant(limit("1000000.00"))).unwrap();
        stage.on(today);
        let events = does(&mut stage, "credit", &grant(limit("1000000.01"))).unwrap();
        route_of(&events).0.to_owned()
    };
    assert_eq!(granted("2027-11-21"), "finance");
    assert_eq!(granted("2027-11-22"), "straight_through");
}

#[test]
fn row_23_lowering_it_first_splits_nothing() {
    let mut stage = qualified();
    does(&mut stage, "credit", &grant(limit("1000000.00"))).unwrap();
    does(&mut stage, "credit", &grant(limit("0.01"))).unwrap();
    let events = does(&mut stage, "credit", &grant(limit("1000000.00"))).unwrap();
    assert_eq!(route_of(&events).0, "finance", "1,999,999.99 within twelve months");
    // Nor does letting it end: what ended longer ago than that is granted anew, all of it.
    let mut stage = qualified();
    let mut ends = limit("1000000.00");
    ends["valid_until"] = json!("2026-11-30");
    does(&mut stage, "credit", &grant(ends)).unwrap();
    stage.on("2027-11-21");
    let none = does(&mut stage, "credit", &grant(limit("1000000.00"))).unwrap();
    assert_eq!(route_of(&none).0, "straight_through", "it is no more than what it was");
}

#[test]
fn row_25_the_fast_lane_accepts() {
    let mut stage = qualified();
    let events = does(&mut stage, "credit", &grant(limit("1000000.00"))).unwrap();
    let [Event::CaseOpened(opened), Event::LimitGranted(_), Event::CaseClosed(closed)] =
        events.as_slice()
    else {
        panic!("{events:?}")
    };
    assert_eq!(opened.opened.route.lane.unwrap().code(), "straight_through");
    assert_eq!(opened.chosen.row, "credit-alone");
    assert_eq!((opened.case, &opened.opened.content), (closed.case, &closed.content));
    assert_eq!(opened.pack, *stage.facts.policy.as_ref().unwrap().hash);
    assert_eq!(closed.by, Some("staff-credit".parse().unwrap()));
}

#[test]
fn row_25_the_fast_lane_refuses() {
    // A low limit on long terms is no low risk.
    let mut long = limit("1000.00");
    long["terms"] = json!({"from": "invoice", "days": 361});
    let events = does(&mut qualified(), "credit", &grant(long)).unwrap();
    assert_eq!(route_of(&events).0, "finance_and_compliance");
    let unlimited = json!({"limit": {"kind": "unlimited"}});
    let events = does(&mut qualified(), "credit", &grant(unlimited)).unwrap();
    assert_eq!(route_of(&events).0, "finance_and_compliance");
}

#[test]
fn row_25_the_fast_lane_at_the_boundary() {
    let with_terms = |days: u32| {
        let mut body = limit("1000.00");
        body["terms"] = json!({"from": "invoice", "days": days});
        let events = does(&mut qualified(), "credit", &grant(body)).unwrap();
        route_of(&events).0.to_owned()
    };
    for (days, route) in [
        (180, "straight_through"),
        (181, "finance"),
        (360, "finance"),
        (361, "finance_and_compliance"),
    ] {
        assert_eq!(with_terms(days), route, "{days}");
    }
}
