//! The whole way of a command under random commands and faults: two processes on one journal, repeated keys, clients that
//! hang up, connections that are cut, restarts. After every round what was recorded is folded and checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use chrono::{DateTime, Utc};
use domain::{
    context::{Context, Facts},
    customer::{Customer, Event},
    policy::{self, Pack, Policy},
    product::{self, Product},
};
use journal::{
    Clock, ClockCheck, Committed, Error, Filter, Gather, Journal, Metadata, Options, Position,
    Refusal, Request,
};
use rand::RngExt;
use sqlx::{Connection, Executor, PgConnection};
use tests::{
    both_engines,
    effort::effort,
    engine::{Home, Kind, options, postgres},
    world::{Proposal, World},
};
use uuid::Uuid;

/// Tries in one world, on each engine; `scripts/extra` asks for more worlds by `PROBITY_SIMULATION`.
const TRIES: usize = 4_000;
/// Commands at once, repeats not counted.
const TOGETHER: usize = 8;
const PAGE: usize = 1_000;

/// The simulated clock of both processes.
#[derive(Clone, Debug)]
struct Simulated(Arc<Mutex<DateTime<Utc>>>);

impl Clock for Simulated {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

struct Simulation {
    world: World,
    clock: Simulated,
    home: Home,
    processes: Vec<Journal>,
    seen: Position,
    /// The commands that are in the journal, by id.
    recorded: BTreeSet<Uuid>,
    sent: usize,
}

type Answer = Result<Committed<Event>, Refusal<domain::customer::Rejection>>;

impl Simulation {
    async fn new(home: Home, seed: u64) -> Self {
        let world = World::new(seed, 6);
        let clock = Simulated(Arc::new(Mutex::new(world.now)));
        let mut simulation = Self {
            world,
            clock,
            home,
            processes: Vec::new(),
            seen: Position::default(),
            recorded: BTreeSet::new(),
            sent: 0,
        };
        for n in 0..2 {
            let journal = simulation.start(n).await;
            simulation.processes.push(journal);
        }
        simulation.begin().await;
        simulation
    }

    async fn start(&self, n: usize) -> Journal {
        let options = Options {
            clock: Arc::new(self.clock.clone()),
            clock_check: ClockCheck::Simulated,
            instance: self.instance(n),
            ..options()
        };
        self.home.open_with(options).await
    }

    /// Tests run side by side on one server: the schema tells them apart.
    fn instance(&self, n: usize) -> String {
        format!("{}-{n}", self.home.schema)
    }

    /// The pack and the products.
    async fn begin(&mut self) {
        let turn = self.world.turn("staff-admin");
        let load = policy::Command::Load(Box::new(Pack::default_pack()));
        let first = request::<Policy>(
            policy::STREAM,
            load,
            policy::Context::alone(turn.clone()),
            &turn,
            "load",
        );
        self.processes[0].execute(first).await.unwrap();
        for (id, register) in self.world.registrations.clone() {
            let turn = self.world.turn("staff-quality-1");
            let command = product::Command::Register(Box::new(register));
            let key = format!("register-{id}");
            let register = request::<Product>(&id.to_string(), command, turn.clone(), &turn, &key);
            self.processes[1].execute(register).await.unwrap();
        }
        self.learn().await;
    }

    async fn round(&mut self) {
        self.world.tick();
        *self.clock.0.lock().unwrap() = self.world.now;
        let together = self.world.rng.random_range(1..=TOGETHER);
        let mut requests = Vec::new();
        for _ in 0..together {
            let proposal = self.world.propose();
            let request = self.request(&proposal);
            if self.world.rng.random_bool(0.15) {
                requests.push((self.world.rng.random_range(0..2), request.clone()));
            }
            requests.push((self.world.rng.random_range(0..2), request));
        }
        self.sent += requests.len();
        let cut = self.home.kind == Kind::Postgres && self.world.rng.random_bool(0.05);
        let hang_up = self.world.rng.random_bool(0.1);
        let tries = requests.iter().map(|(process, request)| {
            let journal = self.processes[*process].clone();
            let request = request.clone();
            async move {
                let execute = journal.execute(request);
                if hang_up {
                    // The client gives up after a moment; what it asked for goes on.
                    let soon = Duration::from_micros(300);
                    return tokio::time::timeout(soon, execute).await.ok();
                }
                Some(execute.await)
            }
        });
        let schema = self.home.schema.clone();
        let (answers, ()) = tokio::join!(futures::future::join_all(tries), async {
            if cut {
                cut_connections(&schema).await;
            }
        });
        if self.world.rng.random_bool(0.02) {
            let n = self.world.rng.random_range(0..2);
            let started = self.start(n).await;
            std::mem::replace(&mut self.processes[n], started).close().await;
        }
        if hang_up {
            self.settle().await;
        }
        self.learn().await;
        for ((_, request), answer) in requests.iter().zip(&answers) {
            if let Some(answer) = answer {
                self.judge(request.metadata.command_id, answer);
            }
        }
    }

    fn request(&mut self, proposal: &Proposal) -> Request<Customer> {
        let stream = self.world.customers[proposal.customer].0.to_string();
        let context: Context =
            self.world.context(proposal.actor, &proposal.roles, &Facts::default());
        let turn = context.turn.clone();
        let key = turn.command_id.to_string();
        request(&stream, proposal.command.clone(), context, &turn, &key)
    }

    /// What was given up is under way still: it is over when a command behind it is.
    async fn settle(&mut self) {
        for n in 0..self.world.customers.len() {
            for process in 0..2 {
                let proposal = Proposal {
                    customer: n,
                    actor: "staff-system",
                    roles: Vec::new(),
                    command: domain::customer::Command::ReviewDay,
                };
                let request = self.request(&proposal);
                let _ = self.processes[process].execute(request).await;
            }
        }
    }

    /// Folds what is new, in order, command by command.
    async fn learn(&mut self) {
        loop {
            let page = self.processes[0].after(self.seen, &Filter::default(), PAGE).await.unwrap();
            let mut commands: Vec<(Uuid, String, Vec<Event>)> = Vec::new();
            for entry in &page.entries {
                assert_eq!(entry.position.0, self.seen.0 + 1, "positions are dense");
                self.seen = entry.position;
                if entry.aggregate_type != "customer" {
                    continue;
                }
                let id = entry.command_id.unwrap();
                let event = serde_json::from_str(&entry.payload).unwrap();
                match commands.last_mut() {
                    Some((last, _, events)) if *last == id => events.push(event),
                    _ => commands.push((id, entry.stream.clone(), vec![event])),
                }
            }
            for (id, stream, events) in commands {
                assert!(self.recorded.insert(id), "{id} is recorded twice");
                let found = self.world.customers.iter().position(|(c, _)| c.to_string() == stream);
                self.world.learn(found.unwrap(), &events);
            }
            if page.entries.len() < PAGE {
                return;
            }
        }
    }

    /// An answer says what is so.
    fn judge(&self, command_id: Uuid, answer: &Answer) {
        match answer {
            Ok(committed) if committed.events.is_empty() => {}
            Ok(_) => assert!(self.recorded.contains(&command_id), "{command_id} was acknowledged"),
            // `Unavailable`: a connection was cut while something was read; nothing had been sent.
            Err(
                Refusal::Rejected(_)
                | Refusal::Unknown
                | Refusal::ClaimTaken { .. }
                | Refusal::Journal(Error::Unavailable(_)),
            ) => {}
            Err(other) => panic!("{command_id}: {other:?}"),
        }
    }
}

fn request<A: Gather>(
    stream: &str,
    command: A::Command,
    context: A::Context,
    turn: &domain::turn::Turn,
    key: &str,
) -> Request<A> {
    Request {
        stream: stream.to_owned(),
        command,
        context,
        key: format!("{}/{key}", turn.actor),
        request_hash: key.to_owned(),
        if_match: None,
        metadata: Metadata {
            actor: turn.actor.to_string(),
            via: None,
            command_id: turn.command_id,
            correlation_id: None,
            causation_id: None,
        },
    }
}

/// Ends every connection of the two processes, whatever they are doing.
async fn cut_connections(schema: &str) {
    let mut connection = PgConnection::connect(&postgres()).await.unwrap();
    let cut = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE application_name LIKE '%{schema}-%' AND pid <> pg_backend_pid()"
    );
    connection.execute(cut.as_str()).await.unwrap();
    connection.close().await.unwrap();
}

both_engines! {
    async fn two_processes_under_faults_keep_every_promise(home: Home) {
        let kind = home.kind;
        let worlds = effort("PROBITY_SIMULATION", TRIES).div_ceil(TRIES);
        for seed in 0..worlds {
            one_world(Home::new(kind).await, u64::try_from(seed).unwrap() + 7).await;
        }
    }
}

async fn one_world(home: Home, seed: u64) {
    let mut simulation = Simulation::new(home, seed).await;
    while simulation.sent < TRIES {
        simulation.round().await;
    }
    let folded: BTreeMap<_, _> =
        simulation.world.customers.iter().map(|(id, c)| (id.to_string(), c.clone())).collect();
    for (stream, customer) in folded {
        for process in &simulation.processes {
            let known = process.confirmed::<Customer>(&stream).await.unwrap();
            assert_eq!(*known.state, customer, "{stream}");
        }
    }
    let (sent, recorded) = (simulation.sent, simulation.recorded.len());
    println!("seed {seed}: {sent} tries, {recorded} commands recorded");
    assert!(recorded > TRIES / 5, "only {recorded} of {TRIES} were recorded");
    for journal in simulation.processes {
        journal.close().await;
    }
}
