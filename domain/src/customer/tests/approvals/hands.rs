//! Nobody approves what they had a hand in: by no role, no second identity, no detour.

use super::*;
use crate::customer::given::approving as on_papers;

#[test]
fn row_21_nobody_approves_their_own_request_accepts() {
    let mut stage = submitted();
    for name in ["sales-lead", "legal", "compliance", "quality"] {
        does(&mut stage, name, &vote()).unwrap();
    }
    assert!(stage.customer.qualification.is_approved());
    let mut stage = crate::customer::given::with_limit("0.01");
    let order = held(&mut stage, 11);
    does(&mut stage, "credit", &release(order)).unwrap();
    let events = does(&mut stage, "finance", &on_release(order, agreement())).unwrap();
    let expected = ["approval.vote-cast", "trading.order-released", "approval.case-closed"];
    assert_eq!(kinds(&events), expected);
}

#[test]
fn row_21_nobody_approves_their_own_request_refuses() {
    let every = Role::ALL;
    // Whoever uploaded or submitted papers, whatever else they are.
    let mut stage = stage();
    employ(&mut stage, person("sales", every));
    employ(&mut stage, person("submitter", every));
    prepare(&mut stage);
    does(&mut stage, "submitter", &submit()).unwrap();
    for name in ["sales", "submitter"] {
        assert_eq!(refused(&mut stage, name, &vote()), "qualification.own_work", "{name}");
        for act in [reject("x"), give_back(None)] {
            assert_eq!(refused(&mut stage, name, &on_papers(act)), "qualification.own_work");
        }
    }
    // Whoever applied for a limit, proposed it, or looks after the account.
    let mut stage = qualified();
    for name in ["sales", "manager", "credit"] {
        employ(&mut stage, person(name, every));
    }
    does(&mut stage, "sales", &apply(limit("9000000.00"))).unwrap();
    assert_eq!(refused(&mut stage, "sales", &grant(limit("1.00"))), "credit.own_application");
    assert_eq!(refused(&mut stage, "manager", &grant(limit("1.00"))), "credit.own_account");
    does(&mut stage, "credit", &grant(limit("8000000.00"))).unwrap();
    for name in ["sales", "manager", "credit"] {
        let vote = on_credit(&stage, agreement());
        assert_eq!(refused(&mut stage, name, &vote), "approval.had_a_hand", "{name}");
    }
    // Whoever placed an order, asks for its release, or looks after the account.
    let mut stage = crate::customer::given::with_limit("0.01");
    for name in ["sales", "manager", "credit"] {
        employ(&mut stage, person(name, every));
    }
    let order = held(&mut stage, 11);
    assert_eq!(refused(&mut stage, "sales", &release(order)), "release.own_order");
    assert_eq!(refused(&mut stage, "manager", &release(order)), "credit.own_account");
    does(&mut stage, "credit", &release(order)).unwrap();
    for name in ["sales", "manager", "credit"] {
        let vote = on_release(order, agreement());
        assert_eq!(refused(&mut stage, name, &vote), "approval.had_a_hand", "{name}");
    }
}

#[test]
fn row_21_nobody_approves_their_own_request_at_the_boundary() {
    // Who stands in for somebody who had a hand, for the one who does, or came to do so after it was asked.
    let mut stage = stage();
    employ(&mut stage, delegate("deputy", &[Role::Sales], "sales", &[Role::Sales]));
    employ(&mut stage, delegate("deputys-deputy", &[Role::Sales], "deputy", &[Role::Sales]));
    employ(&mut stage, person("later", &[Role::Sales]));
    prepare(&mut stage);
    stage.submit();
    let without = stage.people.clone();
    employ(&mut stage, delegate("later", &[Role::Sales], "deputy", &[Role::Sales]));
    for name in ["deputy", "deputys-deputy", "later"] {
        assert_eq!(refused(&mut stage, name, &vote()), "qualification.own_work", "{name}");
    }
    // Once that is over, they are somebody else.
    stage.people = without;
    assert!(does(&mut stage, "later", &vote()).is_ok());
}

#[test]
fn row_21_who_stands_in_asks_for_nothing_in_the_place_of_who_may_not() {
    // Where nobody else is asked, the hand is looked at all the same.
    let mut stage = qualified();
    let deputy = |of: &str| delegate("deputy", &[Role::Credit, Role::Sales], of, &[Role::Credit]);
    employ(&mut stage, deputy("manager"));
    assert_eq!(refused(&mut stage, "deputy", &grant(limit("1.00"))), "credit.own_account");
    employ(&mut stage, deputy("sales"));
    does(&mut stage, "sales", &apply(limit("1.00"))).unwrap();
    assert_eq!(refused(&mut stage, "deputy", &grant(limit("1.00"))), "credit.own_application");
    let mut stage = crate::customer::given::with_limit("0.01");
    let order = held(&mut stage, 1);
    for (of, code) in [("sales", "release.own_order"), ("manager", "credit.own_account")] {
        employ(&mut stage, deputy(of));
        assert_eq!(refused(&mut stage, "deputy", &release(order)), code);
    }
}

#[test]
fn row_21_who_applies_again_assesses_it_no_more_than_who_applied_first() {
    let mut stage = qualified();
    employ(&mut stage, person("both", &[Role::Sales, Role::Credit]));
    does(&mut stage, "sales", &apply(limit("900.00"))).unwrap();
    let back = on_credit(&stage, give_back(None));
    does(&mut stage, "credit", &back).unwrap();
    does(&mut stage, "both", &apply(limit("950.00"))).unwrap();
    assert_eq!(refused(&mut stage, "both", &grant(limit("950.00"))), "credit.own_application");
    // Nor while it is with them to be mended.
    let back = on_credit(&stage, give_back(None));
    does(&mut stage, "credit", &back).unwrap();
    assert_eq!(refused(&mut stage, "both", &grant(limit("950.00"))), "credit.own_application");
    // Of whoever assessed it, another assessment is welcome.
    does(&mut stage, "credit", &grant(limit("1000000.01"))).unwrap();
    assert!(does(&mut stage, "credit", &grant(limit("1000000.02"))).is_ok());
}

#[test]
fn row_21_who_comes_to_look_after_the_account_has_no_vote_on_its_credit() {
    let mut stage = qualified();
    employ(&mut stage, person("finance-2", &[Role::Finance]));
    does(&mut stage, "credit", &grant(limit("2000000.00"))).unwrap();
    let events = does(&mut stage, "sales", &manager("finance")).unwrap();
    let [_, Event::CaseRoundOpened(anew)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(anew.changed_by, Some("staff-sales".parse().unwrap()));
    let vote = on_credit(&stage, agreement());
    assert_eq!(refused(&mut stage, "finance", &vote), "approval.had_a_hand");
    assert!(agrees(&mut stage, "finance-2").is_ok());
}

#[test]
fn row_21_who_changes_what_is_asked_about_has_no_vote_on_it() {
    let mut stage = crate::customer::given::with_limit("0.01");
    employ(&mut stage, person("clerk", &[Role::Sales, Role::Finance]));
    let order = held(&mut stage, 20);
    does(&mut stage, "credit", &release(order)).unwrap();
    let lines = serde_json::from_value(json!([{"line": 1, "quantity": 1}])).unwrap();
    let reason = "客户减量".parse().unwrap();
    let cancel = crate::customer::trading::CancelOrder { order, reason, lines };
    let cancel = Command::Trading(crate::customer::trading::Command::Cancel(Box::new(cancel)));
    let events = does(&mut stage, "clerk", &cancel).unwrap();
    assert_eq!(kinds(&events), ["trading.order-cancelled", "approval.round-opened"]);
    let vote = on_release(order, agreement());
    assert_eq!(refused(&mut stage, "clerk", &vote), "approval.had_a_hand");
    // In the rounds after that one neither.
    with_pack(&mut stage, |pack| pack["name"] = json!("另一政策包"));
    assert!(matches!(
        does(&mut stage, "finance", &vote).unwrap().as_slice(),
        [Event::CaseRoundOpened(_)]
    ));
    assert_eq!(refused(&mut stage, "clerk", &vote), "approval.had_a_hand");
    assert!(does(&mut stage, "finance", &vote).is_ok());
}

#[test]
fn row_21_where_nobody_else_is_left_it_is_asked_for_anew() {
    let mut stage = crate::customer::given::with_limit("0.01");
    employ(&mut stage, person("finance", &[Role::Sales, Role::Finance]));
    let order = held(&mut stage, 20);
    does(&mut stage, "credit", &release(order)).unwrap();
    let lines = serde_json::from_value(json!([{"line": 1, "quantity": 1}])).unwrap();
    let reason = "客户减量".parse().unwrap();
    let cancel = crate::customer::trading::CancelOrder { order, reason, lines };
    let cancel = Command::Trading(crate::customer::trading::Command::Cancel(Box::new(cancel)));
    does(&mut stage, "finance", &cancel).unwrap();
    let vote = on_release(order, agreement());
    assert_eq!(refused(&mut stage, "finance", &vote), "approval.ask_anew");
    let withdraw = on_release(order, Act::Withdraw { reason: "重新申请".parse().unwrap() });
    does(&mut stage, "credit", &withdraw).unwrap();
    assert!(does(&mut stage, "credit-2", &release(order)).is_ok());
}

#[test]
fn row_21_who_asked_for_papers_once_has_no_vote_on_them_when_another_asks_anew() {
    let mut stage = stage();
    employ(&mut stage, person("sales-2", &[Role::Sales]));
    prepare(&mut stage);
    does(&mut stage, "sales-lead", &submit()).unwrap();
    let withdraw = on_papers(Act::Withdraw { reason: "由同事提交".parse().unwrap() });
    does(&mut stage, "sales-lead", &withdraw).unwrap();
    does(&mut stage, "sales", &submit()).unwrap();
    let hands = ["staff-sales", "staff-sales-lead"].map(|name| name.parse().unwrap());
    assert!(hands.iter().all(|hand| papers(&stage).round.excluded.contains(hand)));
    assert_eq!(refused(&mut stage, "sales-lead", &vote()), "qualification.own_work");
    assert!(does(&mut stage, "sales-2", &vote()).is_ok());
}
