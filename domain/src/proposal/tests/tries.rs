//! Random tries of everybody at everything: what applies was agreed to.

use proptest::prelude::*;

use super::*;
use crate::decision::{CauseCode, Reaction};

/// Something that somebody tries.
#[derive(Clone, Debug)]
enum Try {
    Draft(Plan, Kind, u32),
    /// And so many decisions were let through against the law.
    Simulate(u64),
    Submit,
    Approve,
    Decline,
    Activate(Option<Scope>),
    SimulatePilot(u64),
    Widen(Option<Scope>),
    Pause,
    Schedule(u64),
    Cancel,
    RunSchedule,
    Shadow,
    EndShadow,
    Brake,
    Review,
    Night,
}

/// What a pack changes.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Terms,
    /// An unlicensed customer's order is no more than advised against.
    Law,
}

impl Kind {
    fn pack(self, days: u32) -> Pack {
        let mut pack = base();
        pack.credit.default_terms_days = days;
        if let Self::Law = self {
            for code in [CauseCode::DocumentExpired, CauseCode::DocumentMissing] {
                if let Some(reactions) = pack.reactions.get_mut(&code) {
                    reactions.order = Reaction::Advise;
                }
            }
        }
        pack
    }
}

fn plans() -> impl Strategy<Value = Plan> {
    let in_days = |days: u64| {
        let from = "2026-11-22".parse::<NaiveDate>().unwrap() + chrono::Days::new(days);
        Plan { effective_from: Some(from), ..in_steps() }
    };
    prop_oneof![Just(Plan::default()), Just(in_steps()), (0_u64..4).prop_map(in_days)]
}

fn scopes() -> impl Strategy<Value = Option<Scope>> {
    prop_oneof![4 => Just(None), 1 => Just(Some(east())), 1 => Just(Some(wider()))]
}

fn tries() -> impl Strategy<Value = Vec<(usize, Try)>> {
    let kind = prop_oneof![Just(Kind::Terms), Just(Kind::Law)];
    let unlawful = || prop_oneof![3 => Just(0_u64), 1 => Just(1_u64)];
    let one = prop_oneof![
        2 => (plans(), kind, 31_u32..34).prop_map(|(plan, kind, days)| Try::Draft(plan, kind, days)),
        2 => unlawful().prop_map(Try::Simulate),
        3 => Just(Try::Submit),
        8 => Just(Try::Approve),
        1 => Just(Try::Decline),
        2 => scopes().prop_map(Try::Activate),
        2 => unlawful().prop_map(Try::SimulatePilot),
        2 => scopes().prop_map(Try::Widen),
        1 => Just(Try::Pause),
        2 => (0_u64..4).prop_map(Try::Schedule),
        1 => Just(Try::Cancel),
        2 => Just(Try::RunSchedule),
        1 => Just(Try::Shadow),
        1 => Just(Try::EndShadow),
        1 => Just(Try::Brake),
        2 => Just(Try::Review),
        1 => Just(Try::Night),
    ];
    proptest::collection::vec((0_usize..6, one), 0..90)
}

/// Who and what was tried, as far as whoever watches does not know it by heart.
fn attempt(house: &mut House, name: &str, what: Try) {
    let proposal = house.id();
    match what {
        Try::Draft(plan, kind, days) => {
            let activated = house.policy.activated.contains(&proposal);
            if activated || matches!(house.proposal.standing, Standing::Rejected) {
                house.proposal = Proposal::default();
            }
            house.plan = plan;
            let _ = house.draft(name, kind.pack(days));
        }
        Try::Simulate(unlawful) => drop(house.simulate(unlawful)),
        Try::Submit => drop(house.tell(name, Command::Submit)),
        Try::Approve => drop(house.approve(name)),
        Try::Decline => {
            drop(house.tell(name, Command::Reject { reason: prose("x"), signature: None }));
        }
        Try::Activate(scope) => drop(house.rule("admin", Load::Activate { proposal, scope })),
        Try::SimulatePilot(unlawful) => drop(house.simulate_pilot(unlawful)),
        Try::Widen(scope) => drop(house.rule("admin", Load::Widen { scope })),
        Try::Pause => {
            let pilot = house.policy.pilot.as_ref();
            let measured = policy::stopping::Measured {
                proposal: pilot.and_then(|it| it.proposal),
                hash: pilot.map(|it| it.pack.hash.to_string()).unwrap_or_default(),
                after: 0,
                upto: 7,
                decisions: 10,
                stopped: 9,
                stopped_by_base: 0,
            };
            drop(house.rule("system", Load::PauseWidening(Box::new(measured))));
        }
        Try::Schedule(days) => {
            let on = Some(house.today + chrono::Days::new(days));
            drop(house.rule("admin", Load::Schedule { proposal, on }));
        }
        Try::Cancel => {
            let cancel = Load::CancelSchedule { proposal, reason: prose("x") };
            drop(house.rule("admin", cancel));
        }
        Try::RunSchedule => drop(house.rule("system", Load::RunSchedule { proposal })),
        Try::Shadow => drop(house.rule(name, Load::StartShadow { proposal, scope: None })),
        Try::EndShadow => {
            let found = Box::default();
            drop(house.rule(name, Load::EndShadow { proposal, found }));
        }
        Try::Brake => drop(house.rule("admin", Load::RollBack { reason: prose("x") })),
        Try::Review => drop(house.rule(name, Load::Review { comment: None })),
        Try::Night => house.today = house.today + chrono::Days::new(1),
    }
}

/// The packs that apply, and to whom.
fn applying(policy: &Policy) -> Vec<(String, Option<Scope>)> {
    let in_force = policy.in_force.as_ref().map(|it| (it.hash.to_string(), None));
    let pilot = policy.pilot.as_ref().map(|it| (it.pack.hash.to_string(), Some(it.scope.clone())));
    in_force.into_iter().chain(pilot).collect()
}

/// Rules that say when a pilot stops too much.
fn base() -> Pack {
    let mut base = Pack::default_pack();
    let stop_rule = Some(changes::StopRule { decisions_min: 1, rise_points_max: 10 });
    base.changes = Some(changes::Changes { stop_rule, ..base.changes().into_owned() });
    base
}

/// Whether the law is the same to every customer under both.
fn same_law(before: &Policy, after: &Policy) -> bool {
    let in_force = |policy: &Policy| Arc::clone(&policy.in_force.as_ref().unwrap().pack);
    let piloted = |policy: &Policy| {
        policy.pilot.as_ref().map_or_else(|| in_force(policy), |it| Arc::clone(&it.pack.pack))
    };
    [(in_force(before), in_force(after)), (piloted(before), piloted(after))]
        .iter()
        .all(|(old, new)| !changes::parts(old, new).contains(&Part::Legal))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever anybody tries, in whatever order: what applies was agreed to by the departments whose rules it changes, for exactly this
    /// content and for these customers, from this day on, by nobody who wrote it; or it applied before. That holds for the law above all.
    #[test]
    fn nothing_comes_into_force_that_was_not_agreed_to(tries in tries()) {
        let mut house = House::new();
        house.policy = Policy::default();
        house.rule("admin", Load::Load(Box::new(base()))).unwrap();
        let mut agreed: Vec<(String, Option<Scope>)> = applying(&house.policy);
        let names = ["quality", "compliance", "credit", "finance", "finance-2", "admin"];
        for (who, what) in tries {
            let before = house.policy.clone();
            let applies_something = matches!(
                what,
                Try::Activate(_) | Try::Widen(_) | Try::RunSchedule
            );
            attempt(&mut house, names[who], what);
            prop_assert!(applies_something || same_law(&before, &house.policy));
            let proposal = &house.proposal;
            if let (Standing::Approved, Some(content), Some(round)) =
                (proposal.standing, &proposal.content, &proposal.round)
            {
                let base = house.policy.known.get(content.base.as_str()).unwrap();
                let departments: BTreeSet<Role> =
                    round.votes.iter().map(|vote| vote.department).collect();
                let mut needed = changes::parts(&base.pack, &content.pack);
                if proposal.simulation.as_ref().unwrap().unlawful > 0 {
                    needed.insert(Part::Legal);
                }
                for department in base.pack.changes().departments(&needed) {
                    prop_assert!(departments.contains(&department));
                }
                if content.pack.reactions != base.pack.reactions {
                    prop_assert!(departments.contains(&Role::Quality));
                    prop_assert!(departments.contains(&Role::Compliance));
                }
                prop_assert!(round.votes.iter().all(|vote| vote.content == round.content));
                prop_assert!(round.votes.iter().all(|vote| !proposal.editors.contains(&vote.by)));
                if content.plan.effective_from.is_none_or(|from| from <= house.today) {
                    let steps = content.plan.then.iter().map(|step| step.scope().cloned());
                    let steps = std::iter::once(content.plan.scope.clone()).chain(steps);
                    agreed.extend(steps.map(|scope| (content.hash.clone(), scope)));
                }
            }
            for applies in applying(&house.policy) {
                prop_assert!(agreed.contains(&applies), "{applies:?} was never agreed to");
            }
        }
    }
}
