//! What is ordered, as a body says it: the same for an order and for a dry run.

use chrono::NaiveDate;
use domain::customer::trading::{Payment, PlacedLine, Placement};
use domain::ids::ProductId;
use domain::money::{Currency, Quantity, UnitPrice};
use domain::text::Line;
use serde::Deserialize;
use utoipa::ToSchema;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    product: ProductId,
    quantity: Quantity,
    /// Gross.
    unit_price: UnitPrice,
}

/// The share that is paid in advance.
// Even a kind without fields has braces: serde lets anything pass beside a bare one.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum PaymentTerms {
    Credit {},
    /// So many per cent before anything is shipped; all of it without `percent`.
    Prepaid {
        #[schema(minimum = 1, maximum = 100)]
        percent: Option<u32>,
    },
    OnDelivery {},
}

impl From<PaymentTerms> for Payment {
    fn from(terms: PaymentTerms) -> Self {
        match terms {
            PaymentTerms::Credit {} => Self::Credit,
            PaymentTerms::Prepaid { percent } => Self::Prepaid { percent: percent.unwrap_or(100) },
            PaymentTerms::OnDelivery {} => Self::OnDelivery,
        }
    }
}

/// The parts of a body that make a placement.
#[derive(Debug)]
pub struct Wish {
    pub reference: Option<Line<100>>,
    pub currency: Option<Currency>,
    pub lines: Vec<OrderLine>,
    pub requested_ship_date: Option<NaiveDate>,
    pub ship_to: Option<Line<300>>,
    pub payment: Option<PaymentTerms>,
}

impl From<Wish> for Placement {
    fn from(wish: Wish) -> Self {
        let lines = wish.lines.into_iter().map(|line| PlacedLine {
            product: line.product,
            quantity: line.quantity,
            unit_price: line.unit_price,
        });
        Self {
            reference: wish.reference,
            currency: wish.currency,
            lines: lines.collect(),
            requested_ship_date: wish.requested_ship_date,
            ship_to: wish.ship_to,
            payment: wish.payment.map(Payment::from),
        }
    }
}
