//! Policy: the rules in force, as data.
//!
//! A pack is loaded whole and recorded whole, under the hash of its canonical form; every decision names that hash.
//! Exactly one pack is in force: the last one that was loaded.

pub mod facts;
pub mod pack;
pub mod proof;
pub mod table;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::{pack::Pack, proof::Objection};
use crate::{customer::rejection::Class, decider::Decider, events, stock_aggregate, turn::Turn};

/// The one stream of the policy aggregate, as long as one legal entity is one database.
pub const STREAM: &str = "policy-default";

#[derive(Clone, Debug)]
pub enum Command {
    /// Put this pack in force.
    Load(Box<Pack>),
}

events! {
    pub enum Event {
        PackLoaded(PackLoaded) = "policy.pack-loaded",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct PackLoaded {
    /// Counts the packs of this store, from 1.
    pub version: u32,
    /// `sha256:` and the SHA-256 of the pack's RFC 8785 form.
    pub hash: String,
    #[schema(value_type = Object)]
    pub pack: Arc<Pack>,
}

impl crate::decider::Event for Event {
    fn claim(&self, _stream: &str) -> Option<String> {
        let Self::PackLoaded(loaded) = self;
        Some(format!("pack:{}", loaded.hash))
    }
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Rejection {
    #[error("this pack is already in force")]
    AlreadyInForce,
    #[error("the pack has no canonical form: {0}")]
    NotCanonical(String),
    /// The objections in the order in which they stand in the pack.
    #[error("the pack is not sound; first of {}: {}", .0.len(), first(.0).en)]
    NotSound(Vec<Objection>),
}

fn first(objections: &[Objection]) -> pack::Text {
    let told = objections.first().map(|it| pack::Text {
        zh: format!("{}：{}", it.pointer, it.text.zh),
        en: format!("{}: {}", it.pointer, it.text.en),
    });
    told.unwrap_or_else(|| pack::Text { zh: String::new(), en: String::new() })
}

impl Rejection {
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyInForce => "policy.already_in_force",
            Self::NotCanonical(_) => "policy.not_canonical",
            Self::NotSound(_) => "policy.not_sound",
        }
    }

    pub fn class(&self) -> Class {
        match self {
            Self::AlreadyInForce => Class::Conflict,
            Self::NotCanonical(_) | Self::NotSound(_) => Class::Content,
        }
    }

    pub fn text(&self) -> pack::Text {
        let zh = match self {
            Self::AlreadyInForce => "该政策包已在执行。".to_owned(),
            Self::NotCanonical(_) => "该政策包没有规范形式。".to_owned(),
            Self::NotSound(found) => {
                format!("该政策包未通过检查，共 {} 处，首处 {}", found.len(), first(found).zh)
            }
        };
        pack::Text { zh, en: self.to_string() }
    }
}

/// The pack in force, if any was ever loaded.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub in_force: Option<InForce>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InForce {
    pub version: u32,
    pub hash: Arc<str>,
    pub pack: Arc<Pack>,
}

impl Decider for Policy {
    const TYPE: &'static str = "policy";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Context = Turn;

    fn decide(&self, _turn: &Turn, command: &Command) -> Result<Vec<Event>, Rejection> {
        let Command::Load(pack) = command;
        let hash = pack.hash().map_err(|e| Rejection::NotCanonical(e.to_string()))?;
        let last = self.in_force.as_ref();
        if last.is_some_and(|current| *current.hash == *hash) {
            return Err(Rejection::AlreadyInForce);
        }
        let found = proof::objections(pack);
        if !found.is_empty() {
            return Err(Rejection::NotSound(found));
        }
        let version = last.map_or(1, |current| current.version.saturating_add(1));
        Ok(vec![Event::PackLoaded(PackLoaded { version, hash, pack: Arc::new((**pack).clone()) })])
    }

    fn evolve(&mut self, event: &Event) {
        let Event::PackLoaded(loaded) = event;
        self.in_force = Some(InForce {
            version: loaded.version,
            hash: Arc::from(loaded.hash.as_str()),
            pack: Arc::clone(&loaded.pack),
        });
    }
}

stock_aggregate!(Policy);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decider::Event as _;

    fn loaded() -> Policy {
        let mut policy = Policy::default();
        let load = Command::Load(Box::new(Pack::default_pack()));
        for event in policy.decide(&Turn::of_test(), &load).unwrap() {
            assert!(event.claim(STREAM).unwrap().starts_with("pack:sha256:"));
            policy.evolve(&event);
        }
        policy
    }

    #[test]
    fn the_pack_in_force_is_not_loaded_again() {
        let load = Command::Load(Box::new(Pack::default_pack()));
        let again = loaded().decide(&Turn::of_test(), &load);
        assert_eq!(again, Err(Rejection::AlreadyInForce));
    }

    #[test]
    fn a_changed_pack_supersedes_and_has_another_hash() {
        let mut pack = Pack::default_pack();
        pack.credit.default_terms_days = 45;
        let events = loaded().decide(&Turn::of_test(), &Command::Load(Box::new(pack))).unwrap();
        let Some(Event::PackLoaded(next)) = events.first() else { panic!("no pack was loaded") };
        assert_eq!(next.version, 2);
        assert_ne!(*next.hash, *loaded().in_force.unwrap().hash);
    }

    #[test]
    fn a_pack_read_back_from_its_event_keeps_its_hash() {
        let in_force = loaded().in_force.unwrap();
        let text = serde_json::to_string(&*in_force.pack).unwrap();
        let read: Pack = serde_json::from_str(&text).unwrap();
        assert_eq!(read.hash().unwrap(), *in_force.hash);
    }
}
