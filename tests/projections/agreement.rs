//! Under random commands the tables agree with the aggregate that the events were folded into, event by event.

use domain::customer::Customer;
use domain::decider::Decider;
use domain::ids::CustomerId;
use journal::{Engine, Position};
use projections::{Keyset, documents, orders, receivables};
use tests::both_engines;
use tests::world::World;

use crate::record::Book;

const STEPS: usize = 1_500;

both_engines! {
    async fn read_models_agree_with_the_customers_under_random_commands(home: Home) {
        let mut book = Book::new(home.open().await);
        let mut world = World::new(7, 6);
        for step in 0..STEPS {
            world.tick();
            book.now = world.now;
            let proposal = world.propose();
            let facts = world.facts();
            let context = world.context(proposal.actor, &proposal.roles, &facts);
            let (id, customer) = &world.customers[proposal.customer];
            let Ok(events) = customer.decide(&context, &proposal.command) else { continue };
            let id = *id;
            world.learn(proposal.customer, &events);
            book.events(&id.to_string(), proposal.actor, &events).await;
            // Batches of every size, each begun with nothing in memory.
            if step % 37 == 0 || step > STEPS - 20 {
                projections::catch_up(&book.journal).await.unwrap();
            }
            if step % 300 == 299 {
                agree(&book, &world).await;
            }
        }
        let reached = projections::catch_up(&book.journal).await.unwrap();
        assert_eq!(reached, Position(book.position()));
        assert!(book.position() > 500, "only {} events", book.position());
        agree(&book, &world).await;
        let verified = projections::verify(&book.journal).await.unwrap();
        assert_eq!(verified.differences, []);
        assert_eq!(verified.position, reached);
    }
}

async fn agree(book: &Book, world: &World) {
    projections::catch_up(&book.journal).await.unwrap();
    let engine = book.journal.engine();
    for (id, customer) in world.customers.iter().filter(|(_, it)| it.is_registered()) {
        exposure_agrees(engine, world, *id, customer).await;
        orders_agree(engine, *id, customer).await;
        invoices_agree(engine, *id, customer).await;
        papers_agree(engine, *id, customer).await;
    }
}

async fn exposure_agrees(engine: &Engine, world: &World, id: CustomerId, customer: &Customer) {
    let id = id.to_string();
    let of = orders::ExposureOf { customer: Some(&id), today: world.today(), horizon: None };
    let listed = orders::exposure(engine, of, &Keyset::first(1)).await.unwrap();
    let row = &listed.items[0];
    let text = |minor: domain::money::Minor| minor.amount(customer.currency()).to_string();
    assert_eq!(row.open_orders, text(customer.totals.open_orders), "{row:?}");
    assert_eq!(row.open_deliveries, text(customer.totals.open_deliveries), "{row:?}");
    assert_eq!(row.prepaid, text(customer.totals.prepaid), "{row:?}");
    assert_eq!(row.open_items, text(customer.receivables.open_items), "{row:?}");
    assert_eq!(row.unapplied_cash, text(customer.receivables.unapplied), "{row:?}");
    assert_eq!(row.total, text(customer.exposure()), "{row:?}");
    let overdue = customer.overdue(world.today(), domain::money::Minor::ZERO);
    assert_eq!(row.overdue, text(overdue.amount), "{row:?}");
    assert_eq!(row.overdue_days, i64::from(overdue.days), "{row:?}");
}

async fn orders_agree(engine: &Engine, id: CustomerId, customer: &Customer) {
    for (order, state) in &customer.orders {
        let row = orders::one(engine, order).await.unwrap().unwrap();
        assert_eq!(row.customer, id.to_string());
        assert_eq!(row.status == "held", state.is_held(), "{row:?} {state:?}");
        let codes = |list: &[domain::decision::Cause]| {
            let mut codes: Vec<_> = list.iter().map(|cause| cause.code).collect();
            codes.dedup();
            codes
        };
        assert_eq!(codes(&row.held_by), state.held_by, "{row:?}");
        let deposit = customer.receivables.deposits.get(order);
        let deposit = deposit.map_or(0, |deposit| deposit.unused().0);
        assert_eq!(row.deposit.unwrap().minor_units(), deposit);
        let shipments = orders::shipments_of(engine, order, &Keyset::first(500)).await.unwrap();
        let held = |status: &str| {
            shipments.items.iter().filter(|it| it.status == status).map(|it| it.id).collect()
        };
        let waiting: Vec<_> =
            state.shipments.iter().filter(|(_, it)| it.shipped_on.is_none()).collect();
        let held: std::collections::BTreeSet<_> = held("held");
        assert_eq!(held, waiting.into_iter().map(|(id, _)| *id).collect(), "{shipments:?}");
    }
}

async fn invoices_agree(engine: &Engine, id: CustomerId, customer: &Customer) {
    let open = receivables::Which { status: Some("open"), due_before: None };
    let rows = receivables::invoices(engine, &id.to_string(), open, &Keyset::first(500)).await;
    let rows = rows.unwrap().items;
    assert_eq!(rows.len(), customer.receivables.items.len());
    for row in rows {
        let item = &customer.receivables.items[&row.id];
        assert_eq!(row.open.minor_units(), item.open.0);
        assert_eq!(row.amount.minor_units(), item.amount.0);
        assert_eq!(row.due_on, Some(item.due_on));
    }
    let rows = receivables::receipts(engine, &id.to_string(), &Keyset::first(500)).await.unwrap();
    for (receipt, state) in &customer.receivables.receipts {
        let row = rows.items.iter().find(|row| row.id == *receipt).unwrap();
        assert_eq!(row.unapplied.minor_units(), state.unapplied.0, "{row:?}");
    }
    let deposits = customer.receivables.deposits.values();
    let deposited = deposits.fold(0, |sum, deposit| sum + deposit.unused().0);
    let rows = rows.items.iter().map(|row| row.deposited.minor_units());
    assert_eq!(rows.sum::<i64>(), deposited);
}

async fn papers_agree(engine: &Engine, id: CustomerId, customer: &Customer) {
    let rows = documents::of_customer(engine, &id.to_string(), &Keyset::first(500)).await.unwrap();
    for (document, state) in &customer.qualification.documents {
        let row = rows.items.iter().find(|row| row.document == *document).unwrap();
        let standing = serde_json::to_value(state.standing).unwrap();
        assert_eq!(standing, serde_json::json!(row.standing), "{row:?}");
        assert_eq!(row.uploaded_by, state.uploaded_by.to_string());
    }
    let row = projections::customers::named(engine, &[id.to_string()]).await.unwrap().remove(0);
    assert_eq!(row.status, customer.registration.status.code());
    assert_eq!(row.kind, customer.registration.kind().code());
    assert_eq!(row.uscc, customer.registration.uscc().map(ToString::to_string));
    assert_eq!(row.qualification == "approved", customer.qualification.is_approved());
    assert_eq!(row.review_open, customer.qualification.is_in_review());
}
