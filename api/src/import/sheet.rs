//! Files that people have, as rows of cells: CSV (UTF-8 with or without BOM, UTF-16 with one, GB18030) and XLSX.
//!
//! Every row keeps the line on which it begins in the file, counted from 1, the header's included: what is reported
//! about a row must be found by whoever opens the file.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use calamine::{Data, Reader, Xlsx};
use chrono::NaiveDate;
use encoding_rs::{Encoding, GB18030, UTF_8};
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 256 << 20;
/// What an XLSX file begins with: it is a ZIP archive.
const ZIP: &[u8] = b"PK\x03\x04";
/// What an XLS file of before 2007 begins with.
const OLE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];

/// A file as it was read.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// SHA-256 of the file, hexadecimal.
    pub digest: String,
    pub header: Vec<String>,
    pub rows: Vec<Row>,
}

/// A row that holds anything at all.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    pub line: u32,
    pub cells: Vec<Cell>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Without white space around it; empty where nothing stands.
    Text(String),
    /// A date that a spreadsheet keeps as one, however it shows it.
    Date(NaiveDate),
}

/// How a file is laid out, where that cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// What separates the cells of a CSV file.
    pub delimiter: u8,
    /// The sheet of a workbook; the first without.
    pub sheet: Option<String>,
}

impl Default for Layout {
    fn default() -> Self {
        Self { delimiter: b',', sheet: None }
    }
}

/// The file cannot be read as rows.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("{} cannot be read ({error}): check the path and its permissions", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("the file has {bytes} bytes; at most {FILE_BYTES_MAX} are read: split it")]
    TooLarge { bytes: u64 },
    #[error("this is a workbook of before 2007: save it as XLSX or CSV")]
    OldWorkbook,
    #[error("this is no workbook ({0}): save it as XLSX or CSV once more")]
    Workbook(String),
    #[error("the workbook has no sheet {0:?}")]
    NoSheet(String),
    #[error("this is neither UTF-8 nor GB18030: save it as CSV in UTF-8")]
    Encoding,
    #[error("{0}")]
    Csv(#[from] csv::Error),
    #[error("the file is empty: its first line must name the columns")]
    Empty,
    #[error("the header names the column {0:?} twice: rename one")]
    RepeatedColumn(String),
}

impl Sheet {
    pub fn read(path: &Path, layout: &Layout) -> Result<Self, FileError> {
        let unreadable = |error| FileError::Unreadable { path: path.to_owned(), error };
        let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
        if bytes > FILE_BYTES_MAX {
            return Err(FileError::TooLarge { bytes });
        }
        Self::parse(&std::fs::read(path).map_err(unreadable)?, layout)
    }

    pub fn parse(bytes: &[u8], layout: &Layout) -> Result<Self, FileError> {
        let mut rows = if bytes.starts_with(ZIP) {
            workbook(bytes, layout.sheet.as_deref())?
        } else if bytes.starts_with(OLE) {
            return Err(FileError::OldWorkbook);
        } else {
            separated(&text(bytes)?, layout.delimiter)?
        };
        rows.retain(|row| !row.is_blank());
        if rows.is_empty() {
            return Err(FileError::Empty);
        }
        let header = names(rows.remove(0))?;
        Ok(Self { digest: hex::encode(Sha256::digest(bytes)), header, rows })
    }

    /// Where a column stands.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.header.iter().position(|known| known == name)
    }
}

impl Row {
    fn is_blank(&self) -> bool {
        self.cells.iter().all(Cell::is_blank)
    }
}

impl Cell {
    fn of_text(text: &str) -> Self {
        Self::Text(text.trim().to_owned())
    }

    fn is_blank(&self) -> bool {
        matches!(self, Self::Text(text) if text.is_empty())
    }
}

/// The names of the columns; nameless ones at the end are dropped.
fn names(header: Row) -> Result<Vec<String>, FileError> {
    let mut names: Vec<String> = header
        .cells
        .into_iter()
        .map(|cell| match cell {
            Cell::Text(text) => text,
            Cell::Date(date) => date.to_string(),
        })
        .collect();
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    for (index, name) in names.iter().enumerate() {
        if !name.is_empty() && names.iter().take(index).any(|earlier| earlier == name) {
            return Err(FileError::RepeatedColumn(name.clone()));
        }
    }
    Ok(names)
}

fn text(bytes: &[u8]) -> Result<String, FileError> {
    let encoding = match Encoding::for_bom(bytes) {
        Some((encoding, _)) => encoding,
        None if std::str::from_utf8(bytes).is_ok() => UTF_8,
        None => GB18030,
    };
    // This also drops the byte order mark.
    let (text, _, broken) = encoding.decode(bytes);
    if broken { Err(FileError::Encoding) } else { Ok(text.into_owned()) }
}

fn separated(text: &str, delimiter: u8) -> Result<Vec<Row>, FileError> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut lines = Lines { rest: text, line: 1, offset: 0 };
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record?;
        let start = record.position().map_or(0, csv::Position::byte);
        let line = lines.at(usize::try_from(start).unwrap_or(usize::MAX));
        rows.push(Row { line, cells: record.iter().map(Cell::of_text).collect() });
    }
    Ok(rows)
}

/// Counts lines as an editor does. The reader's own count is of the place where it began to look for a record, which lies
/// before the line feed of a CRLF and before blank lines.
struct Lines<'a> {
    rest: &'a str,
    line: u32,
    offset: usize,
}

impl Lines<'_> {
    fn at(&mut self, offset: usize) -> u32 {
        let skipped = offset.saturating_sub(self.offset);
        let (before, after) = self.rest.split_at_checked(skipped).unwrap_or((self.rest, ""));
        let content = after.trim_start_matches(['\r', '\n']);
        let blank = after.len() - content.len();
        let (gap, _) = after.split_at_checked(blank).unwrap_or(("", after));
        let feeds = before.matches('\n').count() + gap.matches('\n').count();
        self.line = self.line.saturating_add(u32::try_from(feeds).unwrap_or(u32::MAX));
        self.offset = offset.saturating_add(blank);
        self.rest = content;
        self.line
    }
}

fn workbook(bytes: &[u8], sheet: Option<&str>) -> Result<Vec<Row>, FileError> {
    let unreadable = |error: calamine::XlsxError| FileError::Workbook(error.to_string());
    let mut book: Xlsx<_> =
        calamine::open_workbook_from_rs(Cursor::new(bytes)).map_err(unreadable)?;
    let name = match sheet {
        Some(name) => name.to_owned(),
        None => book.sheet_names().first().cloned().ok_or(FileError::Empty)?,
    };
    if !book.sheet_names().contains(&name) {
        return Err(FileError::NoSheet(name));
    }
    let range = book.worksheet_range(&name).map_err(unreadable)?;
    let first = range.start().map_or(0, |(row, _)| row);
    let rows = (first.saturating_add(1)..).zip(range.rows());
    Ok(rows.map(|(line, cells)| Row { line, cells: cells.iter().map(cell_of).collect() }).collect())
}

fn cell_of(data: &Data) -> Cell {
    match data {
        Data::Empty => Cell::Text(String::new()),
        Data::Int(number) => Cell::Text(number.to_string()),
        Data::Float(number) => Cell::Text(number_text(*number)),
        Data::String(text) | Data::DurationIso(text) => Cell::of_text(text),
        Data::DateTimeIso(text) => match text.get(..10).and_then(|date| date.parse().ok()) {
            Some(date) => Cell::Date(date),
            None => Cell::of_text(text),
        },
        Data::Bool(flag) => Cell::Text(flag.to_string()),
        Data::DateTime(serial) => match serial.as_datetime() {
            Some(time) => Cell::Date(time.date()),
            None => Cell::Text(number_text(serial.as_f64())),
        },
        Data::Error(error) => Cell::Text(error.to_string()),
    }
}

/// A number as a spreadsheet shows it: 15 digits, without the noise of binary fractions behind them.
fn number_text(number: f64) -> String {
    match Decimal::from_scientific(&format!("{number:.14e}")) {
        Ok(decimal) => decimal.normalize().to_string(),
        Err(_) => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Sheet {
        Sheet::parse(bytes, &Layout::default()).unwrap()
    }

    fn texts(row: &Row) -> Vec<&str> {
        fn text(cell: &Cell) -> &str {
            match cell {
                Cell::Text(text) => text,
                Cell::Date(date) => panic!("{date}"),
            }
        }
        row.cells.iter().map(text).collect()
    }

    #[test]
    fn a_row_is_found_on_its_line_whatever_the_line_ends() {
        for text in [
            "a,b\n1,\"x\ny\"\n\n2,z\n",
            "a,b\r\n1,\"x\ny\"\r\n\r\n2,z",
            "\r\na,b\r\n\"1\",\"x\"\r\n2,z\r\n",
        ] {
            let lines: Vec<_> = read(text.as_bytes()).rows.iter().map(|row| row.line).collect();
            let by_hand: Vec<_> = ["1,", "\"1\",", "2,"]
                .iter()
                .filter_map(|start| text.find(&format!("\n{start}")))
                .map(|at| u32::try_from(text[..=at].matches('\n').count()).unwrap() + 1)
                .collect();
            assert_eq!(lines, by_hand, "{text:?}");
        }
    }

    #[test]
    fn every_encoding_that_chinese_files_come_in_is_read() {
        let text = "名称,金额\n示范医院, 12.00 \n";
        let mut with_bom = b"\xEF\xBB\xBF".to_vec();
        with_bom.extend(text.as_bytes());
        let (gb, _, _) = GB18030.encode(text);
        let mut wide = vec![0xFF, 0xFE];
        wide.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        for bytes in [text.as_bytes(), &with_bom, &gb, &wide] {
            let sheet = read(bytes);
            assert_eq!(sheet.header, ["名称", "金额"]);
            assert_eq!(texts(&sheet.rows[0]), ["示范医院", "12.00"]);
            assert_eq!(sheet.digest, hex::encode(Sha256::digest(bytes)));
        }
    }

    #[test]
    fn what_is_no_table_is_refused_with_what_to_do() {
        for (bytes, said) in [
            (&b""[..], "the file is empty: its first line must name the columns"),
            (b"\n , \n", "the file is empty: its first line must name the columns"),
            (OLE, "this is a workbook of before 2007: save it as XLSX or CSV"),
            (b"a,b,a\n", "the header names the column \"a\" twice: rename one"),
            (b"a\n\x81", "this is neither UTF-8 nor GB18030: save it as CSV in UTF-8"),
        ] {
            let error = Sheet::parse(bytes, &Layout::default()).unwrap_err();
            assert_eq!(error.to_string(), said);
        }
        assert!(matches!(
            Sheet::parse(b"PK\x03\x04 and then nothing", &Layout::default()),
            Err(FileError::Workbook(_))
        ));
    }

    #[test]
    fn numbers_of_a_spreadsheet_are_written_without_noise() {
        for (number, text) in [
            (55.94, "55.94"),
            (0.1 + 0.2, "0.3"),
            (6_901_234_567_892.0, "6901234567892"),
            (-3.0, "-3"),
        ] {
            assert_eq!(number_text(number), text);
        }
    }

    #[test]
    fn another_delimiter_is_taken_where_it_is_named() {
        let layout = Layout { delimiter: b';', sheet: None };
        let sheet = Sheet::parse(b"a;b\n1;2,5\n", &layout).unwrap();
        assert_eq!(texts(&sheet.rows[0]), ["1", "2,5"]);
    }
}
