//! Votes on a case that are signed: a signature is its voter's, under what they agree to, and serves nowhere else.

use super::*;
use crate::customer::given::approving as on_papers;

#[test]
fn row_19_a_vote_on_a_case_is_signed_by_its_voter_under_what_is_asked() {
    let mut stage = submitted();
    let own = signature("sales-lead", &papers(&stage).round.content);
    let events = does(&mut stage, "sales-lead", &on_papers(signing(&own))).unwrap();
    let Some(Event::CaseVoted(voted)) = events.first() else { panic!("{events:?}") };
    assert_eq!(voted.remarks.signed.as_deref(), Some(&own));
    assert!(own.is_of("customer-1", &voted.vote.content));
}

#[test]
fn row_19_a_signature_of_somebody_else_or_of_another_case_counts_nowhere() {
    let mut stage = submitted();
    does(&mut stage, "sales", &apply(limit("2000000.00"))).unwrap();
    let (here, there) =
        (papers(&stage).round.content.clone(), of_credit(&stage).round.content.clone());
    // Somebody else's, also of one who may vote; one's own from the other case; and one under nothing that was ever asked.
    employ(&mut stage, person("sales-lead", &[Role::Sales, Role::Credit]));
    for moved in [
        signature("legal", &here),
        signature("sales", &here),
        signature("sales-lead", &there),
        signature("sales-lead", "sha256:another"),
    ] {
        let vote = on_papers(signing(&moved));
        assert_eq!(refused(&mut stage, "sales-lead", &vote), "signature.of_another", "{moved:?}");
    }
    let moved = on_credit(&stage, signing(&signature("credit", &here)));
    assert_eq!(refused(&mut stage, "credit", &moved), "signature.of_another");
    // Nor does a signature let somebody vote who may not.
    let own = on_papers(signing(&signature("sales", &here)));
    assert_eq!(refused(&mut stage, "sales", &own), "qualification.own_work");
}

#[test]
fn row_19_boundary_a_signature_is_void_with_its_round_and_serves_once() {
    let mut stage = submitted();
    let before = on_papers(signing(&signature("sales-lead", &papers(&stage).round.content)));
    does(&mut stage, "sales-lead", &before).unwrap();
    assert_eq!(refused(&mut stage, "sales-lead", &before), "approval.voted_already");
    // One paper more, and it is under something else.
    prepare(&mut stage);
    does(&mut stage, "sales", &submit()).unwrap();
    assert!(papers(&stage).round.votes.is_empty());
    assert_eq!(refused(&mut stage, "sales-lead", &before), "signature.of_another");
    let now = on_papers(signing(&signature("sales-lead", &papers(&stage).round.content)));
    assert!(does(&mut stage, "sales-lead", &now).is_ok());
}

#[test]
fn row_19_a_refusal_is_signed_by_whoever_refuses_under_what_is_asked() {
    let refusals = |signature: &Signature| {
        let remarks = Remarks { signed: Some(Box::new(signature.clone())), ..Remarks::default() };
        let reason = || "公章与名称不符".parse().unwrap();
        let back = |stage| Act::Return { reason: reason(), remarks: remarks.clone(), stage };
        [Act::Reject { reason: reason(), remarks: remarks.clone() }, back(None), back(Some(1))]
            .map(on_papers)
    };
    let at_the_second_step = || {
        let mut stage = submitted();
        does(&mut stage, "sales-lead", &vote()).unwrap();
        stage
    };
    for nth in 0..3 {
        let mut stage = at_the_second_step();
        let here = papers(&stage).round.content.clone();
        for moved in [signature("compliance", &here), signature("legal", "sha256:another")] {
            let refusal = &refusals(&moved)[nth];
            assert_eq!(refused(&mut stage, "legal", refusal), "signature.of_another", "{nth}");
        }
        let own = signature("legal", &here);
        let events = does(&mut stage, "legal", &refusals(&own)[nth]).unwrap();
        let remarks = match events.last() {
            Some(Event::CaseClosed(closed)) => &closed.remarks,
            Some(Event::CaseStageOpened(opened)) => &opened.returned.as_ref().unwrap().remarks,
            other => panic!("{other:?}"),
        };
        assert_eq!(remarks.signed.as_deref(), Some(&own));
    }
}
