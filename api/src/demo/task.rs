//! What is done on a day of the demonstration, and in which order.

use domain::customer::qualification::Paper;
use domain::customer::trading::{Payment, PlacedLine};
use domain::ids::{CaseId, InvoiceId, OrderId};
use domain::money::Money;
use domain::permissions::Act;
use domain::staff::Role;

/// Something that somebody does for one customer.
#[derive(Clone, Debug)]
pub enum Task {
    Register,
    Upload(Box<Paper>),
    Submit,
    /// The vote of one department on what somebody asked for, in a stage counted from 1.
    Vote {
        case: CaseId,
        role: Role,
        stage: u32,
    },
    Grant,
    Suspend,
    Disable,
    Freeze,
    /// The money for an invoice.
    Pay {
        invoice: InvoiceId,
        amount: Money,
    },
    /// The money for an order, in advance.
    Deposit {
        order: OrderId,
        amount: Money,
    },
    Order(Wish),
    Release(OrderId),
    Cancel(OrderId),
    /// All that is left to ship, or half of it first.
    Ship {
        order: OrderId,
        share: Share,
    },
    Invoice(OrderId),
    Review,
}

/// What a customer would like to have.
#[derive(Clone, Debug)]
pub struct Wish {
    pub lines: Vec<PlacedLine>,
    /// Days until the goods are wanted.
    pub in_days: u32,
    pub payment: Option<Payment>,
    pub then: Then,
}

/// What the seller does about an order that is held or waits for money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// The usual: releases, reminds, cancels in the end.
    SeesToIt,
    /// Nothing: it is there to be looked at.
    LeavesIt,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    Half,
    Rest,
}

impl Task {
    /// Who does it, under which permission; the daily review is the system's own.
    pub fn by(&self) -> Option<(Role, Act)> {
        Some(match self {
            Self::Register => (Role::Sales, Act::RegisterCustomer),
            Self::Upload(_) => (Role::Sales, Act::UploadDocument),
            Self::Submit => (Role::Sales, Act::SubmitQualification),
            Self::Vote { role, .. } => (*role, Act::ReadWorklist),
            Self::Grant => (Role::Credit, Act::GrantCredit),
            Self::Suspend => (Role::Quality, Act::Suspend),
            Self::Disable => (Role::Compliance, Act::Disable),
            Self::Freeze => (Role::Credit, Act::FreezeCredit),
            Self::Pay { .. } | Self::Deposit { .. } => (Role::Finance, Act::ReceiveCash),
            Self::Order(_) => (Role::Sales, Act::PlaceOrder),
            // Holds of the demonstration are about money.
            Self::Release(_) => (Role::Credit, Act::ReleaseOrder),
            Self::Cancel(_) => (Role::Sales, Act::CancelOrder),
            Self::Ship { .. } => (Role::Warehouse, Act::ShipGoods),
            Self::Invoice(_) => (Role::Finance, Act::IssueInvoice),
            Self::Review => return None,
        })
    }

    /// When in the day it is done: papers in the morning, then money, orders, goods, invoices.
    pub fn hour(&self) -> u32 {
        match self {
            Self::Register => 9,
            Self::Upload(_) => 10,
            Self::Submit => 11,
            Self::Vote { stage, .. } => 8_u32.saturating_add(*stage),
            Self::Suspend | Self::Disable => 12,
            Self::Grant | Self::Freeze => 13,
            Self::Pay { .. } | Self::Deposit { .. } => 14,
            Self::Order(_) => 15,
            Self::Release(_) | Self::Cancel(_) => 16,
            Self::Ship { .. } => 17,
            Self::Invoice(_) => 18,
            Self::Review => 19,
        }
    }

    /// Whether it may come too late without anything being wrong: what it was about is gone.
    pub fn may_come_too_late(&self) -> bool {
        matches!(
            self,
            Self::Release(_)
                | Self::Vote { .. }
                | Self::Cancel(_)
                | Self::Ship { .. }
                | Self::Invoice(_)
                | Self::Deposit { .. }
        )
    }
}
