//! `/v1/sessions`: signing in with a password and a one-time code, and out again.
//!
//! The secret of a session is shown once and works like a token's, until the session is closed or eight hours old.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::digest::Sha256Digest;
use domain::ids::{StaffId, TokenId};
use domain::permissions::Act;
use domain::staff::{Command, Event, Role, Trying};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::answers::{Recorded, answer};
use crate::asked::{Asked, Asking, Body};
use crate::auth::Caller;
use crate::components::{self, Given, REFUSED};
use crate::door::Door;
use crate::extract::Json;
use crate::house::Lasts;
use crate::names;
use crate::problem::Problem;
use crate::secret::Secret;

/// What a session's secret begins with, so that scanners for leaked secrets know it.
const SESSION_PREFIX: &str = "pbs_";

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    staff: StaffId,
    password: Secret,
    /// The six digits that the authenticator shows; each works once.
    code: Secret,
    /// One of the roles that the person holds.
    role: Role,
}

/// A new session.
#[derive(Debug, Serialize, ToSchema)]
pub struct Opened {
    #[serde(flatten)]
    recorded: Recorded,
    staff: StaffId,
    role: Role,
    /// Shown this once: `Authorization: Bearer <secret>`.
    secret: String,
    expires_at: DateTime<Utc>,
}

/// Sign in
///
/// With both components and one role. Five wrong tries in a row lock, until an administrator unlocks; every refusal reads the same.
#[utoipa::path(post, path = "/v1/sessions", tag = "people", request_body = SignIn, security(()),
    responses((status = 201, body = Opened)))]
pub async fn open(State(door): State<Door>, Json(body): Json<SignIn>) -> Result<Response, Problem> {
    door.pace().try_as(&body.staff, door.now())?;
    names::to_the_end(async move { opened(&door, body).await }).await
}

async fn opened(door: &Door, body: SignIn) -> Result<Response, Problem> {
    let SignIn { staff, password, code, role } = body;
    let given = Given { password: Some(password), code: Some(code) };
    let proof = components::compare(door, &staff, given).await?;
    let secret = format!("{SESSION_PREFIX}{}", door.ids().secret().map_err(Problem::internal)?);
    let command = Command::OpenSession {
        proof,
        session: TokenId::from_uuid(door.ids().uuid()),
        secret_sha256: Sha256Digest(Sha256::digest(&secret).into()),
        role,
    };
    let by = Asking::within(staff.clone(), vec![role], door.ids().uuid().to_string());
    let committed = match door.staff(by, &staff, command).await {
        Err(problem) if problem.code() == REFUSED => {
            components::refused(door, &staff, Trying::SigningIn).await?;
            return Err(problem.answered(StatusCode::UNAUTHORIZED));
        }
        outcome => outcome?,
    };
    let session = committed.events.iter().find_map(|event| match event {
        Event::SessionOpened(opened) => Some(opened),
        _ => None,
    });
    let session = session.ok_or_else(|| Problem::internal("signed in without its event"))?;
    let (id, expires_at) = (session.session, session.expires_at);
    let recorded = Recorded::of(&id, &committed);
    let opened = Opened { recorded, staff, role, secret, expires_at };
    Ok(answer(StatusCode::CREATED, &committed, &opened))
}

/// A body without fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOut {}

impl Body for SignOut {
    const ACT: Act = Act::SignOut;
}

/// Sign out
///
/// The session stops working before this is answered; its open event streams end.
#[utoipa::path(delete, path = "/v1/sessions/current", tag = "people",
    responses((status = 200, body = Recorded)))]
pub async fn close(
    caller: Caller,
    State(door): State<Door>,
    Asked { by, body: SignOut {} }: Asked<SignOut>,
) -> Result<Response, Problem> {
    if caller.credential.lasts == Lasts::UntilRevoked {
        let detail = "This is a token and no session: an administrator revokes it.";
        return Err(Problem::conflict("session.none", detail)
            .with("detail_zh", "这是凭证而非会话；凭证由管理员撤销。"));
    }
    let session = caller.credential.token;
    let committed = door.staff(by, &caller.actor, Command::CloseSession { session }).await?;
    Ok(answer(StatusCode::OK, &committed, &Recorded::of(&session, &committed)))
}
