//! `/v1/reports/cycle-times`: how long the steps of cases took those who own them.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::approval::clock::Hours;
use domain::approval::cycle::{self, CycleTime, Span};
use domain::permissions::Act;
use domain::policy::InForce;
use domain::policy::calendar;
use journal::Engine;
use projections::Keyset;
use projections::cases::spans;
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::csv::{self, Format};
use crate::day;
use crate::door::Door;
use crate::extract::Query;
use crate::problem::Problem;

/// How long a period is, in days, where nothing is said.
const PERIOD_DAYS: u64 = 90;
/// Rows of one read.
const READ: u32 = 5_000;
/// The most steps that one report is made of.
const SPANS_MAX: usize = 100_000;

#[derive(Debug, serde::Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CycleTimesQuery {
    /// The first day on which a step was closed; 90 days before the last one without.
    #[serde(default, deserialize_with = "day::optional")]
    from: Option<NaiveDate>,
    /// The last one; today without.
    #[serde(default, deserialize_with = "day::optional")]
    to: Option<NaiveDate>,
    #[param(inline)]
    format: Option<Format>,
    /// A position that must be in it.
    #[param(minimum = 0)]
    at: Option<i64>,
}

/// Cycle times of the steps that were closed in a period.
#[derive(Debug, Serialize, ToSchema)]
pub struct CycleTimes {
    from: NaiveDate,
    to: NaiveDate,
    items: Vec<CycleTime>,
}

/// How long the steps of cases took, by step, lane and owner
///
/// In working minutes, as the pack in force keeps the calendar, without the time in which whoever asked was to answer a question. Steps that
/// are still open are not in it.
#[utoipa::path(get, path = "/v1/reports/cycle-times", tag = "reports", params(CycleTimesQuery),
    responses((status = 200, body = CycleTimes)))]
pub async fn cycle_times(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<CycleTimesQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadControls)?;
    door.settled(query.at).await?;
    let to = query.to.unwrap_or_else(|| door.today());
    let from = query.from.or_else(|| to.checked_sub_days(Days::new(PERIOD_DAYS))).unwrap_or(to);
    let in_force = door.house().policy();
    let in_force = in_force.ok_or_else(|| Problem::not_found("policy pack", "in-force"))?;
    let spans = closed(door.journal().engine(), period(&in_force, from, to)).await?;
    // Working time is counted day by day.
    let counting = tokio::task::spawn_blocking(move || counted(spans, &in_force));
    let items = counting.await.map_err(Problem::internal)?;
    match query.format.unwrap_or_default() {
        Format::Csv => csv::answer("cycle-times", &items),
        Format::Json => Ok(axum::Json(CycleTimes { from, to, items }).into_response()),
    }
}

/// From the beginning of the first day until the last one is over, in the company's zone.
fn period(in_force: &InForce, from: NaiveDate, to: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
    let zone = in_force.pack.company.zone;
    let begin = |day| calendar::begin(zone, day);
    let first = begin(from).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let over = to.succ_opt().and_then(begin).unwrap_or(DateTime::<Utc>::MAX_UTC);
    (first, over)
}

async fn closed(
    engine: &Engine,
    period: (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Span>, Problem> {
    let mut keyset = Keyset::first(READ);
    let mut found: Vec<Span> = Vec::new();
    loop {
        let page = spans::closed(engine, period, &keyset).await?;
        found.extend(page.items.into_iter().map(Span::from));
        if found.len() > SPANS_MAX {
            let detail = format!(
                "More than {SPANS_MAX} steps were closed in this period: ask for a shorter one, by from and to."
            );
            return Err(Problem::not_understood("report.too_long", detail));
        }
        let Some(next) = page.next else { return Ok(found) };
        keyset.after = Some(next);
    }
}

fn counted(spans: Vec<Span>, in_force: &InForce) -> Vec<CycleTime> {
    let calendar = in_force.pack.calendar();
    let hours = Hours { calendar: &calendar, zone: in_force.pack.company.zone };
    cycle::cycle_times(spans, &hours)
}
