//! The same key with the same request gives the same answer, and happens once.

use serde_json::{Value, json};
use tests::both_engines;
use tests::server::{Answer, Server};

use crate::company::{
    business_licence, dealer, grant, order, qualify, stent, trading_licence, uscc,
};

const REPLAYED: &str = "idempotency-replayed";

/// The same answer as before, marked as such.
#[track_caller]
fn same(first: &Answer, again: &Answer) {
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert!(!first.headers.contains_key(REPLAYED));
    assert_eq!(again.headers.get(REPLAYED).map(String::as_str), Some("true"));
}

async fn repeats(server: &Server) {
    let body = json!({"name": "示范", "uscc": uscc(), "kind": "distributor",
        "delivery_addresses": ["杭州市示范路2号"]});
    let first = server.post_as("sales", "/v1/customers", "k-1", body.clone()).await.expect(201);
    same(&first, &server.post_as("sales", "/v1/customers", "k-1", body.clone()).await);
    let mut other = body.clone();
    other["region"] = json!("330100");
    let reused = server.post_as("sales", "/v1/customers", "k-1", other).await.expect(422);
    assert_eq!(reused.text("/code"), "idempotency_key.reused");

    // Keys are per actor: the same key of somebody else is another request.
    server.post_as("sales-2", "/v1/customers", "k-1", body).await.expect(409);

    // Placed, held and denied orders alike: each was recorded, so each is repeated.
    let customer = first.id();
    let orders = format!("/v1/customers/{customer}/orders");
    let product = stent(server).await;
    let denied =
        server.post_as("sales", &orders, "k-2", order(&product, 1, "2026-12-01")).await.expect(409);
    let licence =
        trading_licence(server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31").await;
    qualify(server, &customer, vec![business_licence(server).await, licence]).await;
    grant(server, &customer, "1500.00").await;
    same(&denied, &server.post_as("sales", &orders, "k-2", order(&product, 1, "2026-12-01")).await);
    let placed =
        server.post_as("sales", &orders, "k-3", order(&product, 1, "2026-12-01")).await.expect(201);
    let held =
        server.post_as("sales", &orders, "k-4", order(&product, 1, "2026-12-01")).await.expect(202);
    same(&placed, &server.post_as("sales", &orders, "k-3", order(&product, 1, "2026-12-01")).await);
    same(&held, &server.post_as("sales", &orders, "k-4", order(&product, 1, "2026-12-01")).await);

    // What recorded nothing is judged anew.
    let early = order(&product, 1, "2026-11-01");
    server.post_as("sales", &orders, "k-5", early.clone()).await.expect(422);
    server.post_as("sales", &orders, "k-5", order(&product, 1, "2026-12-01")).await.expect(202);
}

async fn a_secret_is_shown_once(server: &Server) {
    let body = json!({"name": "gate", "role": "warehouse"});
    let first = server.post_as("admin", "/v1/tokens", "t-1", body.clone()).await.expect(201);
    let again = server.post_as("admin", "/v1/tokens", "t-1", body).await.expect(201);
    assert!(first.text("/secret").starts_with("pbt_"));
    assert_eq!(again.body["secret"], Value::Null);
    assert_eq!((first.id(), &first.body["position"]), (again.id(), &again.body["position"]));
}

async fn a_hundred_at_once_happen_once(server: &Server) {
    let customer = dealer(server).await;
    let path = format!("/v1/customers/{customer}/status/suspend");
    server.person("quality").await;
    let tries = (0..32).map(|_| server.post_as("quality", &path, "s-1", json!({"reason": "seal"})));
    let answers = futures::future::join_all(tries).await;
    let positions: Vec<_> =
        answers.iter().map(|a| (a.status, a.body["position"].clone())).collect();
    assert!(positions.iter().all(|one| *one == positions[0] && one.0 == 200), "{positions:?}");
}

both_engines! {
    async fn a_repeated_request_is_answered_and_not_done_again(home: Home) {
        repeats(&Server::start(&home.url).await).await;
    }

    async fn the_secret_of_a_token_is_in_its_first_answer_only(home: Home) {
        a_secret_is_shown_once(&Server::start(&home.url).await).await;
    }

    async fn many_tries_with_one_key_at_the_same_time_are_one_command(home: Home) {
        a_hundred_at_once_happen_once(&Server::start(&home.url).await).await;
    }
}
