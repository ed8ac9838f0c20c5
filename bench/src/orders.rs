//! What a client asks for, the same on every side: orders of many customers in turn, or orders of one and their cancellation.

use std::sync::Arc;

use anyhow::Result;
use domain::ids::OrderId;
use uuid::Uuid;

use crate::company::{Asked, Company, stream};

/// Whose orders a client sends.
#[derive(Clone, Copy, Debug)]
pub enum Whose {
    /// Of customers `first..first + count`, each client its own share of them, so that clients do not meet.
    Many { first: u32, count: u32 },
    /// Of this one; each order is cancelled by the next command, so that what is open stays what it was.
    One(u32),
}

/// The commands of one client.
pub struct Orders {
    company: Arc<Company>,
    whose: Whose,
    client: u32,
    clients: u32,
    source: u32,
    count: u32,
    to_cancel: Option<Uuid>,
}

/// Prime, so that a walk in steps of it meets every customer.
const STEP: u64 = 7_919;

impl Orders {
    /// Those of `clients` clients; `source` keeps their ids apart from those of other loads.
    pub fn of(company: &Arc<Company>, whose: Whose, clients: u32, source: u32) -> Vec<Self> {
        (0..clients)
            .map(|client| Self {
                company: Arc::clone(company),
                whose,
                client,
                clients,
                source: source * 4_096 + client,
                count: 0,
                to_cancel: None,
            })
            .collect()
    }

    /// The next command.
    pub fn next(&mut self) -> Result<Wanted> {
        self.count += 1;
        let command_id = Company::fresh_id(self.source, self.count);
        let (customer, cancels) = match self.whose {
            Whose::Many { first, count } => {
                let turn = u64::from(self.count) * u64::from(self.clients) + u64::from(self.client);
                (first + u32::try_from(turn * STEP % u64::from(count))?, None)
            }
            Whose::One(customer) => (customer, self.to_cancel.take()),
        };
        if cancels.is_none() && matches!(self.whose, Whose::One(_)) {
            self.to_cancel = Some(command_id);
        }
        let company = Arc::clone(&self.company);
        Ok(Wanted { company, stream: stream(customer), customer, command_id, cancels })
    }
}

/// A command that can be asked again, if need be.
pub struct Wanted {
    company: Arc<Company>,
    pub stream: String,
    pub command_id: Uuid,
    customer: u32,
    cancels: Option<Uuid>,
}

impl Wanted {
    pub fn asked(&self) -> Result<Asked> {
        match self.cancels {
            Some(order) => self.company.cancellation(OrderId::from_uuid(order), self.command_id),
            None => self.company.order(self.customer, self.command_id),
        }
    }
}
