//! Whom a new rule would concern before it applies: customers with a decision that would have been another, or with a paper missing.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::customer::{Customer, Event};
use domain::decider::Decider as _;
use domain::ids::ProposalId;
use domain::permissions::Act;
use domain::policy::Pack;
use domain::policy::pack::Text;
use domain::wording;
use journal::{Filter, Journal, Position};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::card::base_of;
use super::trial::only_one;
use super::{known, missing_proposal};
use crate::auth::Caller;
use crate::csv::{self, Format};
use crate::day;
use crate::door::Door;
use crate::extract::{Path, Query};
use crate::policies::readable::report::{Report, Side};
use crate::policies::simulation::{Changed, Direction};
use crate::problem::Problem;

/// Events that are read at once.
const PAGE: usize = 2_000;

/// A customer whom a new rule would concern.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct AffectedRow {
    pub customer: String,
    pub name: String,
    pub kind: String,
    pub segment: Option<String>,
    pub region: Option<String>,
    /// Decisions that would have been others, as the simulation found.
    pub stricter: usize,
    pub looser: usize,
    pub otherwise: usize,
    /// Papers that the new pack asks for on that day and the present one does not.
    pub lacking: Vec<String>,
    pub lacking_zh: String,
    pub lacking_en: String,
}

/// Every customer's file under both packs on a day: those that the new one finds something missing in, by customer.
pub async fn lacking(
    journal: &Journal,
    (old, new): (&Pack, &Pack),
    on: NaiveDate,
) -> Result<BTreeMap<String, AffectedRow>, journal::Error> {
    let mut found = BTreeMap::new();
    for (stream, customer) in files(journal).await? {
        let causes = customer.lacking_anew(old, new, on);
        if causes.is_empty() {
            continue;
        }
        let texts: Vec<Text> = causes.iter().map(wording::message).collect();
        let zh: Vec<&str> = texts.iter().map(|text| text.zh.as_str()).collect();
        let en: Vec<&str> = texts.iter().map(|text| text.en.as_str()).collect();
        let row = AffectedRow {
            lacking: causes.iter().map(|cause| cause.code.code().to_owned()).collect(),
            lacking_zh: zh.concat(),
            lacking_en: en.join(" "),
            ..row(&stream, &customer)
        };
        found.insert(stream, row);
    }
    Ok(found)
}

/// With the decisions that a simulation found to be others.
pub fn joined(mut rows: BTreeMap<String, AffectedRow>, changed: &[Changed]) -> Vec<AffectedRow> {
    for it in changed {
        let row = rows.entry(it.customer.clone()).or_insert_with(|| AffectedRow {
            customer: it.customer.clone(),
            name: it.name.clone(),
            kind: it.kind.clone(),
            segment: it.segment.clone(),
            region: it.region.clone(),
            ..AffectedRow::default()
        });
        let place = match it.direction {
            Direction::Stricter => &mut row.stricter,
            Direction::Looser => &mut row.looser,
            Direction::Otherwise => &mut row.otherwise,
        };
        *place = place.saturating_add(1);
    }
    rows.into_values().collect()
}

fn row(stream: &str, customer: &Customer) -> AffectedRow {
    let known = customer.registration.particulars.as_ref();
    AffectedRow {
        customer: stream.to_owned(),
        name: known.map(|it| it.name.to_string()).unwrap_or_default(),
        kind: customer.registration.kind().code().to_owned(),
        segment: known.and_then(|it| it.segment.as_ref().map(ToString::to_string)),
        region: known.and_then(|it| it.region.as_ref().map(ToString::to_string)),
        ..AffectedRow::default()
    }
}

/// Who the customers are and which papers they have, without their trade.
async fn files(journal: &Journal) -> Result<HashMap<String, Customer>, journal::Error> {
    let of_files =
        |kind: &&&str| kind.starts_with("registration.") || kind.starts_with("qualification.");
    let types = Event::TYPES.iter().filter(of_files).map(|kind| (*kind).to_owned()).collect();
    let filter = Filter { types, ..Filter::default() };
    let mut customers: HashMap<String, Customer> = HashMap::new();
    let mut after = Position::default();
    loop {
        let page = journal.after(after, &filter, PAGE).await?;
        for entry in &page.entries {
            let event: Event = journal.event(entry)?;
            customers.entry(entry.stream.clone()).or_default().evolve(&event);
        }
        after = page.next;
        if after >= page.head {
            return Ok(customers);
        }
    }
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AffectedQuery {
    /// A business date; without, the first one that the plan allows, or today.
    #[serde(default, deserialize_with = "day::optional")]
    on: Option<NaiveDate>,
    /// `csv` for a table.
    #[param(inline)]
    format: Option<Format>,
    /// A position that must be in it.
    #[param(minimum = 0)]
    at: Option<i64>,
}

/// Whom a new rule would concern.
#[derive(Debug, Serialize, ToSchema)]
pub struct Affected {
    proposal: ProposalId,
    hash: String,
    base: String,
    /// The day on which the files were judged.
    on: NaiveDate,
    /// Up to which event the simulation read, that the counts of decisions are from; absent: it was not simulated.
    upto: Option<i64>,
    /// By customer.
    items: Vec<AffectedRow>,
}

/// Whom a proposal would concern
///
/// Customers with a decision that the last simulation found to be another, and those in whose file the new pack misses a paper on the day
/// on which it begins to apply. One such list is made at a time.
#[utoipa::path(get, path = "/v1/policies/{id}/affected", tag = "policies",
    params(("id" = ProposalId, Path), AffectedQuery), responses((status = 200, body = Affected)))]
pub async fn affected(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<ProposalId>,
    Query(query): Query<AffectedQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadControls)?;
    door.recorded(query.at).await?;
    let (_, proposal) = known(&door, id).await?;
    let content = proposal.content.as_ref().ok_or_else(|| missing_proposal(&proposal))?;
    let base = base_of(&door, &content.base);
    let base = base.ok_or_else(|| Problem::not_found("policy pack", &content.base))?;
    let on = query.on.or_else(|| content.first_day()).unwrap_or_else(|| door.today());
    let _permit = only_one(&door)?;
    let mut rows = lacking(door.journal(), (&base, &content.pack), on).await?;
    let report = match proposal.simulation.as_ref().and_then(|it| it.report.as_deref()) {
        Some(named) => {
            let report = door.simulations().made(named).await?;
            Some(serde_json::from_slice::<Report>(&report).map_err(Problem::internal)?)
        }
        None => None,
    };
    for count in report.iter().flat_map(|it| &it.counts).filter(|it| it.by == Side::Customer) {
        if !rows.contains_key(&count.key) {
            let customer = door.journal().confirmed::<Customer>(&count.key).await?.state;
            rows.insert(count.key.clone(), row(&count.key, &customer));
        }
        if let Some(row) = rows.get_mut(&count.key) {
            row.stricter = count.stricter;
            row.looser = count.looser;
            row.otherwise = count.otherwise;
        }
    }
    let items: Vec<AffectedRow> = rows.into_values().collect();
    if query.format == Some(Format::Csv) {
        return csv::answer("affected", &items);
    }
    let told = Affected {
        proposal: id,
        hash: content.hash.clone(),
        base: content.base.clone(),
        on,
        upto: report.map(|it| it.upto),
        items,
    };
    Ok(axum::Json(told).into_response())
}
