//! A proposal tried on what was decided, as evidence for those who vote on it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::ids::ProposalId;
use domain::permissions::Act;
use domain::policy::{self, InForce, Scope};
use domain::proposal::{Command, Content, Simulated};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

use super::{Proposing, known, missing_proposal};
use crate::answers::answer;
use crate::asked::{Asked, Asking, Body};
use crate::door::Door;
use crate::extract::Path;
use crate::policies::readable::report::Report;
use crate::policies::simulation::simulate as run_simulation;
use crate::problem::Problem;
use crate::{csv, day};

/// How long a simulation is waited for before it is answered that it runs.
const SIMULATION_WAIT: Duration = Duration::from_secs(5);

/// Which decisions to try a pack on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Simulate {
    /// The first business date; absent: from the beginning.
    #[serde(default, deserialize_with = "day::optional")]
    from: Option<NaiveDate>,
    /// The last business date; absent: until now.
    #[serde(default, deserialize_with = "day::optional")]
    to: Option<NaiveDate>,
}

impl Body for Simulate {
    const ACT: Act = Act::ProposePolicy;
}

/// Try a proposal on what was decided
///
/// Makes every decision of the period again under the proposed pack, with the facts as they were known then. 202 when that takes longer
/// than a request may: the card shows the result when it is there. One simulation runs at a time.
#[utoipa::path(post, path = "/v1/policies/{id}/simulate", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Simulate,
    responses((status = 200, body = Proposing), (status = 202, body = Running)))]
pub async fn simulate(
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body }: Asked<Simulate>,
) -> Result<Response, Problem> {
    let permit = only_one(&door)?;
    let (_, proposal) = known(&door, id).await?;
    let task = {
        let door = door.clone();
        async move {
            let _permit = permit;
            let content = proposal.content.as_ref().ok_or_else(|| missing_proposal(&proposal))?;
            let subject = Subject::of(content);
            let simulated = simulated(&door, &by, &subject, (body.from, body.to)).await?;
            door.proposal(by, id, Command::Simulate(Box::new(simulated))).await
        }
    };
    match in_time(task).await? {
        Some(committed) => Ok(answer(StatusCode::OK, &committed, &Proposing::of(id, &committed))),
        None => Ok(running(id)),
    }
}

/// Try the pilot's pack on what was decided
///
/// As for a proposal, for the pack of the running pilot: evidence for its next step. It makes no vote void.
#[utoipa::path(post, path = "/v1/policies/in-force/simulate", tag = "policies", request_body = Simulate,
    responses((status = 200, body = crate::in_force::Applied), (status = 202, body = Running)))]
pub async fn simulate_pilot(
    State(door): State<Door>,
    Asked { by, body }: Asked<Simulate>,
) -> Result<Response, Problem> {
    let permit = only_one(&door)?;
    let pilot = Pilot::running(&door)?;
    let proposal = pilot.proposal;
    let task = {
        let door = door.clone();
        async move {
            let _permit = permit;
            let command = pilot.simulated(&door, &by, (body.from, body.to)).await?;
            crate::in_force::tell(&door, by, command).await
        }
    };
    Ok(in_time(task).await?.unwrap_or_else(|| running(proposal)))
}

/// The pilot as it was before its pack was tried.
pub(crate) struct Pilot {
    proposal: ProposalId,
    scope: Scope,
    subject: Subject,
}

impl Pilot {
    pub(crate) fn running(door: &Door) -> Result<Self, Problem> {
        let rules = door.house().rules();
        let none = || Problem::not_found("pilot", "in-force");
        let (base, pilot) = rules.in_force.zip(rules.pilot).ok_or_else(none)?;
        let subject = Subject { pack: Arc::new(pilot.pack), base: base.hash.to_string() };
        Ok(Self { proposal: pilot.proposal.ok_or_else(none)?, scope: pilot.scope, subject })
    }

    /// What is to be recorded of it.
    pub(crate) async fn simulated(
        self,
        door: &Door,
        by: &Asking,
        period: (Option<NaiveDate>, Option<NaiveDate>),
    ) -> Result<policy::Command, Problem> {
        let simulated = Box::new(simulated(door, by, &self.subject, period).await?);
        let Self { proposal, scope, .. } = self;
        Ok(policy::Command::SimulatePilot { proposal, scope, simulated })
    }
}

/// Each simulation reads the whole journal.
pub(super) fn only_one(door: &Door) -> Result<OwnedSemaphorePermit, Problem> {
    Arc::clone(door.simulating()).try_acquire_owned().map_err(|_| {
        Problem::unavailable(
            "simulation.busy",
            "Another simulation runs; try again when it has ended.",
        )
    })
}

/// What a long task ends with; none where that takes longer than a request may, and it goes on.
pub(super) async fn in_time<T: Send + 'static>(
    task: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<Option<T>, Problem> {
    // Whoever asked may have been answered already that it runs.
    let told = async { task.await.inspect_err(|problem| tracing::warn!(%problem, "not done")) };
    match tokio::time::timeout(SIMULATION_WAIT, tokio::spawn(told)).await {
        Ok(ended) => ended.map_err(Problem::internal)?.map(Some),
        Err(_) => Ok(None),
    }
}

pub(super) fn running(id: ProposalId) -> Response {
    (StatusCode::ACCEPTED, axum::Json(Running { id, status: "running" })).into_response()
}

/// A pack, and the one that it is to replace.
pub(crate) struct Subject {
    pack: Arc<InForce>,
    base: String,
}

impl Subject {
    pub(crate) fn of(content: &Content) -> Self {
        let (hash, pack) = (Arc::from(content.hash.as_str()), Arc::clone(&content.pack));
        Self { pack: Arc::new(InForce { version: 0, hash, pack }), base: content.base.clone() }
    }
}

/// It goes on; its result will be on the proposal's card.
#[derive(Debug, Serialize, ToSchema)]
pub struct Running {
    id: ProposalId,
    /// `running`
    status: &'static str,
}

/// What a pack would have answered to all that was decided in a period.
pub(crate) async fn simulated(
    door: &Door,
    by: &Asking,
    subject: &Subject,
    period: (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<Simulated, Problem> {
    let Subject { pack, base } = subject;
    let found = run_simulation(door.journal(), pack, period, &ProgressBar::hidden()).await?;
    let list = csv::written(&found.changed)?;
    let differences = door.simulations().keep_made(list.into_bytes()).await?;
    let report = Report::of(&found, &pack.hash, base, &differences);
    let report = serde_json::to_vec(&report).map_err(Problem::internal)?;
    let report = door.simulations().keep_made(report).await?;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let [stricter, looser, otherwise] = found.directions().map(count);
    Ok(Simulated {
        hash: pack.hash.to_string(),
        base: base.clone(),
        from: period.0,
        to: period.1,
        upto: found.upto.0,
        decisions: count(found.decisions),
        lost: count(found.lost),
        stricter,
        looser,
        otherwise,
        unlawful: count(found.unlawful),
        stopped_before: count(found.stopped.0),
        stopped_after: count(found.stopped.1),
        differences,
        report: Some(report),
        simulated_on: door.today(),
        voided: 0,
        by: by.actor.clone(),
    })
}
