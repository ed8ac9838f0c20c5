//! What the books hold against a vote, and against what takes effect.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::{
    Book, Broken, Counted, Entry, Filed, Kept, Rules, cents, must,
    rules::{Step, satisfied},
};
use crate::{
    approval::VoteCast,
    customer::{
        Event,
        approving::{Matter, Outcome},
        qualification::Standing,
    },
    decision::CauseKind,
    document_kind::DocumentKind,
    ids::{CaseId, StaffId},
};

impl Book {
    pub(super) fn count(
        &mut self,
        entry: &Entry,
        id: &CaseId,
        vote: &VoteCast,
    ) -> Result<(), Broken> {
        let company = entry.company;
        let case = self.cases.get(id).ok_or("a vote on nothing")?;
        must(case.open, "a vote on what is closed")?;
        must(vote.by == *entry.actor, "a vote of somebody else's")?;
        must((vote.round, vote.stage) == (case.round, case.stage), "a vote of another step")?;
        must(vote.content == case.hash, "a vote for another content")?;
        must(self.shown(&case.about, entry.rules) == case.shown, "a vote for what has changed")?;
        let voters = Counted::people(vote);
        let hands = company.hands(&self.hands(id));
        must(voters.is_disjoint(&hands), "a vote of somebody with a hand in it")?;
        let now: BTreeSet<StaffId> =
            voters.iter().flat_map(|staff| company.one_with(staff)).collect();
        for earlier in &case.votes {
            must(earlier.spoke.is_disjoint(&voters), "somebody spoke twice")?;
            let before = Counted::people(&earlier.vote);
            must(before.is_disjoint(&now), "somebody and who stands in for them spoke twice")?;
        }
        let of_reviewer = case.reviewers.contains(&vote.by);
        let steps = self.steps(&case.about, entry.rules, entry.today);
        let step = steps.get(usize::try_from(vote.stage).unwrap() - 1).ok_or("no such step")?;
        must(of_reviewer || step.departments.contains(&vote.department), "of no department")?;
        let held = if let Some(principal) = &vote.on_behalf_of {
            company.lends(principal, &vote.by, vote.department)
        } else {
            let escalated = step.escalation.iter().any(|role| company.holds(&vote.by, *role));
            company.holds(&vote.by, vote.department) || escalated
        };
        must(held, "a department that was not held")?;
        let spoke = voters.union(&now).cloned().collect();
        self.case(id)?.votes.push(Counted { vote: vote.clone(), spoke, of_reviewer });
        Ok(())
    }

    /// That what takes effect was agreed to: in a case that closes with it, as it stands, by all whom the rules ask.
    pub(super) fn takes_effect(
        &self,
        entry: &Entry,
        is_it: impl Fn(&Matter) -> bool,
    ) -> Result<(), Broken> {
        let closing = entry.events.iter().find_map(|event| match event {
            Event::CaseClosed(e) if e.outcome == Outcome::Approved => Some(e),
            _ => None,
        });
        let closing = closing.ok_or("an effect without a record")?;
        let case = self.cases.get(&closing.case).ok_or("an effect of no case")?;
        must(case.open && is_it(&case.about), "an effect of another case")?;
        must(closing.content == case.hash, "closed for another content")?;
        must(self.shown(&case.about, entry.rules) == case.shown, "what was shown is not so")?;
        must(case.reviewers_heard(), "a reviewer was passed over")?;
        let hands = self.hands(&closing.case);
        let steps = self.steps(&case.about, entry.rules, entry.today);
        for (number, step) in (1..).zip(&steps) {
            let votes = case.votes.iter().filter(|it| it.vote.stage == number && !it.of_reviewer);
            let votes: Vec<&VoteCast> = votes.map(|it| &it.vote).collect();
            let nobody = BTreeSet::new();
            let asked = case.asked.get(&number).unwrap_or(&nobody);
            must(satisfied(step, &votes, asked), "a step was left out")?;
        }
        for counted in &case.votes {
            let voters = Counted::people(&counted.vote);
            must(counted.vote.content == case.hash, "a vote for something else counted")?;
            must(voters.is_disjoint(&hands), "a vote of somebody with a hand in it counted")?;
        }
        if steps.is_empty() {
            let barred = entry.company.hands(&self.may_not_alone(case));
            must(!barred.contains(entry.actor), "nobody was asked, and it was their own")?;
        }
        Ok(())
    }

    /// Who may not do it where nobody else is asked.
    fn may_not_alone(&self, case: &Kept) -> BTreeSet<StaffId> {
        match &case.about {
            Matter::Qualification { .. } | Matter::ReReview { .. } => BTreeSet::new(),
            Matter::Credit { .. } => self.manager.iter().chain(&case.applicants).cloned().collect(),
            Matter::Release { order, .. } => {
                let placed = self.orders.get(order).and_then(|order| order.by.as_ref());
                let manager = (!of_file(&case.about)).then_some(self.manager.as_ref()).flatten();
                placed.into_iter().chain(manager).cloned().collect()
            }
        }
    }

    /// Whoever had a hand in what a case is about.
    pub(super) fn hands(&self, id: &CaseId) -> BTreeSet<StaffId> {
        let Some(case) = self.cases.get(id) else { return BTreeSet::new() };
        let mut hands = case.hands.clone();
        match &case.about {
            Matter::Qualification { .. } => {
                let asked = self.papers.values().filter(|it| it.standing == Standing::InReview);
                hands.extend(asked.flat_map(|paper| paper.hands.clone()));
            }
            Matter::Credit { .. } | Matter::ReReview { .. } => {
                hands.extend(self.manager.clone());
            }
            Matter::Release { order, .. } => {
                hands.extend(self.manager.clone());
                hands.extend(self.orders.get(order).and_then(|order| order.by.clone()));
            }
        }
        hands
    }

    /// What is asked about, as it stands.
    pub(super) fn stands(&self, about: &Matter) -> String {
        let of_it = match about {
            Matter::Qualification { .. } => {
                let asked = self.papers.iter().filter(|(_, it)| it.standing == Standing::InReview);
                format!("{:?}", asked.map(|(id, _)| id).collect::<Vec<_>>())
            }
            Matter::Credit { .. } => format!("{} {:?}", self.limit, self.manager),
            Matter::Release { order, .. } => {
                let open = self.orders.get(order).map(|order| order.open);
                format!("{open:?} {:?}", self.manager)
            }
            Matter::ReReview { .. } => format!("{:?}", self.manager),
        };
        format!("{} {:?} {of_it}", self.name, self.kind)
    }

    /// The same with what is asked for, and by which rules.
    pub(super) fn shown(&self, about: &Matter, rules: &Rules) -> String {
        format!("{} {about:?} {rules:?}", self.stands(about))
    }

    /// Whom the rules ask about it today.
    pub(super) fn steps(&self, about: &Matter, rules: &Rules, today: NaiveDate) -> Vec<Step> {
        match about {
            Matter::Qualification { renames_to } => {
                let renews = self.renews() && renames_to.is_none();
                rules.of_papers(renews, self.kind, self.has_licence())
            }
            Matter::Credit { grant, assessed_by } => {
                let asked = cents(&grant.limit);
                let more = (asked - self.limit).max(0);
                let since = today.checked_sub_months(chrono::Months::new(12)).unwrap();
                let counted = self.grown.iter().filter(|(on, _)| *on > since);
                let before: i64 = counted.map(|(_, by)| by).sum();
                let cumulative = if more > 0 { more + before } else { 0 };
                rules.of_credit(assessed_by.is_some(), cumulative, asked)
            }
            Matter::Release { order, release } => {
                let value = self.orders.get(order).map_or(0, |it| it.price * i64::from(it.open));
                let figures = release.lifted.iter().filter_map(|it| it.figure);
                let figure = figures.map(crate::money::Money::minor_units).max().unwrap_or(0);
                rules.of_release(of_file(about), value.max(figure))
            }
            Matter::ReReview { of, .. } => Rules::of_re_review(*of),
        }
    }

    /// Whether all that is under review is on file already, and allows no more.
    fn renews(&self) -> bool {
        let asked = self.papers.values().filter(|it| it.standing == Standing::InReview);
        let on_file = |asked: &Filed| {
            self.papers.values().any(|known| {
                let covers = asked.scope.iter().all(|item| known.scope.contains(item));
                known.standing == Standing::Approved && known.kind == asked.kind && covers
            })
        };
        self.approved && asked.clone().all(on_file)
    }

    fn has_licence(&self) -> bool {
        self.papers.values().any(|paper| {
            let speaks = !matches!(paper.standing, Standing::Draft | Standing::Revoked);
            paper.kind == DocumentKind::DeviceTradingLicence && speaks
        })
    }
}

fn of_file(about: &Matter) -> bool {
    match about {
        Matter::Release { release, .. } => {
            release.lifted.iter().all(|it| it.code.kind() == CauseKind::Qualification)
        }
        Matter::Qualification { .. } | Matter::Credit { .. } | Matter::ReReview { .. } => false,
    }
}
