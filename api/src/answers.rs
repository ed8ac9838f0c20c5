//! What a command is answered with: ids, position, version, and whether this had been answered before.

use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::customer::Event;
use domain::customer::receivables::{Deposited, Settled};
use domain::ids::CaseId;
use domain::money::Money;
use journal::{Committed, Position, Replayed, Version};
use serde::Serialize;
use utoipa::ToSchema;

use crate::decisions::DecisionView;
use crate::idempotency::IDEMPOTENCY_REPLAYED;
use crate::problem::Problem;

/// Something was made or changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recorded {
    /// The full id of what was made or changed.
    pub id: String,
    /// Of the command's last event, among all events.
    #[schema(value_type = i64)]
    pub position: Position,
    /// Of the command's last event, in its stream.
    #[schema(value_type = i64)]
    pub version: Version,
}

impl Recorded {
    pub fn of<E>(id: &impl ToString, committed: &Committed<E>) -> Self {
        Self { id: id.to_string(), position: committed.position, version: committed.version }
    }
}

/// What a customer command is answered with. What a command has nothing to say about is absent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// The full id of what the command was about or made.
    pub id: String,
    /// How it stands now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    #[schema(value_type = i64)]
    pub position: Position,
    #[schema(value_type = i64)]
    pub version: Version,
    /// The checkpoint's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_on: Option<NaiveDate>,
    /// What cash was applied to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub applied: Option<Vec<Settled>>,
    /// What cash was set aside for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposits: Option<Vec<Deposited>>,
    /// What cash is left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unapplied: Option<Money>,
    /// Held orders and shipments whose last cause this took away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub healed: Vec<String>,
    /// How what wants approval stands after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
}

/// A case after a command.
#[derive(Debug, Serialize, ToSchema)]
pub struct Approval {
    pub case: CaseId,
    /// `open`, `approved`, `confirmed`, `rejected`, `returned`, `withdrawn`, `overtaken`.
    pub status: &'static str,
    /// How many votes this made void.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voided: Option<u32>,
}

impl Approval {
    /// Of the first case that the events speak of: what follows from it in others comes behind it.
    fn of(events: &[Event]) -> Option<Self> {
        let case = events.iter().find_map(Event::case)?;
        let of_it = || events.iter().filter(|event| event.case() == Some(case));
        let ended = of_it().find_map(|event| match event {
            Event::CaseClosed(closed) => Some(closed.outcome.code()),
            _ => None,
        });
        let voided = of_it().find_map(|event| match event {
            Event::CaseRoundOpened(opened) => Some(opened.voided),
            Event::CaseStageOpened(opened) => Some(opened.returned.as_ref()?.voided),
            _ => None,
        });
        Some(Self { case, status: ended.unwrap_or("open"), voided })
    }
}

impl Done {
    pub fn of(id: &impl ToString, committed: &Committed<Event>) -> Self {
        let healed = committed.events.iter().filter_map(|event| match event {
            Event::OrderHealed(healed) => Some(healed.order.to_string()),
            Event::ShipmentCleared(cleared) => Some(cleared.shipment.to_string()),
            _ => None,
        });
        Self {
            id: id.to_string(),
            status: None,
            position: committed.position,
            version: committed.version,
            decision: None,
            due_on: None,
            applied: None,
            deposits: None,
            unapplied: None,
            healed: healed.collect(),
            approval: Approval::of(&committed.events),
        }
    }

    /// Goes out with a status that tells how the checkpoint answered: `made` when it let through, 202 held, 409 denied.
    pub fn judged(
        self,
        made: StatusCode,
        committed: &Committed<Event>,
        verdict: Verdict,
    ) -> Response {
        match verdict {
            Verdict::Done(status) => {
                answer(made, committed, &Self { status: Some(status), ..self })
            }
            Verdict::Held => {
                let held = Self { status: Some("held"), ..self };
                answer(StatusCode::ACCEPTED, committed, &held)
            }
            Verdict::Denied { code, detail } => {
                let decision = serde_json::to_value(&self.decision).unwrap_or_default();
                let problem = Problem::conflict(code, detail)
                    .about(self.id)
                    .with("decision", decision)
                    .with("position", self.position.0)
                    .with("version", self.version.0);
                let mut response = problem.into_response();
                mark(&mut response, committed.replayed);
                response
            }
        }
    }
}

/// How a checkpoint's answer is told.
#[derive(Clone, Copy, Debug)]
pub enum Verdict {
    /// It happened; how it stands now.
    Done(&'static str),
    Held,
    Denied {
        code: &'static str,
        detail: &'static str,
    },
}

/// A status and a body, marked when the command had been given before.
pub fn answer<E>(status: StatusCode, committed: &Committed<E>, body: &impl Serialize) -> Response {
    let mut response = (status, axum::Json(body)).into_response();
    mark(&mut response, committed.replayed);
    response
}

/// Marks an answer that had been given before.
pub fn mark(response: &mut Response, replayed: Replayed) {
    if replayed == Replayed::Yes {
        response.headers_mut().insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
    }
}

#[cfg(test)]
mod tests {
    use domain::customer::approving::{CaseClosed, Outcome};
    use domain::customer::qualification::Remarks;

    use super::*;

    fn closed(case: u128, outcome: Outcome) -> Event {
        Event::CaseClosed(CaseClosed {
            case: CaseId::from_uuid(uuid::Uuid::from_u128(case)),
            round: 1,
            content: "sha256:a".to_owned(),
            outcome,
            reason: None,
            by: None,
            remarks: Remarks::default(),
        })
    }

    #[test]
    fn a_command_is_answered_with_its_own_case_and_not_with_what_followed_in_another() {
        let status = |events: &[Event]| Approval::of(events).map(|it| it.status);
        let events = [closed(1, Outcome::Approved), closed(2, Outcome::Overtaken)];
        assert_eq!(status(&events), Some("approved"));
        assert_eq!(status(&[closed(1, Outcome::Confirmed)]), Some("confirmed"));
        assert_eq!(status(&[]), None);
    }
}
