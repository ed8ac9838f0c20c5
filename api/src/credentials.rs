//! Passwords and one-time codes: an administrator resets and unlocks, and the person enrols with a secret that is shown once.
//!
//! In the strict profile a reset takes two administrators, each of whom is shown half of what enrolment takes.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::digest::Sha256Digest;
use domain::ids::{SecretId, StaffId};
use domain::permissions::Act;
use domain::staff::{CodeEnrolled, Command, Event, PasswordSet, Profile, Staff};
use journal::Replayed;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::answers::{Recorded, answer};
use crate::asked::{Asked, Asking, Body};
use crate::auth::Caller;
use crate::components::{self, PASSWORD_MIN, REFUSED};
use crate::door::Door;
use crate::extract::{Json, Path};
use crate::house::Lasts;
use crate::names;
use crate::problem::Problem;
use crate::secret::{LENGTH_MAX, Secret};

/// What a secret for enrolment begins with, so that scanners for leaked secrets know it.
const ENROLMENT_PREFIX: &str = "pbe_";
/// How many secrets enrolment takes at most.
const SECRETS_MAX: usize = 2;

/// A body without fields.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {}

impl Body for Reset {
    const ACT: Act = Act::ManageCredentials;
}

/// What an administrator's asking for a reset came to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Resetting {
    #[serde(flatten)]
    recorded: Recorded,
    /// `asked`: another administrator must ask too; `reset`: it is done.
    status: &'static str,
    /// Until then the other one may follow, or the person may enrol.
    until: DateTime<Utc>,
    /// For the person, and shown this once. Null when the request is repeated.
    secret: Option<String>,
}

/// Reset somebody's password and codes
///
/// Their sessions end, and they enrol anew with the secret of this answer. In the strict profile two administrators ask within an
/// hour, and the person needs the secrets of both.
#[utoipa::path(post, path = "/v1/staff/{id}/credentials/reset", tag = "people",
    params(("id" = StaffId, Path)), request_body = Reset, responses((status = 200, body = Resetting)))]
pub async fn reset(
    caller: Caller,
    State(door): State<Door>,
    Path(id): Path<StaffId>,
    Asked { by, body: Reset {} }: Asked<Reset>,
) -> Result<Response, Problem> {
    if by.actor == id {
        return Err(Problem::forbidden(
            "reset.own",
            "Another administrator resets your components.",
        )
        .with("detail_zh", "本人的密码和验证码须由另一名管理员重置。"));
    }
    let before = door.journal().confirmed::<Staff>(id.as_str()).await?.state;
    // A token that another administrator may have issued is not one of two keys.
    if door.house().profile() == Profile::Strict
        && caller.credential.lasts == Lasts::UntilRevoked
        && before.credentials.enrolled().is_some()
    {
        return Err(crate::auth::session_needed());
    }
    let secret = format!("{ENROLMENT_PREFIX}{}", door.ids().secret().map_err(Problem::internal)?);
    let secret_sha256 = Sha256Digest(Sha256::digest(&secret).into());
    let committed = door.staff(by, &id, Command::ResetCredentials { secret_sha256 }).await?;
    let told = committed.events.iter().find_map(|event| match event {
        Event::ResetAsked(asked) => Some(("asked", asked.until)),
        Event::CredentialsReset(reset) => Some(("reset", reset.until)),
        _ => None,
    });
    let (status, until) = told.ok_or_else(|| Problem::internal("reset without its event"))?;
    let first = committed.replayed == Replayed::No;
    if first && status == "reset" {
        forget(&door, before.credentials.secrets()).await;
    }
    let secret = first.then_some(secret);
    let resetting = Resetting { recorded: Recorded::of(&id, &committed), status, until, secret };
    Ok(answer(StatusCode::OK, &committed, &resetting))
}

/// Erases secrets that no event names any more. One that stays is compared with nothing.
pub(crate) async fn forget(door: &Door, secrets: BTreeSet<SecretId>) {
    for secret in secrets {
        if let Err(error) = door.journal().secrets().erase(&secret.to_string()).await {
            tracing::warn!(%error, "a secret that serves no more could not be erased");
        }
    }
}

/// A body without fields.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Unlock {}

impl Body for Unlock {
    const ACT: Act = Act::ManageCredentials;
}

/// Unlock somebody after five wrong tries
#[utoipa::path(post, path = "/v1/staff/{id}/credentials/unlock", tag = "people",
    params(("id" = StaffId, Path)), request_body = Unlock, responses((status = 200, body = Recorded)))]
pub async fn unlock(
    State(door): State<Door>,
    Path(id): Path<StaffId>,
    Asked { by, body: Unlock {} }: Asked<Unlock>,
) -> Result<Response, Problem> {
    let committed = door.staff(by, &id, Command::Unlock).await?;
    Ok(answer(StatusCode::OK, &committed, &Recorded::of(&id, &committed)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Enrol {
    staff: StaffId,
    /// What the administrators were shown: one secret, or two in the strict profile.
    #[schema(min_items = 1, max_items = 2)]
    secrets: Vec<Secret>,
    /// At least twelve characters.
    password: Secret,
}

/// What codes are made from.
#[derive(Debug, Serialize, ToSchema)]
pub struct Enrolling {
    #[serde(flatten)]
    recorded: Recorded,
    /// Shown this once: for the authenticator, in base 32.
    code_secret: String,
    /// The same for a picture: `otpauth://totp/…`.
    code_uri: String,
}

/// Set a password, and be given what codes are made from
///
/// With the secrets of a reset. Sent again before a code was given, it sets both anew.
#[utoipa::path(post, path = "/v1/enrolments", tag = "people", request_body = Enrol, security(()),
    responses((status = 201, body = Enrolling)))]
pub async fn enrol(State(door): State<Door>, Json(body): Json<Enrol>) -> Result<Response, Problem> {
    door.pace().try_as(&body.staff, door.now())?;
    let secrets = digests(&body.secrets)?;
    let length = body.password.reveal().chars().count();
    if length < PASSWORD_MIN || body.password.reveal().contains(body.staff.as_str()) {
        let message = format!(
            "{PASSWORD_MIN} to {LENGTH_MAX} characters, and not one's staff id / {PASSWORD_MIN} 至 {LENGTH_MAX} 个字符，且不得包含人员编号"
        );
        return Err(Problem::field("/password", "password.weak", message));
    }
    names::to_the_end(async move { enrolling(&door, body, secrets).await }).await
}

async fn enrolling(
    door: &Door,
    Enrol { staff, password, .. }: Enrol,
    secrets: BTreeSet<Sha256Digest>,
) -> Result<Response, Problem> {
    let before = door.journal().confirmed::<Staff>(staff.as_str()).await?.state;
    // Asked before the hash is made: who has no secret costs us nothing.
    if !before.credentials.may_enrol(&secrets, door.now()) {
        return Err(refused());
    }
    let set = PasswordSet {
        password: SecretId::from_uuid(door.ids().uuid()),
        code: SecretId::from_uuid(door.ids().uuid()),
    };
    let (hash, code_secret) =
        (components::hash(door, password).await?, components::code_secret(door)?);
    let kept = door.journal().secrets();
    kept.keep(&set.password.to_string(), staff.as_str(), &hash).await?;
    kept.keep(&set.code.to_string(), staff.as_str(), &code_secret).await?;
    let made: BTreeSet<SecretId> = [set.password, set.code].into();
    let committed = match within(door, &staff, Command::SetPassword { secrets, set }).await {
        // What is the caller's fault was not recorded; anything else may have been.
        Err(problem) if problem.status().is_client_error() => {
            forget(door, made).await;
            return Err(problem);
        }
        outcome => outcome?,
    };
    forget(door, before.credentials.secrets()).await;
    let recorded = Recorded::of(&staff, &committed);
    let code_uri = components::address(&staff, &code_secret);
    Ok(answer(StatusCode::CREATED, &committed, &Enrolling { recorded, code_secret, code_uri }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnrolCode {
    staff: StaffId,
    /// The same as for the password; with this they have served.
    #[schema(min_items = 1, max_items = 2)]
    secrets: Vec<Secret>,
    /// What the authenticator shows.
    code: Secret,
}

/// Prove that the authenticator works, and be enrolled
#[utoipa::path(post, path = "/v1/enrolments/code", tag = "people", request_body = EnrolCode, security(()),
    responses((status = 200, body = Recorded)))]
pub async fn enrol_code(
    State(door): State<Door>,
    Json(EnrolCode { staff, secrets, code }): Json<EnrolCode>,
) -> Result<Response, Problem> {
    door.pace().try_as(&staff, door.now())?;
    let secrets = digests(&secrets)?;
    let known = door.journal().confirmed::<Staff>(staff.as_str()).await?.state;
    let offered = known.credentials.offered().ok_or_else(refused)?;
    let kept = door.journal().secrets().one(&offered.to_string()).await?.ok_or_else(refused)?;
    let step = components::step_of(&kept, code.reveal(), door.now()).ok_or_else(refused)?;
    let enrolled = CodeEnrolled { code: offered, step };
    let committed = within(&door, &staff, Command::EnrolCode { secrets, enrolled }).await?;
    Ok(answer(StatusCode::OK, &committed, &Recorded::of(&staff, &committed)))
}

async fn within(
    door: &Door,
    staff: &StaffId,
    command: Command,
) -> Result<journal::Committed<Event>, Problem> {
    let by = Asking::within(staff.clone(), Vec::new(), door.ids().uuid().to_string());
    let refused = |problem: Problem| match problem.code() {
        REFUSED => problem.answered(StatusCode::UNAUTHORIZED),
        _ => problem,
    };
    door.staff(by, staff, command).await.map_err(refused)
}

fn digests(secrets: &[Secret]) -> Result<BTreeSet<Sha256Digest>, Problem> {
    if secrets.is_empty() || secrets.len() > SECRETS_MAX {
        return Err(Problem::field("/secrets", "wrong_length", "give the one or the two secrets"));
    }
    Ok(secrets.iter().map(Secret::sha256).collect())
}

fn refused() -> Problem {
    crate::refusals::rejected(&domain::staff::Rejection::from(
        domain::staff::credentials::Rejection::NotProved,
    ))
    .answered(StatusCode::UNAUTHORIZED)
}
