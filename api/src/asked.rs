//! A command as it arrives: who asks, under which key, for what.

use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, HeaderName, Method};
use domain::context::Backdated;
use domain::ids::StaffId;
use domain::staff::Role;
use journal::Version;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::auth::of_request;
use crate::door::Door;
use crate::etag;
use crate::extract::{drain, parse, read_json};
use crate::idempotency::{Key, request_hash, without};
use crate::problem::Problem;
use crate::sight::Sight;
use domain::permissions::Act;

/// Ties commands of several systems together in their events.
pub const CORRELATION_ID: HeaderName = HeaderName::from_static("correlation-id");
const CORRELATION_ID_MAX: usize = 128;

/// The body of a command, and which permission it needs.
pub trait Body: DeserializeOwned + Send {
    const ACT: Act;
    /// The fields with a person's name, which [`crate::names`] keeps: nothing that is recorded may follow from their text.
    const NAMES: &[&str] = &[];
    /// Where it holds secrets, as JSON pointers: they are no part of what a repeated request is known by.
    const SECRETS: &[&str] = &[];
}

/// Who asks, and under which key: everything about a command but the command.
#[derive(Clone, Debug)]
pub struct Asking {
    pub actor: StaffId,
    pub via: Option<StaffId>,
    pub roles: Vec<Role>,
    pub key: Key,
    /// Over method, path and body without names and secrets: the same key with another request is refused.
    pub request_hash: String,
    pub if_match: Option<Version>,
    pub correlation_id: Option<String>,
    /// A past business date, where somebody enters what happened on an earlier day.
    pub business_date: Option<Backdated>,
}

impl Asking {
    /// For commands that come from within: imports, the demonstration, the first start.
    pub fn within(actor: StaffId, roles: Vec<Role>, key: impl Into<String>) -> Self {
        let key = key.into();
        Self {
            actor,
            via: None,
            roles,
            request_hash: request_hash(&Method::POST, "within", key.as_bytes()),
            key: Key::Given(key),
            if_match: None,
            correlation_id: None,
            business_date: None,
        }
    }

    /// How much of customers' credit is in the answer.
    pub fn sight(&self) -> Sight {
        Sight::of(self.roles.iter().copied())
    }

    /// An id for what this command makes: the same again when the request is repeated under a key that was given.
    pub fn new_id(&self, door: &Door) -> Uuid {
        match &self.key {
            Key::Given(key) => {
                let name = format!("{}/{key}", self.actor);
                Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes())
            }
            Key::Made(_) => door.ids().uuid(),
        }
    }
}

/// A command that was understood and may be given by whoever asks.
#[derive(Debug)]
pub struct Asked<T> {
    pub by: Asking,
    pub body: T,
}

impl<T: Body> FromRequest<Door> for Asked<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        // In this order: who nobody knows learns nothing about what we would have understood.
        let caller = of_request(&parts.extensions)?;
        if let Err(problem) = caller.may(T::ACT) {
            drain(body).await;
            return Err(problem);
        }
        let bytes = read_json(&parts.headers, body).await?;
        let headers = &parts.headers;
        let (key, if_match) =
            (Key::of(headers, door.ids())?, etag::if_match(headers)?.map(Version));
        let correlation_id = correlation_id(headers)?;
        let body = parse(&bytes)?;
        let told = without(T::NAMES, T::SECRETS, &bytes).map_err(Problem::internal)?;
        let by = Asking {
            roles: caller.roles().collect(),
            actor: caller.actor,
            via: caller.via,
            key,
            request_hash: request_hash(&parts.method, parts.uri.path(), &told),
            if_match,
            correlation_id,
            business_date: None,
        };
        Ok(Self { by, body })
    }
}

fn correlation_id(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(CORRELATION_ID) else {
        return Ok(None);
    };
    match value.to_str() {
        Ok(text) if (1..=CORRELATION_ID_MAX).contains(&text.len()) => Ok(Some(text.to_owned())),
        _ => Err(Problem::not_understood(
            "correlation_id.not_understood",
            format!("Correlation-Id takes 1 to {CORRELATION_ID_MAX} visible ASCII characters."),
        )),
    }
}
