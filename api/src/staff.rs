//! `/v1/staff`: people, what they hold, and their leaving. Names are kept beside the journal; events hold ids and salted digests.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::ids::StaffId;
use domain::staff::{Command, Event, Role, Staff};
use domain::text::Line;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Recorded, answer};
use crate::asked::{Asked, Asking, Body};
use crate::credentials::forget;
use crate::door::Door;
use crate::extract::Path;
use crate::names::{self, Kept};
use crate::problem::Problem;
use domain::permissions::Act;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterStaff {
    #[schema(value_type = String, example = "王芳")]
    name: Line<100>,
    roles: BTreeSet<Role>,
}

impl Body for RegisterStaff {
    const ACT: Act = Act::ManageStaff;
    const NAMES: &[&str] = &["name"];
}

/// Register a member of staff
///
/// Who administers does no business: `admin` stands beside no role of trade.
#[utoipa::path(post, path = "/v1/staff", tag = "people", request_body = RegisterStaff,
    responses((status = 201, body = Recorded)))]
pub async fn register(
    State(door): State<Door>,
    Asked { by, body }: Asked<RegisterStaff>,
) -> Result<Response, Problem> {
    names::to_the_end(given(door, by, body)).await
}

async fn given(door: Door, by: Asking, body: RegisterStaff) -> Result<Response, Problem> {
    let id = StaffId::from_uuid(by.new_id(&door));
    let kept = Kept::of(&door, &id, &body.name).await?;
    let name_digest = kept.digest();
    let command = Command::Register { name_digest, roles: body.roles, token: None };
    let outcome = door.staff(by, &id, command).await;
    let carried = |event: &Event| match event {
        Event::Registered(it) => Some(names::key(it.name_digest)),
        _ => None,
    };
    let committed = kept.settle(outcome, carried).await?;
    Ok(answer(StatusCode::CREATED, &committed, &Recorded::of(&id, &committed)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRoles {
    /// All that the person holds from now on.
    roles: BTreeSet<Role>,
}

impl Body for GrantRoles {
    const ACT: Act = Act::ManageStaff;
}

/// Say which roles somebody holds
///
/// From now on these and no others: tokens and delegations lose what their person no longer holds.
#[utoipa::path(post, path = "/v1/staff/{id}/roles", tag = "people", params(("id" = StaffId, Path)),
    request_body = GrantRoles, responses((status = 200, body = Recorded)))]
pub async fn grant_roles(
    State(door): State<Door>,
    Path(id): Path<StaffId>,
    Asked { by, body: GrantRoles { roles } }: Asked<GrantRoles>,
) -> Result<Response, Problem> {
    let committed = door.staff(by, &id, Command::GrantRoles { roles }).await?;
    Ok(answer(StatusCode::OK, &committed, &Recorded::of(&id, &committed)))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Leave {}

impl Body for Leave {
    const ACT: Act = Act::ManageStaff;
}

/// Say that somebody has left
///
/// All that they hold ends before this is answered. They never come back: whoever returns is registered anew, with another id.
#[utoipa::path(post, path = "/v1/staff/{id}/leave", tag = "people", params(("id" = StaffId, Path)),
    request_body = Leave, responses((status = 200, body = Recorded)))]
pub async fn leave(
    State(door): State<Door>,
    Path(id): Path<StaffId>,
    Asked { by, body: Leave {} }: Asked<Leave>,
) -> Result<Response, Problem> {
    let before = door.journal().confirmed::<Staff>(id.as_str()).await?.state;
    let committed = door.staff(by, &id, Command::Leave).await?;
    forget(&door, before.credentials.secrets()).await;
    Ok(answer(StatusCode::OK, &committed, &Recorded::of(&id, &committed)))
}
