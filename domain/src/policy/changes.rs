//! How rules are changed: which departments own which part of a pack, and what they must have seen.
//!
//! Papers and what the law or our own file asks for belong to the one group of departments, money to the other, and the rest to both.
//! The pack in force says who they are; a pack that does not yet say is changed by those of [`Changes::default`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Objection,
    approvals::Approvals,
    pack::{CreditRule, Overdue, Pack, PaperRule, Reactions, Text},
};
use crate::{
    approval::{Route, Rule},
    customer::approving::reviewing::{Reviewed, Trigger},
    decision::{CauseCode, CauseKind},
    permissions::{Act, may},
    staff::Role,
};

/// The longest that a simulation may be evidence, in days.
const SIMULATION_DAYS_MAX: u32 = 90;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changes {
    /// Each must agree to a change of what concerns law and qualification.
    pub legal: Vec<Role>,
    /// Each must agree to a change of what concerns credit.
    pub credit: Vec<Role>,
    /// A department that the company lacks, and the one that stands in for it. It is never skipped.
    #[serde(default)]
    pub stands_in: BTreeMap<Role, Role>,
    /// For how many days a simulation is evidence enough to put a pack in force.
    pub simulation_days_max: u32,
    /// When a pilot is not widened further; absent: never for its numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_rule: Option<StopRule>,
}

/// How much more a pilot may stop than the pack in force would have, of the same decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StopRule {
    /// Fewer decisions than these say nothing.
    pub decisions_min: u32,
    /// The largest rise of the share of holds and denials, in percentage points.
    pub rise_points_max: u32,
}

impl Default for Changes {
    fn default() -> Self {
        Self {
            legal: vec![Role::Quality, Role::Compliance],
            credit: vec![Role::Finance, Role::Credit],
            stands_in: BTreeMap::new(),
            simulation_days_max: 14,
            stop_rule: None,
        }
    }
}

/// Whose part of a pack something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    Legal,
    Credit,
}

impl Part {
    const BOTH: [Self; 2] = [Self::Legal, Self::Credit];
}

/// The parts in which two packs differ.
pub fn parts(old: &Pack, new: &Pack) -> BTreeSet<Part> {
    // Taken apart by name, so that a new field of a pack has an owner or does not compile.
    let Pack {
        name,
        semver,
        author,
        effective,
        company,
        modes,
        papers,
        never_counts,
        reactions,
        overdue,
        credit,
        expiry_notice_days,
        changes,
        approvals,
        calendar,
        scorecards,
        bands,
    } = old;
    let mut found = BTreeSet::new();
    let law: (&Vec<PaperRule>, _, _) = (papers, never_counts, expiry_notice_days);
    if law != (&new.papers, &new.never_counts, &new.expiry_notice_days) {
        found.insert(Part::Legal);
    }
    let money: (&Overdue, &CreditRule, _, _) = (overdue, credit, scorecards, bands);
    if money != (&new.overdue, &new.credit, &new.scorecards, &new.bands) {
        found.insert(Part::Credit);
    }
    found.extend(parts_of_approvals(approvals.as_ref(), new.approvals.as_ref()));
    for code in CauseCode::ALL {
        let reaction = |of: &BTreeMap<CauseCode, Reactions>| of.get(code).copied();
        if reaction(reactions) != reaction(&new.reactions) {
            found.extend(owners(code.kind()));
        }
    }
    if (name, company, modes, changes) != (&new.name, &new.company, &new.modes, &new.changes) {
        found.extend(Part::BOTH);
    }
    if (calendar, effective) != (&new.calendar, &new.effective) {
        found.extend(Part::BOTH);
    }
    // They name the rules and change none: whoever owns the change owns them.
    if found.is_empty() && (semver, author) != (&new.semver, &new.author) {
        found.extend(Part::BOTH);
    }
    found
}

/// Which route a matter takes is its owners'; the routes themselves are walked by both.
fn parts_of_approvals(old: Option<&Approvals>, new: Option<&Approvals>) -> BTreeSet<Part> {
    let (Some(old), Some(new)) = (old, new) else {
        return if old == new { [].into() } else { Part::BOTH.into() };
    };
    let Approvals { routes, assessment, qualification, credit, release, re_review } = old;
    let mut found = BTreeSet::new();
    if *routes != new.routes {
        found.extend(Part::BOTH);
    }
    if *qualification != new.qualification {
        found.insert(Part::Legal);
    }
    let of = |all: &BTreeMap<Trigger, String>, reviewed| -> BTreeMap<Trigger, String> {
        let theirs = all.iter().filter(|(trigger, _)| trigger.of() == reviewed);
        theirs.map(|(trigger, route)| (*trigger, route.clone())).collect()
    };
    for (reviewed, part) in
        [(Reviewed::Qualification, Part::Legal), (Reviewed::Credit, Part::Credit)]
    {
        if of(re_review, reviewed) != of(&new.re_review, reviewed) {
            found.insert(part);
        }
    }
    if (assessment, credit, release) != (&new.assessment, &new.credit, &new.release) {
        found.insert(Part::Credit);
    }
    found
}

fn owners(kind: CauseKind) -> &'static [Part] {
    match kind {
        CauseKind::Legal | CauseKind::Qualification | CauseKind::Status | CauseKind::Complaint => {
            &[Part::Legal]
        }
        CauseKind::Overdue | CauseKind::Limit => &[Part::Credit],
        CauseKind::Policy => &Part::BOTH,
    }
}

impl Changes {
    /// The departments that own these parts, with those that stand in.
    pub fn departments(&self, parts: &BTreeSet<Part>) -> Vec<Role> {
        let named = parts.iter().flat_map(|part| match part {
            Part::Legal => &self.legal,
            Part::Credit => &self.credit,
        });
        let there = named.map(|role| self.stands_in.get(role).copied().unwrap_or(*role));
        there.collect::<BTreeSet<Role>>().into_iter().collect()
    }

    /// Who must agree to a change of these parts.
    pub fn route(&self, parts: &BTreeSet<Part>) -> Route {
        let departments = self.departments(parts);
        Route::single(Rule::OnePerDepartment, departments)
    }
}

/// What stands against these rules of change, each with its pointer within them.
pub(super) fn objections(changes: &Changes) -> Vec<Objection> {
    let mut found = Vec::new();
    let mut object = |pointer: String, zh: &str, en: &str| {
        let text = Text { zh: zh.to_owned(), en: en.to_owned() };
        found.push(Objection { pointer, text });
    };
    for (part, name) in [(Part::Legal, "legal"), (Part::Credit, "credit")] {
        if changes.departments(&[part].into()).len() < 2 {
            object(
                format!("/{name}"),
                "须由两个不同部门共同批准（代行后仍须为两个）。",
                "two different departments must agree, and still be two with those that stand in",
            );
        }
        for (n, role) in changes.departments(&[part].into()).iter().enumerate() {
            if !may(*role, Act::VoteOnPolicy) {
                object(
                    format!("/{name}/{n}"),
                    "该角色无权对规则表决。",
                    "this role has no vote on rules",
                );
            }
        }
    }
    for (lacking, stands_in) in &changes.stands_in {
        if changes.stands_in.contains_key(stands_in) {
            object(
                format!("/stands_in/{lacking}"),
                "代行部门自身也已缺位。",
                "the department that stands in is itself lacking",
            );
        }
    }
    if !(1..=SIMULATION_DAYS_MAX).contains(&changes.simulation_days_max) {
        object(
            "/simulation_days_max".to_owned(),
            "模拟结果的有效天数应为 1 至 90。",
            "a simulation is evidence for 1 to 90 days",
        );
    }
    if let Some(rule) = &changes.stop_rule {
        if rule.decisions_min == 0 {
            object(
                "/stop_rule/decisions_min".to_owned(),
                "至少须有 1 个决定。",
                "at least one decision is needed to say anything",
            );
        }
        if rule.rise_points_max > 100 {
            object(
                "/stop_rule/rise_points_max".to_owned(),
                "上升幅度应为 0 至 100 个百分点。",
                "a share rises by 0 to 100 percentage points",
            );
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        decision::{Checkpoint, Mode, Reaction},
        policy::bands::BandTable,
    };

    fn changed(change: impl FnOnce(&mut Pack)) -> Vec<Role> {
        let old = Pack::default_pack();
        let mut new = old.clone();
        change(&mut new);
        old.changes().departments(&parts(&old, &new))
    }

    #[test]
    fn each_part_is_changed_by_those_who_own_it() {
        use Role::{Compliance, Credit, Finance, Quality};
        let reaction = |code: CauseCode| {
            changed(|pack| {
                if let Some(reactions) = pack.reactions.get_mut(&code) {
                    reactions.order = Reaction::Condition;
                }
            })
        };
        let all = vec![Quality, Compliance, Credit, Finance];
        assert_eq!(changed(|_| {}), []);
        assert_eq!(changed(|pack| pack.credit.default_terms_days = 1), [Credit, Finance]);
        let bands = BandTable { id: "limits".into(), scorecard: "x".into(), bands: vec![] };
        assert_eq!(changed(|pack| pack.bands.push(bands)), [Credit, Finance]);
        assert_eq!(changed(|pack| pack.papers.truncate(3)), [Quality, Compliance]);
        assert_eq!(changed(|pack| pack.expiry_notice_days.clear()), [Quality, Compliance]);
        assert_eq!(reaction(CauseCode::DocumentExpired), [Quality, Compliance]);
        assert_eq!(reaction(CauseCode::LimitFrozen), [Credit, Finance]);
        assert_eq!(
            changed(|pack| {
                pack.modes.insert(Checkpoint::Order, Mode::Observe);
            }),
            all
        );
        assert_eq!(changed(|pack| pack.name.push('x')), all);
        assert_eq!(changed(|pack| pack.calendar = None), all);
        assert_eq!(changed(|pack| pack.semver = Some("1.0.1".into())), all);
        let with_version = |pack: &mut Pack| {
            pack.semver = Some("1.0.1".into());
            pack.credit.default_terms_days = 1;
        };
        assert_eq!(changed(with_version), [Credit, Finance]);
        assert_eq!(
            changed(|pack| pack.changes = Some(Changes { legal: vec![], ..Changes::default() })),
            all,
            "who must agree is itself agreed by all"
        );
    }

    #[test]
    fn a_department_that_is_lacking_has_one_that_stands_in() {
        let stands_in = [(Role::Compliance, Role::Legal)].into();
        let changes = Changes { stands_in, ..Changes::default() };
        assert_eq!(changes.departments(&[Part::Legal].into()), [Role::Quality, Role::Legal]);
    }

    #[test]
    fn four_eyes_are_two_departments() {
        let against = |changes: Changes| -> Vec<String> {
            objections(&changes).into_iter().map(|it| it.pointer).collect()
        };
        let alone = vec![Role::Finance];
        let twice = vec![Role::Finance, Role::Finance];
        let stands_in = [(Role::Credit, Role::Finance)].into();
        let looks_on = vec![Role::Finance, Role::Auditor];
        let chain = [(Role::Compliance, Role::Legal), (Role::Legal, Role::Credit)].into();
        for (changes, expected) in [
            (Changes::default(), vec![]),
            (Changes { credit: alone, ..Changes::default() }, vec!["/credit"]),
            (Changes { credit: twice, ..Changes::default() }, vec!["/credit"]),
            (Changes { stands_in, ..Changes::default() }, vec!["/credit"]),
            (Changes { credit: looks_on, ..Changes::default() }, vec!["/credit/1"]),
            (Changes { stands_in: chain, ..Changes::default() }, vec!["/stands_in/compliance"]),
            (
                Changes { simulation_days_max: 0, ..Changes::default() },
                vec!["/simulation_days_max"],
            ),
            (
                Changes {
                    stop_rule: Some(StopRule { decisions_min: 0, rise_points_max: 101 }),
                    ..Changes::default()
                },
                vec!["/stop_rule/decisions_min", "/stop_rule/rise_points_max"],
            ),
        ] {
            assert_eq!(against(changes.clone()), expected, "{changes:?}");
        }
    }
}
