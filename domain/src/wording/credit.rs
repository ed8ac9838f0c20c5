//! Texts about money: what is overdue, what the limit takes, what was to be paid in advance.

use rust_decimal::Decimal;

use super::phrase::{amount_of, text};
use crate::{
    decision::Cause,
    policy::{facts::Bearing, pack::Text},
};

/// Beyond the rule it stops; below, it is an advice and says so.
pub(super) fn overdue(cause: &Cause) -> Text {
    if told_without_figures(cause) {
        return text("客户有逾期应收款。", "The customer has overdue receivables.");
    }
    let (amount, above) = (amount_of(cause, "amount"), amount_of(cause, "amount_above"));
    let (days, days_above) = (cause.param("days"), cause.param("days_above"));
    let (zh, en) = if beyond(cause) {
        ("超过规定", "more than policy allows")
    } else {
        ("未超过规定", "within policy")
    };
    if let Some(rule) = rule(cause) {
        // What the rule's owners say of it, where they do.
        let (own_zh, own_en) = (cause.param("text_zh"), cause.param("text_en"));
        let space = if own_en.is_empty() { "" } else { " " };
        return text(
            format!("逾期应收款 {}，最长逾期 {days} 天，{zh}（{}）。{own_zh}", amount.zh, rule.zh),
            format!(
                "{} overdue, the oldest for {days} days: {en} ({}).{space}{own_en}",
                amount.en, rule.en
            ),
        );
    }
    text(
        format!(
            "逾期应收款 {}，最长逾期 {days} 天，{zh}（{} 且 {days_above} 天）。",
            amount.zh, above.zh
        ),
        format!(
            "{} overdue, the oldest for {days} days: {en} ({} and {days_above} days).",
            amount.en, above.en
        ),
    )
}

pub(super) fn collect(cause: &Cause) -> Text {
    if beyond(cause) {
        return text(
            "请催收；收款核销后自动解除。",
            "Collect what is overdue; the hold ends by itself once receipts settle it.",
        );
    }
    text("请催收。", "Collect what is overdue.")
}

/// The row of the table that spoke, where one did.
fn rule(cause: &Cause) -> Option<Text> {
    let row = cause.param("row");
    let of = |param: &str, zh: &str, en: &str| {
        let cell = cause.param(param);
        (!cell.is_empty()).then(|| text(format!("{zh} {cell}"), format!("{en} {cell}")))
    };
    let parts: Vec<Text> = [of("amount_when", "金额", "amount"), of("days_when", "天数", "days")]
        .into_iter()
        .flatten()
        .collect();
    let zh: Vec<&str> = parts.iter().map(|part| part.zh.as_str()).collect();
    let en: Vec<&str> = parts.iter().map(|part| part.en.as_str()).collect();
    let (zh, en) = (zh.join("、"), en.join(", "));
    let colon = |list: &str, colon: &str| if list.is_empty() { "" } else { colon }.to_owned();
    (!row.is_empty()).then(|| {
        text(
            format!("规则 {row}{}{zh}", colon(&zh, "：")),
            format!("rule {row}{}{en}", colon(&en, ": ")),
        )
    })
}

fn beyond(cause: &Cause) -> bool {
    let bearing = cause.param("bearing");
    if !bearing.is_empty() {
        return bearing == Bearing::Stop.code();
    }
    number(cause, "amount") > number(cause, "amount_above")
        && number(cause, "days") > number(cause, "days_above")
}

pub(super) fn limit_expired(cause: &Cause) -> Text {
    if told_without_figures(cause) {
        return text("信用额度已到期。", "The credit limit has ended.");
    }
    let end = cause.param("valid_until");
    text(format!("信用额度已于 {end} 到期。"), format!("The credit limit ended on {end}."))
}

/// Three ways to be over: by what is asked, by what is owed already, or by an order that is counted already.
pub(super) fn over_limit(cause: &Cause) -> Text {
    if told_without_figures(cause) {
        return text("超出可用信用额度。", "This is more than the credit that is available.");
    }
    let [value, available, excess] =
        ["value", "available", "excess"].map(|it| amount_of(cause, it));
    let (asked, left) = (number(cause, "value"), number(cause, "available"));
    let comes_on_top = asked.zip(left).and_then(|(asked, left)| asked.checked_sub(left));
    if left >= Some(Decimal::ZERO) && comes_on_top == number(cause, "excess") {
        return text(
            format!("本单 {} 超出可用信用额度 {}，超出 {}。", value.zh, available.zh, excess.zh),
            format!(
                "This order needs {} of credit and {} is available: {} too much.",
                value.en, available.en, excess.en
            ),
        );
    }
    let (limit, exposure) = (amount_of(cause, "limit"), amount_of(cause, "exposure"));
    if comes_on_top == number(cause, "excess") {
        return text(
            format!(
                "信用额度 {}，已占用 {}，本单 {}，超出 {}。",
                limit.zh, exposure.zh, value.zh, excess.zh
            ),
            format!(
                "Of the limit of {}, {} is used already, and this order needs {}: {} too much.",
                limit.en, exposure.en, value.en, excess.en
            ),
        );
    }
    text(
        format!("信用额度 {}，含本单已占用 {}，超出 {}。", limit.zh, exposure.zh, excess.zh),
        format!(
            "Of the limit of {}, {} is used, this order included: {} too much.",
            limit.en, exposure.en, excess.en
        ),
    )
}

pub(super) fn pay_reduce_or_raise(cause: &Cause) -> Text {
    if told_without_figures(cause) {
        return text(
            "请客户先付款、减少订货，或申请调整额度。",
            "Have the customer pay first, reduce the order, or apply for a higher limit.",
        );
    }
    let excess = amount_of(cause, "excess");
    text(
        format!("请客户先付款 {}、减少订货，或申请调整额度。", excess.zh),
        format!(
            "Have the customer pay {} first, reduce the order, or apply for a higher limit.",
            excess.en
        ),
    )
}

pub(super) fn single_cap(cause: &Cause) -> Text {
    if told_without_figures(cause) {
        return text(
            "本单金额超过单笔上限。",
            "This order is above the cap for a single document.",
        );
    }
    let cap = amount_of(cause, "cap");
    text(
        format!("本单金额超过单笔上限 {}。", cap.zh),
        format!("This order is above the cap for a single document, {}.", cap.en),
    )
}

pub(super) fn prepayment_missing(cause: &Cause) -> Text {
    if told_without_figures(cause) {
        return text(
            "本单约定款到发货，货款尚未到齐。",
            "This order ships once it is paid for, and that is not complete yet.",
        );
    }
    let missing = amount_of(cause, "missing");
    text(
        format!("本单约定款到发货，尚差 {}。", missing.zh),
        format!("This order ships once it is paid for: {} is still missing.", missing.en),
    )
}

/// Whoever reads it may not see them: [`Cause::leave_out_figures`].
fn told_without_figures(cause: &Cause) -> bool {
    cause.params.is_empty()
}

fn number(cause: &Cause, param: &str) -> Option<Decimal> {
    cause.param(param).parse().ok()
}
