//! What moves a case without a vote: questions, further reviewers, somebody else in one's place, withdrawing, asking again.

use super::{
    Case, CaseTransferred, InformationAsked, InformationGiven, Matter, Outcome, ReviewerAdded,
    Standing, Why, clock,
    matter::{anew, put},
    reviewing,
    voting::{asked, ended, open},
};
use crate::{
    approval,
    context::Context,
    customer::{Customer, Event, Rejection, qualification},
    ids::StaffId,
    permissions::may,
    text::Prose,
};

pub(super) fn ask(
    context: &Context,
    case: &Case,
    question: &Prose<1000>,
) -> Result<Vec<Event>, Rejection> {
    asked(context, case)?;
    if case.question.is_some() {
        return Err(Rejection::QuestionOpen);
    }
    let by = context.turn.actor.clone();
    let at = Some(context.turn.now);
    let asked = InformationAsked { case: case.id, question: question.clone(), by, at };
    Ok(vec![Event::InformationAsked(asked)])
}

/// By whoever had a hand in it; about a re-review, which nobody asked for, also by who manages the account or put the question.
pub(super) fn inform(
    customer: &Customer,
    context: &Context,
    case: &Case,
    answer: &Prose<1000>,
) -> Result<Vec<Event>, Rejection> {
    open(case)?;
    let question = case.question.as_ref().ok_or(Rejection::NoQuestion)?;
    let by = context.turn.actor.clone();
    let knows = question.by == by || customer.registration.account_manager() == Some(&by);
    if !(matches!(case.matter, Matter::ReReview { .. }) && knows) {
        of_the_editors(context, case)?;
    }
    let deadline = clock::goes_on(context, case);
    let given = InformationGiven { case: case.id, answer: answer.clone(), by, deadline };
    Ok(vec![Event::InformationGiven(given)])
}

/// By somebody who is asked, for somebody who may be asked about such a matter.
pub(super) fn add_reviewer(
    context: &Context,
    case: &Case,
    reviewer: &StaffId,
    reason: &Prose<500>,
) -> Result<Vec<Event>, Rejection> {
    asked(context, case)?;
    let person = context
        .assemblies
        .person(case.matter.subject(), reviewer)
        .ok_or(approval::Rejection::NotOfTheStage)?;
    let act = case.matter.subject().act();
    let able = person.departments.iter().copied().filter(|role| may(*role, act)).collect();
    let person = approval::Person::new(reviewer.clone(), able);
    let asked_already = case.round.reviewers.contains(reviewer);
    let people = context.assemblies.of(case.matter.subject());
    let free = case.round.may_be_asked(reviewer, people);
    if person.departments.is_empty() || asked_already || !free {
        return Err(approval::Rejection::NotOfTheStage.into());
    }
    let mut after = case.round.clone();
    after.add_reviewer(&person);
    leaves_enough(&after, case, context)?;
    let by = context.turn.actor.clone();
    let added = ReviewerAdded { case: case.id, reviewer: person, reason: reason.clone(), by };
    Ok(vec![Event::ReviewerAdded(Box::new(added))])
}

/// By somebody who is asked, to somebody of one of the departments that they were asked for.
pub(super) fn transfer(
    context: &Context,
    case: &Case,
    to: &StaffId,
    reason: &Prose<500>,
) -> Result<Vec<Event>, Rejection> {
    asked(context, case)?;
    let from = &context.turn.actor;
    let person = context
        .assemblies
        .person(case.matter.subject(), to)
        .ok_or(approval::Rejection::NotOfTheStage)?;
    let own = case.round.electorate.iter().find(|asked| asked.staff == *from);
    let own = own.ok_or(approval::Rejection::NotOfTheStage)?;
    let shared = &own.departments & &person.departments;
    let asked_already = case.round.electorate.iter().any(|asked| asked.staff == *to);
    let free = case.round.may_be_asked(to, context.assemblies.of(case.matter.subject()));
    if shared.is_empty() || asked_already || !free {
        return Err(approval::Rejection::NotOfTheStage.into());
    }
    let to = approval::Person::new(to.clone(), shared);
    let mut after = case.round.clone();
    after.transfer(from, &to);
    leaves_enough(&after, case, context)?;
    let from = from.clone();
    let moved = CaseTransferred { case: case.id, from, to, reason: reason.clone() };
    Ok(vec![Event::CaseTransferred(Box::new(moved))])
}

pub(super) fn withdraw(
    customer: &Customer,
    context: &Context,
    case: &Case,
    reason: &Prose<500>,
) -> Result<Vec<Event>, Rejection> {
    if !case.goes_on() {
        return Err(Rejection::CaseNotOpen);
    }
    reviewing::may_be_called_back(case)?;
    of_the_editors(context, case)?;
    let mut events = Vec::new();
    if matches!(case.matter, Matter::Qualification { .. }) && case.is_open() {
        let remarks = qualification::Remarks::default();
        let back = qualification::declined(customer, context, reason, remarks);
        events.push(Event::QualificationReturned(back));
    }
    let remarks = qualification::Remarks::default();
    events.push(ended(context, case, Outcome::Withdrawn, reason, remarks));
    Ok(events)
}

/// The same thing once more: what was rejected or withdrawn is asked for in a new round.
pub(super) fn reopen(
    customer: &Customer,
    context: &Context,
    case: &Case,
) -> Result<Vec<Event>, Rejection> {
    if !matches!(case.standing, Standing::Rejected | Standing::Withdrawn) {
        return Err(Rejection::CaseNotEnded);
    }
    of_the_editors(context, case)?;
    let by = &context.turn.actor;
    let put = put(customer, context, &case.matter, Some(case), Some(by))?;
    if put.opened.route.stages.is_empty() {
        // It would wait for nobody's vote, and nobody's vote would finish it.
        return Err(Rejection::AskAnew);
    }
    let asked = anew(case, case.matter.clone(), put, Why::Reopened, Some(by.clone()));
    Ok(vec![Event::CaseRoundOpened(Box::new(asked))])
}

/// Nobody is asked besides, or in another's place, where that leaves too few for the rest.
fn leaves_enough(after: &approval::Round, case: &Case, context: &Context) -> Result<(), Rejection> {
    let people = context.assemblies.of(case.matter.subject());
    if after.can_be_finished(people) || !case.round.can_be_finished(people) {
        return Ok(());
    }
    Err(approval::Rejection::NotOfTheStage.into())
}

fn of_the_editors(context: &Context, case: &Case) -> Result<(), Rejection> {
    if case.editors.contains(&context.turn.actor) { Ok(()) } else { Err(Rejection::NotYourCase) }
}
