//! What waits for whose decision: reviews, releases and changes of rules, each for those who may decide, and for nobody else.

use serde_json::{Value, json};
use tests::both_engines;
use tests::server::Server;

use crate::company::{business_licence, dealer, grant, order, qualify, stent, trading_licence};

/// Kinds and ids of what waits for somebody.
async fn waits_for(server: &Server, name: &str) -> Vec<(String, String)> {
    let list = server.get(name, "/v1/approvals").await.expect(200);
    let text = |item: &Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    let items = list.body["items"].as_array().unwrap();
    items.iter().map(|item| (text(item, "kind"), text(item, "id"))).collect()
}

async fn of_one_kind(server: &Server, name: &str, kind: &str) -> Vec<String> {
    let all = waits_for(server, name).await;
    all.into_iter().filter(|(of, _)| of == kind).map(|(_, id)| id).collect()
}

/// Answers the case in which it is reviewed.
async fn a_renewal(server: &Server, customer: &str) -> String {
    let path = format!("/v1/customers/{customer}");
    let renewal =
        trading_licence(server, "浙杭药监械经营许20260002号", "2026-11-10", "2031-11-09").await;
    server.post("sales", &format!("{path}/documents"), renewal).await.expect(201);
    let submit = format!("{path}/qualification/submit");
    server.post("sales", &submit, json!({})).await.expect(200).text("/approval/case").to_owned()
}

both_engines! {
    async fn each_sees_what_waits_for_them_and_it_goes_when_it_is_decided(home: Home) {
        let server = Server::start(&home.url).await;
        for name in ["quality", "credit", "credit-2", "finance", "compliance"] {
            server.person(name).await;
        }
        let (product, customer) = (stent(&server).await, dealer(&server).await);
        let path = format!("/v1/customers/{customer}");
        let licence = trading_licence(&server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31");
        qualify(&server, &customer, vec![business_licence(&server).await, licence.await]).await;
        grant(&server, &customer, "1000.00").await;
        assert_eq!(waits_for(&server, "quality").await, []);

        let case = a_renewal(&server, &customer).await;
        let dear = order(&product, 5, "2026-12-01");
        let held = server.post("sales", &format!("{path}/orders"), dear).await.expect(202).id();
        let mut pack = serde_json::to_value(domain::policy::Pack::default_pack()).unwrap();
        pack["credit"]["default_terms_days"] = json!(45);
        let draft = json!({"summary": "other terms", "pack": pack});
        let proposal = server.post("compliance", "/v1/policies", draft).await.expect(201).id();
        server.post("compliance", &format!("/v1/policies/{proposal}/simulate"), json!({})).await.expect(200);
        server.post("compliance", &format!("/v1/policies/{proposal}/submit"), json!({})).await.expect(200);

        let pair = |kind: &str, id: &str| (kind.to_owned(), id.to_owned());
        assert_eq!(waits_for(&server, "quality").await, [pair("qualification", &case)]);
        assert_eq!(waits_for(&server, "credit").await, [pair("release", &held), pair("policy", &proposal)]);
        assert_eq!(waits_for(&server, "finance").await, [pair("policy", &proposal)]);
        assert_eq!(waits_for(&server, "compliance").await, [], "whoever wrote it is not asked");
        assert_eq!(waits_for(&server, "sales").await, [], "a renewal is Quality's alone");
        server.get("warehouse", "/v1/approvals").await.expect(403);

        // In pages it is the same list.
        let first = server.get("credit", "/v1/approvals?limit=1").await.expect(200);
        let next = format!("/v1/approvals?limit=1&cursor={}", first.text("/next_cursor"));
        let second = server.get("credit", &next).await.expect(200);
        assert_eq!((first.text("/items/0/id"), second.text("/items/0/id")), (&*held, &*proposal));
        assert_eq!(second.body["next_cursor"], Value::Null);

        // Where it says, it is decided.
        for name in ["credit", "finance"] {
            let list = server.get(name, "/v1/approvals").await.expect(200);
            let items = list.body["items"].as_array().unwrap();
            let at = items.iter().find(|item| item["kind"] == "policy").unwrap();
            server.post(name, at["decide_at"].as_str().unwrap(), json!({})).await.expect(200);
            assert!(of_one_kind(&server, name, "policy").await.is_empty());
        }
        let manager = server.person("credit-2").await.staff;
        let amended = json!({"account_manager": manager});
        server.post("sales", &format!("{path}/amend"), amended).await.expect(200);
        assert!(waits_for(&server, "credit-2").await.is_empty(), "whoever manages the account");

        // From the worklist itself too, by the same rules.
        let review = format!("/v1/approvals/{customer}");
        server.post("credit", &format!("{review}/approve"), json!({})).await.expect(403);
        let signed = json!({"comment": "compared", "signature": "王芳"});
        let approved = server.post("quality", &format!("{review}/approve"), signed).await.expect(200);
        assert_eq!(approved.text("/status"), "approved");
        assert_eq!(waits_for(&server, "quality").await, []);
        let release = format!("/v1/approvals/{held}");
        server.post("quality", &format!("{release}/approve"), json!({"reason": "x"})).await.expect(403);
        server.post("credit", &format!("{release}/approve"), json!({})).await.expect(422);
        server.post("credit", &format!("{release}/reject"), json!({"reason": "x"})).await.expect(409);
        let why = json!({"reason": "paid tomorrow"});
        let placed = server.post("credit", &format!("{release}/approve"), why).await.expect(200);
        assert_eq!(placed.text("/status"), "placed");
        assert_eq!(waits_for(&server, "credit").await, []);
        a_renewal(&server, &customer).await;
        assert_eq!(waits_for(&server, "quality").await.len(), 1, "a new review waits anew");

        server.stop().await;
        let journal = home.open().await;
        projections::catch_up(&journal).await.unwrap();
        let rebuilt = projections::verify(&journal).await.unwrap();
        assert!(rebuilt.differences.is_empty(), "{:?}", rebuilt.differences);
        journal.close().await;
    }
}
