//! The gate: may this customer do this, now?
//!
//! Every checkpoint is judged the same way: collect all causes on every date that counts, give each the reaction that the
//! pack says, mark what a release covers, and answer with the strictest that is left.
//! A command of today is judged today; one for an earlier business date is judged on both days.

pub(super) mod money;
mod papers;
mod products;

use std::sync::Arc;

use chrono::NaiveDate;
use uuid::Uuid;

use self::papers::Papers;
pub(super) use self::papers::lacking;
use super::{
    Customer,
    order::Order,
    registration::{CustomerKind, Status},
    trading::Lot,
};
use crate::{
    context::{Facts, Hearing},
    decision::{
        Cause, CauseCode, Checkpoint, Decision, Mode, Outcome, PolicyReference, Reaction, Released,
        StreamVersion,
    },
    ids::{DecisionId, ProductId},
    money::Minor,
    policy::Pack,
    product::{Particulars, Product},
};

/// What is asked of a checkpoint.
pub(super) struct Question<'a> {
    pub(super) checkpoint: Checkpoint,
    pub(super) lines: Vec<Line<'a>>,
    pub(super) value: Minor,
    /// What of the value would use credit.
    pub(super) on_credit: Minor,
    /// When the goods are wanted; only an order asks.
    pub(super) ship_by: Option<NaiveDate>,
    /// The order behind a shipment, a release or a healing: its releases count, and it is in the exposure unless held.
    pub(super) order: Option<&'a Order>,
    /// What of the share paid in advance is still missing; only a shipment asks.
    pub(super) prepayment_missing: Minor,
    /// The title that an invoice was asked for with.
    pub(super) title: Option<&'a str>,
    /// The day on which it happened, where it is entered later; it is judged on that day too.
    pub(super) happened_on: Option<NaiveDate>,
}

pub(super) struct Line<'a> {
    /// Counted from 1.
    pub(super) number: u32,
    id: ProductId,
    pub(super) product: &'a Product,
    pub(super) particulars: &'a Particulars,
    pub(super) lots: Vec<&'a Lot>,
}

impl<'a> Line<'a> {
    /// Absent where the context does not know the product: then the command that names it makes no sense.
    pub(super) fn of(
        facts: &'a Facts,
        number: u32,
        id: ProductId,
        lots: Vec<&'a Lot>,
    ) -> Option<Self> {
        let product = facts.products.get(&id)?;
        let particulars = product.particulars.as_ref()?;
        Some(Self { number, id, product, particulars, lots })
    }
}

impl Question<'_> {
    /// A question about the customer alone.
    pub(super) fn about_customer(checkpoint: Checkpoint, value: Minor) -> Self {
        Self {
            checkpoint,
            lines: Vec::new(),
            value,
            on_credit: Minor::ZERO,
            ship_by: None,
            order: None,
            prepayment_missing: Minor::ZERO,
            title: None,
            happened_on: None,
        }
    }

    /// The date of the business.
    fn business_date(&self, hearing: &Hearing<'_>) -> NaiveDate {
        self.happened_on.unwrap_or(hearing.business_date)
    }

    /// Today, where that is another day.
    fn judged_on(&self, hearing: &Hearing<'_>) -> Option<NaiveDate> {
        (self.business_date(hearing) != hearing.today).then_some(hearing.today)
    }

    /// What was read for this question. A command may have read more: the products of whatever it could heal.
    fn reads(&self, hearing: &Hearing<'_>) -> Vec<StreamVersion> {
        let asked = |product: ProductId| self.lines.iter().any(|line| line.id == product);
        let others = hearing.facts.reads.iter();
        others
            .filter(|read| {
                !read.stream.starts_with(ProductId::PREFIX) || read.stream.parse().is_ok_and(asked)
            })
            .cloned()
            .collect()
    }
}

/// Judges, and names the answer after the command and its place in it.
pub(super) fn judge(
    customer: &Customer,
    hearing: &Hearing<'_>,
    question: &Question<'_>,
    nth: u32,
) -> Decision {
    let Some(policy) = &hearing.facts.policy else {
        return not_configured(hearing, question, nth);
    };
    let pack = &policy.pack;
    let mut causes = Vec::new();
    let mut papers = Papers::new(customer, pack, question);
    for date in judged_dates(hearing, question) {
        papers.judge_on(date, &mut causes);
        products::judge(question, date, &mut causes);
    }
    if let Some(ship_by) = question.ship_by {
        papers.judge_at_shipment(hearing.today, ship_by, &mut causes);
    }
    standing(customer, &mut causes);
    title(customer, question, &mut causes);
    let figures = money::judge(customer, hearing, pack, question, &mut causes);
    for cause in &mut causes {
        react(cause, pack, question, hearing.today);
    }
    let causes = in_order(causes);
    Decision {
        id: decision_id(hearing, nth),
        checkpoint: question.checkpoint,
        outcome: outcome(&causes),
        mode: pack.mode(question.checkpoint),
        causes,
        relied_on: papers.relied_on(),
        policy: Some(PolicyReference { version: policy.version, hash: Arc::clone(&policy.hash) }),
        business_date: question.business_date(hearing),
        judged_on: question.judged_on(hearing),
        reads: question.reads(hearing),
        figures: Some(figures),
    }
}

/// The earlier day and today; the worse answer counts.
fn judged_dates(
    hearing: &Hearing<'_>,
    question: &Question<'_>,
) -> impl Iterator<Item = NaiveDate> + use<> {
    let (business, today) = (question.business_date(hearing), hearing.today);
    std::iter::once(today).chain((business != today).then_some(business))
}

pub(super) fn decision_id(hearing: &Hearing<'_>, nth: u32) -> DecisionId {
    let command = hearing.command_id;
    let id = if nth == 0 { command } else { Uuid::new_v5(&command, &nth.to_be_bytes()) };
    DecisionId::from_uuid(id)
}

/// Without a pack nothing is allowed that gives anything away, and nothing is refused that brings money in.
fn not_configured(hearing: &Hearing<'_>, question: &Question<'_>, nth: u32) -> Decision {
    let checkpoint = question.checkpoint;
    let mut cause = Cause::new(CauseCode::PolicyNotConfigured);
    cause.reaction = match checkpoint {
        Checkpoint::Order | Checkpoint::Shipment => Reaction::Hold,
        Checkpoint::Invoice | Checkpoint::Receipt => Reaction::Advise,
    };
    Decision {
        id: decision_id(hearing, nth),
        checkpoint,
        outcome: cause.reaction.into(),
        mode: Mode::Enforce,
        causes: vec![cause],
        relied_on: Vec::new(),
        policy: None,
        business_date: question.business_date(hearing),
        judged_on: question.judged_on(hearing),
        reads: question.reads(hearing),
        figures: None,
    }
}

fn standing(customer: &Customer, causes: &mut Vec<Cause>) {
    let registration = &customer.registration;
    if registration.kind() == CustomerKind::Unclassified {
        causes.push(Cause::new(CauseCode::CustomerUnclassified));
    }
    if !customer.qualification.is_approved() {
        causes.push(Cause::new(CauseCode::NotApproved));
    }
    let code = match registration.status {
        Status::Active => return,
        Status::Suspended => CauseCode::CustomerSuspended,
        Status::Disabled => CauseCode::CustomerDisabled,
    };
    let cause = Cause::new(code).with("reason", &registration.status_reason);
    causes.push(cause.resting_on(registration.status_version));
}

fn title(customer: &Customer, question: &Question<'_>, causes: &mut Vec<Cause>) {
    let name = customer.registration.particulars.as_ref().map(|p| &*p.name);
    if let (Some(given), Some(name)) = (question.title, name)
        && given != name
    {
        let cause = Cause::new(CauseCode::InvoiceWrongTitle).with("given", given);
        causes.push(cause.with("name", name));
    }
}

/// What the pack does about a cause here, and whether a release of the order covers it.
fn react(cause: &mut Cause, pack: &Pack, question: &Question<'_>, today: NaiveDate) {
    if cause.reaction == Reaction::None {
        cause.reaction = pack.reaction(cause.code, question.checkpoint);
    }
    let Some(order) = question.order else { return };
    if cause.reaction < Reaction::Hold || cause.code.kind() == crate::decision::CauseKind::Legal {
        return;
    }
    let covering = order.releases.iter().find(|release| {
        today <= release.expires_on
            && release.lifted.iter().any(|lifted| {
                lifted.is_about(cause) && within(cause, lifted.figure, release.tolerance_percent)
            })
    });
    if let Some(release) = covering {
        cause.released = Some(Released { until: Some(release.expires_on) });
    }
}

/// Whether a cause has not outgrown the figure that was released, by more than the tolerance.
pub(super) fn within(
    cause: &Cause,
    released: Option<crate::money::Money>,
    tolerance_percent: u32,
) -> bool {
    match (figure_of(cause), released) {
        (Some(now), Some(then)) => {
            i128::from(now.0) * 100
                <= i128::from(then.minor_units()) * (100 + i128::from(tolerance_percent))
        }
        (None, _) => true,
        (Some(_), None) => false,
    }
}

/// The amount that a cause is about, in minor units.
pub(super) fn figure_of(cause: &Cause) -> Option<Minor> {
    cause.param("figure_minor").parse().ok().map(Minor)
}

/// By kind, then code, then lines; what is said twice is said once, with all its lines.
fn in_order(mut causes: Vec<Cause>) -> Vec<Cause> {
    causes.retain(|cause| cause.reaction != Reaction::None);
    causes.sort_by(|a, b| {
        let key = |c: &Cause| (c.code.kind(), c.code, std::cmp::Reverse(c.reaction));
        key(a)
            .cmp(&key(b))
            .then_with(|| a.params.cmp(&b.params))
            .then_with(|| a.lines.cmp(&b.lines))
    });
    let mut kept: Vec<Cause> = Vec::with_capacity(causes.len());
    for cause in causes {
        match kept.last_mut() {
            Some(last)
                if last.code == cause.code
                    && last.subject == cause.subject
                    && last.params == cause.params =>
            {
                last.lines.extend(cause.lines);
                last.lines.sort_unstable();
                last.lines.dedup();
            }
            _ => kept.push(cause),
        }
    }
    kept
}

fn outcome(causes: &[Cause]) -> Outcome {
    let counted = causes.iter().filter(|cause| cause.released.is_none());
    counted.map(|cause| Outcome::from(cause.reaction)).max().unwrap_or(Outcome::Allow)
}
