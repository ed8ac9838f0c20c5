//! What was agreed to is looked at again when facts change, and that this loosens nothing.

use serde_json::json;

use super::super::given::{STENT, Stage, agreement, licence, placement, qualified, with_limit};
use crate::{
    customer::{
        Command, Event,
        approving::{
            Act, Case, Command as Approving, Matter, Outcome, Which,
            reviewing::{Evidence, Reviewed, Trigger},
        },
        qualification::{self, Remarks},
        registration::{self, CustomerKind, ParticularsAmended, Status},
    },
    document_kind::DocumentKind,
    ids::DocumentId,
    policy::Pack,
    staff::Role,
};

fn licence_of(stage: &Stage) -> DocumentId {
    let documents = stage.customer.qualification.documents.iter();
    let mut found = documents.filter(|(_, d)| d.paper.kind == DocumentKind::DeviceTradingLicence);
    *found.next().unwrap().0
}

fn revoke(stage: &mut Stage) -> Vec<Event> {
    let (document, reason) = (licence_of(stage), "发证机关已吊销".parse().unwrap());
    let revoke = qualification::Command::Revoke { document, reason };
    stage.ask("staff-quality", &[Role::Quality], &Command::Qualification(revoke)).unwrap()
}

fn case(stage: &Stage, of: Reviewed) -> &Case {
    stage.customer.cases.re_reviews.get(&of).unwrap()
}

fn act(stage: &Stage, of: Reviewed, act: Act) -> Command {
    let which = Which::Case(case(stage, of).id);
    Command::Approving(Approving { which, act })
}

fn reject() -> Act {
    Act::Reject { reason: "证照不实".parse().unwrap(), remarks: Remarks::default() }
}

fn triggers(case: &Case) -> Vec<Trigger> {
    match &case.matter {
        Matter::ReReview { evidence, .. } => evidence.iter().map(Evidence::trigger).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn row_30_a_revoked_paper_opens_a_re_review_that_carries_it_as_evidence() {
    let mut stage = qualified();
    let events = revoke(&mut stage);
    let [Event::DocumentRevoked(revoked), Event::CaseOpened(opened)] = events.as_slice() else {
        panic!("{events:?}")
    };
    let Matter::ReReview { of: Reviewed::Qualification, evidence } = &opened.matter else {
        panic!("{:?}", opened.matter)
    };
    let expected = Evidence::DocumentRevoked {
        document: revoked.document,
        kind: revoked.kind,
        number: revoked.number.clone(),
        reason: revoked.reason.clone(),
    };
    assert_eq!(*evidence, [expected]);
    assert_eq!(
        (opened.chosen.route.as_str(), opened.chosen.row.as_str()),
        ("quality_alone", "document_revoked")
    );
    assert!(opened.deadline.is_some());
    // Whoever revoked it does not look at it again.
    let asked: Vec<_> = opened.opened.electorate.iter().map(|it| it.staff.as_str()).collect();
    assert_eq!(asked, ["staff-quality-2"]);
    let again = act(&stage, Reviewed::Qualification, agreement());
    let own = stage.ask("staff-quality", &[Role::Quality], &again).unwrap_err();
    assert_eq!(own.code(), "approval.had_a_hand");
}

#[test]
fn row_30_a_confirmed_re_review_changes_nothing_and_loosens_nothing() {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    revoke(&mut stage);
    let confirm = act(&stage, Reviewed::Qualification, agreement());
    let events = stage.ask("staff-quality-2", &[Role::Quality], &confirm).unwrap();
    let [Event::CaseVoted(_), Event::CaseClosed(closed)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!(closed.outcome, Outcome::Confirmed);
    assert_eq!(stage.customer.registration.status, Status::Active);
    assert!(stage.customer.cases.re_reviews.is_empty());
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["document.revoked"]));
}

#[test]
fn row_30_a_rejected_re_review_of_papers_suspends_in_the_same_commit() {
    let mut stage = qualified();
    revoke(&mut stage);
    let rejected = act(&stage, Reviewed::Qualification, reject());
    let events = stage.ask("staff-quality-2", &[Role::Quality], &rejected).unwrap();
    let [Event::CustomerSuspended(suspended), Event::CaseClosed(closed)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((&*suspended.reason, closed.outcome), ("证照不实", Outcome::Rejected));
    assert_eq!(stage.customer.registration.status, Status::Suspended);
    assert!(stage.customer.cases.re_reviews.is_empty());
    // One that is suspended already is not suspended twice.
    let mut stage = qualified();
    revoke(&mut stage);
    let reason = "飞行检查".parse().unwrap();
    let suspend = Command::Registration(registration::Command::Suspend { reason });
    stage.ask("staff-quality", &[Role::Quality], &suspend).unwrap();
    let rejected = act(&stage, Reviewed::Qualification, reject());
    let events = stage.ask("staff-quality-2", &[Role::Quality], &rejected).unwrap();
    assert!(matches!(events.as_slice(), [Event::CaseClosed(_)]));
}

#[test]
fn row_30_only_what_was_agreed_to_and_what_the_pack_names_is_looked_at_again() {
    // A draft was never agreed to.
    let mut stage = super::super::given::stage();
    stage.upload(licence("2029-01-09"));
    revoke(&mut stage);
    assert!(stage.customer.cases.is_empty());
    // A pack of before names nothing.
    let mut stage = qualified();
    stage.rules(|pack| pack.approvals = None);
    assert_eq!(revoke(&mut stage).len(), 1);
    // An address that stays the same has not changed.
    let mut stage = qualified();
    let amend = |address: &str| {
        let amended = ParticularsAmended {
            registered_address: Some(address.parse().unwrap()),
            ..ParticularsAmended::default()
        };
        Command::Registration(registration::Command::Amend(Box::new(amended)))
    };
    assert_eq!(stage.does(amend("杭州市示范路 1 号")).len(), 1);
    assert_eq!(stage.does(amend("杭州市示范路 2 号")).len(), 2);
    // And a customer that becomes what it is has not either.
    let classify = |kind| {
        let uscc = "91330100000000001C".parse().unwrap();
        Command::Registration(registration::Command::Classify { kind, uscc })
    };
    let mut stage = qualified();
    assert_eq!(stage.does(classify(CustomerKind::Distributor)).len(), 1);
    assert_eq!(stage.does(classify(CustomerKind::Agent)).len(), 2);
}

#[test]
fn row_30_what_changes_meanwhile_is_added_and_voted_on_anew() {
    let mut stage = qualified();
    stage.joins("staff-quality-3", Role::Quality);
    stage.rules(|pack| {
        let approvals = pack.approvals.as_mut().unwrap();
        let route = approvals.routes.get_mut("quality_alone").unwrap();
        route.stages[0].rule = crate::approval::Rule::Quorum(2);
    });
    revoke(&mut stage);
    let first = case(&stage, Reviewed::Qualification).clone();
    let confirm = act(&stage, Reviewed::Qualification, agreement());
    stage.ask("staff-quality-2", &[Role::Quality], &confirm).unwrap();
    let uscc = "91330100000000001C".parse().unwrap();
    let classify = registration::Command::Classify { kind: CustomerKind::Agent, uscc };
    let events =
        stage.ask("staff-sales", &[Role::Sales], &Command::Registration(classify)).unwrap();
    let anew = events.iter().find_map(|event| match event {
        Event::CaseRoundOpened(anew) => Some((anew.case, anew.voided)),
        _ => None,
    });
    assert_eq!(anew, Some((first.id, 1)));
    let now = case(&stage, Reviewed::Qualification);
    assert_eq!(triggers(now), [Trigger::DocumentRevoked, Trigger::Reclassified]);
    assert_ne!(now.round.content, first.round.content);
    assert_eq!(now.round.number, 2);
}

#[test]
fn row_30_who_comes_to_look_after_the_account_has_no_vote_on_a_re_review() {
    let mut stage = qualified();
    revoke(&mut stage);
    let particulars = ParticularsAmended {
        account_manager: Some("staff-quality-2".parse().unwrap()),
        ..ParticularsAmended::default()
    };
    let amend = registration::Command::Amend(Box::new(particulars));
    stage.ask("staff-sales", &[Role::Sales], &Command::Registration(amend)).unwrap();
    let vote = act(&stage, Reviewed::Qualification, agreement());
    let own = stage.ask("staff-quality-2", &[Role::Quality], &vote).unwrap_err();
    assert_eq!(own.code(), "approval.had_a_hand");
}

#[test]
fn row_30_nobody_takes_a_re_review_back() {
    let mut stage = qualified();
    revoke(&mut stage);
    let (reason, remarks) = ("算了".parse().unwrap(), Remarks::default());
    let withdraw = act(&stage, Reviewed::Qualification, Act::Withdraw { reason });
    let own = stage.ask("staff-quality", &[Role::Quality], &withdraw).unwrap_err();
    assert_eq!(own.code(), "approval.re_review_stands");
    let reason = "算了".parse().unwrap();
    let back = act(&stage, Reviewed::Qualification, Act::Return { reason, remarks, stage: None });
    let back = stage.ask("staff-quality-2", &[Role::Quality], &back).unwrap_err();
    assert_eq!(back.code(), "approval.re_review_stands");
    // Nobody asked for it: a question is answered by whoever knows, those too who put it.
    let question = Act::AskForInformation { question: "是否已换证".parse().unwrap() };
    let ask = act(&stage, Reviewed::Qualification, question);
    stage.ask("staff-quality-2", &[Role::Quality], &ask).unwrap();
    let answer = Act::Inform { answer: "尚未换证".parse().unwrap() };
    let answer = act(&stage, Reviewed::Qualification, answer);
    let other = stage.ask("staff-finance", &[Role::Finance], &answer).unwrap_err();
    assert_eq!(other.code(), "approval.not_yours");
    stage.ask("staff-manager", &[Role::Sales], &answer).unwrap();
}

#[test]
fn row_30_a_re_review_waits_for_people_where_there_are_none() {
    let mut stage = qualified();
    stage.leaves("staff-quality-2");
    assert_eq!(revoke(&mut stage).len(), 2);
    assert_eq!(case(&stage, Reviewed::Qualification).round.electorate, []);
    assert_eq!(stage.ask("staff-system", &[], &Command::LookAtClock).unwrap(), []);
    stage.joins("staff-quality-3", Role::Quality);
    let events = stage.ask("staff-system", &[], &Command::LookAtClock).unwrap();
    assert!(matches!(events.as_slice(), [Event::CaseStageOpened(_)]), "{events:?}");
    let confirm = act(&stage, Reviewed::Qualification, agreement());
    stage.ask("staff-quality-3", &[Role::Quality], &confirm).unwrap();
}

#[test]
fn row_30_a_re_review_that_other_rules_no_longer_ask_for_is_overtaken() {
    let mut stage = qualified();
    revoke(&mut stage);
    stage.rules(|pack| pack.approvals.as_mut().unwrap().re_review.clear());
    let confirm = act(&stage, Reviewed::Qualification, agreement());
    let events = stage.ask("staff-quality-2", &[Role::Quality], &confirm).unwrap();
    let [Event::CaseClosed(closed)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(closed.outcome, Outcome::Overtaken);
}

fn review(stage: &mut Stage, day: &str) -> Vec<Event> {
    stage.on(day).ask("staff-system", &[], &Command::ReviewDay).unwrap()
}

fn opened_of(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::CaseOpened(_))).count()
}

#[test]
fn row_30_overdue_beyond_what_the_pack_bears_is_looked_at_again_once_and_freezes_when_rejected() {
    let mut stage = with_limit("100000.00");
    stage.sold(1, "50000.00", "INV-1");
    // Due on 2027-01-21; the delivered table stops beyond thirty days.
    assert_eq!(opened_of(&review(&mut stage, "2027-02-20")), 0);
    let events = review(&mut stage, "2027-02-21");
    assert_eq!(opened_of(&events), 1);
    let open = case(&stage, Reviewed::Credit);
    assert_eq!(triggers(open), [Trigger::OverdueBeyond]);
    assert_eq!(opened_of(&review(&mut stage, "2027-02-22")), 0);
    // The account's manager has no say.
    let confirm = act(&stage, Reviewed::Credit, agreement());
    let own = stage.ask("staff-manager", &[Role::Credit], &confirm).unwrap_err();
    assert_eq!(own.code(), "approval.had_a_hand");
    stage.ask("staff-credit", &[Role::Credit], &confirm).unwrap();
    assert!(stage.customer.credit.frozen.is_none());
    // Confirmed, it is not found again while it stays as late.
    assert_eq!(opened_of(&review(&mut stage, "2027-03-01")), 0);
    stage.pays("50000.00", crate::customer::receivables::Allocation::OldestFirst);
    stage.sold(1, "60000.00", "INV-2");
    assert_eq!(opened_of(&review(&mut stage, "2027-12-01")), 1);
    let rejected = act(&stage, Reviewed::Credit, reject());
    let events = stage.ask("staff-credit", &[Role::Credit], &rejected).unwrap();
    assert!(matches!(events.as_slice(), [Event::LimitFrozen(_), Event::CaseClosed(_)]));
    assert!(stage.customer.credit.frozen.is_some());
    // What is frozen is not looked at again.
    assert_eq!(opened_of(&review(&mut stage, "2028-03-01")), 0);
    let order = stage.order_with(&placement(STENT, 1, "1.00"));
    assert!(order.is().1.contains(&"credit.frozen"), "{:?}", order.is());
}

fn grant_until(stage: &mut Stage, amount: &str, day: &str) {
    let amount = json!({"amount": amount, "currency": "CNY"});
    stage.grant(json!({"limit": {"kind": "amount", "amount": amount}, "valid_until": day}));
}

#[test]
fn row_30_a_limit_that_is_about_to_end_is_looked_at_again_once_for_each_end() {
    let mut stage = qualified();
    grant_until(&mut stage, "100000.00", "2027-03-31");
    // The delivered pack looks thirty days ahead.
    assert_eq!(opened_of(&review(&mut stage, "2027-02-28")), 0);
    assert_eq!(opened_of(&review(&mut stage, "2027-03-01")), 1);
    let Matter::ReReview { of: Reviewed::Credit, evidence } =
        &case(&stage, Reviewed::Credit).matter
    else {
        panic!("no re-review of credit")
    };
    let expected = json!([{"trigger": "limit_about_to_end", "valid_until": "2027-03-31", "on": "2027-03-01",
        "limit": {"kind": "amount", "amount": {"amount": "100000.00", "currency": "CNY"}}}]);
    assert_eq!(serde_json::to_value(evidence).unwrap(), expected);
    let confirm = act(&stage, Reviewed::Credit, agreement());
    stage.ask("staff-credit", &[Role::Credit], &confirm).unwrap();
    // Confirmed, it ends when it ends, and is not looked at again.
    assert_eq!(
        stage.customer.credit.granted.as_ref().unwrap().valid_until,
        "2027-03-31".parse().ok()
    );
    assert_eq!(opened_of(&review(&mut stage, "2027-03-31")), 0);
    grant_until(&mut stage, "100000.00", "2027-04-30");
    assert_eq!(opened_of(&review(&mut stage, "2027-04-01")), 1);
}

#[test]
fn row_30_a_limit_that_has_ended_or_has_no_end_is_not_about_to_end() {
    for (day, looked) in [("2027-03-31", 1), ("2027-04-01", 0)] {
        let mut stage = qualified();
        grant_until(&mut stage, "100000.00", "2027-03-31");
        assert_eq!(opened_of(&review(&mut stage, day)), looked, "{day}");
    }
    let mut stage = with_limit("100000.00");
    assert_eq!(opened_of(&review(&mut stage, "2027-03-31")), 0);
}

#[test]
fn row_30_another_limit_overtakes_the_re_review_of_one_that_ends() {
    let mut stage = qualified();
    grant_until(&mut stage, "100000.00", "2027-03-31");
    review(&mut stage, "2027-03-01");
    assert!(stage.customer.cases.re_reviews.contains_key(&Reviewed::Credit));
    grant_until(&mut stage, "90000.00", "2028-03-31");
    assert!(stage.customer.cases.re_reviews.is_empty());
    assert_eq!(stage.customer.registration.status, Status::Active);
}

#[test]
fn row_30_a_paper_that_runs_out_is_looked_at_again_on_the_day_after_its_end_and_once() {
    let mut stage = qualified();
    stage.rules(|pack| {
        let named = &mut pack.approvals.as_mut().unwrap().re_review;
        named.insert(Trigger::DocumentExpired, "quality_alone".to_owned());
    });
    assert_eq!(opened_of(&review(&mut stage, "2029-01-09")), 0);
    assert_eq!(opened_of(&review(&mut stage, "2029-01-10")), 1);
    let Matter::ReReview { of: Reviewed::Qualification, evidence } =
        &case(&stage, Reviewed::Qualification).matter
    else {
        panic!("of papers")
    };
    let [Evidence::DocumentExpired { document, valid_to, .. }] = evidence.as_slice() else {
        panic!("{evidence:?}")
    };
    assert_eq!((*document, valid_to.to_string().as_str()), (licence_of(&stage), "2029-01-09"));
    assert!(!review(&mut stage, "2029-01-11").iter().any(|it| it.case().is_some()));
    // The delivered pack does not name it.
    assert_eq!(opened_of(&review(&mut qualified(), "2029-01-10")), 0);
}

#[test]
fn row_30_the_pack_names_routes_that_ask_those_who_may_decide() {
    let against = |change: &dyn Fn(&mut Pack)| -> Vec<String> {
        let mut pack = Pack::default_pack();
        change(&mut pack);
        crate::policy::proof::objections(&pack).into_iter().map(|it| it.pointer).collect()
    };
    let name = |trigger: Trigger, route: &'static str| {
        move |pack: &mut Pack| {
            let approvals = pack.approvals.as_mut().unwrap();
            approvals.re_review.insert(trigger, route.to_owned());
        }
    };
    let none: [&str; 0] = [];
    assert_eq!(against(&|_| {}), none);
    assert_eq!(against(&name(Trigger::DocumentExpired, "first_approval")), none);
    let at = "/approvals/re_review/overdue_beyond";
    assert_eq!(against(&name(Trigger::OverdueBeyond, "quality_alone")), [at]);
    assert_eq!(against(&name(Trigger::OverdueBeyond, "straight_through")), [at]);
    assert_eq!(against(&name(Trigger::OverdueBeyond, "nowhere")), [at]);
    let at = "/approvals/re_review/document_expired";
    assert_eq!(against(&name(Trigger::DocumentExpired, "credit_alone")), [at, at]);
    let days = |days| move |pack: &mut Pack| pack.credit.limit_notice_days = days;
    for unknown in [None, Some(0), Some(367)] {
        assert_eq!(against(&days(unknown)), ["/credit/limit_notice_days"], "{unknown:?}");
    }
    for known in [1, 366] {
        assert_eq!(against(&days(Some(known))), none, "{known}");
    }
}
