//! How events become rows of decisions, releases, back-dated entries and first sales.

use std::borrow::Cow;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use domain::context::Backdated;
use domain::customer::{Event, registration::Origin, trading::OrderReleased};
use domain::decision::{Checkpoint, Decision, Mode, Outcome};
use domain::ids::OrderId;
use domain::money::Money;
use domain::policy;

use super::{BackdatedRecord, DecisionRecord, FirstSaleRecord, PackRecord, ReleaseRecord};
use crate::model::Model;
use crate::seen::{Seen, What};
use crate::store::{Appends, Json, Rows, Stored};

/// Where "today" is decided as long as no pack says.
const DEFAULT_ZONE: Tz = Tz::Asia__Shanghai;

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Decisions {
    answers: Appends<DecisionRecord>,
    releases: Appends<ReleaseRecord>,
    backdated: Appends<BackdatedRecord>,
    firsts: Rows<FirstSaleRecord>,
    packs: Rows<PackRecord>,
}

impl Model for Decisions {
    fn name(&self) -> &'static str {
        "decisions"
    }

    fn ask(&mut self, seen: &Seen) {
        self.packs.ask(&policy::STREAM.into());
        let Some(event) = seen.customer() else { return };
        if let Event::CustomerRegistered(_) = event {
            self.firsts.expect(&seen.stream);
        } else if sells(event).is_some() || matches!(event, Event::QualificationApproved(_)) {
            self.firsts.ask(&seen.stream);
        }
    }

    fn fold(&mut self, seen: &Seen) {
        let event = match &seen.what {
            What::Customer(event) => event,
            What::Policy(policy::Event::PackLoaded(loaded)) => {
                self.packs.put(PackRecord {
                    stream: policy::STREAM.into(),
                    version: loaded.version.into(),
                    hash: loaded.hash.clone(),
                    name: loaded.pack.name.clone(),
                    zone: loaded.pack.company.zone.name().to_owned(),
                    position: seen.position,
                    recorded_at: seen.recorded_at,
                });
                return;
            }
            What::Policy(policy::Event::PackApplied(applied)) if applied.scope.is_none() => {
                let Some(pack) = self.packs.change(&policy::STREAM.into()) else { return };
                pack.version = applied.version.into();
                pack.hash.clone_from(&applied.hash);
                pack.name.clone_from(&applied.name);
                pack.position = seen.position;
                pack.recorded_at = seen.recorded_at;
                return;
            }
            What::Policy(_)
            | What::Proposal(_)
            | What::Product(_)
            | What::Staff(_)
            | What::Foreign => return,
        };
        if let Some((decision, subject, value)) = decided(event) {
            self.answers.put(DecisionRecord::new(seen, decision, subject, value));
        }
        if let Some(dated) = dated(event) {
            self.date_back(seen, event, dated);
        }
        if let Event::OrderReleased(released) = event {
            self.releases.put(ReleaseRecord::new(seen, released));
        }
        self.first(seen, event);
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![
            &mut self.answers,
            &mut self.releases,
            &mut self.backdated,
            &mut self.firsts,
            &mut self.packs,
        ]
    }
}

/// The decision of an event, what it was about, and the value that was asked about.
pub(super) fn decided(event: &Event) -> Option<(&Decision, String, Option<Money>)> {
    let known = |decision: &Decision| decision.figures.as_ref().map(|figures| figures.value);
    let found = match event {
        Event::OrderPlaced(e) | Event::OrderHeld(e) | Event::OrderDenied(e) => {
            (&e.decision, e.order.to_string(), Some(e.total))
        }
        Event::OrderReleased(e) => (&e.decision, e.order.to_string(), known(&e.decision)),
        Event::OrderHealed(e) => (&e.decision, e.order.to_string(), known(&e.decision)),
        Event::GoodsShipped(e) => (&e.decision, e.shipment.to_string(), Some(e.value)),
        Event::ShipmentHeld(e) | Event::ShipmentDenied(e) => {
            (&e.decision, e.shipment.to_string(), Some(e.value))
        }
        Event::ShipmentCleared(e) => (&e.decision, e.shipment.to_string(), known(&e.decision)),
        Event::InvoiceIssued(e) => (&e.decision, e.invoice.to_string(), Some(e.amount)),
        Event::InvoiceHeld(e) | Event::InvoiceDenied(e) => {
            (&e.decision, e.invoice.to_string(), Some(e.amount))
        }
        Event::CashReceived(e) => (e.decision.as_ref()?, e.receipt.to_string(), Some(e.amount)),
        Event::CustomerRegistered(_)
        | Event::CodeAssigned(_)
        | Event::CustomerClassified(_)
        | Event::UsccRecorded(_)
        | Event::ParticularsAmended(_)
        | Event::CustomerSuspended(_)
        | Event::CustomerDisabled(_)
        | Event::CustomerReinstated(_)
        | Event::DocumentUploaded(_)
        | Event::QualificationSubmitted(_)
        | Event::QualificationApproved(_)
        | Event::QualificationRejected(_)
        | Event::QualificationReturned(_)
        | Event::DocumentRevoked(_)
        | Event::DocumentExpiryAnnounced(_)
        | Event::LimitGranted(_)
        | Event::CaseOpened(_)
        | Event::CaseRoundOpened(_)
        | Event::CaseVoted(_)
        | Event::CaseStageOpened(_)
        | Event::InformationAsked(_)
        | Event::InformationGiven(_)
        | Event::ReviewerAdded(_)
        | Event::CaseTransferred(_)
        | Event::CaseClosed(_)
        | Event::LimitFrozen(_)
        | Event::LimitUnfrozen(_)
        | Event::OrderCancelled(_)
        | Event::InvoiceVoided(_)
        | Event::InvoiceOpened(_)
        | Event::CashApplied(_)
        | Event::ReceiptReversed(_)
        | Event::CreditNoteIssued(_)
        | Event::ComplianceCaseOpened(_)
        | Event::OverdueAnnounced(_) => return None,
    };
    Some(found)
}

/// An event that bears a date of the business.
struct Dated<'a> {
    subject: String,
    on: NaiveDate,
    backdated: Option<&'a Backdated>,
    origin: Option<&'a Origin>,
}

fn dated(event: &Event) -> Option<Dated<'_>> {
    let found = if let Event::GoodsShipped(e) = event {
        (e.shipment.to_string(), e.shipped_on, e.backdated.as_ref(), None)
    } else if let Event::InvoiceIssued(e) = event {
        (e.invoice.to_string(), e.issued_on, e.backdated.as_ref(), None)
    } else if let Event::InvoiceVoided(e) = event {
        (e.invoice.to_string(), e.business_date, e.backdated.as_ref(), None)
    } else if let Event::InvoiceOpened(e) = event {
        (e.invoice.to_string(), e.issued_on, None, Some(&e.origin))
    } else if let Event::CashReceived(e) = event {
        (e.receipt.to_string(), e.received_on, e.backdated.as_ref(), e.origin.as_ref())
    } else if let Event::CashApplied(e) = event {
        (e.receipt.to_string(), e.business_date, e.backdated.as_ref(), None)
    } else if let Event::ReceiptReversed(e) = event {
        (e.receipt.to_string(), e.business_date, e.backdated.as_ref(), None)
    } else if let Event::CreditNoteIssued(e) = event {
        (e.credit_note.to_string(), e.issued_on, e.backdated.as_ref(), None)
    } else {
        return None;
    };
    let (subject, on, backdated, origin) = found;
    Some(Dated { subject, on, backdated, origin })
}

/// The order by which an event sells something: it is placed now, or goods of it leave.
fn sells(event: &Event) -> Option<OrderId> {
    if let Event::OrderPlaced(e) = event {
        Some(e.order)
    } else if let Event::OrderHealed(e) = event {
        Some(e.order)
    } else if let Event::OrderReleased(e) = event {
        e.remaining.is_empty().then_some(e.order)
    } else if let Event::GoodsShipped(e) = event {
        Some(e.order)
    } else {
        None
    }
}

impl Decisions {
    /// Keeps what has a business date in the past, or is dated before the day it was recorded on in the company's zone.
    fn date_back(&mut self, seen: &Seen, event: &Event, dated: Dated<'_>) {
        let pack = self.packs.get(&policy::STREAM.into());
        let zone = pack.and_then(|pack| pack.zone.parse().ok()).unwrap_or(DEFAULT_ZONE);
        let recorded_on = seen.recorded_at.with_timezone(&zone).date_naive();
        if dated.backdated.is_none() && dated.on >= recorded_on {
            return;
        }
        self.backdated.put(BackdatedRecord {
            position: seen.position,
            customer: Arc::clone(&seen.stream),
            event_type: event.kind().into(),
            subject: dated.subject,
            business_date: dated.backdated.map_or(dated.on, |given| given.business_date),
            recorded_on,
            reason: dated.backdated.map(|given| given.reason.clone()),
            origin: dated.origin.map(|origin| origin.kind.clone()),
            actor: seen.actor.clone(),
            recorded_at: seen.recorded_at,
        });
    }

    fn first(&mut self, seen: &Seen, event: &Event) {
        if let Event::CustomerRegistered(_) = event {
            self.firsts.put(FirstSaleRecord::of(seen));
            return;
        }
        // A row that has its first already is left alone: what is changed is written.
        if let Event::QualificationApproved(approved) = event {
            if let Some(first) = self.lacking(seen, |first| first.approved_position.is_none()) {
                first.approved_position = Some(seen.position);
                first.approved_at = Some(seen.recorded_at);
                first.approved_by = Some(approved.by.to_string());
            }
            return;
        }
        let Some(order) = sells(event) else { return };
        if let Some(first) = self.lacking(seen, |first| first.order_position.is_none()) {
            first.order_id = Some(order);
            first.order_position = Some(seen.position);
            first.order_at = Some(seen.recorded_at);
        }
        let Event::GoodsShipped(shipped) = event else { return };
        if let Some(first) = self.lacking(seen, |first| first.shipment_position.is_none()) {
            first.shipment = Some(shipped.shipment);
            first.shipment_position = Some(seen.position);
            first.shipment_at = Some(seen.recorded_at);
        }
    }

    fn lacking(
        &mut self,
        seen: &Seen,
        lacks: fn(&FirstSaleRecord) -> bool,
    ) -> Option<&mut FirstSaleRecord> {
        self.firsts.get(&seen.stream).filter(|first| lacks(first))?;
        self.firsts.change(&seen.stream)
    }
}

impl DecisionRecord {
    fn new(seen: &Seen, decision: &Decision, subject: String, value: Option<Money>) -> Self {
        Self {
            position: seen.position,
            decision: decision.id.to_string(),
            customer: Arc::clone(&seen.stream),
            checkpoint: checkpoint(decision.checkpoint).into(),
            outcome: outcome(decision.outcome).into(),
            enforced: decision.mode == Mode::Enforce,
            causes: Json::of_some(decision.causes.clone()),
            subject,
            value_minor: value.map(Money::minor_units),
            currency: value.map(|value| Cow::Owned(value.currency().as_str().to_owned())),
            actor: seen.actor.clone(),
            recorded_at: seen.recorded_at,
            business_date: decision.business_date,
        }
    }
}

fn checkpoint(checkpoint: Checkpoint) -> &'static str {
    match checkpoint {
        Checkpoint::Order => "order",
        Checkpoint::Shipment => "shipment",
        Checkpoint::Invoice => "invoice",
        Checkpoint::Receipt => "receipt",
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allow => "allow",
        Outcome::AllowWithConditions => "allow_with_conditions",
        Outcome::Hold => "hold",
        Outcome::Deny => "deny",
    }
}

impl ReleaseRecord {
    fn new(seen: &Seen, event: &OrderReleased) -> Self {
        Self {
            position: seen.position,
            customer: Arc::clone(&seen.stream),
            order_id: event.order,
            lifted: Json(event.release.lifted.clone()),
            remaining: Json::of_some(event.remaining.clone()),
            reason: event.release.reason.to_string(),
            tolerance_percent: event.release.tolerance_percent.into(),
            expires_on: event.release.expires_on,
            released_by: event.release.by.to_string(),
            recorded_at: seen.recorded_at,
        }
    }
}

impl FirstSaleRecord {
    fn of(seen: &Seen) -> Self {
        Self {
            customer: Arc::clone(&seen.stream),
            approved_position: None,
            approved_at: None,
            approved_by: None,
            order_id: None,
            order_position: None,
            order_at: None,
            shipment: None,
            shipment_position: None,
            shipment_at: None,
        }
    }
}
