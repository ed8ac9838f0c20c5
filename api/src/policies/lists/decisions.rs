//! The rows of a decision table as cells: `id`, one column for each fact, `then`, and what the rows say of themselves, where any does.

use serde_json::{Map, Value, json};

use super::{Grid, ID, Line, Wrong, texts, uneven};

const THEN: &str = "then";
/// Columns that may follow, with where their cells stand in a row.
const NOTES: [(&str, &str); 3] =
    [("text_zh", "/text/zh"), ("text_en", "/text/en"), ("basis", "/basis")];

/// The columns and the rows.
pub(super) fn cells(inputs: Vec<String>, rows: &[Value]) -> (Vec<String>, Vec<Vec<String>>) {
    let said = |row: &Value, at: &str| row.pointer(at).and_then(Value::as_str).map(str::to_owned);
    let is_said = |(_, at): &&(&str, &str)| rows.iter().any(|row| said(row, at).is_some());
    let notes: Vec<_> = NOTES.iter().filter(is_said).collect();
    let cells = rows.iter().map(|row| {
        let field = |name| row.get(name).and_then(Value::as_str).unwrap_or_default();
        let mut cells = vec![field(ID).to_owned()];
        cells.extend(row.get("when").map(texts).unwrap_or_default());
        cells.push(field(THEN).to_owned());
        cells.extend(notes.iter().map(|(_, at)| said(row, at).unwrap_or_default()));
        cells
    });
    let mut columns = vec![ID.to_owned()];
    columns.extend(inputs);
    columns.push(THEN.to_owned());
    columns.extend(notes.iter().map(|(name, _)| (*name).to_owned()));
    (columns, cells.collect())
}

/// The inputs and the rows.
pub(super) fn read(grid: &Grid) -> Result<(Vec<String>, Vec<Value>), Vec<Wrong>> {
    let Some((inputs, notes)) = parted(&grid.columns) else { return Err(vec![no_table(grid)]) };
    let rows = grid.rows.iter().map(|line| row(grid, line, inputs, notes));
    Ok((inputs.to_vec(), rows.collect::<Result<_, _>>()?))
}

/// Where the cells of a row stand in the table.
pub(super) fn pointers(columns: &[String], row: usize) -> Vec<String> {
    let within = |(column, name): (usize, &String)| {
        let note = NOTES.iter().find(|(note, _)| note == name);
        match (note, name.as_str()) {
            (Some((_, at)), _) => format!("/rows/{row}{at}"),
            (None, ID | THEN) => format!("/rows/{row}/{name}"),
            (None, _) => format!("/rows/{row}/when/{}", column.saturating_sub(1)),
        }
    };
    columns.iter().enumerate().map(within).collect()
}

/// The columns of facts, and those that follow the answer.
fn parted(columns: &[String]) -> Option<(&[String], &[String])> {
    let (first, others) = columns.split_first()?;
    let then = others.iter().position(|name| name == THEN)?;
    let (inputs, then) = others.split_at_checked(then)?;
    let notes = then.get(1..)?;
    let known = |name: &String| NOTES.iter().any(|(note, _)| note == name);
    (first == ID && notes.iter().all(known)).then_some((inputs, notes))
}

fn row(grid: &Grid, line: &Line, inputs: &[String], notes: &[String]) -> Result<Value, Vec<Wrong>> {
    let wrong = || vec![uneven(grid, line)];
    if line.cells.len() != grid.columns.len() {
        return Err(wrong());
    }
    let (id, cells) = line.cells.split_first().ok_or_else(wrong)?;
    let (when, cells) = cells.split_at_checked(inputs.len()).ok_or_else(wrong)?;
    let (then, said) = cells.split_first().ok_or_else(wrong)?;
    let said: Map<String, Value> =
        notes.iter().cloned().zip(said.iter().map(|cell| Value::from(cell.as_str()))).collect();
    let said = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut row = json!({ "id": id, "when": when, "then": then });
    if let Value::Object(fields) = &mut row {
        let (zh, en, basis) = (said("text_zh"), said("text_en"), said("basis"));
        if !(zh.is_empty() && en.is_empty()) {
            fields.insert("text".to_owned(), json!({ "zh": zh, "en": en }));
        }
        if !basis.is_empty() {
            fields.insert("basis".to_owned(), Value::from(basis));
        }
    }
    Ok(row)
}

fn no_table(grid: &Grid) -> Wrong {
    let expected = "id, one for each fact, and then; text_zh, text_en and basis may follow";
    Wrong::Columns { expected: expected.to_owned(), found: grid.columns.join(", ") }
}
