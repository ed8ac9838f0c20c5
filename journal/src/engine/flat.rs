//! A batch laid flat, as both engines check it: numbered groups, commands and claims, and verdicts from what did not hold.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use crate::executor::{Appended, Batch, Draft, Group, Line, Moved, News, Refused, Verdict};
use crate::types::{Read, count};
use crate::{Error, Position, Version, leaf};

/// Numbers count from 0 and follow the order of the batch.
pub(super) struct Flat<'a> {
    batch: &'a Batch,
    /// The group and the number within it of each command.
    pub(super) items: Vec<(usize, usize, &'a Draft)>,
    /// Group, command within it, claim.
    pub(super) claims: Vec<(usize, usize, &'a str)>,
    /// Streams and where they were seen; each once, however many commands read it.
    pub(super) seen: Vec<&'a Read>,
    /// Group and the number of what it read in `seen`; each once per group.
    pub(super) reads: Vec<(usize, usize)>,
}

/// One event to be inserted. `head` is the leaf's input before the recording time.
pub(super) struct Row<'a> {
    pub(super) group: usize,
    pub(super) of: &'a Group,
    pub(super) draft: &'a Draft,
    pub(super) line: &'a Line,
    pub(super) sequence: i64,
    /// On a command's first event only.
    pub(super) key: Option<&'a str>,
    pub(super) head: Vec<u8>,
}

/// What the database found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) tip: i64,
    pub(super) recorded_us: i64,
    /// Groups whose stream stands elsewhere.
    pub(super) moved: Vec<usize>,
    /// What was seen of other streams, and is no longer so.
    pub(super) stale: Vec<usize>,
    /// Commands whose key is recorded.
    pub(super) known: Vec<usize>,
    /// Claims that are taken, and by whom.
    pub(super) taken: Vec<(usize, String)>,
    pub(super) news: Vec<News>,
}

impl<'a> Flat<'a> {
    pub(super) fn new(batch: &'a Batch) -> Flat<'a> {
        let mut flat = Flat {
            batch,
            items: Vec::new(),
            claims: Vec::new(),
            seen: Vec::new(),
            reads: Vec::new(),
        };
        let mut numbers: HashMap<(&str, &str, Version), usize> = HashMap::new();
        for (g, group) in batch.groups.iter().enumerate() {
            let first = flat.reads.len();
            for (d, draft) in group.drafts.iter().enumerate() {
                flat.items.push((g, d, draft));
                let claims = draft.lines.iter().filter_map(|line| line.claim.as_deref());
                flat.claims.extend(claims.map(|claim| (g, d, claim)));
                for read in &draft.reads {
                    let same = (read.aggregate_type, read.stream.as_str(), read.version);
                    let number = *numbers.entry(same).or_insert_with(|| {
                        flat.seen.push(read);
                        flat.seen.len() - 1
                    });
                    if !flat.reads.iter().skip(first).any(|(_, other)| *other == number) {
                        flat.reads.push((g, number));
                    }
                }
            }
        }
        flat
    }

    /// The events, in the order in which they get their positions.
    pub(super) fn rows(&self) -> Vec<Row<'a>> {
        let mut rows = Vec::with_capacity(self.items.len());
        for (g, of) in self.batch.groups.iter().enumerate() {
            let mut sequence = of.base.0;
            for draft in &of.drafts {
                for (n, line) in draft.lines.iter().enumerate() {
                    sequence += 1;
                    let head = leaf::head(of.aggregate_type, &of.stream, sequence);
                    let key = (n == 0).then_some(draft.key.as_str());
                    rows.push(Row { group: g, of, draft, line, sequence, key, head });
                }
            }
        }
        rows
    }

    pub(super) fn refused(&self, found: &Findings) -> HashSet<usize> {
        let known = found.known.iter().filter_map(|n| self.items.get(*n)).map(|(g, ..)| *g);
        let taken = found.taken.iter().filter_map(|(n, _)| self.claims.get(*n)).map(|(g, ..)| *g);
        found.moved.iter().copied().chain(self.stale(found)).chain(known).chain(taken).collect()
    }

    /// The groups that read what stands elsewhere.
    fn stale<'f>(&'f self, found: &'f Findings) -> impl Iterator<Item = usize> + 'f {
        self.reads.iter().filter(|(_, seen)| found.stale.contains(seen)).map(|(g, _)| *g)
    }

    pub(super) fn appended(&self, found: Findings) -> Result<Appended, Error> {
        let recorded_at = at(found.recorded_us)?;
        let refused = self.refused(&found);
        let mut tip = found.tip;
        let verdict = |(g, group): (usize, &Group)| {
            if refused.contains(&g) {
                return Verdict::Refused(self.why(g, &found));
            }
            let before = Position(tip);
            tip += group.drafts.iter().map(|draft| count(draft.lines.len())).sum::<i64>();
            Verdict::Accepted { tip: before, recorded_at }
        };
        let verdicts = self.batch.groups.iter().enumerate().map(verdict).collect();
        Ok(Appended { verdicts, head: Position(tip), news: found.news })
    }

    fn why(&self, group: usize, found: &Findings) -> Refused {
        let moved = if self.stale(found).any(|g| g == group) {
            Moved::Reads
        } else if found.moved.contains(&group) {
            Moved::Base
        } else {
            Moved::Nothing
        };
        let known = found.known.iter().filter_map(|n| self.items.get(*n));
        let taken = found.taken.iter().filter_map(|(n, by)| Some((self.claims.get(*n)?, by)));
        Refused {
            moved,
            known: known.filter(|(g, ..)| *g == group).map(|(_, d, _)| *d).collect(),
            taken: taken
                .filter(|((g, ..), _)| *g == group)
                .map(|((_, d, claim), by)| (*d, (*claim).to_owned(), by.clone()))
                .collect(),
        }
    }
}

pub(super) fn at(us: i64) -> Result<DateTime<Utc>, Error> {
    DateTime::from_timestamp_micros(us).ok_or(Error::Malformed {
        what: "the recording time",
        bytes: 8,
        most: 8,
    })
}

/// A number from the database, which counts from 1, to ours.
pub(super) fn from_one(n: i64) -> usize {
    usize::try_from(n - 1).unwrap_or(usize::MAX)
}
