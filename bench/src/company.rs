//! The company that trades in the benchmarks: two products, the delivered pack, and customers without number.
//!
//! Every customer is a distributor with a business licence, a trading licence for class III and a filing for class II, a
//! granted limit, and orders of one line. Ids and codes are made from the customer's number, so that every process and
//! every round speaks of the same ones.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::{
    approval::{Assemblies, Person},
    context::{Context, Facts},
    customer::{
        Command, approving, credit, qualification, receivables,
        registration::{self, CustomerKind},
        trading::{self, PlacedLine, Placement},
    },
    decider::Decider,
    decision::StreamVersion,
    ids::{CustomerId, OrderId, ProductId},
    money::{Currency, Money},
    policy::{self, Pack, Policy},
    product::{self, Product},
    staff::Role,
    turn::Turn,
    uscc::Uscc,
};
use journal::{Clock, SystemClock};
use serde_json::{Value, json};
use uuid::Uuid;

/// Of 100 customers so many have a limit that fits exactly [`TIGHT_ORDERS`] orders; everybody else's is never reached.
pub const TIGHT_OF_100: u32 = 1;
pub const TIGHT_ORDERS: usize = 10;
const ORDER_AMOUNT: i64 = 10_000;
const WIDE_LIMIT: i64 = 900_000_000;

/// Who agrees to papers, and to a wide limit, in the order of the delivered routes.
const REVIEWERS: [(&str, Role); 4] = [
    ("staff-sales-2", Role::Sales),
    ("staff-legal", Role::Legal),
    ("staff-compliance", Role::Compliance),
    ("staff-quality", Role::Quality),
];
const GRANTERS: [(&str, Role); 3] = [
    ("staff-finance", Role::Finance),
    ("staff-credit-2", Role::Credit),
    ("staff-compliance", Role::Compliance),
];

/// Every how many customers one is tight.
const fn is_tight(customer: u32) -> bool {
    customer % 100 < TIGHT_OF_100
}

pub struct Company {
    pub facts: Facts,
    pub policy: Vec<policy::Event>,
    pub products: Vec<(String, Vec<product::Event>)>,
    pub today: NaiveDate,
    people: Arc<Vec<Person>>,
    started: DateTime<Utc>,
}

fn people() -> Result<Arc<Vec<Person>>> {
    let others = [("staff-sales", Role::Sales), ("staff-credit", Role::Credit)];
    let all = REVIEWERS.iter().chain(&GRANTERS).chain(&others);
    let mut people: Vec<Person> = Vec::new();
    for (staff, role) in all {
        if !people.iter().any(|known| known.staff.as_str() == *staff) {
            people.push(Person::new(staff.parse()?, [*role].into()));
        }
    }
    Ok(Arc::new(people))
}

fn vote(which: approving::Which) -> Command {
    let remarks = qualification::Remarks::default();
    let act = approving::Act::Approve { remarks, content: None };
    Command::Approving(approving::Command { which, act })
}

impl Company {
    pub fn new() -> Result<Self> {
        let started = SystemClock.now();
        let pack = Pack::default_pack();
        let today = pack.today(started);
        let turn = turn(Uuid::from_u128(1), "staff-admin", started, today)?;
        let mut facts = Facts::default();
        let mut state = Policy::default();
        let policy = happens(
            &mut state,
            &policy::Context::alone(turn.clone()),
            &policy::Command::Load(Box::new(pack)),
        )?;
        facts.policy = state.in_force.map(Arc::new);
        facts.reads.push(StreamVersion { stream: policy::STREAM.to_owned(), version: 1 });
        let mut products = Vec::new();
        for (number, body) in [(1, stent()), (2, syringe())] {
            let id = product_id(number);
            let register =
                product::Register { particulars: serde_json::from_value(body)?, udi: None };
            let register = product::Command::Register(Box::new(register));
            let mut state = Product::default();
            products.push((id.to_string(), happens(&mut state, &turn, &register)?));
            facts.products.insert(id, Arc::new(state));
            facts.reads.push(StreamVersion { stream: id.to_string(), version: 1 });
        }
        Ok(Self { facts, policy, products, today, people: people()?, started })
    }

    /// The facts that an order of this product rests on, as they are read for it.
    fn facts_for(&self, product: ProductId) -> Facts {
        let known = self.facts.products.get_key_value(&product);
        let read = [policy::STREAM.to_owned(), product.to_string()];
        let reads = self.facts.reads.iter().filter(|it| read.contains(&it.stream));
        Facts {
            policy: self.facts.policy.clone(),
            products: known.into_iter().map(|(id, p)| (*id, Arc::clone(p))).collect(),
            reads: reads.cloned().collect(),
        }
    }

    pub fn context(&self, command_id: Uuid, actor: &str, role: Role) -> Result<Context> {
        let turn = turn(command_id, actor, SystemClock.now(), self.today)?;
        let assemblies = Assemblies::alike(&self.people, [role].into());
        let (roles, facts) = (vec![role], self.facts.clone());
        Ok(Context { turn, roles, assemblies, business_date: None, facts })
    }

    /// One line of ten pieces; the odd ones are implants of class III, the even ones syringes of class II.
    pub fn order(&self, customer: u32, command_id: Uuid) -> Result<Asked> {
        let product = Self::product_for(customer);
        let line = PlacedLine {
            product,
            quantity: serde_json::from_value(json!(10))?,
            unit_price: (ORDER_AMOUNT / 10).to_string().parse()?,
        };
        let placement = Placement {
            reference: Some("PO-2026-0001".parse()?),
            currency: None,
            lines: vec![line],
            requested_ship_date: Some(self.ship_date()?),
            ship_to: None,
            payment: None,
        };
        let mut context = self.context(command_id, "staff-sales", Role::Sales)?;
        context.facts = self.facts_for(product);
        let command = Command::Trading(trading::Command::Place(Box::new(placement)));
        Ok(Asked { command, context, command_id })
    }

    /// What this customer orders.
    pub fn product_for(customer: u32) -> ProductId {
        product_id(1 + u128::from(customer % 2))
    }

    pub fn ship_date(&self) -> Result<NaiveDate> {
        self.today.checked_add_days(Days::new(7)).context("no such day")
    }

    pub fn cancellation(&self, order: OrderId, command_id: Uuid) -> Result<Asked> {
        let cancel =
            trading::CancelOrder { order, reason: "客户撤单".parse()?, lines: Vec::new() };
        let context = self.context(command_id, "staff-sales", Role::Sales)?;
        let command = Command::Trading(trading::Command::Cancel(Box::new(cancel)));
        Ok(Asked { command, context, command_id })
    }

    /// Ships and invoices an order, and receives what is owed for it where it is to be paid.
    pub fn fulfilment(
        &self,
        order: OrderId,
        number: u64,
        paid: Paid,
    ) -> Result<Vec<(Command, &'static str, Role)>> {
        let made = self.today.checked_sub_days(Days::new(90)).context("no such day")?;
        let expires = self.today.checked_add_days(Days::new(700)).context("no such day")?;
        let lots = json!([{"line": 1, "quantity": 10, "lot": format!("L{}", number % 97),
            "manufactured_on": made, "expires_on": expires}]);
        let ship =
            trading::ShipGoods { order, lines: serde_json::from_value(lots)?, shipped_on: None };
        let issue = receivables::IssueInvoice {
            number: format!("INV-{number}").parse()?,
            issued_on: None,
            title: None,
            scope: receivables::InvoiceScope::Shipments { order, shipments: Vec::new() },
        };
        let mut steps = vec![
            (
                Command::Trading(trading::Command::Ship(Box::new(ship))),
                "staff-warehouse",
                Role::Warehouse,
            ),
            (
                Command::Receivables(receivables::Command::Invoice(Box::new(issue))),
                "staff-finance",
                Role::Finance,
            ),
        ];
        if paid == Paid::Yes {
            let receive = receivables::ReceiveCash {
                reference: format!("BANK-{number}").parse()?,
                amount: cny(ORDER_AMOUNT)?,
                received_on: None,
                apply: receivables::Allocation::Number(format!("INV-{number}").parse()?),
                origin: None,
            };
            let receive = receivables::Command::Receive(Box::new(receive));
            steps.push((Command::Receivables(receive), "staff-finance", Role::Finance));
        }
        Ok(steps)
    }

    /// From the registration to the granted limit.
    pub fn qualification(&self, customer: u32) -> Result<Vec<(Command, &'static str, Role)>> {
        let uscc = Uscc::with_check(&format!("9133010{customer:010}"))?;
        let particulars = json!({"name": format!("示范医疗器械有限公司第{customer}号"), "uscc": uscc,
            "kind": CustomerKind::Distributor, "region": "330100", "business_unit": "east",
            "account_manager": "staff-manager", "currency": "CNY",
            "registered_address": "杭州市示范路 1 号", "delivery_addresses": ["杭州市示范路 2 号库"]});
        let register = registration::Register {
            particulars: serde_json::from_value(particulars)?,
            code: None,
        };
        let register = registration::Command::Register(Box::new(register));
        let mut steps = vec![(Command::Registration(register), "staff-sales", Role::Sales)];
        for paper in papers(customer, uscc.as_str(), self.today)? {
            let upload = Box::new(qualification::Upload { paper: serde_json::from_value(paper)? });
            let upload = Command::Qualification(qualification::Command::Upload(upload));
            steps.push((upload, "staff-sales", Role::Sales));
        }
        let submit = Command::Qualification(qualification::Command::Submit { name: None });
        steps.push((submit, "staff-sales", Role::Sales));
        let votes =
            REVIEWERS.map(|(actor, role)| (vote(approving::Which::Qualification), actor, role));
        steps.extend(votes);
        let limit = if is_tight(customer) {
            ORDER_AMOUNT.saturating_mul(i64::try_from(TIGHT_ORDERS)?)
        } else {
            WIDE_LIMIT
        };
        let grant = json!({"limit": {"kind": "amount", "amount": cny(limit)?},
            "terms": {"from": "invoice", "days": 60}});
        let grant = credit::Command::Grant(Box::new(serde_json::from_value(grant)?));
        steps.push((Command::Credit(grant), "staff-credit", Role::Credit));
        if !is_tight(customer) {
            let votes = GRANTERS.map(|(actor, role)| (vote(approving::Which::Credit), actor, role));
            steps.extend(votes);
        }
        Ok(steps)
    }

    /// An id in the order of time, as the door makes them; `source` and `count` keep those of one run apart.
    pub fn fresh_id(source: u32, count: u32) -> Uuid {
        let millis = u64::try_from(SystemClock.now().timestamp_millis()).unwrap_or_default();
        timed_id(millis, source, count)
    }

    /// The same for what happened before the run.
    pub fn past_id(&self, source: u32, count: u32) -> Uuid {
        let millis = u64::try_from(self.started.timestamp_millis()).unwrap_or_default();
        timed_id(millis.saturating_sub(86_400_000), source, count)
    }

    pub fn started(&self) -> DateTime<Utc> {
        self.started
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Paid {
    Yes,
    No,
}

/// A command as it goes to either side.
#[derive(Clone)]
pub struct Asked {
    pub command: Command,
    pub context: Context,
    pub command_id: Uuid,
}

/// A decider's answer to a command, folded.
pub fn happens<D: Decider>(
    state: &mut D,
    context: &D::Context,
    command: &D::Command,
) -> Result<Vec<D::Event>> {
    let events = state.decide(context, command)?;
    for event in &events {
        state.evolve(event);
    }
    Ok(events)
}

pub fn stream(customer: u32) -> String {
    CustomerId::from_uuid(Uuid::from_u128(
        0x019A_A7B0_0000_7000_8000_0000_0000_0000 + u128::from(customer),
    ))
    .to_string()
}

/// What one customer with a tight limit must have placed in the end, at most.
pub fn placed_at_most(customer: u32) -> usize {
    if is_tight(customer) { TIGHT_ORDERS } else { usize::MAX }
}

fn timed_id(millis: u64, source: u32, count: u32) -> Uuid {
    let mut rest = [0; 10];
    let numbers = source.to_be_bytes().into_iter().chain([0, 0]).chain(count.to_be_bytes());
    for (byte, number) in rest.iter_mut().zip(numbers) {
        *byte = number;
    }
    uuid::Builder::from_unix_timestamp_millis(millis, &rest).into_uuid()
}

fn turn(command_id: Uuid, actor: &str, now: DateTime<Utc>, today: NaiveDate) -> Result<Turn> {
    Ok(Turn { command_id, actor: actor.parse()?, now, today })
}

fn product_id(number: u128) -> ProductId {
    ProductId::from_uuid(Uuid::from_u128(0x019A_A7B0_0000_7000_9000_0000_0000_0000 + number))
}

fn cny(amount: i64) -> Result<Money> {
    Ok(Money::parse(&amount.to_string(), Currency::CNY)?)
}

fn papers(customer: u32, uscc: &str, today: NaiveDate) -> Result<[Value; 3]> {
    let from = today.checked_sub_days(Days::new(700)).context("no such day")?;
    let to = today.checked_add_days(Days::new(1_100)).context("no such day")?;
    Ok([
        json!({"kind": "business_licence", "number": uscc, "issuer": "杭州市市场监督管理局",
            "valid_from": from, "long_term": true, "copy": "sealed_copy"}),
        json!({"kind": "device_trading_licence", "number": format!("浙杭药监械经营许2024{:04}号", customer % 10_000),
            "issuer": "杭州市市场监督管理局", "valid_from": from, "valid_to": to, "mode": "wholesale",
            "copy": "sealed_copy", "scope": [{"catalogue": "2017", "code": "13", "class": "III"}]}),
        json!({"kind": "device_trading_filing", "number": format!("浙杭药监械经营备2024{:04}号", customer % 10_000),
            "issuer": "杭州市市场监督管理局", "valid_from": from, "long_term": true, "mode": "wholesale",
            "copy": "sealed_copy", "scope": [{"catalogue": "2017", "code": "14", "class": "II"}]}),
    ])
}

fn stent() -> Value {
    json!({"code": "STENT-35-18", "name": "冠状动脉支架系统", "specification": "3.5×18 mm", "unit": "套",
        "class": "III", "catalogue": {"version": "2017", "code": "13-07-02"},
        "registration_number": "国械注准20243139901", "registered_from": "2024-06-01",
        "registered_to": "2049-05-31", "registrant": "示范器械有限公司",
        "manufacturer": "示范器械有限公司", "traits": ["implant"]})
}

fn syringe() -> Value {
    json!({"code": "SYR-5", "name": "一次性使用无菌注射器", "specification": "5 mL", "unit": "支",
        "class": "II", "catalogue": {"version": "2017", "code": "14-01-01"},
        "registration_number": "浙械注准20212149902", "registered_from": "2021-03-01",
        "registered_to": "2046-02-28", "registrant": "示范器械有限公司",
        "manufacturer": "示范器械有限公司"})
}
