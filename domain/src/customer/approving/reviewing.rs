//! Re-reviews: what was agreed to is looked at again when facts change that the policy pack names.
//!
//! A case is opened with what changed as its evidence; what changes while it is open is added to it, and voted on anew. Confirmed, nothing
//! changes. Rejected, the customer is suspended, or its credit frozen, in the same commit. It loosens nothing: a checkpoint
//! judges the changed facts by itself, whatever a re-review says.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Case, Matter, Why,
    matter::{anew, opens, put},
};
use crate::{
    approval::Route,
    context::Context,
    customer::{
        Customer, Event, Rejection,
        credit::{Limit, LimitFrozen, LimitGranted},
        gate::money::stopped_by_overdue,
        money,
        registration::{CustomerKind, Status, StatusChanged},
    },
    decider::Decider,
    document_kind::DocumentKind,
    ids::{CaseId, DocumentId},
    money::Money,
    policy::{
        Pack,
        approvals::{Chosen, Subject},
        table::Fault,
    },
    text::{Line, Prose},
};

/// The most that one re-review is about; what comes later is looked at in the next one.
pub const EVIDENCE_MAX: usize = 20;

/// What is looked at again.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reviewed {
    Qualification,
    Credit,
}

impl Reviewed {
    const ALL: [Self; 2] = [Self::Qualification, Self::Credit];

    pub fn subject(self) -> Subject {
        match self {
            Self::Qualification => Subject::Qualification,
            Self::Credit => Subject::Credit,
        }
    }
}

/// A change of facts after which something may be looked at again.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    DocumentRevoked,
    DocumentExpired,
    Reclassified,
    RegisteredAddressChanged,
    OverdueBeyond,
    LimitAboutToEnd,
}

impl Trigger {
    pub fn code(self) -> &'static str {
        match self {
            Self::DocumentRevoked => "document_revoked",
            Self::DocumentExpired => "document_expired",
            Self::Reclassified => "reclassified",
            Self::RegisteredAddressChanged => "registered_address_changed",
            Self::OverdueBeyond => "overdue_beyond",
            Self::LimitAboutToEnd => "limit_about_to_end",
        }
    }

    /// What is looked at again after it.
    pub fn of(self) -> Reviewed {
        match self {
            Self::DocumentRevoked
            | Self::DocumentExpired
            | Self::Reclassified
            | Self::RegisteredAddressChanged => Reviewed::Qualification,
            Self::OverdueBeyond | Self::LimitAboutToEnd => Reviewed::Credit,
        }
    }
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "trigger", rename_all = "snake_case")]
pub enum Evidence {
    DocumentRevoked {
        document: DocumentId,
        kind: DocumentKind,
        #[schema(value_type = String)]
        number: Line<100>,
        #[schema(value_type = String)]
        reason: Prose<500>,
    },
    DocumentExpired {
        document: DocumentId,
        kind: DocumentKind,
        #[schema(value_type = String)]
        number: Line<100>,
        valid_to: NaiveDate,
    },
    Reclassified {
        from: CustomerKind,
        to: CustomerKind,
    },
    RegisteredAddressChanged {
        #[schema(value_type = String)]
        from: Line<300>,
        #[schema(value_type = String)]
        to: Line<300>,
    },
    /// What is overdue is more than the pack bears.
    OverdueBeyond {
        amount: Money,
        days: u32,
        on: NaiveDate,
    },
    /// The limit ends within as many days as the pack says.
    LimitAboutToEnd {
        limit: Limit,
        /// Its last day.
        valid_until: NaiveDate,
        on: NaiveDate,
    },
}

impl Evidence {
    pub fn trigger(&self) -> Trigger {
        match self {
            Self::DocumentRevoked { .. } => Trigger::DocumentRevoked,
            Self::DocumentExpired { .. } => Trigger::DocumentExpired,
            Self::Reclassified { .. } => Trigger::Reclassified,
            Self::RegisteredAddressChanged { .. } => Trigger::RegisteredAddressChanged,
            Self::OverdueBeyond { .. } => Trigger::OverdueBeyond,
            Self::LimitAboutToEnd { .. } => Trigger::LimitAboutToEnd,
        }
    }

    /// Whether it is found by looking at a day, where it would be found again on the next.
    pub(super) fn is_of_a_day(&self) -> bool {
        matches!(self, Self::OverdueBeyond { .. } | Self::LimitAboutToEnd { .. })
    }

    /// Whether it is about a limit that is not the one in force any more.
    fn is_superseded(&self, customer: &Customer) -> bool {
        let ends = customer.credit.granted.as_ref().and_then(|it| it.valid_until);
        matches!(self, Self::LimitAboutToEnd { valid_until, .. } if ends != Some(*valid_until))
    }
}

/// The command's events, and after them the re-reviews that they, or what was `found` besides, bring about.
pub(in crate::customer) fn reviewed(
    customer: &Customer,
    context: &Context,
    mut events: Vec<Event>,
    found: Vec<Evidence>,
) -> Vec<Event> {
    let told = events.iter().filter_map(|event| evidence(customer, event));
    let found: Vec<Evidence> = told.chain(found).collect();
    if found.is_empty() {
        return events;
    }
    let mut next = customer.clone();
    for event in &events {
        next.evolve(event);
    }
    for of in Reviewed::ALL {
        let theirs = found.iter().filter(|it| it.trigger().of() == of).cloned().collect();
        // A pack that names no route for it does not ask for it.
        if let Ok(Some(opened)) = asked(&next, context, of, theirs) {
            next.evolve(&opened);
            events.push(opened);
        }
    }
    events
}

/// Opens a re-review, or adds to the one that is open.
fn asked(
    customer: &Customer,
    context: &Context,
    of: Reviewed,
    found: Vec<Evidence>,
) -> Result<Option<Event>, Rejection> {
    let policy = context.facts.policy.as_ref().ok_or(Rejection::NoRules)?;
    let approvals = policy.pack.approvals();
    let named = |it: &Evidence| approvals.re_review.contains_key(&it.trigger());
    let before = customer.cases.re_reviews.get(&of);
    let mut evidence = match before.map(|case| &case.matter) {
        Some(Matter::ReReview { evidence, .. }) => evidence.clone(),
        _ => Vec::new(),
    };
    let known = evidence.len();
    for new in found.into_iter().filter(named) {
        if evidence.len() < EVIDENCE_MAX && !evidence.contains(&new) {
            evidence.push(new);
        }
    }
    if evidence.len() == known {
        return Ok(None);
    }
    let by = &context.turn.actor;
    let matter = Matter::ReReview { of, evidence };
    let put = put(customer, context, &matter, before, Some(by))?;
    Ok(Some(match before {
        Some(case) => {
            let asked = anew(case, matter, put, Why::ContentChanged, Some(by.clone()));
            Event::CaseRoundOpened(Box::new(asked))
        }
        None => opens(id(context, of), matter, put, by.clone()),
    }))
}

/// One command may open a re-review of each kind, beside a case of its own.
fn id(context: &Context, of: Reviewed) -> CaseId {
    let name = format!("re-review/{}", of.subject().code());
    CaseId::from_uuid(Uuid::new_v5(&context.turn.command_id, name.as_bytes()))
}

/// What an event says that may be looked at again; only what was agreed to once is.
fn evidence(customer: &Customer, event: &Event) -> Option<Evidence> {
    let approved = customer.qualification.is_approved();
    match event {
        Event::DocumentRevoked(e) => {
            let document = customer.qualification.documents.get(&e.document)?;
            document.approved_at?;
            Some(Evidence::DocumentRevoked {
                document: e.document,
                kind: e.kind,
                number: e.number.clone(),
                reason: e.reason.clone(),
            })
        }
        Event::DocumentExpiryAnnounced(e) if e.days_left < 0 => Some(Evidence::DocumentExpired {
            document: e.document,
            kind: e.kind,
            number: e.number.clone(),
            valid_to: e.valid_to,
        }),
        Event::CustomerClassified(e) if approved => {
            let from = customer.registration.kind();
            (from != e.kind).then_some(Evidence::Reclassified { from, to: e.kind })
        }
        Event::ParticularsAmended(e) if approved => {
            let particulars = customer.registration.particulars.as_ref()?;
            let from = particulars.registered_address.clone()?;
            let to = e.registered_address.clone().filter(|to| *to != from)?;
            Some(Evidence::RegisteredAddressChanged { from, to })
        }
        _ => None,
    }
}

/// What the daily review finds of a customer who may buy on credit.
pub(in crate::customer) fn found(customer: &Customer, context: &Context) -> Vec<Evidence> {
    let credit = &customer.credit;
    let Some(policy) = &context.facts.policy else { return Vec::new() };
    let Some(granted) = credit.granted.as_ref().filter(|_| credit.frozen.is_none()) else {
        return Vec::new();
    };
    let today = context.turn.today;
    let overdue = overdue_beyond(customer, &policy.pack, today);
    overdue.into_iter().chain(about_to_end(customer, &policy.pack, granted, today)).collect()
}

/// Overdue receivables that the pack no longer bears, once for as long as they stay so.
fn overdue_beyond(customer: &Customer, pack: &Pack, today: NaiveDate) -> Option<Evidence> {
    let overdue = stopped_by_overdue(customer, pack, today)?;
    // What was as late when it was last looked at has been looked at.
    let seen = customer.cases.seen.iter().any(|it| match it {
        Evidence::OverdueBeyond { on, .. } => stopped_by_overdue(customer, pack, *on).is_some(),
        _ => false,
    });
    let amount = money(overdue.amount, customer.currency());
    (!seen).then_some(Evidence::OverdueBeyond { amount, days: overdue.days, on: today })
}

/// A limit that ends soon, once for each end.
fn about_to_end(
    customer: &Customer,
    pack: &Pack,
    granted: &LimitGranted,
    today: NaiveDate,
) -> Option<Evidence> {
    let (notice, valid_until) = (pack.credit.limit_notice_days?, granted.valid_until?);
    let days_left = valid_until.signed_duration_since(today).num_days();
    let seen = customer.cases.seen.iter().any(|it| {
        matches!(it, Evidence::LimitAboutToEnd { valid_until: seen, .. } if *seen == valid_until)
    });
    let soon = (0..=i64::from(notice)).contains(&days_left) && !seen;
    soon.then_some(Evidence::LimitAboutToEnd { limit: granted.limit, valid_until, on: today })
}

/// Whether another limit was granted meanwhile, where only the end of the one before was to be looked at.
pub(super) fn is_gone(customer: &Customer, evidence: &[Evidence]) -> bool {
    !evidence.is_empty() && evidence.iter().all(|it| it.is_superseded(customer))
}

/// The route that the pack names, the longest of several.
pub(super) fn route(pack: &Pack, evidence: &[Evidence]) -> Result<(Route, Chosen), Rejection> {
    let approvals = pack.approvals();
    let named = evidence.iter().filter_map(|it| {
        let name = approvals.re_review.get(&it.trigger())?;
        Some((it.trigger(), name, approvals.route(name, &pack.changes().stands_in)?))
    });
    let chosen =
        named.max_by_key(|(trigger, _, route)| (route.stages.len(), std::cmp::Reverse(*trigger)));
    let (trigger, name, route) = chosen.ok_or(Rejection::NoRoute { fault: Fault::NoRow.code() })?;
    let facts = BTreeMap::from([("trigger".to_owned(), trigger.code().to_owned())]);
    let row = trigger.code().to_owned();
    Ok((route, Chosen { route: name.clone(), row, facts, caps: Vec::new() }))
}

/// What follows when somebody who is asked rejects it.
pub(super) fn rejected(customer: &Customer, of: Reviewed, reason: &Prose<500>) -> Option<Event> {
    let reason = reason.clone();
    match of {
        Reviewed::Qualification => (customer.registration.status == Status::Active)
            .then_some(Event::CustomerSuspended(StatusChanged { reason })),
        Reviewed::Credit => {
            (customer.credit.frozen.is_none()).then_some(Event::LimitFrozen(LimitFrozen { reason }))
        }
    }
}

/// Nobody asked for a re-review, so that nobody can take it back.
pub(super) fn may_be_called_back(case: &Case) -> Result<(), Rejection> {
    match case.matter {
        Matter::ReReview { .. } => Err(Rejection::ReReviewStands),
        Matter::Qualification { .. } | Matter::Credit { .. } | Matter::Release { .. } => Ok(()),
    }
}
