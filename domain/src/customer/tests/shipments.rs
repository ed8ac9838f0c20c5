//! Shipments: the lot decides, and payment in advance comes first.

use serde_json::json;

use crate::{
    customer::{
        Command, Event,
        given::{STENT, SYRINGE, Stage, codes, placement, qualified, with_limit},
        receivables::{self, Allocation, Application, Target},
        registration::CustomerKind,
        trading::{self, CancelOrder, Payment},
    },
    ids::OrderId,
    money::Minor,
    staff::Role,
};

fn stopped(event: &Event) -> (&'static str, Vec<&'static str>) {
    match event {
        Event::GoodsShipped(e) => ("shipped", codes(&e.decision)),
        Event::ShipmentHeld(e) => ("held", codes(&e.decision)),
        Event::ShipmentDenied(e) => ("denied", codes(&e.decision)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_lot_decides() {
    for (manufactured_on, expires_on, answer) in [
        ("2026-01-05", "2028-01-04", ("shipped", vec![])),
        ("2024-06-01", "2026-11-22", ("shipped", vec![])),
        ("2024-05-31", "2028-01-04", ("denied", vec!["product.made_outside_registration"])),
        ("2026-01-05", "2026-11-21", ("denied", vec!["lot.expired"])),
    ] {
        let mut stage = with_limit("10000.00");
        let order = stage.order(STENT, 1, "1000.00").order;
        let lots = json!([{"line": 1, "quantity": 1, "lot": "L1",
            "manufactured_on": manufactured_on, "expires_on": expires_on}]);
        assert_eq!(stopped(&stage.ship(order, lots)), answer, "{manufactured_on} {expires_on}");
    }
}

#[test]
fn a_licence_that_lapsed_after_the_order_denies_the_shipment() {
    let mut stage = with_limit("10000.00");
    let order = stage.order(STENT, 1, "1000.00").order;
    stage.on("2029-01-10");
    let lots = json!([{"line": 1, "quantity": 1, "lot": "L1", "manufactured_on": "2026-01-05"}]);
    assert_eq!(stopped(&stage.ship(order, lots)), ("denied", vec!["document.expired"]));
}

#[test]
fn more_than_is_open_is_not_shipped() {
    let mut stage = with_limit("10000.00");
    let order = stage.order(STENT, 5, "1000.00").order;
    stage.ships(order, 4);
    let lines = serde_json::from_value(json!([{"line": 1, "quantity": 2}])).unwrap();
    let ship = trading::ShipGoods { order, lines, shipped_on: None };
    let ship = trading::Command::Ship(Box::new(ship));
    let refused = stage.refused("staff-warehouse", Command::Trading(ship));
    assert_eq!(refused, "order.more_than_open");
}

#[test]
fn the_sales_record_names_buyer_licences_and_maker() {
    let mut stage = with_limit("10000.00");
    let order = stage.order(STENT, 1, "1000.00").order;
    let Event::GoodsShipped(shipped) = stage.ships(order, 1) else { panic!("not shipped") };
    let numbers: Vec<_> = shipped.buyer.licences.iter().map(|l| &*l.number).collect();
    assert!(numbers.contains(&"浙杭药监械经营许20240001号"), "{numbers:?}");
    let sold = &shipped.lines[0].particulars;
    assert_eq!(sold.registration_number.as_deref(), Some("国械注准20243139901"));
}

fn prepaid(percent: u32) -> (Stage, OrderId) {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "none"}}));
    let mut order = placement(STENT, 10, "1000.00");
    order.payment = Some(Payment::Prepaid { percent });
    let answer = stage.order_with(&order);
    assert_eq!(answer.outcome, if percent == 100 { "placed" } else { "held" });
    (stage, answer.order)
}

#[test]
fn what_is_prepaid_uses_no_credit_and_waits_for_the_cash() {
    let (mut stage, order) = prepaid(100);
    assert_eq!(stage.customer.exposure(), Minor::ZERO);
    assert_eq!(stopped(&stage.ships(order, 10)), ("held", vec!["prepayment.missing"]));
    let part = stage.pays("9999.99", Allocation::Just(Vec::new()));
    assert!(matches!(part.as_slice(), [Event::CashReceived(_)]));
    let rest = stage.pays("0.01", Allocation::Just(Vec::new()));
    assert!(matches!(rest.as_slice(), [Event::CashReceived(_), Event::ShipmentCleared(_)]));
    let Event::GoodsShipped(shipped) = stage.ships(order, 10) else { panic!("not shipped") };
    assert_eq!(shipped.drawn.len(), 2);
    assert_eq!(stage.customer.exposure(), Minor::ZERO);
}

#[test]
fn a_deposit_covers_its_own_order_and_settles_its_invoice() {
    let (mut stage, order) = prepaid(100);
    stage.pays(
        "10000.00",
        Allocation::Just(vec![Application { to: Target::Order(order), amount: None }]),
    );
    assert_eq!(stage.customer.exposure(), Minor::ZERO);
    assert_eq!(stopped(&stage.ships(order, 10)), ("shipped", vec![]));
    stage.invoice(order, "INV-1");
    assert!(stage.customer.receivables.items.is_empty());
    assert!(stage.customer.orders.is_empty());
    assert_eq!(stage.customer.exposure(), Minor::ZERO);
}

#[test]
fn with_a_share_prepaid_only_the_rest_is_on_credit() {
    let mut stage = with_limit("7000.00");
    let mut order = placement(STENT, 10, "1000.00");
    order.payment = Some(Payment::Prepaid { percent: 30 });
    let answer = stage.order_with(&order);
    assert_eq!((answer.outcome, stage.customer.exposure()), ("placed", Minor(700_000)));
}

#[test]
fn a_deposit_that_an_old_order_gives_back_can_still_be_applied() {
    let (mut stage, order) = prepaid(100);
    let to_order = Application { to: Target::Order(order), amount: None };
    let paid = stage.pays("10000.00", Allocation::Just(vec![to_order]));
    let [Event::CashReceived(paid)] = paid.as_slice() else { panic!("{paid:?}") };
    // Long after the receipt could be reversed, other cash comes in; then the order is given up.
    stage.on("2028-06-01");
    stage.pays("1.00", Allocation::Just(Vec::new()));
    let cancel = CancelOrder { order, reason: "不再需要".parse().unwrap(), lines: Vec::new() };
    stage.does(Command::Trading(trading::Command::Cancel(Box::new(cancel))));
    let books = &stage.customer.receivables;
    assert_eq!(books.unapplied, Minor(1_000_100));
    assert_eq!(books.receipts[&paid.receipt].unapplied, Minor(1_000_000));
}

#[test]
fn a_deposit_that_bounced_covers_nothing_any_more() {
    let (mut stage, order) = prepaid(100);
    let to_order = Application { to: Target::Order(order), amount: None };
    let paid = stage.pays("5000.00", Allocation::Just(vec![to_order.clone()]));
    let [Event::CashReceived(first)] = paid.as_slice() else { panic!("{paid:?}") };
    stage.pays("5000.00", Allocation::Just(vec![to_order]));
    assert_eq!(stopped(&stage.ships(order, 5)), ("shipped", vec![]));
    stage.invoice(order, "INV-1");
    let reason = "退票".parse().unwrap();
    let reverse = receivables::Command::Reverse { receipt: first.receipt, reason };
    stage.does(Command::Receivables(reverse));
    assert_eq!(stopped(&stage.ships(order, 5)), ("held", vec!["prepayment.missing"]));
}

#[test]
fn cash_is_taken_however_often_a_shipment_was_posted() {
    let (mut stage, order) = prepaid(100);
    for _ in 0..70 {
        assert_eq!(stopped(&stage.ships(order, 1)).0, "held");
    }
    let events = stage.pays("10000.00", Allocation::Just(Vec::new()));
    assert!((2..64).contains(&events.len()), "{}", events.len());
    let waiting = |stage: &Stage| stage.customer.orders[&order].shipments.len();
    assert!(waiting(&stage) > 0);
    stage.does(Command::ReviewDay);
    assert_eq!(waiting(&stage), 0);
}

#[test]
fn goods_that_left_on_a_day_without_a_licence_are_not_entered_as_lawful() {
    let mut stage = with_limit("10000.00");
    let order = stage.order(STENT, 2, "1000.00").order;
    for (shipped_on, answer) in [
        ("2024-01-09", ("denied", vec!["document.not_yet_valid"])),
        ("2026-11-20", ("shipped", vec![])),
    ] {
        let lines = json!([{"line": 1, "quantity": 1, "lot": "L1",
            "manufactured_on": "2024-06-05", "expires_on": "2028-01-04"}]);
        let lines = serde_json::from_value(lines).unwrap();
        let shipped_on = Some(shipped_on.parse().unwrap());
        let ship = trading::ShipGoods { order, lines, shipped_on };
        let ship = Command::Trading(trading::Command::Ship(Box::new(ship)));
        assert_eq!(stopped(&stage.does(ship)[0]), answer);
    }
}

#[test]
fn a_held_shipment_of_goods_that_were_cancelled_is_overtaken() {
    let (mut stage, order) = prepaid(100);
    assert_eq!(stopped(&stage.ships(order, 8)).0, "held");
    let part =
        trading::LineQuantity { line: 1, quantity: serde_json::from_value(json!(5)).unwrap() };
    let reason = "减少数量".parse().unwrap();
    let cancel = CancelOrder { order, reason, lines: vec![part] };
    stage.does(Command::Trading(trading::Command::Cancel(Box::new(cancel))));
    let events = stage.pays("5000.00", Allocation::Just(Vec::new()));
    assert!(matches!(events.as_slice(), [Event::CashReceived(_)]), "{events:?}");
    assert!(stage.customer.waiting.is_empty());
}

#[test]
fn what_is_released_for_one_lot_is_not_released_for_another() {
    let mut stage = Stage::of(CustomerKind::Hospital, "12310000425001236R");
    stage.approve(&[
        json!({"kind": "institution_certificate", "number": "12310000425001236R",
            "valid_from": "2020-01-01", "valid_to": "2030-01-01", "copy": "sealed_copy"}),
        json!({"kind": "practice_licence", "number": "PDY00001-X", "valid_from": "2020-01-01",
            "valid_to": "2035-01-01", "copy": "sealed_copy"}),
    ]);
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let order = stage.order(SYRINGE, 3, "10.00").order;
    let undated =
        |lot: &str| json!([{"line": 1, "quantity": 1, "lot": lot, "expires_on": "2028-01-04"}]);
    let held = |event: Event| matches!(event, Event::ShipmentHeld(_));
    assert!(held(stage.ship(order, undated("L1"))));
    let events = stage.releases("staff-quality", Role::Quality, order).unwrap();
    assert!(matches!(events.last(), Some(Event::ShipmentCleared(_))), "{events:?}");
    assert!(!held(stage.ship(order, undated("L1"))));
    assert!(held(stage.ship(order, undated("L2"))));

    // Nor without a lot, where only the line tells the goods apart.
    let mut two = placement(SYRINGE, 1, "10.00");
    two.lines.push(two.lines[0].clone());
    let order = stage.order_with(&two).order;
    let nameless = |line: u32| json!([{"line": line, "quantity": 1, "expires_on": "2028-01-04"}]);
    assert!(held(stage.ship(order, nameless(1))));
    stage.releases("staff-quality", Role::Quality, order).unwrap();
    assert!(!held(stage.ship(order, nameless(1))));
    assert!(held(stage.ship(order, nameless(2))));
}
