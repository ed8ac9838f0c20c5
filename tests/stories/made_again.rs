//! Every answer of a checkpoint comes out again from the journal alone, whatever became of the rules and the goods since.

use domain::policy::Pack;
use journal::{Engine, Journal, Unsound};
use serde_json::json;
use sqlx::Executor;
use tests::both_engines;
use tests::server::Server;

use crate::company::{lot, order};
use crate::trade::trade_goes_its_way;

/// The trade of a dealer, then other rules, another term of the product, a late entry and an invoice under a wrong title.
async fn history(server: &Server) {
    trade_goes_its_way(server).await;
    let customers = server.get("sales", "/v1/customers").await.expect(200);
    let path = format!("/v1/customers/{}", customers.text("/items/0/id"));
    let products = server.get("sales", "/v1/products").await.expect(200);
    let product = products.text("/items/0/id").to_owned();

    let mut pack = Pack::default_pack();
    "stricter".clone_into(&mut pack.name);
    pack.overdue.iter_mut().for_each(|rule| rule.days_above = 10);
    server.rules_become(pack).await;
    let term = json!({"from": "2029-06-01", "to": "2034-05-31"});
    let renewal = format!("/v1/products/{product}/registrations");
    server.post("quality", &renewal, term).await.expect(201);

    let orders = format!("{path}/orders");
    let dear = order(&product, 1, "2027-06-01");
    server.post("sales", &orders, dear).await.expect(202);
    let cash = json!({"reference": "BANK-2", "amount": {"amount": "1000.00", "currency": "CNY"},
        "business_date": "2027-05-10", "reason": "found in the statement"});
    server.post("finance", &format!("{path}/receipts"), cash).await.expect(201);
    let prepaid = json!({"lines": [{"product": product, "quantity": 1, "unit_price": "100.00"}],
        "payment": {"kind": "prepaid", "percent": 100}});
    let prepaid = server.post("sales", &orders, prepaid).await.expect(201);
    let order = format!("{orders}/{}", prepaid.id());
    let mut earlier = lot(1);
    earlier["shipped_on"] = json!("2027-05-12");
    server.post("warehouse", &format!("{order}/shipments"), earlier).await.expect(201);
    let wrong = json!({"number": "INV-2", "title": "别家公司"});
    server.post("finance", &format!("{order}/invoices"), wrong).await.expect(202);
    let right = json!({"number": "INV-2", "title": "示范医疗器械有限公司"});
    server.post("finance", &format!("{order}/invoices"), right).await.expect(201);
}

/// As somebody would who owns the database and makes one denial look like a hold.
async fn forge(journal: &Journal) {
    let change = "UPDATE events SET payload = replace(CAST(payload AS text), '\"outcome\":\"deny\"', \
         '\"outcome\":\"hold\"')";
    match journal.engine() {
        Engine::Postgres(pool) => {
            let change = format!("{change}::json WHERE event_type = 'trading.order-denied'");
            let mut all = pool.begin().await.unwrap();
            all.execute("ALTER TABLE events DISABLE TRIGGER events_are_append_only").await.unwrap();
            all.execute(change.as_str()).await.unwrap();
            all.commit().await.unwrap();
        }
        Engine::Sqlite(pool) => {
            let change = format!("{change} WHERE event_type = 'trading.order-denied'");
            let mut all = pool.begin().await.unwrap();
            all.execute("DROP TRIGGER events_never_change").await.unwrap();
            all.execute(change.as_str()).await.unwrap();
            all.commit().await.unwrap();
        }
    }
}

both_engines! {
    async fn every_decision_comes_out_again_as_it_was_recorded(home: Home) {
        let server = Server::start(&home.url).await;
        history(&server).await;
        server.stop().await;
        let journal = home.open().await;
        assert_eq!(journal.verify_decisions().await.unwrap(), made(&journal).await);
        forge(&journal).await;
        let Unsound::Fault(fault) = journal.verify_decisions().await.unwrap_err() else { panic!() };
        assert!(fault.what.contains("does not follow from what is on record"), "{fault}");
        assert!(fault.what.contains(r#""outcome":"deny""#), "{fault}");
        journal.close().await;
    }
}

/// How many events carry a decision.
async fn made(journal: &Journal) -> usize {
    let count = "SELECT count(*) FROM events WHERE CAST(payload AS text) LIKE '%\"decision\":{%'";
    let made: i64 = match journal.engine() {
        Engine::Sqlite(pool) => sqlx::query_scalar(count).fetch_one(pool).await.unwrap(),
        Engine::Postgres(pool) => sqlx::query_scalar(count).fetch_one(pool).await.unwrap(),
    };
    assert!(made > 12, "only {made} decisions");
    usize::try_from(made).unwrap()
}
