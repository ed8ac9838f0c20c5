//! Sentences about who the customer is.

use crate::{
    customer::registration::{
        CodeAssigned, CustomerClassified, CustomerRegistered, ParticularsAmended, StatusChanged,
        UsccRecorded,
    },
    policy::pack::Text,
    wording::{
        names,
        phrase::{because, listed, text},
    },
};

pub(super) fn registered(e: &CustomerRegistered) -> Text {
    let kind = names::customer_kind(e.kind);
    let uscc = e.uscc.as_ref().map_or_else(
        || text("", ""),
        |uscc| {
            text(
                format!("，统一社会信用代码 {uscc}"),
                format!(", unified social credit code {uscc}"),
            )
        },
    );
    let origin = e.origin.as_ref().map_or_else(
        || text("", ""),
        |origin| {
            text(
                format!("，来自导入文件第 {} 行", origin.line),
                format!(", from line {} of an imported file", origin.line),
            )
        },
    );
    text(
        format!("客户已登记：{}（{}）{}{}。", e.name, kind.zh, uscc.zh, origin.zh),
        format!("Customer registered: {} ({}){}{}.", e.name, kind.en, uscc.en, origin.en),
    )
}

pub(super) fn code_assigned(e: &CodeAssigned) -> Text {
    text(format!("已分配客户编码 {}。", e.code), format!("Customer code {} assigned.", e.code))
}

pub(super) fn classified(e: &CustomerClassified) -> Text {
    let kind = names::customer_kind(e.kind);
    text(format!("客户已分类为{}。", kind.zh), format!("Customer classified as {}.", kind.en))
}

pub(super) fn uscc_recorded(e: &UsccRecorded) -> Text {
    text(
        format!("已登记统一社会信用代码 {}。", e.uscc),
        format!("Unified social credit code {} recorded.", e.uscc),
    )
}

pub(super) fn amended(e: &ParticularsAmended) -> Text {
    let named = |changed: bool, zh: &str, en: &str| changed.then(|| text(zh, en));
    let changed: Vec<Text> = [
        named(e.segment.is_some(), "客户细分", "segment"),
        named(e.region.is_some(), "地区", "region"),
        named(e.business_unit.is_some(), "业务单元", "business unit"),
        named(e.account_manager.is_some(), "客户经理", "account manager"),
        named(e.registered_address.is_some(), "注册地址", "registered address"),
        named(e.delivery_addresses.is_some(), "收货地址", "delivery addresses"),
    ]
    .into_iter()
    .flatten()
    .collect();
    if changed.is_empty() {
        return text("客户资料未作变更。", "Nothing of the customer's particulars was changed.");
    }
    let changed = listed(&changed);
    text(
        format!("客户资料已变更：{}。", changed.zh),
        format!("Customer particulars amended: {}.", changed.en),
    )
}

pub(super) fn suspended(e: &StatusChanged) -> Text {
    because("客户已暂停交易", "Customer suspended", &e.reason)
}

pub(super) fn disabled(e: &StatusChanged) -> Text {
    because("客户已禁用", "Customer disabled", &e.reason)
}

pub(super) fn reinstated(e: &StatusChanged) -> Text {
    because("客户已恢复交易", "Customer reinstated", &e.reason)
}
