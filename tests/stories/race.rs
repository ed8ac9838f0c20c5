//! Many orders at once against a limit that fits a few.

use tests::both_engines;
use tests::server::Server;

use crate::company::{business_licence, dealer, grant, order, qualify, stent, trading_licence};

const ORDERS: usize = 64;
const FIT: usize = 10;

/// 64 parallel orders of 1,000 against 10,000, each sent to one of the servers in turn.
async fn exactly_ten_are_placed(servers: &[Server]) {
    let server = &servers[0];
    let customer = dealer(server).await;
    let product = stent(server).await;
    let licence =
        trading_licence(server, "浙杭药监械经营许20260001号", "2026-11-01", "2031-10-31").await;
    qualify(server, &customer, vec![business_licence(server).await, licence]).await;
    grant(server, &customer, "10000.00").await;
    let sales = server.person("sales").await;
    for other in &servers[1..] {
        other.knows("sales", sales.clone()).await;
    }
    let path = format!("/v1/customers/{customer}/orders");
    let tries = (0..ORDERS).map(|nth| {
        let server = &servers[nth % servers.len()];
        server.post("sales", &path, order(&product, 1, "2026-12-01"))
    });
    let answers = futures::future::join_all(tries).await;
    let count = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    let other = answers.iter().find(|answer| !matches!(answer.status, 201 | 202));
    assert_eq!((count(201), count(202)), (FIT, ORDERS - FIT), "{other:#?}");
    let card = server.get("credit", &format!("/v1/customers/{customer}")).await.expect(200);
    assert_eq!(card.text("/credit/exposure/total/amount"), "10000.00");
    assert_eq!(card.text("/credit/available/amount"), "0.00");
}

both_engines! {
    async fn sixty_four_orders_race_and_ten_are_placed(home: Home) {
        exactly_ten_are_placed(&[Server::start(&home.url).await]).await;
    }

    async fn two_servers_of_one_store_place_ten_together(home: Home) {
        let servers = [Server::beside(&home.url, 1).await, Server::beside(&home.url, 2).await];
        exactly_ten_are_placed(&servers).await;
    }
}
