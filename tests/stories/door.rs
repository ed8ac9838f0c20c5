//! What the door takes and what it refuses, whatever the request is about.

use reqwest::Method;
use serde_json::{Value, json};
use tests::both_engines;
use tests::server::{Server, answer};

use crate::company::{dealer, uscc};

fn customer(field: &str, value: Value) -> Value {
    let mut body = json!({"name": "示范", "uscc": uscc(), "kind": "distributor"});
    body[field] = value;
    body
}

async fn refusals_name_the_place(server: &Server) {
    for (field, value, pointer, code) in [
        ("actor", json!("staff-1"), "/actor", "unknown_field"),
        ("recorded_at", json!("2020-01-01T00:00:00Z"), "/recorded_at", "unknown_field"),
        ("name", json!("a\u{0}b"), "/name", "invalid_value"),
        ("name", json!("a\nb"), "/name", "invalid_value"),
        ("name", json!(5), "/name", "wrong_type"),
        ("kind", json!("shop"), "/kind", "unknown_value"),
        ("uscc", json!("91330100000000001X"), "/uscc", "invalid_value"),
    ] {
        let refused =
            server.post("sales", "/v1/customers", customer(field, value)).await.expect(422);
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{:#}", refused.body);
        assert_eq!(refused.text("/errors/0/code"), code, "{:#}", refused.body);
        assert_eq!(refused.headers["content-type"], "application/problem+json");
    }
    let id = dealer(server).await;
    let number = json!({"limit": {"kind": "amount", "amount": {"amount": 100, "currency": "CNY"}}});
    server.post("credit", &format!("/v1/customers/{id}/credit/grant"), number).await.expect(422);
}

async fn each_misunderstanding_has_its_status(server: &Server) {
    let sales = server.person("sales").await.secret;
    let post = || server.send(Method::POST, &sales, "/v1/customers");
    let json = "application/json";
    for (request, status) in [
        (post().header("content-type", json).body("{"), 400),
        (post().header("content-type", "text/plain").body("{}"), 415),
        (post().header("content-type", json).body("{}"), 422),
        (post().header("content-type", json).body(" ".repeat(256 * 1024 + 1)), 413),
        (post().header("if-match", "31").header("content-type", json).body("{}"), 400),
        (post().header("idempotency-key", "").header("content-type", json).body("{}"), 400),
        (server.send(Method::DELETE, &sales, "/v1/customers"), 405),
        (server.send(Method::GET, &sales, "/v1/nothing"), 404),
        (server.send(Method::GET, &sales, "/v1/customers/customer-1"), 404),
        (server.send(Method::GET, &sales, "/v1/customers?limit=0"), 400),
        (server.send(Method::GET, &sales, "/v1/customers?limit=501"), 400),
        (server.send(Method::GET, &sales, "/v1/customers?nobody=1"), 400),
        (server.send(Method::GET, &sales, "/v1/customers?cursor=x"), 400),
        (server.send(Method::GET, &sales, "/v1/customers?at=1000000"), 503),
        (server.send(Method::GET, "pbt_nobody", "/v1/customers"), 401),
        (server.client.get(format!("{}/v1/customers", server.base)), 401),
    ] {
        let described = format!("{request:?}");
        let refused = answer(request).await;
        assert_eq!(refused.status, status, "{described}: {:#}", refused.body);
        assert_eq!(refused.headers["content-type"], "application/problem+json", "{described}");
        assert_eq!(refused.headers.contains_key("retry-after"), status == 503, "{described}");
    }
}

/// Every operation of the document, asked without a token: none answers but those by which somebody comes to have one.
async fn nothing_under_v1_answers_without_a_token(server: &Server) {
    let document = answer(server.client.get(format!("{}/openapi.json", server.base))).await;
    let paths = document.expect(200).body["paths"].as_object().unwrap().clone();
    let (mut asked, mut open) = (0, Vec::new());
    for (path, item) in paths.iter().filter(|(path, _)| path.starts_with("/v1/")) {
        for (method, operation) in item.as_object().unwrap() {
            let method = method.to_uppercase().parse().unwrap();
            let url = format!("{}{}", server.base, path.replace(['{', '}'], ""));
            let refused = answer(server.client.request(method, url)).await;
            if operation["security"] == json!([{}]) {
                // It asks for a body, and that proves who asks.
                assert_eq!(refused.status, 422, "{path}");
                open.push(path.as_str());
            } else {
                assert_eq!(refused.status, 401, "{path}");
            }
            asked += 1;
        }
    }
    open.sort_unstable();
    assert_eq!(open, ["/v1/enrolments", "/v1/enrolments/code", "/v1/sessions"]);
    assert!(asked > 50, "{asked}");
}

async fn an_old_version_is_noticed(server: &Server) {
    let id = dealer(server).await;
    let path = format!("/v1/customers/{id}");
    let card = server.get("sales", &path).await.expect(200);
    assert_eq!(card.headers["etag"], "\"1\"");
    let quality = server.person("quality").await.secret;
    let suspend = |version: &str| {
        let request = server.send(Method::POST, &quality, &format!("{path}/status/suspend"));
        request.header("if-match", version.to_owned()).json(&json!({"reason": "seal in doubt"}))
    };
    let stale = answer(suspend("\"9\"")).await.expect(412);
    assert_eq!(stale.body["version"], 1);
    answer(suspend("\"1\"")).await.expect(200);
    assert_eq!(server.get("sales", &path).await.text("/status"), "suspended");
    let before = server.get("sales", &format!("{path}?at_version=1")).await.expect(200);
    assert_eq!(before.text("/status"), "active");
}

async fn what_is_unique_names_its_holder(server: &Server) {
    let id = dealer(server).await;
    let taken = server.post("sales", "/v1/customers", customer("region", json!("330100"))).await;
    assert_eq!(taken.expect(409).text("/holder"), id);
}

async fn a_list_goes_on_where_it_stopped_and_opens_in_a_spreadsheet(server: &Server) {
    for number in 1..=3 {
        let first = format!("9133010000000000{number}");
        let code = domain::uscc::Uscc::with_check(&first).unwrap().to_string();
        let body = json!({"name": format!("=客户{number}"), "uscc": code, "kind": "hospital",
            "code": format!("000{number}")});
        server.post("sales", "/v1/customers", body).await.expect(201);
    }
    let first = server.get("sales", "/v1/customers?limit=2").await.expect(200);
    assert_eq!(first.body["items"].as_array().unwrap().len(), 2);
    let next = first.text("/next_cursor").to_owned();
    let second =
        server.get("sales", &format!("/v1/customers?limit=2&cursor={next}")).await.expect(200);
    assert_eq!(second.body["items"].as_array().unwrap().len(), 1);
    assert_eq!(second.body["next_cursor"], Value::Null);
    let found = server.get("sales", "/v1/customers?code=0003").await.expect(200);
    assert_eq!(found.body["items"][0]["name"], "=客户3");
    let table = server.get("sales", "/v1/customers?format=csv").await.expect(200);
    assert_eq!(table.headers["content-type"], "text/csv; charset=utf-8");
    let text = table.body.as_str().unwrap();
    assert!(text.starts_with("\u{feff}id,name,"), "{text}");
    assert!(text.contains("'=客户1") && text.contains("\t0003"), "{text}");
}

async fn queries_have_no_control_characters(server: &Server) {
    let sales = server.person("sales").await.secret;
    for (query, name) in [
        ("q=a%00b", "q"),
        ("q=%0A", "q"),
        ("limit=5&region=%7F", "region"),
        ("code=%C2%85", "code"),
        ("cursor=%00", "cursor"),
    ] {
        let path = format!("/v1/customers?{query}");
        let refused = answer(server.send(Method::GET, &sales, &path)).await.expect(400);
        assert_eq!(refused.text("/code"), "query.control_character", "{query}");
        assert_eq!(refused.text("/parameter"), name, "{query}");
    }
    for (who, path) in [
        ("auditor", "/v1/reports/sales-records?lot=%00"),
        ("auditor", "/v1/reports/sales-records?serial=%00"),
        ("sales", "/v1/products?q=%00"),
        ("auditor", "/v1/events?type=%00"),
    ] {
        server.get(who, path).await.expect(400);
    }
    server.get("sales", "/v1/customers?q=%E7%A4%BA%E8%8C%83%20a").await.expect(200);
}

both_engines! {
    async fn bad_content_is_refused_with_the_place(home: Home) {
        refusals_name_the_place(&Server::start(&home.url).await).await;
    }

    async fn every_misunderstanding_has_its_status(home: Home) {
        each_misunderstanding_has_its_status(&Server::start(&home.url).await).await;
    }

    async fn without_a_token_nothing_answers(home: Home) {
        nothing_under_v1_answers_without_a_token(&Server::start(&home.url).await).await;
    }

    async fn a_command_may_insist_on_the_version_that_was_read(home: Home) {
        an_old_version_is_noticed(&Server::start(&home.url).await).await;
    }

    async fn a_second_customer_with_the_same_uscc_is_told_who_has_it(home: Home) {
        what_is_unique_names_its_holder(&Server::start(&home.url).await).await;
    }

    async fn lists_have_pages_and_tables(home: Home) {
        a_list_goes_on_where_it_stopped_and_opens_in_a_spreadsheet(&Server::start(&home.url).await).await;
    }

    async fn a_control_character_in_a_query_is_refused_by_name(home: Home) {
        queries_have_no_control_characters(&Server::start(&home.url).await).await;
    }
}
