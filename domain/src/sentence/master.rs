//! Sentences about products.

use crate::{
    policy::pack::Text,
    product::{Particulars, Term},
    wording::{names, phrase::text},
};

pub(super) fn product_registered(e: &Particulars) -> Text {
    let class = names::device_class(e.class);
    let number = match (&e.registration_number, &e.filing_number) {
        (Some(number), _) => {
            text(format!("，注册证编号 {number}"), format!(", registration {number}"))
        }
        (None, Some(number)) => text(format!("，备案编号 {number}"), format!(", filing {number}")),
        (None, None) => text("", ""),
    };
    text(
        format!(
            "产品已登记：{} {}（{}），{}{}。",
            e.code, e.name, e.specification, class.zh, number.zh
        ),
        format!(
            "Product registered: {} {} ({}), {}{}.",
            e.code, e.name, e.specification, class.en, number.en
        ),
    )
}

pub(super) fn term_opened(e: Term) -> Text {
    let from = e.from;
    match e.to {
        Some(to) => text(
            format!("注册证已延续，有效期 {from} 至 {to}。"),
            format!("Registration renewed, from {from} to {to}."),
        ),
        None => text(
            format!("注册证自 {from} 起长期有效。"),
            format!("Registration valid from {from} without end."),
        ),
    }
}
