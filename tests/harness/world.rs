//! A small world of customers and products that seeded chance does things to.
//!
//! It proposes commands that people might send, sensible and not, and keeps its own fold of what was recorded, so that
//! every suite can check the same invariants after every step.

mod acts;
mod invariants;
mod ledger;

use std::{collections::BTreeMap, sync::Arc};

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::{
    approval::{Assemblies, Person},
    context::{Context, Facts},
    customer::{Command, Customer, Event, registration},
    decider::Decider,
    decision::StreamVersion,
    ids::{CustomerId, ProductId, StaffId},
    policy::{self, InForce, Pack},
    product::{self, Product},
    staff::Role,
    turn::Turn,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use uuid::Uuid;

pub use acts::Proposal;
pub use invariants::{check_customer, check_events};
use ledger::Ledger;

/// Valid codes, one for each customer of a world.
const PREFIXES: [&str; 3] = ["9133010000000", "1231000042500", "5244030050000"];

pub struct World {
    pub rng: ChaCha8Rng,
    pub now: DateTime<Utc>,
    pub pack: Arc<InForce>,
    pub products: BTreeMap<ProductId, Arc<Product>>,
    /// What made them.
    pub registrations: Vec<(ProductId, product::Register)>,
    /// What was recorded, folded here.
    pub customers: Vec<(CustomerId, Customer)>,
    ledgers: Vec<Ledger>,
    commands: u64,
}

impl World {
    /// So many customers on 2026-01-05, registered by the commands of [`World::registrations`].
    pub fn new(seed: u64, customers: usize) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let pack = Pack::default_pack();
        let hash = Arc::from(pack.hash().expect("the delivered pack has a canonical form"));
        let ids = (0..customers)
            .map(|_| (CustomerId::from_uuid(Uuid::from_u128(rng.random())), Customer::default()));
        let ids: Vec<_> = ids.collect();
        let ledgers = vec![Ledger::default(); ids.len()];
        let mut world = Self {
            rng,
            now: "2026-01-05T01:00:00Z".parse().expect("a time"),
            pack: Arc::new(InForce { version: 1, hash, pack: Arc::new(pack) }),
            products: BTreeMap::new(),
            registrations: Vec::new(),
            customers: ids,
            ledgers,
            commands: 0,
        };
        for register in catalogue() {
            let id = ProductId::from_uuid(Uuid::from_u128(world.rng.random()));
            let mut product = Product::default();
            world.registrations.push((id, register.clone()));
            let command = product::Command::Register(Box::new(register));
            let turn = world.turn("staff-quality-1");
            for event in product.decide(&turn, &command).expect("the catalogue is sound") {
                product.evolve(&event);
            }
            world.products.insert(id, Arc::new(product));
        }
        world
    }

    pub fn today(&self) -> NaiveDate {
        self.pack.pack.today(self.now)
    }

    /// Some minutes later; now and then some days.
    pub fn tick(&mut self) {
        self.now += TimeDelta::minutes(self.rng.random_range(1..40));
        if self.rng.random_bool(0.05) {
            self.now = self.now + Days::new(1);
        }
        if self.rng.random_bool(0.01) {
            self.now = self.now + Days::new(self.rng.random_range(1..45));
        }
    }

    pub fn turn(&mut self, actor: &str) -> Turn {
        self.commands += 1;
        Turn {
            command_id: Uuid::from_u128(self.rng.random()),
            actor: actor.parse::<StaffId>().expect("a staff id"),
            now: self.now,
            today: self.today(),
        }
    }

    /// The context of a command, with the facts of this world filled in as the journal would fill them.
    pub fn context(&mut self, actor: &str, roles: &[Role], facts: &Facts) -> Context {
        let turn = self.turn(actor);
        let assemblies = Assemblies::alike(&people(), roles.iter().copied().collect());
        let (roles, facts) = (roles.to_vec(), facts.clone());
        Context { turn, roles, assemblies, business_date: None, facts }
    }

    pub fn facts(&self) -> Facts {
        let policy = StreamVersion { stream: policy::STREAM.to_owned(), version: 1 };
        let reads =
            self.products.keys().map(|id| StreamVersion { stream: id.to_string(), version: 1 });
        Facts {
            policy: Some(Arc::clone(&self.pack)),
            products: self.products.clone(),
            reads: std::iter::once(policy).chain(reads).collect(),
        }
    }

    /// One registration for each customer: distributors, hospitals public and private, agents.
    pub fn registration(&self, n: usize) -> Command {
        if n % 5 == 4 {
            return unclassified(n);
        }
        let kinds = ["distributor", "hospital", "clinic", "agent"];
        let prefix = if n % 4 == 1 { PREFIXES[1] } else { PREFIXES[n % 3 % 2 * 2] };
        let uscc =
            domain::uscc::Uscc::with_check(&format!("{prefix}{n:04}")).expect("17 characters");
        let particulars = serde_json::from_value(json!({
            "name": format!("示范客户{n}"), "uscc": uscc, "kind": kinds[n % 4], "currency": "CNY",
            "account_manager": "staff-sales-2", "registered_address": format!("示范路 {n} 号"),
        }));
        let particulars = particulars.expect("particulars");
        let code = Some(format!("C{n:04}").parse().expect("a code"));
        let register = registration::Register { particulars, code };
        Command::Registration(registration::Command::Register(Box::new(register)))
    }

    /// Takes what was recorded into the world's own fold, and checks the customer.
    pub fn learn(&mut self, n: usize, events: &[Event]) {
        let today = self.today();
        let customer = &mut self.customers[n].1;
        check_events(customer, events, today);
        for event in events {
            customer.evolve(event);
            check_customer(customer);
            self.ledgers[n].enter(event);
            self.ledgers[n].check(customer);
        }
    }
}

/// Who agrees to what others ask for, and to what some of them ask for themselves.
pub const VOTERS: [(&str, Role); 8] = [
    ("staff-sales-3", Role::Sales),
    ("staff-legal-1", Role::Legal),
    ("staff-compliance-1", Role::Compliance),
    ("staff-quality-1", Role::Quality),
    ("staff-quality-2", Role::Quality),
    ("staff-credit-2", Role::Credit),
    ("staff-credit-3", Role::Credit),
    ("staff-finance-1", Role::Finance),
];

fn people() -> Arc<Vec<Person>> {
    let others = [("staff-sales-1", Role::Sales), ("staff-credit-1", Role::Credit)];
    let all = VOTERS.iter().chain(&others);
    let person = |(staff, role): &(&str, Role)| {
        Person::new(staff.parse().expect("a staff id"), [*role].into())
    };
    Arc::new(all.map(person).collect())
}

/// A customer that is known from an imported file only.
fn unclassified(n: usize) -> Command {
    let particulars = serde_json::from_value(json!({
        "name": format!("导入客户{n}"), "kind": "unclassified", "currency": "CNY",
        "origin": {"kind": "import", "digest": "0".repeat(64), "line": n + 1},
    }));
    let particulars = particulars.expect("particulars");
    let code = Some(format!("C{n:04}").parse().expect("a code"));
    let register = registration::Register { particulars, code };
    Command::Registration(registration::Command::Register(Box::new(register)))
}

/// Six products of every class, one of them with a lapsed registration.
pub fn catalogue() -> Vec<product::Register> {
    let of = |code: &str, class: &str, place: &str, number: Option<&str>, to: &str| {
        let mut body = json!({"code": code, "name": format!("示范产品 {code}"), "specification": "标准",
            "unit": "件", "class": class, "registrant": "示范器械有限公司",
            "manufacturer": "示范器械有限公司", "registered_from": "2021-06-01"});
        if class != "none" {
            body["catalogue"] = json!({"version": "2017", "code": place});
        }
        match number {
            Some(number) if class == "I" => body["filing_number"] = json!(number),
            Some(number) => {
                body["registration_number"] = json!(number);
                body["registered_to"] = json!(to);
            }
            None => {}
        }
        let particulars = serde_json::from_value(body).expect("particulars");
        product::Register { particulars, udi: None }
    };
    vec![
        of("IMPLANT", "III", "13-07-02", Some("国械注准20213139901"), "2031-05-31"),
        of("STENT", "III", "13-07-02", Some("国械注准20213139902"), "2026-03-31"),
        of("PUMP", "III", "14-02-01", Some("国械注准20213149903"), "2031-05-31"),
        of("SYRINGE", "II", "14-01-01", Some("浙械注准20212149904"), "2031-05-31"),
        of("BANDAGE", "I", "14-10-02", Some("浙杭械备20210001号"), ""),
        of("SERVICE", "none", "", None, ""),
    ]
}
