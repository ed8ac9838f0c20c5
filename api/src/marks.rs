//! Marks: since when a pilot and each shadow run, and a review waits, by positions in the journal.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::ids::ProposalId;
use domain::policy::shadow::ShadowEnded;
use domain::policy::{Event, How, Policy};
use journal::Position;

/// Shadows that have ended, of which the result is still told; the oldest are forgotten first.
const ENDED_MAX: usize = 100;

/// Where an event stands in the journal, and when it was recorded; only rows older than the column have no time.
pub type Moment = (Position, Option<DateTime<Utc>>);

#[derive(Clone, Debug, Default)]
pub struct Marks {
    /// Since when the pilot's decisions count for the stop rule: since it began, or since its pause was lifted.
    pub pilot: Position,
    /// Since when the last review of the brake, or of a pause, was asked for.
    pub review: Moment,
    pub shadows: BTreeMap<ProposalId, Position>,
    /// How shadows ended, by where.
    pub ended: BTreeMap<Position, ShadowEnded>,
}

impl Marks {
    /// Notes an event of the policy, where `before` is how it stood.
    pub fn note(&mut self, before: &Policy, moment: Moment, event: &Event) {
        let (at, _) = moment;
        match event {
            Event::ReviewOpened(_) | Event::WideningPaused(_) => self.review = moment,
            Event::PackApplied(applied) if applied.how != How::Widening => self.pilot = at,
            Event::ReviewClosed(_) if before.review.is_none() => self.pilot = at,
            Event::ShadowStarted(started) => {
                self.shadows.insert(started.proposal, at);
            }
            Event::ShadowEnded(ended) => {
                self.shadows.remove(&ended.proposal);
                self.ended.insert(at, ended.clone());
                if self.ended.len() > ENDED_MAX {
                    self.ended.pop_first();
                }
            }
            _ => {}
        }
    }

    /// Since when a shadow runs.
    pub fn since(&self, proposal: ProposalId) -> Position {
        self.shadows.get(&proposal).copied().unwrap_or_default()
    }

    /// How the last shadow of a proposal ended.
    pub fn ended(&self, proposal: ProposalId) -> Option<&ShadowEnded> {
        self.ended.values().rev().find(|ended| ended.proposal == proposal)
    }
}
