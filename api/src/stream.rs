//! The feed as server-sent events: what is new arrives by itself, and a client that comes back goes on where it was.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::Response;
use domain::ids::CustomerId;
use domain::staff::Standing;
use futures::Stream;
use journal::{Filter, Journal, Position};
use prometheus_client::metrics::gauge::Gauge;
use serde::Deserialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::auth::Caller;
use crate::door::Door;
use crate::events::{filter, only, passes, refuse_ahead, start};
use crate::extract::Query;
use crate::problem::Problem;
use crate::tail::{Piece, READ_MAX};
use domain::permissions::Act;

/// How often a silent stream says that it is alive.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
const COMMENT: &[u8] = b": still here\n\n";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// The position that was seen last. `Last-Event-ID` wins. Neither: from now on.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// One event type, or several with commas between.
    #[serde(rename = "type")]
    event_type: Option<String>,
    /// One customer only.
    #[param(value_type = Option<String>)]
    customer: Option<CustomerId>,
}

/// Events as they happen
///
/// `id` is the position, `event` the type, `data` the envelope; a comment every 15 seconds.
#[utoipa::path(get, path = "/v1/events/stream", tag = "events",
    params(StreamQuery, ("Last-Event-ID" = Option<i64>, Header, description = "The position that was seen last")),
    responses((status = 200, body = String, content_type = "text/event-stream"),
              (status = 409, body = crate::problem::Content)))]
pub async fn stream(
    caller: Caller,
    State(door): State<Door>,
    headers: HeaderMap,
    Query(query): Query<StreamQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadFeed)?;
    let filter = filter(query.event_type.as_deref(), query.customer)?;
    // Listen before asking where the end is: what happens in between is then in both, and never in neither.
    let pieces = door.tail().listen();
    let head = door.journal().head().await?;
    let from = match last_event_id(&headers)?.or(query.after) {
        Some(after) => start(after)?,
        None => head,
    };
    refuse_ahead(from, head)?;
    let open = Open::new(&caller, &door)?;
    let mut comments = interval(COMMENT_EVERY);
    comments.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let listener = Listener {
        journal: door.journal().clone(),
        filter,
        pieces,
        cursor: from,
        behind: from < head,
        ready: VecDeque::new(),
        comments,
        open,
        caller,
        door,
    };
    answer(Body::from_stream(listener.run()))
}

fn answer(body: Body) -> Result<Response, Problem> {
    Response::builder()
        .header(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"))
        .header(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))
        // Proxies that gather answers before passing them on would turn a stream into a wait.
        .header("x-accel-buffering", HeaderValue::from_static("no"))
        .body(body)
        .map_err(Problem::internal)
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else {
        return Ok(None);
    };
    match value.to_str().map(str::trim) {
        // A browser that has seen no event yet sends it empty.
        Ok("") => Ok(None),
        Ok(text) => text.parse().map(Some).map_err(|_| {
            Problem::not_understood("last_event_id.not_understood", "Last-Event-ID is a position.")
        }),
        Err(_) => Err(Problem::not_understood(
            "last_event_id.not_understood",
            "Last-Event-ID is a position.",
        )),
    }
}

/// Counts an open stream for its token, however it ends.
struct Open {
    of_token: Arc<AtomicUsize>,
    of_all: Gauge,
}

impl Open {
    fn new(caller: &Caller, door: &Door) -> Result<Self, Problem> {
        let of_token = Arc::clone(&caller.credential.streams);
        let most = door.streams_per_token();
        if of_token.fetch_add(1, Ordering::Relaxed) >= most {
            of_token.fetch_sub(1, Ordering::Relaxed);
            let detail = format!("One token may hold {most} event streams open.");
            return Err(Problem::too_many("streams.too_many", detail));
        }
        let of_all = door.around().streams.clone();
        of_all.inc();
        Ok(Self { of_token, of_all })
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.of_token.fetch_sub(1, Ordering::Relaxed);
        self.of_all.dec();
    }
}

/// One client.
struct Listener {
    journal: Journal,
    filter: Filter,
    pieces: Receiver<Arc<Piece>>,
    /// The last position that was sent or passed over.
    cursor: Position,
    /// There is more in the journal than the tail will hand out.
    behind: bool,
    ready: VecDeque<Bytes>,
    comments: Interval,
    #[expect(dead_code, reason = "held for its end, which counts the stream out")]
    open: Open,
    caller: Caller,
    door: Door,
}

impl Listener {
    fn run(self) -> impl Stream<Item = Result<Bytes, Problem>> {
        futures::stream::unfold(self, |mut listener| async move {
            let closing = listener.door.closing().clone();
            let next = closing.run_until_cancelled(listener.next()).await?;
            Some((Ok(next?), listener))
        })
    }

    /// What to send next; none ends the stream, and the client comes back with the id that it saw last.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.ready.pop_front() {
                return Some(bytes);
            }
            if self.behind {
                self.catch_up().await?;
                continue;
            }
            tokio::select! {
                biased;
                piece = self.pieces.recv() => match piece {
                    Ok(piece) => {
                        self.still_allowed()?;
                        self.take(&piece);
                    }
                    Err(RecvError::Lagged(_)) => self.behind = true,
                    Err(RecvError::Closed) => return None,
                },
                _ = self.comments.tick() => {
                    self.still_allowed()?;
                    return Some(Bytes::from_static(COMMENT));
                }
            }
        }
    }

    /// A token that was revoked meanwhile stops seeing what happens.
    fn still_allowed(&self) -> Option<()> {
        let credential = &self.caller.credential;
        let works = self.door.house().works(credential.token, &credential.staff, self.door.now());
        (works == Standing::Present).then_some(())
    }

    fn take(&mut self, piece: &Piece) {
        if piece.after > self.cursor {
            self.behind = true;
            return;
        }
        if piece.upto <= self.cursor {
            return;
        }
        if piece.after == self.cursor && self.filter == Filter::default() {
            self.ready.push_back(piece.whole.clone());
        } else {
            let new = piece.frames.iter().filter(|frame| frame.position > self.cursor);
            let wanted = new
                .filter(|frame| passes(&self.filter, &frame.stream, &frame.event_type).is_some());
            self.ready.extend(wanted.map(|frame| frame.bytes.clone()));
        }
        self.cursor = piece.upto;
    }

    /// Reads from the journal what the tail has handed out already, or will not hand out again.
    async fn catch_up(&mut self) -> Option<()> {
        self.still_allowed()?;
        match self.journal.after(self.cursor, &self.filter, READ_MAX).await {
            Ok(page) => {
                let entries = only(&self.filter, page.entries);
                let piece = Piece::render(self.cursor, page.next, &entries).ok()?;
                if !entries.is_empty() {
                    self.ready.push_back(piece.whole);
                }
                self.cursor = self.cursor.max(page.next);
                self.behind = self.cursor < page.head;
                Some(())
            }
            Err(error) => {
                tracing::warn!(%error, "an event stream could not be read and is ended");
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_position_and_an_empty_one_is_none() {
        let read = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(LAST_EVENT_ID, HeaderValue::from_static(text));
            last_event_id(&headers).map_err(|problem| problem.status().as_u16())
        };
        assert_eq!(last_event_id(&HeaderMap::new()).unwrap(), None);
        assert_eq!(read("4712"), Ok(Some(4712)));
        assert_eq!(read(""), Ok(None));
        assert_eq!(read("x"), Err(400));
    }
}
