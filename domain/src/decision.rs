//! Decisions: what a checkpoint answered, why, and on what it relied.
//!
//! A decision is recorded with codes and parameters only; texts in any language are rendered from them (`wording`).

use std::{borrow::Cow, collections::BTreeMap, fmt};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::{
    ids::{DecisionId, DocumentId},
    money::Money,
};

/// A gate's place in the chain of trade.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Checkpoint {
    Order,
    Shipment,
    Invoice,
    Receipt,
}

impl Checkpoint {
    pub const ALL: &'static [Self] = &[Self::Order, Self::Shipment, Self::Invoice, Self::Receipt];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// What is refused does not happen.
    Enforce,
    /// What is refused happens, and the refusal is on record.
    Observe,
}

/// What a checkpoint does about one cause, from the mildest to the strictest.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reaction {
    /// This checkpoint does not ask about it.
    None,
    Advise,
    Condition,
    Hold,
    Deny,
}

/// The strictest reaction among the causes.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Allow,
    AllowWithConditions,
    Hold,
    Deny,
}

impl From<Reaction> for Outcome {
    fn from(reaction: Reaction) -> Self {
        match reaction {
            Reaction::None | Reaction::Advise => Self::Allow,
            Reaction::Condition => Self::AllowWithConditions,
            Reaction::Hold => Self::Hold,
            Reaction::Deny => Self::Deny,
        }
    }
}

/// The kinds of cause, in the order in which they are given.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// The law forbids it. Lifted by its remedy only, never by a release.
    Legal,
    /// Our own file is incomplete.
    Qualification,
    Status,
    Complaint,
    Overdue,
    Limit,
    Policy,
}

impl CauseKind {
    /// What lifts a cause of this kind, as codes.
    pub fn lifted_by(self) -> &'static [&'static str] {
        match self {
            Self::Legal => &["remedy"],
            Self::Qualification => &["remedy", "release_by_quality"],
            Self::Status => &["reinstatement"],
            Self::Complaint => &["resolution"],
            Self::Overdue | Self::Limit | Self::Policy => &["remedy", "release_by_credit"],
        }
    }
}

/// Declares the causes once, in the order in which they are given: wire code and kind.
macro_rules! causes {
    ($($variant:ident = $code:literal, $kind:ident;)*) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum CauseCode {
            $(#[serde(rename = $code)] $variant,)*
        }

        crate::wire::code_schema!(CauseCode, [$($code),*]);

        impl CauseCode {
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            pub fn kind(self) -> CauseKind {
                match self { $(Self::$variant => CauseKind::$kind,)* }
            }
        }
    };
}

causes! {
    CustomerUnclassified = "customer.unclassified", Legal;
    NotApproved = "qualification.not_approved", Legal;
    DocumentMissing = "document.missing", Legal;
    DocumentWrongKind = "document.wrong_kind", Legal;
    DocumentExpired = "document.expired", Legal;
    DocumentNotYetValid = "document.not_yet_valid", Legal;
    DocumentRevoked = "document.revoked", Legal;
    ScopeNotCovered = "scope.not_covered", Legal;
    DocumentLapsesBeforeShipment = "document.lapses_before_shipment", Legal;
    RegistrationLapsed = "product.registration_lapsed", Legal;
    MadeOutsideRegistration = "product.made_outside_registration", Legal;
    ManufactureDateUnknown = "product.manufacture_date_unknown", Qualification;
    LotExpired = "lot.expired", Legal;
    FileMissing = "file.missing", Qualification;
    FileExpired = "file.expired", Qualification;
    FileRecommended = "file.recommended", Qualification;
    InvoiceWrongTitle = "invoice.wrong_title", Qualification;
    CustomerDisabled = "customer.disabled", Status;
    CustomerSuspended = "customer.suspended", Status;
    ReceivableOverdue = "receivable.overdue", Overdue;
    LimitFrozen = "credit.frozen", Limit;
    LimitExpired = "credit.expired", Limit;
    OverLimit = "credit.over_limit", Limit;
    SingleCap = "credit.single_cap", Limit;
    CreditNotConfigured = "credit.not_configured", Policy;
    PrepaymentMissing = "prepayment.missing", Policy;
    PolicyNotConfigured = "policy.not_configured", Policy;
    PolicyFault = "policy.fault", Policy;
}

impl fmt::Display for CauseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The parameters of a cause, by name: what its text needs to say.
pub type Params = BTreeMap<Cow<'static, str>, String>;

/// One reason for an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RecordedCause)]
pub struct Cause {
    pub code: CauseCode,
    pub reaction: Reaction,
    /// The lines it is about, counted from 1; none: the whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub params: Params,
    /// Versions of the customer's stream at which the facts behind this cause were recorded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<i64>,
    /// A release lifted it: it is reported, and does not stop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub released: Option<Released>,
}

/// That a release covers this cause, and until when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Released {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl Cause {
    pub fn new(code: CauseCode) -> Self {
        Self {
            code,
            reaction: Reaction::None,
            lines: Vec::new(),
            subject: None,
            params: Params::new(),
            evidence: Vec::new(),
            released: None,
        }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.params.insert(Cow::Borrowed(name), value.to_string());
        self
    }

    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    #[must_use]
    pub fn on_line(mut self, line: u32) -> Self {
        self.lines.push(line);
        self
    }

    #[must_use]
    pub fn resting_on(mut self, version: i64) -> Self {
        self.evidence.push(version);
        self
    }

    /// Takes away what a cause of credit says in figures and in words of our own; its code and kind stay.
    pub fn leave_out_figures(&mut self) {
        if matches!(self.code.kind(), CauseKind::Overdue | CauseKind::Limit | CauseKind::Policy) {
            self.params.clear();
        }
    }

    pub fn param(&self, name: &str) -> &str {
        self.params.get(name).map_or("", String::as_str)
    }

    pub fn stops(&self) -> bool {
        self.released.is_none() && self.reaction >= Reaction::Hold
    }
}

/// What a cause is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Subject {
    /// `document`, `product`, `lot`, `customer`, `order`, `invoice`.
    #[schema(value_type = String)]
    pub kind: Cow<'static, str>,
    pub id: String,
}

impl Subject {
    pub fn new(kind: &'static str, id: impl fmt::Display) -> Self {
        Self { kind: Cow::Borrowed(kind), id: id.to_string() }
    }
}

/// The answer of a checkpoint, as it is recorded with the event that followed from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = RecordedDecision)]
pub struct Decision {
    pub id: DecisionId,
    pub checkpoint: Checkpoint,
    pub outcome: Outcome,
    pub mode: Mode,
    /// In the fixed order of their kinds, then of their codes, then of their lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<Cause>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub relied_on: Vec<Reliance>,
    /// The pack it was decided with; absent when none was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyReference>,
    pub business_date: NaiveDate,
    /// The day on which it was judged too, where that is not the business date.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_on: Option<NaiveDate>,
    /// The other streams that were read, and how far each had come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<StreamVersion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figures: Option<Figures>,
}

impl Decision {
    /// Whether what was asked may happen now.
    pub fn lets_through(&self) -> bool {
        self.mode == Mode::Observe || self.outcome < Outcome::Hold
    }

    pub fn denies(&self) -> bool {
        self.mode == Mode::Enforce && self.outcome == Outcome::Deny
    }

    /// The causes that stop, each once.
    pub fn stopping(&self) -> Vec<CauseCode> {
        let mut codes: Vec<_> = self.causes.iter().filter(|c| c.stops()).map(|c| c.code).collect();
        codes.dedup();
        codes
    }
}

/// A document that a decision relied on, as it stood at a version of the customer's stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Reliance {
    pub document: DocumentId,
    pub version: i64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PolicyReference {
    pub version: u32,
    #[schema(value_type = String)]
    pub hash: std::sync::Arc<str>,
}

/// How far another stream had come when it was read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StreamVersion {
    pub stream: String,
    pub version: i64,
}

/// The figures that a decision used, before what it was asked about.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Figures {
    /// Absent: no limit was configured, or it is unlimited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Money>,
    pub exposure: Money,
    pub overdue: Money,
    pub overdue_days: u32,
    /// The value that was asked about, and how much of it would use credit.
    pub value: Money,
    pub on_credit: Money,
}
