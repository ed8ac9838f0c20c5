//! Decisions: what every checkpoint answered, who released what, what was dated back, and what came before a first sale.
//!
//! Tables `decisions`, `releases`, `backdated`, `first_sales` and `packs`, made by migration 0014. Answers `reports/denials`,
//! `reports/releases`, `reports/backdated` and `reports/first-sales`. A row keeps the causes; the whole decision, with
//! what it relied on, stays in its event and is read from there (`recorded`).

mod fold;
mod queries;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::customer::trading::Lifted;
use domain::decision::{Cause, CauseCode};
use domain::ids::OrderId;

use crate::store::{Json, table};

pub(crate) use fold::Decisions;
pub use queries::{
    Backdated, Between, Check, Denial, FirstSale, Release, backdated, denials, first_sales,
    recorded, releases,
};

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct DecisionRecord in "decisions" {
        position: i64,
        decision: String,
        customer: Arc<str>,
        checkpoint: Cow<'static, str>,
        outcome: Cow<'static, str>,
        enforced: bool,
        causes: Option<Json<Vec<Cause>>>,
        subject: String,
        value_minor: Option<i64>,
        currency: Option<Cow<'static, str>>,
        actor: Option<Arc<str>>,
        recorded_at: DateTime<Utc>,
        business_date: NaiveDate,
    }
}

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct ReleaseRecord in "releases" {
        position: i64,
        customer: Arc<str>,
        order_id: OrderId,
        lifted: Json<Vec<Lifted>>,
        remaining: Option<Json<Vec<CauseCode>>>,
        reason: String,
        tolerance_percent: i64,
        expires_on: NaiveDate,
        released_by: String,
        recorded_at: DateTime<Utc>,
    }
}

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct BackdatedRecord in "backdated" {
        position: i64,
        customer: Arc<str>,
        event_type: Cow<'static, str>,
        subject: String,
        business_date: NaiveDate,
        recorded_on: NaiveDate,
        reason: Option<String>,
        origin: Option<String>,
        actor: Option<Arc<str>>,
        recorded_at: DateTime<Utc>,
    }
}

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct FirstSaleRecord in "first_sales" by customer: Arc<str> {
        customer: Arc<str>,
        approved_position: Option<i64>,
        approved_at: Option<DateTime<Utc>>,
        approved_by: Option<String>,
        order_id: Option<OrderId>,
        order_position: Option<i64>,
        order_at: Option<DateTime<Utc>>,
        shipment: Option<domain::ids::ShipmentId>,
        shipment_position: Option<i64>,
        shipment_at: Option<DateTime<Utc>>,
    }
}

table! {
    /// The pack in force.
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct PackRecord in "packs" by stream: Arc<str> {
        stream: Arc<str>,
        version: i64,
        hash: String,
        name: String,
        zone: String,
        position: i64,
        recorded_at: DateTime<Utc>,
    }
}
