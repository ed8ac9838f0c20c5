//! `/v1/staff/{id}/delegations`: somebody's own roles, lent to a colleague for some days.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;
use domain::ids::{DelegationId, StaffId};
use domain::permissions::{Act, may};
use domain::staff::{Command, Delegated, Matter, Role};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::answers::{Recorded, answer};
use crate::asked::{Asked, Body};
use crate::auth::Caller;
use crate::day;
use crate::door::Door;
use crate::extract::Path;
use crate::problem::Problem;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Delegate {
    /// Who stands in.
    to: StaffId,
    /// One's own roles of business; what was lent to oneself is not among them.
    roles: BTreeSet<Role>,
    /// The first day.
    #[serde(deserialize_with = "day::required")]
    from: NaiveDate,
    /// The last day.
    #[serde(deserialize_with = "day::required")]
    until: NaiveDate,
    /// For these matters; absent: for all.
    #[serde(default)]
    matters: BTreeSet<Matter>,
}

impl Body for Delegate {
    const ACT: Act = Act::Delegate;
}

/// Lend one's own roles to a colleague
///
/// From the first to the last day, which both count. Nobody lends what was lent to them, and who administers neither lends nor is lent to.
#[utoipa::path(post, path = "/v1/staff/{id}/delegations", tag = "people", params(("id" = StaffId, Path)),
    request_body = Delegate, responses((status = 201, body = Recorded)))]
pub async fn delegate(
    State(door): State<Door>,
    Path(staff): Path<StaffId>,
    Asked { by, body }: Asked<Delegate>,
) -> Result<Response, Problem> {
    if by.actor != staff {
        return Err(not_yours());
    }
    let given = Delegated {
        delegation: DelegationId::from_uuid(by.new_id(&door)),
        to: body.to,
        roles: body.roles,
        from: body.from,
        until: body.until,
        matters: body.matters,
        delegated_on: door.today(),
    };
    let id = given.delegation;
    let committed = door.staff(by, &staff, Command::Delegate(Box::new(given))).await?;
    Ok(answer(StatusCode::CREATED, &committed, &Recorded::of(&id, &committed)))
}

/// A body without fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {}

impl Body for Revoke {
    const ACT: Act = Act::EndDelegation;
}

/// End a delegation before its last day
///
/// As whoever gave it, or as an administrator.
#[utoipa::path(delete, path = "/v1/staff/{id}/delegations/{delegation}", tag = "people",
    params(("id" = StaffId, Path), ("delegation" = DelegationId, Path)),
    responses((status = 200, body = Recorded)))]
pub async fn revoke(
    State(door): State<Door>,
    Path((staff, delegation)): Path<(StaffId, DelegationId)>,
    Asked { by, body: Revoke {} }: Asked<Revoke>,
) -> Result<Response, Problem> {
    if by.actor != staff && !by.roles.iter().any(|role| may(*role, Act::ManageStaff)) {
        return Err(not_yours());
    }
    let committed = door.staff(by, &staff, Command::RevokeDelegation { delegation }).await?;
    Ok(answer(StatusCode::OK, &committed, &Recorded::of(&delegation, &committed)))
}

/// What somebody has lent.
#[derive(Debug, Serialize, ToSchema)]
pub struct Delegations {
    items: Vec<Delegation>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Delegation {
    id: DelegationId,
    to: StaffId,
    roles: BTreeSet<Role>,
    from: NaiveDate,
    until: NaiveDate,
    /// Empty: all.
    matters: BTreeSet<Matter>,
}

/// Delegations that are not over
#[utoipa::path(get, path = "/v1/staff/{id}/delegations", tag = "people", params(("id" = StaffId, Path)),
    responses((status = 200, body = Delegations)))]
pub async fn list(
    caller: Caller,
    State(door): State<Door>,
    Path(staff): Path<StaffId>,
) -> Result<axum::Json<Delegations>, Problem> {
    caller.may(Act::ReadDelegations)?;
    // Who reads no staff learns of nobody else, not even whether they are there.
    let seen = caller.actor == staff || caller.sees(Act::ReadStaff).is_some();
    let person = door.house().person(&staff).filter(|_| seen);
    let person = person.ok_or_else(|| Problem::not_found("staff", &staff))?;
    let today = door.today();
    let given = person.delegations.into_values().filter(|it| it.until >= today);
    let items = given.map(|it| Delegation {
        id: it.delegation,
        to: it.to,
        roles: it.roles,
        from: it.from,
        until: it.until,
        matters: it.matters,
    });
    Ok(axum::Json(Delegations { items: items.collect() }))
}

fn not_yours() -> Problem {
    Problem::forbidden(
        "delegation.not_yours",
        "Everybody lends their own roles, and takes back what they lent.",
    )
    .with("detail_zh", "只能委托或收回本人的角色。")
}
