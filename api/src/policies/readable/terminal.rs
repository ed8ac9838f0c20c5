//! A readable pack as lines of text.

use super::{Cell, Lang, Mark, Readable, Row, Table};

/// Heading, then each table with a line for each row; of a row that changed, only what changed.
pub fn lines(readable: &Readable) -> Vec<String> {
    let mut lines = vec![readable.title.clone()];
    lines.extend(readable.notes.iter().cloned());
    for table in &readable.tables {
        lines.extend([String::new(), table.title.clone()]);
        lines.extend(table.note.iter().map(|note| format!("~ {note}")));
        lines.extend(table.rows.iter().map(|row| line(table, row, readable.lang)));
    }
    lines
}

fn line(table: &Table, row: &Row, lang: Lang) -> String {
    let (colon, semicolon) = match lang {
        Lang::Zh => ("：", "；"),
        Lang::En => (": ", "; "),
    };
    let mut columns = table.columns.iter().zip(&row.cells);
    let first = columns.next().map(|(_, cell)| cell.now.as_str()).unwrap_or_default();
    // A table of two columns says by its first what the second is.
    let titled = table.columns.len() > 2;
    let told = columns.filter(|(_, cell)| match row.mark {
        Mark::Changed => cell.old.is_some(),
        _ => !cell.now.is_empty(),
    });
    let told: Vec<String> = told
        .map(
            |(column, cell)| {
                if titled { format!("{} {}", column.title, shown(cell)) } else { shown(cell) }
            },
        )
        .collect();
    let colon = if told.is_empty() { "" } else { colon };
    format!("{} {first}{colon}{}", row.mark, told.join(semicolon))
}

fn shown(cell: &Cell) -> String {
    match &cell.old {
        Some(old) => format!("{} → {}", or_nothing(old), or_nothing(&cell.now)),
        None => cell.now.clone(),
    }
}

fn or_nothing(text: &str) -> &str {
    if text.is_empty() { "∅" } else { text }
}
