//! The stage for the customer's tests: one customer, two products, the delivered pack, and a day that can be turned.
//!
//! Every accepted command is folded, and the running totals are compared with a recount each time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    Command, Customer, Event, Rejection, approving, credit,
    qualification::{self, Remarks},
    receivables,
    registration::{self, CustomerKind},
    trading::{self, Placement},
};
use crate::{
    approval::{Assemblies, Person},
    context::{Context, Facts},
    decider::Decider,
    decision::{CauseCode, Decision, Outcome},
    ids::{InvoiceId, OrderId, ProductId},
    money::{Currency, Money},
    policy::{InForce, Pack},
    product::{self, Product},
    staff::Role,
    turn::Turn,
};

pub(super) struct Stage {
    pub(super) customer: Customer,
    pub(super) facts: Facts,
    /// Who works here.
    pub(super) people: Arc<Vec<Person>>,
    today: String,
    now: DateTime<Utc>,
    count: u128,
}

/// The implant (class III, 13-07-02) and the syringe (class II, 14-01-01) of the tests.
pub(super) const STENT: u128 = 0x57E17;
pub(super) const SYRINGE: u128 = 0x57417;

pub(super) fn product_id(n: u128) -> ProductId {
    ProductId::from_uuid(Uuid::from_u128(n))
}

pub(super) fn cny(amount: &str) -> Money {
    Money::parse(amount, Currency::CNY).unwrap()
}

/// A distributor on 2026-11-22 that nobody has looked at yet.
pub(super) fn stage() -> Stage {
    Stage::of(CustomerKind::Distributor, "91330100000000001C")
}

/// The same, approved with a business licence and a class III trading licence for 13, both until 2029-01-09.
pub(super) fn qualified() -> Stage {
    let mut stage = stage();
    stage.approve(&[licence("2029-01-09"), business_licence()]);
    stage
}

/// The same, with a limit of so much.
pub(super) fn with_limit(amount: &str) -> Stage {
    let mut stage = qualified();
    stage.grant(json!({"limit": {"kind": "amount", "amount": cny(amount)},
        "terms": {"from": "invoice", "days": 60}}));
    stage
}

pub(super) fn business_licence() -> Value {
    json!({"kind": "business_licence", "number": "91330100000000001C", "valid_from": "2015-03-01",
        "long_term": true, "copy": "sealed_copy"})
}

pub(super) fn licence(valid_to: &str) -> Value {
    json!({"kind": "device_trading_licence", "number": "浙杭药监械经营许20240001号",
        "valid_from": "2024-01-10", "valid_to": valid_to, "mode": "wholesale", "copy": "sealed_copy",
        "scope": [{"catalogue": "2017", "code": "13", "class": "III"}]})
}

impl Stage {
    pub(super) fn of(kind: CustomerKind, uscc: &str) -> Self {
        let pack = Pack::default_pack();
        let mut facts = Facts::default();
        let hash = Arc::from(pack.hash().unwrap());
        facts.policy = Some(Arc::new(InForce { version: 1, hash, pack: Arc::new(pack) }));
        facts.products.insert(product_id(STENT), Arc::new(product(&stent(), STENT)));
        facts.products.insert(product_id(SYRINGE), Arc::new(product(&syringe(), SYRINGE)));
        let customer = Customer::default();
        let Turn { now, .. } = Turn::of_test();
        let today = "2026-11-22".to_owned();
        let mut stage = Self { customer, facts, people: company(), today, now, count: 0 };
        let particulars = serde_json::from_value(json!({
            "name": "示范医疗器械有限公司", "uscc": uscc, "kind": kind, "currency": "CNY",
            "account_manager": "staff-manager", "registered_address": "杭州市示范路 1 号",
        }));
        let register = registration::Register { particulars: particulars.unwrap(), code: None };
        stage.does(Command::Registration(registration::Command::Register(Box::new(register))));
        stage
    }

    pub(super) fn on(&mut self, today: &str) -> &mut Self {
        today.clone_into(&mut self.today);
        self
    }

    /// At a moment of the company's zone, like `2026-11-23T09:00:00`.
    pub(super) fn at(&mut self, moment: &str) -> &mut Self {
        self.now = local(moment);
        moment[..10].clone_into(&mut self.today);
        self
    }

    /// Changes the pack that is in force.
    pub(super) fn rules(&mut self, change: impl FnOnce(&mut Pack)) {
        let mut pack = Pack::default_pack();
        change(&mut pack);
        let hash = Arc::from(pack.hash().unwrap());
        self.facts.policy = Some(Arc::new(InForce { version: 2, hash, pack: Arc::new(pack) }));
    }

    /// Somebody is no longer here.
    pub(super) fn leaves(&mut self, name: &str) {
        Arc::make_mut(&mut self.people).retain(|person| person.staff.as_str() != name);
    }

    pub(super) fn joins(&mut self, name: &str, role: Role) {
        Arc::make_mut(&mut self.people).push(Person::new(name.parse().unwrap(), [role].into()));
    }

    pub(super) fn context(&self, actor: &str, roles: &[Role]) -> Context {
        let mut turn = Turn::of_test_numbered(self.count + 1);
        turn.actor = actor.parse().unwrap();
        turn.today = self.today.parse().unwrap();
        turn.now = self.now;
        let actor = roles.iter().copied().collect();
        let assemblies = Assemblies::alike(&self.people, actor);
        let (roles, facts) = (roles.to_vec(), self.facts.clone());
        Context { turn, roles, assemblies, business_date: None, facts }
    }

    /// Whatever was decided with the context of now, the next one has another id.
    pub(super) fn count_on(&mut self) {
        self.count += 1;
    }

    /// As somebody, with roles.
    pub(super) fn ask(
        &mut self,
        actor: &str,
        roles: &[Role],
        command: &Command,
    ) -> Result<Vec<Event>, Rejection> {
        let context = self.context(actor, roles);
        self.count += 1;
        let events = self.customer.decide(&context, command)?;
        for event in &events {
            let again = self.customer.decide_again(event, context.turn.command_id, &context.facts);
            assert_eq!(again.as_ref(), event.decision(), "{}", event.kind());
            self.customer.evolve(event);
            assert_eq!(self.customer.totals, self.customer.recount(), "after {}", event.kind());
        }
        Ok(events)
    }

    #[expect(clippy::needless_pass_by_value, reason = "a test hands its command over")]
    pub(super) fn does(&mut self, command: Command) -> Vec<Event> {
        self.ask("staff-somebody", &[], &command).unwrap()
    }

    #[expect(clippy::needless_pass_by_value, reason = "a test hands its command over")]
    pub(super) fn refused(&mut self, actor: &str, command: Command) -> &'static str {
        self.ask(actor, &[], &command).unwrap_err().code()
    }

    pub(super) fn upload(&mut self, paper: Value) {
        let paper = serde_json::from_value(paper).unwrap();
        let upload = qualification::Command::Upload(Box::new(qualification::Upload { paper }));
        self.ask("staff-sales", &[], &Command::Qualification(upload)).unwrap();
    }

    pub(super) fn submit(&mut self) {
        let submit = Command::Qualification(qualification::Command::Submit { name: None });
        self.ask("staff-sales", &[], &submit).unwrap();
    }

    pub(super) fn approve(&mut self, papers: &[Value]) -> Vec<Event> {
        for paper in papers {
            self.upload(paper.clone());
        }
        self.submit();
        self.agrees()
    }

    /// Everybody who is asked about the papers under review agrees, one after the other; answers what the last vote brought about.
    pub(super) fn agrees(&mut self) -> Vec<Event> {
        let mut last = Vec::new();
        for (name, role) in DEPARTMENTS {
            let case = self.customer.cases.qualification.as_ref();
            let waits = case.filter(|case| case.is_open()).map(|case| case.round.waits_for());
            if waits.is_some_and(|waits| waits.contains(&role)) {
                last = self.ask(&format!("staff-{name}"), &[role], &vote()).unwrap();
            }
        }
        last
    }

    pub(super) fn grant(&mut self, grant: Value) -> Vec<Event> {
        let grant = Box::new(serde_json::from_value(grant).unwrap());
        let grant = Command::Credit(credit::Command::Grant(grant));
        let mut last = self.ask("staff-credit", &[Role::Credit], &grant).unwrap();
        let others = [
            ("staff-finance", Role::Finance),
            ("staff-credit-2", Role::Credit),
            ("staff-compliance", Role::Compliance),
        ];
        for (name, role) in others {
            let case = self.customer.cases.credit.clone();
            let Some(case) = case.filter(|case| case.round.waits_for().contains(&role)) else {
                continue;
            };
            let which = approving::Which::Case(case.id);
            let vote = approving::Command { which, act: agreement() };
            last = self.ask(name, &[role], &Command::Approving(vote)).unwrap();
        }
        last
    }

    /// So many pieces at so much, wanted today unless said otherwise.
    pub(super) fn order(&mut self, product: u128, quantity: u32, unit_price: &str) -> Answer {
        self.order_with(&placement(product, quantity, unit_price))
    }

    pub(super) fn order_with(&mut self, placement: &Placement) -> Answer {
        let place = trading::Command::Place(Box::new(placement.clone()));
        let events = self.ask("staff-sales", &[Role::Sales], &Command::Trading(place)).unwrap();
        let (outcome, taken) = match events.first() {
            Some(Event::OrderPlaced(e)) => ("placed", e),
            Some(Event::OrderHeld(e)) => ("held", e),
            Some(Event::OrderDenied(e)) => ("denied", e),
            other => panic!("{other:?}"),
        };
        Answer { outcome, order: taken.order, decision: taken.decision.clone() }
    }

    pub(super) fn ship(&mut self, order: OrderId, lots: Value) -> Event {
        let lines = serde_json::from_value(lots).unwrap();
        let ship = trading::ShipGoods { order, lines, shipped_on: None };
        let ship = Command::Trading(trading::Command::Ship(Box::new(ship)));
        let mut events = self.ask("staff-warehouse", &[Role::Warehouse], &ship).unwrap();
        events.swap_remove(0)
    }

    pub(super) fn ships(&mut self, order: OrderId, quantity: u32) -> Event {
        self.ship(
            order,
            json!([{"line": 1, "quantity": quantity, "lot": "L1",
            "manufactured_on": "2026-01-05", "expires_on": "2028-01-04"}]),
        )
    }

    pub(super) fn invoice(&mut self, order: OrderId, number: &str) -> Vec<Event> {
        let issue = receivables::IssueInvoice {
            number: number.parse().unwrap(),
            issued_on: None,
            title: None,
            scope: receivables::InvoiceScope::Shipments { order, shipments: Vec::new() },
        };
        self.does(Command::Receivables(receivables::Command::Invoice(Box::new(issue))))
    }

    /// Sells on credit up to the invoice.
    pub(super) fn sold(&mut self, quantity: u32, unit_price: &str, number: &str) -> InvoiceId {
        let order = self.order(STENT, quantity, unit_price).order;
        self.ships(order, quantity);
        match self.invoice(order, number).first() {
            Some(Event::InvoiceIssued(issued)) => issued.invoice,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn pays(&mut self, amount: &str, apply: receivables::Allocation) -> Vec<Event> {
        self.does(receive(amount, apply))
    }

    pub(super) fn releases(
        &mut self,
        actor: &str,
        role: Role,
        order: OrderId,
    ) -> Result<Vec<Event>, Rejection> {
        let release = trading::ReleaseOrder {
            order,
            reason: "客户已承诺付款".parse().unwrap(),
            tolerance_percent: 5,
            expires_on: None,
        };
        let release = Command::Trading(trading::Command::Release(Box::new(release)));
        self.ask(actor, &[role], &release)
    }
}

pub(super) fn local(moment: &str) -> DateTime<Utc> {
    format!("{moment}+08:00").parse().unwrap()
}

/// Who is asked about papers, in the order of the delivered routes.
const DEPARTMENTS: [(&str, Role); 4] = [
    ("sales-lead", Role::Sales),
    ("legal", Role::Legal),
    ("compliance", Role::Compliance),
    ("quality", Role::Quality),
];

/// Who works here: one of each department, a second one of some.
pub(super) fn company() -> Arc<Vec<Person>> {
    let of = |name: &str, role: Role| {
        Person::new(format!("staff-{name}").parse().unwrap(), [role].into())
    };
    let mut people: Vec<Person> = DEPARTMENTS.iter().map(|(name, role)| of(name, *role)).collect();
    people.extend([
        of("sales", Role::Sales),
        of("quality-2", Role::Quality),
        of("credit", Role::Credit),
        of("credit-2", Role::Credit),
        of("finance", Role::Finance),
        of("manager", Role::Credit),
    ]);
    Arc::new(people)
}

/// A vote for the papers under review.
pub(super) fn vote() -> Command {
    approving(agreement())
}

pub(super) fn agreement() -> approving::Act {
    approving::Act::Approve { remarks: Remarks::default(), content: None }
}

/// Something done about the papers under review.
pub(super) fn approving(act: approving::Act) -> Command {
    Command::Approving(approving::Command { which: approving::Which::Qualification, act })
}

pub(super) fn receive(amount: &str, apply: receivables::Allocation) -> Command {
    Command::Receivables(receivables::Command::Receive(Box::new(receivables::ReceiveCash {
        reference: "BANK-1".parse().unwrap(),
        amount: cny(amount),
        received_on: None,
        apply,
        origin: None,
    })))
}

pub(super) fn placement(product: u128, quantity: u32, unit_price: &str) -> Placement {
    Placement {
        reference: None,
        currency: None,
        lines: vec![trading::PlacedLine {
            product: product_id(product),
            quantity: serde_json::from_value(json!(quantity)).unwrap(),
            unit_price: unit_price.parse().unwrap(),
        }],
        requested_ship_date: None,
        ship_to: None,
        payment: None,
    }
}

/// What an order was answered.
pub(super) struct Answer {
    pub(super) outcome: &'static str,
    pub(super) order: OrderId,
    pub(super) decision: Decision,
}

impl Answer {
    /// The outcome, with the causes that stop or bind.
    pub(super) fn is(&self) -> (&'static str, Vec<&'static str>) {
        (self.outcome, codes(&self.decision))
    }
}

/// The codes of all causes that do more than advise.
pub(super) fn codes(decision: &Decision) -> Vec<&'static str> {
    let causes = decision.causes.iter();
    let causes = causes.filter(|c| Outcome::from(c.reaction) > Outcome::Allow);
    causes.map(|cause| CauseCode::code(cause.code)).collect()
}

fn product(body: &Value, n: u128) -> Product {
    let particulars = serde_json::from_value(body.clone()).unwrap();
    let register = product::Register { particulars, udi: None };
    let command = product::Command::Register(Box::new(register));
    let mut product = Product::default();
    for event in product.decide(&Turn::of_test_numbered(n), &command).unwrap() {
        product.evolve(&event);
    }
    product
}

fn stent() -> Value {
    json!({"code": "STENT-35-18", "name": "冠状动脉支架系统", "specification": "3.5×18 mm", "unit": "套",
        "class": "III", "catalogue": {"version": "2017", "code": "13-07-02"},
        "registration_number": "国械注准20243139901", "registered_from": "2024-06-01",
        "registered_to": "2029-05-31", "registrant": "示范器械有限公司",
        "manufacturer": "示范器械有限公司", "traits": ["implant"]})
}

fn syringe() -> Value {
    json!({"code": "SYR-5", "name": "一次性使用无菌注射器", "specification": "5 mL", "unit": "支",
        "class": "II", "catalogue": {"version": "2017", "code": "14-01-01"},
        "registration_number": "浙械注准20212149902", "registered_from": "2021-03-01",
        "registered_to": "2026-02-28", "registrant": "示范器械有限公司",
        "manufacturer": "示范器械有限公司"})
}
