//! The columns that the rows of a type have, from its schema: a table without rows has no row to take them from.

use std::collections::HashMap;

use utoipa::ToSchema;
use utoipa::openapi::schema::{SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

/// Where the schemas of one document refer to each other.
const NAMED: &str = "#/components/schemas/";
/// Objects in objects; what lies deeper stays in one column.
const DEPTH_MAX: usize = 8;

/// The columns of a table of `T`, in the order of its fields.
pub fn of<T: ToSchema>() -> Vec<String> {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let mut columns = Columns { named: named.into_iter().collect(), found: Vec::new() };
    columns.add(&T::schema(), "", 0);
    columns.found
}

struct Columns {
    named: HashMap<String, RefOr<Schema>>,
    found: Vec<String>,
}

impl Columns {
    fn add(&mut self, schema: &RefOr<Schema>, name: &str, depth: usize) {
        let schema = match schema {
            RefOr::T(schema) => schema.clone(),
            RefOr::Ref(reference) => {
                let of = reference.ref_location.strip_prefix(NAMED).unwrap_or_default();
                match self.named.get(of).cloned() {
                    Some(RefOr::T(schema)) => schema,
                    _ => return self.push(name),
                }
            }
        };
        if depth == DEPTH_MAX {
            return self.push(name);
        }
        match schema {
            Schema::Object(object) if !object.properties.is_empty() => {
                let dot = if name.is_empty() { "" } else { "." };
                for (field, schema) in &object.properties {
                    self.add(schema, &format!("{name}{dot}{field}"), depth + 1);
                }
            }
            Schema::OneOf(one) => self.add_each(&one.items, name, depth),
            Schema::AnyOf(any) => self.add_each(&any.items, name, depth),
            Schema::AllOf(all) => self.add_each(&all.items, name, depth),
            _ => self.push(name),
        }
    }

    fn add_each(&mut self, parts: &[RefOr<Schema>], name: &str, depth: usize) {
        for part in parts.iter().filter(|part| !is_null(part)) {
            self.add(part, name, depth + 1);
        }
    }

    fn push(&mut self, name: &str) {
        if !name.is_empty() && !self.found.iter().any(|found| found == name) {
            self.found.push(name.to_owned());
        }
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

#[cfg(test)]
mod tests {
    use projections::decisions::Release;

    use super::*;

    #[test]
    fn a_row_has_its_fields_and_those_of_its_objects() {
        let columns = of::<crate::controls::Denied>();
        assert_eq!(columns.first().map(String::as_str), Some("position"));
        for name in ["value.amount", "value.currency", "causes", "business_date"] {
            assert!(columns.iter().any(|column| column == name), "{name}: {columns:?}");
        }
        assert!(!columns.iter().any(|column| column == "value"), "{columns:?}");
        assert!(of::<Release>().contains(&"reason".to_owned()), "{:?}", of::<Release>());
    }
}
