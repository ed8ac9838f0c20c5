//! Watches: decisions made again under another pack as they come, for shadows and for the stop rule of pilots.
//!
//! A watch follows the journal from where it began, beside everything that is enforced and without slowing it. What it has seen is kept in
//! memory; after a restart it begins where the shadow or the pilot began, not where the journal does.

use std::collections::HashMap;
use std::sync::Arc;

use domain::ids::ProposalId;
use domain::policy::stopping::Measured;
use domain::policy::{InForce, Pilot, Policy, Scope};
use journal::{Decided, Journal, Position};
use tokio::sync::Mutex;

use crate::marks::Marks;
use crate::policies::simulation::Simulated;

/// The most differences that one watch keeps. It then stands still, and says so.
pub const DIFFERENCES_MAX: usize = 20_000;

/// What is watched, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Subject {
    Shadow(ProposalId, Position),
    Pilot(Position),
}

/// Every watch that runs.
#[derive(Debug, Default)]
pub struct Watches(std::sync::Mutex<HashMap<Subject, Arc<Mutex<Watch>>>>);

/// What would have been decided otherwise since it began.
#[derive(Debug)]
pub struct Watch {
    pub after: Position,
    /// How far it has looked.
    pub upto: Position,
    /// How far the journal went when it last looked.
    pub head: Position,
    /// The pack that is asked.
    pack: Arc<InForce>,
    which: Which,
    pub seen: Simulated,
}

/// Whose decisions it looks at.
#[derive(Debug)]
enum Which {
    Within(Option<Scope>),
    /// Those that this pack made.
    MadeBy(Arc<str>),
}

impl Watches {
    /// The watch of a running shadow.
    pub fn shadow(
        &self,
        (policy, marks): &(Policy, Marks),
        proposal: ProposalId,
    ) -> Option<Arc<Mutex<Watch>>> {
        let shadow = policy.shadows.get(&proposal)?;
        let since = *marks.shadows.get(&proposal)?;
        let which = Which::Within(shadow.scope.clone());
        let subject = Subject::Shadow(proposal, since);
        Some(self.watch((policy, marks), subject, since, &shadow.pack, which))
    }

    /// The watch of the running pilot: what the pack in force would have had its decisions.
    pub fn pilot(&self, (policy, marks): &(Policy, Marks)) -> Option<Arc<Mutex<Watch>>> {
        let (pilot, base) = (policy.pilot.as_ref()?, policy.in_force.as_ref()?);
        let which = Which::MadeBy(Arc::clone(&pilot.pack.hash));
        let subject = Subject::Pilot(marks.pilot);
        Some(self.watch((policy, marks), subject, marks.pilot, base, which))
    }

    fn watch(
        &self,
        (policy, marks): (&Policy, &Marks),
        subject: Subject,
        since: Position,
        pack: &InForce,
        which: Which,
    ) -> Arc<Mutex<Watch>> {
        let mut all = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        // What has ended is not kept.
        all.retain(|subject, _| match subject {
            Subject::Shadow(proposal, since) => marks.shadows.get(proposal) == Some(since),
            Subject::Pilot(since) => policy.pilot.is_some() && marks.pilot == *since,
        });
        let watch = all.entry(subject).or_insert_with(|| {
            Arc::new(Mutex::new(Watch {
                after: since,
                upto: since,
                head: since,
                pack: Arc::new(pack.clone()),
                which,
                seen: Simulated::default(),
            }))
        });
        Arc::clone(watch)
    }
}

impl Watch {
    /// Looks at what was decided since it last looked, a page.
    pub async fn look(&mut self, journal: &Journal) -> Result<(), journal::Error> {
        if self.is_full() {
            return Ok(());
        }
        let later = journal.decisions_after(self.upto).await?;
        // Nothing is waited for from here on: a page counts whole, or not at all.
        for decided in later.made.iter().filter_map(journal::Made::decided) {
            if self.wants(&decided) {
                self.seen.take(&decided, &self.pack);
            }
        }
        (self.upto, self.head) = (later.next, later.head);
        self.seen.upto = later.next;
        Ok(())
    }

    /// Looks at everything up to the head that it finds, or until it is full.
    pub async fn look_at_all(&mut self, journal: &Journal) -> Result<(), journal::Error> {
        loop {
            self.look(journal).await?;
            if self.upto >= self.head || self.is_full() {
                return Ok(());
            }
        }
    }

    pub fn is_full(&self) -> bool {
        self.seen.changed.len() >= DIFFERENCES_MAX
    }

    /// What the decisions of a pilot came to; this watch asked the pack in force.
    pub fn measured(&self, pilot: &Pilot) -> Measured {
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        Measured {
            proposal: pilot.proposal,
            hash: pilot.pack.hash.to_string(),
            after: self.after.0,
            upto: self.upto.0,
            decisions: count(self.seen.decisions.saturating_sub(self.seen.lost)),
            stopped: count(self.seen.stopped.0),
            stopped_by_base: count(self.seen.stopped.1),
        }
    }

    fn wants(&self, decided: &Decided<'_>) -> bool {
        match &self.which {
            Which::Within(None) => true,
            Which::Within(Some(scope)) => scope.covers(&decided.customer.registration),
            Which::MadeBy(hash) => {
                let by = decided.decision.policy.as_ref();
                by.is_some_and(|policy| *policy.hash == **hash)
            }
        }
    }
}
