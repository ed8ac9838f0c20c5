//! The clock of a stage: by when it should be done, and what is said when it is not.
//!
//! It counts the company's working time, and stands still while whoever asked is to answer a question. Reminders come at shares of
//! the time; once all of it is used up that is on record, and more people are asked, one level after the other and a whole term
//! apart. Time never agrees to anything, and closes nothing.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Stage;
use crate::policy::calendar::Calendar;

/// The shares of a stage's time at which those who are asked are reminded.
pub const REMINDERS_PERCENT: [u32; 2] = [50, 80];

/// By when a stage should be done, in working time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Deadline {
    pub opened_at: DateTime<Utc>,
    /// After half of the time, and after four fifths.
    pub remind_at: Vec<DateTime<Utc>>,
    pub due_at: DateTime<Utc>,
    /// When more are asked; absent where there is nobody more to ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escalate_at: Option<DateTime<Utc>>,
}

/// When the company works.
#[derive(Clone, Copy, Debug)]
pub struct Hours<'a> {
    pub calendar: &'a Calendar,
    pub zone: Tz,
}

impl Hours<'_> {
    fn after(&self, from: DateTime<Utc>, minutes: u32) -> Option<DateTime<Utc>> {
        self.calendar.due(self.zone, from, minutes)
    }

    /// The deadline of a stage that opens now; none where it has no term.
    pub fn deadline(&self, stage: &Stage, opened_at: DateTime<Utc>) -> Option<Deadline> {
        let hours = stage.sla_hours?;
        let due_at = self.after(opened_at, hours.saturating_mul(60))?;
        let remind_at = REMINDERS_PERCENT
            .into_iter()
            .filter_map(|percent| {
                self.after(opened_at, hours.saturating_mul(60).saturating_mul(percent) / 100)
            })
            .collect();
        let escalate_at = (!stage.escalation.is_empty()).then_some(due_at);
        Some(Deadline { opened_at, remind_at, due_at, escalate_at })
    }

    /// When the next level is asked, a whole term after the one before.
    pub fn next_level(&self, stage: &Stage, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.after(after, stage.sla_hours?.saturating_mul(60))
    }

    /// A deadline of which the clock stood still between two moments: what lay ahead then is as far ahead now.
    fn moved(&self, deadline: &Deadline, from: DateTime<Utc>, to: DateTime<Utc>) -> Deadline {
        let moved = |mark: DateTime<Utc>| {
            if mark <= from {
                return mark;
            }
            let left = self.calendar.time_worked(self.zone, from, mark);
            self.calendar.due_after(self.zone, to, left).unwrap_or(mark)
        };
        Deadline {
            opened_at: deadline.opened_at,
            remind_at: deadline.remind_at.iter().map(|mark| moved(*mark)).collect(),
            due_at: moved(deadline.due_at),
            escalate_at: deadline.escalate_at.map(moved),
        }
    }
}

/// Something that a clock brings about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    Reminder { percent: u32 },
    Breach,
    Escalation,
}

/// The clock of an open stage, with what was said of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clock {
    pub deadline: Deadline,
    /// Since when it stands still.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped_at: Option<DateTime<Utc>>,
    /// How many reminders there were.
    #[serde(default)]
    pub reminded: usize,
    #[serde(default)]
    pub breached: bool,
}

impl Clock {
    pub fn start(deadline: Deadline) -> Self {
        Self { deadline, stopped_at: None, reminded: 0, breached: false }
    }

    /// What it brings about next, and when; nothing while it stands still.
    pub fn next(&self) -> Option<(DateTime<Utc>, Mark)> {
        let mut reminders = self.deadline.remind_at.iter().zip(REMINDERS_PERCENT);
        let reminder = reminders.nth(self.reminded);
        let mark = match (reminder, self.breached) {
            (Some((at, percent)), _) => (*at, Mark::Reminder { percent }),
            (None, false) => (self.deadline.due_at, Mark::Breach),
            (None, true) => (self.deadline.escalate_at?, Mark::Escalation),
        };
        // What lay before it was stopped is still to be said.
        Some(mark).filter(|(at, _)| self.stopped_at.is_none_or(|stopped| *at <= stopped))
    }

    /// What has come due by a moment.
    pub fn due(&self, now: DateTime<Utc>) -> Option<(DateTime<Utc>, Mark)> {
        self.next().filter(|(at, _)| *at <= now)
    }

    /// When it stands by a moment: then, or since it was stopped.
    fn stands_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.stopped_at.map_or(now, |stopped| stopped.min(now))
    }

    /// The largest share of its time, in per cent, that has passed among those that are reminded of.
    pub fn reminds(&self, now: DateTime<Utc>) -> Option<u32> {
        let passed = |(at, _): &(&DateTime<Utc>, u32)| **at <= self.stands_at(now);
        let marks = self.deadline.remind_at.iter().zip(REMINDERS_PERCENT);
        marks.filter(passed).map(|(_, percent)| percent).max()
    }

    /// Whether all of its time is used up, noticed or not.
    pub fn is_late(&self, now: DateTime<Utc>) -> bool {
        self.breached || self.deadline.due_at <= self.stands_at(now)
    }

    /// The deadline once it goes on; none where it does not stand still.
    pub fn goes_on(&self, hours: &Hours<'_>, now: DateTime<Utc>) -> Option<Deadline> {
        Some(hours.moved(&self.deadline, self.stopped_at?, now))
    }

    pub fn stop(&mut self, at: DateTime<Utc>) {
        self.stopped_at.get_or_insert(at);
    }

    pub fn go_on(&mut self, deadline: &Deadline) {
        self.deadline = deadline.clone();
        self.stopped_at = None;
    }

    pub fn remind(&mut self) {
        self.reminded = self.reminded.saturating_add(1);
    }

    pub fn breach(&mut self) {
        self.breached = true;
    }

    /// More were asked; `next_at` is when others are, if there are any.
    pub fn escalate(&mut self, next_at: Option<DateTime<Utc>>) {
        self.deadline.escalate_at = next_at;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{approval::Rule, staff::Role};

    const ZONE: Tz = chrono_tz::Asia::Shanghai;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}+08:00").parse().unwrap()
    }

    fn stage(hours: u32) -> Stage {
        Stage { sla_hours: Some(hours), ..Stage::of(Rule::Any, vec![Role::Quality]) }
    }

    /// Monday to Friday from 09:00 to 17:30.
    fn opened(hours: u32, text: &str) -> Clock {
        let calendar = Calendar::default();
        let hours_of = Hours { calendar: &calendar, zone: ZONE };
        Clock::start(hours_of.deadline(&stage(hours), at(text)).unwrap())
    }

    #[test]
    fn row_28_a_stage_is_due_in_working_time() {
        // Eight hours of a Friday afternoon end on Monday.
        let deadline = opened(8, "2026-11-27T15:30:00").deadline;
        assert_eq!(deadline.remind_at, [at("2026-11-30T11:00:00"), at("2026-11-30T13:24:00")]);
        assert_eq!(deadline.due_at, at("2026-11-30T15:00:00"));
        assert_eq!(deadline.escalate_at, None);
        // What opens on a Saturday begins on Monday.
        let deadline = opened(1, "2026-11-28T12:00:00").deadline;
        assert_eq!(deadline.due_at, at("2026-11-30T10:00:00"));
        let calendar = Calendar::default();
        let hours = Hours { calendar: &calendar, zone: ZONE };
        let untimed = Stage::of(Rule::Any, vec![Role::Quality]);
        assert_eq!(hours.deadline(&untimed, at("2026-11-27T15:30:00")), None);
    }

    #[test]
    fn row_28_a_question_stops_the_clock_and_its_answer_starts_it_with_what_was_left() {
        let calendar = Calendar::default();
        let hours = Hours { calendar: &calendar, zone: ZONE };
        let mut clock = opened(8, "2026-11-26T09:00:00");
        clock.stop(at("2026-11-26T14:00:00"));
        // The first reminder lay before the question; nothing else comes while it waits.
        assert_eq!(
            clock.due(at("2026-12-24T09:00:00")),
            Some((at("2026-11-26T13:00:00"), Mark::Reminder { percent: 50 }))
        );
        clock.remind();
        assert_eq!(clock.next(), None);
        let deadline = clock.goes_on(&hours, at("2026-12-01T16:30:00")).unwrap();
        clock.go_on(&deadline);
        // Three hours were left, one of them on the day of the answer.
        assert_eq!(clock.deadline.due_at, at("2026-12-02T11:00:00"));
        let last = Mark::Reminder { percent: 80 };
        assert_eq!(clock.next(), Some((at("2026-12-02T09:24:00"), last)));
    }

    #[test]
    fn row_28_what_has_passed_is_known_to_the_moment_and_stands_still_with_the_clock() {
        let mut clock = opened(8, "2026-11-26T09:00:00");
        let told = |clock: &Clock, text: &str| (clock.reminds(at(text)), clock.is_late(at(text)));
        assert_eq!(told(&clock, "2026-11-26T12:59:59"), (None, false));
        assert_eq!(told(&clock, "2026-11-26T13:00:00"), (Some(50), false));
        assert_eq!(told(&clock, "2026-11-26T15:24:00"), (Some(80), false));
        assert_eq!(told(&clock, "2026-11-26T16:59:59"), (Some(80), false));
        assert_eq!(told(&clock, "2026-11-26T17:00:00"), (Some(80), true));
        clock.stop(at("2026-11-26T14:00:00"));
        assert_eq!(told(&clock, "2026-12-24T09:00:00"), (Some(50), false));
        clock.breach();
        assert_eq!(told(&clock, "2026-12-24T09:00:00"), (Some(50), true));
    }

    proptest! {
        /// However often it stood still: what was worked while it ran is the term.
        #[test]
        fn row_28_what_is_worked_while_the_clock_runs_is_the_term(
            start in 0_i64..10_000,
            pauses in proptest::collection::vec((1_i64..2_000, 1_i64..9_000), 0..6),
            term in 1_u32..60,
        ) {
            let calendar = Calendar::default();
            let hours = Hours { calendar: &calendar, zone: ZONE };
            let from = at("2026-11-26T09:00:00") + chrono::TimeDelta::seconds(start * 61);
            let mut clock = Clock::start(hours.deadline(&stage(term), from).unwrap());
            let (mut ran, mut now) = (chrono::TimeDelta::zero(), from);
            for (runs, stands) in pauses {
                let stopped = now + chrono::TimeDelta::seconds(runs * 59);
                if stopped >= clock.deadline.due_at {
                    break;
                }
                ran += calendar.time_worked(ZONE, now, stopped);
                clock.stop(stopped);
                now = stopped + chrono::TimeDelta::seconds(stands * 61);
                let deadline = clock.goes_on(&hours, now).unwrap();
                clock.go_on(&deadline);
            }
            ran += calendar.time_worked(ZONE, now, clock.deadline.due_at);
            prop_assert_eq!(ran, chrono::TimeDelta::hours(term.into()));
        }
    }
}
