//! A dry run of each checkpoint answers what the deed would be answered, and records nothing.

use serde_json::{Value, json};
use tests::both_engines;
use tests::server::{Answer, Server};

use crate::company::{business_licence, dealer, grant, order, qualify, stent, trading_licence};

async fn head(server: &Server) -> Value {
    server.get("auditor", "/v1/events?after=0&limit=1").await.expect(200).body["head"].clone()
}

/// Asks, and compares with nothing having happened.
async fn ask(server: &Server, customer: &str, body: Value) -> Answer {
    server.person("sales").await;
    server.person("auditor").await;
    let before = head(server).await;
    let answer = server.post("sales", &format!("/v1/customers/{customer}/checks"), body).await;
    assert_eq!(head(server).await, before, "a dry run records nothing");
    answer
}

async fn every_checkpoint(server: &Server) {
    let (product, customer) = (stent(server).await, dealer(server).await);
    let path = format!("/v1/customers/{customer}");
    let papers = trading_licence(server, "浙杭药监械经营许20210001号", "2021-11-01", "2026-12-31");
    qualify(server, &customer, vec![business_licence(server).await, papers.await]).await;
    grant(server, &customer, "9000.00").await;
    let placed = order(&product, 4, "2026-12-01");
    let placed = server.post("sales", &format!("{path}/orders"), placed).await.expect(201).id();
    let lot = json!({"line": 1, "quantity": 4, "lot": "L1", "manufactured_on": "2026-01-05", "expires_on": "2028-01-04"});
    let shipment = json!({"checkpoint": "shipment", "order": placed, "lines": [lot]});
    let invoice = json!({"checkpoint": "invoice", "order": placed});
    let receipt = json!({"checkpoint": "receipt", "amount": {"amount": "1.00", "currency": "CNY"}});
    let line = json!({"product": product, "quantity": 6, "unit_price": "1000.00"});
    let more = json!({"checkpoint": "order", "lines": [line]});

    let held = ask(server, &customer, more).await.expect(200);
    assert_eq!(held.text("/decision/checkpoint"), "order");
    assert_eq!(held.stopped_by(), ["credit.over_limit"]);
    let allowed = ask(server, &customer, shipment.clone()).await.expect(200);
    assert_eq!(allowed.text("/decision/checkpoint"), "shipment");
    assert_eq!(allowed.stopped_by(), Vec::<String>::new());
    // What makes no sense now makes none in a dry run: nothing is shipped yet.
    ask(server, &customer, invoice.clone()).await.expect(409);
    let lots = json!({"lines": shipment["lines"]});
    let shipments = format!("{path}/orders/{placed}/shipments");

    // The licence runs out: what may not leave any more is told before somebody packs it.
    server.days_pass(60);
    let denied = ask(server, &customer, shipment).await.expect(200);
    assert_eq!(denied.stopped_by(), ["document.expired"]);
    let really = server.post("warehouse", &shipments, lots).await.expect(409);
    assert_eq!(really.stopped_by(), denied.stopped_by());
    let cash = ask(server, &customer, receipt).await.expect(200);
    assert_eq!(cash.text("/decision/checkpoint"), "receipt");

    for (body, pointer) in [
        (json!({"checkpoint": "quotation"}), "/checkpoint"),
        (json!({"checkpoint": "shipment", "lines": []}), "/order"),
        (json!({"checkpoint": "invoice", "order": placed, "number": "INV-1"}), "/number"),
        (
            json!({"checkpoint": "receipt", "amount": {"amount": 1, "currency": "CNY"}}),
            "/amount/amount",
        ),
    ] {
        let refused = ask(server, &customer, body).await.expect(422);
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{}", refused.body);
    }
}

async fn an_invoice(server: &Server) {
    let (product, customer) = (stent(server).await, dealer(server).await);
    let path = format!("/v1/customers/{customer}");
    let papers = trading_licence(server, "浙杭药监械经营许20210001号", "2021-11-01", "2031-10-31");
    qualify(server, &customer, vec![business_licence(server).await, papers.await]).await;
    grant(server, &customer, "9000.00").await;
    let placed = order(&product, 4, "2026-12-01");
    let placed = server.post("sales", &format!("{path}/orders"), placed).await.expect(201).id();
    let lot = json!({"line": 1, "quantity": 4, "lot": "L1", "manufactured_on": "2026-01-05", "expires_on": "2028-01-04"});
    let shipments = format!("{path}/orders/{placed}/shipments");
    server.post("warehouse", &shipments, json!({"lines": [lot]})).await.expect(201);
    let invoice = json!({"checkpoint": "invoice", "order": placed});
    let checked = ask(server, &customer, invoice).await.expect(200);
    assert_eq!(checked.text("/decision/checkpoint"), "invoice");
    assert_eq!(checked.stopped_by(), Vec::<String>::new());
}

both_engines! {
    async fn each_checkpoint_takes_a_dry_run(home: Home) {
        every_checkpoint(&Server::start(&home.url).await).await;
    }

    async fn an_invoice_may_be_checked_before_it_is_issued(home: Home) {
        an_invoice(&Server::start(&home.url).await).await;
    }

    async fn a_grade_is_refused_as_long_as_there_are_none(home: Home) {
        let server = Server::start(&home.url).await;
        let refused = server.get("sales", "/v1/customers?grade=A").await.expect(400);
        assert_eq!(refused.text("/code"), "grade.not_configured");
    }
}
