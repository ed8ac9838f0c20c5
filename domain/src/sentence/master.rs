//! Sentences about products, roles and tokens.

use std::collections::BTreeSet;

use crate::{
    policy::pack::Text,
    product::{Particulars, Term},
    staff::{Role, TokenIssued},
    wording::{
        names,
        phrase::{listed, text},
    },
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

pub(super) fn roles_granted(roles: &BTreeSet<Role>) -> Text {
    if roles.is_empty() {
        return text("角色已全部收回。", "All roles withdrawn.");
    }
    let roles = listed_roles(roles);
    text(format!("现有角色：{}。", roles.zh), format!("Roles from now on: {}.", roles.en))
}

pub(super) fn token_issued(e: &TokenIssued) -> Text {
    let roles = listed_roles(&e.roles);
    let (zh, en) = if e.machine { ("系统凭证", "Machine token") } else { ("凭证", "Token") };
    text(
        format!("已签发{zh} {}：{}。", e.token, roles.zh),
        format!("{en} {} issued: {}.", e.token, roles.en),
    )
}

fn listed_roles(roles: &BTreeSet<Role>) -> Text {
    let names: Vec<Text> = roles.iter().map(|role| text(role.zh(), role.en())).collect();
    listed(&names)
}
