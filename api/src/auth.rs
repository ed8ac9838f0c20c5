//! Who calls: a bearer token becomes an actor, and every command and reading asks whether that actor may.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderName, header};
use axum::middleware::Next;
use axum::response::Response;
use domain::ids::StaffId;
use domain::staff::{Profile, Role, Standing};

use crate::door::Door;
use crate::extract::drain;
use crate::house::{Credential, Lasts, Reach};
use crate::problem::Problem;
use crate::sight::Sight;
use domain::permissions::{Act, may};

/// Names the person for whom a program acts.
pub const PROBITY_STAFF: HeaderName = HeaderName::from_static("probity-staff");
/// What a secret begins with, so that scanners for leaked secrets know it.
pub const SECRET_PREFIX: &str = "pbt_";
/// Acts by which somebody answers in person: no program does them, whomever it names.
const IN_PERSON: [Act; 8] = [
    Act::ReviewQualification,
    Act::GrantCredit,
    Act::VoteOnCredit,
    Act::ReleaseOrder,
    Act::VoteOnRelease,
    Act::VoteOnPolicy,
    Act::Delegate,
    Act::ManageCredentials,
];

/// Acts that somebody may do in the place of whoever lent them a role.
const FOR_OTHERS: [Act; 6] = [
    Act::ReadWorklist,
    Act::ReadCases,
    Act::ReviewQualification,
    Act::VoteOnCredit,
    Act::VoteOnRelease,
    Act::VoteOnPolicy,
];

/// Whoever sent a request.
#[derive(Clone, Debug)]
pub struct Caller {
    pub actor: StaffId,
    /// The program that acts for the actor.
    pub via: Option<StaffId>,
    pub credential: Arc<Credential>,
    pub profile: Profile,
    door: Door,
}

impl Caller {
    /// Refuses with 403 what none of the caller's roles allows.
    pub fn may(&self, act: Act) -> Result<(), Problem> {
        // Asked only where it matters: most callers stand in for nobody.
        let in_anothers_place =
            || FOR_OTHERS.contains(&act) && self.lent().iter().any(|it| may(*it, act));
        if !self.roles().any(|role| may(role, act)) && !in_anothers_place() {
            let roles: Vec<_> = self.roles().map(Role::code).collect();
            return Err(Problem::forbidden(
                "permission.missing",
                format!("This needs another role than {}.", roles.join(", ")),
            ));
        }
        if self.credential.reach == Reach::Others && IN_PERSON.contains(&act) {
            return Err(in_person());
        }
        // A token may have been issued by whoever shall not answer for this; a session only opens to the person. What a reset takes is
        // asked where it is known whether there is something to reset.
        let asks_more = IN_PERSON.contains(&act) && act != Act::ManageCredentials;
        let is_token = self.credential.lasts == Lasts::UntilRevoked;
        if self.profile == Profile::Strict && asks_more && is_token {
            return Err(session_needed());
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

    /// The roles of others in whose place the actor stands today; none where a program acts.
    pub fn lent(&self) -> BTreeSet<Role> {
        if self.via.is_some() {
            return BTreeSet::new();
        }
        self.door.house().lent(&self.actor, self.door.today())
    }

    pub fn roles(&self) -> impl Iterator<Item = Role> {
        self.credential.roles.iter().copied()
    }
}

/// What is done in person is done with one's own token or session.
pub fn in_person() -> Problem {
    Problem::forbidden(
        "permission.in_person",
        "Approvals, grants, releases, delegations and resets are given in person: use that person's own token.",
    )
    .with("detail_zh", "审批、授信、放行、委托和重置须由本人办理；请使用本人的凭证。")
}

/// What is done in person is, in the strict profile, done in a session.
pub fn session_needed() -> Problem {
    Problem::forbidden(
        "permission.session_needed",
        "In the strict profile this is done in a session: sign in with your password and a code.",
    )
    .with("detail_zh", "严格模式下须登录后办理；请用密码和验证码登录。")
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
    let Some(credential) = door.house().credential(secret, door.now()) else {
        return Err(Problem::unauthorized(
            "token.unknown",
            "This token is not known, was revoked, or is of a session that is over; sign in, or ask an administrator.",
        ));
    };
    let profile = door.house().profile();
    let Some(named) = headers.get(PROBITY_STAFF) else {
        let actor = credential.staff.clone();
        return Ok(Caller { actor, via: None, credential, profile, door: door.clone() });
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
    let via = Some(credential.staff.clone());
    Ok(Caller { actor, via, credential, profile, door: door.clone() })
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let missing =
        || Problem::unauthorized("token.missing", "Send a token: Authorization: Bearer pbt_….");
    let value = headers.get(header::AUTHORIZATION).ok_or_else(missing)?;
    let text = value.to_str().map_err(|_| missing())?;
    let (scheme, secret) = text.split_once(' ').ok_or_else(missing)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(secret.trim()) } else { Err(missing()) }
}
