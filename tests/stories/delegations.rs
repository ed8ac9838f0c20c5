//! Somebody is away, and a colleague stands in.

use reqwest::Method;
use serde_json::{Value, json};
use tests::both_engines;
use tests::server::{Answer, Server, answer};

fn lent(to: &str, roles: &[&str]) -> Value {
    json!({"to": to, "roles": roles, "from": "2026-11-23", "until": "2026-11-27", "matters": ["policy"]})
}

async fn revoke(server: &Server, name: &str, path: &str) -> Answer {
    let secret = server.person(name).await.secret;
    answer(server.send(Method::DELETE, &secret, path)).await
}

async fn listed(server: &Server, name: &str, path: &str) -> Vec<Value> {
    let listed = server.get(name, path).await.expect(200);
    listed.body["items"].as_array().unwrap().clone()
}

async fn a_colleague_stands_in(server: &Server) {
    let lender = server.person("quality").await.staff;
    let deputy = server.person("quality-deputy").await.staff;
    let path = format!("/v1/staff/{lender}/delegations");
    let given = server.post("quality", &path, lent(&deputy, &["quality"])).await.expect(201);
    assert!(given.id().starts_with("delegation-"));
    let rows = listed(server, "quality", &path).await;
    assert_eq!(
        (rows[0]["to"].as_str(), rows[0]["until"].as_str()),
        (Some(&*deputy), Some("2026-11-27"))
    );
    assert_eq!(listed(server, "auditor", &path).await.len(), 1);
    server.get("quality-deputy", &path).await.expect(404);

    // Nobody lends for somebody else, what they do not hold, or what was lent to them.
    let refused = server.post("quality-deputy", &path, lent(&deputy, &["quality"])).await;
    assert_eq!(refused.expect(403).text("/code"), "delegation.not_yours");
    let credit = server.post("quality", &path, lent(&deputy, &["credit"])).await.expect(409);
    assert_eq!(credit.text("/code"), "delegation.roles_not_held");
    let sales = server.person("sales").await.staff;
    let own = format!("/v1/staff/{sales}/delegations");
    server.post("quality", &path, lent(&sales, &["quality"])).await.expect(201);
    let on = server.post("sales", &own, lent(&deputy, &["quality"])).await.expect(409);
    assert_eq!(on.text("/code"), "delegation.roles_not_held");
    let early =
        json!({"to": deputy, "roles": ["quality"], "from": "2026-11-21", "until": "2026-11-27"});
    assert_eq!(
        server.post("quality", &path, early).await.expect(422).text("/code"),
        "delegation.days"
    );
    let nobody = lent("staff-nobody", &["quality"]);
    server.post("quality", &path, nobody).await.expect(422);

    // The lender or an administrator ends it; the deputy does not.
    let one = format!("{path}/{}", given.id());
    revoke(server, "quality-deputy", &one).await.expect(403);
    revoke(server, "quality", &one).await.expect(200);
    revoke(server, "quality", &one).await.expect(404);
    let other = listed(server, "quality", &path).await[0]["id"].as_str().unwrap().to_owned();
    revoke(server, "admin", &format!("{path}/{other}")).await.expect(200);
    assert!(listed(server, "quality", &path).await.is_empty());
}

async fn it_ends_by_itself(server: &Server) {
    let lender = server.person("quality").await.staff;
    let deputy = server.person("quality-deputy").await.staff;
    let path = format!("/v1/staff/{lender}/delegations");
    let lend = async || {
        let from = server.now().date_naive();
        let given = json!({"to": deputy, "roles": ["quality"], "from": from, "until": from});
        server.post("quality", &path, given).await.expect(201);
        assert_eq!(listed(server, "auditor", &path).await.len(), 1);
    };
    lend().await;
    server.days_pass(1);
    assert!(listed(server, "auditor", &path).await.is_empty(), "with its last day");
    lend().await;
    let roles = format!("/v1/staff/{lender}/roles");
    server.post("admin", &roles, json!({"roles": ["sales"]})).await.expect(200);
    server.post("admin", &roles, json!({"roles": ["quality"]})).await.expect(200);
    assert!(listed(server, "auditor", &path).await.is_empty(), "with the role");
    lend().await;
    server.post("admin", &format!("/v1/staff/{lender}/leave"), json!({})).await.expect(200);
    assert!(listed(server, "auditor", &path).await.is_empty(), "with the lender");
    server.get("quality", &path).await.expect(401);
    server.post("admin", &roles, json!({"roles": ["quality"]})).await.expect(409);
}

async fn administrators_and_programs_lend_nothing(server: &Server) {
    let deputy = server.person("quality-deputy").await.staff;
    let made = json!({"name": "second", "role": "admin"});
    let admin = server.post("admin", "/v1/tokens", made).await.expect(201);
    let path = format!("/v1/staff/{}/delegations", admin.text("/staff"));
    let secret = admin.text("/secret");
    let body = lent(&deputy, &["quality"]);
    answer(server.send(Method::POST, secret, &path).json(&body)).await.expect(403);
    let erp = json!({"name": "ERP", "roles": ["sales", "quality"], "machine": true});
    let erp = server.post("admin", "/v1/tokens", erp).await.expect(201);
    let lender = server.person("quality").await.staff;
    let path = format!("/v1/staff/{lender}/delegations");
    let asked = server.send(Method::POST, erp.text("/secret"), &path);
    let refused = answer(asked.header("probity-staff", &lender).json(&body)).await.expect(403);
    assert_eq!(refused.text("/code"), "permission.in_person");
}

both_engines! {
    async fn own_roles_are_lent_and_taken_back(home: Home) {
        a_colleague_stands_in(&Server::start(&home.url).await).await;
    }

    async fn a_delegation_ends_with_its_days_its_role_and_its_lender(home: Home) {
        it_ends_by_itself(&Server::start(&home.url).await).await;
    }

    async fn who_administers_and_what_is_a_program_lends_nothing(home: Home) {
        administrators_and_programs_lend_nothing(&Server::start(&home.url).await).await;
    }
}
