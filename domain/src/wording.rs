//! The texts of the gates, rendered from codes and parameters: what happened, what to do, and on which legal basis.
//!
//! The Chinese ones use the regulation's own words (延续, 经营范围, 购货者, 质量管理部门), put names of papers in 《》, and
//! give numbers and dates. Nothing here is ever recorded, so that a text can be mended without touching history.

mod credit;
mod goods;
pub mod names;
mod papers;
pub(crate) mod phrase;
mod scores;
mod tables;
#[cfg(test)]
mod tests;

use self::phrase::{reason, text};
pub use self::{
    scores::shortfall,
    tables::{finding, mistake},
};
use crate::{
    decision::{Cause, CauseCode, Reaction},
    policy::pack::Text,
};

/// The seller must check a buyer's papers and scope, and keep them on file.
const BUYERS_PAPERS: &str = "《医疗器械经营质量管理规范》第八十二条";
/// Devices are sold to lawful buyers only.
const LAWFUL_BUYERS: &str = "《医疗器械经营质量管理规范》第八十一条";
/// Goods past their use-by date are not to leave the warehouse.
const EXPIRED_GOODS: &str = "《医疗器械经营质量管理规范》第八十条、第八十七条";
/// Goods made while their registration stood stay lawful after it.
const MADE_IN_TERM: &str = "《医疗器械注册与备案管理办法》第一百一十二条";

/// The short name of a cause.
pub fn name(code: CauseCode) -> Text {
    names::cause(code)
}

/// What happened, in one or two sentences.
pub fn message(cause: &Cause) -> Text {
    match cause.code {
        CauseCode::CustomerUnclassified => text(
            "该客户尚未分类，无法确定应当具备的资质，不得销售。",
            "The customer is not classified, so it is unknown which papers it needs: nothing may be sold to it.",
        ),
        CauseCode::NotApproved => text(
            "该客户尚未通过首次资质审核，不得销售。",
            "The customer has not passed its first qualification review: nothing may be sold to it.",
        ),
        CauseCode::DocumentMissing => papers::missing(cause),
        CauseCode::DocumentWrongKind => papers::wrong_kind(cause),
        CauseCode::DocumentExpired => papers::expired(cause),
        CauseCode::DocumentNotYetValid => papers::not_yet_valid(cause),
        CauseCode::DocumentRevoked => papers::revoked(cause),
        CauseCode::ScopeNotCovered => papers::scope_not_covered(cause),
        CauseCode::DocumentLapsesBeforeShipment => papers::lapses_before_shipment(cause),
        CauseCode::FileMissing => papers::file_missing(cause),
        CauseCode::FileExpired => papers::file_expired(cause),
        CauseCode::FileRecommended => papers::file_recommended(cause),
        CauseCode::InvoiceWrongTitle => papers::wrong_title(cause),
        CauseCode::RegistrationLapsed => goods::registration_lapsed(cause),
        CauseCode::MadeOutsideRegistration => goods::made_outside_registration(cause),
        CauseCode::ManufactureDateUnknown => goods::manufacture_date_unknown(cause),
        CauseCode::LotExpired => goods::lot_expired(cause),
        CauseCode::CustomerDisabled => reason(cause, "该客户已被禁用", "The customer is disabled"),
        CauseCode::CustomerSuspended => {
            reason(cause, "该客户已暂停交易", "The customer is suspended")
        }
        CauseCode::ReceivableOverdue => credit::overdue(cause),
        CauseCode::LimitFrozen => reason(cause, "信用额度已冻结", "The credit limit is frozen"),
        CauseCode::LimitExpired => credit::limit_expired(cause),
        CauseCode::OverLimit => credit::over_limit(cause),
        CauseCode::SingleCap => credit::single_cap(cause),
        CauseCode::CreditNotConfigured => {
            text("尚未设置信用额度。", "No credit limit was ever set for this customer.")
        }
        CauseCode::PrepaymentMissing => credit::prepayment_missing(cause),
        CauseCode::PolicyNotConfigured => text(
            "尚无生效的业务规则，无法判定。",
            "No policy pack is in force, so nothing can be judged.",
        ),
        CauseCode::PolicyFault => fault(cause),
    }
}

/// What to do about it, in one sentence.
#[expect(clippy::too_many_lines, reason = "one arm for each cause, and most of it is text")]
pub fn remedy(cause: &Cause) -> Text {
    match cause.code {
        CauseCode::CustomerUnclassified => text(
            "请补充客户类型和统一社会信用代码，并提交资质审核。",
            "State the customer's kind and unified social credit code, then have it qualified.",
        ),
        CauseCode::NotApproved => text(
            "请补齐资料并提交质量管理部门审核。",
            "Complete its papers and submit them for review by Quality.",
        ),
        CauseCode::DocumentMissing => {
            text("请补充上传并提交审核。", "Upload it and submit it for review.")
        }
        CauseCode::DocumentWrongKind => papers::provide_right_kind(cause),
        CauseCode::DocumentExpired => papers::upload_renewed(cause),
        CauseCode::DocumentRevoked => papers::upload_current(cause),
        CauseCode::DocumentNotYetValid => papers::wait_or_provide(cause),
        CauseCode::ScopeNotCovered => papers::drop_or_extend(cause),
        CauseCode::DocumentLapsesBeforeShipment => papers::renew_before_shipment(cause),
        CauseCode::FileMissing | CauseCode::FileExpired => text(
            "请补充上传并提交审核，或由质量管理部门特批放行。",
            "Upload it and submit it for review, or ask Quality for a release.",
        ),
        CauseCode::FileRecommended => text(
            "可补充上传并提交审核；不影响本次交易。",
            "It may be uploaded and submitted for review; this trade does not wait for it.",
        ),
        CauseCode::InvoiceWrongTitle => text(
            "请按登记名称更正抬头后重新开票。",
            "Correct the title to the registered name, then issue the invoice again.",
        ),
        CauseCode::RegistrationLapsed => text(
            "可以下单；发货时按批次的生产日期核对。",
            "The order may go on; each lot is judged by its date of manufacture when it is shipped.",
        ),
        CauseCode::MadeOutsideRegistration => text(
            "请更换批次，或联系质量管理部门核实。",
            "Take another lot, or ask Quality to verify it.",
        ),
        CauseCode::ManufactureDateUnknown => text(
            "请补填生产日期后重新发货，或由质量管理部门核实后特批放行。",
            "Ship again with the date of manufacture, or ask Quality to verify and release it.",
        ),
        CauseCode::LotExpired => text(
            "请更换批次，并将该批次移入不合格品区。",
            "Take another lot, and move this one to the area for rejected goods.",
        ),
        CauseCode::CustomerDisabled => {
            text("请联系合规或法务部门处理。", "Ask Compliance or Legal.")
        }
        CauseCode::CustomerSuspended => text("请联系质量管理部门处理。", "Ask Quality."),
        CauseCode::ReceivableOverdue => credit::collect(cause),
        CauseCode::OverLimit => credit::pay_reduce_or_raise(cause),
        CauseCode::SingleCap => text(
            "请申请单笔特批；不得拆单规避。",
            "Ask for a release of this one order; do not split it to get around the cap.",
        ),
        CauseCode::LimitFrozen | CauseCode::LimitExpired | CauseCode::CreditNotConfigured => {
            text("请联系信用管理部门。", "Ask Credit.")
        }
        CauseCode::PrepaymentMissing => {
            text("收到货款后自动放行。", "It is cleared by itself once the payment is received.")
        }
        CauseCode::PolicyNotConfigured => {
            text("请联系系统管理员加载业务规则。", "Ask the administrator to load a policy pack.")
        }
        CauseCode::PolicyFault => text(
            "请联系规则负责部门修正该规则表。",
            "Ask the department that owns this table to mend it.",
        ),
    }
}

/// The provision behind a cause: the rule's own, else that of its code; none where only the company asks.
pub fn basis(cause: &Cause) -> Option<String> {
    let own = cause.param("basis");
    if !own.is_empty() {
        return Some(own.to_owned());
    }
    basis_of(cause.code).map(str::to_owned)
}

fn basis_of(code: CauseCode) -> Option<&'static str> {
    match code {
        CauseCode::CustomerUnclassified => Some(LAWFUL_BUYERS),
        CauseCode::NotApproved
        | CauseCode::DocumentMissing
        | CauseCode::DocumentWrongKind
        | CauseCode::DocumentExpired
        | CauseCode::DocumentNotYetValid
        | CauseCode::DocumentRevoked
        | CauseCode::ScopeNotCovered
        | CauseCode::DocumentLapsesBeforeShipment => Some(BUYERS_PAPERS),
        CauseCode::RegistrationLapsed
        | CauseCode::MadeOutsideRegistration
        | CauseCode::ManufactureDateUnknown => Some(MADE_IN_TERM),
        CauseCode::LotExpired => Some(EXPIRED_GOODS),
        CauseCode::FileMissing
        | CauseCode::FileExpired
        | CauseCode::FileRecommended
        | CauseCode::InvoiceWrongTitle
        | CauseCode::CustomerDisabled
        | CauseCode::CustomerSuspended
        | CauseCode::ReceivableOverdue
        | CauseCode::LimitFrozen
        | CauseCode::LimitExpired
        | CauseCode::OverLimit
        | CauseCode::SingleCap
        | CauseCode::CreditNotConfigured
        | CauseCode::PrepaymentMissing
        | CauseCode::PolicyNotConfigured
        | CauseCode::PolicyFault => None,
    }
}

/// Said without the figures too.
fn fault(cause: &Cause) -> Text {
    let table = cause.param("table");
    if table.is_empty() {
        return text(
            "规则表未能给出结果，无法判定。",
            "A table of the policy pack gave no answer.",
        );
    }
    let why = tables::fault(cause.param("fault"));
    text(
        format!("规则表「{table}」未能给出结果（{}），无法判定。", why.zh),
        format!("The table {table:?} of the policy pack gave no answer: {}.", why.en),
    )
}

/// What must be met for what was allowed with this cause; none for a cause that sets no condition.
pub fn condition(cause: &Cause) -> Option<Text> {
    if cause.reaction != Reaction::Condition {
        return None;
    }
    Some(match cause.code {
        CauseCode::DocumentLapsesBeforeShipment => papers::renewed_by_shipment(cause),
        _ => remedy(cause),
    })
}
