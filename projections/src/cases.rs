//! Cases: what wants approval for a customer, how far it is, and whose vote it waits for.
//!
//! Table `cases`, made by migration 0021.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::approval::Round;
use domain::customer::Event;
use domain::customer::approving::{CaseOpened, CaseRoundOpened, Matter, Outcome};
use domain::ids::{CaseId, StaffId};
use domain::policy::approvals::Chosen;
use domain::staff::Role;
use journal::Engine;

use crate::Error;
use crate::model::Model;
use crate::query::{Keyset, Listed, fetch};
use crate::seen::Seen;
use crate::store::bulk::column_names;
use crate::store::{Json, Rows, Stored, table};

table! {
    /// Something that wants approval, or wanted it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct CaseRow in "cases" by case_id: Arc<str> {
        case_id: Arc<str>,
        customer: Arc<str>,
        /// `qualification`, `credit`, `release`.
        subject: String,
        matter: Json<Matter>,
        /// `open`, `approved`, `rejected`, `returned`, `withdrawn`, `overtaken`.
        status: String,
        /// Why it takes its route.
        chosen: Json<Chosen>,
        /// The hash of the pack that chose it.
        pack: String,
        round: Json<Round>,
        requested_by: String,
        /// What whoever asked has not answered yet.
        question: Option<String>,
        opened_at: DateTime<Utc>,
        changed_at: DateTime<Utc>,
        /// Of the event since which the open stage waits.
        asked_position: Option<i64>,
        asked_at: Option<DateTime<Utc>>,
    }
}

const ASKED: &str = "FROM cases WHERE asked_position > $1 ORDER BY asked_position LIMIT $2";
const ONE: &str = "FROM cases WHERE case_id = $1 LIMIT 1";
const OF_CUSTOMER: &str =
    "FROM cases WHERE customer = $1 AND case_id > $2 ORDER BY case_id LIMIT $3";

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    rows: Rows<CaseRow>,
}

impl Model for Cases {
    fn name(&self) -> &'static str {
        "cases"
    }

    fn ask(&mut self, seen: &Seen) {
        let Some(event) = seen.customer() else { return };
        if let Event::CaseOpened(opened) = event {
            self.rows.expect(&key(opened.case));
        } else if let Some(case) = event.case() {
            self.rows.ask(&key(case));
        }
    }

    fn fold(&mut self, seen: &Seen) {
        let Some(event) = seen.customer() else { return };
        if let Event::CaseOpened(opened) = event {
            self.rows.put(CaseRow::new(seen, opened));
            return;
        }
        let Some(case) = event.case() else { return };
        let Some(row) = self.rows.change(&key(case)) else { return };
        row.changed_at = seen.recorded_at;
        row.take(seen, event);
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.rows]
    }
}

fn key(case: CaseId) -> Arc<str> {
    case.to_string().into()
}

impl CaseRow {
    fn new(seen: &Seen, opened: &CaseOpened) -> Self {
        let mut row = Self {
            case_id: key(opened.case),
            customer: Arc::clone(&seen.stream),
            subject: opened.matter.subject().code().to_owned(),
            matter: Json(opened.matter.clone()),
            status: "open".to_owned(),
            chosen: Json(opened.chosen.clone()),
            pack: opened.pack.clone(),
            round: Json(Round::begin(&opened.opened)),
            requested_by: opened.requested_by.to_string(),
            question: None,
            opened_at: seen.recorded_at,
            changed_at: seen.recorded_at,
            asked_position: None,
            asked_at: None,
        };
        row.wait(seen);
        row
    }

    /// An open stage waits from here on.
    fn wait(&mut self, seen: &Seen) {
        self.asked_position = Some(seen.position);
        self.asked_at = Some(seen.recorded_at);
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "what is of no case does not come here")]
    fn take(&mut self, seen: &Seen, event: &Event) {
        match event {
            Event::CaseRoundOpened(opened) => self.ask_anew(seen, opened),
            Event::CaseVoted(voted) => self.round.0.take(&voted.vote),
            Event::CaseStageOpened(opened) => {
                self.round.0.open_next(&opened.opened);
                self.wait(seen);
            }
            Event::InformationAsked(asked) => self.question = Some(asked.question.to_string()),
            Event::InformationGiven(_) => self.question = None,
            Event::ReviewerAdded(added) => self.round.0.add_reviewer(&added.reviewer),
            Event::CaseTransferred(moved) => self.round.0.transfer(&moved.from, &moved.to),
            Event::CaseClosed(closed) => self.end(closed.outcome),
            _ => {}
        }
    }

    fn ask_anew(&mut self, seen: &Seen, opened: &CaseRoundOpened) {
        self.matter = Json(opened.matter.clone());
        "open".clone_into(&mut self.status);
        self.chosen = Json(opened.chosen.clone());
        self.pack.clone_from(&opened.pack);
        self.round = Json(Round::begin(&opened.opened));
        self.question = None;
        self.wait(seen);
    }

    fn end(&mut self, outcome: Outcome) {
        outcome.code().clone_into(&mut self.status);
        self.question = None;
        self.asked_position = None;
        self.asked_at = None;
    }

    /// Whether this person's vote is wanted, as somebody who holds these roles.
    pub fn asks(&self, staff: &StaffId, roles: &BTreeSet<Role>) -> bool {
        self.asked_position.is_some() && self.round.0.asks(staff, roles).is_ok()
    }
}

/// Cases that wait for votes, the longest first.
pub async fn asked(engine: &Engine, keyset: &Keyset) -> Result<Listed<CaseRow>, Error> {
    let sql = format!("SELECT {} {ASKED}", column_names::<CaseRow>());
    let rows = fetch!(engine, CaseRow, &sql, keyset.number(0)?, keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.asked_position.unwrap_or(0).to_string()))
}

/// One of them.
pub async fn one(engine: &Engine, case: CaseId) -> Result<Option<CaseRow>, Error> {
    let sql = format!("SELECT {} {ONE}", column_names::<CaseRow>());
    Ok(fetch!(engine, CaseRow, &sql, case.to_string())?.into_iter().next())
}

/// Those of a customer, by id.
pub async fn of_customer(
    engine: &Engine,
    customer: &str,
    keyset: &Keyset,
) -> Result<Listed<CaseRow>, Error> {
    let sql = format!("SELECT {} {OF_CUSTOMER}", column_names::<CaseRow>());
    let rows = fetch!(engine, CaseRow, &sql, customer, keyset.text(), keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.case_id.to_string()))
}
