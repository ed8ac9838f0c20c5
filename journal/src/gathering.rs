//! What each aggregate's decisions must know of other streams: the customer reads the policy and products, the policy reads the proposal
//! that it is about, a proposal reads the policy, and a vote reads whoever casts it. The others read nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{
    approval::Assembly,
    context::{Context, Facts},
    customer::{self, Customer},
    decision::StreamVersion,
    policy::{self, Policy},
    product::{self, Product},
    proposal::{self, Proposal},
    staff::{self, Staff},
    turn::Turn,
};

use crate::{Confirmed, Error, Gather, Known, Read};

impl Gather for Customer {
    async fn gather(
        &self,
        context: &mut Context,
        command: &customer::Command,
        confirmed: &Confirmed,
    ) -> Result<Vec<Read>, Error> {
        let mut facts = Facts::default();
        let mut reads = Vec::new();
        let policy = confirmed.get::<Policy>(policy::STREAM).await?;
        note(&policy, &mut facts, &mut reads);
        facts.policy = policy.state.applying_to(&self.registration).cloned().map(Arc::new);
        // Each once: a command may name a product on several lines.
        let needed: BTreeSet<_> = self.products_needed(command).into_iter().collect();
        for id in needed {
            let product = confirmed.get::<Product>(&id.to_string()).await?;
            note(&product, &mut facts, &mut reads);
            // One that does not exist is read too: that it is not there is what the answer rests on.
            if product.version > crate::Version::NONE {
                facts.products.insert(id, Arc::clone(&product.state));
            }
        }
        context.facts = facts;
        Ok(reads)
    }
}

fn note<A: domain::decider::Decider>(known: &Known<A>, facts: &mut Facts, reads: &mut Vec<Read>) {
    facts.reads.push(StreamVersion { stream: known.stream.clone(), version: known.version.0 });
    reads.push(known.read());
}

impl Gather for Product {
    async fn gather(
        &self,
        _context: &mut Turn,
        _command: &product::Command,
        _confirmed: &Confirmed,
    ) -> Result<Vec<Read>, Error> {
        Ok(Vec::new())
    }
}

impl Gather for Staff {
    async fn gather(
        &self,
        _context: &mut Turn,
        _command: &staff::Command,
        _confirmed: &Confirmed,
    ) -> Result<Vec<Read>, Error> {
        Ok(Vec::new())
    }
}

impl Gather for Policy {
    async fn gather(
        &self,
        context: &mut policy::Context,
        command: &policy::Command,
        confirmed: &Confirmed,
    ) -> Result<Vec<Read>, Error> {
        let mut reads = Vec::new();
        if let Some(id) = self.proposal_of(command) {
            let proposal = confirmed.get::<Proposal>(&id.to_string()).await?;
            reads.push(proposal.read());
            context.proposal = Some(proposal.state);
        }
        if let policy::Command::Review { .. } = command {
            reads.push(voter(&context.turn, &mut context.assembly, confirmed).await?);
        }
        Ok(reads)
    }
}

impl Gather for Proposal {
    async fn gather(
        &self,
        context: &mut proposal::Context,
        command: &proposal::Command,
        confirmed: &Confirmed,
    ) -> Result<Vec<Read>, Error> {
        let policy = confirmed.get::<Policy>(policy::STREAM).await?;
        let mut reads = vec![policy.read()];
        context.policy = policy.state;
        if command.is_vote() {
            reads.push(voter(&context.turn, &mut context.assembly, confirmed).await?);
        }
        Ok(reads)
    }
}

/// Leaves whoever votes only the roles that they hold at this moment.
async fn voter(turn: &Turn, assembly: &mut Assembly, confirmed: &Confirmed) -> Result<Read, Error> {
    let person = confirmed.get::<Staff>(turn.actor.as_str()).await?;
    assembly.actor = &assembly.actor & &person.state.roles;
    Ok(person.read())
}
