//! The feed: every event in order, for whoever wants to know what happened without being told by us.

use axum::extract::State;
use axum::http::{HeaderName, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse, Response};
use domain::ids::CustomerId;
use journal::{Entry, Filter, Journal, Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::csv::{self, Format};
use crate::door::Door;
use crate::envelope::Envelope;
use crate::extract::Query;
use crate::page::{self, Extent};
use crate::problem::Problem;
use domain::permissions::Act;

/// Types that one request may ask for.
const TYPES_MAX: usize = 50;
/// `next` of a table, which has no other place for it.
pub const NEXT_POSITION: HeaderName = HeaderName::from_static("probity-next-position");
/// `head` of a table.
pub const HEAD_POSITION: HeaderName = HeaderName::from_static("probity-head-position");

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FeedQuery {
    /// The position that was looked at last: `next` of the answer before. From the beginning without.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// 1 to 500; 50 without, and all that there is as `csv`.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u16>,
    /// One event type, or several with commas between.
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// One customer only.
    #[param(value_type = Option<String>)]
    customer: Option<CustomerId>,
    #[param(inline)]
    format: Option<Format>,
}

/// A piece of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Feed<'a> {
    pub items: Vec<Envelope<'a>>,
    /// The last position looked at, even when all were filtered out: pass it as `after`.
    #[schema(value_type = i64)]
    pub next: Position,
    /// The last position there is.
    #[schema(value_type = i64)]
    pub head: Position,
}

/// Events in order
///
/// Positions are dense and never change. `after` beyond the head is 409 `feed.ahead`: an older backup was restored.
#[utoipa::path(get, path = "/v1/events", tag = "events", params(FeedQuery),
    responses((status = 200, body = Feed), (status = 409, body = crate::problem::Content)))]
pub async fn feed(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<FeedQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadFeed)?;
    let after = start(query.after.unwrap_or(0))?;
    let filter = filter(query.event_type.as_deref(), query.customer)?;
    let format = query.format.unwrap_or_default();
    let page = match Extent::of(query.limit, format)? {
        Extent::Page(limit) => door.journal().after(after, &filter, usize::from(limit)).await?,
        Extent::Whole => whole(door.journal(), after, &filter, page::TABLE_MAX).await?,
    };
    refuse_ahead(after, page.head)?;
    let items: Vec<_> = page.entries.iter().map(Envelope::of).collect();
    match format {
        Format::Csv => {
            let place = |position: Position| HeaderValue::from(position.0);
            let places = [(NEXT_POSITION, place(page.next)), (HEAD_POSITION, place(page.head))];
            Ok((AppendHeaders(places), csv::answer("events", &items)?).into_response())
        }
        Format::Json => {
            Ok(axum::Json(Feed { items, next: page.next, head: page.head }).into_response())
        }
    }
}

/// Everything up to the head, if that is no more than `most` events.
async fn whole(
    journal: &Journal,
    after: Position,
    filter: &Filter,
    most: u32,
) -> Result<journal::Page, Problem> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let mut page = journal.after(after, filter, most.saturating_add(1)).await?;
    while page.next < page.head && page.entries.len() <= most {
        let room = most.saturating_sub(page.entries.len()).saturating_add(1);
        let more = journal.after(page.next, filter, room).await?;
        page.entries.extend(more.entries);
        page.next = more.next;
    }
    if page.entries.len() > most {
        let remedy =
            "pass limit, and take what follows with the header Probity-Next-Position as after";
        return Err(page::too_long(remedy));
    }
    // What was recorded in the meantime may be in the last piece.
    page.head = page.head.max(page.next);
    Ok(page)
}

/// A position to begin after.
pub(crate) fn start(after: i64) -> Result<Position, Problem> {
    if after < 0 {
        let detail = "after is a position: 0 or more.";
        return Err(Problem::not_understood("query.not_understood", detail));
    }
    Ok(Position(after))
}

pub(crate) fn filter(types: Option<&str>, customer: Option<CustomerId>) -> Result<Filter, Problem> {
    let types: Vec<String> =
        types.into_iter().flat_map(|types| types.split(',')).map(str::to_owned).collect();
    if types.len() > TYPES_MAX || types.iter().any(|name| name.is_empty() || name.contains('\0')) {
        let detail = format!("type takes 1 to {TYPES_MAX} event types with commas between.");
        return Err(Problem::not_understood("query.not_understood", detail));
    }
    Ok(Filter { types, stream: customer.map(|id| id.to_string()), aggregate_type: None })
}

/// Whether the filter lets an event through; the same question that the journal answers in SQL.
pub(crate) fn passes(filter: &Filter, stream: &str, event_type: &str) -> Option<()> {
    let right_type = filter.types.is_empty() || filter.types.iter().any(|name| name == event_type);
    let right_stream = filter.stream.as_deref().is_none_or(|wanted| wanted == stream);
    (right_type && right_stream).then_some(())
}

/// Who has seen more than there is must learn that the journal was put back.
pub(crate) fn refuse_ahead(after: Position, head: Position) -> Result<(), Problem> {
    if after <= head {
        return Ok(());
    }
    Err(Problem::conflict(
        "feed.ahead",
        format!(
            "You have seen position {after}, but the journal ends at {head}: was a backup restored?"
        ),
    )
    .with("head", head.0))
}

/// Keeps what a filter lets through.
pub(crate) fn only(filter: &Filter, entries: Vec<Entry>) -> Vec<Entry> {
    let wanted = |entry: &Entry| passes(filter, &entry.stream, &entry.event_type).is_some();
    entries.into_iter().filter(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_wants_a_type_and_a_stream() {
        let by_type = filter(Some("a.b,a.c"), None).unwrap();
        assert!(passes(&by_type, "customer-1", "a.c").is_some());
        assert!(passes(&by_type, "customer-1", "a.d").is_none());
        let id: CustomerId = "customer-019aa7b0-0000-7000-8000-000000000001".parse().unwrap();
        let by_stream = filter(None, Some(id)).unwrap();
        assert!(passes(&by_stream, &id.to_string(), "a.d").is_some());
        assert!(passes(&by_stream, "customer-1", "a.d").is_none());
        assert!(filter(Some("a,,b"), None).is_err());
    }

    #[test]
    fn who_is_ahead_is_told_so() {
        assert!(refuse_ahead(Position(3), Position(3)).is_ok());
        assert_eq!(refuse_ahead(Position(4), Position(3)).unwrap_err().code(), "feed.ahead");
    }
}
