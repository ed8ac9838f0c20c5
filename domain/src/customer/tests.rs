//! What a customer may and may not do, told from its side.

mod approvals;
mod clock;
mod credit;
mod orders;
mod papers;
mod re_reviews;
mod receivables;
mod shipments;
