//! Where in a JSON text something stands, by its pointer (RFC 6901).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde_json::value::RawValue;

/// Counted from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, ":{}:{}", self.line, self.column)
    }
}

/// The beginning of what a pointer names; of what is around it, where it names what is not there.
pub fn place(text: &str, pointer: &str) -> Place {
    let mut found: &str = text.trim_start();
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        match inner(found, &step) {
            Some(inside) => found = inside.get(),
            None => break,
        }
    }
    let offset = found.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let before = text.get(..offset).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    Place { line: 1 + before.matches('\n').count(), column: 1 + line.chars().count() }
}

fn inner<'a>(text: &'a str, step: &str) -> Option<&'a RawValue> {
    if text.starts_with('{') {
        let mut fields: BTreeMap<Cow<'a, str>, &'a RawValue> = serde_json::from_str(text).ok()?;
        fields.remove(step)
    } else if text.starts_with('[') {
        let items: Vec<&'a RawValue> = serde_json::from_str(text).ok()?;
        items.get(step.parse::<usize>().ok()?).copied()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_is_found_by_line_and_column() {
        let text = "\n{\n  \"规则\": [ 1,\n    {\"a/b\": \"x\"} ]\n}";
        let at = |pointer: &str| {
            let Place { line, column } = place(text, pointer);
            (line, column)
        };
        assert_eq!(at(""), (2, 1));
        assert_eq!(at("/规则"), (3, 9));
        assert_eq!(at("/规则/0"), (3, 11));
        assert_eq!(at("/规则/1/a~1b"), (4, 13));
        assert_eq!(at("/规则/1/c"), (4, 5), "what is around it");
        assert_eq!(at("/规则/7"), (3, 9));
    }
}
