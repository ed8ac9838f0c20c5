//! Lists of a pack as spreadsheets: what finance and quality staff edit, and back again.
//!
//! The columns are those of [`List`]; of a decision table they are `id`, one for each fact that the table asks about, and
//! `then`. A workbook has a second sheet that says what each fact is; it is not read back.

use std::path::Path;

use domain::policy::facts;
use domain::policy::identity::Semver;
use domain::policy::pack::{Pack, Text};
use rust_xlsxwriter::{Format, Workbook, XlsxError};
use serde_json::Value;

use crate::cli::{Fault, say};
use crate::csv::harmless;
use crate::import::sheet::{self, Cell, FileError, Layout};
use crate::policies::file::put;
use crate::policies::lists::{About, Grid, LISTS, Line, List, Wrong};
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

/// What is taken into a pack, from where, and under which version.
pub struct Import<'a> {
    /// Which table; without, every one that the workbook has a sheet for.
    pub table: Option<&'a str>,
    pub from: &'a Path,
    pub to: &'a Path,
    pub semver: Option<Semver>,
}

/// A table as it was edited.
struct Edited {
    list: &'static List,
    /// It has a sheet of its own in a workbook.
    sheet: bool,
    read: sheet::Sheet,
}

/// Puts edited lists into a pack, writes the pack, and says what stands against it, where that was written.
pub fn import(pack: &Pack, import: &Import<'_>) -> Result<(), Fault> {
    let Import { from, to, .. } = *import;
    if ending(to) != "json" {
        return Err(Fault::Data(format!("{}: name a .json file for the pack", to.display())));
    }
    let mut value = value(pack)?;
    let (mut grids, mut wrong) = (Vec::new(), Vec::new());
    for edited in edited(&value, import)? {
        let list = edited.list;
        let place = |told: &Wrong| edited.place(Text { zh: told.zh(), en: told.to_string() });
        match grid_from(&edited.read).and_then(|grid| list.put(&mut value, &grid).map(|()| grid)) {
            Ok(grid) => grids.push((edited, grid)),
            Err(found) => wrong.extend(found.iter().map(place)),
        }
    }
    refuse(from, &wrong)?;
    let mut pack: Pack = serde_json::from_value(value)
        .map_err(|error| Fault::Data(format!("{}: {error}", from.display())))?;
    if let Some(semver) = import.semver {
        pack.semver = Some(semver.to_string());
    }
    let text = write_pack(&pack, to)?;
    say(&format!("{} is written", to.display()))?;
    let value = serde_json::to_value(&pack).map_err(|error| Fault::Data(error.to_string()))?;
    let source = policies::Source::File(to.to_owned());
    let place = |pointer: &str| {
        grids.iter().find_map(|(edited, grid)| {
            let at = match edited.list.about(&value, grid, pointer) {
                About::Elsewhere => return None,
                About::Table => Text { zh: String::new(), en: String::new() },
                About::Spot(spot) => spot.text(),
            };
            let Text { zh, en } = edited.place(at);
            let file = |place: String| match place.as_str() {
                "" => from.display().to_string(),
                _ => format!("{}: {place}", from.display()),
            };
            Some(Text { zh: file(zh), en: file(en) })
        })
    };
    Loaded::from_text(source, text)?.sound_where(place).map(drop)
}

impl Edited {
    /// A place in the table as a place in the file.
    fn place(&self, Text { zh, en }: Text) -> Text {
        if !self.sheet {
            return Text { zh, en };
        }
        let name = self.list.name;
        let join = |sheet: String, rest: String, between: &str| match rest.as_str() {
            "" => sheet,
            _ => format!("{sheet}{between}{rest}"),
        };
        Text {
            zh: join(format!("工作表「{name}」"), zh, "，"),
            en: join(format!("sheet {name}"), en, ", "),
        }
    }
}

/// The table that is meant, or every table of a workbook.
fn edited(pack: &Value, import: &Import<'_>) -> Result<Vec<Edited>, Fault> {
    let from = import.from;
    let fault = |error: FileError| Fault::Data(format!("{}: {error}", from.display()));
    if let Some(name) = import.table {
        let list = list(name)?;
        grid_of(pack, list)?;
        let (read, sheet) = match sheet_of(from, name) {
            // What stands there first.
            Err(FileError::NoSheet(_)) => {
                (sheet::Sheet::read(from, &Layout::default()).map_err(fault)?, false)
            }
            read => (read.map_err(fault)?, ending(from) == "xlsx"),
        };
        return Ok(vec![Edited { list, sheet, read }]);
    }
    if ending(from) != "xlsx" {
        let advice = "name an .xlsx file with a sheet for each table, or say which --table";
        return Err(Fault::Data(format!("{}: {advice}", from.display())));
    }
    let mut found = Vec::new();
    for list in LISTS {
        match sheet_of(from, list.name) {
            Err(FileError::NoSheet(_)) => {}
            read => found.push(Edited { list, sheet: true, read: read.map_err(fault)? }),
        }
    }
    if found.is_empty() {
        let known = known();
        let advice = format!("no sheet has the name of a table; the tables are: {known}");
        return Err(Fault::Data(format!("{}: {advice}", from.display())));
    }
    Ok(found)
}

/// The table's own sheet of a workbook, or a file of rows.
fn sheet_of(from: &Path, table: &str) -> Result<sheet::Sheet, FileError> {
    sheet::Sheet::read(from, &Layout { sheet: Some(table.to_owned()), ..Layout::default() })
}

/// Says everything that is wrong with a file, in both languages; the first of it is the error.
fn refuse(from: &Path, wrong: &[Text]) -> Result<(), Fault> {
    let Some(first) = wrong.first() else { return Ok(()) };
    for Text { zh, en } in wrong {
        say(&format!("{}: {en}", from.display()))?;
        say(&format!("  {zh}"))?;
    }
    Err(Fault::Data(format!("{}: {}", from.display(), first.en)))
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
mod tests;
