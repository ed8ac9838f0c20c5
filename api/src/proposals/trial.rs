//! A proposal tried on what was decided, as evidence for those who vote on it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::ids::ProposalId;
use domain::permissions::Act;
use domain::policy::InForce;
use domain::proposal::{Command, Proposal, Simulated};
use indicatif::ProgressBar;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Proposing, known, missing_proposal};
use crate::answers::answer;
use crate::asked::{Asked, Asking, Body};
use crate::door::Door;
use crate::extract::Path;
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
    let permit = Arc::clone(door.simulating()).try_acquire_owned().map_err(|_| {
        Problem::unavailable(
            "simulation.busy",
            "Another simulation runs; try again when it has ended.",
        )
    })?;
    let (_, proposal) = known(&door, id).await?;
    let task = {
        let door = door.clone();
        tokio::spawn(async move {
            let _permit = permit;
            let recorded = async {
                let simulated = simulated(&door, &by, &proposal, (body.from, body.to)).await?;
                door.proposal(by, id, Command::Simulate(Box::new(simulated))).await
            };
            // Whoever asked may have been answered already that it runs.
            recorded.await.inspect_err(|problem| tracing::warn!(%id, %problem, "not simulated"))
        })
    };
    match tokio::time::timeout(SIMULATION_WAIT, task).await {
        Ok(ended) => {
            let committed = ended.map_err(Problem::internal)??;
            Ok(answer(StatusCode::OK, &committed, &Proposing::of(id, &committed)))
        }
        Err(_) => Ok((StatusCode::ACCEPTED, axum::Json(Running { id, status: "simulating" }))
            .into_response()),
    }
}

/// It goes on; its result will be on the proposal's card.
#[derive(Debug, Serialize, ToSchema)]
pub struct Running {
    id: ProposalId,
    /// `simulating`
    status: &'static str,
}

/// What a pack would have answered to all that was decided in a period.
pub(crate) async fn simulated(
    door: &Door,
    by: &Asking,
    proposal: &Proposal,
    period: (Option<NaiveDate>, Option<NaiveDate>),
) -> Result<Simulated, Problem> {
    let content = proposal.content.as_ref().ok_or_else(|| missing_proposal(proposal))?;
    let (hash, pack) = (Arc::from(content.hash.as_str()), Arc::clone(&content.pack));
    let pack = Arc::new(InForce { version: 0, hash, pack });
    let found = run_simulation(door.journal(), &pack, period, &ProgressBar::hidden()).await?;
    let list = csv::written(&found.changed)?;
    let differences = door.simulations().keep_made(list.into_bytes()).await?;
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let [stricter, looser, otherwise] = found.directions().map(count);
    Ok(Simulated {
        hash: content.hash.clone(),
        base: content.base.clone(),
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
        simulated_on: door.today(),
        voided: 0,
        by: by.actor.clone(),
    })
}
