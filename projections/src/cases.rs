//! Cases: what wants approval for a customer, how far it is, and whose vote it waits for.
//!
//! Table `cases`, made by migration 0021. What its stages took is in `case_spans`.

pub mod spans;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::approval::Round;
use domain::approval::clock::Clock;
use domain::approval::cycle::Step;
use domain::customer::Event;
use domain::customer::approving::{CaseOpened, CaseRoundOpened, Matter, Outcome, clock};
use domain::ids::{CaseId, StaffId};
use domain::policy::approvals::Chosen;
use domain::staff::Role;
use journal::Engine;

use self::spans::SpanRow;
use crate::Error;
use crate::model::Model;
use crate::query::{Keyset, Listed, fetch};
use crate::seen::Seen;
use crate::store::bulk::column_names;
use crate::store::{Appends, Json, Rows, Stored, table};

table! {
    /// Something that wants approval, or wanted it.
    #[derive(Clone, Debug, PartialEq)]
    pub struct CaseRow in "cases" by case_id: Arc<str> {
        case_id: Arc<str>,
        customer: Arc<str>,
        /// `qualification`, `credit`, `release`.
        subject: String,
        matter: Json<Matter>,
        /// `open`, `approved`, `confirmed`, `rejected`, `returned`, `withdrawn`, `overtaken`.
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
        /// That of the open stage.
        clock: Option<Json<Clock>>,
        /// When it brings about something next, in microseconds since 1970.
        next_mark_us: Option<i64>,
        /// Everybody who asked for it, or for other terms.
        editors: Json<BTreeSet<StaffId>>,
        /// When questions about the open stage were asked and answered.
        waited: Json<Vec<(DateTime<Utc>, Option<DateTime<Utc>>)>>,
    }
}

const ASKED: &str = "FROM cases WHERE asked_position > $1 ORDER BY asked_position LIMIT $2";
const DUE: &str = "FROM cases WHERE next_mark_us <= $1 ORDER BY next_mark_us, case_id LIMIT $2";
const ONE: &str = "FROM cases WHERE case_id = $1 LIMIT 1";
const OF_CUSTOMER: &str =
    "FROM cases WHERE customer = $1 AND case_id > $2 ORDER BY case_id LIMIT $3";

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    rows: Rows<CaseRow>,
    spans: Appends<SpanRow>,
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
            let mut row = CaseRow::new(seen, opened);
            row.turn(event);
            self.rows.put(row);
            return;
        }
        let Some(case) = event.case() else { return };
        let Some(row) = self.rows.change(&key(case)) else { return };
        row.changed_at = seen.recorded_at;
        if let Some(span) = row.take(seen, event) {
            self.spans.put(span);
        }
        row.turn(event);
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.rows, &mut self.spans]
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
            clock: None,
            next_mark_us: None,
            editors: Json([opened.requested_by.clone()].into()),
            waited: Json(Vec::new()),
        };
        row.wait(seen);
        row
    }

    fn turn(&mut self, event: &Event) {
        let mut clock = self.clock.take().map(|clock| clock.0);
        clock::turn(&mut clock, event);
        let next = clock.as_ref().and_then(Clock::next);
        self.next_mark_us = next.map(|(at, _)| at.timestamp_micros());
        self.clock = clock.map(Json);
    }

    /// An open stage waits from here on.
    fn wait(&mut self, seen: &Seen) {
        self.asked_position = Some(seen.position);
        self.asked_at = Some(seen.recorded_at);
    }

    /// What an event changes, and the stage that it closes.
    #[expect(clippy::wildcard_enum_match_arm, reason = "what is of no case does not come here")]
    fn take(&mut self, seen: &Seen, event: &Event) -> Option<SpanRow> {
        let mut closed = None;
        match event {
            Event::CaseRoundOpened(opened) => {
                closed = self.close(seen, self.round.0.stage, None);
                self.ask_anew(seen, opened);
            }
            Event::CaseVoted(voted) => {
                let stage = self.round.0.stage;
                self.round.0.take(&voted.vote);
                if self.round.0.stage != stage {
                    closed = self.close(seen, stage, Some(&voted.vote.by));
                }
            }
            Event::CaseStageOpened(opened) => {
                let by = opened.returned.as_ref().map(|returned| &returned.by);
                closed = self.close(seen, self.round.0.stage, by);
                self.round.0.open_next(&opened.opened);
                self.question = None;
                self.wait(seen);
            }
            Event::InformationAsked(asked) => {
                self.question = Some(asked.question.to_string());
                self.waited.0.push((asked.at.unwrap_or(seen.recorded_at), None));
            }
            Event::InformationGiven(_) => {
                self.question = None;
                if let Some((_, answered)) = self.waited.0.last_mut() {
                    *answered = Some(seen.recorded_at);
                }
            }
            Event::ReviewerAdded(added) => self.round.0.add_reviewer(&added.reviewer),
            Event::CaseTransferred(moved) => self.round.0.transfer(&moved.from, &moved.to),
            Event::CaseEscalated(more) => self.round.0.escalate(more.level, &more.also),
            Event::CaseClosed(ended) => {
                closed = self.close(seen, self.round.0.stage, ended.by.as_ref());
                self.end(ended.outcome);
            }
            _ => {}
        }
        closed
    }

    fn ask_anew(&mut self, seen: &Seen, opened: &CaseRoundOpened) {
        self.matter = Json(opened.matter.clone());
        "open".clone_into(&mut self.status);
        self.chosen = Json(opened.chosen.clone());
        self.pack.clone_from(&opened.pack);
        self.round = Json(Round::begin(&opened.opened));
        self.editors.0.extend(opened.requested_by.clone());
        self.question = None;
        self.wait(seen);
    }

    /// The open stage waits no longer, by whose say; none where none was open.
    fn close(&mut self, seen: &Seen, stage: u32, owner: Option<&StaffId>) -> Option<SpanRow> {
        let opened_at = self.asked_at.take()?;
        self.asked_position = None;
        let waited = std::mem::take(&mut self.waited.0);
        self.round.0.stage_at(stage)?;
        let closed_at = seen.recorded_at;
        let answered = |(from, to): (_, Option<_>)| (from, to.unwrap_or(closed_at));
        Some(SpanRow {
            position: seen.position,
            case_id: Arc::clone(&self.case_id),
            step: Json(Step {
                matter: self.matter.0.code().to_owned(),
                lane: self.round.0.route.lane,
                stage,
                owner: owner.cloned(),
            }),
            opened_us: opened_at.timestamp_micros(),
            closed_us: closed_at.timestamp_micros(),
            waited: Json(waited.into_iter().map(answered).collect()),
            breached: self.clock.as_ref().is_some_and(|clock| clock.0.is_late(closed_at)),
        })
    }

    fn end(&mut self, outcome: Outcome) {
        outcome.code().clone_into(&mut self.status);
        self.question = None;
    }

    /// Whether this person's vote is wanted, as somebody who holds these roles.
    pub fn asks(&self, staff: &StaffId, roles: &BTreeSet<Role>) -> bool {
        self.asked_position.is_some() && self.round.0.asks(staff, roles).is_ok()
    }

    /// Whether this person is told of the open stage and not asked: as one of those whom it informs, as who asked for it, or as who
    /// looks after the account.
    pub fn tells(&self, staff: &StaffId, roles: &BTreeSet<Role>, manager: Option<&str>) -> bool {
        let round = &self.round.0;
        let stage = round.open_stage().filter(|_| self.asked_position.is_some());
        let asked = round.electorate.iter().any(|person| person.staff == *staff);
        let informed = stage.is_some_and(|stage| stage.inform.iter().any(|it| roles.contains(it)));
        let concerned = self.editors.0.contains(staff) || manager == Some(staff.as_str());
        stage.is_some() && !asked && (informed || concerned)
    }
}

/// Cases that wait for votes, the longest first.
pub async fn asked(engine: &Engine, keyset: &Keyset) -> Result<Listed<CaseRow>, Error> {
    let sql = format!("SELECT {} {ASKED}", column_names::<CaseRow>());
    let rows = fetch!(engine, CaseRow, &sql, keyset.number(0)?, keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.asked_position.unwrap_or(0).to_string()))
}

/// Cases whose clock has come to a mark, the earliest first.
pub async fn due(engine: &Engine, now: DateTime<Utc>, limit: u32) -> Result<Vec<CaseRow>, Error> {
    let sql = format!("SELECT {} {DUE}", column_names::<CaseRow>());
    Ok(fetch!(engine, CaseRow, &sql, now.timestamp_micros(), i64::from(limit))?)
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
