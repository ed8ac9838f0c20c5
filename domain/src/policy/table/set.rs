//! Sets of coordinates: what a cell of a decision table means.
//!
//! Every value of an axis is a whole number, so bounds need not be open or closed, and a set is a few ranges. Equality of sets is
//! equality of their ranges, which lie apart and in order.

/// A set of coordinates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Set(Vec<Range>);

/// From the first to the last coordinate, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Range {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Set {
    pub(super) const NONE: Self = Self(Vec::new());

    /// One range; empty where it ends before it begins.
    pub(super) fn range(first: i64, last: i64) -> Self {
        if first <= last { Self(vec![Range { first, last }]) } else { Self::NONE }
    }

    pub(super) fn one(coordinate: i64) -> Self {
        Self::range(coordinate, coordinate)
    }

    pub(super) fn ranges(&self) -> &[Range] {
        &self.0
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn contains(&self, coordinate: i64) -> bool {
        self.0.iter().any(|range| range.first <= coordinate && coordinate <= range.last)
    }

    /// The least coordinate.
    pub(super) fn least(&self) -> Option<i64> {
        self.0.first().map(|range| range.first)
    }

    #[must_use]
    pub(super) fn or(&self, other: &Self) -> Self {
        let mut all: Vec<Range> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_unstable();
        let mut ranges: Vec<Range> = Vec::with_capacity(all.len());
        for range in all {
            match ranges.last_mut() {
                // Neighbours become one, so that a set has one spelling.
                Some(before) if range.first <= before.last.saturating_add(1) => {
                    before.last = before.last.max(range.last);
                }
                _ => ranges.push(range),
            }
        }
        Self(ranges)
    }

    #[must_use]
    pub(super) fn and(&self, other: &Self) -> Self {
        let mut ranges = Vec::new();
        for ours in &self.0 {
            for theirs in &other.0 {
                let (first, last) = (ours.first.max(theirs.first), ours.last.min(theirs.last));
                if first <= last {
                    ranges.push(Range { first, last });
                }
            }
        }
        Self(ranges)
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub(super) fn without(&self, other: &Self) -> Self {
        let mut ranges = Vec::new();
        for ours in &self.0 {
            let mut from = Some(ours.first);
            for theirs in &other.0 {
                let Some(first) = from else { break };
                if theirs.last < first || ours.last < theirs.first {
                    continue;
                }
                if first < theirs.first {
                    ranges.push(Range { first, last: theirs.first - 1 });
                }
                from = theirs.last.checked_add(1).filter(|next| *next <= ours.last);
            }
            if let Some(first) = from {
                ranges.push(Range { first, last: ours.last });
            }
        }
        Self(ranges)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_set() -> impl Strategy<Value = Set> {
        prop::collection::vec((0..12_i64, 0..4_i64), 0..4).prop_map(|parts| {
            let part = |(first, more): (i64, i64)| Set::range(first, first + more);
            parts.into_iter().map(part).fold(Set::NONE, |all, part| all.or(&part))
        })
    }

    proptest! {
        #[test]
        fn sets_do_what_is_said_of_their_coordinates(a in any_set(), b in any_set()) {
            for at in -1..20 {
                let (in_a, in_b) = (a.contains(at), b.contains(at));
                prop_assert_eq!(a.or(&b).contains(at), in_a || in_b);
                prop_assert_eq!(a.and(&b).contains(at), in_a && in_b);
                prop_assert_eq!(a.without(&b).contains(at), in_a && !in_b);
            }
            prop_assert_eq!(a.without(&b).or(&a.and(&b)), a.clone());
            for set in [a.or(&b), a.and(&b), a.without(&b)] {
                let apart = |pair: &[Range]| pair[0].last + 1 < pair[1].first;
                prop_assert!(set.ranges().windows(2).all(apart), "{:?}", set);
            }
        }
    }

    #[test]
    fn the_ends_of_all_numbers_are_no_exception() {
        let all = Set::range(i64::MIN, i64::MAX);
        assert_eq!(all.or(&Set::one(i64::MAX)), all);
        assert_eq!(all.without(&Set::one(i64::MIN)), Set::range(i64::MIN + 1, i64::MAX));
        assert_eq!(all.without(&Set::one(i64::MAX)), Set::range(i64::MIN, i64::MAX - 1));
        assert_eq!(all.without(&all), Set::NONE);
    }
}
