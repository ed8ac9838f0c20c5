//! The binary as people start it.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use api::config::DatabaseUrl;
use api::serve::{Opened, Opening};
use domain::policy::Pack;
use journal::Journal;
use tests::engine::{Home, Kind};

fn probity(home: &Home, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_probity-under-test"));
    command.env_clear().args(arguments).args(["--database", &home.url]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a command that ends says on stdout and on stderr, and with which code it ends.
fn told(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// A file with one customer in it.
fn customers_file(folder: &Path) -> PathBuf {
    let uscc = domain::uscc::Uscc::with_check("91330100000000001").unwrap();
    let path = folder.join("customers.csv");
    std::fs::write(&path, format!("name,kind,uscc\n示范,distributor,{uscc}\n")).unwrap();
    path
}

/// Killed with the test.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn a_taken_port_is_told_before_anything_is_made() {
    let home = Home::unmigrated(Kind::Sqlite).await;
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = probity(&home, &["serve", "--listen", &address]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains(&address) && told.contains("--listen"), "{told}");
    assert_eq!(std::fs::read_dir(home.folder()).unwrap().count(), 0, "a store was begun");
}

/// What `serve` says on stderr before it listens.
fn warnings(home: &Home) -> String {
    warnings_with(home, &[])
}

fn warnings_with(home: &Home, more: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let instance = format!("command-line-{}", home.schema);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--log", "warn", "--instance", &instance];
    let mut command = probity(home, &arguments);
    command.args(more).arg("--attachments").arg(folder.path().join("attachments"));
    let served = command.stderr(std::fs::File::create(&log).unwrap()).spawn();
    let mut served = Served(served.unwrap());
    let mut lines = BufReader::new(served.0.stdout.take().unwrap()).lines();
    let listens = lines.any(|line| line.unwrap().contains("listens on"));
    let said = std::fs::read_to_string(&log).unwrap();
    assert!(listens, "{said}");
    said
}

#[tokio::test]
async fn whoever_serves_as_the_owner_is_told_the_remedy() {
    let home = Home::new(Kind::Postgres).await;
    let said = warnings(&home);
    assert!(said.contains("probity migrate --grant"), "{said}");
    let owner = home.open().await;
    assert!(owner.may_change_events().await.unwrap());
    let role = format!("serve_{}", home.schema);
    let journal::Engine::Postgres(pool) = owner.engine() else { unreachable!() };
    sqlx::query(&format!("CREATE ROLE {role} LOGIN")).execute(pool).await.unwrap();
    Journal::grant(&home.url, &role).await.unwrap();
    let url = home.url.replace("probity@", &format!("{role}@"));
    let granted = Home::at(Kind::Postgres, url, home.schema.clone());
    assert_eq!(warnings(&granted), "");
}

#[tokio::test]
async fn whoever_serves_a_file_owns_it_and_is_told_nothing() {
    assert_eq!(warnings(&Home::new(Kind::Sqlite).await), "");
}

#[tokio::test]
async fn whichever_command_begins_a_store_takes_the_bootstrap_token() {
    const TOKEN: &str = "chosen-by-the-operator";
    let folder = tempfile::tempdir().unwrap();
    let customers = customers_file(folder.path());
    let import = ["import", "customers", customers.to_str().unwrap()];
    for begins in [["token", "list"].as_slice(), import.as_slice()] {
        let home = Home::unmigrated(Kind::Sqlite).await;
        let (_, out, log) = told(probity(&home, begins).env("PROBITY_BOOTSTRAP_TOKEN", TOKEN));
        assert!(!out.contains("shown this once"), "{begins:?}: {out}{log}");
        let scans = home.folder().join("attachments");
        let opened = Opened::open(Opening::of(DatabaseUrl::new(&home.url), scans)).await.unwrap();
        assert!(opened.door.house().credential(TOKEN, opened.door.now()).is_some(), "{begins:?}");
        opened.close().await;
    }
}

#[tokio::test]
async fn a_pack_that_is_not_loaded_is_named_beside_the_one_in_force() {
    let home = Home::new(Kind::Sqlite).await;
    let delivered = Pack::default_pack();
    let mut other = delivered.clone();
    other.credit.horizon_days = Some(17);
    let path = home.folder().join("pack.json");
    let policy = ["--policy", path.to_str().unwrap()];
    let write = |pack: &Pack| std::fs::write(&path, serde_json::to_string(pack).unwrap()).unwrap();
    write(&delivered);
    assert_eq!(warnings_with(&home, &policy), "");
    assert_eq!(warnings_with(&home, &policy), "");
    write(&other);
    let said = warnings_with(&home, &policy);
    for part in [delivered.hash().unwrap(), other.hash().unwrap(), "new store".to_owned()] {
        assert!(said.contains(&part), "{part}: {said}");
    }
}

#[tokio::test]
async fn a_switch_is_on_or_off_in_the_environment() {
    let home = Home::new(Kind::Sqlite).await;
    let verified =
        |value: &str| told(probity(&home, &["verify"]).env("PROBITY_BEHIND_PROXY", value));
    for value in ["1", "true", "yes", "0", "false", "no"] {
        let (code, _, said) = verified(value);
        assert_eq!(code, Some(0), "{value}: {said}");
    }
    assert_eq!(verified("perhaps").0, Some(2));
    let mut open = probity(&home, &["serve", "--listen", "192.0.2.1:1"]);
    let (code, _, said) = told(open.env("PROBITY_BEHIND_PROXY", "0"));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("--behind-proxy"), "{said}");
    // 192.0.2.1 is nobody's: with the switch on, it is the address that fails.
    assert_eq!(told(open.env("PROBITY_BEHIND_PROXY", "1")).0, Some(1));
}

#[tokio::test]
async fn what_is_in_the_environment_counts_for_every_command() {
    let home = Home::new(Kind::Sqlite).await;
    let mut create = probity(&home, &["token", "create"]);
    create.env("PROBITY_TOKEN_NAME", "ERP").env("PROBITY_TOKEN_MACHINE", "yes");
    let (code, _, said) = told(create.env("PROBITY_TOKEN_ROLE", "sales,finance"));
    assert_eq!(code, Some(0), "{said}");
    let (_, listed, _) = told(&mut probity(&home, &["token", "list"]));
    assert!(listed.contains("sales,finance\tERP"), "{listed}");

    let file = customers_file(home.folder());
    let mut import = probity(&home, &["import", "customers", file.to_str().unwrap()]);
    let (_, out, said) = told(import.env("PROBITY_IMPORT_DRY_RUN", "1"));
    assert!(out.contains("would be given"), "{out}{said}");
}

#[tokio::test]
async fn an_option_on_the_command_line_wins_over_its_sibling_in_the_environment() {
    let home = Home::new(Kind::Sqlite).await;
    let elsewhere = home.folder().join("elsewhere");
    std::fs::write(&elsewhere, &home.url).unwrap();
    let other = format!("sqlite:{}", home.folder().join("other.db").display());
    // Before and after the command; the option names the store, the environment another one or none.
    let mut verify = probity(&home, &["verify"]);
    let (code, _, said) = told(verify.env("PROBITY_DATABASE_FILE", "/nowhere"));
    assert_eq!(code, Some(0), "{said}");
    let bare = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity-under-test"));
        command.env_clear();
        command
    };
    let mut verify = bare();
    verify.arg("--database-file").arg(&elsewhere).arg("verify");
    let (code, _, said) = told(verify.env("PROBITY_DATABASE", &other));
    assert_eq!(code, Some(0), "{said}");
    // On one level there is no winner.
    let mut verify = bare();
    verify.env("PROBITY_DATABASE", &home.url).env("PROBITY_DATABASE_FILE", &elsewhere);
    assert_eq!(told(verify.arg("verify")).0, Some(2));
    let mut verify = probity(&home, &["verify", "--database-file"]);
    assert_eq!(told(verify.arg(&elsewhere)).0, Some(2));

    let mut list =
        probity(&home, &["token", "list", "--bootstrap-token", "chosen-by-the-operator"]);
    let (code, _, said) = told(list.env("PROBITY_BOOTSTRAP_TOKEN_FILE", "/nowhere"));
    assert_eq!(code, Some(0), "{said}");
}

#[tokio::test]
async fn wrong_usage_is_told_from_wrong_data_and_says_what_is_right() {
    let home = Home::new(Kind::Sqlite).await;
    let long = "n".repeat(101);
    for (line, right) in [
        (vec!["token", "create", "--name", "ERP", "--role", "boss"], "integrator"),
        (vec!["token", "create", "--name", &long, "--role", "sales"], "100"),
        (vec!["token", "create", "--name", "ERP", "--role", "sales", "--staff", "a b"], "staff"),
        (vec!["token", "revoke", "7"], "token-"),
        (vec!["rebuild", "nosuch"], "invoices"),
    ] {
        let (code, _, said) = told(&mut probity(&home, &line));
        assert_eq!(code, Some(2), "{line:?}: {said}");
        assert!(said.contains(right), "{line:?}: {said}");
    }
    let unknown = "token-019aa7b0-0000-7000-8000-000000000001";
    assert_eq!(told(&mut probity(&home, &["token", "revoke", unknown])).0, Some(1));
    assert_eq!(told(&mut probity(&home, &["rebuild", "invoices"])).0, Some(0));
}

#[test]
fn the_demonstration_says_where_it_listens() {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_probity-under-test"));
    demo.env_clear().args(["demo", "--customers", "16", "--days", "60", "--listen", "127.0.0.1:0"]);
    demo.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut demo = Served(demo.spawn().unwrap());
    let lines = BufReader::new(demo.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut shown = Vec::new();
    for line in lines {
        let listens = line.strip_prefix("Probity listens on ").map(str::to_owned);
        shown.push(line);
        if let Some(address) = listens {
            let curls: Vec<_> = shown.iter().filter(|line| line.starts_with("curl")).collect();
            assert!(curls.len() >= 3, "{shown:?}");
            assert!(curls.iter().all(|line| line.contains(&address)), "{address}: {curls:?}");
            return;
        }
    }
    panic!("it never listened: {shown:?}");
}

/// In a sheet, and in a file of rows; as whoever reads cells says it, and as whoever proves tables does.
fn a_bad_cell_is_told_where_it_stands(home: &Home, rules: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let policy = |arguments: &[&str]| told(&mut probity(home, &[&["policy"], arguments].concat()));
    let (bad, book, new) = (path("bad.json"), path("bad.xlsx"), path("new.json"));
    let written = std::fs::read_to_string(rules).unwrap();
    let mut pack: serde_json::Value = serde_json::from_str(&written).unwrap();
    pack["approvals"]["credit"]["rows"][1]["when"][2] = "soon".into();
    pack["approvals"]["re_review"]["overdue_beyond"] = "nobody".into();
    std::fs::write(&bad, pack.to_string()).unwrap();
    assert_eq!(policy(&["export", &bad, &book]).0, Some(0));
    let (code, out, _) = policy(&["import", rules, &book, &new]);
    assert_eq!(code, Some(1));
    for said in [
        format!("{book}: sheet credit_authority, line 3, column 4 (terms_days): "),
        format!("  {book}: 工作表「credit_authority」，第 3 行第 4 列（terms_days）："),
        format!("{book}: sheet re_review, line 4, column 2 (route): "),
    ] {
        assert!(out.contains(&said), "{said}\n{out}");
    }
    let list = path("routes.csv");
    assert_eq!(policy(&["export", rules, &list, "--table", "routes"]).0, Some(0));
    let edited = std::fs::read_to_string(&list).unwrap().replacen("credit", "cerdit", 2);
    std::fs::write(&list, edited).unwrap();
    let (code, out, said) = policy(&["import", rules, &list, &new, "--table", "routes"]);
    assert_eq!(code, Some(1));
    assert!(out.contains("line 2, column 4 (departments): \"cerdit\" cannot stand here"), "{out}");
    assert!(out.contains("第 2 行第 4 列（departments）：「cerdit」无效"), "{out}");
    assert!(said.contains(&list), "{said}");
    let (code, _, said) = policy(&["import", rules, &list, &new]);
    assert_eq!(code, Some(1));
    assert!(said.contains("say which --table"), "{said}");
}

/// What finance does to a threshold: out as a spreadsheet, changed, back in, mended, compared, tried.
#[tokio::test]
async fn a_table_of_rules_is_edited_as_a_spreadsheet_and_proved() {
    let home = Home::new(Kind::Sqlite).await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let policy = |arguments: &[&str]| {
        let all: Vec<&str> = std::iter::once("policy").chain(arguments.iter().copied()).collect();
        told(&mut probity(&home, &all))
    };
    let done = |arguments: &[&str]| {
        let (code, out, said) = policy(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {out}{said}");
        out
    };
    let (rules, new) = (path("rules.json"), path("new.json"));
    done(&["export", "built-in", &rules]);
    assert_eq!(done(&["diff", "built-in", &rules]), "no difference\n");
    assert!(done(&["check", &rules]).contains("is sound: sha256:"));
    for ending in ["xlsx", "csv"] {
        let table = path(&format!("overdue.{ending}"));
        done(&["export", &rules, &table, "--table", "overdue"]);
        done(&["import", &rules, &table, &new, "--table", "overdue"]);
        assert_eq!(done(&["diff", &rules, &new]), "no difference\n");
    }

    // A gap is told with the values that no row is for, where the rows stand.
    let table = path("overdue.csv");
    let written = std::fs::read_to_string(&table).unwrap();
    let gap = written.replace("general,-,-,-,-", "general,-,-,<= 400.00,-");
    std::fs::write(&table, gap).unwrap();
    let (code, out, said) = policy(&["import", &rules, &table, &new, "--table", "overdue"]);
    assert_eq!(code, Some(1), "{out}{said}");
    assert!(
        out.contains(
            "no row is for customer_kind = distributor, entity = missing, overdue_amount = 400.0001"
        ),
        "{out}"
    );
    assert!(out.contains("没有一行适用于"), "{out}");
    let (code, out, _) = policy(&["check", &new]);
    assert_eq!(code, Some(1));
    let place = out.strip_prefix(&format!("{new}:")).unwrap().split(':').next().unwrap();
    let line = std::fs::read_to_string(&new).unwrap();
    let line = line.lines().nth(place.parse::<usize>().unwrap() - 1).unwrap().to_owned();
    assert!(line.contains("\"rows\""), "{line}");

    let mended =
        written.replace("general-beyond,-,-,> 1000.00,> 30", "general-beyond,-,-,> 500.00,> 10");
    std::fs::write(&table, mended).unwrap();
    done(&["import", &rules, &table, &new, "--table", "overdue"]);
    assert_eq!(
        done(&["diff", &rules, &new]),
        "~ /overdue/table/rows/general-beyond/when/overdue_amount: > 1000.00 → > 500.00\n\
         ~ /overdue/table/rows/general-beyond/when/overdue_days: > 30 → > 10\n"
    );
    assert_eq!(done(&["simulate", &new]), "no decision was made in this period\n");

    // The same for people: in either language, on the terminal or as a page.
    assert!(
        done(&["diff", &rules, &new, "--lang", "zh"])
            .contains("逾期应收款合计 > 1000.00 → > 500.00")
    );
    assert!(done(&["show", &new]).contains("Required papers"));
    let page = path("new.html");
    done(&["show", &new, "--lang", "zh", "--html", &page]);
    assert!(std::fs::read_to_string(&page).unwrap().contains("<html lang=\"zh-CN\">"));
    done(&["diff", &rules, &new, "--html", &page]);
    assert!(std::fs::read_to_string(&page).unwrap().contains("<del>&gt; 30</del>"));

    // All of them at once, each on its sheet, and back from there.
    let book = path("tables.xlsx");
    done(&["export", &rules, &book]);
    done(&["import", &rules, &book, &new, "--table", "reactions"]);
    assert_eq!(done(&["diff", &rules, &new]), "no difference\n");
    assert!(
        done(&["facts"])
            .contains("worked out at the moment of the decision; when missing or too old: hold")
    );

    // Every table goes the same way, to the byte; so do all of them at once.
    let same = || assert_eq!(std::fs::read(&rules).unwrap(), std::fs::read(&new).unwrap());
    for table in api::policies::tables::known().split(", ") {
        for ending in ["xlsx", "csv"] {
            let file = path(&format!("list.{ending}"));
            done(&["export", &rules, &file, "--table", table]);
            done(&["import", &rules, &file, &new, "--table", table]);
            assert_eq!(done(&["diff", &rules, &new]), "no difference\n", "{table}");
            same();
        }
    }
    done(&["import", &rules, &book, &new]);
    same();
    done(&["import", &rules, &book, &new, "--semver", "1.0.1"]);
    assert_eq!(done(&["diff", &rules, &new]), "+ /semver: 1.0.1\n");
    a_bad_cell_is_told_where_it_stands(&home, &rules);
    let (code, _, said) = policy(&["export", &rules, &path("x.csv"), "--table", "limits"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("papers, never_counts, modes, reactions, overdue"), "{said}");

    // What cannot be written to is named, and stays what it was.
    let (folder, full) = (path("folder.json"), path("full.json"));
    std::fs::create_dir(&folder).unwrap();
    std::os::unix::fs::symlink("/dev/full", &full).unwrap();
    for to in [&folder, &full] {
        let (code, _, said) = policy(&["export", "built-in", to]);
        assert_eq!(code, Some(1));
        assert!(said.contains(to), "{said}");
    }
    assert!(std::fs::metadata(&folder).unwrap().is_dir());
    assert_eq!(std::fs::read_link(&full).unwrap(), Path::new("/dev/full"));

    // What is no pack is told by line and column, what is not sound is not simulated, and nothing guesses.
    std::fs::write(&rules, "{\n  \"name\": 1\n}").unwrap();
    let (code, _, said) = policy(&["check", &rules]);
    assert_eq!(code, Some(1));
    assert!(said.contains(&format!("{rules}:2:11: invalid type: integer")), "{said}");
    for wrong in [
        &["export", "built-in", &path("x.txt")][..],
        &["export", "built-in", &path("x.xlsx"), "--table", "limits"],
        &["simulate", &rules],
        &["check", "in-force"],
    ] {
        assert_eq!(policy(wrong).0, Some(1), "{wrong:?}");
    }
}
