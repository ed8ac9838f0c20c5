//! The examples of a decision table as cells: `name`, one column for each fact that any of them gives, and `expect`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Grid, Line, Wanted, Wrong, uneven};

const NAME: &str = "name";
const EXPECT: &str = "expect";
/// Before the other columns, where several objects have examples: which of them.
const OF: &str = "scorecard";

pub(super) fn cells(at: &Value) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let examples = at.as_array()?;
    let given = examples.iter().filter_map(|example| example.get("given")?.as_object());
    let facts: BTreeSet<&String> = given.flat_map(Map::keys).collect();
    let rows = examples.iter().map(|example| {
        let field =
            |value: Option<&Value>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
        let given = example.get("given");
        let values = facts.iter().map(|fact| field(given.and_then(|given| given.get(*fact))));
        let name = std::iter::once(field(example.get(NAME)));
        name.chain(values).chain([field(example.get(EXPECT))]).collect()
    });
    let name = std::iter::once(NAME.to_owned());
    let columns = name.chain(facts.iter().map(ToString::to_string)).chain([EXPECT.to_owned()]);
    Some((columns.collect(), rows.collect()))
}

/// A fact whose cell is empty is not given.
pub(super) fn read(grid: &Grid) -> Result<Value, Vec<Wrong>> {
    let (expected, found) = ("name, one for each fact, and expect", grid.columns.join(", "));
    let wrong = || vec![Wrong::Columns { expected: expected.to_owned(), found: found.clone() }];
    let [first, facts @ .., last] = grid.columns.as_slice() else { return Err(wrong()) };
    if first != NAME || last != EXPECT {
        return Err(wrong());
    }
    let rows = grid.rows.iter().map(|row| match row.cells.as_slice() {
        [name, values @ .., expect] if values.len() == facts.len() => {
            let given = facts.iter().zip(values).filter(|(_, value)| !value.is_empty());
            let given: Map<String, Value> =
                given.map(|(fact, value)| (fact.clone(), Value::from(value.as_str()))).collect();
            Ok(json!({ NAME: name, "given": given, EXPECT: expect }))
        }
        _ => Err(vec![uneven(grid, row)]),
    });
    rows.collect()
}

/// Where the cells of an example stand in the list.
pub(super) fn pointers(columns: &[String], row: usize) -> Vec<String> {
    let within = |name: &String| match name.as_str() {
        NAME | EXPECT => format!("/{row}/{name}"),
        fact => format!("/{row}/given/{fact}"),
    };
    columns.iter().map(within).collect()
}

/// The examples of every object of a list, each with the id of what it is an example of.
pub(super) fn cells_within(at: &Value) -> Option<(Vec<String>, Vec<Vec<String>>)> {
    let mut all = Vec::new();
    let mut of = Vec::new();
    for object in at.as_array()? {
        let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
        let examples = object.get("examples").and_then(Value::as_array);
        for example in examples.into_iter().flatten() {
            all.push(example.clone());
            of.push(id.to_owned());
        }
    }
    let (mut columns, mut rows) = cells(&Value::Array(all))?;
    columns.insert(0, OF.to_owned());
    for (row, id) in rows.iter_mut().zip(of) {
        row.insert(0, id);
    }
    Some((columns, rows))
}

/// Where the cells of each example stand in the list of objects.
pub(super) fn pointers_within(at: Option<&Value>, grid: &Grid) -> Vec<Vec<String>> {
    let objects = at.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let facts = grid.columns.get(1..).unwrap_or_default();
    let mut counts = vec![0_usize; objects.len()];
    let rows = grid.rows.iter().map(|row| {
        let id = row.cells.first().map(String::as_str);
        let is_it = |object: &Value| object.get("id").and_then(Value::as_str) == id;
        let Some(object) = objects.iter().position(is_it) else { return Vec::new() };
        let Some(count) = counts.get_mut(object) else { return Vec::new() };
        let of = format!("/{object}/examples");
        let cells = pointers(facts, *count);
        *count += 1;
        std::iter::once(format!("/{object}/id"))
            .chain(cells.iter().map(|it| format!("{of}{it}")))
            .collect()
    });
    rows.collect()
}

/// Every object gets the examples that name it, and no others.
pub(super) fn put_within(at: &mut Value, grid: &Grid) -> Result<(), Vec<Wrong>> {
    let expected = "scorecard, name, one for each fact, and expect".to_owned();
    let columns = match grid.columns.split_first() {
        Some((first, columns)) if first == OF => columns.to_vec(),
        _ => return Err(vec![Wrong::Columns { expected, found: grid.columns.join(", ") }]),
    };
    let Value::Array(objects) = at else { return Err(vec![Wrong::Absent]) };
    let id =
        |object: &Value| object.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let known: Vec<String> = objects.iter().map(id).collect();
    let of = |row: &Line| row.cells.first().cloned().unwrap_or_default();
    let stray = grid.rows.iter().filter(|row| !known.contains(&of(row)));
    let wrong: Vec<Wrong> = stray
        .map(|row| {
            let (name, wanted) = (OF.to_owned(), Wanted::Codes(known.clone()));
            Wrong::Cell { line: row.number, column: 1, name, text: of(row), wanted }
        })
        .collect();
    if !wrong.is_empty() {
        return Err(wrong);
    }
    for (object, id) in objects.iter_mut().zip(&known) {
        let own = grid.rows.iter().filter(|row| of(row) == *id);
        let rows = own.map(|row| Line {
            number: row.number,
            cells: row.cells.iter().skip(1).cloned().collect(),
        });
        let examples = read(&Grid { columns: columns.clone(), rows: rows.collect() })?;
        if let Value::Object(fields) = object {
            fields.insert("examples".to_owned(), examples);
        }
    }
    Ok(())
}
