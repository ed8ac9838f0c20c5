//! What happened to a customer, told to people; and one decision of the past, with everything that it rested on.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::customer::{self, Customer};
use domain::decider::Decider;
use domain::ids::CustomerId;
use domain::permissions::Act;
use domain::policy::pack::Text;
use journal::{Filter, Position};
use projections::Listed;
use projections::timeline::{self, TimelineRow};
use serde::Serialize;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::decisions::DecisionView;
use crate::directory::AtQuery;
use crate::door::Door;
use crate::extract::{Path, Query};
use crate::names::Names;
use crate::page::{Page, list_query};
use crate::problem::Problem;
use crate::signing::Signed;

list_query! {
    HistoryQuery in "history" {}
}

/// An event, told.
#[derive(Debug, Serialize, ToSchema)]
pub struct Told {
    position: i64,
    version: i64,
    #[serde(rename = "type")]
    event_type: String,
    recorded_at: Option<DateTime<Utc>>,
    actor: Option<String>,
    /// The name that was signed, until it is erased.
    signature: Option<String>,
    /// The electronic signature, with its time, zone and meaning.
    #[serde(skip_serializing_if = "Option::is_none")]
    signed: Option<Signed>,
    sentence: Text,
}

impl Told {
    pub fn of(row: TimelineRow, customer: CustomerId, names: &Names) -> Self {
        let stream = customer.to_string();
        let signed = row.signed.as_ref();
        Self {
            signed: signed.map(|(signed, content)| Signed::of(signed, names, &stream, content)),
            signature: row.signature.and_then(|digest| names.opened(digest)),
            position: row.position,
            version: row.version,
            event_type: row.event_type,
            recorded_at: row.recorded_at,
            actor: row.actor,
            sentence: Text { zh: row.sentence_zh, en: row.sentence_en },
        }
    }
}

/// What happened to a customer, oldest first
#[utoipa::path(get, path = "/v1/customers/{id}/history", tag = "customers",
    params(("id" = CustomerId, Path), HistoryQuery), responses((status = 200, body = Page<Told>)))]
pub async fn history(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<CustomerId>,
    Query(query): Query<HistoryQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadHistory)?;
    let paging = query.paging()?;
    door.recorded(paging.at).await?;
    let sight = caller.sight();
    let (journal, customer) = (door.journal(), id.to_string());
    let seen = |event: &mut customer::Event| sight.event(event);
    let listed = timeline::of_customer(journal, &customer, &paging.keyset, seen).await?;
    if listed.items.is_empty() && paging.keyset.after.is_none() {
        return Err(Problem::not_found("customer", id));
    }
    let names = Names::behind(&door, listed.items.iter().filter_map(|row| row.signature)).await?;
    let told = listed.items.into_iter().map(|row| Told::of(row, id, &names));
    paging.answer(Listed { items: told.collect(), next: listed.next })
}

/// A decision of the past
///
/// `position` is that of its event, as sales records and histories give it. `relied_on` names the papers.
#[utoipa::path(get, path = "/v1/decisions/{position}", tag = "trade",
    params(("position" = i64, Path), AtQuery), responses((status = 200, body = DecisionView)))]
pub async fn decision(
    caller: Caller,
    State(door): State<Door>,
    Path(position): Path<i64>,
    Query(query): Query<AtQuery>,
) -> Result<axum::Json<DecisionView>, Problem> {
    caller.may(Act::ReadHistory)?;
    door.recorded(query.at).await?;
    let missing = || Problem::not_found("decision", position);
    if position < 1 {
        return Err(missing());
    }
    let page = door.journal().after(Position(position - 1), &Filter::default(), 1).await?;
    let entry = page.entries.into_iter().next().filter(|entry| {
        entry.position == Position(position) && entry.aggregate_type == Customer::TYPE
    });
    let entry = entry.ok_or_else(missing)?;
    let event: customer::Event = door.journal().event(&entry)?;
    let decision = event.decision().ok_or_else(missing)?;
    let id: CustomerId = entry.stream.parse().map_err(|_| missing())?;
    let shown = DecisionView::of(&door, id, decision, caller.sight()).await?;
    Ok(axum::Json(shown))
}
