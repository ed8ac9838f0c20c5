//! Rounds of approval: single cases, and random ones against what a route asks for.

use proptest::prelude::*;

use super::*;

const DEPARTMENTS: [Role; 4] = [Role::Quality, Role::Compliance, Role::Credit, Role::Finance];

fn staff(n: usize) -> StaffId {
    format!("staff-{n}").parse().unwrap()
}

fn person(n: usize, departments: &[Role]) -> Person {
    Person::new(staff(n), departments.iter().copied().collect())
}

fn route(stages: &[(Rule, &[Role])]) -> Route {
    let stage = |(rule, departments): &(Rule, &[Role])| Stage::of(*rule, departments.to_vec());
    Route { lane: None, stages: stages.iter().map(stage).collect() }
}

fn opened(route: &Route, excluded: &[usize], people: &[Person]) -> Result<Round, Rejection> {
    let excluded = excluded.iter().map(|n| staff(*n)).collect();
    let opened = route.clone().open(1, "sha256:x".to_owned(), excluded, people)?;
    Ok(Round::begin(&opened))
}

fn unreachable(departments: &[Role]) -> Rejection {
    Rejection::Unreachable { departments: departments.to_vec() }
}

/// Votes with all the roles that the person has, as the aggregates do.
fn vote(round: &mut Round, n: usize, people: &[Person]) -> Result<Closes, Rejection> {
    let roles = people.iter().find(|it| it.staff == staff(n));
    let roles = roles.map(|it| it.departments.clone()).unwrap_or_default();
    let (cast, closes) = round.vote(&staff(n), &roles, people)?;
    round.take(&cast);
    if let Closes::Stage(opened) = &closes {
        round.open_next(opened);
    }
    Ok(closes)
}

#[test]
fn one_of_each_department_agrees_and_each_is_another_person() {
    let people = [person(1, &[Role::Quality]), person(2, &[Role::Compliance]), person(3, &[])];
    let route = route(&[(Rule::OnePerDepartment, &[Role::Quality, Role::Compliance])]);
    let mut round = opened(&route, &[], &people).unwrap();
    assert_eq!(vote(&mut round, 1, &people), Ok(Closes::Nothing));
    assert_eq!(vote(&mut round, 1, &people), Err(Rejection::VotedAlready));
    let departments = vec![Role::Compliance];
    assert_eq!(vote(&mut round, 3, &people), Err(Rejection::NotAsked { departments }));
    assert_eq!(vote(&mut round, 2, &people), Ok(Closes::Round));
    assert_eq!(vote(&mut round, 2, &people), Err(Rejection::NothingOpen));
}

#[test]
fn one_person_of_two_departments_is_one_person() {
    let both = [person(1, &[Role::Quality, Role::Compliance])];
    let route = route(&[(Rule::OnePerDepartment, &[Role::Quality, Role::Compliance])]);
    assert_eq!(opened(&route, &[], &both).unwrap_err(), unreachable(&[Role::Compliance]));
}

#[test]
fn whoever_is_needed_elsewhere_votes_there() {
    // Only the first can speak for compliance; a vote for quality would leave nobody.
    let people = [person(1, &[Role::Quality, Role::Compliance]), person(2, &[Role::Quality])];
    let both = route(&[(Rule::OnePerDepartment, &[Role::Quality, Role::Compliance])]);
    let mut round = opened(&both, &[], &people).unwrap();
    let quality = [Role::Quality].into();
    let strands = Rejection::Strands { departments: vec![Role::Compliance] };
    assert_eq!(round.vote(&staff(1), &quality, &people).unwrap_err(), strands);
    assert_eq!(vote(&mut round, 1, &people), Ok(Closes::Nothing));
    assert_eq!(round.votes.first().unwrap().department, Role::Compliance);
    assert_eq!(vote(&mut round, 2, &people), Ok(Closes::Round));
    // The same between two stages.
    let staged = route(&[(Rule::Any, &[Role::Quality]), (Rule::Any, &[Role::Compliance])]);
    let mut round = opened(&staged, &[], &people).unwrap();
    let strands = Rejection::Strands { departments: vec![Role::Compliance] };
    assert_eq!(vote(&mut round, 1, &people), Err(strands));
    assert!(matches!(vote(&mut round, 2, &people), Ok(Closes::Stage(_))));
    assert_eq!(vote(&mut round, 1, &people), Ok(Closes::Round));
}

#[test]
fn whoever_had_a_hand_in_it_is_not_asked() {
    let people = [person(1, &[Role::Quality]), person(2, &[Role::Quality])];
    let route = route(&[(Rule::Any, &[Role::Quality])]);
    let mut round = opened(&route, &[1], &people).unwrap();
    assert_eq!(vote(&mut round, 1, &people), Err(Rejection::HadAHand));
    assert_eq!(vote(&mut round, 2, &people), Ok(Closes::Round));
    assert_eq!(opened(&route, &[1, 2], &people).unwrap_err(), unreachable(&[Role::Quality]));
}

#[test]
fn who_came_later_or_lost_the_role_has_no_vote() {
    let then = [person(1, &[Role::Quality])];
    let now = [person(1, &[Role::Sales]), person(2, &[Role::Quality])];
    let route = route(&[(Rule::Any, &[Role::Quality])]);
    let mut round = opened(&route, &[], &then).unwrap();
    let departments = vec![Role::Quality];
    for n in [1, 2] {
        let refused = Rejection::NotAsked { departments: departments.clone() };
        assert_eq!(vote(&mut round, n, &now), Err(refused));
    }
}

#[test]
fn all_who_were_there_and_a_quorum_are_counted() {
    let people = [1, 2, 3].map(|n| person(n, &[Role::Credit]));
    for (rule, needed) in [(Rule::All, 3), (Rule::Quorum(2), 2), (Rule::Any, 1)] {
        let mut round = opened(&route(&[(rule, &[Role::Credit])]), &[], &people).unwrap();
        for n in 1..=needed {
            let closes = if n == needed { Closes::Round } else { Closes::Nothing };
            assert_eq!(vote(&mut round, n, &people), Ok(closes), "{rule:?}, vote {n}");
        }
    }
    let too_many = route(&[(Rule::Quorum(4), &[Role::Credit])]);
    assert_eq!(opened(&too_many, &[], &people).unwrap_err(), unreachable(&[Role::Credit]));
}

fn rules() -> impl Strategy<Value = Rule> {
    prop_oneof![
        Just(Rule::Any),
        Just(Rule::All),
        (1_u32..3).prop_map(Rule::Quorum),
        Just(Rule::OnePerDepartment),
    ]
}

fn some_departments() -> impl Strategy<Value = Vec<Role>> {
    proptest::sample::subsequence(DEPARTMENTS.to_vec(), 1..=3)
}

fn routes() -> impl Strategy<Value = Route> {
    let stage =
        (rules(), some_departments()).prop_map(|(rule, departments)| Stage::of(rule, departments));
    proptest::collection::vec(stage, 1..4).prop_map(|stages| Route { lane: None, stages })
}

fn crowds() -> impl Strategy<Value = Vec<Person>> {
    let roles = proptest::sample::subsequence(DEPARTMENTS.to_vec(), 0..=3);
    proptest::collection::vec(roles, 1..8).prop_map(|all| {
        all.iter().enumerate().map(|(n, departments)| person(n, departments)).collect()
    })
}

/// What a stage asks for, said without seats.
fn satisfied(stage: &Stage, votes: &[&VoteCast], electorate: &[Person]) -> bool {
    match stage.rule {
        Rule::Any => !votes.is_empty(),
        Rule::All => !votes.is_empty() && votes.len() == electorate.len(),
        Rule::Quorum(n) => votes.len() >= usize::try_from(n).unwrap(),
        Rule::OnePerDepartment => {
            stage.departments.iter().all(|role| votes.iter().any(|vote| vote.department == *role))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whoever tries in whatever order: nothing closes before its stages are satisfied, and what could be finished always can be.
    #[test]
    fn a_round_closes_only_with_the_votes_that_its_route_asks_for(
        route in routes(),
        people in crowds(),
        excluded in proptest::collection::vec(0_usize..8, 0..3),
        tries in proptest::collection::vec(0_usize..8, 0..40),
    ) {
        let Ok(mut round) = opened(&route, &excluded, &people) else { return Ok(()) };
        let mut electorates = vec![round.electorate.clone()];
        let mut closed = false;
        // Whoever could vote does in the end.
        for n in tries.into_iter().chain((0..8).cycle().take(64)) {
            let before = round.clone();
            if let Ok(closes) = vote(&mut round, n, &people) {
                prop_assert!(!closed);
                closed = closes == Closes::Round;
                if let Closes::Stage(opened) = closes {
                    electorates.push(opened.electorate);
                }
            } else {
                prop_assert_eq!(&before, &round);
            }
        }
        let voters: BTreeSet<&StaffId> = round.votes.iter().map(|vote| &vote.by).collect();
        prop_assert_eq!(voters.len(), round.votes.len(), "nobody votes twice");
        prop_assert!(round.votes.iter().all(|vote| !round.excluded.contains(&vote.by)));
        for vote in &round.votes {
            let voter = people.iter().find(|person| person.staff == vote.by).unwrap();
            prop_assert!(voter.departments.contains(&vote.department));
        }
        for (index, stage) in route.stages.iter().enumerate() {
            let number = u32::try_from(index).unwrap() + 1;
            let votes: Vec<_> = round.votes.iter().filter(|vote| vote.stage == number).collect();
            if number < round.stage {
                prop_assert!(satisfied(stage, &votes, &electorates[index]), "stage {}", number);
            }
        }
        // A stage that asks all of those who were there may meet nobody when it opens late; nothing else strands.
        let all_later = route.stages.iter().skip(1).any(|stage| stage.rule == Rule::All);
        let crowd_at_first = route.stages.first().unwrap().rule == Rule::All;
        prop_assert!(closed || all_later || crowd_at_first, "{:?}", round);
        prop_assert_eq!(closed, round.stage > u32::try_from(route.stages.len()).unwrap());
    }
}
