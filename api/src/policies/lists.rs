//! The lists of a pack: what each is called, where it stands, and how its rows are written in cells and read back.
//!
//! Spreadsheets and readable forms are made from the same grid. A list works on the pack's JSON, so that a row that is read back
//! is what was written, whatever its type; each cell is tried against the type that it must become.

mod all;
mod calendar;
mod decisions;
mod examples;
mod nested;
mod places;
mod wrong;

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::money::Money;
use domain::policy::pack::Text;
use serde::Deserialize as _;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

pub use self::all::LISTS;
use self::nested::{Level, Told};
pub use self::places::About;
pub use self::wrong::{Wanted, Wrong};
use crate::policies::codes;

const ID: &str = "id";

/// A list of rows somewhere in a pack.
#[derive(Debug)]
pub struct List {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// Where it stands: a JSON pointer (RFC 6901) into the pack.
    pub at: &'static str,
    shape: Shape,
}

#[derive(Debug)]
enum Shape {
    /// A decision table: `id`, one column for each fact, `then`, and what its rows say of themselves.
    Decisions,
    /// The examples of a decision table.
    Examples,
    /// Objects in their order.
    Records(&'static [Column]),
    /// Objects by a code, which is the first column.
    ByCode(&'static [Column]),
    /// Values by a code.
    Pairs(&'static [Column; 2]),
    /// Values in their order.
    Values(&'static [Column; 1]),
    /// One object, as one row.
    One(&'static [Column]),
    /// Objects in their order, with their parts.
    Nested(&'static [Level]),
    /// Objects by a code, with their parts.
    NestedByCode(&'static [Level]),
    /// The examples of each object of a list.
    ExamplesWithin,
}

/// A column of a list, by the name that its field has in the pack.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// Where its cells stand in an object, unless that is under its name.
    place: Option<&'static str>,
    form: Form,
    fits: fn(&Value) -> Result<(), serde_json::Error>,
    named: fn(&str) -> Option<Text>,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Text,
    /// Nothing where the cell is empty.
    Optional,
    Codes,
    /// Nothing where the cell is empty, if there may be nothing.
    Number,
    Amount,
    /// A code, or `quorum` and how many.
    Rule,
    Day,
    Time,
}

impl Column {
    const fn of<T: DeserializeOwned>(
        form: Form,
        (name, zh, en): (&'static str, &'static str, &'static str),
        named: fn(&str) -> Option<Text>,
    ) -> Self {
        Self { name, zh, en, place: None, form, fits: fits::<T>, named }
    }

    const fn amount((name, zh, en): (&'static str, &'static str, &'static str)) -> Self {
        Self { name, zh, en, place: None, form: Form::Amount, fits: is_amount, named: codes::plain }
    }

    const fn at(self, pointer: &'static str) -> Self {
        Self { place: Some(pointer), ..self }
    }

    fn pointer(&self) -> String {
        self.place.map_or_else(|| format!("/{}", self.name), str::to_owned)
    }

    /// What a cell becomes.
    fn value(&self, line: u32, column: usize, text: &str) -> Result<Value, Wrong> {
        self.read(text).map_err(|wanted| {
            let (name, text) = (self.name.to_owned(), text.to_owned());
            Wrong::Cell { line, column, name, text, wanted }
        })
    }

    /// How a cell reads for people.
    pub fn shown(&self, cell: &str) -> Text {
        let each = cell.split(", ").map(|code| {
            let plain = || Text { zh: code.to_owned(), en: code.to_owned() };
            (self.named)(code).unwrap_or_else(plain)
        });
        let (zh, en): (Vec<_>, Vec<_>) = each.map(|text| (text.zh, text.en)).unzip();
        Text { zh: zh.join("、"), en: en.join(", ") }
    }

    fn read(&self, cell: &str) -> Result<Value, Wanted> {
        let value = match self.form {
            Form::Optional | Form::Number if cell.is_empty() => Value::Null,
            Form::Text | Form::Optional | Form::Day | Form::Time | Form::Amount => {
                Value::from(cell)
            }
            Form::Codes => {
                let items = cell.split([',', '，', '、', ';', '；', '\n']).map(str::trim);
                items.filter(|item| !item.is_empty()).collect()
            }
            Form::Number => cell.parse::<i64>().map_or_else(|_| Value::from(cell), Value::from),
            Form::Rule => {
                match cell.strip_prefix("quorum ").and_then(|it| it.parse::<u32>().ok()) {
                    Some(people) => json!({ "quorum": people }),
                    None => Value::from(cell),
                }
            }
        };
        (self.fits)(&value).map(|()| value).map_err(|error| match self.form {
            Form::Number => Wanted::Number,
            Form::Amount => Wanted::Amount,
            Form::Rule => Wanted::Rule,
            Form::Day => Wanted::Day,
            Form::Time => Wanted::Time,
            Form::Text | Form::Optional | Form::Codes => {
                Wanted::Codes(expected(&error.to_string()))
            }
        })
    }
}

fn written(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| written(Some(item))).collect();
            items.join(", ")
        }
        Some(Value::Object(fields)) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name} {}", written(Some(value))))
                .collect();
            fields.join(", ")
        }
        Some(other) => other.to_string(),
    }
}

/// An amount whatever its currency: all of them have two digits.
fn is_amount(value: &Value) -> Result<(), serde_json::Error> {
    Money::deserialize(json!({ "amount": value, "currency": "CNY" })).map(drop)
}

fn fits<T: DeserializeOwned>(value: &Value) -> Result<(), serde_json::Error> {
    T::deserialize(value).map(drop)
}

/// The codes that could have stood there, out of serde's "unknown variant `x`, expected one of `a`, `b`".
fn expected(error: &str) -> Vec<String> {
    let quoted = error.split('`').skip(1).step_by(2);
    quoted.skip(1).map(str::to_owned).collect()
}

/// A list as cells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grid {
    pub columns: Vec<String>,
    pub rows: Vec<Line>,
}

/// A row, with the line of the file that it was read from; in a pack, its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u32,
    pub cells: Vec<String>,
}

impl List {
    /// The list of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        LISTS.iter().find(|list| list.name == name)
    }

    /// A column that is the same in every pack.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        let mut columns = match self.shape {
            Shape::Decisions | Shape::Examples | Shape::ExamplesWithin => [].iter(),
            Shape::Records(columns) | Shape::ByCode(columns) | Shape::One(columns) => {
                columns.iter()
            }
            Shape::Pairs(columns) => columns.iter(),
            Shape::Values(columns) => columns.iter(),
            Shape::Nested(levels) | Shape::NestedByCode(levels) => {
                return nested::columns(levels).find(|column| column.name == name);
            }
        };
        columns.find(|column| column.name == name)
    }

    /// Whether people read it as a table in this pack: it stands there, and is more than one object, which is read as settings.
    pub fn is_table_of(&self, pack: &Value) -> bool {
        let there = pack.pointer(self.at).is_some() && self.grid(pack).is_some();
        there && !matches!(self.shape, Shape::One(_))
    }

    /// What tells each row from the others: its first cell; of parts, what they are parts of as well.
    pub fn keys(&self, grid: &Grid) -> Vec<String> {
        let columns = match self.shape {
            Shape::Nested(levels) | Shape::NestedByCode(levels) => nested::telling(levels),
            Shape::ExamplesWithin => vec![0, 1],
            _ => vec![0],
        };
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        let rows = grid.rows.iter().map(|row| {
            let cells = columns.iter().filter_map(|at| row.cells.get(*at).map(String::as_str));
            let key = cells.collect::<Vec<_>>().join("/");
            let nth = seen.entry(key.clone()).or_default();
            *nth += 1;
            if *nth == 1 { key } else { format!("{key}/{nth}") }
        });
        rows.collect()
    }

    /// What stands there, or what an empty list is, where packs leave that out.
    fn found<'a>(&self, pack: &'a Value) -> Option<Cow<'a, Value>> {
        if let Some(at) = pack.pointer(self.at) {
            return Some(Cow::Borrowed(at));
        }
        let (around, _) = self.at.rsplit_once('/')?;
        pack.pointer(around).filter(|it| it.is_object())?;
        match self.shape {
            Shape::Decisions | Shape::One(_) => None,
            Shape::Examples
            | Shape::Records(_)
            | Shape::Values(_)
            | Shape::Nested(_)
            | Shape::ExamplesWithin => Some(Cow::Owned(json!([]))),
            Shape::ByCode(_) | Shape::Pairs(_) | Shape::NestedByCode(_) => {
                Some(Cow::Owned(json!({})))
            }
        }
    }

    /// Whether the order of its rows says which comes first.
    pub fn is_ordered(&self) -> bool {
        !matches!(self.shape, Shape::ByCode(_) | Shape::Pairs(_) | Shape::NestedByCode(_))
    }

    /// Its cells, unless this pack has no such list.
    pub fn grid(&self, pack: &Value) -> Option<Grid> {
        let at = self.found(pack)?;
        let at = at.as_ref();
        let (columns, rows): (Vec<String>, Vec<Vec<String>>) = match self.shape {
            Shape::Decisions => {
                let inputs = texts(at.get("inputs")?);
                decisions::cells(inputs, at.get("rows")?.as_array()?)
            }
            Shape::Examples => examples::cells(at)?,
            Shape::Records(columns) => {
                let cells = |row: &Value| {
                    columns.iter().map(|column| written(row.pointer(&column.pointer()))).collect()
                };
                (headed(columns), at.as_array()?.iter().map(cells).collect())
            }
            Shape::ByCode(columns) => {
                let rows = at.as_object()?.iter().map(|(code, row)| {
                    let fields = columns.iter().skip(1);
                    let cells = fields.map(|column| written(row.get(column.name)));
                    std::iter::once(code.clone()).chain(cells).collect()
                });
                (headed(columns), rows.collect())
            }
            Shape::Pairs(columns) => {
                let rows = at.as_object()?.iter();
                let rows = rows.map(|(code, value)| vec![code.clone(), written(Some(value))]);
                (headed(columns), rows.collect())
            }
            Shape::Values(columns) => {
                let rows = at.as_array()?.iter().map(|value| vec![written(Some(value))]);
                (headed(columns), rows.collect())
            }
            Shape::One(columns) => {
                let cells = columns.iter().map(|column| written(at.pointer(&column.pointer())));
                (headed(columns), vec![cells.collect()])
            }
            Shape::Nested(levels) => {
                (headed(nested::columns(levels)), nested::cells(levels, at, Told::InOrder)?)
            }
            Shape::NestedByCode(levels) => {
                (headed(nested::columns(levels)), nested::cells(levels, at, Told::ByCode)?)
            }
            Shape::ExamplesWithin => examples::cells_within(at)?,
        };
        let rows = (1..).zip(rows).map(|(number, cells)| Line { number, cells }).collect();
        Some(Grid { columns, rows })
    }

    /// Puts edited cells in the place of what stands in the pack, or says everything that is wrong with them.
    pub fn put(&self, pack: &mut Value, grid: &Grid) -> Result<(), Vec<Wrong>> {
        // An old pack may have something else where a list is now.
        if self.grid(pack).is_none() {
            return Err(vec![Wrong::Absent]);
        }
        if let Some(empty) = self.found(pack).map(Cow::into_owned) {
            nested::put(pack, self.at, empty);
        }
        let Some(at) = pack.pointer_mut(self.at) else { return Err(vec![Wrong::Absent]) };
        match self.shape {
            Shape::Decisions => {
                let (inputs, rows) = decisions::read(grid)?;
                if let Value::Object(table) = at {
                    table.insert("inputs".to_owned(), Value::from(inputs));
                    table.insert("rows".to_owned(), Value::from(rows));
                }
            }
            Shape::Examples => *at = examples::read(grid)?,
            Shape::Records(columns) => {
                let rows = values(columns, grid)?.into_iter().map(|row| record(columns, row));
                *at = rows.map(Value::Object).collect();
            }
            Shape::ByCode(columns) => {
                *at = by_code(grid, values(columns, grid)?, |row| {
                    Value::Object(record(columns.get(1..).unwrap_or_default(), row))
                })?;
            }
            Shape::Pairs(columns) => {
                *at = by_code(grid, values(columns, grid)?, |row| {
                    row.into_iter().next().unwrap_or_default()
                })?;
            }
            Shape::Values(columns) => *at = values(columns, grid)?.into_iter().flatten().collect(),
            Shape::One(columns) => {
                let rows = values(columns, grid)?;
                let [row]: [_; 1] = rows
                    .try_into()
                    .map_err(|rows: Vec<_>| vec![Wrong::Lines { lines: rows.len() }])?;
                *at = Value::Object(record(columns, row));
            }
            Shape::Nested(levels) => {
                even(nested::columns(levels), grid)?;
                *at = nested::read(levels, grid, at, Told::InOrder)?;
            }
            Shape::NestedByCode(levels) => {
                even(nested::columns(levels), grid)?;
                *at = nested::read(levels, grid, at, Told::ByCode)?;
            }
            Shape::ExamplesWithin => examples::put_within(at, grid)?,
        }
        Ok(())
    }
}

fn headed<'a>(columns: impl IntoIterator<Item = &'a Column>) -> Vec<String> {
    columns.into_iter().map(|column| column.name.to_owned()).collect()
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
}

fn uneven(grid: &Grid, row: &Line) -> Wrong {
    Wrong::Cells { line: row.number, cells: row.cells.len(), columns: grid.columns.len() }
}

/// Refuses other columns, and rows that do not fill them.
fn even<'a>(columns: impl IntoIterator<Item = &'a Column>, grid: &Grid) -> Result<(), Vec<Wrong>> {
    let expected = headed(columns);
    if grid.columns != expected {
        let (expected, found) = (expected.join(", "), grid.columns.join(", "));
        return Err(vec![Wrong::Columns { expected, found }]);
    }
    let other = |row: &&Line| row.cells.len() != expected.len();
    let wrong: Vec<Wrong> = grid.rows.iter().filter(other).map(|row| uneven(grid, row)).collect();
    if wrong.is_empty() { Ok(()) } else { Err(wrong) }
}

/// Every cell as what it must become.
fn values(columns: &[Column], grid: &Grid) -> Result<Vec<Vec<Value>>, Vec<Wrong>> {
    even(columns, grid)?;
    let mut wrong = Vec::new();
    let mut rows = Vec::with_capacity(grid.rows.len());
    for row in &grid.rows {
        let mut values = Vec::with_capacity(columns.len());
        for ((of, text), column) in columns.iter().zip(&row.cells).zip(1..) {
            match of.value(row.number, column, text) {
                Ok(value) => values.push(value),
                Err(it) => wrong.push(it),
            }
        }
        rows.push(values);
    }
    if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
}

/// An object of these values. What is nothing is left out, and of a text in two languages neither or both.
fn record(columns: &[Column], row: Vec<Value>) -> Map<String, Value> {
    let mut record = json!({});
    for (column, value) in columns.iter().zip(row).filter(|(_, value)| !value.is_null()) {
        nested::put(&mut record, &column.pointer(), value);
    }
    for column in columns {
        let pointer = column.pointer();
        let text = pointer.strip_suffix("/zh").or_else(|| pointer.strip_suffix("/en"));
        let said = text.is_some_and(|text| record.pointer(text).is_some());
        if said && record.pointer(&pointer).is_none() {
            nested::put(&mut record, &pointer, Value::from(""));
        }
    }
    match record {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn by_code(
    grid: &Grid,
    rows: Vec<Vec<Value>>,
    of: impl Fn(Vec<Value>) -> Value,
) -> Result<Value, Vec<Wrong>> {
    let mut found = Map::new();
    let mut wrong = Vec::new();
    for (line, mut row) in grid.rows.iter().zip(rows) {
        let key = row.remove(0).as_str().unwrap_or_default().to_owned();
        if found.insert(key.clone(), of(row)).is_some() {
            wrong.push(Wrong::Repeated { line: line.number, key });
        }
    }
    if wrong.is_empty() { Ok(Value::Object(found)) } else { Err(wrong) }
}
