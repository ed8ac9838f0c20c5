//! Several clients at once, each with one command under way: they order, ship, invoice, collect, release and file papers.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use journal::{Clock as _, SystemClock};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

use crate::ledger::{Asked, At, Heard, Kind, Ledger, Told};

/// The first has no papers, so that its orders are denied; the second a small limit, so that they are held.
const CUSTOMERS: usize = 5;
const ROLES: [&str; 9] = [
    "sales",
    "sales-2",
    "legal",
    "compliance",
    "quality",
    "credit",
    "finance",
    "warehouse",
    "auditor",
];

/// Whom and what the commands are about.
pub(crate) struct Company {
    pub(crate) ledger: Ledger,
    customers: Vec<String>,
    product: String,
    today: NaiveDate,
}

impl Company {
    /// Hires, registers, qualifies and grants, all by commands that are on the books.
    pub(crate) async fn found(at: &At, rng: &mut ChaCha8Rng) -> Self {
        let mut company = Self {
            ledger: Ledger::default(),
            customers: Vec::new(),
            product: String::new(),
            today: SystemClock.now().date_naive(),
        };
        company.ledger.hire(at, &ROLES).await;
        let product = json!({
            "code": "STENT", "name": "冠状动脉支架系统", "specification": "3.5×18 mm", "unit": "套", "class": "III", "catalogue": {"version": "2017", "code": "13-07-02"},
            "registration_number": "国械注准20243139901", "registered_from": company.day(-700),
            "registered_to": company.day(1_000), "registrant": "示范器械股份有限公司",
            "manufacturer": "示范器械股份有限公司", "manufacturer_licence": "浙药监械生产许20200001号",
            "udi_di": "06901234567892", "udi_issuer": "gs1", "traits": ["implant"],
        });
        company.product = company.must(at, rng, "quality", "/v1/products", product).await;
        for n in 0..CUSTOMERS {
            let customer = company.customer(at, rng, n).await;
            company.customers.push(customer);
        }
        company
    }

    async fn customer(&self, at: &At, rng: &mut ChaCha8Rng, n: usize) -> String {
        let uscc = domain::uscc::Uscc::with_check(&format!("9133010000000{n:04}")).unwrap();
        let body = json!({"name": format!("示范医疗器械{n}公司"), "uscc": uscc.to_string(),
            "kind": "distributor", "delivery_addresses": ["杭州市示范路2号"]});
        let id = self.must(at, rng, "sales", "/v1/customers", body).await;
        let path = format!("/v1/customers/{id}");
        if n > 0 {
            for kind in ["business_licence", "device_trading_licence"] {
                let paper = self.paper(at, rng, kind, &uscc.to_string()).await.unwrap();
                self.must(at, rng, "sales", &format!("{path}/documents"), paper).await;
            }
            let review = format!("{path}/qualification");
            self.must(at, rng, "sales", &format!("{review}/submit"), json!({})).await;
            for who in ["sales-2", "legal", "compliance", "quality"] {
                self.must(at, rng, who, &format!("{review}/approve"), json!({})).await;
            }
            // What Credit grants by itself.
            let amount = if n == 1 { "15000.00" } else { "1000000.00" };
            let limit = json!({"kind": "amount", "amount": {"amount": amount, "currency": "CNY"}});
            let grant = json!({"limit": limit, "terms_days": 60, "valid_until": self.day(300)});
            self.must(at, rng, "credit", &format!("{path}/credit/grant"), grant).await;
        }
        id
    }

    fn day(&self, days: i64) -> String {
        let by = Days::new(days.unsigned_abs());
        let day = if days < 0 { self.today - by } else { self.today + by };
        day.to_string()
    }

    /// A paper's body, whose scan is stored; None: the line was cut.
    async fn paper(
        &self,
        at: &At,
        rng: &mut ChaCha8Rng,
        kind: &str,
        number: &str,
    ) -> Option<Value> {
        let bytes = format!("%PDF-1.7\n{:032x}\n", rng.random::<u128>());
        let scan = self.ledger.scan(at, bytes.into_bytes()).await?;
        let mut paper = json!({"kind": kind, "number": number, "issued_on": self.day(-300),
            "valid_to": self.day(1_400), "copy": "sealed_copy", "scan": scan});
        if kind == "device_trading_licence" {
            paper["mode"] = json!("wholesale");
            paper["scope"] = json!([{"catalogue": "2017", "code": "13", "class": "III"}]);
        }
        Some(paper)
    }

    /// A command while nobody kills; answers the id.
    async fn must(
        &self,
        at: &At,
        rng: &mut ChaCha8Rng,
        who: &'static str,
        path: &str,
        body: Value,
    ) -> String {
        let asked = Asked { who, path: path.to_owned(), key: key(rng), body, kind: Kind::End };
        match self.ledger.send(at, &asked).await {
            Heard::Answer(told @ Told::Recorded { .. }) => {
                let Told::Recorded { body, .. } = &told else { unreachable!() };
                let id = body["id"].as_str().unwrap().to_owned();
                self.ledger.settle(asked, told);
                id
            }
            Heard::Answer(told) => panic!("{asked:?}: {told:?}"),
            Heard::Unknown | Heard::Cut => panic!("{asked:?} was not answered"),
        }
    }

    /// Something that people might want now. What it is about carries its key. None: the line was cut.
    async fn next(&self, at: &At, rng: &mut ChaCha8Rng) -> Option<Asked> {
        let key = key(rng);
        let customer = self.customers[rng.random_range(0..CUSTOMERS)].clone();
        let path = format!("/v1/customers/{customer}");
        let ask = |who, path, body, kind| Some(Asked { who, path, key: key.clone(), body, kind });
        // Each is taken by one client only.
        match rng.random_range(0..20) {
            0..4 => {
                let taken = self.ledger.open.lock().unwrap().placed.pop();
                if let Some((customer, order)) = taken {
                    let path = format!("/v1/customers/{customer}/orders/{order}/shipments");
                    let lot = json!({"line": 1, "quantity": 1, "lot": key,
                        "manufactured_on": self.day(-100), "expires_on": self.day(600)});
                    let kind = Kind::Shipment { customer, order };
                    return ask("warehouse", path, json!({"lines": [lot]}), kind);
                }
            }
            4..8 => {
                let taken = self.ledger.open.lock().unwrap().shipped.pop();
                if let Some((customer, order, shipment)) = taken {
                    let path = format!("/v1/customers/{customer}/orders/{order}/invoices");
                    let body = json!({"number": key, "shipments": [shipment]});
                    return ask("finance", path, body, Kind::End);
                }
            }
            8..10 => {
                let taken = self.ledger.open.lock().unwrap().held.pop();
                if let Some((customer, order)) = taken {
                    let path = format!("/v1/customers/{customer}/orders/{order}/release");
                    let kind = Kind::Release { customer, order };
                    return ask("credit", path, json!({"reason": key}), kind);
                }
            }
            10..13 => {
                let cents = rng.random_range(1..300_000);
                let amount = format!("{}.{:02}", cents / 100, cents % 100);
                let amount = json!({"amount": amount, "currency": "CNY"});
                let body = json!({"reference": key, "amount": amount});
                return ask("finance", format!("{path}/receipts"), body, Kind::End);
            }
            13..15 => {
                let paper = self.paper(at, rng, "quality_agreement", &key).await?;
                return ask("sales", format!("{path}/documents"), paper, Kind::End);
            }
            15 => {
                let path = format!("{path}/status/reinstate");
                return ask("quality", path, json!({"reason": key}), Kind::Pointless);
            }
            _ => {}
        }
        let quantity = rng.random_range(1..4);
        let line = json!({"product": self.product, "quantity": quantity, "unit_price": "1000.00"});
        let mut body = json!({"reference": key, "lines": [line]});
        let mut kind = Kind::Order { customer };
        if rng.random_bool(0.1) {
            body["requested_ship_date"] = json!(self.day(-9));
            kind = Kind::Pointless;
        }
        ask("sales", format!("{path}/orders"), body, kind)
    }

    /// One client, until its line is cut or nobody listens: it repeats what was lost, then goes on. Each answer is told.
    pub(crate) async fn client(self: Arc<Self>, at: At, seed: u64, told: UnboundedSender<()>) {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        loop {
            let asked = match self.ledger.next_lost() {
                Some(asked) => asked,
                None => match self.next(&at, &mut rng).await {
                    Some(asked) => asked,
                    None => return,
                },
            };
            match self.ledger.send(&at, &asked).await {
                Heard::Answer(answer) => {
                    self.ledger.settle(asked, answer);
                    if told.send(()).is_err() {
                        return;
                    }
                }
                Heard::Unknown => self.ledger.lost.lock().unwrap().push(asked),
                Heard::Cut => {
                    self.ledger.lost.lock().unwrap().push(asked);
                    return;
                }
            }
        }
    }
}

fn key(rng: &mut ChaCha8Rng) -> String {
    Uuid::from_u128(rng.random()).to_string()
}
