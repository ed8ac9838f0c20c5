//! Signing: whoever signs proves once more who they are, for exactly this content of this record.
//!
//! A signing command carries `"sign": {"meaning": …, "password": …, "code": …}`: both components at first, at least one later in the
//! same session. They are no part of what a repeated request is known by, so that one that is repeated under its key needs no new code.

use chrono::{DateTime, FixedOffset};
use chrono_tz::Tz;
use domain::ids::StaffId;
use domain::permissions::{Act, may};
use domain::policy::pack::Text;
use domain::signature::{Component, Meaning, Signature};
use domain::staff::{Command, Event, Role, Signing, Trying};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::asked::Asking;
use crate::auth::Caller;
use crate::components::{self, Given, REFUSED};
use crate::door::Door;
use crate::house::{Lasts, Reach};
use crate::idempotency::Key;
use crate::names::{self, Names};
use crate::problem::Problem;
use crate::secret::Secret;

/// Where a body with a `sign` holds secrets: for [`crate::asked::Body::SECRETS`].
pub const SECRETS: &[&str] = &["/sign/password", "/sign/code"];

/// A signature under what is done.
#[derive(Clone, Debug, ToSchema)]
pub struct Sign {
    pub meaning: Meaning,
    /// Needed with the first signature of a session, and without a session.
    pub password: Option<Secret>,
    /// The same; each code works once.
    pub code: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Fields {
    meaning: Meaning,
    password: Option<Secret>,
    code: Option<Secret>,
}

impl<'de> Deserialize<'de> for Sign {
    /// Whatever stands there is taken first: an error of serde's own would repeat it.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = |said: &str| serde::de::Error::custom(said);
        let value = Value::deserialize(deserializer)?;
        if !value.is_object() {
            return Err(wrong("give an object with meaning, password and code"));
        }
        let fields = Fields::deserialize(value)
            .map_err(|_| wrong("meaning is author, review, approve or responsible; password and code are texts; nothing else stands here"))?;
        Ok(Self { meaning: fields.meaning, password: fields.password, code: fields.code })
    }
}

/// The signature of whoever calls, under this content of the record with this stream; none where none was given.
///
/// # Errors
/// 403 for a program, for who may not decide such a thing, and for components that are refused, which counts towards the lock; 422 where a component is missing.
pub async fn sign(
    door: &Door,
    caller: &Caller,
    by: &Asking,
    sign: Option<Sign>,
    act: Act,
    (content, stream): (&str, &str),
) -> Result<Option<Signature>, Problem> {
    let Some(sign) = sign else { return Ok(None) };
    if caller.via.is_some() || caller.credential.reach == Reach::Others {
        return Err(crate::auth::in_person());
    }
    let decides = |role: &Role| may(*role, act);
    let role = caller.roles().find(decides).or_else(|| caller.lent().into_iter().find(decides));
    let Some(role) = role else {
        return Err(Problem::forbidden(
            "signature.no_role",
            "Nobody signs what none of their roles decides.",
        )
        .with("detail_zh", "无权办理者不得签名。"));
    };
    let session = match caller.credential.lasts {
        Lasts::Until(_) => Some(caller.credential.token),
        Lasts::UntilRevoked => None,
    };
    let (stream, content) = (stream.to_owned(), content.to_owned());
    let signing = Signing { role, meaning: sign.meaning, stream, content, session };
    let (door, caller, by) = (door.clone(), caller.clone(), by.clone());
    names::to_the_end(async move { proved(&door, &caller, by, sign, signing).await })
        .await
        .map(Some)
}

async fn proved(
    door: &Door,
    caller: &Caller,
    by: Asking,
    sign: Sign,
    signing: Signing,
) -> Result<Signature, Problem> {
    let signer = &caller.actor;
    let zone = door.house().policy().map(|policy| policy.pack.company.zone);
    let (Some(name_digest), Some(zone)) = (caller.credential.name_digest, zone) else {
        return Err(Problem::internal(
            "somebody signs without a name, or in a store without rules",
        ));
    };
    let given = Given { password: sign.password, code: sign.code };
    let proof = components::compare(door, signer, given).await?;
    let asking = Asking { key: of_its_own(&by), if_match: None, business_date: None, ..by };
    let committed = match door.staff(asking, signer, Command::Verify { proof, signing }).await {
        Err(problem) if problem.code() == REFUSED => {
            components::refused(door, signer, Trying::Signing).await?;
            return Err(problem);
        }
        outcome => outcome?,
    };
    let verified = committed.events.iter().find_map(|event| match event {
        Event::ComponentsVerified(verified) => Some(verified),
        _ => None,
    });
    let verified = verified.ok_or_else(|| Problem::internal("signed without its event"))?;
    // Of a request that was repeated this is what was proved at first, which what follows compares with what is there now.
    Ok(Signature::of(signer, name_digest, (committed.recorded_at, zone), verified))
}

/// A key that follows from the request's and is no other request's: what was proved once is not asked again.
fn of_its_own(by: &Asking) -> Key {
    let name = format!("{}/{}/signing", by.actor, by.key.text());
    Key::Given(Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).to_string())
}

/// A signature as it is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Signed {
    pub signer: StaffId,
    /// Null when it was erased.
    pub name: Option<String>,
    pub role: Role,
    /// With the offset of the company's zone.
    #[schema(value_type = String, example = "2026-11-23T00:04:05+08:00")]
    pub at: DateTime<FixedOffset>,
    #[schema(value_type = String, example = "Asia/Shanghai")]
    pub zone: Tz,
    pub meaning: Meaning,
    pub meaning_text: Text,
    pub components: BTreeSet<Component>,
    /// The hash of what was signed.
    pub content: String,
    /// Whether it is a signature under this content of this record, and not one that was moved here.
    pub valid: bool,
}

impl Signed {
    /// A signature beside the content that stands where it was found.
    pub fn of(signature: &Signature, names: &Names, stream: &str, content: &str) -> Self {
        Self {
            signer: signature.signer.clone(),
            name: names.opened(signature.name_digest),
            role: signature.role,
            at: signature.local(),
            zone: signature.zone,
            meaning: signature.meaning,
            meaning_text: signature.meaning.named(),
            components: signature.components.clone(),
            content: signature.content.clone(),
            valid: signature.is_of(stream, content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_error_repeats_what_stands_where_secrets_belong() {
        for text in [
            r#""hunter2 hunter2""#,
            r#"{"meaning":"approve","password":4242424242}"#,
            r#"{"meaning":"hunter2"}"#,
            r#"{"meaning":"approve","hunter2":1}"#,
            r#"{"password":"hunter2"}"#,
            "[4242424242]",
        ] {
            let error = serde_json::from_str::<Sign>(text).unwrap_err().to_string();
            assert!(!error.contains("hunter2") && !error.contains("4242"), "{error}");
        }
        let sign: Sign =
            serde_json::from_str(r#"{"meaning":"review","password":"hunter2 hunter2"}"#).unwrap();
        assert_eq!((sign.meaning, sign.code.is_none()), (Meaning::Review, true));
        assert!(!format!("{sign:?}").contains("hunter2"));
    }
}
