//! Who calls: a bearer token becomes an actor, and every command and reading asks whether that actor may.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::Response;
use domain::ids::StaffId;
use domain::staff::{Role, Standing};

use crate::door::Door;
use crate::extract::drain;
use crate::house::{Credential, Reach};
use crate::problem::Problem;
use crate::sight::Sight;
use domain::permissions::{Act, may};

/// Names the person for whom a program acts.
pub const PROBITY_STAFF: HeaderName = HeaderName::from_static("probity-staff");
/// What a secret begins with, so that scanners for leaked secrets know it.
pub const SECRET_PREFIX: &str = "pbt_";
/// Acts by which somebody answers in person: no program does them, whomever it names.
const IN_PERSON: [Act; 5] = [
    Act::ReviewQualification,
    Act::GrantCredit,
    Act::ReleaseOrder,
    Act::VoteOnPolicy,
    Act::Delegate,
];

/// Whoever sent a request.
#[derive(Clone, Debug)]
pub struct Caller {
    pub actor: StaffId,
    /// The program that acts for the actor.
    pub via: Option<StaffId>,
    pub credential: Arc<Credential>,
}

impl Caller {
    /// Refuses with 403 what none of the caller's roles allows.
    pub fn may(&self, act: Act) -> Result<(), Problem> {
        if !self.roles().any(|role| may(role, act)) {
            let roles: Vec<_> = self.roles().map(Role::code).collect();
            return Err(Problem::forbidden(
                "permission.missing",
                format!("This needs another role than {}.", roles.join(", ")),
            ));
        }
        if self.credential.reach == Reach::Others && IN_PERSON.contains(&act) {
            return Err(Problem::forbidden(
                "permission.in_person",
                "Approvals, grants, releases and delegations are given in person: use that person's own token.",
            ));
        }
        Ok(())
    }

    /// Whether the caller may, where the answer only becomes shorter otherwise.
    pub fn sees(&self, act: Act) -> Option<()> {
        self.roles().any(|role| may(role, act)).then_some(())
    }

    /// How much of customers' credit the caller sees.
    pub fn sight(&self) -> Sight {
        Sight::of(self.roles())
    }

    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.credential.roles.iter().copied()
    }
}

impl FromRequestParts<Door> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _door: &Door) -> Result<Self, Problem> {
        of_request(&parts.extensions)
    }
}

/// Whoever the layer found out to have sent a request.
pub fn of_request(extensions: &Extensions) -> Result<Caller, Problem> {
    // A path that the layer does not cover has no caller: it fails, and lets nobody in.
    extensions
        .get::<Caller>()
        .cloned()
        .ok_or_else(|| Problem::internal("a path was opened without asking who calls"))
}

/// The layer around everything under `/v1`: who has no token learns nothing, not even what exists.
pub async fn authenticate(
    State(door): State<Door>,
    mut request: Request,
    next: Next,
) -> Result<Response, Problem> {
    match identify(request.headers(), &door) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            Ok(next.run(request).await)
        }
        Err(problem) => {
            drain(request.into_body()).await;
            Err(problem)
        }
    }
}

fn identify(headers: &HeaderMap, door: &Door) -> Result<Caller, Problem> {
    let secret = bearer(headers)?;
    let Some(credential) = door.house().credential(secret) else {
        return Err(Problem::unauthorized(
            "token.unknown",
            "This token is not known or was revoked; ask an administrator for another.",
        ));
    };
    let Some(named) = headers.get(PROBITY_STAFF) else {
        return Ok(Caller { actor: credential.staff.clone(), via: None, credential });
    };
    if credential.reach == Reach::Own {
        return Err(Problem::forbidden(
            "probity_staff.not_a_machine",
            "Only a machine's token acts for somebody else; leave Probity-Staff out.",
        ));
    }
    let actor: StaffId = named.to_str().unwrap_or_default().parse().map_err(|error| {
        Problem::not_understood("probity_staff.not_understood", format!("Probity-Staff: {error}."))
    })?;
    if door.house().standing(&actor) != Standing::Present {
        return Err(Problem::forbidden(
            "probity_staff.unknown",
            format!("{actor} is not on the staff."),
        ));
    }
    Ok(Caller { actor, via: Some(credential.staff.clone()), credential })
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing =
        || Problem::unauthorized("token.missing", "Send a token: Authorization: Bearer pbt_….");
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let text = value.to_str().map_err(|_| missing())?;
    let (scheme, secret) = text.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(secret.trim()) } else { Err(missing()) }
}
