//! What of a customer's credit each role sees, wherever it looks: figures for some, and for the others that something is held.

use serde_json::{Value, json};
use tests::both_engines;
use tests::server::Server;

use crate::company::{lot, order, trading};

const WITH_FIGURES: [&str; 5] = ["sales", "credit", "finance", "auditor", "executive"];
const WITHOUT: [&str; 6] = ["quality", "compliance", "legal", "warehouse", "service", "regulator"];
/// What only the others may read, in any form: the deposit, the limit, and why credit was frozen.
const SECRETS: [&str; 4] = ["777.00", "5000.00", "5,000.00", "rumours"];

/// A customer with a held order, a frozen limit, a held shipment, and a deposit that was freed.
struct Scene {
    customer: String,
    held: String,
    shipping: String,
    decided: [i64; 2],
}

async fn scene(server: &Server) -> Scene {
    let (product, customer) = trading(server, "5000.00").await;
    let path = format!("/v1/customers/{customer}");
    let orders = format!("{path}/orders");
    let place = |quantity| server.post("sales", &orders, order(&product, quantity, "2026-12-01"));
    let shipping = place(2).await.expect(201).id();
    let cancelled = place(1).await.expect(201).id();
    let deposit = json!({"reference": "BANK-7", "amount": {"amount": "777.00", "currency": "CNY"},
        "apply": [{"order": cancelled}]});
    server.post("finance", &format!("{path}/receipts"), deposit).await.expect(201);
    let held = place(9).await.expect(202);
    assert_eq!(held.stopped_by(), ["credit.over_limit"]);
    let reason = json!({"reason": "not wanted any more"});
    server.post("sales", &format!("{orders}/{cancelled}/cancel"), reason).await.expect(200);
    let freeze = json!({"reason": "rumours of insolvency"});
    server.post("credit", &format!("{path}/credit/freeze"), freeze).await.expect(200);

    // The warehouse learns that its shipment is held and by what, and nothing else.
    let stopped = server.post("warehouse", &format!("{orders}/{shipping}/shipments"), lot(2)).await;
    let stopped = stopped.expect(202);
    assert_eq!(stopped.stopped_by(), ["credit.frozen"]);
    let frozen = cause(&stopped.body["decision"]["causes"], "credit.frozen");
    assert_eq!(frozen["kind"], "limit");
    assert_eq!(frozen["message"]["en"], "The credit limit is frozen.");
    hides(&stopped.body, "warehouse ships");
    let decided = [held.body["position"].as_i64(), stopped.body["position"].as_i64()];
    Scene { customer, held: held.id(), shipping, decided: decided.map(Option::unwrap) }
}

#[track_caller]
fn cause<'a>(causes: &'a Value, code: &str) -> &'a Value {
    causes.as_array().unwrap().iter().find(|it| it["code"] == code).expect(code)
}

#[track_caller]
fn hides(body: &Value, asked: &str) {
    let text = body.to_string();
    for secret in SECRETS {
        assert!(!text.contains(secret), "{asked} shows {secret}: {body:#}");
    }
}

async fn each_role_at_each_place(server: &Server) {
    let scene = scene(server).await;
    let path = format!("/v1/customers/{}", scene.customer);
    for role in WITHOUT.into_iter().chain(WITH_FIGURES) {
        let shown = WITH_FIGURES.contains(&role);
        let held = server.get(role, &format!("{path}/orders/{}", scene.held)).await.expect(200);
        assert_eq!(held.text("/status"), "held");
        let over = cause(&held.body["held_by"], "credit.over_limit");
        assert_eq!(over.pointer("/params/excess").is_some(), shown, "{role}");
        assert_eq!(held.body.get("prepaid").is_some(), shown, "{role}");
        let orders = server.get(role, &format!("{path}/orders")).await.expect(200);
        let table = server.get(role, &format!("{path}/orders?format=csv")).await.expect(200);
        assert_eq!(table.body.as_str().unwrap().contains("deposit"), shown, "{role}");
        let shipments = format!("{path}/orders/{}/shipments", scene.shipping);
        let shipments = server.get(role, &shipments).await.expect(200);
        assert_eq!(shipments.text("/items/0/status"), "held");
        let frozen = cause(&shipments.body["items"][0]["held_by"], "credit.frozen");
        assert_eq!(frozen.pointer("/params/reason").is_some(), shown, "{role}");
        if !shown {
            for body in [&held.body, &orders.body, &table.body, &shipments.body] {
                hides(body, role);
            }
        }
    }
}

async fn what_is_told_of_the_past(server: &Server) {
    let scene = scene(server).await;
    let history = format!("/v1/customers/{}/history?limit=500", scene.customer);
    let causes = ["credit.over_limit", "credit.frozen"];
    for (role, shown) in [
        ("quality", false),
        ("compliance", false),
        ("legal", false),
        ("regulator", false),
        ("credit", true),
        ("finance", true),
        ("auditor", true),
        ("executive", true),
    ] {
        let told = server.get(role, &history).await.expect(200);
        let text = told.body.to_string();
        assert!(text.contains("trading.order-held") && text.contains("trading.order-cancelled"));
        for event in ["credit.limit-frozen", "receivables.cash-received"] {
            assert_eq!(text.contains(event), shown, "{role} {event}");
        }
        assert_eq!(text.contains("777.00"), shown, "{role}");
        for (position, code) in scene.decided.into_iter().zip(causes) {
            let decision = format!("/v1/decisions/{position}");
            let decision = server.get(role, &decision).await.expect(200);
            let found = cause(&decision.body["causes"], code);
            assert_eq!(found["kind"], "limit");
            if !shown {
                hides(&decision.body, role);
                assert!(!found["message"].to_string().contains("CNY"), "{role}: {found:#}");
            }
        }
        if !shown {
            hides(&told.body, role);
        }
    }
    for role in ["quality", "compliance", "legal"] {
        for report in ["holds", "denials"] {
            let listed = server.get(role, &format!("/v1/reports/{report}")).await.expect(200);
            assert!(listed.body.to_string().contains("credit.over_limit"), "{role} {report}");
            hides(&listed.body, role);
        }
    }
}

both_engines! {
    async fn orders_and_shipments_show_credit_to_those_who_may_see_it(home: Home) {
        each_role_at_each_place(&Server::start(&home.url).await).await;
    }

    async fn histories_and_decisions_show_credit_to_those_who_may_see_it(home: Home) {
        what_is_told_of_the_past(&Server::start(&home.url).await).await;
    }
}
