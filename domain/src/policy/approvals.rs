//! Who must agree to what: routes by name, and for each matter a table that chooses one.
//!
//! A table may ask about the facts of its matter only, and answers the name of a route. A pack of before has none of this: there Quality
//! alone reviews papers, and Credit grants and releases alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    Objection,
    bands::Cap,
    facts::{self, facts_of},
    pack::Text,
    table::{
        self, Fault, HitPolicy, Sheet, Slot, Source, SourceRow,
        axis::{Axis, Value},
    },
};
use crate::{
    approval::{ESCALATION_MAX, Lane, Route, Rule, STAGES_MAX, Stage},
    customer::approving::reviewing::Trigger,
    permissions::{Act, may},
    staff::Role,
};

/// The longest time that a stage may have, in working hours.
pub const SLA_HOURS_MAX: u32 = 400;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    pub routes: BTreeMap<String, Route>,
    /// Where an application for credit begins, before its route.
    pub assessment: Stage,
    /// Which route a review of papers takes.
    pub qualification: Sheet,
    /// Delegation of authority: which route a limit takes.
    pub credit: Sheet,
    /// Delegation of authority: which route the release of an order takes.
    pub release: Sheet,
    /// After which changes of facts something is looked at again, and by which route; what is not named is not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub re_review: BTreeMap<Trigger, String>,
}

/// Something that wants approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Qualification,
    Credit,
    Release,
}

impl Subject {
    pub const ALL: &'static [Self] = &[Self::Qualification, Self::Credit, Self::Release];

    pub fn code(self) -> &'static str {
        match self {
            Self::Qualification => "qualification",
            Self::Credit => "credit",
            Self::Release => "release",
        }
    }

    /// Who may be asked about it at all.
    pub fn act(self) -> Act {
        match self {
            Self::Qualification => Act::ReviewQualification,
            Self::Credit => Act::VoteOnCredit,
            Self::Release => Act::VoteOnRelease,
        }
    }

    fn facts(self) -> &'static [&'static str] {
        match self {
            Self::Qualification => &[facts::REVIEW_KIND, facts::CUSTOMER_KIND, facts::BUYS],
            Self::Credit => &[
                facts::CUSTOMER_KIND,
                facts::LIMIT,
                facts::CUMULATIVE_INCREASE,
                facts::TERMS_DAYS,
                facts::OVERDUE_AMOUNT,
                facts::OVERDUE_DAYS,
            ],
            Self::Release => &[
                facts::CUSTOMER_KIND,
                facts::RELEASED_CAUSES,
                facts::RELEASE_VALUE,
                facts::RELEASE_FIGURE,
                facts::OVERDUE_DAYS,
            ],
        }
    }
}

/// The route that a table chose, and by which row on which facts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Chosen {
    /// The route's name in the pack.
    pub route: String,
    pub row: String,
    /// What the table was asked with, by fact.
    pub facts: BTreeMap<String, String>,
    /// The most that each band table allows, of a limit; none in packs without bands, and in events of before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub caps: Vec<Cap>,
}

impl Approvals {
    /// As in packs that do not say.
    pub fn before() -> Self {
        let alone = Stage::of(Rule::Any, vec![Role::Quality]);
        let routes = BTreeMap::from([
            ("quality".to_owned(), Route { lane: Some(Lane::Fast), stages: vec![alone] }),
            (
                "straight_through".to_owned(),
                Route { lane: Some(Lane::StraightThrough), stages: Vec::new() },
            ),
        ]);
        let always = |route: &str| {
            let row = SourceRow::plain("any".to_owned(), Vec::new(), route.to_owned());
            Sheet::new(Source {
                hit: HitPolicy::First,
                inputs: Vec::new(),
                monotone: Vec::new(),
                rows: vec![row],
            })
        };
        Self {
            routes,
            assessment: Stage::of(Rule::Any, vec![Role::Credit]),
            qualification: always("quality"),
            credit: always("straight_through"),
            release: always("straight_through"),
            re_review: BTreeMap::new(),
        }
    }

    pub fn sheet(&self, subject: Subject) -> &Sheet {
        match subject {
            Subject::Qualification => &self.qualification,
            Subject::Credit => &self.credit,
            Subject::Release => &self.release,
        }
    }

    /// Where the table of a matter is asked: its answers are the routes of this pack.
    pub fn slot(&self, subject: Subject) -> Slot {
        Slot {
            name: format!("approvals.{}", subject.code()),
            facts: facts_of(subject.facts()),
            output: Axis::Code(self.routes.keys().cloned().collect()),
        }
    }

    /// The route for what is known, with the departments that stand in for those that the company lacks.
    pub fn choose(
        &self,
        subject: Subject,
        stands_in: &BTreeMap<Role, Role>,
        known: impl Fn(&str) -> Value,
    ) -> Result<(Route, Chosen), Fault> {
        let slot = self.slot(subject);
        let table = self.sheet(subject).table(&slot).map_err(|mistakes| {
            mistakes.first().map_or(Fault::NoRow, |mistake| Fault::Unread(mistake.clone()))
        })?;
        let answer = table.ask(&known)?;
        let table::Outcome::One(Value::Code(name)) = answer.outcome else {
            return Err(Fault::NoRow);
        };
        let route = self.route(&name, stands_in).ok_or(Fault::NoRow)?;
        let asked = table.facts().iter().map(|fact| &fact.name);
        let facts = asked.map(|fact| (fact.clone(), known(fact).to_string())).collect();
        let row = answer.rows.into_iter().next().ok_or(Fault::NoRow)?;
        Ok((route, Chosen { route: name, row, facts, caps: Vec::new() }))
    }

    /// A route by its name, with the departments that stand in for those that the company lacks.
    pub fn route(&self, name: &str, stands_in: &BTreeMap<Role, Role>) -> Option<Route> {
        let route = self.routes.get(name)?;
        let stages = route.stages.iter().map(|stage| there(stage, stands_in)).collect();
        Some(Route { lane: route.lane, stages })
    }
}

/// A stage as it is asked where some departments are lacking: somebody else is asked, and nobody is skipped.
pub fn there(stage: &Stage, stands_in: &BTreeMap<Role, Role>) -> Stage {
    let there = |role: &Role| stands_in.get(role).copied().unwrap_or(*role);
    let mut departments = Vec::new();
    for role in stage.departments.iter().map(there) {
        if !departments.contains(&role) {
            departments.push(role);
        }
    }
    // Two departments that became one are still two people.
    let rule = match stage.rule {
        Rule::OnePerDepartment if departments.len() < stage.departments.len() => {
            Rule::Quorum(u32::try_from(stage.departments.len()).unwrap_or(u32::MAX))
        }
        rule => rule,
    };
    let escalation = stage.escalation.iter().map(there).collect();
    Stage { rule, departments, escalation, ..stage.clone() }
}

/// What stands against these rules, each with its pointer within them. The tables are proved by whoever proves the pack.
pub(super) fn objections(approvals: &Approvals) -> Vec<Objection> {
    let mut found = Vec::new();
    for (name, route) in &approvals.routes {
        of_route(route, &format!("/routes/{name}"), &mut found);
    }
    of_stage(&approvals.assessment, "/assessment", &mut found);
    if approvals.assessment.departments != [Role::Credit] {
        found.push(objection(
            "/assessment/departments".to_owned(),
            "信用申请由信用管理部门评估。",
            "an application is assessed by Credit",
        ));
    }
    for subject in Subject::ALL {
        let sheet = approvals.sheet(*subject);
        let at = |n: usize| format!("/{}/rows/{n}/then", subject.code());
        for (n, row) in sheet.source().rows.iter().enumerate() {
            let Some(route) = approvals.routes.get(&row.then) else { continue };
            of_subject(*subject, route, at(n), &mut found);
        }
    }
    for (trigger, name) in &approvals.re_review {
        let at = format!("/re_review/{}", trigger.code());
        match approvals.routes.get(name).filter(|route| !route.stages.is_empty()) {
            Some(route) => of_subject(trigger.of().subject(), route, at, &mut found),
            None => found.push(objection(
                at,
                "请填写一条已定义且至少有一个步骤的路线。",
                "name a route of this pack that asks somebody",
            )),
        }
    }
    found
}

fn of_route(route: &Route, at: &str, found: &mut Vec<Objection>) {
    let straight = route.lane == Some(Lane::StraightThrough);
    if straight != route.stages.is_empty() {
        found.push(objection(
            at.to_owned(),
            "直通路线不得有审批步骤，其他路线至少须有一个步骤。",
            "a straight-through route has no stage, every other one at least one",
        ));
    }
    if route.stages.len() > STAGES_MAX {
        found.push(objection(
            format!("{at}/stages"),
            "审批步骤过多（最多 8 个）。",
            "too many stages: at most 8",
        ));
    }
    for (n, stage) in route.stages.iter().enumerate() {
        of_stage(stage, &format!("{at}/stages/{n}"), found);
    }
}

fn of_stage(stage: &Stage, at: &str, found: &mut Vec<Objection>) {
    let distinct: BTreeSet<Role> = stage.departments.iter().copied().collect();
    if stage.departments.is_empty() || distinct.len() != stage.departments.len() {
        found.push(objection(
            format!("{at}/departments"),
            "请至少列出一个部门，且不得重复。",
            "name at least one department, and each once",
        ));
    }
    if let Rule::Quorum(0) = stage.rule {
        found.push(objection(
            format!("{at}/rule"),
            "法定人数至少为 1。",
            "a quorum is at least one",
        ));
    }
    if stage.sla_hours.is_some_and(|hours| !(1..=SLA_HOURS_MAX).contains(&hours)) {
        found.push(objection(
            format!("{at}/sla_hours"),
            "办理时限应为 1 至 400 个工作小时。",
            "a stage has 1 to 400 working hours",
        ));
    }
    if stage.escalation.len() > ESCALATION_MAX {
        found.push(objection(
            format!("{at}/escalation"),
            "升级层级最多 3 级。",
            "a stage escalates three times at most",
        ));
    }
}

/// Whoever is asked may decide it, and the law is looked at by Quality.
fn of_subject(subject: Subject, route: &Route, at: String, found: &mut Vec<Objection>) {
    let able = |role: &Role| may(*role, subject.act());
    let asked = route.stages.iter().flat_map(|stage| stage.departments.iter());
    if let Some(role) = asked.clone().find(|role| !able(role)) {
        found.push(objection(
            at.clone(),
            &format!("该路线包含无权审批此事项的部门（{}）。", role.zh()),
            &format!("this route asks {role}, which has no say in this"),
        ));
    }
    let last = route.stages.last();
    let veto = last.is_some_and(|stage| {
        stage.departments.contains(&Role::Quality)
            && (stage.departments.len() == 1 || stage.rule == Rule::OnePerDepartment)
    });
    if subject == Subject::Qualification && !veto {
        found.push(objection(
            at,
            "资质审核必须由质量管理部门最后批准。",
            "a review of papers ends with Quality, whose veto stands alone",
        ));
    }
}

fn objection(pointer: String, zh: &str, en: &str) -> Objection {
    Objection { pointer, text: Text { zh: zh.to_owned(), en: en.to_owned() } }
}
