//! What was asked, and what it was told: the clients' own books, which outlive every process.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use reqwest::{Client, Method};
use serde_json::Value;

use crate::served::ADMINISTRATOR;

/// A command under its key, as often as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) who: &'static str,
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) body: Value,
    pub(crate) kind: Kind,
}

/// What it is about, for whoever goes on from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nobody goes on from it.
    End,
    /// It makes no sense and must leave nothing.
    Pointless,
    Order {
        customer: String,
    },
    Release {
        customer: String,
        order: String,
    },
    Shipment {
        customer: String,
        order: String,
    },
}

/// An answer that is final.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// It is on record: done, held or denied.
    Recorded { status: u16, body: Value },
    /// It was refused, and nothing is on record.
    Refused { status: u16, body: Value },
}

/// What came of sending.
pub(crate) enum Heard {
    Answer(Told),
    /// 503: it may be on record or not.
    Unknown,
    /// The line was cut.
    Cut,
}

/// Somebody with a token.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) staff: String,
    secret: String,
}

#[derive(Default)]
pub(crate) struct Ledger {
    pub(crate) people: Mutex<BTreeMap<&'static str, Person>>,
    pub(crate) settled: Mutex<Vec<(Asked, Told)>>,
    /// Commands whose answer was lost.
    pub(crate) lost: Mutex<Vec<Asked>>,
    /// Scans that were acknowledged, with what they hold.
    pub(crate) scans: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(crate) open: Mutex<Open>,
}

/// What can be done next.
#[derive(Default)]
pub(crate) struct Open {
    /// Customer and order.
    pub(crate) held: Vec<(String, String)>,
    pub(crate) placed: Vec<(String, String)>,
    /// Customer, order and shipment.
    pub(crate) shipped: Vec<(String, String, String)>,
}

impl Ledger {
    /// Makes a token for each role.
    pub(crate) async fn hire(&self, at: &At, roles: &[&'static str]) {
        for role in roles {
            let of = role.split('-').next().unwrap();
            let body = serde_json::json!({"name": role, "role": of});
            let made = at.send(Method::POST, ADMINISTRATOR, "/v1/tokens").json(&body).send();
            let made: Value = made.await.unwrap().json().await.unwrap();
            let text = |field: &str| made[field].as_str().unwrap().to_owned();
            let person = Person { staff: text("staff"), secret: text("secret") };
            self.people.lock().unwrap().insert(role, person);
        }
    }

    fn secret(&self, who: &str) -> String {
        self.people.lock().unwrap()[who].secret.clone()
    }

    pub(crate) async fn send(&self, at: &At, asked: &Asked) -> Heard {
        let request = at.send(Method::POST, &self.secret(asked.who), &asked.path);
        let sent = request.header("idempotency-key", &asked.key).json(&asked.body).send().await;
        let Ok(response) = sent else { return Heard::Cut };
        let status = response.status().as_u16();
        // Without its last byte an answer is none.
        let Ok(text) = response.text().await else { return Heard::Cut };
        let body: Value = serde_json::from_str(&text).unwrap();
        let recorded = body["position"].is_i64();
        match status {
            200..300 => assert!(recorded, "{asked:?}: {status} {body}"),
            409 | 422 => {}
            503 => return Heard::Unknown,
            _ => panic!("{asked:?}: {status} {body}"),
        }
        Heard::Answer(if recorded {
            Told::Recorded { status, body }
        } else {
            Told::Refused { status, body }
        })
    }

    /// Stores a scan; None: the line was cut.
    pub(crate) async fn scan(&self, at: &At, bytes: Vec<u8>) -> Option<String> {
        let request = at.send(Method::PUT, &self.secret("sales"), "/v1/attachments");
        let request = request.header("content-type", "application/pdf").body(bytes.clone());
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        let text = response.text().await.ok()?;
        assert_eq!(status, 201, "{text}");
        let body: Value = serde_json::from_str(&text).unwrap();
        let id = body["id"].as_str().unwrap().to_owned();
        self.scans.lock().unwrap().insert(id.clone(), bytes);
        Some(id)
    }

    pub(crate) fn settle(&self, asked: Asked, told: Told) {
        match &told {
            // An order that a receipt has healed meanwhile holds nothing to release.
            Told::Refused { status, body } => {
                let may = matches!(asked.kind, Kind::Pointless | Kind::Release { .. });
                assert!(may, "{asked:?}: {status} {body}");
            }
            Told::Recorded { status, body } => {
                assert!(asked.kind != Kind::Pointless, "{asked:?}: {status} {body}");
                self.open.lock().unwrap().learn(&asked.kind, *status, body);
            }
        }
        self.settled.lock().unwrap().push((asked, told));
    }

    /// Repeats what was lost until each has its answer.
    pub(crate) async fn settle_all(&self, at: &At) {
        while let Some(asked) = self.next_lost() {
            match self.send(at, &asked).await {
                Heard::Answer(told) => self.settle(asked, told),
                Heard::Unknown => self.lost.lock().unwrap().push(asked),
                Heard::Cut => panic!("a process that nobody killed cut the line of {asked:?}"),
            }
        }
    }

    pub(crate) fn next_lost(&self) -> Option<Asked> {
        self.lost.lock().unwrap().pop()
    }

    /// Reads until it is answered 200.
    pub(crate) async fn read(&self, at: &At, path: &str) -> Vec<u8> {
        loop {
            let response = at.send(Method::GET, &self.secret("auditor"), path).send();
            let response = response.await.unwrap();
            match response.status().as_u16() {
                200 => return response.bytes().await.unwrap().to_vec(),
                503 => tokio::time::sleep(Duration::from_millis(20)).await,
                status => panic!("{path}: {status} {}", response.text().await.unwrap()),
            }
        }
    }
}

impl Open {
    fn learn(&mut self, kind: &Kind, status: u16, body: &Value) {
        let id = body["id"].as_str().unwrap_or_default().to_owned();
        match kind {
            Kind::Order { customer } if status == 201 => self.placed.push((customer.clone(), id)),
            Kind::Order { customer } if status == 202 => self.held.push((customer.clone(), id)),
            Kind::Release { customer, order } if status == 200 => {
                self.placed.push((customer.clone(), order.clone()));
            }
            Kind::Shipment { customer, order } if status == 201 => {
                self.shipped.push((customer.clone(), order.clone(), id));
            }
            _ => {}
        }
    }
}

/// Where a process is asked.
#[derive(Clone)]
pub(crate) struct At {
    base: String,
    client: Client,
}

impl At {
    pub(crate) fn new(base: &str) -> Self {
        Self { base: base.to_owned(), client: Client::new() }
    }

    fn send(&self, method: Method, secret: &str, path: &str) -> reqwest::RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(secret)
    }
}
