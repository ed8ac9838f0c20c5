//! The journal as a `cqrs_es::EventStore`, so that a stock `CqrsFramework` runs on it.
//!
//! It commits through the executor like everything else; a version conflict is an `AggregateConflict`, as stock programs expect.

use std::collections::HashMap;

use cqrs_es::{Aggregate, AggregateContext, AggregateError, EventEnvelope, EventStore};
use domain::decider::Decider;
use uuid::Uuid;

use crate::{Entry, Error, Filter, Journal, PAGE_MAX, Position, Refusal, Version, codec};

/// An aggregate as a stock program holds it between loading and committing.
#[derive(Debug)]
pub struct StockContext<A> {
    stream: String,
    version: Version,
    aggregate: A,
}

impl<A: Aggregate> AggregateContext<A> for StockContext<A> {
    fn aggregate(&mut self) -> &mut A {
        &mut self.aggregate
    }
}

impl<A> EventStore<A> for Journal
where
    A: Decider + Aggregate<Event = <A as Decider>::Event>,
{
    type AC = StockContext<A>;

    async fn load_events(
        &self,
        aggregate_id: &str,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        let filter = Filter {
            stream: Some(aggregate_id.to_owned()),
            aggregate_type: Some(<A as Decider>::TYPE.to_owned()),
            types: Vec::new(),
        };
        let mut envelopes = Vec::new();
        let mut position = Position::default();
        loop {
            let page = self.after(position, &filter, PAGE_MAX).await.map_err(unexpected)?;
            let full = page.entries.len() == PAGE_MAX;
            for entry in page.entries {
                envelopes.push(self.envelope(&entry).map_err(unexpected)?);
            }
            if !full {
                return Ok(envelopes);
            }
            position = page.next;
        }
    }

    async fn load_aggregate(
        &self,
        aggregate_id: &str,
    ) -> Result<StockContext<A>, AggregateError<A::Error>> {
        let known = self.confirmed::<A>(aggregate_id).await.map_err(unexpected)?;
        Ok(StockContext {
            stream: known.stream,
            version: known.version,
            aggregate: known.state.as_ref().clone(),
        })
    }

    async fn commit(
        &self,
        events: Vec<<A as Aggregate>::Event>,
        context: StockContext<A>,
        metadata: HashMap<String, String>,
    ) -> Result<Vec<EventEnvelope<A>>, AggregateError<A::Error>> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let StockContext { stream, version, .. } = context;
        let text = codec::written(&metadata).map_err(unexpected)?;
        #[expect(clippy::disallowed_methods, reason = "stock programs bring no id of their own")]
        let command_id = Uuid::now_v7();
        let record = self.executor.record::<A>(stream.clone(), version, events, text, command_id);
        let committed = match record.await {
            Ok(committed) => committed,
            Err(Refusal::Stale { .. } | Refusal::ClaimTaken { .. }) => {
                return Err(AggregateError::AggregateConflict);
            }
            Err(Refusal::Journal(error)) => return Err(unexpected(error)),
            Err(other) => return Err(AggregateError::UnexpectedError(Box::new(other))),
        };
        let envelope = |(payload, n): (_, i64)| EventEnvelope {
            aggregate_id: stream.clone(),
            sequence: usize::try_from(version.0 + n).unwrap_or_default(),
            payload,
            metadata: metadata.clone(),
        };
        Ok(committed.events.into_iter().zip(1..).map(envelope).collect())
    }
}

impl Journal {
    fn envelope<A>(&self, entry: &Entry) -> Result<EventEnvelope<A>, Error>
    where
        A: Decider + Aggregate<Event = <A as Decider>::Event>,
    {
        let (stream, metadata) = (entry.stream.clone(), entry.metadata.clone());
        let stored = self.current_shape(entry);
        let metadata: HashMap<String, String> =
            serde_json::from_str(&metadata).map_err(|error| Error::Unreadable {
                stream: stream.clone(),
                version: stored.version,
                position: stored.position,
                reason: error.to_string(),
            })?;
        Ok(EventEnvelope {
            payload: codec::decoded::<<A as Decider>::Event>(&stream, &stored)?,
            aggregate_id: stream,
            sequence: usize::try_from(stored.version.0).unwrap_or_default(),
            metadata,
        })
    }
}

fn unexpected<E: std::error::Error>(error: Error) -> AggregateError<E> {
    match error {
        Error::Unavailable(_) => AggregateError::DatabaseConnectionError(Box::new(error)),
        Error::Unreadable { .. } => AggregateError::DeserializationError(Box::new(error)),
        other => AggregateError::UnexpectedError(Box::new(other)),
    }
}
