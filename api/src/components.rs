//! Comparing components: passwords by argon2id, one-time codes by RFC 6238.
//!
//! Whether there is such a person, and what they have, costs no more and no less time than a wrong password does.

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use chrono::{DateTime, Utc};
use domain::ids::{SecretId, StaffId};
use domain::staff::{Command, Compared, Proof, Staff, Trying};
use totp_rs::{Builder, Secret as CodeSecret, Totp};
use uuid::Uuid;

use crate::asked::Asking;
use crate::door::Door;
use crate::problem::Problem;
use crate::secret::Secret;

/// The code of every refusal of components, whatever was wrong with them.
pub const REFUSED: &str = "components.refused";
/// Bytes of the secret that codes are made from: what RFC 4226 asks for.
pub const CODE_SECRET_BYTES: usize = 20;
/// The shortest password, in characters.
pub const PASSWORD_MIN: usize = 12;
/// Who issues codes, as authenticator programs show it.
const ISSUER: &str = "Probity";

/// What a password is compared with where there is none.
static NOBODYS: LazyLock<Option<PasswordHash>> =
    LazyLock::new(|| Argon2::default().hash_password_with_salt(b"nobody's", &[0; 16]).ok());

/// What somebody gave.
#[derive(Clone, Debug, Default)]
pub struct Given {
    pub password: Option<Secret>,
    pub code: Option<Secret>,
}

/// Compares what somebody gave with the secrets that hold for them now.
pub async fn compare(door: &Door, staff: &StaffId, given: Given) -> Result<Proof, Problem> {
    let known = door.journal().confirmed::<Staff>(staff.as_str()).await?;
    // Nobody's secrets are looked for too: a query tells no more than an answer.
    let nobodys = SecretId::from_uuid(Uuid::nil());
    let (password, code) = known.state.credentials.enrolled().unwrap_or((nobodys, nobodys));
    let secrets = door.journal().secrets();
    let mut proof = Proof::default();
    if let Some(given) = given.password {
        let kept = secrets.one(&password.to_string()).await?;
        let right = is_password(door, kept, given).await?;
        proof.password = if right { Compared::Right(password) } else { Compared::Wrong };
    }
    if let Some(given) = given.code {
        let kept = secrets.one(&code.to_string()).await?;
        let step = kept.and_then(|kept| step_of(&kept, given.reveal(), door.now()));
        proof.code = step.map_or(Compared::Wrong, |step| Compared::Right((code, step)));
    }
    Ok(proof)
}

async fn is_password(door: &Door, kept: Option<String>, given: Secret) -> Result<bool, Problem> {
    let _place = door.pace().compare().await?;
    let comparing = tokio::task::spawn_blocking(move || {
        let kept = kept.and_then(|kept| PasswordHash::new(&kept).ok());
        let with = kept.as_ref().or(NOBODYS.as_ref());
        let same = with.is_some_and(|with| {
            Argon2::default().verify_password(given.reveal().as_bytes(), with).is_ok()
        });
        same && kept.is_some()
    });
    comparing.await.map_err(Problem::internal)
}

/// The hash that is kept of a password.
pub async fn hash(door: &Door, password: Secret) -> Result<String, Problem> {
    let salt = door.ids().salt().map_err(Problem::internal)?;
    let _place = door.pace().compare().await?;
    let hashing = tokio::task::spawn_blocking(move || {
        let hash = Argon2::default().hash_password_with_salt(password.reveal().as_bytes(), &salt);
        hash.map(|hash| hash.to_string())
    });
    hashing.await.map_err(Problem::internal)?.map_err(Problem::internal)
}

/// The step of a code, within half a minute of now; none for a wrong code.
pub fn step_of(kept: &str, code: &str, now: DateTime<Utc>) -> Option<i64> {
    let seconds = u64::try_from(now.timestamp()).ok()?;
    let step = totp(kept).ok()?.check(code, seconds)?;
    i64::try_from(step).ok()
}

fn totp(kept: &str) -> Result<Totp, Problem> {
    let secret = CodeSecret::try_from_base32(kept).map_err(Problem::internal)?;
    Builder::new().with_secret(secret).build().map_err(Problem::internal)
}

/// A secret for codes, as it is kept and as somebody types it in.
pub fn code_secret(door: &Door) -> Result<String, Problem> {
    let salt = door.ids().salt().map_err(Problem::internal)?;
    let bytes: Vec<u8> = salt.into_iter().take(CODE_SECRET_BYTES).collect();
    Ok(CodeSecret::from(bytes).to_base32())
}

/// What an authenticator program reads from a picture.
pub fn address(staff: &StaffId, kept: &str) -> String {
    format!("otpauth://totp/{ISSUER}:{staff}?secret={kept}&issuer={ISSUER}")
}

/// Says that components were refused, and counts it. Whoever goes away meanwhile is counted too.
pub async fn refused(door: &Door, staff: &StaffId, at: Trying) -> Result<(), Problem> {
    let by = Asking::within(staff.clone(), Vec::new(), door.ids().uuid().to_string());
    door.staff(by, staff, Command::CountWrongTry(at)).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, SHA-1: of its eight digits the last six.
    #[test]
    fn codes_are_those_of_rfc_6238() {
        let kept = CodeSecret::from(b"12345678901234567890".to_vec()).to_base32();
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
            let step = Some(seconds / 30);
            assert_eq!(step_of(&kept, code, at(seconds)), step, "{seconds}");
            assert_eq!(step_of(&kept, code, at(seconds + 30)), step, "{seconds}: one step later");
            assert_eq!(step_of(&kept, code, at(seconds + 60)), None, "{seconds}: two steps later");
        }
        let now = DateTime::from_timestamp(59, 0).unwrap();
        for wrong in ["287083", "28708", "", "94287082", "28708２"] {
            assert_eq!(step_of(&kept, wrong, now), None, "{wrong}");
        }
    }

    #[test]
    fn a_password_is_kept_as_argon2id_and_nothing_else_is_it() {
        let kept = Argon2::default().hash_password_with_salt(b"correct horse", &[7; 32]).unwrap();
        let text = kept.to_string();
        assert!(text.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{text}");
        let kept = PasswordHash::new(&text).unwrap();
        let is = |password: &str| Argon2::default().verify_password(password.as_bytes(), &kept);
        assert!(is("correct horse").is_ok());
        assert!(is("correct horse ").is_err() && is("").is_err());
        assert!(NOBODYS.is_some());
    }
}
