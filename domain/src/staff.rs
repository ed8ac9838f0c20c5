//! Staff: people, the roles that they hold, the tokens that speak for them, and how they prove who they are.
//!
//! A name is never in an event: only its salted digest, whose opening lies in an erasable table.
//! Who administers does no business: no role of trade stands beside one of administration. In the strict profile nobody holds two of
//! the roles of administration, security and audit.
//! A token carries some of its person's roles; only a machine's token carries several.
//! Who has left has no role and no token, and gets none again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::decider::{self, Decider};
use crate::digest::Sha256Digest;
use crate::events;
use crate::ids::{DelegationId, StaffId, TokenId};
use crate::text::Line;
use crate::turn::Turn;

pub use credentials::{
    CodeEnrolled, Compared, ComponentsVerified, Credentials, CredentialsReset, Locked, PasswordSet,
    Proof, ResetAsked, SessionClosed, SessionOpened, Signing, TryRefused, Trying, Unlocked,
};
pub use delegation::{Delegated, DelegationRevoked, Matter};
pub use profile::{Profile, ProfileSet};
pub use rejection::Rejection;
pub use role::Role;

pub mod credentials;
pub mod delegation;
mod profile;
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
    /// Lends own roles to a colleague. The day on which that is done is the turn's.
    Delegate(Box<Delegated>),
    RevokeDelegation {
        delegation: DelegationId,
    },
    /// An administrator takes both components away, and gives a secret for enrolment.
    ResetCredentials {
        secret_sha256: Sha256Digest,
    },
    Unlock,
    /// With the secrets for enrolment.
    SetPassword {
        secrets: BTreeSet<Sha256Digest>,
        set: PasswordSet,
    },
    EnrolCode {
        secrets: BTreeSet<Sha256Digest>,
        enrolled: CodeEnrolled,
    },
    OpenSession {
        proof: Proof,
        session: TokenId,
        secret_sha256: Sha256Digest,
        role: Role,
    },
    CloseSession {
        session: TokenId,
    },
    /// Somebody proves who they are, to sign.
    Verify {
        proof: Proof,
        signing: Signing,
    },
    /// A proof was refused.
    CountWrongTry(Trying),
    /// Of the stream of the system only.
    SetProfile(Profile),
}

impl Command {
    /// Whose stream it must be decided with, beside the person's own.
    pub fn colleague(&self) -> Option<&StaffId> {
        match self {
            Self::Delegate(delegated) => Some(&delegated.to),
            _ => None,
        }
    }
}

/// What a command for a member of staff is decided with.
#[derive(Clone, Debug)]
pub struct Context {
    pub turn: Turn,
    pub profile: Profile,
    /// Whom the command names beside the person.
    pub colleague: Option<Arc<Staff>>,
}

events! {
    pub enum Event {
        Registered(Registered) = "staff.registered",
        RolesGranted(RolesGranted) = "staff.roles-granted",
        TokenIssued(Box<TokenIssued>) = "staff.token-issued",
        TokenRevoked(TokenRevoked) = "staff.token-revoked",
        Left(Left) = "staff.left",
        Delegated(Box<Delegated>) = "staff.delegated",
        DelegationRevoked(DelegationRevoked) = "staff.delegation-revoked",
        ResetAsked(ResetAsked) = "staff.credentials-reset-asked",
        CredentialsReset(CredentialsReset) = "staff.credentials-reset",
        PasswordSet(PasswordSet) = "staff.password-set",
        CodeEnrolled(CodeEnrolled) = "staff.code-enrolled",
        TryRefused(TryRefused) = "staff.try-refused",
        Locked(Locked) = "staff.locked",
        Unlocked(Unlocked) = "staff.unlocked",
        SessionOpened(Box<SessionOpened>) = "staff.session-opened",
        SessionClosed(SessionClosed) = "staff.session-closed",
        ComponentsVerified(Box<ComponentsVerified>) = "staff.components-verified",
        ProfileSet(ProfileSet) = "staff.profile-set",
    }
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

impl decider::Event for Event {
    fn claim(&self, _stream: &str) -> Option<String> {
        match self {
            // One secret opens one door: a second token of the same secret could not be told from the first.
            Self::TokenIssued(issued) => Some(format!("token:{}", issued.secret_sha256)),
            _ => None,
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
    /// Roles that the person lends, until after their last day.
    #[serde(default)]
    pub delegations: BTreeMap<DelegationId, Delegated>,
    #[serde(default)]
    pub credentials: Credentials,
    /// Of the store; in the stream of the system only.
    #[serde(default)]
    pub profile: Profile,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = StaffStanding)]
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
        let carried = self.tokens.get(&token).map(|it| it.roles.clone());
        let session = || self.credentials.sessions.get(&token).map(|it| [it.role].into());
        carried.or_else(session).map_or_else(BTreeSet::new, |carried| &carried & &self.roles)
    }

    /// Whether a token or a session works at this time.
    pub fn works(&self, token: TokenId, now: DateTime<Utc>) -> bool {
        self.tokens.contains_key(&token) || self.credentials.works(token, now)
    }

    /// Whether the person holds a role of administration, beside which there is no business.
    pub fn administers(&self) -> bool {
        self.roles.iter().any(|role| role.administers())
    }

    fn present(&self) -> Result<(), Rejection> {
        match self.standing {
            Standing::Unknown => Err(Rejection::NoSuchPerson),
            Standing::Left => Err(Rejection::HasLeft),
            Standing::Present => Ok(()),
        }
    }

    fn register(
        &self,
        context: &Context,
        name_digest: Sha256Digest,
        roles: &BTreeSet<Role>,
        token: Option<&TokenIssued>,
    ) -> Result<Vec<Event>, Rejection> {
        if self.standing != Standing::Unknown {
            return Err(Rejection::AlreadyRegistered);
        }
        check_roles(roles, context.profile)?;
        if let Some(token) = token {
            self.check_token(roles, token)?;
        }
        let mut events = vec![Event::Registered(Registered { name_digest })];
        if !roles.is_empty() {
            events.push(Event::RolesGranted(RolesGranted { roles: roles.clone() }));
        }
        events.extend(token.map(|token| Event::TokenIssued(Box::new(token.clone()))));
        Ok(events)
    }

    fn revoke_token(&self, token: TokenId) -> Result<Vec<Event>, Rejection> {
        // Asked before the person's standing: leaving revoked them all, and that is the better answer.
        if self.revoked.contains(&token) {
            return Err(Rejection::TokenRevoked { token });
        }
        if !self.tokens.contains_key(&token) {
            return Err(Rejection::NoSuchToken { token });
        }
        Ok(vec![Event::TokenRevoked(TokenRevoked { token })])
    }

    fn set_profile(&self, profile: Profile) -> Result<Vec<Event>, Rejection> {
        if profile < self.profile {
            return Err(Rejection::ProfileLowered);
        }
        let stricter = profile > self.profile;
        Ok(if stricter { vec![Event::ProfileSet(ProfileSet { profile })] } else { Vec::new() })
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

fn check_roles(roles: &BTreeSet<Role>, profile: Profile) -> Result<(), Rejection> {
    let those = |which: fn(Role) -> bool| -> BTreeSet<Role> {
        roles.iter().copied().filter(|role| which(*role)).collect()
    };
    let business = those(Role::is_business);
    if !business.is_empty() && roles.iter().any(|role| role.administers()) {
        return Err(Rejection::AdminMixed { business });
    }
    let apart = those(Role::is_kept_apart);
    if profile == Profile::Strict && apart.len() > 1 {
        return Err(Rejection::KeptApart { apart });
    }
    Ok(())
}

impl Decider for Staff {
    const TYPE: &'static str = "staff";

    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Context = Context;

    fn decide(&self, context: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Register { name_digest, roles, token } => {
                self.register(context, *name_digest, roles, token.as_deref())
            }
            Command::GrantRoles { roles } => {
                self.present()?;
                check_roles(roles, context.profile)?;
                Ok(vec![Event::RolesGranted(RolesGranted { roles: roles.clone() })])
            }
            Command::IssueToken(token) => {
                self.present()?;
                self.check_token(&self.roles, token)?;
                Ok(vec![Event::TokenIssued(token.clone())])
            }
            Command::RevokeToken { token } => self.revoke_token(*token),
            Command::Leave => {
                self.present()?;
                Ok(vec![Event::Left(Left {})])
            }
            Command::Delegate(given) => delegation::delegate(self, context, given),
            Command::RevokeDelegation { delegation } => {
                delegation::revoke(self, context, *delegation)
            }
            Command::ResetCredentials { secret_sha256 } => {
                credentials::reset(self, context, *secret_sha256)
            }
            Command::Unlock => credentials::unlock(self),
            Command::SetPassword { secrets, set } => {
                credentials::set_password(self, context, secrets, set)
            }
            Command::EnrolCode { secrets, enrolled } => {
                credentials::enrol_code(self, context, secrets, enrolled)
            }
            Command::OpenSession { proof, session, secret_sha256, role } => {
                credentials::open_session(self, context, proof, (*session, *secret_sha256, *role))
            }
            Command::CloseSession { session } => {
                credentials::close_session(self, context, *session)
            }
            Command::Verify { proof, signing } => {
                credentials::verify(self, context, proof, signing)
            }
            Command::CountWrongTry(at) => Ok(credentials::count_wrong_try(self, *at)),
            Command::SetProfile(profile) => self.set_profile(*profile),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::Registered(registered) => {
                self.standing = Standing::Present;
                self.name_digest = Some(registered.name_digest);
            }
            Event::RolesGranted(granted) => {
                self.roles.clone_from(&granted.roles);
                delegation::keep_only(&mut self.delegations, &granted.roles);
            }
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
                self.delegations.clear();
                self.credentials = Credentials::default();
            }
            Event::Delegated(delegated) => delegation::take(&mut self.delegations, delegated),
            Event::DelegationRevoked(revoked) => {
                self.delegations.remove(&revoked.delegation);
            }
            Event::ResetAsked(asked) => self.credentials.ask_reset(asked),
            Event::CredentialsReset(reset) => self.credentials.reset(reset),
            Event::PasswordSet(set) => self.credentials.set(set),
            Event::CodeEnrolled(enrolled) => self.credentials.enrol(enrolled),
            Event::TryRefused(_) => self.credentials.refuse(),
            Event::Locked(_) => self.credentials.lock(),
            Event::Unlocked(_) => self.credentials.unlock(),
            Event::SessionOpened(opened) => self.credentials.open(opened),
            Event::SessionClosed(closed) => self.credentials.close(closed),
            Event::ComponentsVerified(verified) => self.credentials.verified(verified),
            Event::ProfileSet(set) => self.profile = set.profile,
        }
    }
}

crate::stock_aggregate!(Staff);

#[cfg(test)]
mod tests;
