//! `/v1/approvals`: what waits for the decision of whoever asks, the longest first.

pub mod deciding;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::decision::CauseCode;
use domain::permissions::{Act, lifters, lifts, may};
use domain::policy::pack::Text;
use domain::staff::Role;
use domain::wording::names;
use projections::customers::{self, CustomerRow};
use projections::orders::{self, Hold};
use projections::proposals::{self, ProposalRow};
use projections::reviews::{self, ReviewRow};
use projections::{Keyset, Listed};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::door::Door;
use crate::extract::Query;
use crate::page::{Page, list_query};
use crate::problem::Problem;

/// Rows of one read.
const READ: u32 = 200;

list_query! {
    ApprovalsQuery in "approvals" {}
}

/// Something that waits for somebody's decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct Wanted {
    /// Of the customer, order or proposal that waits.
    id: String,
    /// `qualification`, `release`, `policy`.
    kind: &'static str,
    customer: Option<String>,
    title: Text,
    /// The departments any of which may decide; for a policy all of them must.
    #[schema(value_type = Vec<Role>)]
    waits_for: Vec<Role>,
    asked_by: Option<String>,
    since: Option<DateTime<Utc>>,
    /// Of what it waits since.
    position: i64,
    /// Where to decide.
    #[schema(example = "/v1/policies/proposal-…/approve")]
    decide_at: String,
}

/// The worklist of whoever asks
///
/// Reviews of papers that somebody else submitted, held orders whose causes the caller may release, and changes of rules that want the
/// caller's vote.
#[utoipa::path(get, path = "/v1/approvals", tag = "approvals", params(ApprovalsQuery),
    responses((status = 200, body = Page<Wanted>)))]
pub async fn worklist(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<ApprovalsQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadWorklist)?;
    let paging = query.paging()?;
    door.settled(paging.at).await?;
    let mut items = Vec::new();
    if caller.roles().any(|role| may(role, Act::ReviewQualification)) {
        items.extend(of_reviews(&door, &caller, &paging.keyset).await?);
    }
    if caller.roles().any(|role| may(role, Act::ReleaseOrder)) {
        items.extend(of_holds(&door, &caller, &paging.keyset).await?);
    }
    items.extend(of_proposals(&door, &caller, &paging.keyset).await?);
    items.sort_by_key(|item| item.position);
    let limit = usize::try_from(paging.keyset.limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|item| item.position.to_string());
    paging.answer(Listed { items, next })
}

/// One more than a page has, or all that there are: read on until enough of them are the caller's.
macro_rules! mine {
    ($keyset:expr, $read:expr, $mine:expr) => {{
        let wanted = usize::try_from($keyset.limit).unwrap_or(usize::MAX).saturating_add(1);
        let mut found = Vec::new();
        let mut keyset = Keyset { limit: READ, after: $keyset.after.clone() };
        loop {
            let page = $read(keyset.clone()).await?;
            found.extend(page.items.into_iter().filter($mine));
            match page.next {
                Some(next) if found.len() < wanted => keyset.after = Some(next),
                _ => break found,
            }
        }
    }};
}

async fn of_reviews(door: &Door, caller: &Caller, keyset: &Keyset) -> Result<Vec<Wanted>, Problem> {
    let (engine, reviewer) = (door.journal().engine(), caller.actor.to_string());
    let read = async |keyset: Keyset| reviews::waiting(engine, &reviewer, &keyset).await;
    let rows: Vec<ReviewRow> = mine!(keyset, read, |_| true);
    let names = named(door, rows.iter().map(|row| row.customer.to_string())).await?;
    Ok(rows.into_iter().map(|row| review(&row, &names)).collect())
}

fn review(row: &ReviewRow, names: &[CustomerRow]) -> Wanted {
    let name = name_of(names, &row.customer);
    Wanted {
        id: row.customer.to_string(),
        kind: "qualification",
        customer: Some(row.customer.to_string()),
        title: Text {
            zh: format!("资质审核：{name}"), en: format!("Review of papers: {name}")
        },
        waits_for: Act::ReviewQualification.roles().to_vec(),
        asked_by: row.submitted_by.clone(),
        since: Some(row.submitted_at),
        position: row.position,
        decide_at: format!("/v1/customers/{}/qualification/approve", row.customer),
    }
}

async fn of_holds(door: &Door, caller: &Caller, keyset: &Keyset) -> Result<Vec<Wanted>, Problem> {
    let engine = door.journal().engine();
    let read = async |keyset: Keyset| orders::holds(engine, &keyset).await;
    // A release is of an order; what is left of the causes afterwards may be somebody else's.
    let rows: Vec<Hold> = mine!(keyset, read, |hold: &Hold| {
        hold.kind == "order" && stopping(hold).iter().any(|code| lifted(caller, *code))
    });
    let known = named(door, rows.iter().map(|row| row.customer.clone())).await?;
    let mut wanted = Vec::new();
    for row in rows {
        let of = known.iter().find(|customer| customer.id == row.customer);
        // Who looks after an account does not decide about its credit.
        let manages =
            of.and_then(|it| it.account_manager.as_deref()) == Some(caller.actor.as_str());
        if !manages {
            wanted.push(release(&row, &known));
        }
    }
    Ok(wanted)
}

fn stopping(hold: &Hold) -> Vec<CauseCode> {
    hold.causes.iter().filter(|cause| cause.stops()).map(|cause| cause.code).collect()
}

fn lifted(caller: &Caller, code: CauseCode) -> bool {
    caller.roles().any(|role| lifts(role, code.kind()))
}

fn release(row: &Hold, names: &[CustomerRow]) -> Wanted {
    let name = name_of(names, &row.customer);
    let codes = stopping(row);
    let causes: Vec<Text> = codes.iter().map(|code| names::cause(*code)).collect();
    let zh: Vec<&str> = causes.iter().map(|cause| cause.zh.as_str()).collect();
    let en: Vec<&str> = causes.iter().map(|cause| cause.en.as_str()).collect();
    Wanted {
        id: row.id.clone(),
        kind: "release",
        customer: Some(row.customer.clone()),
        title: Text {
            zh: format!("订单放行：{name}（{}）", zh.join("、")),
            en: format!("Release of an order: {name} ({})", en.join(", ")),
        },
        waits_for: lifters(&codes),
        asked_by: row.actor.clone(),
        since: Some(row.held_since),
        position: row.position,
        decide_at: format!("/v1/customers/{}/orders/{}/release", row.customer, row.id),
    }
}

async fn of_proposals(
    door: &Door,
    caller: &Caller,
    keyset: &Keyset,
) -> Result<Vec<Wanted>, Problem> {
    let engine = door.journal().engine();
    let roles = caller.roles().collect();
    let read = async |keyset: Keyset| proposals::asked(engine, &keyset).await;
    let rows: Vec<ProposalRow> =
        mine!(keyset, read, |row: &ProposalRow| row.asks(&caller.actor, &roles));
    let wanted = rows.into_iter().map(|row| Wanted {
        kind: "policy",
        customer: None,
        title: Text {
            zh: format!("规则修改：{}", row.summary),
            en: format!("Change of rules: {}", row.summary),
        },
        waits_for: row.waits_for.0,
        asked_by: row.author,
        since: row.asked_at,
        position: row.asked_position.unwrap_or(0),
        decide_at: format!("/v1/policies/{}/approve", row.proposal),
        id: row.proposal.to_string(),
    });
    Ok(wanted.collect())
}

async fn named(
    door: &Door,
    customers: impl Iterator<Item = String>,
) -> Result<Vec<CustomerRow>, Problem> {
    let customers: Vec<String> = customers.collect();
    Ok(customers::named(door.journal().engine(), &customers).await?)
}

fn name_of<'a>(names: &'a [CustomerRow], customer: &str) -> &'a str {
    names.iter().find(|known| known.id == customer).map_or("", |known| &known.name)
}
