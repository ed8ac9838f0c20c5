//! What was tampered with is found, and what is erased is gone, on both engines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the report")]

use std::sync::Arc;

use cqrs_es::DomainEvent;
use journal::{Engine, Filter, Journal, Opening, Position, Report, Unsound, Upcast, Version};
use sqlx::Executor;
use tests::both_engines;
use tests::engine::{Home, Kind, options};
use tests::toy::{Act, Customer, Happened, Policy, act, limit};

async fn some_history(journal: &Journal) {
    journal.execute(limit("limit", 9)).await.unwrap();
    journal.execute(act("customer-a", "register", Act::Register)).await.unwrap();
    journal.execute(act("customer-a", "1", Act::OrderAndReserve)).await.unwrap();
    journal.execute(act("customer-b", "2", Act::Order)).await.unwrap();
    journal.execute(act("customer-a", "3", Act::Order)).await.unwrap();
}

/// As somebody would who owns the file or the table.
async fn tamper(journal: &Journal, sql: &str) {
    match journal.engine() {
        Engine::Postgres(pool) => {
            let mut all = pool.begin().await.unwrap();
            all.execute("ALTER TABLE events DISABLE TRIGGER events_are_append_only").await.unwrap();
            all.execute(sql).await.unwrap();
            all.execute("ALTER TABLE events ENABLE TRIGGER events_are_append_only").await.unwrap();
            all.commit().await.unwrap();
        }
        Engine::Sqlite(pool) => {
            let mut all = pool.begin().await.unwrap();
            all.execute("DROP TRIGGER events_never_change").await.unwrap();
            all.execute("DROP TRIGGER events_never_go").await.unwrap();
            all.execute(sql).await.unwrap();
            all.commit().await.unwrap();
        }
    }
}

async fn found(journal: &Journal) -> String {
    match journal.verify().await.unwrap_err() {
        Unsound::Fault(fault) => fault.to_string(),
        Unsound::Journal(error) => panic!("{error}"),
    }
}

async fn tampered(home: &Home, sql: &str) -> String {
    let other = Home::new(home.kind).await;
    let journal = other.open().await;
    some_history(&journal).await;
    tamper(&journal, sql).await;
    found(&journal).await
}

/// "reserved" was once called "held".
#[derive(Debug)]
struct Renamed;

impl Upcast for Renamed {
    fn upcast(
        &self,
        event_type: &str,
        version: i32,
        payload: &str,
    ) -> Option<(String, i32, String)> {
        (event_type == "held" && version == 0)
            .then(|| ("reserved".to_owned(), 1, payload.replace("held", "reserved")))
    }
}

both_engines! {
    async fn a_sound_journal_is_proved_sound(home: Home) {
        let journal = home.open().await;
        some_history(&journal).await;
        let report = journal.verify().await.unwrap();
        let expected =
            Report { events: 6, streams: 3, hashed: 6, stock: 0, keys: 5, claims: 1 };
        assert_eq!(report, expected);
        assert_eq!(journal.verify_streams::<Customer>().await.unwrap(), 2);
        assert_eq!(journal.verify_streams::<Policy>().await.unwrap(), 1);
    }

    async fn every_kind_of_tampering_is_found_and_named(home: Home) {
        for (sql, expected) in [
            (
                "UPDATE events SET payload = '{\"reserved\":{} }' WHERE position = 4",
                "position 4 (customer-a, version 3): its content is not what its leaf hash says",
            ),
            (
                "UPDATE events SET metadata = '{}' WHERE position = 2",
                "position 2 (customer-a, version 1): its content is not what its leaf hash says",
            ),
            (
                "UPDATE events SET leaf_hash = NULL WHERE position = 5",
                "position 5 (customer-b, version 1): its leaf hash is gone",
            ),
            (
                "DELETE FROM events WHERE position = 4",
                "position 5 (customer-b, version 1): position 4 is missing before it",
            ),
            (
                "UPDATE events SET sequence = 9 WHERE position = 6",
                "position 6 (customer-a, version 9): version 4 is missing before it",
            ),
            (
                "UPDATE events SET idempotency_key = NULL WHERE position = 5",
                "position 5 (customer-b, version 1): its idempotency key does not stand on a command's first event",
            ),
        ] {
            assert_eq!(tampered(&home, sql).await, expected, "{sql}");
        }
    }

    async fn a_claim_filed_under_another_name_is_found(home: Home) {
        let journal = home.open().await;
        some_history(&journal).await;
        tamper(&journal, "UPDATE events SET claim = 'uscc:2' WHERE claim = 'uscc:1'").await;
        let fault = journal.verify_streams::<Customer>().await.unwrap_err().to_string();
        assert!(fault.contains("claims uscc:1, which is not held by this stream"), "{fault}");
    }

    async fn an_old_shape_is_read_as_the_new_one(home: Home) {
        let journal = home.open().await;
        let old = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
                   VALUES ('customer', 'customer-old', 1, 'held', '0', '{\"held\":{}}', '{}')";
        match journal.engine() {
            Engine::Postgres(pool) => drop(pool.execute(old).await.unwrap()),
            Engine::Sqlite(pool) => drop(pool.execute(old).await.unwrap()),
        }
        let unreadable = journal.confirmed::<Customer>("customer-old").await.unwrap_err();
        assert_eq!(unreadable.code(), "journal.unreadable");
        let upcasting = journal::Options { upcasts: vec![Arc::new(Renamed)], ..options() };
        let journal = home.open_with(upcasting).await;
        journal.execute(act("customer-old", "apply", Act::Apply)).await.unwrap();
        let known = journal.confirmed::<Customer>("customer-old").await.unwrap();
        assert_eq!((known.version, known.state.stage), (Version(2), 1));
        assert_eq!(journal.verify_streams::<Customer>().await.unwrap(), 1);
        let entry = &journal.after(Position(0), &Filter::default(), 1).await.unwrap().entries[0];
        assert_eq!((entry.event_type.as_str(), entry.event_version), ("held", 0));
        assert_eq!(journal.event::<Happened>(entry).unwrap(), Happened::Reserved {});
        assert_eq!(Happened::Reserved {}.event_type(), "reserved");
    }

    async fn what_is_sealed_can_be_opened_until_it_is_erased(home: Home) {
        let journal = home.open().await;
        let openings = journal.openings();
        let digest = openings.seal("contact-1", "王小明 13800000000", [7; 32]).await.unwrap();
        assert_eq!(digest, "sha256:d63e90b8b2a0826216069faca601f961612fb61b0325a05f1c8f180fff90f804");
        assert_eq!(openings.seal("contact-1", "王小明 13800000000", [7; 32]).await.unwrap(), digest);
        let other = openings.seal("contact-1", "王小明 13800000000", [8; 32]).await.unwrap();
        assert_ne!(other, digest);
        let of_another = openings.seal("contact-2", "李四", [9; 32]).await.unwrap();
        assert_eq!(openings.open(&digest).await.unwrap().as_deref(), Some("王小明 13800000000"));
        assert_eq!(openings.erase("contact-1").await.unwrap(), 2);
        assert_eq!(openings.open(&digest).await.unwrap(), None);
        assert_eq!(openings.open(&of_another).await.unwrap().as_deref(), Some("李四"));
        let wrong = openings.seal("contact-2", "李五", [9; 32]).await.unwrap();
        assert_eq!(openings.discard(&wrong).await.unwrap(), 1);
        let left = Opening { digest: of_another, subject: "contact-2".to_owned(), text: "李四".to_owned() };
        for keys in [[left.digest.clone(), wrong], ["contact-1".to_owned(), "contact-2".to_owned()]] {
            assert_eq!(openings.known(&keys).await.unwrap(), std::slice::from_ref(&left));
        }
        let long = "x".repeat(5_000);
        assert_eq!(openings.seal("contact-1", &long, [0; 32]).await.unwrap_err().code(), "journal.malformed");
    }
}

#[tokio::test]
async fn what_is_erased_is_not_in_the_sqlite_file_any_more() {
    let home = Home::new(Kind::Sqlite).await;
    let journal = home.open().await;
    let secret = "a telephone number nobody may find again";
    let digest = journal.openings().seal("contact-1", secret, [7; 32]).await.unwrap();
    journal.execute(act("customer-a", "apply", Act::Apply)).await.unwrap();
    journal.openings().erase("contact-1").await.unwrap();
    assert_eq!(journal.openings().open(&digest).await.unwrap(), None);
    journal.close().await;
    for file in std::fs::read_dir(home.folder()).unwrap() {
        let path = file.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{} still holds it", path.display());
    }
}

#[tokio::test]
async fn a_row_that_slipped_past_the_triggers_of_sqlite_is_found() {
    let home = Home::new(Kind::Sqlite).await;
    let journal = home.open().await;
    some_history(&journal).await;
    let Engine::Sqlite(pool) = journal.engine() else { panic!("SQLite only") };
    let replaced = "INSERT OR REPLACE INTO events SELECT aggregate_type, aggregate_id, sequence, event_type, event_version, \
         '{\"ordered\":{\"before\":0,\"limit\":99,\"policy\":1}}', metadata, position, recorded_at, command_id, idempotency_key, \
         claim, leaf_hash FROM events WHERE position = 5";
    pool.execute(replaced).await.unwrap();
    assert!(found(&journal).await.contains("not what its leaf hash says"));
}
