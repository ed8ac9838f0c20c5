//! The projector: what wakes it, what stops it, who else follows.

use journal::Position;
use projections::{Keyset, Projector, Standing, customers};
use serde_json::json;
use tests::both_engines;

use crate::record::Book;

const CUSTOMER: &str = "customer-019aa7b0-0000-7000-8000-000000000001";

fn registered(name: &str) -> serde_json::Value {
    json!({"name": name, "kind": "unclassified", "currency": "CNY"})
}

async fn reach(projector: &Projector, position: i64) {
    projector.reached().wait_for(Position(position)).await.unwrap();
}

async fn names(book: &Book) -> Vec<String> {
    let search = customers::Search::default();
    let listed = customers::directory(book.journal.engine(), &search, &Keyset::first(50)).await;
    listed.unwrap().items.into_iter().map(|row| row.name).collect()
}

async fn register(book: &mut Book, n: u32) -> i64 {
    let stream = format!("customer-019aa7b0-0000-7000-8000-{n:012}");
    book.fact(
        &stream,
        "staff-a",
        "registration.customer-registered",
        registered(&format!("客户{n}")),
    )
    .await
}

both_engines! {
    async fn the_projector_follows_what_other_programs_append(home: Home) {
        let mut book = Book::new(home.open().await);
        let projector = Projector::start(&book.journal).await.unwrap();
        for n in 1..=3 {
            let position = register(&mut book, n).await;
            reach(&projector, position).await;
        }
        assert_eq!(names(&book).await, ["客户1", "客户2", "客户3"]);
        projector.stop().await;
    }

    async fn an_event_that_cannot_be_read_stops_the_projector_and_shows(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, 1).await;
        book.fact(CUSTOMER, "staff-a", "registration.customer-renamed", json!({})).await;
        let projector = Projector::start(&book.journal).await.unwrap();
        let mut standing = projector.standing();
        let stopped = standing.wait_for(|it| matches!(it, Standing::Stopped(_))).await.unwrap().clone();
        let Standing::Stopped(error) = stopped else { unreachable!() };
        assert!(error.to_string().contains("position 2"), "{error}");
        assert_eq!(projector.reached().position(), Position(0));
        projector.stop().await;
    }

    async fn two_projectors_share_one_database_and_nothing_is_done_twice(home: Home) {
        let mut book = Book::new(home.open().await);
        let other = home.open().await;
        let (one, two) = (Projector::start(&book.journal).await.unwrap(), Projector::start(&other).await.unwrap());
        for n in 1..=60 {
            register(&mut book, n).await;
        }
        reach(&one, 60).await;
        reach(&two, 60).await;
        one.stop().await;
        two.stop().await;
        let verified = projections::verify(&book.journal).await.unwrap();
        assert_eq!(verified.differences, []);
        assert_eq!(verified.tables.iter().find(|(table, _)| *table == "customers"), Some(&("customers", 60)));
    }

    async fn one_read_model_is_rebuilt_alone(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, 1).await;
        projections::catch_up(&book.journal).await.unwrap();
        projections::reset(&book.journal, Some("tokens")).await.unwrap();
        assert_eq!(names(&book).await, ["客户1"]);
        projections::reset(&book.journal, Some("customers")).await.unwrap();
        assert!(names(&book).await.is_empty());
        assert_eq!(projections::catch_up(&book.journal).await.unwrap(), Position(1));
        assert_eq!(names(&book).await, ["客户1"]);
        let error = projections::reset(&book.journal, Some("events")).await.unwrap_err();
        assert_eq!(error.code(), "projection.unknown");
    }

    async fn a_projector_that_runs_rebuilds_when_asked(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, 1).await;
        let projector = Projector::start(&book.journal).await.unwrap();
        reach(&projector, 1).await;
        projector.rebuild(None).await.unwrap();
        let position = register(&mut book, 2).await;
        reach(&projector, position).await;
        assert_eq!(names(&book).await, ["客户1", "客户2"]);
        projector.stop().await;
    }

    async fn a_row_that_somebody_changed_is_found(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, 1).await;
        projections::catch_up(&book.journal).await.unwrap();
        let forged = "UPDATE customers SET status = 'disabled'";
        match book.journal.engine() {
            journal::Engine::Sqlite(pool) => drop(sqlx::query(forged).execute(pool).await.unwrap()),
            journal::Engine::Postgres(pool) => drop(sqlx::query(forged).execute(pool).await.unwrap()),
        }
        let verified = projections::verify(&book.journal).await.unwrap();
        assert_eq!(verified.differences.len(), 1);
        assert_eq!(verified.differences[0].table, "customers");
        assert_eq!(verified.differences[0].key, "customer-019aa7b0-0000-7000-8000-000000000001");
    }
}
