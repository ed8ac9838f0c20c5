//! Receivables: what the customer owes us, and the cash that settles it.
//!
//! Shipped goods stay invoicable; only a wrong title holds an invoice, until it is corrected.
//! Cash is never refused by a gate. It settles the oldest invoice first unless somebody says otherwise.
//! Cash set aside for an order is its deposit, and settles the invoices of that order.
//! Imported invoices and receipts are facts of the past: no gate is asked about them.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::registration::Origin;
use crate::{
    context::Backdated,
    decision::{CauseCode, Decision},
    ids::{CaseId, CreditNoteId, InvoiceId, OrderId, ReceiptId, ShipmentId},
    money::{Minor, Money, Quantity},
    text::{Line, Prose},
};

/// A receipt can be reversed for so many days after it came in; then it leaves the state.
pub const REVERSIBLE_DAYS: u64 = 400;
/// The most invoices that one customer may have open.
pub const OPEN_INVOICES_MAX: usize = 50_000;
/// A document may be dated so many days ahead, and no more.
pub const POSTDATED_DAYS_MAX: u64 = 31;

#[derive(Clone, Debug)]
pub enum Command {
    Invoice(Box<IssueInvoice>),
    Void {
        invoice: InvoiceId,
        reason: Prose<500>,
    },
    /// From an import only.
    OpenInvoice(Box<OpenInvoice>),
    Receive(Box<ReceiveCash>),
    Apply {
        receipt: ReceiptId,
        apply: Vec<Application>,
    },
    Reverse {
        receipt: ReceiptId,
        reason: Prose<500>,
    },
    IssueCreditNote(Box<IssueCreditNote>),
}

#[derive(Clone, Debug)]
pub struct IssueInvoice {
    pub number: Line<64>,
    pub issued_on: Option<NaiveDate>,
    /// The buyer's title, where the caller states it; it must be the registered name.
    pub title: Option<Line<200>>,
    pub scope: InvoiceScope,
}

/// What is invoiced.
#[derive(Clone, Debug)]
pub enum InvoiceScope {
    /// Shipments of one order, whole; empty: all of its that are not invoiced yet.
    Shipments { order: OrderId, shipments: Vec<ShipmentId> },
    /// Parts of lines, of one order or several.
    Lines(Vec<InvoicedPart>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoicedPart {
    pub order: OrderId,
    /// Counted from 1.
    pub line: u32,
    pub quantity: Quantity,
}

#[derive(Clone, Debug)]
pub struct OpenInvoice {
    pub number: Line<64>,
    pub amount: Money,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    pub disputed: bool,
    pub origin: Origin,
}

#[derive(Clone, Debug)]
pub struct ReceiveCash {
    pub reference: Line<100>,
    pub amount: Money,
    pub received_on: Option<NaiveDate>,
    pub apply: Allocation,
    pub origin: Option<Origin>,
}

/// What cash is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// The oldest due first; deposits are left alone.
    OldestFirst,
    /// Just these; empty: it stays unapplied.
    Just(Vec<Application>),
    /// The invoice with this number: what an imported file knows of it.
    Number(Line<64>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    pub to: Target,
    /// Absent: as much as there is and as is open.
    pub amount: Option<Money>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Invoice(InvoiceId),
    Order(OrderId),
}

#[derive(Clone, Debug)]
pub struct IssueCreditNote {
    pub number: Line<64>,
    pub invoice: Option<InvoiceId>,
    pub amount: Money,
    pub issued_on: Option<NaiveDate>,
    pub reason: Prose<500>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvoiceIssued {
    pub invoice: InvoiceId,
    #[schema(value_type = String)]
    pub number: Line<64>,
    /// The buyer's title, where whoever asked stated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub title: Option<Line<200>>,
    pub lines: Vec<InvoicedLine>,
    pub amount: Money,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    /// Deposits for the invoiced orders that settle it at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposits: Vec<DepositUsed>,
    /// Deposits that are free again, because nothing is left of their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freed: Vec<DepositUsed>,
    pub decision: Decision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdated: Option<Backdated>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvoicedLine {
    pub order: OrderId,
    pub line: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment: Option<ShipmentId>,
    pub quantity: Quantity,
    pub amount: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct DepositUsed {
    pub order: OrderId,
    pub receipt: ReceiptId,
    pub amount: Money,
}

/// An invoice that may not go out as it is, or, from a strict pack, not at all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvoiceStopped {
    pub invoice: InvoiceId,
    #[schema(value_type = String)]
    pub number: Line<64>,
    /// The buyer's title, where whoever asked stated it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub title: Option<Line<200>>,
    pub lines: Vec<InvoicedLine>,
    pub amount: Money,
    pub issued_on: NaiveDate,
    pub decision: Decision,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvoiceVoided {
    pub invoice: InvoiceId,
    #[schema(value_type = String)]
    pub number: Line<64>,
    pub amount: Money,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    pub business_date: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdated: Option<Backdated>,
}

/// An invoice of the past, from an imported file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InvoiceOpened {
    pub invoice: InvoiceId,
    #[schema(value_type = String)]
    pub number: Line<64>,
    pub amount: Money,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    #[serde(default)]
    pub disputed: bool,
    pub origin: Origin,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CashReceived {
    pub receipt: ReceiptId,
    /// The bank's reference.
    #[schema(value_type = String)]
    pub reference: Line<100>,
    pub amount: Money,
    pub received_on: NaiveDate,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<Settled>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposits: Vec<Deposited>,
    pub unapplied: Money,
    /// Absent for imports: no gate is asked about a fact of the past.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdated: Option<Backdated>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Settled {
    pub invoice: InvoiceId,
    pub amount: Money,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Deposited {
    pub order: OrderId,
    pub amount: Money,
}

/// Cash that lay unapplied was applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CashApplied {
    pub receipt: ReceiptId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub applied: Vec<Settled>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposits: Vec<Deposited>,
    pub business_date: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdated: Option<Backdated>,
}

/// A receipt that did not stand (a bounced cheque, a wrong account): everything it settled is open again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReceiptReversed {
    pub receipt: ReceiptId,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reopened: Vec<Settled>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deposits: Vec<Deposited>,
    pub amount: Money,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    pub business_date: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdated: Option<Backdated>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CreditNoteIssued {
    pub credit_note: CreditNoteId,
    #[schema(value_type = String)]
    pub number: Line<64>,
    pub amount: Money,
    pub issued_on: NaiveDate,
    /// The invoice that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invoice: Option<InvoiceId>,
    /// What it takes off that invoice; nothing where it was settled before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<Settled>,
    /// What is more than the invoice left open lies unapplied, under the receipt of the same number.
    pub unapplied: Money,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdated: Option<Backdated>,
}

/// Goods were rightly invoiced, and something about the sale was not lawful: somebody looks into it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ComplianceCaseOpened {
    pub case: CaseId,
    pub invoice: InvoiceId,
    pub causes: Vec<CauseCode>,
}

/// Said by the daily review; no checkpoint relies on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OverdueAnnounced {
    pub invoice: InvoiceId,
    #[schema(value_type = String)]
    pub number: Line<64>,
    pub due_on: NaiveDate,
    pub open: Money,
    pub business_date: NaiveDate,
}

/// The receivables part of a customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Receivables {
    pub items: BTreeMap<InvoiceId, Box<OpenItem>>,
    /// What falls due when: the open items in the order of their due dates, then of their numbers.
    #[serde(with = "pairs")]
    pub due: BTreeMap<(NaiveDate, InvoiceId), Minor>,
    pub receipts: BTreeMap<ReceiptId, Receipt>,
    pub deposits: BTreeMap<OrderId, Deposit>,
    /// The sum of the open items.
    pub open_items: Minor,
    /// The sum of unapplied cash, deposits excluded.
    pub unapplied: Minor,
}

/// An invoice that is not wholly paid.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OpenItem {
    pub number: Line<64>,
    pub amount: Minor,
    pub open: Minor,
    pub issued_on: NaiveDate,
    pub due_on: NaiveDate,
    /// What it invoiced; none for imported ones.
    pub lines: Vec<InvoicedLine>,
}

/// Cash that can still be reversed, or that is not wholly applied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub amount: Minor,
    pub unapplied: Minor,
    pub received_on: NaiveDate,
    pub settled: Vec<SettledItem>,
    /// What a credit note left over lies here too, and is no receipt that could be reversed.
    pub is_cash: bool,
}

/// What a receipt settled, with what it takes to open it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettledItem {
    pub invoice: InvoiceId,
    pub amount: Minor,
    pub item: OpenItem,
}

/// Cash that is set aside for an order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Deposit {
    /// Not yet used up by invoices, by receipt.
    pub held: BTreeMap<ReceiptId, Minor>,
    /// Used up by invoices of the order, by receipt.
    pub used: BTreeMap<ReceiptId, Minor>,
}

impl Deposit {
    pub fn unused(&self) -> Minor {
        self.held.values().copied().fold(Minor::ZERO, Minor::saturating_plus)
    }

    /// All that was paid for the order and not taken back.
    pub fn paid(&self) -> Minor {
        self.used.values().copied().fold(self.unused(), Minor::saturating_plus)
    }
}

/// JSON has text keys only; a map under a pair is written as a list.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K, V, S>(map: &BTreeMap<K, V>, serializer: S) -> Result<S::Ok, S::Error>
    where
        K: Serialize,
        V: Serialize,
        S: Serializer,
    {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(deserializer: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(deserializer)?.into_iter().collect())
    }
}
