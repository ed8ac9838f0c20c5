//! Sentences about papers, reviews and credit limits.

use super::then;
use crate::{
    customer::{
        credit::{Limit, LimitFrozen, LimitGranted, LimitUnfrozen, Terms, TermsFrom},
        qualification::{
            Approved, Declined, DocumentExpiryAnnounced, DocumentRevoked, DocumentUploaded,
            Submitted,
        },
    },
    policy::pack::Text,
    wording::phrase::{amount, because, counted, text},
};

pub(super) fn uploaded(e: &DocumentUploaded) -> Text {
    let paper = &e.paper;
    let (zh, en) = match paper.valid_to {
        Some(end) => (
            format!("有效期 {} 至 {end}", paper.valid_from),
            format!("valid from {} to {end}", paper.valid_from),
        ),
        None => (
            format!("{} 起长期有效", paper.valid_from),
            format!("valid from {} without end", paper.valid_from),
        ),
    };
    text(
        format!("已上传《{}》（{}），{zh}。", paper.kind.zh(), paper.number),
        format!("Uploaded: {} {}, {en}.", paper.kind.en(), paper.number),
    )
}

pub(super) fn submitted(e: &Submitted) -> Text {
    text(
        format!("已提交审核，共 {} 份资料。", e.documents.len()),
        format!("Submitted for review: {}.", papers(e.documents.len())),
    )
}

pub(super) fn approved(e: &Approved) -> Text {
    let replaced = match e.superseded.len() {
        0 => text("", ""),
        count => text(
            format!("，替代 {count} 份旧资料"),
            format!(", superseding {}", counted(count, "earlier one", "earlier ones")),
        ),
    };
    let renamed = match &e.name {
        None => text("", ""),
        Some(name) => text(
            format!("客户自此更名为“{name}”。"),
            format!(" From now on the customer is called “{name}”."),
        ),
    };
    text(
        format!(
            "质量管理部门审核通过，共 {} 份资料{}。{}",
            e.documents.len(),
            replaced.zh,
            renamed.zh
        ),
        format!("Approved by Quality: {}{}.{}", papers(e.documents.len()), replaced.en, renamed.en),
    )
}

pub(super) fn rejected(e: &Declined) -> Text {
    let zh = format!("审核不予通过，共 {} 份资料", e.documents.len());
    because(&zh, &format!("Rejected by Quality, {}", papers(e.documents.len())), &e.reason)
}

pub(super) fn returned(e: &Declined) -> Text {
    let zh = format!("审核退回补正，共 {} 份资料", e.documents.len());
    let en = format!("Returned by Quality to be mended, {}", papers(e.documents.len()));
    because(&zh, &en, &e.reason)
}

pub(super) fn revoked(e: &DocumentRevoked) -> Text {
    let (zh, en, number) = (e.kind.zh(), e.kind.en(), &e.number);
    because(
        &format!("《{zh}》（{number}）已作废"),
        &format!("The {en} {number} revoked"),
        &e.reason,
    )
}

pub(super) fn expiry_announced(e: &DocumentExpiryAnnounced) -> Text {
    let (zh, en, number, end) = (e.kind.zh(), e.kind.en(), &e.number, e.valid_to);
    if e.days_left < 0 {
        return text(
            format!("《{zh}》（{number}）有效期至 {end}，已过期。"),
            format!("The {en} {number} was valid until {end} and has expired."),
        );
    }
    text(
        format!("《{zh}》（{number}）将于 {end} 到期，还剩 {} 天。", e.days_left),
        format!(
            "The {en} {number} expires on {end}, {} left.",
            counted(e.days_left, "day", "days")
        ),
    )
}

pub(super) fn limit_granted(e: &LimitGranted) -> Text {
    let mut granted = match e.limit {
        Limit::None => text("不授予信用额度", "No credit granted"),
        Limit::Unlimited => text("授予不限额信用", "Unlimited credit granted"),
        Limit::Amount { amount: limit } => {
            let limit = amount(limit);
            text(
                format!("授予信用额度 {}", limit.zh),
                format!("Credit limit of {} granted", limit.en),
            )
        }
    };
    if let Some(end) = e.valid_until {
        granted = then(granted, &text(format!("，有效期至 {end}"), format!(", until {end}")));
    }
    if let Some(terms) = e.terms {
        granted = then(granted, &due(terms));
    }
    if let Some(cap) = e.single_document_cap {
        let cap = amount(cap);
        let cap = text(
            format!("，单笔上限 {}", cap.zh),
            format!(", at most {} for a single document", cap.en),
        );
        granted = then(granted, &cap);
    }
    text(format!("{}。", granted.zh), format!("{}.", granted.en))
}

fn due(terms: Terms) -> Text {
    let (zh, en) = match terms.from {
        TermsFrom::Invoice => ("开票后", "invoice"),
        TermsFrom::Shipment => ("发货后", "shipment"),
        TermsFrom::MonthEnd => ("开票当月月底后", "end of the invoice's month"),
    };
    text(
        format!("，账期为{zh} {} 天", terms.days),
        format!(", due {} after the {en}", counted(terms.days, "day", "days")),
    )
}

pub(super) fn limit_frozen(e: &LimitFrozen) -> Text {
    because("信用额度已冻结", "Credit limit frozen", &e.reason)
}

pub(super) fn limit_unfrozen(e: &LimitUnfrozen) -> Text {
    let reason = e.reason.as_deref().unwrap_or_default();
    because("信用额度已解冻", "Credit limit unfrozen", reason)
}

fn papers(count: usize) -> String {
    counted(count, "paper", "papers")
}
