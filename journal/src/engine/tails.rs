//! What follows a version of a stream, for many streams in one query.
//!
//! A load that nobody else is waiting with costs one query, as it must. Under load, when heads are read again after refusals or for
//! the first time after a start, those who wait share one: most of what a small tail costs is the query around it.

use std::sync::{Mutex, PoisonError};

use sqlx::PgPool;
use tokio::sync::{Semaphore, oneshot};

use super::reader::Reader;
use crate::executor::Tail;
use crate::{Error, Version};

/// Queries under way. Fewer would let one long stream hold up the others; with more they would seldom be shared.
const QUERIES: usize = 4;
/// Streams in one query, and events of each; the rest of a longer stream is read by itself.
const STREAMS_MAX: usize = 64;
const EVENTS_MAX: i64 = 256;

const TAILS: &str = "
SELECT t.payloads, t.events
FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS w(type, stream, after, n)
CROSS JOIN LATERAL (
    SELECT coalesce(string_agg(e.payload::text, E'\\n' ORDER BY e.sequence), '') AS payloads, count(*) AS events
    FROM events e
    WHERE e.aggregate_type = w.type AND e.aggregate_id = w.stream
      AND e.sequence > w.after AND e.sequence <= w.after + $4
) AS t
ORDER BY w.n";

#[derive(Debug)]
pub(super) struct Tails {
    reader: Reader,
    waiting: Mutex<Vec<Wanted>>,
    turns: Semaphore,
}

#[derive(Debug)]
struct Wanted {
    aggregate_type: String,
    stream: String,
    after: Version,
    answer: oneshot::Sender<Result<(String, i64), Error>>,
}

impl Tails {
    pub(super) fn new(reader: Reader) -> Tails {
        Tails { reader, waiting: Mutex::default(), turns: Semaphore::new(QUERIES) }
    }

    pub(super) async fn after(
        &self,
        aggregate_type: &str,
        stream: &str,
        after: Version,
    ) -> Result<Tail, Error> {
        let whole = Version(i64::MAX);
        let Some(pool) = self.reader.joining() else {
            return self.reader.tail(aggregate_type, stream, after, whole).await;
        };
        let (text, mut count) = self.shared(pool, aggregate_type, stream, after).await?;
        let mut texts = vec![text];
        if count == EVENTS_MAX {
            let from = Version(after.0 + count);
            let (rest, more) = self.reader.joined(aggregate_type, stream, from, whole).await?;
            texts.extend(rest);
            count += more;
        }
        Ok(Tail::Joined { texts, count })
    }

    async fn shared(
        &self,
        pool: &PgPool,
        aggregate_type: &str,
        stream: &str,
        after: Version,
    ) -> Result<(String, i64), Error> {
        loop {
            let (answer, mut answered) = oneshot::channel();
            let (aggregate_type, stream) = (aggregate_type.to_owned(), stream.to_owned());
            self.waiting().push(Wanted { aggregate_type, stream, after, answer });
            let turn = tokio::select! {
                biased;
                answer = &mut answered => match answer {
                    Ok(answer) => return answer,
                    // Whoever read for us was cancelled.
                    Err(_) => continue,
                },
                turn = self.turns.acquire() => turn.map_err(|_| Error::Closed)?,
            };
            // Those who came before us are read first. When nobody waits, ours is being read.
            while answered.is_empty() {
                let taken = self.take();
                if taken.is_empty() {
                    break;
                }
                read(pool, taken).await;
            }
            drop(turn);
            if let Ok(answer) = answered.await {
                return answer;
            }
        }
    }

    fn take(&self) -> Vec<Wanted> {
        let mut waiting = self.waiting();
        let most = waiting.len().min(STREAMS_MAX);
        waiting.drain(..most).collect()
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<Wanted>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read(pool: &PgPool, wanted: Vec<Wanted>) {
    let found = sqlx::query_as::<_, (String, i64)>(TAILS)
        .bind(wanted.iter().map(|w| w.aggregate_type.as_str()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|w| w.stream.as_str()).collect::<Vec<_>>())
        .bind(wanted.iter().map(|w| w.after.0).collect::<Vec<_>>())
        .bind(EVENTS_MAX)
        .fetch_all(pool)
        .await;
    match found {
        Ok(found) => {
            for (wanted, tail) in wanted.into_iter().zip(found) {
                let _ = wanted.answer.send(Ok(tail));
            }
        }
        Err(error) => {
            let error = Error::from(error);
            for wanted in wanted {
                let _ = wanted.answer.send(Err(error.clone()));
            }
        }
    }
}
