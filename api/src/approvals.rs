//! `/v1/approvals`: what waits for the decision of whoever asks, or is theirs to know of, the longest first.

pub mod card;
pub mod deciding;
pub mod moving;
pub mod voting;

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::customer::approving::Matter;
use domain::decision::CauseCode;
use domain::permissions::{Act, lifters, lifts, may};
use domain::policy::approvals::Subject;
use domain::policy::pack::Text;
use domain::sentence;
use domain::staff::Role;
use domain::wording::names;
use journal::Engine;
use projections::cases::{self, CaseRow};
use projections::customers::{self, CustomerRow};
use projections::orders::{self, Hold};
use projections::proposals::{self, ProposalRow};
use projections::{Keyset, Listed};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::door::Door;
use crate::extract::Query;
use crate::page::{Page, list_query};
use crate::problem::Problem;

/// Rows of one read.
const READ: u32 = 200;

list_query! {
    ApprovalsQuery in "approvals" {
        /// `decide` (without), or `informed`: cases that the caller is told of and not asked about.
        #[serde(default, rename = "for")]
        #[param(inline, rename = "for")]
        purpose: Purpose,
    }
}

/// What somebody looks into the worklist for.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    #[default]
    Decide,
    Informed,
}

/// Something that waits for somebody's decision.
#[derive(Debug, Serialize, ToSchema)]
pub struct Wanted {
    /// Of the case, held order or proposal that waits; `in-force` for a review of the rules in force.
    id: String,
    /// `qualification`, `credit`, `release`, `policy`; `brake` and `pause` are reviews of an emergency rollback and of a paused pilot.
    kind: String,
    customer: Option<String>,
    title: Text,
    /// The departments whose votes are wanted now; for a held order those any of which may ask for its release.
    #[schema(value_type = Vec<Role>)]
    waits_for: Vec<Role>,
    asked_by: Option<String>,
    since: Option<DateTime<Utc>>,
    /// Of what it waits since.
    position: i64,
    /// By when its open stage should be done; null where it has no term, or while its clock stands still.
    due_at: Option<DateTime<Utc>>,
    /// The share of its time, in per cent, that has passed: 50 or 80; null before.
    reminded: Option<u32>,
    /// Whether its time is used up.
    overdue: bool,
    /// Where it is shown.
    #[schema(example = "/v1/approvals/case-…")]
    see: String,
    /// Where to decide; null in the list of what one is told of.
    #[schema(example = "/v1/policies/proposal-…/approve")]
    decide_at: Option<String>,
}

/// The worklist of whoever asks
///
/// Cases whose open stage asks the caller (papers, limits, releases that others asked for), held orders whose causes the caller may
/// release, changes of rules that want the caller's vote, and reviews of the brake and of paused pilots. With `for=informed` the open cases
/// that the caller is told of instead: as one of those whom the open stage informs, as who asked for it, or as who looks after the account.
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
    let mut items = match query.purpose {
        Purpose::Decide => to_decide(&door, &caller, &paging.keyset).await?,
        Purpose::Informed => told_of(&door, &caller, &paging.keyset).await?,
    };
    items.sort_by_key(|item| item.position);
    let limit = usize::try_from(paging.keyset.limit).unwrap_or(usize::MAX);
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|item| item.position.to_string());
    paging.answer(Listed { items, next })
}

async fn to_decide(door: &Door, caller: &Caller, keyset: &Keyset) -> Result<Vec<Wanted>, Problem> {
    let mut items = of_cases(door, caller, keyset).await?;
    if caller.roles().any(|role| may(role, Act::ReleaseOrder)) {
        items.extend(of_holds(door, caller, keyset).await?);
    }
    items.extend(of_proposals(door, caller, keyset).await?);
    items.extend(of_review(door, caller, keyset));
    Ok(items)
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

async fn of_cases(door: &Door, caller: &Caller, keyset: &Keyset) -> Result<Vec<Wanted>, Problem> {
    let engine = door.journal().engine();
    let roles = caller.roles().collect();
    let read = async |keyset: Keyset| cases::asked(engine, &keyset).await;
    let rows: Vec<CaseRow> = mine!(keyset, read, |row: &CaseRow| row.asks(&caller.actor, &roles));
    let names = named(door, rows.iter().map(|row| row.customer.to_string())).await?;
    let now = door.now();
    let decided = |row: CaseRow| {
        let decide_at = Some(format!("/v1/approvals/{}/approve", row.case_id));
        Wanted { decide_at, ..case(row, &names, now) }
    };
    Ok(rows.into_iter().map(decided).collect())
}

/// Of credit only to those who see it: whoever cannot open a case is not told of it.
async fn told_of(door: &Door, caller: &Caller, keyset: &Keyset) -> Result<Vec<Wanted>, Problem> {
    let engine = door.journal().engine();
    let roles = caller.roles().collect();
    let sees_credit = caller.roles().any(|role| may(role, Act::ReadCreditPosition));
    let wanted = usize::try_from(keyset.limit).unwrap_or(usize::MAX).saturating_add(1);
    let now = door.now();
    let mut found = Vec::new();
    let mut keyset = Keyset { limit: READ, after: keyset.after.clone() };
    loop {
        let page = cases::asked(engine, &keyset).await?;
        let names = named(door, page.items.iter().map(|row| row.customer.to_string())).await?;
        let mine = page.items.into_iter().filter(|row| {
            let customer = names.iter().find(|known| known.id == *row.customer);
            let manager = customer.and_then(|it| it.account_manager.as_deref());
            let shown = sees_credit || row.matter.0.subject() == Subject::Qualification;
            shown && row.tells(&caller.actor, &roles, manager)
        });
        found.extend(mine.map(|row| case(row, &names, now)));
        match page.next {
            Some(next) if found.len() < wanted => keyset.after = Some(next),
            _ => break Ok(found),
        }
    }
}

fn case(row: CaseRow, names: &[CustomerRow], now: DateTime<Utc>) -> Wanted {
    let name = name_of(names, &row.customer);
    let matter = sentence::approving::matter(&row.matter.0);
    let clock = row.clock.as_ref().map(|clock| &clock.0);
    let runs = clock.filter(|clock| clock.stopped_at.is_none());
    Wanted {
        kind: row.subject,
        customer: Some(row.customer.to_string()),
        title: Text { zh: format!("{}：{name}", matter.zh), en: format!("{}: {name}", matter.en) },
        waits_for: row.round.0.waits_for().into_iter().collect(),
        asked_by: Some(row.requested_by),
        since: row.asked_at,
        position: row.asked_position.unwrap_or(0),
        due_at: runs.map(|clock| clock.deadline.due_at),
        reminded: clock.and_then(|clock| clock.reminds(now)),
        overdue: clock.is_some_and(|clock| clock.is_late(now)),
        see: format!("/v1/approvals/{}", row.case_id),
        decide_at: None,
        id: row.case_id.to_string(),
    }
}

/// The orders whose release somebody has asked for already.
async fn releases_under_way(engine: &Engine) -> Result<BTreeSet<String>, Problem> {
    let mut keyset = Keyset::first(READ);
    let mut orders = BTreeSet::new();
    loop {
        let page = cases::asked(engine, &keyset).await?;
        orders.extend(page.items.iter().filter_map(|row| match &row.matter.0 {
            Matter::Release { order, .. } => Some(order.to_string()),
            Matter::Qualification { .. } | Matter::Credit { .. } | Matter::ReReview { .. } => None,
        }));
        let Some(next) = page.next else { break Ok(orders) };
        keyset.after = Some(next);
    }
}

async fn of_holds(door: &Door, caller: &Caller, keyset: &Keyset) -> Result<Vec<Wanted>, Problem> {
    let engine = door.journal().engine();
    let read = async |keyset: Keyset| orders::holds(engine, &keyset).await;
    // A release is of an order; what is left of the causes afterwards may be somebody else's.
    let rows: Vec<Hold> = mine!(keyset, read, |hold: &Hold| {
        hold.kind == "order" && stopping(hold).iter().any(|code| lifted(caller, *code))
    });
    let asked = releases_under_way(engine).await?;
    let known = named(door, rows.iter().map(|row| row.customer.clone())).await?;
    let mut wanted = Vec::new();
    for row in rows {
        let of = known.iter().find(|customer| customer.id == row.customer);
        // Who looks after an account does not decide about its credit.
        let manages =
            of.and_then(|it| it.account_manager.as_deref()) == Some(caller.actor.as_str());
        if !manages && !asked.contains(&row.id) {
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
        kind: "release".to_owned(),
        customer: Some(row.customer.clone()),
        title: Text {
            zh: format!("订单放行：{name}（{}）", zh.join("、")),
            en: format!("Release of an order: {name} ({})", en.join(", ")),
        },
        waits_for: lifters(&codes),
        asked_by: row.actor.clone(),
        since: Some(row.held_since),
        position: row.position,
        due_at: None,
        reminded: None,
        overdue: false,
        see: format!("/v1/customers/{}/orders/{}", row.customer, row.id),
        decide_at: Some(format!("/v1/customers/{}/orders/{}/release", row.customer, row.id)),
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
        kind: "policy".to_owned(),
        customer: None,
        title: Text {
            zh: format!("规则修改：{}", row.summary),
            en: format!("Change of rules: {}", row.summary),
        },
        waits_for: row.waits_for.0,
        asked_by: row.author,
        since: row.asked_at,
        position: row.asked_position.unwrap_or(0),
        due_at: None,
        reminded: None,
        overdue: false,
        see: format!("/v1/policies/{}", row.proposal),
        decide_at: Some(format!("/v1/policies/{}/approve", row.proposal)),
        id: row.proposal.to_string(),
    });
    Ok(wanted.collect())
}

/// The review of the brake, or of a paused pilot, where it wants the caller's word.
fn of_review(door: &Door, caller: &Caller, keyset: &Keyset) -> Option<Wanted> {
    let (policy, marks) = door.house().rules_since();
    let round = policy.to_review()?;
    round.asks(&caller.actor, &caller.roles().collect()).ok()?;
    let (position, since) = marks.review;
    let after: i64 = keyset.after.as_ref().map_or(Ok(0), |after| after.parse()).ok()?;
    let (kind, pack) = match (&policy.review, &policy.pilot) {
        (None, Some(pilot)) => ("pause", &pilot.pack.pack.name),
        _ => ("brake", &policy.in_force.as_ref()?.pack.name),
    };
    let title = match kind {
        "pause" => Text {
            zh: format!("试点暂停复核：{pack}"),
            en: format!("Review of a paused pilot: {pack}"),
        },
        _ => Text {
            zh: format!("紧急回退复核：{pack}"),
            en: format!("Review of an emergency rollback: {pack}"),
        },
    };
    (position.0 > after).then(|| Wanted {
        id: "in-force".to_owned(),
        kind: kind.to_owned(),
        customer: None,
        title,
        waits_for: round.waits_for().into_iter().collect(),
        asked_by: None,
        since,
        position: position.0,
        due_at: None,
        reminded: None,
        overdue: false,
        see: "/v1/policies/in-force".to_owned(),
        decide_at: Some("/v1/policies/in-force/review".to_owned()),
    })
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
