//! Approval: who must agree before something takes effect, and to exactly what.
//!
//! A round asks the stages of a route one after the other. Who may vote in a stage is fixed when it opens, and asked again when a
//! vote is cast. A vote binds the hash of what it is about; whatever changes that ends the round, and its votes with it.
//! Whoever had a hand in the matter never votes on it, and nobody votes twice in a round, whatever roles they hold.
//! A vote that would leave the rest of the route without enough people is refused. Time never approves.

mod seats;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::{ids::StaffId, staff::Role};

/// Who must agree, in which order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Route {
    pub stages: Vec<Stage>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    pub rule: Rule,
    pub departments: Vec<Role>,
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
    /// Whose roles this person may exercise beside their own.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stands_in_for: BTreeMap<StaffId, BTreeSet<Role>>,
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
}

/// The stage before it closed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StageOpened {
    pub round: u32,
    pub stage: u32,
    pub electorate: Vec<Person>,
}

/// One round of asking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Round {
    pub number: u32,
    pub content: String,
    pub route: Route,
    pub excluded: BTreeSet<StaffId>,
    /// The open one, from 1; one more than there are once all have closed.
    pub stage: u32,
    /// Who may vote in the open stage.
    pub electorate: Vec<Person>,
    pub votes: Vec<VoteCast>,
}

rejections! {
    NothingOpen = Conflict, "approval.nothing_open", "当前没有待表决的事项。", "nothing is open to vote on";
    HadAHand = Forbidden, "approval.had_a_hand", "参与编制或操作的人员不得表决；请由他人表决。", "whoever had a hand in this has no vote on it: ask somebody else";
    VotedAlready = Conflict, "approval.voted_already", "您在本轮已表决。", "you have voted in this round already";
    NotAsked { departments: Vec<Role> } = Forbidden, "approval.not_asked", "本步骤不由您的部门表决，或本步骤开始时您尚未任职。", "this step asks {departments:?}, and those who held that role when it opened";
    Strands { departments: Vec<Role> } = Conflict, "approval.strands", "您的表决须留给其他部门，否则审批无法完成。", "your vote is needed for {departments:?}: without it the rest could not be finished";
    Unreachable { departments: Vec<Role> } = Conflict, "approval.unreachable", "没有足够的人员可以表决；请任命人员，或在政策包中指定代行部门。", "there are not enough people to ask in {departments:?}: appoint somebody, or say in the pack who stands in";
}

/// What a vote brings about.
#[derive(Clone, Debug, PartialEq)]
pub enum Closes {
    /// The stage stays open.
    Nothing,
    /// The next one opens.
    Stage(StageOpened),
    /// All stages have closed.
    Round,
}

/// The hash that votes bind.
pub fn content_hash(content: &impl Serialize) -> Result<String, serde_json::Error> {
    let canonical = serde_json_canonicalizer::to_vec(content)?;
    Ok(format!("sha256:{}", hex::encode(Sha256::digest(canonical))))
}

impl Route {
    /// Begins a round; refused when there are not enough people to finish it.
    pub fn open(
        self,
        number: u32,
        content: String,
        excluded: BTreeSet<StaffId>,
        people: &[Person],
    ) -> Result<RoundOpened, Rejection> {
        let electorate = self.stages.first().map(|stage| stage.electorate(people, &excluded, &[]));
        let opened = RoundOpened {
            round: number,
            content,
            route: self,
            excluded,
            electorate: electorate.unwrap_or_default(),
        };
        let missing = seats::missing(&Round::begin(&opened), people);
        if missing.is_empty() {
            Ok(opened)
        } else {
            Err(Rejection::Unreachable { departments: missing })
        }
    }
}

impl Stage {
    fn electorate(
        &self,
        people: &[Person],
        excluded: &BTreeSet<StaffId>,
        votes: &[VoteCast],
    ) -> Vec<Person> {
        let free = people.iter().filter(|person| {
            !excluded.contains(&person.staff) && !votes.iter().any(|vote| vote.by == person.staff)
        });
        let here = free.map(|person| Person {
            staff: person.staff.clone(),
            departments: self.of(&person.departments),
            stands_in_for: BTreeMap::new(),
        });
        here.filter(|person| !person.departments.is_empty()).collect()
    }

    fn of(&self, departments: &BTreeSet<Role>) -> BTreeSet<Role> {
        self.departments.iter().filter(|role| departments.contains(role)).copied().collect()
    }
}

impl Round {
    pub fn begin(opened: &RoundOpened) -> Self {
        Self {
            number: opened.round,
            content: opened.content.clone(),
            route: opened.route.clone(),
            excluded: opened.excluded.clone(),
            stage: 1,
            electorate: opened.electorate.clone(),
            votes: Vec::new(),
        }
    }

    pub fn take(&mut self, vote: &VoteCast) {
        self.votes.push(vote.clone());
        if self.open_stage().is_some() && seats::open_seats(self).is_empty() {
            self.stage = self.stage.saturating_add(1);
            self.electorate = Vec::new();
        }
    }

    pub fn open_next(&mut self, opened: &StageOpened) {
        self.stage = opened.stage;
        self.electorate.clone_from(&opened.electorate);
    }

    /// The departments that may still vote in the open stage; none once all have closed.
    pub fn waits_for(&self) -> BTreeSet<Role> {
        seats::open_seats(self).into_iter().flat_map(|seat| seat.departments).collect()
    }

    /// The departments for which somebody who now holds these roles may vote in the open stage.
    pub fn asks(&self, by: &StaffId, roles: &BTreeSet<Role>) -> Result<BTreeSet<Role>, Rejection> {
        if self.open_stage().is_none() {
            return Err(Rejection::NothingOpen);
        }
        if self.excluded.contains(by) {
            return Err(Rejection::HadAHand);
        }
        if self.votes.iter().any(|vote| vote.by == *by) {
            return Err(Rejection::VotedAlready);
        }
        let waits_for = self.waits_for();
        let asked = self.electorate.iter().find(|person| person.staff == *by);
        let asked = asked.map(|person| &(&person.departments & roles) & &waits_for);
        asked
            .filter(|departments| !departments.is_empty())
            .ok_or_else(|| Rejection::NotAsked { departments: waits_for.into_iter().collect() })
    }

    /// The vote of somebody who now holds these roles, and what it brings about. `people` are those who work here now.
    pub fn vote(
        &self,
        by: &StaffId,
        roles: &BTreeSet<Role>,
        people: &[Person],
    ) -> Result<(VoteCast, Closes), Rejection> {
        let asked = self.asks(by, roles)?;
        let strands_before = !seats::missing(self, people).is_empty();
        let mut stranded = Vec::new();
        for department in asked {
            let cast = VoteCast {
                round: self.number,
                stage: self.stage,
                department,
                content: self.content.clone(),
                by: by.clone(),
            };
            let mut after = self.clone();
            after.take(&cast);
            let closes = after.closes(self.stage, people);
            if let Closes::Stage(opened) = &closes {
                after.open_next(opened);
            }
            stranded = seats::missing(&after, people);
            if stranded.is_empty() || strands_before {
                return Ok((cast, closes));
            }
        }
        Err(Rejection::Strands { departments: stranded })
    }

    /// What it means that this stage was open before the last vote.
    fn closes(&self, was: u32, people: &[Person]) -> Closes {
        if self.stage == was {
            return Closes::Nothing;
        }
        match self.open_stage() {
            None => Closes::Round,
            Some(next) => Closes::Stage(StageOpened {
                round: self.number,
                stage: self.stage,
                electorate: next.electorate(people, &self.excluded, &self.votes),
            }),
        }
    }

    fn open_stage(&self) -> Option<&Stage> {
        let index = usize::try_from(self.stage.checked_sub(1)?).ok()?;
        self.route.stages.get(index)
    }

    fn votes_in_stage(&self) -> impl Iterator<Item = &VoteCast> {
        self.votes.iter().filter(|vote| vote.stage == self.stage)
    }

    fn later_stages(&self) -> impl Iterator<Item = &Stage> {
        let open = usize::try_from(self.stage).unwrap_or(usize::MAX);
        self.route.stages.iter().skip(open)
    }
}

/// Who works here, and for which departments whoever asks may speak, both as of now.
#[derive(Clone, Debug, Default)]
pub struct Assembly {
    pub people: Vec<Person>,
    pub actor: BTreeSet<Role>,
}
