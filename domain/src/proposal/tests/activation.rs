//! How what was agreed to comes to apply, and to whom: pilots, days, shadows, the stop rule and the brake.

use super::*;
use crate::policy::{
    changes::StopRule,
    schedule::{Missed, ScheduleMissed},
    shadow::Found,
    stopping::Measured,
};

fn day(days: u64) -> NaiveDate {
    "2026-11-22".parse::<NaiveDate>().unwrap() + chrono::Days::new(days)
}

fn scheduled(house: &mut House, on: u64) -> Result<Vec<Ruled>, policy::Rejection> {
    let proposal = house.id();
    house.rule("admin", Load::Schedule { proposal, on: Some(day(on)) })
}

/// The system looks on a day.
fn looked(house: &mut House, on: u64) -> Result<Vec<Ruled>, policy::Rejection> {
    house.today = day(on);
    let proposal = house.id();
    house.rule("system", Load::RunSchedule { proposal })
}

fn missed(events: &[Ruled]) -> Missed {
    let [Ruled::ScheduleMissed(ScheduleMissed { why, .. })] = events else { panic!("{events:?}") };
    *why
}

#[test]
fn a_pilot_is_widened_as_was_agreed_and_at_last_to_all() {
    let mut house = House::piloting(other_terms(45), &["finance", "credit"]);
    let (old, new) = (Pack::default_pack().hash().unwrap(), other_terms(45).hash().unwrap());
    assert_eq!(house.in_force(), old);
    assert_eq!(*house.policy.pilot.as_ref().unwrap().pack.hash, *new);
    assert!(matches!(house.widen(), Err(policy::Rejection::PilotNotSimulated { days: 14 })));
    house.simulate_pilot(0).unwrap();
    for scope in [east(), Scope { segments: ["a".parse().unwrap()].into(), ..wider() }] {
        let widen = Load::Widen { scope: Some(scope) };
        assert_eq!(house.rule("admin", widen), Err(policy::Rejection::NotAgreed));
    }
    house.rule("admin", Load::Widen { scope: Some(wider()) }).unwrap();
    house.today = day(15);
    assert!(matches!(house.widen(), Err(policy::Rejection::PilotNotSimulated { .. })), "too old");
    house.today = day(14);
    let events = house.widen().unwrap();
    let [Ruled::PackApplied(applied)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(applied.evidence.as_ref().unwrap().report.as_deref(), Some("sha256:e"));
    assert_eq!((house.in_force(), &house.policy.pilot), (new, &None));
    assert_eq!(house.widen(), Err(policy::Rejection::NoPilot));
}

#[test]
fn nobody_is_taken_in_who_was_not_agreed_to() {
    let mut house = House::new();
    house.plan = Plan { scope: Some(east()), ..Plan::default() };
    house.propose(other_terms(45), &["finance", "credit"]);
    let proposal = house.id();
    for scope in [wider(), Scope { regions: ["3301".parse().unwrap()].into(), ..Scope::default() }]
    {
        let activate = Load::Activate { proposal, scope: Some(scope) };
        assert_eq!(house.rule("admin", activate), Err(policy::Rejection::NotAgreed));
    }
    house.rule("admin", Load::Activate { proposal, scope: Some(east()) }).unwrap();
    house.simulate_pilot(0).unwrap();
    assert_eq!(house.widen(), Err(policy::Rejection::NoStepAgreed));

    // The same pack is proposed for more, and agreed to.
    house.plan = Plan { scope: Some(wider()), ..Plan::default() };
    house.propose(other_terms(45), &["finance", "credit"]);
    house.activate().unwrap();
    assert_eq!(house.policy.pilot.as_ref().unwrap().scope, wider());
    house.plan = Plan { scope: Some(east()), ..Plan::default() };
    house.propose(other_terms(45), &["finance", "credit"]);
    assert_eq!(house.activate(), Err(policy::Rejection::NotWider));
    house.plan = Plan::default();
    house.propose(other_terms(60), &["finance", "credit"]);
    assert_eq!(house.activate(), Err(policy::Rejection::PilotRuns));
}

#[test]
fn votes_bind_the_plan() {
    let bound = |plan: Plan| {
        let mut house = House::new();
        house.plan = plan;
        house.propose(other_terms(45), &["finance", "credit"]);
        house.proposal.round.unwrap().content
    };
    let day = Some("2027-01-01".parse().unwrap());
    let narrow = Plan { scope: Some(east()), ..Plan::default() };
    let all =
        [Plan::default(), Plan { effective_from: day, ..Plan::default() }, narrow, in_steps()];
    assert_eq!(all.into_iter().map(bound).collect::<BTreeSet<_>>().len(), 4);
}

#[test]
fn new_evidence_against_the_law_stops_the_widening_where_the_law_was_not_asked() {
    let mut house = House::piloting(other_terms(45), &["finance", "credit"]);
    house.simulate_pilot(1).unwrap();
    assert_eq!(house.widen(), Err(policy::Rejection::Unlawful));
    house.simulate_pilot(0).unwrap();
    house.widen().unwrap();

    let mut house = House::piloting(other_papers(), &["quality", "compliance"]);
    house.simulate_pilot(1).unwrap();
    house.widen().unwrap();
}

#[test]
fn evidence_is_of_this_pilot_and_this_step() {
    let mut house = House::piloting(other_terms(45), &["finance", "credit"]);
    let proposal = house.id();
    let tried = |scope, simulated| Load::SimulatePilot { proposal, scope, simulated };
    let simulated = Box::new(house.simulated(0));
    let other = Box::new(Simulated { base: "sha256:x".to_owned(), ..house.simulated(0) });
    for command in [tried(wider(), simulated), tried(east(), other)] {
        assert_eq!(house.rule("finance", command), Err(policy::Rejection::PilotChanged));
    }
    let brake = Load::RollBack { reason: prose("x") };
    house.rule("admin", brake).unwrap();
    assert_eq!(house.simulate_pilot(0), Err(policy::Rejection::NoPilot));
}

#[test]
fn nothing_comes_into_force_before_the_day_that_was_agreed_to() {
    let mut house = House::new();
    house.plan = Plan { effective_from: Some(day(5)), ..Plan::default() };
    house.propose(other_terms(45), &["finance", "credit"]);
    assert_eq!(house.activate(), Err(policy::Rejection::TooEarly { from: day(5) }));
    assert_eq!(scheduled(&mut house, 4), Err(policy::Rejection::TooEarly { from: day(5) }));
    house.today = day(5);
    house.activate().unwrap();
}

#[test]
fn what_is_scheduled_comes_into_force_by_itself_once() {
    let mut house = House::approved(other_terms(45), &["finance", "credit"]);
    assert_eq!(scheduled(&mut house, 0), Err(policy::Rejection::DayPast));
    let too_far = scheduled(&mut house, 15);
    assert!(matches!(too_far, Err(policy::Rejection::SimulationTooOld { .. })), "{too_far:?}");
    scheduled(&mut house, 3).unwrap();
    let twice = scheduled(&mut house, 4);
    assert_eq!(twice, Err(policy::Rejection::AlreadyScheduled { on: day(3) }));
    assert_eq!(looked(&mut house, 2), Err(policy::Rejection::NotDue { on: day(3) }));
    // Nobody looked on the day itself.
    let events = looked(&mut house, 4).unwrap();
    let [Ruled::PackAdmitted(_), Ruled::PackApplied(applied)] = events.as_slice() else { panic!() };
    assert_eq!(applied.how, How::Schedule);
    assert_eq!(house.in_force(), other_terms(45).hash().unwrap());
    assert_eq!(looked(&mut house, 4), Err(policy::Rejection::NotScheduled));
}

#[test]
fn a_day_without_one_is_the_one_of_the_plan() {
    let mut house = House::approved(other_terms(45), &["finance", "credit"]);
    let proposal = house.id();
    let without = || Load::Schedule { proposal, on: None };
    assert_eq!(house.rule("admin", without()), Err(policy::Rejection::NoDay));
    house.plan = Plan { effective_from: Some(day(7)), scope: Some(east()), then: Vec::new() };
    house.propose(other_terms(45), &["finance", "credit"]);
    let proposal = house.id();
    house.rule("admin", Load::Schedule { proposal, on: None }).unwrap();
    assert_eq!(house.policy.scheduled[&proposal].on, day(7));
    looked(&mut house, 7).unwrap();
    assert_eq!(house.policy.pilot.as_ref().unwrap().scope, east());
}

#[test]
fn a_schedule_that_cannot_be_kept_says_why_and_changes_nothing() {
    let ready = || {
        let mut house = House::approved(other_terms(45), &["finance", "credit"]);
        scheduled(&mut house, 3).unwrap();
        house
    };
    let mut house = ready();
    assert_eq!(missed(&looked(&mut house, 15).unwrap()), Missed::SimulationTooOld);
    assert_eq!(house.in_force(), Pack::default_pack().hash().unwrap());
    assert!(house.policy.scheduled.is_empty(), "it is not tried again by itself");

    let mut house = ready();
    house.tell("admin", Command::Withdraw { reason: prose("x") }).unwrap();
    assert_eq!(missed(&looked(&mut house, 3).unwrap()), Missed::NotApproved);

    // Another one comes in between, in a pilot or for all.
    for (plan, why) in [(in_steps(), Missed::PilotRuns), (Plan::default(), Missed::BaseSuperseded)]
    {
        let mut house = ready();
        let first = house.proposal.clone();
        house.plan = plan;
        house.propose(other_terms(60), &["finance", "credit"]);
        house.activate().unwrap();
        house.proposal = first;
        assert_eq!(missed(&looked(&mut house, 3).unwrap()), why);
    }
}

#[test]
fn no_schedule_is_kept_while_a_rollback_waits_for_its_review() {
    let mut house = House::approved(other_terms(45), &["finance", "credit"]);
    house.activate().unwrap();
    house.propose(other_terms(60), &["finance", "credit"]);
    scheduled(&mut house, 2).unwrap();
    house.rule("admin", Load::RollBack { reason: prose("x") }).unwrap();
    assert_eq!(missed(&looked(&mut house, 2).unwrap()), Missed::ReviewDue);
}

#[test]
fn a_schedule_is_cancelled_and_may_be_made_again() {
    let mut house = House::approved(other_terms(45), &["finance", "credit"]);
    scheduled(&mut house, 2).unwrap();
    let proposal = house.id();
    let cancel = || Load::CancelSchedule { proposal, reason: prose("not yet") };
    house.rule("admin", cancel()).unwrap();
    assert_eq!(house.rule("admin", cancel()), Err(policy::Rejection::NotScheduled));
    assert_eq!(looked(&mut house, 2), Err(policy::Rejection::NotScheduled));
    scheduled(&mut house, 3).unwrap();
    assert_eq!(house.policy.scheduled[&proposal].number, 2);
}

#[test]
fn a_shadow_changes_nothing_and_ends_with_what_it_found() {
    let mut house = House::new();
    house.draft("finance", other_terms(45)).unwrap();
    let proposal = house.id();
    let start = |scope| Load::StartShadow { proposal, scope };
    assert_eq!(house.rule("finance", start(None)), Err(policy::Rejection::NotForShadow));
    house.simulate(0).unwrap();
    house.tell("finance", Command::Submit).unwrap();
    let before = house.policy.clone();
    let nobody = Some(Scope::default());
    assert_eq!(house.rule("finance", start(nobody)), Err(policy::Rejection::ScopeEmpty));
    house.rule("finance", start(Some(east()))).unwrap();
    assert_eq!(house.rule("finance", start(None)), Err(policy::Rejection::AlreadyInShadow));
    assert_eq!((&house.policy.in_force, &house.policy.pilot), (&before.in_force, &None));
    let found = || Box::new(Found { decisions: 7, ..Found::default() });
    house.rule("finance", Load::EndShadow { proposal, found: found() }).unwrap();
    let again = house.rule("finance", Load::EndShadow { proposal, found: found() });
    assert_eq!(again, Err(policy::Rejection::NoShadow));
}

/// In a pilot, under a pack in force that says when a pilot stops too much.
fn watched(change: impl FnOnce(&mut Pack)) -> House {
    let mut base = Pack::default_pack();
    let stop_rule = Some(StopRule { decisions_min: 10, rise_points_max: 20 });
    base.changes = Some(changes::Changes { stop_rule, ..base.changes().into_owned() });
    let mut pack = base.clone();
    change(&mut pack);
    let mut house = House::new();
    house.policy = Policy::default();
    house.rule("admin", Load::Load(Box::new(base))).unwrap();
    house.plan = in_steps();
    house.propose(pack, &["finance", "credit"]);
    house.activate().unwrap();
    house.simulate_pilot(0).unwrap();
    house
}

fn made(house: &House, decisions: u64, stopped: u64) -> Measured {
    let pilot = house.policy.pilot.as_ref().unwrap();
    Measured {
        proposal: pilot.proposal,
        hash: pilot.pack.hash.to_string(),
        after: 1,
        upto: 7,
        decisions,
        stopped,
        stopped_by_base: 1,
    }
}

fn measured(house: &House, decisions: u64, stopped: u64) -> Load {
    Load::PauseWidening(Box::new(made(house, decisions, stopped)))
}

#[test]
fn a_pilot_that_stops_too_much_is_not_widened_until_the_departments_have_looked() {
    let mut house = watched(|pack| pack.credit.default_terms_days = 45);
    // 1 of 10 before: up to 3 of 10 is a rise of no more than 20 points; 9 decisions say nothing.
    for (decisions, stopped) in [(10, 3), (9, 9)] {
        let look = measured(&house, decisions, stopped);
        assert_eq!(house.rule("system", look), Err(policy::Rejection::StopRuleKept));
    }
    let look = measured(&house, 10, 4);
    house.rule("system", look.clone()).unwrap();
    assert_eq!(house.widen(), Err(policy::Rejection::Paused));
    assert_eq!(house.rule("system", look.clone()), Err(policy::Rejection::Paused));
    house.today = day(14);
    assert_eq!(house.widen(), Err(policy::Rejection::Paused), "time lifts nothing");
    let review = || Load::Review { comment: None };
    house.rule("finance", review()).unwrap();
    assert_eq!(house.widen(), Err(policy::Rejection::Paused));
    house.rule("credit", review()).unwrap();
    // What was tried before the pause is no evidence behind it.
    assert_eq!(house.widen(), Err(policy::Rejection::PilotNotSimulated { days: 14 }));
    house.simulate_pilot(0).unwrap();
    house.widen().unwrap();
    house.rule("system", look).unwrap();
}

#[test]
fn what_has_not_seen_why_the_pilot_was_paused_is_no_evidence() {
    // What is tried here has seen event 7.
    for (upto, tried) in [(7, Ok(())), (8, Err(policy::Rejection::PilotChanged))] {
        let mut house = watched(|pack| pack.credit.default_terms_days = 45);
        let look = Load::PauseWidening(Box::new(Measured { upto, ..made(&house, 10, 4) }));
        house.rule("system", look).unwrap();
        assert_eq!(house.simulate_pilot(0).map(drop), tried);
        for name in ["finance", "credit"] {
            house.rule(name, Load::Review { comment: None }).unwrap();
        }
        assert_eq!(house.simulate_pilot(0).map(drop), tried);
        assert_eq!(house.widen().is_ok(), tried.is_ok());
    }
}

#[test]
fn a_new_proposal_lifts_the_pause_and_the_brake_ends_the_pilot() {
    let mut house = watched(|pack| pack.credit.default_terms_days = 45);
    let look = measured(&house, 10, 9);
    house.rule("system", look).unwrap();
    let mut paused = House { policy: house.policy.clone(), ..House::new() };
    let pack = Pack::clone(&house.policy.pilot.as_ref().unwrap().pack.pack);
    house.plan = Plan::default();
    house.propose(pack.clone(), &["finance", "credit"]);
    house.activate().unwrap();
    assert_eq!(house.in_force(), pack.hash().unwrap());

    paused.rule("admin", Load::RollBack { reason: prose("x") }).unwrap();
    assert_eq!((paused.policy.pilot.is_none(), paused.policy.review.is_some()), (true, true));
}

#[test]
fn without_people_to_ask_only_a_new_proposal_lifts_the_pause() {
    let mut house = watched(|pack| pack.credit.default_terms_days = 45);
    house.people.retain(|person| person.staff.as_str() != "staff-credit");
    let look = measured(&house, 10, 9);
    house.rule("system", look).unwrap();
    let review = Load::Review { comment: None };
    assert_eq!(house.rule("finance", review), Err(policy::Rejection::NothingToReview));
    assert_eq!(house.widen(), Err(policy::Rejection::Paused));
}

#[test]
fn what_the_brake_took_back_is_agreed_to_anew() {
    for plan in [Plan::default(), in_steps()] {
        let mut house = House::new();
        house.plan = plan;
        house.propose(other_terms(45), &["finance", "credit"]);
        house.activate().unwrap();
        house.rule("admin", Load::RollBack { reason: prose("x") }).unwrap();
        house.rule("finance", Load::Review { comment: None }).unwrap();
        house.rule("credit", Load::Review { comment: None }).unwrap();
        assert_eq!(house.activate(), Err(policy::Rejection::AlreadyActivated));
    }
}

#[test]
fn the_brake_ends_a_pilot() {
    let mut house = House::piloting(other_terms(45), &["finance", "credit"]);
    let events = house.rule("admin", Load::RollBack { reason: prose("x") }).unwrap();
    assert!(matches!(events.as_slice(), [Ruled::PilotEnded(_), Ruled::ReviewOpened(_)]));
    assert_eq!(house.policy.pilot, None);
}

#[test]
fn no_brake_touches_what_the_law_asks_for() {
    for plan in [Plan::default(), in_steps()] {
        let mut house = House::new();
        house.plan = plan;
        house.propose(other_papers(), &["quality", "compliance"]);
        house.activate().unwrap();
        let brake = Load::RollBack { reason: prose("x") };
        assert_eq!(house.rule("admin", brake), Err(policy::Rejection::TouchesLaw));
    }
}
