//! `POST /v1/staff`: people. Names are kept beside the journal; events hold ids and salted digests.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::ids::StaffId;
use domain::staff::{Command, Event, Role};
use domain::text::Line;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answers::{Recorded, answer};
use crate::asked::{Asked, Body};
use crate::door::Door;
use crate::names;
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
    let id = StaffId::from_uuid(by.new_id(&door));
    let name_digest = names::keep(&door, id.as_str(), &body.name).await?;
    let command = Command::Register { name_digest, roles: body.roles, token: None };
    let outcome = door.staff(by, &id, command).await;
    let carries =
        |event: &Event| matches!(event, Event::Registered(it) if it.name_digest == name_digest);
    names::settle(&door, name_digest, &outcome, carries).await;
    let committed = outcome?;
    Ok(answer(StatusCode::CREATED, &committed, &Recorded::of(&id, &committed)))
}
