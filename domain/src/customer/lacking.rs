//! Lacking: which papers a pack would miss in a customer's file, on a day that may be still to come.
//!
//! It asks what the pack asks of the customer as such. What it asks only for certain goods is seen where such goods were ordered.

use chrono::NaiveDate;

use super::{Customer, gate};
use crate::{decision::Cause, policy::Pack};

impl Customer {
    /// What would stop it for its papers under this pack, on this day.
    pub fn lacking(&self, pack: &Pack, on: NaiveDate) -> Vec<Cause> {
        gate::lacking(self, pack, on)
    }

    /// What the one pack would miss and the other does not.
    pub fn lacking_anew(&self, old: &Pack, new: &Pack, on: NaiveDate) -> Vec<Cause> {
        let before = self.lacking(old, on);
        let mut found = self.lacking(new, on);
        found.retain(|cause| {
            !before.iter().any(|it| (it.code, &it.params) == (cause.code, &cause.params))
        });
        found
    }
}
