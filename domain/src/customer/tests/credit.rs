//! Limits, freezes, overdue items, releases.

use serde_json::json;

use crate::{
    customer::{
        Command, Event, credit,
        given::{STENT, cny, placement, qualified, with_limit},
        receivables::Allocation,
        trading::Payment,
    },
    decision::CauseCode,
    money::Minor,
    policy::{InForce, Pack},
    staff::Role,
};

#[test]
fn an_order_up_to_the_limit_is_placed_and_a_cent_more_is_held() {
    assert_eq!(with_limit("10000.00").order(STENT, 10, "1000.00").outcome, "placed");
    let mut stage = with_limit("9999.99");
    let answer = stage.order(STENT, 10, "1000.00");
    assert_eq!(answer.is(), ("held", vec!["credit.over_limit"]));
    let over = answer.decision.causes.iter().find(|c| c.stops()).unwrap();
    assert_eq!((over.param("available"), over.param("excess")), ("9999.99", "0.01"));
    assert_eq!(stage.customer.exposure(), Minor::ZERO);
}

#[test]
fn what_was_never_configured_holds_and_none_means_over_the_limit() {
    let mut stage = qualified();
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("held", vec!["credit.not_configured"]));
    stage.grant(json!({"limit": {"kind": "none"}}));
    let mut on_credit = placement(STENT, 1, "1.00");
    on_credit.payment = Some(Payment::Credit);
    assert_eq!(stage.order_with(&on_credit).is(), ("held", vec!["credit.over_limit"]));
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
}

#[test]
fn a_frozen_customer_may_still_pay_and_unfreezing_heals() {
    let mut stage = with_limit("10000.00");
    let reason = "逾期".parse().unwrap();
    stage.does(Command::Credit(credit::Command::Freeze { reason }));
    assert_eq!(stage.order(STENT, 1, "1000.00").is(), ("held", vec!["credit.frozen"]));
    assert!(matches!(
        stage.pays("4000.00", Allocation::OldestFirst).as_slice(),
        [Event::CashReceived(_)]
    ));
    let events = stage.does(Command::Credit(credit::Command::Unfreeze { reason: None }));
    assert!(matches!(events.as_slice(), [Event::LimitUnfrozen(_), Event::OrderHealed(_)]));
}

#[test]
fn a_limit_is_good_through_its_last_day() {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}, "valid_until": "2026-11-22"}));
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    stage.on("2026-11-23");
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("held", vec!["credit.expired"]));
}

#[test]
fn one_order_may_not_pass_the_single_cap() {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}, "single_document_cap": cny("5000.00")}));
    assert_eq!(stage.order(STENT, 5, "1000.00").outcome, "placed");
    assert_eq!(stage.order(STENT, 6, "1000.00").is(), ("held", vec!["credit.single_cap"]));
}

#[test]
fn the_account_manager_neither_grants_nor_releases() {
    let mut stage = with_limit("1.00");
    let grant = Box::new(serde_json::from_value(json!({"limit": {"kind": "unlimited"}})).unwrap());
    let grant = Command::Credit(credit::Command::Grant(grant));
    assert_eq!(stage.refused("staff-manager", grant), "credit.own_account");
    let order = stage.order(STENT, 1, "1000.00").order;
    let refused = stage.releases("staff-manager", Role::Credit, order).unwrap_err();
    assert_eq!(refused.code(), "credit.own_account");
}

#[test]
fn an_old_and_large_debt_holds_until_it_is_paid() {
    let mut stage = with_limit("100000.00");
    stage.sold(40, "1000.00", "INV-1");
    stage.on("2027-02-20");
    assert_eq!(stage.order(STENT, 1, "1000.00").outcome, "placed");
    stage.on("2027-02-21");
    let answer = stage.order(STENT, 1, "1000.00");
    assert_eq!(answer.is(), ("held", vec!["receivable.overdue"]));
    let events = stage.pays("40000.00", Allocation::OldestFirst);
    let [Event::CashReceived(_), Event::OrderHealed(healed)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(healed.order, answer.order);
}

#[test]
fn a_bank_charge_left_open_stops_nobody() {
    let mut stage = with_limit("100000.00");
    stage.sold(40, "1000.00", "INV-1");
    stage.pays("39990.00", Allocation::OldestFirst);
    stage.on("2028-01-01");
    assert_eq!(stage.order(STENT, 1, "1000.00").outcome, "placed");
}

#[test]
fn a_release_carries_the_order_through_its_shipment_within_tolerance() {
    let mut stage = with_limit("1000.00");
    let held = stage.order(STENT, 10, "1000.00");
    assert_eq!(held.outcome, "held");
    let events = stage.releases("staff-credit", Role::Credit, held.order).unwrap();
    let released = |e: &Event| matches!(e, Event::OrderReleased(e) if e.remaining.is_empty());
    assert_eq!(events.iter().filter(|event| released(event)).count(), 1, "{events:?}");
    assert!(matches!(stage.ships(held.order, 10), Event::GoodsShipped(_)));
}

#[test]
fn a_release_that_the_debt_has_outgrown_no_longer_covers() {
    let mut stage = with_limit("1000.00");
    let held = stage.order(STENT, 10, "1000.00");
    stage.releases("staff-credit", Role::Credit, held.order).unwrap();
    stage.grant(json!({"limit": {"kind": "amount", "amount": cny("1.00")}}));
    // 9,000.00 were released with 5 per cent; 9,999.00 are over now.
    assert!(matches!(stage.ships(held.order, 10), Event::ShipmentHeld(_)));
}

#[test]
fn a_release_ends_on_its_day() {
    let mut stage = with_limit("1000.00");
    let held = stage.order(STENT, 10, "1000.00");
    stage.releases("staff-credit", Role::Credit, held.order).unwrap();
    stage.on("2027-02-20");
    assert!(matches!(stage.ships(held.order, 5), Event::GoodsShipped(_)));
    stage.on("2027-02-21");
    assert!(matches!(stage.ships(held.order, 5), Event::ShipmentHeld(_)));
}

#[test]
fn sales_release_nothing_and_quality_no_limit() {
    let mut stage = with_limit("1.00");
    let order = stage.order(STENT, 1, "1000.00").order;
    for role in [Role::Sales, Role::Quality, Role::Finance, Role::Admin] {
        let refused = stage.releases("staff-somebody", role, order).unwrap_err();
        assert_eq!(refused.code(), "role.missing");
    }
}

#[test]
fn a_release_lifts_no_legal_cause() {
    let mut stage = with_limit("1.00");
    let order = stage.order(STENT, 1, "1000.00").order;
    stage.on("2029-01-10");
    let refused = stage.releases("staff-credit", Role::Credit, order).unwrap_err();
    assert_eq!(refused.code(), "release.legal_cause");
}

#[test]
fn a_raised_limit_heals_in_the_order_of_waiting() {
    let mut stage = with_limit("1000.00");
    let first = stage.order(STENT, 2, "1000.00").order;
    let second = stage.order(STENT, 2, "1000.00").order;
    let events = stage.grant(json!({"limit": {"kind": "amount", "amount": cny("3000.00")}}));
    let healed: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::OrderHealed(healed) => Some(healed.order),
            _ => None,
        })
        .collect();
    assert_eq!(healed, [first]);
    assert!(stage.customer.orders[&second].is_held());
}

#[test]
fn a_deposit_for_a_held_order_uses_no_credit() {
    let mut stage = with_limit("5000.00");
    let held = stage.order(STENT, 10, "1000.00");
    assert_eq!(held.is(), ("held", vec!["credit.over_limit"]));
    let to = crate::customer::receivables::Target::Order(held.order);
    let apply = vec![crate::customer::receivables::Application { to, amount: None }];
    let events = stage.pays("10000.00", Allocation::Just(apply));
    assert!(matches!(events.as_slice(), [_, Event::OrderHealed(_)]), "{events:?}");
    assert_eq!(stage.customer.exposure(), Minor::ZERO);
}

#[test]
fn an_order_beyond_the_horizon_is_asked_for_its_credit_when_it_ships() {
    let mut stage = with_limit("10000.00");
    let mut pack = (*stage.facts.policy.as_ref().unwrap().pack).clone();
    pack.credit.horizon_days = Some(30);
    let (hash, pack) = (std::sync::Arc::from("sha256:test"), std::sync::Arc::new(pack));
    let in_force = InForce { version: 2, hash, pack };
    stage.facts.policy = Some(std::sync::Arc::new(in_force));
    let mut later = placement(STENT, 10, "1000.00");
    later.requested_ship_date = Some("2027-01-21".parse().unwrap());
    let later = stage.order_with(&later);
    assert_eq!(later.outcome, "placed");
    assert_eq!(stage.order(STENT, 10, "1000.00").outcome, "placed");
    assert!(matches!(stage.ships(later.order, 10), Event::ShipmentHeld(_)));
}

/// The delivered pack with another overdue table, in force whatever the checker would say of it.
fn with_table(stage: &mut crate::customer::given::Stage, change: impl Fn(&mut serde_json::Value)) {
    let mut pack = serde_json::to_value(Pack::default_pack()).unwrap();
    change(&mut pack["overdue"]["table"]);
    let pack: Pack = serde_json::from_value(pack).unwrap();
    let hash = std::sync::Arc::from(pack.hash().unwrap());
    let in_force = InForce { version: 2, hash, pack: std::sync::Arc::new(pack) };
    stage.facts.policy = Some(std::sync::Arc::new(in_force));
}

#[test]
fn a_table_that_gives_no_answer_holds_and_never_allows() {
    for change in [
        |table: &mut serde_json::Value| table["rows"][4]["when"][3] = json!("> 3O"),
        |table: &mut serde_json::Value| table["rows"][4]["when"][3] = json!("> 3"),
        |table: &mut serde_json::Value| table["inputs"][3] = json!("overdue_dais"),
        |table: &mut serde_json::Value| table["rows"][4]["then"] = json!("allow"),
    ] {
        let mut stage = with_limit("100000.00");
        with_table(&mut stage, change);
        let held = stage.order(STENT, 1, "1000.00");
        assert_eq!(held.is(), ("held", vec!["policy.fault"]));
        let cause = held.decision.causes.iter().find(|it| it.code == CauseCode::PolicyFault);
        assert_eq!(cause.unwrap().param("table"), "overdue");
        // The mended table heals it with the day.
        with_table(&mut stage, |_| {});
        let events = stage.does(Command::ReviewDay);
        assert!(matches!(events.as_slice(), [Event::OrderHealed(_)]), "{events:?}");
    }
}

/// A row's own words and what it rests on are told; a row that has none leaves no trace of them.
#[test]
fn a_rule_says_in_its_own_words_what_it_rests_on() {
    let mut stage = with_limit("100000.00");
    stage.sold(40, "1000.00", "INV-1");
    stage.on("2027-02-21");
    with_table(&mut stage, |table| {
        table["rows"][3]["text"] = json!({ "zh": "先清欠，后发货。", "en": "Settle first." });
        table["rows"][3]["basis"] = json!("销售合同第五条");
    });
    let held = stage.order(STENT, 1, "1000.00");
    let cause = held.decision.causes.last().unwrap();
    let said = crate::wording::message(cause);
    assert!(said.zh.ends_with("天数 > 30）。先清欠，后发货。"), "{}", said.zh);
    assert!(said.en.ends_with("days > 30). Settle first."), "{}", said.en);
    assert_eq!(crate::wording::basis(cause).as_deref(), Some("销售合同第五条"));
    with_table(&mut stage, |_| {});
    let held = stage.order(STENT, 1, "1000.00");
    let cause = held.decision.causes.last().unwrap();
    for param in ["text_zh", "text_en", "basis"] {
        assert!(!cause.params.contains_key(param), "{param}");
    }
    assert_eq!(crate::wording::basis(cause), None);
}

#[test]
fn the_row_that_spoke_is_in_the_answer() {
    let mut stage = with_limit("100000.00");
    stage.sold(40, "1000.00", "INV-1");
    stage.on("2027-02-21");
    let held = stage.order(STENT, 1, "1000.00");
    let said = crate::wording::message(held.decision.causes.last().unwrap());
    assert_eq!(
        said.zh,
        "逾期应收款 ¥40,000.00，最长逾期 31 天，超过规定（规则 general-beyond：金额 > 1000.00、天数 > 30）。"
    );
    assert_eq!(
        said.en,
        "CNY 40,000.00 overdue, the oldest for 31 days: more than policy allows (rule general-beyond: amount > 1000.00, days > 30)."
    );
}
