//! The device identifier (UDI-DI): which product a package holds, as its issuer numbers it.
//!
//! Three issuers are recognised in China: GS1 (GTIN-13 or GTIN-14), the Zhongguancun institute (MA codes) and Ali Health
//! (AHM). Only GS1's form has a check digit that can be computed.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

use crate::text::plain;

/// Why a text is no device identifier, and what to do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UdiError {
    #[error("{0:?} is no GTIN: it has 13 or 14 digits, without brackets")]
    GtinLength(String),
    #[error("the check digit of GTIN {0} does not fit: compare with the package")]
    GtinCheckDigit(String),
    #[error(
        "{0:?} is no MA identifier such as MA.156.M0.100761.21234561: leave out what follows the product (.S, .L, .E …)"
    )]
    Ma(String),
    #[error("{0:?} is no AHM identifier: it has 8 to {AHM_MAX} digits and capital letters")]
    Ahm(String),
}

impl UdiError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::GtinLength(_) => "udi.gtin_length",
            Self::GtinCheckDigit(_) => "udi.gtin_check_digit",
            Self::Ma(_) => "udi.ma_format",
            Self::Ahm(_) => "udi.ahm_format",
        }
    }
}

/// Who numbers.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum UdiIssuer {
    Gs1,
    Ma,
    Ahm,
}

/// An identifier that has its issuer's form; GS1's always with 14 digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Written")]
pub struct UdiDi {
    issuer: UdiIssuer,
    #[schema(value_type = String, example = "06901234567892")]
    code: Arc<str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    issuer: UdiIssuer,
    code: String,
}

impl TryFrom<Written> for UdiDi {
    type Error = UdiError;

    fn try_from(written: Written) -> Result<Self, UdiError> {
        Self::new(written.issuer, &written.code)
    }
}

const AHM_MAX: usize = 40;
const MA_PART_MAX: usize = 20;

impl UdiDi {
    pub fn new(issuer: UdiIssuer, typed: &str) -> Result<Self, UdiError> {
        let text = plain(typed);
        let code = match issuer {
            UdiIssuer::Gs1 => gtin_14(text)?,
            UdiIssuer::Ma if is_ma(&text) => text,
            UdiIssuer::Ahm if is_ahm(&text) => text,
            UdiIssuer::Ma => return Err(UdiError::Ma(text)),
            UdiIssuer::Ahm => return Err(UdiError::Ahm(text)),
        };
        Ok(Self { issuer, code: code.into() })
    }

    /// The issuer where nobody names one: MA codes begin with `MA.`, everything else is taken for a GTIN.
    pub fn issuer_of(typed: &str) -> UdiIssuer {
        if plain(typed).starts_with("MA.") { UdiIssuer::Ma } else { UdiIssuer::Gs1 }
    }

    pub fn issuer(&self) -> UdiIssuer {
        self.issuer
    }

    pub fn as_str(&self) -> &str {
        &self.code
    }
}

impl fmt::Display for UdiDi {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.code)
    }
}

fn gtin_14(text: String) -> Result<String, UdiError> {
    if !matches!(text.len(), 13 | 14) || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UdiError::GtinLength(text));
    }
    let gtin = format!("{text:0>14}");
    // Weights 3 and 1 alternate; counted from the right, check digit included, the sum must end in 0.
    let sum: u32 = gtin
        .bytes()
        .rev()
        .zip([1, 3].into_iter().cycle())
        .map(|(byte, weight)| u32::from(byte - b'0') * weight)
        .sum();
    if sum.is_multiple_of(10) { Ok(gtin) } else { Err(UdiError::GtinCheckDigit(gtin)) }
}

/// `MA.156.M0.100761.21234561`: country, sector, maker, product.
fn is_ma(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let [ma, country, sector, maker, product] = parts.as_slice() else { return false };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    *ma == "MA"
        && country.len() == 3
        && digits(country)
        && sector.starts_with('M')
        && digits(maker)
        && [sector, maker, product].iter().all(|part| is_coded(part, 1, MA_PART_MAX))
}

fn is_ahm(text: &str) -> bool {
    is_coded(text, 8, AHM_MAX)
}

fn is_coded(text: &str, min: usize, max: usize) -> bool {
    (min..=max).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gs1(text: &str) -> Result<UdiDi, UdiError> {
        UdiDi::new(UdiIssuer::Gs1, text)
    }

    #[test]
    fn a_gtin_has_a_check_digit() {
        for text in ["06901234567892", "00614141007349", "10614141000415", "06950000000002"] {
            assert_eq!(gs1(text).unwrap().as_str(), text);
        }
        assert_eq!(gs1("06950000000007").unwrap_err().code(), "udi.gtin_check_digit");
    }

    #[test]
    fn a_gtin_of_thirteen_digits_is_the_same_with_a_zero_before_it() {
        assert_eq!(gs1("6901234567892"), gs1("06901234567892"));
    }

    #[test]
    fn what_has_not_the_issuers_form_is_refused() {
        for text in ["", "690123456789", "069012345678921", "(01)06901234567892", "0690123456789X"]
        {
            assert_eq!(gs1(text).unwrap_err().code(), "udi.gtin_length", "{text}");
        }
        for text in [
            "MA.156.M0.100761",
            "MA.156.M0.100761.21234561.Sx00008",
            "ma.156.M0.100761.2",
            "06901234567892",
        ] {
            assert_eq!(
                UdiDi::new(UdiIssuer::Ma, text).unwrap_err().code(),
                "udi.ma_format",
                "{text}"
            );
        }
        assert_eq!(UdiDi::new(UdiIssuer::Ahm, "8-1").unwrap_err().code(), "udi.ahm_format");
    }

    #[test]
    fn the_other_issuers_have_no_check_digit() {
        assert!(UdiDi::new(UdiIssuer::Ma, "MA.156.M0.100761.21234561").is_ok());
        assert!(UdiDi::new(UdiIssuer::Ahm, "81234567890123456789").is_ok());
    }

    #[test]
    fn an_identifier_of_an_event_is_checked_again_when_it_is_read() {
        let written = r#"{"issuer":"gs1","code":"06901234567892"}"#;
        let read: UdiDi = serde_json::from_str(written).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), written);
        assert!(serde_json::from_str::<UdiDi>(&written.replace("892", "893")).is_err());
    }

    proptest! {
        #[test]
        fn one_wrong_digit_is_always_noticed(place in 0_usize..14, by in 1_u8..10) {
            let mut digits = *b"06901234567892";
            digits[place] = b'0' + (digits[place] - b'0' + by) % 10;
            prop_assert!(gs1(std::str::from_utf8(&digits).unwrap()).is_err());
        }
    }
}
