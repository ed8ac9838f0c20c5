//! `/v1/policies/in-force`: which rules apply to whom, the pilot, and the brake.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::approval::VoteCast;
use domain::ids::ProposalId;
use domain::permissions::Act;
use domain::policy::{Command, InForce, Pack, Policy, Scope};
use domain::proposal::{Simulated, Step};
use domain::staff::Role;
use domain::text::Prose;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answers::answer;
use crate::asked::{Asked, Asking, Body};
use crate::auth::Caller;
use crate::directory::AtQuery;
use crate::door::Door;
use crate::extract::Query;
use crate::policies::readable::{Lang, readable};
use crate::problem::Problem;
use crate::proposals::card::page;
use crate::proposals::schedule::Upcoming;

/// Which rules apply after a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct Applied {
    /// Of the command's last event, among all events.
    position: i64,
    version: i64,
    #[serde(flatten)]
    rules: Rules,
}

/// Which rules apply to whom.
#[derive(Debug, Serialize, ToSchema)]
pub struct Rules {
    /// To everybody outside of the pilot.
    in_force: Option<InUse>,
    pilot: Option<Piloted>,
    /// The review that an emergency rollback or a paused pilot waits for.
    review: Option<Review>,
    /// What comes into force by itself, the earliest first.
    scheduled: Vec<Upcoming>,
    /// Proposals under whose packs every decision is made again.
    shadows: Vec<ProposalId>,
}

/// A pack that applies.
#[derive(Debug, Serialize, ToSchema)]
pub struct InUse {
    version: u32,
    hash: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pack: Option<Arc<Pack>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Piloted {
    #[serde(flatten)]
    pack: InUse,
    scope: Scope,
    proposal: Option<ProposalId>,
    /// The steps that were agreed to and are still to come.
    then: Vec<Step>,
    /// What its pack would have decided otherwise, tried since it began.
    simulation: Option<Simulated>,
    /// Whether it stops too much to be widened.
    paused: bool,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Review {
    /// The departments that have not looked at it yet.
    waits_for: BTreeSet<Role>,
    votes: Vec<VoteCast>,
}

impl InUse {
    fn named(pack: &InForce) -> Self {
        let name = pack.pack.name.clone();
        Self { version: pack.version, hash: pack.hash.to_string(), name, pack: None }
    }

    fn whole(pack: &InForce) -> Self {
        Self { pack: Some(Arc::clone(&pack.pack)), ..Self::named(pack) }
    }
}

impl Rules {
    fn of(policy: &Policy, shown: fn(&InForce) -> InUse) -> Self {
        Self {
            in_force: policy.in_force.as_ref().map(shown),
            pilot: policy.pilot.as_ref().map(|pilot| Piloted {
                pack: shown(&pilot.pack),
                scope: pilot.scope.clone(),
                proposal: pilot.proposal,
                then: pilot.then.clone(),
                simulation: pilot.simulation.clone(),
                paused: pilot.pause.is_some(),
            }),
            review: policy
                .to_review()
                .map(|round| Review { waits_for: round.waits_for(), votes: round.votes.clone() }),
            scheduled: Upcoming::all(policy),
            shadows: policy.shadows.keys().copied().collect(),
        }
    }
}

/// Gives a command to the policy.
pub(crate) async fn tell(door: &Door, by: Asking, command: Command) -> Result<Response, Problem> {
    let committed = door.policy(by, command).await?;
    let told = Applied {
        position: committed.position.0,
        version: committed.version.0,
        rules: Rules::of(&door.house().rules(), InUse::named),
    };
    Ok(answer(StatusCode::OK, &committed, &told))
}

/// Which rules apply to whom
#[utoipa::path(get, path = "/v1/policies/in-force", tag = "policies", params(AtQuery),
    responses((status = 200, body = Rules)))]
pub async fn show(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<AtQuery>,
) -> Result<axum::Json<Rules>, Problem> {
    caller.may(Act::ReadPolicies)?;
    door.recorded(query.at).await?;
    Ok(axum::Json(Rules::of(&door.house().rules(), InUse::whole)))
}

/// In which language.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InLanguage {
    /// `en` (without) or `zh`.
    #[serde(default)]
    #[param(inline)]
    lang: Lang,
    /// A position that must be in it.
    #[param(minimum = 0)]
    at: Option<i64>,
}

/// The rules in force as people read them
#[utoipa::path(get, path = "/v1/policies/in-force/readable", tag = "policies", params(InLanguage),
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn read(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<InLanguage>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadPolicies)?;
    door.recorded(query.at).await?;
    let in_force = door.house().policy();
    let in_force = in_force.ok_or_else(|| Problem::not_found("policy pack", "in-force"))?;
    let readable = readable(&in_force.pack, query.lang).map_err(Problem::internal)?;
    Ok(page(&readable))
}

/// The next step of the pilot's plan.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Widen {
    /// Whom that step takes in, for whoever wants to be sure; any other is refused.
    scope: Option<Scope>,
}

impl Body for Widen {
    const ACT: Act = Act::LoadPolicy;
}

/// Widen the pilot
///
/// By the next step of the plan that was agreed to, on a simulation made since the pilot began and since it was last paused; not while it is paused.
#[utoipa::path(post, path = "/v1/policies/in-force/widen", tag = "policies", request_body = Widen,
    responses((status = 200, body = Applied)))]
pub async fn widen(
    State(door): State<Door>,
    Asked { by, body: Widen { scope } }: Asked<Widen>,
) -> Result<Response, Problem> {
    crate::due::look_in_time(&door).await?;
    tell(&door, by, Command::Widen { scope }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RollBack {
    #[schema(value_type = String)]
    reason: Prose<500>,
}

impl Body for RollBack {
    const ACT: Act = Act::LoadPolicy;
}

/// Pull the brake
///
/// Ends the pilot, or puts back the pack that was in force before: by one key, where law and qualification stay as they are, and with a
/// review behind it. Anything else is proposed.
#[utoipa::path(post, path = "/v1/policies/in-force/roll-back", tag = "policies",
    request_body = RollBack, responses((status = 200, body = Applied)))]
pub async fn roll_back(
    State(door): State<Door>,
    Asked { by, body: RollBack { reason } }: Asked<RollBack>,
) -> Result<Response, Problem> {
    tell(&door, by, Command::RollBack { reason }).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ReviewRules)]
#[serde(deny_unknown_fields)]
pub struct Reviewed {
    #[schema(value_type = Option<String>)]
    comment: Option<Prose<1000>>,
}

impl Body for Reviewed {
    const ACT: Act = Act::VoteOnPolicy;
}

/// Close the review of an emergency rollback or of a paused pilot, for one's department
#[utoipa::path(post, path = "/v1/policies/in-force/review", tag = "policies", request_body = Reviewed,
    responses((status = 200, body = Applied)))]
pub async fn review(
    State(door): State<Door>,
    Asked { by, body: Reviewed { comment } }: Asked<Reviewed>,
) -> Result<Response, Problem> {
    tell(&door, by, Command::Review { comment }).await
}
