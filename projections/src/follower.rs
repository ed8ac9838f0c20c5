//! Following: a page of the journal, folded by every read model that stands before it, written in one transaction.
//!
//! The transaction's first statement moves the watermarks by compare-and-swap. Whoever finds them moved has lost: somebody else
//! wrote these rows, so that everything in memory is forgotten and read again. A crash before the commit leaves
//! rows and watermarks as they were; after it, both are there.

use std::collections::{BTreeMap, BTreeSet};

use journal::{Filter, Journal, Position};
use tokio::task::JoinHandle;

use crate::Error;
use crate::model::{self, Model};
use crate::seen::{self, Seen};
use crate::store::{Link, Session};

/// How many events are folded at once.
const BATCH_EVENTS_MAX: usize = 4_096;

const WATERMARKS: &str = "SELECT projection, position FROM watermarks";
const MOVE_POSTGRES: &str =
    "UPDATE watermarks SET position = $1 WHERE position = $2 AND projection = ANY($3)";
const MOVE_SQLITE: &str = "UPDATE watermarks SET position = $1 WHERE position = $2 \
     AND projection IN (SELECT value FROM json_each($3))";

/// All read models of a process, following together.
pub(crate) struct Follower {
    journal: Journal,
    session: Session,
    models: Vec<Followed>,
    ahead: Option<Ahead>,
}

struct Followed {
    model: Box<dyn Model>,
    watermark: i64,
}

/// The next page, read and decoded while this one is folded and written. Whoever lets go of it ends the reading.
struct Ahead {
    after: i64,
    page: JoinHandle<Result<Batch, Error>>,
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.page.abort();
    }
}

struct Batch {
    events: Vec<Seen>,
    next: i64,
    head: i64,
}

/// What a turn came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Something was written, or somebody else wrote it.
    Moved,
    /// Every read model stands at the head.
    Idle,
}

impl Follower {
    pub(crate) async fn open(journal: &Journal) -> Result<Self, Error> {
        let session = Session::open(journal.engine()).await?;
        let mut follower = Self::over(journal, session);
        follower.catch_watermarks().await?;
        Ok(follower)
    }

    /// Over tables that are all empty.
    pub(crate) fn over(journal: &Journal, session: Session) -> Self {
        let models = model::all().into_iter();
        let models = models.map(|model| Followed { model, watermark: 0 }).collect();
        Self { journal: journal.clone(), session, models, ahead: None }
    }

    /// The position that all read models have reached.
    pub(crate) fn reached(&self) -> Position {
        Position(self.models.iter().map(|followed| followed.watermark).min().unwrap_or_default())
    }

    pub(crate) fn session(&mut self) -> &mut Session {
        &mut self.session
    }

    /// Advances each group of read models that stand at the same position by one page: those at the head first, so that a
    /// rebuild of one does not hold up the others.
    pub(crate) async fn turn(&mut self) -> Result<Turn, Error> {
        let standing: BTreeSet<i64> = self.models.iter().map(|it| it.watermark).collect();
        let mut turn = Turn::Idle;
        let mut bound = i64::MAX;
        for watermark in standing.into_iter().rev() {
            if self.advance(watermark, bound).await? == Turn::Moved {
                turn = Turn::Moved;
            }
            bound = watermark;
        }
        Ok(turn)
    }

    /// Folds at most one page for the read models at a watermark, not beyond `bound`, where the next ones stand.
    pub(crate) async fn advance(&mut self, watermark: i64, bound: i64) -> Result<Turn, Error> {
        let mut batch = self.page_after(watermark).await?;
        if batch.next > bound {
            batch.events.retain(|event| event.position <= bound);
            batch.next = bound;
        }
        if batch.next <= watermark {
            return Ok(Turn::Idle);
        }
        self.read_ahead(&batch, bound);
        let written = self.apply(watermark, &batch).await;
        if !matches!(written, Ok(true)) {
            self.forget();
            // The connection may be gone with the transaction; the error that matters is the one above.
            let _ = self.session.rollback().await;
            written?;
            self.catch_watermarks().await?;
        }
        Ok(Turn::Moved)
    }

    async fn page_after(&mut self, position: i64) -> Result<Batch, Error> {
        match self.ahead.take() {
            Some(mut ahead) if ahead.after == position => {
                (&mut ahead.page).await.map_err(|_| Error::Stopped)?
            }
            _ => page(self.journal.clone(), position).await,
        }
    }

    fn read_ahead(&mut self, batch: &Batch, bound: i64) {
        if batch.next < batch.head && batch.next < bound {
            let (after, journal) = (batch.next, self.journal.clone());
            self.ahead = Some(Ahead { after, page: tokio::spawn(page(journal, after)) });
        }
    }

    /// False: somebody else moved the watermarks.
    async fn apply(&mut self, watermark: i64, batch: &Batch) -> Result<bool, Error> {
        let Self { journal, session, models, .. } = self;
        let mut group: Vec<_> = models.iter_mut().filter(|it| it.watermark == watermark).collect();
        for followed in &mut group {
            batch.events.iter().for_each(|event| followed.model.ask(event));
            load(session, followed.model.as_mut()).await?;
            batch.events.iter().for_each(|event| followed.model.ask_more(event));
            load(session, followed.model.as_mut()).await?;
            batch.events.iter().for_each(|event| followed.model.fold(event));
        }
        let names: Vec<String> = group.iter().map(|it| it.model.name().to_owned()).collect();
        // SQLite has one writer: the executor and this loop take turns instead of waiting for the file.
        let _turn = journal.turn().await;
        session.begin().await?;
        if !swap(session, &names, watermark, batch.next).await? {
            return Ok(false);
        }
        for followed in &mut group {
            for table in followed.model.tables() {
                table.write(session).await?;
            }
        }
        session.commit().await?;
        for followed in group {
            followed.model.tables().into_iter().for_each(crate::store::Stored::settle);
            followed.watermark = batch.next;
        }
        Ok(true)
    }

    /// Whether what follows the last page is being read already.
    pub(crate) fn is_ahead(&self) -> bool {
        self.ahead.is_some()
    }

    fn forget(&mut self) {
        self.ahead = None;
        for followed in &mut self.models {
            followed.model.tables().into_iter().for_each(crate::store::Stored::forget);
        }
    }

    /// Reads where every read model stands, which another process may have changed.
    pub(crate) async fn catch_watermarks(&mut self) -> Result<(), Error> {
        let rows: Vec<(String, i64)> = match &mut self.session.link {
            Link::Sqlite(connection) => sqlx::query_as(WATERMARKS).fetch_all(connection).await?,
            Link::Postgres(connection) => sqlx::query_as(WATERMARKS).fetch_all(connection).await?,
        };
        let found: BTreeMap<String, i64> = rows.into_iter().collect();
        let mut moved = false;
        for followed in &mut self.models {
            let name = followed.model.name();
            let position = *found.get(name).ok_or(Error::NotMigrated(name))?;
            moved |= followed.watermark != position;
            followed.watermark = position;
        }
        if moved {
            self.forget();
        }
        Ok(())
    }

    pub(crate) async fn close(mut self) {
        if let Some(mut ahead) = self.ahead.take() {
            ahead.page.abort();
            // Cut off; its connection is on its way back.
            let _ = (&mut ahead.page).await;
        }
        self.session.close().await;
    }
}

async fn load(session: &mut Session, model: &mut dyn Model) -> Result<(), Error> {
    for table in model.tables() {
        table.load(session).await?;
    }
    Ok(())
}

async fn page(journal: Journal, after: i64) -> Result<Batch, Error> {
    let page = journal.after(Position(after), &Filter::default(), BATCH_EVENTS_MAX).await?;
    let (next, head) = (page.next.0, page.head.0);
    Ok(Batch { events: seen::decoded(&journal, page.entries)?, next, head })
}

/// Moves the watermarks of some read models from one position to another, or tells that they are elsewhere.
async fn swap(session: &mut Session, names: &[String], from: i64, to: i64) -> Result<bool, Error> {
    let moved = match &mut session.link {
        Link::Postgres(connection) => {
            let update = sqlx::query(MOVE_POSTGRES).bind(to).bind(from).bind(names);
            update.execute(connection).await?.rows_affected()
        }
        Link::Sqlite(connection) => {
            let list = serde_json::to_string(names).unwrap_or_default();
            let update = sqlx::query(MOVE_SQLITE).bind(to).bind(from).bind(list);
            update.execute(connection).await?.rows_affected()
        }
    };
    Ok(usize::try_from(moved) == Ok(names.len()))
}

#[cfg(test)]
mod tests {
    use journal::{Engine, Options};

    use super::*;

    /// More than two pages of what no read model is about.
    const FOREIGN: &str = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 9000)
         INSERT INTO events (aggregate_type, aggregate_id, sequence, event_type, event_version, payload, metadata)
         SELECT 'foreign', 'foreign-1', n, 'happened', '1.0', '{}', '{}' FROM n";

    #[tokio::test]
    async fn a_page_that_is_read_ahead_ends_with_its_follower() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("store.db").display());
        Journal::migrate(&url).await.unwrap();
        let journal = Journal::open(&url, Options::default()).await.unwrap();
        let Engine::Sqlite(pool) = journal.engine() else { unreachable!() };
        sqlx::query(FOREIGN).execute(pool).await.unwrap();
        let mut follower = Follower::open(&journal).await.unwrap();
        assert!(!follower.is_ahead());
        assert_eq!(follower.turn().await.unwrap(), Turn::Moved);
        assert!(follower.is_ahead());
        // In the place of the page that is being read: what says whether it was let go of.
        let (held, mut let_go) = tokio::sync::oneshot::channel::<()>();
        let reading = async move {
            let _held = held;
            std::future::pending().await
        };
        follower.ahead = Some(Ahead { after: 4_096, page: tokio::spawn(reading) });
        follower.close().await;
        assert!(
            let_go
                .try_recv()
                .is_err_and(|gone| gone == tokio::sync::oneshot::error::TryRecvError::Closed)
        );

        let mut follower = Follower::open(&journal).await.unwrap();
        while follower.turn().await.unwrap() == Turn::Moved {
            assert_eq!(follower.is_ahead(), follower.reached() < Position(9_000));
        }
        follower.close().await;
        journal.close().await;
    }
}
