//! Staff: people, the roles that they hold, and the tokens that speak for them.
//!
//! A name is never in an event: only its salted digest, whose opening lies in an erasable table.
//! Who administers does no business: no role of trade stands beside `admin`.
//! A token carries some of its person's roles; only a machine's token carries several.
//! Who has left has no role and no token, and gets none again.

use std::collections::{BTreeMap, BTreeSet};

use cqrs_es::DomainEvent;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decider::{self, Decider};
use crate::digest::Sha256Digest;
use crate::ids::TokenId;
use crate::text::Line;
use crate::turn::Turn;

pub use rejection::Rejection;
pub use role::Role;

mod rejection;
mod role;

#[derive(Clone, Debug)]
pub enum Command {
    Register {
        name_digest: Sha256Digest,
        roles: BTreeSet<Role>,
        /// A first credential, where the person is made for it.
        token: Option<Box<TokenIssued>>,
    },
    /// From now on the person holds these roles and no others.
    GrantRoles {
        roles: BTreeSet<Role>,
    },
    IssueToken(Box<TokenIssued>),
    RevokeToken {
        token: TokenId,
    },
    Leave,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub enum Event {
    #[serde(rename = "staff.registered")]
    Registered(Registered),
    #[serde(rename = "staff.roles-granted")]
    RolesGranted(RolesGranted),
    #[serde(rename = "staff.token-issued")]
    TokenIssued(Box<TokenIssued>),
    #[serde(rename = "staff.token-revoked")]
    TokenRevoked(TokenRevoked),
    #[serde(rename = "staff.left")]
    Left(Left),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    /// Salted.
    pub name_digest: Sha256Digest,
}

/// All roles that the person holds from now on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RolesGranted {
    pub roles: BTreeSet<Role>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenIssued {
    pub token: TokenId,
    /// What the token is for; no person's name.
    #[schema(value_type = String)]
    pub label: Line<100>,
    /// Of the whole secret, which is shown once and kept nowhere.
    pub secret_sha256: Sha256Digest,
    pub roles: BTreeSet<Role>,
    /// A program's, which may name the person that it acts for.
    pub machine: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenRevoked {
    pub token: TokenId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Left {}

impl Event {
    pub const TYPES: &'static [&'static str] = &[
        "staff.registered",
        "staff.roles-granted",
        "staff.token-issued",
        "staff.token-revoked",
        "staff.left",
    ];
}

impl DomainEvent for Event {
    fn event_type(&self) -> String {
        match self {
            Self::Registered(_) => "staff.registered",
            Self::RolesGranted(_) => "staff.roles-granted",
            Self::TokenIssued(_) => "staff.token-issued",
            Self::TokenRevoked(_) => "staff.token-revoked",
            Self::Left(_) => "staff.left",
        }
        .to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

impl decider::Event for Event {
    fn claim(&self, _stream: &str) -> Option<String> {
        match self {
            // One secret opens one door: a second token of the same secret could not be told from the first.
            Self::TokenIssued(issued) => Some(format!("token:{}", issued.secret_sha256)),
            Self::Registered(_) | Self::RolesGranted(_) | Self::TokenRevoked(_) | Self::Left(_) => {
                None
            }
        }
    }
}

/// The state of one person. The stream begins with `staff.registered`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Staff {
    pub standing: Standing,
    /// Salted; of the name with which the person was registered.
    #[serde(default)]
    pub name_digest: Option<Sha256Digest>,
    pub roles: BTreeSet<Role>,
    /// Those that still work.
    pub tokens: BTreeMap<TokenId, TokenIssued>,
    /// Those that no longer do: an id is never used twice.
    pub revoked: BTreeSet<TokenId>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    #[default]
    Unknown,
    Present,
    Left,
}

impl Staff {
    /// What a token may do now: what it carries and its person still holds. Empty for a token that does not work.
    pub fn roles_of(&self, token: TokenId) -> BTreeSet<Role> {
        self.tokens.get(&token).map_or_else(BTreeSet::new, |it| &it.roles & &self.roles)
    }

    fn present(&self) -> Result<(), Rejection> {
        match self.standing {
            Standing::Unknown => Err(Rejection::NoSuchPerson),
            Standing::Left => Err(Rejection::HasLeft),
            Standing::Present => Ok(()),
        }
    }

    fn check_token(&self, held: &BTreeSet<Role>, token: &TokenIssued) -> Result<(), Rejection> {
        if self.tokens.contains_key(&token.token) || self.revoked.contains(&token.token) {
            return Err(Rejection::TokenExists { token: token.token });
        }
        if token.roles.is_empty() {
            return Err(Rejection::TokenWithoutRole);
        }
        let missing = &token.roles - held;
        if !missing.is_empty() {
            return Err(Rejection::RolesNotHeld { missing });
        }
        if !token.machine && token.roles.len() > 1 {
            return Err(Rejection::SeveralRoles);
        }
        Ok(())
    }
}

fn check_roles(roles: &BTreeSet<Role>) -> Result<(), Rejection> {
    if !roles.contains(&Role::Admin) {
        return Ok(());
    }
    let business: BTreeSet<Role> =
        roles.iter().copied().filter(|role| role.is_business()).collect();
    if business.is_empty() { Ok(()) } else { Err(Rejection::AdminMixed { business }) }
}

impl Decider for Staff {
    const TYPE: &'static str = "staff";

    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Context = Turn;

    fn decide(&self, _turn: &Turn, command: &Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Register { name_digest, roles, token } => {
                if self.standing != Standing::Unknown {
                    return Err(Rejection::AlreadyRegistered);
                }
                check_roles(roles)?;
                if let Some(token) = token {
                    self.check_token(roles, token)?;
                }
                let mut events = vec![Event::Registered(Registered { name_digest: *name_digest })];
                if !roles.is_empty() {
                    events.push(Event::RolesGranted(RolesGranted { roles: roles.clone() }));
                }
                events.extend(token.clone().map(Event::TokenIssued));
                Ok(events)
            }
            Command::GrantRoles { roles } => {
                self.present()?;
                check_roles(roles)?;
                Ok(vec![Event::RolesGranted(RolesGranted { roles: roles.clone() })])
            }
            Command::IssueToken(token) => {
                self.present()?;
                self.check_token(&self.roles, token)?;
                Ok(vec![Event::TokenIssued(token.clone())])
            }
            Command::RevokeToken { token } => {
                // Asked before the person's standing: leaving revoked them all, and that is the better answer.
                if self.revoked.contains(token) {
                    return Err(Rejection::TokenRevoked { token: *token });
                }
                if !self.tokens.contains_key(token) {
                    return Err(Rejection::NoSuchToken { token: *token });
                }
                Ok(vec![Event::TokenRevoked(TokenRevoked { token: *token })])
            }
            Command::Leave => {
                self.present()?;
                Ok(vec![Event::Left(Left {})])
            }
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Registered(registered) => {
                self.standing = Standing::Present;
                self.name_digest = Some(registered.name_digest);
            }
            Event::RolesGranted(granted) => self.roles.clone_from(&granted.roles),
            Event::TokenIssued(issued) => {
                self.tokens.insert(issued.token, (**issued).clone());
            }
            Event::TokenRevoked(revoked) => {
                self.tokens.remove(&revoked.token);
                self.revoked.insert(revoked.token);
            }
            Event::Left(_) => {
                self.standing = Standing::Left;
                self.roles.clear();
                self.revoked.extend(std::mem::take(&mut self.tokens).into_keys());
            }
        }
    }
}

crate::stock_aggregate!(Staff);

#[cfg(test)]
mod tests;
