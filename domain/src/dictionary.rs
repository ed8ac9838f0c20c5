//! The data dictionary: every code that Probity writes or takes, with its Chinese and English name.

use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    decision::{CauseCode, CauseKind},
    document_kind::{DocumentKind, Term},
    policy::pack::Text,
    product::Trait,
    staff::Role,
    wording::{
        self,
        names::{self, Named},
    },
};

/// All sets of codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Dictionary {
    pub document_kinds: Vec<NamedPaper>,
    pub document_standings: Vec<NamedCode>,
    pub copy_kinds: Vec<NamedCode>,
    pub trade_modes: Vec<NamedCode>,
    /// In the order in which a decision gives them.
    pub causes: Vec<NamedCause>,
    pub cause_kinds: Vec<NamedCode>,
    pub outcomes: Vec<NamedCode>,
    /// From the mildest to the strictest.
    pub reactions: Vec<NamedCode>,
    pub checkpoints: Vec<NamedCode>,
    pub modes: Vec<NamedCode>,
    pub roles: Vec<NamedCode>,
    pub customer_kinds: Vec<NamedCode>,
    pub customer_statuses: Vec<NamedCode>,
    pub qualification_statuses: Vec<NamedCode>,
    pub order_statuses: Vec<NamedCode>,
    pub product_classes: Vec<NamedCode>,
    pub product_traits: Vec<NamedCode>,
    pub udi_issuers: Vec<NamedCode>,
    pub payment_kinds: Vec<NamedCode>,
    /// Where terms of payment begin to run.
    pub terms_from: Vec<NamedCode>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamedCode {
    #[schema(example = "hold")]
    pub code: String,
    #[schema(example = "暂缓")]
    pub zh: String,
    #[schema(example = "hold")]
    pub en: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamedPaper {
    #[serde(flatten)]
    pub name: NamedCode,
    /// Whether a paper of this kind may be without end; else `valid_to` is required.
    pub may_be_long_term: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct NamedCause {
    #[serde(flatten)]
    pub name: NamedCode,
    pub kind: CauseKind,
    /// What ends it: `remedy`, `release_by_quality`, `release_by_credit`, `reinstatement`, `resolution`.
    pub lifted_by: Vec<String>,
}

/// The dictionary of this version of Probity.
pub fn dictionary() -> Dictionary {
    Dictionary {
        document_kinds: DocumentKind::ALL.iter().map(|kind| paper(*kind)).collect(),
        document_standings: all(names::DOCUMENT_STANDINGS),
        copy_kinds: all(names::COPY_KINDS),
        trade_modes: all(names::TRADE_MODES),
        causes: CauseCode::ALL.iter().map(|code| cause(*code)).collect(),
        cause_kinds: all(names::CAUSE_KINDS),
        outcomes: all(names::OUTCOMES),
        reactions: all(names::REACTIONS),
        checkpoints: all(names::CHECKPOINTS),
        modes: all(names::MODES),
        roles: Role::ALL.iter().map(|role| named(&(role.code(), role.zh(), role.en()))).collect(),
        customer_kinds: all(names::CUSTOMER_KINDS),
        customer_statuses: all(names::CUSTOMER_STATUSES),
        qualification_statuses: all(names::QUALIFICATION_STATUSES),
        order_statuses: all(names::ORDER_STATUSES),
        product_classes: all(names::PRODUCT_CLASSES),
        product_traits: Trait::ALL.iter().map(|it| named(&(it.code(), it.zh(), it.en()))).collect(),
        udi_issuers: all(names::UDI_ISSUERS),
        payment_kinds: all(names::PAYMENT_KINDS),
        terms_from: all(names::TERMS_FROM),
    }
}

fn all(codes: &[Named]) -> Vec<NamedCode> {
    codes.iter().map(named).collect()
}

fn named((code, zh, en): &Named) -> NamedCode {
    NamedCode { code: (*code).to_owned(), zh: (*zh).to_owned(), en: (*en).to_owned() }
}

fn paper(kind: DocumentKind) -> NamedPaper {
    NamedPaper {
        name: named(&(kind.code(), kind.zh(), kind.en())),
        may_be_long_term: kind.term() == Term::MayBeLong,
    }
}

fn cause(code: CauseCode) -> NamedCause {
    let Text { zh, en } = wording::name(code);
    NamedCause {
        name: NamedCode { code: code.code().to_owned(), zh, en },
        kind: code.kind(),
        lifted_by: code.kind().lifted_by().iter().map(|&by| by.to_owned()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_named_once_in_both_languages() {
        let dictionary = serde_json::to_value(dictionary()).unwrap();
        for (set, codes) in dictionary.as_object().unwrap() {
            let codes = codes.as_array().unwrap();
            let different: BTreeSet<_> = codes.iter().map(|it| it["code"].as_str()).collect();
            assert_eq!(different.len(), codes.len(), "{set}");
            for code in codes {
                for field in ["code", "zh", "en"] {
                    assert!(!code[field].as_str().unwrap().is_empty(), "{set}: {code}");
                }
            }
        }
    }

    #[test]
    fn a_cause_says_what_lifts_it() {
        let dictionary = dictionary();
        let frozen = dictionary.causes.iter().find(|it| it.name.code == "credit.frozen").unwrap();
        assert_eq!(frozen.lifted_by, ["remedy", "release_by_credit"]);
        assert_eq!(
            serde_json::to_value(frozen).unwrap(),
            serde_json::json!({"code": "credit.frozen", "zh": "信用额度已冻结", "en": "credit limit frozen",
                "kind": "limit", "lifted_by": ["remedy", "release_by_credit"]})
        );
    }
}
