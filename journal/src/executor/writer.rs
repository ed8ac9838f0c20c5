//! Steps 5 to 10 from the writer's side: one per process, one transaction in flight.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::FutureExt;

use super::Shared;
use super::backend::{
    Appended, Backend, Batch, Broken, Draft, Group, Moved, News, Refused, Verdict,
};
use super::queue::{Reply, Sent, Slow};
use crate::types::count;
use crate::{Error, Position, Replayed};

/// How long the writer waits before it tries again to reach a database that is away.
const PAUSE: Duration = Duration::from_millis(200);

/// An accepted group, before its commands are told.
struct Untold {
    group: Group,
    sent: Vec<Sent>,
    tip: Position,
    recorded_at: DateTime<Utc>,
}

/// Tells what was accepted while the database works on the next batch. What was refused is dealt with before that batch is taken:
/// a command that was decided on refused events must not be sent, for another process may have brought its stream to the very
/// version that it expects.
pub(super) async fn run<B: Backend>(shared: &Arc<Shared<B>>) {
    let (mut untold, mut since) = (Vec::new(), None);
    loop {
        let take = shared.queue.take(shared.bounds(), shared.backend.uptime());
        let idle = take.groups.is_empty() && take.slow.is_none();
        if !take.groups.is_empty() {
            let batch = Batch { clock: shared.backend.clock(), since, groups: take.groups };
            let telling = async { tell(shared, std::mem::take(&mut untold)) };
            let (appended, ()) = futures::join!(shared.backend.append(&batch), telling);
            if let Ok(appended) = &appended {
                since = Some(appended.head);
                hear(shared, &appended.news);
            }
            untold = settle(shared, batch, take.sent, appended).await;
        }
        if let Some(slow) = take.slow {
            tell(shared, std::mem::take(&mut untold));
            decide_under_lock(shared, slow).await;
        }
        if idle {
            if !untold.is_empty() {
                tell(shared, std::mem::take(&mut untold));
            } else if shared.is_idle() {
                shared.backend.leave().await;
                return;
            } else {
                shared.queue.rung().await;
            }
        }
    }
}

/// 6: one call was made for the whole batch. Answers what was accepted.
async fn settle<B: Backend>(
    shared: &Shared<B>,
    batch: Batch,
    sent: Vec<Vec<Sent>>,
    appended: Result<Appended, Broken>,
) -> Vec<Untold> {
    match appended {
        Ok(appended) => return accepted(shared, batch.groups, sent, appended.verdicts),
        // One group that the database cannot take must not fail the others: each gets a transaction of its own.
        Err(Broken::Nothing(error)) if !error.is_passing() && batch.groups.len() > 1 => {
            for (group, sent) in batch.groups.into_iter().zip(sent) {
                let alone = Batch { clock: batch.clock, since: None, groups: vec![group] };
                match shared.backend.append(&alone).await {
                    Ok(appended) => {
                        let untold = accepted(shared, alone.groups, vec![sent], appended.verdicts);
                        tell(shared, untold);
                    }
                    Err(broken) => give_up(shared, &alone, vec![sent], broken).await,
                }
            }
        }
        Err(broken) => give_up(shared, &batch, sent, broken).await,
    }
    Vec::new()
}

/// No verdict: nothing was recorded, or we do not know.
async fn give_up<B: Backend>(
    shared: &Shared<B>,
    batch: &Batch,
    sent: Vec<Vec<Sent>>,
    broken: Broken,
) {
    // Their heads hold events that are not recorded, or may not be.
    for sent in sent.iter().flatten() {
        shared.heads.remove(sent.entry.life());
    }
    match broken {
        Broken::Nothing(error) => {
            tracing::warn!(code = error.code(), %error, "an append failed; nothing was recorded");
            for sent in sent.into_iter().flatten() {
                let _ = sent.reply.send(Reply::Failed(error.clone()));
            }
        }
        Broken::Unknown(error) => {
            tracing::warn!(%error, "an append got no reply; looking up what it recorded");
            let keys: Vec<&str> =
                batch.groups.iter().flat_map(|g| &g.drafts).map(|d| d.key.as_str()).collect();
            let found = recover(shared, &keys).await;
            let drafts = batch.groups.iter().flat_map(|group| &group.drafts);
            for (draft, sent) in drafts.zip(sent.into_iter().flatten()) {
                let _ = sent.reply.send(after_loss(&found, &draft.key));
            }
        }
    }
}

/// 10: waits as long as it takes, for no answer is right before this is known.
async fn recover<B: Backend>(shared: &Shared<B>, keys: &[&str]) -> Vec<String> {
    loop {
        match shared.backend.recover(keys).await {
            Ok(found) => return found,
            Err(error) => {
                tracing::warn!(%error, "the database is still away");
                shared.backend.sleep(PAUSE).await;
            }
        }
    }
}

fn after_loss(found: &[String], key: &str) -> Reply {
    if found.iter().any(|found| found == key) { Reply::Recorded(Replayed::No) } else { Reply::Lost }
}

/// 8 for what was refused, at once; the rest is to be told.
fn accepted<B: Backend>(
    shared: &Shared<B>,
    groups: Vec<Group>,
    sent: Vec<Vec<Sent>>,
    verdicts: Vec<Verdict>,
) -> Vec<Untold> {
    let mut accepted = Vec::with_capacity(groups.len());
    for ((group, sent), verdict) in groups.into_iter().zip(sent).zip(verdicts) {
        match verdict {
            Verdict::Accepted { tip, recorded_at } => {
                if let Some(sent) = sent.first() {
                    sent.entry.confirm(group.reaches());
                }
                accepted.push(Untold { group, sent, tip, recorded_at });
            }
            Verdict::Refused(refused) => refuse(shared, &group, sent, &refused),
        }
    }
    accepted
}

/// 7.
fn tell<B: Backend>(shared: &Shared<B>, untold: Vec<Untold>) {
    let mut head = Position::default();
    for Untold { group, sent, mut tip, recorded_at } in untold {
        if group.drafts.iter().any(|draft| !draft.lines.is_empty()) {
            outdate(shared, group.aggregate_type, &group.stream);
        }
        for (draft, sent) in group.drafts.iter().zip(sent) {
            let first = tip;
            tip = Position(tip.0 + count(draft.lines.len()));
            shared.acknowledge(tip);
            let _ = sent.reply.send(Reply::Accepted { tip: first, recorded_at });
        }
        head = head.max(tip);
    }
    shared.ring(head);
}

/// 8: the entry and stale copies of what was read go; each command gets what is certain about it, or is decided again.
fn refuse<B: Backend>(shared: &Shared<B>, group: &Group, sent: Vec<Sent>, refused: &Refused) {
    shared.refused.fetch_add(1, Ordering::Relaxed);
    outdate(shared, group.aggregate_type, &group.stream);
    for read in group.drafts.iter().flat_map(|draft| &draft.reads) {
        outdate(shared, read.aggregate_type, &read.stream);
    }
    let first_writer = group.drafts.iter().position(|draft| !draft.lines.is_empty());
    for (n, sent) in sent.into_iter().enumerate() {
        shared.heads.remove(sent.entry.life());
        let taken = refused.taken.iter().find(|(draft, ..)| *draft == n);
        let reply = match taken {
            _ if refused.known.contains(&n) => Reply::Recorded(Replayed::Yes),
            // Certain only if nothing undecided comes before it.
            Some((_, claim, holder))
                if refused.moved == Moved::Nothing && first_writer == Some(n) =>
            {
                Reply::ClaimTaken { claim: claim.clone(), holder: holder.clone() }
            }
            _ => Reply::Again,
        };
        let _ = sent.reply.send(reply);
    }
}

fn outdate<B>(shared: &Shared<B>, aggregate_type: &'static str, stream: &str) {
    if let Some(item) = shared.known.find(aggregate_type, stream) {
        item.outdate();
    }
}

/// Streams that another process has moved are read again before the next decision on them.
fn hear<B: Backend>(shared: &Shared<B>, news: &[News]) {
    for News { aggregate_type, stream, version } in news {
        for cache in [&shared.heads, &*shared.known] {
            if let Some(item) = cache.find(aggregate_type, stream) {
                item.hear(*version);
            }
        }
    }
}

/// 9: begin, lock, look up the key, decide on what is recorded, insert, commit.
async fn decide_under_lock<B: Backend>(shared: &Shared<B>, slow: Slow) {
    let Slow { key, deadline, decide, reply } = slow;
    if deadline <= shared.backend.uptime() {
        let _ = reply.send(Reply::TooLate);
        return;
    }
    let outcome = match shared.backend.begin().await {
        Ok(()) => match under_lock(shared, &key, decide).await {
            Ok(outcome) => outcome,
            Err(error) => {
                shared.backend.abandon().await;
                Ok(Reply::Failed(error))
            }
        },
        Err(broken) => Err(broken),
    };
    let outcome = match outcome {
        Ok(outcome) => outcome,
        Err(Broken::Nothing(error)) => Reply::Failed(error),
        Err(Broken::Unknown(error)) => {
            tracing::warn!(%error, "an append under the lock got no reply");
            after_loss(&recover(shared, &[&key]).await, &key)
        }
    };
    let _ = reply.send(outcome);
}

/// The outer error: certainly nothing was sent. The inner one: what the database made of it.
async fn under_lock<B: Backend>(
    shared: &Shared<B>,
    key: &str,
    decide: impl Future<Output = Result<Group, Error>>,
) -> Result<Result<Reply, Broken>, Error> {
    if shared.backend.find(key).await?.is_some() {
        shared.backend.abandon().await;
        return Ok(Ok(Reply::Recorded(Replayed::Yes)));
    }
    // The writer must outlive a rule that panics.
    let group = AssertUnwindSafe(decide)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Error::Unwritable("the command's rule panicked".to_owned())))?;
    let batch = Batch { clock: shared.backend.clock(), since: None, groups: vec![group] };
    let verdict = match shared.backend.finish(&batch).await {
        Ok(appended) => appended.verdicts.into_iter().next(),
        Err(broken) => return Ok(Err(broken)),
    };
    let Some(group) = batch.groups.first() else { return Ok(Ok(Reply::Again)) };
    Ok(Ok(match verdict {
        Some(Verdict::Accepted { tip, recorded_at }) => {
            let lines = group.drafts.first().map_or(0, |draft: &Draft| draft.lines.len());
            if lines > 0 {
                // A head of this stream in the cache lacks what was just recorded.
                if let Some(entry) = shared.heads.find(group.aggregate_type, &group.stream) {
                    shared.heads.remove(entry.life());
                }
                outdate(shared, group.aggregate_type, &group.stream);
            }
            let head = Position(tip.0 + count(lines));
            shared.acknowledge(head);
            shared.ring(head);
            Reply::Accepted { tip, recorded_at }
        }
        Some(Verdict::Refused(refused)) => match refused.taken.into_iter().next() {
            Some((_, claim, holder)) => Reply::ClaimTaken { claim, holder },
            None => Reply::Again,
        },
        None => Reply::Again,
    }))
}
