//! The house: products and packs, at every version that they ever had.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::customer::Customer;
use domain::decider::Decider;
use domain::decision::StreamVersion;
use domain::ids::ProductId;
use domain::policy::{InForce, Policy};
use domain::product::Product;

use super::shares::Place;
use crate::{Error, Journal, PAGE_MAX, Position, Version};

/// Products and packs by stream, after each of their events, with the position of that event.
#[derive(Debug, Default)]
pub(super) struct House {
    products: HashMap<String, Vec<(Position, Arc<Product>)>>,
    policies: HashMap<String, Vec<(Position, Policy)>>,
}

/// What was read of a house, and the first event of it that cannot be.
pub(super) type Read = (House, Option<Place<Error>>);

impl Journal {
    /// Reads what was recorded up to a position.
    pub(super) async fn house_until(&self, head: Position) -> Result<Read, Error> {
        let mut unreadable = None;
        let products = self.versions::<Product>(head, &mut unreadable).await?;
        let share = |versions: Vec<(Position, Product)>| {
            versions.into_iter().map(|(position, product)| (position, Arc::new(product))).collect()
        };
        let products = products.into_iter().map(|(stream, all)| (stream, share(all))).collect();
        let policies = self.versions::<Policy>(head, &mut unreadable).await?;
        Ok((House { products, policies }, unreadable))
    }

    async fn versions<A: Decider>(
        &self,
        head: Position,
        unreadable: &mut Option<Place<Error>>,
    ) -> Result<HashMap<String, Vec<(Position, A)>>, Error> {
        let mut streams: HashMap<String, Vec<(Position, A)>> = HashMap::new();
        let (mut stream, mut version) = (String::new(), Version::NONE);
        loop {
            let entries = self.reader().of_type(A::TYPE, &stream, version, PAGE_MAX).await?;
            let Some(last) = entries.last() else { return Ok(streams) };
            (stream, version) = (last.stream.clone(), last.version);
            for entry in entries.iter().filter(|entry| entry.position <= head) {
                match self.event::<A::Event>(entry) {
                    Ok(event) => {
                        let versions = streams.entry(entry.stream.clone()).or_default();
                        let mut state =
                            versions.last().map(|(_, it)| it.clone()).unwrap_or_default();
                        state.evolve(&event);
                        versions.push((entry.position, state));
                    }
                    Err(what) => {
                        let found = Place { position: entry.position, what };
                        *unreadable = Place::earliest(unreadable.take(), Some(found));
                    }
                }
            }
        }
    }
}

impl House {
    /// The pack that applied to a customer, as the streams that were read had it before a position.
    pub(super) fn policy(
        &self,
        reads: &[StreamVersion],
        before: Position,
        customer: &Customer,
    ) -> Option<Arc<InForce>> {
        let mut known = reads.iter().rev();
        let known = known.find_map(|read| at(&self.policies, read, before))?;
        known.applying_to(&customer.registration).cloned().map(Arc::new)
    }

    /// The products among the streams that were read, as they were before a position.
    pub(super) fn products(
        &self,
        reads: &[StreamVersion],
        before: Position,
    ) -> BTreeMap<ProductId, Arc<Product>> {
        let known = reads.iter().filter_map(|read| {
            let product = at(&self.products, read, before)?;
            Some((read.stream.parse().ok()?, Arc::clone(product)))
        });
        known.collect()
    }
}

/// A stream at the version that was read, if it was there before a position: nothing rests on what comes later.
fn at<'a, A>(
    streams: &'a HashMap<String, Vec<(Position, A)>>,
    read: &StreamVersion,
    before: Position,
) -> Option<&'a A> {
    let index = usize::try_from(read.version.checked_sub(1)?).ok()?;
    let (position, state) = streams.get(&read.stream)?.get(index)?;
    (*position < before).then_some(state)
}
