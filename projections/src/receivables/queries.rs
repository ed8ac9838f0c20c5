//! What is asked of invoices and cash: lists. Sums over time are in `ageing`.

use chrono::NaiveDate;
use domain::ids::{InvoiceId, ReceiptId};
use journal::Engine;

use super::{InvoiceRecord, InvoiceRow, ReceiptRecord, ReceiptRow};
use crate::Error;
use crate::query::{Keyset, Listed, fetch};
use crate::store::bulk::column_names;

const INVOICES: &str = "FROM invoices WHERE customer = $1 AND invoice > $2 \
     AND ($3 IS NULL OR status = $3) AND ($4 IS NULL OR due_on < $4) ORDER BY invoice LIMIT $5";
const RECEIPTS: &str =
    "FROM receipts WHERE customer = $1 AND receipt > $2 ORDER BY receipt LIMIT $3";
const RECEIPT: &str = "FROM receipts WHERE receipt = $1 LIMIT 1";
/// More than one order has.
const BY_ID_MAX: usize = 500;

/// Which invoices of a customer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Which<'a> {
    /// `open`, `settled`, `voided`, `held`, `denied`; absent: all.
    pub status: Option<&'a str>,
    /// Only those due before this day.
    pub due_before: Option<NaiveDate>,
}

/// The invoices of a customer, in the order in which they were made.
pub async fn invoices(
    engine: &Engine,
    customer: &str,
    which: Which<'_>,
    keyset: &Keyset,
) -> Result<Listed<InvoiceRow>, Error> {
    let sql = format!("SELECT {} {INVOICES}", column_names::<InvoiceRecord>());
    let rows = fetch!(
        engine,
        InvoiceRecord,
        &sql,
        customer,
        keyset.text(),
        which.status,
        which.due_before,
        keyset.fetched(),
    )?;
    Ok(Listed::new(rows, keyset, |row| row.invoice.to_string()).map(Into::into))
}

/// Some invoices by id, at most 500, in no order: those of an order.
pub async fn invoices_by_id(engine: &Engine, ids: &[InvoiceId]) -> Result<Vec<InvoiceRow>, Error> {
    let ids: Vec<String> = ids.iter().take(BY_ID_MAX).map(ToString::to_string).collect();
    let list = serde_json::to_string(&ids).unwrap_or_default();
    let from = match engine {
        Engine::Sqlite(_) => "(SELECT value FROM json_each($1))",
        Engine::Postgres(_) => "(SELECT json_array_elements_text($1::json))",
    };
    let columns = column_names::<InvoiceRecord>();
    let sql = format!("SELECT {columns} FROM invoices WHERE invoice IN {from}");
    let rows = fetch!(engine, InvoiceRecord, &sql, &list)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// One receipt.
pub async fn receipt(engine: &Engine, receipt: &ReceiptId) -> Result<Option<ReceiptRow>, Error> {
    let sql = format!("SELECT {} {RECEIPT}", column_names::<ReceiptRecord>());
    let rows = fetch!(engine, ReceiptRecord, &sql, receipt.to_string())?;
    Ok(rows.into_iter().next().map(Into::into))
}

/// The cash of a customer, in the order in which it was entered.
pub async fn receipts(
    engine: &Engine,
    customer: &str,
    keyset: &Keyset,
) -> Result<Listed<ReceiptRow>, Error> {
    let sql = format!("SELECT {} {RECEIPTS}", column_names::<ReceiptRecord>());
    let rows = fetch!(engine, ReceiptRecord, &sql, customer, keyset.text(), keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.receipt.to_string()).map(Into::into))
}
