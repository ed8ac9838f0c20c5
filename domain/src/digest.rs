//! SHA-256 digests, as events hold them in place of what they must not hold: names and secrets.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;
use utoipa::ToSchema;

/// A text that is no digest.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{0:?} is no SHA-256 digest: it has 64 hexadecimal digits in lower case")]
pub struct DigestError(pub String);

/// A SHA-256 digest, written as 64 hexadecimal digits in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(
    value_type = String,
    example = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)]
pub struct Sha256Digest(pub [u8; 32]);

impl fmt::Display for Sha256Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl FromStr for Sha256Digest {
    type Err = DigestError;

    fn from_str(text: &str) -> Result<Self, DigestError> {
        let mistake = || DigestError(text.to_owned());
        // A second spelling of the same digest would be a second claim of the same secret.
        if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(mistake());
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| mistake())?;
        Ok(Self(bytes))
    }
}

crate::wire::text_on_the_wire!(Sha256Digest, "a SHA-256 digest of 64 hexadecimal digits");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_has_one_spelling() {
        let digest = Sha256Digest([0xab; 32]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for text in ["", "ab", &"AB".repeat(32), &"ab".repeat(33), &"zz".repeat(32)] {
            assert!(text.parse::<Sha256Digest>().is_err(), "{text}");
        }
    }
}
