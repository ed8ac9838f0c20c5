//! The cases of a customer: one for its papers, one for its credit, one for each order that somebody asks to release.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{
    CaseClosed, CaseOpened, CaseRoundOpened, CaseStageOpened, CaseTransferred, CaseVoted,
    InformationAsked, Matter, Outcome, ReviewerAdded, Which,
};
use crate::{
    approval::Round,
    customer::Event,
    ids::{CaseId, OrderId, StaffId},
};

/// The approving part of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cases {
    /// Open, or returned to be mended.
    pub qualification: Option<Case>,
    /// The last one that was not approved.
    pub credit: Option<Case>,
    /// Open.
    pub releases: BTreeMap<OrderId, Case>,
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
        self.qualification.is_none() && self.credit.is_none() && self.releases.is_empty()
    }

    pub fn all(&self) -> impl Iterator<Item = &Case> {
        self.qualification.iter().chain(&self.credit).chain(self.releases.values())
    }

    pub fn named(&self, which: Which) -> Option<&Case> {
        match which {
            Which::Case(id) => self.all().find(|case| case.id == id),
            Which::Qualification => self.qualification.as_ref(),
            Which::Credit => self.credit.as_ref(),
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
            Matter::Qualification {} => self.qualification.as_ref(),
            Matter::Credit { .. } => self.credit.as_ref(),
            Matter::Release { order, .. } => self.releases.get(order),
        }
    }

    fn change(&mut self, id: CaseId, change: impl FnOnce(&mut Case)) {
        let mut all =
            self.qualification.iter_mut().chain(&mut self.credit).chain(self.releases.values_mut());
        if let Some(case) = all.find(|case| case.id == id) {
            change(case);
        }
    }

    fn put(&mut self, case: Case) {
        match case.matter {
            Matter::Qualification {} => self.qualification = Some(case),
            Matter::Credit { .. } => self.credit = Some(case),
            Matter::Release { order, .. } => {
                self.releases.insert(order, case);
            }
        }
    }

    fn take_away(&mut self, id: CaseId) {
        let gone = |case: &Option<Case>| case.as_ref().is_some_and(|case| case.id == id);
        if gone(&self.qualification) {
            self.qualification = None;
        }
        if gone(&self.credit) {
            self.credit = None;
        }
        self.releases.retain(|_, case| case.id != id);
    }
}

fn applicants(matter: &Matter, by: Option<&StaffId>) -> BTreeSet<StaffId> {
    match matter {
        Matter::Credit { assessed_by: None, .. } => by.into_iter().cloned().collect(),
        Matter::Credit { .. } | Matter::Qualification {} | Matter::Release { .. } => [].into(),
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
            Event::ReviewerAdded(e) => self.add_reviewer(e),
            Event::CaseTransferred(e) => self.transfer(e),
            Event::CaseClosed(e) => self.close(e),
            _ => {}
        }
    }

    fn open(&mut self, event: &CaseOpened) {
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
        });
    }

    fn ask_anew(&mut self, event: &CaseRoundOpened) {
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
        self.change(event.case, |case| case.round.open_next(&event.opened));
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

    /// What was not approved may be asked for again; papers that were rejected are gone, and so is their case.
    fn close(&mut self, event: &CaseClosed) {
        let kept = |standing| move |case: &mut Case| case.standing = standing;
        let of_papers = self.qualification.as_ref().is_some_and(|case| case.id == event.case);
        match event.outcome {
            Outcome::Returned => self.change(event.case, kept(Standing::Returned)),
            Outcome::Rejected if !of_papers => self.change(event.case, kept(Standing::Rejected)),
            Outcome::Withdrawn if !of_papers => {
                self.change(event.case, kept(Standing::Withdrawn));
            }
            Outcome::Approved | Outcome::Rejected | Outcome::Withdrawn | Outcome::Overtaken => {
                self.take_away(event.case);
            }
        }
    }
}
