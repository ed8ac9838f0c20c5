//! Whether a round can still be finished: every vote that it waits for is a seat, and each seat takes another person.

use std::collections::BTreeSet;

use super::{Person, Round, Rule, Stage, VoteCast, one_with, round::of_stage};
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
        Rule::All if round.electorate.iter().any(of_departments) => {
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
pub(super) fn fills(stage: &Stage, asked: &[Person], people: &[Person]) -> bool {
    let seats = seats_of(stage);
    let seats: Vec<(Seat, &[Person])> = seats.into_iter().map(|seat| (seat, asked)).collect();
    unfilled(&seats, &BTreeSet::new(), people).is_empty()
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
        let still_lent = asked.stands_in_for.iter().filter_map(|(principal, roles)| {
            let held = &here(principal)?.departments & now.stands_in_for.get(principal)?;
            Some((principal.clone(), roles & &held))
        });
        Some(Person { departments, stands_in_for: still_lent.collect(), ..asked.clone() })
    });
    let asked: Vec<Person> = still_here.collect();
    let barred = round.barred(people);
    let later = round.later_stages();
    let later: Vec<(&Stage, Vec<Person>)> =
        later.map(|stage| (stage, for_later(stage, &barred, people))).collect();
    let open = open_seats(round).into_iter().map(|seat| (seat, asked.as_slice()));
    let to_come = later
        .iter()
        .flat_map(|(stage, able)| seats_of(stage).into_iter().map(|seat| (seat, able.as_slice())));
    let seats: Vec<(Seat, &[Person])> = open.chain(to_come).collect();
    let everybody = round.electorate.iter().chain(people).map(|person| &person.staff);
    let heard = everybody.filter(|it| barred.contains(*it) || round.is_heard(it, people));
    unfilled(&seats, &heard.collect(), people)
}

/// Who could vote in a stage to come, those included that it escalates to.
fn for_later(stage: &Stage, barred: &BTreeSet<StaffId>, people: &[Person]) -> Vec<Person> {
    let free = people.iter().filter(|person| !barred.contains(&person.staff));
    let mut able: Vec<Person> = free.filter_map(|person| of_stage(person, stage)).collect();
    for role in &stage.escalation {
        let known: BTreeSet<StaffId> = able.iter().map(|it| it.staff.clone()).collect();
        let also = standing_in(stage, *role, people);
        let also = also.filter(|it| !known.contains(&it.staff) && !barred.contains(&it.staff));
        able.extend(also);
    }
    able
}

/// The departments of the seats that cannot be filled by people other than these, each of them once and none beside whoever stands in
/// for them.
fn unfilled(seats: &[(Seat, &[Person])], but: &BTreeSet<&StaffId>, people: &[Person]) -> Vec<Role> {
    let (missing, taken) = seated(seats, but);
    let at_odds = |staff: &StaffId, among: &BTreeSet<&StaffId>| {
        one_with(staff, people).any(|other| among.contains(other))
    };
    if !missing.is_empty() || !taken.iter().any(|staff| at_odds(staff, &taken)) {
        return missing;
    }
    // Whoever comes first keeps those out who are one with them: everybody may come first.
    let crowd: BTreeSet<&StaffId> =
        seats.iter().flat_map(|(_, able)| able.iter().map(|person| &person.staff)).collect();
    let crowd: Vec<&StaffId> = crowd.into_iter().filter(|staff| !but.contains(staff)).collect();
    let mut stranded = Vec::new();
    for first in 0..crowd.len() {
        let (mut chosen, mut without) = (BTreeSet::new(), but.clone());
        for staff in crowd.iter().cycle().skip(first).take(crowd.len()) {
            if at_odds(staff, &chosen) {
                without.insert(staff);
            } else {
                chosen.insert(*staff);
            }
        }
        (stranded, _) = seated(seats, &without);
        if stranded.is_empty() {
            break;
        }
    }
    stranded
}

/// The departments of the seats that nobody is left for, and who sits on the others.
fn seated<'a>(
    seats: &'a [(Seat, &'a [Person])],
    but: &BTreeSet<&StaffId>,
) -> (Vec<Role>, BTreeSet<&'a StaffId>) {
    let mut seating = Seating { seats, taken: vec![None; seats.len()], but };
    let mut missing = BTreeSet::new();
    for (index, (seat, _)) in seats.iter().enumerate() {
        if !seating.place(index, &mut BTreeSet::new()) {
            missing.extend(seat.departments.iter().copied());
        }
    }
    (missing.into_iter().collect(), seating.taken.into_iter().flatten().collect())
}

/// A matching of seats and people, grown seat by seat along augmenting paths (Kuhn's algorithm).
struct Seating<'a, 'b> {
    seats: &'a [(Seat, &'a [Person])],
    taken: Vec<Option<&'a StaffId>>,
    /// Who takes no seat.
    but: &'b BTreeSet<&'b StaffId>,
}

impl<'a> Seating<'a, '_> {
    fn place(&mut self, index: usize, tried: &mut BTreeSet<&'a StaffId>) -> bool {
        let seats = self.seats;
        let Some((seat, people)) = seats.get(index) else { return false };
        for person in people.iter().filter(|person| seat.takes(person)) {
            if self.but.contains(&person.staff) || !tried.insert(&person.staff) {
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
