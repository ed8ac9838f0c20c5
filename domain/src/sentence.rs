//! A sentence for each event, in Chinese and English: what a timeline and a history show.
//!
//! A sentence says what happened with numbers, amounts and dates. It names no person: who did it stands in the envelope.

pub mod approving;
mod master;
mod policy;
mod qualification;
mod receivables;
mod registration;
mod staff;
#[cfg(test)]
mod tests;
mod trading;

pub use self::policy::whom;
use crate::{
    context::Backdated,
    customer,
    decision::{Cause, CauseCode, Decision, Mode, Outcome, Reaction},
    money::{Minor, Money},
    policy::pack::Text,
    product, proposal,
    wording::{
        names,
        phrase::{amount, counted, listed, text},
    },
};

/// What happened to a customer.
pub fn of(event: &customer::Event) -> Text {
    use customer::Event as E;
    match event {
        E::CustomerRegistered(e) => registration::registered(e),
        E::CodeAssigned(e) => registration::code_assigned(e),
        E::CustomerClassified(e) => registration::classified(e),
        E::UsccRecorded(e) => registration::uscc_recorded(e),
        E::ParticularsAmended(e) => registration::amended(e),
        E::CustomerSuspended(e) => registration::suspended(e),
        E::CustomerDisabled(e) => registration::disabled(e),
        E::CustomerReinstated(e) => registration::reinstated(e),
        E::DocumentUploaded(e) => qualification::uploaded(e),
        E::QualificationSubmitted(e) => qualification::submitted(e),
        E::QualificationApproved(e) => qualification::approved(e),
        E::QualificationRejected(e) => qualification::rejected(e),
        E::QualificationReturned(e) => qualification::returned(e),
        E::DocumentRevoked(e) => qualification::revoked(e),
        E::DocumentExpiryAnnounced(e) => qualification::expiry_announced(e),
        E::LimitGranted(e) => qualification::limit_granted(e),
        E::CaseOpened(e) => approving::case_opened(e),
        E::CaseRoundOpened(e) => approving::round_opened(e),
        E::CaseVoted(e) => approving::voted(e),
        E::CaseStageOpened(e) => approving::stage_opened(e),
        E::InformationAsked(e) => approving::information_asked(e),
        E::InformationGiven(e) => approving::information_given(e),
        E::ReviewerAdded(e) => approving::reviewer_added(e),
        E::CaseTransferred(e) => approving::transferred(e),
        E::CaseClosed(e) => approving::closed(e),
        E::CaseReminded(e) => approving::reminded(e),
        E::SlaBreached(e) => approving::sla_breached(e),
        E::CaseEscalated(e) => approving::escalated(e),
        E::LimitFrozen(e) => qualification::limit_frozen(e),
        E::LimitUnfrozen(e) => qualification::limit_unfrozen(e),
        E::OrderPlaced(e) => trading::placed(e),
        E::OrderHeld(e) => trading::held(e),
        E::OrderDenied(e) => trading::denied(e),
        E::OrderReleased(e) => trading::released(e),
        E::OrderHealed(e) => trading::healed(e),
        E::OrderCancelled(e) => trading::cancelled(e),
        E::GoodsShipped(e) => trading::shipped(e),
        E::ShipmentHeld(e) => trading::shipment_held(e),
        E::ShipmentDenied(e) => trading::shipment_denied(e),
        E::ShipmentCleared(e) => trading::shipment_cleared(e),
        E::InvoiceIssued(e) => receivables::issued(e),
        E::InvoiceHeld(e) => receivables::held(e),
        E::InvoiceDenied(e) => receivables::denied(e),
        E::InvoiceVoided(e) => receivables::voided(e),
        E::InvoiceOpened(e) => receivables::opened(e),
        E::CashReceived(e) => receivables::cash_received(e),
        E::CashApplied(e) => receivables::cash_applied(e),
        E::ReceiptReversed(e) => receivables::reversed(e),
        E::CreditNoteIssued(e) => receivables::credit_note(e),
        E::ComplianceCaseOpened(e) => receivables::case_opened(e),
        E::OverdueAnnounced(e) => receivables::overdue_announced(e),
    }
}

/// What happened to a product.
pub fn of_product(event: &product::Event) -> Text {
    match event {
        product::Event::Registered(e) => master::product_registered(e),
        product::Event::UdiAssigned(e) => {
            text(format!("已登记 UDI-DI {e}。"), format!("UDI-DI {e} assigned."))
        }
        product::Event::TermOpened(e) => master::term_opened(*e),
    }
}

/// What happened to somebody's roles, tokens and components.
pub fn of_staff(event: &crate::staff::Event) -> Text {
    staff::of_staff(event)
}

/// What happened to the rules.
pub fn of_policy(event: &crate::policy::Event) -> Text {
    policy::of_policy(event)
}

/// What happened to a proposal to change the rules.
pub fn of_proposal(event: &proposal::Event) -> Text {
    policy::of_proposal(event)
}

/// What was allowed all the same: conditions, or what an observing checkpoint would have stopped.
fn remarks(decision: &Decision) -> Text {
    let conditions = causes(decision, |cause| cause.reaction == Reaction::Condition);
    let mut remarks = text("", "");
    if !conditions.zh.is_empty() {
        remarks = text(
            format!("附条件：{}。", conditions.zh),
            format!(" Conditions: {}.", conditions.en),
        );
    }
    if decision.mode == Mode::Observe && decision.outcome >= Outcome::Hold {
        let stopping = causes(decision, Cause::stops);
        let observed = text(
            format!("仅观察，未拦截：{}。", stopping.zh),
            format!(" Observed only, not stopped: {}.", stopping.en),
        );
        remarks = then(remarks, &observed);
    }
    remarks
}

/// Why something was stopped, as names of causes.
fn stopping(decision: &Decision) -> Text {
    causes(decision, Cause::stops)
}

fn causes(decision: &Decision, which: impl Fn(&Cause) -> bool) -> Text {
    let found: Vec<CauseCode> =
        decision.causes.iter().filter(|cause| which(cause)).map(|cause| cause.code).collect();
    named(&found)
}

/// Causes by name, each once.
fn named(codes: &[CauseCode]) -> Text {
    let mut codes = codes.to_vec();
    codes.dedup();
    let names: Vec<Text> = codes.into_iter().map(names::cause).collect();
    listed(&names)
}

/// `3 行` and `3 lines`.
fn lines(count: usize) -> Text {
    text(format!("{count} 行"), counted(count, "line", "lines"))
}

/// The sum of amounts, which are of one currency.
fn total(amounts: impl Iterator<Item = Money>) -> Option<Text> {
    let mut amounts = amounts.peekable();
    let currency = amounts.peek()?.currency();
    let sum = Minor::total(amounts.map(Money::minor))?;
    Money::from_minor(sum, currency).ok().map(amount)
}

/// That something is entered only now, and why.
fn late(backdated: Option<&Backdated>) -> Text {
    backdated.map_or_else(
        || text("", ""),
        |given| {
            let reason = crate::wording::phrase::ended(&given.reason);
            text(
                format!("补录（业务日期 {}）：{}", given.business_date, reason.zh),
                format!(" Entered late for {}: {}", given.business_date, reason.en),
            )
        },
    )
}

/// One sentence behind another.
fn then(first: Text, second: &Text) -> Text {
    Text { zh: first.zh + &second.zh, en: first.en + &second.en }
}
