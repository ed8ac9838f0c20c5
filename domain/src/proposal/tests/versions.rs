//! What a submitted pack says of itself: a version that grows, and days that have not passed.

use super::*;
use crate::policy::identity::Effective;

/// Other terms of payment under a version, without one as an empty text.
fn versioned(days: u32, semver: &str) -> Pack {
    let semver = Some(semver.to_owned()).filter(|it| !it.is_empty());
    Pack { semver, ..other_terms(days) }
}

fn effective(from: NaiveDate, until: Option<NaiveDate>) -> Pack {
    Pack { effective: Some(Effective { from, until }), ..other_terms(45) }
}

/// Drafted, tried and submitted.
fn submitted(house: &mut House, pack: Pack) -> Result<Vec<Event>, Rejection> {
    house.proposal = Proposal::default();
    house.draft("admin", pack).unwrap();
    house.simulate(0).unwrap();
    house.tell("admin", Command::Submit)
}

/// A company whose pack in force says this version.
fn at_version(semver: &str) -> House {
    let mut house = House::approved(versioned(45, semver), &["finance", "credit"]);
    house.activate().unwrap();
    house
}

#[test]
fn row_117_a_new_pack_is_a_later_version_than_the_one_in_force() {
    for semver in ["1.4.8", "1.5.0", "2.0.0", "1.10.0"] {
        submitted(&mut at_version("1.4.7"), versioned(60, semver)).unwrap();
    }
    // Where there was no version, any may be the first.
    for semver in ["", "0.0.1", "1.0.0"] {
        submitted(&mut House::new(), versioned(45, semver)).unwrap();
        submitted(&mut at_version(""), versioned(60, semver)).unwrap();
    }
}

#[test]
fn row_117_refuses_a_version_that_is_not_later() {
    for semver in ["1.4.7", "1.4.6", "1.3.99", "0.9.9", ""] {
        let refused = submitted(&mut at_version("1.4.7"), versioned(60, semver));
        assert_eq!(refused, Err(Rejection::VersionNotGreater { than: "1.4.7".to_owned() }));
    }
}

#[test]
fn row_117_boundary_the_same_version_is_refused_and_the_next_one_accepted() {
    let mut house = at_version("1.4.7");
    submitted(&mut house, versioned(60, "1.4.7")).unwrap_err();
    house.draft("admin", versioned(60, "1.4.8")).unwrap();
    house.simulate(0).unwrap();
    house.tell("admin", Command::Submit).unwrap();
}

#[test]
fn a_pack_on_record_is_proposed_again_under_the_version_that_it_has() {
    let mut house = at_version("1.4.7");
    house.propose(versioned(60, "1.4.8"), &["finance", "credit"]);
    house.activate().unwrap();
    submitted(&mut house, versioned(45, "1.4.7")).unwrap();
}

#[test]
fn row_120_boundary_yesterday_is_refused_and_today_accepted() {
    let mut house = House::new();
    let today = house.today;
    let (yesterday, tomorrow) = (today.pred_opt().unwrap(), today.succ_opt().unwrap());
    for until in [None, Some(yesterday), Some(tomorrow)] {
        let refused = submitted(&mut house, effective(yesterday, until));
        assert_eq!(refused, Err(Rejection::EffectivePast));
    }
    for (from, until) in [(today, None), (today, Some(today)), (tomorrow, None)] {
        submitted(&mut house, effective(from, until)).unwrap();
    }
    // The same of the day in the plan.
    house.plan = Plan { effective_from: Some(yesterday), ..Plan::default() };
    assert_eq!(submitted(&mut house, other_terms(45)), Err(Rejection::EffectivePast));
    house.plan = Plan { effective_from: Some(today), ..Plan::default() };
    submitted(&mut house, other_terms(45)).unwrap();
}

#[test]
fn row_120_a_pack_comes_into_force_on_a_day_on_which_it_is_meant_to_apply() {
    let mut house = House::new();
    let on = |days| house.today + chrono::Days::new(days);
    let (first, last, over) = (on(3), on(4), on(5));
    house.propose(effective(first, Some(last)), &["finance", "credit", "quality", "compliance"]);
    assert_eq!(house.activate(), Err(policy::Rejection::TooEarly { from: first }));
    let proposal = house.id();
    let late = Load::Schedule { proposal, on: Some(over) };
    assert_eq!(house.rule("admin", late), Err(policy::Rejection::NotEffective));
    // Without a day, it is put on the first one.
    house.rule("admin", Load::Schedule { proposal, on: None }).unwrap();
    assert_eq!(house.policy.scheduled[&proposal].on, first);
    house.today = over;
    assert_eq!(house.activate(), Err(policy::Rejection::NotEffective));
    house.today = last;
    house.activate().unwrap();
}
