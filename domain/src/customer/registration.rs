//! Registration: who the customer is, and whether we deal with it at all.
//!
//! A USCC and a company's own code belong to one customer for ever.
//! A customer known only from an imported file is `unclassified` until somebody says what it is.
//! A suspended customer is held, a disabled one is denied; both keep paying.

use serde::{Deserialize, Serialize};

use super::{Customer, Event, Rejection};
use crate::{
    context::Context,
    ids::StaffId,
    money::Currency,
    staff::Role,
    text::{Line, Prose},
    uscc::Uscc,
};

/// What a customer is, which decides the papers that it needs.
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
pub enum CustomerKind {
    Distributor,
    Agent,
    Hospital,
    Clinic,
    Manufacturer,
    OtherUnit,
    /// Known from an import only.
    Unclassified,
}

impl CustomerKind {
    pub const ALL: &'static [Self] = &[
        Self::Distributor,
        Self::Agent,
        Self::Hospital,
        Self::Clinic,
        Self::Manufacturer,
        Self::OtherUnit,
        Self::Unclassified,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Distributor => "distributor",
            Self::Agent => "agent",
            Self::Hospital => "hospital",
            Self::Clinic => "clinic",
            Self::Manufacturer => "manufacturer",
            Self::OtherUnit => "other_unit",
            Self::Unclassified => "unclassified",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    #[default]
    Active,
    Suspended,
    Disabled,
}

impl Status {
    pub fn code(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Disabled => "disabled",
        }
    }
}

/// Where a fact came from that nobody entered by hand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// `import`.
    pub kind: String,
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    /// The line of the file, counted from 1.
    pub line: u32,
}

#[derive(Clone, Debug)]
pub enum Command {
    Register(Box<Register>),
    Classify { kind: CustomerKind, uscc: Uscc },
    Amend(Box<ParticularsAmended>),
    Suspend { reason: Prose<500> },
    Disable { reason: Prose<500> },
    Reinstate { reason: Prose<500> },
}

#[derive(Clone, Debug)]
pub struct Register {
    pub particulars: CustomerRegistered,
    /// The company's own code.
    pub code: Option<Line<64>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CustomerRegistered {
    #[schema(value_type = String)]
    pub name: Line<200>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uscc: Option<Uscc>,
    pub kind: CustomerKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub segment: Option<Line<64>>,
    /// GB/T 2260.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub region: Option<Line<12>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub business_unit: Option<Line<64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_manager: Option<StaffId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub registered_address: Option<Line<300>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub delivery_addresses: Vec<Line<300>>,
    /// The one currency of the customer's account.
    pub currency: Currency,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CodeAssigned {
    #[schema(value_type = String)]
    pub code: Line<64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CustomerClassified {
    pub kind: CustomerKind,
}

/// A customer that was imported without a USCC gets it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct UsccRecorded {
    pub uscc: Uscc,
}

/// What is absent stays as it was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ParticularsAmended {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub segment: Option<Line<64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub region: Option<Line<12>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub business_unit: Option<Line<64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account_manager: Option<StaffId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub registered_address: Option<Line<300>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<String>>)]
    pub delivery_addresses: Option<Vec<Line<300>>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct StatusChanged {
    #[schema(value_type = String)]
    pub reason: Prose<500>,
}

/// The registration part of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Registration {
    pub particulars: Option<CustomerRegistered>,
    pub code: Option<Line<64>>,
    pub status: Status,
    pub status_reason: String,
    /// The version of the stream at which the status was last changed.
    pub status_version: i64,
}

impl Registration {
    pub fn kind(&self) -> CustomerKind {
        self.particulars.as_ref().map_or(CustomerKind::Unclassified, |p| p.kind)
    }

    pub fn uscc(&self) -> Option<&Uscc> {
        self.particulars.as_ref().and_then(|p| p.uscc.as_ref())
    }

    pub fn account_manager(&self) -> Option<&StaffId> {
        self.particulars.as_ref().and_then(|p| p.account_manager.as_ref())
    }

    /// Goods go to an address on file only; the registered one counts.
    pub fn delivers_to(&self, address: &str) -> bool {
        self.particulars.as_ref().is_some_and(|p| {
            p.registered_address.as_deref() == Some(address)
                || p.delivery_addresses.iter().any(|known| &**known == address)
        })
    }

    /// Where goods go when an order does not say.
    pub fn usual_address(&self) -> Option<&Line<300>> {
        let particulars = self.particulars.as_ref()?;
        particulars.delivery_addresses.first().or(particulars.registered_address.as_ref())
    }
}

pub(super) fn decide(
    customer: &Customer,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    let registration = &customer.registration;
    if let Command::Register(register) = command {
        return open(registration, register);
    }
    let Some(particulars) = &registration.particulars else {
        return Err(Rejection::NoSuchCustomer);
    };
    let events = match command {
        Command::Register(register) => open(registration, register)?,
        Command::Classify { kind, uscc } => {
            if *kind == CustomerKind::Unclassified {
                return Err(Rejection::KindMissing);
            }
            if particulars.uscc.as_ref().is_some_and(|known| known != uscc) {
                return Err(Rejection::UsccFixed);
            }
            let mut events = vec![Event::CustomerClassified(CustomerClassified { kind: *kind })];
            if particulars.uscc.is_none() {
                events.push(Event::UsccRecorded(UsccRecorded { uscc: *uscc }));
            }
            events
        }
        Command::Amend(amendment) => vec![Event::ParticularsAmended((**amendment).clone())],
        Command::Suspend { reason } => {
            if registration.status != Status::Active {
                return Err(Rejection::StatusIs(registration.status));
            }
            vec![Event::CustomerSuspended(StatusChanged { reason: reason.clone() })]
        }
        Command::Disable { reason } => {
            if registration.status == Status::Disabled {
                return Err(Rejection::StatusIs(registration.status));
            }
            vec![Event::CustomerDisabled(StatusChanged { reason: reason.clone() })]
        }
        Command::Reinstate { reason } => reinstate(registration, context, reason)?,
    };
    Ok(events)
}

fn open(registration: &Registration, register: &Register) -> Result<Vec<Event>, Rejection> {
    if registration.particulars.is_some() {
        return Err(Rejection::AlreadyRegistered);
    }
    let particulars = &register.particulars;
    if particulars.origin.is_none() {
        if particulars.kind == CustomerKind::Unclassified {
            return Err(Rejection::KindMissing);
        }
        if particulars.uscc.is_none() {
            return Err(Rejection::UsccMissing);
        }
    }
    let mut events = vec![Event::CustomerRegistered(Box::new(particulars.clone()))];
    if let Some(code) = &register.code {
        events.push(Event::CodeAssigned(CodeAssigned { code: code.clone() }));
    }
    Ok(events)
}

/// Who disabled is stricter than who suspended: Quality reinstates after a suspension, compliance or legal after a disabling.
fn reinstate(
    registration: &Registration,
    context: &Context,
    reason: &Prose<500>,
) -> Result<Vec<Event>, Rejection> {
    let allowed: &[Role] = match registration.status {
        Status::Active => return Err(Rejection::StatusIs(Status::Active)),
        Status::Suspended => &[Role::Quality],
        Status::Disabled => &[Role::Compliance, Role::Legal],
    };
    if !allowed.iter().any(|role| context.holds(*role)) {
        return Err(Rejection::NeedsRole { roles: allowed.to_vec() });
    }
    Ok(vec![Event::CustomerReinstated(StatusChanged { reason: reason.clone() })])
}

impl Registration {
    pub(super) fn change_status(&mut self, status: Status, reason: &str, version: i64) {
        self.status = status;
        reason.clone_into(&mut self.status_reason);
        self.status_version = version;
    }

    pub(super) fn rename(&mut self, name: Option<&Line<200>>) {
        if let (Some(particulars), Some(name)) = (&mut self.particulars, name) {
            particulars.name = name.clone();
        }
    }

    pub(super) fn classify(&mut self, event: &CustomerClassified) {
        if let Some(particulars) = &mut self.particulars {
            particulars.kind = event.kind;
        }
    }

    pub(super) fn record_uscc(&mut self, event: &UsccRecorded) {
        if let Some(particulars) = &mut self.particulars {
            particulars.uscc = Some(event.uscc);
        }
    }

    pub(super) fn amend(&mut self, event: &ParticularsAmended) {
        let Some(particulars) = &mut self.particulars else { return };
        replace(&mut particulars.segment, event.segment.as_ref());
        replace(&mut particulars.region, event.region.as_ref());
        replace(&mut particulars.business_unit, event.business_unit.as_ref());
        replace(&mut particulars.account_manager, event.account_manager.as_ref());
        replace(&mut particulars.registered_address, event.registered_address.as_ref());
        if let Some(addresses) = &event.delivery_addresses {
            particulars.delivery_addresses.clone_from(addresses);
        }
    }
}

fn replace<T: Clone>(field: &mut Option<T>, new: Option<&T>) {
    if new.is_some() {
        *field = new.cloned();
    }
}
