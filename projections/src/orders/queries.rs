//! What is asked of orders: one, a customer's, what is held, exposure.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::decision::Cause;
use domain::ids::OrderId;
use domain::money::Money;
use journal::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use super::{OrderRecord, OrderRow, ShipmentRecord, ShipmentRow};
use crate::Error;
use crate::query::{Keyset, Listed, decimal, fetch, money, row};
use crate::store::Json;
use crate::store::bulk::column_names;

const ONE: &str = "FROM orders WHERE order_id = $1 LIMIT 1";
const OF_CUSTOMER: &str =
    "FROM orders WHERE customer = $1 AND order_id > $2 ORDER BY order_id LIMIT $3";
const SHIPMENTS: &str =
    "FROM shipments WHERE order_id = $1 AND shipment > $2 ORDER BY shipment LIMIT $3";
/// A held invoice is over once one of its number was issued.
const HOLDS: &str = "\
    SELECT 'order' AS kind, order_id AS id, order_id, customer, held_by, total_minor, currency, position, recorded_at, actor \
    FROM orders WHERE status = 'held' AND position > $1 \
    UNION ALL SELECT 'shipment', shipment, order_id, customer, held_by, value_minor, currency, position, recorded_at, actor \
    FROM shipments WHERE status = 'held' AND position > $1 \
    UNION ALL SELECT 'invoice', invoice, NULL, customer, held_by, amount_minor, currency, position, recorded_at, actor \
    FROM invoices AS held WHERE status = 'held' AND position > $1 AND NOT EXISTS (SELECT 1 FROM invoices AS other \
        WHERE other.customer = held.customer AND other.number = held.number AND other.position > held.position \
        AND other.status NOT IN ('held', 'denied')) \
    ORDER BY position LIMIT $2";
/// First the page of customers, then each one's sums, so that a page costs what it shows. Beyond the horizon only what is
/// delivered counts.
const EXPOSURE: &str = "\
    WITH page AS (SELECT customer, name, code, currency, limit_kind, limit_minor, limit_valid_until, frozen \
        FROM customers WHERE customer > $1 AND ($2 IS NULL OR customer = $2) ORDER BY customer LIMIT $3) \
    SELECT customer, name, code, currency, limit_kind, limit_minor, limit_valid_until, frozen, \
        (SELECT CAST(COALESCE(SUM(CASE WHEN requested_ship_date <= $4 THEN open_minor ELSE 0 END), 0) AS bigint) \
            FROM orders AS o WHERE o.customer = page.customer AND o.status = 'placed'), \
        (SELECT CAST(COALESCE(SUM(delivered_minor), 0) AS bigint) \
            FROM orders AS o WHERE o.customer = page.customer AND o.status = 'placed'), \
        (SELECT CAST(COALESCE(SUM(CASE WHEN requested_ship_date <= $4 THEN prepaid_minor \
                WHEN deposit_minor < delivered_minor THEN deposit_minor ELSE delivered_minor END), 0) AS bigint) \
            FROM orders AS o WHERE o.customer = page.customer AND o.status = 'placed'), \
        (SELECT CAST(COALESCE(SUM(open_minor), 0) AS bigint) \
            FROM invoices AS i WHERE i.customer = page.customer AND i.status = 'open'), \
        (SELECT CAST(COALESCE(SUM(unapplied_minor), 0) AS bigint) \
            FROM receipts AS r WHERE r.customer = page.customer AND r.unapplied_minor <> 0), \
        (SELECT CAST(COALESCE(SUM(open_minor), 0) AS bigint) \
            FROM invoices AS i WHERE i.customer = page.customer AND i.status = 'open' AND i.due_on < $5), \
        (SELECT MIN(due_on) FROM invoices AS i WHERE i.customer = page.customer AND i.status = 'open' AND i.due_on < $5) \
    FROM page ORDER BY customer";

/// One order.
pub async fn one(engine: &Engine, order: &OrderId) -> Result<Option<OrderRow>, Error> {
    let sql = format!("SELECT {} {ONE}", column_names::<OrderRecord>());
    let rows = fetch!(engine, OrderRecord, &sql, order.to_string())?;
    Ok(rows.into_iter().next().map(Into::into))
}

/// The orders of a customer, in the order in which they were taken.
pub async fn of_customer(
    engine: &Engine,
    customer: &str,
    keyset: &Keyset,
) -> Result<Listed<OrderRow>, Error> {
    let sql = format!("SELECT {} {OF_CUSTOMER}", column_names::<OrderRecord>());
    let rows = fetch!(engine, OrderRecord, &sql, customer, keyset.text(), keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.order_id.to_string()).map(Into::into))
}

/// The shipments of an order, held and denied ones included.
pub async fn shipments_of(
    engine: &Engine,
    order: &OrderId,
    keyset: &Keyset,
) -> Result<Listed<ShipmentRow>, Error> {
    let sql = format!("SELECT {} {SHIPMENTS}", column_names::<ShipmentRecord>());
    let rows =
        fetch!(engine, ShipmentRecord, &sql, order.to_string(), keyset.text(), keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.shipment.to_string()).map(Into::into))
}

/// Something that waits for somebody's decision or for its causes to go.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Hold {
    /// `order`, `shipment`, `invoice`.
    pub kind: String,
    pub id: String,
    pub order: Option<String>,
    pub customer: String,
    pub causes: Vec<Cause>,
    pub value: Money,
    pub position: i64,
    pub held_since: DateTime<Utc>,
    /// Who asked for it.
    pub actor: Option<String>,
}

row! {
    #[derive(Debug)]
    struct HoldColumns {
        kind: String,
        id: String,
        order: Option<String>,
        customer: String,
        causes: Option<Json<Vec<Cause>>>,
        minor: i64,
        currency: String,
        position: i64,
        held_since: DateTime<Utc>,
        actor: Option<String>,
    }
}

/// What is held now, the longest first.
pub async fn holds(engine: &Engine, keyset: &Keyset) -> Result<Listed<Hold>, Error> {
    let rows = fetch!(engine, HoldColumns, HOLDS, keyset.number(0)?, keyset.fetched())?;
    let listed = Listed::new(rows, keyset, |row| row.position.to_string());
    Ok(listed.map(|row| Hold {
        value: money(row.minor, &row.currency),
        causes: row.causes.map(|list| list.0).unwrap_or_default(),
        kind: row.kind,
        id: row.id,
        order: row.order,
        customer: row.customer,
        position: row.position,
        held_since: row.held_since,
        actor: row.actor,
    }))
}

/// How much of our money is with a customer or promised to it; amounts as decimal strings in the account's currency.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Exposure {
    pub customer: String,
    pub name: String,
    pub code: Option<String>,
    pub currency: String,
    /// `none`, `unlimited`, `amount`; absent where none was granted.
    pub limit_kind: Option<String>,
    pub limit: Option<String>,
    pub limit_valid_until: Option<NaiveDate>,
    pub frozen: bool,
    pub open_orders: String,
    pub open_deliveries: String,
    /// What of these two is or will be paid in advance.
    pub prepaid: String,
    pub open_items: String,
    pub unapplied_cash: String,
    /// open orders + open deliveries + open items − unapplied cash − prepaid; negative where the account is in credit.
    pub total: String,
    /// Limit − total, where the limit is an amount.
    pub available: Option<String>,
    pub overdue: String,
    /// The age of the oldest overdue item.
    pub overdue_days: i64,
}

row! {
    #[derive(Debug)]
    struct ExposureColumns {
        customer: Arc<str>,
        name: String,
        code: Option<String>,
        currency: String,
        limit_kind: Option<String>,
        limit_minor: Option<i64>,
        limit_valid_until: Option<NaiveDate>,
        frozen: bool,
        open_orders: i64,
        open_deliveries: i64,
        prepaid: i64,
        open_items: i64,
        unapplied: i64,
        overdue: i64,
        oldest_due_on: Option<NaiveDate>,
    }
}

/// Whose exposure, and as of when.
#[derive(Clone, Copy, Debug)]
pub struct ExposureOf<'a> {
    /// Absent: everybody's.
    pub customer: Option<&'a str>,
    pub today: NaiveDate,
    /// Open orders to be shipped after this day do not count; absent: all do.
    pub horizon: Option<NaiveDate>,
}

/// Exposure by customer, as it stands.
pub async fn exposure(
    engine: &Engine,
    of: ExposureOf<'_>,
    keyset: &Keyset,
) -> Result<Listed<Exposure>, Error> {
    // Later than any order, and a date that both engines know.
    let horizon = of.horizon.or(NaiveDate::from_ymd_opt(9999, 12, 31)).unwrap_or(of.today);
    let rows = fetch!(
        engine,
        ExposureColumns,
        EXPOSURE,
        keyset.text(),
        of.customer,
        keyset.fetched(),
        horizon,
        of.today,
    )?;
    let listed = Listed::new(rows, keyset, |row| row.customer.to_string());
    Ok(listed.map(|row| row.exposure(of.today)))
}

impl ExposureColumns {
    fn exposure(self, today: NaiveDate) -> Exposure {
        let of = |minor: i64| decimal(minor, &self.currency);
        let total = self.open_orders + self.open_deliveries + self.open_items
            - self.unapplied
            - self.prepaid;
        let age = |due: NaiveDate| today.signed_duration_since(due).num_days();
        Exposure {
            limit: self.limit_minor.map(of),
            open_orders: of(self.open_orders),
            open_deliveries: of(self.open_deliveries),
            prepaid: of(self.prepaid),
            open_items: of(self.open_items),
            unapplied_cash: of(self.unapplied),
            total: of(total),
            available: self.limit_minor.map(|limit| of(limit - total)),
            overdue: of(self.overdue),
            overdue_days: self.oldest_due_on.map_or(0, age),
            customer: self.customer.to_string(),
            name: self.name,
            code: self.code,
            currency: self.currency,
            limit_kind: self.limit_kind,
            limit_valid_until: self.limit_valid_until,
            frozen: self.frozen,
        }
    }
}
