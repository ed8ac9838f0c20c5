//! An inspector's first ten minutes, with nothing but requests.

use serde_json::json;
use tests::both_engines;
use tests::server::Server;

use crate::company::{business_licence, dealer, grant, order, qualify, stent, trading_licence};

async fn ten_minutes(server: &Server) {
    let customer = dealer(server).await;
    let product = stent(server).await;
    let path = format!("/v1/customers/{customer}");
    let expired =
        trading_licence(server, "浙杭药监械经营许20210001号", "2021-11-01", "2026-10-31").await;
    qualify(server, &customer, vec![business_licence(server).await, expired]).await;
    grant(server, &customer, "5000.00").await;
    let orders = format!("{path}/orders");
    server.post("sales", &orders, order(&product, 1, "2026-12-01")).await.expect(409);
    let renewed =
        trading_licence(server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31").await;
    qualify(server, &customer, vec![renewed]).await;
    let placed = server.post("sales", &orders, order(&product, 2, "2026-12-01")).await.expect(201);
    let held = server.post("sales", &orders, order(&product, 9, "2026-12-01")).await.expect(202);
    let release = json!({"reason": "guaranteed by its parent", "tolerance_percent": 0, "expires_on": "2026-12-31"});

    // A dealer whose licence has expired cannot order an implant: the dry run says so, in the regulation's words.
    let denials = server.get("auditor", "/v1/reports/denials?outcome=deny").await.expect(200);
    assert_eq!(denials.text("/items/0/causes/0/code"), "document.expired");
    assert!(denials.text("/items/0/causes/0/message/zh").contains("《医疗器械经营许可证》"));

    let ship = json!({"lines": [{"line": 1, "quantity": 2, "lot": "L1", "serials": ["S1", "S2"],
        "manufactured_on": "2026-01-05", "expires_on": "2028-01-04"}]});
    let shipments = format!("{orders}/{}/shipments", placed.id());
    let shipped = server.post("warehouse", &shipments, ship).await.expect(201);
    server.post("credit", &format!("{orders}/{}/release", held.id()), release).await.expect(200);

    // Every sale of one lot, with the buyer's licence at that time.
    let sales = server.get("regulator", "/v1/reports/sales-records?lot=L1").await.expect(200);
    assert_eq!(sales.text("/items/0/shipment"), shipped.id());
    assert!(sales.body["items"][0]["licences"].to_string().contains("浙杭药监械经营许20260001号"));
    let serial = server.get("regulator", "/v1/reports/sales-records?serial=S2").await.expect(200);
    assert_eq!(serial.body["items"].as_array().unwrap().len(), 1);

    // The papers that this shipment relied on.
    let position = sales.body["items"][0]["position"].clone();
    let decision = server.get("regulator", &format!("/v1/decisions/{position}")).await.expect(200);
    assert_eq!(decision.body["relied_on"].as_array().unwrap().len(), 2, "{:#}", decision.body);

    // Who checked the file, and when, before the first sale.
    let first = server.get("regulator", "/v1/reports/first-sales").await.expect(200);
    let quality = server.person("quality").await.staff;
    assert_eq!(first.text("/items/0/checks/0/checked_by"), quality, "{:#}", first.body);

    // Releases, denials and back-dated entries as tables.
    let dated = json!({"reference": "BANK-1", "amount": {"amount": "10.00", "currency": "CNY"},
        "business_date": "2026-11-20", "reason": "found in the statement"});
    server.post("finance", &format!("{path}/receipts"), dated).await.expect(201);
    for (report, text) in [
        ("releases", "guaranteed by its parent"),
        ("denials", "document.expired"),
        ("backdated", "found in the statement"),
    ] {
        let table =
            server.get("auditor", &format!("/v1/reports/{report}?format=csv")).await.expect(200);
        assert!(table.body.as_str().unwrap().contains(text), "{report}: {}", table.body);
    }

    // The history tells it in both languages, and hides money from whoever may not see it.
    let history = server.get("auditor", &format!("{path}/history?limit=500")).await.expect(200);
    let told = history.body["items"].as_array().unwrap();
    assert!(told.iter().any(|row| row["type"] == "credit.limit-granted"));
    assert!(told.iter().all(|row| !row["sentence"]["zh"].as_str().unwrap().is_empty()));
    let seen = server.get("regulator", &format!("{path}/history?limit=500")).await.expect(200);
    assert!(!seen.body.to_string().contains("credit.limit-granted"));
    let card = server.get("regulator", &path).await.expect(200);
    assert!(card.body.get("credit").is_none());
}

both_engines! {
    async fn an_inspectors_first_ten_minutes(home: Home) {
        ten_minutes(&Server::start(&home.url).await).await;
    }
}
