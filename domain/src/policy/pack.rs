//! The policy pack: required papers, thresholds, and the reaction of every checkpoint to every cause.
//!
//! Code knows how to evaluate; the pack says with what. Its id is the SHA-256 of its RFC 8785 form.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{
        MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, SeqAccessDeserializer},
    },
};
use sha2::{Digest, Sha256};

use crate::{
    catalogue::DeviceClass,
    customer::registration::CustomerKind,
    decision::{CauseCode, Checkpoint, Mode, Reaction},
    document_kind::DocumentKind,
    money::{Currency, Money},
    policy::{
        approvals::Approvals, bands::BandTable, calendar::Calendar, changes::Changes,
        identity::Effective, scorecard::Scorecard, table::Sheet,
    },
    product::Trait,
    uscc::Entity,
};

/// A text in the two languages of the product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    pub zh: String,
    pub en: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    pub name: String,
    /// For people, such as 1.4.0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub semver: Option<String>,
    /// The department or the staff id of whoever wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<Effective>,
    pub company: Company,
    /// Whether a checkpoint stops what it refuses, or only records that it would have.
    pub modes: BTreeMap<Checkpoint, Mode>,
    pub papers: Vec<PaperRule>,
    /// What never counts as a qualification for devices, whatever it is uploaded as.
    pub never_counts: Vec<DocumentKind>,
    pub reactions: BTreeMap<CauseCode, Reactions>,
    pub overdue: Overdue,
    pub credit: CreditRule,
    /// Days before its end at which a document is announced, the longest first.
    pub expiry_notice_days: Vec<u32>,
    /// Absent in packs of before, which are changed as [`Changes::default`] says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changes: Option<Changes>,
    /// Absent in packs of before, where things are agreed to as [`Approvals::before`] says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approvals: Option<Approvals>,
    /// Absent in packs of before, whose working time is as [`Calendar::default`] says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<Calendar>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scorecards: Vec<Scorecard>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bands: Vec<BandTable>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Company {
    pub name: Text,
    /// Where "today" is decided.
    pub zone: Tz,
    pub currency: Currency,
}

/// One paper, or one of several, that a kind of customer must have on file, approved and in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaperRule {
    pub id: String,
    /// The customers it applies to; empty: every kind.
    #[serde(default)]
    pub kinds: Vec<CustomerKind>,
    /// The USCC prefixes it applies to; empty: every one.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// Only for lines of these classes; empty: for the customer as such.
    #[serde(default)]
    pub classes: Vec<DeviceClass>,
    /// Only for lines with one of these traits; empty: whatever the traits.
    #[serde(default)]
    pub traits: Vec<Trait>,
    /// Any of these satisfies the rule; the first names it in messages.
    pub any_of: Vec<DocumentKind>,
    pub weight: Weight,
    /// Whether the paper's scope must cover the class and catalogue code of each line.
    #[serde(default)]
    pub scope: Scoping,
    /// The provision that asks for it, as shown to people.
    #[serde(default)]
    pub basis: Option<String>,
}

/// How much a missing paper weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weight {
    /// The law asks for it.
    Legal,
    /// Our own file asks for it.
    File,
    /// Absent, it is an advice; on file and run out, a gap in our file.
    KeptCurrent,
    /// Good to have on file: never more than an advice.
    Recommended,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoping {
    #[default]
    None,
    /// Class and catalogue code of every line that the rule concerns.
    ClassAndCode,
}

/// What each checkpoint does about a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reactions {
    pub order: Reaction,
    pub shipment: Reaction,
    pub invoice: Reaction,
    pub receipt: Reaction,
}

impl Reactions {
    pub fn at(self, checkpoint: Checkpoint) -> Reaction {
        match checkpoint {
            Checkpoint::Order => self.order,
            Checkpoint::Shipment => self.shipment,
            Checkpoint::Invoice => self.invoice,
            Checkpoint::Receipt => self.receipt,
        }
    }
}

/// How overdue receivables are judged.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "a pack has one, and is itself behind a pointer")]
pub enum Overdue {
    Table(OverdueTable),
    /// As packs had it before tables. Checked in order; the first rule that names the customer's kind and entity applies.
    Rules(Vec<OverdueRule>),
}

/// A list is rules, an object is a table; what is wrong in either is told with its place.
impl<'de> Deserialize<'de> for Overdue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;

        impl<'de> Visitor<'de> for Either {
            type Value = Overdue;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a table, or a list of rules")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Overdue, A::Error> {
                OverdueTable::deserialize(MapAccessDeserializer::new(map)).map(Overdue::Table)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Overdue, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(list)).map(Overdue::Rules)
            }
        }

        deserializer.deserialize_any(Either)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverdueTable {
    /// An item with no more than this left open is not overdue: a bank charge must not stop trade.
    pub item_tolerance: Money,
    /// Asked at [`super::facts::OVERDUE`].
    pub table: Sheet,
    /// What its owners say that it answers; the checker asks it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
}

/// One question to a table, and the answer that whoever wrote it wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub name: String,
    /// Values by fact; a fact that is not named is missing.
    pub given: BTreeMap<String, String>,
    pub expect: String,
}

/// Overdue blocks when the overdue amount *and* the age of its oldest item are beyond these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverdueRule {
    #[serde(default)]
    pub kinds: Vec<CustomerKind>,
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// In the company's currency; a customer of another currency is measured by the same number.
    pub amount_above: Money,
    pub days_above: u32,
    /// An item with no more than this left open is not overdue: a bank charge must not stop trade.
    pub item_tolerance: Money,
    /// From this many days on, below `days_above`, the checkpoint advises.
    pub advise_from_days: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditRule {
    /// Open orders to be shipped within so many days count as exposure; null: all of them.
    pub horizon_days: Option<u32>,
    /// Terms of payment where a grant names none.
    pub default_terms_days: u32,
    /// The share that is paid in advance where the limit is `none` and the order says nothing.
    pub prepaid_percent_without_limit: u32,
    /// The largest tolerance that a release may carry, in per cent.
    pub release_tolerance_percent_max: u32,
    /// The longest that a release may last, in days.
    pub release_days_max: u32,
    /// So many days before its end a limit is about to end; absent: none ever is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_notice_days: Option<u32>,
}

/// The pack that the product is delivered with.
const DEFAULT_PACK: &str = include_str!("../../../policy/default.json");

impl Pack {
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The pack of `policy/default.json`.
    ///
    /// # Panics
    /// Never: a test reads the file that is compiled in.
    #[expect(clippy::expect_used, reason = "the text is part of the binary, and a test parses it")]
    pub fn default_pack() -> Self {
        Self::parse(DEFAULT_PACK).expect("policy/default.json is a pack")
    }

    /// `sha256:` and 64 hexadecimal digits over the RFC 8785 form.
    pub fn hash(&self) -> Result<String, serde_json::Error> {
        let canonical = serde_json_canonicalizer::to_vec(self)?;
        Ok(format!("sha256:{}", hex::encode(Sha256::digest(canonical))))
    }

    /// How this pack is replaced by another.
    pub fn changes(&self) -> Cow<'_, Changes> {
        self.changes.as_ref().map_or_else(|| Cow::Owned(Changes::default()), Cow::Borrowed)
    }

    /// Who must agree to what.
    pub fn approvals(&self) -> Cow<'_, Approvals> {
        self.approvals.as_ref().map_or_else(|| Cow::Owned(Approvals::before()), Cow::Borrowed)
    }

    /// The working days and hours of the company.
    pub fn calendar(&self) -> Cow<'_, Calendar> {
        self.calendar.as_ref().map_or_else(|| Cow::Owned(Calendar::default()), Cow::Borrowed)
    }

    /// The business date at this moment, in the company's zone.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.company.zone).date_naive()
    }

    /// A checkpoint that the pack does not name enforces.
    pub fn mode(&self, checkpoint: Checkpoint) -> Mode {
        self.modes.get(&checkpoint).copied().unwrap_or(Mode::Enforce)
    }

    /// A cause that the pack does not name holds, for somebody to look at.
    pub fn reaction(&self, code: CauseCode, checkpoint: Checkpoint) -> Reaction {
        self.reactions.get(&code).map_or(Reaction::Hold, |reactions| reactions.at(checkpoint))
    }

    /// The papers that a customer of this kind must have, whatever it buys or by what it buys.
    pub fn papers_for(
        &self,
        kind: CustomerKind,
        entity: Option<Entity>,
    ) -> impl Iterator<Item = &PaperRule> {
        self.papers.iter().filter(move |rule| applies(&rule.kinds, &rule.entities, kind, entity))
    }
}

impl OverdueRule {
    pub fn applies(&self, kind: CustomerKind, entity: Option<Entity>) -> bool {
        applies(&self.kinds, &self.entities, kind, entity)
    }
}

fn applies(
    kinds: &[CustomerKind],
    entities: &[Entity],
    kind: CustomerKind,
    entity: Option<Entity>,
) -> bool {
    (kinds.is_empty() || kinds.contains(&kind))
        && (entities.is_empty() || entity.is_some_and(|e| entities.contains(&e)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delivered_pack_names_every_cause_and_checkpoint() {
        let pack = Pack::default_pack();
        for code in CauseCode::ALL {
            assert!(pack.reactions.contains_key(code), "{code:?} has no reaction");
        }
        for checkpoint in Checkpoint::ALL {
            assert_eq!(pack.mode(*checkpoint), Mode::Enforce);
        }
    }

    #[test]
    fn no_cash_is_refused_and_no_shipped_goods_are_stranded_by_the_delivered_pack() {
        let pack = Pack::default_pack();
        for (code, reactions) in &pack.reactions {
            assert!(reactions.receipt <= Reaction::Advise, "{code:?} stops cash");
            let stops_invoice = reactions.invoice > Reaction::Condition;
            assert!(!stops_invoice || *code == CauseCode::InvoiceWrongTitle, "{code:?}");
        }
    }

    #[test]
    fn a_field_that_the_pack_does_not_know_is_refused() {
        let text = DEFAULT_PACK.replacen("\"name\"", "\"nmae\"", 1);
        assert!(Pack::parse(&text).is_err());
    }

    #[test]
    fn the_day_turns_in_the_zone_of_the_company() {
        let pack = Pack::default_pack();
        let at = |text: &str| pack.today(text.parse().unwrap()).to_string();
        assert_eq!(at("2026-10-31T15:59:59Z"), "2026-10-31");
        assert_eq!(at("2026-10-31T16:00:00Z"), "2026-11-01");
    }
}
