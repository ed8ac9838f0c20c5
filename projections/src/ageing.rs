//! Ageing, and what else is summed over receivables: payment behaviour, the peak of what was open.
//!
//! Reads the tables of `receivables`. `as_of` is a business date, end of that day: what was settled on it is closed. An item is
//! `as_of − due date` days old; unapplied cash is not netted.

use chrono::{Days, NaiveDate};
use journal::Engine;
use rust_decimal::Decimal;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;
use crate::query::{Keyset, Listed, decimal, fetch, money, row};
use domain::money::Money;

/// What was open at the end of a day, invoice by invoice. Only invoices that were not settled for good by then are looked at.
macro_rules! open_at {
    () => {
        "SELECT i.customer AS customer, i.currency AS currency, i.due_on AS due_on, \
            i.amount_minor + COALESCE((SELECT CAST(SUM(m.amount_minor) AS bigint) FROM movements AS m \
                WHERE m.invoice = i.invoice AND m.kind <> 'issued' AND m.business_date <= $1), 0) AS open \
         FROM invoices AS i WHERE i.status IN ('open', 'settled', 'voided') AND i.issued_on <= $1 \
            AND (i.settled_on IS NULL OR i.settled_on > $1)"
    };
}

/// $1 is the day itself, $2 to $6 the days 30, 60, 90, 180 and 360 before it.
macro_rules! buckets {
    () => {
        "CAST(COALESCE(SUM(CASE WHEN due_on >= $1 THEN open END), 0) AS bigint), \
         CAST(COALESCE(SUM(CASE WHEN due_on < $1 AND due_on >= $2 THEN open END), 0) AS bigint), \
         CAST(COALESCE(SUM(CASE WHEN due_on < $2 AND due_on >= $3 THEN open END), 0) AS bigint), \
         CAST(COALESCE(SUM(CASE WHEN due_on < $3 AND due_on >= $4 THEN open END), 0) AS bigint), \
         CAST(COALESCE(SUM(CASE WHEN due_on < $4 AND due_on >= $5 THEN open END), 0) AS bigint), \
         CAST(COALESCE(SUM(CASE WHEN due_on < $5 AND due_on >= $6 THEN open END), 0) AS bigint), \
         CAST(COALESCE(SUM(CASE WHEN due_on < $6 THEN open END), 0) AS bigint), \
         CAST(COALESCE(SUM(open), 0) AS bigint)"
    };
}

const TOTALS: &str = concat!(
    "SELECT '' AS customer, currency, ",
    buckets!(),
    " FROM (",
    open_at!(),
    ") AS items WHERE open <> 0 GROUP BY currency ORDER BY currency LIMIT 1000"
);
const ITEMS: &str = concat!(
    "SELECT customer, currency, ",
    buckets!(),
    " FROM (",
    open_at!(),
    " AND i.customer > $7) AS items WHERE open <> 0 GROUP BY customer, currency ORDER BY customer LIMIT $8"
);
const SUMMARY: &str = "SELECT currency, CAST(COUNT(*) AS bigint), CAST(SUM(amount_minor) AS bigint), \
     CAST(SUM(open_minor) AS bigint), CAST(SUM(CASE WHEN status = 'settled' THEN 1 ELSE 0 END) AS bigint), \
     CAST(SUM(CASE WHEN status = 'settled' AND settled_on > due_on THEN 1 ELSE 0 END) AS bigint), \
     CAST(SUM(CASE WHEN status = 'open' AND due_on < $1 THEN 1 ELSE 0 END) AS bigint), MIN(issued_on), MAX(issued_on) \
     FROM invoices WHERE status IN ('open', 'settled') GROUP BY currency ORDER BY currency LIMIT 1000";
/// The running sum of each day's movements; what happens within a day is netted first.
const PEAKS: &str = "\
    WITH days AS (SELECT customer, currency, business_date, CAST(SUM(amount_minor) AS bigint) AS moved FROM movements \
        WHERE customer > $1 AND ($2 IS NULL OR customer = $2) GROUP BY customer, currency, business_date), \
    balances AS (SELECT customer, currency, business_date, CAST(SUM(moved) OVER \
        (PARTITION BY customer, currency ORDER BY business_date) AS bigint) AS open FROM days), \
    ranked AS (SELECT customer, currency, business_date, open, ROW_NUMBER() OVER \
        (PARTITION BY customer, currency ORDER BY open DESC, business_date) AS place FROM balances) \
    SELECT customer, currency, business_date, open FROM ranked WHERE place = 1 ORDER BY customer LIMIT $3";

/// What is open, by how long it has been due; amounts as decimal strings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Buckets {
    pub currency: String,
    pub not_due: String,
    pub days_1_30: String,
    pub days_31_60: String,
    pub days_61_90: String,
    pub days_91_180: String,
    pub days_181_360: String,
    pub over_360: String,
    pub total: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CustomerBuckets {
    pub customer: String,
    #[serde(flatten)]
    pub buckets: Buckets,
}

row! {
    #[derive(Debug)]
    struct BucketColumns {
        customer: String,
        currency: String,
        not_due: i64,
        days_1_30: i64,
        days_31_60: i64,
        days_61_90: i64,
        days_91_180: i64,
        days_181_360: i64,
        over_360: i64,
        total: i64,
    }
}

impl From<BucketColumns> for Buckets {
    fn from(row: BucketColumns) -> Self {
        let of = |minor: i64| decimal(minor, &row.currency);
        Self {
            not_due: of(row.not_due),
            days_1_30: of(row.days_1_30),
            days_31_60: of(row.days_31_60),
            days_61_90: of(row.days_61_90),
            days_91_180: of(row.days_91_180),
            days_181_360: of(row.days_181_360),
            over_360: of(row.over_360),
            total: of(row.total),
            currency: row.currency,
        }
    }
}

/// The day itself and the days at which buckets end.
fn edges(as_of: NaiveDate) -> [NaiveDate; 6] {
    [0, 30, 60, 90, 180, 360]
        .map(|days| as_of.checked_sub_days(Days::new(days)).unwrap_or(NaiveDate::MIN))
}

/// What was open at the end of a day, by currency.
pub async fn totals(engine: &Engine, as_of: NaiveDate) -> Result<Vec<Buckets>, Error> {
    let [day, one, two, three, six, twelve] = edges(as_of);
    let rows = fetch!(engine, BucketColumns, TOTALS, day, one, two, three, six, twelve)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// The same by customer.
pub async fn by_customer(
    engine: &Engine,
    as_of: NaiveDate,
    keyset: &Keyset,
) -> Result<Listed<CustomerBuckets>, Error> {
    let [day, one, two, three, six, twelve] = edges(as_of);
    let (after, limit) = (keyset.text(), keyset.fetched());
    let rows =
        fetch!(engine, BucketColumns, ITEMS, day, one, two, three, six, twelve, &after, limit)?;
    let listed = Listed::new(rows, keyset, |row| row.customer.clone());
    Ok(listed.map(|row| CustomerBuckets { customer: row.customer.clone(), buckets: row.into() }))
}

/// All invoices of a currency, as they stand; voided ones do not count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Summary {
    pub currency: String,
    pub invoices: i64,
    pub amount: String,
    pub open: String,
    pub settled: i64,
    /// Settled after its due date.
    pub settled_late: i64,
    /// Open, and due before the day asked about.
    pub overdue: i64,
    /// `settled_late` of all settled ones, as a fraction with four decimals; absent where none is settled.
    pub late_share: Option<String>,
    pub first_issued_on: Option<NaiveDate>,
    pub last_issued_on: Option<NaiveDate>,
}

row! {
    #[derive(Debug)]
    struct SummaryColumns {
        currency: String,
        invoices: i64,
        amount: i64,
        open: i64,
        settled: i64,
        settled_late: i64,
        overdue: i64,
        first_issued_on: Option<NaiveDate>,
        last_issued_on: Option<NaiveDate>,
    }
}

/// Sums over all invoices, by currency.
pub async fn summary(engine: &Engine, today: NaiveDate) -> Result<Vec<Summary>, Error> {
    let rows = fetch!(engine, SummaryColumns, SUMMARY, today)?;
    let summaries = rows.into_iter().map(|row| Summary {
        amount: decimal(row.amount, &row.currency),
        open: decimal(row.open, &row.currency),
        late_share: share(row.settled_late, row.settled),
        currency: row.currency,
        invoices: row.invoices,
        settled: row.settled,
        settled_late: row.settled_late,
        overdue: row.overdue,
        first_issued_on: row.first_issued_on,
        last_issued_on: row.last_issued_on,
    });
    Ok(summaries.collect())
}

fn share(part: i64, whole: i64) -> Option<String> {
    let share = Decimal::from(part).checked_div(Decimal::from(whole))?;
    let mut share = share.round_dp(4);
    share.rescale(4);
    Some(share.to_string())
}

/// The most that was open of a customer's invoices at the end of a day, and the first such day.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Peak {
    pub customer: String,
    pub on: NaiveDate,
    pub open: Money,
}

row! {
    #[derive(Debug)]
    struct PeakColumns {
        customer: String,
        currency: String,
        on: NaiveDate,
        open: i64,
    }
}

/// The peak of each customer, or of one.
pub async fn peaks(
    engine: &Engine,
    customer: Option<&str>,
    keyset: &Keyset,
) -> Result<Listed<Peak>, Error> {
    let rows = fetch!(engine, PeakColumns, PEAKS, keyset.text(), customer, keyset.fetched())?;
    let listed = Listed::new(rows, keyset, |row| row.customer.clone());
    Ok(listed.map(|row| Peak {
        open: money(row.open, &row.currency),
        customer: row.customer,
        on: row.on,
    }))
}
