//! The stop rule: a pilot that stops too much is not widened.
//!
//! The pack in force says how much is too much. What a pilot's pack decided is made again under the pack in force; when the share of holds
//! and denials rose by more than the rule allows, widening is paused. The departments that own what the pilot changes lift that, or a new
//! proposal does; time never does, and nothing comes into force by it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    Context, Event, Pause, Policy, Rejection,
    changes::{self, StopRule},
};
use crate::{
    approval::{self, Round, RoundOpened},
    ids::ProposalId,
};

/// What the decisions of a pilot came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Measured {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalId>,
    /// The pilot's pack.
    pub hash: String,
    /// The decisions behind this position, up to the other one.
    pub after: i64,
    pub upto: i64,
    pub decisions: u64,
    /// Held or denied, by the pilot's pack and by the one in force.
    pub stopped: u64,
    pub stopped_by_base: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct WideningPaused {
    #[serde(flatten)]
    pub measured: Measured,
    /// The pack in force, whose rule it is.
    pub base: String,
    pub rule: StopRule,
    /// Who may lift it; absent where there are not enough people to ask, and only a new proposal does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<RoundOpened>,
}

impl StopRule {
    /// Whether what a pilot came to is more than this rule allows.
    pub fn stops(self, measured: &Measured) -> bool {
        let rise = u128::from(measured.stopped.saturating_sub(measured.stopped_by_base));
        let made = u128::from(measured.decisions);
        measured.decisions >= u64::from(self.decisions_min)
            && rise.saturating_mul(100) > u128::from(self.rise_points_max).saturating_mul(made)
    }
}

/// The fold of a pause.
pub(super) fn paused(policy: &mut Policy, paused: &WideningPaused) {
    if let Some(opened) = &paused.review {
        policy.reviews = opened.round;
    }
    if let Some(pilot) = &mut policy.pilot {
        pilot.pause = Some(Pause { review: paused.review.as_ref().map(Round::begin) });
        // What was tried before says nothing about what the pilot has stopped since.
        pilot.simulation = None;
        pilot.paused_upto = paused.measured.upto;
    }
}

pub(super) fn pause(
    policy: &Policy,
    context: &Context,
    measured: &Measured,
) -> Result<Vec<Event>, Rejection> {
    let base = policy.in_force()?;
    let pilot = policy.pilot.as_ref().ok_or(Rejection::NoPilot)?;
    if pilot.proposal != measured.proposal || *pilot.pack.hash != *measured.hash {
        return Err(Rejection::PilotChanged);
    }
    if pilot.pause.is_some() {
        return Err(Rejection::Paused);
    }
    let rule = base.pack.changes().stop_rule.filter(|rule| rule.stops(measured));
    let rule = rule.ok_or(Rejection::StopRuleKept)?;
    let parts = changes::parts(&base.pack, &pilot.pack.pack);
    let content = approval::content_hash(&serde_json::json!({
        "pilot": &*pilot.pack.hash, "base": &*base.hash, "measured": measured,
    }));
    let content = content.map_err(|error| Rejection::NotCanonical(error.to_string()))?;
    let route = base.pack.changes().route(&parts);
    // Whoever wrote the pack does not say that it may go on.
    let excluded = context.proposal.as_ref().map(|it| it.editors.clone()).unwrap_or_default();
    let number = policy.reviews.saturating_add(1);
    let review = route.open(number, content, excluded, &context.assembly.people).ok();
    Ok(vec![Event::WideningPaused(Box::new(WideningPaused {
        measured: measured.clone(),
        base: base.hash.to_string(),
        rule,
        review,
    }))])
}
