//! The executor itself, two of them on one log, in thousands of schedules with faults.
//!
//! The scenarios and what is checked are those of the model that the algorithm was designed with (ARCHITECTURE.md, D4):
//!
//! - I1 a command's events are in the log once, whole and side by side; "accepted" means they are;
//! - I2 every accepted decision was made on exactly the state and the policy that are current where it is written;
//! - I3 "rejected" was true of a confirmed state between that request and its answer, with the key not yet recorded;
//! - I4 what was answered "rejected" is not written afterwards by a lost transaction of the same try;
//! - I5 positions are dense;
//! - I6 every schedule ends, with every request answered.
//!
//! Every await is a point where the scheduler, seeded, may let anything else go first. A mistake is a rule of the
//! database's side left out; each must be noticed, or the test is too weak.

#[path = "interleaving/database.rs"]
mod database;
#[path = "interleaving/schedule.rs"]
mod schedule;
#[path = "interleaving/world.rs"]
mod world;

use schedule::{Scenario, explore};
use tests::toy::{self, Act};
use world::{Command, Mistake, What};

const SEEDS: u64 = 1_000;
const BOTH: &[usize] = &[0, 1];
const P1: &[usize] = &[0];
const P2: &[usize] = &[1];

const fn on(key: &'static str, stream: &'static str, act: Act) -> Command {
    Command { key, stream, what: What::Customer(act), if_match: None }
}

const fn limit(key: &'static str, limit: i64) -> Command {
    Command { key, stream: toy::POLICY, what: What::Policy(limit), if_match: None }
}

const A: &str = "customer-a";
const B: &str = "customer-b";
const ORDER_1: Command = on("order-1", A, Act::Order);
const ORDER_2: Command = on("order-2", A, Act::OrderAndReserve);
const ORDER_3: Command = on("order-3", A, Act::Order);
const ORDER_B: Command = on("order-B", B, Act::Order);
const ORDER_AT_0: Command = Command { if_match: Some(0), ..on("order-at-0", A, Act::Order) };
const APPLY: Command = on("apply", A, Act::Apply);
const APPROVE: Command = on("approve", A, Act::Approve);
const REGISTER_A: Command = on("register-A", A, Act::Register);
const REGISTER_B: Command = on("register-B", B, Act::Register);
const TIGHTEN: Command = limit("tighten", 1);
const LOOSEN: Command = limit("loosen", 2);
const FREEZE: Command = limit("freeze", 0);

fn scenario(limit: i64, tries: &[(Command, &'static [usize])]) -> Scenario {
    Scenario {
        limit,
        tries: tries.to_vec(),
        drops: 0,
        crashes: 0,
        hang_ups: 0,
        batch: 9,
        refusals: 3,
    }
}

#[test]
fn orders_race_for_the_last_place() {
    let tries = [(ORDER_1, BOTH), (ORDER_2, BOTH), (ORDER_1, BOTH), (ORDER_B, P1)];
    explore(&scenario(1, &tries), SEEDS, None).holds();
}

#[test]
fn a_group_is_accepted_or_refused_whole() {
    let tries = [(APPLY, P1), (ORDER_1, P1), (ORDER_3, P2), (ORDER_1, BOTH)];
    explore(&scenario(1, &tries), SEEDS, None).holds();
}

#[test]
fn a_lost_batch_takes_what_was_decided_on_it_with_it() {
    let tries = [(APPLY, P1), (ORDER_1, P1), (ORDER_3, P2), (ORDER_1, BOTH)];
    explore(&Scenario { drops: 1, batch: 1, ..scenario(1, &tries) }, SEEDS, None).holds();
}

#[test]
fn an_order_stands_on_the_policy_in_force() {
    let tries = [(ORDER_1, P1), (ORDER_2, BOTH), (TIGHTEN, BOTH), (ORDER_2, P1)];
    explore(&scenario(2, &tries), SEEDS, None).holds();
}

#[test]
fn an_order_never_reads_a_policy_that_is_only_queued() {
    let tries = [(LOOSEN, P1), (FREEZE, P2), (ORDER_1, P1), (ORDER_1, BOTH)];
    explore(&scenario(1, &tries), SEEDS, None).holds();
}

#[test]
fn a_looser_policy_reaches_the_other_process() {
    let tries = [(ORDER_1, P1), (ORDER_2, P1), (ORDER_2, P1), (LOOSEN, P2)];
    explore(&scenario(1, &tries), SEEDS, None).holds();
}

#[test]
fn what_another_process_recorded_is_taken_in_or_refused() {
    let tries = [(APPLY, P1), (ORDER_3, P2), (ORDER_B, P1), (ORDER_1, P1), (ORDER_2, BOTH)];
    let scenario = scenario(2, &tries);
    let seen = explore(&scenario, SEEDS, None);
    seen.holds();
    assert!(seen.news > 0, "no append brought news");
    explore(&Scenario { drops: 1, batch: 1, ..scenario }, SEEDS, None).holds();
}

#[test]
fn a_repeat_is_answered_from_what_was_recorded() {
    let tries = [(APPLY, BOTH), (APPROVE, BOTH), (APPROVE, BOTH), (APPROVE, P1)];
    explore(&scenario(1, &tries), SEEDS, None).holds();
}

#[test]
fn a_claim_has_one_holder() {
    let tries = [(REGISTER_A, BOTH), (REGISTER_B, BOTH), (REGISTER_A, BOTH), (APPLY, P1)];
    explore(&scenario(1, &tries), SEEDS, None).holds();
}

#[test]
fn a_version_that_does_not_match_is_confirmed_before_it_is_answered() {
    let tries = [(ORDER_AT_0, BOTH), (REGISTER_A, BOTH), (REGISTER_B, BOTH)];
    explore(&scenario(1, &tries), SEEDS, None).holds();
}

#[test]
fn a_lost_reply_is_looked_up() {
    let tries = [(APPLY, P1), (APPROVE, P1), (APPROVE, BOTH)];
    explore(&Scenario { drops: 2, ..scenario(1, &tries) }, SEEDS, None).holds();
}

#[test]
fn a_lost_order_is_placed_once() {
    let tries = [(ORDER_1, P1), (ORDER_2, BOTH), (ORDER_2, BOTH)];
    explore(&Scenario { drops: 1, ..scenario(1, &tries) }, SEEDS, None).holds();
}

#[test]
fn a_crash_loses_no_answer_and_doubles_no_event() {
    let tries = [(APPLY, P1), (APPROVE, BOTH), (APPROVE, BOTH)];
    explore(&Scenario { drops: 1, crashes: 1, ..scenario(1, &tries) }, SEEDS, None).holds();
}

#[test]
fn a_key_outlives_the_client_that_hung_up() {
    let tries = [(APPLY, P1), (APPROVE, BOTH), (APPROVE, BOTH)];
    explore(&Scenario { hang_ups: 2, ..scenario(1, &tries) }, SEEDS, None).holds();
}

#[test]
fn refused_often_enough_a_command_is_decided_under_the_lock() {
    let tries = [(ORDER_1, P1), (TIGHTEN, P2), (ORDER_2, P2), (LOOSEN, P2), (ORDER_1, P2)];
    let seen = explore(&Scenario { refusals: 1, ..scenario(2, &tries) }, SEEDS, None);
    seen.holds();
    assert!(seen.slow > 0, "no schedule took the slow path");
}

#[test]
fn under_the_lock_keys_claims_and_lost_replies_count_too() {
    let approvals = [(APPLY, BOTH), (APPROVE, BOTH), (APPROVE, BOTH), (APPROVE, P1)];
    let claims = [(REGISTER_A, BOTH), (REGISTER_B, BOTH), (REGISTER_A, BOTH), (APPLY, P1)];
    for tries in [approvals, claims] {
        let faults = Scenario { refusals: 0, drops: 2, crashes: 1, ..scenario(1, &tries) };
        explore(&faults, SEEDS, None).holds();
    }
}

#[test]
fn everything_at_once_holds() {
    let tries = [
        (ORDER_1, BOTH),
        (ORDER_2, BOTH),
        (TIGHTEN, BOTH),
        (ORDER_B, BOTH),
        (APPLY, BOTH),
        (LOOSEN, BOTH),
        (APPROVE, BOTH),
        (REGISTER_A, BOTH),
        (REGISTER_B, BOTH),
        (ORDER_1, BOTH),
        (ORDER_B, BOTH),
        (FREEZE, BOTH),
        (APPROVE, BOTH),
        (ORDER_AT_0, BOTH),
        (REGISTER_A, BOTH),
        (ORDER_3, BOTH),
    ];
    for refusals in [1, 3] {
        let faults =
            Scenario { drops: 3, crashes: 2, hang_ups: 2, refusals, ..scenario(2, &tries) };
        let seen = explore(&faults, SEEDS, None);
        seen.holds();
        assert!(seen.lost > 0 && seen.refused > 0, "the schedules are too tame: {seen:?}");
    }
}

#[test]
fn every_rule_that_the_database_leaves_out_is_noticed() {
    let lost = Scenario { drops: 2, ..scenario(1, &[(APPLY, P1), (APPROVE, P1), (APPROVE, BOTH)]) };
    let policy = scenario(2, &[(ORDER_1, P1), (ORDER_2, BOTH), (TIGHTEN, BOTH), (ORDER_2, P1)]);
    let approve = scenario(1, &[(APPLY, BOTH), (APPROVE, BOTH), (APPROVE, BOTH), (APPROVE, P1)]);
    for (mistake, scenario) in [
        (Mistake::LookupOnly, &lost),
        (Mistake::NoTerminate, &lost),
        (Mistake::ReadsNotConfirmed, &policy),
        (Mistake::KeyAfterDecide, &approve),
    ] {
        let seen = explore(scenario, 20_000, Some(mistake));
        assert!(seen.violation.is_some(), "{mistake:?} went unnoticed");
    }
}
