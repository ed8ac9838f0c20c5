//! What differs between two packs, place by place. Rows and rules are told by their ids, examples by their names, not by their
//! numbers.

use std::fmt;

use serde_json::{Map, Value};

/// The longest list of plain values that is shown whole, before and after.
const ITEMS_SHOWN_MAX: usize = 8;

/// One place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub place: String,
    pub change: Change,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Added(String),
    Removed(String),
    Changed {
        old: String,
        new: String,
    },
    /// The same rows in another order, where the order says which comes first.
    Moved,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = &self.place;
        match &self.change {
            Change::Added(new) => write!(f, "+ {place}: {new}"),
            Change::Removed(old) => write!(f, "- {place}: {old}"),
            Change::Changed { old, new } => write!(f, "~ {place}: {old} → {new}"),
            Change::Moved => write!(f, "~ {place}: in another order"),
        }
    }
}

/// Everything that differs, in the order of the new pack, and what is gone after it.
pub fn differences(old: &Value, new: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare("", old, new, &[], &mut found);
    found
}

fn compare(place: &str, old: &Value, new: &Value, inputs: &[String], found: &mut Vec<Difference>) {
    match (old, new) {
        _ if old == new => {}
        (Value::Object(old), Value::Object(new)) => {
            // The cells of a table's rows are told by the facts that they are about.
            let inputs = match (names(old.get("inputs")), names(new.get("inputs"))) {
                (None, None) => inputs.to_vec(),
                (before, after) if before == after => after.unwrap_or_default(),
                _ => Vec::new(),
            };
            fields(place, old, new, &inputs, found);
        }
        (Value::Array(old), Value::Array(new)) => match (ids(old), ids(new)) {
            (Some(old_ids), Some(new_ids)) => {
                rows(place, (old, &old_ids), (new, &new_ids), inputs, found);
            }
            _ if place.ends_with("/when")
                && old.len() == new.len()
                && new.len() == inputs.len() =>
            {
                for ((old, new), input) in old.iter().zip(new).zip(inputs) {
                    compare(&format!("{place}/{input}"), old, new, &[], found);
                }
            }
            _ if is_long(old) || is_long(new) => items(place, old, new, found),
            _ => changed(place, &Value::from(old.clone()), &Value::from(new.clone()), found),
        },
        _ => changed(place, old, new, found),
    }
}

fn changed(place: &str, old: &Value, new: &Value, found: &mut Vec<Difference>) {
    let change = Change::Changed { old: shown(old), new: shown(new) };
    found.push(Difference { place: place.to_owned(), change });
}

fn fields(
    place: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    inputs: &[String],
    found: &mut Vec<Difference>,
) {
    for (name, value) in new {
        let place = format!("{place}/{name}");
        match old.get(name) {
            Some(before) => compare(&place, before, value, inputs, found),
            None => found.push(Difference { place, change: Change::Added(shown(value)) }),
        }
    }
    for (name, value) in old.iter().filter(|(name, _)| !new.contains_key(*name)) {
        let change = Change::Removed(shown(value));
        found.push(Difference { place: format!("{place}/{name}"), change });
    }
}

fn rows(
    place: &str,
    (old, old_ids): (&[Value], &[String]),
    (new, new_ids): (&[Value], &[String]),
    inputs: &[String],
    found: &mut Vec<Difference>,
) {
    for (row, id) in new.iter().zip(new_ids) {
        let place = format!("{place}/{id}");
        match old.iter().zip(old_ids).find(|(_, old_id)| *old_id == id) {
            Some((before, _)) => compare(&place, before, row, inputs, found),
            None => found.push(Difference { place, change: Change::Added(shown(row)) }),
        }
    }
    for (row, id) in old.iter().zip(old_ids).filter(|(_, id)| !new_ids.contains(*id)) {
        let change = Change::Removed(shown(row));
        found.push(Difference { place: format!("{place}/{id}"), change });
    }
    let kept = |ids: &[String], others: &[String]| -> Vec<String> {
        ids.iter().filter(|id| others.contains(*id)).cloned().collect()
    };
    if kept(old_ids, new_ids) != kept(new_ids, old_ids) {
        found.push(Difference { place: place.to_owned(), change: Change::Moved });
    }
}

/// Whether a list of plain values, each there once, is too long to be shown whole.
fn is_long(list: &[Value]) -> bool {
    let plain = list.iter().all(|item| !item.is_object() && !item.is_array());
    let once =
        || list.iter().enumerate().all(|(n, item)| !list.iter().take(n).any(|it| it == item));
    list.len() > ITEMS_SHOWN_MAX && plain && once()
}

fn items(place: &str, old: &[Value], new: &[Value], found: &mut Vec<Difference>) {
    let told = |change| Difference { place: place.to_owned(), change };
    let added = new.iter().filter(|item| !old.contains(item));
    found.extend(added.map(|item| told(Change::Added(shown(item)))));
    let removed = old.iter().filter(|item| !new.contains(item));
    found.extend(removed.map(|item| told(Change::Removed(shown(item)))));
    let kept = new.iter().filter(|item| old.contains(item));
    if kept.ne(old.iter().filter(|item| new.contains(item))) {
        found.push(told(Change::Moved));
    }
}

/// What a row is told by.
pub fn key(row: &Value) -> Option<&str> {
    ["id", "name", "fact", "grade"].iter().find_map(|field| row.get(field)?.as_str())
}

/// The ids of a list of rows, if every one has an id of its own.
fn ids(list: &[Value]) -> Option<Vec<String>> {
    let ids: Option<Vec<String>> = list.iter().map(|row| Some(key(row)?.to_owned())).collect();
    ids.filter(|ids| {
        !ids.is_empty()
            && ids.iter().enumerate().all(|(n, id)| !ids.iter().take(n).any(|other| other == id))
    })
}

fn names(list: Option<&Value>) -> Option<Vec<String>> {
    list?.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect()
}

/// A text as it is, everything else as JSON.
fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(old: &Value, new: &Value) -> Vec<String> {
        differences(old, new).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn cells_are_told_by_row_and_fact() {
        let row = |id: &str, days: &str| json!({"id": id, "when": ["-", days], "then": "stop"});
        let table = |rows: Vec<Value>| json!({"inputs": ["kind", "days"], "rows": rows});
        let old = table(vec![row("a", "> 30"), row("b", "> 60"), row("c", "-")]);
        let new = table(vec![row("b", "> 60"), row("a", "> 45"), row("d", "-")]);
        assert_eq!(
            told(&old, &new),
            [
                "~ /rows/a/when/days: > 30 → > 45",
                r#"+ /rows/d: {"id":"d","then":"stop","when":["-","-"]}"#,
                r#"- /rows/c: {"id":"c","then":"stop","when":["-","-"]}"#,
                "~ /rows: in another order",
            ]
        );
        assert_eq!(told(&old, &old), Vec::<String>::new());
    }

    #[test]
    fn of_a_long_list_of_values_only_what_comes_and_goes_is_told() {
        let list = |days: Vec<u32>| json!({ "days": days });
        let old = list((1..=9).collect());
        assert_eq!(
            told(&old, &list(vec![2, 1, 3, 4, 5, 6, 7, 8, 10])),
            ["+ /days: 10", "- /days: 9", "~ /days: in another order"]
        );
        assert_eq!(told(&list(vec![1, 2]), &list(vec![1, 3])), ["~ /days: [1,2] → [1,3]"]);
    }

    #[test]
    fn fields_come_and_go_and_change_their_kind() {
        let old = json!({"a": 1, "b": {"c": [1, 2]}, "gone": null});
        let new = json!({"a": "1", "b": {"c": [2, 1]}, "new": true});
        assert_eq!(
            told(&old, &new),
            ["~ /a: 1 → 1", "~ /b/c: [1,2] → [2,1]", "+ /new: true", "- /gone: null"]
        );
    }
}
