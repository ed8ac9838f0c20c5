//! Lists of a pack as spreadsheets: what finance and quality staff edit, and back again.
//!
//! The columns are those of [`List`]; of a decision table they are `id`, one for each fact that the table asks about, and
//! `then`. A workbook has a second sheet that says what each fact is; it is not read back.

use std::path::Path;

use domain::policy::facts;
use domain::policy::pack::Pack;
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::Value;

use crate::cli::{Fault, say};
use crate::csv::harmless;
use crate::import::sheet::{self, Cell, FileError, Layout};
use crate::policies::file::put;
use crate::policies::lists::{Grid, LISTS, Line, List, Wrong};
use crate::policies::{self, Loaded};

/// What a spreadsheet needs to know a CSV file for UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes a pack as JSON, or one of its tables as a spreadsheet, by the ending of the file's name.
pub fn export(pack: &Pack, table: Option<&str>, to: &Path) -> Result<(), Fault> {
    match (table, ending(to).as_str()) {
        (None, "json") => drop(write_pack(pack, to)?),
        (None, "xlsx") => whole(&value(pack)?, to)?,
        (None, _) => {
            let advice = "name a .json file for the whole pack, an .xlsx file for all of its tables, or say which --table";
            return Err(Fault::Data(format!("{}: {advice}", to.display())));
        }
        (Some(name), "xlsx") => workbook(&[(name, grid_of(&value(pack)?, list(name)?)?)], to)?,
        (Some(name), "csv") => separated(&grid_of(&value(pack)?, list(name)?)?, to)?,
        (Some(_), _) => {
            let advice = "name a .xlsx or a .csv file for a table";
            return Err(Fault::Data(format!("{}: {advice}", to.display())));
        }
    }
    say(&format!("{} is written", to.display()))
}

/// Puts an edited list into a pack, writes the pack, and says what stands against it.
pub fn import(pack: &Pack, table: &str, from: &Path, to: &Path) -> Result<(), Fault> {
    if ending(to) != "json" {
        return Err(Fault::Data(format!("{}: name a .json file for the pack", to.display())));
    }
    let list = list(table)?;
    let mut value = value(pack)?;
    grid_of(&value, list)?;
    let read =
        read(from, table).map_err(|error| Fault::Data(format!("{}: {error}", from.display())))?;
    let put = grid_from(&read).and_then(|grid| list.put(&mut value, &grid));
    put.or_else(|wrong| refuse(from, &wrong))?;
    let pack: Pack = serde_json::from_value(value)
        .map_err(|error| Fault::Data(format!("{}: {error}", from.display())))?;
    let text = write_pack(&pack, to)?;
    say(&format!("{} is written", to.display()))?;
    let source = policies::Source::File(to.to_owned());
    Loaded::from_text(source, text)?.sound().map(drop)
}

/// The table's own sheet of a workbook with every table; else what stands there first.
fn read(from: &Path, table: &str) -> Result<sheet::Sheet, FileError> {
    let named = Layout { sheet: Some(table.to_owned()), ..Layout::default() };
    match sheet::Sheet::read(from, &named) {
        Err(FileError::NoSheet(_)) => sheet::Sheet::read(from, &Layout::default()),
        read => read,
    }
}

/// Says everything that is wrong with a file, in both languages; the first of it is the error.
fn refuse(from: &Path, wrong: &[Wrong]) -> Result<(), Fault> {
    for wrong in wrong {
        say(&format!("{}: {wrong}", from.display()))?;
        say(&format!("  {}", wrong.zh()))?;
    }
    let first = wrong.first().map(ToString::to_string).unwrap_or_default();
    Err(Fault::Data(format!("{}: {first}", from.display())))
}

fn ending(path: &Path) -> String {
    path.extension().map(|it| it.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// The names of the lists, as an error and the help say them.
pub fn known() -> String {
    let names: Vec<&str> = LISTS.iter().map(|list| list.name).collect();
    names.join(", ")
}

fn list(name: &str) -> Result<&'static List, Fault> {
    List::named(name).ok_or_else(|| {
        let known = known();
        Fault::Data(format!(
            "there is no table {name:?}; the tables are: {known}（没有表「{name}」；可用的表：{known}）"
        ))
    })
}

fn value(pack: &Pack) -> Result<Value, Fault> {
    serde_json::to_value(pack).map_err(|error| Fault::Data(error.to_string()))
}

fn grid_of(pack: &Value, list: &List) -> Result<Grid, Fault> {
    list.grid(pack).ok_or_else(|| {
        let name = list.name;
        Fault::Data(format!(
            "this pack has {name:?} in an older form, and no table（该政策包的「{name}」为旧形式，不是表）"
        ))
    })
}

/// Answers the text that stands in the file.
fn write_pack(pack: &Pack, to: &Path) -> Result<String, Fault> {
    let text =
        serde_json::to_string_pretty(pack).map_err(|error| Fault::Data(error.to_string()))?;
    let text = text + "\n";
    put(to, text.as_bytes())?;
    Ok(text)
}

fn separated(grid: &Grid, to: &Path) -> Result<(), Fault> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let mut lines = vec![grid.columns.clone()];
    lines.extend(grid.rows.iter().map(|row| {
        let shown = |cell: &String| match cell.as_str() {
            "-" => cell.clone(),
            _ => harmless(guarded(cell)),
        };
        row.cells.iter().map(shown).collect()
    }));
    for line in lines {
        writer.write_record(line).map_err(|error| Fault::Data(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| Fault::Data(error.to_string()))?;
    put(to, &bytes)
}

/// Every list that the pack has, each on a sheet of its own.
fn whole(pack: &Value, to: &Path) -> Result<(), Fault> {
    let sheets: Vec<(&str, Grid)> =
        LISTS.iter().filter_map(|list| Some((list.name, list.grid(pack)?))).collect();
    workbook(&sheets, to)
}

fn workbook(sheets: &[(&str, Grid)], to: &Path) -> Result<(), Fault> {
    let mut book = Workbook::new();
    let filled = sheets
        .iter()
        .try_for_each(|(name, grid)| fill(&mut book, name, grid))
        .and_then(|()| explain(&mut book))
        .and_then(|()| book.save_to_buffer());
    let bytes = filled.map_err(|error| Fault::Data(format!("{}: {error}", to.display())))?;
    put(to, &bytes)
}

fn fill(book: &mut Workbook, name: &str, grid: &Grid) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    // A cell stays what was typed: "30" is no number here, and "1-2" no date.
    let text = Format::new().set_num_format("@");
    let sheet = book.add_worksheet().set_name(name)?;
    sheet.set_freeze_panes(1, 1)?;
    for (column, title) in (0..).zip(&grid.columns) {
        sheet.write_string_with_format(0, column, title, &bold)?;
    }
    for (line, row) in (1..).zip(&grid.rows) {
        for (column, cell) in (0..).zip(&row.cells) {
            sheet.write_string_with_format(line, column, guarded(cell), &text)?;
        }
    }
    sheet.autofit();
    Ok(())
}

/// What each fact is.
fn explain(book: &mut Workbook) -> Result<(), XlsxError> {
    let text = Format::new().set_num_format("@");
    let sheet = book.add_worksheet().set_name("facts")?;
    for (line, known) in (0..).zip(facts::CATALOGUE.iter()) {
        let kind = known.fact.to_string();
        let told = [&known.fact.name, &kind, &known.meaning.zh, &known.meaning.en];
        for (column, cell) in (0..).zip(told) {
            sheet.write_string_with_format(line, column, cell, &text)?;
        }
    }
    sheet.autofit();
    Ok(())
}

fn grid_from(read: &sheet::Sheet) -> Result<Grid, Vec<Wrong>> {
    let columns = read.header.clone();
    let mut rows = Vec::with_capacity(read.rows.len());
    let mut wrong = Vec::new();
    for row in &read.rows {
        let mut cells: Vec<String> = row.cells.iter().map(plain).collect();
        while cells.len() > columns.len() && cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        // Empty cells at the end of a line may not be there at all.
        if cells.len() < columns.len() {
            cells.resize(columns.len(), String::new());
        }
        if cells.len() > columns.len() {
            wrong.push(Wrong::Cells { line: row.line, cells: cells.len(), columns: columns.len() });
        }
        rows.push(Line { number: row.line, cells });
    }
    if wrong.is_empty() { Ok(Grid { columns, rows }) } else { Err(wrong) }
}

/// Text that begins with the mark itself keeps it.
fn guarded(cell: &str) -> String {
    if cell.starts_with('\'') { format!("'{cell}") } else { cell.to_owned() }
}

/// Without the mark that keeps a spreadsheet from reading a formula.
fn plain(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => text.strip_prefix('\'').unwrap_or(text).trim().to_owned(),
        Cell::Date(date) => date.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// With what spreadsheets like to take for something else.
    fn written() -> Value {
        let mut pack = value(&Pack::default_pack()).unwrap();
        let cells = pack.pointer_mut("/overdue/table/rows/0/when").unwrap();
        *cells = json!(["-", "-", "= 30", "30"]);
        let cells = pack.pointer_mut("/overdue/table/rows/1/when").unwrap();
        *cells = json!(["-", "-", "-1", "[1..2)"]);
        pack["overdue"]["examples"] = json!([
            { "name": "late", "given": { "overdue_days": "31", "entity": "missing" }, "expect": "stop" },
            { "name": "-1", "given": { "overdue_amount": "0" }, "expect": "fine" },
        ]);
        let rows = pack.pointer_mut("/overdue/table/rows").unwrap();
        rows[0]["text"] = json!({ "zh": "=先清欠", "en": "settle first" });
        rows[2]["basis"] = json!("销售合同第五条");
        *pack.pointer_mut("/papers/0/basis").unwrap() = json!("'=1+1");
        *pack.pointer_mut("/papers/1/basis").unwrap() = json!("a, \"b\"\n第一条");
        *pack.pointer_mut("/papers/2/id").unwrap() = json!("007");
        *pack.pointer_mut("/papers/3/id").unwrap() = json!("24E01");
        pack
    }

    fn from_text(text: &str, name: &str) -> Result<Pack, Vec<String>> {
        let read = sheet::Sheet::parse(text.as_bytes(), &Layout::default()).unwrap();
        let mut pack = value(&Pack::default_pack()).unwrap();
        let put =
            grid_from(&read).and_then(|grid| List::named(name).unwrap().put(&mut pack, &grid));
        put.map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        Ok(serde_json::from_value(pack).unwrap())
    }

    #[test]
    fn every_list_comes_back_from_either_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        for list in LISTS {
            let pack = written();
            let grid = list.grid(&pack).unwrap();
            let (book, rows) = (folder.path().join("t.xlsx"), folder.path().join("t.csv"));
            workbook(&[(list.name, grid.clone())], &book).unwrap();
            separated(&grid, &rows).unwrap();
            let all = folder.path().join("all.xlsx");
            whole(&pack, &all).unwrap();
            for file in [book, rows, all] {
                let read = read(&file, list.name).unwrap();
                let mut again = pack.clone();
                *again.pointer_mut(list.at).unwrap() = match again.pointer(list.at) {
                    Some(Value::Array(_)) => json!([]),
                    Some(Value::Object(table)) if table.contains_key("rows") => {
                        json!({ "hit": "first", "inputs": [], "rows": [],
                            "monotone": table.get("monotone") })
                    }
                    _ => json!({}),
                };
                list.put(&mut again, &grid_from(&read).unwrap()).unwrap();
                assert_eq!(again, pack, "{} {}", list.name, file.display());
            }
        }
    }

    /// A threshold, a reaction and a paper are changed in a spreadsheet, and the difference is told.
    #[test]
    fn row_115_thresholds_and_responses_are_changed_without_code() {
        let old = value(&Pack::default_pack()).unwrap();
        let told = |list: &str, from: &str, to: &str| -> Vec<String> {
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("t.csv");
            separated(&List::named(list).unwrap().grid(&old).unwrap(), &file).unwrap();
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(text.contains(from), "{text}");
            let new = value(&from_text(&text.replace(from, to), list).unwrap()).unwrap();
            let found = policies::difference::differences(&old, &new);
            found.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            told("overdue", "> 1000.00,> 30", "> 1000.00,> 45"),
            ["~ /overdue/table/rows/general-beyond/when/overdue_days: > 30 → > 45"]
        );
        assert_eq!(
            told("reactions", "credit.frozen,hold,hold", "credit.frozen,deny,hold"),
            ["~ /reactions/credit.frozen/order: hold → deny"]
        );
        assert_eq!(told("overdue", "> 30", "> 30"), Vec::<String>::new(), "nothing is changed");
        let wrong = from_text(
            "cause,order,shipment,invoice,receipt\r\ncredit.frozen,stop,hold,none,none\r\n",
            "reactions",
        );
        assert!(wrong.unwrap_err()[0].contains("line 2, column 2 (order): \"stop\""));
    }

    #[test]
    fn a_row_may_say_in_two_languages_what_it_means_and_what_it_rests_on() {
        let read = |text: &str| {
            let pack = value(&from_text(text, "overdue").unwrap()).unwrap();
            pack.pointer("/overdue/table/rows/0").unwrap().clone()
        };
        assert_eq!(
            read("id,overdue_days,then,basis,text_en,text_zh\r\na,-,fine,第五条,all,全部\r\n"),
            json!({ "id": "a", "when": ["-"], "then": "fine", "basis": "第五条",
                "text": { "zh": "全部", "en": "all" } })
        );
        let nothing = "id,overdue_days,then,text_zh,text_en,basis\r\na,-,fine,,,\r\n";
        assert_eq!(read(nothing), json!({ "id": "a", "when": ["-"], "then": "fine" }));
        let wrong = from_text("id,overdue_days,then,note\r\na,-,fine,x\r\n", "overdue");
        assert!(wrong.unwrap_err()[0].contains("text_zh, text_en and basis may follow"));
    }

    #[test]
    fn a_file_with_other_columns_is_told_so() {
        let told = |text: &str| from_text(text, "overdue").unwrap_err();
        assert_eq!(
            told("id,customer_kind\r\na,-\r\n"),
            [
                "the columns are id, one for each fact, and then; text_zh, text_en and basis may follow; \
              the file has: id, customer_kind"
            ]
        );
        assert_eq!(
            told("id,overdue_days,then\r\na,-,fine,stray\r\n"),
            ["line 2: 4 cells under 3 columns"]
        );
        assert_eq!(
            from_text("tage\r\n30\r\n", "expiry_notice").unwrap_err(),
            ["the columns are days; the file has: tage"]
        );
    }

    #[test]
    fn every_wrong_cell_is_told_with_its_line_and_column() {
        assert_eq!(
            from_text("days\r\n60\r\nsoon\r\n-1\r\n", "expiry_notice").unwrap_err(),
            [
                "line 3, column 1 (days): \"soon\" cannot stand here; a whole number is wanted",
                "line 4, column 1 (days): \"-1\" cannot stand here; a whole number is wanted",
            ]
        );
        assert_eq!(
            from_text(
                "checkpoint,mode\r\norder,off\r\ninvoice,observe\r\ninvoice,enforce\r\n",
                "modes"
            )
            .unwrap_err(),
            ["line 2, column 2 (mode): \"off\" cannot stand here; one of: enforce, observe"]
        );
        assert_eq!(
            from_text("checkpoint,mode\r\ninvoice,observe\r\ninvoice,enforce\r\n", "modes")
                .unwrap_err(),
            ["line 3, column 1: \"invoice\" stands in a line before"]
        );
        assert_eq!(
            from_text("day\r\n2026-10-01\r\n2026-13-01\r\n", "holidays").unwrap_err(),
            [
                "line 3, column 1 (day): \"2026-13-01\" cannot stand here; a day is wanted, as 2026-10-01"
            ]
        );
        assert_eq!(
            from_text("from,to\r\n9:00,17:00\r\n", "working_hours").unwrap_err(),
            [
                "line 2, column 1 (from): \"9:00\" cannot stand here; a time from 00:00 to 24:00 is wanted, as 09:00"
            ]
        );
        let wrong = "id,kinds,entities,classes,traits,any_of,weight,scope,basis\r\n\
                     a,\"hospital, klinik\",,,,practice_licence,legal,none,\r\n";
        let told = from_text(wrong, "papers").unwrap_err();
        let [told] = told.as_slice() else { panic!("{told:?}") };
        assert!(told.starts_with("line 2, column 2 (kinds): \"hospital, klinik\""), "{told}");
        assert!(told.contains("clinic"), "{told}");
    }

    #[test]
    fn an_edited_list_is_in_the_pack() {
        let pack = from_text("days\r\n60\r\n5\r\n", "expiry_notice").unwrap();
        assert_eq!(pack.expiry_notice_days, [60, 5]);
        let pack = from_text("checkpoint,mode\r\norder,observe\r\n", "modes").unwrap();
        assert_eq!(value(&pack).unwrap().pointer("/modes"), Some(&json!({ "order": "observe" })));
    }
}
