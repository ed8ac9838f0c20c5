//! Trading: orders, holds and their release, cancellations, shipments.
//!
//! Every answer of the order and shipment checkpoints is an event: placed, held or denied; shipped, held or denied.
//! A denied order is finished; a held one waits, and heals in the transaction that cures its last cause.
//! Cancelling is never refused; a release never lifts a legal cause, and carries a reason, a tolerance and an end.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::registration::Origin;
use crate::{
    decision::{Cause, CauseCode, Decision, Subject},
    document_kind::DocumentKind,
    ids::{DocumentId, OrderId, ProductId, ReceiptId, ShipmentId, StaffId},
    money::{Currency, Money, Quantity, UnitPrice},
    text::{Line, Prose},
};

/// The most lines of one order, shipment or invoice.
pub const LINES_MAX: usize = 200;
/// The most serial numbers of one shipped line.
pub const SERIALS_MAX: usize = 500;
/// The most orders that one customer may have open.
pub const OPEN_ORDERS_MAX: usize = 50_000;

#[derive(Clone, Debug)]
pub enum Command {
    Place(Box<Placement>),
    Release(Box<ReleaseOrder>),
    Cancel(Box<CancelOrder>),
    Ship(Box<ShipGoods>),
}

/// What is ordered; the same is asked by a dry run.
#[derive(Clone, Debug, PartialEq)]
pub struct Placement {
    pub reference: Option<Line<100>>,
    pub currency: Option<Currency>,
    pub lines: Vec<PlacedLine>,
    pub requested_ship_date: Option<NaiveDate>,
    pub ship_to: Option<Line<300>>,
    /// Absent: credit, or prepaid where the limit is `none`.
    pub payment: Option<Payment>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct PlacedLine {
    pub product: ProductId,
    pub quantity: Quantity,
    pub unit_price: UnitPrice,
}

#[derive(Clone, Debug)]
pub struct ReleaseOrder {
    pub order: OrderId,
    pub reason: Prose<500>,
    pub tolerance_percent: u32,
    pub expires_on: Option<NaiveDate>,
}

#[derive(Clone, Debug)]
pub struct CancelOrder {
    pub order: OrderId,
    pub reason: Prose<500>,
    /// Empty: all that is not shipped.
    pub lines: Vec<LineQuantity>,
}

#[derive(Clone, Debug)]
pub struct ShipGoods {
    pub order: OrderId,
    pub lines: Vec<Lot>,
    /// Absent: today. May lie in the past, never in the future.
    pub shipped_on: Option<NaiveDate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Payment {
    Credit,
    /// So many per cent of the order before anything is shipped.
    Prepaid {
        percent: u32,
    },
    OnDelivery,
}

impl Payment {
    /// The share that is paid in advance, in per cent.
    pub fn prepaid_percent(self) -> u32 {
        match self {
            Self::Credit | Self::OnDelivery => 0,
            Self::Prepaid { percent } => percent.min(100),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LineQuantity {
    /// Counted from 1.
    pub line: u32,
    pub quantity: Quantity,
}

/// Goods of one lot, for one line of an order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lot {
    /// The order's line, counted from 1.
    pub line: u32,
    pub quantity: Quantity,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub lot: Option<Line<64>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub serials: Vec<Line<64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufactured_on: Option<NaiveDate>,
    /// The use-by date, inclusive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_on: Option<NaiveDate>,
}

/// An order as it was taken, with the answer: placed, held or denied.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderTaken {
    pub order: OrderId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reference: Option<Line<100>>,
    pub lines: Vec<TakenLine>,
    pub total: Money,
    pub requested_ship_date: NaiveDate,
    #[schema(value_type = String)]
    pub ship_to: Line<300>,
    pub payment: Payment,
    pub decision: Decision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// Who placed it; absent in orders of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<StaffId>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct TakenLine {
    pub product: ProductId,
    pub quantity: Quantity,
    pub unit_price: UnitPrice,
    pub amount: Money,
}

/// Somebody with authority lifted what held an order; it is placed when nothing is left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderReleased {
    pub order: OrderId,
    pub release: Release,
    /// What still holds it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remaining: Vec<CauseCode>,
    pub decision: Decision,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Release {
    pub lifted: Vec<Lifted>,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    /// The figure of a lifted cause may grow by so many per cent before it stops again.
    pub tolerance_percent: u32,
    /// Inclusive.
    pub expires_on: NaiveDate,
    pub by: StaffId,
}

/// A cause that was lifted, with the figure that whoever lifted it saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Lifted {
    pub code: CauseCode,
    /// The one lot, paper or product that it was about. Absent: the whole, or whatever it was about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The lines that it was about, counted from 1. None: the whole, or whatever it was about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub figure: Option<Money>,
}

impl Lifted {
    /// Whether it speaks of this cause, whatever has become of its figure.
    pub fn is_about(&self, cause: &Cause) -> bool {
        let its_lines = || cause.lines.iter().all(|line| self.lines.contains(line));
        self.code == cause.code
            && (self.subject.is_none() || self.subject == cause.subject)
            && (self.lines.is_empty() || its_lines())
    }
}

/// The last cause is gone: a held order is placed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderHealed {
    pub order: OrderId,
    pub decision: Decision,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct OrderCancelled {
    pub order: OrderId,
    pub lines: Vec<LineQuantity>,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    /// Deposits for it that are free again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub freed: Vec<Drawn>,
}

/// Cash of one receipt that is set aside for, or freed from, an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Drawn {
    pub receipt: ReceiptId,
    pub amount: Money,
}

/// Goods left for the customer: what Order 54 art. 38 and GSP art. 84 ask a sales record to hold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct GoodsShipped {
    pub shipment: ShipmentId,
    pub order: OrderId,
    pub shipped_on: NaiveDate,
    pub lines: Vec<ShippedLine>,
    pub value: Money,
    #[schema(value_type = String)]
    pub ship_to: Line<300>,
    pub buyer: Buyer,
    /// Unapplied cash that now covers the share that is paid in advance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drawn: Vec<Drawn>,
    pub decision: Decision,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backdated: Option<crate::context::Backdated>,
}

/// The buyer as it stood when the goods left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Buyer {
    pub name: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub licences: Vec<LicenceNumbered>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct LicenceNumbered {
    pub document: DocumentId,
    pub kind: DocumentKind,
    pub number: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ShippedLine {
    pub goods: Lot,
    pub product: ProductId,
    pub unit_price: UnitPrice,
    pub amount: Money,
    pub particulars: Particulars,
}

/// A product as it stood when it was sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = TradingParticulars)]
pub struct Particulars {
    pub code: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub specification: Option<String>,
    pub unit: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registrant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufacturer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manufacturer_licence: Option<String>,
}

/// A shipment that may not leave: held until its causes are gone, or denied for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ShipmentStopped {
    pub shipment: ShipmentId,
    pub order: OrderId,
    pub lines: Vec<Lot>,
    pub value: Money,
    pub decision: Decision,
}

/// The last cause is gone: a held shipment may leave, and is judged once more when it does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ShipmentCleared {
    pub shipment: ShipmentId,
    pub order: OrderId,
    pub decision: Decision,
}
