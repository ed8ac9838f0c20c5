//! The examples of a decision table as cells: `name`, one column for each fact that any of them gives, and `expect`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Grid, Wrong, uneven};

const NAME: &str = "name";
const EXPECT: &str = "expect";

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
