//! Invoices, cash, deposits, credit notes.

use crate::{
    customer::{
        Command, Event,
        given::{STENT, cny, receive, with_limit},
        receivables::{self, Allocation, Application, Target},
        registration,
    },
    money::Minor,
};

#[test]
fn shipped_goods_stay_invoicable_whatever_happened_since_and_a_case_is_opened() {
    let mut stage = with_limit("10000.00");
    let order = stage.order(STENT, 4, "1000.00").order;
    stage.ships(order, 4);
    let reason = "飞行检查".parse().unwrap();
    stage.does(Command::Registration(registration::Command::Disable { reason }));
    stage.on("2029-01-10");
    let events = stage.invoice(order, "INV-1");
    let [Event::InvoiceIssued(_), Event::ComplianceCaseOpened(case)] = events.as_slice() else {
        panic!("{events:?}")
    };
    let codes: Vec<_> = case.causes.iter().map(|c| c.code()).collect();
    assert_eq!(codes, ["document.expired", "customer.disabled"]);
}

#[test]
fn a_wrong_title_holds_the_invoice_until_it_is_right() {
    let mut stage = with_limit("10000.00");
    let order = stage.order(STENT, 4, "1000.00").order;
    stage.ships(order, 4);
    let mut titled = |title: &str| {
        let issue = receivables::IssueInvoice {
            number: "INV-1".parse().unwrap(),
            issued_on: None,
            title: Some(title.parse().unwrap()),
            scope: receivables::InvoiceScope::Shipments { order, shipments: Vec::new() },
        };
        stage.does(Command::Receivables(receivables::Command::Invoice(Box::new(issue))))
    };
    assert!(matches!(titled("示范公司").as_slice(), [Event::InvoiceHeld(_)]));
    assert!(matches!(titled("示范医疗器械有限公司").as_slice(), [Event::InvoiceIssued(_)]));
}

#[test]
fn every_cent_of_a_line_is_in_one_place() {
    let mut stage = with_limit("10000.00");
    let order = stage.order(STENT, 10, "999.99").order;
    let places = |stage: &crate::customer::given::Stage| {
        let totals = stage.customer.totals;
        (totals.open_orders.0, totals.open_deliveries.0, stage.customer.receivables.open_items.0)
    };
    assert_eq!(places(&stage), (999_990, 0, 0));
    stage.ships(order, 3);
    assert_eq!(places(&stage), (699_993, 299_997, 0));
    stage.invoice(order, "INV-1");
    assert_eq!(places(&stage), (699_993, 0, 299_997));
    assert_eq!(stage.customer.exposure(), Minor(999_990));
}

#[test]
fn cash_settles_the_oldest_due_first_and_the_rest_stays_unapplied() {
    let mut stage = with_limit("100000.00");
    let first = stage.sold(1, "1000.00", "INV-1");
    stage.on("2026-11-23");
    let second = stage.sold(1, "2000.00", "INV-2");
    let events = stage.pays("1500.00", Allocation::OldestFirst);
    let Some(Event::CashReceived(cash)) = events.first() else { panic!("{events:?}") };
    let applied: Vec<_> = cash.applied.iter().map(|s| (s.invoice, s.amount)).collect();
    assert_eq!(applied, [(first, cny("1000.00")), (second, cny("500.00"))]);
    stage.pays("2000.00", Allocation::OldestFirst);
    assert_eq!(stage.customer.receivables.unapplied, Minor(50_000));
    assert_eq!(stage.customer.exposure(), Minor(-50_000));
}

#[test]
fn what_is_named_must_fit() {
    let mut stage = with_limit("100000.00");
    let invoice = stage.sold(1, "1000.00", "INV-1");
    let just = |amount: &str| {
        let to = Target::Invoice(invoice);
        Allocation::Just(vec![Application { to, amount: Some(cny(amount)) }])
    };
    for (cash, applied, code) in [
        ("500.00", "500.01", "receipt.more_than_received"),
        ("5000.00", "1000.01", "receipt.more_than_owed"),
        ("5000.00", "0.00", "money.not_positive"),
    ] {
        assert_eq!(stage.refused("staff-finance", receive(cash, just(applied))), code);
    }
    let twice = Application { to: Target::Invoice(invoice), amount: Some(cny("1.00")) };
    let twice = Allocation::Just(vec![twice.clone(), twice]);
    assert_eq!(stage.refused("staff-finance", receive("5.00", twice)), "receipt.applied_twice");
}

#[test]
fn a_reversal_opens_again_what_was_settled() {
    let mut stage = with_limit("100000.00");
    let invoice = stage.sold(1, "1000.00", "INV-1");
    let events = stage.pays("1500.00", Allocation::OldestFirst);
    let Some(Event::CashReceived(cash)) = events.first() else { panic!("{events:?}") };
    let reason = "退票".parse().unwrap();
    let reverse = receivables::Command::Reverse { receipt: cash.receipt, reason };
    stage.does(Command::Receivables(reverse.clone()));
    assert_eq!(stage.customer.receivables.items[&invoice].open, Minor(100_000));
    assert_eq!(stage.customer.exposure(), Minor(100_000));
    assert_eq!(stage.refused("staff-finance", Command::Receivables(reverse)), "receipt.unknown");
}

#[test]
fn a_credit_note_reduces_its_invoice_and_leaves_the_rest_as_cash() {
    let mut stage = with_limit("100000.00");
    let invoice = stage.sold(1, "1000.00", "INV-1");
    let note = receivables::IssueCreditNote {
        number: "CN-1".parse().unwrap(),
        invoice: Some(invoice),
        amount: cny("1200.00"),
        issued_on: None,
        reason: "退货".parse().unwrap(),
    };
    stage.does(Command::Receivables(receivables::Command::IssueCreditNote(Box::new(note))));
    assert!(stage.customer.receivables.items.is_empty());
    assert_eq!(stage.customer.receivables.unapplied, Minor(20_000));
}

#[test]
fn a_void_makes_the_goods_invoicable_again() {
    let mut stage = with_limit("100000.00");
    let invoice = stage.sold(3, "1000.00", "INV-1");
    let reason = "抬头错误".parse().unwrap();
    stage.does(Command::Receivables(receivables::Command::Void { invoice, reason }));
    assert_eq!(stage.customer.totals.open_deliveries, Minor(300_000));
    let order = *stage.customer.orders.keys().next().unwrap();
    assert!(matches!(stage.invoice(order, "INV-2").as_slice(), [Event::InvoiceIssued(_)]));
    assert_eq!(stage.customer.exposure(), Minor(300_000));
}
