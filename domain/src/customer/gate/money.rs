//! What is owed and what may be owed: overdue items, the limit, prepayment.

use super::Question;
use crate::{
    context::Hearing,
    customer::{
        Customer,
        credit::{Limit, LimitGranted},
        exposure::{Overdue, within},
        money,
    },
    decision::{Cause, CauseCode, Checkpoint, Figures, Reaction},
    money::{Minor, Money},
    policy::{
        Pack,
        facts::{self, Bearing},
        pack::{self, OverdueTable},
        table::{self, Fault, Sheet, axis::Value},
    },
    uscc::Uscc,
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

/// What is overdue, without what a pack's tables tolerate.
pub(in crate::customer) fn overdue_of(
    customer: &Customer,
    pack: &Pack,
    today: chrono::NaiveDate,
) -> Overdue {
    let tolerance = match &pack.overdue {
        pack::Overdue::Table(written) => written.item_tolerance.same_number_in(customer.currency()),
        pack::Overdue::Rules(_) => Minor::ZERO,
    };
    customer.overdue(today, tolerance)
}

/// What is overdue, and what the pack says about it; a residue within the tolerance is nobody's debt.
fn overdue(
    customer: &Customer,
    hearing: &Hearing<'_>,
    pack: &Pack,
    question: &Question<'_>,
    causes: &mut Vec<Cause>,
) -> Overdue {
    let rules = match &pack.overdue {
        pack::Overdue::Table(written) => {
            return by_table(customer, hearing, pack, written, question, causes);
        }
        pack::Overdue::Rules(rules) => rules,
    };
    let registration = &customer.registration;
    let entity = registration.uscc().map(Uscc::entity);
    let Some(rule) = rules.iter().find(|rule| rule.applies(registration.kind(), entity)) else {
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

fn by_table(
    customer: &Customer,
    hearing: &Hearing<'_>,
    pack: &Pack,
    written: &OverdueTable,
    question: &Question<'_>,
    causes: &mut Vec<Cause>,
) -> Overdue {
    let overdue = overdue_of(customer, pack, hearing.today);
    let (bearing, row) = match asked(customer, overdue, &written.table) {
        Ok(answer) => answer,
        Err(fault) => {
            let cause = Cause::new(CauseCode::PolicyFault).with("table", &facts::OVERDUE.name);
            causes.push(cause.with("fault", fault.code()));
            return overdue;
        }
    };
    if bearing == Bearing::Fine {
        return overdue;
    }
    let mut cause = figured(customer, CauseCode::ReceivableOverdue, overdue.amount)
        .with("amount", shown(customer, overdue.amount))
        .with("days", overdue.days)
        .with("bearing", bearing.code());
    for (param, fact) in
        [("amount_when", facts::OVERDUE_AMOUNT), ("days_when", facts::OVERDUE_DAYS)]
    {
        if let Some(cell) = written.table.cell(&row, fact).filter(|cell| *cell != "-") {
            cause = cause.with(param, cell);
        }
    }
    let of_the_row = written.table.row(&row);
    if let Some(text) = of_the_row.and_then(|row| row.text.as_ref()) {
        cause = cause.with("text_zh", &text.zh).with("text_en", &text.en);
    }
    if let Some(basis) = of_the_row.and_then(|row| row.basis.as_ref()) {
        cause = cause.with("basis", basis);
    }
    cause = cause.with("row", row);
    if bearing == Bearing::Advise {
        cause.reaction = pack.reaction(cause.code, question.checkpoint).min(Reaction::Advise);
        if cause.reaction == Reaction::None {
            return overdue;
        }
    }
    causes.push(cause);
    overdue
}

/// What the table answers, and the row that does.
fn asked(customer: &Customer, overdue: Overdue, sheet: &Sheet) -> Result<(Bearing, String), Fault> {
    let registration = &customer.registration;
    let entity = registration.uscc().map(Uscc::entity);
    let code = |code: &str| Value::Code(code.to_owned());
    let amount = overdue.amount.amount(customer.currency()).min(facts::MONEY_MAX.into());
    let days = i64::from(overdue.days).min(facts::DAYS_MAX);
    let table = sheet.table(&facts::OVERDUE).map_err(|mistakes| {
        mistakes.first().map_or(Fault::NoRow, |mistake| Fault::Unread(mistake.clone()))
    })?;
    let answer = table.ask(|fact| match fact {
        facts::CUSTOMER_KIND => code(registration.kind().code()),
        facts::ENTITY => entity.map_or(Value::Missing, |entity| code(entity.code())),
        facts::OVERDUE_AMOUNT => Value::Number(amount),
        facts::OVERDUE_DAYS => Value::Number(days.into()),
        _ => Value::Missing,
    })?;
    let table::Outcome::One(Value::Code(said)) = &answer.outcome else { return Err(Fault::NoRow) };
    let bearing = Bearing::ALL.iter().find(|bearing| bearing.code() == said);
    let row = answer.rows.into_iter().next();
    bearing.copied().zip(row).ok_or(Fault::NoRow)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        customer::registration::{CustomerKind, CustomerRegistered},
        policy::{Event as PolicyEvent, facts::DAYS_MAX},
    };

    /// A pack of before there were tables, as it was recorded.
    const OLD_PACK: &str = include_str!("../../../../tests/golden/policy.pack-loaded.v1.json");

    fn old_rules() -> Vec<pack::OverdueRule> {
        let PolicyEvent::PackLoaded(loaded) = serde_json::from_str(OLD_PACK).unwrap() else {
            panic!("the golden file holds another event")
        };
        match &loaded.pack.overdue {
            pack::Overdue::Rules(rules) => rules.clone(),
            pack::Overdue::Table(_) => panic!("an old pack has rules"),
        }
    }

    fn customer(kind: CustomerKind, uscc: Option<&str>) -> Customer {
        let particulars: CustomerRegistered = serde_json::from_value(serde_json::json!({
            "name": "x", "kind": kind, "uscc": uscc, "currency": "CNY"
        }))
        .unwrap();
        let mut customer = Customer::default();
        customer.registration.particulars = Some(particulars);
        customer
    }

    #[test]
    fn the_delivered_table_says_what_the_rules_before_it_said() {
        let pack::Overdue::Table(written) = Pack::default_pack().overdue else { panic!("a table") };
        let rules = old_rules();
        let codes = [None, Some("12310000425001236R"), Some("91330100000000001C")];
        let mut asked_for = 0;
        for kind in CustomerKind::ALL {
            for code in codes {
                let customer = customer(*kind, code);
                let entity = customer.registration.uscc().map(Uscc::entity);
                let rule = rules.iter().find(|rule| rule.applies(*kind, entity)).unwrap();
                for minor in [0, 1, 99_999, 100_000, 100_001, 1 << 52] {
                    for days in [0, 1, 29, 30, 31, 179, 180, 181, u32::MAX] {
                        let overdue = Overdue { amount: Minor(minor), days };
                        let late = rule.advise_from_days.is_some_and(|from| days >= from);
                        let expected = if overdue.beyond(rule, customer.currency()) {
                            Bearing::Stop
                        } else if late && minor > 0 {
                            Bearing::Advise
                        } else {
                            Bearing::Fine
                        };
                        let (said, _) = asked(&customer, overdue, &written.table).unwrap();
                        assert_eq!(said, expected, "{kind:?} {code:?} {overdue:?}");
                        asked_for += 1;
                    }
                }
            }
        }
        assert_eq!(asked_for, 7 * 3 * 6 * 9);
        assert!(i64::from(u32::MAX) > DAYS_MAX, "what lies beyond the axis was asked about too");
    }
}
