//! Our side: commands through the journal's executor.

use std::sync::Arc;

use anyhow::{Result, bail};
use domain::{context::Facts, customer::Customer};
use journal::{Journal, Metadata, Options, Refusal, Replayed, Request};
use uuid::Uuid;

use crate::{
    company::{Asked, Company},
    load::Client,
    orders::{Orders, Wanted, Whose},
    seeding,
};

/// What the journal said of one command.
#[derive(Clone, Copy, Debug)]
pub struct Acknowledged {
    pub command_id: Uuid,
    pub events: u64,
    /// Of the last event.
    pub position: i64,
    pub version: i64,
}

pub struct OurClient {
    journal: Journal,
    orders: Orders,
    pub acknowledged: Vec<Acknowledged>,
}

pub fn clients(
    journal: &Journal,
    company: &Arc<Company>,
    whose: Whose,
    clients: u32,
    source: u32,
) -> Vec<OurClient> {
    let orders = Orders::of(company, whose, clients, source).into_iter();
    orders
        .map(|orders| OurClient { journal: journal.clone(), orders, acknowledged: Vec::new() })
        .collect()
}

/// Opened as a server opens it, but for the name.
pub async fn open(url: &str, instance: &str) -> Result<Journal> {
    let options = Options { instance: instance.to_owned(), ..Options::default() };
    Ok(Journal::open(url, options).await?)
}

impl Client for OurClient {
    async fn command(&mut self) -> Result<u64> {
        let wanted = self.orders.next()?;
        loop {
            match self.journal.execute(request(&wanted)?).await {
                Ok(done) if done.replayed == Replayed::Yes => {
                    bail!("{} was there before", wanted.command_id)
                }
                Ok(done) => {
                    let events = u64::try_from(done.events.len())?;
                    let (position, version) = (done.position.0, done.version.0);
                    let command_id = wanted.command_id;
                    self.acknowledged.push(Acknowledged { command_id, events, position, version });
                    return Ok(events);
                }
                // As a client does that is told to repeat with its key.
                Err(Refusal::Unknown) => {}
                Err(refusal) => bail!("refused: {refusal}"),
            }
        }
    }
}

fn request(wanted: &Wanted) -> Result<Request<Customer>> {
    let Asked { command, mut context, command_id } = wanted.asked()?;
    // The executor reads the facts itself.
    context.facts = Facts::default();
    let actor = context.turn.actor.to_string();
    Ok(Request {
        stream: wanted.stream.clone(),
        command,
        context,
        key: format!("{actor}/{command_id}"),
        request_hash: seeding::request_hash(command_id),
        if_match: None,
        metadata: Metadata {
            actor,
            via: None,
            command_id,
            correlation_id: Some(command_id.to_string()),
            causation_id: None,
        },
    })
}
