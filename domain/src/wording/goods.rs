//! Texts about the goods: their registration, their lots, their use-by dates.

use super::phrase::{capitalised, lines, text};
use crate::{decision::Cause, policy::pack::Text};

pub(super) fn registration_lapsed(cause: &Cause) -> Text {
    let product = product(cause);
    let number = cause.param("registration_number");
    let certificate = if number.is_empty() {
        text("注册或备案", "registration or filing")
    } else {
        text(format!("《医疗器械注册证》（{number}）"), format!("registration {number}"))
    };
    let (zh, en) = match cause.param("valid_to") {
        "" => ("目前不在有效期内".to_owned(), "is not in force".to_owned()),
        end => (format!("有效期至 {end}，现已到期"), format!("was valid until {end}")),
    };
    text(
        format!("{}的{}{zh}；有效期内生产的产品仍可销售。", product.zh, certificate.zh),
        capitalised(&format!(
            "{}: the {} {en}; goods made while it stood may still be sold.",
            product.en, certificate.en
        )),
    )
}

pub(super) fn made_outside_registration(cause: &Cause) -> Text {
    let (lot, made) = (lot(cause), cause.param("manufactured_on"));
    text(
        format!("{}的生产日期 {made} 不在注册证有效期内。", lot.zh),
        capitalised(&format!(
            "{} was made on {made}, outside every term of its registration.",
            lot.en
        )),
    )
}

pub(super) fn manufacture_date_unknown(cause: &Cause) -> Text {
    let lot = lot(cause);
    text(
        format!("{}没有生产日期，而注册证已到期，无法确认其在有效期内生产。", lot.zh),
        capitalised(&format!(
            "{} has no date of manufacture, and the registration has lapsed: it is unknown whether it was made in term.",
            lot.en
        )),
    )
}

pub(super) fn lot_expired(cause: &Cause) -> Text {
    let (lot, end) = (lot(cause), cause.param("expires_on"));
    text(
        format!("{}已超过有效期（{end}），不得出库。", lot.zh),
        capitalised(&format!("{} is past its use-by date, {end}, and must not leave.", lot.en)),
    )
}

/// `批号 L1 `, with the blank that follows a code; goods without a lot are named by their line.
fn lot(cause: &Cause) -> Text {
    match cause.param("lot") {
        "" | "–" => match lines(cause) {
            whole if whole.zh.is_empty() => text("该批货物", "the lot"),
            lines => text(format!("{}货物", lines.zh), format!("the lot of {}", lines.en)),
        },
        lot => text(format!("批号 {lot} "), format!("lot {lot}")),
    }
}

/// `第 1 行产品 STENT-35-18 `, with the blank that follows a code.
fn product(cause: &Cause) -> Text {
    let (lines, code) = (lines(cause), cause.param("product"));
    match lines.en.as_str() {
        "" => text(format!("产品 {code} "), format!("product {code}")),
        on => text(format!("{}产品 {code} ", lines.zh), format!("{on}, product {code}")),
    }
}
