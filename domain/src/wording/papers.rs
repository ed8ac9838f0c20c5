//! Texts about papers: missing, of the wrong kind, run out, not covering what is bought.

use super::phrase::{capitalised, lines, text};
use crate::{
    catalogue::{CatalogueCode, DeviceClass},
    decision::Cause,
    document_kind::DocumentKind,
    policy::pack::Text,
    wording::names,
};

pub(super) fn missing(cause: &Cause) -> Text {
    let kind = named(cause.param("kind"));
    text(format!("缺少{}。", kind.zh), format!("The {} is missing.", kind.en))
}

pub(super) fn wrong_kind(cause: &Cause) -> Text {
    let paper = numbered(cause);
    text(
        format!("{}不能作为经营医疗器械的资质。", paper.zh),
        format!("The {} does not entitle its holder to trade in medical devices.", paper.en),
    )
}

pub(super) fn provide_right_kind(cause: &Cause) -> Text {
    let wanted = match cause.param("wanted") {
        "" => named("device_trading_licence,device_trading_filing"),
        kind => named(kind),
    };
    text(format!("请提供{}。", wanted.zh), format!("Provide the {}.", wanted.en))
}

pub(super) fn expired(cause: &Cause) -> Text {
    let (paper, end) = (numbered(cause), cause.param("valid_to"));
    text(
        format!("{}有效期至 {end}，现已过期。", paper.zh),
        format!("The {} was valid until {end} and has expired.", paper.en),
    )
}

pub(super) fn upload_renewed(cause: &Cause) -> Text {
    let renewed = renewed(cause);
    text(
        format!("请上传{}，经质量管理部门审核通过后重新提交。", renewed.zh),
        format!("Upload {}, have Quality approve it, then submit again.", renewed.en),
    )
}

/// What was revoked is not renewed: another one is needed.
pub(super) fn upload_current(cause: &Cause) -> Text {
    let kind = named(cause.param("kind"));
    text(
        format!("请上传现行有效的{}，经质量管理部门审核通过后重新提交。", kind.zh),
        format!(
            "Upload a {} that is in force, have Quality approve it, then submit again.",
            kind.en
        ),
    )
}

pub(super) fn not_yet_valid(cause: &Cause) -> Text {
    let (paper, from) = (numbered(cause), cause.param("valid_from"));
    text(
        format!("{}自 {from} 起生效，目前尚未生效。", paper.zh),
        format!("The {} is valid from {from} on, and not yet.", paper.en),
    )
}

pub(super) fn wait_or_provide(cause: &Cause) -> Text {
    let (kind, from) = (named(cause.param("kind")), cause.param("valid_from"));
    text(
        format!("请于 {from} 起重新提交，或上传目前有效的{}并提交审核。", kind.zh),
        format!(
            "Submit again from {from} on, or upload the {} that is in force now and submit it for review.",
            kind.en
        ),
    )
}

pub(super) fn revoked(cause: &Cause) -> Text {
    let paper = numbered(cause);
    text(
        format!("{}已作废，不再有效。", paper.zh),
        format!("The {} was revoked and counts no longer.", paper.en),
    )
}

/// A product outside the scope of the buyer's licence.
pub(super) fn scope_not_covered(cause: &Cause) -> Text {
    let (place, holder) = (place(cause), holder(cause));
    let product = match lines(cause) {
        whole if whole.zh.is_empty() => text("产品", "a product"),
        lines => lines_of_product(&lines),
    };
    text(
        format!("{}{}超出该客户{}的经营范围。", product.zh, place.zh, holder.zh),
        capitalised(&format!("{}{} is outside the scope of {}.", product.en, place.en, holder.en)),
    )
}

pub(super) fn drop_or_extend(cause: &Cause) -> Text {
    let (paper, changed) = match kind(cause) {
        Some(DocumentKind::DeviceTradingFiling) => ("备案凭证", "filing"),
        _ => ("许可证", "licence"),
    };
    match cause.lines.len() {
        0 | 1 => text(
            format!("请删除该行，或提供变更后的{paper}。"),
            format!("Remove the line, or provide a {changed} with an extended scope."),
        ),
        _ => text(
            format!("请删除这些行，或提供变更后的{paper}。"),
            format!("Remove the lines, or provide a {changed} with an extended scope."),
        ),
    }
}

pub(super) fn lapses_before_shipment(cause: &Cause) -> Text {
    let paper = numbered(cause);
    let (end, wanted) = (cause.param("valid_to"), cause.param("ship_date"));
    if end.is_empty() {
        return text(
            format!("{}到要求发货日期 {wanted} 时已不再有效。", paper.zh),
            format!(
                "The {} will not be in force on {wanted}, when the goods are wanted.",
                paper.en
            ),
        );
    }
    text(
        format!("{}将于 {end} 到期，早于要求发货日期 {wanted}。", paper.zh),
        format!("The {} expires on {end}, before the goods are wanted on {wanted}.", paper.en),
    )
}

pub(super) fn renew_before_shipment(cause: &Cause) -> Text {
    let renewed = renewed(cause);
    text(
        format!("订单可以下达；发货前须提交{}。", renewed.zh),
        format!(
            "The order may be placed; {} must be on file before anything is shipped.",
            renewed.en
        ),
    )
}

pub(super) fn renewed_by_shipment(cause: &Cause) -> Text {
    let renewed = renewed(cause);
    text(
        format!("发货前须提交{}，并经质量管理部门审核通过。", renewed.zh),
        capitalised(&format!(
            "{} must be on file and approved by Quality before anything is shipped.",
            renewed.en
        )),
    )
}

pub(super) fn file_missing(cause: &Cause) -> Text {
    let paper = numbered(cause);
    if !cause.param("class").is_empty() {
        let place = place(cause);
        return text(
            format!("客户档案中的{}未涵盖所购产品{}。", paper.zh, place.zh),
            format!("On file: the {}, which does not cover the product{}.", paper.en, place.en),
        );
    }
    if cause.param("number").is_empty() {
        return text(
            format!("客户档案缺少{}。", paper.zh),
            format!("The customer's file lacks: {}.", paper.en),
        );
    }
    text(
        format!("客户档案中的{}目前无效。", paper.zh),
        format!("On file but not in force: the {}.", paper.en),
    )
}

pub(super) fn file_expired(cause: &Cause) -> Text {
    let (paper, end) = (numbered(cause), cause.param("valid_to"));
    text(
        format!("客户档案中的{}有效期至 {end}，现已过期。", paper.zh),
        format!("On file but out of date: the {}, valid until {end}.", paper.en),
    )
}

pub(super) fn file_recommended(cause: &Cause) -> Text {
    let (paper, end) = (numbered(cause), cause.param("valid_to"));
    if cause.param("number").is_empty() {
        return text(
            format!("建议补充{}。", paper.zh),
            format!("Good to have on file: {}.", paper.en),
        );
    }
    if end.is_empty() {
        return text(
            format!("{}目前无效，建议更新。", paper.zh),
            format!("On file but not in force, better renewed: the {}.", paper.en),
        );
    }
    text(
        format!("{}有效期至 {end}，建议更新。", paper.zh),
        format!("On file until {end}, better renewed: the {}.", paper.en),
    )
}

pub(super) fn wrong_title(cause: &Cause) -> Text {
    let (given, name) = (cause.param("given"), cause.param("name"));
    text(
        format!("开票抬头“{given}”与客户登记名称“{name}”不一致。"),
        format!(
            "The title of the invoice, {given}, is not the customer's registered name, {name}."
        ),
    )
}

/// The papers that a rule takes, one or several with commas between: `《甲》或《乙》`.
fn named(kinds: &str) -> Text {
    let known = |code: &str| DocumentKind::ALL.iter().find(|kind| kind.code() == code);
    let papers: Vec<&DocumentKind> = kinds.split(',').filter_map(known).collect();
    if papers.is_empty() {
        return text("所需资料", "required paper");
    }
    let zh: Vec<String> = papers.iter().map(|kind| format!("《{}》", kind.zh())).collect();
    let en: Vec<&str> = papers.iter().map(|kind| kind.en()).collect();
    text(zh.join("或"), en.join(" or the "))
}

/// `《甲》（号码）`.
fn numbered(cause: &Cause) -> Text {
    let (kind, number) = (named(cause.param("kind")), cause.param("number"));
    if number.is_empty() {
        return kind;
    }
    text(format!("{}（{number}）", kind.zh), format!("{} {number}", kind.en))
}

fn kind(cause: &Cause) -> Option<DocumentKind> {
    let code = cause.param("kind");
    DocumentKind::ALL.iter().find(|kind| kind.code() == code).copied()
}

/// 延续 is the regulation's word for these two licences; other papers are replaced by ones in force.
fn renewed(cause: &Cause) -> Text {
    match kind(cause) {
        Some(DocumentKind::DeviceTradingLicence | DocumentKind::ProductionLicence)
            if !cause.param("valid_to").is_empty() =>
        {
            text("延续后的许可证", "the renewed licence")
        }
        _ => {
            let kind = named(cause.param("kind"));
            text(format!("有效期内的{}", kind.zh), format!("a current {}", kind.en))
        }
    }
}

/// `（Ⅲ类，2017 版目录 13 无源植入器械）`.
fn place(cause: &Cause) -> Text {
    let known = |class: &&DeviceClass| class.code() == cause.param("class");
    let Some(class) = DeviceClass::ALL.iter().find(known) else { return text("", "") };
    let class = names::class_short(*class);
    let (catalogue, code) = (cause.param("catalogue"), cause.param("code"));
    if code.is_empty() {
        return text(format!("（{}）", class.zh), format!(" ({})", class.en));
    }
    let level = code.parse().ok().and_then(CatalogueCode::level_1_name);
    let (zh, en) = level
        .map_or((String::new(), String::new()), |(zh, en)| (format!(" {zh}"), format!(" {en}")));
    text(
        format!("（{}，{catalogue} 版目录 {code}{zh}）", class.zh),
        format!(" ({}, catalogue of {catalogue}, {code}{en})", class.en),
    )
}

/// Whose scope it is.
fn holder(cause: &Cause) -> Text {
    if cause.param("number").is_empty() {
        return match kind(cause) {
            Some(DocumentKind::DeviceTradingFiling) => text("备案凭证", "the customer's filing"),
            _ => text("许可证", "the customer's licence"),
        };
    }
    let paper = numbered(cause);
    text(paper.zh, format!("the customer's {}", paper.en))
}

fn lines_of_product(lines: &Text) -> Text {
    text(format!("{}产品", lines.zh), lines.en.clone())
}
