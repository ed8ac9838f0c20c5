//! Cycle times: how long steps take, in working time, without the time in which whoever asked was to answer.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Lane, clock::Hours};
use crate::ids::StaffId;

/// One stage of a case, from when it opened until it closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    pub step: Step,
    pub opened_at: DateTime<Utc>,
    pub closed_at: DateTime<Utc>,
    /// When questions were asked and answered; they do not overlap.
    pub waited: Vec<(DateTime<Utc>, DateTime<Utc>)>,
    pub breached: bool,
}

/// What cycle times are told apart by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(as = OwnedStep)]
pub struct Step {
    /// What was decided: `qualification`, `credit`, `release`, `re_review`.
    pub matter: String,
    /// Null in routes of before.
    pub lane: Option<Lane>,
    /// Counted from 1.
    pub stage: u32,
    /// Whose say closed it; null where nobody's did, as what was asked about changed or was gone, or others were asked.
    pub owner: Option<StaffId>,
}

/// How long one step took those who own it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CycleTime {
    #[serde(flatten)]
    pub step: Step,
    pub count: usize,
    /// Working minutes that half of them took at most.
    pub median_minutes: u32,
    /// Working minutes that nine of ten took at most.
    pub p90_minutes: u32,
    /// How many took longer than they should have.
    pub breaches: usize,
}

/// Cycle times by step, lane and owner. Median and P90 are times that were taken (nearest rank), and nothing in between.
pub fn cycle_times(spans: impl IntoIterator<Item = Span>, hours: &Hours<'_>) -> Vec<CycleTime> {
    let mut by_step: BTreeMap<Step, (Vec<u32>, usize)> = BTreeMap::new();
    for span in spans {
        let minutes = minutes(&span, hours);
        let (taken, breaches) = by_step.entry(span.step).or_default();
        taken.push(minutes);
        *breaches += usize::from(span.breached);
    }
    let cycle_time = |(step, (mut taken, breaches)): (Step, (Vec<u32>, usize))| {
        taken.sort_unstable();
        CycleTime {
            step,
            count: taken.len(),
            median_minutes: rank(&taken, 50),
            p90_minutes: rank(&taken, 90),
            breaches,
        }
    };
    by_step.into_iter().map(cycle_time).collect()
}

fn minutes(span: &Span, hours: &Hours<'_>) -> u32 {
    let worked = |from: DateTime<Utc>, to: DateTime<Utc>| {
        hours.calendar.time_worked(hours.zone, from, to.max(from))
    };
    let within = |at: DateTime<Utc>| at.max(span.opened_at).min(span.closed_at);
    let waited = span.waited.iter().map(|(from, to)| worked(within(*from), within(*to)));
    let waited = waited.fold(TimeDelta::zero(), |sum, part| sum + part);
    let taken = worked(span.opened_at, span.closed_at) - waited;
    u32::try_from(taken.num_minutes().max(0)).unwrap_or(u32::MAX)
}

/// The least of the sorted values that so many per cent are no more than.
fn rank(sorted: &[u32], percent: usize) -> u32 {
    let place = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(place.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::calendar::Calendar;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}+08:00").parse().unwrap()
    }

    fn span(owner: &str, opened: &str, closed: &str) -> Span {
        Span {
            step: Step {
                matter: "credit".to_owned(),
                lane: Some(Lane::Fast),
                stage: 1,
                owner: Some(owner.parse().unwrap()),
            },
            opened_at: at(opened),
            closed_at: at(closed),
            waited: Vec::new(),
            breached: false,
        }
    }

    fn told(spans: Vec<Span>) -> Vec<(usize, u32, u32, usize)> {
        let calendar = Calendar::default();
        let hours = Hours { calendar: &calendar, zone: chrono_tz::Asia::Shanghai };
        let times = cycle_times(spans, &hours);
        times.iter().map(|it| (it.count, it.median_minutes, it.p90_minutes, it.breaches)).collect()
    }

    #[test]
    fn row_28_cycle_times_are_working_minutes_by_step_lane_and_owner() {
        // Over a weekend, ninety minutes of it were worked.
        let weekend = span("staff-a", "2026-11-27T16:30:00", "2026-11-30T09:30:00");
        assert_eq!(told(vec![weekend.clone()]), [(1, 90, 90, 0)]);
        let mut late = span("staff-a", "2026-11-27T09:00:00", "2026-11-27T15:00:00");
        late.breached = true;
        // A question waited from ten to twelve; one that was never answered ends with the stage.
        late.waited = vec![
            (at("2026-11-27T10:00:00"), at("2026-11-27T12:00:00")),
            (at("2026-11-27T14:30:00"), at("2026-12-31T12:00:00")),
        ];
        let other = span("staff-b", "2026-11-27T09:00:00", "2026-11-27T09:00:59");
        assert_eq!(told(vec![weekend, other, late]), [(2, 90, 210, 1), (1, 0, 0, 0)]);
        assert_eq!(told(Vec::new()), []);
    }

    #[test]
    fn row_28_median_and_p90_are_times_that_were_taken() {
        let of = |n: usize| -> (u32, u32) {
            let taken: Vec<u32> = (1..=10).take(n).collect();
            (rank(&taken, 50), rank(&taken, 90))
        };
        assert_eq!([of(0), of(1), of(2), of(3), of(10)], [(0, 0), (1, 1), (1, 2), (2, 3), (5, 9)]);
    }
}
