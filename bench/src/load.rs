//! Putting a load on something: so many clients, each with one command in flight, for so long.

use std::time::{Duration, Instant};

use anyhow::Result;
use hdrhistogram::Histogram;

/// A client has at most one command under way.
pub trait Client: Send + 'static {
    /// Sends one command and awaits its answer; says how many events it led to.
    fn command(&mut self) -> impl Future<Output = Result<u64>> + Send;
}

/// What a load did.
pub struct Measured {
    pub commands: u64,
    pub events: u64,
    pub seconds: f64,
    pub latency: Histogram<u64>,
}

impl Measured {
    pub fn commands_a_second(&self) -> f64 {
        number(self.commands) / self.seconds
    }

    pub fn events_a_second(&self) -> f64 {
        number(self.events) / self.seconds
    }

    /// In milliseconds.
    pub fn p50(&self) -> f64 {
        self.quantile(0.5)
    }

    /// In milliseconds.
    pub fn p99(&self) -> f64 {
        self.quantile(0.99)
    }

    fn quantile(&self, quantile: f64) -> f64 {
        number(self.latency.value_at_quantile(quantile)) / 1_000.0
    }
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "counts and microseconds are far below 2^53"
)]
pub fn number(count: u64) -> f64 {
    count as f64
}

/// Microseconds up to ten minutes, with three digits.
pub fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 600_000_000, 3)?)
}

/// What becomes of the commands that are under way when the time is over.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Last {
    /// They are finished and counted, and so is the time that they take.
    Finished,
    /// They are left alone and not counted: where each takes longer than the whole measurement.
    Abandoned,
}

/// Lets every client send commands one after another until `span` is over. The clients are given back: they know what was
/// acknowledged.
pub async fn drive<C: Client>(
    clients: Vec<C>,
    span: Duration,
    last: Last,
) -> Result<(Measured, Vec<C>)> {
    let began = Instant::now();
    let running: Vec<_> =
        clients.into_iter().map(|client| tokio::spawn(one(client, began, span, last))).collect();
    let mut clients = Vec::with_capacity(running.len());
    let mut whole = Measured { commands: 0, events: 0, seconds: 0.0, latency: histogram()? };
    for task in running {
        let (client, part) = task.await??;
        whole.commands += part.commands;
        whole.events += part.events;
        whole.latency.add(&part.latency)?;
        clients.push(client);
    }
    whole.seconds = began.elapsed().as_secs_f64();
    Ok((whole, clients))
}

async fn one<C: Client>(
    mut client: C,
    began: Instant,
    span: Duration,
    last: Last,
) -> Result<(C, Measured)> {
    let mut part = Measured { commands: 0, events: 0, seconds: 0.0, latency: histogram()? };
    while began.elapsed() < span {
        let sent = Instant::now();
        let left = span.saturating_sub(began.elapsed());
        part.events += match last {
            Last::Finished => client.command().await?,
            Last::Abandoned => match tokio::time::timeout(left, client.command()).await {
                Ok(done) => done?,
                Err(_) => break,
            },
        };
        part.latency.saturating_record(u64::try_from(sent.elapsed().as_micros())?);
        part.commands += 1;
    }
    Ok((client, part))
}
