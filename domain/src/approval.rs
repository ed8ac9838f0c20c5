//! Approval: who must agree before something takes effect, and to exactly what.
//!
//! A round asks the stages of a route one after the other. Who may vote in a stage is fixed when it opens, and asked again when a
//! vote is cast. A vote binds the hash of what it is about; whatever changes that ends the round, and its votes with it.
//! Whoever had a hand in the matter never votes on it, nor do those who stand in for them, or for those who do; nobody votes twice in a
//! round, whatever roles they hold, and somebody and whoever stands in for them count once, also when that ends before the round does. A vote that would leave the rest of the route without enough
//! people is refused. A stage that its own departments cannot fill asks those that it escalates to. Time never approves.

mod round;
mod seats;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

pub use self::round::{Closes, Round};
use crate::{ids::StaffId, policy::approvals::Subject, staff::Role};

/// The most stages of a route, and the most departments that one of them escalates to.
pub const STAGES_MAX: usize = 8;
pub const ESCALATION_MAX: usize = 3;

/// Who must agree, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// How much is asked; absent in routes of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lane: Option<Lane>,
    pub stages: Vec<Stage>,
}

/// How much a route asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Nobody else is asked; the record is the same.
    StraightThrough,
    Fast,
    Strict,
}

impl Lane {
    pub fn code(self) -> &'static str {
        match self {
            Self::StraightThrough => "straight_through",
            Self::Fast => "fast",
            Self::Strict => "strict",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub rule: Rule,
    pub departments: Vec<Role>,
    /// Within how many working hours it should be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla_hours: Option<u32>,
    /// Who may vote as well once the time is up, or where the departments cannot fill the stage: one more each time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub escalation: Vec<Role>,
    /// Who is told that it is open, and has no vote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inform: Vec<Role>,
}

impl Stage {
    /// A stage without a clock.
    pub fn of(rule: Rule, departments: Vec<Role>) -> Self {
        Self { rule, departments, sla_hours: None, escalation: Vec::new(), inform: Vec::new() }
    }
}

/// Whose votes close a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Anybody's of these departments.
    Any,
    /// Those of all who were there when the stage opened.
    All,
    /// So many people's, of whichever of these departments.
    Quorum(u32),
    /// One of each department, each another person's.
    OnePerDepartment,
}

/// Somebody who works here, and for which departments.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Person {
    pub staff: StaffId,
    pub departments: BTreeSet<Role>,
    /// Whose roles this person may use beside their own, and which.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = Object)]
    pub stands_in_for: BTreeMap<StaffId, BTreeSet<Role>>,
    /// Asked in place of the departments, as one of those that the stage escalates to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalated_as: Option<Role>,
}

impl Person {
    pub fn new(staff: StaffId, departments: BTreeSet<Role>) -> Self {
        Self { staff, departments, stands_in_for: BTreeMap::new(), escalated_as: None }
    }
}

/// Those for whom somebody stands in, and those who stand in for them.
fn one_with<'a>(staff: &'a StaffId, people: &'a [Person]) -> impl Iterator<Item = &'a StaffId> {
    people.iter().flat_map(move |person| {
        let theirs = person.stands_in_for.keys();
        let theirs = theirs.filter(move |_| person.staff == *staff);
        let delegate = person.stands_in_for.contains_key(staff).then_some(&person.staff);
        theirs.chain(delegate)
    })
}

/// These people with all who stand in for one of them, or for one who does.
fn with_delegates(mut hands: BTreeSet<StaffId>, people: &[Person]) -> BTreeSet<StaffId> {
    loop {
        let stands_in = |person: &&Person| {
            !hands.contains(&person.staff)
                && person.stands_in_for.keys().any(|it| hands.contains(it))
        };
        let more: Vec<StaffId> =
            people.iter().filter(stands_in).map(|person| person.staff.clone()).collect();
        if more.is_empty() {
            return hands;
        }
        hands.extend(more);
    }
}

/// A round begins with its first stage open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct RoundOpened {
    /// Counts the rounds of this matter, from 1.
    pub round: u32,
    /// `sha256:` and the SHA-256 of the RFC 8785 form of what is voted on.
    pub content: String,
    pub route: Route,
    /// Whoever had a hand in it, and has no vote.
    pub excluded: BTreeSet<StaffId>,
    /// Who may vote in the first stage.
    pub electorate: Vec<Person>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct VoteCast {
    pub round: u32,
    /// From 1.
    pub stage: u32,
    /// For which the vote counts.
    pub department: Role,
    /// What was agreed to, as in the round.
    pub content: String,
    pub by: StaffId,
    /// Whose vote it is, where somebody stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<StaffId>,
    /// Who has spoken with it: those who stood in for whoever this vote is of, and those for whom they did.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub one_with: BTreeSet<StaffId>,
}

/// The stage before it closed, or one was gone back to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StageOpened {
    pub round: u32,
    pub stage: u32,
    pub electorate: Vec<Person>,
}

rejections! {
    NothingOpen = Conflict, "approval.nothing_open", "当前没有待表决的事项。", "nothing is open to vote on";
    HadAHand = Forbidden, "approval.had_a_hand", "参与编制或操作的人员及其代理人不得表决；请由他人表决。", "whoever had a hand in this, or stands in for somebody who had, has no vote on it: ask somebody else";
    VotedAlready = Conflict, "approval.voted_already", "您或您代理的人在本轮已表决。", "you, or whoever you stand in for, have voted in this round already";
    NotAsked { departments: Vec<Role> } = Forbidden, "approval.not_asked", "本步骤不由您的部门表决，或本步骤开始时您尚未任职。", "this step asks {departments:?}, and those who held that role when it opened";
    Strands { departments: Vec<Role> } = Conflict, "approval.strands", "您的表决须留给其他部门，否则审批无法完成。", "your vote is needed for {departments:?}: without it the rest could not be finished";
    Unreachable { departments: Vec<Role> } = Conflict, "approval.unreachable", "没有足够的人员可以表决；请任命人员，或在政策包中指定代行部门。", "there are not enough people to ask in {departments:?}: appoint somebody, or say in the pack who stands in";
    NoSuchStage { stages: u32 } = Content, "approval.no_such_stage", "没有可退回的该步骤。", "there is no such step to go back to: {stages} came before the open one";
    NotOfTheStage = Content, "approval.not_of_the_stage", "该人员不在本步骤的部门，或不得表决。", "this person is of none of the departments that are asked, or has no vote here";
}

/// The hash that votes bind.
pub fn content_hash(content: &impl Serialize) -> Result<String, serde_json::Error> {
    let canonical = serde_json_canonicalizer::to_vec(content)?;
    Ok(format!("sha256:{}", hex::encode(Sha256::digest(canonical))))
}

impl Route {
    /// A route of one stage without a clock.
    pub fn single(rule: Rule, departments: Vec<Role>) -> Self {
        Self { lane: None, stages: vec![Stage::of(rule, departments)] }
    }

    /// Begins a round; refused when there are not enough people to finish it.
    pub fn open(
        self,
        number: u32,
        content: String,
        excluded: BTreeSet<StaffId>,
        people: &[Person],
    ) -> Result<RoundOpened, Rejection> {
        let excluded = with_delegates(excluded, people);
        let opened =
            RoundOpened { round: number, content, route: self, excluded, electorate: Vec::new() };
        let round = Round::begin(&opened);
        let electorate = round.electorate_of(1, people);
        let opened = RoundOpened { electorate, ..opened };
        let missing = seats::missing(&Round::begin(&opened), people);
        if missing.is_empty() {
            Ok(opened)
        } else {
            Err(Rejection::Unreachable { departments: missing })
        }
    }
}

/// Who works here, and for which departments whoever asks may speak, both as of now.
#[derive(Clone, Debug, Default)]
pub struct Assembly {
    pub people: Arc<Vec<Person>>,
    pub actor: BTreeSet<Role>,
}

/// Whoever somebody stands in for.
pub fn lenders(people: &[Person], staff: &StaffId) -> BTreeSet<StaffId> {
    let person = people.iter().find(|person| person.staff == *staff);
    person.into_iter().flat_map(|person| person.stands_in_for.keys().cloned()).collect()
}

/// The same for what wants approval for a customer: somebody may stand in for others in some of it only.
#[derive(Clone, Debug, Default)]
pub struct Assemblies {
    pub qualification: Arc<Vec<Person>>,
    pub credit: Arc<Vec<Person>>,
    pub release: Arc<Vec<Person>>,
    pub actor: BTreeSet<Role>,
}

impl Assemblies {
    /// Where nobody stands in for anybody in one matter and not in another.
    pub fn alike(people: &Arc<Vec<Person>>, actor: BTreeSet<Role>) -> Self {
        let people = || Arc::clone(people);
        Self { qualification: people(), credit: people(), release: people(), actor }
    }

    pub fn of(&self, subject: Subject) -> &[Person] {
        match subject {
            Subject::Qualification => &self.qualification,
            Subject::Credit => &self.credit,
            Subject::Release => &self.release,
        }
    }

    pub fn of_mut(&mut self, subject: Subject) -> &mut Vec<Person> {
        Arc::make_mut(match subject {
            Subject::Qualification => &mut self.qualification,
            Subject::Credit => &mut self.credit,
            Subject::Release => &mut self.release,
        })
    }

    /// Whoever somebody stands in for in such a matter.
    pub fn lenders(&self, subject: Subject, staff: &StaffId) -> BTreeSet<StaffId> {
        lenders(self.of(subject), staff)
    }

    pub fn person(&self, subject: Subject, staff: &StaffId) -> Option<&Person> {
        self.of(subject).iter().find(|person| person.staff == *staff)
    }

    /// Whether somebody is another one, or stands in for them in such a matter, or for somebody who does.
    pub fn acts_for(&self, subject: Subject, staff: &StaffId, other: &StaffId) -> bool {
        staff == other || with_delegates([other.clone()].into(), self.of(subject)).contains(staff)
    }
}
