//! Orders and their shipments: how each stands, what holds it, and its part in the customer's exposure.
//!
//! Tables `orders`, `shipments` and `order_invoices`, made by migration 0013. Answers `GET order`, `reports/holds`, and with
//! `receivables` `reports/exposure`. A line's value is counted as the aggregate counts it: by its own functions.

mod fold;
mod queries;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::customer::order::OrderLine;
use domain::customer::receivables::InvoicedLine;
use domain::customer::trading::Lot;
use domain::decision::Cause;
use domain::ids::{InvoiceId, OrderId, ProductId, ShipmentId};
use domain::money::{Minor, Money, UnitPrice};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::query::{currency, money};
use crate::store::{Json, table};

pub(crate) use fold::Orders;
pub use queries::{Exposure, ExposureOf, Hold, exposure, holds, of_customer, one, shipments_of};

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct OrderRecord in "orders" by order_id: OrderId {
        order_id: OrderId,
        customer: Arc<str>,
        reference: Option<String>,
        status: Cow<'static, str>,
        currency: Cow<'static, str>,
        total_minor: i64,
        open_minor: i64,
        delivered_minor: i64,
        prepaid_minor: i64,
        deposit_minor: i64,
        payment: Cow<'static, str>,
        prepaid_percent: i64,
        requested_ship_date: NaiveDate,
        ship_to: String,
        lines: Json<Vec<OrderLine>>,
        held_by: Option<Json<Vec<Cause>>>,
        waiting: Option<Json<Vec<Waiting>>>,
        invoices: Option<Json<Vec<InvoiceId>>>,
        position: i64,
        recorded_at: DateTime<Utc>,
        actor: Option<Arc<str>>,
        decided_position: i64,
    }
}

/// A held shipment, and how much of which lines it would take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    shipment: ShipmentId,
    lines: Vec<(u32, u32)>,
}

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct ShipmentRecord in "shipments" by shipment: ShipmentId {
        shipment: ShipmentId,
        order_id: OrderId,
        customer: Arc<str>,
        status: Cow<'static, str>,
        currency: Cow<'static, str>,
        value_minor: i64,
        shipped_on: Option<NaiveDate>,
        lines: Json<Vec<Lot>>,
        held_by: Option<Json<Vec<Cause>>>,
        position: i64,
        recorded_at: DateTime<Utc>,
        actor: Option<Arc<str>>,
    }
}

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct OrderInvoiceRecord in "order_invoices" by invoice: InvoiceId {
        invoice: InvoiceId,
        lines: Json<Vec<InvoicedLine>>,
    }
}

/// An order as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct OrderRow {
    pub id: OrderId,
    pub customer: String,
    pub reference: Option<String>,
    /// `placed`, `held`, `denied`, `cancelled`, `closed` (nothing is left to ship or to invoice).
    pub status: String,
    pub total: Money,
    /// What is neither shipped nor cancelled, and what is shipped and not invoiced: its part of exposure.
    pub open: Money,
    pub delivered: Money,
    /// What of these is or will be paid in advance; absent for who sees no credit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prepaid: Option<Money>,
    /// Cash set aside for it; absent for who sees no credit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit: Option<Money>,
    /// `credit`, `prepaid`, `on_delivery`.
    pub payment: String,
    pub prepaid_percent: i64,
    pub requested_ship_date: NaiveDate,
    pub ship_to: String,
    pub lines: Vec<LineRow>,
    /// What holds it.
    pub held_by: Vec<Cause>,
    pub invoices: Vec<InvoiceId>,
    /// Of the event by which it was taken.
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    pub actor: Option<String>,
    /// Of the decision that stands: see `decisions::recorded`.
    pub decided_position: i64,
}

#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct LineRow {
    /// Counted from 1.
    pub line: u32,
    pub product: ProductId,
    pub quantity: u32,
    pub unit_price: UnitPrice,
    pub amount: Money,
    pub shipped: u32,
    pub invoiced: u32,
    pub cancelled: u32,
}

/// A shipment as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ShipmentRow {
    pub id: ShipmentId,
    pub order: OrderId,
    pub customer: String,
    /// `shipped`, `held`, `denied`, `cleared` (it may be sent again), `overtaken` (what it would take is gone).
    pub status: String,
    pub value: Money,
    pub shipped_on: Option<NaiveDate>,
    pub lines: Vec<Lot>,
    pub held_by: Vec<Cause>,
    /// Of the decision that stands: see `decisions::recorded`.
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    pub actor: Option<String>,
}

impl From<OrderRecord> for OrderRow {
    fn from(order: OrderRecord) -> Self {
        let of = |minor: i64| money(minor, &order.currency);
        let lines = (1..).zip(&order.lines.0).map(|(line, it)| LineRow {
            line,
            product: it.product,
            quantity: it.quantity,
            unit_price: it.unit_price,
            amount: Money::from_minor(it.amount, currency(&order.currency))
                .unwrap_or(of(Minor::ZERO.0)),
            shipped: it.shipped,
            invoiced: it.invoiced,
            cancelled: it.cancelled,
        });
        Self {
            id: order.order_id,
            total: of(order.total_minor),
            open: of(order.open_minor),
            delivered: of(order.delivered_minor),
            prepaid: Some(of(order.prepaid_minor)),
            deposit: Some(of(order.deposit_minor)),
            lines: lines.collect(),
            customer: order.customer.to_string(),
            reference: order.reference,
            status: order.status.into(),
            payment: order.payment.into(),
            prepaid_percent: order.prepaid_percent,
            requested_ship_date: order.requested_ship_date,
            ship_to: order.ship_to,
            held_by: order.held_by.map(|list| list.0).unwrap_or_default(),
            invoices: order.invoices.map(|list| list.0).unwrap_or_default(),
            position: order.position,
            recorded_at: order.recorded_at,
            actor: order.actor.map(|actor| actor.to_string()),
            decided_position: order.decided_position,
        }
    }
}

impl From<ShipmentRecord> for ShipmentRow {
    fn from(shipment: ShipmentRecord) -> Self {
        Self {
            id: shipment.shipment,
            order: shipment.order_id,
            customer: shipment.customer.to_string(),
            status: shipment.status.into(),
            value: money(shipment.value_minor, &shipment.currency),
            shipped_on: shipment.shipped_on,
            lines: shipment.lines.0,
            held_by: shipment.held_by.map(|list| list.0).unwrap_or_default(),
            position: shipment.position,
            recorded_at: shipment.recorded_at,
            actor: shipment.actor.map(|actor| actor.to_string()),
        }
    }
}
