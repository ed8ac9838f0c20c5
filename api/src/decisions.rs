//! A checkpoint's decision as it is shown: codes with their texts, remedies and legal bases.

use chrono::NaiveDate;
use domain::decision::{
    Cause, CauseCode, CauseKind, Checkpoint, Decision, Mode, Outcome, PolicyReference, Reaction,
    Reliance, Subject,
};
use domain::ids::{CustomerId, DecisionId};
use domain::policy::pack::Text;
use domain::wording;
use journal::Version;
use serde::Serialize;
use utoipa::ToSchema;

use crate::door::Door;
use crate::problem::Problem;
use crate::sight::Sight;

/// Causes whose evidence is looked up; a decision has rarely more than five.
const EVIDENCE_MAX: usize = 64;

/// The answer of a checkpoint.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Decision)]
pub struct DecisionView {
    pub id: DecisionId,
    pub checkpoint: Checkpoint,
    pub outcome: Outcome,
    /// False where the policy pack only observes: it was refused, and went through.
    pub enforced: bool,
    /// All of them, in the fixed order of their kinds.
    pub causes: Vec<CauseView>,
    pub conditions: Vec<Condition>,
    pub relied_on: Vec<Reliance>,
    pub policy: Option<PolicyReference>,
    pub business_date: NaiveDate,
    /// The day on which it was judged too, where that is not the business date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged_on: Option<NaiveDate>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cause)]
pub struct CauseView {
    #[schema(value_type = String, example = "document.expired")]
    pub code: CauseCode,
    pub kind: CauseKind,
    pub reaction: Reaction,
    pub lifted_by: &'static [&'static str],
    /// Counted from 1; empty: the whole.
    pub lines: Vec<u32>,
    pub subject: Option<Subject>,
    pub message: Text,
    pub remedy: Option<Text>,
    pub basis: Option<String>,
    /// The events in which the facts behind this cause were recorded.
    pub evidence: Vec<Evidence>,
    /// A release lifted it: it is reported, and does not stop.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub released_until: Option<NaiveDate>,
}

/// What an allowed answer asks to be kept in mind.
#[derive(Debug, Serialize, ToSchema)]
pub struct Condition {
    #[schema(value_type = String)]
    pub code: CauseCode,
    pub lines: Vec<u32>,
    pub message: Text,
}

#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = DecisionEvidence)]
pub struct Evidence {
    pub position: i64,
}

impl DecisionView {
    /// Shows a decision about a customer, as far as somebody sees it, with the positions of its evidence.
    pub async fn of(
        door: &Door,
        customer: CustomerId,
        decision: &Decision,
        sight: Sight,
    ) -> Result<Self, Problem> {
        let decision = sight.decision(decision);
        let stream = customer.to_string();
        let mut causes = Vec::with_capacity(decision.causes.len());
        for (index, cause) in decision.causes.iter().enumerate() {
            let mut evidence = Vec::new();
            if index < EVIDENCE_MAX {
                for version in &cause.evidence {
                    let before = Version(version.saturating_sub(1));
                    let entries = door.journal().stream(&stream, before, 1).await?;
                    let found = entries.into_iter().map(|e| Evidence { position: e.position.0 });
                    evidence.extend(found);
                }
            }
            causes.push(CauseView::of(cause, evidence));
        }
        let conditions = decision.causes.iter().filter_map(|cause| {
            let message = wording::condition(cause)?;
            Some(Condition { code: cause.code, lines: cause.lines.clone(), message })
        });
        Ok(Self {
            id: decision.id,
            checkpoint: decision.checkpoint,
            outcome: decision.outcome,
            enforced: decision.mode == Mode::Enforce,
            conditions: conditions.collect(),
            causes,
            relied_on: decision.relied_on,
            policy: decision.policy,
            business_date: decision.business_date,
            judged_on: decision.judged_on,
        })
    }
}

impl CauseView {
    /// Shows a cause in words.
    pub fn of(cause: &Cause, evidence: Vec<Evidence>) -> Self {
        let kind = cause.code.kind();
        Self {
            code: cause.code,
            kind,
            reaction: cause.reaction,
            lifted_by: kind.lifted_by(),
            lines: cause.lines.clone(),
            subject: cause.subject.clone(),
            message: wording::message(cause),
            remedy: Some(wording::remedy(cause)),
            basis: wording::basis(cause),
            evidence,
            released_until: cause.released.as_ref().and_then(|released| released.until),
        }
    }
}
