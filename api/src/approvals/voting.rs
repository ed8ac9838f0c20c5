//! Somebody's say about a case, wherever it is given: with the name beneath it where there is one, and told in one way.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::customer::approving::{self, Act, Which};
use domain::customer::{Command, Event};
use domain::digest::Sha256Digest;
use domain::ids::CustomerId;
use domain::text::Line;
use journal::Committed;

use crate::answers::{Done, answer, mark};
use crate::asked::Asking;
use crate::door::Door;
use crate::names::{self, Kept};
use crate::problem::Problem;

/// How what was said is told.
pub struct Told {
    /// Of what the case is about.
    pub id: String,
    /// The status of what was agreed to by all.
    pub approved: &'static str,
    /// The status of what still waits.
    pub open: &'static str,
}

pub async fn say(
    door: Door,
    by: Asking,
    customer: CustomerId,
    which: Which,
    signature: Option<Line<100>>,
    act: impl FnOnce(Option<Sha256Digest>) -> Act + Send + 'static,
    told: Told,
) -> Result<Response, Problem> {
    let saying = async move {
        let kept = match &signature {
            Some(name) => Some(Kept::of(&door, &by.actor, name).await?),
            None => None,
        };
        let act = act(kept.as_ref().map(Kept::digest));
        let command = Command::Approving(approving::Command { which, act });
        let outcome = door.customer(by, customer, command).await;
        let carried = |event: &Event| event.signature().map(names::key);
        match kept {
            Some(kept) => kept.settle(outcome, carried).await,
            None => outcome,
        }
    };
    let committed = names::to_the_end(saying).await?;
    Ok(answered(&committed, &told))
}

/// 200 with how it stands, or 409 where what was voted on had changed: then votes were made void, and nothing was counted.
fn answered(committed: &Committed<Event>, told: &Told) -> Response {
    let mut done = Done::of(&told.id, committed);
    let changed = committed.events.first().and_then(|event| match event {
        Event::CaseRoundOpened(opened) if opened.requested_by.is_none() => Some(opened.voided),
        Event::CaseClosed(closed) if closed.by.is_none() => Some(0),
        _ => None,
    });
    if let Some(voided) = changed {
        let problem = Problem::conflict(
            "approval.content_changed",
            "What was asked for, or the rules for it, has changed: the votes so far are void. Look at it again, then vote.",
        )
        .with("detail_zh", "审批内容或适用规则已变更，此前的表决作废；请重新查看后再表决。")
        .with("voided", voided)
        .with("approval", serde_json::to_value(&done.approval).unwrap_or_default())
        .with("position", committed.position.0)
        .with("version", committed.version.0);
        let mut response = problem.into_response();
        mark(&mut response, committed.replayed);
        return response;
    }
    done.status = done.approval.as_ref().map(|approval| match approval.status {
        "approved" => told.approved,
        "open" => told.open,
        ended => ended,
    });
    answer(StatusCode::OK, committed, &done)
}
