//! A pack that decides nothing and is asked about everything: what it would have answered since it began.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::ids::ProposalId;
use domain::permissions::Act;
use domain::policy::shadow::{Found, ShadowEnded};
use domain::policy::{self, Scope};
use projections::Listed;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::trial::{in_time, running};
use crate::asked::{Asked, Body};
use crate::auth::Caller;
use crate::csv::{self, Format};
use crate::door::Door;
use crate::extract::{Path, Query};
use crate::page::{Page, list_query};
use crate::policies::simulation::Changed;
use crate::problem::Problem;
use crate::watch::Watch;

/// Pages of decisions that one request looks at; what is behind them is for the next one.
const PAGES_OF_A_REQUEST: usize = 20;

/// Whose decisions are made again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Start {
    /// Absent: everybody's.
    scope: Option<Scope>,
}

impl Body for Start {
    const ACT: Act = Act::ProposePolicy;
}

/// Run a proposal in shadow
///
/// From now on every decision is made again under its pack, and what differs is listed; what is enforced stays as it is. For a proposal
/// that is in approval or approved.
#[utoipa::path(post, path = "/v1/policies/{id}/shadow", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = Start,
    responses((status = 200, body = crate::in_force::Applied)))]
pub async fn start(
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: Start { scope } }: Asked<Start>,
) -> Result<Response, Problem> {
    let command = policy::Command::StartShadow { proposal: id, scope };
    crate::in_force::tell(&door, by, command).await
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct End {}

impl Body for End {
    const ACT: Act = Act::ProposePolicy;
}

/// End a shadow, and record what it found
///
/// 202 when it has more to look at than a request may wait for: it ends when it has.
#[utoipa::path(post, path = "/v1/policies/{id}/shadow/end", tag = "policies",
    params(("id" = ProposalId, Path)), request_body = End,
    responses((status = 200, body = crate::in_force::Applied),
        (status = 202, body = super::trial::Running)))]
pub async fn end(
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Asked { by, body: End {} }: Asked<End>,
) -> Result<Response, Problem> {
    let task = async move {
        let command = ending(&door, id).await?;
        crate::in_force::tell(&door, by, command).await
    };
    Ok(in_time(task).await?.unwrap_or_else(|| running(id)))
}

/// What ends a shadow, with all that it found.
pub(crate) async fn ending(door: &Door, id: ProposalId) -> Result<policy::Command, Problem> {
    let Some(watch) = door.watches().shadow(&door.house().rules_since(), id) else {
        // The rule says why not.
        return Ok(policy::Command::EndShadow { proposal: id, found: Box::default() });
    };
    let mut watch = watch.lock().await;
    watch.look_at_all(door.journal()).await?;
    let list = csv::written(&watch.seen.changed)?;
    let differences = door.simulations().keep_made(list.into_bytes()).await?;
    let found = Box::new(Found { differences, ..found(&watch) });
    Ok(policy::Command::EndShadow { proposal: id, found })
}

fn found(watch: &Watch) -> Found {
    let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
    let [stricter, looser, otherwise] = watch.seen.directions().map(count);
    Found {
        upto: watch.upto.0,
        decisions: count(watch.seen.decisions),
        lost: count(watch.seen.lost),
        stricter,
        looser,
        otherwise,
        unlawful: count(watch.seen.unlawful),
        differences: String::new(),
    }
}

list_query! {
    ShadowQuery in "shadow" {
    }
}

/// What a shadow has found.
#[derive(Debug, Serialize, ToSchema)]
pub struct Shadowed {
    proposal: ProposalId,
    /// The pack that is asked.
    hash: String,
    /// Whose decisions; absent: everybody's, or it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<Scope>,
    state: Watched,
    /// The last event that there is; while `upto` is less, there is more to look at: ask again.
    head: i64,
    #[serde(flatten)]
    found: Found,
    /// Each decision that differs, with both explanations; once it has ended, the list is in the table (`?format=csv`).
    #[serde(flatten)]
    page: Page<Changed>,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Watched {
    Running,
    /// It has found more than is kept, and looks no further: end it.
    Full,
    Ended,
}

/// What a shadow has found
///
/// Counts, and every decision that the shadow's pack would have made otherwise, by position.
#[utoipa::path(get, path = "/v1/policies/{id}/shadow", tag = "policies",
    params(("id" = ProposalId, Path), ShadowQuery), responses((status = 200, body = Shadowed)))]
pub async fn show(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Query(query): Query<ShadowQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadControls)?;
    let paging = query.paging()?;
    door.recorded(paging.at).await?;
    let since = door.house().rules_since();
    let Some(watch) = door.watches().shadow(&since, id) else {
        let ended = since.1.ended(id).ok_or_else(|| Problem::not_found("shadow", id))?;
        return of_ended(&door, ended, paging.format).await;
    };
    let mut watch = watch.lock().await;
    for _ in 0..PAGES_OF_A_REQUEST {
        watch.look(door.journal()).await?;
        if watch.upto >= watch.head || watch.is_full() {
            break;
        }
    }
    let after = paging.keyset.after.as_deref().map_or(Ok(0), str::parse::<i64>);
    let after = after.map_err(|_| crate::page::not_understood())?;
    let limit = usize::try_from(paging.keyset.limit).unwrap_or(usize::MAX);
    let mut items = watch.seen.changed.iter().filter(|changed| changed.position > after);
    let page: Vec<Changed> = items.by_ref().take(limit).cloned().collect();
    let more = items.next().is_some();
    let next = page.last().filter(|_| more).map(|changed| changed.position.to_string());
    let listed = Listed { items: page, next };
    if paging.format == Format::Csv {
        return paging.answer(listed);
    }
    let shadow = since.0.shadows.get(&id);
    let told = Shadowed {
        proposal: id,
        hash: shadow.map(|it| it.pack.hash.to_string()).unwrap_or_default(),
        scope: shadow.and_then(|it| it.scope.clone()),
        state: if watch.is_full() { Watched::Full } else { Watched::Running },
        head: watch.head.0,
        found: found(&watch),
        page: paging.page(listed),
    };
    Ok(axum::Json(told).into_response())
}

async fn of_ended(door: &Door, ended: &ShadowEnded, format: Format) -> Result<Response, Problem> {
    if format == Format::Csv {
        return super::card::kept_table(door, &ended.found.differences).await;
    }
    let told = Shadowed {
        proposal: ended.proposal,
        hash: ended.hash.clone(),
        scope: None,
        state: Watched::Ended,
        head: ended.found.upto,
        found: ended.found.clone(),
        page: Page { items: Vec::new(), next_cursor: None },
    };
    Ok(axum::Json(told).into_response())
}
