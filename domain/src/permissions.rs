//! Who may do what: one table, and whatever is not in it is refused.
//!
//! The door asks `may` for every command and every kind of reading. What depends on the customer as well (a reviewer
//! who uploaded, a releaser who manages the account, who may reinstate) is decided by the rule itself.

use crate::{decision::CauseKind, staff::Role};

/// Declares every act once, with the roles that may do it.
macro_rules! acts {
    ($($(#[$meta:meta])* $act:ident: $($role:ident)|+;)*) => {
        /// Something that somebody may or may not do.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Act {
            $($(#[$meta])* $act,)*
        }

        impl Act {
            pub const ALL: &'static [Self] = &[$(Self::$act),*];

            /// The roles that may do it, and no other.
            pub fn roles(self) -> &'static [Role] {
                match self { $(Self::$act => &[$(Role::$role),+],)* }
            }
        }
    };
}

acts! {
    RegisterCustomer: Sales;
    AmendCustomer: Sales;
    /// Saying what an imported customer is.
    ClassifyCustomer: Sales;
    UploadDocument: Sales;
    SubmitQualification: Sales;
    /// Who exactly is asked, and in which order, is the route's to say: the rule decides.
    ReviewQualification: Sales | Legal | Compliance | Quality;
    RevokeDocument: Quality;
    Suspend: Quality;
    Disable: Compliance | Legal;
    /// Who exactly depends on what is lifted: the rule decides.
    Reinstate: Quality | Compliance | Legal;
    ApplyForCredit: Sales;
    GrantCredit: Credit;
    /// Who exactly depends on the amount: the rule decides.
    VoteOnCredit: Credit | Finance | Legal | Compliance | Sales;
    FreezeCredit: Credit;
    PlaceOrder: Sales;
    CancelOrder: Sales;
    /// What exactly depends on the cause: the rule decides.
    ReleaseOrder: Credit | Quality;
    /// Who exactly depends on the amount: the rule decides.
    VoteOnRelease: Credit | Quality | Finance | Legal | Compliance | Sales;
    ShipGoods: Warehouse;
    IssueInvoice: Finance;
    VoidInvoice: Finance;
    ReceiveCash: Finance;
    ApplyCash: Finance;
    ReverseReceipt: Finance;
    IssueCreditNote: Finance;
    /// Asking a checkpoint without recording anything.
    Check: Sales | Quality | Credit | Finance | Warehouse | Compliance | Legal;
    ManageProducts: Quality;
    ManageStaff: Admin;
    /// Resetting and unlocking what people prove who they are with.
    ManageCredentials: Admin | SecurityAdmin;
    /// Ending one's own session.
    SignOut: Sales | Quality | Compliance | Legal | Credit | Finance | Warehouse | Service | Admin | SecurityAdmin | Auditor | Executive | Regulator | Integrator;
    /// Lending one's own roles to a colleague.
    Delegate: Sales | Quality | Compliance | Legal | Credit | Finance | Warehouse | Service;
    /// Ending what one lent; for administrators, what anybody lent.
    EndDelegation: Sales | Quality | Compliance | Legal | Credit | Finance | Warehouse | Service | Admin;
    /// Writing, trying and submitting a change of the rules.
    ProposePolicy: Quality | Compliance | Legal | Credit | Finance;
    /// Who exactly depends on what is changed: the rule decides.
    VoteOnPolicy: Quality | Compliance | Legal | Credit | Finance;
    /// Putting what was approved in force, and the brake.
    LoadPolicy: Admin;
    StoreAttachment: Sales | Quality;
    ReadCustomers: Sales | Quality | Compliance | Legal | Credit | Finance | Warehouse | Service | Auditor | Executive | Regulator;
    ReadDocuments: Sales | Quality | Compliance | Legal | Auditor | Executive | Regulator;
    ReadAttachments: Sales | Quality | Compliance | Legal | Auditor | Executive | Regulator;
    /// Limit, available and overdue.
    ReadCreditPosition: Sales | Credit | Finance | Auditor | Executive;
    /// Terms, single items, exposure by part.
    ReadReceivables: Credit | Finance | Auditor | Executive;
    ReadOrders: Sales | Quality | Compliance | Legal | Credit | Finance | Warehouse | Service | Auditor | Executive | Regulator;
    ReadProducts: Sales | Quality | Compliance | Legal | Credit | Finance | Warehouse | Service | Auditor | Executive | Regulator | Integrator;
    ReadHistory: Quality | Compliance | Legal | Credit | Finance | Auditor | Executive | Regulator;
    ReadSalesRecords: Quality | Compliance | Legal | Warehouse | Auditor | Executive | Regulator;
    /// Denials, releases, first sales, holds, expiries, back-dated entries.
    ReadControls: Quality | Compliance | Legal | Credit | Finance | Auditor | Executive;
    /// Papers about to lapse and sales before approval: what an inspector asks for.
    ReadQualificationReports: Sales | Quality | Compliance | Legal | Auditor | Executive | Regulator;
    ReadFeed: Auditor | Executive | Integrator;
    ReadPolicies: Quality | Compliance | Legal | Credit | Finance | Admin | Auditor | Executive;
    /// What waits for one's own decision, and what somebody asked for.
    ReadWorklist: Sales | Quality | Compliance | Legal | Credit | Finance;
    /// What was asked for and who agreed; of credit for those only who see it.
    ReadCases: Sales | Quality | Compliance | Legal | Credit | Finance | Auditor | Executive | Regulator;
    ReadCodes: Sales | Quality | Compliance | Legal | Credit | Finance | Warehouse | Service | Admin | SecurityAdmin | Auditor | Executive | Regulator | Integrator;
    ReadStaff: Admin | SecurityAdmin | Auditor | Executive;
    /// What one has lent; for those who read the staff, what anybody has.
    ReadDelegations: Sales | Quality | Compliance | Legal | Credit | Finance | Warehouse | Service | Admin | SecurityAdmin | Auditor | Executive;
}

/// Whether a role may do it.
pub fn may(role: Role, act: Act) -> bool {
    act.roles().contains(&role)
}

/// Whether a role may release what a cause of this kind holds. Nobody may for a legal cause or a status.
pub fn lifts(role: Role, kind: CauseKind) -> bool {
    match kind {
        CauseKind::Legal | CauseKind::Status | CauseKind::Complaint => false,
        CauseKind::Qualification => role == Role::Quality,
        CauseKind::Overdue | CauseKind::Limit | CauseKind::Policy => role == Role::Credit,
    }
}

/// The roles that could lift any of these causes.
pub fn lifters(causes: &[crate::decision::CauseCode]) -> Vec<Role> {
    let able = |role: &&Role| causes.iter().any(|code| lifts(**role, code.kind()));
    Role::ALL.iter().filter(able).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What reads; everything else commands.
    fn is_reading(act: Act) -> bool {
        format!("{act:?}").starts_with("Read")
    }

    #[test]
    fn who_administers_has_no_business_command_and_no_approval() {
        for act in Act::ALL {
            let security = matches!(act, Act::ManageCredentials | Act::SignOut) || is_reading(*act);
            let system = matches!(act, Act::ManageStaff | Act::EndDelegation | Act::LoadPolicy);
            assert!(!may(Role::Admin, *act) || system || security, "{act:?}");
            assert!(!may(Role::SecurityAdmin, *act) || security, "{act:?}");
        }
    }

    #[test]
    fn those_who_only_look_command_nothing() {
        for role in [Role::Auditor, Role::Executive, Role::Regulator, Role::Integrator] {
            for act in Act::ALL {
                let only_looks = is_reading(*act) || *act == Act::SignOut;
                assert!(only_looks || !may(role, *act), "{role:?} {act:?}");
            }
        }
    }

    #[test]
    fn a_regulator_sees_no_credit_and_no_receipts() {
        for act in [Act::ReadCreditPosition, Act::ReadReceivables, Act::ReadFeed] {
            assert!(!may(Role::Regulator, act), "{act:?}");
        }
    }

    #[test]
    fn no_role_lifts_a_legal_cause_or_a_status() {
        for role in Role::ALL {
            assert!(!lifts(*role, CauseKind::Legal) && !lifts(*role, CauseKind::Status));
        }
    }
}
