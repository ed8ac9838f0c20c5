//! Given events, what the reports say.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use journal::Engine;
use projections::{
    Keyset, Projector, ageing, customers, decisions, documents, orders, products, sales_lines,
    staff,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tests::both_engines;

use crate::record::Book;

const DEALER: &str = "customer-019aa7b0-0000-7000-8000-000000000001";
const CLINIC: &str = "customer-019aa7b0-0000-7000-8000-000000000002";
const PRODUCT: &str = "product-019aa7b0-0000-7000-8000-00000000000a";

fn id(kind: &str, n: u32) -> String {
    format!("{kind}-019aa7b0-0000-7000-8000-{n:012}")
}

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn cny(amount: &str) -> Value {
    json!({"amount": amount, "currency": "CNY"})
}

fn all() -> Keyset {
    Keyset::first(500)
}

fn decision(n: u32, checkpoint: &str, outcome: &str, causes: &Value) -> Value {
    json!({"id": id("decision", n), "checkpoint": checkpoint, "outcome": outcome, "mode": "enforce",
        "causes": causes, "business_date": "2026-01-05"})
}

async fn register(book: &mut Book, stream: &str, name: &str, kind: &str, region: &str) {
    let data = json!({"name": name, "kind": kind, "region": region, "currency": "CNY"});
    book.fact(stream, "staff-sales", "registration.customer-registered", data).await;
}

async fn upload(book: &mut Book, stream: &str, n: u32, valid_to: Option<&str>) -> i64 {
    let paper = json!({"kind": "business_licence", "number": format!("NO-{n}"), "valid_from": "2020-01-01",
        "valid_to": valid_to, "long_term": valid_to.is_none(), "copy": "sealed_copy"});
    let data = json!({"document": id("document", n), "paper": paper, "by": "staff-sales"});
    book.fact(stream, "staff-sales", "qualification.document-uploaded", data).await
}

async fn approve(book: &mut Book, stream: &str, approved: &[u32], superseded: &[u32]) -> i64 {
    let ids = |list: &[u32]| list.iter().map(|n| id("document", *n)).collect::<Vec<_>>();
    let data =
        json!({"documents": ids(approved), "superseded": ids(superseded), "by": "staff-quality"});
    book.fact(stream, "staff-quality", "qualification.approved", data).await
}

fn order(n: u32, total: &str, decision: &Value) -> Value {
    json!({"order": id("order", n), "reference": format!("PO-{n}"), "total": cny(total),
        "lines": [{"product": PRODUCT, "quantity": 10, "unit_price": "100.00", "amount": cny(total)}],
        "requested_ship_date": "2026-02-01", "ship_to": "示范路 1 号", "payment": {"kind": "credit"},
        "decision": decision})
}

fn shipped(shipment: u32, of: u32, lot: &str, serials: &[&str], on: &str) -> Value {
    let goods = json!({"line": 1, "quantity": 4, "lot": lot, "serials": serials, "expires_on": "2028-01-04"});
    let particulars = json!({"code": "STENT", "name": "冠状动脉支架系统", "unit": "套",
        "registration_number": "国械注准20243139901", "registrant": "示范", "manufacturer": "示范"});
    let line = json!({"goods": goods, "product": PRODUCT, "unit_price": "100.00", "amount": cny("400.00"),
        "particulars": particulars});
    let licence =
        json!({"document": id("document", 1), "kind": "business_licence", "number": "NO-1"});
    json!({"shipment": id("shipment", shipment), "order": id("order", of), "shipped_on": on, "lines": [line],
        "value": cny("400.00"), "ship_to": "示范路 1 号", "buyer": {"name": "示范经销", "licences": [licence]},
        "decision": decision(100 + shipment, "shipment", "allow", &json!([]))})
}

async fn opened(
    book: &mut Book,
    stream: &str,
    n: u32,
    minor: i64,
    issued: NaiveDate,
    due: NaiveDate,
) {
    let amount = rust_decimal::Decimal::new(minor, 2).to_string();
    let data = json!({"invoice": id("invoice", n), "number": format!("INV-{n}"), "amount": cny(&amount),
        "issued_on": issued, "due_on": due, "origin": {"kind": "import", "digest": "0", "line": n}});
    book.fact(stream, "staff-import", "receivables.invoice-opened", data).await;
}

async fn paid(book: &mut Book, stream: &str, n: u32, minor: i64, on: NaiveDate) {
    let amount = cny(&rust_decimal::Decimal::new(minor, 2).to_string());
    let data = json!({"receipt": id("receipt", n), "reference": format!("BANK-{n}"), "amount": amount,
        "received_on": on, "applied": [{"invoice": id("invoice", n), "amount": amount}],
        "unapplied": cny("0.00"), "origin": {"kind": "import", "digest": "0", "line": n}});
    book.fact(stream, "staff-import", "receivables.cash-received", data).await;
}

/// One invoice of a file: what it was worth, and when it was issued, due and paid.
struct Fact {
    customer: usize,
    minor: i64,
    issued: NaiveDate,
    due: NaiveDate,
    paid: Option<NaiveDate>,
}

fn facts(rng: &mut ChaCha8Rng) -> Vec<Fact> {
    let begin = date("2025-01-01");
    let after = |from: NaiveDate, days: u64| from.checked_add_days(Days::new(days)).unwrap();
    let fact = |_| {
        let issued = after(begin, rng.random_range(0..300));
        Fact {
            customer: rng.random_range(0..2),
            minor: rng.random_range(1..100_000),
            issued,
            due: after(issued, rng.random_range(0..60)),
            paid: rng.random_bool(0.8).then(|| after(issued, rng.random_range(0..500))),
        }
    };
    (0..120).map(fact).collect()
}

/// The same, counted plainly.
fn aged(facts: &[Fact], as_of: NaiveDate) -> [i64; 8] {
    let mut sums = [0; 8];
    for fact in facts.iter().filter(|f| f.issued <= as_of && f.paid.is_none_or(|paid| paid > as_of))
    {
        let bucket = match as_of.signed_duration_since(fact.due).num_days() {
            ..=0 => 0,
            1..=30 => 1,
            31..=60 => 2,
            61..=90 => 3,
            91..=180 => 4,
            181..=360 => 5,
            _ => 6,
        };
        sums[bucket] += fact.minor;
        sums[7] += fact.minor;
    }
    sums
}

fn sums(buckets: &ageing::Buckets) -> [i64; 8] {
    let b = buckets;
    let texts = [
        &b.not_due,
        &b.days_1_30,
        &b.days_31_60,
        &b.days_61_90,
        &b.days_91_180,
        &b.days_181_360,
        &b.over_360,
        &b.total,
    ];
    texts.map(|text| text.replace('.', "").parse().unwrap())
}

fn peak(facts: &[Fact], customer: usize) -> i64 {
    let mut days: BTreeMap<NaiveDate, i64> = BTreeMap::new();
    for fact in facts.iter().filter(|fact| fact.customer == customer) {
        *days.entry(fact.issued).or_default() += fact.minor;
        if let Some(paid) = fact.paid {
            *days.entry(paid).or_default() -= fact.minor;
        }
    }
    let mut open = 0;
    days.values()
        .map(|moved| {
            open += moved;
            open
        })
        .max()
        .unwrap()
}

both_engines! {
    async fn ageing_peaks_and_lateness_are_exact_for_the_past(home: Home) {
        let mut book = Book::new(home.open().await);
        let facts = facts(&mut ChaCha8Rng::seed_from_u64(3));
        let streams = [DEALER, CLINIC];
        register(&mut book, DEALER, "示范经销", "distributor", "330106").await;
        register(&mut book, CLINIC, "示范诊所", "clinic", "110101").await;
        for (n, fact) in (1..).zip(&facts) {
            opened(&mut book, streams[fact.customer], n, fact.minor, fact.issued, fact.due).await;
        }
        for (n, fact) in (1..).zip(&facts) {
            if let Some(on) = fact.paid {
                paid(&mut book, streams[fact.customer], n, fact.minor, on).await;
            }
        }
        projections::catch_up(&book.journal).await.unwrap();
        let engine = book.journal.engine();
        for as_of in ["2024-12-31", "2025-01-01", "2025-03-17", "2025-06-30", "2025-12-31", "2026-08-01"] {
            let as_of = date(as_of);
            let totals = ageing::totals(engine, as_of).await.unwrap();
            let expected = aged(&facts, as_of);
            assert_eq!(totals.first().map_or([0; 8], sums), expected, "{as_of}");
            let rows = ageing::by_customer(engine, as_of, &all()).await.unwrap().items;
            let by_customer = rows.iter().map(|row| sums(&row.buckets));
            let added = by_customer.fold([0; 8], |sum, row| std::array::from_fn(|i| sum[i] + row[i]));
            assert_eq!(added, expected, "{as_of}");
        }
        for (n, row) in ageing::peaks(engine, None, &all()).await.unwrap().items.iter().enumerate() {
            assert_eq!(row.open.minor_units(), peak(&facts, n), "{row:?}");
        }
        let summary = ageing::summary(engine, date("2026-01-05")).await.unwrap().remove(0);
        let late = facts.iter().filter(|fact| fact.paid.is_some_and(|paid| paid > fact.due)).count();
        assert_eq!((summary.invoices, summary.settled_late), (120, i64::try_from(late).unwrap()));
    }

    async fn a_reversed_receipt_opens_again_what_it_had_settled_from_that_day_on(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, DEALER, "示范经销", "distributor", "330106").await;
        opened(&mut book, DEALER, 1, 10_000, date("2025-01-01"), date("2025-01-31")).await;
        paid(&mut book, DEALER, 1, 10_000, date("2025-02-10")).await;
        let settled = json!({"invoice": id("invoice", 1), "amount": cny("100.00")});
        let data = json!({"receipt": id("receipt", 1), "reopened": [settled], "amount": cny("100.00"),
            "reason": "退票", "business_date": "2025-02-20"});
        book.fact(DEALER, "staff-finance", "receivables.receipt-reversed", data).await;
        projections::catch_up(&book.journal).await.unwrap();
        for (as_of, open) in [("2025-02-09", "100.00"), ("2025-02-10", ""), ("2025-02-19", ""), ("2025-02-20", "100.00")] {
            let totals = ageing::totals(book.journal.engine(), date(as_of)).await.unwrap();
            assert_eq!(totals.first().map_or("", |row| row.total.as_str()), open, "{as_of}");
        }
    }

    async fn the_directory_is_searched_by_part_of_a_name_by_region_and_page_by_page(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, DEALER, "杭州示范经销 50%_A", "distributor", "330106").await;
        register(&mut book, CLINIC, "北京示范诊所", "clinic", "110101").await;
        let granted = json!({"limit": {"kind": "amount", "amount": cny("100000.00")}, "valid_until": "2027-01-01",
            "terms": {"from": "invoice", "days": 60}});
        book.fact(DEALER, "staff-credit", "credit.limit-granted", granted).await;
        book.fact(DEALER, "staff-credit", "credit.limit-frozen", json!({"reason": "争议"})).await;
        projections::catch_up(&book.journal).await.unwrap();
        let engine = book.journal.engine();
        let found = async |search: customers::Search| {
            let rows = customers::directory(engine, &search, &all()).await.unwrap().items;
            rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
        };
        let q = |q: &str| customers::Search { q: Some(q.to_owned()), ..Default::default() };
        assert_eq!(found(q("示范")).await, [DEALER, CLINIC]);
        assert_eq!(found(q("50%_a")).await, [DEALER]);
        assert!(found(q("5%A")).await.is_empty());
        for (region, ids) in [("330000", vec![DEALER]), ("330100", vec![DEALER]), ("110000", vec![CLINIC]), ("330200", vec![])] {
            let search = customers::Search { region: Some(region.to_owned()), ..Default::default() };
            assert_eq!(found(search).await, ids, "{region}");
        }
        let first = customers::directory(engine, &customers::Search::default(), &Keyset::first(1)).await.unwrap();
        let credit = first.items[0].credit.clone().unwrap();
        assert_eq!((credit.limit.unwrap().minor_units(), credit.frozen), (10_000_000, true));
        let second = Keyset { limit: 1, after: first.next };
        let second = customers::directory(engine, &customers::Search::default(), &second).await.unwrap();
        assert_eq!((second.items[0].id.as_str(), second.next), (CLINIC, None));
    }

    async fn papers_that_end_are_listed_with_the_days_that_are_left(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, DEALER, "示范经销", "distributor", "330106").await;
        for (n, end) in [(1, Some("2025-12-31")), (2, Some("2026-01-05")), (3, Some("2026-03-01")), (4, None), (5, Some("2026-01-10"))] {
            upload(&mut book, DEALER, n, end).await;
        }
        approve(&mut book, DEALER, &[1, 2, 3, 4], &[]).await;
        projections::catch_up(&book.journal).await.unwrap();
        let engine = book.journal.engine();
        let rows = documents::expiries(engine, date("2026-01-05"), 30, &all()).await.unwrap().items;
        let left: Vec<_> = rows.iter().map(|row| (row.document.document.to_string(), row.days_left)).collect();
        assert_eq!(left, [(id("document", 1), -5), (id("document", 2), 0)]);
        let first = documents::expiries(engine, date("2026-01-05"), 90, &Keyset::first(2)).await.unwrap();
        let rest = Keyset { limit: 2, after: first.next };
        let rest = documents::expiries(engine, date("2026-01-05"), 90, &rest).await.unwrap();
        assert_eq!(rest.items.len(), 1);
        let bad = Keyset { limit: 2, after: Some("x".to_owned()) };
        assert_eq!(documents::expiries(engine, date("2026-01-05"), 90, &bad).await.unwrap_err().code(), "cursor.malformed");
    }

    async fn a_first_sale_shows_which_papers_stood_before_it_and_who_checked_them(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, DEALER, "示范经销", "distributor", "330106").await;
        register(&mut book, CLINIC, "示范诊所", "clinic", "110101").await;
        upload(&mut book, DEALER, 1, None).await;
        let approved = approve(&mut book, DEALER, &[1], &[]).await;
        let placed = order(1, "1000.00", &decision(1, "order", "allow", &json!([])));
        let sold = book.fact(DEALER, "staff-sales", "trading.order-placed", placed).await;
        upload(&mut book, DEALER, 2, None).await;
        approve(&mut book, DEALER, &[2], &[1]).await;
        book.fact(DEALER, "staff-warehouse", "trading.goods-shipped", shipped(1, 1, "L1", &[], "2026-01-05")).await;
        projections::catch_up(&book.journal).await.unwrap();
        let rows = decisions::first_sales(book.journal.engine(), None, &all()).await.unwrap().items;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].order_position, rows[0].approved_position), (Some(sold), Some(approved)));
        let checks: Vec<_> = rows[0].checks.iter().map(|it| (it.number.as_str(), it.checked_by.as_deref())).collect();
        assert_eq!(checks, [("NO-1", Some("staff-quality"))]);
    }

    async fn denials_holds_and_releases_are_told_with_their_causes(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, DEALER, "示范经销", "distributor", "330106").await;
        let expired = json!([{"code": "document.expired", "reaction": "deny"}]);
        let over = json!([{"code": "credit.over_limit", "reaction": "hold"}]);
        let denied = order(1, "1000.00", &decision(1, "order", "deny", &expired));
        let position = book.fact(DEALER, "staff-sales", "trading.order-denied", denied).await;
        let held = order(2, "1000.00", &decision(2, "order", "hold", &over));
        book.fact(DEALER, "staff-sales", "trading.order-held", held).await;
        projections::catch_up(&book.journal).await.unwrap();
        let engine = book.journal.engine().clone();
        let deny = decisions::Between { outcome: Some("deny"), ..Default::default() };
        let rows = decisions::denials(&engine, deny, &all()).await.unwrap().items;
        assert_eq!(rows.len(), 1);
        assert_eq!((rows[0].position, rows[0].causes[0].code.code()), (position, "document.expired"));
        assert_eq!(rows[0].value.unwrap().to_string(), "1000.00 CNY");
        let whole = decisions::recorded(&book.journal, position).await.unwrap().unwrap();
        assert_eq!(whole.id.to_string(), rows[0].decision);
        let holds = orders::holds(&engine, &all()).await.unwrap().items;
        assert_eq!(holds.len(), 1);
        assert_eq!((holds[0].kind.as_str(), holds[0].id.clone()), ("order", id("order", 2)));
        assert_eq!(holds[0].causes[0].code.code(), "credit.over_limit");

        let release = json!({"lifted": [{"code": "credit.over_limit", "figure": cny("1000.00")}], "reason": "老客户",
            "tolerance_percent": 5, "expires_on": "2026-02-01", "by": "staff-credit"});
        let data = json!({"order": id("order", 2), "release": release, "decision": decision(3, "order", "hold", &over)});
        book.fact(DEALER, "staff-credit", "trading.order-released", data).await;
        projections::catch_up(&book.journal).await.unwrap();
        assert!(orders::holds(&engine, &all()).await.unwrap().items.is_empty());
        let rows = decisions::releases(&engine, Some(DEALER), &all()).await.unwrap().items;
        assert_eq!((rows[0].released_by.as_str(), rows[0].tolerance_percent), ("staff-credit", 5));
        let order = orders::one(&engine, &id("order", 2).parse().unwrap()).await.unwrap().unwrap();
        assert_eq!((order.status.as_str(), order.open.minor_units()), ("placed", 100_000));
    }

    async fn what_is_dated_before_the_day_it_was_recorded_on_is_listed_in_the_companys_zone(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, DEALER, "示范经销", "distributor", "330106").await;
        book.fact(DEALER, "staff-sales", "trading.order-placed", order(1, "1000.00", &decision(1, "order", "allow", &json!([])))).await;
        // Half past midnight on the sixth in Shanghai, still the fifth in Greenwich.
        book.now = "2026-01-05T16:30:00Z".parse().unwrap();
        book.fact(DEALER, "staff-warehouse", "trading.goods-shipped", shipped(1, 1, "L1", &[], "2026-01-06")).await;
        let late = book.fact(DEALER, "staff-warehouse", "trading.goods-shipped", shipped(2, 1, "L1", &[], "2026-01-05")).await;
        projections::catch_up(&book.journal).await.unwrap();
        let rows = decisions::backdated(book.journal.engine(), None, &all()).await.unwrap().items;
        let rows: Vec<_> = rows.iter().map(|row| (row.position, row.recorded_on)).collect();
        assert_eq!(rows, [(late, date("2026-01-06"))]);
    }

    async fn every_sale_of_a_lot_is_found_and_where_a_serial_went(home: Home) {
        let mut book = Book::new(home.open().await);
        for (n, stream) in [(1, DEALER), (2, CLINIC)] {
            register(&mut book, stream, "示范", "distributor", "330106").await;
            book.fact(stream, "staff-sales", "trading.order-placed", order(n, "1000.00", &decision(n, "order", "allow", &json!([])))).await;
        }
        book.fact(DEALER, "staff-warehouse", "trading.goods-shipped", shipped(1, 1, "L1", &["S1", "S2"], "2026-01-05")).await;
        book.fact(DEALER, "staff-warehouse", "trading.goods-shipped", shipped(2, 1, "L2", &[], "2026-01-05")).await;
        book.fact(CLINIC, "staff-warehouse", "trading.goods-shipped", shipped(3, 2, "L1", &["S3"], "2026-01-07")).await;
        projections::catch_up(&book.journal).await.unwrap();
        let engine = book.journal.engine();
        let sold = async |which: sales_lines::Sold<'static>| {
            let rows = sales_lines::sold(engine, which, &all()).await.unwrap().items;
            rows.into_iter().map(|row| row.shipment).collect::<Vec<_>>()
        };
        let shipment = |n| id("shipment", n);
        assert_eq!(sold(sales_lines::Sold { lot: Some("L1"), ..Default::default() }).await, [shipment(1), shipment(3)]);
        assert_eq!(sold(sales_lines::Sold { serial: Some("S3"), ..Default::default() }).await, [shipment(3)]);
        assert_eq!(sold(sales_lines::Sold { customer: Some(DEALER), product: Some(PRODUCT), ..Default::default() }).await, [shipment(1), shipment(2)]);
        assert_eq!(sold(sales_lines::Sold { from: Some(date("2026-01-06")), ..Default::default() }).await, [shipment(3)]);
        let row = sales_lines::sold(engine, sales_lines::Sold { serial: Some("S1"), ..Default::default() }, &all()).await.unwrap().items.remove(0);
        assert_eq!(row.registration_number.as_deref(), Some("国械注准20243139901"));
        assert_eq!((row.licences[0].number.as_str(), row.serials.len()), ("NO-1", 2));
    }

    async fn products_and_people_are_listed_as_they_stand(home: Home) {
        let mut book = Book::new(home.open().await);
        let particulars = json!({"code": "STENT", "name": "冠状动脉支架系统", "specification": "3.5", "unit": "套", "class": "III",
            "catalogue": {"version": "2017", "code": "13-07-02"}, "registration_number": "国械注准20243139901",
            "registered_from": "2024-06-01", "registered_to": "2029-05-31", "traits": ["implant"]});
        book.fact(PRODUCT, "staff-quality", "product.registered", particulars).await;
        book.fact(PRODUCT, "staff-quality", "product.term-opened", json!({"from": "2029-06-01", "to": "2034-05-31"})).await;
        let digest = "a".repeat(64);
        book.fact("staff-1", "staff-admin", "staff.registered", json!({"name_digest": digest})).await;
        book.fact("staff-1", "staff-admin", "staff.roles-granted", json!({"roles": ["sales", "credit"]})).await;
        for n in [1, 2] {
            let issued = json!({"token": id("token", n), "label": "laptop", "secret_sha256": digest, "roles": ["sales"], "machine": false});
            book.fact("staff-1", "staff-admin", "staff.token-issued", issued).await;
        }
        book.fact("staff-1", "staff-admin", "staff.token-revoked", json!({"token": id("token", 1)})).await;
        projections::catch_up(&book.journal).await.unwrap();
        let engine = book.journal.engine().clone();
        let search = products::Search { q: Some("20243139901".to_owned()), ..Default::default() };
        let row = products::list(&engine, &search, &all()).await.unwrap().items.remove(0);
        assert_eq!((row.code.as_str(), row.terms.0.len()), ("STENT", 2));
        let working = async |engine: &Engine| {
            let rows = staff::tokens(engine, Some("staff-1"), &all()).await.unwrap().items;
            rows.into_iter().filter(|row| row.revoked_at.is_none()).map(|row| row.token).collect::<Vec<_>>()
        };
        assert_eq!(working(&engine).await, [id("token", 2)]);
        assert_eq!(staff::people(&engine, &all()).await.unwrap().items[0].roles.0.len(), 2);
        book.fact("staff-1", "staff-admin", "staff.left", json!({})).await;
        projections::catch_up(&book.journal).await.unwrap();
        assert!(working(&engine).await.is_empty());
        assert_eq!(staff::people(&engine, &all()).await.unwrap().items[0].standing, "left");
    }

    async fn a_customers_timeline_has_a_sentence_for_each_event(home: Home) {
        let mut book = Book::new(home.open().await);
        register(&mut book, DEALER, "示范经销", "distributor", "330106").await;
        upload(&mut book, DEALER, 1, Some("2027-01-01")).await;
        let projector = Projector::start(&book.journal).await.unwrap();
        let page = projections::timeline::of_customer(&book.journal, DEALER, &Keyset::first(1), |_| Some(())).await.unwrap();
        assert_eq!(page.items[0].version, 1);
        let rest = Keyset { limit: 5, after: page.next };
        let rest = projections::timeline::of_customer(&book.journal, DEALER, &rest, |_| Some(())).await.unwrap();
        assert_eq!(rest.items.len(), 1);
        assert_eq!(rest.items[0].event_type, "qualification.document-uploaded");
        assert!(!rest.items[0].sentence_zh.is_empty() && !rest.items[0].sentence_en.is_empty());
        projector.stop().await;
    }
}
