//! The cases of a customer: one for its papers, one for its credit, one for each order that somebody asks to release.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    CaseClosed, CaseOpened, CaseRoundOpened, CaseStageOpened, CaseTransferred, CaseVoted,
    InformationAsked, Matter, Outcome, ReviewerAdded, Which, clock,
    reviewing::{Evidence, Reviewed},
};
use crate::{
    approval::{Person, Round, clock::Clock},
    customer::Event,
    ids::{CaseId, OrderId, StaffId},
};

/// The approving part of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cases {
    /// Open, or returned to be mended.
    pub qualification: Option<Box<Case>>,
    /// The last one that was not approved.
    pub credit: Option<Box<Case>>,
    /// Open.
    pub releases: BTreeMap<OrderId, Case>,
    /// Open.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub re_reviews: BTreeMap<Reviewed, Case>,
    /// The last of what the daily review finds that was looked at anew, of each kind.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub seen: Vec<Evidence>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    pub id: CaseId,
    pub matter: Matter,
    pub standing: Standing,
    /// The one under way, or the last one.
    pub round: Round,
    /// The hash of the pack that chose the route.
    pub pack: String,
    pub requested_by: StaffId,
    /// Everybody who asked for it or for other terms.
    pub editors: BTreeSet<StaffId>,
    /// Those of them whose terms nobody of Credit had assessed.
    #[serde(default)]
    pub applicants: BTreeSet<StaffId>,
    /// Everybody whose command changed what it is about while it was asked.
    #[serde(default)]
    pub changed_by: BTreeSet<StaffId>,
    /// What whoever asked has not answered yet.
    pub question: Option<Question>,
    /// That of the open stage; none where it has no term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<Clock>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Open,
    Returned,
    Rejected,
    Withdrawn,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub text: String,
    pub by: StaffId,
}

impl Case {
    pub fn is_open(&self) -> bool {
        self.standing == Standing::Open
    }

    /// When its clock brings about something next.
    pub fn next_mark_at(&self) -> Option<DateTime<Utc>> {
        let clock = self.clock.as_ref().filter(|_| self.is_open())?;
        clock.next().map(|(at, _)| at)
    }

    /// Who is told about the open stage and is not asked: whom it informs, whoever asked, and who manages the account.
    pub fn tells(&self, manager: Option<&StaffId>, people: &[Person]) -> BTreeSet<StaffId> {
        let Some(stage) = self.round.open_stage().filter(|_| self.is_open()) else {
            return BTreeSet::new();
        };
        let of = |person: &&Person| stage.inform.iter().any(|it| person.departments.contains(it));
        let informed = people.iter().filter(of).map(|person| &person.staff);
        let told = informed.chain(&self.editors).chain(manager);
        let asked = |staff: &&StaffId| self.round.electorate.iter().any(|it| it.staff == **staff);
        let here = |staff: &&StaffId| people.iter().any(|it| it.staff == **staff);
        told.filter(|staff| here(staff) && !asked(staff)).cloned().collect()
    }

    /// Whether the same matter goes on in this case: one that was rejected or withdrawn has ended.
    pub fn goes_on(&self) -> bool {
        matches!(self.standing, Standing::Open | Standing::Returned)
    }

    pub(super) fn votes(&self) -> u32 {
        u32::try_from(self.round.votes.len()).unwrap_or(u32::MAX)
    }
}

impl Cases {
    pub fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    pub fn all(&self) -> impl Iterator<Item = &Case> {
        let others = self.releases.values().chain(self.re_reviews.values());
        self.qualification.as_deref().into_iter().chain(self.credit.as_deref()).chain(others)
    }

    pub fn named(&self, which: Which) -> Option<&Case> {
        match which {
            Which::Case(id) => self.all().find(|case| case.id == id),
            Which::Qualification => self.qualification.as_deref(),
            Which::Credit => self.credit.as_deref(),
            Which::Release(order) => self.releases.get(&order),
        }
    }

    /// What ended without approval is of no interest once its order is closed.
    pub(in crate::customer) fn close_order(&mut self, order: &OrderId) {
        if self.releases.get(order).is_some_and(|case| !case.is_open()) {
            self.releases.remove(order);
        }
    }

    /// The case that a matter goes on in.
    pub(super) fn of(&self, matter: &Matter) -> Option<&Case> {
        match matter {
            Matter::Qualification { .. } => self.qualification.as_deref(),
            Matter::Credit { .. } => self.credit.as_deref(),
            Matter::Release { order, .. } => self.releases.get(order),
            Matter::ReReview { of, .. } => self.re_reviews.get(of),
        }
    }

    fn change(&mut self, id: CaseId, change: impl FnOnce(&mut Case)) {
        let others = self.releases.values_mut().chain(self.re_reviews.values_mut());
        let one = self.qualification.as_deref_mut().into_iter();
        let mut all = one.chain(self.credit.as_deref_mut()).chain(others);
        if let Some(case) = all.find(|case| case.id == id) {
            change(case);
        }
    }

    fn put(&mut self, case: Case) {
        match case.matter {
            Matter::Qualification { .. } => self.qualification = Some(Box::new(case)),
            Matter::Credit { .. } => self.credit = Some(Box::new(case)),
            Matter::Release { order, .. } => {
                self.releases.insert(order, case);
            }
            Matter::ReReview { of, .. } => {
                self.re_reviews.insert(of, case);
            }
        }
    }

    fn take_away(&mut self, id: CaseId) {
        let gone = |case: &Option<Box<Case>>| case.as_ref().is_some_and(|case| case.id == id);
        if gone(&self.qualification) {
            self.qualification = None;
        }
        if gone(&self.credit) {
            self.credit = None;
        }
        self.releases.retain(|_, case| case.id != id);
        self.re_reviews.retain(|_, case| case.id != id);
    }
}

fn applicants(matter: &Matter, by: Option<&StaffId>) -> BTreeSet<StaffId> {
    match matter {
        Matter::Credit { assessed_by: None, .. } => by.into_iter().cloned().collect(),
        Matter::Credit { .. }
        | Matter::Qualification { .. }
        | Matter::Release { .. }
        | Matter::ReReview { .. } => [].into(),
    }
}

/// The fold.
impl Cases {
    pub(in crate::customer) fn fold(&mut self, event: &Event) {
        match event {
            Event::CaseOpened(e) => self.open(e),
            Event::CaseRoundOpened(e) => self.ask_anew(e),
            Event::CaseVoted(e) => self.vote(e),
            Event::CaseStageOpened(e) => self.open_stage(e),
            Event::InformationAsked(e) => self.ask(e),
            Event::InformationGiven(e) => self.change(e.case, |case| case.question = None),
            Event::CaseEscalated(e) => {
                self.change(e.case, |case| case.round.escalate(e.level, &e.also));
            }
            Event::ReviewerAdded(e) => self.add_reviewer(e),
            Event::CaseTransferred(e) => self.transfer(e),
            Event::CaseClosed(e) => self.close(e),
            _ => {}
        }
        if let Some(id) = event.case() {
            self.change(id, |case| clock::turn(&mut case.clock, event));
        }
    }

    fn open(&mut self, event: &CaseOpened) {
        self.see(&event.matter);
        self.put(Case {
            id: event.case,
            matter: event.matter.clone(),
            standing: Standing::Open,
            round: Round::begin(&event.opened),
            pack: event.pack.clone(),
            requested_by: event.requested_by.clone(),
            editors: [event.requested_by.clone()].into(),
            applicants: applicants(&event.matter, Some(&event.requested_by)),
            changed_by: BTreeSet::new(),
            question: None,
            clock: None,
        });
    }

    /// What the daily review has found is not found a second time.
    fn see(&mut self, matter: &Matter) {
        let Matter::ReReview { evidence, .. } = matter else { return };
        for evidence in evidence.iter().filter(|it| it.is_of_a_day()) {
            self.seen.retain(|known| known.trigger() != evidence.trigger());
            self.seen.push(evidence.clone());
        }
    }

    fn ask_anew(&mut self, event: &CaseRoundOpened) {
        self.see(&event.matter);
        self.change(event.case, |case| {
            case.matter = event.matter.clone();
            case.standing = Standing::Open;
            case.round = Round::begin(&event.opened);
            case.pack.clone_from(&event.pack);
            case.editors.extend(event.requested_by.iter().cloned());
            case.applicants.extend(applicants(&event.matter, event.requested_by.as_ref()));
            case.changed_by.extend(event.changed_by.iter().cloned());
            case.question = None;
        });
    }

    fn vote(&mut self, event: &CaseVoted) {
        self.change(event.case, |case| case.round.take(&event.vote));
    }

    fn open_stage(&mut self, event: &CaseStageOpened) {
        self.change(event.case, |case| {
            case.round.open_next(&event.opened);
            // What was asked of a stage before waits no longer: whoever is asked now asks again.
            case.question = None;
        });
    }

    fn ask(&mut self, event: &InformationAsked) {
        self.change(event.case, |case| {
            case.question =
                Some(Question { text: event.question.to_string(), by: event.by.clone() });
        });
    }

    fn add_reviewer(&mut self, event: &ReviewerAdded) {
        self.change(event.case, |case| case.round.add_reviewer(&event.reviewer));
    }

    fn transfer(&mut self, event: &CaseTransferred) {
        self.change(event.case, |case| case.round.transfer(&event.from, &event.to));
    }

    /// What was not approved may be asked for again.
    fn close(&mut self, event: &CaseClosed) {
        let kept = |standing| move |case: &mut Case| case.standing = standing;
        let of = |case: &Case| case.id == event.case;
        // Papers that were rejected are gone, and a re-review has had its effect.
        let ends =
            self.qualification.as_deref().is_some_and(of) || self.re_reviews.values().any(of);
        match event.outcome {
            Outcome::Returned => self.change(event.case, kept(Standing::Returned)),
            Outcome::Rejected if !ends => self.change(event.case, kept(Standing::Rejected)),
            Outcome::Withdrawn if !ends => {
                self.change(event.case, kept(Standing::Withdrawn));
            }
            Outcome::Approved
            | Outcome::Confirmed
            | Outcome::Rejected
            | Outcome::Withdrawn
            | Outcome::Overtaken => {
                self.take_away(event.case);
            }
        }
    }
}
