//! How somebody proves who they are: a password and one-time codes, and the sessions that these open.
//!
//! No secret is ever in an event. A component is known by the id under which its secret lies in an erasable table, so that what was
//! compared with a secret that has been replaced meanwhile proves nothing.
//! A code proves once: its step is recorded with whatever it proved, and no step up to it is taken again.
//! Five wrong tries in a row lock, whichever process saw them; an administrator unlocks, or resets both components.
//! Who was reset sets a password and enrols a code anew, with a secret that is shown once and ends after some days.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Context, Event, Role, Staff, profile::Profile};
use crate::digest::Sha256Digest;
use crate::ids::{SecretId, StaffId, TokenId};
use crate::signature::{Component, Meaning};

/// Wrong tries in a row that lock.
pub const TRIES_MAX: u32 = 5;
/// How long a session lasts, used or not.
pub const SESSION_HOURS: i64 = 8;
/// Sessions that somebody may have open at once.
pub const SESSIONS_MAX: usize = 20;
/// How long a secret for enrolment may be used.
pub const ENROLMENT_DAYS: i64 = 7;
/// How long a reset waits for the second administrator, where it takes two.
pub const RESET_MINUTES: i64 = 60;

/// How one component compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compared<T> {
    #[default]
    NotGiven,
    Wrong,
    Right(T),
}

/// What was found when components that somebody gave were compared with their secrets.
#[derive(Clone, Debug, Default)]
pub struct Proof {
    /// Right: like the secret of this id.
    pub password: Compared<SecretId>,
    /// Right: that of this step, counted in halves of a minute since 1970, by the secret of this id.
    pub code: Compared<(SecretId, i64)>,
}

/// How many components it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needed {
    All,
    One,
}

/// What somebody signs, told before they prove who they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    pub role: Role,
    pub meaning: Meaning,
    pub stream: String,
    pub content: String,
    /// The session that it is done in; none: with a token of another kind.
    pub session: Option<TokenId>,
}

/// Who may set a password and enrol a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CredentialsReset {
    /// Of the secrets that enrolment takes, one from each administrator.
    pub secrets_sha256: Vec<Sha256Digest>,
    /// Who asked, in this order.
    pub by: Vec<StaffId>,
    pub until: DateTime<Utc>,
}

/// The first of two administrators asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ResetAsked {
    pub secret_sha256: Sha256Digest,
    pub by: StaffId,
    /// How long the second may follow.
    pub until: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PasswordSet {
    pub password: SecretId,
    /// By which codes are made, once they are enrolled.
    pub code: SecretId,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CodeEnrolled {
    pub code: SecretId,
    /// The step of the code that proved it.
    pub step: i64,
}

/// A wrong try.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TryRefused {
    pub at: Trying,
}

/// What somebody tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Trying {
    SigningIn,
    Signing,
}

/// An alert: nobody proves to be this person any more until an administrator acts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Locked {
    pub wrong_tries: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Unlocked {}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionOpened {
    pub session: TokenId,
    pub secret_sha256: Sha256Digest,
    pub role: Role,
    pub code_step: i64,
    pub opened_at: DateTime<Utc>,
    /// It does not work from then on.
    pub expires_at: DateTime<Utc>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionClosed {
    pub session: TokenId,
}

/// Somebody proved who they are, to sign this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ComponentsVerified {
    pub components: BTreeSet<Component>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<TokenId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_step: Option<i64>,
    pub role: Role,
    pub meaning: Meaning,
    /// Of the record.
    pub stream: String,
    /// The hash of what is signed.
    pub content: String,
}

/// What somebody proves who they are with, and what that has opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Credentials {
    password: Option<SecretId>,
    code: Option<SecretId>,
    /// By which codes are made, once they are enrolled.
    offered: Option<SecretId>,
    /// The last step whose code proved something.
    last_step: i64,
    wrong_tries: u32,
    locked: bool,
    enrolment: Option<CredentialsReset>,
    reset_asked: Option<ResetAsked>,
    /// Those that may still work: who opens one lets go of those that are over.
    pub sessions: BTreeMap<TokenId, Session>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub secret_sha256: Sha256Digest,
    pub role: Role,
    pub expires_at: DateTime<Utc>,
    /// Whether something was signed in it: from then on one component is enough.
    signed: bool,
}

rejections! {
    NotProved = Forbidden, "components.refused", "未能确认身份：人员编号、密码或验证码不正确，验证码已用过，或因连续五次输错而锁定；请核对后重试，锁定时请联系管理员。", "this does not prove who you are: the staff id, the password or the code is wrong, the code was used before, or five wrong tries locked you out; try the next code, or ask an administrator";
    ComponentsMissing = Content, "components.missing", "首次签名须同时提供密码和验证码；同一会话内其后每次至少提供一项。", "the first signature of a session, and any without a session, takes the password and a code; later ones at least one of the two";
    RoleNotHeld { role: Role } = Forbidden, "session.role_not_held", "您没有该角色；请以本人持有的角色登录。", "you do not hold {role}: sign in with a role that you hold";
    TooManySessions { most: usize } = Conflict, "session.too_many", "同时登录过多；请先退出一些会话，或等其到期。", "{most} sessions are open: sign out of one, or wait until one ends";
    SessionOver = Conflict, "session.over", "该会话已结束。", "this session is over";
    NotLocked = Conflict, "staff.not_locked", "该人员未被锁定。", "nobody locked this person out";
    SecondNeeded = Conflict, "reset.second_needed", "须由另一名管理员在一小时内同样申请。", "another administrator must ask for the same within the hour";
}

impl Compared<SecretId> {
    fn is(self, secret: SecretId) -> bool {
        self == Self::Right(secret)
    }
}

impl Credentials {
    /// The ids of the secrets to compare with: of the password, and of the codes.
    pub fn enrolled(&self) -> Option<(SecretId, SecretId)> {
        self.password.zip(self.code)
    }

    /// By which codes are made, once they are enrolled.
    pub fn offered(&self) -> Option<SecretId> {
        self.offered
    }

    /// Every secret that is still of use.
    pub fn secrets(&self) -> BTreeSet<SecretId> {
        [self.password, self.code, self.offered].into_iter().flatten().collect()
    }

    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// Whether a session works at this time.
    pub fn works(&self, session: TokenId, now: DateTime<Utc>) -> bool {
        self.sessions.get(&session).is_some_and(|it| now < it.expires_at)
    }

    fn proved(&self, proof: &Proof, needed: Needed) -> Result<(), Rejection> {
        let given = [proof.password == Compared::NotGiven, proof.code == Compared::NotGiven];
        // Said before anything is compared: it tells nothing of what was right.
        match (needed, given) {
            (Needed::All, [false, false]) | (Needed::One, [false, _] | [_, false]) => {}
            _ => return Err(Rejection::ComponentsMissing),
        }
        let (password, code) = self.enrolled().ok_or(Rejection::NotProved)?;
        let password = proof.password == Compared::NotGiven || proof.password.is(password);
        let code = match proof.code {
            Compared::NotGiven => true,
            Compared::Wrong => false,
            Compared::Right((secret, step)) => secret == code && step > self.last_step,
        };
        if password && code && !self.locked { Ok(()) } else { Err(Rejection::NotProved) }
    }

    /// Whether these secrets were given for enrolment, and still serve.
    pub fn may_enrol(&self, secrets: &BTreeSet<Sha256Digest>, now: DateTime<Utc>) -> bool {
        self.enrolment.as_ref().is_some_and(|enrolment| {
            let wanted: BTreeSet<Sha256Digest> = enrolment.secrets_sha256.iter().copied().collect();
            now < enrolment.until && wanted == *secrets
        })
    }
}

/// The first or the only administrator, or the second one, resets.
pub(super) fn reset(
    staff: &Staff,
    context: &Context,
    secret_sha256: Sha256Digest,
) -> Result<Vec<Event>, super::Rejection> {
    staff.present()?;
    let (by, now) = (context.turn.actor.clone(), context.turn.now);
    let until = now + TimeDelta::days(ENROLMENT_DAYS);
    let done = |secrets_sha256, by| {
        Ok(vec![Event::CredentialsReset(CredentialsReset { secrets_sha256, by, until })])
    };
    if context.profile == Profile::Ordinary {
        return done(vec![secret_sha256], vec![by]);
    }
    match staff.credentials.reset_asked.as_ref().filter(|asked| now < asked.until) {
        Some(asked) if asked.by == by => Err(Rejection::SecondNeeded.into()),
        Some(asked) => done(vec![asked.secret_sha256, secret_sha256], vec![asked.by.clone(), by]),
        None => {
            let until = now + TimeDelta::minutes(RESET_MINUTES);
            Ok(vec![Event::ResetAsked(ResetAsked { secret_sha256, by, until })])
        }
    }
}

pub(super) fn unlock(staff: &Staff) -> Result<Vec<Event>, super::Rejection> {
    staff.present()?;
    if !staff.credentials.locked {
        return Err(Rejection::NotLocked.into());
    }
    Ok(vec![Event::Unlocked(Unlocked {})])
}

pub(super) fn set_password(
    staff: &Staff,
    context: &Context,
    secrets: &BTreeSet<Sha256Digest>,
    set: &PasswordSet,
) -> Result<Vec<Event>, super::Rejection> {
    if !staff.credentials.may_enrol(secrets, context.turn.now) {
        return Err(Rejection::NotProved.into());
    }
    Ok(vec![Event::PasswordSet(set.clone())])
}

pub(super) fn enrol_code(
    staff: &Staff,
    context: &Context,
    secrets: &BTreeSet<Sha256Digest>,
    enrolled: &CodeEnrolled,
) -> Result<Vec<Event>, super::Rejection> {
    let credentials = &staff.credentials;
    let offered = credentials.offered == Some(enrolled.code);
    if !offered || !credentials.may_enrol(secrets, context.turn.now) {
        return Err(Rejection::NotProved.into());
    }
    Ok(vec![Event::CodeEnrolled(enrolled.clone())])
}

pub(super) fn open_session(
    staff: &Staff,
    context: &Context,
    proof: &Proof,
    (session, secret_sha256, role): (TokenId, Sha256Digest, Role),
) -> Result<Vec<Event>, super::Rejection> {
    let credentials = &staff.credentials;
    credentials.proved(proof, Needed::All)?;
    let Compared::Right((_, code_step)) = proof.code else {
        return Err(Rejection::NotProved.into());
    };
    if !staff.roles.contains(&role) {
        return Err(Rejection::RoleNotHeld { role }.into());
    }
    let opened_at = context.turn.now;
    let open = credentials.sessions.values().filter(|it| opened_at < it.expires_at).count();
    if open >= SESSIONS_MAX {
        return Err(Rejection::TooManySessions { most: SESSIONS_MAX }.into());
    }
    let expires_at = opened_at + TimeDelta::hours(SESSION_HOURS);
    Ok(vec![Event::SessionOpened(Box::new(SessionOpened {
        session,
        secret_sha256,
        role,
        code_step,
        opened_at,
        expires_at,
    }))])
}

pub(super) fn close_session(
    staff: &Staff,
    context: &Context,
    session: TokenId,
) -> Result<Vec<Event>, super::Rejection> {
    if !staff.credentials.works(session, context.turn.now) {
        return Err(Rejection::SessionOver.into());
    }
    Ok(vec![Event::SessionClosed(SessionClosed { session })])
}

pub(super) fn verify(
    staff: &Staff,
    context: &Context,
    proof: &Proof,
    signing: &Signing,
) -> Result<Vec<Event>, super::Rejection> {
    staff.present()?;
    let credentials = &staff.credentials;
    if let Some(session) = signing.session
        && !credentials.works(session, context.turn.now)
    {
        return Err(Rejection::SessionOver.into());
    }
    if !staff.roles.contains(&signing.role) {
        return Err(Rejection::RoleNotHeld { role: signing.role }.into());
    }
    let in_session = signing.session.and_then(|session| credentials.sessions.get(&session));
    let needed = if in_session.is_some_and(|it| it.signed) { Needed::One } else { Needed::All };
    credentials.proved(proof, needed)?;
    let (mut components, mut code_step) = (BTreeSet::new(), None);
    if let Compared::Right(_) = proof.password {
        components.insert(Component::Password);
    }
    if let Compared::Right((_, step)) = proof.code {
        components.insert(Component::Code);
        code_step = Some(step);
    }
    let Signing { role, meaning, stream, content, session } = signing.clone();
    Ok(vec![Event::ComponentsVerified(Box::new(ComponentsVerified {
        components,
        session,
        code_step,
        role,
        meaning,
        stream,
        content,
    }))])
}

/// Counts a wrong try. Of somebody who has nothing to try, or is locked out already, there is nothing to count.
pub(super) fn count_wrong_try(staff: &Staff, at: Trying) -> Vec<Event> {
    let credentials = &staff.credentials;
    if credentials.enrolled().is_none() || credentials.locked {
        return Vec::new();
    }
    let wrong_tries = credentials.wrong_tries.saturating_add(1);
    let refused = Event::TryRefused(TryRefused { at });
    if wrong_tries < TRIES_MAX {
        return vec![refused];
    }
    vec![refused, Event::Locked(Locked { wrong_tries })]
}

impl Credentials {
    pub(super) fn reset(&mut self, reset: &CredentialsReset) {
        *self = Self {
            enrolment: Some(reset.clone()),
            // A code of before is not taken again either, should a secret ever come back.
            last_step: self.last_step,
            ..Self::default()
        };
    }

    pub(super) fn ask_reset(&mut self, asked: &ResetAsked) {
        self.reset_asked = Some(asked.clone());
    }

    pub(super) fn set(&mut self, set: &PasswordSet) {
        self.password = Some(set.password);
        self.offered = Some(set.code);
    }

    pub(super) fn enrol(&mut self, enrolled: &CodeEnrolled) {
        self.code = Some(enrolled.code);
        self.offered = None;
        self.enrolment = None;
        self.used(Some(enrolled.step));
    }

    pub(super) fn refuse(&mut self) {
        self.wrong_tries = self.wrong_tries.saturating_add(1);
    }

    pub(super) fn lock(&mut self) {
        self.locked = true;
    }

    pub(super) fn unlock(&mut self) {
        self.locked = false;
        self.wrong_tries = 0;
    }

    pub(super) fn open(&mut self, opened: &SessionOpened) {
        self.used(Some(opened.code_step));
        self.sessions.retain(|_, it| opened.opened_at < it.expires_at);
        let session = Session {
            secret_sha256: opened.secret_sha256,
            role: opened.role,
            expires_at: opened.expires_at,
            signed: false,
        };
        self.sessions.insert(opened.session, session);
    }

    pub(super) fn close(&mut self, closed: &SessionClosed) {
        self.sessions.remove(&closed.session);
    }

    pub(super) fn verified(&mut self, verified: &ComponentsVerified) {
        self.used(verified.code_step);
        let session = verified.session.and_then(|session| self.sessions.get_mut(&session));
        if let Some(session) = session {
            session.signed = true;
        }
    }

    /// Something was proved.
    fn used(&mut self, step: Option<i64>) {
        self.last_step = step.map_or(self.last_step, |step| step.max(self.last_step));
        self.wrong_tries = 0;
    }
}

#[cfg(test)]
mod tests;
