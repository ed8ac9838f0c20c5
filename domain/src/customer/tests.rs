//! What a customer may and may not do, told from its side.

mod approvals;
mod credit;
mod orders;
mod papers;
mod receivables;
mod shipments;
