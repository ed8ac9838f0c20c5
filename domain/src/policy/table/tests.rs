//! Tables by example, and the checker against every combination of values of small tables.

use chrono::NaiveDate;
use proptest::prelude::*;

use super::axis::{Unit, WhenMissing};
use super::check::{Finding, check};
use super::*;

fn number(name: &str, greatest: i64, scale: u32, unit: Unit, when_missing: WhenMissing) -> Fact {
    let (least, greatest) = (Decimal::ZERO, Decimal::from(greatest));
    let axis = Axis::Number { least, greatest, scale };
    Fact { name: name.to_owned(), axis, unit, when_missing }
}

fn codes(list: &[&str]) -> Axis {
    Axis::Code(list.iter().map(|code| (*code).to_owned()).collect())
}

fn catalogue() -> Vec<Fact> {
    let kind = Fact {
        name: "kind".to_owned(),
        axis: codes(&["hospital", "distributor", "clinic"]),
        unit: Unit::None,
        when_missing: WhenMissing::Hold,
    };
    vec![
        number("overdue_days", 3_650, 0, Unit::Days, WhenMissing::Hold),
        number("utilisation", 10, 4, Unit::Ratio, WhenMissing::OwnBin),
        kind,
    ]
}

fn slot(output: Axis) -> Slot {
    Slot { name: "t".to_owned(), facts: catalogue(), output }
}

fn digit() -> Axis {
    Axis::Number { least: Decimal::ZERO, greatest: Decimal::from(9), scale: 0 }
}

fn written(hit: HitPolicy, inputs: &[&str], rows: &[(&[&str], &str)]) -> Source {
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let row = |(n, (when, then)): (usize, &(&[&str], &str))| {
        SourceRow::plain(format!("r{n}"), texts(when), (*then).to_owned())
    };
    Source {
        hit,
        inputs: texts(inputs),
        monotone: Vec::new(),
        rows: (1..).zip(rows).map(row).collect(),
    }
}

/// What the research found a popular engine to allow: here none of it can be read, or it is a hold.
#[test]
fn a_mistyped_cell_a_text_for_a_number_and_a_missing_value_never_allow() {
    let table = |cell: &str| {
        let rows: [(&[&str], &str); 2] = [(&[cell], "block"), (&["-"], "allow")];
        Table::read(
            &written(HitPolicy::First, &["overdue_days"], &rows),
            &slot(codes(&["allow", "block"])),
        )
    };
    for (cell, at) in
        [("> 3O", 3), ("> 30 and (", 6), ("> ", 3), ("", 1), ("> 30.5", 3), ("> 4000", 3)]
    {
        let mistakes = table(cell).unwrap_err();
        let [Mistake::Cell { row: 1, column: 1, error }] = mistakes.as_slice() else {
            panic!("{cell:?}: {mistakes:?}");
        };
        assert_eq!(error.at, at, "{cell:?}: {error}");
    }
    let table = table("> 30").unwrap();
    let outcome = |value: Value| table.answer(&[value]).map(|answer| answer.outcome);
    let says = |code: &str| Ok(Outcome::One(Value::Code(code.to_owned())));
    assert_eq!(outcome(Value::Number(Decimal::from(90))), says("block"));
    assert_eq!(outcome(Value::Number(Decimal::from(30))), says("allow"));
    assert!(matches!(
        outcome(Value::Code("90".to_owned())),
        Err(Fault::OffAxis { why: OffAxis::Type, .. })
    ));
    assert!(matches!(outcome(Value::Missing), Err(Fault::OffAxis { why: OffAxis::Missing, .. })));
    assert!(matches!(
        outcome(Value::Number(Decimal::from(-1))),
        Err(Fault::OffAxis { why: OffAxis::Bounds, .. })
    ));
    assert_eq!(table.answer(&[]), Err(Fault::Inputs { given: 0, inputs: 1 }));
}

#[test]
fn cells_mean_what_they_say() {
    let facts = catalogue();
    let [days, ratio, kind] = facts.as_slice() else { panic!("three facts") };
    let number = |text: &str| Value::Number(text.parse().unwrap());
    let code = |text: &str| Value::Code(text.to_owned());
    let cases: &[(&Fact, &str, &[Value], &[Value])] = &[
        (days, "30", &[number("30")], &[number("29"), number("31")]),
        (days, "= P30D", &[number("30")], &[number("31")]),
        (days, "< 30", &[number("0"), number("29")], &[number("30")]),
        (days, "≤30", &[number("30")], &[number("31")]),
        (days, ">= 30", &[number("30"), number("3650")], &[number("29")]),
        (days, "[30..60)", &[number("30"), number("59")], &[number("29"), number("60")]),
        (days, "(30..60]", &[number("31"), number("60")], &[number("30"), number("61")]),
        (days, "not([30..60])", &[number("29"), number("61")], &[number("30"), number("60")]),
        (days, "in (1, > 100)", &[number("1"), number("101")], &[number("2"), number("100")]),
        (ratio, "> 0.8", &[number("0.8001"), number("10")], &[number("0.8"), Value::Missing]),
        (ratio, "not(> 0.8)", &[number("0.8")], &[number("0.8001"), Value::Missing]),
        (ratio, "missing", &[Value::Missing], &[number("0")]),
        (ratio, "not(missing)", &[number("0")], &[Value::Missing]),
        (ratio, "in (missing, 0)", &[number("0"), Value::Missing], &[number("0.0001")]),
        (ratio, "-", &[number("0"), Value::Missing], &[]),
        (kind, "hospital", &[code("hospital")], &[code("clinic")]),
        (
            kind,
            "in (hospital, clinic)",
            &[code("hospital"), code("clinic")],
            &[code("distributor")],
        ),
        (kind, "not(in (hospital, clinic))", &[code("distributor")], &[code("hospital")]),
    ];
    for (fact, text, within, without) in cases {
        let set = cell::meaning(text, fact).unwrap_or_else(|error| panic!("{text}: {error}"));
        let holds = |value: &Value| set.contains(fact.at(value).unwrap());
        assert!(within.iter().all(holds) && !without.iter().any(holds), "{text} of {}", fact.name);
    }
}

#[test]
fn dates_are_days_and_are_written_in_one_way() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let fact = Fact {
        name: "valid_until".to_owned(),
        axis: Axis::Date { first: day("2000-01-01"), last: day("2099-12-31") },
        unit: Unit::None,
        when_missing: WhenMissing::OwnBin,
    };
    for (text, within, without) in [
        ("2026-11-30", &["2026-11-30"][..], &["2026-11-29", "2026-12-01"][..]),
        ("< 2026-11-30", &["2000-01-01", "2026-11-29"], &["2026-11-30"]),
        ("[2026-01-01..2027-01-01)", &["2026-01-01", "2026-12-31"], &["2025-12-31", "2027-01-01"]),
        ("not(>= 2026-11-30)", &["2026-11-29"], &["2026-11-30", "2099-12-31"]),
        ("in (2024-02-29, > 2099-12-30)", &["2024-02-29", "2099-12-31"], &["2024-03-01"]),
    ] {
        let set = cell::meaning(text, &fact).unwrap_or_else(|error| panic!("{text}: {error}"));
        let holds = |date: &&str| set.contains(fact.at(&Value::Date(day(date))).unwrap());
        assert!(within.iter().all(holds) && !without.iter().any(holds), "{text}");
        assert!(!set.contains(fact.at(&Value::Missing).unwrap()), "{text}");
    }
    for text in ["2026-2-28", "2026-02-29", "1999-12-31", "> 2099-12-31", "20261130", "P30D", "30"]
    {
        assert!(cell::meaning(text, &fact).is_err(), "{text}");
    }
}

#[test]
fn a_cell_that_makes_no_sense_says_where_and_why() {
    let facts = catalogue();
    let [days, _, kind] = facts.as_slice() else { panic!("three facts") };
    let cases: &[(&Fact, &str, &str)] = &[
        (days, "[30..60", "at character 8: expected ] or ) at the end of the interval"),
        (days, "[60..30]", "at character 2: the interval ends before it begins"),
        (days, "(30..30)", "at character 1: no value makes this true"),
        (days, "< 0", "at character 1: no value makes this true"),
        (days, "not(-)", "at character 5: \"-\" is no value of this fact: it is of another type"),
        (days, "30 40", "at character 4: this is left over"),
        (days, "1e2", "at character 1: \"1e2\" is no value of this fact: it is of another type"),
        (
            days,
            "missing",
            "at character 1: \"missing\" is no value of this fact: it is missing, and no row may say what happens then",
        ),
        (kind, "> hospital", "at character 3: codes have no order; name them, as in: in (a, b)"),
        (
            kind,
            "in (hospital, klinik)",
            "at character 15: \"klinik\" is no value of this fact: the list does not have it",
        ),
        (
            days,
            "not(not(not(not(not(not(not(not(not(1)))))))))",
            "at character 33: tests stand in one another more than 8 deep",
        ),
    ];
    for (fact, text, said) in cases {
        assert_eq!(cell::meaning(text, fact).unwrap_err().to_string(), *said, "{text}");
    }
}

#[test]
fn everything_that_is_wrong_with_a_table_is_said_at_once() {
    let rows: [(&[&str], &str); 3] =
        [(&["> x", "hospital"], "hold"), (&["-"], "allow"), (&["-", "nobody"], "perhaps")];
    let mut source = written(HitPolicy::First, &["overdue_days", "kind"], &rows);
    let slot = slot(codes(&["allow", "hold"]));
    source.rows[2].id = "r1".to_owned();
    source.monotone = vec![Monotone { input: "kind".to_owned(), course: Course::Rising }];
    let said: Vec<String> =
        Table::read(&source, &slot).unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), 6, "{said:#?}");
    source.inputs[0] = "overdue".to_owned();
    let said = Table::read(&source, &slot).unwrap_err();
    assert_eq!(said, [Mistake::UnknownFact { column: 1, name: "overdue".to_owned() }]);
}

#[test]
fn an_axis_without_values_or_with_codes_that_are_no_words_is_refused() {
    let read = |axis: Axis| {
        let fact =
            Fact { name: "f".to_owned(), axis, unit: Unit::None, when_missing: WhenMissing::Hold };
        let rows: [(&[&str], &str); 1] = [(&["-"], "allow")];
        let slot = Slot { facts: vec![fact], ..slot(codes(&["allow"])) };
        Table::read(&written(HitPolicy::First, &["f"], &rows), &slot).map(|_| ())
    };
    let number = |least: i64, greatest: i64, scale| Axis::Number {
        least: Decimal::from(least),
        greatest: Decimal::from(greatest),
        scale,
    };
    let refused = Err(vec![Mistake::Axis { of: "f".to_owned() }]);
    for axis in [number(2, 1, 0), number(0, i64::MAX, 2), number(0, 1, 40), codes(&[])] {
        assert_eq!(read(axis), refused);
    }
    for list in [&["a", "a"], &["a", "-"], &["a", "missing"], &["a", "b c"], &["a", "b..c"]] {
        assert_eq!(read(codes(list)), refused, "{list:?}");
    }
    assert_eq!(read(codes(&["document.expired", "三类"])), Ok(()));
}

#[test]
fn a_gap_an_overlap_and_a_dead_row_come_with_an_example() {
    let rows: [(&[&str], &str); 3] = [
        (&["< 30", "-"], "allow"),
        (&["[30..60)", "hospital"], "advise"),
        (&[">= 60", "-"], "hold"),
    ];
    let mut source = written(HitPolicy::Unique, &["overdue_days", "kind"], &rows);
    let slot = slot(codes(&["allow", "advise", "hold"]));
    let found = |source: &Source| check(&Table::read(source, &slot).unwrap());
    let point = |days: i64, kind: &str| {
        vec![Value::Number(Decimal::from(days)), Value::Code(kind.to_owned())]
    };
    assert_eq!(found(&source), [Finding::Gap { example: point(30, "distributor") }]);
    source.rows[1].when[1] = "-".to_owned();
    source.monotone = vec![Monotone { input: "overdue_days".to_owned(), course: Course::Rising }];
    assert_eq!(found(&source), []);
    source.rows[0].when[0] = "<= 30".to_owned();
    assert_eq!(found(&source), [Finding::Overlap { rows: (1, 2), example: point(30, "hospital") }]);
    source.hit = HitPolicy::First;
    assert_eq!(found(&source), []);
    source.rows[1].when[0] = "<= 30".to_owned();
    source.rows[2].when[0] = "-".to_owned();
    assert_eq!(found(&source), [Finding::Unreachable { row: 2 }]);
    source.rows[1].when[0] = "<= 90".to_owned();
    source.rows[1].then = "hold".to_owned();
    source.rows[2].then = "advise".to_owned();
    let (lower, higher) = (point(31, "hospital"), point(91, "hospital"));
    assert_eq!(found(&source), [Finding::AgainstCourse { input: 0, lower, higher }]);
}

#[test]
fn each_hit_policy_answers_as_dmn_says_and_names_its_rows() {
    let rows: [(&[&str], &str); 3] = [(&["> 10"], "2"), (&["> 20"], "5"), (&["> 20"], "5")];
    let answer = |hit: HitPolicy, days: i64| {
        let source = written(hit, &["overdue_days"], &rows);
        let table = Table::read(&source, &slot(digit())).unwrap();
        table.answer(&[Value::Number(Decimal::from(days))])
    };
    let one = |number: i64, rows: &[&str]| {
        let outcome = Outcome::One(Value::Number(Decimal::from(number)));
        Ok(Answer { outcome, rows: rows.iter().map(|row| (*row).to_owned()).collect() })
    };
    let several = Fault::SeveralRows { rows: ["r1", "r2", "r3"].map(str::to_owned).into() };
    let all = Outcome::All([2, 5, 5].map(|n| Value::Number(Decimal::from(n))).into());
    assert_eq!(answer(HitPolicy::Unique, 15), one(2, &["r1"]));
    assert_eq!(answer(HitPolicy::Unique, 21), Err(several));
    assert_eq!(answer(HitPolicy::First, 21), one(2, &["r1"]));
    assert_eq!(answer(HitPolicy::Collect, 21).unwrap().outcome, all);
    assert_eq!(answer(HitPolicy::CollectSum, 21), one(12, &["r1", "r2", "r3"]));
    assert_eq!(answer(HitPolicy::CollectMin, 21), one(2, &["r1"]));
    assert_eq!(answer(HitPolicy::CollectMax, 21), one(5, &["r2"]));
    assert_eq!(answer(HitPolicy::CollectSum, 5), one(0, &[]));
    assert_eq!(answer(HitPolicy::Collect, 5).unwrap().outcome, Outcome::All(Vec::new()));
    for hit in [HitPolicy::Unique, HitPolicy::First, HitPolicy::CollectMin, HitPolicy::CollectMax] {
        assert_eq!(answer(hit, 5), Err(Fault::NoRow));
    }
}

/// Cells of the small facts below.
fn cells(of: usize) -> &'static [&'static str] {
    match of {
        0 => &["-", "0", "< 2", ">= 2", "[1..3)", "not(2)", "in (0, 4)", "(0..4)"],
        1 => &["-", "a", "not(a)", "in (a, c)", "b", "c"],
        _ => &["-", "missing", "not(missing)", "> 0.5", "[0..0.5]", "in (missing, 1)", "not(0.5)"],
    }
}

fn small_facts() -> Vec<Fact> {
    let letter = Fact {
        name: "letter".to_owned(),
        axis: codes(&["a", "b", "c"]),
        unit: Unit::None,
        when_missing: WhenMissing::Hold,
    };
    vec![
        number("count", 4, 0, Unit::None, WhenMissing::Hold),
        letter,
        number("share", 1, 1, Unit::Ratio, WhenMissing::OwnBin),
    ]
}

fn small_table() -> impl Strategy<Value = Source> {
    let row = (0..8_usize, 0..6_usize, 0..7_usize, 0..4_i64);
    let hit = prop::sample::select(vec![
        HitPolicy::Unique,
        HitPolicy::First,
        HitPolicy::Collect,
        HitPolicy::CollectSum,
        HitPolicy::CollectMin,
        HitPolicy::CollectMax,
    ]);
    let course = prop::sample::select(vec![Course::Rising, Course::Falling]);
    let input = prop::sample::select(vec!["count", "share"]);
    (hit, input, course, prop::collection::vec(row, 1..7)).prop_map(|(hit, input, course, rows)| {
        Source {
            hit,
            inputs: ["count", "letter", "share"].map(str::to_owned).into(),
            // A list of answers has no order.
            monotone: (hit != HitPolicy::Collect)
                .then(|| Monotone { input: input.to_owned(), course })
                .into_iter()
                .collect(),
            rows: (1..)
                .zip(rows)
                .map(|(n, (a, b, c, then)): (usize, _)| {
                    let when = [cells(0)[a], cells(1)[b], cells(2)[c]].map(str::to_owned).into();
                    SourceRow::plain(n.to_string(), when, then.to_string())
                })
                .collect(),
        }
    })
}

/// Every combination of values.
fn points(facts: &[Fact]) -> Vec<Vec<Value>> {
    let values = |fact: &Fact| -> Vec<Value> {
        fact.all()
            .ranges()
            .iter()
            .flat_map(|range| range.first..=range.last)
            .map(|at| fact.value(at))
            .collect()
    };
    facts.iter().fold(vec![Vec::new()], |points, fact| {
        let longer = |point: Vec<Value>| {
            values(fact).into_iter().map(move |value| [point.clone(), vec![value]].concat())
        };
        points.into_iter().flat_map(longer).collect()
    })
}

fn matching(table: &Table, point: &[Value]) -> Vec<usize> {
    let at: Vec<i64> =
        table.facts.iter().zip(point).map(|(fact, value)| fact.at(value).unwrap()).collect();
    (1..).zip(&table.rows).filter(|(_, row)| row.is_for(&at)).map(|(n, _)| n).collect()
}

/// Whether the answer goes the wrong way between two points that are alike but for one input.
fn goes_wrong(
    table: &Table,
    input: usize,
    course: Course,
    lower: &[Value],
    higher: &[Value],
) -> bool {
    let alike = (0..lower.len()).all(|n| n == input || lower[n] == higher[n]);
    let (Value::Number(from), Value::Number(to)) = (&lower[input], &higher[input]) else {
        return false;
    };
    if !alike || from >= to {
        return false;
    }
    let answer = |point: &[Value]| match table.answer(point).map(|answer| answer.outcome) {
        Ok(Outcome::One(Value::Number(number))) => Some(number),
        _ => None,
    };
    match (answer(lower), answer(higher), course) {
        (Some(low), Some(high), Course::Rising) => high < low,
        (Some(low), Some(high), Course::Falling) => high > low,
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_checker_finds_what_trying_every_value_finds(source in small_table()) {
        let table = Table::read(&source, &Slot { facts: small_facts(), ..slot(digit()) }).unwrap();
        let points = points(&table.facts);
        let findings = check(&table);
        let matched: Vec<Vec<usize>> = points.iter().map(|point| matching(&table, point)).collect();

        let gap = source.hit.needs_a_row() && matched.iter().any(Vec::is_empty);
        let overlap = source.hit == HitPolicy::Unique && matched.iter().any(|rows| rows.len() > 1);
        let dead: Vec<usize> = (1..=table.rows.len())
            .filter(|row| source.hit == HitPolicy::First && !matched.iter().any(|rows| rows.first() == Some(row)))
            .collect();
        prop_assert_eq!(findings.iter().any(|f| matches!(f, Finding::Gap { .. })), gap);
        prop_assert_eq!(findings.iter().any(|f| matches!(f, Finding::Overlap { .. })), overlap);
        let told: Vec<usize> =
            findings.iter().filter_map(|f| if let Finding::Unreachable { row } = f { Some(*row) } else { None }).collect();
        prop_assert_eq!(told, dead);

        // An overlap makes the answer of a unique table a fault, so its course is told only where there is none.
        if let Some((input, course)) = table.monotone.first().copied().filter(|_| !overlap) {
            let wrong = points.iter().any(|a| points.iter().any(|b| goes_wrong(&table, input, course, a, b)));
            prop_assert_eq!(findings.iter().any(|f| matches!(f, Finding::AgainstCourse { .. })), wrong);
        }
        for finding in &findings {
            match finding {
                Finding::Gap { example } => prop_assert!(matching(&table, example).is_empty()),
                Finding::Overlap { rows: (a, b), example } => {
                    let rows = matching(&table, example);
                    prop_assert!(rows.contains(a) && rows.contains(b));
                }
                Finding::AgainstCourse { input, lower, higher } => {
                    let course = table.monotone[0].1;
                    prop_assert!(overlap || goes_wrong(&table, *input, course, lower, higher));
                }
                Finding::Unreachable { .. } => {}
                Finding::TooComplex => prop_assert!(false, "a small table is not too complex"),
            }
        }
    }
}
