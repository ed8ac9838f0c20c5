//! Readings that wait for a position.

use tests::both_engines;
use tests::server::Server;

use crate::company::{order, trading};

const LATER: i64 = 1_000_000;

async fn every_reading_waits(server: &Server) {
    let (product, customer) = trading(server, "5000.00").await;
    let path = format!("/v1/customers/{customer}");
    let orders = format!("{path}/orders");
    let placed = server.post("sales", &orders, order(&product, 1, "2026-12-01")).await.expect(201);
    let now = placed.body["position"].as_i64().unwrap();
    let made = server.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    for (who, to) in [
        ("sales", format!("{orders}/{}?", placed.id())),
        ("sales", format!("/v1/products/{product}?")),
        ("auditor", format!("/v1/decisions/{now}?")),
        ("admin", "/v1/tokens?".to_owned()),
        ("sales", format!("{path}?at_version=1&")),
        ("sales", format!("{path}?as_of={made}&")),
        ("sales", format!("{path}?")),
    ] {
        server.get(who, &format!("{to}at={now}")).await.expect(200);
        let behind = server.get(who, &format!("{to}at={LATER}")).await.expect(503);
        assert!(behind.headers.contains_key("retry-after"), "{to}");
    }
    server.get("sales", &format!("{orders}/{}?nobody=1", placed.id())).await.expect(400);
}

async fn shipments_of_no_order(server: &Server) {
    let (product, customer) = trading(server, "5000.00").await;
    let orders = format!("/v1/customers/{customer}/orders");
    let placed = server.post("sales", &orders, order(&product, 1, "2026-12-01")).await.expect(201);
    let own = format!("{orders}/{}/shipments", placed.id());
    assert_eq!(server.get("sales", &own).await.expect(200).body["items"], serde_json::json!([]));
    let nobody = format!("{orders}/order-00000000-0000-4000-8000-000000000001/shipments");
    let missing = server.get("sales", &nobody).await.expect(404);
    assert_eq!(missing.text("/code"), "order.not_found");
}

both_engines! {
    async fn whatever_is_read_waits_for_the_position_that_must_be_in_it(home: Home) {
        every_reading_waits(&Server::start(&home.url).await).await;
    }

    async fn an_order_that_is_not_there_has_no_shipments_either(home: Home) {
        shipments_of_no_order(&Server::start(&home.url).await).await;
    }
}
