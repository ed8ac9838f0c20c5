//! The house rules that a compiler does not know. Each failure says what to do instead.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The longest that a source file may be before it is more than one thing.
const LINES_MAX: usize = 500;
/// What each crate may use of the others: arrows point one way.
const ARROWS: [(&str, &[&str]); 4] = [
    ("domain", &[]),
    ("journal", &["domain"]),
    ("projections", &["domain", "journal"]),
    ("api", &["domain", "journal", "projections"]),
];
/// What `domain` may depend on: nothing that does I/O, keeps time or draws lots.
const PURE: [&str; 11] = [
    "chrono",
    "chrono-tz",
    "cqrs-es",
    "hex",
    "rust_decimal",
    "serde",
    "serde_json",
    "serde_json_canonicalizer",
    "sha2",
    "thiserror",
    "unicode-normalization",
];
/// The rows of the feature table whose tests `tests/ROWS.md` tells.
const ROWS: [u32; 23] = [
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 114, 115, 116, 117, 118, 119, 120,
    121,
];
/// How many guards of the approval engine are known to be noticed when they are gone, at least.
const HOLES_MIN: usize = 30;
/// Words that name nothing.
const BANNED: [&str; 7] = ["Manager", "Helper", "Util", "Processor", "Dto", "Misc", "Stuff"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every file below a folder with one of these endings, build output left out.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                found.extend(files(&path, endings));
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

fn sources() -> Vec<(PathBuf, String)> {
    let paths = files(&root(), &[".rs"]);
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn every_source_file_says_what_it_is() {
    for (path, text) in sources() {
        assert!(text.starts_with("//!"), "{}: begin with `//!` and what it is for", path.display());
    }
}

#[test]
fn no_source_file_is_more_than_one_thing() {
    for (path, text) in sources() {
        let lines = text.lines().count();
        assert!(lines <= LINES_MAX, "{}: {lines} lines; split it", path.display());
    }
}

#[test]
fn nothing_is_named_by_a_word_that_names_nothing() {
    for (path, text) in sources() {
        for line in text.lines() {
            let declares = ["struct ", "enum ", "trait ", "mod "].iter().find_map(|keyword| {
                let (before, name) = line.split_once(keyword)?;
                (!before.contains("//") && !before.contains('"')).then_some(name)
            });
            let Some(name) = declares else { continue };
            let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
            let bad = BANNED.iter().find(|word| name.ends_with(*word));
            assert!(bad.is_none(), "{}: {name} says nothing", path.display());
        }
    }
}

#[test]
fn arrows_between_the_crates_point_one_way() {
    for (name, allowed) in ARROWS {
        let manifest = fs::read_to_string(root().join(name).join("Cargo.toml")).unwrap();
        let (_, dependencies) = manifest.split_once("[dependencies]").unwrap();
        for (other, _) in ARROWS {
            let uses = dependencies.lines().any(|line| line.starts_with(&format!("{other}.")));
            assert!(!uses || allowed.contains(&other), "{name} must not use {other}");
        }
    }
}

#[test]
fn the_rules_depend_on_nothing_that_does_io_keeps_time_or_draws_lots() {
    let manifest = fs::read_to_string(root().join("domain/Cargo.toml")).unwrap();
    let (_, rest) = manifest.split_once("[dependencies]").unwrap();
    let dependencies = rest.split("\n[").next().unwrap();
    for line in dependencies.lines().filter(|line| line.contains('.')) {
        let name = line.split('.').next().unwrap();
        let known = PURE.contains(&name) || ["uuid", "utoipa"].contains(&name);
        assert!(known, "domain must not depend on {name}");
    }
    for (path, text) in sources() {
        if path.starts_with(root().join("domain")) {
            let asynchronous = text.contains("async fn ") && !path.ends_with("decider.rs");
            assert!(!asynchronous, "{}: rules do not wait", path.display());
        }
    }
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| {
        let folder = root().join("migrations").join(engine);
        let mut names: Vec<_> = files(&folder, &[".sql"])
            .iter()
            .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
    assert!(!names("sqlite").is_empty());
}

#[test]
fn dates_of_bodies_and_queries_are_read_in_one_way() {
    let ours = |path: &Path| {
        !path.components().any(|c| ["demo", "import"].iter().any(|n| c.as_os_str() == *n))
    };
    let api = files(&root().join("api/src"), &[".rs"]);
    for path in api.into_iter().filter(|path| ours(path)) {
        let text = fs::read_to_string(&path).unwrap();
        let (mut comes_in, mut before) = (false, "");
        for line in text.lines() {
            let derived = line.starts_with("#[derive(") && line.contains("Deserialize");
            comes_in = (comes_in && line != "}") || derived || line.starts_with("list_query! {");
            let date = ["NaiveDate,", "NaiveDate>,", "DateTime<Utc>,", "DateTime<Utc>>,"];
            if comes_in && date.iter().any(|end| line.ends_with(end)) {
                let strict = before.contains("deserialize_with = \"day::");
                assert!(strict, "{}: `{}`: read it by `day`", path.display(), line.trim());
            }
            before = line;
        }
    }
}

#[test]
fn the_project_speaks_of_itself_alone() {
    let endings = [".rs", ".md", ".toml", ".sql", ".json", "test", "extra", "with-postgres", "run"];
    let foreign = ["root", "home", "work"].map(|top| format!("/{top}/"));
    for path in files(&root(), &endings) {
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let found = foreign.iter().find(|start| text.contains(*start));
        assert!(found.is_none(), "{}: names a path of one machine", path.display());
    }
}

/// `scripts/holes.py` takes each of these out of what stands here.
#[test]
fn every_hole_that_is_planted_has_its_guard() {
    let table = fs::read_to_string(root().join("tests/data/holes.json")).unwrap();
    let table: serde_json::Value = serde_json::from_str(&table).unwrap();
    let holes = table.as_array().unwrap();
    assert!(holes.len() >= HOLES_MIN, "{} holes: plant more", holes.len());
    for hole in holes {
        let text = |field: &str| hole[field].as_str().unwrap();
        let source = fs::read_to_string(root().join(text("file"))).unwrap();
        let times = source.matches(text("guard")).count();
        assert_eq!(times, 1, "{}: its guard is no longer there: mend the table", text("name"));
    }
}

/// Every test that is named after a row of the feature table, by its row.
fn row_tests() -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for (_, text) in sources() {
        let mut marked = false;
        for line in text.lines().map(str::trim_start) {
            let name = line.strip_prefix("async fn ").or_else(|| line.strip_prefix("fn "));
            let name = name.and_then(|rest| rest.split('(').next()).unwrap_or_default();
            let row = name.strip_prefix("row_").and_then(|rest| rest.split('_').next());
            if let Some(row) = row.and_then(|row| row.parse().ok()).filter(|_| marked) {
                found.push((row, name.to_owned()));
            }
            marked = line.starts_with("#[") && (marked || line.contains("test"));
        }
    }
    found
}

#[test]
fn each_row_of_the_feature_table_has_its_tests() {
    let table = fs::read_to_string(root().join("tests/ROWS.md")).unwrap();
    let told = |row: u32| table.lines().find(|line| line.starts_with(&format!("| {row} |")));
    let names =
        |cell: &str| cell.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let tests = row_tests();
    for row in ROWS {
        let line = told(row).unwrap_or_else(|| panic!("tests/ROWS.md: tell row {row}"));
        let cells: Vec<Vec<String>> = line.split('|').skip(3).take(3).map(names).collect();
        for (cell, kind) in cells.iter().zip(["accepting", "refusing", "boundary"]) {
            assert!(!cell.is_empty(), "tests/ROWS.md: name a test of row {row} in column {kind}");
        }
        let told: Vec<&String> = cells.iter().flatten().collect();
        let known = |name: &str| tests.contains(&(row, name.to_owned()));
        let gone = told.iter().find(|name| !known(name));
        assert!(gone.is_none(), "tests/ROWS.md: there is no test {gone:?} of row {row}");
        let mut missing = tests.iter().filter(|(of, name)| *of == row && !told.contains(&name));
        let missing = missing.next();
        assert!(missing.is_none(), "tests/ROWS.md: tell {missing:?}");
    }
}

/// Under which name each type of the sources stands in the document of the HTTP interface.
fn schemas() -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    for (path, text) in sources() {
        let shipped = text.split("#[cfg(test)]").next().unwrap();
        for derived in shipped.split("#[derive(").skip(1) {
            let Some((traits, rest)) = derived.split_once(")]") else { continue };
            if !traits.split(',').any(|it| it.trim().ends_with("ToSchema")) {
                continue;
            }
            let Some(at) = ["struct ", "enum "].iter().filter_map(|it| rest.find(it)).min() else {
                continue;
            };
            let (attributes, item) = rest.split_at(at);
            let renamed = attributes.split_once("schema(as = ").map(|(_, name)| name);
            let own = || item.split_once(' ').map(|(_, name)| name).unwrap();
            let name = renamed.unwrap_or_else(own);
            let name = name.split(|it: char| !it.is_alphanumeric()).next().unwrap();
            // What a macro is given a name for is looked at where it is named.
            if !name.is_empty() {
                found.push((name.to_owned(), path.clone()));
            }
        }
    }
    found
}

/// Of two types of one name the document shows one, and says the wrong thing wherever the other is meant.
#[test]
fn no_two_types_stand_under_one_name_in_the_http_document() {
    let mut schemas = schemas();
    assert!(schemas.len() > 200, "types are not found any more: {}", schemas.len());
    schemas.sort();
    for pair in schemas.windows(2) {
        let ((one, path), (other, there)) = (&pair[0], &pair[1]);
        assert!(
            one != other,
            "{one}: {} and {}: give one of them `#[schema(as = …)]`",
            path.display(),
            there.display()
        );
    }
}
