//! Changes that come into force by themselves on a business date.

use axum::extract::State;
use axum::response::Response;
use chrono::NaiveDate;
use domain::ids::ProposalId;
use domain::permissions::Act;
use domain::policy::schedule::Scheduled;
use domain::policy::{self, Policy};
use domain::text::Prose;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::asked::{Asked, Body};
use crate::auth::Caller;
use crate::day;
use crate::directory::AtQuery;
use crate::door::Door;
use crate::extract::{Path, Query};
use crate::problem::Problem;

/// When an approved proposal is to come into force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// A business date after today; absent: the first one that the plan allows.
    #[serde(default, deserialize_with = "day::optional")]
    on: Option<NaiveDate>,
}

impl Body for Schedule {
    const ACT: Act = Act::LoadPolicy;
}

/// Have an approved proposal come into force on a day
///
/// On that day the system activates it for those whom the plan names first, where it still may; where it may not, it says so in an event
/// and nothing changes.
#[utoipa::path(post, path = "/v1/policies/{id}/schedule", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Schedule,
    responses((status = 200, body = crate::in_force::Applied)))]
pub async fn schedule(
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: Schedule { on } }: Asked<Schedule>,
) -> Result<Response, Problem> {
    crate::in_force::tell(&door, by, policy::Command::Schedule { proposal: id, on }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CancelSchedule)]
#[serde(deny_unknown_fields)]
pub struct Cancel {
    #[schema(value_type = String)]
    reason: Prose<500>,
}

impl Body for Cancel {
    const ACT: Act = Act::LoadPolicy;
}

/// Cancel what was scheduled
#[utoipa::path(post, path = "/v1/policies/{id}/schedule/cancel", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Cancel,
    responses((status = 200, body = crate::in_force::Applied)))]
pub async fn cancel(
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: Cancel { reason } }: Asked<Cancel>,
) -> Result<Response, Problem> {
    let command = policy::Command::CancelSchedule { proposal: id, reason };
    crate::in_force::tell(&door, by, command).await
}

/// A change that comes into force by itself.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Upcoming {
    proposal: ProposalId,
    #[serde(flatten)]
    scheduled: Scheduled,
}

impl Upcoming {
    /// The earliest first.
    pub(crate) fn all(policy: &Policy) -> Vec<Self> {
        let all = policy.scheduled.iter();
        let all = all.map(|(proposal, it)| Self { proposal: *proposal, scheduled: it.clone() });
        let mut all: Vec<Self> = all.collect();
        all.sort_by_key(|it| (it.scheduled.on, it.scheduled.number));
        all
    }
}

/// Every change that comes into force by itself.
#[derive(Debug, Serialize, ToSchema)]
pub struct Upcomings {
    items: Vec<Upcoming>,
}

/// What comes into force by itself, and when
#[utoipa::path(get, path = "/v1/policies/scheduled", tag = "policies", params(AtQuery),
    responses((status = 200, body = Upcomings)))]
pub async fn upcoming(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<AtQuery>,
) -> Result<axum::Json<Upcomings>, Problem> {
    caller.may(Act::ReadPolicies)?;
    door.recorded(query.at).await?;
    Ok(axum::Json(Upcomings { items: Upcoming::all(&door.house().rules()) }))
}
