//! A dealer from its registration to the receipt that heals a hold.

use serde_json::json;
use tests::both_engines;
use tests::server::Server;

use crate::company::{business_licence, dealer, grant, order, qualify, stent, trading_licence};

both_engines! {
    async fn a_dealer_is_denied_remedied_qualified_trades_pays_late_and_is_healed(home: Home) {
        trade_goes_its_way(&Server::start(&home.url).await).await;
    }
}

pub(crate) async fn trade_goes_its_way(server: &Server) {
    let product = stent(server).await;
    let customer = dealer(server).await;
    let path = format!("/v1/customers/{customer}");
    let orders = format!("{path}/orders");

    // An expired licence: an implant is denied, and the answer says why and what to do.
    let expired = trading_licence(server, "浙杭药监械经营许20210001号", "2021-11-01", "2026-10-31");
    qualify(server, &customer, vec![business_licence(server).await, expired.await]).await;
    grant(server, &customer, "10000.00").await;
    let denied = server.post("sales", &orders, order(&product, 4, "2026-12-01")).await.expect(409);
    assert_eq!(denied.stopped_by(), ["document.expired"]);
    assert_eq!(denied.text("/code"), "order.denied");

    // Its renewal is approved: the order is placed.
    let renewed = trading_licence(server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31");
    qualify(server, &customer, vec![renewed.await]).await;
    let placed = server.post("sales", &orders, order(&product, 4, "2026-12-01")).await.expect(201);
    assert_eq!(placed.text("/status"), "placed");

    // Shipped in two parts, invoiced, paid late.
    let order_path = format!("{orders}/{}", placed.id());
    let lot = |quantity: u32| {
        json!({"lines": [{"line": 1, "quantity": quantity, "lot": "L1", "serials": [],
               "manufactured_on": "2026-01-05", "expires_on": "2028-01-04"}]})
    };
    let shipments = format!("{order_path}/shipments");
    let first = server.post("warehouse", &shipments, lot(3)).await.expect(201);
    server.post("warehouse", &shipments, lot(1)).await.expect(201);
    server.post("warehouse", &shipments, lot(1)).await.expect(409);
    let invoice = json!({"number": "INV-1", "shipments": [first.id()], "issued_on": "2026-11-22"});
    let invoice =
        server.post("finance", &format!("{order_path}/invoices"), invoice).await.expect(201);
    assert_eq!(invoice.text("/due_on"), "2027-01-21");

    // Over the limit: held, and released by credit with a reason.
    let held = server.post("sales", &orders, order(&product, 8, "2026-12-01")).await.expect(202);
    assert_eq!(held.stopped_by(), ["credit.over_limit"]);
    let release = format!("{orders}/{}/release", held.id());
    let reason = json!({"reason": "bank guarantee received", "tolerance_percent": 5, "expires_on": "2026-12-31"});
    server.post("sales", &release, reason.clone()).await.expect(403);
    server.post("credit", &release, reason).await.expect(200);

    server.days_pass(60 + 120);
    assert_eq!(server.day_is_reviewed().await, 1);
    let late = server.post("sales", &orders, order(&product, 1, "2027-06-01")).await.expect(202);
    assert_eq!(late.stopped_by(), ["receivable.overdue", "credit.over_limit"]);

    // Cash heals what it cures, in the same transaction.
    let cash = json!({"reference": "BANK-1", "amount": {"amount": "3000.00", "currency": "CNY"}, "received_on": "2027-05-21"});
    let receipt = server.post("finance", &format!("{path}/receipts"), cash).await.expect(201);
    assert_eq!(receipt.body["applied"][0]["invoice"], invoice.id().as_str());
}
