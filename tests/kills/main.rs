//! `kill -9` of a served process under load, again and again on one store: every acknowledged command is there once, nothing
//! that was refused is, and the read models are what a rebuild makes of the journal.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "in a test a panic is the report"
)]

mod ledger;
mod load;
mod proof;
mod served;

use std::{sync::Arc, time::Duration};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tests::{both_engines, effort::effort, engine::Kind};
use tokio::{
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::JoinSet,
};

use crate::{
    ledger::{At, Heard, Told},
    load::Company,
    served::{Served, Store},
};

/// Kills in `scripts/test`; `scripts/extra` asks for more by `PROBITY_KILLS`.
const KILLS: usize = 5;
const SEED: u64 = 7;
const CLIENTS: u64 = 6;
/// So many of what was acknowledged are repeated in the end, from all times alike.
const REPEATS: usize = 200;
/// A process answers fewer commands than this before it is killed.
const ANSWERS: usize = 60;

both_engines! {
    async fn what_was_acknowledged_survives_any_kill_and_nothing_is_done_twice(home: Home) {
        let store = Store::new(home);
        let mut rng = ChaCha8Rng::seed_from_u64(SEED);
        let served = store.serve("one");
        let company = Arc::new(Company::found(&At::new(&served.base), &mut rng).await);
        let mut next = Some(served);
        let (mut lost, mut untold) = (0, 0);
        for _ in 0..effort("PROBITY_KILLS", KILLS) {
            let served = next.take().unwrap_or_else(|| store.serve("one"));
            lost += company.ledger.lost.lock().unwrap().len();
            untold += proof::each_once(&store.home, &company.ledger).await;
            let (mut clients, mut told) = clients(&company, &served, &mut rng);
            moment(&store, &mut told, &mut rng).await;
            served.kill();
            while let Some(ended) = clients.join_next().await {
                ended.unwrap();
            }
            if rng.random_bool(0.3) {
                // The next one does not even come to listen.
                let starting = store.start("one");
                tokio::time::sleep(Duration::from_millis(rng.random_range(0..200))).await;
                drop(starting);
            }
        }
        println!("{lost} answers were lost before the last kill; {untold} of the commands were on record");
        finish(&store, &company, store.serve("one")).await;
    }
}

/// The other process goes on, and answers for what was lost at the dead one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_of_two_processes_is_killed_and_the_other_goes_on() {
    let store = Store::new(tests::engine::Home::new(Kind::Postgres).await);
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let other = store.serve("two");
    let at = At::new(&other.base);
    let company = Arc::new(Company::found(&at, &mut rng).await);
    for _ in 0..effort("PROBITY_KILLS", KILLS) {
        let served = store.serve("one");
        let (mut clients, mut told) = clients(&company, &served, &mut rng);
        let (goes_on, others_told) = unbounded_channel();
        let going_on = tokio::spawn(Arc::clone(&company).client(at.clone(), rng.random(), goes_on));
        moment(&store, &mut told, &mut rng).await;
        served.kill();
        while let Some(ended) = clients.join_next().await {
            ended.unwrap();
        }
        // The client of the living one has repeated some of it meanwhile.
        let before = others_told.len();
        while others_told.len() < before + 10 {
            assert!(!going_on.is_finished(), "the living one cut a line:\n{}", store.said());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(others_told);
        going_on.await.unwrap();
    }
    finish(&store, &company, other).await;
}

/// Everybody begins.
fn clients(
    company: &Arc<Company>,
    served: &Served,
    rng: &mut ChaCha8Rng,
) -> (JoinSet<()>, UnboundedReceiver<()>) {
    let (tell, told) = unbounded_channel();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let tell: UnboundedSender<()> = tell.clone();
        let client = Arc::clone(company).client(At::new(&served.base), rng.random(), tell);
        clients.spawn(client);
    }
    (clients, told)
}

/// Waits until a random number of commands was answered, and a random moment more.
async fn moment(store: &Store, told: &mut UnboundedReceiver<()>, rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(0..ANSWERS) {
        assert!(told.recv().await.is_some(), "it ended by itself:\n{}", store.said());
    }
    tokio::time::sleep(Duration::from_micros(rng.random_range(0..10_000))).await;
}

/// What was lost is repeated; then what was ever acknowledged is, and is answered as it was.
async fn finish(store: &Store, company: &Company, served: Served) {
    let ledger = &company.ledger;
    let at = At::new(&served.base);
    ledger.settle_all(&at).await;
    proof::each_once(&store.home, ledger).await;
    let settled = ledger.settled.lock().unwrap().clone();
    let mut head = 0;
    let every = settled.len().div_ceil(REPEATS);
    for (nth, (asked, told)) in settled.iter().enumerate() {
        let Told::Recorded { status, body } = told else { continue };
        head = head.max(body["position"].as_i64().unwrap());
        if nth % every != 0 {
            continue;
        }
        match ledger.send(&at, asked).await {
            Heard::Answer(Told::Recorded { status: again, body: repeated }) => {
                assert_eq!((status, body), (&again, &repeated), "{asked:?}");
            }
            _ => panic!("{asked:?} is not answered as it was"),
        }
    }
    let scans = ledger.scans.lock().unwrap().clone();
    for (id, bytes) in &scans {
        assert_eq!(&ledger.read(&at, &format!("/v1/attachments/{id}")).await, bytes, "{id}");
    }
    // Whatever the read models had not seen yet, they see now.
    ledger.read(&at, &format!("/v1/customers?at={head}")).await;
    served.kill();
    proof::each_once(&store.home, ledger).await;
    proof::sound(store).await;
    println!("seed {SEED}: {} commands, {} scans, {head} events", settled.len(), scans.len());
}
