//! A customer's card as it was.

use domain::document_kind::DocumentKind;
use domain::policy::Pack;
use domain::policy::pack::Weight;
use tests::both_engines;
use tests::server::Server;

use crate::company::{business_licence, dealer, qualify, trading_licence};

async fn a_card_is_seen_from_its_own_day(server: &Server) {
    let customer = dealer(server).await;
    let path = format!("/v1/customers/{customer}");
    let licence = trading_licence(server, "浙杭药监械经营许20210001号", "2021-11-01", "2026-12-02");
    qualify(server, &customer, vec![business_licence(server).await, licence.await]).await;
    let then = server.get("auditor", &path).await.expect(200);
    let version = then.body["version"].as_i64().unwrap();

    // The licence lapses, and the rules ask for another paper.
    server.days_pass(30);
    let mut stricter = Pack::default_pack();
    let rule = stricter
        .papers
        .iter_mut()
        .find(|rule| rule.any_of.contains(&DocumentKind::QualityAgreement));
    rule.unwrap().weight = Weight::File;
    server.rules_become(stricter).await;
    let now = server.get("auditor", &path).await.expect(200);
    assert_ne!(now.body["qualification"], then.body["qualification"]);
    let replayed = server.get("auditor", &format!("{path}?at_version={version}")).await.expect(200);
    assert_eq!(replayed.body, then.body);
    for beyond in [version + 1, 1_000_000, 0] {
        let missing = server.get("auditor", &format!("{path}?at_version={beyond}")).await;
        assert_eq!(missing.expect(404).text("/code"), "version.not_found");
    }
    let nobody = "/v1/customers/customer-00000000-0000-4000-8000-000000000001?at_version=1";
    let missing = server.get("auditor", nobody).await.expect(404);
    assert_eq!(missing.text("/code"), "customer.not_found");
}

both_engines! {
    async fn a_card_of_a_version_is_as_it_was_on_that_day(home: Home) {
        a_card_is_seen_from_its_own_day(&Server::start(&home.url).await).await;
    }
}
