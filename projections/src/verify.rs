//! Verification: are the read models what the journal says?
//!
//! Temporary tables of the same names hide the real ones from one connection, so that the very same folds fill them from the
//! journal's beginning. Then both are compared row for row in one snapshot.

use journal::{Journal, Position};

use crate::Error;
use crate::follower::Follower;
use crate::model;
use crate::store::Session;

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verified {
    /// Where the read models stood.
    pub position: Position,
    /// Each table with the number of its rows.
    pub tables: Vec<(&'static str, i64)>,
    /// The first difference of each table that has any.
    pub differences: Vec<Difference>,
}

/// A row that only one side has. A row that differs is on both lists; the read model's is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub table: &'static str,
    /// The row's first column.
    pub key: String,
    pub side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The journal does not lead to this row of the read model.
    Unexpected,
    /// The journal leads to this row, and the read model lacks it.
    Missing,
}

/// Folds the whole journal anew beside the read models and compares.
pub async fn verify(journal: &Journal) -> Result<Verified, Error> {
    let mut session = Session::open(journal.engine()).await?;
    let real = session.schema().await?;
    session.shadow(&real, "watermarks").await?;
    let mut tables = Vec::new();
    for mut model in model::all() {
        let name = model.name();
        let insert = "INSERT INTO watermarks (projection, position) VALUES";
        session.run(&format!("{insert} ('{name}', 0)")).await?;
        for table in model.tables() {
            session.shadow(&real, table.name()).await?;
            tables.push((table.name(), table.columns()));
        }
    }
    let mut follower = Follower::over(journal, session);
    let head = journal.head().await?;
    while follower.reached() < head {
        follower.turn().await?;
    }
    follower.session().freeze().await?;
    let verified = compare(&mut follower, &real, &tables).await;
    follower.close().await;
    verified
}

/// In one snapshot: brings the shadows to where the read models stand, and looks for what differs.
async fn compare(
    follower: &mut Follower,
    real: &str,
    tables: &[(&'static str, String)],
) -> Result<Verified, Error> {
    let lowest = format!("SELECT MIN(position) FROM {real}.watermarks");
    let highest = format!("SELECT MAX(position) FROM {real}.watermarks");
    let lowest = follower.session().number(&lowest).await?;
    let highest = follower.session().number(&highest).await?;
    let reached = follower.reached().0;
    if lowest != highest || lowest < reached {
        // A read model that is being rebuilt, or that another process still follows behind us, proves nothing yet.
        return Err(Error::Behind {
            reached: Position(lowest),
            head: Position(highest.max(reached)),
        });
    }
    while follower.reached().0 < lowest {
        follower.advance(follower.reached().0, lowest).await?;
    }
    let mut verified = Verified { position: Position(lowest), ..Verified::default() };
    for (table, columns) in tables {
        let session = follower.session();
        let rows = session.number(&format!("SELECT COUNT(*) FROM {real}.{table}")).await?;
        verified.tables.push((*table, rows));
        let (live, shadow) =
            (format!("{real}.{table}"), format!("{}.{table}", session.temporary()));
        for (ours, theirs, side) in
            [(&live, &shadow, Side::Unexpected), (&shadow, &live, Side::Missing)]
        {
            let key = columns.split(',').next().unwrap_or_default();
            let sql = format!(
                "SELECT CAST({key} AS text) FROM (SELECT {columns} FROM {ours} \
                 EXCEPT SELECT {columns} FROM {theirs}) AS different ORDER BY 1 LIMIT 1"
            );
            if let Some(key) = session.text(&sql).await? {
                verified.differences.push(Difference { table, key, side });
                break;
            }
        }
    }
    Ok(verified)
}
