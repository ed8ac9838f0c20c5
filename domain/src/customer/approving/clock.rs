//! What time brings about for open cases: reminders, breaches, and more people who are asked.
//!
//! Each is on record once, in its order, however seldom somebody looks. A stage that those who were asked can no longer fill is opened
//! again with those who are here now. Papers that are under review without a case, as they were before there were cases, get one.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{
    Case, CaseStageOpened, InformationAsked, InformationGiven, Matter, Returned,
    matter::request_for,
};
use crate::{
    approval::{
        ESCALATION_MAX, Person, Stage, StageOpened,
        clock::{Clock, Deadline, Hours, Mark, REMINDERS_PERCENT},
    },
    context::Context,
    customer::{Customer, Event, qualification::Standing},
    decider::Decider,
    ids::CaseId,
};

/// The most cases that one look speaks of, those whose mark passed first before the others.
pub const CASES_MAX: usize = 50;
/// The most that one look says of a case.
const SAID_MAX: usize = REMINDERS_PERCENT.len() + 1 + ESCALATION_MAX;

/// A share of the time of a stage has passed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseReminded {
    pub case: CaseId,
    pub round: u32,
    pub stage: u32,
    pub percent: u32,
    /// When it had passed, whenever that was noticed.
    pub at: DateTime<Utc>,
}

/// The time of a stage is used up. Nothing follows from it but that more people may be asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SlaBreached {
    pub case: CaseId,
    pub round: u32,
    pub stage: u32,
    pub due_at: DateTime<Utc>,
}

/// More people are asked, because the time is used up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseEscalated {
    pub case: CaseId,
    pub round: u32,
    pub stage: u32,
    /// From 1.
    pub level: u32,
    /// Who may vote as well; nobody where nobody of that level is here.
    pub also: Vec<Person>,
    /// When the next level is asked; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<DateTime<Utc>>,
}

/// What an event does to the clock of the case that it is about: it starts, stops, goes on, or ends.
pub fn turn(clock: &mut Option<Clock>, event: &Event) {
    match event {
        Event::CaseOpened(e) => *clock = e.deadline.clone().map(Clock::start),
        Event::CaseRoundOpened(e) => *clock = e.deadline.clone().map(Clock::start),
        Event::CaseStageOpened(e) => *clock = e.deadline.clone().map(Clock::start),
        Event::CaseClosed(_) => *clock = None,
        _ => {
            if let Some(clock) = clock {
                move_on(clock, event);
            }
        }
    }
}

fn move_on(clock: &mut Clock, event: &Event) {
    match event {
        Event::InformationAsked(InformationAsked { at: Some(at), .. }) => clock.stop(*at),
        Event::InformationGiven(InformationGiven { deadline: Some(deadline), .. }) => {
            clock.go_on(deadline);
        }
        Event::CaseReminded(_) => clock.remind(),
        Event::SlaBreached(_) => clock.breach(),
        Event::CaseEscalated(e) => clock.escalate(e.next_at),
        _ => {}
    }
}

/// Everything that has come due.
pub(in crate::customer) fn look(customer: &Customer, context: &Context) -> Vec<Event> {
    let mut events = Vec::new();
    let mut next = customer.clone();
    let mut say = |next: &mut Customer, said: Vec<Event>| {
        for event in said {
            next.evolve(&event);
            events.push(event);
        }
    };
    say(&mut next, case_of_papers(customer, context));
    let mut open: Vec<(Option<DateTime<Utc>>, CaseId)> =
        next.cases.all().filter(|case| is_due(case, context)).map(by_mark).collect();
    // A case without a mark is here because of its people, and comes first.
    open.sort_unstable();
    for (_, id) in open.into_iter().take(CASES_MAX) {
        for _ in 0..SAID_MAX {
            let Some(case) = next.cases.all().find(|case| case.id == id) else { break };
            let Some(event) = of_case(case, context) else { break };
            say(&mut next, vec![event]);
        }
    }
    events
}

fn by_mark(case: &Case) -> (Option<DateTime<Utc>>, CaseId) {
    (case.next_mark_at(), case.id)
}

fn is_due(case: &Case, context: &Context) -> bool {
    let passed = case.next_mark_at().is_some_and(|at| at <= context.turn.now);
    case.is_open() && (passed || refilled(case, context).is_some())
}

/// The open stage asked of others, where those who were asked can no longer fill it and there are others.
fn refilled(case: &Case, context: &Context) -> Option<StageOpened> {
    let people = context.assemblies.of(case.matter.subject());
    if case.round.is_stranded(people) { case.round.ask_again(people) } else { None }
}

/// The next thing that has come due of a case, if anything.
fn of_case(case: &Case, context: &Context) -> Option<Event> {
    if let Some(opened) = refilled(case, context) {
        let voided = case.round.votes.iter().filter(|vote| vote.stage >= case.round.stage).count();
        let voided = u32::try_from(voided).unwrap_or(u32::MAX);
        return Some(stage_opened(context, case, opened, None, Some(voided)));
    }
    let (at, mark) = case.clock.as_ref()?.due(context.turn.now)?;
    let (round, stage) = (case.round.number, case.round.stage);
    Some(match mark {
        Mark::Reminder { percent } => {
            Event::CaseReminded(CaseReminded { case: case.id, round, stage, percent, at })
        }
        Mark::Breach => Event::SlaBreached(SlaBreached { case: case.id, round, stage, due_at: at }),
        Mark::Escalation => Event::CaseEscalated(escalated(context, case, at)),
    })
}

/// The next level of which somebody is here; of levels with nobody only the last is spoken of.
fn escalated(context: &Context, case: &Case, at: DateTime<Utc>) -> CaseEscalated {
    let people = context.assemblies.of(case.matter.subject());
    let mut round = case.round.clone();
    let mut asked = (round.escalated, Vec::new());
    while asked.1.is_empty()
        && let Some((level, also)) = round.next_escalation(people)
    {
        round.escalated = level;
        asked = (level, also);
    }
    let (level, also) = asked;
    let stage = case.round.open_stage();
    let more = stage
        .filter(|stage| usize::try_from(level).is_ok_and(|asked| asked < stage.escalation.len()));
    let next_at = more.and_then(|stage| hours(context, |hours| hours.next_level(stage, at)));
    let (round, stage) = (case.round.number, case.round.stage);
    CaseEscalated { case: case.id, round, stage, level, also, next_at }
}

/// Papers that were submitted before there were cases are voted on as those after it.
fn case_of_papers(customer: &Customer, context: &Context) -> Vec<Event> {
    let file = &customer.qualification;
    let goes_on = customer.cases.qualification.is_some();
    let documents = file.documents.values().filter(|it| it.standing == Standing::InReview);
    let submitted = documents.filter_map(|it| Some((it.version, it.submitted_by.last()?.clone())));
    match submitted.max() {
        // Where nobody can be asked now, the next look tries again.
        Some((_, by)) if !goes_on => {
            request_for(customer, context, &Matter::Qualification {}, &by).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The deadline of a stage that opens now.
pub(super) fn deadline(context: &Context, stage: &Stage) -> Option<Deadline> {
    hours(context, |hours| hours.deadline(stage, context.turn.now))
}

/// The deadline once a question is answered.
pub(super) fn goes_on(context: &Context, case: &Case) -> Option<Deadline> {
    let clock = case.clock.as_ref()?;
    hours(context, |hours| clock.goes_on(hours, context.turn.now))
}

/// A stage opens now, because the one before it closed, or it was gone back to, or others are asked.
pub(super) fn stage_opened(
    context: &Context,
    case: &Case,
    opened: StageOpened,
    returned: Option<Returned>,
    refilled: Option<u32>,
) -> Event {
    let stage = case.round.stage_at(opened.stage);
    let deadline = stage.and_then(|stage| deadline(context, stage));
    let opened = CaseStageOpened { case: case.id, opened, returned, refilled, deadline };
    Event::CaseStageOpened(opened)
}

/// Asks the calendar of the pack that applies to this customer.
fn hours<T>(context: &Context, ask: impl FnOnce(&Hours<'_>) -> Option<T>) -> Option<T> {
    let pack = &context.facts.policy.as_ref()?.pack;
    let calendar = pack.calendar();
    ask(&Hours { calendar: &calendar, zone: pack.company.zone })
}
