//! Old events stay readable for ever: one file for each event type and version, never changed once it is there.
//!
//! A type without a file gets one written, and the test fails once, for somebody to look at it and commit it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use cqrs_es::DomainEvent;
use domain::{
    customer::{self, receivables::InvoiceStopped},
    decider::Decider,
    policy::{self, pack::Text},
    product, proposal,
    sentence::{of_policy, of_proposal, of_staff},
    staff,
};
use serde_json::Value;
use tests::rules::Changing;
use tests::world::World;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// One event of each type, as it is written today.
fn samples() -> BTreeMap<String, String> {
    let mut samples = BTreeMap::new();
    for seed in 0..4 {
        let mut world = World::new(seed, 6);
        for _ in 0..2_500 {
            world.tick();
            let proposal = world.propose();
            let facts = world.facts();
            let context = world.context(proposal.actor, &proposal.roles, &facts);
            let customer = &world.customers[proposal.customer].1;
            let Ok(events) = customer.decide(&context, &proposal.command) else { continue };
            for event in &events {
                samples.entry(file_of(event)).or_insert_with(|| text(event));
                if let customer::Event::InvoiceHeld(held) = event {
                    let denied: Box<InvoiceStopped> = held.clone();
                    let denied = customer::Event::InvoiceDenied(denied);
                    samples.entry(file_of(&denied)).or_insert_with(|| text(&denied));
                }
            }
            world.learn(proposal.customer, &events);
        }
    }
    let mut world = World::new(1, 1);
    let turn = world.turn("staff-admin");
    let changing = Changing::told(&turn);
    for event in changing.of_policy {
        samples.entry(file_of(&event)).or_insert_with(|| text(&event));
    }
    for event in changing.of_proposals {
        samples.entry(file_of(&event)).or_insert_with(|| text(&event));
    }
    samples
}

fn file_of(event: &impl DomainEvent) -> String {
    format!("{}.v{}.json", event.event_type(), event.event_version())
}

fn text(event: &impl DomainEvent) -> String {
    serde_json::to_string_pretty(event).unwrap() + "\n"
}

#[test]
fn every_type_of_event_has_a_file_that_still_reads_as_it_was_written() {
    let samples = samples();
    let mut written = Vec::new();
    let ours = [customer::Event::TYPES, policy::Event::TYPES, proposal::Event::TYPES];
    for kind in ours.into_iter().flatten() {
        let name = format!("{kind}.v1.json");
        let path = folder().join(&name);
        if !path.exists() {
            let sample = samples.get(&name).unwrap_or_else(|| panic!("no sample of {kind}"));
            fs::create_dir_all(folder()).unwrap();
            fs::write(&path, sample).unwrap();
            written.push(name);
        }
    }
    for kind in product::Event::TYPES.iter().chain(staff::Event::TYPES) {
        let path = folder().join(format!("{kind}.v1.json"));
        assert!(path.exists(), "write tests/golden/{kind}.v1.json");
    }
    assert!(written.is_empty(), "look at these new files and commit them: {written:?}");
}

#[test]
fn what_was_written_reads_back_to_the_letter() {
    let mut read = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let kept = fs::read_to_string(&path).unwrap();
        let (aggregate, _) = name.split_once('.').unwrap();
        let again = match aggregate {
            "product" => rewrite::<product::Event>(&kept),
            "staff" => rewrite::<staff::Event>(&kept),
            "policy" => rewrite::<policy::Event>(&kept),
            "proposal" => rewrite::<proposal::Event>(&kept),
            _ => rewrite::<customer::Event>(&kept),
        };
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(again, kept, "{name}");
        let wire = kept.as_object().unwrap().keys().next().unwrap();
        assert!(name.starts_with(&format!("{wire}.v")), "{name} holds {wire}");
        read += 1;
    }
    assert!(read >= customer::Event::TYPES.len(), "{read} files");
}

fn rewrite<E: DomainEvent>(text: &str) -> Value {
    let event: E = serde_json::from_str(text).unwrap();
    serde_json::to_value(event).unwrap()
}

#[test]
fn whatever_happens_to_rules_is_told_in_both_languages_and_names_nobody() {
    let changing = Changing::told(&World::new(1, 1).turn("staff-admin"));
    let of_policy = changing.of_policy.iter().map(|event| (event.kind(), of_policy(event)));
    let told = of_policy
        .chain(changing.of_proposals.iter().map(|event| (event.kind(), of_proposal(event))));
    let mut kinds = BTreeSet::new();
    for (kind, Text { zh, en }) in told {
        assert!(zh.ends_with('。') && en.ends_with('.'), "{kind}: {zh} {en}");
        assert!(!zh.contains("staff-") && !en.contains("staff-"), "{kind}: {zh} {en}");
        kinds.insert(kind);
    }
    let all = policy::Event::TYPES.iter().chain(proposal::Event::TYPES).copied();
    assert_eq!(kinds, all.collect());
}

#[test]
fn whatever_happens_to_people_is_told_in_both_languages_and_names_nobody() {
    for kind in staff::Event::TYPES {
        let kept = fs::read_to_string(folder().join(format!("{kind}.v1.json"))).unwrap();
        let event: staff::Event = serde_json::from_str(&kept).unwrap();
        let Text { zh, en } = of_staff(&event);
        assert!(zh.ends_with('。') && en.ends_with('.'), "{kind}: {zh} {en}");
        assert!(!zh.contains("staff-") && !en.contains("staff-"), "{kind}: {zh} {en}");
    }
}
