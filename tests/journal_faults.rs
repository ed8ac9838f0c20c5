//! Faults in pairs: failed and not written, failed but written. Each gets a clear answer; nothing is lost or doubled.
#![expect(clippy::unwrap_used, clippy::panic, reason = "in a test a panic is the report")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use futures::future::join_all;
use journal::{
    ClockCheck, Engine, Error, Exclusive, Filter, Journal, Options, Position, Refusal, Replayed,
};
use sqlx::postgres::PgConnectOptions;
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use tests::both_engines;
use tests::engine::{Home, Kind, Stopped, options};
use tests::toy::{Act, Customer, act, limit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const STOCK_ROW: &str = "INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata) \
     VALUES ('customer', 'customer-stock', 1, 'applied', '1', '{\"applied\":{}}', '{}')";
const A: &str = "customer-a";

fn impatient() -> Options {
    Options { lock_timeout: Duration::from_millis(300), ..options() }
}

async fn count(journal: &Journal, stream: &str) -> usize {
    journal.stream(stream, journal::Version(0), 100).await.unwrap().len()
}

/// Another program, in the middle of a transaction that holds the append lock.
enum Hanging {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Hanging {
    async fn in_a_transaction(home: &Home) -> Hanging {
        match home.kind {
            Kind::Postgres => {
                let mut connection = PgConnection::connect(&home.url).await.unwrap();
                connection.execute("BEGIN").await.unwrap();
                connection.execute(STOCK_ROW).await.unwrap();
                Hanging::Postgres(connection)
            }
            Kind::Sqlite => {
                let mut connection = SqliteConnection::connect(&home.url).await.unwrap();
                connection.execute("BEGIN").await.unwrap();
                connection.execute(STOCK_ROW).await.unwrap();
                Hanging::Sqlite(connection)
            }
        }
    }

    async fn say(&mut self, sql: &str) {
        match self {
            Hanging::Postgres(connection) => drop(connection.execute(sql).await.unwrap()),
            Hanging::Sqlite(connection) => drop(connection.execute(sql).await.unwrap()),
        }
    }
}

both_engines! {
    async fn a_stock_program_that_hangs_in_its_transaction_costs_a_clear_answer(home: Home) {
        let journal = home.open_with(impatient()).await;
        journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        let mut hanging = Hanging::in_a_transaction(&home).await;
        let locked = journal.execute(act(A, "approve", Act::Approve)).await;
        assert_eq!(locked, Err(Refusal::Journal(Error::Locked)));
        hanging.say("COMMIT").await;
        let approved = journal.execute(act(A, "approve", Act::Approve)).await.unwrap();
        assert_eq!((approved.position, approved.replayed), (Position(3), Replayed::No));
        assert_eq!(count(&journal, "customer-stock").await, 1);
        journal.verify().await.unwrap();
    }

    async fn a_client_that_stops_waiting_gets_its_answer_with_its_key(home: Home) {
        let patient = Options { deadline: Duration::from_millis(100), lock_timeout: Duration::from_secs(20), statement_timeout: Duration::from_secs(20), ..options() };
        let journal = home.open_with(patient).await;
        let mut hanging = Hanging::in_a_transaction(&home).await;
        let unknown = journal.execute(act(A, "apply", Act::Apply)).await;
        assert_eq!(unknown, Err(Refusal::Unknown));
        // Queued behind the one that is under way, and never sent after its deadline.
        let late = journal.execute(act(A, "approve", Act::Approve)).await;
        assert_eq!(late, Err(Refusal::Unknown));
        let mut bell = journal.doorbell();
        hanging.say("ROLLBACK").await;
        bell.wait_for(|head| head.0 >= 1).await.unwrap();
        let again = home.open().await.execute(act(A, "apply", Act::Apply)).await.unwrap();
        assert_eq!((again.position, again.replayed), (Position(1), Replayed::Yes));
        journal.close().await;
        assert_eq!(home.open().await.head().await.unwrap(), Position(1));
    }

    async fn a_client_that_hangs_up_does_not_take_its_command_with_it(home: Home) {
        let journal = home.open().await;
        let mut hanging = Hanging::in_a_transaction(&home).await;
        let mut bell = journal.doorbell();
        {
            let call = journal.execute(act(A, "apply", Act::Apply));
            let impatience = tokio::time::timeout(Duration::from_millis(50), call);
            assert!(impatience.await.is_err());
        }
        hanging.say("ROLLBACK").await;
        bell.wait_for(|head| head.0 >= 1).await.unwrap();
        let again = journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        assert_eq!((again.position, again.replayed), (Position(1), Replayed::Yes));
    }

    async fn closing_finishes_what_is_queued(home: Home) {
        let journal = home.open().await;
        journal.execute(limit("limit", 1_000)).await.unwrap();
        let mut tasks = Vec::new();
        for n in 0..100 {
            let journal = journal.clone();
            tasks.push(tokio::spawn(async move {
                journal.execute(act(&format!("customer-{n}"), &format!("{n}"), Act::Order)).await
            }));
        }
        tokio::task::yield_now().await;
        journal.clone().close().await;
        let placed = join_all(tasks).await.into_iter().filter(|answer| answer.as_ref().unwrap().is_ok()).count();
        let later = journal.execute(act(A, "late", Act::Apply)).await;
        assert_eq!(later, Err(Refusal::Journal(Error::Closed)));
        let head = home.open().await.head().await.unwrap();
        assert_eq!(head.0, i64::try_from(placed).unwrap() + 1);
    }

    async fn a_database_that_was_never_migrated_is_refused(home: Home) {
        let bare = Home::unmigrated(home.kind).await;
        if home.kind == Kind::Sqlite {
            std::fs::write(bare.folder().join("journal.db"), []).unwrap();
        }
        let error = Journal::open(&bare.url, options()).await.unwrap_err();
        assert!(matches!(error, Error::Schema { found: 0, .. }), "{error:?}");
        let error = Journal::open("mysql://root:secret@host/db", options()).await.unwrap_err();
        assert_eq!(error.to_string(), "not a journal's address: mysql: (sqlite:PATH or postgres://… are known)");
    }

    async fn migrating_twice_changes_nothing(home: Home) {
        let journal = home.open().await;
        journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
        Journal::migrate(&home.url).await.unwrap();
        assert_eq!(journal.head().await.unwrap(), Position(1));
    }

    async fn more_than_can_wait_is_answered_at_once(home: Home) {
        let journal = home.open_with(Options { commands: 2, ..options() }).await;
        let mut hanging = Hanging::in_a_transaction(&home).await;
        let mut first = Box::pin(journal.execute(act("customer-1", "1", Act::Apply)));
        let mut second = Box::pin(journal.execute(act("customer-2", "2", Act::Apply)));
        assert!(futures::poll!(&mut first).is_pending());
        assert!(futures::poll!(&mut second).is_pending());
        let third = journal.execute(act("customer-3", "3", Act::Apply)).await;
        assert_eq!(third, Err(Refusal::Journal(Error::Busy)));
        hanging.say("ROLLBACK").await;
        first.await.unwrap();
        second.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_loses_nothing() {
    let home = Home::new(Kind::Sqlite).await;
    let mut connection = SqliteConnection::connect(&home.url).await.unwrap();
    let pages: u32 =
        sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    let small = Options { sqlite_pages_max: pages + 20, ..options() };
    let journal = home.open_with(small).await;
    let mut recorded = 0;
    let full = loop {
        let key = format!("note {recorded}");
        match journal.execute(act(A, &key, Act::Note(8_000))).await {
            Ok(committed) => {
                recorded += 1;
                assert_eq!(committed.position, Position(recorded));
            }
            Err(refusal) => break refusal,
        }
    };
    assert_eq!(full, Refusal::Journal(Error::Full));
    assert!(recorded > 3);
    let key = format!("note {recorded}");
    let again = journal.execute(act(A, &key, Act::Note(8_000))).await;
    assert_eq!(again, Err(Refusal::Journal(Error::Full)));
    assert_eq!(journal.head().await.unwrap(), Position(recorded));
    journal.close().await;
    let roomy = home.open().await;
    assert_eq!(roomy.verify().await.unwrap().events, usize::try_from(recorded).unwrap());
    let noted = roomy.execute(act(A, &key, Act::Note(8_000))).await.unwrap();
    assert_eq!((noted.position, noted.replayed), (Position(recorded + 1), Replayed::No));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_same_file_is_refused() {
    let home = Home::new(Kind::Sqlite).await;
    let alone = || Options { exclusive: Exclusive::Yes, ..options() };
    let first = home.open_with(alone()).await;
    let second = Journal::open(&home.url, alone()).await.unwrap_err();
    assert!(matches!(second, Error::InUse(_)), "{second:?}");
    let tool = home.open().await;
    tool.execute(act(A, "apply", Act::Apply)).await.unwrap();
    let mut bell = first.doorbell();
    bell.wait_for(|head| head.0 == 1).await.unwrap();
    first.execute(act(A, "approve", Act::Approve)).await.unwrap();
    first.close().await;
    home.open_with(alone()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_clock_is_refused() {
    let home = Home::new(Kind::Postgres).await;
    #[expect(clippy::disallowed_methods, reason = "the database's clock is the machine's")]
    let now = Utc::now();
    for (off, right) in [(-20, false), (-2, true), (2, true), (20, false)] {
        let clock = Arc::new(Stopped(now + TimeDelta::seconds(off)));
        let opened = Journal::open(&home.url, Options { clock: clock.clone(), ..options() }).await;
        assert_eq!(opened.is_ok(), right, "{off}");
        if !right {
            assert!(matches!(opened.unwrap_err(), Error::Clock { .. }));
            let simulated = Options { clock, clock_check: ClockCheck::Simulated, ..options() };
            Journal::open(&home.url, simulated).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_process_of_the_same_name_left_is_ended() {
    let home = Home::new(Kind::Postgres).await;
    let instance = format!("dead {}", &home.schema[5..20]);
    let left: PgConnectOptions = home.url.parse().unwrap();
    let left = left.application_name(&format!("probity {instance}"));
    let mut left = PgConnection::connect_with(&left).await.unwrap();
    left.execute("BEGIN").await.unwrap();
    left.execute("SELECT journal_lock()").await.unwrap();
    let starting = Options { instance, exclusive: Exclusive::Yes, ..impatient() };
    let journal = home.open_with(starting).await;
    journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
    assert!(left.execute("COMMIT").await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stock_transaction_is_ended_by_its_own_timeout_and_the_journal_goes_on() {
    let home = Home::new(Kind::Postgres).await;
    let journal = home.open().await;
    let mut hanging = Hanging::in_a_transaction(&home).await;
    hanging.say("SET idle_in_transaction_session_timeout = '200ms'").await;
    let applied = journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
    assert_eq!(applied.position, Position(1));
    assert_eq!(count(&journal, "customer-stock").await, 0);
}

/// What the wire between us and PostgreSQL does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Fault {
    None = 0,
    /// The request does not arrive.
    BeforeRequest = 1,
    /// The request arrives and is carried out; the reply does not.
    BeforeReply = 2,
    /// The request arrives; our end breaks at once, the server's end stays open, so that it does not notice.
    HalfOpen = 3,
}

#[derive(Clone)]
struct Wire {
    fault: Arc<AtomicU8>,
    url: String,
}

impl Wire {
    async fn to(home: &Home) -> Wire {
        let target: PgConnectOptions = home.url.parse().unwrap();
        let target = format!("{}:{}", target.get_host(), target.get_port());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let here = listener.local_addr().unwrap().to_string();
        let fault = Arc::new(AtomicU8::new(0));
        let (url, faults) = (home.url.replace(&target, &here), Arc::clone(&fault));
        assert_ne!(url, home.url);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                let server = TcpStream::connect(&target).await.unwrap();
                tokio::spawn(carry(client, server, Arc::clone(&faults)));
            }
        });
        Wire { fault, url }
    }

    fn next(&self, fault: Fault) {
        self.fault.store(fault as u8, Ordering::SeqCst);
    }

    fn is_whole(&self) -> bool {
        self.fault.load(Ordering::SeqCst) == Fault::None as u8
    }
}

async fn carry(mut client: TcpStream, mut server: TcpStream, fault: Arc<AtomicU8>) {
    let (mut up, mut down) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    let happens = |what: Fault| {
        let none = Fault::None as u8;
        fault.compare_exchange(what as u8, none, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    };
    loop {
        tokio::select! {
            n = client.read(&mut up) => {
                let n = n.unwrap_or(0);
                if n == 0 || happens(Fault::BeforeRequest) {
                    return;
                }
                server.write_all(&up[..n]).await.unwrap();
                if happens(Fault::HalfOpen) {
                    drop(client);
                    // Until the server ends it.
                    while server.read(&mut down).await.unwrap_or(0) > 0 {}
                    return;
                }
            }
            n = server.read(&mut down) => {
                let n = n.unwrap_or(0);
                if n == 0 || happens(Fault::BeforeReply) {
                    return;
                }
                if client.write_all(&down[..n]).await.is_err() {
                    return;
                }
            }
        }
    }
}

/// A journal behind a wire that breaks on demand. It does not poll, so that the fault meets the append.
async fn behind(wire: &Wire) -> Journal {
    let quiet = Options { poll: Duration::from_secs(3_600), ..options() };
    let journal = Journal::open(&wire.url, quiet).await.unwrap();
    // The stream is in the cache, and the append's connection is there.
    journal.execute(act(A, "apply", Act::Apply)).await.unwrap();
    journal
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_lost_before_or_after_the_commit_costs_nothing() {
    for (fault, again) in [(Fault::BeforeRequest, false), (Fault::BeforeReply, true)] {
        let home = Home::new(Kind::Postgres).await;
        let wire = Wire::to(&home).await;
        let journal = behind(&wire).await;
        for (n, what) in [Act::Approve, Act::Register, Act::Nothing].into_iter().enumerate() {
            wire.next(fault);
            let committed = journal.execute(act(A, &format!("{n}"), what)).await.unwrap();
            assert!(wire.is_whole(), "the fault did not happen");
            assert_eq!(committed.replayed, Replayed::No, "{again}");
        }
        assert_eq!(journal.head().await.unwrap(), Position(3));
        // Several streams in one batch, one reply for all of them.
        journal.execute(limit("limit", 100)).await.unwrap();
        let names: Vec<(String, String)> =
            (0..30).map(|n| (format!("customer-{n}"), format!("order {n}"))).collect();
        for (stream, key) in &names {
            journal.execute(act(stream, &format!("warm {key}"), Act::Nothing)).await.unwrap();
        }
        wire.next(fault);
        for answer in
            join_all(names.iter().map(|(s, k)| journal.execute(act(s, k, Act::OrderAndReserve))))
                .await
        {
            assert_eq!(answer.unwrap().version.0, 2);
        }
        assert!(wire.is_whole(), "the fault did not happen");
        assert_eq!(journal.verify().await.unwrap().events, 4 + 60);
        assert_eq!(journal.confirmed::<Customer>(A).await.unwrap().state.stage, 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backend_that_outlives_its_client_commits_nothing_behind_our_back() {
    let home = Home::new(Kind::Postgres).await;
    let wire = Wire::to(&home).await;
    let journal = behind(&wire).await;
    let direct = home.open().await;
    let Engine::Postgres(pool) = direct.engine() else { panic!("PostgreSQL only") };
    // The lost backend waits for this lock, and would commit as soon as it gets it.
    let mut held = pool.begin().await.unwrap();
    held.execute("SELECT journal_lock()").await.unwrap();
    wire.next(Fault::HalfOpen);
    let approving = {
        let journal = journal.clone();
        tokio::spawn(async move { journal.execute(act(A, "approve", Act::Approve)).await })
    };
    // The writer has a new connection and waits for the lock with it: then the old backend is gone.
    let waiting = "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND NOT l.granted \
         AND l.objid = 'events'::regclass::oid AND a.query = 'SELECT journal_lock()'";
    loop {
        let waits: i64 = sqlx::query_scalar(waiting).fetch_one(pool).await.unwrap();
        if waits == 1 {
            break;
        }
    }
    let appends: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'advisory' AND NOT l.granted \
         AND l.objid = 'events'::regclass::oid AND a.query LIKE '%journal_append%'",
    )
    .fetch_one(pool)
    .await
    .unwrap();
    assert_eq!(appends, 0, "the lost backend still waits for the lock");
    held.rollback().await.unwrap();
    let approved = approving.await.unwrap().unwrap();
    assert_eq!((approved.position, approved.replayed), (Position(2), Replayed::No));
    assert_eq!(direct.verify().await.unwrap().events, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_ends_all_our_connections_is_reached_again() {
    let home = Home::new(Kind::Postgres).await;
    let instance = format!("ended {}", &home.schema[5..20]);
    let journal = home.open_with(Options { instance: instance.clone(), ..options() }).await;
    journal.execute(limit("limit", 1_000)).await.unwrap();
    let admin = home.open().await;
    let Engine::Postgres(pool) = admin.engine() else { panic!("PostgreSQL only") };
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1";
    for round in 0..5 {
        let orders: Vec<_> = (0..40)
            .map(|n| {
                let journal = journal.clone();
                let (stream, key) = (format!("customer-{}", n % 7), format!("{round} {n}"));
                tokio::spawn(async move { answered(&journal, &stream, &key).await })
            })
            .collect();
        sqlx::query(end).bind(format!("probity {instance}")).execute(pool).await.unwrap();
        for order in orders {
            order.await.unwrap();
        }
    }
    let all = admin.after(Position(0), &Filter::default(), 1_000).await.unwrap();
    assert_eq!(all.entries.len(), 1 + 5 * 40);
    admin.verify().await.unwrap();
}

/// As a client does that was told to come back with its key.
async fn answered(journal: &Journal, stream: &str, key: &str) {
    loop {
        match journal.execute(act(stream, key, Act::Order)).await {
            Ok(_) => return,
            Err(Refusal::Unknown) => {}
            Err(Refusal::Journal(error)) if error.is_passing() => {}
            Err(refusal) => panic!("{refusal:?}"),
        }
    }
}
