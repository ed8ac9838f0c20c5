//! Receivables: invoices with what is open of them, every movement that made it so, and cash.
//!
//! Tables `invoices`, `movements` and `receipts`, made by migration 0015. What is open of an invoice at the end of any day is the
//! sum of its movements until then, so that ageing (see `ageing`) is exact for the past.
//! Cash settles an invoice on the day on which it came in, but not before the invoice was issued.

mod fold;
mod queries;

use std::borrow::Cow;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use domain::decision::Cause;
use domain::ids::{InvoiceId, ReceiptId};
use domain::money::Money;
use serde::Serialize;
use utoipa::ToSchema;

use crate::query::money;
use crate::store::{Json, table};

pub(crate) use fold::Receivables;
pub use queries::{Which, invoices, invoices_by_id, receipt, receipts};

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct InvoiceRecord in "invoices" by invoice: InvoiceId {
        invoice: InvoiceId,
        customer: Arc<str>,
        number: String,
        status: Cow<'static, str>,
        currency: Cow<'static, str>,
        amount_minor: i64,
        open_minor: i64,
        issued_on: NaiveDate,
        due_on: Option<NaiveDate>,
        moved_on: Option<NaiveDate>,
        settled_on: Option<NaiveDate>,
        disputed: bool,
        origin: Option<String>,
        held_by: Option<Json<Vec<Cause>>>,
        position: i64,
        recorded_at: DateTime<Utc>,
        actor: Option<Arc<str>>,
    }
}

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct MovementRecord in "movements" {
        position: i64,
        item: i64,
        invoice: InvoiceId,
        customer: Arc<str>,
        business_date: NaiveDate,
        amount_minor: i64,
        currency: Cow<'static, str>,
        kind: Cow<'static, str>,
        source: Option<String>,
    }
}

table! {
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct ReceiptRecord in "receipts" by receipt: ReceiptId {
        receipt: ReceiptId,
        customer: Arc<str>,
        reference: String,
        kind: Cow<'static, str>,
        status: Cow<'static, str>,
        currency: Cow<'static, str>,
        amount_minor: i64,
        unapplied_minor: i64,
        deposited_minor: i64,
        received_on: NaiveDate,
        origin: Option<String>,
        position: i64,
        recorded_at: DateTime<Utc>,
        actor: Option<Arc<str>>,
    }
}

/// An invoice as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct InvoiceRow {
    pub id: InvoiceId,
    pub customer: String,
    pub number: String,
    /// `open`, `settled`, `voided`, `held`, `denied`.
    pub status: String,
    pub amount: Money,
    pub open: Money,
    pub issued_on: NaiveDate,
    /// Absent for one that was held or denied.
    pub due_on: Option<NaiveDate>,
    /// The business date from which on nothing was open.
    pub settled_on: Option<NaiveDate>,
    pub disputed: bool,
    /// `import`, where it is a fact from a file.
    pub origin: Option<String>,
    pub held_by: Vec<Cause>,
    /// Of the event that made it, with its decision.
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    pub actor: Option<String>,
}

/// Incoming cash, or what a credit note left over.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ReceiptRow {
    pub id: ReceiptId,
    pub customer: String,
    pub reference: String,
    /// `cash`, `credit_note`.
    pub kind: String,
    /// `received`, `reversed`.
    pub status: String,
    pub amount: Money,
    pub unapplied: Money,
    /// Set aside for orders, and not used by an invoice yet.
    pub deposited: Money,
    pub received_on: NaiveDate,
    pub origin: Option<String>,
    pub position: i64,
    pub recorded_at: DateTime<Utc>,
    pub actor: Option<String>,
}

impl From<InvoiceRecord> for InvoiceRow {
    fn from(invoice: InvoiceRecord) -> Self {
        Self {
            id: invoice.invoice,
            customer: invoice.customer.to_string(),
            amount: money(invoice.amount_minor, &invoice.currency),
            open: money(invoice.open_minor, &invoice.currency),
            number: invoice.number,
            status: invoice.status.into(),
            issued_on: invoice.issued_on,
            due_on: invoice.due_on,
            settled_on: invoice.settled_on,
            disputed: invoice.disputed,
            origin: invoice.origin,
            held_by: invoice.held_by.map(|list| list.0).unwrap_or_default(),
            position: invoice.position,
            recorded_at: invoice.recorded_at,
            actor: invoice.actor.map(|actor| actor.to_string()),
        }
    }
}

impl From<ReceiptRecord> for ReceiptRow {
    fn from(receipt: ReceiptRecord) -> Self {
        let of = |minor: i64| money(minor, &receipt.currency);
        Self {
            id: receipt.receipt,
            customer: receipt.customer.to_string(),
            amount: of(receipt.amount_minor),
            unapplied: of(receipt.unapplied_minor),
            deposited: of(receipt.deposited_minor),
            reference: receipt.reference,
            kind: receipt.kind.into(),
            status: receipt.status.into(),
            received_on: receipt.received_on,
            origin: receipt.origin,
            position: receipt.position,
            recorded_at: receipt.recorded_at,
            actor: receipt.actor.map(|actor| actor.to_string()),
        }
    }
}
