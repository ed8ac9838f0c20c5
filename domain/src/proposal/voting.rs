//! Votes on a proposal, and what turns it down.

use super::{Approved, Context, Declined, Event, Proposal, Rejection, Voted};
use crate::{
    approval::{Closes, Round},
    signature::Signature,
    text::Prose,
};

impl Proposal {
    pub(super) fn approve(
        &self,
        context: &Context,
        comment: Option<&Prose<1000>>,
        signature: Option<&Signature>,
    ) -> Result<Vec<Event>, Rejection> {
        let (content, round) = self.in_approval(context)?;
        self.own_signature(context, round, signature)?;
        let assembly = &context.assembly;
        let (vote, closes) = round.vote(&context.turn.actor, &assembly.actor, &assembly.people)?;
        let voted = Event::VoteCast(Voted {
            vote,
            comment: comment.cloned(),
            signature: signature.cloned().map(Box::new),
        });
        let then = match closes {
            Closes::Nothing => None,
            Closes::Stage(opened) => Some(Event::StageOpened(opened)),
            Closes::Round => Some(Event::Approved(Approved {
                round: round.number,
                content: round.content.clone(),
                hash: content.hash.clone(),
            })),
        };
        Ok(std::iter::once(voted).chain(then).collect())
    }

    /// Whoever may approve may also decline.
    pub(super) fn decline(
        &self,
        context: &Context,
        reason: &Prose<500>,
        signature: Option<&Signature>,
    ) -> Result<Declined, Rejection> {
        let (_, round) = self.in_approval(context)?;
        self.own_signature(context, round, signature)?;
        let by = context.turn.actor.clone();
        round.asks(&by, &context.assembly.actor)?;
        let signature = signature.cloned().map(Box::new);
        Ok(Declined { round: round.number, reason: reason.clone(), by, signature })
    }

    fn own_signature(
        &self,
        context: &Context,
        round: &Round,
        signature: Option<&Signature>,
    ) -> Result<(), Rejection> {
        let record = self.id.map(|id| id.to_string()).unwrap_or_default();
        let own =
            |it: &Signature| it.is_of(&record, &round.content) && it.signer == context.turn.actor;
        if signature.is_some_and(|it| !own(it)) {
            return Err(Rejection::SignedAnother);
        }
        Ok(())
    }
}
