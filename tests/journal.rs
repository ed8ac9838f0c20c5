//! The journal keeps its promises, on both engines: one suite, two databases.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use futures::future::join_all;
use journal::{
    Engine, Filter, Gather, Journal, Position, Refusal, Replayed, Request, TooLarge, Until, Version,
};
use tests::both_engines;
use tests::engine::{Home, Kind, stopped_at};
use tests::toy::{Act, Customer, Happened, No, POLICY, Policy, act, limit};

const A: &str = "customer-a";
const B: &str = "customer-b";

async fn refused<A: Gather>(journal: &Journal, request: Request<A>) -> Refusal<A::Rejection> {
    journal.execute(request).await.unwrap_err()
}

async fn run(journal: &Journal, sql: &str) -> Result<u64, sqlx::Error> {
    match journal.engine() {
        Engine::Sqlite(pool) => {
            sqlx::query(sql).execute(pool).await.map(|done| done.rows_affected())
        }
        Engine::Postgres(pool) => {
            sqlx::query(sql).execute(pool).await.map(|done| done.rows_affected())
        }
    }
}

/// Positions and the versions of every stream are dense.
async fn assert_dense(journal: &Journal) -> i64 {
    let mut position = Position::default();
    let mut versions = std::collections::HashMap::new();
    loop {
        let page = journal.after(position, &Filter::default(), 500).await.unwrap();
        for entry in &page.entries {
            position.0 += 1;
            assert_eq!(entry.position, position);
            let version = versions.entry(entry.stream.clone()).or_insert(0);
            *version += 1;
            assert_eq!(entry.version.0, *version, "{entry:?}");
        }
        assert_eq!(page.next, position.max(page.next));
        if page.entries.is_empty() {
            assert_eq!(position, page.head);
            return position.0;
        }
    }
}

both_engines! {
    async fn a_command_is_recorded_with_its_place(home: Home) {
        let journal = home.open().await;
        journal.execute(limit("limit", 5)).await.unwrap();
        let first = journal.execute(act(A, "order", Act::OrderAndReserve)).await.unwrap();
        assert_eq!((first.position, first.version), (Position(3), Version(2)));
        assert_eq!(first.replayed, Replayed::No);
        assert_eq!(first.events.len(), 2);
        assert_eq!(journal.acknowledged(), Position(3));
        assert_eq!(journal.head().await.unwrap(), Position(3));
        assert_eq!(*journal.doorbell().borrow(), Position(3));
        let entries = journal.stream(A, Version(0), 10).await.unwrap();
        assert_eq!(entries.iter().map(|e| e.version.0).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(entries[0].event_type, "ordered");
        assert_eq!(entries[0].event_version, 1);
        assert_eq!(entries[0].payload, r#"{"ordered":{"before":0,"limit":5,"policy":1}}"#);
        assert!(entries[0].metadata.contains(r#""actor":"staff-1""#));
        assert!(entries[0].metadata.contains(r#""request_hash":"hash of order""#));
        assert_eq!(entries[0].command_id, entries[1].command_id);
        assert_eq!(entries[1].recorded_at, Some(first.recorded_at));
        journal.close().await;
    }

    async fn a_repeat_gets_the_first_answer_for_ever(home: Home) {
        let journal = home.open().await;
        let first = journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        journal.execute(act(A, "approve", Act::Approve)).await.unwrap();
        let again = journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        assert_eq!(again.replayed, Replayed::Yes);
        assert_eq!((again.position, again.version, &again.events), (first.position, first.version, &first.events));
        assert_eq!(again.recorded_at, first.recorded_at);
        journal.close().await;
        let journal = home.open().await;
        let again = journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        assert_eq!((again.replayed, again.position), (Replayed::Yes, first.position));
        let other = Request { request_hash: "another".to_owned(), ..act(A, "apply", Act::Apply) };
        assert_eq!(refused(&journal, other).await, Refusal::KeyReused);
        assert_eq!(refused(&journal, act(B, "apply", Act::Apply)).await, Refusal::KeyReused);
        assert_eq!(journal.head().await.unwrap(), Position(2));
    }

    async fn repeats_at_the_same_time_are_one_command(home: Home) {
        let (one, two) = (home.open().await, home.open().await);
        let answers = join_all((0..40).map(|n| {
            let journal = if n % 2 == 0 { &one } else { &two };
            journal.execute(act(A, "apply", Act::Apply))
        })).await;
        let positions: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().position.0).collect();
        assert_eq!(positions, [1; 40]);
        assert_eq!(one.head().await.unwrap(), Position(1));
    }

    async fn a_rejection_records_nothing_and_keeps_its_key_free(home: Home) {
        let journal = home.open().await;
        assert_eq!(refused(&journal, act(A, "approve", Act::Approve)).await, Refusal::Rejected(No));
        journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        journal.execute(act(A, "approve", Act::Approve)).await.unwrap();
        assert_eq!(journal.head().await.unwrap(), Position(2));
    }

    async fn a_command_with_nothing_to_do_is_answered_with_where_things_stand(home: Home) {
        let journal = home.open().await;
        journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        let nothing = journal.execute(act(A, "nothing", Act::Nothing)).await.unwrap();
        assert_eq!((nothing.position, nothing.version, nothing.events.len()), (Position(1), Version(1), 0));
    }

    async fn an_older_version_is_stale(home: Home) {
        let journal = home.open().await;
        journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        let stale = Request { if_match: Some(Version(0)), ..act(A, "approve", Act::Approve) };
        assert_eq!(
            refused(&journal, stale).await,
            Refusal::Stale { expected: Version(0), actual: Version(1) }
        );
        let right = Request { if_match: Some(Version(1)), ..act(A, "approve", Act::Approve) };
        journal.execute(right).await.unwrap();
    }

    async fn a_claim_names_its_holder(home: Home) {
        let (one, two) = (home.open().await, home.open().await);
        one.execute(act(A, "register", Act::Register)).await.unwrap();
        let taken = Refusal::ClaimTaken { claim: "uscc:1".to_owned(), holder: A.to_owned() };
        assert_eq!(refused(&one, act(B, "b", Act::Register)).await, taken);
        assert_eq!(refused(&two, act(B, "b", Act::Register)).await, taken);
        assert_eq!(one.consider(act(B, "b", Act::Register)).await.unwrap_err(), taken);
        assert_eq!(two.holder("uscc:1").await.unwrap(), Some(A.to_owned()));
        assert_eq!(one.head().await.unwrap(), Position(1));
    }

    async fn sixty_four_orders_against_a_limit_of_ten_place_ten(home: Home) {
        let (one, two) = (home.open().await, home.open().await);
        one.execute(limit("limit", 10)).await.unwrap();
        let keys: Vec<String> = (0..64).map(|n| format!("order {n}")).collect();
        let answers = join_all(keys.iter().enumerate().map(|(n, key)| {
            let journal = if n % 2 == 0 { &one } else { &two };
            journal.execute(act(A, key, Act::Order))
        })).await;
        let placed = answers.iter().filter(|answer| answer.is_ok()).count();
        assert!(answers.iter().all(|a| a.is_ok() || *a == Err(Refusal::Rejected(No))), "{answers:?}");
        assert_eq!(placed, 10);
        assert_eq!(assert_dense(&one).await, 11);
        assert_eq!(two.confirmed::<Customer>(A).await.unwrap().state.orders, 10);
    }

    async fn a_policy_changed_elsewhere_counts_at_once(home: Home) {
        let (one, two) = (home.open().await, home.open().await);
        one.execute(limit("2", 2)).await.unwrap();
        one.execute(act(A, "order 1", Act::Order)).await.unwrap();
        two.execute(limit("1", 1)).await.unwrap();
        assert_eq!(refused(&one, act(A, "order 2", Act::Order)).await, Refusal::Rejected(No));
        two.execute(limit("3", 3)).await.unwrap();
        let placed = one.execute(act(A, "order 3", Act::Order)).await.unwrap();
        assert_eq!(placed.events, [Happened::Ordered { before: 1, limit: 3, policy: Version(3) }]);
    }

    async fn many_commands_of_two_processes_are_dense_and_complete(home: Home) {
        let (one, two) = (home.open().await, home.open().await);
        one.execute(limit("limit", 1_000)).await.unwrap();
        let names: Vec<(String, String)> =
            (0..600).map(|n| (format!("customer-{}", n % 37), format!("key {n}"))).collect();
        let answers = join_all(names.iter().enumerate().map(|(n, (stream, key))| {
            let journal = if n % 3 == 0 { &one } else { &two };
            let what = if n % 5 == 0 { Act::OrderAndReserve } else { Act::Order };
            journal.execute(act(stream, key, what))
        })).await;
        let mut positions: Vec<i64> = answers.into_iter().map(|a| a.unwrap().position.0).collect();
        positions.sort_unstable();
        positions.dedup();
        assert_eq!(positions.len(), 600);
        assert_eq!(assert_dense(&one).await, 1 + 600 + 120);
        one.close().await;
        let cold = home.open().await;
        let mut orders = 0;
        for n in 0..37 {
            let stream = format!("customer-{n}");
            let known = cold.confirmed::<Customer>(&stream).await.unwrap();
            assert_eq!(known.state, two.confirmed::<Customer>(&stream).await.unwrap().state);
            orders += known.state.orders;
        }
        assert_eq!(orders, 600);
    }

    async fn followers_read_in_order_and_know_how_far_they_looked(home: Home) {
        let journal = home.open().await;
        journal.execute(limit("limit", 9)).await.unwrap();
        for n in 0..4 {
            journal.execute(act(A, &format!("a{n}"), Act::OrderAndReserve)).await.unwrap();
            journal.execute(act(B, &format!("b{n}"), Act::Order)).await.unwrap();
        }
        let all = journal.after(Position(0), &Filter::default(), 100).await.unwrap();
        assert_eq!((all.entries.len(), all.next, all.head), (13, Position(13), Position(13)));
        let part = journal.after(Position(2), &Filter::default(), 3).await.unwrap();
        assert_eq!(part.entries.iter().map(|e| e.position.0).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!((part.next, part.head), (Position(5), Position(13)));
        let reserved = Filter { types: vec!["reserved".to_owned()], ..Filter::default() };
        let page = journal.after(Position(0), &reserved, 2).await.unwrap();
        assert_eq!(page.entries.iter().map(|e| e.position.0).collect::<Vec<_>>(), [3, 6]);
        assert_eq!(page.next, Position(6));
        let rest = journal.after(page.next, &reserved, 100).await.unwrap();
        assert_eq!((rest.entries.len(), rest.next), (2, Position(13)));
        let of_b = Filter { stream: Some(B.to_owned()), ..Filter::default() };
        let page = journal.after(Position(0), &of_b, 100).await.unwrap();
        assert_eq!((page.entries.len(), page.next), (4, Position(13)));
        let typed = Filter { types: vec!["reserved".to_owned()], ..of_b };
        assert_eq!(journal.after(Position(0), &typed, 100).await.unwrap().entries, []);
        let policies = Filter { aggregate_type: Some("policy".to_owned()), ..Filter::default() };
        let page = journal.after(Position(0), &policies, 100).await.unwrap();
        assert_eq!((page.entries.len(), page.next), (1, Position(13)));
        let ahead = journal.after(Position(50), &Filter::default(), 100).await.unwrap();
        assert_eq!((ahead.next, ahead.head), (Position(50), Position(13)));
    }

    async fn another_process_hears_of_a_commit(home: Home) {
        let (one, two) = (home.open().await, home.open().await);
        let mut bell = two.doorbell();
        one.execute(act(A, "apply", Act::Apply)).await.unwrap();
        assert_eq!(*bell.wait_for(|head| head.0 > 0).await.unwrap(), Position(1));
    }

    async fn a_stream_is_replayed_as_it_was(home: Home) {
        let early = home.open_with(stopped_at("2026-01-01T00:00:00Z")).await;
        early.execute(limit("limit", 9)).await.unwrap();
        early.execute(act(A, "1", Act::Order)).await.unwrap();
        early.execute(act(A, "2", Act::Order)).await.unwrap();
        early.close().await;
        let late = home.open_with(stopped_at("2026-06-01T00:00:00.123456Z")).await;
        let third = late.execute(act(A, "3", Act::Order)).await.unwrap();
        assert_eq!(third.recorded_at, "2026-06-01T00:00:00.123456Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap());
        for (until, orders) in [
            (Until::Version(Version(0)), 0),
            (Until::Version(Version(2)), 2),
            (Until::Version(Version(99)), 3),
            (Until::RecordedAt("2025-12-31T00:00:00Z".parse().unwrap()), 0),
            (Until::RecordedAt("2026-01-01T00:00:00Z".parse().unwrap()), 2),
            (Until::RecordedAt(third.recorded_at), 3),
        ] {
            let known = late.replay::<Customer>(A, until).await.unwrap();
            assert_eq!((known.state.orders, known.version.0), (orders, orders), "{until:?}");
        }
        // A clock that goes back does not take the journal with it.
        late.close().await;
        let back = home.open_with(stopped_at("2020-01-01T00:00:00Z")).await;
        assert_eq!(back.execute(act(A, "4", Act::Order)).await.unwrap().recorded_at, third.recorded_at);
    }

    async fn a_trial_records_nothing(home: Home) {
        let journal = home.open().await;
        journal.execute(limit("limit", 1)).await.unwrap();
        let events = journal.consider(act(A, "order", Act::Order)).await.unwrap();
        assert_eq!(events, [Happened::Ordered { before: 0, limit: 1, policy: Version(1) }]);
        assert_eq!(journal.head().await.unwrap(), Position(1));
        assert_eq!(journal.consider(act(A, "x", Act::Approve)).await.unwrap_err(), Refusal::Rejected(No));
    }

    async fn what_is_too_large_is_refused_whole(home: Home) {
        let journal = home.open().await;
        assert!(matches!(
            refused(&journal, act(A, "note", Act::Note(70_000))).await,
            Refusal::TooLarge(TooLarge::Payload { bytes: 70_020.., most: 65_536 })
        ));
        assert_eq!(
            refused(&journal, act(A, "many", Act::Repeat(65))).await,
            Refusal::TooLarge(TooLarge::Events { events: 65, most: 64 })
        );
        let long = "x".repeat(600);
        assert_eq!(refused(&journal, act(A, &long, Act::Apply)).await.code(), "journal.malformed");
        assert_eq!(refused(&journal, act("a\0b", "key", Act::Apply)).await.code(), "journal.malformed");
        assert_eq!(journal.head().await.unwrap(), Position(0));
        let most = journal.execute(act(A, "most", Act::Repeat(64))).await.unwrap();
        assert_eq!((most.position, most.version), (Position(64), Version(64)));
        let again = journal.execute(act(A, "most", Act::Repeat(64))).await.unwrap();
        assert_eq!((again.events.len(), again.replayed), (64, Replayed::Yes));
        journal.execute(act(A, "long", Act::Note(65_000))).await.unwrap();
    }

    async fn nothing_that_was_recorded_can_be_changed(home: Home) {
        let journal = home.open().await;
        journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        for sql in [
            "UPDATE events SET payload = '{}'",
            "UPDATE events SET position = 2",
            "UPDATE events SET leaf_hash = NULL",
            "DELETE FROM events",
        ] {
            let error = run(&journal, sql).await.unwrap_err().to_string();
            assert!(error.contains("append-only"), "{sql}: {error}");
        }
        if matches!(journal.engine(), Engine::Postgres(_)) {
            let error = run(&journal, "TRUNCATE events").await.unwrap_err().to_string();
            assert!(error.contains("append-only"), "{error}");
        }
        assert_eq!(journal.stream(A, Version(0), 9).await.unwrap().len(), 1);
    }

    async fn the_leaf_hash_is_the_same_on_every_engine(home: Home) {
        let journal = home.open_with(stopped_at("2026-11-22T03:04:05.678901Z")).await;
        journal.execute(act("customer-é", "apply", Act::Apply)).await.unwrap();
        let entries = journal.stream("customer-é", Version(0), 1).await.unwrap();
        assert_eq!(
            hex::encode(entries[0].leaf_hash.unwrap()),
            // Computed apart from this program, from the layout in ARCHITECTURE.md, D10.
            "2aa40d739d3ad3e2968b2f81f8b08015ba40a4ef3ee8252e0e194ca378ff28be"
        );
    }

    async fn a_small_cache_changes_nothing_but_the_pace(home: Home) {
        let journal = home.open_with(journal::Options { cache_bytes: 0, ..tests::engine::options() }).await;
        journal.execute(limit("limit", 100)).await.unwrap();
        let names: Vec<(String, String)> =
            (0..200).map(|n| (format!("customer-{}", n % 20), format!("key {n}"))).collect();
        for answer in join_all(names.iter().map(|(s, k)| journal.execute(act(s, k, Act::Order)))).await {
            answer.unwrap();
        }
        for n in 0..20 {
            journal.execute(act(&format!("customer-{n}"), &format!("last {n}"), Act::Order)).await.unwrap();
        }
        assert_eq!(assert_dense(&journal).await, 221);
        assert!(journal.cached().1 < 5, "{:?}", journal.cached());
        assert_eq!(journal.confirmed::<Policy>(POLICY).await.unwrap().state.limit, 100);
    }
}

/// SQLite has one process. Without the news A's third command would be refused, read again and decided again.
#[tokio::test]
async fn an_append_learns_what_another_process_recorded() {
    let home = Home::new(Kind::Postgres).await;
    let (here, there) = (home.open().await, home.open().await);
    here.execute(limit("limit", 100)).await.unwrap();
    here.execute(act(A, "here", Act::Order)).await.unwrap();
    there.execute(act(A, "there", Act::Order)).await.unwrap();
    here.execute(act(B, "elsewhere", Act::Order)).await.unwrap();
    here.execute(act(A, "here again", Act::Order)).await.unwrap();
    assert_eq!((here.refused(), there.refused()), (0, 0));
    assert_eq!(assert_dense(&here).await, 5);

    // Nobody told this process of anything in between.
    there.execute(act(A, "there again", Act::Order)).await.unwrap();
    assert_eq!((here.refused(), there.refused()), (0, 1));
}

/// On PostgreSQL the server says good-bye in its own time; SQLite removes its log with the last connection, and only then.
#[tokio::test]
async fn a_closed_journal_leaves_no_connection_behind() {
    let home = Home::new(Kind::Sqlite).await;
    let journal = home.open().await;
    journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
    journal.close().await;
    let left = std::fs::read_dir(home.folder()).unwrap().map(|it| it.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["journal.db"]);
}
