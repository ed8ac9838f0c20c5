//! Proposals and the policy that they change, as the journal would run them: single cases, and random ones against what must never be.

mod activation;
mod rows;
mod signed;
mod tries;
mod versions;

use super::*;
use crate::{
    approval::Person,
    policy::{self, Command as Load, Event as Ruled, How, Scope},
    staff::Role,
};

fn prose<const N: usize>(text: &str) -> Prose<N> {
    text.parse().unwrap()
}

fn person(name: &str, departments: &[Role]) -> Person {
    let staff = format!("staff-{name}").parse().unwrap();
    Person::new(staff, departments.iter().copied().collect())
}

/// A company with one of each department, and a second one in finance.
fn company() -> Vec<Person> {
    vec![
        person("quality", &[Role::Quality]),
        person("compliance", &[Role::Compliance]),
        person("credit", &[Role::Credit]),
        person("finance", &[Role::Finance]),
        person("finance-2", &[Role::Finance]),
        person("admin", &[Role::Admin]),
    ]
}

/// The default pack with other terms of payment: a change of credit.
fn other_terms(days: u32) -> Pack {
    let mut pack = Pack::default_pack();
    pack.credit.default_terms_days = days;
    pack
}

/// The default pack with fewer days of notice: a change of what the law asks for.
fn other_papers() -> Pack {
    let mut pack = Pack::default_pack();
    pack.expiry_notice_days = vec![30];
    pack
}

struct House {
    people: Vec<Person>,
    policy: Policy,
    proposal: Proposal,
    proposed: u128,
    today: NaiveDate,
    /// What is written into whatever is drafted.
    plan: Plan,
}

impl House {
    fn new() -> Self {
        let mut house = Self {
            people: company(),
            policy: Policy::default(),
            proposal: Proposal::default(),
            proposed: 0,
            today: "2026-11-22".parse().unwrap(),
            plan: Plan::default(),
        };
        house.rule("admin", Load::Load(Box::new(Pack::default_pack()))).unwrap();
        house
    }

    fn turn(&self, name: &str) -> (Turn, Assembly) {
        let actor: StaffId = format!("staff-{name}").parse().unwrap();
        let of = self.people.iter().find(|it| it.staff == actor);
        let roles = of.map(|it| it.departments.clone()).unwrap_or_default();
        let turn = Turn { actor, today: self.today, ..Turn::of_test() };
        (turn, Assembly { people: self.people.clone().into(), actor: roles })
    }

    #[expect(clippy::needless_pass_by_value, reason = "commands are made where they are given")]
    fn tell(&mut self, name: &str, command: Command) -> Result<Vec<Event>, Rejection> {
        let (turn, assembly) = self.turn(name);
        let context = Context { turn, assembly, policy: Arc::new(self.policy.clone()) };
        let events = self.proposal.decide(&context, &command)?;
        for event in &events {
            self.proposal.evolve(event);
        }
        Ok(events)
    }

    #[expect(clippy::needless_pass_by_value, reason = "commands are made where they are given")]
    fn rule(&mut self, name: &str, command: Load) -> Result<Vec<Ruled>, policy::Rejection> {
        let (turn, assembly) = self.turn(name);
        let proposal = Some(Arc::new(self.proposal.clone()));
        let context = policy::Context { turn, assembly, proposal };
        let events = self.policy.decide(&context, &command)?;
        for event in &events {
            self.policy.evolve(event);
        }
        Ok(events)
    }

    fn draft(&mut self, name: &str, pack: Pack) -> Result<Vec<Event>, Rejection> {
        let (pack, plan) = (Proposed::New(Box::new(pack)), self.plan.clone());
        let draft = Draft { summary: prose("为什么"), pack, plan };
        match self.proposal.standing {
            Standing::Unknown => self.first(name, draft),
            _ => self.tell(name, Command::Revise(draft)),
        }
    }

    fn first(&mut self, name: &str, draft: Draft) -> Result<Vec<Event>, Rejection> {
        self.proposed += 1;
        let id = ProposalId::from_uuid(uuid::Uuid::from_u128(self.proposed));
        self.tell(name, Command::Draft { id, draft })
    }

    /// By the first of those who wrote it.
    fn simulate(&mut self, unlawful: u64) -> Result<Vec<Event>, Rejection> {
        let simulated = self.simulated(unlawful);
        let author = self.proposal.editors.first().map(ToString::to_string);
        let author = author.as_deref().unwrap_or("staff-legal").trim_start_matches("staff-");
        self.tell(author, Command::Simulate(Box::new(simulated)))
    }

    fn simulated(&self, unlawful: u64) -> Simulated {
        let content = self.proposal.content.clone();
        let (hash, base) =
            content.map_or_else(Default::default, |it| (it.hash.clone(), it.base.clone()));
        Simulated {
            hash,
            base,
            from: None,
            to: None,
            upto: 7,
            decisions: 3,
            lost: 0,
            stricter: 1,
            looser: unlawful,
            otherwise: 0,
            unlawful,
            stopped_before: 1,
            stopped_after: 2,
            differences: "sha256:d".to_owned(),
            report: Some("sha256:e".to_owned()),
            simulated_on: self.today,
            voided: 0,
            by: "staff-credit".parse().unwrap(),
        }
    }

    /// The pilot's pack is tried once more.
    fn simulate_pilot(&mut self, unlawful: u64) -> Result<Vec<Ruled>, policy::Rejection> {
        let pilot = self.policy.pilot.clone();
        let scope = pilot.map(|it| it.scope).unwrap_or_default();
        let simulated = Box::new(self.simulated(unlawful));
        let proposal = self.id();
        self.rule("finance", Load::SimulatePilot { proposal, scope, simulated })
    }

    fn id(&self) -> ProposalId {
        self.proposal.id.unwrap_or(ProposalId::from_uuid(uuid::Uuid::nil()))
    }

    /// The next step of the plan.
    fn widen(&mut self) -> Result<Vec<Ruled>, policy::Rejection> {
        self.rule("admin", Load::Widen { scope: None })
    }

    fn approve(&mut self, name: &str) -> Result<Vec<Event>, Rejection> {
        self.tell(name, Command::Approve { comment: None, signature: None })
    }

    /// Drafted by nobody of them, agreed to by whom it concerns.
    fn approved(pack: Pack, voters: &[&str]) -> Self {
        let mut house = Self::new();
        house.propose(pack, voters);
        house
    }

    fn propose(&mut self, pack: Pack, voters: &[&str]) {
        self.proposal = Proposal::default();
        self.draft("admin", pack).unwrap();
        self.simulate(0).unwrap();
        self.tell("admin", Command::Submit).unwrap();
        for voter in voters {
            self.approve(voter).unwrap();
        }
        assert_eq!(self.proposal.standing, Standing::Approved);
    }

    /// In a pilot for the east, then in the two provinces, then everywhere.
    fn piloting(pack: Pack, voters: &[&str]) -> Self {
        let mut house = Self::new();
        house.plan = in_steps();
        house.propose(pack, voters);
        house.activate().unwrap();
        house
    }

    fn activate(&mut self) -> Result<Vec<Ruled>, policy::Rejection> {
        let proposal = self.id();
        self.rule("admin", Load::Activate { proposal, scope: None })
    }

    fn in_force(&self) -> String {
        self.policy.in_force.as_ref().unwrap().hash.to_string()
    }
}

fn east() -> Scope {
    Scope { regions: ["33".parse().unwrap()].into(), ..Scope::default() }
}

fn wider() -> Scope {
    Scope { regions: ["33".parse().unwrap(), "31".parse().unwrap()].into(), ..Scope::default() }
}

fn in_steps() -> Plan {
    let then = vec![Step::Within(wider()), Step::All];
    Plan { scope: Some(east()), then, effective_from: None }
}

#[test]
fn two_departments_agree_and_the_pack_comes_into_force() {
    let mut house = House::new();
    house.draft("finance", other_terms(45)).unwrap();
    house.simulate(0).unwrap();
    house.tell("finance", Command::Submit).unwrap();
    assert_eq!(house.activate(), Err(policy::Rejection::NotApproved));
    assert_eq!(house.approve("finance"), Err(Rejection::Vote(approval::Rejection::HadAHand)));
    house.approve("credit").unwrap();
    assert_eq!(house.approve("credit"), Err(Rejection::Vote(approval::Rejection::VotedAlready)));
    let departments = vec![Role::Finance];
    assert_eq!(
        house.approve("quality"),
        Err(Rejection::Vote(approval::Rejection::NotAsked { departments }))
    );
    let last = house.approve("finance-2").unwrap();
    assert!(matches!(last.as_slice(), [Event::VoteCast(_), Event::Approved(_)]), "{last:?}");
    house.activate().unwrap();
    assert_eq!(house.in_force(), other_terms(45).hash().unwrap());
    assert_eq!(house.activate(), Err(policy::Rejection::AlreadyInForce));
}

#[test]
fn who_must_agree_follows_from_what_is_changed() {
    use Role::{Compliance, Credit, Finance, Quality};
    let asked = |pack: Pack, unlawful: u64| {
        let mut house = House::new();
        house.draft("admin", pack).unwrap();
        house.simulate(unlawful).unwrap();
        house.tell("admin", Command::Submit).unwrap();
        house.proposal.round.unwrap().waits_for().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(asked(other_terms(45), 0), [Credit, Finance]);
    assert_eq!(asked(other_papers(), 0), [Quality, Compliance]);
    // Somebody whom the law stopped would be let through: those who answer for the law are asked too.
    assert_eq!(asked(other_terms(45), 1), [Quality, Compliance, Credit, Finance]);
}

#[test]
fn a_pack_that_is_not_proved_stays_a_draft() {
    let mut house = House::new();
    let mut pack = other_terms(45);
    pack.reactions.clear();
    house.draft("finance", pack).unwrap();
    house.simulate(0).unwrap();
    assert!(matches!(house.tell("finance", Command::Submit), Err(Rejection::NotSound(_))));
}

#[test]
fn nothing_is_submitted_without_a_simulation_that_is_recent_enough() {
    let mut house = House::new();
    house.draft("finance", other_terms(45)).unwrap();
    assert_eq!(house.tell("finance", Command::Submit), Err(Rejection::NotSimulated));
    house.simulate(0).unwrap();
    let days = Pack::default_pack().changes().simulation_days_max;
    let days = |more: u32| chrono::Days::new(u64::from(days + more));
    let simulated_on = house.today;
    house.today = simulated_on + days(1);
    assert_eq!(house.tell("finance", Command::Submit), Err(Rejection::NotSimulated));
    house.today = simulated_on + days(0);
    house.tell("finance", Command::Submit).unwrap();
    house.approve("credit").unwrap();
    house.approve("finance-2").unwrap();
    house.today = simulated_on + days(1);
    assert!(matches!(house.activate(), Err(policy::Rejection::SimulationTooOld { .. })));
    house.today = simulated_on + days(0);
    house.activate().unwrap();
}

#[test]
fn a_change_after_submission_voids_the_votes_and_says_so() {
    let mut house = House::new();
    house.draft("finance", other_terms(45)).unwrap();
    house.simulate(0).unwrap();
    house.tell("finance", Command::Submit).unwrap();
    house.approve("credit").unwrap();
    let other = house.draft("quality", other_terms(60));
    assert_eq!(other, Err(Rejection::NotYours), "nobody else makes votes void");
    let revised = house.draft("finance", other_terms(60)).unwrap();
    assert!(matches!(revised.as_slice(), [Event::Revised(Revised { voided: 1, .. })]));
    assert_eq!(house.approve("finance-2"), Err(Rejection::NotInApproval));
    house.simulate(0).unwrap();
    house.tell("finance", Command::Submit).unwrap();
    house.approve("credit").unwrap();
    // New evidence is a change too.
    let simulated = house.simulate(0).unwrap();
    assert!(matches!(simulated.as_slice(), [Event::Simulated(Simulated { voided: 1, .. })]));
    assert_eq!(house.approve("finance-2"), Err(Rejection::NotInApproval));
}

#[test]
fn every_editor_is_barred_and_so_is_whoever_submits() {
    let mut house = House::new();
    house.draft("credit", other_terms(45)).unwrap();
    house.draft("finance", other_terms(60)).unwrap();
    house.simulate(0).unwrap();
    let departments = vec![Role::Credit];
    let unreachable = Err(Rejection::Vote(approval::Rejection::Unreachable { departments }));
    assert_eq!(house.tell("quality", Command::Submit), unreachable, "credit wrote some of it");
    house.people.push(person("credit-2", &[Role::Credit]));
    house.tell("finance", Command::Submit).unwrap();
    assert_eq!(house.approve("credit"), Err(Rejection::Vote(approval::Rejection::HadAHand)));
    assert_eq!(house.approve("finance"), Err(Rejection::Vote(approval::Rejection::HadAHand)));
    house.approve("credit-2").unwrap();
    house.approve("finance-2").unwrap();
}

#[test]
fn what_was_approved_on_another_base_does_not_come_into_force() {
    let mut house = House::approved(other_terms(45), &["finance", "credit"]);
    let first = house.proposal.clone();
    house.propose(other_terms(60), &["finance", "credit"]);
    house.activate().unwrap();
    house.proposal = first;
    assert_eq!(house.activate(), Err(policy::Rejection::BaseSuperseded));
    assert_eq!(house.approve("finance-2"), Err(Rejection::NotInApproval));
}

#[test]
fn the_brake_takes_one_key_and_forces_a_review() {
    let mut house = House::approved(other_terms(45), &["finance", "credit"]);
    let old = house.in_force();
    let brake = || Load::RollBack { reason: prose("missing") };
    assert_eq!(house.rule("admin", brake()), Err(policy::Rejection::NothingBefore));
    house.activate().unwrap();
    let events = house.rule("admin", brake()).unwrap();
    assert!(matches!(
        events.as_slice(),
        [Ruled::PackApplied(policy::PackApplied { how: How::Brake, .. }), Ruled::ReviewOpened(_)]
    ));
    assert_eq!(house.in_force(), old);
    house.propose(other_terms(60), &["finance", "credit"]);
    assert_eq!(house.activate(), Err(policy::Rejection::ReviewDue));
    assert_eq!(house.rule("admin", brake()), Err(policy::Rejection::ReviewDue));
    let review = || Load::Review { comment: None };
    assert_eq!(
        house.rule("admin", review()),
        Err(policy::Rejection::Vote(approval::Rejection::HadAHand))
    );
    assert!(matches!(
        house.rule("quality", review()),
        Err(policy::Rejection::Vote(approval::Rejection::NotAsked { .. }))
    ));
    house.rule("finance", review()).unwrap();
    let closed = house.rule("credit", review()).unwrap();
    assert!(matches!(closed.as_slice(), [Ruled::ReviewVoted(_), Ruled::ReviewClosed(_)]));
    assert_eq!(house.rule("credit", review()), Err(policy::Rejection::NothingToReview));
    house.activate().unwrap();
}

#[test]
fn a_former_pack_comes_back_by_a_proposal_and_keeps_its_version() {
    let mut house = House::approved(other_terms(45), &["finance", "credit"]);
    let first = house.in_force();
    house.activate().unwrap();
    house.proposal = Proposal::default();
    let draft = |hash: &str| Draft {
        summary: prose("back"),
        pack: Proposed::Former(hash.into()),
        plan: Plan::default(),
    };
    assert_eq!(house.first("admin", draft("sha256:none")), Err(Rejection::NoSuchPack));
    house.first("admin", draft(&first)).unwrap();
    house.simulate(0).unwrap();
    house.tell("admin", Command::Submit).unwrap();
    house.approve("finance").unwrap();
    house.approve("credit").unwrap();
    let events = house.activate().unwrap();
    let [Ruled::PackApplied(applied)] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!((applied.version, &applied.hash), (1, &first));
}

#[test]
fn nobody_changes_in_which_zone_and_currency_the_books_are_kept() {
    let mut pack = other_terms(45);
    pack.company.zone = chrono_tz::Tz::Europe__Berlin;
    assert_eq!(House::new().draft("finance", pack), Err(Rejection::CompanyFixed));
    let same = House::new().draft("finance", Pack::default_pack());
    assert_eq!(same, Err(Rejection::NoDifference));
}

#[test]
fn a_second_pack_is_not_loaded_past_the_approval() {
    let load = Load::Load(Box::new(other_terms(45)));
    assert_eq!(House::new().rule("admin", load), Err(policy::Rejection::NotTheFirst));
}

#[test]
fn it_is_declined_by_those_who_are_asked_and_withdrawn_by_those_who_wrote_it() {
    let mut house = House::new();
    house.draft("finance", other_terms(45)).unwrap();
    house.simulate(0).unwrap();
    house.tell("finance", Command::Submit).unwrap();
    let (reason, back) =
        (prose("why"), || Command::Return { reason: prose("why"), signature: None });
    assert!(matches!(
        house.tell("quality", back()),
        Err(Rejection::Vote(approval::Rejection::NotAsked { .. }))
    ));
    assert_eq!(house.tell("finance", back()), Err(Rejection::Vote(approval::Rejection::HadAHand)));
    house.tell("credit", back()).unwrap();
    assert_eq!(house.proposal.standing, Standing::Draft);
    house.tell("finance", Command::Submit).unwrap();
    assert_eq!(house.proposal.rounds, 2, "a round of its own, the old one is in the record");
    let withdraw = || Command::Withdraw { reason: prose("why") };
    assert_eq!(house.tell("credit", withdraw()), Err(Rejection::NotYours));
    house.tell("credit", Command::Reject { reason, signature: None }).unwrap();
    assert_eq!(house.draft("finance", other_terms(50)), Err(Rejection::Ended));
}
