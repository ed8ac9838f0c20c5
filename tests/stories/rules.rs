//! Changing the rules: proposed, proved, tried, agreed to by those whom it concerns, piloted, widened, and taken back.

use domain::policy::Pack;
use serde_json::{Value, json};
use tests::both_engines;
use tests::server::{Answer, Server};

use crate::activation::reviews_of;
use crate::company::{dealer, order, stent};

/// The rules in force with other terms of payment: a change of credit.
pub fn terms(days: u32) -> Value {
    let mut pack = serde_json::to_value(Pack::default_pack()).unwrap();
    pack["credit"]["default_terms_days"] = json!(days);
    pack
}

pub async fn in_region(server: &Server, number: &str, region: &str) -> String {
    let uscc = domain::uscc::Uscc::with_check(number).unwrap().to_string();
    let body = json!({"name": format!("示范诊所{number}"), "uscc": uscc, "kind": "clinic", "region": region,
        "registered_address": "示范路9号", "delivery_addresses": ["杭州市示范路2号"]});
    server.post("sales", "/v1/customers", body).await.expect(201).id()
}

/// Under which pack a customer's order is judged now.
pub async fn judged_by(server: &Server, customer: &str, product: &str) -> String {
    let orders = format!("/v1/customers/{customer}/orders");
    let denied = server.post("sales", &orders, order(product, 1, "2026-12-01")).await.expect(409);
    denied.text("/decision/policy/hash").to_owned()
}

pub async fn people_are_there(server: &Server) {
    for name in ["credit", "finance", "finance-2", "quality", "compliance", "auditor"] {
        server.person(name).await;
    }
}

pub fn path(id: &str, what: &str) -> String {
    format!("/v1/policies/{id}/{what}")
}

/// Drafted, tried and submitted by finance.
pub async fn submitted(server: &Server, pack: Value) -> String {
    planned(server, pack, json!({})).await
}

pub async fn planned(server: &Server, pack: Value, plan: Value) -> String {
    let draft = json!({"summary": "other terms", "pack": pack, "plan": plan});
    let id = server.post("finance", "/v1/policies", draft).await.expect(201).id();
    server.post("finance", &path(&id, "simulate"), json!({})).await.expect(200);
    server.post("finance", &path(&id, "submit"), json!({})).await.expect(200);
    id
}

pub async fn agreed(server: &Server, pack: Value, plan: Value) -> String {
    let id = planned(server, pack, plan).await;
    server.post("credit", &path(&id, "approve"), json!({})).await.expect(200);
    let last = server.post("finance-2", &path(&id, "approve"), json!({})).await.expect(200);
    assert_eq!(last.text("/status"), "approved");
    id
}

async fn a_gap_stays_a_draft(server: &Server) {
    let mut gap = terms(45);
    gap["overdue"]["table"]["rows"][4]["when"][2] = json!("<= 1000.00");
    let draft = json!({"summary": "with a gap", "pack": gap});
    let drafted = server.post("finance", "/v1/policies", draft).await.expect(201);
    let objection = drafted.text("/objections/0/message");
    assert!(objection.contains("no row is for customer_kind = distributor"), "{objection}");
    let id = drafted.id();
    let early = server.post("finance", &path(&id, "submit"), json!({})).await.expect(422);
    assert_eq!(early.text("/code"), "policy.not_sound");
    assert_eq!(early.text("/errors/0/pointer"), "/pack/overdue/table/rows");
    server.post("finance", &path(&id, "simulate"), json!({})).await.expect(200);
    server.post("finance", &path(&id, "submit"), json!({})).await.expect(422);

    let mended = json!({"summary": "without it", "pack": terms(45)});
    let revised = server.post("finance", &path(&id, "revise"), mended).await.expect(200);
    assert_eq!(revised.body["objections"], json!([]));
    let untried = server.post("finance", &path(&id, "submit"), json!({})).await.expect(409);
    assert_eq!(untried.text("/code"), "proposal.not_simulated");
    assert!(untried.text("/detail_zh").contains("模拟"));
    let why = json!({"reason": "another is coming"});
    server.post("credit", &path(&id, "withdraw"), why.clone()).await.expect(403);
    let withdrawn = server.post("finance", &path(&id, "withdraw"), why).await.expect(200);
    assert_eq!(withdrawn.text("/status"), "withdrawn");
}

/// Answers the hashes of the pack that was in force and of the pilot's.
async fn a_pilot_is_agreed_to(server: &Server) -> (String, String) {
    let before = server.get("auditor", "/v1/policies/in-force").await.expect(200);
    let old = before.text("/in_force/hash").to_owned();
    let steps = json!([{"within": {"regions": ["31", "33"]}}, "all"]);
    let plan = json!({"scope": {"regions": ["33"]}, "then": steps});
    let id = planned(server, terms(45), plan.clone()).await;
    let own = server.post("finance", &path(&id, "approve"), json!({})).await.expect(403);
    assert_eq!(own.text("/code"), "approval.had_a_hand");
    let other = server.post("quality", &path(&id, "approve"), json!({})).await.expect(403);
    assert_eq!(other.text("/code"), "approval.not_asked");
    let early = server.post("admin", &path(&id, "activate"), json!({})).await.expect(409);
    assert_eq!(early.text("/code"), "proposal.not_approved");
    let vote = json!({"comment": "seen"});
    server.post("credit", &path(&id, "approve"), vote.clone()).await.expect(200);
    server.post("credit", &path(&id, "approve"), vote).await.expect(409);
    let card = server.get("auditor", &format!("/v1/policies/{id}")).await.expect(200);
    assert_eq!(card.body["approval"]["waits_for"], json!(["finance"]));
    assert_eq!(card.body["parts"], json!(["credit"]));
    assert_eq!(card.body["differences"], json!(["~ /credit/default_terms_days: 30 → 45"]));
    assert_eq!((card.text("/simulation/base"), &card.body["plan"]), (&*old, &plan));
    server.post("finance-2", &path(&id, "approve"), json!({})).await.expect(200);
    let list = server.get("finance", "/v1/policies?status=approved").await.expect(200);
    assert_eq!(list.text("/items/0/id"), id);
    for (query, said) in [("?lang=zh", "政策包"), ("?show=difference", "30")] {
        let readable = path(&id, &format!("readable{query}"));
        let page = server.get("auditor", &readable).await.expect(200);
        let html = page.body.as_str().unwrap();
        assert!(html.starts_with("<!DOCTYPE html>") && html.contains(said), "{html}");
        assert!(page.headers["content-security-policy"].contains("default-src 'none'"));
    }
    server.get("auditor", "/v1/policies/in-force/readable").await.expect(200);
    let found = server.get("finance", &path(&id, "differences")).await.expect(200);
    assert!(found.body.as_str().unwrap().contains("position,"), "{}", found.body);

    // Whom it applies to was agreed to, and is not for the administrator to say.
    for scope in [json!({"regions": ["3301"]}), json!({"regions": ["33", "31"]})] {
        let other = json!({"scope": scope});
        let other = server.post("admin", &path(&id, "activate"), other).await.expect(409);
        assert_eq!(other.text("/code"), "policy.not_agreed");
    }
    let scope = json!({"scope": {"regions": ["33"]}});
    server.post("finance", &path(&id, "activate"), scope.clone()).await.expect(403);
    let pilot = server.post("admin", &path(&id, "activate"), scope).await.expect(200);
    assert_eq!((pilot.text("/in_force/hash"), pilot.text("/pilot/scope/regions/0")), (&*old, "33"));
    (old, card.text("/hash").to_owned())
}

async fn the_brake_is_pulled(server: &Server) {
    let why = json!({"reason": "complaints"});
    server.post("finance", "/v1/policies/in-force/roll-back", why.clone()).await.expect(403);
    let back = server.post("admin", "/v1/policies/in-force/roll-back", why).await.expect(200);
    assert_eq!(back.body["review"]["waits_for"], json!(["credit", "finance"]));
    let next = agreed(server, terms(60), json!({})).await;
    let early = server.post("admin", &path(&next, "activate"), json!({})).await.expect(409);
    assert_eq!(early.text("/code"), "policy.review_due");
    let review = "/v1/policies/in-force/review";
    server.post("admin", review, json!({})).await.expect(403);
    assert_eq!(reviews_of(server, "quality").await, Vec::<Value>::new());
    let wanted = reviews_of(server, "finance").await;
    assert_eq!(wanted.len(), 1);
    assert_eq!((&wanted[0]["kind"], &wanted[0]["decide_at"]), (&json!("brake"), &json!(review)));
    server.post("finance", review, json!({"comment": "right so"})).await.expect(200);
    let closed = server.post("credit", review, json!({})).await.expect(200);
    assert_eq!(closed.body["review"], Value::Null);
    server.post("admin", &path(&next, "activate"), json!({})).await.expect(200);
}

async fn told(server: &Server, id: &str) -> Vec<String> {
    let card = server.get("auditor", &format!("/v1/policies/{id}")).await.expect(200);
    let steps = card.body["history"].as_array().unwrap().clone();
    steps.iter().map(|step| step["type"].as_str().unwrap().to_owned()).collect()
}

async fn a_version_grows_from_a_day_that_has_not_passed(server: &Server) {
    let versioned = |days: u32, semver: &str, from: Option<&str>| {
        let mut pack = terms(days);
        pack["semver"] = json!(semver);
        if let Some(from) = from {
            pack["effective"] = json!({"from": from});
        }
        pack
    };
    let first = agreed(server, versioned(45, "1.4.0", None), json!({})).await;
    server.post("admin", &path(&first, "activate"), json!({})).await.expect(200);
    let draft = |pack: Value| json!({"summary": "the next version", "pack": pack});
    let same = draft(versioned(60, "1.4.0", None));
    let id = server.post("finance", "/v1/policies", same).await.expect(201).id();
    let refused = server.post("finance", &path(&id, "submit"), json!({})).await.expect(422);
    assert_eq!(refused.text("/code"), "proposal.version_not_greater");
    assert!(refused.text("/detail").contains("1.4.0"), "{}", refused.body);
    assert!(refused.text("/detail_zh").contains("semver"));
    let yesterday = draft(versioned(60, "1.4.1", Some("2026-11-21")));
    server.post("finance", &path(&id, "revise"), yesterday).await.expect(200);
    let refused = server.post("finance", &path(&id, "submit"), json!({})).await.expect(422);
    assert_eq!(refused.text("/code"), "proposal.effective_past");
    let today = draft(versioned(60, "1.4.1", Some("2026-11-22")));
    server.post("finance", &path(&id, "revise"), today).await.expect(200);
    server.post("finance", &path(&id, "simulate"), json!({})).await.expect(200);
    server.post("finance", &path(&id, "submit"), json!({})).await.expect(200);
}

both_engines! {
    async fn a_new_pack_is_a_later_version_and_applies_from_today_at_the_earliest(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        a_version_grows_from_a_day_that_has_not_passed(&server).await;
    }

    async fn rules_are_changed_by_those_whom_it_concerns_and_taken_back_when_they_hurt(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        let product = stent(&server).await;
        let east = in_region(&server, "91330100000000002", "330100").await;
        let north = in_region(&server, "91110100000000003", "110100").await;
        a_gap_stays_a_draft(&server).await;
        let (old, new) = a_pilot_is_agreed_to(&server).await;
        assert_eq!(judged_by(&server, &east, &product).await, new);
        assert_eq!(judged_by(&server, &north, &product).await, old);

        // The customer moves away: the rules of where it is now apply.
        let amended = json!({"region": "310000"});
        server.post("sales", &format!("/v1/customers/{east}/amend"), amended).await.expect(200);
        assert_eq!(judged_by(&server, &east, &product).await, old);

        let widen = "/v1/policies/in-force/widen";
        let untried = server.post("admin", widen, json!({})).await.expect(409);
        assert_eq!(untried.text("/code"), "policy.pilot_not_simulated");
        let tried = server.post("finance", "/v1/policies/in-force/simulate", json!({})).await.expect(200);
        assert_eq!(tried.text("/pilot/simulation/hash"), new);
        let other = json!({"scope": {"regions": ["33", "11"]}});
        let refused = server.post("admin", widen, other).await.expect(409);
        assert_eq!(refused.text("/code"), "policy.not_agreed");
        let wider = json!({"scope": {"regions": ["33", "31"]}});
        server.post("admin", widen, wider).await.expect(200);
        assert_eq!(judged_by(&server, &east, &product).await, new);
        let all = server.post("admin", "/v1/policies/in-force/widen", json!({})).await.expect(200);
        assert_eq!((all.text("/in_force/hash"), &all.body["pilot"]), (&*new, &Value::Null));
        assert_eq!(judged_by(&server, &north, &product).await, new);

        the_brake_is_pulled(&server).await;
        server.stop().await;
        let journal = home.open().await;
        assert_eq!(journal.verify_decisions().await.unwrap(), 5);
        journal.verify_streams::<domain::proposal::Proposal>().await.unwrap();
        journal.verify_streams::<domain::policy::Policy>().await.unwrap();
        projections::catch_up(&journal).await.unwrap();
        let rebuilt = projections::verify(&journal).await.unwrap();
        assert!(rebuilt.differences.is_empty(), "{:?}", rebuilt.differences);
        journal.close().await;
    }

    async fn of_two_last_votes_one_counts_and_who_lost_the_role_has_none(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        let third = server.person("finance-3").await;
        let id = submitted(&server, terms(45)).await;
        server.post("credit", &path(&id, "approve"), json!({})).await.expect(200);
        // Somebody whose roles are taken away has no vote any more, though the vote was open to them.
        let token = format!("/v1/tokens/{}", third.token);
        let admin = server.person("admin").await;
        let revoked = server.send(reqwest::Method::DELETE, &admin.secret, &token);
        tests::server::answer(revoked).await.expect(200);
        server.post("finance-3", &path(&id, "approve"), json!({})).await.expect(401);

        let late = server.person("finance-4").await;
        assert!(!late.secret.is_empty());
        let refused = server.post("finance-4", &path(&id, "approve"), json!({})).await.expect(403);
        assert_eq!(refused.text("/code"), "approval.not_asked", "who came after the vote was opened");

        let again = id.clone();
        let votes = futures::future::join_all((0..6).map(|n| {
            let (server, path) = (&server, path(&again, "approve"));
            async move { server.post_as("finance-2", &path, &format!("vote-{n}"), json!({})).await }
        }));
        let votes: Vec<Answer> = votes.await;
        let counted: Vec<&Answer> = votes.iter().filter(|vote| vote.status == 200).collect();
        assert_eq!(counted.len(), 1, "{votes:#?}");
        let expected = ["drafted", "simulated", "submitted", "vote-cast", "vote-cast", "approved"];
        assert_eq!(told(&server, &id).await, expected.map(|it| format!("proposal.{it}")));

        // The first answer is given again under its key, and nothing happens twice.
        let n = votes.iter().position(|vote| vote.status == 200).unwrap();
        let replayed = server
            .post_as("finance-2", &path(&id, "approve"), &format!("vote-{n}"), json!({}))
            .await
            .expect(200);
        assert_eq!(replayed.headers["idempotency-replayed"], "true");
        assert_eq!(replayed.text("/status"), "approved");
    }

    async fn who_had_been_let_through_against_the_law_is_for_those_who_answer_for_it(home: Home) {
        let server = Server::start(&home.url).await;
        people_are_there(&server).await;
        let product = stent(&server).await;
        let customer = dealer(&server).await;
        let orders = format!("/v1/customers/{customer}/orders");
        server.post("sales", &orders, order(&product, 1, "2026-12-01")).await.expect(409);
        let mut looser = terms(30);
        for code in ["qualification.not_approved", "document.missing"] {
            looser["reactions"][code]["order"] = json!("advise");
        }
        let id = submitted(&server, looser).await;
        let card = server.get("auditor", &format!("/v1/policies/{id}")).await.expect(200);
        assert_eq!(card.body["simulation"]["unlawful"], json!(1));
        assert_eq!(card.body["approval"]["waits_for"], json!(["quality", "compliance"]));
        let found = server.get("auditor", &path(&id, "differences")).await.expect(200);
        assert!(found.body.as_str().unwrap().contains(&customer));
        let report = server.get("auditor", &path(&id, "report")).await.expect(200);
        assert_eq!(report.text("/differences"), card.text("/simulation/differences"));
        assert_eq!((report.text("/base"), report.text("/hash")), (card.text("/base"), card.text("/hash")));
        let counts = report.body["counts"].as_array().unwrap();
        let of = |side: &str, key: &str| {
            let count = counts.iter().find(|it| it["by"] == side && it["key"] == key);
            count.map(|it| it["looser"].clone())
        };
        for (side, key) in [("direction", "looser"), ("checkpoint", "order"), ("cause", "document.missing"),
            ("segment", ""), ("value", "<10000"), ("customer", &customer)] {
            assert_eq!(of(side, key), Some(json!(1)), "{side} {key}: {counts:#?}");
        }
        let table = server.get("auditor", &path(&id, "report?format=csv")).await.expect(200);
        assert!(table.body.as_str().unwrap().contains("customer,"), "{}", table.body);
        let page = server.get("auditor", &path(&id, "report?format=html&lang=zh")).await.expect(200);
        assert!(page.body.as_str().unwrap().contains("按客户分群"), "{}", page.body);
        server.get("admin", &path(&id, "report")).await.expect(403);
        // The list has customers and values in it: who administers does not read it.
        server.get("admin", &path(&id, "differences")).await.expect(403);
    }
}
