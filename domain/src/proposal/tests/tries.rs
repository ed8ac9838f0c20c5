//! Random tries of everybody at everything: what applies was agreed to.

use proptest::prelude::*;

use super::*;

/// Something that somebody tries.
#[derive(Clone, Debug)]
enum Try {
    Draft(u32),
    Simulate,
    Submit,
    Approve,
    Decline,
    Activate(bool),
    Widen,
    Brake,
    Review,
}

fn tries() -> impl Strategy<Value = Vec<(usize, Try)>> {
    let one = prop_oneof![
        (31_u32..34).prop_map(Try::Draft),
        Just(Try::Simulate),
        Just(Try::Submit),
        Just(Try::Submit),
        Just(Try::Approve),
        Just(Try::Approve),
        Just(Try::Approve),
        Just(Try::Decline),
        any::<bool>().prop_map(Try::Activate),
        Just(Try::Widen),
        Just(Try::Brake),
        Just(Try::Review),
    ];
    proptest::collection::vec((0_usize..6, one), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever anybody tries, in whatever order: what applies was agreed to by two departments, for exactly this content, by nobody who
    /// wrote it; or it applied before.
    #[test]
    fn nothing_comes_into_force_that_was_not_agreed_to(tries in tries()) {
        let mut house = House::new();
        let mut applied: BTreeSet<String> = [house.in_force()].into();
        let names = ["quality", "compliance", "credit", "finance", "finance-2", "admin"];
        for (who, what) in tries {
            let name = names[who];
            let before = house.proposal.clone();
            match what {
                Try::Draft(days) => {
                    let activated =
                        house.proposal.id.is_some_and(|id| house.policy.activated.contains(&id));
                    if activated || matches!(house.proposal.standing, Standing::Rejected) {
                        house.proposal = Proposal::default();
                    }
                    let _ = house.draft(name, other_terms(days));
                }
                Try::Simulate => drop(house.simulate(0)),
                Try::Submit => drop(house.tell(name, Command::Submit)),
                Try::Approve => drop(house.approve(name)),
                Try::Decline => drop(house.tell(name, Command::Reject { reason: prose("x") })),
                Try::Activate(all) => drop(house.activate((!all).then(east))),
                Try::Widen => drop(house.rule("admin", Load::Widen { scope: None })),
                Try::Brake => drop(house.rule("admin", Load::RollBack { reason: prose("x") })),
                Try::Review => drop(house.rule(name, Load::Review { comment: None })),
            }
            let in_force = house.in_force();
            let pilot = house.policy.pilot.as_ref().map(|it| it.pack.hash.to_string());
            for hash in std::iter::once(in_force).chain(pilot) {
                if applied.contains(&hash) {
                    continue;
                }
                let content = before.content.as_ref().unwrap();
                prop_assert_eq!(&content.hash, &hash);
                prop_assert_eq!(before.standing, Standing::Approved);
                let round = before.round.as_ref().unwrap();
                let departments: BTreeSet<Role> =
                    round.votes.iter().map(|vote| vote.department).collect();
                prop_assert!(departments.contains(&Role::Finance));
                prop_assert!(departments.contains(&Role::Credit));
                prop_assert!(round.votes.iter().all(|vote| vote.content == round.content));
                prop_assert!(round.votes.iter().all(|vote| !before.editors.contains(&vote.by)));
                applied.insert(hash);
            }
        }
    }
}
