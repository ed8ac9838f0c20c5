//! What is held, and how it ends.

use domain::decision::{CauseCode, Reaction};
use domain::policy::Pack;
use serde_json::json;
use tests::both_engines;
use tests::server::Server;

use crate::company::{order, trading};

async fn a_release_that_comes_too_late(server: &Server) {
    let (product, customer) = trading(server, "5000.00").await;
    let orders = format!("/v1/customers/{customer}/orders");
    let held = server.post("sales", &orders, order(&product, 9, "2026-12-01")).await.expect(202);
    let mut milder = Pack::default_pack();
    milder.reactions.get_mut(&CauseCode::OverLimit).unwrap().order = Reaction::Advise;
    server.rules_become(milder).await;

    let release = format!("{orders}/{}/release", held.id());
    let body = json!({"reason": "bank guarantee received"});
    let first = server.post_as("credit", &release, "r-1", body.clone()).await.expect(200);
    assert_eq!(first.text("/status"), "placed");
    assert_eq!(first.text("/decision/outcome"), "allow");
    let again = server.post_as("credit", &release, "r-1", body.clone()).await.expect(200);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    assert_eq!(again.body, first.body);
    server.post_as("credit", &release, "r-2", body).await.expect(409);
    let placed = server.get("sales", &format!("{orders}/{}", held.id())).await.expect(200);
    assert_eq!(placed.text("/status"), "placed");
}

both_engines! {
    async fn a_release_of_what_nothing_stops_any_more_is_answered_as_placed(home: Home) {
        a_release_that_comes_too_late(&Server::start(&home.url).await).await;
    }
}
