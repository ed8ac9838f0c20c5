//! Shadow: a pack that decides nothing, and is asked about everything.
//!
//! What is enforced is enforced as ever; a report makes the decisions recorded since the shadow began again under the shadow's pack.
//! Nothing that happens under a shadow changes to whom a pack applies.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Context, Event, InForce, Policy, Rejection, Scope, activation::admit};
use crate::{ids::ProposalId, proposal::Standing};

/// The most packs that may run in shadow at once.
pub const SHADOWS_MAX: usize = 3;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowStarted {
    pub proposal: ProposalId,
    pub version: u32,
    pub hash: String,
    pub name: String,
    /// Absent: every customer's decisions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowEnded {
    pub proposal: ProposalId,
    pub hash: String,
    #[serde(flatten)]
    pub found: Found,
}

/// What a shadow came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Found {
    /// The last event of the journal that it has seen.
    pub upto: i64,
    pub decisions: u64,
    /// Of which the journal lacks what they were made of.
    pub lost: u64,
    pub stricter: u64,
    pub looser: u64,
    pub otherwise: u64,
    /// Stopped by the law as enforced, and let through by the shadow's pack.
    pub unlawful: u64,
    /// `sha256:` and the SHA-256 of the list of the differences, which is kept beside the scans.
    pub differences: String,
}

/// A pack that runs in shadow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    pub pack: InForce,
    pub scope: Option<Scope>,
}

pub(super) fn start(
    policy: &Policy,
    context: &Context,
    id: ProposalId,
    scope: Option<&Scope>,
) -> Result<Vec<Event>, Rejection> {
    policy.in_force()?;
    let proposal = context.proposal.as_deref().filter(|it| it.standing != Standing::Unknown);
    let proposal = proposal.ok_or(Rejection::NoSuchProposal)?;
    let submitted = matches!(proposal.standing, Standing::InApproval | Standing::Approved);
    let content = proposal.content.as_ref().filter(|_| submitted);
    let content = content.ok_or(Rejection::NotForShadow)?;
    if scope.is_some_and(Scope::is_empty) {
        return Err(Rejection::ScopeEmpty);
    }
    if policy.shadows.contains_key(&id) {
        return Err(Rejection::AlreadyInShadow);
    }
    if policy.shadows.len() >= SHADOWS_MAX {
        return Err(Rejection::TooManyShadows);
    }
    let (version, admitted) = admit(policy, content);
    let started = Event::ShadowStarted(ShadowStarted {
        proposal: id,
        version,
        hash: content.hash.clone(),
        name: content.pack.name.clone(),
        scope: scope.cloned(),
    });
    Ok(admitted.into_iter().chain([started]).collect())
}

pub(super) fn end(
    policy: &Policy,
    proposal: ProposalId,
    found: &Found,
) -> Result<Vec<Event>, Rejection> {
    let shadow = policy.shadows.get(&proposal).ok_or(Rejection::NoShadow)?;
    let (hash, found) = (shadow.pack.hash.to_string(), found.clone());
    Ok(vec![Event::ShadowEnded(ShadowEnded { proposal, hash, found })])
}
