//! The rules alone under random commands: no I/O, tens of thousands of them in seconds.

use domain::{
    context::Context,
    customer::{Command, Customer, Event, approving::Cases},
    decider::Decider,
    decision::Decision,
};
use tests::{effort::effort, world::World};

/// Commands of one world; `scripts/extra` asks for more worlds by `PROBITY_SIMULATION`.
const COMMANDS: usize = 2_500;
const WORLDS: usize = 8;

/// Any command on any customer: what is recorded keeps every invariant, reads back as it was written, and cures what it can.
#[test]
fn random_commands_keep_every_invariant() {
    let (mut recorded, mut regenerated) = (0, 0);
    let mut kinds = std::collections::BTreeSet::new();
    let worlds = effort("PROBITY_SIMULATION", WORLDS * COMMANDS).div_ceil(COMMANDS);
    for seed in 0..worlds {
        let mut world = World::new(u64::try_from(seed).unwrap(), 6);
        for _ in 0..COMMANDS {
            world.tick();
            let proposal = world.propose();
            let facts = world.facts();
            let context = world.context(proposal.actor, &proposal.roles, &facts);
            let customer = &world.customers[proposal.customer].1;
            let Ok(events) = customer.decide(&context, &proposal.command) else { continue };
            for event in &events {
                kinds.insert(event.kind());
                assert!(event.decision().is_none() || Event::DECIDING.contains(&event.kind()));
                let text = serde_json::to_string(event).unwrap();
                assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), *event, "{text}");
            }
            recorded += events.len();
            regenerated += every_decision_comes_out_again(customer, &context, &events);
            world.learn(proposal.customer, &events);
            nothing_curable_waits(&world, proposal.customer, &context, &events);
        }
    }
    assert!(recorded > worlds * 600, "only {recorded} events were recorded");
    assert!(regenerated > worlds * 100, "only {regenerated} decisions were made again");
    let missing: Vec<_> = Event::TYPES.iter().filter(|kind| !kinds.contains(*kind)).collect();
    println!("{recorded} events; never seen: {missing:?}");
}

/// Byte for byte, and from a customer of whose cases nothing was read; returns how many they were.
fn every_decision_comes_out_again(before: &Customer, context: &Context, events: &[Event]) -> usize {
    let without_cases =
        |customer: &Customer| Customer { cases: Cases::default(), ..customer.clone() };
    let (mut customer, mut made) = (without_cases(before), 0);
    let mut whole = before.clone();
    for event in events {
        let again = customer.decide_again(event, context.turn.command_id, &context.facts);
        let text = |decision: Option<&Decision>| serde_json::to_string(&decision).unwrap();
        assert_eq!(text(again.as_ref()), text(event.decision()), "{}", event.kind());
        made += usize::from(again.is_some());
        whole.evolve(event);
        if Event::APPROVING.contains(&event.kind()) {
            customer.version += 1;
        } else {
            customer.evolve(event);
        }
        assert_eq!(customer, without_cases(&whole), "{}", event.kind());
    }
    made
}

/// A command that can cure leaves nothing waiting that would heal now.
fn nothing_curable_waits(world: &World, n: usize, context: &Context, events: &[Event]) {
    if !events.iter().any(|event| matches!(event, Event::CashReceived(_) | Event::LimitGranted(_)))
    {
        return;
    }
    let again = world.customers[n].1.decide(context, &Command::ReviewDay).unwrap();
    let healed = again.iter().any(|event| matches!(event, Event::OrderHealed(_)));
    assert!(!healed, "{:?} should have healed {again:?}", events.first().map(Event::kind));
}
