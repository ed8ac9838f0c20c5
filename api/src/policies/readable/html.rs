//! A readable pack as one HTML page that needs nothing else: no script, no picture, nothing fetched.

use super::{Cell, Lang, Mark, Readable, Row, Table};

const STYLE: &str = "\
body{font:16px/1.5 system-ui,'Noto Sans CJK SC','Microsoft YaHei',sans-serif;color:#1a1a1a;background:#fff;\
max-width:80rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.6rem}h2{font-size:1.2rem;margin:2rem 0 .5rem}\
.hash{font:.8rem ui-monospace,monospace;color:#555;overflow-wrap:anywhere;margin:.2rem 0}\
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9rem}\
th,td{border:1px solid #c8c8c8;padding:.3rem .55rem;text-align:left;vertical-align:top;min-width:4.2em}\
thead th{background:#f1f3f5}tbody th{font-weight:600}td.long{min-width:8.5em}\
.added{background:#e9f7ec}.removed{background:#fdecec}\
del{color:#9b1c1c}ins{color:#14612b;font-weight:600;text-decoration:none}\
@media print{body{margin:0;max-width:none;font-size:10pt}h2{break-after:avoid}tr{break-inside:avoid}\
thead{display:table-header-group}.wide{overflow:visible}th,td,td.long{min-width:0}}";

/// With more Chinese characters a cell keeps more width: Chinese is broken anywhere, and beside English would stand in a thin column.
const LONG: usize = 12;

/// The whole page.
pub fn page(readable: &Readable) -> String {
    let lang = readable.lang.pick("zh-CN", "en");
    let title = escaped(&readable.title);
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n"
    );
    let notes = readable.notes.iter().map(|note| {
        format!(
            "<p class=\"hash\">{}</p>
",
            escaped(note)
        )
    });
    page.extend(notes);
    let tables = readable.tables.iter().zip(1..);
    page.extend(tables.map(|(table, number)| section(table, number, readable.lang)));
    page.push_str("</main>\n</body>\n</html>\n");
    page
}

fn section(table: &Table, number: usize, lang: Lang) -> String {
    let id = format!("t{number}");
    let title = escaped(&table.title);
    let note = table.note.as_deref().map(|note| format!("<p>{}</p>\n", escaped(note)));
    let note = note.unwrap_or_default();
    if table.rows.is_empty() {
        let empty = lang.pick("无", "none");
        let body = if note.is_empty() { format!("<p>{empty}</p>\n") } else { note };
        return format!(
            "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{body}</section>\n"
        );
    }
    // What changed is said in words, and not by colour alone.
    let marked = table.rows.iter().any(|row| row.mark != Mark::Same);
    let mark = if marked { lang.pick("变更", "change") } else { "" };
    let mark = if marked { format!("<th scope=\"col\">{mark}</th>") } else { String::new() };
    let columns: Vec<String> = table
        .columns
        .iter()
        .map(|column| format!("<th scope=\"col\">{}</th>", escaped(&column.title)))
        .collect();
    let columns = columns.concat();
    let rows: String = table.rows.iter().map(|row| line(row, lang)).collect();
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{title}</h2>\n{note}<div class=\"wide\">\
         <table aria-labelledby=\"{id}\">\n<thead><tr>{mark}{columns}</tr></thead>\n<tbody>\n{rows}</tbody>\n\
         </table></div>\n</section>\n"
    )
}

fn line(row: &Row, lang: Lang) -> String {
    let (class, word) = match row.mark {
        Mark::Same => ("", None),
        Mark::Added => ("added", Some(lang.pick("新增", "added"))),
        Mark::Removed => ("removed", Some(lang.pick("删除", "removed"))),
        Mark::Changed => ("changed", Some(lang.pick("修改", "changed"))),
    };
    let open = if class.is_empty() { "<tr>".into() } else { format!("<tr class=\"{class}\">") };
    let word = word.map(|word| format!("<td>{word}</td>")).unwrap_or_default();
    let cells: String = row
        .cells
        .iter()
        .zip(0..)
        .map(|(cell, column)| match column {
            0 => format!("<th scope=\"row\">{}</th>", content(cell, row.mark)),
            _ if cell.now.chars().filter(|it| !it.is_ascii()).count() > LONG => {
                format!("<td class=\"long\">{}</td>", content(cell, row.mark))
            }
            _ => format!("<td>{}</td>", content(cell, row.mark)),
        })
        .collect();
    format!("{open}{word}{cells}</tr>\n")
}

fn content(cell: &Cell, mark: Mark) -> String {
    let now = escaped(&cell.now);
    match (&cell.old, mark) {
        (Some(old), _) => {
            let old = if old.is_empty() {
                String::new()
            } else {
                format!("<del>{}</del> ", escaped(old))
            };
            let now = if now.is_empty() { now } else { format!("<ins>{now}</ins>") };
            format!("{old}{now}")
        }
        (None, Mark::Removed) if !now.is_empty() => format!("<del>{now}</del>"),
        (None, _) => now,
    }
}

/// Text that is text in HTML, in an element and in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
