//! Texts that are secret: a password, a code, what enrolment takes. They are read, compared, and shown nowhere.

use std::fmt;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use domain::digest::Sha256Digest;

/// The longest secret that somebody sends, in characters.
pub const LENGTH_MAX: usize = 200;

/// A secret text. Neither an error nor a log shows it.
#[derive(Clone, ToSchema)]
#[schema(value_type = String, format = Password)]
pub struct Secret(String);

impl Secret {
    pub fn reveal(&self) -> &str {
        &self.0
    }

    pub fn sha256(&self) -> Sha256Digest {
        Sha256Digest(Sha256::digest(&self.0).into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(…)")
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// Whatever stands there is taken first: an error of serde's own would repeat it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) if text.chars().count() <= LENGTH_MAX => Ok(Self(text)),
            _ => Err(D::Error::custom(format!("give a text of at most {LENGTH_MAX} characters"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_and_no_debug_text_repeats_a_secret() {
        let long = format!("\"{}\"", "7".repeat(201));
        for text in ["424242", "[424242]", "{\"a\":424242}", "true", &long] {
            let error = serde_json::from_str::<Secret>(text).unwrap_err().to_string();
            assert!(!error.contains("4242") && !error.contains("777"), "{error}");
        }
        let secret: Secret = serde_json::from_str("\"424242\"").unwrap();
        assert_eq!(secret.reveal(), "424242");
        assert!(!format!("{secret:?}").contains('4'));
    }
}
