//! Products: what is sold, and under which registration it may be.
//!
//! Class I is filed, classes II and III are registered, parts and services are neither.
//! A registration number tells the class and the catalogue code; what it tells must be what is stated.
//! A registration has terms; a renewal opens a further one under the same number, and terms never overlap.
//! Goods made within a term stay lawful after it (Order 47 of 2021, article 112), so that terms are kept for ever.
//! A code, and a UDI-DI where there is one, belong to one product.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::catalogue::{CataloguePlace, DeviceClass};
use crate::decider::{self, Decider};
use crate::turn::Turn;
use crate::udi::UdiDi;

pub use particulars::{Particulars, Trait};
pub use rejection::Rejection;

mod particulars;
mod rejection;
mod rules;

#[derive(Clone, Debug)]
pub enum Command {
    Register(Box<Register>),
    /// A renewal.
    OpenTerm(Term),
}

#[derive(Clone, Debug)]
pub struct Register {
    pub particulars: Particulars,
    pub udi: Option<UdiDi>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub enum Event {
    #[serde(rename = "product.registered")]
    Registered(Box<Particulars>),
    #[serde(rename = "product.udi-assigned")]
    UdiAssigned(UdiDi),
    #[serde(rename = "product.term-opened")]
    TermOpened(Term),
}

impl Event {
    pub const TYPES: &'static [&'static str] =
        &["product.registered", "product.udi-assigned", "product.term-opened"];
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        match self {
            Self::Registered(_) => "product.registered",
            Self::UdiAssigned(_) => "product.udi-assigned",
            Self::TermOpened(_) => "product.term-opened",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl decider::Event for Event {
    fn claim(&self, _stream: &str) -> Option<String> {
        match self {
            Self::Registered(particulars) => Some(format!("product-code:{}", particulars.code)),
            Self::UdiAssigned(udi) => Some(format!("udi:{udi}")),
            Self::TermOpened(_) => None,
        }
    }
}

/// A time during which a registration or filing stands, both days included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    pub from: NaiveDate,
    /// Absent: without end, as filings are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveDate>,
}

impl Term {
    pub fn contains(self, date: NaiveDate) -> bool {
        self.from <= date && self.to.is_none_or(|to| date <= to)
    }

    fn overlaps(self, other: Self) -> bool {
        let begins_in_time =
            |first: Self, second: Self| first.to.is_none_or(|to| second.from <= to);
        begins_in_time(self, other) && begins_in_time(other, self)
    }

    fn is_backwards(self) -> bool {
        self.to.is_some_and(|to| to < self.from)
    }
}

/// The state of one product. Its stream begins with its registration, so that `particulars` are absent before that only.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Product {
    pub particulars: Option<Particulars>,
    pub udi: Option<UdiDi>,
    /// In the order in which they were opened.
    pub terms: Vec<Term>,
}

impl Product {
    /// Whether it may be put on the market on that day: its registration or filing stands, or it needs none.
    pub fn registered_on(&self, date: NaiveDate) -> bool {
        self.particulars.as_ref().is_some_and(|particulars| {
            particulars.class == DeviceClass::None
                || self.terms.iter().any(|term| term.contains(date))
        })
    }

    /// Whether goods made on that day are lawful, today and later: the registration stood on the day they were made.
    pub fn made_in_term(&self, manufactured_on: NaiveDate) -> bool {
        self.registered_on(manufactured_on)
    }

    /// The last term that had ended before that day: what to name when a registration has lapsed.
    pub fn lapsed_before(&self, date: NaiveDate) -> Option<Term> {
        let ended = self.terms.iter().filter(|term| term.to.is_some_and(|to| to < date));
        ended.max_by_key(|term| term.to).copied()
    }

    /// The company's own code; empty before registration.
    pub fn code(&self) -> &str {
        self.particulars.as_ref().map_or("", |particulars| &particulars.code)
    }

    /// Before registration the strictest, so that a gate that asks too early lets nothing slip.
    pub fn class(&self) -> DeviceClass {
        self.particulars.as_ref().map_or(DeviceClass::III, |particulars| particulars.class)
    }

    /// Parts and services have none.
    pub fn catalogue(&self) -> Option<CataloguePlace> {
        self.particulars.as_ref().and_then(|particulars| particulars.catalogue)
    }

    /// Classes II and III.
    pub fn registration_number(&self) -> Option<&str> {
        let number = self.particulars.as_ref()?.registration_number.as_ref()?;
        Some(number.as_str())
    }

    pub fn traits(&self) -> &BTreeSet<Trait> {
        static NONE: BTreeSet<Trait> = BTreeSet::new();
        self.particulars.as_ref().map_or(&NONE, |particulars| &particulars.traits)
    }
}

impl Decider for Product {
    const TYPE: &'static str = "product";

    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Context = Turn;

    fn decide(&self, _turn: &Turn, command: &Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Register(register) => {
                if self.particulars.is_some() {
                    return Err(Rejection::AlreadyRegistered);
                }
                rules::check(&register.particulars)?;
                let registered = Event::Registered(Box::new(register.particulars.clone()));
                let udi = register.udi.clone().map(Event::UdiAssigned);
                Ok(std::iter::once(registered).chain(udi).collect())
            }
            Command::OpenTerm(term) => {
                let Some(particulars) = &self.particulars else {
                    return Err(Rejection::NoSuchProduct);
                };
                if particulars.registration_number.is_none() {
                    return Err(Rejection::NotRenewable { class: particulars.class });
                }
                if term.is_backwards() {
                    return Err(Rejection::TermBackwards { field: "to", term: *term });
                }
                if let Some(&existing) = self.terms.iter().find(|other| other.overlaps(*term)) {
                    return Err(Rejection::TermsOverlap { term: *term, existing });
                }
                Ok(vec![Event::TermOpened(*term)])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Registered(particulars) => {
                self.terms.extend(particulars.first_term());
                self.particulars = Some((**particulars).clone());
            }
            Event::UdiAssigned(udi) => self.udi = Some(udi.clone()),
            Event::TermOpened(term) => self.terms.push(*term),
        }
    }
}

crate::stock_aggregate!(Product);

#[cfg(test)]
mod tests;
