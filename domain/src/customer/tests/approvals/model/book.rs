//! The books: what was asked, shown and agreed to, kept from the commands' actors and the events alone, and judged by the rules.

mod judged;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

pub(super) use self::rules::Rules;
use super::company::Company;
use crate::{
    approval::{Person, VoteCast},
    catalogue::ScopeItem,
    customer::{
        Customer, Event,
        approving::{Matter, Outcome},
        credit::Limit,
        qualification::{Approved, Standing},
        registration::CustomerKind,
    },
    document_kind::DocumentKind,
    ids::{CaseId, DocumentId, OrderId, StaffId},
};

/// Why something that happened must not have.
type Broken = String;

#[derive(Clone, Debug)]
pub(super) struct Book {
    name: String,
    kind: CustomerKind,
    manager: Option<StaffId>,
    /// As one of its kind.
    approved: bool,
    papers: BTreeMap<DocumentId, Filed>,
    orders: BTreeMap<OrderId, Ordered>,
    /// In cents.
    limit: i64,
    grown: Vec<(NaiveDate, i64)>,
    cases: BTreeMap<CaseId, Kept>,
}

#[derive(Clone, Debug)]
struct Filed {
    kind: DocumentKind,
    scope: Vec<ScopeItem>,
    standing: Standing,
    hands: BTreeSet<StaffId>,
}

#[derive(Clone, Debug)]
struct Ordered {
    by: Option<StaffId>,
    price: i64,
    open: u32,
}

/// A case as the books know it.
#[derive(Clone, Debug)]
struct Kept {
    about: Matter,
    open: bool,
    /// To be mended, or given up.
    returned: bool,
    round: u32,
    stage: u32,
    hash: String,
    /// What was shown, in the books' own words.
    shown: String,
    /// As what was asked about stood.
    stood: String,
    hands: BTreeSet<StaffId>,
    applicants: BTreeSet<StaffId>,
    votes: Vec<Counted>,
    /// By stage, those who were asked in their own place.
    asked: BTreeMap<u32, BTreeSet<StaffId>>,
    reviewers: BTreeSet<StaffId>,
}

#[derive(Clone, Debug)]
struct Counted {
    vote: VoteCast,
    /// Everybody who spoke with it.
    spoke: BTreeSet<StaffId>,
    of_reviewer: bool,
}

impl Counted {
    fn people(vote: &VoteCast) -> BTreeSet<StaffId> {
        std::iter::once(&vote.by).chain(&vote.on_behalf_of).cloned().collect()
    }
}

fn must(holds: bool, what: &str) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(what.to_owned()) }
}

/// What an entry is made with.
struct Entry<'a> {
    company: &'a Company,
    rules: &'a Rules,
    actor: &'a StaffId,
    today: NaiveDate,
    events: &'a [Event],
    before: &'a Book,
}

impl Book {
    /// As a customer stands before anything is tried.
    pub(super) fn of(customer: &Customer) -> Self {
        let filed = customer.qualification.documents.iter().map(|(id, known)| {
            let hands = BTreeSet::from([known.uploaded_by.clone()]);
            let (kind, scope) = (known.paper.kind, known.paper.scope.clone());
            (*id, Filed { kind, scope, standing: known.standing, hands })
        });
        let granted = customer.credit.granted.as_ref();
        let particulars = customer.registration.particulars.as_ref().unwrap();
        Self {
            name: particulars.name.to_string(),
            kind: customer.registration.kind(),
            manager: customer.registration.account_manager().cloned(),
            approved: customer.qualification.is_approved(),
            papers: filed.collect(),
            limit: granted.and_then(|it| it.limit.amount()).map_or(0, |it| it.0),
            grown: customer
                .credit
                .increases
                .iter()
                .map(|it| (it.on, it.by.unwrap().minor_units()))
                .collect(),
            orders: BTreeMap::new(),
            cases: BTreeMap::new(),
        }
    }

    pub(super) fn open(&self) -> BTreeSet<CaseId> {
        self.cases.iter().filter(|(_, case)| case.open).map(|(id, _)| *id).collect()
    }

    pub(super) fn enter(
        &mut self,
        company: &Company,
        rules: &Rules,
        actor: &StaffId,
        today: NaiveDate,
        events: &[Event],
    ) -> Result<(), Broken> {
        let before = self.clone();
        let entry = Entry { company, rules, actor, today, events, before: &before };
        for event in events {
            self.take(&entry, event)?;
        }
        // Whoever changes what others are asked about had a hand in what they are asked then.
        for (id, case) in &before.cases {
            let anew = self.cases.get(id).is_some_and(|now| now.round > case.round);
            if anew && case.open && before.stands(&case.about) != self.stands(&case.about) {
                self.case(id)?.hands.insert(actor.clone());
            }
        }
        Ok(())
    }

    fn case(&mut self, id: &CaseId) -> Result<&mut Kept, Broken> {
        self.cases.get_mut(id).ok_or_else(|| format!("{id} was never opened"))
    }

    fn take(&mut self, entry: &Entry, event: &Event) -> Result<(), Broken> {
        match event {
            Event::CustomerClassified(e) => {
                self.approved &= self.kind == e.kind;
                self.kind = e.kind;
            }
            Event::ParticularsAmended(e) => {
                self.manager = e.account_manager.clone().or(self.manager.take());
            }
            Event::DocumentUploaded(e) => {
                let hands = BTreeSet::from([entry.actor.clone()]);
                let (kind, scope) = (e.paper.kind, e.paper.scope.clone());
                self.papers
                    .insert(e.document, Filed { kind, scope, standing: Standing::Draft, hands });
            }
            Event::QualificationSubmitted(e) => {
                self.stand(&e.documents, Standing::InReview);
                for id in &e.documents {
                    self.papers.get_mut(id).unwrap().hands.insert(entry.actor.clone());
                }
            }
            Event::QualificationApproved(e) => self.approve(entry, e)?,
            Event::QualificationRejected(e) => {
                self.papers.retain(|id, _| !e.documents.contains(id));
            }
            Event::QualificationReturned(e) => self.stand(&e.documents, Standing::Draft),
            Event::DocumentRevoked(e) => self.stand(&[e.document], Standing::Revoked),
            Event::OrderPlaced(e) | Event::OrderHeld(e) => {
                let (pieces, total) = (e.lines[0].quantity.get(), e.total.minor_units());
                let (by, price) = (Some(entry.actor.clone()), total / i64::from(pieces));
                self.orders.insert(e.order, Ordered { by, price, open: pieces });
            }
            Event::OrderCancelled(e) => {
                let order = self.orders.get_mut(&e.order).unwrap();
                order.open -= e.lines.iter().map(|line| line.quantity.get()).sum::<u32>();
            }
            Event::LimitGranted(e) => {
                self.takes_effect(entry, |about| match about {
                    Matter::Credit { grant, .. } => grant.limit == e.limit,
                    _ => false,
                })?;
                let now = cents(&e.limit);
                if now > self.limit {
                    self.grown.push((entry.today, now - self.limit));
                }
                self.limit = now;
            }
            Event::OrderReleased(e) => self.takes_effect(entry, |about| match about {
                Matter::Release { order, release } => *order == e.order && **release == e.release,
                _ => false,
            })?,
            _ => self.follow(entry, event)?,
        }
        Ok(())
    }

    fn approve(&mut self, entry: &Entry, e: &Approved) -> Result<(), Broken> {
        self.takes_effect(entry, |about| match about {
            Matter::Qualification { renames_to } => *renames_to == e.name,
            _ => false,
        })?;
        if let Some(name) = &e.name {
            self.name = name.to_string();
        }
        self.stand(&e.superseded, Standing::Superseded);
        self.stand(&e.documents, Standing::Approved);
        self.approved = true;
        Ok(())
    }

    fn stand(&mut self, documents: &[DocumentId], standing: Standing) {
        for id in documents {
            if let Some(paper) = self.papers.get_mut(id) {
                paper.standing = standing;
            }
        }
    }

    /// What the events say of cases.
    #[expect(clippy::too_many_lines, reason = "one part for each event")]
    fn follow(&mut self, entry: &Entry, event: &Event) -> Result<(), Broken> {
        match event {
            Event::CaseOpened(e) => {
                must(!self.cases.contains_key(&e.case), "a case is opened once")?;
                let case = Kept {
                    about: e.matter.clone(),
                    open: true,
                    returned: false,
                    round: 0,
                    stage: 1,
                    hash: String::new(),
                    shown: String::new(),
                    stood: String::new(),
                    hands: BTreeSet::new(),
                    applicants: BTreeSet::new(),
                    votes: Vec::new(),
                    asked: BTreeMap::new(),
                    reviewers: BTreeSet::new(),
                };
                self.cases.insert(e.case, case);
                let (round, content) = (e.opened.round, &e.opened.content);
                self.begin(entry, &e.case, &e.matter, (round, content), true)?;
                self.ask(entry, &e.case, 1, &e.opened.electorate)?;
            }
            Event::CaseRoundOpened(e) => {
                let by_request = e.requested_by.is_some();
                let (round, content) = (e.opened.round, &e.opened.content);
                self.begin(entry, &e.case, &e.matter, (round, content), by_request)?;
                self.ask(entry, &e.case, 1, &e.opened.electorate)?;
            }
            Event::CaseVoted(e) => {
                if let Some(signed) = &e.remarks.signed {
                    must(signed.signer == *entry.actor, "a signature of somebody else's")?;
                    must(signed.content == e.vote.content, "a signature under something else")?;
                }
                self.count(entry, &e.case, &e.vote)?;
            }
            Event::CaseStageOpened(e) => {
                let case = self.case(&e.case)?;
                let all_heard = case.reviewers_heard();
                must(e.returned.is_some() || all_heard, "a reviewer was passed over")?;
                case.votes.retain(|it| it.vote.stage < e.opened.stage);
                case.stage = e.opened.stage;
                case.reviewers.clear();
                self.ask(entry, &e.case, e.opened.stage, &e.opened.electorate)?;
            }
            Event::ReviewerAdded(e) => {
                let case = self.case(&e.case)?;
                case.reviewers.insert(e.reviewer.staff.clone());
                let asked = case.asked.entry(case.stage).or_default();
                asked.remove(&e.reviewer.staff);
            }
            Event::CaseTransferred(e) => {
                must(e.from == *entry.actor, "one's own place only")?;
                let case = self.case(&e.case)?;
                if case.reviewers.remove(&e.from) {
                    case.reviewers.insert(e.to.staff.clone());
                } else {
                    let asked = case.asked.entry(case.stage).or_default();
                    asked.remove(&e.from);
                    must(asked.insert(e.to.staff.clone()), "two places became one")?;
                }
            }
            Event::CaseClosed(e) => {
                let case = self.case(&e.case)?;
                let given_up = case.returned && e.outcome == Outcome::Withdrawn;
                must(case.open || given_up, "closed twice")?;
                must(e.content == case.hash, "what was closed is not what was asked")?;
                case.returned = case.open && e.outcome == Outcome::Returned;
                case.open = false;
            }
            _ => {}
        }
        Ok(())
    }

    fn begin(
        &mut self,
        entry: &Entry,
        id: &CaseId,
        about: &Matter,
        (round, hash): (u32, &str),
        by_request: bool,
    ) -> Result<(), Broken> {
        let (shown, stands) = (self.shown(about, entry.rules), self.stands(about));
        let stood = entry.before.stands(about);
        let case = self.case(id)?;
        must(round == case.round + 1, "rounds are counted")?;
        must(
            by_request || case.stood == stood,
            "asked by itself about what somebody changed before",
        )?;
        case.stood = stands;
        if by_request {
            case.hands.insert(entry.actor.clone());
            if matches!(about, Matter::Credit { assessed_by: None, .. }) {
                case.applicants.insert(entry.actor.clone());
            }
        }
        (case.about, case.open, case.round, case.stage) = (about.clone(), true, round, 1);
        case.returned = false;
        (case.hash, case.shown) = (hash.to_owned(), shown);
        case.votes.clear();
        case.asked.clear();
        case.reviewers.clear();
        Ok(())
    }

    /// Who is asked is of the stage now, had no hand in it, and has not spoken.
    fn ask(
        &mut self,
        entry: &Entry,
        id: &CaseId,
        stage: u32,
        electorate: &[Person],
    ) -> Result<(), Broken> {
        let about = self.case(id)?.about.clone();
        let hands = entry.company.hands(&self.hands(id));
        for person in electorate {
            must(!hands.contains(&person.staff), "somebody with a hand in it is asked")?;
        }
        let steps = self.steps(&about, entry.rules, entry.today);
        let step = steps.get(usize::try_from(stage).unwrap() - 1);
        let own = electorate.iter().filter(|it| it.escalated_as.is_none());
        for person in own.clone() {
            let of = step.is_some_and(|step| {
                step.departments.iter().any(|role| {
                    let lent = |from: &StaffId| entry.company.lends(from, &person.staff, *role);
                    entry.company.holds(&person.staff, *role)
                        || person.stands_in_for.keys().any(lent)
                        || person.stands_in_for.values().any(|lent| lent.contains(role))
                })
            });
            must(of, "somebody of no department is asked")?;
        }
        let own = own.map(|person| person.staff.clone()).collect();
        self.case(id)?.asked.insert(stage, own);
        Ok(())
    }
}

impl Kept {
    fn reviewers_heard(&self) -> bool {
        let voted = |staff: &StaffId| {
            self.votes.iter().any(|it| it.vote.stage == self.stage && it.vote.by == *staff)
        };
        self.reviewers.iter().all(voted)
    }
}

fn cents(limit: &Limit) -> i64 {
    match limit {
        Limit::Amount { amount } => amount.minor_units(),
        Limit::None | Limit::Unlimited => panic!("no such limit is asked for here"),
    }
}
