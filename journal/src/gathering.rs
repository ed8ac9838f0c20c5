//! What each aggregate's decisions must know of other streams: the customer reads the policy and products, the policy reads the proposal
//! that it is about, a proposal reads the policy, a vote reads whoever casts it, and a delegation reads whom it is given to. The others read nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{
    approval::{Assembly, Person, lenders},
    context::{Context, Facts},
    customer::{self, Customer},
    decision::StreamVersion,
    policy::{self, Policy, approvals::Subject},
    product::{self, Product},
    proposal::{self, Proposal},
    staff::{self, Matter, Staff},
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
        if command.is_vote() {
            reads.extend(who_votes(context, confirmed).await?);
        }
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
        context: &mut staff::Context,
        command: &staff::Command,
        confirmed: &Confirmed,
    ) -> Result<Vec<Read>, Error> {
        let Some(colleague) = command.colleague() else { return Ok(Vec::new()) };
        let colleague = confirmed.get::<Staff>(colleague.as_str()).await?;
        let read = colleague.read();
        context.colleague = Some(colleague.state);
        Ok(vec![read])
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
            reads.extend(voter(&context.turn, &mut context.assembly, confirmed).await?);
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
            reads.extend(voter(&context.turn, &mut context.assembly, confirmed).await?);
        }
        Ok(reads)
    }
}

/// The same for a case of a customer.
async fn who_votes(context: &mut Context, confirmed: &Confirmed) -> Result<Vec<Read>, Error> {
    let person = confirmed.get::<Staff>(context.turn.actor.as_str()).await?;
    let assemblies = &mut context.assemblies;
    assemblies.actor = &assemblies.actor & &person.state.roles;
    let mut reads = vec![person.read()];
    for subject in Subject::ALL {
        if assemblies.lenders(*subject, &context.turn.actor).is_empty() {
            continue;
        }
        let people = assemblies.of_mut(*subject);
        reads.extend(still_lent(&context.turn, people, matter(*subject), confirmed).await?);
    }
    reads.sort_by(|one, other| one.stream.cmp(&other.stream));
    reads.dedup_by(|one, other| one.stream == other.stream);
    Ok(reads)
}

/// Leaves whoever votes only those roles of others that these lend at this moment.
async fn still_lent(
    turn: &Turn,
    people: &mut [Person],
    matter: Matter,
    confirmed: &Confirmed,
) -> Result<Vec<Read>, Error> {
    let Some(person) = people.iter_mut().find(|it| it.staff == turn.actor) else {
        return Ok(Vec::new());
    };
    let mut reads = Vec::new();
    for (lender, roles) in &mut person.stands_in_for {
        let known = confirmed.get::<Staff>(lender.as_str()).await?;
        *roles = &*roles & &known.state.lends(&turn.actor, turn.today, matter);
        reads.push(known.read());
    }
    person.stands_in_for.retain(|_, roles| !roles.is_empty());
    Ok(reads)
}

/// What a delegation for such a case is for.
fn matter(subject: Subject) -> Matter {
    match subject {
        Subject::Qualification => Matter::Qualification,
        Subject::Credit => Matter::Credit,
        Subject::Release => Matter::Release,
    }
}

/// Leaves whoever votes on rules only the roles that they hold, and that others lend them, at this moment.
async fn voter(
    turn: &Turn,
    assembly: &mut Assembly,
    confirmed: &Confirmed,
) -> Result<Vec<Read>, Error> {
    let person = confirmed.get::<Staff>(turn.actor.as_str()).await?;
    assembly.actor = &assembly.actor & &person.state.roles;
    let mut reads = vec![person.read()];
    if !lenders(&assembly.people, &turn.actor).is_empty() {
        let people = Arc::make_mut(&mut assembly.people);
        reads.extend(still_lent(turn, people, Matter::Policy, confirmed).await?);
    }
    Ok(reads)
}
