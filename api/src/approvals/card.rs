//! One case: what is asked for, by which route and why, who agreed and to what, whom it waits for and since when.

use std::collections::BTreeSet;

use axum::extract::State;
use chrono::{DateTime, Utc};
use domain::approval::{Lane, Person, Stage, VoteCast};
use domain::customer::approving::Matter;
use domain::ids::{CaseId, CustomerId};
use domain::permissions::Act;
use domain::policy::approvals::{Chosen, Subject};
use domain::policy::pack::Text;
use domain::sentence;
use domain::staff::Role;
use projections::cases::{self, CaseRow};
use projections::{Keyset, timeline};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::directory::AtQuery;
use crate::door::Door;
use crate::extract::{Path, Query};
use crate::history::Told;
use crate::names::Names;
use crate::problem::Problem;
use crate::sight::Sight;

/// Events of one read of a customer's stream.
const READ: u32 = 500;

#[derive(Debug, Serialize, ToSchema)]
pub struct CaseCard {
    id: String,
    customer: String,
    /// `qualification`, `credit`, `release`.
    kind: String,
    title: Text,
    /// What is asked for.
    matter: Matter,
    /// `open`, `approved`, `confirmed`, `rejected`, `returned`, `withdrawn`, `overtaken`.
    status: String,
    lane: Option<Lane>,
    /// Which row of which table chose the route, on which facts.
    chosen: Chosen,
    stages: Vec<Stage>,
    /// The hash of the pack that chose it.
    policy: String,
    /// What a vote binds.
    content: String,
    round: u32,
    /// The open stage, from 1.
    stage: u32,
    /// The departments whose votes are wanted now; none where nothing is open.
    #[schema(value_type = Vec<Role>)]
    waits_for: Vec<Role>,
    /// Who may cast them.
    electorate: Vec<Person>,
    votes: Vec<VoteCast>,
    requested_by: String,
    /// What whoever asked has not answered yet; the clock stands meanwhile.
    question: Option<String>,
    opened_at: DateTime<Utc>,
    /// Since when the open stage waits.
    waiting_since: Option<DateTime<Utc>>,
    /// Everything that happened to it, oldest first.
    timeline: Vec<Told>,
}

/// A case and its timeline
#[utoipa::path(get, path = "/v1/approvals/{id}", tag = "approvals",
    params(("id" = CaseId, Path), AtQuery), responses((status = 200, body = CaseCard)))]
pub async fn card(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CaseId>,
    Query(query): Query<AtQuery>,
) -> Result<axum::Json<CaseCard>, Problem> {
    caller.may(Act::ReadCases)?;
    door.settled(query.at).await?;
    let (row, customer) = known(&door, id).await?;
    // Whoever is asked sees what they are asked about, also in another's place.
    let asked = row.round.0.electorate.iter().any(|person| person.staff == caller.actor);
    if row.matter.0.subject() != Subject::Qualification && !asked {
        caller.may(Act::ReadCreditPosition)?;
    }
    let lent = if asked { caller.lent() } else { BTreeSet::new() };
    let sight = Sight::of(caller.roles().chain(lent));
    let timeline = told(&door, sight, id, customer).await?;
    Ok(axum::Json(shown(row, timeline)))
}

/// The row of a case, and whose it is.
pub async fn known(door: &Door, case: CaseId) -> Result<(CaseRow, CustomerId), Problem> {
    door.settled(None).await?;
    let row = cases::one(door.journal().engine(), case).await?;
    let row = row.ok_or_else(|| Problem::not_found("case", case))?;
    let customer = row.customer.parse().map_err(Problem::internal)?;
    Ok((row, customer))
}

async fn told(
    door: &Door,
    sight: Sight,
    case: CaseId,
    customer: CustomerId,
) -> Result<Vec<Told>, Problem> {
    let journal = door.journal();
    let mut keyset = Keyset::first(READ);
    let mut rows = Vec::new();
    loop {
        let of_it = |event: &mut domain::customer::Event| {
            (event.case() == Some(case)).then_some(())?;
            sight.event(event)
        };
        let page = timeline::of_customer(journal, &customer.to_string(), &keyset, of_it).await?;
        rows.extend(page.items);
        let Some(next) = page.next else { break };
        keyset.after = Some(next);
    }
    let names = Names::behind(door, rows.iter().filter_map(|row| row.signature)).await?;
    Ok(rows.into_iter().map(|row| Told::of(row, customer, &names)).collect())
}

fn shown(row: CaseRow, timeline: Vec<Told>) -> CaseCard {
    let open = row.asked_position.is_some();
    let round = row.round.0;
    let waits_for = round.waits_for().into_iter().filter(|_| open).collect();
    CaseCard {
        id: row.case_id.to_string(),
        customer: row.customer.to_string(),
        kind: row.subject,
        title: sentence::approving::matter(&row.matter.0),
        matter: row.matter.0,
        status: row.status,
        lane: round.route.lane,
        chosen: row.chosen.0,
        stages: round.route.stages,
        policy: row.pack,
        content: round.content,
        round: round.number,
        stage: round.stage,
        waits_for,
        electorate: if open { round.electorate } else { Vec::new() },
        votes: round.votes,
        requested_by: row.requested_by,
        question: row.question,
        opened_at: row.opened_at,
        waiting_since: row.asked_at,
        timeline,
    }
}
