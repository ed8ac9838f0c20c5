//! What takes effect only once others agreed to it, each test named after its row of the feature table.

mod caps;
mod hands;
mod lanes;
mod levels;
mod mended;
mod model;
mod record;
mod routes;
mod signed;

use std::sync::Arc;

use serde_json::{Value, json};

use crate::customer::given::{
    STENT, Stage, agreement, business_licence, cny, licence, qualified, stage, vote,
};
use crate::{
    approval::{Person, Route},
    customer::{
        Command, Event, Rejection,
        approving::{self, Act, Case, Which},
        credit,
        qualification::{self, Remarks},
        registration,
    },
    digest::Sha256Digest,
    ids::{CaseId, OrderId},
    policy::{InForce, Pack},
    signature::{Component, Meaning, Signature},
    staff::Role,
};

fn person(name: &str, roles: &[Role]) -> Person {
    Person::new(format!("staff-{name}").parse().unwrap(), roles.iter().copied().collect())
}

/// Somebody who may use another's roles beside their own.
fn delegate(name: &str, roles: &[Role], of: &str, lent: &[Role]) -> Person {
    let mut person = person(name, roles);
    let principal = format!("staff-{of}").parse().unwrap();
    person.stands_in_for.insert(principal, lent.iter().copied().collect());
    person
}

/// In the place of whoever has that name, or besides.
fn employ(stage: &mut Stage, person: Person) {
    let people = Arc::make_mut(&mut stage.people);
    people.retain(|known| known.staff != person.staff);
    people.push(person);
}

fn dismiss(stage: &mut Stage, name: &str) {
    let staff = format!("staff-{name}").parse().unwrap();
    Arc::make_mut(&mut stage.people).retain(|known| known.staff != staff);
}

/// Asked as that person, with the roles that they have.
fn does(stage: &mut Stage, name: &str, command: &Command) -> Result<Vec<Event>, Rejection> {
    let staff = format!("staff-{name}").parse().unwrap();
    let known = stage.people.iter().find(|person| person.staff == staff);
    let roles: Vec<Role> = known.into_iter().flat_map(|it| it.departments.clone()).collect();
    stage.ask(&format!("staff-{name}"), &roles, command)
}

/// The code of the refusal.
fn refused(stage: &mut Stage, name: &str, command: &Command) -> &'static str {
    let before = stage.customer.clone();
    let code = does(stage, name, command).unwrap_err().code();
    assert_eq!(stage.customer, before, "a refusal changes nothing");
    code
}

fn kinds(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(Event::kind).collect()
}

/// The papers of a first review, all the way.
fn prepare(stage: &mut Stage) {
    stage.upload(business_licence());
    stage.upload(licence("2029-01-09"));
}

fn submitted() -> Stage {
    let mut stage = stage();
    prepare(&mut stage);
    stage.submit();
    stage
}

fn papers(stage: &Stage) -> &Case {
    stage.customer.cases.qualification.as_ref().unwrap()
}

fn of_credit(stage: &Stage) -> &Case {
    stage.customer.cases.credit.as_ref().unwrap()
}

fn limit(amount: &str) -> Value {
    json!({"limit": {"kind": "amount", "amount": cny(amount)}})
}

fn grant(body: Value) -> Command {
    let grant = Box::new(serde_json::from_value(body).unwrap());
    Command::Credit(credit::Command::Grant(grant))
}

fn apply(body: Value) -> Command {
    let grant = Box::new(serde_json::from_value(body).unwrap());
    Command::Credit(credit::Command::Apply(grant))
}

fn on_credit(stage: &Stage, act: Act) -> Command {
    Command::Approving(approving::Command { which: Which::Case(of_credit(stage).id), act })
}

fn on_case(case: CaseId, act: Act) -> Command {
    Command::Approving(approving::Command { which: Which::Case(case), act })
}

/// A vote for the limit that is asked for.
fn agrees(stage: &mut Stage, name: &str) -> Result<Vec<Event>, Rejection> {
    let vote = on_credit(stage, agreement());
    does(stage, name, &vote)
}

fn release(order: OrderId) -> Command {
    let release = crate::customer::trading::ReleaseOrder {
        order,
        reason: "客户已承诺付款".parse().unwrap(),
        tolerance_percent: 5,
        expires_on: None,
    };
    Command::Trading(crate::customer::trading::Command::Release(Box::new(release)))
}

fn on_release(order: OrderId, act: Act) -> Command {
    Command::Approving(approving::Command { which: Which::Release(order), act })
}

/// An order of so many pieces at 100,000.00 that is held by its value.
fn held(stage: &mut Stage, pieces: u32) -> OrderId {
    let answer = stage.order(STENT, pieces, "100000.00");
    assert_eq!(answer.is(), ("held", vec!["credit.over_limit"]));
    answer.order
}

/// Somebody's signature under something, of a record that the door has looked at.
fn signature(name: &str, content: &str) -> Signature {
    Signature {
        signer: format!("staff-{name}").parse().unwrap(),
        name_digest: Sha256Digest([1; 32]),
        role: Role::Quality,
        at: crate::turn::Turn::of_test().now,
        zone: chrono_tz::Tz::Asia__Shanghai,
        meaning: Meaning::Approve,
        stream: "customer-1".to_owned(),
        content: content.to_owned(),
        components: [Component::Password, Component::Code].into(),
    }
}

/// A vote with a signature.
fn signing(signature: &Signature) -> Act {
    let signed = Some(Box::new(signature.clone()));
    let remarks = Remarks { comment: None, signature: None, signed };
    Act::Approve { remarks, content: None }
}

fn reject(reason: &str) -> Act {
    Act::Reject { reason: reason.parse().unwrap(), remarks: Remarks::default() }
}

fn give_back(stage: Option<u32>) -> Act {
    Act::Return { reason: "请补充".parse().unwrap(), remarks: Remarks::default(), stage }
}

fn submit() -> Command {
    Command::Qualification(qualification::Command::Submit { name: None })
}

/// Another pack comes to apply.
fn with_pack(stage: &mut Stage, change: impl FnOnce(&mut Value)) {
    let mut pack = serde_json::to_value(Pack::default_pack()).unwrap();
    change(&mut pack);
    let pack: Pack = serde_json::from_value(pack).unwrap();
    let hash = Arc::from(pack.hash().unwrap());
    stage.facts.policy = Some(Arc::new(InForce { version: 2, hash, pack: Arc::new(pack) }));
}

fn departments(route: &Route) -> Vec<Vec<Role>> {
    route.stages.iter().map(|stage| stage.departments.clone()).collect()
}

fn manager(name: &str) -> Command {
    let amended = registration::ParticularsAmended {
        account_manager: Some(format!("staff-{name}").parse().unwrap()),
        ..registration::ParticularsAmended::default()
    };
    Command::Registration(registration::Command::Amend(Box::new(amended)))
}
