//! What an earlier run recorded of the same file: read from a customer's own events, so that running an import again costs
//! one reading for each customer and not one command for each row.
//!
//! Only a shortcut: what it does not see (another process imports the file just now) is caught by the commands' keys.

use std::collections::BTreeMap;

use domain::customer::Event;
use domain::customer::receivables::{CashReceived, InvoiceOpened};
use domain::ids::CustomerId;
use journal::Version;

use super::giving::{Giver, Stopped};
use super::receivables::{Opening, What};
use crate::problem::Problem;

/// How many events one read takes.
const READ_MAX: usize = 1_000;

/// What is on record of this file, by line.
#[derive(Debug, Default)]
pub struct Earlier(BTreeMap<(u32, What), Event>);

/// How a line stands to what is on record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    New,
    Recorded,
    /// Recorded, but as something else: another mapping was used.
    Otherwise,
}

impl Earlier {
    pub async fn of(giver: &Giver<'_>, customer: CustomerId) -> Result<Self, Stopped> {
        let (journal, stream) = (giver.door().journal(), customer.to_string());
        let mut found = Self::default();
        let mut version = Version::NONE;
        loop {
            let entries =
                journal.stream(&stream, version, READ_MAX).await.map_err(Problem::from)?;
            let Some(last) = entries.last() else { return Ok(found) };
            version = last.version;
            for entry in &entries {
                // Most events of a customer are of no import: they are not even read.
                if entry.payload.contains(giver.digest()) {
                    let event = journal.event(entry).map_err(Problem::from)?;
                    found.note(event, giver.digest());
                }
            }
        }
    }

    fn note(&mut self, event: Event, digest: &str) {
        let (origin, what) = match &event {
            Event::InvoiceOpened(opened) => (Some(&opened.origin), What::Invoice),
            Event::CashReceived(received) => (received.origin.as_ref(), What::Receipt),
            _ => return,
        };
        if let Some(origin) = origin.filter(|origin| origin.digest == digest) {
            self.0.insert((origin.line, what), event);
        }
    }

    pub fn standing(&self, opening: &Opening, what: What) -> Standing {
        match self.0.get(&(opening.line, what)) {
            None => Standing::New,
            Some(Event::InvoiceOpened(opened)) if is_invoice(opened, opening) => Standing::Recorded,
            Some(Event::CashReceived(received)) if is_receipt(received, opening) => {
                Standing::Recorded
            }
            Some(_) => Standing::Otherwise,
        }
    }
}

fn is_invoice(opened: &InvoiceOpened, opening: &Opening) -> bool {
    opened.number == opening.number
        && opened.amount == opening.amount
        && opened.issued_on == opening.invoiced_on
        && opened.due_on == opening.due_on
        && opened.disputed == opening.disputed
}

fn is_receipt(received: &CashReceived, opening: &Opening) -> bool {
    received.amount == opening.amount && Some(received.received_on) == opening.settled_on
}
