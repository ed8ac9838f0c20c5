//! Whether a round can still be finished: every vote that it waits for is a seat, and each seat takes another person.

use std::collections::BTreeSet;

use super::{Person, Round, Rule, Stage};
use crate::{ids::StaffId, staff::Role};

/// A vote that is still wanted.
pub(super) struct Seat {
    /// Of which department whoever takes it must be.
    pub(super) departments: Vec<Role>,
    /// Where only one person will do.
    only: Option<StaffId>,
}

impl Seat {
    fn of(departments: &[Role]) -> Self {
        Self { departments: departments.to_vec(), only: None }
    }

    fn takes(&self, person: &Person) -> bool {
        self.only.as_ref().is_none_or(|only| *only == person.staff)
            && self.departments.iter().any(|role| person.departments.contains(role))
    }
}

/// What the open stage still waits for.
pub(super) fn open_seats(round: &Round) -> Vec<Seat> {
    let Some(stage) = round.open_stage() else { return Vec::new() };
    let cast = round.votes_in_stage().count();
    match stage.rule {
        Rule::All if !round.electorate.is_empty() => {
            let voted = |person: &&Person| round.votes.iter().any(|vote| vote.by == person.staff);
            let waiting = round.electorate.iter().filter(|person| !voted(person));
            waiting
                .map(|person| Seat {
                    departments: person.departments.iter().copied().collect(),
                    only: Some(person.staff.clone()),
                })
                .collect()
        }
        Rule::OnePerDepartment => {
            let voted: BTreeSet<Role> =
                round.votes_in_stage().map(|vote| vote.department).collect();
            let waiting = stage.departments.iter().filter(|role| !voted.contains(role));
            waiting.map(|role| Seat::of(&[*role])).collect()
        }
        Rule::Any | Rule::All | Rule::Quorum(_) => seats_of(stage).into_iter().skip(cast).collect(),
    }
}

/// What a stage that has not opened yet will wait for, at least.
fn seats_of(stage: &Stage) -> Vec<Seat> {
    match stage.rule {
        Rule::Any | Rule::All => vec![Seat::of(&stage.departments)],
        Rule::Quorum(votes) => (0..votes).map(|_| Seat::of(&stage.departments)).collect(),
        Rule::OnePerDepartment => stage.departments.iter().map(|role| Seat::of(&[*role])).collect(),
    }
}

/// The departments of the seats that nobody is left for; none when the round can be finished.
///
/// The open stage is asked of those who were there when it opened, the later ones of those who are here now.
pub(super) fn missing(round: &Round, people: &[Person]) -> Vec<Role> {
    let here = |staff: &StaffId| people.iter().find(|person| person.staff == *staff);
    let still_here = round.electorate.iter().filter_map(|asked| {
        let departments = &asked.departments & &here(&asked.staff)?.departments;
        Some(Person { departments, ..asked.clone() })
    });
    let asked: Vec<Person> = still_here.collect();
    let later: Vec<Person> =
        people.iter().filter(|person| !round.excluded.contains(&person.staff)).cloned().collect();
    let open = open_seats(round).into_iter().map(|seat| (seat, asked.as_slice()));
    let to_come = round.later_stages().flat_map(seats_of).map(|seat| (seat, later.as_slice()));
    let seats: Vec<(Seat, &[Person])> = open.chain(to_come).collect();
    let mut seating = Seating { seats: &seats, taken: vec![None; seats.len()], round };
    let mut missing = BTreeSet::new();
    for (index, (seat, _)) in seats.iter().enumerate() {
        if !seating.place(index, &mut BTreeSet::new()) {
            missing.extend(seat.departments.iter().copied());
        }
    }
    missing.into_iter().collect()
}

/// A matching of seats and people, grown seat by seat along augmenting paths (Kuhn's algorithm).
struct Seating<'a> {
    seats: &'a [(Seat, &'a [Person])],
    taken: Vec<Option<&'a StaffId>>,
    round: &'a Round,
}

impl<'a> Seating<'a> {
    fn place(&mut self, index: usize, tried: &mut BTreeSet<&'a StaffId>) -> bool {
        let seats = self.seats;
        let Some((seat, people)) = seats.get(index) else { return false };
        for person in people.iter().filter(|person| seat.takes(person)) {
            let voted = self.round.votes.iter().any(|vote| vote.by == person.staff);
            if voted || !tried.insert(&person.staff) {
                continue;
            }
            let sits = self.taken.iter().position(|taken| *taken == Some(&person.staff));
            if sits.is_none_or(|other| self.place(other, tried)) {
                // Whoever sat elsewhere has left that seat to somebody else.
                if let Some(taken) = self.taken.get_mut(index) {
                    *taken = Some(&person.staff);
                }
                return true;
            }
        }
        false
    }
}
