//! The daily review: says what time has brought about, day by day, from the last day that it spoke of.
//!
//! It only announces; every checkpoint compares dates itself. What waits is judged anew behind it.

use chrono::{Days, NaiveDate};

use super::{
    Customer, Event, money,
    qualification::{DocumentExpiryAnnounced, Standing},
    receivables::OverdueAnnounced,
};
use crate::context::Context;

/// The furthest that a review looks back, in days.
const CATCH_UP_DAYS_MAX: u64 = 92;
/// The most that one review announces.
const ANNOUNCED_MAX: usize = 20;

pub(super) fn announce(customer: &Customer, context: &Context) -> Vec<Event> {
    let today = context.turn.today;
    let earliest = today.checked_sub_days(Days::new(CATCH_UP_DAYS_MAX)).unwrap_or(today);
    // What one review could not say of its last day, the next one does.
    let mut day = customer.qualification.reviewed_on.unwrap_or(today).max(earliest);
    let mut events = Vec::new();
    while day <= today && events.len() < ANNOUNCED_MAX {
        events.extend(documents(customer, context, day));
        events.extend(overdue(customer, day));
        let Some(next) = day.succ_opt() else { break };
        day = next;
    }
    events.truncate(ANNOUNCED_MAX);
    events
}

fn is_said(customer: &Customer, day: NaiveDate, what: uuid::Uuid) -> bool {
    let said = &customer.qualification;
    said.reviewed_on == Some(day) && said.announced.contains(&what)
}

fn documents(customer: &Customer, context: &Context, day: NaiveDate) -> Vec<Event> {
    let notice = context.facts.policy.as_ref().map(|p| p.pack.expiry_notice_days.as_slice());
    let notice = notice.unwrap_or_default();
    let standing = customer.qualification.documents.iter();
    let standing = standing.filter(|(_, d)| d.standing == Standing::Approved);
    let mut events = Vec::new();
    for (document, known) in standing {
        let Some(valid_to) = known.paper.valid_to else { continue };
        let days_left = valid_to.signed_duration_since(day).num_days();
        let due = days_left == -1 || notice.iter().any(|days| i64::from(*days) == days_left);
        if due && !is_said(customer, day, document.uuid()) {
            events.push(Event::DocumentExpiryAnnounced(DocumentExpiryAnnounced {
                document: *document,
                kind: known.paper.kind,
                number: known.paper.number.clone(),
                valid_to,
                days_left,
                business_date: day,
            }));
        }
    }
    events
}

fn overdue(customer: &Customer, day: NaiveDate) -> Vec<Event> {
    let Some(due_on) = day.pred_opt() else { return Vec::new() };
    let first = crate::ids::InvoiceId::from_uuid(uuid::Uuid::nil());
    let due = customer.receivables.due.range((due_on, first)..(day, first));
    let unsaid = due.filter(|((_, invoice), _)| !is_said(customer, day, invoice.uuid()));
    unsaid
        .filter_map(|((due_on, invoice), open)| {
            let item = customer.receivables.items.get(invoice)?;
            Some(Event::OverdueAnnounced(OverdueAnnounced {
                invoice: *invoice,
                number: item.number.clone(),
                due_on: *due_on,
                open: money(*open, customer.currency()),
                business_date: day,
            }))
        })
        .collect()
}
