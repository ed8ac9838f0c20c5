//! What is stated of a product when it is registered with us.

use std::collections::BTreeSet;
use std::fmt;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Term;
use crate::catalogue::{CataloguePlace, DeviceClass};
use crate::registration_number::{FilingNumber, RegistrationNumber};
use crate::text::Line;

/// The body of `product.registered`; which fields a class needs is decided in `rules`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Particulars {
    /// The company's own.
    #[schema(value_type = String, example = "STENT-35-18")]
    pub code: Line<64>,
    #[schema(value_type = String, example = "冠状动脉支架系统")]
    pub name: Line<200>,
    #[schema(value_type = String, example = "3.5×18 mm")]
    pub specification: Line<200>,
    #[schema(value_type = String, example = "套")]
    pub unit: Line<32>,
    pub class: DeviceClass,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalogue: Option<CataloguePlace>,
    /// Classes II and III.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_number: Option<RegistrationNumber>,
    /// Class I.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filing_number: Option<FilingNumber>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_from: Option<NaiveDate>,
    /// Inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_to: Option<NaiveDate>,
    /// 注册人 or 备案人
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub registrant: Option<Line<200>>,
    /// 受托生产企业, or the registrant itself
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub manufacturer: Option<Line<200>>,
    /// The maker's production licence or filing; foreign makers have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub manufacturer_licence: Option<Line<100>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub traits: BTreeSet<Trait>,
}

impl Particulars {
    pub(super) fn first_term(&self) -> Option<Term> {
        self.registered_from.map(|from| Term { from, to: self.registered_to })
    }
}

/// What a product asks of those who handle it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    ColdChain,
    Implant,
    LargeEquipment,
}

impl Trait {
    pub const ALL: &'static [Self] = &[Self::ColdChain, Self::Implant, Self::LargeEquipment];

    /// As on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::ColdChain => "cold_chain",
            Self::Implant => "implant",
            Self::LargeEquipment => "large_equipment",
        }
    }

    pub fn zh(self) -> &'static str {
        match self {
            Self::ColdChain => "冷链",
            Self::Implant => "植入",
            Self::LargeEquipment => "大型医用设备",
        }
    }

    pub fn en(self) -> &'static str {
        match self {
            Self::ColdChain => "cold chain",
            Self::Implant => "implant",
            Self::LargeEquipment => "large medical equipment",
        }
    }
}

impl fmt::Display for Trait {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}
