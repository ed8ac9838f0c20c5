//! A mapping file: which column of somebody else's file is which of our fields, and how values are written there.
//!
//! `data/mappings/README.md` describes the format. Whatever a mapping does not say is as in a file of our own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use domain::money::Currency;
use serde::Deserialize;

use super::fields::{Need, fields, name_of};
use super::sheet::{Layout, Sheet};
use crate::config::ImportKind;

/// How dates are written where nobody says otherwise.
const DATE_FORMAT: &str = "%Y-%m-%d";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapping {
    /// What the rows are: a mapping fits files of one kind only.
    kind: String,
    #[serde(default)]
    format: Format,
    /// Our field = their column.
    columns: BTreeMap<String, String>,
    /// Our field = { their value = ours }, for values from a list.
    #[serde(default)]
    values: BTreeMap<String, BTreeMap<String, String>>,
}

/// How values are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// Of every amount, where the file has no column that tells.
    pub currency: Option<Currency>,
    /// Like strftime; leading zeros may be missing.
    #[serde(rename = "date_format")]
    dates: Option<String>,
    /// What a flag may say, in any case.
    yes: Option<Vec<String>>,
    no: Option<Vec<String>>,
    /// Between the cells of a CSV file; a comma without.
    delimiter: Option<char>,
    /// The sheet of a workbook; the first without.
    sheet: Option<String>,
}

/// The mapping does not fit, or is none.
#[derive(Debug, thiserror::Error)]
pub enum MappingError {
    #[error("{} cannot be read ({error}): check the path and its permissions", path.display())]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error("{} is no mapping: {error}", path.display())]
    Toml { path: PathBuf, error: toml::de::Error },
    #[error("this mapping is for {its}, not for {wanted}")]
    OtherKind { its: String, wanted: &'static str },
    #[error("the mapping names {0:?}, which is no field of this kind: see `probity import --help`")]
    NoSuchField(String),
    #[error("the mapping's delimiter {0:?} is no ASCII character")]
    Delimiter(char),
    #[error("the file has no column {column:?}, from which {field} would come: it has {}", header.join(", "))]
    NoSuchColumn { field: String, column: String, header: Vec<String> },
    #[error(
        "nothing says which column is {field}: name it in the header, or in a mapping (see `probity import --help`)"
    )]
    Missing { field: &'static str },
    #[error(
        "the column {0:?} is none of ours: rename it, or name the columns to be read in a mapping (see `probity import --help`)"
    )]
    UnknownColumn(String),
}

/// Where each of our fields stands in one file, and how its values are written.
#[derive(Clone, Debug)]
pub struct Columns {
    places: BTreeMap<&'static str, Place>,
    values: BTreeMap<String, BTreeMap<String, String>>,
    pub format: Format,
    /// How many columns the header names.
    pub width: usize,
}

/// A column of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub index: usize,
    /// As the file calls it.
    pub name: String,
}

impl Mapping {
    pub fn read(path: &Path) -> Result<Self, MappingError> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| MappingError::Unreadable { path: path.to_owned(), error })?;
        toml::from_str(&text).map_err(|error| MappingError::Toml { path: path.to_owned(), error })
    }

    /// What must be known before the file can be read as rows.
    pub fn layout(&self) -> Result<Layout, MappingError> {
        let delimiter = self.format.delimiter.unwrap_or(',');
        let ascii = u8::try_from(delimiter).ok().filter(u8::is_ascii);
        let delimiter = ascii.ok_or(MappingError::Delimiter(delimiter))?;
        Ok(Layout { delimiter, sheet: self.format.sheet.clone() })
    }
}

impl Columns {
    /// By a mapping, or by the header's own names.
    pub fn of(
        kind: ImportKind,
        mapping: Option<&Mapping>,
        sheet: &Sheet,
    ) -> Result<Self, MappingError> {
        let places = match mapping {
            Some(mapping) => mapped(kind, mapping, sheet)?,
            None => named(kind, sheet)?,
        };
        for field in fields(kind) {
            if field.need == Need::Column && !places.contains_key(field.name) {
                return Err(MappingError::Missing { field: field.name });
            }
        }
        Ok(Self {
            places,
            values: mapping.map(|mapping| mapping.values.clone()).unwrap_or_default(),
            format: mapping.map(|mapping| mapping.format.clone()).unwrap_or_default(),
            width: sheet.header.len(),
        })
    }

    pub fn place(&self, field: &str) -> Option<&Place> {
        self.places.get(field)
    }

    /// How the file is understood, in a form that can be compared: another mapping makes another file of it.
    pub fn understood(&self, company: Currency) -> String {
        let places: BTreeMap<_, _> =
            self.places.iter().map(|(field, it)| (field, it.index)).collect();
        let format = &self.format;
        let currency = format.currency.unwrap_or(company);
        format!(
            "{places:?} {:?} {currency} {} {:?} {:?}",
            self.values,
            format.date_format(),
            format.yes,
            format.no
        )
    }

    /// Our word for a value of theirs.
    pub fn translated<'a>(&'a self, field: &str, value: &'a str) -> &'a str {
        let ours = self.values.get(field).and_then(|values| values.get(value));
        ours.map_or(value, String::as_str)
    }
}

impl Format {
    pub fn date_format(&self) -> &str {
        self.dates.as_deref().unwrap_or(DATE_FORMAT)
    }

    /// What a flag says, if it is one.
    pub fn flag(&self, text: &str) -> Option<Flag> {
        let among = |given: Option<&Vec<String>>, usual: &[&str]| match given {
            Some(words) => words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            None => usual.iter().any(|word| word.eq_ignore_ascii_case(text)),
        };
        if among(self.yes.as_ref(), &["yes", "true", "1", "是"]) {
            Some(Flag::Yes)
        } else if among(self.no.as_ref(), &["no", "false", "0", "否"]) {
            Some(Flag::No)
        } else {
            None
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    Yes,
    No,
}

fn mapped(
    kind: ImportKind,
    mapping: &Mapping,
    sheet: &Sheet,
) -> Result<BTreeMap<&'static str, Place>, MappingError> {
    if mapping.kind != name_of(kind) {
        let (its, wanted) = (mapping.kind.clone(), name_of(kind));
        return Err(MappingError::OtherKind { its, wanted });
    }
    let known = |name: &String| {
        let field = fields(kind).iter().find(|field| field.name == name);
        field.ok_or_else(|| MappingError::NoSuchField(name.clone()))
    };
    for field in mapping.values.keys() {
        known(field)?;
    }
    let places = mapping.columns.iter().map(|(field, column)| {
        let name = known(field)?.name;
        let index = sheet.column(column).ok_or_else(|| MappingError::NoSuchColumn {
            field: field.clone(),
            column: column.clone(),
            header: sheet.header.clone(),
        })?;
        Ok((name, Place { index, name: column.clone() }))
    });
    places.collect()
}

fn named(kind: ImportKind, sheet: &Sheet) -> Result<BTreeMap<&'static str, Place>, MappingError> {
    let places = sheet.header.iter().enumerate().map(|(index, column)| {
        let field = fields(kind).iter().find(|field| field.name == column);
        // A misspelt column would otherwise be dropped without a word.
        let field = field.ok_or_else(|| MappingError::UnknownColumn(column.clone()))?;
        Ok((field.name, Place { index, name: column.clone() }))
    });
    places.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const IBM: &str = include_str!("../../../data/mappings/ibm-accounts-receivable.toml");

    fn sheet(header: &str) -> Sheet {
        Sheet::parse(header.as_bytes(), &Layout::default()).unwrap()
    }

    fn mapping(text: &str) -> Mapping {
        toml::from_str(text).unwrap()
    }

    fn refused(mapping: Option<&str>, header: &str) -> String {
        let mapping = mapping.map(self::mapping);
        let columns = Columns::of(ImportKind::Receivables, mapping.as_ref(), &sheet(header));
        columns.unwrap_err().to_string()
    }

    #[test]
    fn the_delivered_mapping_fits_its_file() {
        let header = "countryCode,customerID,PaperlessDate,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,\
                      Disputed,SettledDate,PaperlessBill,DaysToSettle,DaysLate";
        let mapping = mapping(IBM);
        let columns = Columns::of(ImportKind::Receivables, Some(&mapping), &sheet(header)).unwrap();
        let amount = Place { index: 6, name: "InvoiceAmount".to_owned() };
        assert_eq!(columns.place("amount"), Some(&amount));
        assert_eq!(columns.place("currency"), None);
        assert_eq!(columns.format.currency, Some(Currency::USD));
        assert_eq!(columns.format.flag("YES"), Some(Flag::Yes));
        assert_eq!(columns.format.flag("是"), None);
    }

    #[test]
    fn a_mapping_that_does_not_fit_says_what_to_change() {
        let header = "customer,invoice_number,invoiced_on,due_on,amount";
        for (text, said) in [
            (
                "kind = \"products\"\n[columns]\n",
                "this mapping is for products, not for receivables",
            ),
            (
                "kind = \"receivables\"\n[columns]\nsum = \"amount\"\n",
                "the mapping names \"sum\", which is no field of this kind: see `probity import --help`",
            ),
            (
                "kind = \"receivables\"\n[columns]\namount = \"Sum\"\n",
                "the file has no column \"Sum\", from which amount would come: it has customer, invoice_number, \
                 invoiced_on, due_on, amount",
            ),
            (
                "kind = \"receivables\"\n[columns]\namount = \"amount\"\n",
                "nothing says which column is customer: name it in the header, or in a mapping \
                 (see `probity import --help`)",
            ),
        ] {
            assert_eq!(refused(Some(text), header), said);
        }
    }

    #[test]
    fn without_a_mapping_a_misspelt_column_is_not_dropped_in_silence() {
        let said = refused(None, "customer,invoice_number,invoiced_on,due_on,amount,setled_on");
        assert!(said.starts_with("the column \"setled_on\" is none of ours"), "{said}");
    }

    #[test]
    fn words_of_theirs_become_ours() {
        let text = "kind = \"customers\"\n[columns]\nname = \"a\"\nkind = \"b\"\nuscc = \"c\"\n\
                    [values.kind]\n\"医院\" = \"hospital\"\n";
        let columns =
            Columns::of(ImportKind::Customers, Some(&mapping(text)), &sheet("a,b,c")).unwrap();
        assert_eq!(columns.translated("kind", "医院"), "hospital");
        assert_eq!(columns.translated("kind", "clinic"), "clinic");
        assert_eq!(columns.translated("name", "医院"), "医院");
    }
}
