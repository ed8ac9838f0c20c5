//! Invoices, cash, deposits, credit notes.

use serde_json::json;

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

fn reverse(receipt: crate::ids::ReceiptId) -> Command {
    let reason = "退票".parse().unwrap();
    Command::Receivables(receivables::Command::Reverse { receipt, reason })
}

fn void(invoice: crate::ids::InvoiceId) -> Command {
    let reason = "抬头错误".parse().unwrap();
    Command::Receivables(receivables::Command::Void { invoice, reason })
}

fn received(events: &[Event]) -> crate::ids::ReceiptId {
    match events {
        [Event::CashReceived(cash), ..] => cash.receipt,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_invoice_that_a_reversal_opened_again_gives_its_goods_back_when_it_is_voided() {
    let mut stage = with_limit("100000.00");
    let order = stage.order(STENT, 10, "1000.00").order;
    stage.ships(order, 3);
    let invoice = match stage.invoice(order, "INV-1").as_slice() {
        [Event::InvoiceIssued(issued)] => issued.invoice,
        other => panic!("{other:?}"),
    };
    let paid = stage.pays("3000.00", Allocation::OldestFirst);
    stage.does(reverse(received(&paid)));
    assert_eq!(stage.customer.orders[&order].open_invoices, 1);
    stage.does(void(invoice));
    assert_eq!(stage.customer.totals.open_deliveries, Minor(300_000));
    assert_eq!(stage.customer.exposure(), Minor(1_000_000));
    assert!(matches!(stage.invoice(order, "INV-2").as_slice(), [Event::InvoiceIssued(_)]));
}

#[test]
fn an_invoice_whose_order_is_gone_is_not_voided_also_after_a_reversal() {
    let mut stage = with_limit("100000.00");
    let invoice = stage.sold(1, "1000.00", "INV-1");
    let paid = stage.pays("1000.00", Allocation::OldestFirst);
    assert!(stage.customer.orders.is_empty());
    stage.does(reverse(received(&paid)));
    assert_eq!(stage.refused("staff-finance", void(invoice)), "invoice.order_closed");
    assert_eq!(stage.customer.exposure(), Minor(100_000));
}

#[test]
fn a_line_that_left_in_several_lots_is_invoiced_by_parts() {
    for (lots, parts) in [([3, 4], vec![7]), ([3, 3], vec![5, 1]), ([2, 5], vec![1, 3, 3])] {
        let mut stage = with_limit("100000.00");
        let order = stage.order(STENT, 10, "1000.00").order;
        let lots: Vec<_> = lots
            .iter()
            .map(|quantity| {
                serde_json::json!({"line": 1, "quantity": quantity, "lot": format!("L{quantity}"),
                    "manufactured_on": "2026-01-05", "expires_on": "2028-01-04"})
            })
            .collect();
        stage.ship(order, serde_json::json!(lots));
        for (n, quantity) in parts.iter().enumerate() {
            let quantity = serde_json::from_value(serde_json::json!(quantity)).unwrap();
            let part = receivables::InvoicedPart { order, line: 1, quantity };
            let issue = receivables::IssueInvoice {
                number: format!("INV-{n}").parse().unwrap(),
                issued_on: None,
                title: None,
                scope: receivables::InvoiceScope::Lines(vec![part]),
            };
            let issue = receivables::Command::Invoice(Box::new(issue));
            let events = stage.does(Command::Receivables(issue));
            assert!(matches!(events.as_slice(), [Event::InvoiceIssued(_)]), "{events:?}");
        }
        assert_eq!(stage.customer.totals.open_deliveries, Minor::ZERO, "{parts:?}");
    }
}

#[test]
fn goods_that_were_paid_come_back_too() {
    let mut stage = with_limit("100000.00");
    let invoice = stage.sold(1, "1000.00", "INV-1");
    stage.pays("1000.00", Allocation::OldestFirst);
    let mut note = receivables::IssueCreditNote {
        number: "CN-1".parse().unwrap(),
        invoice: Some(invoice),
        amount: cny("1000.00"),
        issued_on: None,
        reason: "退货".parse().unwrap(),
    };
    let issue = |note: &receivables::IssueCreditNote| {
        Command::Receivables(receivables::Command::IssueCreditNote(Box::new(note.clone())))
    };
    let issued = stage.does(issue(&note));
    let [Event::CreditNoteIssued(issued)] = issued.as_slice() else { panic!("{issued:?}") };
    assert_eq!((issued.invoice, &issued.applied), (Some(invoice), &None));
    assert_eq!(stage.customer.receivables.unapplied, Minor(100_000));
    // What it left over is no receipt that could bounce.
    let left = crate::ids::ReceiptId::from_uuid(issued.credit_note.uuid());
    assert_eq!(stage.refused("staff-finance", reverse(left)), "receipt.unknown");
    note.invoice = Some(crate::ids::InvoiceId::from_uuid(uuid::Uuid::nil()));
    assert_eq!(stage.refused("staff-finance", issue(&note)), "invoice.not_open");
}

#[test]
fn a_business_date_is_in_the_past() {
    use crate::{context::Backdated, decider::Decider};
    let stage = with_limit("100000.00");
    for (date, code) in [
        ("2026-11-21", None),
        ("2026-11-22", Some("business_date.not_past")),
        ("2027-01-01", Some("business_date.not_past")),
    ] {
        let mut context = stage.context("staff-finance", &[]);
        let reason = "迟到的单据".to_owned();
        context.business_date = Some(Backdated { business_date: date.parse().unwrap(), reason });
        let answer = stage.customer.decide(&context, &receive("1.00", Allocation::OldestFirst));
        assert_eq!(answer.err().map(|it| it.code()), code, "{date}");
    }
}

#[test]
fn invoices_of_a_line_add_up_to_its_amount_also_after_a_void() {
    let mut stage = with_limit("100000.00");
    let order = stage.order(STENT, 3, "0.3333").order;
    let mut bill = |number: &str| {
        stage.ships(order, 1);
        match stage.invoice(order, number).as_slice() {
            [Event::InvoiceIssued(issued)] => (issued.invoice, issued.amount),
            other => panic!("{other:?}"),
        }
    };
    let (first, _) = bill("INV-1");
    let (_, second) = bill("INV-2");
    let (_, third) = bill("INV-3");
    stage.does(void(first));
    let again = match stage.invoice(order, "INV-4").as_slice() {
        [Event::InvoiceIssued(issued)] => issued.amount,
        other => panic!("{other:?}"),
    };
    let minor: i64 = [second, third, again].iter().map(|amount| amount.minor_units()).sum();
    assert_eq!((minor, stage.customer.exposure()), (100, Minor(100)));
}

#[test]
fn nothing_of_a_day_is_left_unsaid_however_much_it_brought() {
    let mut stage = with_limit("100000.00");
    for n in 0..45 {
        let open = json!({"kind": "import", "digest": "0", "line": n + 1});
        let open = receivables::OpenInvoice {
            number: format!("OLD-{n}").parse().unwrap(),
            amount: cny("10.00"),
            issued_on: "2026-10-22".parse().unwrap(),
            due_on: "2026-11-22".parse().unwrap(),
            disputed: false,
            origin: serde_json::from_value(open).unwrap(),
        };
        stage.does(Command::Receivables(receivables::Command::OpenInvoice(Box::new(open))));
    }
    let mut said = std::collections::BTreeSet::new();
    let mut reviews = Vec::new();
    for day in ["2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"] {
        stage.on(day);
        let events = stage.does(Command::ReviewDay);
        reviews.push(events.len());
        for event in events {
            let Event::OverdueAnnounced(it) = event else { panic!("{event:?}") };
            assert!(said.insert(it.invoice), "said twice");
        }
    }
    assert_eq!((said.len(), reviews), (45, vec![20, 20, 5, 0]));
}
