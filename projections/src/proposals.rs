//! Proposals to change the rules: where each stands, and whose vote it waits for.
//!
//! Table `proposals`, made by migration 0019.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::approval::Round;
use domain::ids::StaffId;
use domain::policy;
use domain::proposal::{Content, Event, Standing};
use domain::staff::Role;
use journal::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;
use crate::model::Model;
use crate::query::{Keyset, Listed, fetch};
use crate::seen::{Seen, What};
use crate::store::bulk::column_names;
use crate::store::{Json, Rows, Stored, table};

table! {
    /// A proposal to change the rules.
    #[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
    pub struct ProposalRow in "proposals" by proposal: Arc<str> {
        #[serde(rename = "id")]
        #[schema(value_type = String)]
        proposal: Arc<str>,
        /// `draft`, `in_approval`, `approved`, `rejected`, `withdrawn`.
        status: String,
        /// Of the pack.
        name: String,
        summary: String,
        hash: String,
        /// The hash of the pack that it is to replace.
        base: String,
        author: Option<String>,
        /// The departments whose votes are still wanted.
        #[schema(value_type = Vec<Role>)]
        waits_for: Json<Vec<Role>>,
        #[serde(skip)]
        round: Json<Option<Round>>,
        version: i64,
        drafted_at: DateTime<Utc>,
        changed_at: DateTime<Utc>,
        /// When its pack first came to apply.
        applied_at: Option<DateTime<Utc>>,
        /// Of the submission that waits for votes.
        asked_position: Option<i64>,
        asked_at: Option<DateTime<Utc>>,
    }
}

const LISTED: &str = "FROM proposals WHERE proposal > $1 AND ($2 IS NULL OR status = $2) \
     ORDER BY proposal LIMIT $3";
const ASKED: &str = "FROM proposals WHERE asked_position > $1 ORDER BY asked_position LIMIT $2";

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Proposals {
    rows: Rows<ProposalRow>,
}

impl Model for Proposals {
    fn name(&self) -> &'static str {
        "proposals"
    }

    fn ask(&mut self, seen: &Seen) {
        match &seen.what {
            What::Proposal(Event::Drafted(_)) => self.rows.expect(&seen.stream),
            What::Proposal(_) => self.rows.ask(&seen.stream),
            What::Policy(policy::Event::PackApplied(applied)) => {
                if let Some(proposal) = applied.proposal {
                    self.rows.ask(&proposal.to_string().into());
                }
            }
            What::Policy(_)
            | What::Customer(_)
            | What::Product(_)
            | What::Staff(_)
            | What::Foreign => {}
        }
    }

    fn fold(&mut self, seen: &Seen) {
        match &seen.what {
            What::Proposal(Event::Drafted(drafted)) => {
                self.rows.put(ProposalRow::new(seen, &drafted.content));
            }
            What::Proposal(event) => {
                let Some(row) = self.rows.change(&seen.stream) else { return };
                row.version = seen.version;
                row.changed_at = seen.recorded_at;
                row.take(event);
                if let Event::Submitted(_) = event {
                    row.asked_position = Some(seen.position);
                    row.asked_at = Some(seen.recorded_at);
                }
                row.waits_for = Json(waits_for(row.round.0.as_ref()));
            }
            What::Policy(policy::Event::PackApplied(applied)) => {
                let Some(proposal) = applied.proposal else { return };
                let Some(row) = self.rows.change(&proposal.to_string().into()) else { return };
                row.applied_at.get_or_insert(seen.recorded_at);
            }
            What::Policy(_)
            | What::Customer(_)
            | What::Product(_)
            | What::Staff(_)
            | What::Foreign => {}
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.rows]
    }
}

fn waits_for(round: Option<&Round>) -> Vec<Role> {
    round.map(|round| round.waits_for().into_iter().collect()).unwrap_or_default()
}

impl ProposalRow {
    fn new(seen: &Seen, content: &Content) -> Self {
        let mut row = Self {
            proposal: Arc::clone(&seen.stream),
            status: String::new(),
            name: String::new(),
            summary: String::new(),
            hash: String::new(),
            base: String::new(),
            author: seen.actor.as_ref().map(ToString::to_string),
            waits_for: Json(Vec::new()),
            round: Json(None),
            version: seen.version,
            drafted_at: seen.recorded_at,
            changed_at: seen.recorded_at,
            applied_at: None,
            asked_position: None,
            asked_at: None,
        };
        row.write(content);
        row
    }

    fn write(&mut self, content: &Content) {
        self.name.clone_from(&content.pack.name);
        self.summary = content.summary.to_string();
        self.hash.clone_from(&content.hash);
        self.base.clone_from(&content.base);
        self.stand(Standing::Draft);
    }

    fn stand(&mut self, standing: Standing) {
        standing.code().clone_into(&mut self.status);
        if standing != Standing::InApproval {
            self.round = Json(None);
            self.asked_position = None;
            self.asked_at = None;
        }
    }

    fn take(&mut self, event: &Event) {
        match event {
            Event::Drafted(_) => {}
            Event::Revised(revised) => self.write(&revised.content),
            Event::Simulated(_) | Event::Returned(_) => self.stand(Standing::Draft),
            Event::Submitted(submitted) => {
                self.stand(Standing::InApproval);
                self.round = Json(Some(Round::begin(&submitted.opened)));
            }
            Event::VoteCast(voted) => {
                if let Some(round) = &mut self.round.0 {
                    round.take(&voted.vote);
                }
            }
            Event::StageOpened(opened) => {
                if let Some(round) = &mut self.round.0 {
                    round.open_next(opened);
                }
            }
            Event::Approved(_) => self.stand(Standing::Approved),
            Event::Rejected(_) => self.stand(Standing::Rejected),
            Event::Withdrawn(_) => self.stand(Standing::Withdrawn),
        }
    }

    /// Whether this person's vote is wanted, as somebody who holds these roles.
    pub fn asks(&self, staff: &StaffId, roles: &std::collections::BTreeSet<Role>) -> bool {
        self.round.0.as_ref().is_some_and(|round| round.asks(staff, roles).is_ok())
    }
}

/// Proposals, by id.
pub async fn list(
    engine: &Engine,
    status: Option<&str>,
    keyset: &Keyset,
) -> Result<Listed<ProposalRow>, Error> {
    let sql = format!("SELECT {} {LISTED}", column_names::<ProposalRow>());
    let rows = fetch!(engine, ProposalRow, &sql, keyset.text(), status, keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.proposal.to_string()))
}

/// Proposals that wait for votes, the longest first.
pub async fn asked(engine: &Engine, keyset: &Keyset) -> Result<Listed<ProposalRow>, Error> {
    let sql = format!("SELECT {} {ASKED}", column_names::<ProposalRow>());
    let rows = fetch!(engine, ProposalRow, &sql, keyset.number(0)?, keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.asked_position.unwrap_or(0).to_string()))
}
