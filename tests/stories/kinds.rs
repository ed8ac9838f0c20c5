//! A kind takes its own fields: what stands beside one that has none is refused like any other unknown field.

use serde_json::json;
use tests::both_engines;
use tests::server::Server;

use crate::company::{order, trading};

async fn a_kind_takes_its_own_fields_only(server: &Server) {
    let (product, customer) = trading(server, "5000.00").await;
    let path = format!("/v1/customers/{customer}");
    let money = json!({"amount": "1.00", "currency": "CNY"});
    for (payment, pointer) in [
        (json!({"kind": "credit", "percent": 50}), "/payment/percent"),
        (json!({"kind": "on_delivery", "x": 1}), "/payment/x"),
        (json!({"kind": "prepaid", "x": 1}), "/payment/x"),
    ] {
        let mut body = order(&product, 1, "2026-12-01");
        body["payment"] = payment;
        let refused = server.post("sales", &format!("{path}/orders"), body.clone()).await;
        assert_eq!(refused.expect(422).text("/errors/0/pointer"), pointer);
        let line = body["lines"].clone();
        let check = json!({"checkpoint": "order", "lines": line, "payment": body["payment"]});
        server.post("sales", &format!("{path}/checks"), check).await.expect(422);
    }
    let grants = format!("{path}/credit/grant");
    for kind in ["none", "unlimited"] {
        let body = json!({"limit": {"kind": kind, "amount": money}});
        let refused = server.post("credit", &grants, body).await.expect(422);
        assert_eq!(refused.text("/errors/0/pointer"), "/limit/amount");
    }
    server.post("credit", &grants, json!({"limit": {"kind": "none"}})).await.expect(200);
    // Without bound is beyond what Credit grants by itself: others are asked, as many as there must be.
    let unlimited = json!({"limit": {"kind": "unlimited"}});
    let alone = server.post("credit", &grants, unlimited.clone()).await.expect(409);
    assert_eq!(alone.text("/code"), "approval.unreachable");
    for name in ["finance", "credit-2", "compliance"] {
        server.person(name).await;
    }
    let asked = server.post("credit", &grants, unlimited).await.expect(202);
    assert_eq!(asked.text("/status"), "in_approval");
    let vote = format!("/v1/approvals/{}/approve", asked.text("/approval/case"));
    server.post("credit", &vote, json!({})).await.expect(403);
    for (name, status) in [("finance", "open"), ("credit-2", "open"), ("compliance", "approved")] {
        assert_eq!(server.post(name, &vote, json!({})).await.expect(200).text("/status"), status);
    }
    let feed = server.get("auditor", "/v1/events?limit=500&type=credit.limit-granted").await;
    let items = feed.body["items"].as_array().unwrap().clone();
    let last = items.last().unwrap();
    let increase = json!({"on": "2026-11-22"});
    assert_eq!(last["data"], json!({"limit": {"kind": "unlimited"}, "increase": increase}));
}

both_engines! {
    async fn a_field_beside_a_kind_that_has_none_is_refused(home: Home) {
        a_kind_takes_its_own_fields_only(&Server::start(&home.url).await).await;
    }
}
