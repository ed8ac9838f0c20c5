//! The world around two executors: one log, transactions that go on when their client is gone, and what must hold at every commit.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Waker;

use chrono::{DateTime, Utc};
use domain::decider::Decider;
use futures::future::BoxFuture;
use journal::executor::{Appended, Batch, Draft, Group, Line, Moved, News, Refused, Verdict};
use journal::{Position, Version};
use uuid::Uuid;

use tests::toy::{Act, Customer, Limit, POLICY, Policy};

/// A rule of the append that is left out on purpose, to see that the test notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mistake {
    /// After a lost reply keys are looked up without ending the old transaction and without the lock.
    LookupOnly,
    /// The lock is taken, but the old backend is not ended.
    NoTerminate,
    /// The versions of streams that were read are not checked.
    ReadsNotConfirmed,
    /// The key of a command that records nothing is not looked up.
    KeyAfterDecide,
}

/// Who runs a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A process and how often it was started.
    Process(usize, usize),
    Client(usize),
    Database,
}

#[derive(Clone, Debug)]
pub(crate) struct Logged {
    pub(crate) position: i64,
    pub(crate) aggregate_type: &'static str,
    pub(crate) stream: String,
    pub(crate) version: i64,
    pub(crate) line: Line,
    pub(crate) key: Option<String>,
    pub(crate) metadata: String,
    pub(crate) command_id: Uuid,
}

/// What a client asks for.
#[derive(Clone, Debug)]
pub(crate) struct Command {
    pub(crate) key: &'static str,
    pub(crate) stream: &'static str,
    pub(crate) what: What,
    pub(crate) if_match: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum What {
    Customer(Act),
    Policy(i64),
}

/// One sending of a command. Its number is its command id.
#[derive(Clone, Debug)]
pub(crate) struct Try {
    pub(crate) command: Command,
    pub(crate) state: TryState,
    /// A rejection was true of a confirmed state since the request came in.
    pub(crate) may_reject: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TryState {
    Unsent,
    Open(usize),
    Accepted,
    Rejected,
    /// The client hung up, or its process crashed.
    Unknown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Sent,
    Locked,
    Over,
}

/// A transaction in the database.
#[derive(Debug)]
pub(crate) struct Tx {
    /// None: its process is gone.
    pub(crate) owner: Option<usize>,
    pub(crate) phase: Phase,
    /// Nobody listens to it any more.
    pub(crate) lost: bool,
    pub(crate) killed: bool,
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) log: Vec<Logged>,
    pub(crate) txs: Vec<Tx>,
    pub(crate) locked: bool,
    pub(crate) waiting: Vec<Waker>,
    pub(crate) tries: Vec<Try>,
    pub(crate) spawned: Vec<(Owner, BoxFuture<'static, ()>)>,
    /// Replies of the transaction under way of each process, to be dropped when its connection breaks.
    pub(crate) wires: BTreeMap<usize, Wire>,
    pub(crate) mistake: Option<Mistake>,
    pub(crate) violation: Option<String>,
    pub(crate) slow: usize,
    pub(crate) refused: usize,
    pub(crate) lost: usize,
    /// What appends said of the other process.
    pub(crate) news: usize,
}

pub(crate) struct Wire {
    pub(crate) tx: usize,
    pub(crate) cut: Box<dyn FnOnce() + Send>,
}

pub(crate) type Shared = Arc<Mutex<World>>;

pub(crate) fn lock(world: &Shared) -> MutexGuard<'_, World> {
    world.lock().unwrap()
}

pub(crate) fn recorded_at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_000_000_000, 0).unwrap()
}

impl World {
    pub(crate) fn fail(&mut self, what: String) {
        self.violation.get_or_insert(what);
    }

    pub(crate) fn release(&mut self) {
        self.locked = false;
        self.waiting.drain(..).for_each(Waker::wake);
    }

    pub(crate) fn version(&self, stream: &str) -> i64 {
        self.log.iter().filter(|e| e.stream == stream).map(|e| e.version).max().unwrap_or(0)
    }

    fn fold<A: Decider>(&self, stream: &str) -> A {
        let mut state = A::default();
        for logged in self.log.iter().filter(|logged| logged.stream == stream) {
            state.evolve(&serde_json::from_str(&logged.line.payload).unwrap());
        }
        state
    }

    pub(crate) fn recorded(&self, key: &str) -> bool {
        self.log.iter().any(|logged| logged.key.as_deref() == Some(key))
    }

    fn holder(&self, claim: &str) -> Option<String> {
        let held = |logged: &&Logged| logged.line.claim.as_deref() == Some(claim);
        self.log.iter().find(held).map(|logged| logged.stream.clone())
    }

    /// What the command gets from the log as it is: payloads, or none when it is rejected.
    fn truth(&self, command: &Command) -> Vec<String> {
        if command.if_match.is_some_and(|expected| expected != self.version(command.stream)) {
            return Vec::new();
        }
        match command.what {
            What::Customer(act) => {
                let mut context = Limit::default();
                if matches!(act, Act::Order | Act::OrderAndReserve) {
                    let limit = self.fold::<Policy>(POLICY).limit;
                    context = Limit { limit, policy: Version(self.version(POLICY)) };
                }
                texts(&self.fold::<Customer>(command.stream).decide(&context, &act))
            }
            What::Policy(limit) => texts(&self.fold::<Policy>(POLICY).decide(&(), &limit)),
        }
    }

    fn truly_rejected(&self, command: &Command) -> bool {
        let claim = matches!(command.what, What::Customer(Act::Register));
        !self.recorded(command.key)
            && (self.truth(command).is_empty() || claim && self.holder("uscc:1").is_some())
    }

    /// Sees for every open request whether a rejection would be true of this state.
    pub(crate) fn look(&mut self) {
        for n in 0..self.tries.len() {
            if matches!(self.tries[n].state, TryState::Open(_))
                && self.truly_rejected(&self.tries[n].command)
            {
                self.tries[n].may_reject = true;
            }
        }
    }

    /// Step 6, literally: group by group, each seeing what earlier groups of this call wrote.
    pub(crate) fn append(&mut self, batch: &Batch) -> Appended {
        self.check_independent(batch);
        let since = batch.since.map_or(i64::MAX, |since| since.0);
        let others = self.log.iter().filter(|logged| logged.position > since);
        let news = others.map(|logged| News {
            aggregate_type: logged.aggregate_type.to_owned(),
            stream: logged.stream.clone(),
            version: Version(logged.version),
        });
        let news: Vec<News> = news.collect();
        self.news += news.len();
        let verdicts = batch.groups.iter().map(|group| self.group(group)).collect();
        Appended { verdicts, head: Position(self.tip()), news }
    }

    /// What the engines rely on when they check all groups before the first insert.
    fn check_independent(&mut self, batch: &Batch) {
        let before = self.log.len();
        let together: Vec<bool> = batch.groups.iter().map(|g| self.check(g).is_none()).collect();
        let mut trial = World { log: self.log.clone(), mistake: self.mistake, ..World::default() };
        for (group, alone) in batch.groups.iter().zip(together) {
            if trial.check(group).is_none() != alone {
                self.fail(format!("a batch holds groups that depend on one another: {batch:?}"));
            }
            if trial.check(group).is_none() {
                group.drafts.iter().for_each(|draft| trial.write(group, draft));
            }
        }
        assert_eq!(before, self.log.len());
    }

    fn check(&self, group: &Group) -> Option<Refused> {
        let base_holds = group.base.0 == self.version(&group.stream);
        let reads_hold = self.mistake == Some(Mistake::ReadsNotConfirmed)
            || group
                .drafts
                .iter()
                .flat_map(|d| &d.reads)
                .all(|r| r.version.0 == self.version(&r.stream));
        let looks =
            |d: &Draft| self.mistake != Some(Mistake::KeyAfterDecide) || !d.lines.is_empty();
        let drafts = || group.drafts.iter().enumerate();
        let known: Vec<usize> =
            drafts().filter(|(_, d)| looks(d) && self.recorded(&d.key)).map(|(n, _)| n).collect();
        let claims = drafts().flat_map(|(n, d)| d.lines.iter().map(move |l| (n, l.claim.clone())));
        let taken: Vec<(usize, String, String)> = claims
            .filter_map(|(n, claim)| Some((n, claim.clone()?, self.holder(&claim?)?)))
            .collect();
        if base_holds && reads_hold && known.is_empty() && taken.is_empty() {
            return None;
        }
        let moved = match (base_holds, reads_hold) {
            (true, true) => Moved::Nothing,
            (false, true) => Moved::Base,
            (_, false) => Moved::Reads,
        };
        Some(Refused { moved, known, taken })
    }

    fn group(&mut self, group: &Group) -> Verdict {
        if let Some(refused) = self.check(group) {
            self.refused += 1;
            return Verdict::Refused(refused);
        }
        let tip = Position(self.tip());
        for draft in &group.drafts {
            self.judge(draft);
            self.write(group, draft);
            self.look();
        }
        Verdict::Accepted { tip, recorded_at: recorded_at() }
    }

    fn tip(&self) -> i64 {
        i64::try_from(self.log.len()).unwrap()
    }

    /// I2 and I4: what is accepted is what the current states lead to, and contradicts no answer.
    fn judge(&mut self, draft: &Draft) {
        let n = usize::try_from(draft.command_id.as_u128()).unwrap();
        let lines: Vec<String> = draft.lines.iter().map(|line| line.payload.clone()).collect();
        let truth = self.truth(&self.tries[n].command);
        if truth != lines {
            self.fail(format!("I2: {} accepted {lines:?}, but {truth:?} is right", draft.key));
        }
        if !lines.is_empty() && self.tries[n].state == TryState::Rejected {
            self.fail(format!("I4: {} was rejected, and the same try is written now", draft.key));
        }
    }

    fn write(&mut self, group: &Group, draft: &Draft) {
        for (n, line) in draft.lines.iter().enumerate() {
            let logged = Logged {
                position: self.tip() + 1,
                aggregate_type: group.aggregate_type,
                stream: group.stream.to_string(),
                version: self.version(&group.stream) + 1,
                line: line.clone(),
                key: (n == 0).then(|| draft.key.clone()),
                metadata: draft.metadata.clone(),
                command_id: draft.command_id,
            };
            self.log.push(logged);
        }
    }

    /// I1 and I5, on the whole log.
    pub(crate) fn check_log(&mut self) {
        let dense = self.log.iter().zip(1..).all(|(logged, n)| logged.position == n);
        if !dense {
            self.fail("I5: positions are not dense".to_owned());
        }
        let mut keys: Vec<_> = self.log.iter().filter_map(|logged| logged.key.clone()).collect();
        let mut claims: Vec<_> = self.log.iter().filter_map(|l| l.line.claim.clone()).collect();
        for (what, seen) in [("key", &mut keys), ("claim", &mut claims)] {
            seen.sort();
            if seen.windows(2).any(|pair| pair[0] == pair[1]) {
                self.violation.get_or_insert(format!("I1: a {what} is in the log twice"));
            }
        }
    }

    /// The answer to a try, and whether it is sound.
    pub(crate) fn answered(&mut self, n: usize, answer: Answered) {
        if !matches!(self.tries[n].state, TryState::Open(_)) {
            return;
        }
        let key = self.tries[n].command.key;
        let (state, fault) = match answer {
            Answered::Accepted(position, payloads) => {
                let own: Vec<&Logged> = self.of_key(key);
                let sound = own.last().is_some_and(|last| last.position == position.0)
                    && own.iter().map(|logged| &logged.line.payload).eq(payloads.iter());
                (TryState::Accepted, (!sound).then_some("I1: accepted, but the log says otherwise"))
            }
            Answered::Rejected => {
                let sound = self.tries[n].may_reject;
                (TryState::Rejected, (!sound).then_some("I3: no confirmed state bears it out"))
            }
            Answered::Other(refusal) => {
                self.fail(format!("{key} was answered {refusal}"));
                (TryState::Unknown, None)
            }
        };
        if let Some(fault) = fault {
            let log = self.log.iter().map(|l| (l.position, &l.line.payload)).collect::<Vec<_>>();
            let text = format!("{fault}: {key}, log {log:?}");
            self.fail(text);
        }
        self.tries[n].state = state;
    }

    pub(crate) fn of_key(&self, key: &str) -> Vec<&Logged> {
        let first = self.log.iter().position(|logged| logged.key.as_deref() == Some(key));
        let Some(first) = first else { return Vec::new() };
        let command = self.log[first].command_id;
        self.log[first..].iter().take_while(|logged| logged.command_id == command).collect()
    }
}

pub(crate) enum Answered {
    Accepted(Position, Vec<String>),
    Rejected,
    Other(String),
}

fn texts<E: serde::Serialize, R>(events: &Result<Vec<E>, R>) -> Vec<String> {
    events.iter().flatten().map(|event| serde_json::to_string(event).unwrap()).collect()
}
