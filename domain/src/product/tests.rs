//! What a product accepts, and what it refuses.

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::udi::UdiIssuer;

fn turn() -> Turn {
    let now: DateTime<Utc> = "2026-11-22T03:04:05Z".parse().unwrap();
    Turn {
        command_id: Uuid::nil(),
        actor: "staff-quality".parse().unwrap(),
        now,
        today: now.date_naive(),
    }
}

fn stent() -> Value {
    json!({
        "code": "STENT-35-18", "name": "冠状动脉支架系统", "specification": "3.5×18 mm", "unit": "套",
        "class": "III", "catalogue": {"version": "2017", "code": "13-07-02"},
        "registration_number": "国械注准20243139901",
        "registered_from": "2024-06-01", "registered_to": "2029-05-31",
        "registrant": "示范器械有限公司", "manufacturer": "示范器械有限公司", "traits": ["implant"],
    })
}

/// The stent with other fields; null takes one away.
fn with(fields: &Value) -> Particulars {
    let mut body = stent();
    for (name, value) in fields.as_object().unwrap() {
        body[name] = value.clone();
    }
    body.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    serde_json::from_value(body).unwrap()
}

fn register(particulars: Particulars) -> Result<Vec<Event>, Rejection> {
    let command = Command::Register(Box::new(Register { particulars, udi: None }));
    Product::default().decide(&turn(), &command)
}

fn code_of(fields: &Value) -> &'static str {
    register(with(fields)).map_or_else(|rejection| rejection.code(), |_| "accepted")
}

fn product(events: &[Event]) -> Product {
    let mut product = Product::default();
    for event in events {
        product.evolve(event);
    }
    product
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn term(from: &str, to: &str) -> Term {
    Term { from: day(from), to: Some(day(to)) }
}

#[test]
fn a_product_claims_its_code_and_its_udi() {
    let udi = UdiDi::new(UdiIssuer::Gs1, "6901234567892").unwrap();
    let register = Register { particulars: with(&json!({})), udi: Some(udi) };
    let events = Product::default().decide(&turn(), &Command::Register(Box::new(register)));
    let claims: Vec<_> = events
        .unwrap()
        .iter()
        .filter_map(|event| decider::Event::claim(event, "product-1"))
        .collect();
    assert_eq!(claims, ["product-code:STENT-35-18", "udi:06901234567892"]);
}

#[test]
fn the_payload_has_one_level_under_its_wire_name() {
    let events = register(with(&json!({}))).unwrap();
    let payload = serde_json::to_value(&events[0]).unwrap();
    assert_eq!(payload, json!({"product.registered": stent()}));
    assert_eq!(events[0].event_type(), "product.registered");
    assert_eq!(events[0].event_version(), "1");
}

#[test]
fn each_class_has_its_own_kind_of_number() {
    let filed = json!({"class": "I", "registration_number": null, "filing_number": "浙杭械备20210001号",
        "registered_to": null});
    let service = json!({"class": "none", "registration_number": null, "catalogue": null,
        "registrant": null, "manufacturer": null, "registered_from": null, "registered_to": null});
    for (fields, code) in [
        (json!({}), "accepted"),
        (filed, "accepted"),
        (service, "accepted"),
        (json!({"registration_number": null}), "product.field_missing"),
        (json!({"filing_number": "浙杭械备20210001号"}), "product.field_unexpected"),
        (json!({"class": "I"}), "product.field_unexpected"),
        (json!({"class": "I", "registration_number": null}), "product.field_missing"),
        (json!({"class": "none"}), "product.field_unexpected"),
        (json!({"class": "II"}), "product.class_disagrees"),
        (json!({"catalogue": null}), "product.field_missing"),
        (json!({"registrant": null}), "product.field_missing"),
        (json!({"registered_from": null}), "product.field_missing"),
        (json!({"registered_to": "2024-05-31"}), "product.term_backwards"),
        (json!({"registered_to": "2024-06-01"}), "accepted"),
        (json!({"registered_to": null}), "accepted"),
    ] {
        assert_eq!(code_of(&fields), code, "{fields}");
    }
}

#[test]
fn the_number_repeats_the_catalogue_code() {
    for (number, version, place, code) in [
        ("国械注准20243131618", "2017", "13-07-02", "accepted"),
        ("国械注准20243131618", "2017", "13", "accepted"),
        ("国械注准20243131618", "2017", "14-01", "product.catalogue_disagrees"),
        ("国械注准20153461618", "2002", "6846", "accepted"),
        ("国械注准20183461618", "2002", "6846", "accepted"),
        ("国械注准20193461618", "2002", "6846", "product.catalogue_disagrees"),
        ("国械注准20153461618", "2002", "6877", "product.catalogue_disagrees"),
        ("国械注准20153461618", "2017", "13-07", "product.catalogue_disagrees"),
        ("国械注准20243401618", "2002", "6840", "accepted"),
        ("国械注准20243401618", "2017", "6840", "accepted"),
        ("国械注准20243221618", "2017", "6840", "product.catalogue_disagrees"),
        ("国械注准20243401618", "2017", "22", "product.catalogue_disagrees"),
    ] {
        let fields = json!({"registration_number": number, "catalogue": {"version": version, "code": place}});
        assert_eq!(code_of(&fields), code, "{number} {version} {place}");
    }
}

#[test]
fn a_disagreement_names_both_sides() {
    let rejection = register(with(&json!({"catalogue": {"version": "2017", "code": "14-01"}})));
    let rejection = rejection.unwrap_err();
    assert_eq!(
        rejection.to_string(),
        "The stated catalogue code is 14-01 (catalogue of 2017), but the registration number \
         国械注准20243139901 says 13: compare with the registration certificate."
    );
    assert_eq!(
        rejection.zh(),
        "所填分类编码为 14-01（2017 年版分类目录），而注册证编号国械注准20243139901中的分类编码为 13，\
         请核对《医疗器械注册证》。"
    );
    assert_eq!(rejection.field(), Some("catalogue"));
}

#[test]
fn a_product_is_registered_once() {
    let stent = product(&register(with(&json!({}))).unwrap());
    let again = Command::Register(Box::new(Register { particulars: with(&json!({})), udi: None }));
    assert_eq!(stent.decide(&turn(), &again), Err(Rejection::AlreadyRegistered));
}

#[test]
fn a_renewal_opens_a_further_term() {
    let mut stent = product(&register(with(&json!({}))).unwrap());
    let renewed = term("2029-06-15", "2034-06-14");
    let events = stent.decide(&turn(), &Command::OpenTerm(renewed)).unwrap();
    assert_eq!(events, [Event::TermOpened(renewed)]);
    for event in &events {
        stent.evolve(event);
    }
    for (date, stands) in [
        ("2024-05-31", false),
        ("2024-06-01", true),
        ("2029-05-31", true),
        ("2029-06-01", false),
        ("2029-06-14", false),
        ("2029-06-15", true),
        ("2034-06-14", true),
        ("2034-06-15", false),
    ] {
        assert_eq!(stent.registered_on(day(date)), stands, "{date}");
        assert_eq!(stent.made_in_term(day(date)), stands, "{date}");
    }
    assert_eq!(stent.lapsed_before(day("2029-06-01")), Some(term("2024-06-01", "2029-05-31")));
    assert_eq!(stent.lapsed_before(day("2029-05-31")), None);
}

#[test]
fn terms_never_overlap() {
    let stent = product(&register(with(&json!({}))).unwrap());
    for (opened, code) in [
        (term("2029-05-31", "2034-05-30"), "product.terms_overlap"),
        (term("2019-06-01", "2024-06-01"), "product.terms_overlap"),
        (term("2025-01-01", "2025-12-31"), "product.terms_overlap"),
        (Term { from: day("2020-01-01"), to: None }, "product.terms_overlap"),
        (term("2030-01-01", "2029-12-31"), "product.term_backwards"),
        (term("2019-06-01", "2024-05-31"), "accepted"),
        (Term { from: day("2029-06-01"), to: None }, "accepted"),
    ] {
        let answer = stent.decide(&turn(), &Command::OpenTerm(opened));
        if let Err(Rejection::TermBackwards { field, .. }) = &answer {
            assert_eq!(*field, "to");
        }
        assert_eq!(answer.map_or_else(|it| it.code(), |_| "accepted"), code, "{opened:?}");
    }
}

#[test]
fn only_a_registration_is_renewed() {
    let renewal = Command::OpenTerm(term("2029-06-01", "2034-05-31"));
    assert_eq!(Product::default().decide(&turn(), &renewal), Err(Rejection::NoSuchProduct));
    let service = with(&json!({"class": "none", "registration_number": null}));
    let service = product(&register(service).unwrap());
    assert_eq!(service.decide(&turn(), &renewal).unwrap_err().code(), "product.not_renewable");
}

#[test]
fn what_needs_no_registration_may_always_be_sold() {
    let service = json!({"class": "none", "registration_number": null, "registered_from": null,
        "registered_to": null});
    let service = product(&register(with(&service)).unwrap());
    assert!(service.registered_on(day("1999-01-01")));
    assert!(!Product::default().registered_on(day("2026-11-22")));
}

proptest! {
    #[test]
    fn two_terms_overlap_exactly_when_they_share_a_day(
        a in 0_u64..12, a_days in 0_u64..6, b in 0_u64..12, b_days in 0_u64..6,
    ) {
        let at = |days| day("2024-01-01") + chrono::Days::new(days);
        let first = Term { from: at(a), to: Some(at(a + a_days)) };
        let second = Term { from: at(b), to: Some(at(b + b_days)) };
        let shared = (0..20).map(at).any(|date| first.contains(date) && second.contains(date));
        prop_assert_eq!(first.overlaps(second), shared);
        prop_assert_eq!(second.overlaps(first), shared);
    }
}

#[test]
fn a_rejection_blames_the_body_exactly_where_it_names_a_field_of_it() {
    use crate::rejection::Class;
    let missing = Rejection::Missing { field: "registrant", class: DeviceClass::III };
    assert_eq!((missing.class(), missing.pointer()), (Class::Content, Some("/registrant".into())));
    let unknown = Rejection::NoSuchProduct;
    assert_eq!((unknown.class(), unknown.pointer()), (Class::Unknown, None));
}
