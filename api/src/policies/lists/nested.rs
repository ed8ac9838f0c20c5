//! Lists within lists as one table: a scorecard has characteristics, and each of these bins.
//!
//! Each row names what it is part of. What is said of the whole stands in the first of its rows, and in the others once more or not at all.
//! What has no parts yet has one row, whose other cells are empty.

use serde_json::{Map, Value};

use super::{Column, Grid, Wanted, Wrong, record, written};

/// What a list consists of, by its columns; the first one tells each item from the others.
#[derive(Debug)]
pub(super) struct Level {
    pub columns: &'static [Column],
    /// The field with the list of its parts; the innermost has none.
    pub within: &'static str,
    /// Fields of an item that stand in another table.
    pub kept: &'static [&'static str],
}

/// A line of a file, or the end of it.
#[derive(Clone, Copy)]
struct Part<'a> {
    line: u32,
    cells: &'a [String],
}

/// How the items of the outermost list are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    InOrder,
    ByCode,
}

pub(super) fn columns(levels: &[Level]) -> impl Iterator<Item = &'static Column> {
    levels.iter().flat_map(|level| level.columns)
}

/// The columns that tell an item of each level from the others.
pub(super) fn telling(levels: &[Level]) -> Vec<usize> {
    let before = |depth| columns(levels.get(..depth).unwrap_or_default()).count();
    (0..levels.len()).map(before).collect()
}

pub(super) fn cells(levels: &[Level], at: &Value, told: Told) -> Option<Vec<Vec<String>>> {
    match told {
        Told::InOrder => Some(rows(levels, at.as_array()?)),
        Told::ByCode => {
            let (first, _) = levels.split_first()?;
            let name = first.columns.first()?;
            let items = at.as_object()?.iter().map(|(code, item)| {
                let mut item = item.clone();
                put(&mut item, &name.pointer(), Value::from(code.as_str()));
                item
            });
            Some(rows(levels, &items.collect::<Vec<_>>()))
        }
    }
}

fn rows(levels: &[Level], items: &[Value]) -> Vec<Vec<String>> {
    let Some((level, deeper)) = levels.split_first() else { return Vec::new() };
    let mut found = Vec::new();
    for item in items {
        let own: Vec<String> =
            level.columns.iter().map(|column| written(item.pointer(&column.pointer()))).collect();
        let parts = item.get(level.within).and_then(Value::as_array).map(Vec::as_slice);
        let mut inner = rows(deeper, parts.unwrap_or_default());
        if inner.is_empty() {
            inner.push(vec![String::new(); columns(deeper).count()]);
        }
        for (number, inner) in inner.into_iter().enumerate() {
            let said = |(column, cell): (usize, &String)| {
                if number == 0 || column == 0 { cell.clone() } else { String::new() }
            };
            found.push(own.iter().enumerate().map(said).chain(inner).collect());
        }
    }
    found
}

/// What stands in a pack becomes what the rows say.
pub(super) fn read(
    levels: &[Level],
    grid: &Grid,
    before: &Value,
    told: Told,
) -> Result<Value, Vec<Wrong>> {
    let parts: Vec<Part<'_>> =
        grid.rows.iter().map(|row| Part { line: row.number, cells: &row.cells }).collect();
    let mut wrong = Vec::new();
    let items = items(levels, &parts, 0, &mut wrong);
    let Some((level, name)) = levels.first().and_then(|it| Some((it, it.columns.first()?))) else {
        return Ok(before.clone());
    };
    let key = |item: &Value| written(item.pointer(&name.pointer()));
    let mut named: Map<String, Value> = Map::new();
    let mut listed = Vec::with_capacity(items.len());
    for (line, mut item) in items {
        let code = key(&item);
        match told {
            Told::InOrder => {
                let was = before.as_array().into_iter().flatten().find(|was| key(was) == code);
                for field in level.kept {
                    if let Some(value) = was.and_then(|was| was.get(field)) {
                        put(&mut item, &format!("/{field}"), value.clone());
                    }
                }
            }
            Told::ByCode => {
                if let Value::Object(fields) = &mut item {
                    fields.remove(name.pointer().trim_start_matches('/'));
                }
            }
        }
        if named.insert(code.clone(), item.clone()).is_some() {
            wrong.push(Wrong::Repeated { line, key: code });
        }
        listed.push(item);
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(match told {
        Told::InOrder => Value::Array(listed),
        Told::ByCode => Value::Object(named),
    })
}

/// Each with the line that it begins in.
fn items<'a>(
    levels: &[Level],
    parts: &[Part<'a>],
    offset: usize,
    wrong: &mut Vec<Wrong>,
) -> Vec<(u32, Value)> {
    let Some((level, deeper)) = levels.split_first() else { return Vec::new() };
    let width = level.columns.len();
    let one = |a: &Part<'a>, b: &Part<'a>| !deeper.is_empty() && a.cells.first() == b.cells.first();
    let mut found = Vec::new();
    for group in parts.chunk_by(one) {
        let Some((first, others)) = group.split_first() else { continue };
        let mut values = Vec::with_capacity(width);
        for ((column, text), number) in level.columns.iter().zip(first.cells).zip(offset + 1..) {
            match column.value(first.line, number, text) {
                Ok(value) => values.push(value),
                Err(it) => wrong.push(it),
            }
            let differs = |part: &&Part<'_>| {
                part.cells.get(number - offset - 1).is_some_and(|it| !it.is_empty() && it != text)
            };
            wrong.extend(others.iter().filter(differs).map(|part| {
                let text = part.cells.get(number - offset - 1).cloned().unwrap_or_default();
                let name = column.name.to_owned();
                let wanted = Wanted::AsBefore { line: first.line };
                Wrong::Cell { line: part.line, column: number, name, text, wanted }
            }));
        }
        let mut item = Value::Object(record(level.columns, values));
        if !deeper.is_empty() {
            let rest = |part: &Part<'a>| Part {
                line: part.line,
                cells: part.cells.get(width..).unwrap_or_default(),
            };
            let inner: Vec<Part<'a>> = group.iter().map(rest).collect();
            let none = matches!(inner.as_slice(), [it] if it.cells.iter().all(String::is_empty));
            let inner =
                if none { Vec::new() } else { items(deeper, &inner, offset + width, wrong) };
            let inner: Vec<Value> = inner.into_iter().map(|(_, item)| item).collect();
            put(&mut item, &format!("/{}", level.within), Value::Array(inner));
        }
        found.push((first.line, item));
    }
    found
}

/// Puts a value where a pointer says, and makes what is around it.
pub(super) fn put(into: &mut Value, pointer: &str, value: Value) {
    let mut at = into;
    for step in pointer.split('/').skip(1) {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Value::Object(fields) = at else { return };
        at = fields.entry(step).or_insert(Value::Null);
    }
    *at = value;
}

/// Where each cell of these rows stands in the pack, by its pointer within the list.
pub(super) fn pointers(levels: &[Level], grid: &Grid, told: Told) -> Vec<Vec<String>> {
    let mut found = Vec::with_capacity(grid.rows.len());
    // The number of the item at each level, and what tells it.
    let mut at: Vec<(usize, String)> = Vec::new();
    for row in &grid.rows {
        let mut cells = row.cells.as_slice();
        let mut within = String::new();
        let mut pointers = Vec::with_capacity(row.cells.len());
        for (depth, level) in levels.iter().enumerate() {
            let key = cells.first().cloned().unwrap_or_default();
            let innermost = depth + 1 == levels.len();
            match at.get_mut(depth) {
                Some((_, known)) if *known == key && !innermost => {}
                Some((number, known)) => {
                    *number += 1;
                    *known = key;
                    at.truncate(depth + 1);
                }
                None => at.push((0, key)),
            }
            let (number, key) = at.get(depth).cloned().unwrap_or_default();
            let own = match told {
                Told::ByCode if depth == 0 => format!("{within}/{key}"),
                _ => format!("{within}/{number}"),
            };
            pointers.extend(level.columns.iter().map(|it| format!("{own}{}", it.pointer())));
            within = format!("{own}/{}", level.within);
            cells = cells.get(level.columns.len()..).unwrap_or_default();
        }
        found.push(pointers);
    }
    found
}
