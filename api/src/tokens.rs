//! `/v1/tokens`: credentials. A secret is shown once, by the answer that made it, and kept nowhere.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use domain::digest::Sha256Digest;
use domain::ids::{StaffId, TokenId};
use domain::staff::{Command, Event, Role, TokenIssued};
use domain::text::Line;
use journal::{Committed, Position, Replayed};
use projections::Listed;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::answers::{Recorded, answer};
use crate::asked::{Asked, Asking, Body};
use crate::auth::{Caller, SECRET_PREFIX};
use crate::door::Door;
use crate::extract::{Path, Query};
use crate::house::Reach;
use crate::names::{self, Kept, Names};
use crate::page::{Page, list_query};
use crate::problem::Problem;
use domain::permissions::Act;

#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueToken {
    /// What the token is called in lists; of a new person, the name. Needed without `staff`.
    #[schema(value_type = Option<String>, example = "王芳")]
    pub name: Option<Line<100>>,
    /// One role; or `roles`.
    pub role: Option<Role>,
    /// Several roles: for a machine's token only.
    pub roles: Option<BTreeSet<Role>>,
    /// Whose token it is; without, a new member of staff is made.
    pub staff: Option<StaffId>,
    /// A program's token: it may name the person for whom it acts by the header `Probity-Staff`.
    #[serde(default)]
    pub machine: bool,
}

impl Body for IssueToken {
    const ACT: Act = Act::ManageStaff;
    const NAMES: &[&str] = &["name"];
}

/// A new token.
#[derive(Debug, Serialize, ToSchema)]
pub struct Issued {
    #[serde(flatten)]
    recorded: Recorded,
    /// Whose token it is.
    staff: StaffId,
    /// Shown this once: `Authorization: Bearer <secret>`. Null when the request is repeated.
    secret: Option<String>,
}

impl Issued {
    pub fn id(&self) -> &str {
        &self.recorded.id
    }

    pub fn staff(&self) -> &StaffId {
        &self.staff
    }
}

/// Issue a token
#[utoipa::path(post, path = "/v1/tokens", tag = "people", request_body = IssueToken,
    responses((status = 201, body = Issued)))]
pub async fn issue(
    State(door): State<Door>,
    Asked { by, body }: Asked<IssueToken>,
) -> Result<Response, Problem> {
    let secret = format!("{SECRET_PREFIX}{}", door.ids().secret().map_err(Problem::internal)?);
    let issuing = async move { issue_with(&door, by, body, secret).await };
    let (committed, issued) = names::to_the_end(issuing).await?;
    Ok(answer(StatusCode::CREATED, &committed, &issued))
}

/// Issues a token with a given secret: a made one, or the administrator's of a new store.
pub async fn issue_with(
    door: &Door,
    by: Asking,
    body: IssueToken,
    secret: String,
) -> Result<(Committed<Event>, Issued), Problem> {
    let roles = roles(&body)?;
    let digest = Sha256Digest(Sha256::digest(&secret).into());
    let id = TokenId::from_uuid(door.ids().uuid());
    let token = TokenIssued {
        token: id,
        label: label(&roles)?,
        secret_sha256: digest,
        roles: roles.clone(),
        machine: body.machine,
    };
    let (staff, kept, command) = match (body.staff, &body.name) {
        (Some(staff), name) => {
            let kept = match name {
                Some(name) => Some(Kept::of(door, id, name).await?),
                None => None,
            };
            (staff, kept, Command::IssueToken(Box::new(token)))
        }
        (None, Some(name)) => {
            let staff = StaffId::from_uuid(by.new_id(door));
            let kept = Kept::of(door, &staff, name).await?;
            let token = Some(Box::new(token));
            let command = Command::Register { name_digest: kept.digest(), roles, token };
            (staff, Some(kept), command)
        }
        (None, None) => {
            let message = "name whose token it is: give staff, or the name of a new person";
            return Err(Problem::field("/name", "missing_field", message));
        }
    };
    let outcome = door.staff(by, &staff, command).await;
    // A new person's name stands first, under its digest; a token's name under the token.
    let carried = |event: &Event| match event {
        Event::Registered(it) => Some(names::key(it.name_digest)),
        Event::TokenIssued(it) => Some(it.token.to_string()),
        _ => None,
    };
    let committed = match kept {
        Some(kept) => kept.settle(outcome, carried).await?,
        None => outcome?,
    };
    let token = committed.events.iter().find_map(|event| match event {
        Event::TokenIssued(issued) => Some(issued.token),
        _ => None,
    });
    let token = token.ok_or_else(|| Problem::internal("a token was issued without its event"))?;
    let secret = (committed.replayed == Replayed::No).then_some(secret);
    let issued = Issued { recorded: Recorded::of(&token, &committed), staff, secret };
    Ok((committed, issued))
}

fn roles(body: &IssueToken) -> Result<BTreeSet<Role>, Problem> {
    match (body.role, &body.roles) {
        (Some(role), None) => Ok([role].into()),
        (None, Some(roles)) => Ok(roles.clone()),
        (None, None) => Err(Problem::field("/role", "missing_field", "give role, or roles")),
        (Some(_), Some(_)) => {
            Err(Problem::field("/role", "unexpected_field", "give either role or roles"))
        }
    }
}

/// What the event says of the token: its roles, and nobody's name.
fn label(roles: &BTreeSet<Role>) -> Result<Line<100>, Problem> {
    let codes: Vec<_> = roles.iter().map(|role| role.code()).collect();
    let text = if codes.is_empty() { "none".to_owned() } else { codes.join(" ") };
    let short: String = text.chars().take(100).collect();
    short.parse().map_err(Problem::internal)
}

/// A token in the list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
pub struct TokenRow {
    pub id: TokenId,
    pub staff: StaffId,
    /// Null when it was erased.
    pub name: Option<String>,
    pub roles: BTreeSet<Role>,
    pub machine: bool,
}

list_query! {
    TokensQuery in "tokens" {}
}

/// Tokens that work
#[utoipa::path(get, path = "/v1/tokens", tag = "people", params(TokensQuery),
    responses((status = 200, body = Page<TokenRow>)))]
pub async fn list(
    caller: Caller,
    State(door): State<Door>,
    Query(query): Query<TokensQuery>,
) -> Result<Response, Problem> {
    caller.may(Act::ReadStaff)?;
    let paging = query.paging()?;
    door.recorded(paging.at).await?;
    if let Some(at) = paging.at {
        door.house().reach(Position(at)).await;
    }
    let mut rows = listed(&door).await?;
    let after = paging.keyset.after.as_deref().unwrap_or_default();
    rows.retain(|row| row.id.to_string().as_str() > after);
    let most = usize::try_from(paging.keyset.limit).unwrap_or(usize::MAX);
    let more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| more).map(|row| row.id.to_string());
    paging.answer(Listed { items: rows, next })
}

/// Every token that works, with the name of the token or of its person.
pub async fn listed(door: &Door) -> Result<Vec<TokenRow>, Problem> {
    let tokens = door.house().tokens();
    let names = Names::of_tokens(door, &tokens).await?;
    let rows = tokens.into_iter().map(|credential| TokenRow {
        id: credential.token,
        staff: credential.staff.clone(),
        name: names.of(&credential),
        roles: credential.roles.clone(),
        machine: credential.reach == Reach::Others,
    });
    Ok(rows.collect())
}

/// A body without fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Revoke {}

impl Body for Revoke {
    const ACT: Act = Act::ManageStaff;
}

/// Revoke a token
///
/// It stops working before this is answered; its open event streams end.
#[utoipa::path(delete, path = "/v1/tokens/{id}", tag = "people", params(("id" = TokenId, Path)),
    responses((status = 200, body = Recorded)))]
pub async fn revoke(
    State(door): State<Door>,
    Path(id): Path<TokenId>,
    Asked { by, body: Revoke {} }: Asked<Revoke>,
) -> Result<Response, Problem> {
    let committed = revoke_token(&door, by, id).await?;
    Ok(answer(StatusCode::OK, &committed, &Recorded::of(&id, &committed)))
}

/// Revokes a token of whomever it belongs to.
pub async fn revoke_token(
    door: &Door,
    by: Asking,
    id: TokenId,
) -> Result<Committed<Event>, Problem> {
    let owner = door.house().owner(id).ok_or_else(|| Problem::not_found("token", id))?;
    door.staff(by, &owner, Command::RevokeToken { token: id }).await
}
