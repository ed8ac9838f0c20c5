//! Where in an edited table something stands that the checker objects to.

use domain::policy::pack::Text;
use serde_json::Value;

use super::nested::Told;
use super::{Grid, List, Shape, decisions, examples, nested};

/// A line of a table, and a column where one cell is meant; both counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    pub line: u32,
    pub column: Option<(usize, String)>,
}

impl Spot {
    pub fn text(&self) -> Text {
        let line = self.line;
        match &self.column {
            Some((column, name)) => Text {
                zh: format!("第 {line} 行第 {column} 列（{name}）"),
                en: format!("line {line}, column {column} ({name})"),
            },
            None => Text { zh: format!("第 {line} 行"), en: format!("line {line}") },
        }
    }
}

/// What an objection to a pack is about in one of its tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// Something that does not stand in this table.
    Elsewhere,
    /// The table as a whole.
    Table,
    Spot(Spot),
}

impl List {
    /// What of this table, as it was put into a pack, a pointer into the pack names.
    pub fn about(&self, pack: &Value, grid: &Grid, pointer: &str) -> About {
        let Some(inner) = inside(self.at, pointer) else { return About::Elsewhere };
        let pointers = self.pointers(pack, grid);
        let rows = || grid.rows.iter().zip(&pointers);
        for (row, pointers) in rows() {
            let cell = pointers.iter().position(|cell| inside(cell, inner).is_some());
            if let Some(at) = cell.filter(|_| !inner.is_empty()) {
                let name = grid.columns.get(at).cloned().unwrap_or_default();
                return About::Spot(Spot { line: row.number, column: Some((at + 1, name)) });
            }
        }
        let touched =
            |pointers: &Vec<String>| pointers.iter().any(|it| inside(inner, it).is_some());
        let mut lines = rows().filter(|(_, it)| touched(it)).map(|(row, _)| row.number);
        match lines.next() {
            // What names every row names none of them.
            Some(_) if pointers.iter().all(touched) => About::Table,
            Some(line) => About::Spot(Spot { line, column: None }),
            None => self.otherwise(grid, inner),
        }
    }

    /// Of a decision table, the facts that it asks about stand in its first line.
    fn otherwise(&self, grid: &Grid, inner: &str) -> About {
        let input = inner.strip_prefix("/inputs/").and_then(|it| it.parse::<usize>().ok());
        match (&self.shape, input) {
            (Shape::Decisions, Some(input)) => {
                let name = grid.columns.get(input + 1).cloned().unwrap_or_default();
                About::Spot(Spot { line: 1, column: Some((input + 2, name)) })
            }
            (Shape::Decisions, None) if inner.starts_with("/monotone") => About::Elsewhere,
            (Shape::ExamplesWithin, _) if !inner.contains("/examples") => About::Elsewhere,
            (Shape::Nested(_), _) if inner.contains("/examples") => About::Elsewhere,
            _ => About::Table,
        }
    }

    /// Where each cell of each row stands, within the list.
    fn pointers(&self, pack: &Value, grid: &Grid) -> Vec<Vec<String>> {
        let each = |of: &dyn Fn(usize, &[String]) -> Vec<String>| -> Vec<Vec<String>> {
            grid.rows.iter().enumerate().map(|(number, row)| of(number, &row.cells)).collect()
        };
        let code = |cells: &[String]| cells.first().cloned().unwrap_or_default();
        match self.shape {
            Shape::Decisions => each(&|number, _| decisions::pointers(&grid.columns, number)),
            Shape::Examples => each(&|number, _| examples::pointers(&grid.columns, number)),
            Shape::Records(columns) => each(&|number, _| {
                columns.iter().map(|it| format!("/{number}{}", it.pointer())).collect()
            }),
            Shape::Values(_) => each(&|number, _| vec![format!("/{number}")]),
            Shape::One(columns) => {
                each(&|_, _| columns.iter().map(super::Column::pointer).collect())
            }
            Shape::Pairs(_) => {
                each(&|_, cells| vec![String::from("/"), format!("/{}", code(cells))])
            }
            Shape::ByCode(columns) => each(&|_, cells| {
                columns.iter().map(|it| format!("/{}{}", code(cells), it.pointer())).collect()
            }),
            Shape::Nested(levels) => nested::pointers(levels, grid, Told::InOrder),
            Shape::NestedByCode(levels) => nested::pointers(levels, grid, Told::ByCode),
            Shape::ExamplesWithin => examples::pointers_within(pack.pointer(self.at), grid),
        }
    }
}

/// What a pointer names within another one, if it stands in it.
fn inside<'a>(around: &str, pointer: &'a str) -> Option<&'a str> {
    pointer.strip_prefix(around).filter(|rest| rest.is_empty() || rest.starts_with('/'))
}
