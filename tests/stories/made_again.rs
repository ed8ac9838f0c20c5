//! Every answer of a checkpoint comes out again from the journal alone, whatever became of the rules and the goods since.

use std::sync::Arc;

use api::policies::simulation::{Direction, Simulated, simulate};
use domain::decision::Outcome;
use domain::policy::{InForce, Pack};
use indicatif::ProgressBar;
use journal::{Engine, Filter, Journal, Position, Unsound};
use serde_json::json;
use sqlx::Executor;
use tests::both_engines;
use tests::server::Server;

use crate::company::{lot, order};
use crate::trade::trade_goes_its_way;

/// Whoever is late by more than ten days is stopped.
fn stricter() -> Pack {
    let mut pack = serde_json::to_value(Pack::default_pack()).unwrap();
    pack["name"] = json!("stricter");
    let days = pack.pointer_mut("/overdue/table/rows/3/when/3").unwrap();
    assert_eq!(*days, "> 30");
    *days = json!("> 10");
    serde_json::from_value(pack).unwrap()
}

/// The trade of a dealer, then other rules, another term of the product, a late entry and an invoice under a wrong title.
async fn history(server: &Server) {
    trade_goes_its_way(server).await;
    let customers = server.get("sales", "/v1/customers").await.expect(200);
    let path = format!("/v1/customers/{}", customers.text("/items/0/id"));
    let products = server.get("sales", "/v1/products").await.expect(200);
    let product = products.text("/items/0/id").to_owned();

    server.rules_become(stricter()).await;
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

/// As somebody would who owns the database: one text in place of another, in these events.
async fn forge(journal: &Journal, of: &str, text: &str, other: &str) {
    let change =
        format!("UPDATE events SET payload = replace(CAST(payload AS text), '{text}', '{other}')");
    match journal.engine() {
        Engine::Postgres(pool) => {
            let change = format!("{change}::json WHERE {of}");
            let mut all = pool.begin().await.unwrap();
            all.execute("ALTER TABLE events DISABLE TRIGGER events_are_append_only").await.unwrap();
            all.execute(change.as_str()).await.unwrap();
            all.execute("ALTER TABLE events ENABLE TRIGGER events_are_append_only").await.unwrap();
            all.commit().await.unwrap();
        }
        Engine::Sqlite(pool) => {
            let change = format!("{change} WHERE {of}");
            let mut all = pool.begin().await.unwrap();
            all.execute("DROP TRIGGER IF EXISTS events_never_change").await.unwrap();
            all.execute(change.as_str()).await.unwrap();
            all.commit().await.unwrap();
        }
    }
}

/// Makes one denial look like a hold.
async fn forge_a_denial(journal: &Journal) {
    let (denial, hold) = (r#""outcome":"deny""#, r#""outcome":"hold""#);
    forge(journal, "event_type = 'trading.order-denied'", denial, hold).await;
}

/// Where an order was denied first.
async fn denied(journal: &Journal) -> Position {
    let types = vec!["trading.order-denied".to_owned()];
    let page = journal.after(Position(0), &Filter { types, ..Filter::default() }, 1).await.unwrap();
    page.entries[0].position
}

/// What stopped at a decision.
#[derive(Debug)]
struct At(Position);

impl From<journal::Error> for At {
    fn from(error: journal::Error) -> Self {
        panic!("{error}")
    }
}

/// The pack that is given, as a simulation asks it.
fn asked(pack: Pack) -> Arc<InForce> {
    let hash = pack.hash().unwrap().into();
    Arc::new(InForce { version: 0, hash, pack: Arc::new(pack) })
}

async fn simulated(journal: &Journal, pack: Pack, from: Option<&str>) -> Simulated {
    let from = from.map(|day| day.parse().unwrap());
    simulate(journal, &asked(pack), (from, None), &ProgressBar::hidden()).await.unwrap()
}

both_engines! {
    async fn another_pack_is_tried_on_all_that_was_decided(home: Home) {
        let server = Server::start(&home.url).await;
        trade_goes_its_way(&server).await;
        server.stop().await;
        let journal = home.open().await;
        let same = simulated(&journal, Pack::default_pack(), None).await;
        assert_eq!((same.decisions, same.changed.len()), (made(&journal).await, 0));

        // What is denied for its licence would only have been advised against: that is said aloud.
        let mut pack = serde_json::to_value(Pack::default_pack()).unwrap();
        pack["reactions"]["document.expired"]["order"] = json!("advise");
        let rules = |pack: &serde_json::Value| serde_json::from_value::<Pack>(pack.clone()).unwrap();
        let looser = simulated(&journal, rules(&pack), None).await;
        let [changed] = looser.changed.as_slice() else { panic!("{:#?}", looser.changed) };
        assert_eq!((changed.direction, changed.recorded, changed.simulated), (Direction::Looser, Outcome::Deny, Outcome::Allow));
        assert!(changed.recorded_reasons_zh.contains("浙杭药监械经营许20210001号"));
        assert_eq!((looser.unlawful, looser.causes["document.expired"]), (1, (0, 1)));
        assert!(looser.told().contains("ATTENTION: 1 were stopped by the law"), "{}", looser.told());
        let later = simulated(&journal, rules(&pack), Some("2026-11-23")).await;
        assert_eq!((later.decisions, later.changed.len()), (3, 0), "{later:#?}");

        // Stricter about age: what was placed late would have been held.
        let strict = simulated(&journal, stricter(), None).await;
        assert!(strict.changed.iter().all(|it| it.direction != Direction::Looser));
        journal.close().await;
    }

    async fn every_decision_comes_out_again_as_it_was_recorded(home: Home) {
        let server = Server::start(&home.url).await;
        history(&server).await;
        server.stop().await;
        let journal = home.open().await;
        assert_eq!(journal.verify_decisions().await.unwrap(), made(&journal).await);
        forge_a_denial(&journal).await;
        let Unsound::Fault(fault) = journal.verify_decisions().await.unwrap_err() else { panic!() };
        assert!(fault.what.contains("does not follow from what is on record"), "{fault}");
        assert!(fault.what.contains(r#""outcome":"deny""#), "{fault}");
        assert_eq!(fault.position, denied(&journal).await);
        journal.close().await;
    }

    async fn the_first_fault_is_told_whatever_else_is_wrong(home: Home) {
        let server = Server::start(&home.url).await;
        history(&server).await;
        server.stop().await;
        let journal = home.open().await;
        // Whoever stops at every decision hears of the first one, whoever's it is.
        let mut all = Vec::new();
        for positions in journal.decisions(|seen: &mut Vec<Position>, it| {
            seen.push(it.position);
            Ok::<(), At>(())
        }).await.unwrap() {
            assert!(positions.is_sorted());
            all.extend(positions);
        }
        let first = all.iter().min().unwrap();
        let At(stopped) = journal.decisions(|(): &mut (), it| Err(At(it.position))).await.unwrap_err();
        assert_eq!(stopped, *first);

        // A forged decision comes before what cannot be read after it, of customers, products and packs alike.
        forge_a_denial(&journal).await;
        let denied = denied(&journal).await;
        let last = "position = (SELECT max(position) FROM events WHERE event_type = 'receivables.invoice-issued')";
        forge(&journal, last, "receivables.invoice-issued", "receivables.invoice-drawn").await;
        forge(&journal, "event_type = 'product.term-opened'", "product.term-opened", "product.term-begun").await;
        let Unsound::Fault(fault) = journal.verify_decisions().await.unwrap_err() else { panic!() };
        assert_eq!(fault.position, denied, "{fault}");

        // What a decision rests on cannot be read: that comes first.
        let (hold, denial) = (r#""outcome":"hold""#, r#""outcome":"deny""#);
        forge(&journal, &format!("position = {denied}"), hold, denial).await;
        let Unsound::Journal(error) = journal.verify_decisions().await.unwrap_err() else { panic!() };
        assert!(error.to_string().contains("product.term-begun"), "{error}");
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
    assert!(made >= 10, "only {made} decisions");
    usize::try_from(made).unwrap()
}
