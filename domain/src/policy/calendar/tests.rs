//! Working days and working time, counted by hand where the year is a real one.

use std::collections::BTreeSet;

use chrono_tz::Tz::{self, America__New_York, Asia__Shanghai, Pacific__Apia};
use proptest::prelude::*;

use super::*;
use crate::policy::Pack;

/// `date,kind,holiday`
const PUBLISHED: &str = include_str!("../../../../data/cn-holidays/days.csv");

fn delivered() -> Calendar {
    Pack::default_pack().calendar.unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A moment as a clock in Shanghai shows it.
fn at(text: &str) -> DateTime<Utc> {
    let local: chrono::NaiveDateTime = format!("{text}:00").replace(' ', "T").parse().unwrap();
    Asia__Shanghai.from_local_datetime(&local).unwrap().to_utc()
}

fn hours(list: &[(&str, &str)]) -> Vec<Span> {
    let clock = |text: &str| text.parse().unwrap();
    list.iter().map(|(from, to)| Span { from: clock(from), to: clock(to) }).collect()
}

#[test]
fn the_delivered_calendar_is_what_was_published() {
    let published = |kind: &str| -> BTreeSet<NaiveDate> {
        let lines = PUBLISHED.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
        let of_kind = lines.filter(|fields| fields[1] == kind);
        of_kind.map(|fields| day(fields[0])).filter(|date| *date >= day("2025-01-01")).collect()
    };
    let calendar = delivered();
    assert_eq!(calendar.holidays, published("off"));
    assert_eq!(calendar.make_up, published("worked"));
    assert_eq!(calendar.known_until, Some(day("2026-12-31")));
    assert_eq!(
        (calendar.week, calendar.hours),
        (Calendar::default().week, Calendar::default().hours)
    );
    assert_eq!(objections(&delivered()), []);
    assert_eq!(objections(&Calendar::default()), []);
}

#[test]
fn a_working_day_follows_the_week_and_what_was_exchanged() {
    let calendar = delivered();
    for (date, worked) in [
        // Spring Festival 2026: Sunday 15 to Monday 23 February are off, the Saturdays around are worked.
        ("2026-02-13", true),
        ("2026-02-14", true),
        ("2026-02-15", false),
        ("2026-02-16", false),
        ("2026-02-20", false),
        ("2026-02-23", false),
        ("2026-02-24", true),
        ("2026-02-28", true),
        ("2026-03-01", false),
        // National Day 2026: 1 to 7 October; Sunday 20 September and Saturday 10 October are worked.
        ("2026-09-20", true),
        ("2026-09-30", true),
        ("2026-10-01", false),
        ("2026-10-07", false),
        ("2026-10-08", true),
        ("2026-10-10", true),
        ("2026-10-11", false),
        // A plain week, and one that is not published yet.
        ("2026-11-27", true),
        ("2026-11-28", false),
        ("2027-01-01", true),
        ("2027-01-02", false),
    ] {
        assert_eq!(calendar.is_working_day(day(date)), worked, "{date}");
    }
}

#[test]
fn working_time_passes_in_working_hours_alone() {
    // Eight and a half hours are a day.
    for (from, minutes, due) in [
        ("2026-11-30 09:00", 0, "2026-11-30 09:00"),
        ("2026-11-30 22:00", 0, "2026-11-30 22:00"),
        ("2026-11-30 09:00", 60, "2026-11-30 10:00"),
        ("2026-11-30 07:00", 60, "2026-11-30 10:00"),
        ("2026-11-30 09:00", 510, "2026-11-30 17:30"),
        ("2026-11-30 09:00", 511, "2026-12-01 09:01"),
        ("2026-11-30 17:30", 1, "2026-12-01 09:01"),
        // Friday afternoon to Monday morning.
        ("2026-11-27 17:00", 60, "2026-11-30 09:30"),
        // The last working day before Spring Festival is the Saturday.
        ("2026-02-13 17:00", 60, "2026-02-14 09:30"),
        ("2026-02-14 17:00", 60, "2026-02-24 09:30"),
        // From before National Day: Wednesday, then Thursday 8, Friday 9 and Saturday 10 October.
        ("2026-09-30 17:00", 30 + 3 * 510, "2026-10-10 17:30"),
        ("2026-09-30 17:00", 30 + 3 * 510 + 1, "2026-10-12 09:01"),
    ] {
        let calendar = delivered();
        assert_eq!(
            calendar.due(Asia__Shanghai, at(from), minutes),
            Some(at(due)),
            "{from} {minutes}"
        );
        assert_eq!(calendar.worked(Asia__Shanghai, at(from), at(due)), minutes, "{from} {due}");
    }
}

#[test]
fn a_company_that_closes_at_noon_names_two_spans() {
    let two = hours(&[("09:00", "12:00"), ("13:30", "17:30")]);
    let calendar = Calendar { hours: two, ..Calendar::default() };
    let due = |from: &str, minutes| calendar.due(Asia__Shanghai, at(from), minutes).unwrap();
    assert_eq!(due("2026-11-30 11:30", 30), at("2026-11-30 12:00"));
    assert_eq!(due("2026-11-30 11:30", 31), at("2026-11-30 13:31"));
    assert_eq!(due("2026-11-30 12:30", 1), at("2026-11-30 13:31"));
    assert_eq!(
        calendar.worked(Asia__Shanghai, at("2026-11-30 00:00"), at("2026-12-01 00:00")),
        420
    );
}

#[test]
fn minutes_are_whole_and_nothing_is_worked_backwards() {
    let calendar = Calendar::default();
    let (from, zone) = (at("2026-11-30 10:00"), Asia__Shanghai);
    assert_eq!(calendar.worked(zone, from, from + TimeDelta::seconds(119)), 1);
    assert_eq!(calendar.worked(zone, from, from - TimeDelta::days(3)), 0);
    let odd = from + TimeDelta::milliseconds(1);
    assert_eq!(calendar.due(zone, odd, 5), Some(odd + TimeDelta::minutes(5)));
}

#[test]
fn where_no_time_is_worked_there_is_no_answer() {
    let (from, zone) = (at("2026-11-30 10:00"), Asia__Shanghai);
    let never = Calendar { week: BTreeSet::new(), ..Calendar::default() };
    assert_eq!(never.due(zone, from, 1), None);
    assert_eq!(never.worked(zone, from, DateTime::<Utc>::MAX_UTC), 0);
    assert_eq!(Calendar::default().due(zone, from, u32::MAX), None, "more than a hundred years");
    assert_eq!(Calendar::default().due(zone, DateTime::<Utc>::MAX_UTC, 1), None);
    let all = Calendar::default().worked(zone, DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
    assert!((13_000_000..14_000_000).contains(&all), "{all}");
}

#[test]
fn clocks_that_are_changed_lose_no_order() {
    let night = Calendar { hours: hours(&[("00:00", "24:00")]), ..Calendar::default() };
    let every = Calendar { week: WEEK.into(), ..night };
    let utc = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
    let new_york = |date: &str| {
        let from = moment(America__New_York, day(date), "00:00".parse().unwrap()).unwrap();
        let to = moment(America__New_York, day(date), "24:00".parse().unwrap()).unwrap();
        every.worked(America__New_York, from, to)
    };
    assert_eq!(new_york("2026-03-08"), 23 * 60);
    assert_eq!(new_york("2026-11-01"), 25 * 60);
    // Between two and three nobody works where there is no such hour.
    let small = Calendar { hours: hours(&[("02:10", "02:50")]), ..every.clone() };
    let sunday = utc("2026-03-08T00:00:00Z");
    let due = small.due(America__New_York, sunday, 1);
    assert_eq!(due, Some(utc("2026-03-09T06:11:00Z")));
    // Samoa had no 30 December 2011.
    let from = utc("2011-12-29T10:00:00Z");
    assert_eq!(every.due(Pacific__Apia, from, 48 * 60), Some(utc("2011-12-31T10:00:00Z")));
}

#[test]
fn a_calendar_that_cannot_be_kept_is_refused() {
    let told = |calendar: &Calendar| -> Vec<(String, String)> {
        objections(calendar).into_iter().map(|it| (it.pointer, it.text.en)).collect()
    };
    let with = |list: &[(&str, &str)]| Calendar { hours: hours(list), ..Calendar::default() };
    let listed = Calendar {
        holidays: [day("2026-10-01")].into(),
        make_up: [day("2026-10-01")].into(),
        known_until: Some(day("2026-10-01")),
        ..Calendar::default()
    };
    let many = (0..2_001).map(|n| day("2026-01-01") + chrono::Days::new(n)).collect();
    for (calendar, pointer, said) in [
        (Calendar { week: BTreeSet::new(), ..Calendar::default() }, "/week", "at least one day"),
        (with(&[]), "/hours", "1 to 12 spans"),
        (with(&[("09:00", "09:00")]), "/hours/0", "later than it begins"),
        (with(&[("17:00", "09:00")]), "/hours/0", "17:00 to 09:00"),
        (with(&[("09:00", "12:00"), ("11:59", "17:00")]), "/hours/1/from", "(12:00)"),
        (with(&[("09:00", "12:00"), ("12:00", "17:00")]), "/hours/1/from", "join spans"),
        (listed.clone(), "/make_up", "2026-10-01 is a day off and a day worked"),
        (
            Calendar {
                make_up: BTreeSet::new(),
                known_until: Some(day("2026-09-30")),
                ..listed.clone()
            },
            "/known_until",
            "2026-10-01 is listed",
        ),
        (
            Calendar { make_up: BTreeSet::new(), known_until: None, ..listed },
            "/known_until",
            "2026-10-01 is listed",
        ),
        (
            Calendar {
                holidays: many,
                known_until: Some(day("2099-01-01")),
                ..Calendar::default()
            },
            "/holidays",
            "at most 2000 days",
        ),
    ] {
        let found = told(&calendar);
        let [(at, what)] = found.as_slice() else { panic!("{pointer}: {found:?}") };
        assert!(at == pointer && what.contains(said), "{pointer}: {at}: {what}");
    }
    assert_eq!(told(&with(&[("00:00", "12:00"), ("12:01", "24:00")])), []);
}

#[test]
fn a_calendar_has_one_spelling() {
    let text = r#"{"week":["friday","monday","friday"],"hours":[{"from":"09:00","to":"24:00"}],
        "holidays":["2026-10-02","2026-10-01","2026-10-02"],"known_until":"2026-10-02"}"#;
    let calendar: Calendar = serde_json::from_str(text).unwrap();
    assert_eq!(
        serde_json::to_string(&calendar).unwrap(),
        r#"{"week":["monday","friday"],"hours":[{"from":"09:00","to":"24:00"}],"holidays":["2026-10-01","2026-10-02"],"make_up":[],"known_until":"2026-10-02"}"#
    );
    for wrong in [
        text.replace("friday", "funday"),
        text.replace("09:00", "9:00"),
        text.replace("\"make_up\"", "\"makeup\"").replace("known_until", "until"),
        text.replace("2026-10-02", "2026-02-30"),
    ] {
        assert!(serde_json::from_str::<Calendar>(&wrong).is_err(), "{wrong}");
    }
}

const WEEK: [Weekday; 7] = {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday]
};

/// A calendar that nothing stands against, with exceptions in the first ninety days of 2026.
fn any_calendar() -> impl Strategy<Value = Calendar> {
    let bounds = prop::collection::btree_set(0..=1440_u16, 2..8);
    let days = || prop::collection::btree_set(0..90_u64, 0..20);
    let week = prop::sample::subsequence(WEEK.to_vec(), 1..=7);
    (week, bounds, days(), days()).prop_map(|(week, bounds, off, worked)| {
        let bounds: Vec<u16> = bounds.into_iter().collect();
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let pairs = bounds.chunks_exact(2).map(|pair| (clock(pair[0]), clock(pair[1])));
        let spans = pairs.map(|(from, to)| hours(&[(&from, &to)])[0]).collect();
        let date = |number: &u64| day("2026-01-01") + chrono::Days::new(*number);
        Calendar {
            week: week.into_iter().collect(),
            hours: spans,
            holidays: off.difference(&worked).map(date).collect(),
            make_up: worked.iter().map(date).collect(),
            known_until: Some(day("2026-03-31")),
        }
    })
}

fn any_zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![Asia__Shanghai, America__New_York, Tz::UTC, Tz::Australia__Lord_Howe])
}

fn any_moment() -> impl Strategy<Value = DateTime<Utc>> {
    (0..100 * 86_400_i64).prop_map(|second| at("2026-01-01 00:00") + TimeDelta::seconds(second))
}

proptest! {
    #[test]
    fn what_is_due_was_worked(
        calendar in any_calendar(), zone in any_zone(), from in any_moment(), minutes in 0..20_000_u32,
    ) {
        prop_assert_eq!(objections(&calendar), []);
        if let Some(due) = calendar.due(zone, from, minutes) {
            prop_assert!(due >= from);
            prop_assert_eq!(calendar.worked(zone, from, due), minutes);
            if minutes > 0 {
                // The first such moment: a little before, the last minute is not whole.
                let before = due - TimeDelta::milliseconds(1);
                prop_assert_eq!(calendar.worked(zone, from, before), minutes - 1);
            }
            let later = calendar.due(zone, from, minutes + 1);
            prop_assert!(later.is_none_or(|later| later > due));
        }
    }

    #[test]
    fn working_time_is_the_sum_of_its_parts(
        calendar in any_calendar(), zone in any_zone(), moments in prop::collection::vec(any_moment(), 3),
    ) {
        let mut moments = moments;
        moments.sort_unstable();
        let [a, b, c] = moments[..] else { unreachable!() };
        let whole = calendar.worked(zone, a, c);
        let parts = calendar.worked(zone, a, b) + calendar.worked(zone, b, c);
        prop_assert!(parts == whole || parts + 1 == whole, "{parts} of {whole}");
        // Whoever starts later is not done earlier.
        prop_assert!(calendar.due(zone, a, 600) <= calendar.due(zone, b, 600));
    }

    /// Against a count of every minute. Of what clocks show twice, the first time begins and ends a span.
    #[test]
    fn working_time_is_what_a_clock_counts(
        calendar in any_calendar(), zone in any_zone(), start in 0..100 * 1440_i64, length in 0..5_000_i64,
    ) {
        let from = at("2026-01-01 00:00") + TimeDelta::minutes(start);
        let counted = (0..length).filter(|minute| {
            let moment = from + TimeDelta::minutes(*minute);
            let local = moment.with_timezone(&zone).naive_local();
            let clock: u16 = (local.time() - NaiveTime::MIN).num_minutes().try_into().unwrap();
            let shown = |minutes: u16| {
                let time = local.date().and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minutes));
                zone.from_local_datetime(&time).earliest().is_some_and(|first| first.to_utc() <= moment)
            };
            let twice = zone.from_local_datetime(&local).single().is_none();
            let within = |span: &Span| {
                let (from, to) = (span.from.minutes(), span.to.minutes());
                if twice { shown(from) && !shown(to) } else { from <= clock && clock < to }
            };
            calendar.is_working_day(local.date()) && calendar.hours.iter().any(within)
        });
        let to = from + TimeDelta::minutes(length);
        prop_assert_eq!(i64::from(calendar.worked(zone, from, to)), i64::try_from(counted.count()).unwrap());
    }
}
