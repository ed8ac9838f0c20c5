//! The unified social credit code (统一社会信用代码) of an organisation, as GB 32100-2015 defines it.
//!
//! One registry character, one type character, six digits of the region, nine characters of the organisation code, one
//! check character. The region is not looked up (codes outlive districts), and the organisation code's own inner check digit
//! is not checked (old codes break it).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// The letters I, O, S, V and Z are left out, because they look like digits.
const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
const LENGTH: usize = 18;

/// Why a text is no code, and what to do.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum UsccError {
    #[error(
        "a unified social credit code has {LENGTH} characters, this has {given}: copy it whole from the licence"
    )]
    Length { given: usize },
    #[error(
        "{character:?} at place {place} is no character of a unified social credit code (there is no I, O, S, V or Z): compare with the licence"
    )]
    Character { character: char, place: usize },
    #[error("the check character of {given} does not fit: compare the code with the licence")]
    CheckDigit { given: String },
}

impl UsccError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Length { .. } => "uscc.length",
            Self::Character { .. } => "uscc.character",
            Self::CheckDigit { .. } => "uscc.check_digit",
        }
    }
}

/// A code whose check character fits, in plain upper-case characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "91330100799655058B")]
pub struct Uscc([u8; LENGTH]);

impl Uscc {
    /// Completes the first 17 characters: for generators of fictional companies, never for what somebody typed.
    pub fn with_check(first17: &str) -> Result<Self, UsccError> {
        let typed: Vec<char> = normalised(first17);
        if typed.len() != LENGTH - 1 {
            return Err(UsccError::Length { given: typed.len() });
        }
        let mut code = [0; LENGTH];
        let mut sum = 0;
        let mut weight = 1;
        for (index, (slot, &character)) in code.iter_mut().zip(&typed).enumerate() {
            let value =
                value_of(character).ok_or(UsccError::Character { character, place: index + 1 })?;
            *slot = ALPHABET.get(value).copied().unwrap_or_default();
            sum += value * weight;
            weight = weight * 3 % 31;
        }
        // Without the second remainder a sum that 31 divides would ask for a 32nd character.
        let check = (31 - sum % 31) % 31;
        if let (Some(last), Some(&character)) = (code.last_mut(), ALPHABET.get(check)) {
            *last = character;
        }
        Ok(Self(code))
    }

    pub fn as_str(&self) -> &str {
        // Only characters of the alphabet are ever held, so the fallback is never seen.
        std::str::from_utf8(&self.0).unwrap_or("")
    }

    /// Registry and type, the first two characters: `91` for enterprises.
    pub fn prefix(&self) -> &str {
        self.as_str().get(..2).unwrap_or("")
    }

    /// The six digits of the region where the organisation was first registered.
    pub fn region(&self) -> &str {
        self.as_str().get(2..8).unwrap_or("")
    }

    pub fn entity(&self) -> Entity {
        match self.prefix() {
            "11" => Entity::GovernmentBody,
            "12" => Entity::PublicInstitution,
            "51" => Entity::SocialGroup,
            "52" => Entity::PrivateNonProfit,
            "53" => Entity::Foundation,
            "91" => Entity::Enterprise,
            "92" => Entity::SoleTrader,
            "93" => Entity::Cooperative,
            _ => Entity::Other,
        }
    }
}

/// Typed full-width or in lower case, with white space around: one code all the same.
fn normalised(text: &str) -> Vec<char> {
    crate::text::plain(text).to_uppercase().chars().collect()
}

fn value_of(character: char) -> Option<usize> {
    ALPHABET.iter().position(|&letter| char::from(letter) == character)
}

impl FromStr for Uscc {
    type Err = UsccError;

    fn from_str(text: &str) -> Result<Self, UsccError> {
        let typed = normalised(text);
        if typed.len() != LENGTH {
            return Err(UsccError::Length { given: typed.len() });
        }
        let unknown = typed.iter().position(|&character| value_of(character).is_none());
        if let Some((index, &character)) = unknown.and_then(|at| typed.get(at).map(|it| (at, it))) {
            return Err(UsccError::Character { character, place: index + 1 });
        }
        let given: String = typed.iter().collect();
        let right = Self::with_check(given.get(..LENGTH - 1).unwrap_or(""))?;
        if right.as_str() == given { Ok(right) } else { Err(UsccError::CheckDigit { given }) }
    }
}

impl fmt::Display for Uscc {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Uscc {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

crate::wire::text_on_the_wire!(Uscc, "a unified social credit code of 18 characters");

/// What kind of organisation the first two characters speak of.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Entity {
    /// 11 机关
    GovernmentBody,
    /// 12 事业单位: public hospitals are here
    PublicInstitution,
    /// 51 社会团体
    SocialGroup,
    /// 52 民办非企业单位: private non-profit hospitals are here
    PrivateNonProfit,
    /// 53 基金会
    Foundation,
    /// 91 企业
    Enterprise,
    /// 92 个体工商户: a natural person's business
    SoleTrader,
    /// 93 农民专业合作社
    Cooperative,
    Other,
}

impl Entity {
    pub const ALL: &'static [Self] = &[
        Self::GovernmentBody,
        Self::PublicInstitution,
        Self::SocialGroup,
        Self::PrivateNonProfit,
        Self::Foundation,
        Self::Enterprise,
        Self::SoleTrader,
        Self::Cooperative,
        Self::Other,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::GovernmentBody => "government_body",
            Self::PublicInstitution => "public_institution",
            Self::SocialGroup => "social_group",
            Self::PrivateNonProfit => "private_non_profit",
            Self::Foundation => "foundation",
            Self::Enterprise => "enterprise",
            Self::SoleTrader => "sole_trader",
            Self::Cooperative => "cooperative",
            Self::Other => "other",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VALID: [&str; 13] = [
        "914403001922038216",
        "9144030071526726XG",
        "91330100799655058B",
        "91440300708461136T",
        "911100007109250324",
        "91100000100003962T",
        "91110108551385082Q",
        "91440400192548256N",
        "12310000425001236R",
        "52440300500000015Q",
        "92330106MA2H1XYT56",
        "913101151234567880",
        "91330100000000001C",
    ];

    fn code_of(text: &str) -> &'static str {
        text.parse::<Uscc>().unwrap_err().code()
    }

    #[test]
    fn codes_whose_check_character_fits_are_read() {
        for text in VALID {
            assert_eq!(text.parse::<Uscc>().map(|code| code.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn each_mistake_has_its_own_code() {
        assert_eq!(code_of("914403001922038217"), "uscc.check_digit");
        assert_eq!(code_of("91440300192203821O"), "uscc.character");
        assert_eq!(code_of("9144030019220382I6"), "uscc.character");
        assert_eq!(code_of("91440300192203821"), "uscc.length");
        assert_eq!(code_of("9144030019220382166"), "uscc.length");
        assert_eq!(code_of(""), "uscc.length");
        assert_eq!(code_of("91440300192203 216"), "uscc.character");
        assert_eq!(code_of("统一社会信用代码统一社会信用代码统一"), "uscc.character");
    }

    #[test]
    fn full_width_and_lower_case_spellings_are_the_same_code() {
        let plain: Uscc = "9144030071526726XG".parse().unwrap();
        for text in [
            " 9144030071526726xg\n",
            "９１４４０３００７１５２６７２６ＸＧ",
            "\u{3000}9144030071526726Xg",
        ] {
            assert_eq!(text.parse(), Ok(plain), "{text}");
        }
    }

    #[test]
    fn the_prefix_tells_the_kind_of_organisation() {
        for (text, entity) in [
            ("12310000425001236R", Entity::PublicInstitution),
            ("52440300500000015Q", Entity::PrivateNonProfit),
            ("92330106MA2H1XYT56", Entity::SoleTrader),
            ("91330100799655058B", Entity::Enterprise),
        ] {
            assert_eq!(text.parse::<Uscc>().unwrap().entity(), entity, "{text}");
        }
        assert_eq!(Uscc::with_check("N2330100799655058").unwrap().entity(), Entity::Other);
    }

    #[test]
    fn every_other_character_in_any_place_is_noticed() {
        for text in VALID {
            for place in 0..LENGTH {
                for &letter in ALPHABET {
                    let mut changed = text.as_bytes().to_vec();
                    changed[place] = letter;
                    let changed = String::from_utf8(changed).unwrap();
                    assert_eq!(changed.parse::<Uscc>().is_ok(), changed == text, "{changed}");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn a_completed_code_is_a_code(first17 in "[0-9A-HJ-NPQRTUWXY]{17}") {
            let code = Uscc::with_check(&first17).unwrap();
            prop_assert_eq!(code.to_string().parse::<Uscc>(), Ok(code));
            prop_assert!(code.as_str().starts_with(&first17));
        }

        #[test]
        fn no_text_makes_the_parser_fail_otherwise_than_with_an_error(text in "\\PC*") {
            let _ = text.parse::<Uscc>();
        }
    }
}
