//! The requirements on changing the rules (rows 117 to 121), each with what is accepted, what is refused, and the boundary between them.

use super::*;
use crate::policy::shadow::Found;

#[test]
fn row_117_a_version_is_named_by_what_it_says_and_kept() {
    let mut house = House::approved(other_terms(45), &["finance", "credit"]);
    house.activate().unwrap();
    house.propose(other_terms(60), &["finance", "credit"]);
    house.activate().unwrap();
    let versions: Vec<(String, u32)> =
        house.policy.known.values().map(|it| (it.hash.to_string(), it.version)).collect();
    for (nth, pack) in (1..).zip([Pack::default_pack(), other_terms(45), other_terms(60)]) {
        assert!(versions.contains(&(pack.hash().unwrap(), nth)));
    }
}

#[test]
fn row_117_refuses_a_second_first_version_and_one_that_is_nothing_new() {
    let again = Load::Load(Box::new(Pack::default_pack()));
    assert_eq!(House::new().rule("admin", again), Err(policy::Rejection::AlreadyInForce));
    let same = House::new().draft("finance", Pack::default_pack());
    assert_eq!(same, Err(Rejection::NoDifference));
}

#[test]
fn row_117_boundary_one_day_more_is_another_version_and_the_same_text_is_the_same() {
    assert_ne!(other_terms(45).hash().unwrap(), other_terms(46).hash().unwrap());
    let text = serde_json::to_string_pretty(&other_terms(45)).unwrap();
    assert_eq!(Pack::parse(&text).unwrap().hash().unwrap(), other_terms(45).hash().unwrap());
}

#[test]
fn row_118_rollback_is_a_new_activation_of_an_old_pack() {
    let mut house = House::approved(other_terms(45), &["finance", "credit"]);
    let first = house.in_force();
    house.activate().unwrap();
    house.propose(Pack::default_pack(), &["finance", "credit"]);
    let events = house.activate().unwrap();
    let [Ruled::PackApplied(applied)] = events.as_slice() else { panic!("{events:?}") };
    let expected = (1, &first, How::Activation);
    assert_eq!((applied.version, &applied.hash, applied.how), expected);
    assert_eq!(house.in_force(), first);
}

#[test]
fn row_118_refuses_to_roll_back_the_law_by_one_key() {
    let mut house = House::approved(other_papers(), &["quality", "compliance"]);
    house.activate().unwrap();
    let brake = Load::RollBack { reason: prose("x") };
    assert_eq!(house.rule("admin", brake), Err(policy::Rejection::TouchesLaw));
    // Those who own the law take it back, and no others.
    house.proposal = Proposal::default();
    house.draft("admin", Pack::default_pack()).unwrap();
    house.simulate(0).unwrap();
    house.tell("admin", Command::Submit).unwrap();
    let departments = vec![Role::Quality, Role::Compliance];
    let others = Rejection::Vote(approval::Rejection::NotAsked { departments });
    assert_eq!(house.approve("finance"), Err(others));
    assert_eq!(house.in_force(), other_papers().hash().unwrap());
}

#[test]
fn row_118_boundary_one_vote_less_is_not_enough() {
    let mut house = House::new();
    house.draft("admin", other_terms(45)).unwrap();
    house.simulate(0).unwrap();
    house.tell("admin", Command::Submit).unwrap();
    house.approve("finance").unwrap();
    assert_eq!(house.activate(), Err(policy::Rejection::NotApproved));
    house.approve("credit").unwrap();
    house.activate().unwrap();
}

#[test]
fn row_119_a_change_is_seen_before_it_applies_and_comes_step_by_step() {
    let mut house = House::new();
    house.plan = in_steps();
    house.propose(other_terms(45), &["finance", "credit"]);
    let proposal = house.id();
    house.rule("finance", Load::StartShadow { proposal, scope: Some(east()) }).unwrap();
    let found = Box::new(Found::default());
    house.rule("finance", Load::EndShadow { proposal, found }).unwrap();
    let (old, new) = (Pack::default_pack().hash().unwrap(), other_terms(45).hash().unwrap());
    let piloted = |house: &House| house.policy.pilot.as_ref().map(|pilot| pilot.scope.clone());
    assert_eq!(
        (house.in_force(), piloted(&house)),
        (old.clone(), None),
        "a shadow applies to nobody"
    );
    house.activate().unwrap();
    assert_eq!((house.in_force(), piloted(&house)), (old.clone(), Some(east())));
    house.simulate_pilot(0).unwrap();
    house.widen().unwrap();
    assert_eq!((house.in_force(), piloted(&house)), (old, Some(wider())));
    house.widen().unwrap();
    assert_eq!((house.in_force(), piloted(&house)), (new, None));
}

#[test]
fn row_119_refuses_more_than_was_agreed_to() {
    let mut house = House::new();
    house.plan = Plan { scope: Some(east()), ..Plan::default() };
    house.propose(other_terms(45), &["finance", "credit"]);
    let (proposal, scope) = (house.id(), Some(wider()));
    let activate = Load::Activate { proposal, scope };
    assert_eq!(house.rule("admin", activate), Err(policy::Rejection::NotAgreed));
    house.activate().unwrap();
    house.simulate_pilot(0).unwrap();
    assert_eq!(house.widen(), Err(policy::Rejection::NoStepAgreed));
}

#[test]
fn row_119_boundary_evidence_of_the_last_day_widens_and_of_the_day_after_does_not() {
    let mut house = House::piloting(other_terms(45), &["finance", "credit"]);
    house.simulate_pilot(0).unwrap();
    let last = house.today + chrono::Days::new(14);
    house.today = last + chrono::Days::new(1);
    assert!(matches!(house.widen(), Err(policy::Rejection::PilotNotSimulated { .. })));
    house.today = last;
    house.widen().unwrap();
}

/// A rule of law that begins in a week.
fn announced() -> (House, NaiveDate) {
    let mut house = House::new();
    let from = house.today + chrono::Days::new(7);
    house.plan = Plan { effective_from: Some(from), ..Plan::default() };
    house.propose(other_papers(), &["quality", "compliance"]);
    (house, from)
}

#[test]
fn row_120_a_rule_of_law_waits_for_its_day() {
    let (mut house, from) = announced();
    let proposal = house.id();
    house.rule("admin", Load::Schedule { proposal, on: None }).unwrap();
    assert_eq!(house.in_force(), Pack::default_pack().hash().unwrap(), "until its day");
    house.today = from;
    house.rule("system", Load::RunSchedule { proposal }).unwrap();
    assert_eq!(house.in_force(), other_papers().hash().unwrap());
}

#[test]
fn row_120_refuses_a_day_before_the_one_that_was_agreed_to() {
    let (mut house, from) = announced();
    let (proposal, on) = (house.id(), from.pred_opt());
    let early = house.rule("admin", Load::Schedule { proposal, on });
    assert_eq!(early, Err(policy::Rejection::TooEarly { from }));
}

#[test]
fn row_120_boundary_the_day_before_it_is_not_due() {
    let (mut house, from) = announced();
    let proposal = house.id();
    house.rule("admin", Load::Schedule { proposal, on: None }).unwrap();
    house.today = from.pred_opt().unwrap();
    let early = house.rule("system", Load::RunSchedule { proposal });
    assert_eq!(early, Err(policy::Rejection::NotDue { on: from }));
    assert_eq!(house.activate(), Err(policy::Rejection::TooEarly { from }));
    house.today = from;
    house.activate().unwrap();
}

#[test]
fn row_121_rules_are_updated_again_and_again_each_on_the_one_before() {
    let mut house = House::new();
    for days in [45, 60, 50] {
        let base = house.in_force();
        house.propose(other_terms(days), &["finance", "credit"]);
        assert_eq!(house.proposal.content.as_ref().unwrap().base, base);
        house.activate().unwrap();
    }
    assert_eq!(house.policy.known.len(), 4);
}

#[test]
fn row_121_refuses_an_update_that_was_written_on_what_is_past() {
    let mut house = House::new();
    house.draft("admin", other_terms(45)).unwrap();
    house.simulate(0).unwrap();
    let waiting = house.proposal.clone();
    house.propose(other_terms(60), &["finance", "credit"]);
    house.activate().unwrap();
    house.proposal = waiting;
    assert_eq!(house.tell("admin", Command::Submit), Err(Rejection::BaseSuperseded));
}

#[test]
fn row_121_boundary_what_was_tried_is_evidence_for_so_many_days_and_no_longer() {
    let mut house = House::new();
    house.draft("admin", other_terms(45)).unwrap();
    house.simulate(0).unwrap();
    house.today = house.today + chrono::Days::new(15);
    assert_eq!(house.tell("admin", Command::Submit), Err(Rejection::NotSimulated));
    house.today = house.today.pred_opt().unwrap();
    house.tell("admin", Command::Submit).unwrap();
}
