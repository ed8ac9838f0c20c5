//! The demonstration: the same seed gives the same company, and everybody in it plays the part.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::collections::BTreeSet;

use api::config::DemoOptions;
use api::demo::{Filled, fill};
use domain::policy::{Event, InForce, Policy, STREAM};
use journal::{Filter, Position};
use projections::{Keyset, customers, sales_lines};

async fn filled(seed: u64) -> (Filled, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions { customers: 20, days: 60, seed };
    let last = "2026-11-20".parse().unwrap();
    (fill(folder.path(), &options, last).await.unwrap(), folder)
}

/// What happened to customers and products, stream by stream.
async fn told(filled: &Filled) -> Vec<(String, i64, String)> {
    let journal = filled.opened.door.journal();
    let mut events = Vec::new();
    let mut position = Position::default();
    loop {
        let page = journal.after(position, &Filter::default(), 1_000).await.unwrap();
        let trade = page.entries.into_iter().filter(|entry| entry.aggregate_type != "staff");
        events.extend(trade.map(|entry| (entry.stream, entry.version.0, entry.payload)));
        if page.next >= page.head {
            break;
        }
        position = page.next;
    }
    events.sort();
    events
}

/// People differ by nothing but their ids, which follow from their names.
#[tokio::test]
async fn the_same_seed_gives_the_same_company() {
    let (one, _one) = filled(7).await;
    let (two, _two) = filled(7).await;
    assert_eq!(one.statistics, two.statistics);
    let (first, second) = (told(&one).await, told(&two).await);
    assert_eq!(first.len(), second.len());
    for (first, second) in first.iter().zip(&second) {
        assert_eq!(first, second);
    }
    one.opened.close().await;
    two.opened.close().await;
}

/// One change was run in shadow until its day came, one waits for its day, and one for votes, in shadow.
#[tokio::test]
async fn rules_come_into_force_on_their_day_and_run_in_shadow_before() {
    let (filled, _folder) = filled(1).await;
    let journal = filled.opened.door.journal();
    let types = ["pack-applied", "shadow-started", "shadow-ended", "schedule-missed"];
    let types = types.map(|it| format!("policy.{it}")).to_vec();
    let filter = Filter { types, ..Filter::default() };
    let page = journal.after(Position::default(), &filter, 100).await.unwrap();
    let told = page.entries.iter().map(|entry| match journal.event(entry).unwrap() {
        Event::PackApplied(applied) => format!("{:?}", applied.how),
        Event::ShadowStarted(_) => "shadow".to_owned(),
        Event::ShadowEnded(ended) => {
            assert!(ended.found.decisions > 0, "the shadow saw nothing");
            "shadow ended".to_owned()
        }
        other => panic!("{other:?}"),
    });
    let expected = [
        "Activation",
        "Widening",
        "Activation",
        "Brake",
        "shadow",
        "Schedule",
        "shadow ended",
        "shadow",
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    let rules = journal.confirmed::<Policy>(STREAM).await.unwrap().state;
    let version = |pack: &InForce| pack.pack.semver.clone();
    assert_eq!(rules.in_force.as_ref().and_then(version).as_deref(), Some("1.3.0"));
    let scheduled: Vec<_> = rules.scheduled.values().map(|it| it.on.to_string()).collect();
    assert_eq!(scheduled, ["2026-11-29"]);
    let shadows: Vec<_> = rules.shadows.values().filter_map(|it| version(&it.pack)).collect();
    assert_eq!(shadows, ["1.5.0"]);
    filled.opened.close().await;
}

#[tokio::test]
async fn everybody_plays_the_part() {
    let (filled, _folder) = filled(1).await;
    let statistics = &filled.statistics;
    for cause in [
        "document.expired",
        "document.wrong_kind",
        "qualification.not_approved",
        "customer.suspended",
        "customer.disabled",
        "credit.over_limit",
        "credit.frozen",
        "prepayment.missing",
    ] {
        assert!(statistics.causes.contains_key(cause), "{cause}: {statistics}");
    }
    for event in ["trading.order-released", "trading.shipment-cleared", "receivables.cash-received"]
    {
        assert!(statistics.of(event) > 0, "{event}: {statistics}");
    }
    let door = &filled.opened.door;
    let engine = door.journal().engine();
    let all = Keyset::first(500);
    let directory =
        customers::directory(engine, &customers::Search::default(), &all).await.unwrap();
    assert_eq!(directory.items.len(), 20);
    assert!(directory.items.iter().all(|row| row.region.as_deref().unwrap().starts_with("99")));

    let implant = api::demo::script::implant(&filled.goods).unwrap();
    let lot = statistics.most_sold_lot(&implant.particulars.code).unwrap();
    let which = sales_lines::Sold { lot: Some(lot), ..sales_lines::Sold::default() };
    let sold = sales_lines::sold(engine, which, &all).await.unwrap();
    let buyers: BTreeSet<_> = sold.items.iter().map(|line| &line.customer).collect();
    assert!(buyers.len() > 2, "{} buyers", buyers.len());
    filled.opened.close().await;
}
