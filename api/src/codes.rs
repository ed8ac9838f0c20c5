//! `GET /v1/codes`: the data dictionary. Every code that a body, an event or an answer can hold, in Chinese and English.

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use domain::catalogue::DeviceClass;
use domain::customer::Rejection;
use domain::decision::{CauseCode, CauseKind};
use domain::document_kind::DocumentKind;
use domain::permissions::Act;
use domain::product::Trait;
use domain::staff::Role;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::problem::Problem;

/// The data dictionary.
#[derive(Debug, Serialize, ToSchema)]
pub struct Codes {
    pub document_kinds: Vec<Code>,
    pub customer_kinds: Vec<Code>,
    pub customer_statuses: Vec<Code>,
    pub qualification_statuses: Vec<Code>,
    pub document_statuses: Vec<Code>,
    pub order_statuses: Vec<Code>,
    pub roles: Vec<Code>,
    pub checkpoints: Vec<Code>,
    pub outcomes: Vec<Code>,
    pub reactions: Vec<Code>,
    pub cause_kinds: Vec<Code>,
    /// In the order in which they are given.
    pub causes: Vec<Cause>,
    pub device_classes: Vec<Code>,
    pub traits: Vec<Code>,
    pub trade_modes: Vec<Code>,
    pub copy_kinds: Vec<Code>,
    pub payment_kinds: Vec<Code>,
    pub limit_kinds: Vec<Code>,
    pub terms_from: Vec<Code>,
    /// Codes of problems that say why a customer command made no sense.
    pub rejections: Vec<&'static str>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Code {
    pub code: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cause {
    #[schema(value_type = String, example = "document.expired")]
    pub code: CauseCode,
    pub kind: CauseKind,
    pub lifted_by: &'static [&'static str],
}

type Names = &'static [(&'static str, &'static str, &'static str)];

const CUSTOMER_KINDS: Names = &[
    ("distributor", "经销商", "distributor"),
    ("agent", "代理商", "agent"),
    ("hospital", "医院", "hospital"),
    ("clinic", "诊所", "clinic"),
    ("manufacturer", "生产企业", "manufacturer"),
    ("other_unit", "其他使用单位", "other unit"),
    ("unclassified", "未分类", "unclassified"),
];
const CUSTOMER_STATUSES: Names = &[
    ("active", "正常", "active"),
    ("suspended", "暂停", "suspended"),
    ("disabled", "停用", "disabled"),
];
const QUALIFICATION_STATUSES: Names = &[
    ("none", "未提交", "nothing uploaded"),
    ("draft", "待提交", "uploaded, not submitted"),
    ("in_review", "审核中", "under review"),
    ("approved", "已通过", "approved"),
    ("rejected", "不予通过", "rejected"),
    ("returned", "退回补正", "returned to be mended"),
];
const DOCUMENT_STATUSES: Names = &[
    ("draft", "待提交", "uploaded, not submitted"),
    ("in_review", "审核中", "under review"),
    ("valid", "有效", "approved and in force"),
    ("not_yet_valid", "未生效", "approved, begins later"),
    ("expired", "已过期", "approved, and expired"),
    ("superseded", "已被替代", "followed by a newer one"),
    ("revoked", "已作废", "revoked"),
];
const ORDER_STATUSES: Names = &[
    ("placed", "已下单", "placed"),
    ("held", "暂缓，待处理", "held"),
    ("denied", "不予通过", "denied"),
    ("cancelled", "已取消", "cancelled"),
    ("closed", "已完成", "closed"),
];
const CHECKPOINTS: Names = &[
    ("order", "下单", "order"),
    ("shipment", "发货", "shipment"),
    ("invoice", "开票", "invoice"),
    ("receipt", "收款", "receipt"),
];
const OUTCOMES: Names = &[
    ("allow", "放行", "allowed"),
    ("allow_with_conditions", "附条件放行", "allowed with conditions"),
    ("hold", "暂缓，待处理", "held"),
    ("deny", "不予通过", "denied"),
];
const REACTIONS: Names = &[
    ("none", "不检查", "not asked"),
    ("advise", "提示", "advises"),
    ("condition", "附条件", "sets a condition"),
    ("hold", "暂缓", "holds"),
    ("deny", "不予通过", "denies"),
];
const CAUSE_KINDS: Names = &[
    ("legal", "法定", "the law forbids it"),
    ("qualification", "资质档案", "our own file is incomplete"),
    ("status", "客户状态", "the customer's status"),
    ("complaint", "投诉", "complaint"),
    ("overdue", "逾期", "overdue"),
    ("limit", "信用额度", "credit limit"),
    ("policy", "内部政策", "policy"),
];
const TRADE_MODES: Names = &[
    ("wholesale", "批发", "wholesale"),
    ("retail", "零售", "retail"),
    ("wholesale_and_retail", "批零兼营", "wholesale and retail"),
];
const COPY_KINDS: Names = &[
    ("sealed_copy", "加盖公章的复印件", "copy under the buyer's seal"),
    ("e_licence", "电子证照", "electronic licence"),
    ("plain_copy", "未盖章复印件", "plain copy"),
];
const PAYMENT_KINDS: Names = &[
    ("credit", "赊销", "on credit"),
    ("prepaid", "预付", "prepaid"),
    ("on_delivery", "货到付款", "on delivery"),
];
const LIMIT_KINDS: Names = &[
    ("none", "不授信", "no credit"),
    ("unlimited", "不限额", "unlimited"),
    ("amount", "限额", "an amount"),
];
const TERMS_FROM: Names = &[
    ("invoice", "开票日起", "from the invoice date"),
    ("shipment", "发货日起", "from the shipment"),
    ("month_end", "月末起", "from the end of the month"),
];

fn named(names: Names) -> Vec<Code> {
    names.iter().map(|&(code, zh, en)| Code { code, zh, en }).collect()
}

fn all() -> Codes {
    let causes = CauseCode::ALL.iter().map(|&code| {
        let kind = code.kind();
        Cause { code, kind, lifted_by: kind.lifted_by() }
    });
    let kinds = DocumentKind::ALL.iter();
    let classes = DeviceClass::ALL.iter();
    Codes {
        document_kinds: kinds.map(|k| Code { code: k.code(), zh: k.zh(), en: k.en() }).collect(),
        customer_kinds: named(CUSTOMER_KINDS),
        customer_statuses: named(CUSTOMER_STATUSES),
        qualification_statuses: named(QUALIFICATION_STATUSES),
        document_statuses: named(DOCUMENT_STATUSES),
        order_statuses: named(ORDER_STATUSES),
        roles: Role::ALL.iter().map(|r| Code { code: r.code(), zh: r.zh(), en: r.en() }).collect(),
        checkpoints: named(CHECKPOINTS),
        outcomes: named(OUTCOMES),
        reactions: named(REACTIONS),
        cause_kinds: named(CAUSE_KINDS),
        causes: causes.collect(),
        device_classes: classes
            .map(|c| Code { code: c.code(), zh: c.zh(), en: class_en(*c) })
            .collect(),
        traits: Trait::ALL
            .iter()
            .map(|t| Code { code: t.code(), zh: t.zh(), en: t.en() })
            .collect(),
        trade_modes: named(TRADE_MODES),
        copy_kinds: named(COPY_KINDS),
        payment_kinds: named(PAYMENT_KINDS),
        limit_kinds: named(LIMIT_KINDS),
        terms_from: named(TERMS_FROM),
        rejections: Rejection::CODES.to_vec(),
    }
}

fn class_en(class: DeviceClass) -> &'static str {
    match class {
        DeviceClass::I => "class I",
        DeviceClass::II => "class II",
        DeviceClass::III => "class III",
        DeviceClass::None => "no device: part or service",
    }
}

/// The data dictionary
#[utoipa::path(get, path = "/v1/codes", tag = "dictionary", responses((status = 200, body = Codes)))]
pub async fn codes(caller: Caller) -> Result<Response, Problem> {
    caller.may(Act::ReadCodes)?;
    let kind = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, kind)], TEXT.as_str()).into_response())
}

static TEXT: LazyLock<String> =
    LazyLock::new(|| serde_json::to_string(&all()).unwrap_or_else(|_| "{}".to_owned()));

#[cfg(test)]
mod tests {
    use domain::customer::registration::CustomerKind;
    use domain::decision::Checkpoint;
    use serde_json::json;

    use super::*;

    /// What serde writes for a value must be what the dictionary calls it.
    fn same<T: Serialize>(values: &[T], names: Names) {
        let written: Vec<_> = values.iter().map(|value| json!(value)).collect();
        let called: Vec<_> = names.iter().map(|(code, ..)| json!(code)).collect();
        for code in written {
            assert!(called.contains(&code), "{code}");
        }
    }

    #[test]
    fn the_dictionary_calls_things_what_the_wire_calls_them() {
        use domain::decision::{Outcome, Reaction};
        same(CustomerKind::ALL, CUSTOMER_KINDS);
        same(Checkpoint::ALL, CHECKPOINTS);
        same(
            &[Outcome::Allow, Outcome::AllowWithConditions, Outcome::Hold, Outcome::Deny],
            OUTCOMES,
        );
        same(
            &[
                Reaction::None,
                Reaction::Advise,
                Reaction::Condition,
                Reaction::Hold,
                Reaction::Deny,
            ],
            REACTIONS,
        );
        let kinds: Vec<_> = CauseCode::ALL.iter().map(|code| code.kind()).collect();
        same(&kinds, CAUSE_KINDS);
    }
}
