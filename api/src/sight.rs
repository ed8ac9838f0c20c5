//! How much of a customer's credit somebody sees: the one place that leaves out what is not for everybody.
//!
//! Limits, exposure, what is overdue, deposits and unapplied cash are for those who may read the credit position. Everybody
//! else learns that something is held and by which causes, and none of the figures.

use domain::customer::Event;
use domain::customer::trading::Lifted;
use domain::decision::{Cause, Decision};
use domain::permissions::{Act, may};
use domain::policy::approvals::Subject;
use domain::staff::Role;
use projections::orders::{OrderRow, ShipmentRow};

/// Event types that speak of nothing but credit and money received.
const ABOUT_CREDIT: [&str; 7] = [
    "credit.",
    "receivables.cash-",
    "receivables.receipt-",
    "receivables.overdue-",
    "receivables.credit-note-",
    "receivables.invoice-opened",
    "receivables.invoice-voided",
];
/// A control: it names causes and a reason, and no figure.
const RELEASED: &str = "trading.order-released";

/// What somebody sees of credit and of releases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    figures: Figures,
    releases: Releases,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Figures {
    Shown,
    LeftOut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Releases {
    Shown,
    LeftOut,
}

impl Sight {
    /// What these roles see together.
    pub fn of(roles: impl IntoIterator<Item = Role>) -> Self {
        let roles: Vec<Role> = roles.into_iter().collect();
        let any = |act: Act| roles.iter().any(|role| may(*role, act));
        let credit = any(Act::ReadCreditPosition);
        Self {
            figures: if credit { Figures::Shown } else { Figures::LeftOut },
            releases: if credit || any(Act::ReadControls) {
                Releases::Shown
            } else {
                Releases::LeftOut
            },
        }
    }

    pub fn causes(self, causes: &mut [Cause]) {
        if self.figures == Figures::LeftOut {
            causes.iter_mut().for_each(Cause::leave_out_figures);
        }
    }

    /// A decision as it may be shown.
    pub fn decision(self, decision: &Decision) -> Decision {
        let mut shown = decision.clone();
        self.causes(&mut shown.causes);
        shown
    }

    pub fn order(self, order: &mut OrderRow) {
        self.causes(&mut order.held_by);
        if self.figures == Figures::LeftOut {
            order.prepaid = None;
            order.deposit = None;
        }
    }

    pub fn shipment(self, shipment: &mut ShipmentRow) {
        self.causes(&mut shipment.held_by);
    }

    /// What a release lifted, with or without the figures that whoever released saw.
    pub fn lifted(self, lifted: &mut [Lifted]) {
        if self.figures == Figures::LeftOut {
            for it in lifted {
                it.figure = None;
            }
        }
    }

    /// Whether events of this type are told at all.
    pub fn tells(self, event_type: &str) -> Option<()> {
        let credit = ABOUT_CREDIT.iter().any(|start| event_type.starts_with(start));
        let hidden = (credit && self.figures == Figures::LeftOut)
            || (event_type == RELEASED && self.releases == Releases::LeftOut);
        (!hidden).then_some(())
    }

    /// An event as it may be told, if it may: without the cash that paid for what happened. Sentences name causes without figures.
    pub fn event(self, event: &mut Event) -> Option<()> {
        self.tells(event.kind())?;
        if self.figures == Figures::Shown {
            return Some(());
        }
        match event {
            Event::CaseOpened(e) if e.matter.subject() == Subject::Credit => return None,
            Event::CaseRoundOpened(e) if e.matter.subject() == Subject::Credit => return None,
            Event::OrderCancelled(e) => e.freed.clear(),
            Event::GoodsShipped(e) => e.drawn.clear(),
            Event::InvoiceIssued(e) => {
                e.deposits.clear();
                e.freed.clear();
            }
            _ => {}
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use domain::decision::CauseCode;

    use super::*;

    #[test]
    fn figures_are_for_those_who_read_the_credit_position() {
        let whole = [Role::Sales, Role::Credit, Role::Finance, Role::Auditor, Role::Executive];
        for role in Role::ALL {
            let mut causes = [Cause::new(CauseCode::OverLimit).with("excess", "1.00")];
            Sight::of([*role]).causes(&mut causes);
            assert_eq!(causes[0].param("excess") == "1.00", whole.contains(role), "{role:?}");
        }
    }

    #[test]
    fn a_legal_cause_keeps_what_it_says() {
        let mut causes = [Cause::new(CauseCode::DocumentExpired).with("number", "1")];
        Sight::of([Role::Warehouse]).causes(&mut causes);
        assert_eq!(causes[0].param("number"), "1");
    }

    #[test]
    fn each_reader_is_told_its_part() {
        for (role, released, granted) in [
            (Role::Regulator, None, None),
            (Role::Quality, Some(()), None),
            (Role::Credit, Some(()), Some(())),
        ] {
            let sight = Sight::of([role]);
            assert_eq!(sight.tells(RELEASED), released, "{role:?}");
            assert_eq!(sight.tells("credit.limit-granted"), granted, "{role:?}");
            assert_eq!(sight.tells("trading.order-held"), Some(()), "{role:?}");
        }
    }
}
