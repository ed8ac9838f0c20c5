//! What is over is no unknown thing: it is 409, and the answer says what to do. What never was is 404.

use serde_json::{Value, json};
use tests::both_engines;
use tests::server::{Answer, Server};

use crate::company::{dealer, lot, order, trading};

#[track_caller]
fn over(answer: Answer, code: &str, word: &str) {
    let answer = answer.expect(409);
    assert_eq!(answer.text("/code"), code);
    assert!(answer.text("/detail").contains(word), "{:#}", answer.body);
    assert!(!answer.text("/detail_zh").is_empty());
}

#[track_caller]
fn unknown(answer: Answer, code: &str) {
    assert_eq!(answer.expect(404).text("/code"), code);
}

fn why() -> Value {
    json!({"reason": "a test of the end"})
}

async fn orders_that_are_over(server: &Server) {
    let (product, customer) = trading(server, "5000.00").await;
    let path = format!("/v1/customers/{customer}");
    let orders = format!("{path}/orders");
    let placed = server.post("sales", &orders, order(&product, 1, "2026-12-01")).await.expect(201);
    let placed = placed.id();
    let cancel = format!("{orders}/{placed}/cancel");
    server.post("sales", &cancel, why()).await.expect(200);
    over(server.post("sales", &cancel, why()).await, "order.not_open", "cancelled");
    let shipments = format!("{orders}/{placed}/shipments");
    over(server.post("warehouse", &shipments, lot(1)).await, "order.not_open", "cancelled");
    let release = format!("{orders}/{placed}/release");
    over(server.post("credit", &release, why()).await, "order.not_open", "cancelled");
    let check = json!({"checkpoint": "shipment", "order": placed, "lines": lot(1)["lines"]});
    over(
        server.post("sales", &format!("{path}/checks"), check).await,
        "order.not_open",
        "cancelled",
    );
    let deposit = json!({"reference": "B-1", "amount": {"amount": "1.00", "currency": "CNY"},
        "apply": [{"order": placed}]});
    over(
        server.post("finance", &format!("{path}/receipts"), deposit).await,
        "order.not_open",
        "cancelled",
    );

    let nobody = "order-00000000-0000-4000-8000-000000000001";
    let cancel = format!("{orders}/{nobody}/cancel");
    unknown(server.post("sales", &cancel, why()).await, "order.not_open");
    // Somebody else's order is as unknown as none.
    let other = json!({"name": "别家", "kind": "hospital",
        "uscc": domain::uscc::Uscc::with_check("91330100000000009").unwrap().to_string()});
    let other = server.post("sales", "/v1/customers", other).await.expect(201).id();
    let foreign = format!("/v1/customers/{other}/orders/{placed}/cancel");
    unknown(server.post("sales", &foreign, why()).await, "order.not_open");
}

async fn a_denied_order_is_over(server: &Server) {
    let product = crate::company::stent(server).await;
    let customer = dealer(server).await;
    let orders = format!("/v1/customers/{customer}/orders");
    let denied = server.post("sales", &orders, order(&product, 1, "2026-12-01")).await.expect(409);
    let cancel = format!("{orders}/{}/cancel", denied.id());
    over(server.post("sales", &cancel, why()).await, "order.not_open", "denied");
}

async fn invoices_and_receipts_that_are_over(server: &Server) {
    let (product, customer) = trading(server, "5000.00").await;
    let path = format!("/v1/customers/{customer}");
    let orders = format!("{path}/orders");
    let placed = server.post("sales", &orders, order(&product, 2, "2026-12-01")).await.expect(201);
    let placed = format!("{orders}/{}", placed.id());
    server.post("warehouse", &format!("{placed}/shipments"), lot(2)).await.expect(201);
    let invoices = format!("{placed}/invoices");
    let first = server.post("finance", &invoices, json!({"number": "INV-1"})).await.expect(201);
    let void = format!("{path}/invoices/{}/void", first.id());
    let cash = |reference: &str, apply: Value| json!({"reference": reference, "amount": {"amount": "2000.00", "currency": "CNY"}, "apply": apply});
    let receipts = format!("{path}/receipts");
    let to_first = json!([{"invoice": first.id()}]);
    let paid = cash("BANK-1", to_first.clone());
    let paid = server.post("finance", &receipts, paid).await.expect(201);
    over(server.post("finance", &void, why()).await, "invoice.not_open", "settled");
    let twice = cash("BANK-2", to_first.clone());
    over(server.post("finance", &receipts, twice).await, "invoice.not_open", "settled");
    let of_closed = server.post("finance", &invoices, json!({"number": "INV-2"})).await;
    over(of_closed, "order.not_open", "shipped and invoiced");

    let reverse = format!("{receipts}/{}/reverse", paid.id());
    server.post("finance", &reverse, why()).await.expect(200);
    over(server.post("finance", &reverse, why()).await, "receipt.unknown", "reversed");
    let apply = format!("{receipts}/{}/apply", paid.id());
    let again = json!({"apply": to_first});
    over(server.post("finance", &apply, again).await, "receipt.unknown", "reversed");
    let nobody = "00000000-0000-4000-8000-000000000001";
    let void = format!("{path}/invoices/invoice-{nobody}/void");
    unknown(server.post("finance", &void, why()).await, "invoice.not_open");
    let reverse = format!("{receipts}/receipt-{nobody}/reverse");
    unknown(server.post("finance", &reverse, why()).await, "receipt.unknown");
    let unknown_too = cash(
        "BANK-3",
        json!([{"invoice": first.id(), "amount": "1.00"}, {"invoice": format!("invoice-{nobody}")}]),
    );
    unknown(server.post("finance", &receipts, unknown_too).await, "invoice.not_open");
}

both_engines! {
    async fn an_order_that_is_over_is_told_apart_from_one_that_never_was(home: Home) {
        orders_that_are_over(&Server::start(&home.url).await).await;
    }

    async fn a_denied_order_is_told_to_be_denied(home: Home) {
        a_denied_order_is_over(&Server::start(&home.url).await).await;
    }

    async fn invoices_and_receipts_that_are_over_are_told_apart_too(home: Home) {
        invoices_and_receipts_that_are_over(&Server::start(&home.url).await).await;
    }
}
