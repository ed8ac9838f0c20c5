//! The scheduler: picks, from a seed, which task goes next and which fault happens when.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use futures::future::BoxFuture;
use journal::executor::{Executor, Limits};
use journal::{Metadata, Position, Refusal, Request, Version};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tokio::sync::watch;
use uuid::Uuid;

use super::database::Database;
use super::world::{
    Answered, Command, Logged, Mistake, Owner, Phase, Shared, Try, TryState, What, World, lock,
};
use tests::toy::{Customer, Limit, POLICY, Policy};

/// No schedule of these scenarios is nearly as long: one that is goes round in a circle.
const STEPS_MAX: usize = 20_000;

#[derive(Clone, Debug)]
pub(crate) struct Scenario {
    pub(crate) limit: i64,
    pub(crate) tries: Vec<(Command, &'static [usize])>,
    pub(crate) drops: usize,
    pub(crate) crashes: usize,
    pub(crate) hang_ups: usize,
    pub(crate) batch: usize,
    pub(crate) refusals: usize,
}

#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) violation: Option<String>,
    pub(crate) slow: usize,
    pub(crate) refused: usize,
    pub(crate) lost: usize,
    pub(crate) news: usize,
}

impl Seen {
    pub(crate) fn holds(&self) {
        if let Some(violation) = &self.violation {
            panic!("{violation}");
        }
    }
}

/// Runs the scenario once per seed, up to the first violation.
pub(crate) fn explore(scenario: &Scenario, seeds: u64, mistake: Option<Mistake>) -> Seen {
    let mut seen = Seen::default();
    for seed in 0..seeds {
        let world = Run::new(scenario, seed, mistake).finish();
        let world = lock(&world);
        seen.slow += world.slow;
        seen.refused += world.refused;
        seen.lost += world.lost;
        seen.news += world.news;
        if let Some(violation) = &world.violation {
            seen.violation = Some(format!("seed {seed}: {violation}"));
            break;
        }
    }
    seen
}

struct Task {
    owner: Owner,
    future: BoxFuture<'static, ()>,
    ready: Arc<Ready>,
}

struct Ready(AtomicBool);

impl Wake for Ready {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

struct Run<'a> {
    scenario: &'a Scenario,
    world: Shared,
    rng: ChaCha8Rng,
    tasks: Vec<Task>,
    processes: Vec<(Executor<Database>, Arc<Database>)>,
    left: Scenario,
    cache_bytes: usize,
    /// How likely each process, the clients, the database and the faults are to go next in this run.
    weights: [u32; 5],
}

#[derive(Clone, Copy)]
enum Step {
    Poll(usize),
    Send(usize),
    HangUp(usize),
    Drop(usize),
    Crash(usize),
    EndOrphan(usize),
}

impl<'a> Run<'a> {
    fn new(scenario: &'a Scenario, seed: u64, mistake: Option<Mistake>) -> Run<'a> {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let tries = scenario.tries.iter().map(|(command, _)| Try {
            command: command.clone(),
            state: TryState::Unsent,
            may_reject: false,
        });
        let mut world = World { tries: tries.collect(), mistake, ..World::default() };
        world.log.push(Logged {
            position: 1,
            aggregate_type: "policy",
            stream: POLICY.to_owned(),
            version: 1,
            line: journal::executor::Line {
                event_type: "limited".to_owned(),
                event_version: "1".to_owned(),
                payload: format!(r#"{{"limited":{{"limit":{}}}}}"#, scenario.limit),
                claim: None,
                leaf_tail: Vec::new(),
            },
            key: None,
            metadata: "{}".to_owned(),
            command_id: Uuid::from_u128(u128::MAX),
        });
        let weights = std::array::from_fn(|_| [1, 4, 16][rng.random_range(0..3)]);
        let cache_bytes = [0, 1 << 20][rng.random_range(0..2)];
        let mut run = Run {
            scenario,
            world: Arc::new(std::sync::Mutex::new(world)),
            rng,
            tasks: Vec::new(),
            processes: Vec::new(),
            left: scenario.clone(),
            cache_bytes,
            weights,
        };
        for process in 0..2 {
            let started = run.start(process, 0);
            run.processes.push(started);
        }
        run
    }

    fn start(&self, process: usize, incarnation: usize) -> (Executor<Database>, Arc<Database>) {
        let database = Arc::new(Database {
            world: Arc::clone(&self.world),
            process,
            incarnation,
            open: std::sync::Mutex::new(None),
        });
        let limits = Limits {
            cache_bytes: self.cache_bytes,
            batch_commands: self.scenario.batch,
            batch_bytes: 1 << 20,
            commands: 100,
            refusals: self.scenario.refusals,
            deadline: Duration::from_secs(1),
        };
        let doorbell = Arc::new(watch::channel(Position::default()).0);
        (Executor::start(&database, limits, doorbell).unwrap(), database)
    }

    fn finish(mut self) -> Shared {
        for _ in 0..STEPS_MAX {
            self.absorb();
            if lock(&self.world).violation.is_some() {
                return self.world;
            }
            let Some(step) = self.choose() else {
                self.check_end();
                return self.world;
            };
            self.take(step);
        }
        lock(&self.world).fail("I6: the processes go round in a circle".to_owned());
        self.world
    }

    fn check_end(&self) {
        let mut world = lock(&self.world);
        let open = world.tries.iter().find(|t| matches!(t.state, TryState::Open(_)));
        if let Some(key) = open.map(|open| open.command.key) {
            world.fail(format!("I6: {key} is never answered"));
        }
    }

    fn absorb(&mut self) {
        let spawned = std::mem::take(&mut lock(&self.world).spawned);
        for (owner, future) in spawned {
            self.tasks.push(Task { owner, future, ready: Arc::new(Ready(AtomicBool::new(true))) });
        }
    }

    fn choose(&mut self) -> Option<Step> {
        let mut steps: Vec<(u32, Step)> = Vec::new();
        for (n, task) in self.tasks.iter().enumerate() {
            if task.ready.0.load(Ordering::SeqCst) {
                let weight = match task.owner {
                    Owner::Process(process, _) => self.weights[process],
                    Owner::Client(_) => self.weights[2],
                    Owner::Database => self.weights[3],
                };
                steps.push((weight, Step::Poll(n)));
            }
        }
        let world = lock(&self.world);
        for (n, sending) in world.tries.iter().enumerate() {
            let earlier = world.tries.iter().take(n);
            let first = earlier.clone().all(|other| {
                other.command.key != sending.command.key || other.state != TryState::Unsent
            });
            match sending.state {
                TryState::Unsent if first => steps.push((self.weights[2], Step::Send(n))),
                TryState::Open(_) if self.left.hang_ups > 0 => steps.push((1, Step::HangUp(n))),
                _ => {}
            }
        }
        if self.left.drops > 0 {
            steps.extend(world.wires.keys().map(|p| (self.weights[4], Step::Drop(*p))));
        }
        if self.left.crashes > 0 {
            for process in 0..2 {
                if world.tries.iter().any(|t| t.state == TryState::Open(process)) {
                    steps.push((1, Step::Crash(process)));
                }
            }
        }
        for (n, tx) in world.txs.iter().enumerate() {
            if tx.owner.is_none() && tx.phase != Phase::Over && !tx.killed {
                steps.push((1, Step::EndOrphan(n)));
            }
        }
        drop(world);
        let total: u32 = steps.iter().map(|(weight, _)| weight).sum();
        if total == 0 {
            return None;
        }
        let mut at = self.rng.random_range(0..total);
        steps.into_iter().find_map(|(weight, step)| match at.checked_sub(weight) {
            Some(rest) => {
                at = rest;
                None
            }
            None => Some(step),
        })
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Poll(n) => self.poll(n),
            Step::Send(n) => self.send(n),
            Step::HangUp(n) => {
                self.left.hang_ups -= 1;
                self.tasks.retain(|task| task.owner != Owner::Client(n));
                lock(&self.world).tries[n].state = TryState::Unknown;
            }
            Step::Drop(process) => {
                self.left.drops -= 1;
                let mut world = lock(&self.world);
                world.lost += 1;
                if let Some(wire) = world.wires.remove(&process) {
                    world.txs[wire.tx].lost = true;
                    drop(world);
                    (wire.cut)();
                }
            }
            Step::Crash(process) => self.crash(process),
            Step::EndOrphan(n) => {
                let mut world = lock(&self.world);
                world.txs[n].killed = true;
                let waiting: Vec<Waker> = world.waiting.drain(..).collect();
                waiting.into_iter().for_each(Waker::wake);
            }
        }
    }

    fn poll(&mut self, n: usize) {
        let task = &mut self.tasks[n];
        task.ready.0.store(false, Ordering::SeqCst);
        let waker = Waker::from(Arc::clone(&task.ready));
        let polled = catch_unwind(AssertUnwindSafe(|| {
            task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready()
        }));
        match polled {
            Ok(true) => drop(self.tasks.swap_remove(n)),
            Ok(false) => {}
            Err(_) => lock(&self.world).fail("a task panicked".to_owned()),
        }
    }

    fn send(&mut self, n: usize) {
        let allowed = self.scenario.tries[n].1;
        let process = allowed[self.rng.random_range(0..allowed.len())];
        let executor = self.processes[process].0.clone();
        let command = {
            let mut world = lock(&self.world);
            world.tries[n].state = TryState::Open(process);
            world.look();
            world.tries[n].command.clone()
        };
        let world = Arc::clone(&self.world);
        let future = Box::pin(async move {
            let answer = match command.what {
                What::Customer(act) => {
                    let request = request(&command, n, act, Limit::default());
                    answered(executor.execute::<Customer>(request).await)
                }
                What::Policy(limit) => {
                    let request = request(&command, n, limit, ());
                    answered(executor.execute::<Policy>(request).await)
                }
            };
            lock(&world).answered(n, answer);
        });
        let ready = Arc::new(Ready(AtomicBool::new(true)));
        self.tasks.push(Task { owner: Owner::Client(n), future, ready });
    }

    /// The process loses all that it had in memory; what it sent goes on without it.
    fn crash(&mut self, process: usize) {
        self.left.crashes -= 1;
        let mut clients = Vec::new();
        {
            let mut world = lock(&self.world);
            for (n, tried) in world.tries.iter_mut().enumerate() {
                if tried.state == TryState::Open(process) {
                    tried.state = TryState::Unknown;
                    clients.push(Owner::Client(n));
                }
            }
            for tx in &mut world.txs {
                if tx.owner == Some(process) {
                    tx.owner = None;
                }
            }
            world.wires.remove(&process);
        }
        let database = Arc::clone(&self.processes[process].1);
        let incarnation = database.incarnation;
        let dead = Owner::Process(process, incarnation);
        let (gone, alive) = std::mem::take(&mut self.tasks)
            .into_iter()
            .partition::<Vec<_>, _>(|task| task.owner == dead || clients.contains(&task.owner));
        self.tasks = alive;
        drop(gone);
        // Its connection ends with it, also in the middle of a transaction.
        drop(database.open.lock().unwrap().take());
        self.processes[process] = self.start(process, incarnation + 1);
        // What the dead tasks spawned while they were dropped dies with them.
        let spawned = std::mem::take(&mut lock(&self.world).spawned);
        let (gone, alive) = spawned.into_iter().partition::<Vec<_>, _>(|(owner, _)| *owner == dead);
        lock(&self.world).spawned.extend(alive);
        drop(gone);
    }
}

fn request<A: journal::Gather>(
    command: &Command,
    n: usize,
    act: A::Command,
    context: A::Context,
) -> Request<A> {
    Request {
        stream: command.stream.to_owned(),
        command: act,
        context,
        key: command.key.to_owned(),
        request_hash: command.key.to_owned(),
        if_match: command.if_match.map(Version),
        metadata: Metadata {
            actor: "staff-1".to_owned(),
            via: None,
            command_id: Uuid::from_u128(u128::try_from(n).unwrap()),
            correlation_id: None,
            causation_id: None,
        },
    }
}

fn answered<E: serde::Serialize, R: std::fmt::Debug>(
    answer: Result<journal::Committed<E>, Refusal<R>>,
) -> Answered {
    match answer {
        Ok(committed) => {
            let texts = committed.events.iter().map(|e| serde_json::to_string(e).unwrap());
            Answered::Accepted(committed.position, texts.collect())
        }
        Err(Refusal::Rejected(_) | Refusal::Stale { .. } | Refusal::ClaimTaken { .. }) => {
            Answered::Rejected
        }
        Err(other) => Answered::Other(format!("{other:?}")),
    }
}
