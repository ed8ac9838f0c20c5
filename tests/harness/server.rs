//! A whole server in this process, on a free loopback port, with a clock that stands until it is moved and seeded ids.

use std::collections::HashMap;
use std::sync::Arc;

use api::clock::{Clock, SeededIds, StandingClock};
use api::config::DatabaseUrl;
use api::door::Door;
use api::serve::{Opened, Opening};
use chrono::{DateTime, TimeDelta, Utc};
use domain::policy::Pack;
use domain::staff::Profile;
use journal::ClockCheck;
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

/// When every story begins.
pub const BEGINNING: &str = "2026-11-22T03:04:05Z";
/// Event streams that one token may hold open in stories.
pub const STREAMS_PER_TOKEN: usize = 3;
const ADMINISTRATOR: &str = "administrator-of-the-story";

/// A running server, and the people who use it.
pub struct Server {
    pub base: String,
    pub client: Client,
    pub door: Door,
    clock: Arc<StandingClock>,
    people: Mutex<HashMap<String, Person>>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<Opened>,
    _scans: TempDir,
}

/// Somebody with a token.
#[derive(Clone, Debug)]
pub struct Person {
    pub staff: String,
    pub token: String,
    pub secret: String,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: Value,
}

impl Answer {
    /// The answer, which must have this status.
    #[track_caller]
    #[expect(
        clippy::return_self_not_must_use,
        reason = "it asserts; the answer is there for who wants it"
    )]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{:#}", self.body);
        self
    }

    /// A text of the body by its JSON pointer; empty where there is none.
    pub fn text(&self, pointer: &str) -> &str {
        self.body.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn id(&self) -> String {
        self.text("/id").to_owned()
    }

    /// The codes of the decision's causes that stop, in their order.
    pub fn stopped_by(&self) -> Vec<String> {
        let causes = self.body.pointer("/decision/causes").and_then(Value::as_array);
        let stop = |cause: &&Value| cause["reaction"] == "hold" || cause["reaction"] == "deny";
        let codes = causes.into_iter().flatten().filter(stop).map(|cause| cause["code"].as_str());
        codes.map(|code| code.unwrap_or_default().to_owned()).collect()
    }
}

impl Server {
    /// Serves the database at `url`, which is created where it is ours to do.
    pub async fn start(url: &str) -> Self {
        Self::beside(url, 1).await
    }

    /// The same in the strict profile.
    pub async fn strict(url: &str) -> Self {
        Self::opened(url, 1, Some(Profile::Strict)).await
    }

    /// One of several servers of the same database; each has a number, so that their ids differ.
    pub async fn beside(url: &str, number: u64) -> Self {
        Self::opened(url, number, None).await
    }

    async fn opened(url: &str, number: u64, profile: Option<Profile>) -> Self {
        let scans = tempfile::tempdir().unwrap();
        let beginning: DateTime<Utc> = BEGINNING.parse().unwrap();
        let clock = Arc::new(StandingClock::at(beginning));
        let mut opening = Opening::of(DatabaseUrl::new(url), scans.path().to_owned());
        opening.clock = Arc::<StandingClock>::clone(&clock);
        opening.clock_check = ClockCheck::Simulated;
        opening.ids = Arc::new(SeededIds::new(number));
        opening.instance = format!("story-{number}");
        opening.streams_per_token = STREAMS_PER_TOKEN;
        opening.bootstrap_token = Some(ADMINISTRATOR.to_owned());
        opening.profile = profile;
        let opened = Opened::open(opening).await.unwrap();
        let door = opened.door.clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(async move {
            let stopping = async {
                let _ = stopped.await;
            };
            opened.serve(listener, stopping).await.unwrap();
            opened
        });
        let client = Client::new();
        let people = Mutex::default();
        Self { base, client, door, clock, people, stop, serving, _scans: scans }
    }

    /// Stops as a told process does, and lets the database go.
    pub async fn stop(self) {
        let _ = self.stop.send(());
        self.serving.await.unwrap().close().await;
    }

    /// Lets time pass.
    pub fn days_pass(&self, days: i64) {
        self.time_passes(TimeDelta::days(days));
    }

    pub fn time_passes(&self, by: TimeDelta) {
        self.clock.advance(by);
    }

    /// The daily review, which a served store runs by itself; answers how many customers it looked at.
    pub async fn day_is_reviewed(&self) -> usize {
        api::review::review(&self.door).await.unwrap()
    }

    /// Puts other rules in force, the way that everybody must: proposed, tried, agreed to, activated.
    pub async fn rules_become(&self, pack: Pack) {
        let id = self.rules_are_agreed_to(pack).await;
        self.post("admin", &format!("/v1/policies/{id}/activate"), json!({})).await.expect(200);
    }

    /// Proposes rules and has them agreed to by all whom they concern; answers the proposal's id.
    pub async fn rules_are_agreed_to(&self, pack: Pack) -> String {
        let departments = ["quality", "compliance", "credit", "finance"];
        // Who may vote is fixed when the vote opens.
        for department in departments {
            self.person(&format!("{department}-rules")).await;
        }
        let proposed = json!({"summary": "other rules", "pack": pack});
        let id = self.post("legal-rules", "/v1/policies", proposed).await.expect(201).id();
        let path = |what: &str| format!("/v1/policies/{id}/{what}");
        self.post("legal-rules", &path("simulate"), json!({})).await.expect(200);
        self.post("legal-rules", &path("submit"), json!({})).await.expect(200);
        for department in departments {
            let voter = format!("{department}-rules");
            let card = self.get(&voter, &format!("/v1/policies/{id}")).await.expect(200);
            let waits_for = card.body.pointer("/approval/waits_for").unwrap();
            if waits_for.as_array().unwrap().contains(&json!(department)) {
                self.post(&voter, &path("approve"), json!({})).await.expect(200);
            }
        }
        id
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A person by name, made when first asked for. The name says the role: `sales`, `quality-2`.
    pub async fn person(&self, name: &str) -> Person {
        if name == "admin" {
            let admin = Person {
                staff: String::new(),
                token: String::new(),
                secret: ADMINISTRATOR.to_owned(),
            };
            return admin;
        }
        let mut people = self.people.lock().await;
        if let Some(person) = people.get(name) {
            return person.clone();
        }
        let role = name.split('-').next().unwrap();
        let made = self
            .send(Method::POST, ADMINISTRATOR, "/v1/tokens")
            .json(&json!({"name": name, "role": role}));
        let made = answer(made).await.expect(201);
        let person = Person {
            staff: made.text("/staff").to_owned(),
            token: made.id(),
            secret: made.text("/secret").to_owned(),
        };
        people.insert(name.to_owned(), person.clone());
        person
    }

    /// Lets somebody use this server who was made by another one of the same database.
    pub async fn knows(&self, name: &str, person: Person) {
        // What another process recorded about people arrives here with the next look at the journal.
        let head = self.door.journal().head().await.unwrap();
        self.door.house().reach(head).await;
        self.people.lock().await.insert(name.to_owned(), person);
    }

    /// A request with a secret, for whoever wants to change it before it is sent.
    pub fn send(&self, method: Method, secret: &str, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base)).bearer_auth(secret)
    }

    /// `name` posts.
    pub async fn post(&self, name: &str, path: &str, body: Value) -> Answer {
        let person = self.person(name).await;
        answer(self.send(Method::POST, &person.secret, path).json(&body)).await
    }

    /// `name` posts under an idempotency key.
    pub async fn post_as(&self, name: &str, path: &str, key: &str, body: Value) -> Answer {
        let person = self.person(name).await;
        let request = self.send(Method::POST, &person.secret, path);
        answer(request.header("idempotency-key", key).json(&body)).await
    }

    /// `name` reads.
    pub async fn get(&self, name: &str, path: &str) -> Answer {
        let person = self.person(name).await;
        answer(self.send(Method::GET, &person.secret, path)).await
    }
}

/// Sends, and takes the answer apart. What is no JSON is a text.
pub async fn answer(request: RequestBuilder) -> Answer {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let headers = response.headers().iter().map(|(name, value)| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    let headers = headers.collect();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer { status, headers, body }
}
