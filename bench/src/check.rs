//! What has to be true afterwards: nothing lost, nothing doubled, nothing out of order, no limit passed.

use std::collections::HashMap;

use anyhow::{Context as _, Result, bail, ensure};
use domain::{
    customer::{Customer, Event, credit::Limit},
    decider::Decider,
};
use journal::{Entry, Filter, Journal, Position};
use uuid::Uuid;

use crate::{
    company::{placed_at_most, stream},
    ours::Acknowledged,
};

const PAGE: usize = 5_000;

/// Reads everything after `mark` and compares it with what was acknowledged since.
pub async fn acknowledged(
    journal: &Journal,
    mark: Position,
    acknowledged: &[Acknowledged],
) -> Result<()> {
    let mut expected: HashMap<Uuid, &Acknowledged> = HashMap::new();
    for one in acknowledged {
        let before = expected.insert(one.command_id, one);
        ensure!(before.is_none(), "command {} was acknowledged twice", one.command_id);
    }
    let mut seen: HashMap<Uuid, (u64, &Acknowledged)> = HashMap::new();
    let mut versions: HashMap<String, i64> = HashMap::new();
    let mut last = mark.0;
    loop {
        let page = journal.after(Position(last), &Filter::default(), PAGE).await?;
        if page.entries.is_empty() {
            break;
        }
        for entry in page.entries {
            last += 1;
            ensure!(entry.position.0 == last, "position {} where {last} was due", entry.position);
            in_sequence(&mut versions, &entry)?;
            let id = entry.command_id.context("an event without a command")?;
            let Some(one) = expected.get(&id) else { bail!("{id} was never acknowledged") };
            let (events, _) = seen.entry(id).or_insert((0, one));
            *events += 1;
            if *events == one.events {
                ensure!(
                    (entry.position.0, entry.version.0) == (one.position, one.version),
                    "command {id} stands at {}/{}, not at {}/{}",
                    entry.position,
                    entry.version,
                    one.position,
                    one.version
                );
            }
        }
    }
    for one in acknowledged {
        let found = seen.get(&one.command_id).map_or(0, |(events, _)| *events);
        ensure!(
            found == one.events,
            "command {}: {found} of {} events",
            one.command_id,
            one.events
        );
    }
    Ok(())
}

/// Versions of one stream follow one another; where the first one seen stands is given by what was there before.
fn in_sequence(versions: &mut HashMap<String, i64>, entry: &Entry) -> Result<()> {
    if let Some(before) = versions.insert(entry.stream.clone(), entry.version.0) {
        ensure!(
            entry.version.0 == before + 1,
            "{} jumps from {before} to {}",
            entry.stream,
            entry.version
        );
    }
    Ok(())
}

/// Folds the customers anew from everything that is recorded, and looks at every placed order as it comes.
pub async fn limits(journal: &Journal, customers: u32) -> Result<()> {
    let mut states: HashMap<String, (Customer, usize)> = HashMap::new();
    let filter = Filter { aggregate_type: Some(Customer::TYPE.to_owned()), ..Filter::default() };
    let mut after = Position::default();
    loop {
        let page = journal.after(after, &filter, PAGE).await?;
        for entry in &page.entries {
            let event: Event = serde_json::from_str(&entry.payload)?;
            let (customer, placed) = states.entry(entry.stream.clone()).or_default();
            customer.evolve(&event);
            ensure!(
                customer.version == entry.version.0,
                "{} has a gap at {}",
                entry.stream,
                entry.version
            );
            if let Event::OrderPlaced(_) = event {
                *placed += 1;
                within(customer).with_context(|| entry.stream.clone())?;
            }
        }
        if page.next >= page.head {
            break;
        }
        after = page.next;
    }
    for number in 0..customers {
        let name = stream(number);
        let placed = states.get(&name).map_or(0, |(_, placed)| *placed);
        ensure!(placed <= placed_at_most(number), "{name} placed {placed} orders");
    }
    Ok(())
}

fn within(customer: &Customer) -> Result<()> {
    let Some(granted) = &customer.credit.granted else { bail!("an order without a limit") };
    match granted.limit {
        Limit::Amount { amount } => {
            ensure!(customer.exposure() <= amount.minor(), "exposure passes the limit of {amount}");
            Ok(())
        }
        Limit::Unlimited => Ok(()),
        Limit::None => bail!("an order on credit where there is none"),
    }
}
