//! Tables of a pack as spreadsheets: what finance and quality staff edit, and back again.
//!
//! The columns are `id`, one for each fact that the table asks about, and `then`. A workbook has a second sheet that says what
//! each fact is; it is not read back.

use std::path::Path;

use domain::policy::facts;
use domain::policy::pack::{Overdue, Pack};
use domain::policy::table::{Sheet, Source, SourceRow};
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use crate::cli::{Fault, say};
use crate::csv::harmless;
use crate::import::sheet::{self, Cell, Layout};
use crate::policies::{self, Loaded, put};

const ID: &str = "id";
const THEN: &str = "then";
/// What a spreadsheet needs to know a CSV file for UTF-8.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes a pack as JSON, or one of its tables as a spreadsheet, by the ending of the file's name.
pub fn export(pack: &Pack, table: Option<&str>, to: &Path) -> Result<(), Fault> {
    match (table, ending(to).as_str()) {
        (None, "json") => drop(write_pack(pack, to)?),
        (None, _) => {
            let advice = "name a .json file for the whole pack, or say which --table";
            return Err(Fault::Data(format!("{}: {advice}", to.display())));
        }
        (Some(name), "xlsx") => workbook(name, table_of(pack, name)?.source(), to)?,
        (Some(name), "csv") => separated(table_of(pack, name)?.source(), to)?,
        (Some(_), _) => {
            let advice = "name a .xlsx or a .csv file for a table";
            return Err(Fault::Data(format!("{}: {advice}", to.display())));
        }
    }
    say(&format!("{} is written", to.display()))
}

/// Puts an edited table into a pack, writes the pack, and says what stands against it.
pub fn import(pack: &Pack, table: &str, from: &Path, to: &Path) -> Result<(), Fault> {
    if ending(to) != "json" {
        return Err(Fault::Data(format!("{}: name a .json file for the pack", to.display())));
    }
    let old = table_of(pack, table)?.source();
    let read = sheet::Sheet::read(from, &Layout::default())
        .map_err(|error| Fault::Data(format!("{}: {error}", from.display())))?;
    let new = table_from(&read, old)
        .map_err(|error| Fault::Data(format!("{}: {error}", from.display())))?;
    let mut pack = pack.clone();
    if let Overdue::Table(overdue) = &mut pack.overdue {
        overdue.table = Sheet::new(new);
    }
    let text = write_pack(&pack, to)?;
    say(&format!("{} is written", to.display()))?;
    let source = policies::Source::File(to.to_owned());
    Loaded::from_text(source, text)?.sound().map(drop)
}

fn ending(path: &Path) -> String {
    path.extension().map(|it| it.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn table_of<'a>(pack: &'a Pack, name: &str) -> Result<&'a Sheet, Fault> {
    match &pack.overdue {
        Overdue::Table(overdue) if name == facts::OVERDUE.name => Ok(&overdue.table),
        Overdue::Table(_) | Overdue::Rules(_) => {
            Err(Fault::Data(format!("the pack has no table {name:?}; the tables are: overdue")))
        }
    }
}

/// Answers the text that stands in the file.
fn write_pack(pack: &Pack, to: &Path) -> Result<String, Fault> {
    let text =
        serde_json::to_string_pretty(pack).map_err(|error| Fault::Data(error.to_string()))?;
    let text = text + "\n";
    put(to, text.as_bytes())?;
    Ok(text)
}

fn header(source: &Source) -> impl Iterator<Item = &str> {
    let inputs = source.inputs.iter().map(String::as_str);
    std::iter::once(ID).chain(inputs).chain([THEN])
}

fn cells(row: &SourceRow) -> impl Iterator<Item = &str> {
    let when = row.when.iter().map(String::as_str);
    std::iter::once(row.id.as_str()).chain(when).chain([row.then.as_str()])
}

fn separated(source: &Source, to: &Path) -> Result<(), Fault> {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(BYTE_ORDER_MARK.as_bytes().to_vec());
    let mut lines = vec![header(source).map(str::to_owned).collect::<Vec<_>>()];
    lines.extend(source.rows.iter().map(|row| {
        let shown =
            |cell: &str| if cell == "-" { cell.to_owned() } else { harmless(cell.to_owned()) };
        cells(row).map(shown).collect()
    }));
    for line in lines {
        writer.write_record(line).map_err(|error| Fault::Data(error.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|error| Fault::Data(error.to_string()))?;
    put(to, &bytes)
}

fn workbook(name: &str, source: &Source, to: &Path) -> Result<(), Fault> {
    let mut book = Workbook::new();
    let filled = fill(&mut book, name, source).and_then(|()| book.save_to_buffer());
    let bytes = filled.map_err(|error| Fault::Data(format!("{}: {error}", to.display())))?;
    put(to, &bytes)
}

fn fill(book: &mut Workbook, name: &str, source: &Source) -> Result<(), XlsxError> {
    let bold = Format::new().set_bold();
    // A cell stays what was typed: "30" is no number here, and "1-2" no date.
    let text = Format::new().set_num_format("@");
    let sheet = book.add_worksheet().set_name(name)?;
    sheet.set_freeze_panes(1, 1)?;
    for (column, title) in (0..).zip(header(source)) {
        sheet.write_string_with_format(0, column, title, &bold)?;
    }
    for (line, row) in (1..).zip(&source.rows) {
        for (column, cell) in (0..).zip(cells(row)) {
            sheet.write_string_with_format(line, column, cell, &text)?;
        }
    }
    sheet.autofit();
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

/// What is wrong with an edited table as a whole; its cells are looked at by the checker.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum NoTable {
    #[error("the columns are id, one for each fact, and then; the file has: {0}")]
    Columns(String),
    #[error("line {line}: {cells} cells under {columns} columns")]
    Cells { line: u32, cells: usize, columns: usize },
}

fn table_from(read: &sheet::Sheet, old: &Source) -> Result<Source, NoTable> {
    let header: Vec<&str> = read.header.iter().map(String::as_str).collect();
    let [ID, inputs @ .., THEN] = header.as_slice() else {
        return Err(NoTable::Columns(header.join(", ")));
    };
    let mut rows = Vec::with_capacity(read.rows.len());
    for row in &read.rows {
        let mut cells: Vec<String> = row.cells.iter().map(plain).collect();
        while cells.len() > header.len() && cells.last().is_some_and(String::is_empty) {
            cells.pop();
        }
        // Empty cells at the end of a line may not be there at all.
        if cells.len() < header.len() {
            cells.resize(header.len(), String::new());
        }
        let (line, columns) = (row.line, header.len());
        let wrong = NoTable::Cells { line, cells: cells.len(), columns };
        if cells.len() != columns {
            return Err(wrong);
        }
        let Some(then) = cells.pop() else { return Err(wrong) };
        let id = cells.remove(0);
        rows.push(SourceRow { id, when: cells, then });
    }
    Ok(Source {
        hit: old.hit,
        inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
        monotone: old.monotone.clone(),
        rows,
    })
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
    use super::*;

    fn written() -> Source {
        let Overdue::Table(overdue) = Pack::default_pack().overdue else { panic!("a table") };
        let mut source = overdue.table.source().clone();
        // What spreadsheets like to take for something else.
        source.rows[0].when[2] = "= 30".to_owned();
        source.rows[0].when[3] = "30".to_owned();
        source.rows[1].when[2] = "-1".to_owned();
        source.rows[1].when[3] = "[1..2)".to_owned();
        source
    }

    #[test]
    fn a_table_comes_back_from_either_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let source = written();
        let (book, list) = (folder.path().join("t.xlsx"), folder.path().join("t.csv"));
        workbook("overdue", &source, &book).unwrap();
        separated(&source, &list).unwrap();
        for file in [book, list] {
            let read = sheet::Sheet::read(&file, &Layout::default()).unwrap();
            assert_eq!(table_from(&read, &source).unwrap(), source, "{}", file.display());
        }
    }

    #[test]
    fn a_file_with_other_columns_is_told_so() {
        let read = |text: &str| {
            let read = sheet::Sheet::parse(text.as_bytes(), &Layout::default()).unwrap();
            table_from(&read, &written()).unwrap_err().to_string()
        };
        assert_eq!(
            read("id,customer_kind\r\na,-\r\n"),
            "the columns are id, one for each fact, and then; the file has: id, customer_kind"
        );
        assert_eq!(
            read("id,overdue_days,then\r\na,-,fine,stray\r\n"),
            "line 2: 4 cells under 3 columns"
        );
    }
}
