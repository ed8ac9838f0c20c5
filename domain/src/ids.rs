//! Full ids: the kind, a hyphen, and what tells one of that kind from another.
//!
//! An id is read strictly (its own prefix, a hyphenated lower-case UUID), so that equal things have equal text everywhere:
//! in streams, in events, in paths.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;
use utoipa::ToSchema;
use uuid::Uuid;

/// A text that is not an id of the wanted kind.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{given:?} is not the id of a {kind}: it looks like {example}")]
pub struct IdError {
    pub kind: &'static str,
    pub example: &'static str,
    pub given: String,
}

impl IdError {
    /// Stable, for programs.
    pub fn code(&self) -> &'static str {
        "id.format"
    }
}

fn uuid_after(prefix: &str, text: &str) -> Option<Uuid> {
    let rest = text.strip_prefix(prefix)?;
    let uuid = Uuid::try_parse(rest).ok()?;
    // Upper-case, braced and unhyphenated spellings would be second names of the same thing.
    let canonical = uuid.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == rest;
    canonical.then_some(uuid)
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $kind:literal, $prefix:literal, $example:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
        #[schema(value_type = String, example = $example)]
        pub struct $name(Uuid);

        impl $name {
            /// What the id begins with, hyphen included.
            pub const PREFIX: &'static str = $prefix;

            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}{}", Self::PREFIX, self.0.hyphenated())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                uuid_after(Self::PREFIX, text).map(Self).ok_or_else(|| IdError {
                    kind: $kind,
                    example: $example,
                    given: text.to_owned(),
                })
            }
        }

        crate::wire::text_on_the_wire!($name, concat!("the id of a ", $kind, " such as ", $example));
    )+};
}

ids! {
    CustomerId = "customer", "customer-", "customer-019aa7b0-0000-7000-8000-000000000001";
    ProductId = "product", "product-", "product-019aa7b0-0000-7000-8000-000000000002";
    /// One paper of one customer: a licence, a certificate, an agreement.
    DocumentId = "document", "document-", "document-019aa7b0-0000-7000-8000-000000000003";
    OrderId = "order", "order-", "order-019aa7b0-0000-7000-8000-000000000004";
    ShipmentId = "shipment", "shipment-", "shipment-019aa7b0-0000-7000-8000-000000000005";
    InvoiceId = "invoice", "invoice-", "invoice-019aa7b0-0000-7000-8000-000000000006";
    /// Incoming cash.
    ReceiptId = "receipt", "receipt-", "receipt-019aa7b0-0000-7000-8000-000000000007";
    CreditNoteId = "credit note", "credit-note-", "credit-note-019aa7b0-0000-7000-8000-000000000008";
    /// One answer of a gate.
    DecisionId = "decision", "decision-", "decision-019aa7b0-0000-7000-8000-000000000009";
    /// A compliance case: something that somebody must look into.
    CaseId = "case", "case-", "case-019aa7b0-0000-7000-8000-00000000000a";
    /// A credential, not its secret.
    TokenId = "token", "token-", "token-019aa7b0-0000-7000-8000-00000000000b";
    /// A policy pack on its way to be in force.
    ProposalId = "proposal", "proposal-", "proposal-019aa7b0-0000-7000-8000-00000000000d";
    /// Where a component's secret lies, not the secret.
    SecretId = "secret", "secret-", "secret-019aa7b0-0000-7000-8000-00000000000f";
    /// Roles lent to a colleague.
    DelegationId = "delegation", "delegation-", "delegation-019aa7b0-0000-7000-8000-00000000000e";
}

/// A person, or a program that acts in its own name.
///
/// Besides UUIDs it takes names (`staff-system`, `staff-admin`), because imports and the first start act before anybody is
/// registered.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, example = "staff-019aa7b0-0000-7000-8000-00000000000c")]
pub struct StaffId(Arc<str>);

impl StaffId {
    /// What the id begins with, hyphen included.
    pub const PREFIX: &'static str = "staff-";
    /// How many characters may follow the prefix.
    pub const NAME_MAX: usize = 60;

    pub fn from_uuid(uuid: Uuid) -> Self {
        Self(format!("{}{}", Self::PREFIX, uuid.hyphenated()).into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StaffId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl fmt::Debug for StaffId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl FromStr for StaffId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        match text.strip_prefix(Self::PREFIX) {
            Some(name) if (1..=Self::NAME_MAX).contains(&name.len()) && name.bytes().all(plain) => {
                Ok(Self(text.into()))
            }
            _ => Err(IdError {
                kind: "staff member",
                example: "staff-019aa7b0-0000-7000-8000-00000000000c",
                given: text.to_owned(),
            }),
        }
    }
}

crate::wire::text_on_the_wire!(StaffId, "the id of a staff member such as staff-admin");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_id_of_another_kind_is_refused_with_an_example() {
        let error =
            "product-019aa7b0-0000-7000-8000-000000000002".parse::<CustomerId>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "\"product-019aa7b0-0000-7000-8000-000000000002\" is not the id of a customer: \
             it looks like customer-019aa7b0-0000-7000-8000-000000000001"
        );
    }

    #[test]
    fn only_one_spelling_is_an_id() {
        for text in [
            "",
            "customer-",
            "customer-1",
            "019aa7b0-0000-7000-8000-000000000001",
            "customer-019AA7B0-0000-7000-8000-000000000001",
            "customer-019aa7b0000070008000000000000001",
            "customer-{019aa7b0-0000-7000-8000-000000000001}",
            "customer-urn:uuid:019aa7b0-0000-7000-8000-000000000001",
            "Customer-019aa7b0-0000-7000-8000-000000000001",
            " customer-019aa7b0-0000-7000-8000-000000000001",
        ] {
            assert!(text.parse::<CustomerId>().is_err(), "{text}");
        }
    }

    #[test]
    fn staff_may_have_names_for_ids() {
        for text in ["staff-system", "staff-admin", "staff-12", "staff-a-b"] {
            assert_eq!(text.parse::<StaffId>().unwrap().to_string(), text);
        }
        let long = format!("staff-{}", "a".repeat(StaffId::NAME_MAX + 1));
        for text in ["staff-", "staff-Admin", "staff-a b", "staff-张", "person-1", &long] {
            assert!(text.parse::<StaffId>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_id_may_be_the_key_of_a_map() {
        let id = OrderId::from_uuid(Uuid::from_u128(7));
        let map = std::collections::BTreeMap::from([(id, 1)]);
        let json = serde_json::to_string(&map).unwrap();
        assert_eq!(json, r#"{"order-00000000-0000-0000-0000-000000000007":1}"#);
        assert_eq!(
            serde_json::from_str::<std::collections::BTreeMap<OrderId, i32>>(&json).unwrap(),
            map
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back_the_same(number in any::<u128>()) {
            let uuid = Uuid::from_u128(number);
            let id = CreditNoteId::from_uuid(uuid);
            prop_assert_eq!(id.to_string().parse::<CreditNoteId>(), Ok(id));
            let staff = StaffId::from_uuid(uuid);
            prop_assert_eq!(staff.to_string().parse::<StaffId>(), Ok(staff));
        }
    }
}
