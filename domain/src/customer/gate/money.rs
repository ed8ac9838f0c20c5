//! What is owed and what may be owed: overdue items, the limit, prepayment.

use super::Question;
use crate::{
    context::Hearing,
    customer::{
        Customer,
        credit::{Limit, LimitGranted},
        exposure::within,
        money,
    },
    decision::{Cause, CauseCode, Checkpoint, Figures, Reaction},
    money::{Minor, Money},
    policy::Pack,
};

pub(super) fn judge(
    customer: &Customer,
    hearing: &Hearing<'_>,
    pack: &Pack,
    question: &Question<'_>,
    causes: &mut Vec<Cause>,
) -> Figures {
    let exposure = customer.exposure_within(pack.credit.horizon_days, hearing.today);
    let overdue = overdue(customer, hearing, pack, question, causes);
    match question.checkpoint {
        Checkpoint::Order | Checkpoint::Shipment => {
            credit(customer, hearing, pack, question, exposure, causes);
        }
        Checkpoint::Invoice | Checkpoint::Receipt => {}
    }
    if question.prepayment_missing.is_positive() {
        let missing = question.prepayment_missing;
        causes.push(
            figured(customer, CauseCode::PrepaymentMissing, missing)
                .with("missing", shown(customer, missing)),
        );
    }
    let limit = match customer.credit.granted.as_ref().map(|granted| granted.limit) {
        Some(Limit::Amount { amount }) => Some(amount),
        Some(Limit::None) => Some(Money::zero(customer.currency())),
        Some(Limit::Unlimited) | None => None,
    };
    Figures {
        limit,
        exposure: money(exposure, customer.currency()),
        overdue: money(overdue.amount, customer.currency()),
        overdue_days: overdue.days,
        value: money(question.value, customer.currency()),
        on_credit: money(question.on_credit, customer.currency()),
    }
}

/// Blocks by amount *and* age; a residue within the tolerance is nobody's debt.
fn overdue(
    customer: &Customer,
    hearing: &Hearing<'_>,
    pack: &Pack,
    question: &Question<'_>,
    causes: &mut Vec<Cause>,
) -> crate::customer::exposure::Overdue {
    let registration = &customer.registration;
    let entity = registration.uscc().map(crate::uscc::Uscc::entity);
    let Some(rule) = pack.overdue_rule(registration.kind(), entity) else {
        return customer.overdue(hearing.today, Minor::ZERO);
    };
    let currency = customer.currency();
    let tolerance = rule.item_tolerance.same_number_in(currency);
    let overdue = customer.overdue(hearing.today, tolerance);
    let advised = rule.advise_from_days.is_some_and(|days| overdue.days >= days);
    let beyond = overdue.beyond(rule, currency);
    if beyond || (advised && overdue.amount.is_positive()) {
        let mut cause = figured(customer, CauseCode::ReceivableOverdue, overdue.amount)
            .with("amount", shown(customer, overdue.amount))
            .with("days", overdue.days)
            .with("amount_above", shown(customer, rule.amount_above.same_number_in(currency)))
            .with("days_above", rule.days_above);
        if !beyond {
            cause.reaction = pack.reaction(cause.code, question.checkpoint).min(Reaction::Advise);
            if cause.reaction == Reaction::None {
                return overdue;
            }
        }
        causes.push(cause);
    }
    overdue
}

/// The limit in force against what would be owed. What is paid in advance uses none of it.
fn credit(
    customer: &Customer,
    hearing: &Hearing<'_>,
    pack: &Pack,
    question: &Question<'_>,
    exposure: Minor,
    causes: &mut Vec<Cause>,
) {
    if !question.on_credit.is_positive() {
        return;
    }
    let Some(granted) = &customer.credit.granted else {
        causes.push(Cause::new(CauseCode::CreditNotConfigured));
        return;
    };
    if let Some(freeze) = &customer.credit.frozen {
        let cause = Cause::new(CauseCode::LimitFrozen).with("reason", &freeze.reason);
        causes.push(cause.resting_on(freeze.version));
    }
    if let Some(end) = granted.valid_until.filter(|end| *end < hearing.today) {
        let cause = Cause::new(CauseCode::LimitExpired).with("valid_until", end);
        causes.push(cause.resting_on(customer.credit.granted_version));
    }
    // A placed order is in the exposure already, unless it ships only later; what is asked anew comes on top.
    let counted = question.order.is_some_and(|order| {
        !order.is_held() && within(order, pack.credit.horizon_days, hearing.today)
    });
    let asked = if counted { Minor::ZERO } else { question.on_credit };
    over_limit(customer, granted, question, asked, exposure, causes);
    single_cap(customer, granted, question, causes);
}

fn over_limit(
    customer: &Customer,
    granted: &LimitGranted,
    question: &Question<'_>,
    asked: Minor,
    exposure: Minor,
    causes: &mut Vec<Cause>,
) {
    let limit = match granted.limit {
        Limit::Unlimited => return,
        Limit::None => Minor::ZERO,
        Limit::Amount { amount } => amount.minor(),
    };
    let excess = exposure.saturating_plus(asked).saturating_minus(limit);
    if !excess.is_positive() {
        return;
    }
    let available = limit.saturating_minus(exposure);
    causes.push(
        figured(customer, CauseCode::OverLimit, excess)
            .with("value", shown(customer, question.on_credit))
            .with("limit", shown(customer, limit))
            .with("exposure", shown(customer, exposure))
            .with("available", shown(customer, available))
            .with("excess", shown(customer, excess))
            .resting_on(customer.credit.granted_version),
    );
}

/// One order, not its parts: a shipment of it is not asked again.
fn single_cap(
    customer: &Customer,
    granted: &LimitGranted,
    question: &Question<'_>,
    causes: &mut Vec<Cause>,
) {
    let Some(cap) = granted.single_document_cap else { return };
    if question.checkpoint == Checkpoint::Order && question.on_credit > cap.minor() {
        causes.push(
            figured(customer, CauseCode::SingleCap, question.on_credit)
                .with("value", shown(customer, question.on_credit))
                .with("cap", shown(customer, cap.minor()))
                .resting_on(customer.credit.granted_version),
        );
    }
}

/// A cause with the amount that a release is measured by.
fn figured(customer: &Customer, code: CauseCode, figure: Minor) -> Cause {
    Cause::new(code).with("figure_minor", figure.0).with("currency", customer.currency())
}

fn shown(customer: &Customer, amount: Minor) -> String {
    amount.amount(customer.currency()).to_string()
}
