//! What finance does to the rules without code: a table is edited, and the difference is seen before anything applies.
#![expect(clippy::unwrap_used, reason = "in a test a panic is the report")]

use std::{path::PathBuf, process::Command};

use domain::policy::{
    Pack, facts,
    pack::Overdue,
    table::{Outcome, axis::Value},
};
use rust_decimal::Decimal;
use tempfile::TempDir;

/// A folder with the delivered rules in it, and what is made of them.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        assert_eq!(desk.policy(&["export", "built-in", &desk.path("rules.json")]).0, 0);
        desk
    }

    fn path(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        path.to_str().unwrap().to_owned()
    }

    /// The code that the command ends with, and all that it says.
    fn policy(&self, arguments: &[&str]) -> (i32, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_probity-under-test"));
        let database = format!("sqlite:{}", self.path("none.db"));
        command.env_clear().arg("policy").args(arguments).args(["--database", &database]);
        let output = command.output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    /// A table as a spreadsheet, with something in it changed, put into the rules.
    fn edit(&self, table: &str, from: &str, to: &str) -> (i32, String) {
        let (rules, sheet, new) =
            (self.path("rules.json"), self.path("table.csv"), self.path("new.json"));
        assert_eq!(self.policy(&["export", &rules, &sheet, "--table", table]).0, 0);
        let written = std::fs::read_to_string(&sheet).unwrap();
        assert_eq!(written.matches(from).count(), 1, "{from}: {written}");
        std::fs::write(&sheet, written.replace(from, to)).unwrap();
        self.policy(&["import", &rules, &sheet, &new, "--table", table])
    }

    fn difference(&self) -> String {
        let (rules, new) = (self.path("rules.json"), self.path("new.json"));
        let (code, said) = self.policy(&["diff", &rules, &new]);
        assert_eq!(code, 0, "{said}");
        said
    }
}

/// What the overdue table of a file answers about a distributor.
fn answer(file: &str, amount: &str, days: u32) -> String {
    let pack = Pack::parse(&std::fs::read_to_string(file).unwrap()).unwrap();
    let Overdue::Table(overdue) = &pack.overdue else { panic!("a table") };
    let answer = overdue.table.table(&facts::OVERDUE).unwrap().ask(|fact| match fact {
        facts::CUSTOMER_KIND => Value::Code("distributor".to_owned()),
        facts::OVERDUE_AMOUNT => Value::Number(amount.parse().unwrap()),
        facts::OVERDUE_DAYS => Value::Number(Decimal::from(days)),
        _ => Value::Missing,
    });
    match answer.unwrap().outcome {
        Outcome::One(Value::Code(said)) => said,
        other => panic!("{other:?}"),
    }
}

#[test]
fn row_115_a_threshold_a_response_and_a_flow_are_edited_and_the_difference_is_seen() {
    let desk = Desk::new();
    let (code, said) = desk.edit("overdue", "> 1000.00,> 30", "> 1000.00,> 45");
    assert_eq!(code, 0, "{said}");
    let days = "/overdue/table/rows/general-beyond/when/overdue_days: > 30 → > 45";
    assert_eq!(desk.difference(), format!("~ {days}\n"));
    let (code, said) = desk.edit("reactions", "credit.frozen,hold,hold", "credit.frozen,deny,hold");
    assert_eq!(code, 0, "{said}");
    assert_eq!(desk.difference(), "~ /reactions/credit.frozen/order: hold → deny\n");
    // Whom a limit of so much is for to agree to stands in the same file.
    let (rules, new) = (desk.path("rules.json"), desk.path("new.json"));
    let mut flows: serde_json::Value =
        serde_json::from_str(&std::fs::read_to_string(rules).unwrap()).unwrap();
    flows["approvals"]["credit"]["rows"][1]["then"] = "finance_and_compliance".into();
    std::fs::write(&new, flows.to_string()).unwrap();
    assert_eq!(
        desk.difference(),
        "~ /approvals/credit/rows/with-finance/then: finance → finance_and_compliance\n"
    );
    assert_eq!(desk.policy(&["check", &new]).0, 0);
}

#[test]
fn row_115_refuses_what_is_no_response_what_leaves_a_gap_and_what_is_against_an_example() {
    let desk = Desk::new();
    for (table, from, to, told) in [
        (
            "reactions",
            "credit.frozen,hold,hold",
            "credit.frozen,stop,hold",
            &["line ", "column 2 (order): \"stop\"", "第 "][..],
        ),
        ("overdue", "> 1000.00,> 30", "> 1000.00,> soon", &["\"soon\" is no value of this fact"]),
        (
            "overdue",
            "general,-,-,-,-",
            "general,-,-,<= 400.00,-",
            &["no row is for", "overdue_amount = 400.0001", "没有一行适用于"],
        ),
        (
            "overdue",
            "> 1000.00,> 30",
            "> 1000.00,> 400",
            &["example \"a distributor, a year late\""],
        ),
    ] {
        let (code, said) = desk.edit(table, from, to);
        assert_eq!(code, 1, "{to}: {said}");
        assert!(told.iter().all(|it| said.contains(it)), "{to}: {said}");
    }
}

#[test]
fn row_115_boundary_a_threshold_that_moves_by_one_cent_is_a_difference_and_answers_so() {
    let desk = Desk::new();
    let (rules, new) = (desk.path("rules.json"), desk.path("new.json"));
    assert_eq!(desk.edit("overdue", "> 1000.00,> 30", "> 1000.00,> 30").0, 0);
    assert_eq!(desk.difference(), "no difference\n");
    assert_eq!(desk.edit("overdue", "> 1000.00,> 30", "> 1000.01,> 30").0, 0);
    let amount = "/overdue/table/rows/general-beyond/when/overdue_amount: > 1000.00 → > 1000.01";
    assert_eq!(desk.difference(), format!("~ {amount}\n"));
    for (owed, days, before, after) in [
        ("1000.00", 31, "fine", "fine"),
        ("1000.01", 31, "stop", "fine"),
        ("1000.02", 31, "stop", "stop"),
        ("1000.02", 30, "fine", "fine"),
    ] {
        assert_eq!(answer(&rules, owed, days), before, "{owed}, {days} days");
        assert_eq!(answer(&new, owed, days), after, "{owed}, {days} days");
    }
    // No finer than money is told apart.
    assert_eq!(desk.edit("overdue", "> 1000.00,> 30", "> 1000.0001,> 30").0, 0);
    assert_eq!(desk.edit("overdue", "> 1000.00,> 30", "> 1000.00001,> 30").0, 1);
}
