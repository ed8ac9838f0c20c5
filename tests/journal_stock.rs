//! Stock cqrs-es programs and Probity share one table, on both engines.
#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the report")]

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cqrs_es::persist::PersistedEventStore;
use cqrs_es::{AggregateError, CqrsFramework, EventStore};
use domain::decider::Directed;
use futures::future::{BoxFuture, join_all};
use journal::{Engine, Entry, Filter, Journal, Position, Refusal, Version};
use postgres_es::PostgresEventRepository;
use sqlite_es::SqliteEventRepository;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tests::both_engines;
use tests::engine::{Home, Kind, options};
use tests::toy::{Act, Customer, Limit, No, act, limit};

type Answer = Result<(), AggregateError<No>>;

/// An unmodified stock program, whichever its database.
#[derive(Clone)]
enum Stock {
    Postgres(Arc<postgres_es::PostgresCqrs<Customer>>),
    Sqlite(Arc<sqlite_es::SqliteCqrs<Customer>>),
}

impl Stock {
    async fn new(home: &Home) -> Stock {
        match home.kind {
            Kind::Postgres => {
                let pool = PgPool::connect(&home.url).await.unwrap();
                Stock::Postgres(Arc::new(postgres_es::postgres_cqrs(pool, Vec::new(), ())))
            }
            Kind::Sqlite => {
                let pool = sqlite_es::default_sqlite_pool(&home.url).await;
                Stock::Sqlite(Arc::new(sqlite_es::sqlite_cqrs(pool, Vec::new(), ())))
            }
        }
    }

    fn execute(&self, stream: &str, command: Act) -> BoxFuture<'static, Answer> {
        let (stock, stream) = (self.clone(), stream.to_owned());
        let directed = Directed { context: Limit { limit: 1_000, ..Limit::default() }, command };
        Box::pin(async move {
            match stock {
                Stock::Postgres(cqrs) => cqrs.execute(&stream, directed).await,
                Stock::Sqlite(cqrs) => cqrs.execute(&stream, directed).await,
            }
        })
    }
}

fn what(entries: Vec<Entry>) -> Vec<(String, i64, String, i32, String)> {
    let what = |e: Entry| (e.aggregate_type, e.version.0, e.event_type, e.event_version, e.payload);
    entries.into_iter().map(what).collect()
}

async fn of(journal: &Journal, stream: &str) -> Vec<(String, i64, String, i32, String)> {
    what(journal.stream(stream, Version(0), 10_000).await.unwrap())
}

/// Follows until `stop` positions are seen, and insists on every one of them in order.
async fn follow(journal: Journal, stop: Arc<AtomicUsize>) -> usize {
    let mut bell = journal.doorbell();
    let mut position = Position::default();
    loop {
        let page = journal.after(position, &Filter::default(), 7).await.unwrap();
        for entry in page.entries {
            position.0 += 1;
            assert_eq!(entry.position, position, "a follower skipped an event");
        }
        let seen = usize::try_from(position.0).unwrap();
        if seen >= stop.load(Ordering::SeqCst) {
            return seen;
        }
        if position >= page.head {
            bell.changed().await.unwrap();
        }
    }
}

both_engines! {
    async fn a_stock_framework_and_the_executor_make_the_same_stream(home: Home) {
        let journal = home.open().await;
        journal.execute(limit("limit", 1_000)).await.unwrap();
        let framework: CqrsFramework<Customer, Journal> =
            CqrsFramework::new(journal.clone(), Vec::new(), ());
        let context = Limit { limit: 1_000, policy: Version(1) };
        let acts = [Act::Apply, Act::Order, Act::OrderAndReserve, Act::Nothing, Act::Approve];
        for (n, command) in acts.into_iter().enumerate() {
            let directed = Directed { context: context.clone(), command };
            let metadata = HashMap::from([("actor".to_owned(), "staff-1".to_owned())]);
            framework.execute_with_metadata("customer-stock", directed, metadata).await.unwrap();
            journal.execute(act("customer-ours", &n.to_string(), command)).await.unwrap();
        }
        assert_eq!(of(&journal, "customer-stock").await, of(&journal, "customer-ours").await);
        let rejected = framework
            .execute("customer-stock", Directed { context, command: Act::Apply })
            .await;
        assert!(matches!(rejected, Err(AggregateError::UserError(No))));
        let loaded = EventStore::<Customer>::load_events(&journal, "customer-stock").await.unwrap();
        assert_eq!(loaded.iter().map(|e| e.sequence).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
        assert_eq!(loaded[0].metadata["actor"], "staff-1");
    }

    async fn a_stock_framework_on_the_journal_sees_its_conflicts(home: Home) {
        let journal = home.open().await;
        let mut stale = EventStore::<Customer>::load_aggregate(&journal, "customer-a").await.unwrap();
        journal.execute(act("customer-a", "apply", Act::Apply)).await.unwrap();
        let _ = cqrs_es::AggregateContext::aggregate(&mut stale);
        let events = vec![tests::toy::Happened::Reserved {}];
        let conflict = EventStore::<Customer>::commit(&journal, events, stale, HashMap::new()).await;
        assert!(matches!(conflict, Err(AggregateError::AggregateConflict)));
        assert_eq!(journal.head().await.unwrap(), Position(1));
    }

    async fn unmodified_stock_programs_append_beside_the_executor(home: Home) {
        let (one, two) = (home.open().await, home.open().await);
        one.execute(limit("limit", 1_000)).await.unwrap();
        let stop = Arc::new(AtomicUsize::new(usize::MAX));
        let followers: Vec<_> =
            [one.clone(), two.clone()].map(|j| tokio::spawn(follow(j, Arc::clone(&stop)))).into();
        let (stock, other) = (Stock::new(&home).await, Stock::new(&home).await);

        // Streams that both write, and that only one does; hot ones, so that there are conflicts.
        let stock_tasks: Vec<_> = (0..120).map(|n| {
            let (program, stream) = (if n % 2 == 0 { &stock } else { &other }, format!("customer-{}", n % 8));
            tokio::spawn(program.execute(&stream, Act::OrderAndReserve))
        }).collect();
        let ours: Vec<_> = (0..240).map(|n| {
            let journal = if n % 2 == 0 { one.clone() } else { two.clone() };
            tokio::spawn(async move {
                let request = act(&format!("customer-{}", n % 12), &format!("ours {n}"), Act::Order);
                journal.execute(request).await
            })
        }).collect();

        let mut stored = 0;
        for answer in join_all(stock_tasks).await {
            match answer.unwrap() {
                Ok(()) => stored += 2,
                Err(AggregateError::AggregateConflict) => {}
                Err(other) => panic!("stock saw {other:?}"),
            }
        }
        for answer in join_all(ours).await {
            answer.unwrap().unwrap();
            stored += 1;
        }
        let total = stored + 1;
        assert_eq!(one.head().await.unwrap().0, i64::try_from(total).unwrap());
        stop.store(total, Ordering::SeqCst);
        one.execute(act("customer-last", "last", Act::Order)).await.unwrap();
        for follower in followers {
            assert!(follower.await.unwrap() >= total);
        }
        // Whoever wrote last, everybody folds the same.
        one.close().await;
        let cold = home.open().await;
        for n in 0..12 {
            let stream = format!("customer-{n}");
            let ours = two.confirmed::<Customer>(&stream).await.unwrap();
            assert_eq!(ours.state, cold.confirmed::<Customer>(&stream).await.unwrap().state);
            assert_eq!(ours.state.as_ref(), &stock_fold(&home, &stream).await);
        }
        let entries = two.after(Position(0), &Filter::default(), 10_000).await.unwrap().entries;
        assert!(entries.windows(2).all(|pair| pair[0].recorded_at <= pair[1].recorded_at));
        assert!(entries.iter().any(|entry| entry.leaf_hash.is_none()));
        // What a stock program wrote is noticed before the next decision here.
        let next = two.execute(act("customer-0", "next", Act::Order)).await.unwrap();
        assert_eq!(next.version.0, i64::try_from(of(&two, "customer-0").await.len()).unwrap());
    }
}

async fn stock_fold(home: &Home, stream: &str) -> Customer {
    match home.kind {
        Kind::Postgres => {
            let pool = PgPool::connect(&home.url).await.unwrap();
            let store = PersistedEventStore::<_, Customer>::new_event_store(
                PostgresEventRepository::new(pool.clone()),
            );
            let loaded = store.load_aggregate(stream).await.unwrap();
            pool.close().await;
            loaded.aggregate
        }
        Kind::Sqlite => {
            let pool = sqlite_es::default_sqlite_pool(&home.url).await;
            let repository = SqliteEventRepository::new(pool.clone());
            let store = PersistedEventStore::<_, Customer>::new_event_store(repository);
            let loaded = store.load_aggregate(stream).await.unwrap();
            pool.close().await;
            loaded.aggregate
        }
    }
}

async fn as_role(home: &Home, role: &str) -> PgPool {
    let connect: PgConnectOptions = home.url.parse().unwrap();
    PgPoolOptions::new().max_connections(2).connect_with(connect.username(role)).await.unwrap()
}

async fn create_role(journal: &Journal, role: &str) {
    let Engine::Postgres(pool) = journal.engine() else { panic!("PostgreSQL only") };
    sqlx::query(&format!("CREATE ROLE {role} LOGIN")).execute(pool).await.unwrap();
}

async fn denied(pool: &PgPool, sql: &str) {
    let error = sqlx::query(sql).execute(pool).await.unwrap_err();
    let code = error.as_database_error().unwrap().code().unwrap().into_owned();
    assert_eq!(code, "42501", "{sql}: {error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_role_can_append_and_nothing_else() {
    let home = Home::new(Kind::Postgres).await;
    let owner = home.open().await;
    let role = format!("stock_{}", home.schema);
    create_role(&owner, &role).await;
    Journal::grant_stock(&home.url, &role).await.unwrap();
    let pool = as_role(&home, &role).await;
    let stock = postgres_es::postgres_cqrs::<Customer>(pool.clone(), Vec::new(), ());
    let directed = Directed { context: Limit::default(), command: Act::Apply };
    stock.execute("customer-a", directed).await.unwrap();
    assert_eq!(owner.head().await.unwrap(), Position(1));
    let idle: String = sqlx::query_scalar("SHOW idle_in_transaction_session_timeout")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(idle, "10s");
    denied(&pool, "UPDATE events SET position = 7").await;
    denied(&pool, "DELETE FROM events").await;
    denied(&pool, "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata, position) VALUES ('a', 'b', 1, 'c', '1', '{}', '{}', 9)").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_serving_role_records_and_cannot_rewrite() {
    let home = Home::new(Kind::Postgres).await;
    let owner = home.open().await;
    let role = format!("serve_{}", home.schema);
    create_role(&owner, &role).await;
    Journal::grant(&home.url, &role).await.unwrap();
    let url = home.url.replace("probity@", &format!("{role}@"));
    let serving = Journal::open(&url, options()).await.unwrap();
    serving.execute(act("customer-a", "apply", Act::Apply)).await.unwrap();
    let refused = serving.execute(act("customer-a", "again", Act::Apply)).await;
    assert_eq!(refused, Err(Refusal::Rejected(No)));
    let pool = as_role(&home, &role).await;
    for sql in ["UPDATE events SET position = 7", "DELETE FROM events", "TRUNCATE events"] {
        denied(&pool, sql).await;
    }
    denied(&pool, "ALTER TABLE events DISABLE TRIGGER ALL").await;
}
