//! What auditors ask of decisions.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use domain::customer::{self, trading::Lifted};
use domain::decision::{Cause, CauseCode, Decision};
use domain::money::Money;
use journal::{Engine, Filter, Journal, Position};
use serde::Serialize;
use utoipa::ToSchema;

use super::{BackdatedRecord, DecisionRecord, FirstSaleRecord, ReleaseRecord, fold};
use crate::Error;
use crate::documents::DocumentRow;
use crate::query::{Keyset, Listed, fetch, money};
use crate::store::bulk::column_names;

const DENIALS: &str = "FROM decisions WHERE outcome IN ('hold', 'deny') AND position > $1 \
     AND ($2 = 'both' OR outcome = $2) AND ($3 IS NULL OR checkpoint = $3) AND ($4 IS NULL OR customer = $4) \
     AND business_date >= $5 AND business_date <= $6 ORDER BY position LIMIT $7";
const RELEASES: &str = "FROM releases WHERE position > $1 AND ($2 IS NULL OR customer = $2) ORDER BY position LIMIT $3";
const BACKDATED: &str = "FROM backdated WHERE position > $1 AND ($2 IS NULL OR customer = $2) ORDER BY position LIMIT $3";
const FIRSTS: &str = "FROM first_sales WHERE customer > $1 AND ($2 IS NULL OR customer = $2) \
     AND order_position IS NOT NULL ORDER BY customer LIMIT $3";
/// The papers of a few customers that were checked before a sale; more than any file holds.
const CHECKED_MAX: i64 = 100_000;
/// So few.
const CHECKED_AT_ONCE: usize = 500;

/// A checkpoint's answer that stopped something, or would have.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Denial {
    pub position: i64,
    pub decision: String,
    pub customer: String,
    pub checkpoint: String,
    pub outcome: String,
    /// False: the checkpoint only observed, and the command went through.
    pub enforced: bool,
    pub causes: Vec<Cause>,
    /// The paper that was asked about.
    pub subject: String,
    pub value: Option<Money>,
    pub actor: Option<String>,
    pub recorded_at: DateTime<Utc>,
    pub business_date: NaiveDate,
}

impl From<DecisionRecord> for Denial {
    fn from(row: DecisionRecord) -> Self {
        let value = row.value_minor.zip(row.currency.as_ref());
        Self {
            value: value.map(|(minor, currency)| money(minor, currency)),
            position: row.position,
            decision: row.decision,
            customer: row.customer.to_string(),
            checkpoint: row.checkpoint.into(),
            outcome: row.outcome.into(),
            enforced: row.enforced,
            causes: row.causes.map(|list| list.0).unwrap_or_default(),
            subject: row.subject,
            actor: row.actor.map(|actor| actor.to_string()),
            recorded_at: row.recorded_at,
            business_date: row.business_date,
        }
    }
}

/// Which answers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Between<'a> {
    /// `deny` or `hold`; absent: both.
    pub outcome: Option<&'a str>,
    pub checkpoint: Option<&'a str>,
    pub customer: Option<&'a str>,
    /// Business dates, inclusive.
    pub from: Option<NaiveDate>,
    pub to: Option<NaiveDate>,
}

/// What was denied or held, the oldest first.
pub async fn denials(
    engine: &Engine,
    which: Between<'_>,
    keyset: &Keyset,
) -> Result<Listed<Denial>, Error> {
    let sql = format!("SELECT {} {DENIALS}", column_names::<DecisionRecord>());
    let from = which.from.unwrap_or_default();
    let to = which.to.or(NaiveDate::from_ymd_opt(9999, 12, 31)).unwrap_or_default();
    let rows = fetch!(
        engine,
        DecisionRecord,
        &sql,
        keyset.number(0)?,
        which.outcome.unwrap_or("both"),
        which.checkpoint,
        which.customer,
        from,
        to,
        keyset.fetched(),
    )?;
    Ok(Listed::new(rows, keyset, |row| row.position.to_string()).map(Into::into))
}

/// Somebody with authority lifted causes.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = ReleaseRow)]
pub struct Release {
    pub position: i64,
    pub customer: String,
    pub order: String,
    /// With the figures that whoever released saw.
    pub lifted: Vec<Lifted>,
    pub remaining: Vec<CauseCode>,
    pub reason: String,
    pub tolerance_percent: i64,
    pub expires_on: NaiveDate,
    pub released_by: String,
    pub recorded_at: DateTime<Utc>,
}

impl From<ReleaseRecord> for Release {
    fn from(row: ReleaseRecord) -> Self {
        Self {
            position: row.position,
            customer: row.customer.to_string(),
            order: row.order_id.to_string(),
            lifted: row.lifted.0,
            remaining: row.remaining.map(|list| list.0).unwrap_or_default(),
            reason: row.reason,
            tolerance_percent: row.tolerance_percent,
            expires_on: row.expires_on,
            released_by: row.released_by,
            recorded_at: row.recorded_at,
        }
    }
}

/// Releases, the oldest first.
pub async fn releases(
    engine: &Engine,
    customer: Option<&str>,
    keyset: &Keyset,
) -> Result<Listed<Release>, Error> {
    let sql = format!("SELECT {} {RELEASES}", column_names::<ReleaseRecord>());
    let rows = fetch!(engine, ReleaseRecord, &sql, keyset.number(0)?, customer, keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.position.to_string()).map(Into::into))
}

/// Something that was recorded later than it is dated.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Backdated {
    pub position: i64,
    pub customer: String,
    #[serde(rename = "type")]
    pub event_type: String,
    pub subject: String,
    pub business_date: NaiveDate,
    /// The business date of the day on which it was recorded.
    pub recorded_on: NaiveDate,
    /// Absent where a paper merely bears an earlier date, and for imports.
    pub reason: Option<String>,
    pub origin: Option<String>,
    pub actor: Option<String>,
    pub recorded_at: DateTime<Utc>,
}

impl From<BackdatedRecord> for Backdated {
    fn from(row: BackdatedRecord) -> Self {
        Self {
            position: row.position,
            customer: row.customer.to_string(),
            event_type: row.event_type.into(),
            subject: row.subject,
            business_date: row.business_date,
            recorded_on: row.recorded_on,
            reason: row.reason,
            origin: row.origin,
            actor: row.actor.map(|actor| actor.to_string()),
            recorded_at: row.recorded_at,
        }
    }
}

/// Back-dated entries, the oldest first.
pub async fn backdated(
    engine: &Engine,
    customer: Option<&str>,
    keyset: &Keyset,
) -> Result<Listed<Backdated>, Error> {
    let sql = format!("SELECT {} {BACKDATED}", column_names::<BackdatedRecord>());
    let rows =
        fetch!(engine, BackdatedRecord, &sql, keyset.number(0)?, customer, keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.position.to_string()).map(Into::into))
}

/// A customer's first sale, and what was checked before it.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FirstSale {
    pub customer: String,
    /// The first order that was placed.
    pub order: Option<String>,
    pub order_position: Option<i64>,
    pub order_at: Option<DateTime<Utc>>,
    pub shipment: Option<String>,
    pub shipment_position: Option<i64>,
    pub shipment_at: Option<DateTime<Utc>>,
    /// The first approval, if it came before the sale.
    pub approved_position: Option<i64>,
    pub approved_at: Option<DateTime<Utc>>,
    pub approved_by: Option<String>,
    /// The papers that were approved before it, with who uploaded and who checked each.
    pub checks: Vec<Check>,
}

/// A paper that was checked before the first sale.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = PaperCheck)]
pub struct Check {
    pub document: String,
    pub kind: String,
    pub number: String,
    pub valid_to: Option<NaiveDate>,
    pub uploaded_by: String,
    pub uploaded_at: DateTime<Utc>,
    pub checked_by: Option<String>,
    pub checked_at: Option<DateTime<Utc>>,
    pub position: Option<i64>,
}

/// First sales by customer, each with the file that stood before it.
pub async fn first_sales(
    engine: &Engine,
    customer: Option<&str>,
    keyset: &Keyset,
) -> Result<Listed<FirstSale>, Error> {
    let sql = format!("SELECT {} {FIRSTS}", column_names::<FirstSaleRecord>());
    let rows = fetch!(engine, FirstSaleRecord, &sql, keyset.text(), customer, keyset.fetched())?;
    let listed = Listed::new(rows, keyset, |row| row.customer.to_string());
    let mut files = checked(engine, &listed.items).await?;
    Ok(listed.map(|first| {
        let papers = files.remove(&*first.customer).unwrap_or_default();
        first_sale(first, papers)
    }))
}

/// Every approved paper of these customers.
async fn checked(
    engine: &Engine,
    firsts: &[FirstSaleRecord],
) -> Result<BTreeMap<String, Vec<DocumentRow>>, Error> {
    let these = match engine {
        Engine::Sqlite(_) => "(SELECT value FROM json_each($1))",
        Engine::Postgres(_) => "(SELECT json_array_elements_text($1::json))",
    };
    let sql = format!(
        "SELECT {} FROM documents WHERE customer IN {these} AND approved_position IS NOT NULL \
         ORDER BY approved_position, document LIMIT {CHECKED_MAX}",
        column_names::<DocumentRow>()
    );
    let mut files: BTreeMap<String, Vec<DocumentRow>> = BTreeMap::new();
    for some in firsts.chunks(CHECKED_AT_ONCE) {
        let ids: Vec<&str> = some.iter().map(|first| &*first.customer).collect();
        let list = serde_json::to_string(&ids).unwrap_or_default();
        for row in fetch!(engine, DocumentRow, &sql, &list)? {
            files.entry(row.customer.clone()).or_default().push(row);
        }
    }
    Ok(files)
}

fn first_sale(first: FirstSaleRecord, papers: Vec<DocumentRow>) -> FirstSale {
    let sold = first.order_position.min(first.shipment_position.or(first.order_position));
    let before = |position: Option<i64>| position < sold && position.is_some();
    let approved = before(first.approved_position);
    let papers = papers.into_iter().filter(|paper| before(paper.approved_position));
    let checks = papers.map(|paper| Check {
        document: paper.document.to_string(),
        kind: paper.kind.into(),
        number: paper.number,
        valid_to: paper.valid_to,
        uploaded_by: paper.uploaded_by,
        uploaded_at: paper.uploaded_at,
        checked_by: paper.approved_by,
        checked_at: paper.approved_at,
        position: paper.approved_position,
    });
    FirstSale {
        checks: checks.collect(),
        customer: first.customer.to_string(),
        order: first.order_id.map(|id| id.to_string()),
        order_position: first.order_position,
        order_at: first.order_at,
        shipment: first.shipment.map(|id| id.to_string()),
        shipment_position: first.shipment_position,
        shipment_at: first.shipment_at,
        approved_position: first.approved_position.filter(|_| approved),
        approved_at: first.approved_at.filter(|_| approved),
        approved_by: first.approved_by.filter(|_| approved),
    }
}

/// The whole decision of the event at a position, with what it relied on.
pub async fn recorded(journal: &Journal, position: i64) -> Result<Option<Decision>, Error> {
    let before = Position(position.saturating_sub(1));
    let page = journal.after(before, &Filter::default(), 1).await?;
    let Some(entry) = page.entries.first().filter(|entry| entry.position.0 == position) else {
        return Ok(None);
    };
    if entry.aggregate_type != <customer::Customer as domain::decider::Decider>::TYPE {
        return Ok(None);
    }
    let event: customer::Event = journal.event(entry)?;
    Ok(fold::decided(&event).map(|(decision, _, _)| decision.clone()))
}
