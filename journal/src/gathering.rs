//! What each aggregate's decisions must know of other streams: the customer reads the policy in force and products;
//! the others read nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::{
    context::{Context, Facts},
    customer::{self, Customer},
    decision::StreamVersion,
    policy::{self, Policy},
    product::{self, Product},
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
        facts.policy = policy.state.in_force.clone().map(Arc::new);
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
        _context: &mut Turn,
        _command: &policy::Command,
        _confirmed: &Confirmed,
    ) -> Result<Vec<Read>, Error> {
        Ok(Vec::new())
    }
}
