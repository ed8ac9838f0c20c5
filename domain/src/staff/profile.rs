//! How strictly a store keeps administrators apart.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A store's profile. It only ever becomes stricter.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// One administrator resets components; a person may administer, keep security and audit.
    #[default]
    Ordinary,
    /// A reset takes two administrators, nobody holds two of the roles of administration, security and audit, and what is signed
    /// in person is done in a session, never with a token that somebody else issued.
    Strict,
}

impl Profile {
    pub fn code(self) -> &'static str {
        match self {
            Self::Ordinary => "ordinary",
            Self::Strict => "strict",
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.code())
    }
}

impl FromStr for Profile {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::Ordinary, Self::Strict].into_iter().find(|it| it.code() == text);
        known.ok_or_else(|| format!("{text:?} is no profile: there are ordinary and strict"))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ProfileSet {
    pub profile: Profile,
}
