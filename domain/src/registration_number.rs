//! The numbers that devices are registered (注册证编号) or filed (备案编号) under.
//!
//! Order 47 of 2021, article 115: who approved (国, or a province's character), 械注, the way (准 domestic, 进 imported,
//! 许 Hong Kong, Macao and Taiwan), the year of the first registration, the class, two digits of the catalogue code, four
//! digits of a serial number. All of it but the class stays the same for as long as the device is registered.
//! Article 116: class I devices are filed, under 械备, a year and a serial number.

use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::catalogue::DeviceClass;
use crate::text::plain;

/// The one-character names that provinces use in the numbers of licences.
const PROVINCES: &str = "京津沪渝冀晋辽吉黑苏浙皖闽赣鲁豫鄂湘粤琼川贵云陕甘青蒙桂藏宁新";

pub(crate) fn is_province(character: char) -> bool {
    PROVINCES.contains(character)
}

/// The characters of place names.
pub(crate) fn is_han(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

/// Why a text is no registration number, and what to do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum RegistrationNumberError {
    #[error(
        "{0:?} is no registration number such as 国械注准20243139901: copy it from the certificate"
    )]
    Format(String),
    #[error(
        "{number} says class {class}, which {authority} does not register {way}: compare with the certificate"
    )]
    Authority { number: String, class: char, authority: &'static str, way: &'static str },
    #[error(
        "{0:?} is no filing number such as 浙杭械备20210001号: copy it from the filing certificate"
    )]
    Filing(String),
}

impl RegistrationNumberError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Format(_) => "registration_number.format",
            Self::Authority { .. } => "registration_number.authority",
            Self::Filing(_) => "filing_number.format",
        }
    }
}

/// Where a registered device comes from.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[schema(as = RegistrationOrigin)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// 准
    Domestic,
    /// 进
    Imported,
    /// 许
    HongKongMacaoTaiwan,
}

/// A registration number of class II or III: `国械注准20243139901`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegistrationNumber {
    text: Arc<str>,
    class: DeviceClass,
    origin: Origin,
    year: u16,
    catalogue_digits: u8,
}

impl RegistrationNumber {
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn class(&self) -> DeviceClass {
        self.class
    }

    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The year of the first registration; renewals do not change it.
    pub fn first_registered_in(&self) -> u16 {
        self.year
    }

    /// The two digits after the class: a level-1 code of the 2017 catalogue, or the end of a code of the 2002 catalogue
    /// (22 for 6822) where the device was first registered before the new one came into force; 40 for IVD reagents always.
    pub fn catalogue_digits(&self) -> u8 {
        self.catalogue_digits
    }
}

impl FromStr for RegistrationNumber {
    type Err = RegistrationNumberError;

    fn from_str(typed: &str) -> Result<Self, RegistrationNumberError> {
        let text = plain(typed);
        let mistake = || RegistrationNumberError::Format(text.clone());
        let (authority, way, digits) = parts(&text).ok_or_else(mistake)?;
        let [year, class, catalogue_digits] = numbers(digits).ok_or_else(mistake)?;
        let (origin, way) = match way {
            '准' => (Origin::Domestic, "for domestic makers"),
            '进' => (Origin::Imported, "for imports"),
            '许' => (Origin::HongKongMacaoTaiwan, "for Hong Kong, Macao and Taiwan"),
            _ => return Err(mistake()),
        };
        let class = match (authority, origin, class) {
            ('国', _, 3) => DeviceClass::III,
            // The national authority takes class II of foreign makers only; provinces take class II of domestic ones only.
            ('国', Origin::Imported | Origin::HongKongMacaoTaiwan, 2) => DeviceClass::II,
            (province, Origin::Domestic, 2) if is_province(province) => DeviceClass::II,
            (other, _, class) if other == '国' || is_province(other) => {
                return Err(RegistrationNumberError::Authority {
                    number: text,
                    class: char::from_digit(class, 10).unwrap_or('?'),
                    authority: if other == '国' { "the national authority" } else { "a province" },
                    way,
                });
            }
            _ => return Err(mistake()),
        };
        let year = u16::try_from(year).map_err(|_| mistake())?;
        let catalogue_digits = u8::try_from(catalogue_digits).map_err(|_| mistake())?;
        Ok(Self { text: text.into(), class, origin, year, catalogue_digits })
    }
}

/// Authority, way, and the ten digits.
fn parts(text: &str) -> Option<(char, char, &str)> {
    let mut characters = text.chars();
    let authority = characters.next()?;
    let mut rest = characters.as_str().strip_prefix("械注")?.chars();
    let way = rest.next()?;
    let digits = rest.as_str();
    (digits.len() == 11 && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then_some((authority, way, digits))
}

/// Year, class and catalogue digits.
fn numbers(digits: &str) -> Option<[u32; 3]> {
    let number = |range: Range<usize>| digits.get(range)?.parse().ok();
    Some([number(0..4)?, number(4..5)?, number(5..7)?])
}

impl fmt::Display for RegistrationNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl fmt::Debug for RegistrationNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

crate::wire::text_on_the_wire!(
    RegistrationNumber,
    "a registration number such as \"国械注准20243139901\""
);
crate::wire::text_schema!(RegistrationNumber, "国械注准20243139901");

/// The number that a class I device is filed under: `浙杭械备20210001号`, or without its last character.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "浙杭械备20210001号")]
pub struct FilingNumber(Arc<str>);

impl FilingNumber {
    /// The most characters that may stand for a city after the province's.
    const PLACE_MAX: usize = 3;

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FilingNumber {
    type Err = RegistrationNumberError;

    fn from_str(typed: &str) -> Result<Self, RegistrationNumberError> {
        let text = plain(typed);
        let fits = text.split_once("械备").is_some_and(|(authority, number)| {
            let digits = number.strip_suffix('号').unwrap_or(number);
            digits.len() == 8
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && (authority == "国" || is_place(authority, Self::PLACE_MAX))
        });
        if fits { Ok(Self(text.into())) } else { Err(RegistrationNumberError::Filing(text)) }
    }
}

/// A province's character and up to `more` characters for a city or district.
pub(crate) fn is_place(text: &str, more: usize) -> bool {
    let mut characters = text.chars();
    characters.next().is_some_and(is_province)
        && characters.clone().count() <= more
        && characters.all(is_han)
}

impl fmt::Display for FilingNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for FilingNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

crate::wire::text_on_the_wire!(FilingNumber, "a filing number such as \"浙杭械备20210001号\"");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_tells_class_origin_year_and_catalogue_digits() {
        for (text, class, origin, year, digits) in [
            ("国械注准20243131618", DeviceClass::III, Origin::Domestic, 2024, 13),
            ("国械注进20142225238", DeviceClass::II, Origin::Imported, 2014, 22),
            ("沪械注准20212070123", DeviceClass::II, Origin::Domestic, 2021, 7),
            ("国械注许20183640050", DeviceClass::III, Origin::HongKongMacaoTaiwan, 2018, 64),
            (" 国械注准２０２４３１３９９０１ ", DeviceClass::III, Origin::Domestic, 2024, 13),
        ] {
            let number: RegistrationNumber = text.parse().unwrap();
            assert_eq!(number.class(), class, "{text}");
            assert_eq!(number.origin(), origin, "{text}");
            assert_eq!(number.first_registered_in(), year, "{text}");
            assert_eq!(number.catalogue_digits(), digits, "{text}");
        }
    }

    #[test]
    fn a_class_that_the_authority_does_not_register_is_refused() {
        for text in [
            "国械注准20241131618",
            "国械注准20242131618",
            "京械注进20142225238",
            "沪械注准20213070123",
            "国械注许20181640050",
        ] {
            let error = text.parse::<RegistrationNumber>().unwrap_err();
            assert_eq!(error.code(), "registration_number.authority", "{text}");
        }
    }

    #[test]
    fn what_is_not_of_the_form_is_refused() {
        for text in [
            "",
            "国械注准2024313990",
            "国械注准202431399011",
            "国械注准2024313990A",
            "械注准20243139901",
            "国械注20243139901",
            "国械注特20243139901",
            "美械注准20242139901",
            "国食药监械(准)字2013第3460001号",
            "国械注准20243139901号",
        ] {
            let error = text.parse::<RegistrationNumber>().unwrap_err();
            assert_eq!(error.code(), "registration_number.format", "{text}");
        }
    }

    #[test]
    fn filing_numbers_are_of_the_nation_or_of_a_place() {
        for text in ["国械备20150001号", "浙杭械备20210001号", "沪浦械备20210001", "苏械备20210001"]
        {
            assert_eq!(text.parse::<FilingNumber>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "械备20210001号",
            "美械备20210001号",
            "浙杭械备2021001号",
            "浙杭械注20210001号",
            "国杭械备20210001号",
            "浙一二三四械备20210001号",
        ] {
            assert!(text.parse::<FilingNumber>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parsers_fail_otherwise_than_with_an_error(text in "[国浙沪械注备准进许号0-9 ]{0,20}") {
            let _ = text.parse::<RegistrationNumber>();
            let _ = text.parse::<FilingNumber>();
        }
    }
}
