//! A company that changes its rules, in memory: every event of policies and proposals, each at least once.

use std::sync::Arc;

use domain::approval::{Assembly, Person, StageOpened};
use domain::decider::Decider;
use domain::ids::ProposalId;
use domain::policy::changes::{Changes, StopRule};
use domain::policy::shadow::Found;
use domain::policy::stopping::Measured;
use domain::policy::{self, Pack, Policy, Scope};
use domain::proposal::{self, Draft, Plan, Proposal, Proposed, Simulated, Step};
use domain::staff::Role;
use domain::turn::Turn;
use uuid::Uuid;

/// What is recorded while rules are proposed, piloted, widened and taken back.
#[derive(Debug, Default)]
pub struct Changing {
    pub of_policy: Vec<policy::Event>,
    pub of_proposals: Vec<proposal::Event>,
    policy: Policy,
    proposal: Proposal,
    proposed: u128,
    /// What is written into whatever is drafted.
    plan: Plan,
}

impl Changing {
    /// All of it, on one day.
    pub fn told(turn: &Turn) -> Self {
        let mut changing = Self::default();
        let first = policy::Command::Load(Box::new(Pack::default_pack()));
        changing.rule(turn, "staff-admin", first);
        changing.pilot(turn);
        changing.brake(turn);
        changing.schedules(turn);
        changing.stop(turn);
        changing.refusals(turn);
        changing
    }

    fn assembly(actor: &str) -> Assembly {
        let person = |staff: &str, role: Role| {
            Person::new(staff.parse().expect("a staff id"), [role].into())
        };
        let people =
            vec![person("staff-credit", Role::Credit), person("staff-finance", Role::Finance)];
        let own = people.iter().find(|it| it.staff.as_str() == actor);
        let actor = own.map(|it| it.departments.clone()).unwrap_or_default();
        Assembly { people: people.into(), actor }
    }

    #[expect(clippy::needless_pass_by_value, reason = "commands are made where they are given")]
    fn rule(&mut self, turn: &Turn, actor: &str, command: policy::Command) {
        let context = policy::Context {
            turn: Turn { actor: actor.parse().unwrap(), ..turn.clone() },
            assembly: Self::assembly(actor),
            proposal: Some(Arc::new(self.proposal.clone())),
        };
        let events = self.policy.decide(&context, &command).unwrap();
        for event in &events {
            self.policy.evolve(event);
        }
        self.of_policy.extend(events);
    }

    #[expect(clippy::needless_pass_by_value, reason = "commands are made where they are given")]
    fn tell(&mut self, turn: &Turn, actor: &str, command: proposal::Command) {
        let context = proposal::Context {
            turn: Turn { actor: actor.parse().unwrap(), ..turn.clone() },
            assembly: Self::assembly(actor),
            policy: Arc::new(self.policy.clone()),
        };
        let events = self.proposal.decide(&context, &command).unwrap();
        for event in &events {
            self.proposal.evolve(event);
        }
        self.of_proposals.extend(events);
    }

    /// Proposed by somebody of neither department.
    fn submit(&mut self, turn: &Turn, days: u32) {
        let in_force = self.policy.in_force.as_ref().unwrap();
        let mut pack = Pack::clone(&in_force.pack);
        pack.credit.default_terms_days = days;
        self.submit_pack(turn, pack);
    }

    fn submit_pack(&mut self, turn: &Turn, pack: Pack) {
        let draft = Draft {
            summary: "账期调整 / other terms".parse().unwrap(),
            pack: Proposed::New(Box::new(pack)),
            plan: self.plan.clone(),
        };
        self.proposal = Proposal::default();
        self.proposed += 1;
        let id = ProposalId::from_uuid(Uuid::from_u128(self.proposed));
        self.tell(turn, "staff-legal", proposal::Command::Draft { id, draft: draft.clone() });
        self.tell(turn, "staff-legal", proposal::Command::Revise(draft));
        let simulated = self.simulated();
        self.tell(turn, "staff-legal", proposal::Command::Simulate(Box::new(simulated)));
        self.tell(turn, "staff-legal", proposal::Command::Submit);
    }

    fn simulated(&self) -> Simulated {
        let content = self.proposal.content.as_ref().unwrap();
        Simulated {
            hash: content.hash.clone(),
            base: content.base.clone(),
            from: Some("2026-01-01".parse().unwrap()),
            to: None,
            upto: 4711,
            decisions: 1200,
            lost: 0,
            stricter: 3,
            looser: 4,
            otherwise: 1,
            unlawful: 0,
            stopped_before: 60,
            stopped_after: 59,
            differences: format!("sha256:{}", "ab".repeat(32)),
            report: Some(format!("sha256:{}", "cd".repeat(32))),
            simulated_on: "2026-01-05".parse().unwrap(),
            voided: 0,
            by: "staff-legal".parse().unwrap(),
        }
    }

    fn agree(&mut self, turn: &Turn) {
        let comment = Some("同意".parse().unwrap());
        self.tell(turn, "staff-credit", proposal::Command::Approve { comment, signature: None });
        self.tell(
            turn,
            "staff-finance",
            proposal::Command::Approve { comment: None, signature: None },
        );
    }

    fn activate(&mut self, turn: &Turn) {
        let proposal = self.proposal.id.unwrap();
        self.rule(turn, "staff-admin", policy::Command::Activate { proposal, scope: None });
    }

    fn pilot(&mut self, turn: &Turn) {
        let scope = Scope { regions: ["33".parse().unwrap()].into(), ..Scope::default() };
        self.plan = Plan { scope: Some(scope), then: vec![Step::All], effective_from: None };
        self.submit(turn, 45);
        self.shadow(turn);
        self.agree(turn);
        self.activate(turn);
        self.simulate_pilot(turn);
        self.rule(turn, "staff-admin", policy::Command::Widen { scope: None });
    }

    fn simulate_pilot(&mut self, turn: &Turn) {
        let proposal = self.proposal.id.unwrap();
        let simulated = Box::new(self.simulated());
        let scope = self.policy.pilot.as_ref().unwrap().scope.clone();
        let tried = policy::Command::SimulatePilot { proposal, scope, simulated };
        self.rule(turn, "staff-legal", tried);
    }

    fn shadow(&mut self, turn: &Turn) {
        let proposal = self.proposal.id.unwrap();
        let scope = Some(Scope { segments: ["A".parse().unwrap()].into(), ..Scope::default() });
        self.rule(turn, "staff-legal", policy::Command::StartShadow { proposal, scope });
        let differences = format!("sha256:{}", "ef".repeat(32));
        let found =
            Found { upto: 4800, decisions: 90, stricter: 2, differences, ..Found::default() };
        let end = policy::Command::EndShadow { proposal, found: Box::new(found) };
        self.rule(turn, "staff-legal", end);
    }

    /// One is cancelled, one misses its day because its simulation is too old by then, and one comes into force.
    fn schedules(&mut self, turn: &Turn) {
        for reviewer in ["staff-credit", "staff-finance"] {
            self.rule(turn, reviewer, policy::Command::Review { comment: None });
        }
        self.plan = Plan::default();
        self.submit(turn, 65);
        self.agree(turn);
        let proposal = self.proposal.id.unwrap();
        let on = turn.today.succ_opt();
        self.rule(turn, "staff-admin", policy::Command::Schedule { proposal, on });
        let reason = "再等等 / not yet".parse().unwrap();
        self.rule(turn, "staff-admin", policy::Command::CancelSchedule { proposal, reason });
        self.rule(turn, "staff-admin", policy::Command::Schedule { proposal, on });
        let late = Turn { today: turn.today + chrono::Days::new(90), ..turn.clone() };
        self.rule(&late, "staff-system", policy::Command::RunSchedule { proposal });
        self.rule(turn, "staff-admin", policy::Command::Schedule { proposal, on });
        let day = Turn { today: on.unwrap(), ..turn.clone() };
        self.rule(&day, "staff-system", policy::Command::RunSchedule { proposal });
    }

    fn stop(&mut self, turn: &Turn) {
        let in_force = self.policy.in_force.as_ref().unwrap();
        let stop_rule = Some(StopRule { decisions_min: 20, rise_points_max: 10 });
        let mut pack = Pack::clone(&in_force.pack);
        pack.changes = Some(Changes { stop_rule, ..pack.changes().into_owned() });
        // As a store has it whose first pack says so.
        let mut other = Self { proposed: self.proposed, ..Self::default() };
        other.rule(turn, "staff-admin", policy::Command::Load(Box::new(pack)));
        let scope = Scope { regions: ["31".parse().unwrap()].into(), ..Scope::default() };
        other.plan = Plan { scope: Some(scope), then: vec![Step::All], effective_from: None };
        other.submit(turn, 75);
        other.agree(turn);
        other.activate(turn);
        let pilot = other.policy.pilot.as_ref().unwrap();
        let measured = Measured {
            proposal: pilot.proposal,
            hash: pilot.pack.hash.to_string(),
            after: 4711,
            upto: 5000,
            decisions: 120,
            stopped: 30,
            stopped_by_base: 6,
        };
        let pause = policy::Command::PauseWidening(Box::new(measured));
        other.rule(turn, "staff-system", pause);
        self.proposed = other.proposed;
        self.of_policy.extend(other.of_policy.pop());
    }

    fn brake(&mut self, turn: &Turn) {
        let back =
            || policy::Command::RollBack { reason: "客户投诉 / complaints".parse().unwrap() };
        let review =
            |words: &str| policy::Command::Review { comment: Some(words.parse().unwrap()) };
        self.rule(turn, "staff-admin", back());
        self.rule(turn, "staff-credit", review("已复核"));
        self.rule(turn, "staff-finance", review("reviewed"));
        let scope = Scope { segments: ["A".parse().unwrap()].into(), ..Scope::default() };
        self.plan = Plan { scope: Some(scope), ..Plan::default() };
        self.submit(turn, 60);
        self.agree(turn);
        self.activate(turn);
        self.rule(turn, "staff-admin", back());
    }

    fn refusals(&mut self, turn: &Turn) {
        let reason = || "说明影响 / say whom it hits".parse().unwrap();
        self.submit(turn, 70);
        self.tell(
            turn,
            "staff-credit",
            proposal::Command::Return { reason: reason(), signature: None },
        );
        self.tell(turn, "staff-legal", proposal::Command::Withdraw { reason: reason() });
        self.submit(turn, 80);
        self.tell(
            turn,
            "staff-credit",
            proposal::Command::Reject { reason: reason(), signature: None },
        );
        // No delivered route has two stages.
        let electorate = Self::assembly("staff-credit").people;
        let opened = StageOpened { round: 1, stage: 2, electorate: electorate.to_vec() };
        self.of_proposals.push(proposal::Event::StageOpened(opened));
    }
}
