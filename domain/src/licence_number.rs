//! Whether the number on a trading or production licence, or on a filing, looks like one of its kind.
//!
//! No provision in force prescribes the form, and places differ, so that an unusual number is worth a second look and no
//! more. One thing is certain: licences say 许 and filings say 备, and a paper of the other kind gives other rights.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::document_kind::DocumentKind;
use crate::registration_number::is_place;
use crate::text::plain;

/// How a number agrees with the kind of paper that it is said to stand on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    Fits,
    /// Not of the usual form: compare it with the paper.
    Unusual,
    /// It says 许 on a filing or 备 on a licence: it is another paper.
    WrongKind,
}

/// The most characters between the province and 监械: a city, a district, 食, 药, 市.
const PLACE_MAX: usize = 7;

/// Papers of other kinds have numbers of many forms: any fits.
pub fn agreement(kind: DocumentKind, number: &str) -> Agreement {
    let Some((activity, mark)) = words_of(kind) else { return Agreement::Fits };
    let number = plain(number);
    match mark_of(&number) {
        Some(other) if other != mark => Agreement::WrongKind,
        Some(_) if is_usual(&number, activity, mark) => Agreement::Fits,
        _ => Agreement::Unusual,
    }
}

/// The activity that the number names, and 许 or 备.
fn words_of(kind: DocumentKind) -> Option<(&'static str, char)> {
    match kind {
        DocumentKind::DeviceTradingLicence => Some(("经营", '许')),
        DocumentKind::DeviceTradingFiling => Some(("经营", '备')),
        DocumentKind::ProductionLicence => Some(("生产", '许')),
        DocumentKind::ProductionFiling => Some(("生产", '备')),
        _ => None,
    }
}

/// The character after the activity that tells a licence from a filing.
fn mark_of(number: &str) -> Option<char> {
    ["经营", "生产"]
        .iter()
        .filter_map(|activity| number.split_once(activity)?.1.chars().next())
        .find(|mark| matches!(mark, '许' | '备'))
}

fn is_usual(number: &str, activity: &str, mark: char) -> bool {
    let Some((issuer, rest)) = number.split_once(activity) else { return false };
    let Some(serial) = rest.strip_prefix(mark) else { return false };
    let place = issuer.strip_suffix("监械").or_else(|| issuer.strip_suffix('械'));
    place.is_some_and(|place| is_place(place, PLACE_MAX)) && is_year_and_serial(serial)
}

/// `20240001号`, `〔2024〕0001号`, `2024H006`.
fn is_year_and_serial(text: &str) -> bool {
    let text = text.strip_suffix('号').unwrap_or(text);
    let text = text.strip_prefix(['〔', '[', '(']).unwrap_or(text);
    let Some((year, serial)) = text.split_at_checked(4) else { return false };
    let serial = serial.strip_prefix(['〕', ']', ')']).unwrap_or(serial);
    let serial = serial.strip_prefix(|letter: char| letter.is_ascii_uppercase()).unwrap_or(serial);
    let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    digits_only(year) && digits_only(serial) && (3..=6).contains(&serial.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_they_stand_on_real_papers_fit() {
        for (paper, number) in [
            (DocumentKind::DeviceTradingLicence, "浙杭药监械经营许20240001号"),
            (DocumentKind::DeviceTradingLicence, "浙杭食药监械经营许20150001号"),
            (DocumentKind::DeviceTradingLicence, "京药监械经营许20220123号"),
            (DocumentKind::DeviceTradingLicence, "沪浦市监械经营许〔2023〕0012号"),
            (DocumentKind::DeviceTradingLicence, "粤穗药监械经营许（2021）H006"),
            (DocumentKind::DeviceTradingLicence, "京朝药监械经营许2021H006"),
            (DocumentKind::DeviceTradingFiling, "苏泰药监械经营备20210001号"),
            (DocumentKind::ProductionLicence, "沪食药监械生产许20000240号"),
            (DocumentKind::ProductionFiling, "苏泰药监械生产备20210001号"),
        ] {
            assert_eq!(agreement(paper, number), Agreement::Fits, "{number}");
        }
    }

    #[test]
    fn a_filing_is_no_licence() {
        for (paper, number) in [
            (DocumentKind::DeviceTradingLicence, "浙杭药监械经营备20240001号"),
            (DocumentKind::DeviceTradingFiling, "浙杭药监械经营许20240001号"),
            (DocumentKind::ProductionLicence, "苏泰药监械生产备20210001号"),
            (DocumentKind::DeviceTradingFiling, "某地经营许可2021-1"),
        ] {
            assert_eq!(agreement(paper, number), Agreement::WrongKind, "{number}");
        }
    }

    #[test]
    fn papers_of_other_kinds_are_not_judged_by_their_numbers() {
        for kind in [DocumentKind::BusinessLicence, DocumentKind::PracticeLicence] {
            assert_eq!(agreement(kind, "PDY00000133010017A1001"), Agreement::Fits);
        }
    }

    #[test]
    fn any_other_difference_is_only_unusual() {
        for number in [
            "",
            "123456",
            "浙A20240001",
            "美杭药监械经营许20240001号",
            "浙杭药监械经营许2024号",
            "浙杭药监械经营许20240001号副本",
            "沪食药监械生产许20000240号",
        ] {
            assert_eq!(
                agreement(DocumentKind::DeviceTradingLicence, number),
                Agreement::Unusual,
                "{number}"
            );
        }
    }
}
