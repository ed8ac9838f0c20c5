//! Whether a round can still be finished: every vote that it waits for is a seat, and each seat takes another person.

use std::collections::BTreeSet;

use super::{Person, Round, Rule, Stage, VoteCast, round::of_stage};
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

    fn personal(person: &Person) -> Self {
        let mut departments = person.departments.clone();
        departments.extend(person.stands_in_for.values().flatten());
        Self { departments: departments.into_iter().collect(), only: Some(person.staff.clone()) }
    }

    pub(super) fn is_personal(&self) -> bool {
        self.only.is_some()
    }

    pub(super) fn is_open_to(&self, staff: &StaffId) -> bool {
        self.only.as_ref().is_none_or(|only| only == staff)
    }

    fn takes(&self, person: &Person) -> bool {
        let stands_in = || person.stands_in_for.values().flatten().copied();
        let mut able = person.departments.iter().copied().chain(stands_in());
        self.is_open_to(&person.staff) && able.any(|role| self.departments.contains(&role))
    }
}

/// What the open stage still waits for.
pub(super) fn open_seats(round: &Round) -> Vec<Seat> {
    let Some(stage) = round.open_stage() else { return Vec::new() };
    let of_reviewer = |vote: &&VoteCast| round.reviewers.contains(&vote.by);
    let cast = || round.votes_in_stage().filter(|vote| !of_reviewer(vote));
    let voted = |staff: &StaffId| round.votes_in_stage().any(|vote| vote.by == *staff);
    // Where a department has nobody left, one of those that it escalates to speaks for all of it.
    let of_departments =
        |person: &Person| person.escalated_as.is_none() && !round.reviewers.contains(&person.staff);
    let mut seats: Vec<Seat> = match stage.rule {
        Rule::All if round.electorate.iter().any(|person| of_departments(person)) => {
            let asked = round.electorate.iter().filter(|person| of_departments(person));
            asked.filter(|person| !voted(&person.staff)).map(Seat::personal).collect()
        }
        Rule::OnePerDepartment => {
            let voted: BTreeSet<Role> = cast().map(|vote| vote.department).collect();
            let waiting = stage.departments.iter().filter(|role| !voted.contains(role));
            waiting.map(|role| Seat::of(&[*role])).collect()
        }
        Rule::Any | Rule::All | Rule::Quorum(_) => {
            seats_of(stage).into_iter().skip(cast().count()).collect()
        }
    };
    let reviewers = round.electorate.iter().filter(|it| round.reviewers.contains(&it.staff));
    seats.extend(reviewers.filter(|it| !voted(&it.staff)).map(Seat::personal));
    seats
}

/// What a stage that has not opened yet will wait for, at least.
fn seats_of(stage: &Stage) -> Vec<Seat> {
    match stage.rule {
        Rule::Any | Rule::All => vec![Seat::of(&stage.departments)],
        Rule::Quorum(votes) => (0..votes).map(|_| Seat::of(&stage.departments)).collect(),
        Rule::OnePerDepartment => stage.departments.iter().map(|role| Seat::of(&[*role])).collect(),
    }
}

/// Those of a role that a stage escalates to, as they would be asked: in the place of its departments.
pub(super) fn standing_in<'a>(
    stage: &'a Stage,
    role: Role,
    people: &'a [Person],
) -> impl Iterator<Item = Person> {
    let able = people.iter().filter(move |person| person.departments.contains(&role));
    able.map(move |person| Person {
        staff: person.staff.clone(),
        departments: stage.departments.iter().copied().collect(),
        stands_in_for: [].into(),
        escalated_as: Some(role),
    })
}

/// Whether these people can fill a stage that opens.
pub(super) fn fills(stage: &Stage, asked: &[Person]) -> bool {
    let seats = seats_of(stage);
    let seats: Vec<(Seat, &[Person])> = seats.into_iter().map(|seat| (seat, asked)).collect();
    unfilled(&seats, &|_| false).is_empty()
}

/// The departments of the seats that nobody is left for; none when the round can be finished.
///
/// The open stage is asked of those who were there when it opened, the later ones of those who are here now.
pub(super) fn missing(round: &Round, people: &[Person]) -> Vec<Role> {
    let here = |staff: &StaffId| people.iter().find(|person| person.staff == *staff);
    let still_here = round.electorate.iter().filter_map(|asked| {
        let now = here(&asked.staff)?;
        let departments = match asked.escalated_as {
            Some(role) if now.departments.contains(&role) => asked.departments.clone(),
            Some(_) => BTreeSet::new(),
            None => &asked.departments & &now.departments,
        };
        Some(Person { departments, ..asked.clone() })
    });
    let asked: Vec<Person> = still_here.collect();
    let later: Vec<(&Stage, Vec<Person>)> =
        round.later_stages().map(|stage| (stage, for_later(stage, round, people))).collect();
    let open = open_seats(round).into_iter().map(|seat| (seat, asked.as_slice()));
    let to_come = later
        .iter()
        .flat_map(|(stage, able)| seats_of(stage).into_iter().map(|seat| (seat, able.as_slice())));
    let seats: Vec<(Seat, &[Person])> = open.chain(to_come).collect();
    let spoke = |staff: &StaffId| {
        let theirs =
            |vote: &VoteCast| vote.by == *staff || vote.on_behalf_of.as_ref() == Some(staff);
        round.votes.iter().any(theirs)
    };
    unfilled(&seats, &spoke)
}

/// Who could vote in a stage to come, those included that it escalates to.
fn for_later(stage: &Stage, round: &Round, people: &[Person]) -> Vec<Person> {
    let free = people.iter().filter(|person| !round.excluded.contains(&person.staff));
    let own = free.clone().filter_map(|person| of_stage(person, stage));
    let mut able: Vec<Person> = own.collect();
    for role in &stage.escalation {
        let known: BTreeSet<StaffId> = able.iter().map(|it| it.staff.clone()).collect();
        let also = standing_in(stage, *role, people);
        able.extend(also.filter(|person| {
            !known.contains(&person.staff) && free.clone().any(|it| it.staff == person.staff)
        }));
    }
    able
}

fn unfilled(seats: &[(Seat, &[Person])], spoke: &dyn Fn(&StaffId) -> bool) -> Vec<Role> {
    let mut seating = Seating { seats, taken: vec![None; seats.len()], spoke };
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
    spoke: &'a dyn Fn(&StaffId) -> bool,
}

impl<'a> Seating<'a> {
    fn place(&mut self, index: usize, tried: &mut BTreeSet<&'a StaffId>) -> bool {
        let seats = self.seats;
        let Some((seat, people)) = seats.get(index) else { return false };
        for person in people.iter().filter(|person| seat.takes(person)) {
            if (self.spoke)(&person.staff) || !tried.insert(&person.staff) {
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
