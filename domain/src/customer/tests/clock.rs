//! What time brings about for open cases, and that it never brings about a decision.

use proptest::prelude::*;

use super::super::given::{Stage, agreement, approving, licence, local, stage, vote};
use crate::{
    approval::Lane,
    customer::{
        Command, Event,
        approving::{Act, Case, Command as Approving, Which},
        qualification::Remarks,
    },
    staff::Role,
};

/// Papers of a new distributor, submitted on a Monday at nine: Sales has eight hours, and escalates to Compliance.
fn submitted() -> Stage {
    let mut stage = stage();
    stage.upload(licence("2029-01-09"));
    stage.at("2026-11-23T09:00:00").submit();
    stage
}

fn case(stage: &Stage) -> &Case {
    stage.customer.cases.qualification.as_ref().unwrap()
}

/// The look as events by name, with what tells them apart.
fn look(stage: &mut Stage) -> Vec<String> {
    let events = stage.ask("staff-system", &[], &Command::LookAtClock).unwrap();
    events.iter().map(told).collect()
}

fn told(event: &Event) -> String {
    let kind = event.kind();
    match event {
        Event::CaseReminded(e) => format!("{kind} {} {}", e.stage, e.percent),
        Event::SlaBreached(e) => format!("{kind} {}", e.stage),
        Event::CaseEscalated(e) => {
            let also: Vec<&str> = e.also.iter().map(|person| person.staff.as_str()).collect();
            format!("{kind} {} {} {}", e.stage, e.level, also.join(","))
        }
        Event::CaseStageOpened(e) => format!("{kind} {} {:?}", e.opened.stage, e.refilled),
        _ => kind.to_owned(),
    }
}

const ALL: [&str; 4] = [
    "approval.reminded 1 50",
    "approval.reminded 1 80",
    "approval.sla-breached 1",
    "approval.escalated 1 1 staff-compliance",
];

#[test]
fn row_28_each_mark_is_on_record_at_its_moment_and_once() {
    let mut stage = submitted();
    let none: [&str; 0] = [];
    for (moment, expected) in [
        ("2026-11-23T12:59:59", &ALL[..0]),
        ("2026-11-23T13:00:00", &ALL[..1]),
        ("2026-11-23T15:23:59", &ALL[..0]),
        ("2026-11-23T15:24:00", &ALL[1..2]),
        ("2026-11-23T16:59:59", &ALL[..0]),
        ("2026-11-23T17:00:00", &ALL[2..]),
    ] {
        assert_eq!(look(stage.at(moment)), expected, "{moment}");
        assert_eq!(look(&mut stage), none, "{moment}, once more");
    }
    // Nothing more comes of it, and nothing was decided.
    assert_eq!(look(stage.at("2027-11-23T17:00:00")), none);
    assert!(case(&stage).is_open() && case(&stage).round.votes.is_empty());
    assert_eq!(stage.customer.qualification.status(), "in_review");
    assert_eq!(case(&stage).next_mark_at(), None);
}

#[test]
fn row_28_a_timeout_never_decides_and_whoever_is_asked_besides_may_vote_in_their_place() {
    let mut stage = submitted();
    stage.joins("staff-compliance-2", Role::Compliance);
    let early = stage.ask("staff-compliance", &[Role::Compliance], &vote());
    assert_eq!(early.unwrap_err().code(), "approval.not_asked");
    stage.at("2026-11-24T09:00:00");
    assert_eq!(look(&mut stage).len(), 4);
    let events = stage.ask("staff-compliance", &[Role::Compliance], &vote()).unwrap();
    let [Event::CaseVoted(voted), Event::CaseStageOpened(opened)] = events.as_slice() else {
        panic!("{events:?}")
    };
    assert_eq!((voted.vote.stage, voted.vote.department), (1, Role::Sales));
    // The next stage has a clock of its own: sixteen hours.
    let deadline = opened.deadline.as_ref().unwrap();
    assert_eq!(deadline.opened_at, local("2026-11-24T09:00:00"));
    assert_eq!(deadline.due_at, local("2026-11-25T16:30:00"));
    assert_eq!(case(&stage).next_mark_at(), Some(local("2026-11-24T17:00:00")));
}

#[test]
fn row_28_each_further_term_asks_one_level_more_until_there_is_none() {
    let mut stage = stage();
    stage.rules(|pack| {
        let approvals = pack.approvals.as_mut().unwrap();
        let route = approvals.routes.get_mut("first_approval").unwrap();
        route.stages[0].escalation = vec![Role::Legal, Role::Auditor, Role::Compliance];
    });
    stage.upload(licence("2029-01-09"));
    stage.at("2026-11-23T09:00:00").submit();
    stage.at("2026-11-23T17:00:00");
    assert_eq!(look(&mut stage)[3..], ["approval.escalated 1 1 staff-legal"]);
    assert_eq!(case(&stage).next_mark_at(), Some(local("2026-11-24T16:30:00")));
    // Nobody is an auditor here: that level is passed over.
    let at = "2026-11-24T16:30:00";
    assert_eq!(look(stage.at(at)), ["approval.escalated 1 3 staff-compliance"]);
    assert_eq!(case(&stage).next_mark_at(), None);
}

#[test]
fn row_28_a_question_stops_the_clock() {
    let mut stage = submitted();
    let question = Act::AskForInformation { question: "请补充授权书".parse().unwrap() };
    stage.at("2026-11-23T12:00:00");
    stage.ask("staff-sales-lead", &[Role::Sales], &approving(question)).unwrap();
    assert_eq!(case(&stage).next_mark_at(), None);
    assert!(look(stage.at("2026-12-31T12:00:00")).is_empty());
    let answer = approving(Act::Inform { answer: "已上传".parse().unwrap() });
    stage.at("2027-01-04T09:00:00");
    let answered = stage.ask("staff-sales", &[Role::Sales], &answer).unwrap();
    let [Event::InformationGiven(given)] = answered.as_slice() else { panic!("{answered:?}") };
    // Five of the eight hours were left.
    assert_eq!(given.deadline.as_ref().unwrap().due_at, local("2027-01-04T14:00:00"));
    assert_eq!(case(&stage).next_mark_at(), Some(local("2027-01-04T10:00:00")));
    // A second question stops it again.
    let question = Act::AskForInformation { question: "仍缺公章".parse().unwrap() };
    stage.ask("staff-sales-lead", &[Role::Sales], &approving(question)).unwrap();
    assert!(look(stage.at("2027-02-01T09:00:00")).is_empty());
}

#[test]
fn row_28_a_case_without_a_term_has_no_clock() {
    let mut stage = stage();
    stage.rules(|pack| pack.approvals = None);
    stage.upload(licence("2029-01-09"));
    stage.at("2026-11-23T09:00:00").submit();
    assert_eq!(case(&stage).clock, None);
    assert!(look(stage.at("2030-01-01T09:00:00")).is_empty());
}

#[test]
fn row_28_a_stage_that_nobody_is_left_for_is_opened_again_for_those_who_are_here() {
    let mut stage = submitted();
    stage.leaves("staff-sales-lead");
    // Whoever submitted the papers has no vote on them: Compliance is asked in the place of Sales.
    assert_eq!(look(&mut stage), ["approval.stage-opened 1 Some(0)"]);
    let asked: Vec<_> = case(&stage).round.electorate.iter().map(|it| it.escalated_as).collect();
    assert_eq!(asked, [Some(Role::Compliance)]);
    assert!(look(&mut stage).is_empty());
    // Where nobody at all is left, it waits; somebody who comes is asked.
    stage.leaves("staff-compliance");
    assert!(look(&mut stage).is_empty());
    stage.joins("staff-new", Role::Sales);
    assert_eq!(look(&mut stage), ["approval.stage-opened 1 Some(0)"]);
    stage.ask("staff-new", &[Role::Sales], &vote()).unwrap();
    // The next stage lacks somebody of Compliance, until there is one.
    assert!(look(&mut stage).is_empty());
    stage.joins("staff-compliance-2", Role::Compliance);
    assert_eq!(look(&mut stage), ["approval.stage-opened 2 Some(0)"]);
}

#[test]
fn row_28_votes_of_a_stage_that_is_opened_again_are_void_and_said_to_be() {
    let mut stage = submitted();
    stage.ask("staff-sales-lead", &[Role::Sales], &vote()).unwrap();
    stage.ask("staff-legal", &[Role::Legal], &vote()).unwrap();
    stage.joins("staff-compliance-2", Role::Compliance);
    // Somebody who came later is not asked yet, while those who were asked are here.
    assert!(look(&mut stage).is_empty());
    stage.leaves("staff-compliance");
    assert_eq!(look(&mut stage), ["approval.stage-opened 2 Some(1)"]);
    assert_eq!(case(&stage).round.votes.len(), 1);
    stage.ask("staff-compliance-2", &[Role::Compliance], &vote()).unwrap();
    stage.ask("staff-legal", &[Role::Legal], &vote()).unwrap();
    assert_eq!(case(&stage).round.stage, 3);
}

#[test]
fn row_29_papers_that_were_under_review_before_there_were_cases_get_one() {
    let mut stage = submitted();
    let manager = case(&stage).requested_by.clone();
    stage.customer.cases = crate::customer::Cases::default();
    assert_eq!(look(&mut stage), ["approval.case-opened"]);
    assert_eq!(case(&stage).requested_by, manager);
    assert!(look(&mut stage).is_empty());
    // Whoever submitted them has no vote, as if they were submitted now.
    let own = stage.ask("staff-sales", &[Role::Sales], &vote()).unwrap_err();
    assert_eq!(own.code(), "qualification.own_work");
    stage.agrees();
    assert_eq!(stage.customer.qualification.status(), "approved");
    assert!(look(stage.at("2027-01-01T09:00:00")).is_empty());
}

#[test]
fn row_29_those_who_are_informed_are_told_and_those_who_are_asked_are_not_told_twice() {
    let mut stage = submitted();
    let manager = "staff-manager".parse().unwrap();
    let told = |stage: &Stage| -> Vec<String> {
        let told = case(stage).tells(Some(&manager), &stage.people);
        told.iter().map(ToString::to_string).collect()
    };
    // The first stage informs nobody but whoever asked, and who looks after the account.
    assert_eq!(told(&stage), ["staff-manager", "staff-sales"]);
    for (name, role) in
        [("sales-lead", Role::Sales), ("legal", Role::Legal), ("compliance", Role::Compliance)]
    {
        stage.ask(&format!("staff-{name}"), &[role], &vote()).unwrap();
    }
    // The last one informs Sales.
    assert_eq!(told(&stage), ["staff-manager", "staff-sales", "staff-sales-lead"]);
    stage.leaves("staff-sales-lead");
    assert_eq!(told(&stage), ["staff-manager", "staff-sales"]);
    let (reason, remarks) = ("缺少公章".parse().unwrap(), Remarks::default());
    let back = Act::Return { reason, remarks, stage: None };
    stage.ask("staff-quality", &[Role::Quality], &approving(back)).unwrap();
    assert_eq!(case(&stage).tells(Some(&manager), &stage.people).len(), 0);
}

#[test]
fn row_28_a_case_of_nobody_else_has_no_clock() {
    let mut stage = super::super::given::qualified();
    let events = stage.grant(serde_json::json!({"limit": {"kind": "none"}}));
    let Some(Event::CaseOpened(opened)) = events.first() else { panic!("{events:?}") };
    assert_eq!(opened.opened.route.lane, Some(Lane::StraightThrough));
    assert_eq!(opened.deadline, None);
}

/// Somebody of each department tries to go on with the case.
fn goes_on(stage: &mut Stage) {
    let id = case(stage).id;
    let command = Command::Approving(Approving { which: Which::Case(id), act: agreement() });
    for (name, role) in [("sales-lead", Role::Sales), ("legal", Role::Legal)] {
        if stage.ask(&format!("staff-{name}"), &[role], &command).is_ok() {
            return;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// However often or seldom somebody looks, the same is on record in the end.
    #[test]
    fn row_28_looking_often_or_seldom_comes_to_the_same(
        looks in proptest::collection::vec(0_i64..6_000, 0..25),
        voted in 0_i64..3_000,
    ) {
        let minutes = |n: i64| local("2026-11-23T09:00:00") + chrono::TimeDelta::minutes(n);
        let told = |looks: Vec<i64>| {
            let mut stage = submitted();
            let mut told = Vec::new();
            let mut moments: Vec<(i64, bool)> = looks.into_iter().map(|n| (n, false)).collect();
            moments.extend([(voted, false), (voted, true), (6_000, false)]);
            moments.sort_unstable();
            for (moment, votes) in moments {
                let moment = minutes(moment).with_timezone(&chrono_tz::Asia::Shanghai);
                stage.at(&moment.format("%Y-%m-%dT%H:%M:%S").to_string());
                if votes {
                    goes_on(&mut stage);
                } else {
                    told.extend(look(&mut stage));
                }
            }
            told
        };
        prop_assert_eq!(told(looks), told(Vec::new()));
    }
}
