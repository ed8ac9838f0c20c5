//! What must hold of a customer after every event, and of every answer that was recorded.

use chrono::NaiveDate;
use domain::{
    customer::{Customer, Event, credit::Limit, qualification::Standing},
    decider::Decider,
    decision::{CauseCode, Decision, Outcome},
    money::Minor,
};

/// Sums and indexes agree with what they are about; every cent is in one place.
pub fn check_customer(customer: &Customer) {
    assert_eq!(customer.totals, customer.recount(), "running totals and a recount differ");
    let books = &customer.receivables;
    let open: i64 = books.items.values().map(|item| item.open.0).sum();
    assert_eq!(books.open_items.0, open, "open items");
    assert_eq!(books.due.len(), books.items.len(), "the index of due dates");
    for ((due_on, invoice), open) in &books.due {
        let item = books.items.get(invoice).expect("an indexed item is open");
        assert_eq!((item.due_on, item.open), (*due_on, *open));
        assert!(item.open.is_positive() && item.open <= item.amount, "{invoice}: {item:?}");
    }
    let unapplied: i64 = books.receipts.values().map(|receipt| receipt.unapplied.0).sum();
    assert_eq!(books.unapplied.0, unapplied, "unapplied cash");
    for (id, receipt) in &books.receipts {
        let settled: i64 = receipt.settled.iter().map(|settled| settled.amount.0).sum();
        let held: i64 =
            books.deposits.values().filter_map(|d| d.held.get(id)).map(|amount| amount.0).sum();
        let parts = receipt.unapplied.0 + settled + held;
        assert_eq!(receipt.amount.0, parts, "receipt {id} is not whole");
        assert!(!receipt.unapplied.is_negative());
    }
    for (id, order) in &customer.orders {
        for line in &order.lines {
            assert!(line.shipped + line.cancelled <= line.quantity, "{id}: {line:?}");
            assert!(line.invoiced <= line.shipped, "{id}: {line:?}");
        }
        assert!(!order.is_closed(), "{id} is closed and still here");
        let waits = order.is_held() || order.shipments.values().any(|s| s.shipped_on.is_none());
        assert_eq!(
            customer.waiting.get(&order.serial) == Some(id),
            waits,
            "{id} and the waiting list"
        );
        for (shipment, known) in order.shipments.iter().filter(|(_, s)| s.shipped_on.is_some()) {
            for lot in &known.lines {
                let line = order.line(lot.line).expect("a shipped line");
                assert!(lot.quantity.get() <= line.to_invoice(), "{shipment} of {id}");
            }
        }
    }
    for deposit in books.deposits.values() {
        assert!(deposit.held.values().all(|amount| amount.is_positive()));
    }
}

/// What was let through rested on papers in force and stayed within the limit, or says who released it.
pub fn check_events(before: &Customer, events: &[Event], today: NaiveDate) {
    let mut customer = before.clone();
    for event in events {
        let known = customer.clone();
        customer.evolve(event);
        match event {
            Event::OrderPlaced(e) => {
                check_answer(&known, &e.decision, today);
                check_limit(&customer, &e.decision);
            }
            Event::OrderHealed(e) => {
                check_answer(&known, &e.decision, today);
                check_limit(&customer, &e.decision);
            }
            Event::GoodsShipped(e) => check_answer(&known, &e.decision, today),
            _ => {}
        }
    }
}

fn check_answer(customer: &Customer, decision: &Decision, today: NaiveDate) {
    assert!(decision.outcome < Outcome::Hold, "let through: {decision:?}");
    assert!(decision.policy.is_some(), "an answer without its pack");
    assert!(customer.qualification.is_approved(), "traded before it was approved");
    for relied in &decision.relied_on {
        let document = &customer.qualification.documents[&relied.document];
        // What left on an earlier day rests on the papers of that day and on those of today.
        let on = |day| document.paper.in_force_on(day);
        let in_force = on(today) || on(decision.business_date);
        assert!(in_force, "relied on {document:?} on {today} for {}", decision.business_date);
        assert_eq!(document.version, relied.version);
        assert!(matches!(document.standing, Standing::Approved | Standing::Superseded));
    }
}

fn check_limit(customer: &Customer, decision: &Decision) {
    let on_credit = decision.figures.as_ref().is_some_and(|f| f.on_credit.is_positive());
    let released = decision
        .causes
        .iter()
        .any(|cause| cause.code == CauseCode::OverLimit && cause.released.is_some());
    if !on_credit || released {
        return;
    }
    let granted = customer.credit.granted.as_ref().expect("credit was configured");
    let limit = match granted.limit {
        Limit::Unlimited => return,
        Limit::None => Minor::ZERO,
        Limit::Amount { amount } => amount.minor(),
    };
    assert!(customer.exposure() <= limit, "{:?} beyond {limit:?}", customer.exposure());
}
