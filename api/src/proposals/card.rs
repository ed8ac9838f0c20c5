//! What proposals there are, and everything about one.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::approval::{Person, Route, VoteCast};
use domain::ids::{ProposalId, StaffId};
use domain::permissions::Act;
use domain::policy::Pack;
use domain::policy::changes::{self, Part};
use domain::policy::pack::Text;
use domain::proposal::{Event, Plan, Simulated, Standing};
use domain::sentence;
use domain::staff::Role;
use journal::{Entry, Version};
use projections::proposals::{self, ProposalRow};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{against, known, missing_proposal};
use crate::auth::Caller;
use crate::csv;
use crate::directory::AtQuery;
use crate::door::Door;
use crate::envelope::Envelope;
use crate::extract::{Path, Query};
use crate::names::Names;
use crate::page::{Page, list_query};
use crate::policies::difference::differences;
use crate::policies::readable::report::Report;
use crate::policies::readable::{Lang, Readable, html, readable, readable_difference, signatures};
use crate::problem::{Fault, Problem};
use crate::signing::Signed;

/// The most events of a proposal that its card tells.
const TOLD_MAX: usize = 500;

list_query! {
    ProposalsQuery in "policies" {
        status: Option<Standing>,
    }
}

/// Proposals to change the rules
#[utoipa::path(get, path = "/v1/policies", tag = "policies", params(ProposalsQuery),
    responses((status = 200, body = Page<ProposalRow>)))]
pub async fn list(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<ProposalsQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadPolicies)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let status = query.status.map(Standing::code);
    paging.answer(proposals::list(door.journal().engine(), status, &paging.keyset).await?)
}

/// A proposal with everything that is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalCard {
    id: ProposalId,
    version: i64,
    status: Standing,
    name: String,
    summary: String,
    hash: String,
    /// The hash of the pack that it is to replace.
    base: String,
    /// To whom it is to apply, and from when.
    plan: Plan,
    /// Whoever wrote any of it, and so has no vote.
    editors: BTreeSet<StaffId>,
    /// What it changes: `legal`, `credit`.
    #[schema(value_type = Vec<String>)]
    parts: BTreeSet<Part>,
    /// Field by field, against the pack that it is to replace.
    differences: Vec<String>,
    /// With these it cannot be submitted.
    objections: Vec<Fault>,
    simulation: Option<Simulated>,
    approval: Option<Approval>,
    /// What happened to it, oldest first.
    history: Vec<Step>,
    #[schema(value_type = Object)]
    pack: Arc<Pack>,
}

/// The round of votes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProposalApproval)]
pub struct Approval {
    round: u32,
    /// What each vote binds.
    content: String,
    route: Route,
    stage: u32,
    /// The departments whose votes are still wanted.
    waits_for: BTreeSet<Role>,
    /// Who may vote in the open stage.
    electorate: Vec<Person>,
    votes: Vec<VoteCast>,
}

/// Something that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProposalStep)]
pub struct Step {
    position: i64,
    recorded_at: Option<DateTime<Utc>>,
    actor: Option<String>,
    #[serde(rename = "type")]
    event_type: String,
    sentence: Text,
    /// Under a vote.
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Signed>,
}

/// A proposal
#[utoipa::path(get, path = "/v1/policies/{id}", tag = "policies",
    params(("id" = ProposalId, Path), AtQuery), responses((status = 200, body = ProposalCard)))]
pub async fn card(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Query(query): Query<AtQuery>,
) -> Result<axum::Json<ProposalCard>, Problem> {
    caller.may(Act::ReadPolicies)?;
    door.recorded(query.at).await?;
    let (version, proposal) = known(&door, id).await?;
    let content = proposal.content.as_ref().ok_or_else(|| missing_proposal(&proposal))?;
    let base = base_of(&door, &content.base);
    let value = |pack: &Pack| serde_json::to_value(pack).map_err(Problem::internal);
    let differences = match &base {
        Some(base) => differences(&value(base)?, &value(&content.pack)?),
        None => Vec::new(),
    };
    let approval = proposal.round.as_ref().map(|round| Approval {
        round: round.number,
        content: round.content.clone(),
        route: round.route.clone(),
        stage: round.stage,
        waits_for: round.waits_for(),
        electorate: round.electorate.clone(),
        votes: round.votes.clone(),
    });
    Ok(axum::Json(ProposalCard {
        id,
        version: version.0,
        status: proposal.standing,
        name: content.pack.name.clone(),
        summary: content.summary.to_string(),
        hash: content.hash.clone(),
        base: content.base.clone(),
        plan: content.plan.clone(),
        editors: proposal.editors.clone(),
        parts: base.map(|base| changes::parts(&base, &content.pack)).unwrap_or_default(),
        differences: differences.iter().map(ToString::to_string).collect(),
        objections: against(&content.pack),
        simulation: proposal.simulation.clone(),
        approval,
        history: history(&door, id).await?,
        pack: Arc::clone(&content.pack),
    }))
}

/// The pack that a proposal is to replace.
pub(super) fn base_of(door: &Door, hash: &str) -> Option<Arc<Pack>> {
    door.house().rules().known.get(hash).map(|known| Arc::clone(&known.pack))
}

async fn history(door: &Door, id: ProposalId) -> Result<Vec<Step>, Problem> {
    let journal = door.journal();
    let entries = journal.stream(&id.to_string(), Version(0), TOLD_MAX).await?;
    let mut told = Vec::new();
    for entry in entries {
        let event: Event = journal.event(&entry)?;
        told.push((entry, event));
    }
    let record = id.to_string();
    let digests = told.iter().filter_map(|(_, event)| event.signature()).map(|it| it.name_digest);
    let names = Names::behind(door, digests).await?;
    // What the round asks about; a vote names the same.
    let mut asked = String::new();
    let step = |(entry, event): (Entry, Event)| {
        if let Event::Submitted(submitted) = &event {
            asked.clone_from(&submitted.opened.content);
        }
        let signature = event.signature().map(|it| Signed::of(it, &names, &record, &asked));
        Step {
            position: entry.position.0,
            recorded_at: entry.recorded_at,
            actor: Envelope::of(&entry).actor.map(std::borrow::Cow::into_owned),
            event_type: entry.event_type,
            sentence: sentence::of_proposal(&event),
            signature,
        }
    };
    Ok(told.into_iter().map(step).collect())
}

/// What the last simulation found, decision by decision, as CSV
#[utoipa::path(get, path = "/v1/policies/{id}/differences", tag = "policies",
    params(("id" = ProposalId, Path), AtQuery),
    responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn found(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Query(query): Query<AtQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadControls)?;
    door.recorded(query.at).await?;
    let (_, proposal) = known(&door, id).await?;
    let simulation = proposal.simulation.as_ref();
    let simulation = simulation.ok_or_else(|| Problem::not_found("simulation", id))?;
    kept_table(&door, &simulation.differences).await
}

/// A list that is kept beside the scans.
pub(super) async fn kept_table(door: &Door, id: &str) -> Result<Response, Problem> {
    let list = door.simulations().made(id).await?;
    let kind = HeaderValue::from_static("text/csv; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], list).into_response())
}

/// How a report is wanted.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReportQuery {
    /// `json` (without), `csv`, or `html`: a page to read and to print.
    #[serde(default)]
    #[param(inline)]
    format: Reported,
    /// `en` (without) or `zh`; of the page.
    #[serde(default)]
    #[param(inline)]
    lang: Lang,
    /// A position that must be in it.
    #[param(minimum = 0)]
    at: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Reported {
    #[default]
    Json,
    Csv,
    Html,
}

/// The report of the last simulation
///
/// Of the pilot where this proposal's runs and was tried since, else the one that the votes bind. Counts by direction, checkpoint, cause,
/// segment, value and customer; its hash stands in the simulation's event, and in the event that puts the pack in force.
#[utoipa::path(get, path = "/v1/policies/{id}/report", tag = "policies",
    params(("id" = ProposalId, Path), ReportQuery), responses((status = 200, body = Report)))]
pub async fn report(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Query(query): Query<ReportQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadControls)?;
    door.recorded(query.at).await?;
    let (_, proposal) = known(&door, id).await?;
    let pilot = door.house().rules().pilot.filter(|pilot| pilot.proposal == Some(id));
    let simulation = pilot.and_then(|it| it.simulation).or_else(|| proposal.simulation.clone());
    let named = simulation.and_then(|it| it.report);
    let named = named.ok_or_else(|| Problem::not_found("simulation report", id))?;
    let report = door.simulations().made(&named).await?;
    let report: Report = serde_json::from_slice(&report).map_err(Problem::internal)?;
    match query.format {
        Reported::Json => Ok(axum::Json(report).into_response()),
        Reported::Csv => csv::answer("report", &report.counts),
        Reported::Html => Ok(page(&report.readable(query.lang))),
    }
}

/// How a pack is shown.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReadableQuery {
    /// `en` (without) or `zh`.
    #[serde(default)]
    #[param(inline)]
    lang: Lang,
    /// `pack` (without), or `difference` to the pack that it is to replace.
    #[serde(default)]
    #[param(inline)]
    show: Shown,
    /// A position that must be in it.
    #[param(minimum = 0)]
    at: Option<i64>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Shown {
    #[default]
    Pack,
    Difference,
}

/// A proposal as people read it
///
/// A page of HTML that needs nothing else and runs nothing: every table of the pack, or what it changes, and who signed it.
#[utoipa::path(get, path = "/v1/policies/{id}/readable", tag = "policies",
    params(("id" = ProposalId, Path), ReadableQuery),
    responses((status = 200, body = String, content_type = "text/html")))]
pub async fn read(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Query(query): Query<ReadableQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadPolicies)?;
    door.recorded(query.at).await?;
    let (_, proposal) = known(&door, id).await?;
    let content = proposal.content.as_ref().ok_or_else(|| missing_proposal(&proposal))?;
    let base = base_of(&door, &content.base);
    let readable = match (query.show, &base) {
        (Shown::Difference, Some(base)) => readable_difference(base, &content.pack, query.lang),
        (Shown::Pack | Shown::Difference, _) => readable(&content.pack, query.lang),
    };
    let mut readable = readable.map_err(Problem::internal)?;
    let history = history(&door, id).await?;
    let signed: Vec<Signed> = history.into_iter().filter_map(|step| step.signature).collect();
    readable.tables.extend(signatures::signatures(&signed, query.lang));
    Ok(page(&readable))
}

/// Shown, and nothing in it runs.
pub(crate) fn page(readable: &Readable) -> Response {
    let fixed = HeaderValue::from_static;
    let headers = [
        (header::CONTENT_TYPE, fixed("text/html; charset=utf-8")),
        (header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            fixed("default-src 'none'; style-src 'unsafe-inline'; sandbox"),
        ),
    ];
    (headers, html::page(readable)).into_response()
}
