//! Releasing what is held: somebody with authority, a reason, a tolerance and an end.
//!
//! A legal cause is lifted by its remedy only, a status by reinstating. Credit staff lift overdue, limit and policy
//! causes, Quality lifts gaps in our own file; nobody lifts for an account that they manage.
//! What is released here is not stopped again by the same cause at the next step, while its figure stays within tolerance.

use chrono::{Days, NaiveDate};

use super::{
    Customer, Event, Rejection,
    approving::{self, Matter},
    credit, gate,
    gate::{Line, Question},
    money,
    order::Order,
    shipping,
    trading::{Lifted, OrderHealed, OrderReleased, Release, ReleaseOrder},
};
use crate::{
    context::{Context, Facts},
    decision::{Cause, CauseCode, CauseKind, Checkpoint, Decision},
    ids::OrderId,
    permissions,
    policy::approvals::Subject,
};

pub(super) fn release(
    customer: &Customer,
    context: &Context,
    asked: &ReleaseOrder,
) -> Result<Vec<Event>, Rejection> {
    let order = customer.orders.get(&asked.order).ok_or(Rejection::OrderNotOpen)?;
    let decision = judged(customer, context, &asked.order)?;
    let stopping: Vec<&Cause> = decision.causes.iter().filter(|cause| cause.stops()).collect();
    if stopping.is_empty() && order.is_held() {
        let healed = OrderHealed { order: asked.order, decision };
        return Ok(vec![Event::OrderHealed(Box::new(healed))]);
    }
    liftable(&stopping)?;
    let by = &context.turn.actor;
    let may_lift = |cause: &Cause| {
        context.roles.iter().any(|role| permissions::lifts(*role, cause.code.kind()))
    };
    let lifted: Vec<Lifted> = stopping
        .iter()
        .filter(|cause| may_lift(cause))
        .map(|cause| Lifted {
            code: cause.code,
            subject: cause.subject.clone(),
            lines: cause.lines.clone(),
            figure: gate::figure_of(cause).map(|minor| money(minor, customer.currency())),
        })
        .collect();
    if lifted.is_empty() {
        return Err(Rejection::NeedsRole { roles: permissions::lifters(&decision.stopping()) });
    }
    let acts_for = |it| context.assemblies.acts_for(Subject::Release, by, it);
    if order.placed_by.as_ref().is_some_and(acts_for) {
        return Err(Rejection::OwnOrder);
    }
    if lifted.iter().any(|l| l.code.kind() != CauseKind::Qualification) {
        credit::not_the_account_manager(customer, context)?;
    }
    if customer.cases.releases.get(&asked.order).is_some_and(approving::Case::goes_on) {
        return Err(Rejection::ReleaseAsked);
    }
    let release = Box::new(Release {
        lifted,
        reason: asked.reason.clone(),
        tolerance_percent: tolerance(context, asked.tolerance_percent)?,
        expires_on: expiry(context, asked.expires_on)?,
        by: by.clone(),
    });
    approving::request(customer, context, &Matter::Release { order: asked.order, release })
}

/// A release as it takes effect, once everybody agreed; what has healed meanwhile needs none.
pub(super) fn released(
    customer: &Customer,
    context: &Context,
    id: OrderId,
    release: &Release,
) -> Result<Event, Rejection> {
    let order = customer.orders.get(&id).ok_or(Rejection::OrderNotOpen)?;
    let decision = judged(customer, context, &id)?;
    let stopping: Vec<&Cause> = decision.causes.iter().filter(|cause| cause.stops()).collect();
    if stopping.is_empty() && order.is_held() {
        return Ok(Event::OrderHealed(Box::new(OrderHealed { order: id, decision })));
    }
    liftable(&stopping)?;
    let remaining = left(&stopping, &release.lifted);
    let released = OrderReleased { order: id, release: release.clone(), remaining, decision };
    Ok(Event::OrderReleased(Box::new(released)))
}

/// The release with the figures of now, where one has grown beyond the tolerance that was asked for.
pub(super) fn grown(
    customer: &Customer,
    context: &Context,
    id: OrderId,
    release: &Release,
) -> Result<Option<Release>, Rejection> {
    let decision = judged(customer, context, &id)?;
    let mut now = release.clone();
    for lifted in &mut now.lifted {
        let about = decision.causes.iter().find(|cause| cause.stops() && lifted.is_about(cause));
        let Some(cause) = about else { continue };
        if !gate::within(cause, lifted.figure, release.tolerance_percent) {
            let figure = gate::figure_of(cause);
            lifted.figure = figure.map(|minor| money(minor, customer.currency()));
        }
    }
    Ok((now != *release).then_some(now))
}

fn judged(customer: &Customer, context: &Context, id: &OrderId) -> Result<Decision, Rejection> {
    let order = customer.orders.get(id).ok_or(Rejection::OrderNotOpen)?;
    let question = waiting(customer, &context.facts, id, order)?;
    Ok(gate::judge(customer, &context.hearing(), &question, 0))
}

/// What the checkpoint is asked that holds an order or its shipment.
pub(super) fn waiting<'a>(
    customer: &'a Customer,
    facts: &'a Facts,
    id: &OrderId,
    order: &'a Order,
) -> Result<Question<'a>, Rejection> {
    let question = if order.is_held() {
        question(customer, facts, id, order)
    } else {
        let held = order.shipments.values().find(|shipment| shipment.shipped_on.is_none());
        let held = held.ok_or(Rejection::NothingHeld)?;
        shipping::question(customer, facts, id, order, &held.lines)
    };
    question.ok_or(Rejection::NoSuchProduct { line: 1 })
}

/// What the order checkpoint is asked about an order that waits.
pub(super) fn question<'a>(
    customer: &Customer,
    facts: &'a Facts,
    id: &OrderId,
    order: &'a Order,
) -> Option<Question<'a>> {
    let lines = (1..).zip(&order.lines).filter(|(_, line)| line.to_ship() > 0);
    let lines = lines.map(|(number, line)| Line::of(facts, number, line.product, Vec::new()));
    let value = order.open();
    Some(Question {
        lines: lines.collect::<Option<_>>()?,
        on_credit: shipping::on_credit(customer, id, order, value),
        ship_by: Some(order.requested_ship_date),
        order: Some(order),
        ..Question::about_customer(Checkpoint::Order, value)
    })
}

fn liftable(stopping: &[&Cause]) -> Result<(), Rejection> {
    let of = |kinds: &[CauseKind]| -> Vec<CauseCode> {
        let causes = stopping.iter().filter(|cause| kinds.contains(&cause.code.kind()));
        causes.map(|cause| cause.code).collect()
    };
    let legal = of(&[CauseKind::Legal]);
    if !legal.is_empty() {
        return Err(Rejection::LegalCause { causes: legal });
    }
    let status = of(&[CauseKind::Status]);
    if !status.is_empty() {
        return Err(Rejection::StatusCause { causes: status });
    }
    if stopping.is_empty() {
        return Err(Rejection::NothingHeld);
    }
    Ok(())
}

fn left(stopping: &[&Cause], lifted: &[Lifted]) -> Vec<CauseCode> {
    let left = stopping.iter().filter(|cause| !lifted.iter().any(|it| it.is_about(cause)));
    let mut left: Vec<_> = left.map(|cause| cause.code).collect();
    left.dedup();
    left
}

fn tolerance(context: &Context, asked: u32) -> Result<u32, Rejection> {
    let pack = context.facts.policy.as_ref().map(|policy| &policy.pack);
    let most = pack.map_or(0, |pack| pack.credit.release_tolerance_percent_max);
    if asked > most {
        return Err(Rejection::ToleranceTooWide { most });
    }
    Ok(asked)
}

fn expiry(context: &Context, asked: Option<NaiveDate>) -> Result<NaiveDate, Rejection> {
    let pack = context.facts.policy.as_ref().map(|policy| &policy.pack);
    let days = pack.map_or(0, |pack| pack.credit.release_days_max);
    let today = context.turn.today;
    let until = today.checked_add_days(Days::new(days.into())).unwrap_or(today);
    match asked {
        Some(date) if date < today || date > until => Err(Rejection::ReleaseTooLong { until }),
        Some(date) => Ok(date),
        None => Ok(until),
    }
}

impl Customer {
    pub(super) fn release_order(&mut self, event: &OrderReleased) {
        if let Some(order) = self.orders.get_mut(&event.order) {
            if order.is_held() {
                order.held_by.clone_from(&event.remaining);
            }
            order.releases.push(event.release.clone());
        }
        self.watch(&event.order);
    }

    pub(super) fn heal_order(&mut self, id: &OrderId) {
        if let Some(order) = self.orders.get_mut(id) {
            order.held_by.clear();
        }
        self.watch(id);
    }
}
