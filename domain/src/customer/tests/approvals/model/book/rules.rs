//! Whom the rules ask: the delivered ones in the books' own words, and some others.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    approval::{Rule, VoteCast},
    customer::registration::CustomerKind,
    ids::StaffId,
    staff::Role,
};

/// What one step asks for.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) rule: Rule,
    pub(super) departments: Vec<Role>,
    pub(super) escalation: Vec<Role>,
}

fn step(rule: Rule, departments: &[Role]) -> Step {
    Step { rule, departments: departments.to_vec(), escalation: Vec::new() }
}

fn sales() -> Step {
    Step { escalation: vec![Role::Compliance], ..step(Rule::Any, &[Role::Sales]) }
}

/// Whether these votes are what a step asks for, said without seats.
pub(super) fn satisfied(step: &Step, votes: &[&VoteCast], asked: &BTreeSet<StaffId>) -> bool {
    let by: BTreeSet<&StaffId> = votes.iter().map(|vote| &vote.by).collect();
    match step.rule {
        Rule::Any => !by.is_empty(),
        Rule::Quorum(n) => by.len() >= usize::try_from(n).unwrap(),
        Rule::All => !by.is_empty() && asked.iter().all(|staff| by.contains(staff)),
        Rule::OnePerDepartment => {
            let of = |role: &Role| votes.iter().any(|vote| vote.department == *role);
            step.departments.iter().all(of) && by.len() >= step.departments.len()
        }
    }
}

/// Rules that were in force at some time.
#[derive(Clone, Debug)]
pub(in super::super) struct Rules {
    number: usize,
    /// What Credit grants alone, in cents.
    band: i64,
    first: Vec<Step>,
    finance: Vec<Step>,
}

impl Rules {
    pub(in super::super) fn delivered() -> Self {
        Self {
            number: 0,
            band: 100_000_000,
            first: vec![
                sales(),
                step(Rule::OnePerDepartment, &[Role::Legal, Role::Compliance]),
                step(Rule::Any, &[Role::Quality]),
            ],
            finance: vec![step(Rule::Any, &[Role::Finance])],
        }
    }

    pub(in super::super) fn other(number: usize) -> Self {
        let delivered = Self { number, ..Self::delivered() };
        match number {
            1 => Self { band: 50_000_000, ..delivered },
            2 => Self { first: vec![step(Rule::Quorum(2), &[Role::Quality])], ..delivered },
            3 => Self { finance: vec![step(Rule::All, &[Role::Finance])], ..delivered },
            _ => delivered,
        }
    }

    /// The delivered pack as these rules have it.
    pub(in super::super) fn write(&self, pack: &mut Value) {
        pack["name"] = json!(format!("规则 {}", self.number));
        let approvals = &mut pack["approvals"];
        match self.number {
            1 => approvals["credit"]["rows"][0]["when"][0] = json!("<= 500000.00"),
            2 => {
                let stages = json!([{"rule": {"quorum": 2}, "departments": ["quality"]}]);
                approvals["routes"]["first_approval"]["stages"] = stages;
            }
            3 => approvals["routes"]["finance"]["stages"][0]["rule"] = json!("all"),
            _ => {}
        }
    }

    pub(super) fn of_papers(
        &self,
        renews: bool,
        kind: CustomerKind,
        has_licence: bool,
    ) -> Vec<Step> {
        let quality = step(Rule::Any, &[Role::Quality]);
        let class_i_only = kind == CustomerKind::Distributor && !has_licence;
        if renews {
            vec![quality]
        } else if kind == CustomerKind::Clinic || class_i_only {
            vec![sales(), quality]
        } else {
            self.first.clone()
        }
    }

    /// Of so much more within twelve months, to so much.
    pub(super) fn of_credit(&self, assessed: bool, cumulative: i64, limit: i64) -> Vec<Step> {
        let route = if cumulative <= self.band && limit <= 200_000_000 {
            Vec::new()
        } else if cumulative <= 500_000_000 && limit <= 1_000_000_000 {
            self.finance.clone()
        } else {
            Self::with_all()
        };
        let assessment = (!assessed).then(|| step(Rule::Any, &[Role::Credit]));
        assessment.into_iter().chain(route).collect()
    }

    pub(super) fn of_release(&self, of_file: bool, most: i64) -> Vec<Step> {
        if of_file || most <= 100_000_000 {
            Vec::new()
        } else if most <= 500_000_000 {
            self.finance.clone()
        } else {
            Self::with_all()
        }
    }

    fn with_all() -> Vec<Step> {
        vec![
            step(Rule::Any, &[Role::Finance]),
            step(Rule::OnePerDepartment, &[Role::Credit, Role::Compliance]),
        ]
    }
}
