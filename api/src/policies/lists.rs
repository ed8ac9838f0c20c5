//! The lists of a pack: what each is called, where it stands, and how its rows are written in cells and read back.
//!
//! Spreadsheets and readable forms are made from the same grid. A list works on the pack's JSON, so that a row that is read back
//! is what was written, whatever its type; each cell is tried against the type that it must become.

mod calendar;
mod decisions;
mod examples;
mod wrong;

use domain::catalogue::DeviceClass;
use domain::customer::registration::CustomerKind;
use domain::decision::{CauseCode, Checkpoint, Mode, Reaction};
use domain::document_kind::DocumentKind;
use domain::policy::pack::{Scoping, Text, Weight};
use domain::product::Trait;
use domain::uscc::Entity;
use domain::wording::names;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

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
}

/// A column of a list, by the name that its field has in the pack.
#[derive(Debug)]
pub struct Column {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
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
    Number,
    Day,
    Time,
}

impl Column {
    const fn of<T: DeserializeOwned>(
        form: Form,
        (name, zh, en): (&'static str, &'static str, &'static str),
        named: fn(&str) -> Option<Text>,
    ) -> Self {
        Self { name, zh, en, form, fits: fits::<T>, named }
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
            Form::Optional if cell.is_empty() => Value::Null,
            Form::Text | Form::Optional | Form::Day | Form::Time => Value::from(cell),
            Form::Codes => {
                let items = cell.split([',', '，', '、', ';', '；', '\n']).map(str::trim);
                items.filter(|item| !item.is_empty()).collect()
            }
            Form::Number => cell.parse::<u64>().map_or_else(|_| Value::from(cell), Value::from),
        };
        (self.fits)(&value).map(|()| value).map_err(|error| match self.form {
            Form::Number => Wanted::Number,
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
        Some(other) => other.to_string(),
    }
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
        let columns: &[Column] = match self.shape {
            Shape::Decisions | Shape::Examples => &[],
            Shape::Records(columns) | Shape::ByCode(columns) => columns,
            Shape::Pairs(columns) => columns,
            Shape::Values(columns) => columns,
        };
        columns.iter().find(|column| column.name == name)
    }

    /// Whether the order of its rows says which comes first.
    pub fn is_ordered(&self) -> bool {
        !matches!(self.shape, Shape::ByCode(_) | Shape::Pairs(_))
    }

    /// Its cells, unless this pack has no such list.
    pub fn grid(&self, pack: &Value) -> Option<Grid> {
        let at = pack.pointer(self.at)?;
        let (columns, rows): (Vec<String>, Vec<Vec<String>>) = match self.shape {
            Shape::Decisions => {
                let inputs = texts(at.get("inputs")?);
                decisions::cells(inputs, at.get("rows")?.as_array()?)
            }
            Shape::Examples => examples::cells(at)?,
            Shape::Records(columns) => {
                let cells = |row: &Value| {
                    columns.iter().map(|column| written(row.get(column.name))).collect()
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
        };
        let rows = (1..).zip(rows).map(|(number, cells)| Line { number, cells }).collect();
        Some(Grid { columns, rows })
    }

    /// Puts edited cells in the place of what stands in the pack, or says everything that is wrong with them.
    pub fn put(&self, pack: &mut Value, grid: &Grid) -> Result<(), Vec<Wrong>> {
        // An old pack may have something else where a list is now.
        let known = self.grid(pack).is_some();
        let Some(at) = pack.pointer_mut(self.at).filter(|_| known) else {
            return Err(vec![Wrong::Absent]);
        };
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
        }
        Ok(())
    }
}

fn headed(columns: &[Column]) -> Vec<String> {
    columns.iter().map(|column| column.name.to_owned()).collect()
}

fn texts(list: &Value) -> Vec<String> {
    let items = list.as_array().into_iter().flatten();
    items.map(|item| item.as_str().unwrap_or_default().to_owned()).collect()
}

fn uneven(grid: &Grid, row: &Line) -> Wrong {
    Wrong::Cells { line: row.number, cells: row.cells.len(), columns: grid.columns.len() }
}

/// Every cell as what it must become.
fn values(columns: &[Column], grid: &Grid) -> Result<Vec<Vec<Value>>, Vec<Wrong>> {
    let expected = headed(columns);
    if grid.columns != expected {
        let (expected, found) = (expected.join(", "), grid.columns.join(", "));
        return Err(vec![Wrong::Columns { expected, found }]);
    }
    let mut wrong = Vec::new();
    let mut rows = Vec::with_capacity(grid.rows.len());
    for row in &grid.rows {
        if row.cells.len() != columns.len() {
            wrong.push(uneven(grid, row));
        }
        let mut values = Vec::with_capacity(columns.len());
        for ((of, text), column) in columns.iter().zip(&row.cells).zip(1..) {
            match of.read(text) {
                Ok(value) => values.push(value),
                Err(wanted) => {
                    let (line, name, text) = (row.number, of.name.to_owned(), text.clone());
                    wrong.push(Wrong::Cell { line, column, name, text, wanted });
                }
            }
        }
        rows.push(values);
    }
    if wrong.is_empty() { Ok(rows) } else { Err(wrong) }
}

fn record(columns: &[Column], row: Vec<Value>) -> Map<String, Value> {
    columns.iter().map(|column| column.name.to_owned()).zip(row).collect()
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

/// Every list, in the order in which people read a pack.
pub const LISTS: &[List] = &[
    List {
        name: "papers",
        zh: "所需证件",
        en: "Required papers",
        at: "/papers",
        shape: Shape::Records(PAPERS),
    },
    List {
        name: "never_counts",
        zh: "不作为资质的证件",
        en: "Papers that never count as a qualification",
        at: "/never_counts",
        shape: Shape::Values(NEVER_COUNTS),
    },
    List {
        name: "modes",
        zh: "各环节的执行方式",
        en: "Mode of each checkpoint",
        at: "/modes",
        shape: Shape::Pairs(MODES),
    },
    List {
        name: "reactions",
        zh: "各环节对各原因的处理",
        en: "What each checkpoint does about each cause",
        at: "/reactions",
        shape: Shape::ByCode(REACTIONS),
    },
    List {
        name: "overdue",
        zh: "逾期判定",
        en: "How overdue receivables are judged",
        at: "/overdue/table",
        shape: Shape::Decisions,
    },
    List {
        name: "overdue_examples",
        zh: "逾期判定的示例",
        en: "Examples of how overdue receivables are judged",
        at: "/overdue/examples",
        shape: Shape::Examples,
    },
    List {
        name: "expiry_notice",
        zh: "证件到期提醒",
        en: "When the end of a document is announced",
        at: "/expiry_notice_days",
        shape: Shape::Values(EXPIRY_NOTICE),
    },
    List {
        name: "working_week",
        zh: "工作日",
        en: "Days of the week that are worked",
        at: "/calendar/week",
        shape: Shape::Values(calendar::WEEK),
    },
    List {
        name: "working_hours",
        zh: "工作时段",
        en: "Hours of a working day",
        at: "/calendar/hours",
        shape: Shape::Records(calendar::HOURS),
    },
    List {
        name: "holidays",
        zh: "放假日",
        en: "Days off",
        at: "/calendar/holidays",
        shape: Shape::Values(calendar::DAYS),
    },
    List {
        name: "make_up_days",
        zh: "调休上班日",
        en: "Days worked in exchange",
        at: "/calendar/make_up",
        shape: Shape::Values(calendar::DAYS),
    },
];

const PAPERS: &[Column] = &[
    Column::of::<String>(Form::Text, (ID, "编号", "id"), codes::plain),
    Column::of::<Vec<CustomerKind>>(Form::Codes, ("kinds", "客户类型", "customers"), |code| {
        codes::of(code, names::customer_kind)
    }),
    Column::of::<Vec<Entity>>(Form::Codes, ("entities", "机构类别", "organisations"), |code| {
        codes::of(code, codes::entity)
    }),
    Column::of::<Vec<DeviceClass>>(
        Form::Codes,
        ("classes", "器械类别", "device classes"),
        |code| codes::of(code, names::device_class),
    ),
    Column::of::<Vec<Trait>>(Form::Codes, ("traits", "产品特性", "product traits"), |code| {
        codes::of(code, codes::product_trait)
    }),
    Column::of::<Vec<DocumentKind>>(
        Form::Codes,
        ("any_of", "证件（任一）", "any of these papers"),
        |code| codes::of(code, codes::paper),
    ),
    Column::of::<Weight>(Form::Text, ("weight", "要求", "weight"), |code| {
        codes::of(code, codes::weight)
    }),
    Column::of::<Scoping>(Form::Text, ("scope", "范围核对", "scope"), |code| {
        codes::of(code, codes::scoping)
    }),
    Column::of::<Option<String>>(Form::Optional, ("basis", "依据", "basis"), codes::plain),
];

const NEVER_COUNTS: &[Column; 1] =
    &[Column::of::<DocumentKind>(Form::Text, ("paper", "证件", "paper"), |code| {
        codes::of(code, codes::paper)
    })];

const MODES: &[Column; 2] = &[
    Column::of::<Checkpoint>(Form::Text, ("checkpoint", "环节", "checkpoint"), |code| {
        codes::of(code, names::checkpoint)
    }),
    Column::of::<Mode>(Form::Text, ("mode", "方式", "mode"), |code| codes::of(code, names::mode)),
];

const REACTIONS: &[Column] = &[
    Column::of::<CauseCode>(Form::Text, ("cause", "原因", "cause"), |code| {
        codes::of(code, names::cause)
    }),
    reaction("order", "订单", "order"),
    reaction("shipment", "发货", "shipment"),
    reaction("invoice", "开票", "invoice"),
    reaction("receipt", "收款", "receipt"),
];

const EXPIRY_NOTICE: &[Column; 1] =
    &[Column::of::<u32>(Form::Number, ("days", "到期前天数", "days before the end"), codes::plain)];

const fn reaction(name: &'static str, zh: &'static str, en: &'static str) -> Column {
    Column::of::<Reaction>(Form::Text, (name, zh, en), |code| codes::of(code, names::reaction))
}
