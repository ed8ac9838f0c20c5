//! Which way a matter goes: by the pack alone, with its reason, and who is asked at each step.

use super::*;
use crate::{approval::STAGES_MAX, customer::given::approving as on_papers, policy::proof};

#[test]
fn row_16_a_new_flow_without_code_accepts() {
    // The same command takes the way that the pack in force says.
    for (route, steps) in [("first_approval", 3), ("simple_approval", 2), ("quality_alone", 1)] {
        let mut stage = stage();
        with_pack(&mut stage, |pack| {
            pack["approvals"]["qualification"]["rows"][3]["then"] = json!(route);
        });
        prepare(&mut stage);
        stage.submit();
        assert_eq!(papers(&stage).round.route.stages.len(), steps, "{route}");
    }
}

#[test]
fn row_16_a_new_flow_without_code_refuses() {
    let mut stage = stage();
    with_pack(&mut stage, |pack| {
        pack["approvals"]["qualification"]["rows"][3]["then"] = json!("nowhere");
    });
    prepare(&mut stage);
    assert_eq!(refused(&mut stage, "sales", &submit()), "approval.no_route");
    stage.facts.policy = None;
    assert_eq!(refused(&mut stage, "sales", &submit()), "policy.not_configured");
}

#[test]
fn row_16_a_new_flow_without_code_at_the_boundary() {
    let of = |steps: usize| {
        let mut pack = serde_json::to_value(Pack::default_pack()).unwrap();
        let step = json!({"rule": "any", "departments": ["quality"]});
        let route = json!({"lane": "strict", "stages": vec![step; steps]});
        pack["approvals"]["routes"]["quality_alone"] = route;
        let pack: Pack = serde_json::from_value(pack).unwrap();
        proof::objections(&pack)
    };
    assert_eq!(of(STAGES_MAX), []);
    assert!(of(STAGES_MAX + 1).iter().any(|it| it.pointer.ends_with("quality_alone/stages")));
    assert!(!of(0).is_empty(), "a way without a step is straight through, and says so");
}

#[test]
fn row_16_the_same_case_goes_the_new_way_and_its_votes_are_void() {
    let mut stage = submitted();
    does(&mut stage, "sales-lead", &vote()).unwrap();
    with_pack(&mut stage, |pack| {
        pack["approvals"]["qualification"]["rows"][3]["then"] = json!("quality_alone");
    });
    let events = does(&mut stage, "quality", &vote()).unwrap();
    let [Event::CaseRoundOpened(anew)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((anew.why, anew.voided), (approving::Why::RulesChanged, 1));
    assert_eq!(does(&mut stage, "quality", &vote()).unwrap().len(), 3);
}

#[test]
fn row_17_a_route_with_its_reason_accepts() {
    let stage = submitted();
    let expected =
        vec![vec![Role::Sales], vec![Role::Legal, Role::Compliance], vec![Role::Quality]];
    assert_eq!(departments(&papers(&stage).round.route), expected);
    let mut stage = stage;
    stage.agrees();
    stage.upload(business_licence());
    let events = does(&mut stage, "sales", &submit()).unwrap();
    let [_, Event::CaseOpened(opened)] = events.as_slice() else { panic!("{events:?}") };
    let chosen = (opened.chosen.row.as_str(), opened.chosen.route.as_str());
    assert_eq!(chosen, ("renewal", "quality_alone"));
    assert_eq!(opened.chosen.facts["review_kind"], "renewal");
    assert_eq!(departments(&opened.opened.route), [[Role::Quality]]);
}

#[test]
fn row_17_a_route_with_its_reason_refuses() {
    let mut stage = submitted();
    for (name, out_of_turn) in [("quality", Role::Quality), ("legal", Role::Legal)] {
        let refusal = stage.ask(&format!("staff-{name}"), &[out_of_turn], &vote()).unwrap_err();
        assert_eq!(refusal.code(), "approval.not_asked", "{name}");
    }
    // What no row is for has no reason to go any way, and is not begun.
    let mut stage = super::stage();
    with_pack(&mut stage, |pack| {
        let rows = pack["approvals"]["qualification"]["rows"].as_array_mut().unwrap();
        rows.retain(|row| row["id"] == "renewal");
    });
    prepare(&mut stage);
    assert_eq!(refused(&mut stage, "sales", &submit()), "approval.no_route");
}

#[test]
fn row_17_a_route_with_its_reason_at_the_boundary() {
    // Legal and Compliance are asked side by side, in any order; the last of the two opens the next step.
    for order in [["legal", "compliance"], ["compliance", "legal"]] {
        let mut stage = submitted();
        does(&mut stage, "sales-lead", &vote()).unwrap();
        assert_eq!(kinds(&does(&mut stage, order[0], &vote()).unwrap()), ["approval.vote-cast"]);
        assert_eq!(papers(&stage).round.waits_for().len(), 1);
        let events = does(&mut stage, order[1], &vote()).unwrap();
        assert_eq!(kinds(&events), ["approval.vote-cast", "approval.stage-opened"]);
    }
}

#[test]
fn row_29_whoever_is_asked_accepts() {
    let mut stage = submitted();
    employ(&mut stage, person("sales-late", &[Role::Sales]));
    let asked = |stage: &Stage| {
        let electorate = papers(stage).round.electorate.iter();
        electorate.map(|it| it.staff.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(asked(&stage), ["staff-sales-lead"], "not whoever submitted");
    does(&mut stage, "sales-lead", &vote()).unwrap();
    assert_eq!(asked(&stage), ["staff-legal", "staff-compliance"]);
    let waits: Vec<Role> = papers(&stage).round.waits_for().into_iter().collect();
    assert_eq!(waits, [Role::Compliance, Role::Legal]);
}

#[test]
fn row_29_whoever_is_asked_refuses() {
    let mut stage = submitted();
    employ(&mut stage, person("sales-late", &[Role::Sales]));
    // Who came after the step opened, who is of another department, and who reads only.
    employ(&mut stage, person("auditor", &[Role::Auditor]));
    for name in ["sales-late", "quality", "auditor"] {
        assert_eq!(refused(&mut stage, name, &vote()), "approval.not_asked", "{name}");
    }
}

#[test]
fn row_29_whoever_is_asked_at_the_boundary() {
    // Whoever stands in is asked for what was lent, and no longer than it is.
    let mut stage = stage();
    let deputy = delegate("deputy", &[Role::Warehouse], "sales-lead", &[Role::Sales]);
    employ(&mut stage, deputy);
    prepare(&mut stage);
    stage.submit();
    let case = papers(&stage).clone();
    let of_deputy = &case.round.electorate.iter().find(|it| it.staff.as_str() == "staff-deputy");
    assert!(of_deputy.unwrap().departments.is_empty());
    let lent = stage.people.clone();
    employ(&mut stage, person("deputy", &[Role::Warehouse]));
    assert_eq!(refused(&mut stage, "deputy", &vote()), "approval.not_asked");
    stage.people = lent;
    let events = does(&mut stage, "deputy", &vote()).unwrap();
    let Some(Event::CaseVoted(voted)) = events.first() else { panic!("{events:?}") };
    assert_eq!(voted.vote.on_behalf_of.as_ref().unwrap().as_str(), "staff-sales-lead");
    assert_eq!(voted.vote.department, Role::Sales);
}

fn named(name: &str) -> Command {
    let name = Some(name.parse().unwrap());
    Command::Qualification(qualification::Command::Submit { name })
}

#[test]
fn row_17_a_new_name_goes_the_whole_way_and_holds_once_all_agreed() {
    let mut stage = qualified();
    let called = |stage: &Stage| {
        stage.customer.registration.particulars.as_ref().map(|it| it.name.to_string()).unwrap()
    };
    let before = called(&stage);
    assert_eq!(refused(&mut stage, "sales", &named("新名医疗")), "qualification.nothing_to_submit");
    // Its own name is none: the paper is renewed as ever.
    stage.upload(business_licence());
    does(&mut stage, "sales", &named(&before)).unwrap();
    assert_eq!(departments(&papers(&stage).round.route), [[Role::Quality]]);
    // With another one the same papers ask everybody.
    let events = does(&mut stage, "sales", &named("新名医疗")).unwrap();
    let [_, Event::CaseRoundOpened(anew)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(anew.opened.route.stages.len(), 3);
    assert_eq!(refused(&mut stage, "sales", &submit()), "qualification.nothing_to_submit");
    // It is mended and asked for again, still under the new name, until somebody gives the present one.
    does(&mut stage, "quality", &on_papers(give_back(None))).unwrap();
    does(&mut stage, "sales", &submit()).unwrap();
    assert_eq!(papers(&stage).round.route.stages.len(), 3);
    does(&mut stage, "sales", &named(&before)).unwrap();
    assert_eq!(papers(&stage).round.route.stages.len(), 1);
    does(&mut stage, "sales", &named("新名医疗")).unwrap();
    for name in ["sales-lead", "legal", "compliance"] {
        does(&mut stage, name, &vote()).unwrap();
        assert_eq!(called(&stage), before);
    }
    let events = does(&mut stage, "quality", &vote()).unwrap();
    let approved = events.iter().find_map(|event| match event {
        Event::QualificationApproved(approved) => approved.name.as_deref(),
        _ => None,
    });
    assert_eq!((approved, called(&stage).as_str()), (Some("新名医疗"), "新名医疗"));
}

#[test]
fn row_29_a_reviewer_is_asked_besides_and_in_nobodys_place() {
    for order in [["finance", "finance-2"], ["finance-2", "finance"]] {
        let mut stage = qualified();
        employ(&mut stage, person("finance-2", &[Role::Finance]));
        does(&mut stage, "credit", &grant(limit("2000000.00"))).unwrap();
        let reviewer = "staff-finance-2".parse().unwrap();
        let add = Act::AddReviewer { reviewer, reason: "金额较大".parse().unwrap() };
        let add = on_credit(&stage, add);
        assert_eq!(refused(&mut stage, "compliance", &add), "approval.not_asked");
        does(&mut stage, "finance", &add).unwrap();
        assert_eq!(kinds(&agrees(&mut stage, order[0]).unwrap()), ["approval.vote-cast"]);
        assert_eq!(stage.customer.credit.granted, None);
        assert_eq!(agrees(&mut stage, order[1]).unwrap().len(), 3);
    }
}
