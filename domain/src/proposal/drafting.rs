//! What a proposal is about: a pack, beside the one that it is to replace, and the plan by which it is to apply.

use std::sync::Arc;

use chrono::NaiveDate;

use super::{Content, Draft, Proposed, Rejection};
use crate::policy::Policy;

/// A pack as it would replace the one in force.
pub(super) fn content(policy: &Policy, draft: &Draft) -> Result<Content, Rejection> {
    draft.plan.check()?;
    let in_force = policy.in_force.as_ref().ok_or(Rejection::NothingInForce)?;
    let pack = match &draft.pack {
        Proposed::New(pack) => Arc::new((**pack).clone()),
        Proposed::Former(hash) => {
            let known = policy.known.get(hash.as_str()).ok_or(Rejection::NoSuchPack)?;
            Arc::clone(&known.pack)
        }
    };
    let hash = pack.hash().map_err(|error| Rejection::NotCanonical(error.to_string()))?;
    if *hash == *in_force.hash {
        return Err(Rejection::NoDifference);
    }
    // What is on record was dated and counted in them.
    let (old, new) = (&in_force.pack.company, &pack.company);
    if (old.zone, old.currency) != (new.zone, new.currency) {
        return Err(Rejection::CompanyFixed);
    }
    let (base, summary) = (in_force.hash.to_string(), draft.summary.clone());
    Ok(Content { hash, base, pack, summary, plan: draft.plan.clone() })
}

/// Refuses what is to apply from a day that has passed, and a new pack that is no later version than the one in force; where that one has
/// no version, any may follow it. A pack that is on record stays as it is, and is proposed again to go back to it, or for more customers.
pub(super) fn said_of_itself(
    policy: &Policy,
    content: &Content,
    today: NaiveDate,
) -> Result<(), Rejection> {
    let passed = |from: Option<NaiveDate>| from.is_some_and(|from| from < today);
    if passed(content.plan.effective_from) {
        return Err(Rejection::EffectivePast);
    }
    if policy.known.contains_key(content.hash.as_str()) {
        return Ok(());
    }
    if passed(content.pack.effective.map(|effective| effective.from)) {
        return Err(Rejection::EffectivePast);
    }
    let in_force = policy.in_force.as_ref().and_then(|it| it.pack.version());
    match in_force {
        Some(before) if content.pack.version() <= Some(before) => {
            Err(Rejection::VersionNotGreater { than: before.to_string() })
        }
        _ => Ok(()),
    }
}
