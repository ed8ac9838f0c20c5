//! Orders: what is malformed, what is cancelled, what a registration that lapsed says.

use serde_json::json;

use crate::{
    customer::{
        Command, Event,
        given::{STENT, SYRINGE, placement, product_id, qualified, with_limit},
        registration,
        trading::{self, Payment, Placement},
    },
    decision::Outcome,
    money::Minor,
    staff::Role,
};

fn place(placement: Placement) -> Command {
    Command::Trading(trading::Command::Place(Box::new(placement)))
}

#[test]
fn a_malformed_order_is_rejected_and_leaves_no_trace() {
    let change = |change: fn(&mut Placement)| {
        let mut order = placement(STENT, 1, "1.00");
        change(&mut order);
        order
    };
    for (order, code) in [
        (change(|o| o.lines.clear()), "order.no_lines"),
        (change(|o| o.lines[0].product = product_id(9)), "product.unknown"),
        (
            change(|o| o.requested_ship_date = Some("2026-11-21".parse().unwrap())),
            "order.ship_date_past",
        ),
        (change(|o| o.ship_to = Some("别处".parse().unwrap())), "order.ship_to_unknown"),
        (change(|o| o.currency = Some("USD".parse().unwrap())), "money.other_currency"),
        (change(|o| o.payment = Some(Payment::Prepaid { percent: 0 })), "payment.percent"),
        (change(|o| o.payment = Some(Payment::Prepaid { percent: 101 })), "payment.percent"),
    ] {
        assert_eq!(qualified().refused("staff-sales", place(order)), code);
    }
}

#[test]
fn a_lapsed_registration_only_advises_at_the_order() {
    let mut stage = with_limit("100.00");
    let filing = json!({"kind": "device_trading_filing", "number": "浙杭药监械经营备20240001号",
        "valid_from": "2024-01-10", "long_term": true, "copy": "sealed_copy",
        "scope": [{"catalogue": "2017", "code": "14", "class": "II"}]});
    stage.approve(&[filing]);
    let answer = stage.order(SYRINGE, 1, "1.00");
    assert_eq!((answer.outcome, answer.decision.outcome), ("placed", Outcome::Allow));
    let codes: Vec<_> = answer.decision.causes.iter().map(|c| c.code.code()).collect();
    assert!(codes.contains(&"product.registration_lapsed"), "{codes:?}");
}

#[test]
fn a_suspended_customer_is_held_and_a_disabled_one_denied() {
    let mut stage = with_limit("100.00");
    let reason = || "飞行检查".parse().unwrap();
    stage.does(Command::Registration(registration::Command::Suspend { reason: reason() }));
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("held", vec!["customer.suspended"]));
    let reinstate = Command::Registration(registration::Command::Reinstate { reason: reason() });
    assert_eq!(stage.refused("staff-sales", reinstate.clone()), "role.missing");
    let events = stage.ask("staff-quality", &[Role::Quality], &reinstate).unwrap();
    assert!(matches!(events.as_slice(), [Event::CustomerReinstated(_), Event::OrderHealed(_)]));
    stage.does(Command::Registration(registration::Command::Disable { reason: reason() }));
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["customer.disabled"]));
    let refused = stage.ask("staff-quality", &[Role::Quality], &reinstate).unwrap_err();
    assert_eq!(refused.code(), "role.missing");
    assert!(stage.ask("staff-legal", &[Role::Legal], &reinstate).is_ok());
}

#[test]
fn cancelling_frees_what_was_open_and_closes_the_order() {
    let mut stage = with_limit("10000.00");
    let order = stage.order(STENT, 10, "1000.00").order;
    stage.ships(order, 4);
    let cancel =
        |lines| trading::CancelOrder { order, reason: "客户要求".parse().unwrap(), lines };
    let cancel = |lines| Command::Trading(trading::Command::Cancel(Box::new(cancel(lines))));
    let part = serde_json::from_value(json!([{"line": 1, "quantity": 2}])).unwrap();
    stage.does(cancel(part));
    assert_eq!(stage.customer.totals.open_orders, Minor(400_000));
    stage.does(cancel(Vec::new()));
    assert_eq!(stage.customer.totals.open_orders, Minor::ZERO);
    assert_eq!(stage.customer.totals.open_deliveries, Minor(400_000));
    assert_eq!(stage.refused("staff-sales", cancel(Vec::new())), "order.nothing_to_cancel");
}

#[test]
fn an_order_that_is_paid_leaves_the_state() {
    let mut stage = with_limit("10000.00");
    stage.sold(10, "1000.00", "INV-1");
    assert_eq!(stage.customer.orders.len(), 1);
    stage.pays("10000.00", crate::customer::receivables::Allocation::OldestFirst);
    assert!(stage.customer.orders.is_empty() && stage.customer.receivables.items.is_empty());
    assert_eq!(stage.customer.exposure(), Minor::ZERO);
}
