//! Which papers let whom trade, and who may approve them.

use serde_json::json;

use crate::{
    customer::{
        Command, Event,
        approving::Act,
        given::{
            STENT, SYRINGE, Stage, approving, business_licence, licence, placement, qualified,
            stage, vote,
        },
        qualification,
        registration::{self, CustomerKind},
    },
    document_kind::DocumentKind,
    ids::DocumentId,
    staff::Role,
};

fn submit() -> Command {
    Command::Qualification(qualification::Command::Submit { name: None })
}

#[test]
fn a_customer_that_was_never_approved_is_denied_with_every_missing_paper() {
    let answer = stage().order(STENT, 1, "1000.00");
    let causes = vec![
        "qualification.not_approved",
        "document.missing",
        "document.missing",
        "credit.not_configured",
    ];
    assert_eq!(answer.is(), ("denied", causes));
}

#[test]
fn whoever_uploaded_or_submitted_a_paper_does_not_approve_it() {
    let mut stage = stage();
    stage.upload(business_licence());
    stage.submit();
    let own = stage.ask("staff-sales", &[Role::Sales], &vote()).unwrap_err();
    assert_eq!(own.code(), "qualification.own_work");
    assert!(stage.ask("staff-sales-lead", &[Role::Sales], &vote()).is_ok());
}

#[test]
fn a_returned_paper_can_be_submitted_again_and_a_rejected_one_is_gone() {
    let mut stage = stage();
    stage.upload(business_licence());
    stage.submit();
    let (reason, remarks) = ("缺少公章".parse().unwrap(), qualification::Remarks::default());
    let back = approving(Act::Return { reason, remarks, stage: None });
    stage.ask("staff-sales-lead", &[Role::Sales], &back).unwrap();
    assert_eq!(stage.customer.qualification.status(), "returned");
    stage.submit();
    let (reason, remarks) = ("伪造".parse().unwrap(), qualification::Remarks::default());
    let rejected = approving(Act::Reject { reason, remarks });
    stage.ask("staff-sales-lead", &[Role::Sales], &rejected).unwrap();
    assert_eq!(stage.customer.qualification.status(), "rejected");
    assert!(stage.customer.qualification.documents.is_empty());
}

#[test]
fn a_licence_is_good_through_its_last_day_and_not_one_longer() {
    let mut stage = stage();
    stage.approve(&[business_licence(), licence("2026-11-22")]);
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    stage.on("2026-11-23");
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["document.expired"]));
}

#[test]
fn a_licence_that_lapses_before_the_ship_date_is_a_condition() {
    let mut stage = stage();
    stage.approve(&[business_licence(), licence("2026-12-20")]);
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let mut later = placement(STENT, 1, "1.00");
    later.requested_ship_date = Some("2027-01-10".parse().unwrap());
    let answer = stage.order_with(&later);
    assert_eq!(answer.is(), ("placed", vec!["document.lapses_before_shipment"]));
}

#[test]
fn a_renewal_is_reviewed_beside_the_paper_in_force_and_follows_it() {
    let mut stage = stage();
    stage.approve(&[business_licence(), licence("2026-12-20")]);
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let mut renewal = licence("2031-12-20");
    renewal["valid_from"] = json!("2026-12-21");
    stage.upload(renewal);
    stage.submit();
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    stage.ask("staff-quality", &[Role::Quality], &vote()).unwrap();
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    stage.on("2026-12-21");
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
}

#[test]
fn a_narrower_licence_speaks_from_its_first_day() {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let mut changed = licence("2029-01-09");
    changed["valid_from"] = json!("2026-11-01");
    changed["scope"] = json!([{"catalogue": "2017", "code": "14", "class": "III"}]);
    stage.approve(&[changed]);
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["scope.not_covered"]));
}

#[test]
fn a_drug_licence_never_counts() {
    let mut stage = stage();
    let drug = json!({"kind": "drug_trading_licence", "number": "浙AA5710001",
        "valid_from": "2024-01-10", "valid_to": "2029-01-09", "copy": "sealed_copy"});
    stage.approve(&[business_licence(), drug]);
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["document.wrong_kind"]));
}

#[test]
fn a_revoked_licence_stops_the_next_order() {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let document = papers_of(&stage, DocumentKind::DeviceTradingLicence)[0];
    revoke(&mut stage, document);
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["document.revoked"]));
}

fn revoke(stage: &mut Stage, document: DocumentId) {
    let reason = "发证机关已吊销".parse().unwrap();
    stage.does(Command::Qualification(qualification::Command::Revoke { document, reason }));
}

fn papers_of(stage: &Stage, kind: DocumentKind) -> Vec<DocumentId> {
    let documents = stage.customer.qualification.documents.iter();
    let mut found: Vec<_> = documents.filter(|(_, d)| d.paper.kind == kind).collect();
    found.sort_by_key(|(_, d)| d.approved_at);
    found.into_iter().map(|(id, _)| *id).collect()
}

#[test]
fn a_paper_does_not_speak_again_when_its_successor_is_revoked_or_ends() {
    let revoked = |stage: &mut Stage| {
        let document = *papers_of(stage, DocumentKind::DeviceTradingLicence).last().unwrap();
        revoke(stage, document);
    };
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let mut variation = licence("2031-01-09");
    variation["valid_from"] = json!("2026-11-01");
    stage.approve(&[variation]);
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    revoked(&mut stage);
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["document.revoked"]));
    // An old paper put on file brings nothing back; the one that was meant, approved anew, does.
    let mut old = licence("2023-12-31");
    old["valid_from"] = json!("2019-01-10");
    stage.approve(&[old]);
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["document.revoked"]));
    stage.approve(&[licence("2029-01-09")]);
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");

    // One that is revoked before its first day takes nobody's place.
    let mut renewal = licence("2034-01-09");
    renewal["valid_from"] = json!("2029-01-10");
    stage.approve(&[renewal]);
    revoked(&mut stage);
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    stage.on("2029-01-09");
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");

    // Nor while the next one has not begun, nor where both were approved together.
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let from = |day: &str| {
        let mut paper = licence("2034-01-09");
        paper["valid_from"] = json!(day);
        paper
    };
    stage.approve(&[from("2026-11-01")]);
    revoked(&mut stage);
    stage.approve(&[from("2026-12-01")]);
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["document.revoked"]));
    stage.on("2026-12-01");
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    let mut stage = crate::customer::given::stage();
    stage.approve(&[business_licence(), licence("2029-01-09"), from("2026-11-01")]);
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let latest = stage.customer.qualification.documents.iter();
    let document = *latest.max_by_key(|(_, d)| d.paper.valid_from).unwrap().0;
    revoke(&mut stage, document);
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["document.revoked"]));

    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let mut short = licence("2026-12-31");
    short["valid_from"] = json!("2026-11-01");
    stage.approve(&[short]);
    stage.on("2027-01-01");
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["document.expired"]));
}

#[test]
fn old_papers_on_file_take_the_place_of_none() {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let mut old = licence("2023-12-31");
    old["valid_from"] = json!("2019-01-10");
    stage.approve(&[old]);
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    // The one in force goes on being the one that is announced and shown.
    let licences = papers_of(&stage, DocumentKind::DeviceTradingLicence);
    let standing = |id| stage.customer.qualification.documents[id].standing;
    assert_eq!(standing(&licences[0]), qualification::Standing::Approved);
}

#[test]
fn a_customer_of_another_kind_is_looked_at_again() {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let uscc = "91330100000000001C".parse().unwrap();
    let classify = |kind| Command::Registration(registration::Command::Classify { kind, uscc });
    stage.does(classify(CustomerKind::Distributor));
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    stage.does(classify(CustomerKind::OtherUnit));
    let answer = stage.order(STENT, 1, "1.00");
    assert_eq!(answer.is(), ("denied", vec!["qualification.not_approved", "document.missing"]));
    stage.does(classify(CustomerKind::Distributor));
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("denied", vec!["qualification.not_approved"]));
    stage.approve(&[licence("2029-01-09")]);
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
}

#[test]
fn a_licence_for_class_iii_is_not_a_filing_for_class_ii() {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    assert_eq!(stage.order(SYRINGE, 1, "1.00").is(), ("denied", vec!["document.missing"]));
}

#[test]
fn a_public_hospital_needs_its_certificate_and_practice_licence_and_no_scope() {
    let mut stage = Stage::of(CustomerKind::Hospital, "12310000425001236R");
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    stage.approve(&[
        json!({"kind": "institution_certificate", "number": "12310000425001236R",
            "valid_from": "2020-01-01", "valid_to": "2030-01-01", "copy": "sealed_copy"}),
        json!({"kind": "practice_licence", "number": "PDY00001-X", "valid_from": "2020-01-01",
            "valid_to": "2035-01-01", "copy": "sealed_copy"}),
    ]);
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
}

#[test]
fn an_overdue_verification_of_a_hospital_holds() {
    let mut stage = Stage::of(CustomerKind::Hospital, "12310000425001236R");
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    stage.approve(&[
        json!({"kind": "institution_certificate", "number": "12310000425001236R",
            "valid_from": "2020-01-01", "valid_to": "2030-01-01", "copy": "sealed_copy"}),
        json!({"kind": "practice_licence", "number": "PDY00001-X", "valid_from": "2020-01-01",
            "valid_to": "2035-01-01", "copy": "sealed_copy"}),
        json!({"kind": "practice_verification", "number": "2025", "valid_from": "2025-01-01",
            "valid_to": "2025-12-31", "copy": "sealed_copy"}),
    ]);
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("held", vec!["file.expired"]));
}

#[test]
fn the_answer_names_the_papers_it_relied_on() {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let decision = stage.order(STENT, 1, "1.00").decision;
    assert_eq!(decision.relied_on.len(), 2);
    assert_eq!(decision.policy.unwrap().hash, stage.facts.policy.as_ref().unwrap().hash);
}

#[test]
fn a_paper_with_a_statutory_end_is_not_taken_without_one() {
    for (paper, code) in [
        (json!({"valid_to": null}), "document.term_missing"),
        (json!({"valid_to": null, "long_term": true}), "document.term_required"),
        (json!({"long_term": true}), "document.term_contradicts"),
        (json!({"valid_to": "2023-01-01"}), "document.term_reversed"),
        (json!({"number": "浙杭药监械经营备20240001号"}), "document.number_of_other_kind"),
    ] {
        let mut body = licence("2029-01-09");
        for (name, value) in paper.as_object().unwrap() {
            body[name] = value.clone();
        }
        let paper = serde_json::from_value(body).unwrap();
        let upload = qualification::Command::Upload(Box::new(qualification::Upload { paper }));
        assert_eq!(stage().refused("staff-sales", Command::Qualification(upload)), code);
    }
}

#[test]
fn approving_heals_what_waited_for_the_paper() {
    let mut stage = qualified();
    let mut pack = (*stage.facts.policy.as_ref().unwrap().pack).clone();
    for rule in
        pack.papers.iter_mut().filter(|rule| rule.any_of == [DocumentKind::QualityAgreement])
    {
        rule.weight = crate::policy::pack::Weight::File;
    }
    let hash = std::sync::Arc::from("sha256:test");
    let pack = std::sync::Arc::new(pack);
    stage.facts.policy =
        Some(std::sync::Arc::new(crate::policy::InForce { version: 2, hash, pack }));
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    assert_eq!(stage.order(STENT, 1, "1.00").is(), ("held", vec!["file.missing"]));
    let agreement = json!({"kind": "quality_agreement", "number": "QA-1", "valid_from": "2026-01-01",
        "long_term": true, "copy": "sealed_copy"});
    let events = stage.approve(&[agreement]);
    assert!(matches!(events.last(), Some(Event::OrderHealed(_))), "{events:?}");
}

#[test]
fn whoever_submitted_the_first_of_two_submissions_approves_neither() {
    let mut stage = stage();
    stage.upload(business_licence());
    stage.ask("staff-x", &[Role::Sales], &submit()).unwrap();
    stage.upload(licence("2029-01-09"));
    stage.ask("staff-y", &[Role::Sales], &submit()).unwrap();
    for own in ["staff-x", "staff-y"] {
        let refused = stage.ask(own, &[Role::Sales], &vote()).unwrap_err();
        assert_eq!(refused.code(), "qualification.own_work", "{own}");
    }
    stage.agrees();
    assert!(stage.customer.qualification.is_approved());
}

#[test]
fn a_corrected_renewal_leaves_the_paper_in_force_alone() {
    let mut stage = stage();
    stage.approve(&[business_licence(), licence("2026-12-31")]);
    stage.grant(json!({"limit": {"kind": "unlimited"}}));
    let mut renewal = licence("2031-12-31");
    renewal["valid_from"] = json!("2027-01-01");
    stage.approve(std::slice::from_ref(&renewal));
    stage.approve(std::slice::from_ref(&renewal));
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
    stage.on("2027-01-01");
    assert_eq!(stage.order(STENT, 1, "1.00").outcome, "placed");
}

#[test]
fn papers_that_ended_long_ago_are_forgotten_with_the_next_approval() {
    let mut stage = stage();
    stage.approve(&[business_licence(), licence("2026-12-31")]);
    let mut renewal = licence("2031-12-31");
    renewal["valid_from"] = json!("2027-01-01");
    stage.approve(&[renewal]);
    let kept = |stage: &Stage| stage.customer.qualification.documents.len();
    for (today, papers) in [("2028-02-04", 4), ("2028-02-06", 4)] {
        stage.on(today);
        stage.approve(&[json!({"kind": "quality_agreement", "number": today,
            "valid_from": "2026-01-01", "long_term": true, "copy": "sealed_copy"})]);
        assert_eq!(kept(&stage), papers, "{today}");
    }
}

#[test]
fn what_an_answer_read_is_what_its_own_goods_needed() {
    let mut stage = qualified();
    let stream = |n| crate::customer::given::product_id(n).to_string();
    for (n, version) in [(STENT, 1), (SYRINGE, 1)] {
        let stream = stream(n);
        stage.facts.reads.push(crate::decision::StreamVersion { stream, version });
    }
    let decision = stage.order(STENT, 1, "1.00").decision;
    let read: Vec<_> = decision.reads.iter().map(|read| read.stream.clone()).collect();
    assert_eq!(read, [stream(STENT)]);
}
