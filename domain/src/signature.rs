//! Electronic signatures: who signed what, when, and what they meant by it (21 CFR 11.50, 11.70, 11.200).
//!
//! A signature names the record's stream and the hash of what was signed, so that on any other record, or beside any other
//! content, it is not one. The printed name is a salted digest; its text lies in an erasable table and is shown wherever the
//! signature is read.

use std::collections::BTreeSet;

use chrono::{DateTime, FixedOffset, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::digest::Sha256Digest;
use crate::ids::StaffId;
use crate::policy::pack::Text;
use crate::staff::{ComponentsVerified, Role};
use crate::wording::phrase::text;

/// What is given to prove who signs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    Password,
    /// A one-time code (RFC 6238).
    Code,
}

/// What somebody means by their signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// They wrote it.
    Author,
    /// They have looked at it.
    Review,
    /// They agree to it.
    Approve,
    /// They answer for it.
    Responsible,
}

impl Meaning {
    pub fn named(self) -> Text {
        match self {
            Self::Author => text("编制", "author"),
            Self::Review => text("审核", "review"),
            Self::Approve => text("批准", "approval"),
            Self::Responsible => text("负责", "responsibility"),
        }
    }
}

/// A signature, as the event of what was signed carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Signature {
    pub signer: StaffId,
    /// Of the printed name; salted.
    pub name_digest: Sha256Digest,
    /// The role that the signer used.
    pub role: Role,
    /// By the server's clock.
    pub at: DateTime<Utc>,
    /// In which `at` is shown: the company's.
    #[schema(value_type = String, example = "Asia/Shanghai")]
    pub zone: Tz,
    pub meaning: Meaning,
    /// Of the record that was signed.
    pub stream: String,
    /// The hash of what was signed.
    pub content: String,
    /// What the signer proved who they are with.
    pub components: BTreeSet<Component>,
}

impl Signature {
    /// Of what somebody has just proved who they are for.
    pub fn of(
        signer: &StaffId,
        name_digest: Sha256Digest,
        (at, zone): (DateTime<Utc>, Tz),
        verified: &ComponentsVerified,
    ) -> Self {
        Self {
            signer: signer.clone(),
            name_digest,
            role: verified.role,
            at,
            zone,
            meaning: verified.meaning,
            stream: verified.stream.clone(),
            content: verified.content.clone(),
            components: verified.components.clone(),
        }
    }

    /// Whether this is somebody's signature under this content of this record.
    pub fn is_of(&self, stream: &str, content: &str) -> bool {
        self.stream == stream && self.content == content
    }

    /// When, with the offset of the company's zone.
    pub fn local(&self) -> DateTime<FixedOffset> {
        self.at.with_timezone(&self.zone).fixed_offset()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature() -> Signature {
        Signature {
            signer: "staff-1".parse().unwrap(),
            name_digest: Sha256Digest([1; 32]),
            role: Role::Quality,
            at: "2026-11-22T16:04:05Z".parse().unwrap(),
            zone: Tz::Asia__Shanghai,
            meaning: Meaning::Approve,
            stream: "proposal-1".to_owned(),
            content: "sha256:aa".to_owned(),
            components: [Component::Password, Component::Code].into(),
        }
    }

    #[test]
    fn row_19_a_signature_under_another_record_or_content_is_none() {
        for (stream, content, is) in [
            ("proposal-1", "sha256:aa", true),
            ("proposal-2", "sha256:aa", false),
            ("proposal-1", "sha256:ab", false),
        ] {
            assert_eq!(signature().is_of(stream, content), is, "{stream} {content}");
        }
    }

    #[test]
    fn row_19_a_signature_is_shown_with_its_zone_and_meaning() {
        let signature = signature();
        assert_eq!(signature.local().to_rfc3339(), "2026-11-23T00:04:05+08:00");
        assert_eq!(signature.meaning.named().zh, "批准");
        let written = serde_json::to_value(&signature).unwrap();
        assert_eq!(serde_json::from_value::<Signature>(written).unwrap(), signature);
    }
}
