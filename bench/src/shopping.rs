//! Orders over HTTP: what row 1 asks of the journal, asked of a server.

use std::{collections::HashSet, sync::Arc};

use anyhow::{Result, bail, ensure};
use journal::{Filter, Journal, Position};
use serde_json::json;

use crate::{
    company::{self, Company},
    load::Client,
    wire::{Connection, number_in},
};

pub struct Shopper {
    connection: Connection,
    company: Arc<Company>,
    customers: u32,
    client: u32,
    clients: u32,
    source: u32,
    count: u32,
    /// The positions that were answered.
    pub acknowledged: Vec<i64>,
}

/// So many connections, each with customers of its own.
pub async fn shoppers(
    address: &str,
    token: &str,
    company: &Arc<Company>,
    customers: u32,
    clients: u32,
    source: u32,
) -> Result<Vec<Shopper>> {
    let mut shoppers = Vec::new();
    for client in 0..clients {
        shoppers.push(Shopper {
            connection: Connection::open(address, token).await?,
            company: Arc::clone(company),
            customers,
            client,
            clients,
            source: source * 4_096 + client,
            count: 0,
            acknowledged: Vec::new(),
        });
    }
    Ok(shoppers)
}

impl Client for Shopper {
    async fn command(&mut self) -> Result<u64> {
        self.count += 1;
        let turn = u64::from(self.count) * u64::from(self.clients) + u64::from(self.client);
        let customer = u32::try_from(turn * 7_919 % u64::from(self.customers))?;
        let path = format!("/v1/customers/{}/orders", company::stream(customer));
        let key = Company::fresh_id(self.source, self.count).to_string();
        let body = json!({"reference": "PO-2026-0001", "lines": [{"product": Company::product_for(customer),
            "quantity": 10, "unit_price": "1000.00"}], "requested_ship_date": self.company.ship_date()?})
        .to_string();
        let (status, answer) = self.connection.post(&path, &key, &body).await?;
        match status {
            201 | 202 => {
                self.acknowledged.push(number_in(answer, "position")?);
                Ok(1)
            }
            _ => bail!("{path}: {status} {}", String::from_utf8_lossy(answer)),
        }
    }
}

/// Every answer has its order in the journal, and every order its answer.
pub async fn check(journal: &Journal, mark: Position, acknowledged: &[i64]) -> Result<()> {
    let mut due: HashSet<i64> = HashSet::new();
    for position in acknowledged {
        ensure!(due.insert(*position), "position {position} was answered twice");
    }
    let (mut last, mut orders) = (mark.0, 0);
    loop {
        let page = journal.after(Position(last), &Filter::default(), 5_000).await?;
        if page.entries.is_empty() {
            break;
        }
        for entry in page.entries {
            last += 1;
            ensure!(entry.position.0 == last, "position {} where {last} was due", entry.position);
            if entry.event_type.starts_with("trading.order-") {
                orders += 1;
                ensure!(due.remove(&last), "the order at {last} was never answered");
            }
        }
    }
    ensure!(due.is_empty(), "{} of {orders} answered orders are not recorded", due.len());
    Ok(())
}
