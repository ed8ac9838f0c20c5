//! Why a product command did nothing, in words for people and codes for programs.

use std::fmt;

use super::Term;
use crate::catalogue::{CataloguePlace, DeviceClass};
use crate::policy::pack::Text;
use crate::registration_number::RegistrationNumber;
use crate::rejection::Class;

/// In order of precedence.
#[derive(Clone, Debug, PartialEq)]
pub enum Rejection {
    NoSuchProduct,
    AlreadyRegistered,
    /// The class needs this field.
    Missing {
        field: &'static str,
        class: DeviceClass,
    },
    /// The class has no such field.
    Unexpected {
        field: &'static str,
        class: DeviceClass,
    },
    ClassDisagrees {
        stated: DeviceClass,
        number: RegistrationNumber,
    },
    CatalogueDisagrees {
        stated: CataloguePlace,
        number: RegistrationNumber,
    },
    NotRenewable {
        class: DeviceClass,
    },
    TermBackwards {
        /// Where its end is said.
        field: &'static str,
        term: Term,
    },
    TermsOverlap {
        term: Term,
        existing: Term,
    },
}

impl Rejection {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoSuchProduct => "product.unknown",
            Self::AlreadyRegistered => "product.already_registered",
            Self::Missing { .. } => "product.field_missing",
            Self::Unexpected { .. } => "product.field_unexpected",
            Self::ClassDisagrees { .. } => "product.class_disagrees",
            Self::CatalogueDisagrees { .. } => "product.catalogue_disagrees",
            Self::NotRenewable { .. } => "product.not_renewable",
            Self::TermBackwards { .. } => "product.term_backwards",
            Self::TermsOverlap { .. } => "product.terms_overlap",
        }
    }

    /// The field at fault, for those that the body is to blame for and not the product's state.
    pub fn field(&self) -> Option<&'static str> {
        match self {
            Self::Missing { field, .. }
            | Self::Unexpected { field, .. }
            | Self::TermBackwards { field, .. } => Some(field),
            Self::ClassDisagrees { .. } => Some("class"),
            Self::CatalogueDisagrees { .. } => Some("catalogue"),
            Self::NoSuchProduct
            | Self::AlreadyRegistered
            | Self::NotRenewable { .. }
            | Self::TermsOverlap { .. } => None,
        }
    }

    /// The part of the body at fault, as a JSON pointer.
    pub fn pointer(&self) -> Option<String> {
        self.field().map(|field| format!("/{field}"))
    }

    pub fn class(&self) -> Class {
        match self {
            Self::NoSuchProduct => Class::Unknown,
            Self::AlreadyRegistered | Self::NotRenewable { .. } | Self::TermsOverlap { .. } => {
                Class::Conflict
            }
            Self::Missing { .. }
            | Self::Unexpected { .. }
            | Self::ClassDisagrees { .. }
            | Self::CatalogueDisagrees { .. }
            | Self::TermBackwards { .. } => Class::Content,
        }
    }

    /// What happened and what to do, in both languages.
    pub fn text(&self) -> Text {
        Text { zh: self.zh(), en: self.en() }
    }

    pub fn zh(&self) -> String {
        match self {
            Self::NoSuchProduct => "没有该产品。".to_owned(),
            Self::AlreadyRegistered => "该产品已经登记。".to_owned(),
            Self::Missing { field, class } => {
                format!("{}产品须填写{}（{field}）。", class.zh(), field_zh(field))
            }
            Self::Unexpected { field, class } => {
                format!("{}产品不应填写{}（{field}）。", class.zh(), field_zh(field))
            }
            Self::ClassDisagrees { stated, number } => format!(
                "所填管理类别为{}，而注册证编号{number}表明为{}，请核对《医疗器械注册证》。",
                stated.zh(),
                number.class().zh()
            ),
            Self::CatalogueDisagrees { stated, number } => format!(
                "所填分类编码为 {}（{} 年版分类目录），而注册证编号{number}中的分类编码为 {:02}，请核对《医疗器械注册证》。",
                stated.code(),
                stated.version(),
                number.catalogue_digits()
            ),
            Self::NotRenewable { class } => {
                format!("{}产品没有注册证，不存在延续注册。", class.zh())
            }
            Self::TermBackwards { term, .. } => {
                format!("有效期止早于起：{}，请更正日期。", term_zh(*term))
            }
            Self::TermsOverlap { term, existing } => format!(
                "有效期（{}）与已有的有效期（{}）重叠，请核对延续后的《医疗器械注册证》。",
                term_zh(*term),
                term_zh(*existing)
            ),
        }
    }

    pub fn en(&self) -> String {
        match self {
            Self::NoSuchProduct => "There is no such product.".to_owned(),
            Self::AlreadyRegistered => "The product is already registered.".to_owned(),
            Self::Missing { field, class } => {
                format!("{} needs `{field}`: fill it in.", class_en(*class))
            }
            Self::Unexpected { field, class } => {
                format!(
                    "{} has no `{field}`: leave it out, or correct the class.",
                    class_en(*class)
                )
            }
            Self::ClassDisagrees { stated, number } => format!(
                "The stated class is {stated}, but the registration number {number} says class {}: \
                 compare with the registration certificate.",
                number.class()
            ),
            Self::CatalogueDisagrees { stated, number } => format!(
                "The stated catalogue code is {} (catalogue of {}), but the registration number {number} \
                 says {:02}: compare with the registration certificate.",
                stated.code(),
                stated.version(),
                number.catalogue_digits()
            ),
            Self::NotRenewable { class } => {
                format!("{} has no registration, so there is nothing to renew.", class_en(*class))
            }
            Self::TermBackwards { term, .. } => {
                format!("The term ends before it begins ({}): correct the dates.", term_en(*term))
            }
            Self::TermsOverlap { term, existing } => format!(
                "The term {} overlaps the term {}: compare with the renewed registration certificate.",
                term_en(*term),
                term_en(*existing)
            ),
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.en())
    }
}

impl std::error::Error for Rejection {}

fn field_zh(field: &str) -> &str {
    match field {
        "registration_number" => "医疗器械注册证编号",
        "filing_number" => "备案编号",
        "catalogue" => "分类编码",
        "registrant" => "注册人",
        "manufacturer" => "生产企业",
        "registered_from" => "有效期起",
        other => other,
    }
}

fn class_en(class: DeviceClass) -> String {
    match class {
        DeviceClass::None => "A part or service".to_owned(),
        DeviceClass::I | DeviceClass::II | DeviceClass::III => format!("A device of class {class}"),
    }
}

fn term_zh(term: Term) -> String {
    match term.to {
        Some(to) => format!("{} 至 {to}", term.from),
        None => format!("{} 起长期", term.from),
    }
}

fn term_en(term: Term) -> String {
    match term.to {
        Some(to) => format!("{} to {to}", term.from),
        None => format!("from {} on", term.from),
    }
}
