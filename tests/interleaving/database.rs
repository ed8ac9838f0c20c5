//! A database in memory, as one process sees it: each of its steps is a turn of the scheduler.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use journal::executor::{Appended, Backend, Batch, Broken, Recorded, Source, Stored, Tail};
use journal::{Error, Position, Version};
use tokio::sync::{mpsc, oneshot};

use super::world::{Mistake, Owner, Phase, Shared, Tx, Wire, lock, recorded_at};

/// One process's connections.
pub(crate) struct Database {
    pub(crate) world: Shared,
    pub(crate) process: usize,
    pub(crate) incarnation: usize,
    /// The open transaction of the slow path.
    pub(crate) open: std::sync::Mutex<Option<Open>>,
}

pub(crate) struct Open {
    tx: usize,
    orders: mpsc::UnboundedSender<Option<Batch>>,
    replies: mpsc::UnboundedReceiver<Appended>,
}

/// Lets the scheduler do something else first.
pub(crate) async fn turn() {
    let mut passed = false;
    poll_fn(|context| {
        if passed {
            return Poll::Ready(());
        }
        passed = true;
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Waits for the append lock. False: killed before it was granted.
async fn acquire(world: &Shared, tx: Option<usize>) -> bool {
    poll_fn(|context| {
        let mut world = lock(world);
        if tx.is_some_and(|tx| world.txs[tx].killed) {
            return Poll::Ready(false);
        }
        if world.locked {
            world.waiting.push(context.waker().clone());
            return Poll::Pending;
        }
        world.locked = true;
        if let Some(tx) = tx {
            world.txs[tx].phase = Phase::Locked;
        }
        Poll::Ready(true)
    })
    .await
}

/// Ends a transaction without commit, if it was killed while it held the lock.
fn is_killed(world: &Shared, tx: usize) -> bool {
    let mut world = lock(world);
    let killed = world.txs[tx].killed;
    if killed {
        world.txs[tx].phase = Phase::Over;
        world.release();
    }
    killed
}

fn commit(world: &Shared, tx: usize, batch: &Batch) -> Appended {
    let mut world = lock(world);
    let appended = world.append(batch);
    world.check_log();
    world.txs[tx].phase = Phase::Over;
    world.release();
    appended
}

impl Database {
    fn begin_tx(&self, cut: Box<dyn FnOnce() + Send>) -> usize {
        let mut world = lock(&self.world);
        let tx = world.txs.len();
        let owner = Some(self.process);
        world.txs.push(Tx { owner, phase: Phase::Sent, lost: false, killed: false });
        world.wires.insert(self.process, Wire { tx, cut });
        tx
    }

    fn on_server(&self, task: impl Future<Output = ()> + Send + 'static) {
        lock(&self.world).spawned.push((Owner::Database, Box::pin(task)));
    }

    fn hang_up(&self) {
        lock(&self.world).wires.remove(&self.process);
    }
}

/// A lock that the database takes back when its holder ends, however it ends.
struct Held(Shared);

impl Drop for Held {
    fn drop(&mut self) {
        lock(&self.0).release();
    }
}

fn lost() -> Broken {
    Broken::Unknown(Error::Closed)
}

impl Source for Database {
    fn tail<'a>(
        &'a self,
        _aggregate_type: &'a str,
        stream: &'a str,
        after: Version,
    ) -> BoxFuture<'a, Result<Tail, Error>> {
        Box::pin(async move {
            turn().await;
            let rows = {
                let world = lock(&self.world);
                let of_stream = world.log.iter().filter(|l| l.stream == stream);
                of_stream
                    .filter(|logged| logged.version > after.0)
                    .map(|logged| Stored {
                        position: Position(logged.position),
                        version: Version(logged.version),
                        payload: logged.line.payload.clone(),
                    })
                    .collect()
            };
            turn().await;
            Ok(Tail::Rows(rows))
        })
    }
}

impl Backend for Database {
    async fn append(&self, batch: &Batch) -> Result<Appended, Broken> {
        let (reply, wire) = oneshot::channel::<Appended>();
        let (cut, cuts) = oneshot::channel::<()>();
        let tx = self.begin_tx(Box::new(move || drop(cut)));
        let (world, batch) = (Arc::clone(&self.world), batch.clone());
        self.on_server(async move {
            turn().await;
            if !acquire(&world, Some(tx)).await {
                return;
            }
            turn().await;
            if is_killed(&world, tx) {
                return;
            }
            let appended = commit(&world, tx, &batch);
            turn().await;
            let _ = reply.send(appended);
        });
        tokio::select! {
            biased;
            _ = cuts => Err(lost()),
            appended = wire => {
                self.hang_up();
                appended.map_err(|_| lost())
            }
        }
    }

    async fn begin(&self) -> Result<(), Broken> {
        lock(&self.world).slow += 1;
        let (orders, mut ordered) = mpsc::unbounded_channel::<Option<Batch>>();
        let (reply, replies) = mpsc::unbounded_channel::<Appended>();
        let (begun, begins) = oneshot::channel::<()>();
        let (cut, cuts) = oneshot::channel::<()>();
        let tx = self.begin_tx(Box::new(move || drop(cut)));
        let world = Arc::clone(&self.world);
        self.on_server(async move {
            turn().await;
            if !acquire(&world, Some(tx)).await {
                return;
            }
            let _ = begun.send(());
            let batch = ordered.recv().await.flatten();
            turn().await;
            if is_killed(&world, tx) {
                return;
            }
            let Some(batch) = batch else {
                // Rolled back, or its client is gone before it said commit.
                let mut world = lock(&world);
                world.txs[tx].phase = Phase::Over;
                world.release();
                return;
            };
            let appended = commit(&world, tx, &batch);
            turn().await;
            let _ = reply.send(appended);
        });
        let begun = tokio::select! {
            biased;
            _ = cuts => false,
            begun = begins => begun.is_ok(),
        };
        if !begun {
            return Err(lost());
        }
        // From here on a broken connection shows at the next order.
        *self.open.lock().unwrap() = Some(Open { tx, orders, replies });
        lock(&self.world).wires.remove(&self.process);
        Ok(())
    }

    async fn finish(&self, batch: &Batch) -> Result<Appended, Broken> {
        let Some(mut open) = self.open.lock().unwrap().take() else { return Err(lost()) };
        let (cut, cuts) = oneshot::channel::<()>();
        let wire = Wire { tx: open.tx, cut: Box::new(move || drop(cut)) };
        lock(&self.world).wires.insert(self.process, wire);
        let _ = open.orders.send(Some(batch.clone()));
        tokio::select! {
            biased;
            _ = cuts => Err(lost()),
            appended = open.replies.recv() => {
                self.hang_up();
                appended.ok_or_else(lost)
            }
        }
    }

    async fn abandon(&self) {
        if let Some(open) = self.open.lock().unwrap().take() {
            let _ = open.orders.send(None);
        }
        turn().await;
    }

    async fn recover(&self, keys: &[&str]) -> Result<Vec<String>, Error> {
        turn().await;
        let mistake = lock(&self.world).mistake;
        let looks_only = mistake == Some(Mistake::LookupOnly);
        if !looks_only && mistake != Some(Mistake::NoTerminate) {
            self.terminate();
        }
        turn().await;
        if looks_only {
            let world = lock(&self.world);
            return Ok(recorded(&world, keys));
        }
        acquire(&self.world, None).await;
        let _held = Held(Arc::clone(&self.world));
        turn().await;
        Ok(recorded(&lock(&self.world), keys))
    }

    async fn find(&self, key: &str) -> Result<Option<Recorded>, Error> {
        turn().await;
        let found = {
            let world = lock(&self.world);
            let own = world.of_key(key);
            own.first().map(|first| Recorded {
                aggregate_type: first.aggregate_type.to_owned(),
                stream: first.stream.clone(),
                metadata: first.metadata.clone(),
                recorded_at: recorded_at(),
                rows: own
                    .iter()
                    .map(|logged| Stored {
                        position: Position(logged.position),
                        version: Version(logged.version),
                        payload: logged.line.payload.clone(),
                    })
                    .collect(),
            })
        };
        turn().await;
        Ok(found)
    }

    async fn holder(&self, _claim: &str) -> Result<Option<String>, Error> {
        Ok(None)
    }

    fn clock(&self) -> DateTime<Utc> {
        recorded_at()
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, _duration: Duration) -> BoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }

    async fn leave(&self) {}

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let owner = Owner::Process(self.process, self.incarnation);
        lock(&self.world).spawned.push((owner, task));
    }

    fn spawn_writer(&self, task: BoxFuture<'static, ()>) -> std::io::Result<()> {
        self.spawn(task);
        Ok(())
    }
}

impl Database {
    /// What is sent and not yet locked dies; what holds the lock dies or commits, as it happens.
    fn terminate(&self) {
        let mut world = lock(&self.world);
        let too_late = world.log.len().is_multiple_of(2);
        for tx in &mut world.txs {
            let dies = tx.phase == Phase::Sent || tx.phase == Phase::Locked && !too_late;
            if tx.lost && tx.owner == Some(self.process) && dies {
                tx.killed = true;
            }
        }
        // A killed backend that waits for the lock must notice.
        let waiting: Vec<_> = world.waiting.drain(..).collect();
        waiting.into_iter().for_each(std::task::Waker::wake);
    }
}

fn recorded(world: &super::world::World, keys: &[&str]) -> Vec<String> {
    keys.iter().filter(|key| world.recorded(key)).map(|key| (*key).to_owned()).collect()
}
