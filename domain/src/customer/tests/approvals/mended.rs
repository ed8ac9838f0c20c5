//! One vote for each: two identities, votes moved elsewhere, two at once for the last vote, and ways round a step.

use super::*;
use crate::{
    approval::{Rule, Stage as Step},
    customer::given::approving as on_papers,
    decider::Decider,
};

/// A review by so many of Quality.
fn quorum(votes: u32) -> impl FnOnce(&mut Value) {
    move |pack| {
        let step = Step::of(Rule::Quorum(votes), vec![Role::Quality]);
        pack["approvals"]["routes"]["first_approval"] = json!({"lane": "strict", "stages": [step]});
    }
}

#[test]
fn somebody_and_who_stands_in_for_them_count_once_also_in_another_step() {
    let mut stage = stage();
    employ(&mut stage, delegate("legal", &[Role::Legal], "sales-lead", &[Role::Sales]));
    employ(&mut stage, person("legal-2", &[Role::Legal]));
    prepare(&mut stage);
    stage.submit();
    does(&mut stage, "sales-lead", &vote()).unwrap();
    assert_eq!(refused(&mut stage, "legal", &vote()), "approval.voted_already");
    // Ending it after the vote makes nobody somebody else.
    employ(&mut stage, person("legal", &[Role::Legal]));
    assert_eq!(refused(&mut stage, "legal", &vote()), "approval.voted_already");
    assert!(does(&mut stage, "legal-2", &vote()).is_ok());
}

#[test]
fn who_comes_to_stand_in_for_somebody_who_voted_has_voted() {
    let mut stage = stage();
    with_pack(&mut stage, quorum(2));
    employ(&mut stage, person("quality-3", &[Role::Quality]));
    prepare(&mut stage);
    stage.submit();
    does(&mut stage, "quality", &vote()).unwrap();
    let then = stage.people.clone();
    employ(&mut stage, delegate("quality-2", &[Role::Quality], "quality", &[Role::Quality]));
    assert_eq!(refused(&mut stage, "quality-2", &vote()), "approval.voted_already");
    stage.people = then;
    employ(&mut stage, delegate("quality", &[Role::Quality], "quality-2", &[Role::Quality]));
    assert_eq!(refused(&mut stage, "quality-2", &vote()), "approval.voted_already");
    assert!(does(&mut stage, "quality-3", &vote()).is_ok());
}

#[test]
fn two_who_stand_in_for_each_other_are_not_enough_for_two() {
    let mut stage = stage();
    with_pack(&mut stage, quorum(2));
    employ(&mut stage, delegate("quality", &[Role::Quality], "quality-2", &[Role::Quality]));
    employ(&mut stage, delegate("quality-2", &[Role::Quality], "quality", &[Role::Quality]));
    prepare(&mut stage);
    assert_eq!(refused(&mut stage, "sales", &submit()), "approval.unreachable");
    // Of three in a chain the two ends are.
    employ(&mut stage, person("quality-2", &[Role::Quality]));
    employ(&mut stage, delegate("quality-0", &[Role::Quality], "quality", &[Role::Quality]));
    does(&mut stage, "sales", &submit()).unwrap();
    assert_eq!(refused(&mut stage, "quality", &vote()), "approval.strands");
    does(&mut stage, "quality-2", &vote()).unwrap();
    assert!(does(&mut stage, "quality-0", &vote()).is_ok());
    assert!(stage.customer.qualification.is_approved());
}

#[test]
fn nobody_lends_what_they_have_lost() {
    let mut stage = stage();
    employ(&mut stage, delegate("deputy", &[Role::Warehouse], "sales-lead", &[Role::Sales]));
    prepare(&mut stage);
    stage.submit();
    let then = stage.people.clone();
    employ(&mut stage, person("sales-lead", &[Role::Warehouse]));
    assert_eq!(refused(&mut stage, "deputy", &vote()), "approval.not_asked");
    dismiss(&mut stage, "sales-lead");
    assert_eq!(refused(&mut stage, "deputy", &vote()), "approval.not_asked");
    // Nor does somebody who now stands in for one who had a hand.
    stage.people = then;
    employ(&mut stage, delegate("sales-lead", &[Role::Sales], "sales", &[Role::Sales]));
    assert_eq!(refused(&mut stage, "deputy", &vote()), "qualification.own_work");
}

#[test]
fn nobody_speaks_for_whom_another_has_come_to_speak_for() {
    let mut stage = stage();
    with_pack(&mut stage, quorum(2));
    employ(&mut stage, person("quality-3", &[Role::Quality]));
    let deputy = || delegate("deputy", &[Role::Warehouse], "quality-2", &[Role::Quality]);
    employ(&mut stage, deputy());
    prepare(&mut stage);
    stage.submit();
    does(&mut stage, "quality", &vote()).unwrap();
    let then = stage.people.clone();
    employ(&mut stage, delegate("quality", &[Role::Quality], "quality-2", &[Role::Quality]));
    assert_eq!(refused(&mut stage, "deputy", &vote()), "approval.not_asked");
    stage.people = then;
    assert!(does(&mut stage, "deputy", &vote()).is_ok());
}

#[test]
fn a_vote_speaks_of_what_was_seen_and_is_moved_nowhere() {
    let mut stage = submitted();
    let seen = papers(&stage).round.content.clone();
    let to = |content: &str| {
        on_papers(Act::Approve { remarks: Remarks::default(), content: Some(content.to_owned()) })
    };
    prepare(&mut stage);
    does(&mut stage, "sales", &submit()).unwrap();
    assert_eq!(refused(&mut stage, "sales-lead", &to(&seen)), "approval.content_differs");
    let now = papers(&stage).round.content.clone();
    assert!(does(&mut stage, "sales-lead", &to(&now)).is_ok());
    // That of one case is none in another.
    does(&mut stage, "sales", &apply(limit("2000000.00"))).unwrap();
    let credit = of_credit(&stage).id;
    let elsewhere = Act::Approve { remarks: Remarks::default(), content: Some(now) };
    assert_eq!(
        refused(&mut stage, "credit", &on_case(credit, elsewhere)),
        "approval.content_differs"
    );
}

#[test]
fn of_two_at_once_for_the_last_vote_one_counts() {
    let mut stage = submitted();
    for name in ["sales-lead", "legal", "compliance"] {
        does(&mut stage, name, &vote()).unwrap();
    }
    let decided = |name: &str, stage: &Stage| {
        let context = stage.context(name, &[Role::Quality]);
        stage.customer.decide(&context, &vote())
    };
    let both = ["staff-quality", "staff-quality-2"].map(|name| decided(name, &stage).unwrap());
    let last = ["approval.vote-cast", "qualification.approved", "approval.case-closed"];
    assert!(both.iter().all(|events| kinds(events) == last));
    for event in &both[0] {
        stage.customer.evolve(event);
    }
    let late = decided("staff-quality-2", &stage).unwrap_err();
    assert_eq!(late.code(), "qualification.nothing_in_review");
    // What a vote that came too late would have said changes nothing that is open.
    let approved = stage.customer.clone();
    stage.customer.cases.fold(&both[1][0]);
    assert_eq!(stage.customer, approved);
}

#[test]
fn nobody_is_moved_in_where_that_leaves_too_few() {
    let mut stage = stage();
    let reason = || "熟悉该客户".parse().unwrap();
    with_pack(&mut stage, quorum(2));
    prepare(&mut stage);
    stage.submit();
    // Both are needed: neither gives their place to the other, nor becomes somebody beside themselves.
    let to = "staff-quality-2".parse().unwrap();
    let transfer = on_papers(Act::Transfer { to, reason: reason() });
    assert_eq!(refused(&mut stage, "quality", &transfer), "approval.not_of_the_stage");
    let reviewer = "staff-quality-2".parse().unwrap();
    let add = on_papers(Act::AddReviewer { reviewer, reason: reason() });
    assert_eq!(refused(&mut stage, "quality", &add), "approval.not_of_the_stage");
    // Somebody new does.
    employ(&mut stage, person("quality-3", &[Role::Quality]));
    let to = "staff-quality-3".parse().unwrap();
    let transfer = on_papers(Act::Transfer { to, reason: reason() });
    does(&mut stage, "quality", &transfer).unwrap();
    assert_eq!(refused(&mut stage, "quality", &vote()), "approval.not_asked");
    for name in ["quality-2", "quality-3"] {
        does(&mut stage, name, &vote()).unwrap();
    }
    assert!(stage.customer.qualification.is_approved());
}

#[test]
fn of_all_who_are_asked_nobody_leaves_their_vote_to_another() {
    let mut stage = stage();
    with_pack(&mut stage, |pack| {
        let step = Step::of(Rule::All, vec![Role::Quality]);
        pack["approvals"]["routes"]["first_approval"] = json!({"lane": "strict", "stages": [step]});
    });
    prepare(&mut stage);
    stage.submit();
    let to = "staff-quality-2".parse().unwrap();
    let transfer = on_papers(Act::Transfer { to, reason: "出差".parse().unwrap() });
    assert_eq!(refused(&mut stage, "quality", &transfer), "approval.not_of_the_stage");
    does(&mut stage, "quality-2", &vote()).unwrap();
    assert!(!stage.customer.qualification.is_approved());
}

#[test]
fn a_renewal_whose_ground_is_gone_goes_the_long_way() {
    let mut stage = qualified();
    stage.upload(business_licence());
    stage.submit();
    assert_eq!(papers(&stage).round.route.stages.len(), 1);
    let documents = &stage.customer.qualification.documents;
    let on_file = documents.iter().find(|(_, known)| {
        known.paper.kind == crate::document_kind::DocumentKind::BusinessLicence
            && known.approved_at.is_some()
    });
    let (document, reason) = (*on_file.unwrap().0, "发证机关已吊销".parse().unwrap());
    let revoke = Command::Qualification(qualification::Command::Revoke { document, reason });
    let events = does(&mut stage, "quality", &revoke).unwrap();
    // What was agreed to before is looked at again besides, in a case of its own.
    let follow =
        ["qualification.document-revoked", "approval.case-opened", "approval.round-opened"];
    assert_eq!(kinds(&events), follow);
    assert_eq!(papers(&stage).round.route.stages.len(), 3);
}

#[test]
fn what_ended_without_approval_may_be_asked_for_by_others() {
    let mut stage = crate::customer::given::with_limit("0.01");
    let order = held(&mut stage, 11);
    does(&mut stage, "credit", &release(order)).unwrap();
    assert_eq!(refused(&mut stage, "credit-2", &release(order)), "release.asked_already");
    does(&mut stage, "finance", &on_release(order, reject("逾期未付"))).unwrap();
    let again = on_release(order, Act::Reopen { reason: "已付款".parse().unwrap() });
    assert_eq!(refused(&mut stage, "credit-2", &again), "approval.not_yours");
    does(&mut stage, "credit-2", &release(order)).unwrap();
    // Nothing of it is left once its order is closed.
    does(&mut stage, "finance", &on_release(order, reject("逾期未付"))).unwrap();
    let reason = "客户取消".parse().unwrap();
    let cancel = crate::customer::trading::CancelOrder { order, reason, lines: Vec::new() };
    stage.does(Command::Trading(crate::customer::trading::Command::Cancel(Box::new(cancel))));
    assert!(stage.customer.cases.is_empty());
}

#[test]
fn what_nobody_is_asked_about_any_more_is_not_reopened() {
    let mut stage = qualified();
    does(&mut stage, "credit", &grant(limit("1000000.01"))).unwrap();
    let rejected = on_credit(&stage, reject("暂缓"));
    does(&mut stage, "finance", &rejected).unwrap();
    with_pack(&mut stage, |pack| {
        pack["approvals"]["credit"]["rows"][0]["when"][0] = json!("<= 2000000.00");
    });
    let again = on_credit(&stage, Act::Reopen { reason: "再议".parse().unwrap() });
    assert_eq!(refused(&mut stage, "credit", &again), "approval.ask_anew");
    assert_eq!(does(&mut stage, "credit", &grant(limit("1000000.01"))).unwrap().len(), 3);
}

#[test]
fn what_cannot_be_asked_under_other_rules_can_be_withdrawn() {
    let mut stage = submitted();
    stage.facts.policy = None;
    assert_eq!(refused(&mut stage, "sales-lead", &vote()), "policy.not_configured");
    let withdraw = on_papers(Act::Withdraw { reason: "重新提交".parse().unwrap() });
    assert!(does(&mut stage, "sales", &withdraw).is_ok());
}

#[test]
fn what_a_narrower_paper_took_the_place_of_is_no_renewal() {
    let mut stage = qualified();
    let mut narrow = licence("2029-01-09");
    narrow["valid_from"] = json!("2026-11-01");
    narrow["scope"] = json!([{"catalogue": "2017", "code": "14", "class": "III"}]);
    stage.approve(&[narrow]);
    let mut wide = licence("2029-01-09");
    wide["valid_from"] = json!("2026-11-02");
    stage.upload(wide);
    stage.submit();
    assert_eq!(papers(&stage).round.route.stages.len(), 3);
}

#[test]
fn a_new_name_is_no_renewal_and_another_one_makes_the_votes_void() {
    let named = |name: &str| {
        let name = Some(name.parse().unwrap());
        Command::Qualification(qualification::Command::Submit { name })
    };
    let mut stage = qualified();
    stage.upload(business_licence());
    does(&mut stage, "sales", &named("示范医疗科技有限公司")).unwrap();
    assert_eq!(papers(&stage).round.route.stages.len(), 3);
    let seen = papers(&stage).round.content.clone();
    does(&mut stage, "sales-lead", &vote()).unwrap();
    let events = does(&mut stage, "sales", &named("示范生物科技有限公司")).unwrap();
    let anew = events.iter().find_map(|event| match event {
        Event::CaseRoundOpened(anew) => Some((anew.voided, anew.opened.content.clone())),
        _ => None,
    });
    let (voided, content) = anew.unwrap();
    assert_eq!(voided, 1);
    assert_ne!(content, seen);
    stage.agrees();
    let particulars = stage.customer.registration.particulars.as_ref().unwrap();
    assert_eq!(&*particulars.name, "示范生物科技有限公司");
}
