//! Importing files: what the system says afterwards is what the file says, and saying it again changes nothing.
//!
//! `data/receivables.csv` is an invented file of the shape of IBM's sample "Accounts Receivable"; that one is imported and
//! compared too wherever it lies beside the repository.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "in a test a panic is the report"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use api::config::{DatabaseUrl, ImportKind, ImportOptions};
use api::import::{Imported, Input, import};
use api::serve::{Opened, Opening};
use chrono::{Days, NaiveDate};
use indicatif::ProgressBar;
use projections::{Keyset, ageing, customers};
use rust_decimal::Decimal;
use tempfile::TempDir;
use tests::both_engines;
use tests::engine::Home;

/// A store that is open, with its scans beside it.
struct Store {
    opened: Opened,
    _scans: TempDir,
}

async fn open(home: &Home) -> Store {
    let scans = tempfile::tempdir().unwrap();
    let opening = Opening::of(DatabaseUrl::new(&home.url), scans.path().to_owned());
    Store { opened: Opened::open(opening).await.unwrap(), _scans: scans }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn small() -> PathBuf {
    root().join("tests/data/receivables.csv")
}

/// The sample itself, where it is there.
fn sample() -> Option<PathBuf> {
    let folder = root().join("../shared/data/ibm-accounts-receivable");
    let path = folder.join("WA_Fn-UseC_-Accounts-Receivable.csv");
    path.exists().then_some(path)
}

async fn take(store: &Store, kind: ImportKind, file: &Path) -> Imported {
    let mapping = (kind == ImportKind::Receivables)
        .then(|| root().join("data/mappings/ibm-accounts-receivable.toml"));
    let options = ImportOptions { kind, file: file.to_owned(), mapping, dry_run: false };
    let input = Input::read(&options).unwrap();
    import(&store.opened.door, &input, ProgressBar::hidden()).await.unwrap()
}

/// A row of the file, read by this test's own means.
struct Row {
    customer: String,
    invoiced: NaiveDate,
    due: NaiveDate,
    cents: i64,
    settled: Option<NaiveDate>,
}

fn rows(file: &Path) -> Vec<Row> {
    let text = std::fs::read_to_string(file).unwrap();
    let date = |text: &str| {
        let parts: Vec<u32> = text.split('/').map(|part| part.parse().unwrap()).collect();
        NaiveDate::from_ymd_opt(i32::try_from(parts[2]).unwrap(), parts[0], parts[1]).unwrap()
    };
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_end().split(',').collect();
        let amount: Decimal = cells[6].parse().unwrap();
        Row {
            customer: cells[1].to_owned(),
            invoiced: date(cells[4]),
            due: date(cells[5]),
            cents: i64::try_from((amount * Decimal::ONE_HUNDRED).trunc().mantissa()).unwrap(),
            settled: (!cells[8].is_empty()).then(|| date(cells[8])),
        }
    };
    text.lines().skip(1).map(row).collect()
}

fn text(cents: i64) -> String {
    Decimal::new(cents, 2).to_string()
}

fn is_open(row: &Row, day: NaiveDate) -> bool {
    row.invoiced <= day && row.settled.is_none_or(|settled| settled > day)
}

/// The most that was open at the end of a day, by the customer's code.
fn peaks(rows: &[Row]) -> BTreeMap<String, i64> {
    let mut peaks = BTreeMap::new();
    for row in rows {
        // A peak is reached on a day on which something was invoiced.
        let mine = rows.iter().filter(|it| it.customer == row.customer);
        let open: i64 = mine.filter(|it| is_open(it, row.invoiced)).map(|it| it.cents).sum();
        let peak = peaks.entry(row.customer.clone()).or_insert(open);
        *peak = open.max(*peak);
    }
    peaks
}

/// Not due, and due since 1–30, –60, –90, –180, –360 and more days; then the sum.
fn buckets<'a>(rows: impl Iterator<Item = &'a Row>, day: NaiveDate) -> [i64; 8] {
    let mut buckets = [0; 8];
    for row in rows.filter(|row| is_open(row, day)) {
        let late = day.signed_duration_since(row.due).num_days();
        let place = [0, 30, 60, 90, 180, 360].iter().position(|edge| late <= *edge);
        buckets[place.unwrap_or(6)] += row.cents;
        buckets[7] += row.cents;
    }
    buckets
}

fn told(buckets: &ageing::Buckets) -> [String; 8] {
    let it = buckets.clone();
    [
        it.not_due,
        it.days_1_30,
        it.days_31_60,
        it.days_61_90,
        it.days_91_180,
        it.days_181_360,
        it.over_360,
        it.total,
    ]
}

/// Compares what the system says with what the file says.
async fn figures_agree(store: &Store, rows: &[Row]) {
    let engine = store.opened.door.journal().engine();
    let today = store.opened.door.today();
    let summary = ageing::summary(engine, today).await.unwrap().remove(0);
    assert_eq!(summary.currency, "USD");
    assert_eq!(summary.invoices, i64::try_from(rows.len()).unwrap());
    assert_eq!(summary.amount, text(rows.iter().map(|row| row.cents).sum()));
    let settled = rows.iter().filter(|row| row.settled.is_some()).count();
    let late = rows.iter().filter(|row| row.settled.is_some_and(|day| day > row.due)).count();
    assert_eq!(summary.settled, i64::try_from(settled).unwrap());
    assert_eq!(summary.settled_late, i64::try_from(late).unwrap());

    let all = Keyset::first(1_000);
    let directory =
        customers::directory(engine, &customers::Search::default(), &all).await.unwrap();
    let codes: BTreeMap<String, String> = directory
        .items
        .into_iter()
        .inspect(|row| assert_eq!((row.kind.as_str(), &row.uscc), ("unclassified", &None)))
        .map(|row| (row.id, row.code.unwrap()))
        .collect();

    let said = ageing::peaks(engine, None, &all).await.unwrap();
    let said: BTreeMap<_, _> = said
        .items
        .iter()
        .map(|peak| (codes[&peak.customer].clone(), peak.open.minor_units()))
        .collect();
    assert_eq!(said, peaks(rows));

    let first = rows.iter().map(|row| row.invoiced).min().unwrap();
    let last = rows.iter().filter_map(|row| row.settled).max().unwrap();
    let step = u64::try_from(last.signed_duration_since(first).num_days()).unwrap() / 20;
    for nth in 0..=21 {
        let day = first + Days::new(step * nth);
        ageing_agrees(store, rows, &codes, day).await;
    }
}

async fn ageing_agrees(
    store: &Store,
    rows: &[Row],
    codes: &BTreeMap<String, String>,
    day: NaiveDate,
) {
    let engine = store.opened.door.journal().engine();
    let wanted = buckets(rows.iter(), day);
    match ageing::totals(engine, day).await.unwrap().as_slice() {
        [] => assert_eq!(wanted, [0; 8], "{day}"),
        [one] => assert_eq!(told(one), wanted.map(text), "{day}"),
        more => panic!("{more:?}"),
    }
    let by_customer = ageing::by_customer(engine, day, &Keyset::first(1_000)).await.unwrap();
    for line in by_customer.items {
        let code = &codes[&line.customer];
        let mine = rows.iter().filter(|row| row.customer == *code);
        assert_eq!(told(&line.buckets), buckets(mine, day).map(text), "{day} {code}");
    }
}

both_engines! {
    async fn the_system_s_figures_are_those_of_the_file(home: Home) {
        let store = open(&home).await;
        let imported = take(&store, ImportKind::Receivables, &small()).await;
        assert_eq!(imported.tally.faults, []);
        assert_eq!((imported.tally.taken, imported.tally.registered), (60, 5));
        figures_agree(&store, &rows(&small())).await;
        store.opened.close().await;
    }

    async fn the_sample_is_taken_whole_where_it_is_there(home: Home) {
        let Some(sample) = sample() else { return };
        let store = open(&home).await;
        let imported = take(&store, ImportKind::Receivables, &sample).await;
        assert_eq!(imported.tally.faults, []);
        assert_eq!((imported.tally.taken, imported.tally.registered), (2_466, 100));
        let rows = rows(&sample);
        figures_agree(&store, &rows).await;
        let engine = store.opened.door.journal().engine();
        let summary = ageing::summary(engine, store.opened.door.today()).await.unwrap().remove(0);
        assert_eq!(summary.amount, "147703.18");
        assert_eq!(summary.late_share.as_deref(), Some("0.3556"));
        store.opened.close().await;
    }

    async fn importing_a_file_again_changes_nothing(home: Home) {
        let store = open(&home).await;
        take(&store, ImportKind::Receivables, &small()).await;
        let head = store.opened.door.journal().head().await.unwrap();
        let again = take(&store, ImportKind::Receivables, &small()).await;
        assert_eq!((again.tally.taken, again.tally.known, again.tally.commands), (0, 60, 0));
        assert_eq!(again.tally.faults, []);
        assert_eq!(store.opened.door.journal().head().await.unwrap(), head);
        store.opened.close().await;
    }
}
