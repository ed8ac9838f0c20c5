//! The strict lane: why it is taken, who is in it, and that nobody in it stands for two.

use super::*;

fn strict() -> Stage {
    let mut stage = qualified();
    does(&mut stage, "credit", &grant(limit("6000000.00"))).unwrap();
    stage
}

#[test]
fn row_26_the_strict_lane_with_its_reason_accepts() {
    let mut stage = qualified();
    let events = does(&mut stage, "credit", &grant(limit("6000000.00"))).unwrap();
    let [Event::CaseOpened(opened)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(opened.opened.route.lane.unwrap().code(), "strict");
    assert_eq!(opened.chosen.row, "with-all");
    let facts = ["cumulative_increase", "limit"].map(|fact| opened.chosen.facts[fact].clone());
    assert_eq!(facts, ["6000000", "6000000"]);
    let expected = vec![vec![Role::Finance], vec![Role::Credit, Role::Compliance]];
    assert_eq!(departments(&opened.opened.route), expected);
}

#[test]
fn row_26_the_strict_lane_with_its_reason_refuses() {
    let mut stage = strict();
    agrees(&mut stage, "finance").unwrap();
    agrees(&mut stage, "compliance").unwrap();
    let again = on_credit(&stage, agreement());
    assert_eq!(refused(&mut stage, "compliance", &again), "approval.voted_already");
    assert_eq!(refused(&mut stage, "finance", &again), "approval.voted_already");
    assert_eq!(refused(&mut stage, "credit", &again), "approval.had_a_hand");
    assert_eq!(stage.customer.credit.granted, None);
}

#[test]
fn row_26_the_strict_lane_with_its_reason_at_the_boundary() {
    // One who is both is one: without somebody else for the other department it is not even begun.
    let mut stage = qualified();
    dismiss(&mut stage, "credit-2");
    dismiss(&mut stage, "compliance");
    dismiss(&mut stage, "manager");
    employ(&mut stage, person("both", &[Role::Credit, Role::Compliance]));
    let asked = grant(limit("6000000.00"));
    assert_eq!(refused(&mut stage, "credit", &asked), "approval.unreachable");
    employ(&mut stage, person("compliance", &[Role::Compliance]));
    does(&mut stage, "credit", &asked).unwrap();
    agrees(&mut stage, "finance").unwrap();
    let events = agrees(&mut stage, "both").unwrap();
    let Some(Event::CaseVoted(voted)) = events.first() else { panic!("{events:?}") };
    assert_eq!(voted.vote.department, Role::Credit, "where nobody else is left");
    assert!(agrees(&mut stage, "compliance").is_ok());
}

#[test]
fn row_26_a_department_that_is_lacking_is_asked_in_another() {
    let mut stage = qualified();
    with_pack(&mut stage, |pack| pack["changes"]["stands_in"] = json!({"compliance": "finance"}));
    employ(&mut stage, person("finance-2", &[Role::Finance]));
    does(&mut stage, "credit", &grant(limit("6000000.00"))).unwrap();
    agrees(&mut stage, "finance").unwrap();
    agrees(&mut stage, "credit-2").unwrap();
    let again = on_credit(&stage, agreement());
    assert_eq!(refused(&mut stage, "finance", &again), "approval.voted_already");
    assert_eq!(agrees(&mut stage, "finance-2").unwrap().len(), 3);
}
