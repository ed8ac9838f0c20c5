//! The customer: everything that a gate must see at once, in one stream.
//!
//! Capabilities own their commands, events and part of the state. `decide` may read the whole customer;
//! each part is written by its own capability only; what is closed leaves the state.

pub mod approving;
pub mod cash;
pub mod credit;
pub mod exposure;
pub mod gate;
pub mod healing;
pub mod invoicing;
pub mod lacking;
pub mod order;
pub mod ordering;
pub mod qualification;
pub mod receivables;
pub mod regenerating;
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
    approving::Cases,
    credit::Credit,
    exposure::Totals,
    order::Order,
    qualification::Qualification,
    receivables::Receivables,
    registration::{Registration, Status},
};
use crate::{
    context::Context,
    decider::Decider,
    events,
    ids::OrderId,
    money::{Currency, Minor, Money},
    signature::Signature,
    stock_aggregate,
};

#[derive(Clone, Debug)]
pub enum Command {
    Registration(registration::Command),
    Qualification(qualification::Command),
    Credit(credit::Command),
    Approving(approving::Command),
    Trading(trading::Command),
    Receivables(receivables::Command),
    /// The daily review: announces what lapsed, and heals what time has healed.
    ReviewDay,
    /// Says what the clocks of open cases have brought about, and asks others where those who were asked have left.
    LookAtClock,
    /// A dry run of the order checkpoint; it is considered, never executed.
    Check(Box<trading::Placement>),
}

events! {
    /// Everything that can have happened to a customer.
    pub enum Event {
        CustomerRegistered(Box<registration::CustomerRegistered>) = "registration.customer-registered",
        CodeAssigned(registration::CodeAssigned) = "registration.code-assigned",
        CustomerClassified(registration::CustomerClassified) = "registration.customer-classified",
        UsccRecorded(registration::UsccRecorded) = "registration.uscc-recorded",
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
        CaseOpened(Box<approving::CaseOpened>) = "approval.case-opened",
        CaseRoundOpened(Box<approving::CaseRoundOpened>) = "approval.round-opened",
        CaseVoted(Box<approving::CaseVoted>) = "approval.vote-cast",
        CaseStageOpened(approving::CaseStageOpened) = "approval.stage-opened",
        InformationAsked(approving::InformationAsked) = "approval.information-asked",
        InformationGiven(approving::InformationGiven) = "approval.information-given",
        ReviewerAdded(Box<approving::ReviewerAdded>) = "approval.reviewer-added",
        CaseTransferred(Box<approving::CaseTransferred>) = "approval.transferred",
        CaseClosed(approving::CaseClosed) = "approval.case-closed",
        CaseReminded(approving::clock::CaseReminded) = "approval.reminded",
        SlaBreached(approving::clock::SlaBreached) = "approval.sla-breached",
        CaseEscalated(approving::clock::CaseEscalated) = "approval.escalated",
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

/// The state of one customer: who it is, what is open, and what was derived from that.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// The number of events folded: the version of the stream.
    pub version: i64,
    pub registration: Registration,
    pub qualification: Qualification,
    pub credit: Credit,
    /// What waits for somebody's agreement.
    #[serde(default)]
    pub cases: Cases,
    /// Open orders, held ones included.
    pub orders: BTreeMap<OrderId, Box<Order>>,
    /// Those of them that wait: held, or with a held shipment.
    pub waiting: BTreeMap<u64, OrderId>,
    pub orders_taken: u64,
    pub receivables: Receivables,
    pub totals: Totals,
}

impl Command {
    /// Whether it is somebody's say about what others asked for.
    pub fn is_vote(&self) -> bool {
        matches!(self, Self::Approving(command) if command.is_vote())
    }
}

impl Customer {
    pub fn is_registered(&self) -> bool {
        self.registration.particulars.is_some()
    }

    /// The one currency of the account.
    pub fn currency(&self) -> Currency {
        self.registration.particulars.as_ref().map_or(Currency::CNY, |p| p.currency)
    }

    /// Refuses an amount of another currency than the account's.
    pub fn takes(&self, currency: Currency) -> Result<(), Rejection> {
        let account = self.currency();
        if currency == account {
            Ok(())
        } else {
            Err(Rejection::CurrencyDiffers { account, given: currency })
        }
    }

    /// The products that a command's decision must know, beyond what it names itself: those of orders that may heal by it.
    pub fn products_needed(&self, command: &Command) -> Vec<crate::ids::ProductId> {
        let mut needed: Vec<_> = match command {
            Command::Trading(trading::Command::Place(placement)) | Command::Check(placement) => {
                return placement.lines.iter().map(|line| line.product).collect();
            }
            Command::Trading(trading::Command::Ship(ship)) => self.products_of(&ship.order),
            Command::Trading(trading::Command::Release(release)) => {
                self.products_of(&release.order)
            }
            Command::Receivables(receivables::Command::Invoice(issue)) => {
                invoicing::orders_of(issue).iter().flat_map(|id| self.products_of(id)).collect()
            }
            Command::Approving(command) => match self.cases.named(command.which) {
                Some(approving::Case {
                    matter: approving::Matter::Release { order, .. }, ..
                }) => self.products_of(order),
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        needed.extend(self.waiting.values().flat_map(|id| self.products_of(id)));
        needed
    }

    fn products_of(&self, order: &OrderId) -> Vec<crate::ids::ProductId> {
        self.orders
            .get(order)
            .map_or_else(Vec::new, |order| order.lines.iter().map(|line| line.product).collect())
    }
}

impl Decider for Customer {
    const TYPE: &'static str = "customer";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Context = Context;

    fn decide(&self, context: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
        if let Command::Registration(command) = command {
            let events = registration::decide(self, context, command)?;
            return Ok(self.followed(context, events));
        }
        if !self.is_registered() {
            return Err(Rejection::NoSuchCustomer);
        }
        if let Some(given) = &context.business_date
            && given.business_date >= context.turn.today
        {
            return Err(Rejection::NotBackdated { date: given.business_date });
        }
        let events = match command {
            Command::Registration(command) => registration::decide(self, context, command)?,
            Command::Qualification(command) => qualification::decide(self, context, command)?,
            Command::Credit(command) => credit::decide(self, context, command)?,
            Command::Approving(command) => approving::decide(self, context, command)?,
            Command::Trading(command) => match command {
                trading::Command::Place(placement) => ordering::place(self, context, placement)?,
                trading::Command::Release(release) => releasing::release(self, context, release)?,
                trading::Command::Cancel(cancel) => ordering::cancel(self, cancel)?,
                trading::Command::Ship(ship) => shipping::ship(self, context, ship)?,
            },
            Command::Receivables(command) => match command {
                receivables::Command::Invoice(issue) => invoicing::issue(self, context, issue)?,
                receivables::Command::Void { invoice, reason } => {
                    invoicing::void(self, context, *invoice, reason)?
                }
                receivables::Command::OpenInvoice(open) => invoicing::open(self, context, open)?,
                receivables::Command::Receive(receive) => cash::receive(self, context, receive)?,
                receivables::Command::Apply { receipt, apply } => {
                    cash::apply(self, context, *receipt, apply)?
                }
                receivables::Command::Reverse { receipt, reason } => {
                    cash::reverse(self, context, *receipt, reason)?
                }
                receivables::Command::IssueCreditNote(note) => {
                    cash::credit_note(self, context, note)?
                }
            },
            Command::ReviewDay => {
                let found = approving::reviewing::found(self, context);
                return Ok(self.followed_by(context, review::announce(self, context), found));
            }
            Command::LookAtClock => approving::look(self, context),
            Command::Check(placement) => return ordering::place(self, context, placement),
        };
        Ok(self.followed(context, events))
    }

    fn evolve(&mut self, event: &Event) {
        self.version += 1;
        let touched = exposure::touched(self, event);
        self.totals.remove(exposure::weigh(self, &touched));
        self.fold(event);
        self.totals.add(exposure::weigh(self, &touched));
        self.close(&touched);
    }
}

stock_aggregate!(Customer);

impl Customer {
    /// The command's events, with what they cure, what is to be looked at anew, and what of it was under vote.
    fn followed(&self, context: &Context, events: Vec<Event>) -> Vec<Event> {
        self.followed_by(context, events, Vec::new())
    }

    /// The same where something besides the events was found to be looked at anew.
    fn followed_by(
        &self,
        context: &Context,
        events: Vec<Event>,
        found: Vec<approving::reviewing::Evidence>,
    ) -> Vec<Event> {
        let healed = healing::heal(self, context, events);
        approving::keep(self, context, approving::reviewed(self, context, healed, found))
    }

    #[expect(clippy::too_many_lines, reason = "one line for each event")]
    fn fold(&mut self, event: &Event) {
        let version = self.version;
        match event {
            Event::CustomerRegistered(e) => self.registration.particulars = Some((**e).clone()),
            Event::CodeAssigned(e) => self.registration.code = Some(e.code.clone()),
            Event::CustomerClassified(e) => {
                if self.registration.kind() != e.kind {
                    self.qualification.look_again();
                }
                self.registration.classify(e);
            }
            Event::UsccRecorded(e) => self.registration.record_uscc(e),
            Event::ParticularsAmended(e) => self.registration.amend(e),
            Event::CustomerSuspended(e) => {
                self.registration.change_status(Status::Suspended, &e.reason, version);
            }
            Event::CustomerDisabled(e) => {
                self.registration.change_status(Status::Disabled, &e.reason, version);
            }
            Event::CustomerReinstated(e) => {
                self.registration.change_status(Status::Active, &e.reason, version);
            }
            Event::DocumentUploaded(e) => self.qualification.upload(e, version),
            Event::QualificationSubmitted(e) => self.qualification.submit(e, version),
            Event::QualificationApproved(e) => {
                self.qualification.approve(e, version);
                self.registration.rename(e.name.as_ref());
            }
            Event::QualificationRejected(e) => {
                self.qualification.decline(e, qualification::Outcome::Rejected, version);
            }
            Event::QualificationReturned(e) => {
                self.qualification.decline(e, qualification::Outcome::Returned, version);
            }
            Event::DocumentRevoked(e) => self.qualification.revoke(e, version),
            Event::DocumentExpiryAnnounced(e) => {
                self.qualification.announce(e.business_date, e.document.uuid());
            }
            Event::OverdueAnnounced(e) => {
                self.qualification.announce(e.business_date, e.invoice.uuid());
            }
            Event::LimitGranted(e) => self.credit.grant(e, version),
            Event::CaseOpened(_)
            | Event::CaseRoundOpened(_)
            | Event::CaseVoted(_)
            | Event::CaseStageOpened(_)
            | Event::InformationAsked(_)
            | Event::InformationGiven(_)
            | Event::ReviewerAdded(_)
            | Event::CaseTransferred(_)
            | Event::CaseClosed(_)
            | Event::CaseReminded(_)
            | Event::SlaBreached(_)
            | Event::CaseEscalated(_) => self.cases.fold(event),
            Event::LimitFrozen(e) => self.credit.freeze(e, version),
            Event::LimitUnfrozen(_) => self.credit.unfreeze(),
            Event::OrderPlaced(e) | Event::OrderHeld(e) => self.take_order(e),
            Event::OrderReleased(e) => self.release_order(e),
            Event::OrderHealed(e) => self.heal_order(&e.order),
            Event::OrderCancelled(e) => self.cancel_lines(e),
            Event::GoodsShipped(e) => self.ship_goods(e),
            Event::ShipmentHeld(e) => self.hold_shipment(e),
            Event::ShipmentCleared(e) => self.clear_shipment(e),
            Event::InvoiceIssued(e) => self.issue_invoice(e),
            Event::InvoiceVoided(e) => self.void_invoice(e),
            Event::InvoiceOpened(e) => self.receivables.open_item(e),
            Event::CashReceived(e) => self.receive_cash(e),
            Event::CashApplied(e) => self.apply_cash(e),
            Event::ReceiptReversed(e) => self.reverse_receipt(e),
            Event::CreditNoteIssued(e) => self.credit_note(e),
            Event::OrderDenied(_)
            | Event::ShipmentDenied(_)
            | Event::InvoiceHeld(_)
            | Event::InvoiceDenied(_)
            | Event::ComplianceCaseOpened(_) => {}
        }
    }

    /// What is closed leaves the state.
    fn close(&mut self, touched: &[OrderId]) {
        for id in touched {
            if self.orders.get(id).is_some_and(|order| order.is_closed()) {
                self.totals.remove(exposure::weigh(self, std::slice::from_ref(id)));
                self.stop_waiting(id);
                self.orders.remove(id);
                self.receivables.deposits.remove(id);
                self.cases.close_order(id);
            }
        }
    }
}

impl crate::decider::Event for Event {
    fn signed(&self) -> Option<(&Signature, &str)> {
        approving::signed(self)
    }

    fn claim(&self, stream: &str) -> Option<String> {
        match self {
            Self::CustomerRegistered(e) => e.uscc.as_ref().map(|uscc| format!("uscc:{uscc}")),
            Self::UsccRecorded(e) => Some(format!("uscc:{}", e.uscc)),
            Self::CodeAssigned(e) => Some(format!("customer-code:{}", e.code)),
            Self::InvoiceIssued(e) => Some(format!("invoice:{stream}:{}", e.number)),
            Self::InvoiceOpened(e) => Some(format!("invoice:{stream}:{}", e.number)),
            Self::CreditNoteIssued(e) => Some(format!("credit-note:{stream}:{}", e.number)),
            Self::CashReceived(e) => Some(format!("receipt:{stream}:{}", e.reference)),
            _ => None,
        }
    }
}

/// An amount in the account's currency.
pub(crate) fn money(amount: Minor, currency: Currency) -> Money {
    Money::saturating(amount, currency)
}

#[cfg(test)]
mod given;
#[cfg(test)]
mod tests;
