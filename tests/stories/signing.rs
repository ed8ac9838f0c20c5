//! Electronic signatures: whoever signs proves once more who they are, and what is signed stays where it was signed.

use domain::policy::Pack;
use domain::proposal::{self, Proposal};
use domain::signature::{Meaning, Signature};
use journal::{Engine, Version};
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Executor;
use tests::both_engines;
use tests::engine::Home;
use tests::enrolled::{Enrolled, PASSWORD, within};
use tests::server::{Answer, Server, answer};

use crate::company::{business_licence, dealer, qualify, trading_licence};

/// A change of rules that waits for credit and finance.
async fn proposed(server: &Server, days: u32) -> String {
    // Who may vote is fixed when the vote opens.
    for voter in ["credit", "finance"] {
        server.person(voter).await;
    }
    let mut pack = Pack::default_pack();
    pack.credit.default_terms_days = days;
    let body = json!({"summary": "other terms", "pack": pack});
    let id = server.post("legal", "/v1/policies", body).await.expect(201).id();
    for step in ["simulate", "submit"] {
        let path = format!("/v1/policies/{id}/{step}");
        server.post("legal", &path, json!({})).await.expect(200);
    }
    id
}

fn approve(id: &str) -> String {
    format!("/v1/policies/{id}/approve")
}

fn sign(code: Option<&str>, password: Option<&str>) -> Value {
    let mut sign = json!({"meaning": "approve"});
    if let Some(code) = code {
        sign["code"] = json!(code);
    }
    if let Some(password) = password {
        sign["password"] = json!(password);
    }
    json!({"sign": sign})
}

async fn as_token(server: &Server, name: &str, path: &str, key: &str, body: Value) -> Answer {
    let secret = server.person(name).await.secret;
    let request = server.send(Method::POST, &secret, path).header("idempotency-key", key);
    answer(request.json(&body)).await
}

/// The signatures that a proposal's card shows.
async fn signatures(server: &Server, id: &str) -> Vec<Value> {
    let card = server.get("auditor", &format!("/v1/policies/{id}")).await.expect(200);
    let steps = card.body["history"].as_array().unwrap().clone();
    steps.into_iter().filter_map(|step| step.get("signature").cloned()).collect()
}

async fn a_vote_is_signed(server: &Server) {
    let credit = Enrolled::named(server, "credit").await;
    let finance = Enrolled::named(server, "finance").await;
    let (one, other) = (proposed(server, 45).await, proposed(server, 46).await);
    let session = credit.signs_in(server).await;

    // Row 19: the first signature takes all components, a later one at least one.
    let alone = sign(None, Some(PASSWORD));
    let first = within(server, &session, &approve(&one), alone.clone()).await.expect(422);
    assert_eq!(first.text("/code"), "components.missing");
    let code = credit.next_code(server);
    let both = sign(Some(&code), Some(PASSWORD));
    within(server, &session, &approve(&one), both.clone()).await.expect(200);
    within(server, &session, &approve(&other), alone).await.expect(200);

    // With a token and no session there is no later one.
    let code = finance.next_code(server);
    as_token(server, "finance", &approve(&one), "k-1", sign(Some(&code), None)).await.expect(422);
    let body = sign(Some(&code), Some(PASSWORD));
    as_token(server, "finance", &approve(&one), "k-2", body).await.expect(200);
    // A request that is repeated under its key is the same without its code, and with another one.
    let later = sign(Some(&finance.next_code(server)), Some(PASSWORD));
    let again = as_token(server, "finance", &approve(&one), "k-2", later).await.expect(200);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    // Under another key the used code is refused.
    let replayed = sign(Some(&code), Some(PASSWORD));
    let refused = as_token(server, "finance", &approve(&other), "k-3", replayed.clone()).await;
    assert_eq!(refused.expect(403).text("/code"), "components.refused");
    assert!(!refused_text(server, &approve(&other), replayed).await.contains(PASSWORD));

    let shown = signatures(server, &one).await;
    assert_eq!(shown.len(), 2);
    for (signature, person) in shown.iter().zip(["credit", "finance"]) {
        assert_eq!(signature["name"], person);
        assert_eq!(signature["role"], person);
        assert_eq!(signature["meaning"], "approve");
        assert_eq!(signature["meaning_text"]["zh"], "批准");
        assert_eq!(signature["valid"], true);
        assert!(signature["at"].as_str().unwrap().ends_with("+08:00"), "{signature}");
        assert_eq!(signature["components"], json!(["password", "code"]));
    }
    assert_eq!(signatures(server, &other).await[0]["components"], json!(["password"]));
    let page = server.get("auditor", &format!("/v1/policies/{one}/readable?lang=zh")).await;
    let page = page.expect(200).body.to_string();
    for said in ["电子签名", "批准", "Asia/Shanghai", "+08:00", "finance (staff-"] {
        assert!(page.contains(said), "{said}");
    }
    let feed = server.get("auditor", "/v1/events?limit=500").await.expect(200).body.to_string();
    assert!(feed.contains("name_digest") && !feed.contains(PASSWORD));
}

async fn refused_text(server: &Server, path: &str, body: Value) -> String {
    as_token(server, "finance", path, "k-4", body).await.body.to_string()
}

async fn wrong_components_lock(server: &Server) {
    let credit = Enrolled::named(server, "credit").await;
    let id = proposed(server, 45).await;
    for _ in 0..5 {
        let body = sign(Some("000000"), Some(PASSWORD));
        server.post("credit", &approve(&id), body).await.expect(403);
    }
    let body = sign(Some(&credit.next_code(server)), Some(PASSWORD));
    server.post("credit", &approve(&id), body).await.expect(403);
    let code = credit.next_code(server);
    credit.tries(server, PASSWORD, &code).await.expect(401);
    let feed = server.get("auditor", "/v1/events?type=staff.locked").await.expect(200);
    assert_eq!(feed.body["items"].as_array().unwrap().len(), 1);
    assert!(signatures(server, &id).await.is_empty());
}

/// Turning something down is signed as agreeing to it is, and shown wherever it is told.
async fn a_refusal_is_signed(server: &Server) {
    let finance = Enrolled::named(server, "finance").await;
    let review = |finance: &Enrolled| {
        let mut body = sign(Some(&finance.next_code(server)), Some(PASSWORD));
        body["sign"]["meaning"] = json!("review");
        body["reason"] = json!("账期过长");
        body
    };
    let id = proposed(server, 45).await;
    let path = format!("/v1/policies/{id}/return");
    server.post("finance", &path, review(&finance)).await.expect(200);
    let shown = signatures(server, &id).await;
    assert_eq!((&shown[0]["meaning"], &shown[0]["valid"]), (&json!("review"), &json!(true)));

    for name in ["sales-lead", "legal", "compliance", "quality", "credit", "credit-2"] {
        server.person(name).await;
    }
    let customer = dealer(server).await;
    let licence =
        trading_licence(server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31").await;
    qualify(server, &customer, vec![business_licence(server).await, licence]).await;
    let limit = json!({"kind": "amount", "amount": {"amount": "2000000.00", "currency": "CNY"}});
    let grant = format!("/v1/customers/{customer}/credit/grant");
    let asked = server.post("credit", &grant, json!({"limit": limit})).await.expect(202);
    let case = asked.text("/approval/case").to_owned();
    let mut body = review(&finance);
    body["comment"] = json!("已与客户沟通");
    let path = format!("/v1/approvals/{case}/reject");
    server.post("finance", &path, body).await.expect(200);
    for path in [format!("/v1/approvals/{case}"), format!("/v1/customers/{customer}/history")] {
        let told = server.get("auditor", &path).await.expect(200);
        let rows = told.body.get("timeline").or(told.body.get("items")).unwrap();
        let row = rows.as_array().unwrap().last().unwrap();
        assert_eq!(row["type"], "approval.case-closed", "{row}");
        let signed = &row["signed"];
        assert_eq!((&signed["name"], &signed["valid"]), (&json!("finance"), &json!(true)));
        assert_eq!((&signed["role"], &signed["meaning"]), (&json!("finance"), &json!("review")));
        assert!(row["sentence"]["zh"].as_str().unwrap().contains("已与客户沟通"), "{row}");
    }
}

/// Row 20: nothing closes under an identity that is shared, or no more than a role.
async fn programs_and_administrators_sign_nothing(server: &Server) {
    let credit = Enrolled::named(server, "credit").await;
    let id = proposed(server, 45).await;
    let erp = json!({"name": "ERP", "roles": ["credit", "finance"], "machine": true});
    let erp = server.post("admin", "/v1/tokens", erp).await.expect(201);
    let code = credit.next_code(server);
    let body = sign(Some(&code), Some(PASSWORD));
    for path in [approve(&id), format!("/v1/approvals/{id}/approve")] {
        let asked = server.send(Method::POST, erp.text("/secret"), &path);
        let named = asked.header("probity-staff", &credit.staff).json(&body);
        let refused = answer(named).await.expect(403);
        assert_eq!(refused.text("/code"), "permission.in_person");
        let unnamed = server.send(Method::POST, erp.text("/secret"), &path).json(&body);
        answer(unnamed).await.expect(403);
    }
    let vote = server.post("admin", &approve(&id), body.clone()).await.expect(403);
    assert_eq!(vote.text("/code"), "permission.missing");
    // The code was given where nothing was compared; it still proves.
    server.post("credit", &approve(&id), body).await.expect(200);
}

/// Every signature that a proposal's stream carries.
async fn recorded(home: &Home, id: &str) -> (Proposal, Vec<Signature>) {
    let journal = home.open().await;
    let entries = journal.stream(id, Version(0), 100).await.unwrap();
    let events = entries.iter().map(|entry| journal.event::<proposal::Event>(entry).unwrap());
    let signatures = events.filter_map(|event| event.signature().cloned()).collect();
    let known = journal.confirmed::<Proposal>(id).await.unwrap();
    journal.close().await;
    ((*known.state).clone(), signatures)
}

async fn a_signature_stays_where_it_is(home: &Home) {
    let server = Server::start(&home.url).await;
    let credit = Enrolled::named(&server, "credit").await;
    let (one, other) = (proposed(&server, 45).await, proposed(&server, 46).await);
    let body = sign(Some(&credit.next_code(&server)), Some(PASSWORD));
    server.post("credit", &approve(&one), body).await.expect(200);
    assert_eq!(signatures(&server, &one).await[0]["name"], "credit");
    // The person's name is erased: the signature stays.
    let journal = home.open().await;
    journal.openings().erase(&credit.staff).await.unwrap();
    journal.close().await;
    let [nameless] = &signatures(&server, &one).await[..] else { panic!("one signature") };
    assert!(nameless["name"].is_null() && nameless["valid"] == true, "{nameless}");
    server.stop().await;
    let (signed, signatures) = recorded(home, &one).await;
    let (unsigned, none) = recorded(home, &other).await;
    assert!(none.is_empty());
    let content = |proposal: &Proposal| proposal.round.as_ref().unwrap().content.clone();
    let [signature] = signatures.as_slice() else { panic!("{signatures:?}") };
    assert_eq!(signature.meaning, Meaning::Approve);
    assert_eq!(signature.signer.as_str(), credit.staff);
    let journal = home.open().await;
    journal.verify_streams::<Proposal>().await.unwrap();
    let moved = format!(
        "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
         SELECT 'proposal', '{other}', 4, event_type, event_version, payload, metadata FROM events \
         WHERE aggregate_id = '{one}' AND event_type = 'proposal.vote-cast'"
    );
    match journal.engine() {
        Engine::Postgres(pool) => drop(pool.execute(moved.as_str()).await.unwrap()),
        Engine::Sqlite(pool) => drop(pool.execute(moved.as_str()).await.unwrap()),
    }
    let fault = journal.verify_streams::<Proposal>().await.unwrap_err().to_string();
    assert!(fault.contains("its signature is of another record"), "{fault}");
    journal.close().await;
    assert!(signature.is_of(&one, &content(&signed)));
    assert!(!signature.is_of(&other, &content(&signed)), "under another record");
    assert!(!signature.is_of(&one, &content(&unsigned)), "under another content");
}

both_engines! {
    async fn row_19_a_vote_is_signed_with_all_components_first_and_one_later(home: Home) {
        a_vote_is_signed(&Server::start(&home.url).await).await;
    }

    async fn row_19_turning_something_down_is_signed_and_shown(home: Home) {
        a_refusal_is_signed(&Server::start(&home.url).await).await;
    }

    async fn wrong_components_at_signing_count_towards_the_lock(home: Home) {
        wrong_components_lock(&Server::start(&home.url).await).await;
    }

    async fn row_20_no_step_closes_under_a_program_or_an_administrator(home: Home) {
        programs_and_administrators_sign_nothing(&Server::start(&home.url).await).await;
    }

    async fn row_19_a_signature_cannot_be_moved_to_another_record(home: Home) {
        a_signature_stays_where_it_is(&home).await;
    }
}
