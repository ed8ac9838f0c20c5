//! The projector: keeps the read models at the journal's head, in the background.
//!
//! One loop for live, catch-up and rebuild. It wakes when the journal's doorbell rings. What passes (a database that is away) is
//! tried again; anything else stops it, and `/readyz` shows why.

use std::sync::Arc;
use std::time::Duration;

use journal::{Journal, Position};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until, timeout};

use crate::Error;
use crate::follower::{Follower, Turn};
use crate::model;
use crate::store::{Link, Session};

/// How long a database that is away is left alone.
const PAUSE_MS: u64 = 250;
/// The time from one turn's beginning to the next one's. What happens after a silence is written at once; under load many commands
/// share one transaction, and it is the statements that cost. A turn over much takes longer than this, and the next follows
/// without a wait.
const TURNS_APART: Duration = Duration::from_millis(50);
/// The same, while somebody waits for a position: see [`Reached::wait_for`].
const ASKED_TURNS_APART: Duration = Duration::from_millis(10);
/// How long a turn under way may still take once the projector is told to stop. A database that does not answer takes for ever; what
/// is cut off is undone with its transaction.
const STOP_MAX: Duration = Duration::from_secs(5);

/// Whether the projector works.
#[derive(Clone, Debug, Default)]
pub enum Standing {
    #[default]
    Following,
    /// What it waits for will pass: it tries again.
    Waiting(Error),
    /// It stopped where it stood, and stays there until somebody mends the cause and starts it again.
    Stopped(Error),
}

/// How far the read models have come.
#[derive(Clone, Debug)]
pub struct Reached {
    position: watch::Receiver<Position>,
    asked: Arc<Notify>,
}

/// The projector has ended; nothing will move any more.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the read models are not followed any more")]
pub struct Ended;

impl Reached {
    /// The position that all read models have reached.
    pub fn position(&self) -> Position {
        *self.position.borrow()
    }

    /// Waits until all read models have reached a position. Who waits is not kept waiting for the sake of shared turns.
    pub async fn wait_for(&self, wanted: Position) -> Result<(), Ended> {
        let mut position = self.position.clone();
        while *position.borrow_and_update() < wanted {
            // Again after each turn that was not enough: the bell rings once for all who wait, and that turn may have begun before.
            self.asked.notify_one();
            position.changed().await.map_err(|_| Ended)?;
        }
        Ok(())
    }
}

/// A handle to the loop. [`Projector::stop`] ends it and waits for that; dropping it ends it at the next silence.
#[derive(Debug)]
pub struct Projector {
    journal: Journal,
    reached: Reached,
    standing: watch::Receiver<Standing>,
    bell: Arc<Notify>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Projector {
    /// Begins to follow. Returns once the watermarks are read.
    pub async fn start(journal: &Journal) -> Result<Self, Error> {
        let follower = Follower::open(journal).await?;
        let (reached_out, position) = watch::channel(follower.reached());
        let reached = Reached { position, asked: Arc::default() };
        let (standing_out, standing) = watch::channel(Standing::Following);
        let (stop, stopping) = watch::channel(false);
        let bell = Arc::new(Notify::new());
        let following = Following {
            journal: journal.clone(),
            reached: reached_out,
            standing: standing_out,
            bell: Arc::clone(&bell),
            asked: Arc::clone(&reached.asked),
            stopping,
        };
        let task = tokio::spawn(following.run(follower));
        Ok(Self { journal: journal.clone(), reached, standing, bell, stop, task })
    }

    pub fn reached(&self) -> Reached {
        self.reached.clone()
    }

    pub fn standing(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Empties a read model, or all of them, and fills it again from the journal; returns once that has begun.
    pub async fn rebuild(&self, table: Option<&str>) -> Result<(), Error> {
        reset(&self.journal, table).await?;
        self.bell.notify_one();
        Ok(())
    }

    /// Finishes the batch under way and closes the connection, in bounded time.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        // A task that ended early has said why in `standing`.
        if timeout(STOP_MAX, &mut self.task).await.is_err() {
            tracing::warn!(
                "the read models' database does not answer; what they were writing is left to it"
            );
            self.task.abort();
        }
    }
}

struct Following {
    journal: Journal,
    reached: watch::Sender<Position>,
    standing: watch::Sender<Standing>,
    bell: Arc<Notify>,
    /// Rung by whoever waits for a position.
    asked: Arc<Notify>,
    stopping: watch::Receiver<bool>,
}

impl Following {
    async fn run(mut self, follower: Follower) {
        let mut follower = Some(follower);
        while !*self.stopping.borrow() {
            let open = match follower.take() {
                Some(open) => open,
                None => match Follower::open(&self.journal).await {
                    Ok(open) => open,
                    Err(error) => {
                        if self.failed(error).await {
                            return;
                        }
                        continue;
                    }
                },
            };
            let (left, error) = self.follow(open).await;
            match error {
                None => {
                    left.close().await;
                    return;
                }
                Some(error) => {
                    if self.failed(error).await {
                        return;
                    }
                }
            }
        }
    }

    /// Follows until it is told to stop (no error) or cannot go on.
    async fn follow(&mut self, mut follower: Follower) -> (Follower, Option<Error>) {
        let mut doorbell = self.journal.doorbell();
        loop {
            let began = Instant::now();
            doorbell.borrow_and_update();
            let turn = follower.turn().await;
            self.reached.send_if_modified(|reached| {
                let moved = *reached != follower.reached();
                *reached = follower.reached();
                moved
            });
            match turn {
                Err(error) => return (follower, Some(error)),
                Ok(Turn::Moved) if *self.stopping.borrow() => return (follower, None),
                // The next page is there already: nothing is won by waiting for more.
                Ok(Turn::Moved) if follower.is_ahead() => {}
                Ok(Turn::Moved) => self.pause(began).await,
                Ok(Turn::Idle) => {
                    self.standing.send_if_modified(|standing| {
                        let mended = !matches!(standing, Standing::Following);
                        *standing = Standing::Following;
                        mended
                    });
                    tokio::select! {
                        rung = doorbell.changed() => {
                            if rung.is_err() {
                                return (follower, None);
                            }
                        }
                        () = self.bell.notified() => {
                            if let Err(error) = follower.catch_watermarks().await {
                                return (follower, Some(error));
                            }
                        }
                        () = told(&mut self.stopping) => return (follower, None),
                    }
                }
            }
        }
    }

    /// Until the next turn is due, after the one that began then.
    async fn pause(&mut self, began: Instant) {
        let asked = async {
            sleep_until(began + ASKED_TURNS_APART).await;
            self.asked.notified().await;
        };
        tokio::select! {
            () = asked => {}
            () = sleep_until(began + TURNS_APART) => {}
            () = told(&mut self.stopping) => {}
        }
    }

    /// True: this does not pass, and the projector stops.
    async fn failed(&mut self, error: Error) -> bool {
        if !error.is_passing() {
            tracing::error!(code = error.code(), %error, "the projector has stopped");
            self.standing.send_replace(Standing::Stopped(error));
            return true;
        }
        tracing::warn!(code = error.code(), %error, "the projector waits");
        self.standing.send_replace(Standing::Waiting(error));
        tokio::select! {
            () = tokio::time::sleep(Duration::from_millis(PAUSE_MS)) => false,
            () = told(&mut self.stopping) => true,
        }
    }
}

/// Waits until the loop is told to stop, also where it was told before, or nobody is left who could.
async fn told(stopping: &mut watch::Receiver<bool>) {
    let _ = stopping.wait_for(|stopping| *stopping).await;
}

/// The names that `rebuild` takes: each read model, and each of its tables for the read model that it belongs to.
pub fn names() -> Vec<&'static str> {
    let mut names = Vec::new();
    for mut model in model::all() {
        names.push(model.name());
        names.extend(model.tables().iter().map(|table| table.name()));
    }
    names.sort_unstable();
    names.dedup();
    names
}

/// Empties one read model, or all of them, and sets its watermark back, in one transaction.
pub async fn reset(journal: &Journal, table: Option<&str>) -> Result<(), Error> {
    let mut chosen = model::all();
    if let Some(wanted) = table {
        chosen.retain_mut(|model| {
            model.name() == wanted || model.tables().iter().any(|table| table.name() == wanted)
        });
        if chosen.is_empty() {
            return Err(Error::NoSuchModel(wanted.to_owned()));
        }
    }
    let mut session = Session::open(journal.engine()).await?;
    let _turn = journal.turn().await;
    session.begin().await?;
    for mut model in chosen {
        let name = model.name();
        // First the watermark, which is the lock that every follower takes first.
        session
            .run(&format!("UPDATE watermarks SET position = 0 WHERE projection = '{name}'"))
            .await?;
        for table in model.tables() {
            let verb = match session.link {
                Link::Sqlite(_) => "DELETE FROM",
                Link::Postgres(_) => "TRUNCATE",
            };
            session.run(&format!("{verb} {}", table.name())).await?;
        }
    }
    session.commit().await?;
    session.close().await;
    Ok(())
}

/// Follows in the foreground until every read model has reached what is the head now; returns where they stand then.
pub async fn catch_up(journal: &Journal) -> Result<Position, Error> {
    let head = journal.head().await?;
    let mut follower = Follower::open(journal).await?;
    while follower.reached() < head {
        follower.turn().await?;
    }
    let reached = follower.reached();
    follower.close().await;
    Ok(reached)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_still_waits_after_a_turn_asks_for_the_next_one() {
        let (turns, position) = watch::channel(Position(0));
        let reached = Reached { position, asked: Arc::default() };
        let waits = |for_position| {
            let reached = reached.clone();
            tokio::spawn(async move { reached.wait_for(Position(for_position)).await })
        };
        let (near, far) = (waits(2), waits(3));
        let patience = Duration::from_secs(10);
        for turn in 1..=3 {
            timeout(patience, reached.asked.notified()).await.unwrap();
            turns.send_replace(Position(turn));
        }
        for waiter in [near, far] {
            timeout(patience, waiter).await.unwrap().unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn whoever_waits_for_a_projector_that_ends_is_told() {
        let (turns, position) = watch::channel(Position(1));
        let reached = Reached { position, asked: Arc::default() };
        drop(turns);
        reached.wait_for(Position(1)).await.unwrap();
        assert!(reached.wait_for(Position(2)).await.is_err());
    }

    #[tokio::test]
    async fn stopping_takes_no_longer_than_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        Journal::migrate(&url).await.unwrap();
        let journal = Journal::open(&url, journal::Options::default()).await.unwrap();
        let mut projector = Projector::start(&journal).await.unwrap();
        // As one whose database never answers.
        let answers = std::mem::replace(&mut projector.task, tokio::spawn(std::future::pending()));
        let stopped = timeout(STOP_MAX * 4, projector.stop()).await;
        assert!(stopped.is_ok());
        answers.await.unwrap();
        journal.close().await;
    }
}
