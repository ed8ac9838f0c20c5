//! One round of asking: who may vote now, what a vote brings about, and what moves a stage without one.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{
    Person, Rejection, RoundOpened, Route, Stage, StageOpened, VoteCast, one_with,
    seats::{self, Seat},
    with_delegates,
};
use crate::{ids::StaffId, staff::Role};

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
    /// Who was added to the open stage, and must agree as well.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub reviewers: BTreeSet<StaffId>,
    /// How many times the open stage was escalated.
    #[serde(default)]
    pub escalated: u32,
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

/// A vote that somebody may cast: for a department, their own or that of whom they stand in for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ballot {
    pub on_behalf_of: Option<StaffId>,
    pub department: Role,
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
            reviewers: BTreeSet::new(),
            escalated: 0,
        }
    }

    pub fn take(&mut self, vote: &VoteCast) {
        self.votes.push(vote.clone());
        if self.open_stage().is_some() && seats::open_seats(self).is_empty() {
            self.stage = self.stage.saturating_add(1);
            self.start_stage(Vec::new());
        }
    }

    /// The next stage, or one that was gone back to: then its votes and those after it are void.
    pub fn open_next(&mut self, opened: &StageOpened) {
        self.stage = opened.stage;
        self.votes.retain(|vote| vote.stage < opened.stage);
        self.start_stage(opened.electorate.clone());
    }

    fn start_stage(&mut self, electorate: Vec<Person>) {
        self.electorate = electorate;
        self.reviewers.clear();
        self.escalated = 0;
    }

    /// Somebody more must agree in the open stage.
    pub fn add_reviewer(&mut self, person: &Person) {
        self.electorate.retain(|asked| asked.staff != person.staff);
        self.electorate.push(person.clone());
        self.reviewers.insert(person.staff.clone());
    }

    /// Somebody is asked in another's place.
    pub fn transfer(&mut self, from: &StaffId, to: &Person) {
        self.electorate.retain(|asked| asked.staff != *from && asked.staff != to.staff);
        self.electorate.push(to.clone());
        if self.reviewers.remove(from) {
            self.reviewers.insert(to.staff.clone());
        }
    }

    pub fn escalate(&mut self, level: u32, also: &[Person]) {
        self.escalated = level;
        self.electorate.extend(also.iter().cloned());
    }

    /// The departments that may still vote in the open stage; none once all have closed.
    pub fn waits_for(&self) -> BTreeSet<Role> {
        seats::open_seats(self).into_iter().flat_map(|seat| seat.departments).collect()
    }

    /// What somebody who now holds these roles may vote for in the open stage; never nothing.
    pub fn asks(&self, by: &StaffId, roles: &BTreeSet<Role>) -> Result<Vec<Ballot>, Rejection> {
        if self.open_stage().is_none() {
            return Err(Rejection::NothingOpen);
        }
        if self.excluded.contains(by) {
            return Err(Rejection::HadAHand);
        }
        let waits_for = self.waits_for().into_iter().collect();
        let not_asked = Rejection::NotAsked { departments: waits_for };
        let asked = self.electorate.iter().find(|person| person.staff == *by);
        if self.has_spoken(by) {
            return Err(Rejection::VotedAlready);
        }
        let asked = asked.ok_or_else(|| not_asked.clone())?;
        if one_with(by, &self.electorate).any(|other| self.has_voted(other)) {
            return Err(Rejection::VotedAlready);
        }
        let seats = seats::open_seats(self);
        let mut ballots = BTreeSet::new();
        for seat in seats.iter().filter(|seat| seat.is_open_to(by)) {
            ballots.extend(own(asked, roles, seat));
            for (principal, theirs) in &asked.stands_in_for {
                let free = !self.excluded.contains(principal) && !self.has_spoken(principal);
                let able = seat.departments.iter().filter(|role| free && theirs.contains(role));
                ballots.extend(able.map(|role| Ballot {
                    on_behalf_of: Some(principal.clone()),
                    department: *role,
                }));
            }
        }
        if ballots.is_empty() { Err(not_asked) } else { Ok(ballots.into_iter().collect()) }
    }

    /// Whether somebody voted, or had somebody vote for them.
    fn has_voted(&self, staff: &StaffId) -> bool {
        let theirs =
            |vote: &VoteCast| vote.by == *staff || vote.on_behalf_of.as_ref() == Some(staff);
        self.votes.iter().any(theirs)
    }

    /// The same with those who were one with somebody who did.
    fn has_spoken(&self, staff: &StaffId) -> bool {
        self.has_voted(staff) || self.votes.iter().any(|vote| vote.one_with.contains(staff))
    }

    /// The same with those who have become one with somebody who did.
    pub(super) fn is_heard(&self, staff: &StaffId, people: &[Person]) -> bool {
        self.has_spoken(staff) || one_with(staff, people).any(|other| self.has_voted(other))
    }

    /// Whoever had a hand in it, with those who now stand in for them, or for those who do.
    pub(super) fn barred(&self, people: &[Person]) -> BTreeSet<StaffId> {
        with_delegates(self.excluded.clone(), people)
    }

    /// What somebody may vote for in the open stage as everybody works here now; never nothing.
    pub fn ballots(
        &self,
        by: &StaffId,
        roles: &BTreeSet<Role>,
        people: &[Person],
    ) -> Result<Vec<Ballot>, Rejection> {
        let here = |staff: &StaffId| people.iter().find(|person| person.staff == *staff);
        let departments = self.waits_for().into_iter().collect();
        let not_asked = Rejection::NotAsked { departments };
        let holds = here(by).map(|now| roles & &now.departments).unwrap_or_default();
        let ballots = self.asks(by, &holds)?;
        let barred = self.barred(people);
        if barred.contains(by) {
            return Err(Rejection::HadAHand);
        }
        if self.is_heard(by, people) {
            return Err(Rejection::VotedAlready);
        }
        let now = here(by).ok_or_else(|| not_asked.clone())?;
        let still = |ballot: &Ballot| {
            let Some(principal) = &ballot.on_behalf_of else { return true };
            let lent = now.stands_in_for.get(principal);
            let theirs = here(principal).map(|principal| &principal.departments);
            let hold = |roles: Option<&BTreeSet<Role>>| {
                roles.is_some_and(|roles| roles.contains(&ballot.department))
            };
            // Of one who is barred now this would be a hand in it too: see above.
            hold(lent) && hold(theirs) && !self.is_heard(principal, people)
        };
        let ballots: Vec<Ballot> = ballots.into_iter().filter(still).collect();
        if ballots.is_empty() { Err(not_asked) } else { Ok(ballots) }
    }

    /// Whether there are people enough for what it still waits for.
    pub fn can_be_finished(&self, people: &[Person]) -> bool {
        seats::missing(self, people).is_empty()
    }

    /// The vote of somebody who now holds these roles, and what it brings about. `people` are those who work here now.
    pub fn vote(
        &self,
        by: &StaffId,
        roles: &BTreeSet<Role>,
        people: &[Person],
    ) -> Result<(VoteCast, Closes), Rejection> {
        let ballots = self.ballots(by, roles, people)?;
        let strands_before = !seats::missing(self, people).is_empty();
        let mut stranded = Vec::new();
        for Ballot { on_behalf_of, department } in ballots {
            let cast = VoteCast {
                round: self.number,
                stage: self.stage,
                department,
                content: self.content.clone(),
                by: by.clone(),
                one_with: self.spoken_for(by, on_behalf_of.as_ref(), people),
                on_behalf_of,
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

    /// Who speaks with a vote beside whoever casts it and whose it is.
    fn spoken_for(
        &self,
        by: &StaffId,
        on_behalf_of: Option<&StaffId>,
        people: &[Person],
    ) -> BTreeSet<StaffId> {
        let voters = || std::iter::once(by).chain(on_behalf_of);
        let now = voters().flat_map(|staff| one_with(staff, people));
        let then = voters().flat_map(|staff| one_with(staff, &self.electorate));
        let others = now.chain(then).filter(|staff| voters().all(|voter| voter != *staff));
        others.cloned().collect()
    }

    /// What it means that this stage was open before the last vote.
    fn closes(&self, was: u32, people: &[Person]) -> Closes {
        if self.stage == was {
            return Closes::Nothing;
        }
        match self.open_stage() {
            None => Closes::Round,
            Some(_) => Closes::Stage(StageOpened {
                round: self.number,
                stage: self.stage,
                electorate: self.electorate_of(self.stage, people),
            }),
        }
    }

    /// Back to a stage that has closed.
    pub fn go_back(&self, stage: u32, people: &[Person]) -> Result<StageOpened, Rejection> {
        let before = self.stage.saturating_sub(1);
        if !(1..=before).contains(&stage) {
            return Err(Rejection::NoSuchStage { stages: before });
        }
        let mut again = self.clone();
        again.votes.retain(|vote| vote.stage < stage);
        let electorate = again.electorate_of(stage, people);
        Ok(StageOpened { round: self.number, stage, electorate })
    }

    /// Who would be added to the open stage by one more escalation, and at which level; nobody where all were asked.
    pub fn next_escalation(&self, people: &[Person]) -> Option<(u32, Vec<Person>)> {
        let stage = self.open_stage()?;
        let level = self.escalated.saturating_add(1);
        let role = stage.escalation.get(usize::try_from(self.escalated).ok()?)?;
        let asked = |staff: &StaffId| self.electorate.iter().any(|asked| asked.staff == *staff);
        let also = seats::standing_in(stage, *role, people)
            .filter(|person| !asked(&person.staff) && self.may_be_asked(&person.staff, people));
        Some((level, also.collect()))
    }

    /// Somebody to be asked besides, or in another's place: not excluded, not heard yet.
    pub fn may_be_asked(&self, staff: &StaffId, people: &[Person]) -> bool {
        !self.barred(people).contains(staff) && !self.is_heard(staff, people)
    }

    /// Who may vote in a stage that opens now: its departments, and where these cannot fill it those that it escalates to.
    pub(super) fn electorate_of(&self, number: u32, people: &[Person]) -> Vec<Person> {
        let Some(stage) = self.stage_at(number) else { return Vec::new() };
        let barred = self.barred(people);
        let is_free = |staff: &StaffId| !barred.contains(staff) && !self.is_heard(staff, people);
        let free = people.iter().filter(|person| is_free(&person.staff));
        let mut asked: Vec<Person> = free.filter_map(|person| of_stage(person, stage)).collect();
        for role in &stage.escalation {
            if seats::fills(stage, &asked, people) {
                break;
            }
            let known: BTreeSet<StaffId> = asked.iter().map(|it| it.staff.clone()).collect();
            let also = seats::standing_in(stage, *role, people);
            let also = also.filter(|it| !known.contains(&it.staff) && is_free(&it.staff));
            asked.extend(also);
        }
        asked
    }

    /// Whether those who were asked in the open stage can no longer fill it.
    pub fn is_stranded(&self, people: &[Person]) -> bool {
        let mut alone = self.clone();
        alone.route.stages.truncate(usize::try_from(self.stage).unwrap_or(usize::MAX));
        !seats::missing(&alone, people).is_empty()
    }

    /// The open stage asked of those who are here now, its votes void; nothing where they could not fill it either.
    pub fn ask_again(&self, people: &[Person]) -> Option<StageOpened> {
        self.open_stage()?;
        let mut again = self.clone();
        again.votes.retain(|vote| vote.stage < self.stage);
        let electorate = again.electorate_of(self.stage, people);
        let opened = StageOpened { round: self.number, stage: self.stage, electorate };
        again.open_next(&opened);
        (!again.is_stranded(people)).then_some(opened)
    }

    pub fn stage_at(&self, number: u32) -> Option<&Stage> {
        let index = usize::try_from(number.checked_sub(1)?).ok()?;
        self.route.stages.get(index)
    }

    pub fn open_stage(&self) -> Option<&Stage> {
        self.stage_at(self.stage)
    }

    pub(super) fn votes_in_stage(&self) -> impl Iterator<Item = &VoteCast> {
        self.votes.iter().filter(|vote| vote.stage == self.stage)
    }

    pub(super) fn later_stages(&self) -> impl Iterator<Item = &Stage> {
        let open = usize::try_from(self.stage).unwrap_or(usize::MAX);
        self.route.stages.iter().skip(open)
    }
}

/// A person with what they may vote for in a stage, if anything.
pub(super) fn of_stage(person: &Person, stage: &Stage) -> Option<Person> {
    let of = |roles: &BTreeSet<Role>| -> BTreeSet<Role> {
        stage.departments.iter().filter(|role| roles.contains(role)).copied().collect()
    };
    let stands_in = person.stands_in_for.iter().map(|(staff, roles)| (staff.clone(), of(roles)));
    let asked = Person {
        staff: person.staff.clone(),
        departments: of(&person.departments),
        stands_in_for: stands_in.filter(|(_, roles)| !roles.is_empty()).collect(),
        escalated_as: None,
    };
    let able = !asked.departments.is_empty() || !asked.stands_in_for.is_empty();
    able.then_some(asked)
}

/// What somebody may vote for by their own roles.
fn own(asked: &Person, roles: &BTreeSet<Role>, seat: &Seat) -> Vec<Ballot> {
    let holds = |department: &Role| match asked.escalated_as {
        Some(role) => roles.contains(&role),
        None => roles.contains(department),
    };
    let able = asked.departments.iter().filter(|it| seat.departments.contains(it) && holds(it));
    able.map(|role| Ballot { on_behalf_of: None, department: *role }).collect()
}
