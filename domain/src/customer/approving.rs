//! Approving: what takes effect for a customer only once others agreed to it.
//!
//! Papers under review, a limit, the release of a held order: each is a case with a route that the policy pack chooses. The last vote and what
//! it brings about are one commit. Votes bind what was asked for as it stands and the rules by which it was routed: whatever changes
//! either opens a new round, and says how many votes that made void. Where nobody else need agree, the record is the same.

mod cases;
pub mod clock;
mod keeping;
mod matter;
mod moving;
pub mod reviewing;
mod voting;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use self::{
    cases::{Case, Cases, Question, Standing},
    matter::Matter,
};
pub(super) use self::{
    clock::look,
    keeping::keep,
    matter::{request, within_caps},
    reviewing::reviewed,
};
use super::{Customer, Event, Rejection, qualification::Remarks};
use crate::{
    approval::{Person, RoundOpened, StageOpened, VoteCast, clock::Deadline},
    context::Context,
    ids::{CaseId, OrderId, StaffId},
    policy::approvals::Chosen,
    signature::Signature,
    text::Prose,
};

/// Something done about a case.
#[derive(Clone, Debug)]
pub struct Command {
    pub which: Which,
    pub act: Act,
}

/// How a case is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    Case(CaseId),
    /// That of the papers under review.
    Qualification,
    /// That of the credit that somebody asked for.
    Credit,
    Release(OrderId),
}

#[derive(Clone, Debug)]
pub enum Act {
    /// To `content`, where whoever votes says what they saw.
    Approve {
        remarks: Remarks,
        content: Option<String>,
    },
    /// For good.
    Reject {
        reason: Prose<500>,
        remarks: Remarks,
    },
    /// To whoever asked, or to an earlier stage.
    Return {
        reason: Prose<500>,
        remarks: Remarks,
        stage: Option<u32>,
    },
    /// The clock stops until whoever asked has answered.
    AskForInformation {
        question: Prose<1000>,
    },
    Inform {
        answer: Prose<1000>,
    },
    AddReviewer {
        reviewer: StaffId,
        reason: Prose<500>,
    },
    Transfer {
        to: StaffId,
        reason: Prose<500>,
    },
    Withdraw {
        reason: Prose<500>,
    },
    /// A new round of what was rejected or withdrawn.
    Reopen {
        reason: Prose<500>,
    },
}

/// Something wants approval; its first round begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseOpened {
    pub case: CaseId,
    pub matter: Matter,
    #[serde(flatten)]
    pub opened: RoundOpened,
    /// Why it takes this route.
    pub chosen: Chosen,
    /// The hash of the pack that chose it.
    pub pack: String,
    pub requested_by: StaffId,
    /// By when its first stage should be done; absent where it has no term, and in events of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
}

/// Asked anew; the votes so far are void.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseRoundOpened {
    pub case: CaseId,
    pub why: Why,
    /// How many votes this made void.
    pub voided: u32,
    pub matter: Matter,
    #[serde(flatten)]
    pub opened: RoundOpened,
    pub chosen: Chosen,
    pub pack: String,
    /// Who asked anew; absent where what was asked about changed by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<StaffId>,
    /// By when its first stage should be done; absent where it has no term, and in events of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
    /// Whose command changed what was asked about: they have no vote on what it has become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_by: Option<StaffId>,
}

/// Why votes are asked for anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// What was asked about is no longer the same.
    ContentChanged,
    /// Other rules came to apply.
    RulesChanged,
    /// Other terms are asked for.
    Revised,
    /// It was mended after it was returned.
    Resubmitted,
    Reopened,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseVoted {
    pub case: CaseId,
    #[serde(flatten)]
    pub vote: VoteCast,
    #[serde(flatten)]
    pub remarks: Remarks,
}

/// The stage before it closed, or it was gone back to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseStageOpened {
    pub case: CaseId,
    #[serde(flatten)]
    pub opened: StageOpened,
    /// Where it was gone back to: how many votes this made void, why, and by whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returned: Option<Returned>,
    /// How many votes are void because those who were asked could no longer fill the stage, and others are asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refilled: Option<u32>,
    /// By when it should be done; absent where it has no term, and in events of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Returned {
    pub voided: u32,
    /// What the round asks about; absent in events of before.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub content: String,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    pub by: StaffId,
    #[serde(flatten)]
    pub remarks: Remarks,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InformationAsked {
    pub case: CaseId,
    #[schema(value_type = String)]
    pub question: Prose<1000>,
    pub by: StaffId,
    /// Since when the clock stands still; absent in events of before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DateTime<Utc>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct InformationGiven {
    pub case: CaseId,
    #[schema(value_type = String)]
    pub answer: Prose<1000>,
    pub by: StaffId,
    /// By when the stage should be done now; absent where it has no term.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Deadline>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ReviewerAdded {
    pub case: CaseId,
    pub reviewer: Person,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
    pub by: StaffId,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseTransferred {
    pub case: CaseId,
    pub from: StaffId,
    pub to: Person,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
}

/// How a case ended, or came back to whoever asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct CaseClosed {
    pub case: CaseId,
    pub round: u32,
    /// What the outcome is about, as in the round.
    pub content: String,
    pub outcome: Outcome,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Prose<500>>,
    /// Absent where it was overtaken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<StaffId>,
    /// Of whoever rejected or returned it; those of who agreed are with their votes.
    #[serde(flatten)]
    pub remarks: Remarks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CaseOutcome)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Approved,
    /// Reviewed anew, and left as it is.
    Confirmed,
    Rejected,
    /// To be mended; the case goes on in another round.
    Returned,
    Withdrawn,
    /// What it was about is gone.
    Overtaken,
}

impl Outcome {
    pub fn code(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Returned => "returned",
            Self::Withdrawn => "withdrawn",
            Self::Overtaken => "overtaken",
        }
    }
}

impl Event {
    /// The case that it is about.
    pub fn case(&self) -> Option<CaseId> {
        match self {
            Self::CaseOpened(e) => Some(e.case),
            Self::CaseRoundOpened(e) => Some(e.case),
            Self::CaseVoted(e) => Some(e.case),
            Self::CaseStageOpened(e) => Some(e.case),
            Self::InformationAsked(e) => Some(e.case),
            Self::InformationGiven(e) => Some(e.case),
            Self::ReviewerAdded(e) => Some(e.case),
            Self::CaseTransferred(e) => Some(e.case),
            Self::CaseClosed(e) => Some(e.case),
            Self::CaseReminded(e) => Some(e.case),
            Self::SlaBreached(e) => Some(e.case),
            Self::CaseEscalated(e) => Some(e.case),
            _ => None,
        }
    }
}

/// The electronic signature under a say, and the content that it must be under.
pub(super) fn signed(event: &Event) -> Option<(&Signature, &str)> {
    let (remarks, content) = match event {
        Event::CaseVoted(voted) => (&voted.remarks, &voted.vote.content),
        Event::CaseStageOpened(opened) => {
            let returned = opened.returned.as_ref()?;
            (&returned.remarks, &returned.content)
        }
        Event::CaseClosed(closed) => (&closed.remarks, &closed.content),
        _ => return None,
    };
    remarks.signed.as_deref().map(|signed| (signed, content.as_str()))
}

pub(super) fn decide(
    customer: &Customer,
    context: &Context,
    command: &Command,
) -> Result<Vec<Event>, Rejection> {
    let case = customer.cases.named(command.which);
    let case = case.ok_or(match command.which {
        Which::Qualification => Rejection::NothingInReview,
        Which::Case(_) | Which::Credit | Which::Release(_) => Rejection::NoSuchCase,
    })?;
    if command.act.is_about_content() {
        let changed = keeping::changed(customer, context, case)?;
        if !changed.is_empty() {
            return Ok(changed);
        }
    }
    match &command.act {
        Act::Approve { remarks, content } => {
            voting::approve(customer, context, case, remarks, content.as_deref())
        }
        Act::Reject { reason, remarks } => {
            voting::reject(customer, context, case, reason, remarks.clone())
        }
        Act::Return { reason, remarks, stage: None } => {
            voting::give_back(customer, context, case, reason, remarks.clone())
        }
        Act::Return { reason, remarks, stage: Some(stage) } => {
            voting::go_back(context, case, reason, remarks.clone(), *stage)
        }
        Act::AskForInformation { question } => moving::ask(context, case, question),
        Act::Inform { answer } => moving::inform(customer, context, case, answer),
        Act::AddReviewer { reviewer, reason } => {
            moving::add_reviewer(context, case, reviewer, reason)
        }
        Act::Transfer { to, reason } => moving::transfer(context, case, to, reason),
        Act::Withdraw { reason } => moving::withdraw(customer, context, case, reason),
        Act::Reopen { reason: _ } => moving::reopen(customer, context, case),
    }
}

impl Command {
    /// Whether it is somebody's say, which is given in person and confirmed by who they are at that moment.
    pub fn is_vote(&self) -> bool {
        !matches!(self.act, Act::Inform { .. } | Act::Withdraw { .. } | Act::Reopen { .. })
    }
}

impl Act {
    /// Whether it speaks of what is asked for, which must then be what it was.
    fn is_about_content(&self) -> bool {
        matches!(self, Self::Approve { .. } | Self::Reject { .. } | Self::Return { .. })
    }
}

/// Whoever had a hand in what is asked for: they have no vote on it.
pub(super) fn had_a_hand(
    customer: &Customer,
    matter: &Matter,
    case: Option<&Case>,
    by: Option<&StaffId>,
) -> BTreeSet<StaffId> {
    let mut hands: BTreeSet<StaffId> = by.into_iter().cloned().collect();
    let editors =
        |case: &Case| case.editors.iter().chain(&case.changed_by).cloned().collect::<Vec<_>>();
    hands.extend(case.into_iter().flat_map(editors));
    let manager = customer.registration.account_manager().cloned();
    match matter {
        Matter::Qualification { .. } => hands.extend(customer.qualification.made_by()),
        Matter::Credit { .. } | Matter::ReReview { .. } => hands.extend(manager),
        Matter::Release { order, .. } => {
            hands.extend(manager);
            let placed = customer.orders.get(order).and_then(|order| order.placed_by.clone());
            hands.extend(placed);
        }
    }
    hands
}
