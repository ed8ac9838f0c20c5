//! People, their tokens, and programs that act for them.

use std::collections::BTreeSet;

use journal::Engine;
use reqwest::Method;
use serde_json::json;
use tests::both_engines;
use tests::engine::Home;
use tests::server::{Server, answer};

use crate::company::{REVIEWERS, business_licence, dealer, everybody_agrees, scan, uscc};

async fn tokens_come_and_go(server: &Server) {
    let staff = json!({"name": "王芳", "roles": ["sales", "finance"]});
    let staff = server.post("admin", "/v1/staff", staff).await.expect(201).id();
    assert!(staff.starts_with("staff-"));
    let token = json!({"roles": ["finance"], "staff": staff});
    let token = server.post("admin", "/v1/tokens", token).await.expect(201);
    assert_eq!(token.text("/staff"), staff);
    let secret = token.text("/secret").to_owned();
    let listed = server.get("admin", "/v1/tokens").await.expect(200);
    let row = listed.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["id"] == token.id().as_str());
    assert_eq!(row.unwrap()["name"], "王芳");
    assert!(!listed.body.to_string().contains("secret"));
    let read = || answer(server.send(Method::GET, &secret, "/v1/customers"));
    read().await.expect(200);
    // A token carries no role that its person lacks, and only a machine's carries several.
    for wrong in [
        json!({"role": "quality", "staff": staff}),
        json!({"roles": ["sales", "finance"], "staff": staff}),
    ] {
        let refused = server.post("admin", "/v1/tokens", wrong).await;
        assert!([409, 422].contains(&refused.status), "{:#}", refused.body);
    }
    let mixed = json!({"name": "x", "roles": ["admin", "sales"]});
    server.post("admin", "/v1/staff", mixed).await.expect(422);
    server.post("sales", "/v1/staff", json!({"name": "x", "roles": ["sales"]})).await.expect(403);

    let admin = server.person("admin").await.secret;
    let path = format!("/v1/tokens/{}", token.id());
    answer(server.send(Method::DELETE, &admin, &path)).await.expect(200);
    read().await.expect(401);
    answer(server.send(Method::DELETE, &admin, &path)).await.expect(409);
}

async fn names_stay_out_of_events(server: &Server) {
    server
        .post("admin", "/v1/staff", json!({"name": "赵六", "roles": ["sales"]}))
        .await
        .expect(201);
    server.post("admin", "/v1/tokens", json!({"name": "钱七", "role": "sales"})).await.expect(201);
    let feed = server.get("auditor", "/v1/events?limit=500").await.expect(200);
    let text = feed.body.to_string();
    assert!(text.contains("staff.registered"));
    assert!(!text.contains("赵六") && !text.contains("钱七") && !text.contains("pbt_"));
}

async fn a_program_acts_for_people(server: &Server) {
    let erp = json!({"name": "ERP", "roles": ["sales", "quality", "credit"], "machine": true});
    let erp = server.post("admin", "/v1/tokens", erp).await.expect(201);
    let secret = erp.text("/secret").to_owned();
    let person = server.person("sales").await;
    let register = server.send(Method::POST, &secret, "/v1/customers");
    let body = json!({"name": "示范", "uscc": uscc(), "kind": "hospital"});
    let made =
        answer(register.header("probity-staff", &person.staff).json(&body)).await.expect(201);
    let feed =
        server.get("auditor", &format!("/v1/events?customer={}", made.id())).await.expect(200);
    assert_eq!(feed.text("/items/0/actor"), person.staff);
    assert_eq!(feed.text("/items/0/via"), erp.text("/staff"));

    // Approvals, grants and releases are signed in person.
    let path = format!("/v1/customers/{}", made.id());
    for command in ["qualification/approve", "credit/grant"] {
        let request = server.send(Method::POST, &secret, &format!("{path}/{command}"));
        let refused = answer(request.header("probity-staff", &person.staff).json(&json!({}))).await;
        assert_eq!(refused.expect(403).text("/code"), "permission.in_person");
    }
    let nobody =
        server.send(Method::GET, &secret, "/v1/customers").header("probity-staff", "staff-nobody");
    answer(nobody).await.expect(403);
    let own = server.send(Method::GET, &person.secret, "/v1/customers");
    answer(own.header("probity-staff", &person.staff)).await.expect(403);
}

async fn maker_and_checker_differ(server: &Server) {
    // One person with two tokens is still one person.
    let both = json!({"name": "孙八", "roles": ["sales", "quality"]});
    let staff = server.post("admin", "/v1/staff", both).await.expect(201).id();
    let mut secrets = Vec::new();
    for role in ["sales", "quality"] {
        let token = json!({"name": role, "role": role, "staff": staff});
        secrets.push(
            server.post("admin", "/v1/tokens", token).await.expect(201).text("/secret").to_owned(),
        );
    }
    let customer = dealer(server).await;
    let path = format!("/v1/customers/{customer}");
    let scan = scan(server).await;
    let paper = json!({"kind": "business_licence", "number": uscc(), "valid_from": "2020-01-10", "long_term": true,
        "copy": "sealed_copy", "scan": scan});
    let give = |secret: &str, command: &str, body: serde_json::Value| {
        answer(server.send(Method::POST, secret, &format!("{path}/{command}")).json(&body))
    };
    for name in REVIEWERS {
        server.person(name).await;
    }
    give(&secrets[0], "documents", paper).await.expect(201);
    let submitted = give(&secrets[0], "qualification/submit", json!({})).await.expect(200);
    for secret in &secrets {
        for verdict in ["approve", "reject"] {
            let body = if verdict == "reject" { json!({"reason": "x"}) } else { json!({}) };
            let own = give(secret, &format!("qualification/{verdict}"), body).await.expect(403);
            assert_eq!(own.text("/code"), "qualification.own_work");
        }
    }
    everybody_agrees(server, &path, submitted.text("/approval/case")).await;
}

/// Nothing recorded follows from a name but its salted digest: whoever holds events tries names in vain.
async fn only_salt_and_name_make_a_digest(home: &Home) {
    let server = Server::start(&home.url).await;
    let (names, customer) = (["王芳", "李娜"], dealer(&server).await);
    let path = format!("/v1/customers/{customer}");
    let owner = server.person("sales").await.staff;
    for name in REVIEWERS {
        server.person(name).await;
    }
    let mut told = Vec::new();
    for name in names {
        server
            .post("sales", &format!("{path}/documents"), business_licence(&server).await)
            .await
            .expect(201);
        server.post("sales", &format!("{path}/qualification/submit"), json!({})).await.expect(200);
        for (role, path, body) in [
            ("admin", "/v1/staff", json!({"name": name, "roles": ["sales"]})),
            ("admin", "/v1/tokens", json!({"name": name, "role": "sales"})),
            ("admin", "/v1/tokens", json!({"name": name, "role": "sales", "staff": owner})),
            (
                "quality",
                &format!("{path}/qualification/return"),
                json!({"reason": "印章不清", "signature": name}),
            ),
        ] {
            let answer = server.post(role, path, body).await;
            told.push(answer.body["position"].as_i64().unwrap());
        }
    }
    let journal = home.open().await;
    let hashes = request_hashes(journal.engine(), &told).await;
    journal.close().await;
    let (first, second) = hashes.split_at(4);
    assert_eq!(first, second, "another name leads to another hash");
    assert!(hashes.iter().all(|hash| hash.len() == 64));
    assert_eq!(hashes.iter().collect::<BTreeSet<_>>().len(), 4);
}

/// What is recorded of the requests whose first event has one of these positions.
async fn request_hashes(engine: &Engine, positions: &[i64]) -> Vec<String> {
    let mut hashes = Vec::new();
    for position in positions {
        let query = "SELECT CAST(metadata AS text) FROM events WHERE position = $1";
        let text: String = match engine {
            Engine::Sqlite(pool) => sqlx::query_scalar(query).bind(position).fetch_one(pool).await,
            Engine::Postgres(pool) => {
                sqlx::query_scalar(query).bind(position).fetch_one(pool).await
            }
        }
        .unwrap();
        let metadata: serde_json::Value = serde_json::from_str(&text).unwrap();
        hashes.push(metadata["request_hash"].as_str().unwrap().to_owned());
    }
    hashes
}

/// What reviews of a customer were signed with, as its history shows it.
async fn signed(server: &Server, customer: &str) -> Vec<(String, serde_json::Value)> {
    let path = format!("/v1/customers/{customer}/history?limit=500");
    let history = server.get("auditor", &path).await.expect(200);
    let rows = history.body["items"].as_array().unwrap().clone();
    let verdict = |row: &serde_json::Value| {
        let kind = row["type"].as_str()?.strip_prefix("qualification.")?.to_owned();
        ["returned", "rejected", "approved"].contains(&kind.as_str()).then_some(kind)
    };
    rows.iter().filter_map(|row| Some((verdict(row)?, row["signature"].clone()))).collect()
}

async fn a_review_is_signed(home: &Home) {
    let server = Server::start(&home.url).await;
    let customer = dealer(&server).await;
    let path = format!("/v1/customers/{customer}");
    for name in REVIEWERS {
        server.person(name).await;
    }
    let upload = async || {
        let paper = business_licence(&server).await;
        server.post("sales", &format!("{path}/documents"), paper).await.expect(201);
    };
    let submit = format!("{path}/qualification/submit");
    let end = async |verdict: &str, key: &str, body: serde_json::Value| {
        server.post_as("quality", &format!("{path}/qualification/{verdict}"), key, body).await
    };
    upload().await;
    server.post("sales", &submit, json!({})).await.expect(200);
    let body = json!({"reason": "印章不清", "signature": "褚五"});
    end("return", "sign-1", body.clone()).await.expect(200);
    let other = json!({"reason": "印章不清", "signature": "卫六"});
    end("return", "sign-1", other.clone()).await.expect(422);
    end("return", "sign-1", json!({"reason": "印章不清"})).await.expect(422);
    end("return", "sign-1", body.clone()).await.expect(200);
    server.post("sales", &submit, json!({})).await.expect(200);
    end("reject", "sign-2", json!({"reason": "复核不符", "signature": "褚五"})).await.expect(200);
    upload().await;
    server.post("sales", &submit, json!({})).await.expect(200);
    for name in REVIEWERS.into_iter().filter(|name| *name != "quality") {
        let vote = server.post(name, &format!("{path}/qualification/approve"), json!({})).await;
        // A dealer without a licence buys class I only: neither legal nor compliance is asked.
        assert_eq!(vote.status, if name == "sales-lead" { 200 } else { 403 }, "{name}");
    }
    end("approve", "sign-3", json!({"signature": "two\nlines"})).await.expect(422);
    let before = kept(home).await;
    let own = json!({"signature": "朱九"});
    server.post("sales", &format!("{path}/qualification/approve"), own).await.expect(403);
    end("approve", "sign-3", json!({"signature": "褚五"})).await.expect(200);
    assert_eq!(kept(home).await, before + 1);
    end("approve", "sign-4", json!({"signature": "卫六"})).await.expect(409);
    assert_eq!(kept(home).await, before + 1, "a refused review leaves no name");

    let verdict = |kind: &str, name: Option<&str>| (kind.to_owned(), json!(name));
    let by_name = ["returned", "rejected", "approved"].map(|kind| verdict(kind, Some("褚五")));
    assert_eq!(signed(&server, &customer).await, by_name);
    let feed = server.get("auditor", &format!("/v1/events?customer={customer}&limit=500")).await;
    let feed = feed.expect(200).body.to_string();
    assert!(feed.contains("\"signature\"") && !feed.contains("褚五"), "{feed}");

    // The person's texts are erased: the verdicts stay, and the journal is whole.
    let journal = home.open().await;
    let reviewer = server.person("quality").await.staff;
    assert!(journal.openings().erase(&reviewer).await.unwrap() >= 3);
    journal.close().await;
    let nameless = ["returned", "rejected", "approved"].map(|kind| verdict(kind, None));
    assert_eq!(signed(&server, &customer).await, nameless);
    // Which name it was, nobody can tell any more: a repeat is answered as before.
    for body in [body, other] {
        let again = end("return", "sign-1", body).await.expect(200);
        assert_eq!(again.headers["idempotency-replayed"], "true");
    }
    assert_eq!(signed(&server, &customer).await, nameless);
}

/// How many texts are kept, whoever they are about.
async fn kept(home: &Home) -> i64 {
    let journal = home.open().await;
    let count = "SELECT count(*) FROM openings";
    let kept = match journal.engine() {
        Engine::Sqlite(pool) => sqlx::query_scalar(count).fetch_one(pool).await,
        Engine::Postgres(pool) => sqlx::query_scalar(count).fetch_one(pool).await,
    };
    journal.close().await;
    kept.unwrap()
}

async fn a_name_is_the_one_that_was_recorded(home: &Home) {
    let server = Server::start(&home.url).await;
    let body = |name: &str| json!({"name": name, "role": "sales"});
    let issue = |name: &str| server.post_as("admin", "/v1/tokens", "hire-1", body(name));
    let made = issue("周一").await.expect(201);
    let names = async || {
        let listed = server.get("admin", "/v1/tokens").await.expect(200);
        let rows = listed.body["items"].as_array().unwrap().clone();
        let own = rows.into_iter().filter(|row| row["staff"] == made.text("/staff"));
        own.map(|row| row["name"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names().await, ["周一"]);
    let staff = json!({"name": "吴二", "roles": ["sales"]});
    server.post_as("admin", "/v1/staff", "hire-2", staff.clone()).await.expect(201);
    let before = kept(home).await;

    // Under a key that was used, in an answer from before, or refused: no other name stays behind.
    for other in ["阿一", "赵一", "郑一"] {
        issue(other).await.expect(422);
        let staff = json!({"name": other, "roles": ["sales"]});
        server.post_as("admin", "/v1/staff", "hire-2", staff).await.expect(422);
    }
    issue("周一").await.expect(201);
    server.post_as("admin", "/v1/staff", "hire-2", staff).await.expect(201);
    let refused = json!({"name": "冯三", "role": "quality", "staff": made.text("/staff")});
    server.post("admin", "/v1/tokens", refused).await.expect(409);
    assert_eq!(kept(home).await, before);
    assert_eq!(names().await, ["周一"]);

    // Nor is a name shown that a crash left behind, before or after the recorded one in any order.
    let journal = home.open().await;
    for salt in 0..8 {
        journal.openings().seal(made.text("/staff"), "卫四", [salt; 32]).await.unwrap();
    }
    journal.close().await;
    assert_eq!(names().await, ["周一"]);
}

both_engines! {
    async fn a_revoked_token_stops_at_once(home: Home) {
        tokens_come_and_go(&Server::start(&home.url).await).await;
    }

    async fn no_event_holds_a_name_or_a_secret(home: Home) {
        names_stay_out_of_events(&Server::start(&home.url).await).await;
    }

    async fn no_recorded_hash_tells_a_name(home: Home) {
        only_salt_and_name_make_a_digest(&home).await;
    }

    async fn a_machine_names_whom_it_acts_for_and_signs_nothing(home: Home) {
        a_program_acts_for_people(&Server::start(&home.url).await).await;
    }

    async fn nobody_checks_what_they_made_themselves(home: Home) {
        maker_and_checker_differ(&Server::start(&home.url).await).await;
    }

    async fn a_review_is_signed_with_a_name_that_can_be_erased(home: Home) {
        a_review_is_signed(&home).await;
    }

    async fn a_name_that_no_event_carries_is_neither_kept_nor_shown(home: Home) {
        a_name_is_the_one_that_was_recorded(&home).await;
    }
}
