//! What is left of every step: who said what about what, where the case stands, and one id from application to grant.

use super::*;
use crate::customer::approving::{Outcome, Standing, Why};

fn said(comment: &str) -> Act {
    let comment = Some(comment.parse().unwrap());
    Act::Approve { remarks: Remarks { comment, signature: None, signed: None }, content: None }
}

#[test]
fn row_18_status_and_opinion_of_each_step_accepts() {
    let mut stage = submitted();
    let opinion = crate::customer::given::approving(said("资料齐全"));
    let events = does(&mut stage, "sales-lead", &opinion).unwrap();
    let [Event::CaseVoted(voted), Event::CaseStageOpened(next)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(voted.remarks.comment.as_ref().unwrap().to_string(), "资料齐全");
    assert_eq!((voted.vote.stage, next.opened.stage), (1, 2));
    assert_eq!(voted.vote.content, papers(&stage).round.content);
}

#[test]
fn row_18_status_and_opinion_of_each_step_refuses() {
    let mut stage = submitted();
    let rejected = crate::customer::given::approving(reject("公章与名称不符"));
    // Whoever is not asked now has no opinion to give, except for Quality's veto on papers.
    for name in ["legal", "credit", "finance"] {
        for act in [reject("x"), give_back(None), give_back(Some(1))] {
            let act = crate::customer::given::approving(act);
            assert_eq!(refused(&mut stage, name, &act), "approval.not_asked", "{name}");
        }
    }
    let events = does(&mut stage, "sales-lead", &rejected).unwrap();
    let [Event::QualificationRejected(_), Event::CaseClosed(closed)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(closed.outcome, Outcome::Rejected);
    assert_eq!(closed.reason.as_ref().unwrap().to_string(), "公章与名称不符");
    assert_eq!(closed.by.as_ref().unwrap().as_str(), "staff-sales-lead");
    assert_eq!(refused(&mut stage, "legal", &vote()), "qualification.nothing_in_review");
}

#[test]
fn row_18_only_of_papers_has_quality_a_veto_at_every_step() {
    let mut stage = submitted();
    let veto = crate::customer::given::approving(reject("证照不实"));
    assert_eq!(does(&mut stage, "quality", &veto).unwrap().len(), 2);
    let mut stage = qualified();
    does(&mut stage, "credit", &grant(limit("2000000.00"))).unwrap();
    let rejected = on_credit(&stage, reject("证照不实"));
    for name in ["quality", "compliance", "credit-2"] {
        assert_eq!(refused(&mut stage, name, &rejected), "approval.not_asked", "{name}");
    }
    assert!(does(&mut stage, "finance", &rejected).is_ok());
}

#[test]
fn row_18_status_and_opinion_of_each_step_at_the_boundary() {
    // Back to the first step: its vote and those after it are void, and the record says how many.
    let mut stage = submitted();
    does(&mut stage, "sales-lead", &vote()).unwrap();
    does(&mut stage, "legal", &vote()).unwrap();
    for nowhere in [0, 2, 3] {
        let back = crate::customer::given::approving(give_back(Some(nowhere)));
        assert_eq!(refused(&mut stage, "compliance", &back), "approval.no_such_stage");
    }
    let back = crate::customer::given::approving(give_back(Some(1)));
    let events = does(&mut stage, "compliance", &back).unwrap();
    let [Event::CaseStageOpened(opened)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(opened.returned.as_ref().unwrap().voided, 2);
    assert!(papers(&stage).round.votes.is_empty());
    assert!(does(&mut stage, "sales-lead", &vote()).is_ok(), "asked once more");
}

#[test]
fn row_20_named_accountability_accepts() {
    let mut stage = submitted();
    let mut voters = Vec::new();
    for name in ["sales-lead", "legal", "compliance", "quality"] {
        let events = does(&mut stage, name, &vote()).unwrap();
        let Some(Event::CaseVoted(voted)) = events.first() else { panic!("{events:?}") };
        voters.push(voted.vote.by.to_string());
    }
    assert_eq!(voters, ["staff-sales-lead", "staff-legal", "staff-compliance", "staff-quality"]);
}

#[test]
fn row_20_named_accountability_refuses() {
    // A credential with the role and nobody of the staff behind it.
    let mut stage = submitted();
    for shared in ["sales-shared", "machine"] {
        let refusal = stage.ask(&format!("staff-{shared}"), &[Role::Sales], &vote()).unwrap_err();
        assert_eq!(refusal.code(), "approval.not_asked", "{shared}");
    }
}

#[test]
fn row_20_named_accountability_at_the_boundary() {
    // Asked when the step opened, and gone, or without the role, when the vote is cast.
    let mut stage = submitted();
    let then = stage.people.clone();
    dismiss(&mut stage, "sales-lead");
    let gone = stage.ask("staff-sales-lead", &[Role::Sales], &vote()).unwrap_err();
    assert_eq!(gone.code(), "approval.not_asked");
    employ(&mut stage, person("sales-lead", &[Role::Warehouse]));
    let moved = stage.ask("staff-sales-lead", &[Role::Sales], &vote()).unwrap_err();
    assert_eq!(moved.code(), "approval.not_asked");
    stage.people = then;
    assert!(does(&mut stage, "sales-lead", &vote()).is_ok());
}

#[test]
fn row_22_progress_accepts() {
    let mut stage = submitted();
    let mut seen = Vec::new();
    for name in ["sales-lead", "legal", "compliance"] {
        let round = &papers(&stage).round;
        let waits: Vec<_> = round.waits_for().into_iter().map(Role::code).collect();
        seen.push((round.stage, round.votes.len(), waits.join(" ")));
        does(&mut stage, name, &vote()).unwrap();
    }
    let expected = [(1, 0, "sales"), (2, 1, "compliance legal"), (2, 2, "compliance")];
    assert_eq!(seen, expected.map(|(step, done, waits)| (step, done, waits.to_owned())));
}

#[test]
fn row_22_progress_refuses() {
    let mut stage = submitted();
    let back = crate::customer::given::approving(give_back(None));
    does(&mut stage, "sales-lead", &back).unwrap();
    assert_eq!(papers(&stage).standing, Standing::Returned);
    assert_eq!(refused(&mut stage, "sales-lead", &vote()), "approval.not_open");
}

#[test]
fn row_22_progress_at_the_boundary() {
    let mut stage = submitted();
    let case = papers(&stage).id;
    stage.agrees();
    assert!(stage.customer.cases.is_empty(), "what was decided waits for nobody");
    let late = on_case(case, agreement());
    assert_eq!(refused(&mut stage, "quality-2", &late), "approval.unknown");
}

#[test]
fn row_27_one_case_from_application_to_grant_accepts() {
    let mut stage = qualified();
    let mut cases = Vec::new();
    let mut steps = Vec::new();
    let mut heard = |events: Vec<Event>| {
        steps.extend(kinds(&events));
        cases.extend(events.iter().filter_map(|event| match event {
            Event::CaseOpened(e) => Some(e.case),
            Event::CaseRoundOpened(e) => Some(e.case),
            Event::CaseVoted(e) => Some(e.case),
            Event::CaseStageOpened(e) => Some(e.case),
            Event::CaseClosed(e) => Some(e.case),
            _ => None,
        }));
    };
    heard(does(&mut stage, "sales", &apply(limit("3000000.00"))).unwrap());
    heard(does(&mut stage, "credit", &grant(limit("2000000.00"))).unwrap());
    heard(agrees(&mut stage, "finance").unwrap());
    assert_eq!(
        steps,
        [
            "approval.case-opened",
            "approval.round-opened",
            "approval.vote-cast",
            "credit.limit-granted",
            "approval.case-closed"
        ]
    );
    assert!(cases.iter().all(|case| *case == cases[0]), "{cases:?}");
}

#[test]
fn row_27_one_case_from_application_to_grant_refuses() {
    // What was rejected has ended: whoever applies again has another case.
    let mut stage = qualified();
    does(&mut stage, "sales", &apply(limit("3000000.00"))).unwrap();
    let first = of_credit(&stage).id;
    assert_eq!(refused(&mut stage, "sales-lead", &apply(limit("1.00"))), "credit.already_applied");
    let rejected = on_credit(&stage, reject("风险过高"));
    does(&mut stage, "credit", &rejected).unwrap();
    does(&mut stage, "sales", &apply(limit("2000000.00"))).unwrap();
    assert_ne!(of_credit(&stage).id, first);
}

#[test]
fn row_27_one_case_from_application_to_grant_at_the_boundary() {
    // Returned, asked again, rejected, reopened: still the one case, and each round counts anew.
    let mut stage = qualified();
    does(&mut stage, "sales", &apply(limit("3000000.00"))).unwrap();
    let first = of_credit(&stage).id;
    let back = on_credit(&stage, give_back(None));
    does(&mut stage, "credit", &back).unwrap();
    let events = does(&mut stage, "sales", &apply(limit("2500000.00"))).unwrap();
    assert!(matches!(events.as_slice(), [Event::CaseRoundOpened(e)] if e.why == Why::Resubmitted));
    let rejected = on_credit(&stage, reject("暂不授信"));
    does(&mut stage, "credit", &rejected).unwrap();
    let again = on_credit(&stage, Act::Reopen { reason: "补充材料".parse().unwrap() });
    assert_eq!(refused(&mut stage, "credit", &again), "approval.not_yours");
    does(&mut stage, "sales", &again).unwrap();
    let case = of_credit(&stage);
    assert_eq!((case.id, case.round.number, case.round.votes.len()), (first, 3, 0));
}
