//! What a proposal is about: a pack, beside the one that it is to replace, and the plan by which it is to apply.

use std::sync::Arc;

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
