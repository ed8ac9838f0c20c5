//! The calendar of the company: on which days and at which hours it works.
//!
//! Terms in working time count only these hours: who must act by then was there to act.
//! A day that is worked in exchange for a holiday is a working day, whatever the week says; a holiday is none.
//! What is said about a day after [`Calendar::known_until`] follows the week alone, as nothing else is published yet.

mod clock;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use self::clock::Clock;
use super::{Objection, pack::Text};

/// How far working time is counted: beyond a hundred years there is no answer.
const DAYS_MAX: usize = 36_525;
/// The most spans of a working day.
const SPANS_MAX: usize = 12;
/// The most holidays, and the most days that are worked in exchange.
const EXCEPTIONS_MAX: usize = 2_000;
const MINUTES_OF_DAY: i64 = 24 * 60;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calendar {
    /// The days of the week that are worked.
    pub week: BTreeSet<Weekday>,
    /// The spans of a working day in the company's zone, one after the other.
    pub hours: Vec<Span>,
    /// Days off, those too that the week does not work: they stay days off when the week changes.
    #[serde(default)]
    pub holidays: BTreeSet<NaiveDate>,
    /// Days that are worked in exchange for a holiday.
    #[serde(default)]
    pub make_up: BTreeSet<NaiveDate>,
    /// The last day for which the two lists were published; none where there are no such lists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_until: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// From a time of day to a later one of the same day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Span {
    pub from: Clock,
    pub to: Clock,
}

/// Monday to Friday, 09:00 to 17:30, as packs had it before calendars.
///
/// One span, as somebody is there at noon too; a company that closes at noon names two.
impl Default for Calendar {
    fn default() -> Self {
        use Weekday::{Friday, Monday, Thursday, Tuesday, Wednesday};
        Self {
            week: [Monday, Tuesday, Wednesday, Thursday, Friday].into(),
            hours: vec![Span { from: Clock::NINE, to: Clock::HALF_PAST_FIVE }],
            holidays: BTreeSet::new(),
            make_up: BTreeSet::new(),
            known_until: None,
        }
    }
}

impl Weekday {
    pub fn of(day: NaiveDate) -> Self {
        match day.weekday() {
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
            chrono::Weekday::Sun => Self::Sunday,
        }
    }
}

impl Calendar {
    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        let of_the_week = self.week.contains(&Weekday::of(day)) && !self.holidays.contains(&day);
        of_the_week || self.make_up.contains(&day)
    }

    /// The first moment at which so much working time has passed; none within a hundred years where there is too little of it.
    pub fn due(&self, zone: Tz, from: DateTime<Utc>, minutes: u32) -> Option<DateTime<Utc>> {
        self.due_after(zone, from, TimeDelta::minutes(i64::from(minutes)))
    }

    /// The same for a time to the moment.
    pub fn due_after(
        &self,
        zone: Tz,
        from: DateTime<Utc>,
        mut left: TimeDelta,
    ) -> Option<DateTime<Utc>> {
        if left <= TimeDelta::zero() {
            return Some(from);
        }
        for (start, end) in self.spans(zone, from) {
            let length = end - start;
            if left <= length {
                return start.checked_add_signed(left);
            }
            left -= length;
        }
        None
    }

    /// The working time between two moments, in whole minutes, of at most a hundred years.
    pub fn worked(&self, zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> u32 {
        u32::try_from(self.time_worked(zone, from, to).num_minutes()).unwrap_or(u32::MAX)
    }

    /// The same to the moment.
    pub fn time_worked(&self, zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> TimeDelta {
        let spans = self.spans(zone, from).take_while(|(start, _)| *start < to);
        spans
            .map(|(start, end)| end.min(to) - start)
            .fold(TimeDelta::zero(), |sum, part| sum + part)
    }

    /// The spans of working time from a moment on, in their order.
    fn spans(
        &self,
        zone: Tz,
        from: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> + '_ {
        // At the ends of all time there is no local date.
        let offset = zone.offset_from_utc_datetime(&from.naive_utc()).fix();
        let today = from.naive_utc().checked_add_offset(offset).map(|local| local.date());
        let days = today.into_iter().flat_map(|day| day.iter_days()).take(DAYS_MAX);
        let worked = days.filter(|day| self.is_working_day(*day));
        let spans = worked.flat_map(move |day| {
            self.hours.iter().filter_map(move |span| {
                Some((moment(zone, day, span.from)?, moment(zone, day, span.to)?))
            })
        });
        spans.map(move |(start, end)| (start.max(from), end)).filter(|(start, end)| start < end)
    }
}

/// The first moment of a day in a zone.
pub fn begin(zone: Tz, day: NaiveDate) -> Option<DateTime<Utc>> {
    moment(zone, day, Clock::MIDNIGHT)
}

/// The first moment at which a clock in this zone shows this time or a later one: where clocks go forward, a time may not be shown.
fn moment(zone: Tz, day: NaiveDate, clock: Clock) -> Option<DateTime<Utc>> {
    let midnight = day.and_time(NaiveTime::MIN);
    (0..=MINUTES_OF_DAY).find_map(|later| {
        let shown = TimeDelta::minutes(i64::from(clock.minutes()) + later);
        let shown = midnight.checked_add_signed(shown)?;
        Some(zone.from_local_datetime(&shown).earliest()?.to_utc())
    })
}

/// What stands against a calendar, each with its pointer within it.
pub(super) fn objections(calendar: &Calendar) -> Vec<Objection> {
    let mut found = Vec::new();
    let mut object = |pointer: &str, zh: String, en: String| {
        found.push(Objection { pointer: pointer.to_owned(), text: Text { zh, en } });
    };
    if calendar.week.is_empty() {
        object(
            "/week",
            "至少须有一个工作日。".to_owned(),
            "name at least one day of the week that is worked".to_owned(),
        );
    }
    if !(1..=SPANS_MAX).contains(&calendar.hours.len()) {
        object(
            "/hours",
            format!("工作时段应为 1 至 {SPANS_MAX} 段。"),
            format!("a working day has 1 to {SPANS_MAX} spans"),
        );
    }
    for (number, span) in calendar.hours.iter().enumerate() {
        if span.to <= span.from {
            object(
                &format!("/hours/{number}"),
                format!("时段结束（{}）须晚于开始（{}）。", span.to, span.from),
                format!("a span ends later than it begins: {} to {}", span.from, span.to),
            );
        }
    }
    for (number, pair) in (1..).zip(calendar.hours.windows(2)) {
        if let [before, after] = pair
            && after.from <= before.to
        {
            object(
                &format!("/hours/{number}/from"),
                format!("时段须在前一段结束（{}）之后开始；相接的时段请合并。", before.to),
                format!(
                    "a span begins after the one before it has ended ({}); join spans that touch",
                    before.to
                ),
            );
        }
    }
    exceptions(calendar, &mut object);
    found
}

/// What stands against the lists of days off and of days worked in exchange.
fn exceptions(calendar: &Calendar, object: &mut impl FnMut(&str, String, String)) {
    for day in calendar.holidays.intersection(&calendar.make_up) {
        object(
            "/make_up",
            format!("{day} 同时列为放假日与调休上班日；请只保留一处。"),
            format!("{day} is a day off and a day worked in exchange: keep it in one of the lists"),
        );
    }
    for (pointer, days) in [("/holidays", &calendar.holidays), ("/make_up", &calendar.make_up)] {
        if days.len() > EXCEPTIONS_MAX {
            object(
                pointer,
                format!("最多 {EXCEPTIONS_MAX} 天；请删去已过去的年份。"),
                format!("at most {EXCEPTIONS_MAX} days: take out the years that are past"),
            );
        }
        if let Some(last) = days.last().filter(|last| calendar.known_until < Some(**last)) {
            object(
                "/known_until",
                format!("列表含 {last}，公布截止日须不早于该日。"),
                format!("{last} is listed: the lists are known until that day at least"),
            );
        }
    }
}
