//! The papers that the pack asks for, on a date: on file, approved, in force, and covering what is bought.

use chrono::NaiveDate;

use super::{Line, Question};
use crate::{
    customer::{
        Customer,
        qualification::{Document, Standing},
    },
    decision::{Cause, CauseCode, Checkpoint, Reaction, Reliance, Subject},
    ids::DocumentId,
    money::Minor,
    policy::{
        Pack,
        pack::{PaperRule, Scoping, Weight},
    },
};

pub(super) struct Papers<'a> {
    customer: &'a Customer,
    pack: &'a Pack,
    question: &'a Question<'a>,
    relied_on: Vec<Reliance>,
}

impl<'a> Papers<'a> {
    pub(super) fn new(customer: &'a Customer, pack: &'a Pack, question: &'a Question<'a>) -> Self {
        Self { customer, pack, question, relied_on: Vec::new() }
    }

    pub(super) fn relied_on(self) -> Vec<Reliance> {
        let mut relied_on = self.relied_on;
        relied_on.sort_by_key(|r| r.document);
        relied_on.dedup();
        relied_on
    }

    /// Every rule that concerns the customer and the lines, on one date.
    pub(super) fn judge_on(&mut self, date: NaiveDate, causes: &mut Vec<Cause>) {
        if self.question.checkpoint == Checkpoint::Receipt {
            return;
        }
        for rule in self.rules() {
            let lines = self.concerned(rule);
            if !rule_is_asked(rule, &lines) {
                continue;
            }
            match self.find(rule, date) {
                Found::InForce(papers) => self.check_scope(rule, &papers, &lines, causes),
                Found::Not(cause) => causes.push(on_lines(cause, rule, &lines)),
            }
        }
    }

    /// A paper of today that will have lapsed when the goods are wanted: the order is placed, and the renewal is due by then.
    pub(super) fn judge_at_shipment(
        &mut self,
        today: NaiveDate,
        ship_by: NaiveDate,
        causes: &mut Vec<Cause>,
    ) {
        if ship_by <= today {
            return;
        }
        for rule in self.rules().filter(|rule| rule.weight == Weight::Legal) {
            let lines = self.concerned(rule);
            if !rule_is_asked(rule, &lines) {
                continue;
            }
            let Found::InForce(now) = self.find(rule, today) else { continue };
            let lasts = match self.find(rule, ship_by) {
                Found::InForce(then) => then.iter().any(|(_, d)| suffices(d, rule, &lines)),
                Found::Not(_) => false,
            };
            // A scope that does not suffice today is a cause of its own.
            let suffices_now = now.iter().find(|(_, d)| suffices(d, rule, &lines));
            if let (false, Some((id, document))) = (lasts, suffices_now) {
                let cause = about_document(CauseCode::DocumentLapsesBeforeShipment, **id, document);
                causes.push(on_lines(cause.with("ship_date", ship_by), rule, &lines));
            }
        }
    }

    fn rules(&self) -> impl Iterator<Item = &'a PaperRule> + use<'a> {
        let registration = &self.customer.registration;
        let entity = registration.uscc().map(crate::uscc::Uscc::entity);
        self.pack.papers_for(registration.kind(), entity)
    }

    fn concerned(&self, rule: &PaperRule) -> Vec<&'a Line<'a>> {
        let question: &'a Question<'a> = self.question;
        question
            .lines
            .iter()
            .filter(|line| {
                (rule.classes.is_empty() || rule.classes.contains(&line.particulars.class))
                    && (rule.traits.is_empty()
                        || line.particulars.traits.iter().any(|t| rule.traits.contains(t)))
            })
            .collect()
    }

    /// The papers of the rule that are in force on the date, or the cause that none is.
    fn find(&self, rule: &PaperRule, date: NaiveDate) -> Found<'a> {
        let file = &self.customer.qualification;
        let in_force: Vec<_> =
            rule.any_of.iter().filter_map(|kind| file.in_force(*kind, date)).collect();
        if !in_force.is_empty() {
            return Found::InForce(in_force);
        }
        let cause = self.lapsed(rule, date).unwrap_or_else(|| self.absent(rule));
        Found::Not(weighed(cause, rule.weight))
    }

    /// The nearest paper that would have done: the last one that began, which was revoked or has run out, or the next one.
    fn lapsed(&self, rule: &PaperRule, date: NaiveDate) -> Option<Cause> {
        let of_rule = self
            .customer
            .qualification
            .documents
            .iter()
            .filter(|(_, d)| rule.any_of.contains(&d.paper.kind) && d.approved_at.is_some());
        let (begun, coming): (Vec<_>, Vec<_>) =
            of_rule.partition(|(_, d)| d.paper.valid_from <= date);
        let last = begun.into_iter().max_by_key(|(_, d)| (d.paper.valid_from, d.approved_at));
        if let Some((id, document)) = last {
            let revoked = document.standing == Standing::Revoked;
            let code =
                if revoked { CauseCode::DocumentRevoked } else { CauseCode::DocumentExpired };
            return Some(about_document(code, *id, document));
        }
        let coming = coming.into_iter().filter(|(_, d)| d.standing != Standing::Revoked);
        let next = coming.min_by_key(|(_, d)| d.paper.valid_from);
        next.map(|(id, document)| about_document(CauseCode::DocumentNotYetValid, *id, document))
    }

    /// Nothing on file: missing, or something else was taken for it.
    fn absent(&self, rule: &PaperRule) -> Cause {
        let file = &self.customer.qualification;
        let codes: Vec<_> = rule.any_of.iter().map(|kind| kind.code()).collect();
        let wanted = codes.join(",");
        let mistaken = (rule.scope == Scoping::ClassAndCode)
            .then(|| self.pack.never_counts.iter().find_map(|kind| file.approved(*kind).next()))
            .flatten();
        if let Some((id, document)) = mistaken {
            let cause = about_document(CauseCode::DocumentWrongKind, *id, document);
            return cause.with("wanted", wanted);
        }
        Cause::new(CauseCode::DocumentMissing).with("kind", wanted)
    }

    /// Each concerned line must be covered by the scope of one of the papers; without a scope rule any of them will do.
    fn check_scope(
        &mut self,
        rule: &PaperRule,
        papers: &[(&'a DocumentId, &'a Document)],
        lines: &[&'a Line<'a>],
        causes: &mut Vec<Cause>,
    ) {
        if rule.scope == Scoping::None || lines.is_empty() {
            self.rely_on(papers.first());
            return;
        }
        for line in lines {
            let covering = papers.iter().find(|(_, d)| covers(d, line));
            self.rely_on(covering.or(papers.first()));
            let (None, Some((id, document))) = (covering, papers.first()) else { continue };
            let mut cause = about_document(CauseCode::ScopeNotCovered, **id, document)
                .with("class", line.particulars.class)
                .on_line(line.number);
            if let Some(place) = line.particulars.catalogue {
                cause = cause.with("catalogue", place.version()).with("code", place.code());
            }
            causes.push(weighed(on_basis(cause, rule), rule.weight));
        }
    }

    fn rely_on(&mut self, paper: Option<&(&DocumentId, &Document)>) {
        if let Some((id, document)) = paper {
            self.relied_on.push(Reliance { document: **id, version: document.version });
        }
    }
}

/// What a pack asks of the customer as such and the file lacks on a day: only what stops it somewhere, whatever it buys.
pub(in crate::customer) fn lacking(customer: &Customer, pack: &Pack, on: NaiveDate) -> Vec<Cause> {
    let question = Question::about_customer(Checkpoint::Order, Minor::ZERO);
    let mut causes = Vec::new();
    Papers::new(customer, pack, &question).judge_on(on, &mut causes);
    let stops = |code: CauseCode| {
        Checkpoint::ALL.iter().any(|checkpoint| pack.reaction(code, *checkpoint) >= Reaction::Hold)
    };
    causes.retain(|cause| stops(cause.code));
    causes
}

enum Found<'a> {
    InForce(Vec<(&'a DocumentId, &'a Document)>),
    Not(Cause),
}

/// A rule for certain lines is asked only where there are such lines.
fn rule_is_asked(rule: &PaperRule, lines: &[&Line<'_>]) -> bool {
    (rule.classes.is_empty() && rule.traits.is_empty()) || !lines.is_empty()
}

fn suffices(document: &Document, rule: &PaperRule, lines: &[&Line<'_>]) -> bool {
    rule.scope == Scoping::None || lines.iter().all(|line| covers(document, line))
}

fn covers(document: &Document, line: &Line<'_>) -> bool {
    let Some(place) = line.particulars.catalogue else { return false };
    document.paper.scope.iter().any(|item| item.covers(place, line.particulars.class))
}

/// A rule about certain lines names them; one about the customer names none.
fn on_lines(mut cause: Cause, rule: &PaperRule, lines: &[&Line<'_>]) -> Cause {
    if !rule.classes.is_empty() || !rule.traits.is_empty() {
        cause.lines.extend(lines.iter().map(|line| line.number));
    }
    on_basis(cause, rule)
}

fn on_basis(cause: Cause, rule: &PaperRule) -> Cause {
    match &rule.basis {
        Some(basis) => cause.with("basis", basis),
        None => cause,
    }
}

/// What the law asks for is a legal cause; what only our file asks for is a gap in it, or an advice.
fn weighed(mut cause: Cause, weight: Weight) -> Cause {
    // One that was revoked is as good as run out where only our file asks.
    let ran_out = matches!(cause.code, CauseCode::DocumentExpired | CauseCode::DocumentRevoked);
    cause.code = match (weight, ran_out) {
        (Weight::Legal, _) => cause.code,
        (Weight::File, false) => CauseCode::FileMissing,
        (Weight::File | Weight::KeptCurrent, true) => CauseCode::FileExpired,
        (Weight::KeptCurrent, false) | (Weight::Recommended, _) => CauseCode::FileRecommended,
    };
    cause
}

pub(super) fn about_document(code: CauseCode, id: DocumentId, document: &Document) -> Cause {
    let paper = &document.paper;
    let cause = Cause::new(code)
        .about(Subject::new("document", id))
        .with("kind", paper.kind.code())
        .with("number", &*paper.number)
        .with("valid_from", paper.valid_from)
        .resting_on(document.version);
    match paper.valid_to {
        Some(end) => cause.with("valid_to", end),
        None => cause,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_our_file_asks_for_is_never_a_legal_cause() {
        for weight in [Weight::File, Weight::KeptCurrent, Weight::Recommended] {
            for code in [CauseCode::DocumentMissing, CauseCode::DocumentExpired] {
                let cause = weighed(Cause::new(code), weight);
                assert_eq!(cause.code.kind(), crate::decision::CauseKind::Qualification);
                assert_eq!(cause.reaction, Reaction::None);
            }
        }
    }
}
