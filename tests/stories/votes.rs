//! Votes on a customer's case that somebody tries to count twice, to give elsewhere, or to give where they may not.

use reqwest::Method;
use serde_json::{Value, json};
use tests::both_engines;
use tests::enrolled::{Enrolled, PASSWORD};
use tests::server::{Answer, Server, answer};

use crate::company::{trading, trading_licence};
use crate::rules::{agreed, in_region, path, people_are_there, terms};

fn limit(amount: &str) -> Value {
    json!({"limit": {"kind": "amount", "amount": {"amount": amount, "currency": "CNY"}}, "terms_days": 60})
}

async fn asked(server: &Server, customer: &str, amount: &str) -> String {
    let grant = format!("/v1/customers/{customer}/credit/grant");
    let asked = server.post("credit", &grant, limit(amount)).await.expect(202);
    asked.text("/approval/case").to_owned()
}

fn approve(case: &str) -> String {
    format!("/v1/approvals/{case}/approve")
}

async fn card(server: &Server, case: &str) -> Answer {
    server.get("auditor", &format!("/v1/approvals/{case}")).await.expect(200)
}

/// A paper that Quality alone looks at: the case in which it does.
async fn a_renewal(server: &Server, customer: &str) -> String {
    let path = format!("/v1/customers/{customer}");
    let paper = trading_licence(server, "浙杭药监械经营许20260002号", "2026-11-10", "2031-11-09");
    server.post("sales", &format!("{path}/documents"), paper.await).await.expect(201);
    let submitted = server.post("sales", &format!("{path}/qualification/submit"), json!({})).await;
    submitted.expect(200).text("/approval/case").to_owned()
}

/// Each of these is the last vote, and they are sent at once, to one of the servers each.
async fn one_of_them_counts(servers: &[Server]) {
    let server = &servers[0];
    let voters = ["quality", "quality-2", "quality-3", "quality-4"];
    for name in voters {
        server.person(name).await;
    }
    let (_, customer) = trading(server, "1000.00").await;
    let case = a_renewal(server, &customer).await;
    for other in &servers[1..] {
        for name in voters {
            other.knows(name, server.person(name).await).await;
        }
    }
    let vote = approve(&case);
    let votes = voters.iter().enumerate().map(|(nth, name)| {
        let server = &servers[nth % servers.len()];
        server.post(name, &vote, json!({}))
    });
    let votes = futures::future::join_all(votes).await;
    let (counted, late): (Vec<&Answer>, Vec<&Answer>) =
        votes.iter().partition(|it| it.status == 200);
    assert_eq!(counted.len(), 1, "{votes:#?}");
    assert_eq!(counted[0].text("/status"), "approved");
    assert!(late.iter().all(|it| it.status == 404 || it.status == 409), "{late:#?}");
    let told = card(server, &case).await;
    let steps = told.body["timeline"].as_array().unwrap().iter();
    let steps: Vec<&str> = steps.map(|step| step["type"].as_str().unwrap()).collect();
    assert_eq!(steps, ["approval.case-opened", "approval.vote-cast", "approval.case-closed"]);
    let feed = format!("/v1/events?customer={customer}&type=qualification.approved");
    let approved = server.get("auditor", &feed).await.expect(200);
    assert_eq!(approved.body["items"].as_array().unwrap().len(), 2, "the first ones, and this one");
}

async fn a_signature_serves_once(server: &Server) {
    let finance = Enrolled::named(server, "finance").await;
    let one = in_region(server, "91330100000000002", "330100").await;
    let other = in_region(server, "91330100000000003", "330100").await;
    let (here, there) =
        (asked(server, &one, "2000000.00").await, asked(server, &other, "2000000.00").await);
    let code = finance.next_code(server);
    let sign =
        |code: &str| json!({"sign": {"meaning": "approve", "code": code, "password": PASSWORD}});
    server.post("finance", &approve(&here), sign(&code)).await.expect(200);
    // Replayed under another case, and under the one that it was given for.
    let moved = server.post("finance", &approve(&there), sign(&code)).await.expect(403);
    assert_eq!(moved.text("/code"), "components.refused");
    let left = card(server, &there).await;
    assert_eq!((left.text("/status"), &left.body["votes"]), ("open", &json!([])));
    let again = server.post("finance", &approve(&here), sign(&code)).await;
    assert!([403, 404].contains(&again.status), "{again:#?}");
    let next = finance.next_code(server);
    server.post("finance", &approve(&there), sign(&next)).await.expect(200);
    // Each is under what was agreed to there, in the record of its customer.
    for (customer, case) in [(&one, &here), (&other, &there)] {
        let feed = format!("/v1/events?customer={customer}&type=approval.vote-cast");
        let votes = server.get("auditor", &feed).await.expect(200);
        assert_eq!(votes.body["items"].as_array().unwrap().len(), 1);
        let signed = &votes.body["items"][0]["data"]["signed"];
        assert_eq!(signed["stream"], json!(customer));
        assert_eq!(signed["content"], card(server, case).await.body["content"]);
        assert_eq!(signed["signer"], json!(finance.staff));
    }
}

/// A role that comes later, to whoever asked, to whoever was not asked, or to whoever gives it.
async fn no_administrator_helps(server: &Server) {
    for name in ["finance", "credit", "warehouse"] {
        server.person(name).await;
    }
    let customer = in_region(server, "91330100000000002", "330100").await;
    let case = asked(server, &customer, "2000000.00").await;
    for (name, code) in [("credit", "approval.had_a_hand"), ("warehouse", "approval.not_asked")] {
        let staff = server.person(name).await.staff;
        let roles = json!({"roles": [name, "finance"]});
        server.post("admin", &format!("/v1/staff/{staff}/roles"), roles).await.expect(200);
        let token = json!({"name": "second", "role": "finance", "staff": staff});
        let secret = server.post("admin", "/v1/tokens", token).await.expect(201);
        let vote = server.send(Method::POST, secret.text("/secret"), &approve(&case));
        let refused = answer(vote.json(&json!({}))).await.expect(403);
        assert_eq!(refused.text("/code"), code, "{name}");
    }
    let own = server.post("admin", &approve(&case), json!({})).await.expect(403);
    assert_eq!(own.text("/code"), "permission.missing");
    assert_eq!(card(server, &case).await.body["votes"], json!([]));
    server.post("finance", &approve(&case), json!({})).await.expect(200);
}

/// The rules in force, with a score of 90 where nothing is overdue, which is good for eight millions.
fn banded() -> Value {
    let text = |text: &str| json!({"zh": text, "en": text});
    let mut pack = terms(30);
    pack["scorecards"] = json!([{"id": "behaviour", "base": 50, "characteristics": [{
        "fact": "overdue_days", "title": text("逾期"), "remedy": text("结清。"), "bins": [
            {"id": "none", "when": "0", "points": 40},
            {"id": "late", "when": "> 0", "points": 0},
            {"id": "unknown", "when": "missing", "points": 0}]}]}]);
    let band = |grade: &str, score: &str, limit: &str, days: u32| {
        json!({"grade": grade, "score": score, "limit": {"amount": limit, "currency": "CNY"},
            "terms_days": days, "prepaid_percent": 0})
    };
    pack["bands"] = json!([{"id": "limits", "scorecard": "behaviour", "bands": [
        band("A", ">= 80", "8000000.00", 90), band("C", "< 80", "2000000.00", 30)]}]);
    pack
}

async fn the_rules_choose(server: &Server) {
    people_are_there(server).await;
    server.person("credit-2").await;
    let (_, customer) = trading(server, "1000.00").await;
    let rules = agreed(server, banded(), json!({})).await;
    server.post("admin", &path(&rules, "activate"), json!({})).await.expect(200);
    let grant = format!("/v1/customers/{customer}/credit/grant");
    let beyond = server.post("credit", &grant, limit("8000000.01")).await.expect(409);
    assert_eq!(beyond.text("/code"), "credit.beyond_band");
    assert!(beyond.text("/detail").contains("at most 8000000.00 CNY"), "{}", beyond.body);
    assert!(beyond.text("/detail_zh").contains("客户评级"), "{}", beyond.body);
    let case = asked(server, &customer, "8000000.00").await;
    let chosen = card(server, &case).await.body["chosen"].clone();
    assert_eq!(
        (&chosen["route"], &chosen["row"]),
        (&json!("finance_and_compliance"), &json!("with-all"))
    );
    let cap = json!({"bands": "limits", "score": 90, "grade": "A", "terms_days": 90,
        "limit": {"amount": "8000000.00", "currency": "CNY"}});
    assert_eq!(chosen["caps"], json!([cap]));
    for name in ["finance", "compliance", "credit-2"] {
        server.post(name, &approve(&case), json!({})).await.expect(200);
    }
    let granted = server.get("credit", &format!("/v1/customers/{customer}")).await.expect(200);
    assert_eq!(granted.text("/credit/limit/amount/amount"), "8000000.00");
}

both_engines! {
    async fn of_last_votes_at_once_one_counts(home: Home) {
        one_of_them_counts(&[Server::start(&home.url).await]).await;
    }

    async fn of_last_votes_at_once_on_two_servers_one_counts(home: Home) {
        one_of_them_counts(&[Server::beside(&home.url, 1).await, Server::beside(&home.url, 2).await]).await;
    }

    async fn row_19_a_signature_under_a_case_is_replayed_nowhere(home: Home) {
        a_signature_serves_once(&Server::start(&home.url).await).await;
    }

    async fn row_21_no_administrator_makes_somebody_approve_their_own(home: Home) {
        no_administrator_helps(&Server::start(&home.url).await).await;
    }

    async fn row_116_the_rules_in_force_choose_the_path_and_the_cap(home: Home) {
        the_rules_choose(&Server::start(&home.url).await).await;
    }
}
