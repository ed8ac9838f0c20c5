//! What can want approval: how it is asked for, which route it takes, what a vote on it binds, and what it brings about.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Case, CaseClosed, CaseOpened, CaseRoundOpened, Outcome, Standing, Why, clock, had_a_hand,
    reviewing::{self, Evidence, Reviewed},
};
use crate::{
    approval::{self, Lane, RoundOpened, Route, Stage, clock::Deadline},
    context::Context,
    customer::{
        Customer, Event, Rejection,
        credit::{self, Limit, LimitGranted},
        gate::money::overdue_of,
        qualification::{self, Remarks, ReviewKind},
        releasing,
        trading::Release,
    },
    decision::CauseKind,
    ids::{CaseId, OrderId, StaffId},
    money::Minor,
    policy::{
        InForce, Pack,
        approvals::{self, Chosen, Subject},
        bands::{self, Cap},
        facts,
        table::axis::Value,
    },
    text::Line,
    uscc::Uscc,
};

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Matter {
    /// The papers under review, and the customer's new name where they come with one.
    Qualification {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(value_type = Option<String>)]
        renames_to: Option<Line<200>>,
    },
    /// A limit, and the terms that go with it.
    Credit {
        grant: Box<LimitGranted>,
        /// Of Credit, whose terms these are; absent: as they were applied for, and not assessed yet.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assessed_by: Option<StaffId>,
    },
    /// Lifting what holds an order.
    Release { order: OrderId, release: Box<Release> },
    /// Looking again at what was agreed to, because facts have changed.
    ReReview { of: Reviewed, evidence: Vec<Evidence> },
}

impl Matter {
    pub fn subject(&self) -> Subject {
        match self {
            Self::Qualification { .. } => Subject::Qualification,
            Self::Credit { .. } => Subject::Credit,
            Self::Release { .. } => Subject::Release,
            Self::ReReview { of, .. } => of.subject(),
        }
    }

    /// Its kind, as it is written.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Qualification { .. } => "qualification",
            Self::Credit { .. } => "credit",
            Self::Release { .. } => "release",
            Self::ReReview { .. } => "re_review",
        }
    }

    /// What comes before the stages that the pack chooses: an application is assessed by Credit first.
    fn first_stage(&self, policy: &InForce) -> Option<Stage> {
        match self {
            Self::Credit { assessed_by: None, .. } => {
                let assessment = policy.pack.approvals().assessment.clone();
                Some(approvals::there(&assessment, &policy.pack.changes().stands_in))
            }
            Self::Credit { .. }
            | Self::Qualification { .. }
            | Self::Release { .. }
            | Self::ReReview { .. } => None,
        }
    }

    /// What it is when everybody agreed.
    pub(super) fn agreed(&self) -> Outcome {
        match self {
            Self::ReReview { .. } => Outcome::Confirmed,
            Self::Qualification { .. } | Self::Credit { .. } | Self::Release { .. } => {
                Outcome::Approved
            }
        }
    }
}

/// Something asked for now, with the route that it takes.
pub(super) struct Put {
    pub(super) opened: RoundOpened,
    pub(super) chosen: Chosen,
    pub(super) pack: String,
    pub(super) deadline: Option<Deadline>,
}

/// Asks for something: it takes effect at once where nobody else need agree, else it waits for votes.
pub(in crate::customer) fn request(
    customer: &Customer,
    context: &Context,
    matter: &Matter,
) -> Result<Vec<Event>, Rejection> {
    request_for(customer, context, matter, &context.turn.actor)
}

/// The same for somebody who asked earlier.
pub(super) fn request_for(
    customer: &Customer,
    context: &Context,
    matter: &Matter,
    by: &StaffId,
) -> Result<Vec<Event>, Rejection> {
    let before = customer.cases.of(matter).filter(|case| case.goes_on());
    let put = put(customer, context, matter, before, Some(by))?;
    let at_once = put.opened.route.stages.is_empty();
    let (round, content) = (put.opened.round, put.opened.content.clone());
    let (case, asked) = if let Some(case) = before {
        let why = match case.standing {
            Standing::Returned => Why::Resubmitted,
            Standing::Open | Standing::Rejected | Standing::Withdrawn => Why::Revised,
        };
        let asked = anew(case, matter.clone(), put, why, Some(by.clone()));
        (case.id, Event::CaseRoundOpened(Box::new(asked)))
    } else {
        let case = CaseId::from_uuid(context.turn.command_id);
        (case, opens(case, matter.clone(), put, by.clone()))
    };
    let mut events = vec![asked];
    if at_once {
        events.extend(effect(customer, context, matter, Remarks::default())?);
        events.push(closed(case, round, content, matter.agreed(), Some(by)));
    }
    Ok(events)
}

pub(super) fn opens(case: CaseId, matter: Matter, put: Put, requested_by: StaffId) -> Event {
    let Put { opened, chosen, pack, deadline } = put;
    let opened = CaseOpened { case, matter, opened, chosen, pack, requested_by, deadline };
    Event::CaseOpened(Box::new(opened))
}

pub(super) fn put(
    customer: &Customer,
    context: &Context,
    matter: &Matter,
    case: Option<&Case>,
    by: Option<&StaffId>,
) -> Result<Put, Rejection> {
    let policy = context.facts.policy.as_ref().ok_or(Rejection::NoRules)?;
    let (route, chosen) = routed(customer, context, policy, matter)?;
    let content = content(customer, matter, &policy.hash, &route)?;
    let round = case.map_or(0, |case| case.round.number).saturating_add(1);
    let hands = had_a_hand(customer, matter, case, by);
    let people = context.assemblies.of(matter.subject());
    let opened = match matter {
        // Nobody asked for it, so nobody can be refused: it waits for those who may look at it.
        Matter::ReReview { .. } => route.open_with_whoever_is_here(round, content, hands, people),
        Matter::Qualification { .. } | Matter::Credit { .. } | Matter::Release { .. } => {
            route.open(round, content, hands, people)?
        }
    };
    let first = opened.route.stages.first();
    let deadline = first.and_then(|stage| clock::deadline(context, stage));
    Ok(Put { opened, chosen, pack: policy.hash.to_string(), deadline })
}

/// The route that it takes under these rules, and why.
pub(super) fn routed(
    customer: &Customer,
    context: &Context,
    policy: &InForce,
    matter: &Matter,
) -> Result<(Route, Chosen), Rejection> {
    let (mut route, chosen) = choose(customer, context, policy, matter)?;
    if let Some(stage) = matter.first_stage(policy) {
        route.stages.insert(0, stage);
        route.lane = route.lane.max(Some(Lane::Fast));
    }
    Ok((route, chosen))
}

pub(super) fn anew(
    case: &Case,
    matter: Matter,
    put: Put,
    why: Why,
    requested_by: Option<StaffId>,
) -> CaseRoundOpened {
    let Put { opened, chosen, pack, deadline } = put;
    let voided = if case.is_open() { case.votes() } else { 0 };
    CaseRoundOpened {
        case: case.id,
        why,
        voided,
        matter,
        opened,
        chosen,
        pack,
        requested_by,
        changed_by: None,
        deadline,
    }
}

pub(super) fn closed(
    case: CaseId,
    round: u32,
    content: String,
    outcome: Outcome,
    by: Option<&StaffId>,
) -> Event {
    let (by, remarks) = (by.cloned(), Remarks::default());
    Event::CaseClosed(CaseClosed { case, round, content, outcome, reason: None, by, remarks })
}

/// What everybody agreed to happens.
pub(super) fn effect(
    customer: &Customer,
    context: &Context,
    matter: &Matter,
    remarks: Remarks,
) -> Result<Vec<Event>, Rejection> {
    match matter {
        Matter::Qualification { renames_to } => {
            Ok(vec![qualification::approved(customer, context, renames_to.clone(), remarks)])
        }
        Matter::Credit { grant, .. } => {
            let granted = credit::granted(customer, context, grant)?;
            Ok(vec![Event::LimitGranted(granted)])
        }
        Matter::Release { order, release } => {
            Ok(vec![releasing::released(customer, context, *order, release)?])
        }
        Matter::ReReview { .. } => Ok(Vec::new()),
    }
}

/// What a vote binds: what is asked for and about whom, on what evidence, under which rules, by which route.
pub(super) fn content(
    customer: &Customer,
    matter: &Matter,
    pack: &str,
    route: &Route,
) -> Result<String, Rejection> {
    let registration = &customer.registration;
    let who = registration.particulars.as_ref();
    let about = match matter {
        Matter::Qualification { renames_to } => {
            let file = &customer.qualification;
            let papers: BTreeMap<_, _> = file.in_review().map(|(id, d)| (id, &d.paper)).collect();
            serde_json::json!({ "papers": papers, "renames_to": renames_to })
        }
        Matter::Credit { grant, assessed_by } => serde_json::json!({
            "asked": grant, "assessed_by": assessed_by, "in_force": customer.credit.granted,
            "account_manager": registration.account_manager(),
        }),
        Matter::Release { order, release } => {
            let known = customer.orders.get(order);
            let lines: Vec<_> = known
                .into_iter()
                .flat_map(|it| &it.lines)
                .map(|line| serde_json::json!([line.product, line.to_ship(), line.unit_price]))
                .collect();
            let manager = registration.account_manager();
            serde_json::json!({
                "order": order, "lines": lines, "release": release, "account_manager": manager,
            })
        }
        Matter::ReReview { of, evidence } => {
            let manager = registration.account_manager();
            serde_json::json!({
                "re_review": of, "evidence": evidence, "account_manager": manager,
            })
        }
    };
    let bound = serde_json::json!({
        "name": who.map(|it| &it.name), "uscc": registration.uscc(), "kind": registration.kind(),
        "subject": matter.subject().code(), "about": about, "pack": pack, "route": route,
    });
    approval::content_hash(&bound).map_err(|error| Rejection::NotCanonical(error.to_string()))
}

fn choose(
    customer: &Customer,
    context: &Context,
    policy: &InForce,
    matter: &Matter,
) -> Result<(Route, Chosen), Rejection> {
    let pack = &policy.pack;
    if let Matter::ReReview { evidence, .. } = matter {
        return reviewing::route(pack, evidence);
    }
    let known = known(customer, context, policy, matter);
    let stands_in = &pack.changes().stands_in;
    let said = |fact: &str| known.get(fact).cloned().unwrap_or(Value::Missing);
    let (route, chosen) = pack
        .approvals()
        .choose(matter.subject(), stands_in, said)
        .map_err(|fault| Rejection::NoRoute { fault: fault.code() })?;
    let caps = match matter {
        Matter::Credit { .. } => caps(pack, said)?,
        Matter::Qualification { .. } | Matter::Release { .. } | Matter::ReReview { .. } => {
            Vec::new()
        }
    };
    Ok((route, Chosen { caps, ..chosen }))
}

fn caps(pack: &Pack, known: impl Fn(&str) -> Value) -> Result<Vec<Cap>, Rejection> {
    bands::caps(pack, known).map_err(|fault| Rejection::NoBand { fault: fault.code() })
}

/// A limit and its terms are within what every band table allows this customer now.
pub(in crate::customer) fn within_caps(
    customer: &Customer,
    context: &Context,
    grant: &LimitGranted,
) -> Result<(), Rejection> {
    let Some(policy) = &context.facts.policy else { return Ok(()) };
    let matter = Matter::Credit { grant: Box::new(grant.clone()), assessed_by: None };
    let known = known(customer, context, policy, &matter);
    let said = |fact: &str| known.get(fact).cloned().unwrap_or(Value::Missing);
    for Cap { grade, limit, terms_days: days, .. } in caps(&policy.pack, said)? {
        let enough = match grant.limit {
            Limit::None => true,
            Limit::Unlimited => false,
            Limit::Amount { amount } => {
                let compared = amount.compare(limit);
                compared.map_err(|_| Rejection::NoBand { fault: "other_currency" })?.is_le()
            }
        };
        if !enough || terms_days(&policy.pack, grant) > days {
            return Err(Rejection::BeyondBand { grade, limit, terms_days: days });
        }
    }
    Ok(())
}

fn terms_days(pack: &Pack, grant: &LimitGranted) -> u32 {
    grant.terms.map_or(pack.credit.default_terms_days, |terms| terms.days)
}

/// What the table of a matter may ask.
fn known(
    customer: &Customer,
    context: &Context,
    policy: &InForce,
    matter: &Matter,
) -> BTreeMap<&'static str, Value> {
    let code = |code: &str| Value::Code(code.to_owned());
    // The tables speak of the company's currency; what is in another, at no rate that is on record, counts as the most there is.
    let own = customer.currency() == policy.pack.company.currency;
    let most = Value::Number(facts::MONEY_MAX.into());
    let money = |amount: Minor| {
        if own || !amount.is_positive() {
            Value::Number(amount.amount(customer.currency()).min(facts::MONEY_MAX.into()))
        } else {
            most.clone()
        }
    };
    let days = |days: u32| Value::Number(i64::from(days).min(facts::DAYS_MAX).into());
    let overdue = overdue_of(customer, &policy.pack, context.turn.today);
    let mut known = BTreeMap::from([
        (facts::CUSTOMER_KIND, code(customer.registration.kind().code())),
        (facts::OVERDUE_AMOUNT, money(overdue.amount)),
        (facts::OVERDUE_DAYS, days(overdue.days)),
    ]);
    match matter {
        Matter::Qualification { renames_to } => {
            let kind = match customer.qualification.review_kind() {
                ReviewKind::Renewal if renames_to.is_some() => ReviewKind::Change,
                kind => kind,
            };
            known.insert(facts::REVIEW_KIND, code(kind.code()));
            let buys = if customer.buys_class_i_only() { "class_i_only" } else { "any" };
            known.insert(facts::BUYS, code(buys));
        }
        Matter::Credit { grant, .. } => {
            let or_most = |amount: Option<Minor>| amount.map_or(most.clone(), money);
            let increase = customer.credit.cumulative_increase(&grant.limit, context.turn.today);
            known.insert(facts::LIMIT, or_most(grant.limit.amount()));
            known.insert(facts::CUMULATIVE_INCREASE, or_most(increase));
            known.insert(facts::TERMS_DAYS, days(terms_days(&policy.pack, grant)));
            let entity = customer.registration.uscc().map(Uscc::entity);
            known.insert(facts::ENTITY, entity.map_or(Value::Missing, |it| code(it.code())));
        }
        Matter::Release { order, release } => {
            let order = customer.orders.get(order);
            let value = order.map_or(Minor::ZERO, |order| order.open());
            let figures = release.lifted.iter().filter_map(|it| it.figure);
            let figure = figures.map(crate::money::Money::minor).max().unwrap_or(Minor::ZERO);
            let of_file =
                |it: &crate::customer::trading::Lifted| it.code.kind() == CauseKind::Qualification;
            let causes = if release.lifted.iter().all(of_file) { "qualification" } else { "money" };
            known.insert(facts::RELEASED_CAUSES, code(causes));
            known.insert(facts::RELEASE_VALUE, money(value));
            known.insert(facts::RELEASE_FIGURE, money(figure));
        }
        // A re-review is routed by what brought it about.
        Matter::ReReview { .. } => {}
    }
    known
}
