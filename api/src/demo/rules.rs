//! How the company of the demonstration changes its rules: a pilot that is widened, a change that the brake takes back, one that is run in
//! shadow until its day comes, one whose day is to come, and one that waits for votes, in shadow.

use chrono::Days;
use domain::ids::{ProposalId, StaffId};
use domain::permissions::Act;
use domain::policy::{self, Pack, Scope};
use domain::proposal::{Command, Draft, Plan, Proposal, Proposed, Step};
use domain::staff::Role;

use super::DemoError;
use super::data::{DataError, parsed};
use super::people::{ADMINISTRATOR, People};
use crate::asked::Asking;
use crate::door::Door;
use crate::problem::Problem;
use crate::proposals::trial;

/// From the day on which a change is announced to the one on which it applies.
const NOTICE_DAYS: u32 = 3;
/// The same, of what is still to come when the demonstration ends.
const AHEAD_DAYS: u32 = 10;

/// Something that happens to the rules on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scene {
    /// Longer terms of payment, in one city at first.
    Pilot,
    Widened,
    /// Still longer terms, for all at once.
    Hasty,
    Brake,
    /// Shorter releases from a day on, and in shadow until then.
    Announced,
    /// That day.
    Due,
    /// Still shorter releases, from a day after the last one of the demonstration.
    Ahead,
    /// A change of what is announced, which waits for those who answer for papers, and runs in shadow meanwhile.
    Waits,
}

impl Scene {
    /// Of the pack that it proposes.
    fn version(self) -> Option<&'static str> {
        match self {
            Self::Pilot => Some("1.1.0"),
            Self::Hasty => Some("1.2.0"),
            Self::Announced => Some("1.3.0"),
            Self::Ahead => Some("1.4.0"),
            Self::Waits => Some("1.5.0"),
            Self::Widened | Self::Brake | Self::Due => None,
        }
    }
}

/// What is still to happen, the earliest first.
#[derive(Debug)]
pub struct Scenes(Vec<(u32, Scene)>);

impl Scenes {
    /// Spread over so many days.
    pub fn over(days: u32) -> Self {
        let part = |nth: u32| days.saturating_mul(nth) / 12;
        let before_end = |days_before: u32| days.saturating_sub(days_before);
        Self(vec![
            (part(4), Scene::Pilot),
            (part(6), Scene::Widened),
            (part(8), Scene::Hasty),
            (part(9), Scene::Brake),
            (part(10), Scene::Announced),
            (part(10).saturating_add(NOTICE_DAYS), Scene::Due),
            (before_end(2), Scene::Ahead),
            (before_end(2), Scene::Waits),
        ])
    }

    /// The next day with a scene, if it is not after this one.
    pub fn due(&self, day: u32) -> Option<u32> {
        self.0.first().map(|(at, _)| *at).filter(|at| *at <= day)
    }

    /// Plays the next scene.
    pub async fn play(&mut self, door: &Door, people: &People) -> Result<(), DemoError> {
        let (_, scene) = self.0.remove(0);
        let stage = Stage { door, people, scene };
        match scene {
            Scene::Pilot => {
                let scope = Scope { regions: [parsed("9901")?].into(), ..Scope::default() };
                let plan = Plan { scope: Some(scope), then: vec![Step::All], effective_from: None };
                let id = stage.agreed(
                    "账期延长至 45 天，先在一个城市试行",
                    plan,
                    |pack| {
                        pack.credit.default_terms_days = 45;
                    },
                );
                stage.activate(id.await?).await
            }
            Scene::Widened => {
                stage.simulate_pilot().await?;
                stage.rule(policy::Command::Widen { scope: None }).await
            }
            Scene::Hasty => {
                let id = stage.agreed("账期延长至 60 天", Plan::default(), |pack| {
                    pack.credit.default_terms_days = 60;
                });
                stage.activate(id.await?).await
            }
            Scene::Brake => {
                let reason = parsed("回款明显变慢")?;
                stage.rule(policy::Command::RollBack { reason }).await?;
                stage.review(Role::Finance, "同意回退，另行评估账期").await?;
                stage.review(Role::Credit, "同意").await
            }
            Scene::Announced => {
                let proposal = stage.released_within(60, NOTICE_DAYS).await?;
                stage.shadow(proposal).await
            }
            Scene::Due => Ok(crate::due::due(door).await?),
            Scene::Ahead => stage.released_within(45, AHEAD_DAYS).await.map(drop),
            Scene::Waits => {
                let change = |pack: &mut Pack| pack.expiry_notice_days = vec![60, 30, 7];
                let plan = Plan::default();
                let id = stage.submitted("证照到期改为提前 60 天起提醒", plan, change);
                stage.shadow(id.await?).await
            }
        }
    }
}

struct Stage<'a> {
    door: &'a Door,
    people: &'a People,
    scene: Scene,
}

impl Stage<'_> {
    fn by(&self, role: Role, act: Act, what: &str) -> Result<Asking, DemoError> {
        let person = self.people.who(role, act, 0)?;
        let key = format!("demo/rules/{:?}/{what}/{role}", self.scene);
        Ok(Asking::within(person.staff.clone(), vec![role], key))
    }

    /// Written by Legal, which owns no part of these changes.
    async fn submitted(
        &self,
        summary: &str,
        plan: Plan,
        change: impl FnOnce(&mut Pack),
    ) -> Result<ProposalId, DemoError> {
        let in_force = self.door.house().policy();
        let in_force = in_force.ok_or_else(|| DataError::of("no pack is in force"))?;
        let mut pack = (*in_force.pack).clone();
        change(&mut pack);
        pack.semver = self.scene.version().map(str::to_owned);
        let id = ProposalId::from_uuid(self.door.ids().uuid());
        let pack = Proposed::New(Box::new(pack));
        let draft = Draft { summary: parsed(summary)?, pack, plan };
        let by = |what: &str| self.by(Role::Legal, Act::ProposePolicy, what);
        self.door.proposal(by("draft")?, id, Command::Draft { id, draft }).await?;
        let known = self.door.journal().confirmed::<Proposal>(&id.to_string()).await;
        let proposal = known.map_err(Problem::from)?.state;
        let asking = by("simulate")?;
        let content = proposal.content.as_ref();
        let content = content.ok_or_else(|| DataError::of("the proposal is empty"))?;
        let subject = trial::Subject::of(content);
        let simulated = trial::simulated(self.door, &asking, &subject, (None, None)).await?;
        self.door.proposal(asking, id, Command::Simulate(Box::new(simulated))).await?;
        self.door.proposal(by("submit")?, id, Command::Submit).await?;
        Ok(id)
    }

    async fn agreed(
        &self,
        summary: &str,
        plan: Plan,
        change: impl FnOnce(&mut Pack),
    ) -> Result<ProposalId, DemoError> {
        let id = self.submitted(summary, plan, change).await?;
        for role in [Role::Finance, Role::Credit] {
            let by = self.by(role, Act::VoteOnPolicy, "approve")?;
            let comment = Some(parsed("已看模拟结果，同意")?);
            self.door.proposal(by, id, Command::Approve { comment, signature: None }).await?;
        }
        Ok(id)
    }

    /// The longest release, from so many days after today on; scheduled for then.
    async fn released_within(&self, longest: u32, in_days: u32) -> Result<ProposalId, DemoError> {
        let from = self.door.today().checked_add_days(Days::new(in_days.into()));
        let plan = Plan { effective_from: from, ..Plan::default() };
        let summary = format!("放行最长有效期缩短至 {longest} 天");
        let proposal =
            self.agreed(&summary, plan, |pack| pack.credit.release_days_max = longest).await?;
        self.rule(policy::Command::Schedule { proposal, on: None }).await?;
        Ok(proposal)
    }

    /// Every decision is made again under what is proposed, and none changes.
    async fn shadow(&self, proposal: ProposalId) -> Result<(), DemoError> {
        let by = self.by(Role::Legal, Act::ProposePolicy, "shadow")?;
        let command = policy::Command::StartShadow { proposal, scope: None };
        self.door.policy(by, command).await?;
        Ok(())
    }

    async fn activate(&self, proposal: ProposalId) -> Result<(), DemoError> {
        self.rule(policy::Command::Activate { proposal, scope: None }).await
    }

    /// The pilot's pack is tried on what was decided since it began, too.
    async fn simulate_pilot(&self) -> Result<(), DemoError> {
        let by = self.by(Role::Legal, Act::ProposePolicy, "simulate the pilot")?;
        let pilot = trial::Pilot::running(self.door)?;
        let command = pilot.simulated(self.door, &by, (None, None)).await?;
        self.door.policy(by, command).await?;
        Ok(())
    }

    async fn rule(&self, command: policy::Command) -> Result<(), DemoError> {
        let administrator: StaffId = parsed(ADMINISTRATOR)?;
        let key = format!("demo/rules/{:?}/rule", self.scene);
        let by = Asking::within(administrator, vec![Role::Admin], key);
        self.door.policy(by, command).await?;
        Ok(())
    }

    async fn review(&self, role: Role, comment: &str) -> Result<(), DemoError> {
        let by = self.by(role, Act::VoteOnPolicy, "review")?;
        let comment = Some(parsed(comment)?);
        self.door.policy(by, policy::Command::Review { comment }).await?;
        Ok(())
    }
}
