//! The names of codes, in Chinese and English: what lists, cards and the data dictionary show.

use super::phrase::text;
use crate::{
    catalogue::DeviceClass,
    customer::{
        approving::reviewing::Trigger,
        credit::TermsFrom,
        qualification::{CopyKind, Standing, TradeMode},
        registration::{CustomerKind, Status},
        trading::Payment,
    },
    decision::{CauseCode, CauseKind, Checkpoint, Mode, Outcome, Reaction},
    policy::pack::Text,
    udi::UdiIssuer,
};

/// A code as it is on the wire, with its Chinese and English name.
pub(crate) type Named = (&'static str, &'static str, &'static str);

/// For each set of codes a list of them all, and a function that names one; a code without a name does not compile.
macro_rules! names {
    ($($(#[$meta:meta])* $function:ident, $list:ident: $type:ty {
        $($pattern:pat => $code:literal, $zh:literal, $en:literal;)+
    })+) => {$(
        pub(crate) const $list: &[Named] = &[$(($code, $zh, $en)),+];

        $(#[$meta])*
        pub fn $function(code: $type) -> Text {
            match code { $($pattern => text($zh, $en),)+ }
        }
    )+};
}

names! {
    /// The outcomes of a decision.
    outcome, OUTCOMES: Outcome {
        Outcome::Allow => "allow", "放行", "allowed";
        Outcome::AllowWithConditions => "allow_with_conditions", "附条件放行", "allowed with conditions";
        Outcome::Hold => "hold", "暂缓，待处理", "held for somebody's decision";
        Outcome::Deny => "deny", "不予通过", "denied";
    }

    reaction, REACTIONS: Reaction {
        Reaction::None => "none", "不检查", "not asked";
        Reaction::Advise => "advise", "提示", "advise";
        Reaction::Condition => "condition", "附条件", "allow with a condition";
        Reaction::Hold => "hold", "暂缓", "hold";
        Reaction::Deny => "deny", "不予通过", "deny";
    }

    checkpoint, CHECKPOINTS: Checkpoint {
        Checkpoint::Order => "order", "订单", "order";
        Checkpoint::Shipment => "shipment", "发货", "shipment";
        Checkpoint::Invoice => "invoice", "开票", "invoice";
        Checkpoint::Receipt => "receipt", "收款", "receipt";
    }

    mode, MODES: Mode {
        Mode::Enforce => "enforce", "执行", "enforced";
        Mode::Observe => "observe", "仅观察", "observed only";
    }

    cause_kind, CAUSE_KINDS: CauseKind {
        CauseKind::Legal => "legal", "法定要求", "legal";
        CauseKind::Qualification => "qualification", "客户档案", "customer file";
        CauseKind::Status => "status", "客户状态", "customer status";
        CauseKind::Complaint => "complaint", "投诉", "complaint";
        CauseKind::Overdue => "overdue", "逾期", "overdue";
        CauseKind::Limit => "limit", "信用额度", "credit limit";
        CauseKind::Policy => "policy", "业务规则", "policy";
    }

    customer_kind, CUSTOMER_KINDS: CustomerKind {
        CustomerKind::Distributor => "distributor", "经销商", "distributor";
        CustomerKind::Agent => "agent", "代理商", "agent";
        CustomerKind::Hospital => "hospital", "医院", "hospital";
        CustomerKind::Clinic => "clinic", "诊所", "clinic";
        CustomerKind::Manufacturer => "manufacturer", "生产企业", "manufacturer";
        CustomerKind::OtherUnit => "other_unit", "其他使用单位", "other unit";
        CustomerKind::Unclassified => "unclassified", "未分类", "unclassified";
    }

    customer_status, CUSTOMER_STATUSES: Status {
        Status::Active => "active", "正常", "active";
        Status::Suspended => "suspended", "暂停交易", "suspended";
        Status::Disabled => "disabled", "已禁用", "disabled";
    }

    document_standing, DOCUMENT_STANDINGS: Standing {
        Standing::Draft => "draft", "待提交", "draft";
        Standing::InReview => "in_review", "审核中", "in review";
        Standing::Approved => "approved", "已审核通过", "approved";
        Standing::Superseded => "superseded", "已被替代", "superseded";
        Standing::Revoked => "revoked", "已作废", "revoked";
    }

    copy_kind, COPY_KINDS: CopyKind {
        CopyKind::SealedCopy => "sealed_copy", "加盖公章的复印件", "copy under the buyer's seal";
        CopyKind::ELicence => "e_licence", "电子证照", "electronic licence";
        CopyKind::PlainCopy => "plain_copy", "普通复印件", "plain copy";
    }

    trade_mode, TRADE_MODES: TradeMode {
        TradeMode::Wholesale => "wholesale", "批发", "wholesale";
        TradeMode::Retail => "retail", "零售", "retail";
        TradeMode::WholesaleAndRetail => "wholesale_and_retail", "批零兼营", "wholesale and retail";
    }

    payment_kind, PAYMENT_KINDS: Payment {
        Payment::Credit => "credit", "赊销", "on credit";
        Payment::Prepaid { .. } => "prepaid", "预付", "paid in advance";
        Payment::OnDelivery => "on_delivery", "货到付款", "paid on delivery";
    }

    terms_from, TERMS_FROM: TermsFrom {
        TermsFrom::Invoice => "invoice", "开票日起", "from the invoice date";
        TermsFrom::Shipment => "shipment", "发货日起", "from the shipment date";
        TermsFrom::MonthEnd => "month_end", "开票当月月底起", "from the end of the invoice's month";
    }

    device_class, PRODUCT_CLASSES: DeviceClass {
        DeviceClass::I => "I", "第一类医疗器械", "class I device";
        DeviceClass::II => "II", "第二类医疗器械", "class II device";
        DeviceClass::III => "III", "第三类医疗器械", "class III device";
        DeviceClass::None => "none", "非医疗器械", "no medical device";
    }

    udi_issuer, UDI_ISSUERS: UdiIssuer {
        UdiIssuer::Gs1 => "gs1", "中国物品编码中心（GS1）", "GS1";
        UdiIssuer::Ma => "ma", "中关村工信二维码技术研究院（MA）", "MA";
        UdiIssuer::Ahm => "ahm", "阿里健康（AHM）", "AHM";
    }
}

/// What a cause is called in lists.
pub fn cause(code: CauseCode) -> Text {
    let (zh, en) = match code {
        CauseCode::CustomerUnclassified => ("客户未分类", "customer not classified"),
        CauseCode::NotApproved => ("未通过首次资质审核", "never approved"),
        CauseCode::DocumentMissing => ("缺少资质证件", "paper missing"),
        CauseCode::DocumentWrongKind => ("资质证件种类不符", "paper of the wrong kind"),
        CauseCode::DocumentExpired => ("资质证件已过期", "paper expired"),
        CauseCode::DocumentNotYetValid => ("资质证件尚未生效", "paper not yet valid"),
        CauseCode::DocumentRevoked => ("资质证件已作废", "paper revoked"),
        CauseCode::ScopeNotCovered => ("超出经营范围", "outside the scope of the licence"),
        CauseCode::DocumentLapsesBeforeShipment => {
            ("资质证件将于发货前到期", "paper lapses before shipment")
        }
        CauseCode::RegistrationLapsed => ("产品注册已到期", "product registration lapsed"),
        CauseCode::MadeOutsideRegistration => {
            ("生产日期不在注册证有效期内", "made outside the registration's terms")
        }
        CauseCode::ManufactureDateUnknown => ("生产日期不明", "date of manufacture unknown"),
        CauseCode::LotExpired => ("批次超过有效期", "lot past its use-by date"),
        CauseCode::FileMissing => ("客户档案缺项", "gap in the customer file"),
        CauseCode::FileExpired => ("客户档案资料过期", "customer file out of date"),
        CauseCode::FileRecommended => ("建议补充资料", "paper recommended"),
        CauseCode::InvoiceWrongTitle => ("开票抬头不符", "wrong title on the invoice"),
        CauseCode::CustomerDisabled => ("客户已禁用", "customer disabled"),
        CauseCode::CustomerSuspended => ("客户已暂停交易", "customer suspended"),
        CauseCode::ReceivableOverdue => ("应收款逾期", "receivables overdue"),
        CauseCode::LimitFrozen => ("信用额度已冻结", "credit limit frozen"),
        CauseCode::LimitExpired => ("信用额度已到期", "credit limit expired"),
        CauseCode::OverLimit => ("超出信用额度", "over the credit limit"),
        CauseCode::SingleCap => ("超过单笔上限", "above the cap for a single document"),
        CauseCode::CreditNotConfigured => ("未设置信用额度", "credit not configured"),
        CauseCode::PrepaymentMissing => ("预付款未到", "prepayment not in"),
        CauseCode::PolicyNotConfigured => ("无生效的业务规则", "no policy in force"),
        CauseCode::PolicyFault => ("业务规则无法判定", "a rule that gives no answer"),
    };
    text(zh, en)
}

/// After which change of facts something is looked at again.
pub fn trigger(trigger: Trigger) -> Text {
    match trigger {
        Trigger::DocumentRevoked => text("证件作废", "paper revoked"),
        Trigger::DocumentExpired => text("证件过期", "paper expired"),
        Trigger::Reclassified => text("客户类型变更", "kind changed"),
        Trigger::RegisteredAddressChanged => text("注册地址变更", "registered address changed"),
        Trigger::OverdueBeyond => text("逾期超出政策", "overdue beyond policy"),
        Trigger::LimitAboutToEnd => text("额度即将到期", "limit about to end"),
    }
}

/// As it stands in brackets after a product.
pub fn class_short(code: DeviceClass) -> Text {
    let (zh, en) = match code {
        DeviceClass::I => ("Ⅰ类", "class I"),
        DeviceClass::II => ("Ⅱ类", "class II"),
        DeviceClass::III => ("Ⅲ类", "class III"),
        DeviceClass::None => ("非医疗器械", "no medical device"),
    };
    text(zh, en)
}

/// What became of an order at its checkpoint.
pub(crate) const ORDER_STATUSES: &[Named] =
    &[("placed", "已下达", "placed"), ("held", "暂缓", "held"), ("denied", "已拒绝", "denied")];

/// How far a customer's qualification has come.
pub(crate) const QUALIFICATION_STATUSES: &[Named] = &[
    ("none", "无资料", "no papers"),
    ("draft", "待提交", "draft"),
    ("in_review", "审核中", "in review"),
    ("approved", "已通过", "approved"),
    ("rejected", "未通过", "rejected"),
    ("returned", "退回补正", "returned to be mended"),
];

#[cfg(test)]
mod tests {
    use serde::de::DeserializeOwned;

    use super::*;

    fn are_the_wire_names<T: DeserializeOwned>(list: &[Named], name: fn(T) -> Text) {
        for (code, zh, en) in list {
            let read = serde_json::from_value(serde_json::Value::from(*code)).unwrap();
            assert_eq!(name(read), text(*zh, *en), "{code}");
        }
    }

    #[test]
    fn a_listed_code_is_the_code_on_the_wire() {
        are_the_wire_names(OUTCOMES, outcome);
        are_the_wire_names(REACTIONS, reaction);
        are_the_wire_names(CHECKPOINTS, checkpoint);
        are_the_wire_names(MODES, mode);
        are_the_wire_names(CAUSE_KINDS, cause_kind);
        are_the_wire_names(CUSTOMER_KINDS, customer_kind);
        are_the_wire_names(CUSTOMER_STATUSES, customer_status);
        are_the_wire_names(DOCUMENT_STANDINGS, document_standing);
        are_the_wire_names(COPY_KINDS, copy_kind);
        are_the_wire_names(TRADE_MODES, trade_mode);
        are_the_wire_names(TERMS_FROM, terms_from);
        are_the_wire_names(PRODUCT_CLASSES, device_class);
        are_the_wire_names(UDI_ISSUERS, udi_issuer);
    }

    #[test]
    fn payments_are_named_by_their_kind() {
        for (payment, (code, ..)) in
            [Payment::Credit, Payment::Prepaid { percent: 30 }, Payment::OnDelivery]
                .into_iter()
                .zip(PAYMENT_KINDS)
        {
            assert_eq!(serde_json::to_value(payment).unwrap()["kind"], *code);
        }
    }
}
