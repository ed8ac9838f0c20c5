//! The end of the journal, read once for everybody who listens.
//!
//! One task reads what is new and hands it out; a hundred listeners cost one read, and one rendering. Who falls behind
//! loses nothing: it reads from the journal until it is back at the end.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use journal::{Entry, Filter, Journal, Page, Position};
use tokio::sync::{broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::envelope::Envelope;
use crate::problem::Problem;

/// How many pieces wait for a slow listener before it has to read from the journal.
const PIECES_WAITING_MAX: usize = 256;
/// How many events one read takes.
pub(crate) const READ_MAX: usize = 500;
/// The least time between two pieces. An event after a silence goes out at once; under load several share one write to each
/// listener, and it is the writes that cost.
const PIECES_APART: Duration = Duration::from_millis(3);
/// How long to wait before reading again after the database was away.
const PAUSE: Duration = Duration::from_millis(250);

/// Hands out what is new.
#[derive(Clone, Debug)]
pub struct Tail {
    pieces: broadcast::Sender<Arc<Piece>>,
}

/// Some consecutive events, rendered as server-sent events.
#[derive(Debug)]
pub struct Piece {
    /// The position before its first event.
    pub after: Position,
    /// The position of its last event.
    pub upto: Position,
    pub frames: Vec<Frame>,
    /// All frames in one.
    pub whole: Bytes,
}

/// One event, rendered.
#[derive(Debug)]
pub struct Frame {
    pub position: Position,
    pub stream: String,
    pub event_type: String,
    pub bytes: Bytes,
}

impl Tail {
    /// Starts to follow `journal` from its head on, until `closing`.
    pub async fn start(
        journal: Journal,
        closing: CancellationToken,
    ) -> Result<Self, journal::Error> {
        let (pieces, _) = broadcast::channel(PIECES_WAITING_MAX);
        let from = journal.head().await?;
        let tail = Self { pieces: pieces.clone() };
        let doorbell = journal.doorbell();
        let read = async move |after| journal.after(after, &Filter::default(), READ_MAX).await;
        tokio::spawn(closing.run_until_cancelled_owned(follow(read, doorbell, from, pieces)));
        Ok(tail)
    }

    pub fn listen(&self) -> broadcast::Receiver<Arc<Piece>> {
        self.pieces.subscribe()
    }
}

async fn follow(
    read: impl AsyncFn(Position) -> Result<Page, journal::Error>,
    mut doorbell: watch::Receiver<Position>,
    mut cursor: Position,
    pieces: broadcast::Sender<Arc<Piece>>,
) {
    loop {
        let rung = *doorbell.borrow_and_update();
        if pieces.receiver_count() == 0 {
            // Nobody listens: who comes later notices the gap and reads it.
            cursor = cursor.max(rung);
        }
        while cursor < rung {
            match read(cursor).await {
                Ok(page) if page.next > cursor => {
                    if let Ok(piece) = Piece::render(cursor, page.next, &page.entries) {
                        // Without listeners there is nothing to do.
                        let _ = pieces.send(Arc::new(piece));
                    }
                    cursor = page.next;
                    tokio::time::sleep(PIECES_APART).await;
                }
                // The doorbell rang for what is not there yet: the next ring tries again.
                Ok(_) => break,
                Err(error) => {
                    tracing::warn!(%error, "the tail of the journal could not be read");
                    tokio::time::sleep(PAUSE).await;
                    // It may be long until the next ring, and listeners wait for what was rung for already.
                    doorbell.mark_changed();
                    break;
                }
            }
        }
        if doorbell.changed().await.is_err() {
            return;
        }
    }
}

impl Piece {
    pub fn render(after: Position, upto: Position, entries: &[Entry]) -> Result<Self, Problem> {
        let mut whole = Vec::with_capacity(entries.len().saturating_mul(1024));
        let mut ends = Vec::with_capacity(entries.len());
        for entry in entries {
            render(entry, &mut whole)?;
            ends.push(whole.len());
        }
        let whole = Bytes::from(whole);
        let mut start = 0;
        let frames = entries
            .iter()
            .zip(ends)
            .map(|(entry, end)| {
                let bytes = whole.slice(start..end);
                start = end;
                Frame {
                    position: entry.position,
                    stream: entry.stream.clone(),
                    event_type: entry.event_type.clone(),
                    bytes,
                }
            })
            .collect();
        Ok(Self { after, upto, frames, whole })
    }
}

/// `id`, `event` and `data` lines; the envelope has no line break, so one `data` line is enough.
fn render(entry: &Entry, into: &mut Vec<u8>) -> Result<(), Problem> {
    let envelope = Envelope::of(entry);
    into.extend_from_slice(format!("id: {}\nevent: ", entry.position).as_bytes());
    // A type of a foreign program could hold a line break, which would forge lines of ours.
    into.extend(entry.event_type.bytes().filter(|byte| !byte.is_ascii_control()));
    into.extend_from_slice(b"\ndata: ");
    let start = into.len();
    serde_json::to_writer(&mut *into, &envelope).map_err(Problem::internal)?;
    // Payloads are kept as they were written, and a foreign one may be laid out over several lines.
    for byte in into.iter_mut().skip(start) {
        if matches!(*byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    into.extend_from_slice(b"\n\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::envelope::tests::entry;

    #[tokio::test]
    async fn what_could_not_be_read_is_read_without_another_ring() {
        let (_bell, mut doorbell) = watch::channel(Position(1));
        doorbell.mark_changed();
        let (pieces, mut listener) = broadcast::channel(PIECES_WAITING_MAX);
        let tries = AtomicUsize::new(0);
        let read = async |after: Position| match tries.fetch_add(1, Ordering::Relaxed) {
            0 => Err(journal::Error::Locked),
            _ => Ok(Page {
                entries: vec![entry(after.0 + 1, "a.b")],
                next: Position(after.0 + 1),
                head: Position(1),
            }),
        };
        let heard = tokio::time::timeout(Duration::from_secs(10), listener.recv());
        tokio::select! {
            () = follow(read, doorbell, Position(0), pieces) => unreachable!(),
            heard = heard => assert_eq!(heard.unwrap().unwrap().upto, Position(1)),
        }
    }

    #[test]
    fn frames_are_parts_of_the_whole() {
        let entries = [entry(1, "a.b"), entry(2, "a.c")];
        let piece = Piece::render(Position(0), Position(2), &entries).unwrap();
        let joined: Vec<u8> = piece.frames.iter().flat_map(|f| f.bytes.to_vec()).collect();
        assert_eq!(piece.whole, joined);
        let text = String::from_utf8(joined).unwrap();
        assert!(text.starts_with("id: 1\nevent: a.b\ndata: {\"position\":1,"), "{text}");
        assert_eq!(text.matches("\n\n").count(), 2);
    }

    #[test]
    fn a_foreign_row_cannot_forge_lines() {
        let mut row = entry(1, "a\nid: 9");
        row.payload = "{\"a\":\n{\"x\":\n1}}".to_owned();
        let piece = Piece::render(Position(0), Position(1), &[row]).unwrap();
        let text = String::from_utf8(piece.whole.to_vec()).unwrap();
        assert_eq!(text.lines().filter(|line| !line.is_empty()).count(), 3, "{text}");
    }
}
