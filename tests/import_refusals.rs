//! Importing files that are not all right: what is good is recorded, what is not is named with its place.

#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::path::{Path, PathBuf};

use api::config::{DatabaseUrl, ImportKind, ImportOptions};
use api::import::{Imported, Input, import};
use api::serve::{Opened, Opening};
use indicatif::ProgressBar;
use projections::{Keyset, ageing, customers};
use tempfile::TempDir;
use tests::both_engines;
use tests::engine::Home;

struct Store {
    opened: Opened,
    folder: TempDir,
}

impl Store {
    async fn open(home: &Home) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opening = Opening::of(DatabaseUrl::new(&home.url), folder.path().to_owned());
        Self { opened: Opened::open(opening).await.unwrap(), folder }
    }

    async fn take(&self, kind: ImportKind, file: &Path, mapping: Option<PathBuf>) -> Imported {
        let options = ImportOptions { kind, file: file.to_owned(), mapping, dry_run: false };
        let input = Input::read(&options).unwrap();
        import(&self.opened.door, &input, ProgressBar::hidden()).await.unwrap()
    }

    /// Imports a file with this text.
    async fn take_text(&self, kind: ImportKind, text: &str) -> Imported {
        let file = self.folder.path().join("rows.csv");
        std::fs::write(&file, text).unwrap();
        self.take(kind, &file, None).await
    }
}

fn faults(imported: &Imported) -> Vec<String> {
    imported.tally.faults.iter().map(ToString::to_string).collect()
}

const HEADER: &str = "customer,invoice_number,invoiced_on,due_on,amount,settled_on\n";

both_engines! {
    async fn bad_rows_are_named_and_the_good_ones_go_in(home: Home) {
        let store = Store::open(&home).await;
        let rows = "C-1,N-1,2026-01-05,2026-02-04,10.00,2026-01-20\n\
                    C-1,N-2,2026-01-05,2026-02-04,ten,\n\
                    C-2,N-1,2026-01-06,2026-02-05,20.00,\n";
        let imported = store.take_text(ImportKind::Receivables, &format!("{HEADER}{rows}")).await;
        assert_eq!(
            faults(&imported),
            ["line 3, column amount: \"ten\" is not a decimal number such as \"12800.00\""]
        );
        assert_eq!((imported.tally.taken, imported.tally.refused()), (2, 1));
        let engine = store.opened.door.journal().engine();
        let summary = ageing::summary(engine, store.opened.door.today()).await.unwrap().remove(0);
        assert_eq!((summary.invoices, summary.open.as_str()), (2, "20.00"));
        store.opened.close().await;
    }

    async fn what_another_file_brought_already_is_told_and_left_as_it_was(home: Home) {
        let store = Store::open(&home).await;
        let first = format!("{HEADER}C-1,N-1,2026-01-05,2026-02-04,10.00,\n");
        store.take_text(ImportKind::Receivables, &first).await;
        let more = format!("{first}C-1,N-2,2026-01-07,2026-02-06,5.00,2026-01-09\n");
        let again = store.take_text(ImportKind::Receivables, &more).await;
        assert_eq!(
            faults(&again),
            ["line 2, column invoice_number: on record already, from another file or by hand"]
        );
        assert_eq!((again.tally.taken, again.tally.registered), (1, 0));
        store.opened.close().await;
    }

    async fn a_file_is_not_taken_twice_under_two_mappings(home: Home) {
        let store = Store::open(&home).await;
        let text = format!("{HEADER}C-1,N-1,2026-01-05,2026-02-04,10.00,2026-01-20\n");
        store.take_text(ImportKind::Receivables, &text).await;
        let mapping = store.folder.path().join("other.toml");
        let columns = "customer = \"customer\"\ninvoice_number = \"invoice_number\"\ninvoiced_on = \"due_on\"\n\
                       due_on = \"due_on\"\namount = \"amount\"\n";
        std::fs::write(&mapping, format!("kind = \"receivables\"\n[columns]\n{columns}")).unwrap();
        let file = store.folder.path().join("rows.csv");
        let again = store.take(ImportKind::Receivables, &file, Some(mapping)).await;
        assert_eq!(
            faults(&again),
            ["line 2: imported before, but under another mapping: what was recorded then stands"]
        );
        assert_eq!(again.tally.commands, 0);
        store.opened.close().await;
    }

    async fn customers_and_products_are_registered_once(home: Home) {
        let store = Store::open(&home).await;
        let text = "name,kind,uscc,code,region\n\
                    示范医疗器械有限公司,distributor,91330100000000001C,D-1,330100\n\
                    另一医疗器械有限公司,distributor,91330100000000001C,D-2,330100\n";
        let imported = store.take_text(ImportKind::Customers, text).await;
        assert_eq!((imported.tally.taken, imported.tally.refused()), (1, 1));
        assert!(faults(&imported)[0].starts_with("line "), "{:?}", faults(&imported));
        assert!(faults(&imported)[0].contains("column uscc: 91330100000000001C is registered already"));
        let again = store.take_text(ImportKind::Customers, text).await;
        assert_eq!((again.tally.known, again.tally.commands), (1, 0));

        let text = "code,name,specification,unit,class,catalogue_code,registration_number,registered_from,registrant,manufacturer\n\
                    S-1,血管支架,3.5×18 mm,套,III,13-07-02,国械注准20243139901,2024-06-01,甲,乙\n\
                    S-2,血管支架,3.0×18 mm,套,II,13-07-02,国械注准20243139902,2024-06-01,甲,乙\n";
        let imported = store.take_text(ImportKind::Products, text).await;
        assert_eq!((imported.tally.taken, imported.tally.refused()), (1, 1));
        assert!(faults(&imported)[0].contains("line 3: "), "{:?}", faults(&imported));
        let again = store.take_text(ImportKind::Products, text).await;
        assert_eq!((again.tally.known, again.tally.commands), (1, 0));
        store.opened.close().await;
    }

    async fn a_workbook_is_read_with_its_dates_and_its_lines(home: Home) {
        let store = Store::open(&home).await;
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/receivables.xlsx");
        let imported = store.take(ImportKind::Receivables, &file, None).await;
        assert_eq!(
            faults(&imported),
            ["line 6, column amount: \"many\" is not a decimal number such as \"12800.00\""]
        );
        let engine = store.opened.door.journal().engine();
        let summary = ageing::summary(engine, store.opened.door.today()).await.unwrap().remove(0);
        assert_eq!((summary.invoices, summary.amount.as_str(), summary.settled), (3, "1344.04", 2));
        assert_eq!(summary.first_issued_on.unwrap().to_string(), "2020-01-01");
        let everybody = customers::Search::default();
        let listed = customers::directory(engine, &everybody, &Keyset::first(10)).await.unwrap();
        let names: Vec<_> = listed.items.into_iter().map(|row| row.name).collect();
        assert!(names.contains(&"样板书店".to_owned()), "{names:?}");
        store.opened.close().await;
    }

    async fn two_processes_import_the_same_file_at_the_same_time(home: Home) {
        let (one, two) = (Store::open(&home).await, Store::open(&home).await);
        let rows: String = (1..=40)
            .map(|n| format!("C-{},N-{n},2026-01-05,2026-02-04,{n}.00,2026-01-20\n", n % 7))
            .collect();
        let text = format!("{HEADER}{rows}");
        let (first, second) = tokio::join!(
            one.take_text(ImportKind::Receivables, &text),
            two.take_text(ImportKind::Receivables, &text)
        );
        assert_eq!((faults(&first), faults(&second)), (vec![], vec![]));
        assert_eq!(first.tally.commands + second.tally.commands, 40 * 2 + 7);
        let engine = one.opened.door.journal().engine();
        let summary = ageing::summary(engine, one.opened.door.today()).await.unwrap().remove(0);
        assert_eq!((summary.invoices, summary.amount.as_str()), (40, "820.00"));
        one.opened.close().await;
        two.opened.close().await;
    }
}

#[tokio::test]
async fn a_dry_run_makes_no_store() {
    use clap::Parser;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rows.csv");
    std::fs::write(&file, format!("{HEADER}C-1,N-1,2026-01-05,2026-02-04,10.00,\n")).unwrap();
    let database = format!("sqlite:{}", folder.path().join("store/probity.db").display());
    let line = ["probity", "--database", &database, "import", "receivables", "--dry-run"];
    let cli = api::config::Cli::try_parse_from(line.into_iter().chain(file.to_str())).unwrap();
    api::cli::run(cli).await.unwrap();
    assert!(!folder.path().join("store").exists());
}
