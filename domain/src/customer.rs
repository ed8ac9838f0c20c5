//! The customer: everything that a gate must see at once, in one stream.
//!
//! Capabilities own their commands, events and part of the state. `decide` may read the whole customer;
//! each part is written by its own capability only; what is closed leaves the state.

pub mod cash;
pub mod credit;
pub mod exposure;
pub mod gate;
pub mod healing;
pub mod invoicing;
pub mod order;
pub mod ordering;
pub mod qualification;
pub mod receivables;
pub mod registration;
pub mod rejection;
pub mod releasing;
pub mod review;
pub mod shipping;
pub mod trading;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::rejection::Rejection;
use self::{
    credit::Credit, exposure::Totals, order::Order, qualification::Qualification,
    receivables::Receivables, registration::Registration,
};
use crate::{
    context::Context,
    decider::Decider,
    events,
    ids::{CustomerId, OrderId},
    money::Currency,
    stock_aggregate,
};

#[derive(Clone, Debug)]
pub enum Command {
    Registration(registration::Command),
    Qualification(qualification::Command),
    Credit(credit::Command),
    Trading(trading::Command),
    Receivables(receivables::Command),
    /// The daily review: announces what lapsed, and heals what time has healed.
    ReviewDay,
    /// A dry run of the order checkpoint; it is considered, never executed.
    Check(Box<trading::Placement>),
}

events! {
    /// Everything that can have happened to a customer.
    pub enum Event {
        CustomerRegistered(Box<registration::CustomerRegistered>) = "registration.customer-registered",
        CodeAssigned(registration::CodeAssigned) = "registration.code-assigned",
        CustomerClassified(registration::CustomerClassified) = "registration.customer-classified",
        ParticularsAmended(registration::ParticularsAmended) = "registration.particulars-amended",
        CustomerSuspended(registration::StatusChanged) = "registration.customer-suspended",
        CustomerDisabled(registration::StatusChanged) = "registration.customer-disabled",
        CustomerReinstated(registration::StatusChanged) = "registration.customer-reinstated",
        DocumentUploaded(Box<qualification::DocumentUploaded>) = "qualification.document-uploaded",
        QualificationSubmitted(qualification::Submitted) = "qualification.submitted",
        QualificationApproved(qualification::Approved) = "qualification.approved",
        QualificationRejected(qualification::Declined) = "qualification.rejected",
        QualificationReturned(qualification::Declined) = "qualification.returned",
        DocumentRevoked(qualification::DocumentRevoked) = "qualification.document-revoked",
        DocumentExpiryAnnounced(qualification::DocumentExpiryAnnounced) = "qualification.document-expiry-announced",
        LimitGranted(credit::LimitGranted) = "credit.limit-granted",
        LimitFrozen(credit::LimitFrozen) = "credit.limit-frozen",
        LimitUnfrozen(credit::LimitUnfrozen) = "credit.limit-unfrozen",
        OrderPlaced(Box<trading::OrderTaken>) = "trading.order-placed",
        OrderHeld(Box<trading::OrderTaken>) = "trading.order-held",
        OrderDenied(Box<trading::OrderTaken>) = "trading.order-denied",
        OrderReleased(Box<trading::OrderReleased>) = "trading.order-released",
        OrderHealed(Box<trading::OrderHealed>) = "trading.order-healed",
        OrderCancelled(trading::OrderCancelled) = "trading.order-cancelled",
        GoodsShipped(Box<trading::GoodsShipped>) = "trading.goods-shipped",
        ShipmentHeld(Box<trading::ShipmentStopped>) = "trading.shipment-held",
        ShipmentDenied(Box<trading::ShipmentStopped>) = "trading.shipment-denied",
        ShipmentCleared(Box<trading::ShipmentCleared>) = "trading.shipment-cleared",
        InvoiceIssued(Box<receivables::InvoiceIssued>) = "receivables.invoice-issued",
        InvoiceHeld(Box<receivables::InvoiceStopped>) = "receivables.invoice-held",
        InvoiceDenied(Box<receivables::InvoiceStopped>) = "receivables.invoice-denied",
        InvoiceVoided(receivables::InvoiceVoided) = "receivables.invoice-voided",
        InvoiceOpened(receivables::InvoiceOpened) = "receivables.invoice-opened",
        CashReceived(Box<receivables::CashReceived>) = "receivables.cash-received",
        CashApplied(receivables::CashApplied) = "receivables.cash-applied",
        ReceiptReversed(receivables::ReceiptReversed) = "receivables.receipt-reversed",
        CreditNoteIssued(receivables::CreditNoteIssued) = "receivables.credit-note-issued",
        ComplianceCaseOpened(receivables::ComplianceCaseOpened) = "receivables.compliance-case-opened",
        OverdueAnnounced(receivables::OverdueAnnounced) = "receivables.overdue-announced",
    }
}
