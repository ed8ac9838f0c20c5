//! What comes back from a spreadsheet, and what is told where it cannot.

use std::sync::OnceLock;

use domain::policy::proof;
use serde_json::json;

use super::*;

/// With what spreadsheets like to take for something else.
fn written() -> Value {
    let mut pack = value(&Pack::default_pack()).unwrap();
    let cells = pack.pointer_mut("/overdue/table/rows/0/when").unwrap();
    *cells = json!(["-", "-", "= 30", "30"]);
    let cells = pack.pointer_mut("/overdue/table/rows/1/when").unwrap();
    *cells = json!(["-", "-", "-1", "[1..2)"]);
    pack["overdue"]["examples"] = json!([
        { "name": "late", "given": { "overdue_days": "31", "entity": "missing" }, "expect": "stop" },
        { "name": "-1", "given": { "overdue_amount": "0" }, "expect": "fine" },
    ]);
    let rows = pack.pointer_mut("/overdue/table/rows").unwrap();
    rows[0]["text"] = json!({ "zh": "=先清欠", "en": "settle first" });
    rows[2]["basis"] = json!("销售合同第五条");
    *pack.pointer_mut("/papers/0/basis").unwrap() = json!("'=1+1");
    *pack.pointer_mut("/papers/1/basis").unwrap() = json!("a, \"b\"\n第一条");
    *pack.pointer_mut("/papers/2/id").unwrap() = json!("007");
    *pack.pointer_mut("/papers/3/id").unwrap() = json!("24E01");
    pack
}

fn from_text(text: &str, name: &str) -> Result<Pack, Vec<String>> {
    let read = sheet::Sheet::parse(text.as_bytes(), &Layout::default()).unwrap();
    let mut pack = value(&Pack::default_pack()).unwrap();
    let put = grid_from(&read).and_then(|grid| List::named(name).unwrap().put(&mut pack, &grid));
    put.map_err(|wrong| wrong.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Ok(serde_json::from_value(pack).unwrap())
}

/// A table's own sheet, or what a file has.
fn read(file: &Path, table: &str) -> sheet::Sheet {
    sheet_of(file, table).unwrap()
}

/// A sound pack with something in every table.
fn full() -> Value {
    static FULL: OnceLock<Value> = OnceLock::new();
    FULL.get_or_init(filled).clone()
}

fn filled() -> Value {
    let mut pack = value(&Pack::default_pack()).unwrap();
    pack["changes"]["stands_in"] = json!({ "compliance": "legal" });
    pack["approvals"]["routes"]["two_of_credit"] = json!({ "lane": "strict", "stages": [
        { "rule": { "quorum": 2 }, "departments": ["credit", "finance"], "escalation": ["finance"] },
        { "rule": "any", "departments": ["credit"] } ] });
    let text = |zh: &str, en: &str| json!({ "zh": zh, "en": en });
    let bins = json!([
        { "id": "none", "when": "0", "points": 30 },
        { "id": "late", "when": "> 0", "points": -20 },
        { "id": "unknown", "when": "missing", "points": 0 } ]);
    let late = json!({ "fact": "overdue_days", "title": text("逾期", "overdue"), "course": "falling",
        "remedy": text("结清。", "pay."), "bins": bins });
    let amount = json!({ "fact": "overdue_amount", "title": text("金额", "amount"),
        "remedy": text("减少。", "reduce."), "bins": [
            { "id": "small", "when": "< 1000.00", "points": 10 },
            { "id": "large", "when": ">= 1000.00", "points": 0 },
            { "id": "unknown", "when": "missing", "points": 5 } ] });
    let example = |name: &str, days: &str, expect: &str| json!({ "name": name, "given": { "overdue_days": days, "overdue_amount": "0" }, "expect": expect });
    pack["scorecards"] = json!([
        { "id": "behaviour", "base": 40, "characteristics": [late, amount],
          "examples": [example("pays", "0", "80"), example("late", "1", "30")] },
        { "id": "first-order", "base": -5, "characteristics": [late], "examples": [
            { "name": "unknown", "given": {}, "expect": "-5" } ] },
    ]);
    let band = |grade: &str, score: &str, limit: &str, days: u32, share: u32| {
        json!({ "grade": grade, "score": score, "terms_days": days, "prepaid_percent": share,
            "limit": { "amount": limit, "currency": "CNY" } })
    };
    let mut best = band("A", ">= 60", "5000000.00", 60, 0);
    best["text"] = text("优", "good");
    pack["bands"] = json!([
        { "id": "limits", "scorecard": "behaviour", "bands": [best, band("B", "< 60", "0.00", 0, 100)] },
        { "id": "first", "scorecard": "first-order", "bands": [band("C", "-", "0.00", 0, 100)] },
    ]);
    let pack: Pack = serde_json::from_value(pack).unwrap();
    assert_eq!(proof::objections(&pack), []);
    value(&pack).unwrap()
}

/// The same pack, as it is written.
fn same(pack: &Value) -> Value {
    value(&serde_json::from_value::<Pack>(pack.clone()).unwrap()).unwrap()
}

/// Nothing of a list, where a pack can be without.
fn emptied(list: &List, pack: &Value) -> Value {
    let mut pack = pack.clone();
    let cards = |pack: &mut Value, field: &str| {
        let cards = pack.pointer_mut("/scorecards").and_then(Value::as_array_mut);
        cards.into_iter().flatten().for_each(|card| card[field] = json!([]));
    };
    match list.name {
        "scorecard_examples" => cards(&mut pack, "examples"),
        // Their examples stand in a table of their own.
        "scorecards" => cards(&mut pack, "characteristics"),
        _ => {}
    }
    if list.at == "/scorecards" {
        return pack;
    }
    let Some(at) = pack.pointer_mut(list.at) else { return pack };
    match at {
        Value::Array(_) => *at = json!([]),
        Value::Object(table) if table.contains_key("rows") => {
            table.insert("inputs".to_owned(), json!([]));
            table.insert("rows".to_owned(), json!([]));
        }
        Value::Object(_) if list.name == "assessment" => at["sla_hours"] = json!(1),
        Value::Object(_) if list.name == "credit_terms" => at["horizon_days"] = json!(1),
        _ => *at = json!({}),
    }
    pack
}

#[test]
fn every_list_comes_back_from_either_file_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    for (pack, list) in
        [same(&written()), full()].iter().flat_map(|it| LISTS.iter().map(move |list| (it, list)))
    {
        let grid = list.grid(pack).unwrap();
        let (book, rows) = (folder.path().join("t.xlsx"), folder.path().join("t.csv"));
        workbook(&[(list.name, grid.clone())], &book).unwrap();
        separated(&grid, &rows).unwrap();
        let all = folder.path().join("all.xlsx");
        whole(pack, &all).unwrap();
        for file in [book, rows, all] {
            let read = grid_from(&read(&file, list.name)).unwrap();
            for mut again in [pack.clone(), emptied(list, pack)] {
                list.put(&mut again, &read)
                    .unwrap_or_else(|wrong| panic!("{}: {wrong:?}", list.name));
                assert_eq!(same(&again), *pack, "{} {}", list.name, file.display());
            }
        }
    }
}

/// A pack in which one cell of a table says something else.
fn with_cell(
    list: &List,
    row: usize,
    column: usize,
    text: &str,
) -> (Grid, Result<Pack, Vec<Wrong>>) {
    let mut pack = full();
    let mut grid = list.grid(&pack).unwrap();
    text.clone_into(&mut grid.rows[row].cells[column]);
    // As in a file, under the names of the columns.
    for (row, number) in grid.rows.iter_mut().zip(2..) {
        row.number = number;
    }
    let put = list.put(&mut pack, &grid);
    (grid, put.map(|()| serde_json::from_value(pack).unwrap()))
}

/// The columns of a table, to be tried in its first row.
fn columns(list: &List) -> std::ops::Range<usize> {
    let grid = list.grid(&full()).unwrap();
    assert!(!grid.rows.is_empty(), "{} has nothing to try", list.name);
    0..grid.columns.len()
}

/// Rows that no table has would be edited by hand alone.
#[test]
fn whatever_has_rows_in_a_pack_is_in_a_table() {
    fn walk(at: &str, value: &Value, found: &mut Vec<String>) {
        let inner: Vec<(String, &Value)> = match value {
            Value::Object(fields) => fields.iter().map(|(name, it)| (name.clone(), it)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(n, it)| (n.to_string(), it)).collect()
            }
            _ => return,
        };
        if LISTS
            .iter()
            .any(|list| list.at == at && !matches!(value.get("rows"), Some(Value::Array(_))))
        {
            return;
        }
        let keys = |it: &Value| it.as_object().map(|it| it.keys().cloned().collect::<Vec<_>>());
        let rows = match value {
            Value::Array(items) => items.iter().any(Value::is_object),
            // One code after the other, with the same said of each.
            Value::Object(fields) if fields.len() > 1 => {
                let first = fields.values().next().and_then(keys);
                first.is_some() && fields.values().all(|it| keys(it) == first)
            }
            _ => false,
        };
        if rows && !LISTS.iter().any(|list| at == format!("{}/rows", list.at)) {
            found.push(at.to_owned());
        }
        for (name, value) in inner {
            walk(&format!("{at}/{name}"), value, found);
        }
    }
    let mut found = Vec::new();
    walk("", &full(), &mut found);
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn a_changed_cell_of_any_table_is_a_change_in_its_place() {
    let old = full();
    for list in LISTS {
        let others = [
            "x",
            "none",
            "observe",
            "hospital",
            "7",
            "sunday",
            "2026-11-30",
            "08:00",
            "finance",
            "rising",
            "quorum 3",
            "8.00",
            "gsp_certificate",
            "document_expired",
        ];
        let mut changed = 0;
        for column in columns(list) {
            for other in others {
                let (_, Ok(new)) = with_cell(list, 0, column, other) else { continue };
                let told = policies::difference::differences(&old, &value(&new).unwrap());
                let within = told.iter().all(|it| it.to_string().contains(list.at));
                assert!(within, "{}: {told:?}", list.name);
                changed += usize::from(!told.is_empty());
            }
        }
        assert!(changed > 0, "{} cannot be changed", list.name);
    }
}

#[test]
fn a_bad_cell_of_any_table_is_told_by_line_and_column() {
    for list in LISTS {
        let mut told = 0;
        for column in columns(list) {
            let (grid, put) = with_cell(list, 0, column, "§");
            let said: Vec<Text> = match put {
                Err(wrong) => {
                    wrong.iter().map(|it| Text { zh: it.zh(), en: it.to_string() }).collect()
                }
                Ok(pack) => {
                    let pointers = proof::objections(&pack).into_iter().map(|it| it.pointer);
                    let pack = value(&pack).unwrap();
                    let spots = pointers.filter_map(|it| match list.about(&pack, &grid, &it) {
                        About::Spot(spot) => Some(spot.text()),
                        About::Table | About::Elsewhere => None,
                    });
                    spots.collect()
                }
            };
            let (line, column) = (2, column + 1);
            let zh = format!("第 {line} 行第 {column} 列");
            let en = format!("line {line}, column {column}");
            told += usize::from(said.iter().any(|it| it.zh.contains(&zh) && it.en.contains(&en)));
        }
        assert!(told > 0, "{}: nothing is told of a bad cell", list.name);
    }
}

#[test]
fn parts_name_what_they_are_parts_of() {
    let told = |text: &str, list: &str| from_text(text, list).unwrap_err();
    let columns = "route,lane,rule,departments,sla_hours,escalation,inform\r\n";
    assert_eq!(
        told(
            &format!(
                "{columns}a,fast,any,credit,,,\r\nb,fast,all,credit,,,\r\na,,any,finance,,,\r\n"
            ),
            "routes"
        ),
        ["line 4, column 1: \"a\" stands in a line before"]
    );
    assert_eq!(
        told(
            &format!("{columns}a,fast,any,credit,,,\r\na,strict,quorum,finance,soon,,\r\n"),
            "routes"
        ),
        [
            "line 3, column 2 (lane): \"strict\" cannot stand here; leave it empty, or as in line 2",
            "line 3, column 3 (rule): \"quorum\" cannot stand here; \
             one of: any, all, one_per_department, or quorum and how many, as quorum 2",
            "line 3, column 5 (sla_hours): \"soon\" cannot stand here; a whole number is wanted",
        ]
    );
    let stages = |text: &str| {
        let pack = value(&from_text(text, "routes").unwrap()).unwrap();
        pack.pointer("/approvals/routes").unwrap().clone()
    };
    let lane = "a,fast,quorum 2,\"credit, finance\",8,,sales\r\na,fast,any,quality,,,\r\nnone,straight_through,,,,,\r\n";
    assert_eq!(
        stages(&format!("{columns}{lane}")),
        json!({ "a": { "lane": "fast", "stages": [
            { "rule": { "quorum": 2 }, "departments": ["credit", "finance"], "sla_hours": 8, "inform": ["sales"] },
            { "rule": "any", "departments": ["quality"] } ] },
          "none": { "lane": "straight_through", "stages": [] } })
    );
    let two =
        "rule,departments,sla_hours,escalation,inform\r\nany,credit,8,,\r\nall,credit,8,,\r\n";
    assert_eq!(told(two, "assessment"), ["there are 2 lines under the columns, and one is wanted"]);
    let stray = "scorecard,name,overdue_days,expect\r\nfortune,a,1,2\r\n";
    assert_eq!(
        told(stray, "scorecard_examples"),
        [
            "line 2, column 1 (scorecard): \"fortune\" cannot stand here; write it as an exported table does"
        ]
    );
}

/// A threshold, a reaction and a paper are changed in a spreadsheet, and the difference is told.
#[test]
fn row_115_thresholds_and_responses_are_changed_without_code() {
    let old = value(&Pack::default_pack()).unwrap();
    let told = |list: &str, from: &str, to: &str| -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.csv");
        separated(&List::named(list).unwrap().grid(&old).unwrap(), &file).unwrap();
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        let new = value(&from_text(&text.replace(from, to), list).unwrap()).unwrap();
        let found = policies::difference::differences(&old, &new);
        found.iter().map(ToString::to_string).collect()
    };
    assert_eq!(
        told("overdue", "> 1000.00,> 30", "> 1000.00,> 45"),
        ["~ /overdue/table/rows/general-beyond/when/overdue_days: > 30 → > 45"]
    );
    assert_eq!(
        told("reactions", "credit.frozen,hold,hold", "credit.frozen,deny,hold"),
        ["~ /reactions/credit.frozen/order: hold → deny"]
    );
    assert_eq!(told("overdue", "> 30", "> 30"), Vec::<String>::new(), "nothing is changed");
    let wrong = from_text(
        "cause,order,shipment,invoice,receipt\r\ncredit.frozen,stop,hold,none,none\r\n",
        "reactions",
    );
    assert!(wrong.unwrap_err()[0].contains("line 2, column 2 (order): \"stop\""));
}

#[test]
fn a_row_may_say_in_two_languages_what_it_means_and_what_it_rests_on() {
    let read = |text: &str| {
        let pack = value(&from_text(text, "overdue").unwrap()).unwrap();
        pack.pointer("/overdue/table/rows/0").unwrap().clone()
    };
    assert_eq!(
        read("id,overdue_days,then,basis,text_en,text_zh\r\na,-,fine,第五条,all,全部\r\n"),
        json!({ "id": "a", "when": ["-"], "then": "fine", "basis": "第五条",
            "text": { "zh": "全部", "en": "all" } })
    );
    let nothing = "id,overdue_days,then,text_zh,text_en,basis\r\na,-,fine,,,\r\n";
    assert_eq!(read(nothing), json!({ "id": "a", "when": ["-"], "then": "fine" }));
    let wrong = from_text("id,overdue_days,then,note\r\na,-,fine,x\r\n", "overdue");
    assert!(wrong.unwrap_err()[0].contains("text_zh, text_en and basis may follow"));
}

#[test]
fn a_file_with_other_columns_is_told_so() {
    let told = |text: &str| from_text(text, "overdue").unwrap_err();
    assert_eq!(
        told("id,customer_kind\r\na,-\r\n"),
        [
            "the columns are id, one for each fact, and then; text_zh, text_en and basis may follow; \
          the file has: id, customer_kind"
        ]
    );
    assert_eq!(
        told("id,overdue_days,then\r\na,-,fine,stray\r\n"),
        ["line 2: 4 cells under 3 columns"]
    );
    assert_eq!(
        from_text("tage\r\n30\r\n", "expiry_notice").unwrap_err(),
        ["the columns are days; the file has: tage"]
    );
}

#[test]
fn every_wrong_cell_is_told_with_its_line_and_column() {
    assert_eq!(
        from_text("days\r\n60\r\nsoon\r\n-1\r\n", "expiry_notice").unwrap_err(),
        [
            "line 3, column 1 (days): \"soon\" cannot stand here; a whole number is wanted",
            "line 4, column 1 (days): \"-1\" cannot stand here; a whole number is wanted",
        ]
    );
    assert_eq!(
        from_text(
            "checkpoint,mode\r\norder,off\r\ninvoice,observe\r\ninvoice,enforce\r\n",
            "modes"
        )
        .unwrap_err(),
        ["line 2, column 2 (mode): \"off\" cannot stand here; one of: enforce, observe"]
    );
    assert_eq!(
        from_text("checkpoint,mode\r\ninvoice,observe\r\ninvoice,enforce\r\n", "modes")
            .unwrap_err(),
        ["line 3, column 1: \"invoice\" stands in a line before"]
    );
    assert_eq!(
        from_text("day\r\n2026-10-01\r\n2026-13-01\r\n", "holidays").unwrap_err(),
        [
            "line 3, column 1 (day): \"2026-13-01\" cannot stand here; a day is wanted, as 2026-10-01"
        ]
    );
    assert_eq!(
        from_text("from,to\r\n9:00,17:00\r\n", "working_hours").unwrap_err(),
        [
            "line 2, column 1 (from): \"9:00\" cannot stand here; a time from 00:00 to 24:00 is wanted, as 09:00"
        ]
    );
    let wrong = "id,kinds,entities,classes,traits,any_of,weight,scope,basis\r\n\
                 a,\"hospital, klinik\",,,,practice_licence,legal,none,\r\n";
    let told = from_text(wrong, "papers").unwrap_err();
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert!(told.starts_with("line 2, column 2 (kinds): \"hospital, klinik\""), "{told}");
    assert!(told.contains("clinic"), "{told}");
}

#[test]
fn an_edited_list_is_in_the_pack() {
    let pack = from_text("days\r\n60\r\n5\r\n", "expiry_notice").unwrap();
    assert_eq!(pack.expiry_notice_days, [60, 5]);
    let pack = from_text("checkpoint,mode\r\norder,observe\r\n", "modes").unwrap();
    assert_eq!(value(&pack).unwrap().pointer("/modes"), Some(&json!({ "order": "observe" })));
}
