//! Policy: the rules in force, as data.
//!
//! A pack is recorded whole, once, under the hash of its canonical form; every decision names that hash.
//! At every moment exactly one pack applies to a customer: the pilot's within its scope, everywhere else the one in force.
//! After the first one, a pack comes into force by a proposal that was approved on the pack that it replaces: for those and from the day
//! that were agreed to, by command or by itself on a day that it was scheduled for.
//! A pilot is widened as was agreed, on evidence made since it began; while it stops more than the pack in force lets it, it is not.
//! The brake takes one key: it ends a pilot, or puts back what was in force before, where law and qualification stay as they are.
//! Until the departments concerned have looked at it, nothing else comes into force.

pub mod activation;
pub mod approvals;
pub mod bands;
pub mod calendar;
pub mod changes;
pub mod facts;
pub mod identity;
pub mod pack;
pub mod proof;
mod rejection;
pub mod schedule;
pub mod scope;
pub mod scorecard;
pub mod shadow;
pub mod stopping;
pub mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::{
    changes::Part,
    schedule::{ActivationScheduled, ScheduleCancelled, ScheduleMissed, Scheduled},
    shadow::{Found, Shadow, ShadowEnded, ShadowStarted},
    stopping::{Measured, WideningPaused},
};
pub use self::{pack::Pack, proof::Objection, rejection::Rejection, scope::Scope};
use crate::{
    approval::{Assembly, Round, RoundOpened, VoteCast},
    customer::registration::Registration,
    decider::Decider,
    events,
    ids::ProposalId,
    proposal::{Proposal, Simulated, Step},
    stock_aggregate,
    text::Prose,
    turn::Turn,
};

/// The one stream of the policy aggregate, as long as one legal entity is one database.
pub const STREAM: &str = "policy-default";

#[derive(Clone, Debug)]
pub enum Command {
    /// Put the first pack in force.
    Load(Box<Pack>),
    /// Put what was approved in force, for those whom the plan names first. A scope that is given must be theirs.
    Activate {
        proposal: ProposalId,
        scope: Option<Scope>,
    },
    /// What the pilot's pack would have decided otherwise, tried since the pilot has this scope.
    SimulatePilot {
        proposal: ProposalId,
        scope: Scope,
        simulated: Box<Simulated>,
    },
    /// Take the next step of the plan. A scope that is given must be that step's.
    Widen {
        scope: Option<Scope>,
    },
    /// The pilot stops more than the pack in force lets it.
    PauseWidening(Box<Measured>),
    /// Put what was approved in force on a day; without one on the first that the plan allows.
    Schedule {
        proposal: ProposalId,
        on: Option<NaiveDate>,
    },
    CancelSchedule {
        proposal: ProposalId,
        reason: Prose<500>,
    },
    /// The day has come.
    RunSchedule {
        proposal: ProposalId,
    },
    /// Have every decision made again under a pack that is not in force; none of them changes.
    StartShadow {
        proposal: ProposalId,
        scope: Option<Scope>,
    },
    EndShadow {
        proposal: ProposalId,
        found: Box<Found>,
    },
    /// The brake.
    RollBack {
        reason: Prose<500>,
    },
    /// Whoever owns what the brake changed has looked at it.
    Review {
        comment: Option<Prose<1000>>,
    },
}

/// What a policy command is decided with.
#[derive(Clone, Debug)]
pub struct Context {
    pub turn: Turn,
    pub assembly: Assembly,
    /// The proposal that the command names.
    pub proposal: Option<Arc<Proposal>>,
}

impl Context {
    /// For commands that ask nobody and name no proposal.
    pub fn alone(turn: Turn) -> Self {
        Self { turn, assembly: Assembly::default(), proposal: None }
    }
}

events! {
    pub enum Event {
        PackLoaded(PackLoaded) = "policy.pack-loaded",
        PackAdmitted(PackLoaded) = "policy.pack-admitted",
        PackApplied(PackApplied) = "policy.pack-applied",
        PilotEnded(PilotEnded) = "policy.pilot-ended",
        ReviewOpened(RoundOpened) = "policy.review-opened",
        ReviewVoted(ReviewVoted) = "policy.review-voted",
        ReviewClosed(ReviewClosed) = "policy.review-closed",
        PilotSimulated(Box<PilotSimulated>) = "policy.pilot-simulated",
        WideningPaused(Box<WideningPaused>) = "policy.widening-paused",
        ActivationScheduled(ActivationScheduled) = "policy.activation-scheduled",
        ScheduleCancelled(ScheduleCancelled) = "policy.schedule-cancelled",
        ScheduleMissed(ScheduleMissed) = "policy.schedule-missed",
        ShadowStarted(ShadowStarted) = "policy.shadow-started",
        ShadowEnded(ShadowEnded) = "policy.shadow-ended",
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PackLoaded {
    /// Counts the packs of this store, from 1.
    pub version: u32,
    /// `sha256:` and the SHA-256 of the pack's RFC 8785 form.
    pub hash: String,
    #[schema(value_type = Object)]
    pub pack: Arc<Pack>,
}

/// From now on a pack that is on record applies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PackApplied {
    pub version: u32,
    pub hash: String,
    pub name: String,
    /// Absent: to every customer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// The pack that applies to everybody else, or applied until now.
    pub base: String,
    pub how: How,
    /// Where it was approved; absent where the brake was pulled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposal: Option<ProposalId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub reason: Option<Prose<500>>,
    /// The steps of the plan that are still to come.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Step>,
    /// What the proposal changes, and so whose votes it has.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub parts: BTreeSet<Part>,
    /// The simulation that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

/// A simulation by what it came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = PolicyEvidence)]
pub struct Evidence {
    /// `sha256:` and the SHA-256 of its report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<String>,
    /// The same of the list of all differences.
    pub differences: String,
    /// The last event of the journal that it has seen.
    pub upto: i64,
    pub simulated_on: NaiveDate,
}

impl Evidence {
    fn of(simulated: &Simulated) -> Self {
        Self {
            report: simulated.report.clone(),
            differences: simulated.differences.clone(),
            upto: simulated.upto,
            simulated_on: simulated.simulated_on,
        }
    }
}

/// By what a pack came to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Activation,
    Widening,
    /// By one key, to be reviewed.
    Brake,
    /// By the system, on the day that it was scheduled for.
    Schedule,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PilotEnded {
    pub hash: String,
    /// The pack that applies to its customers again.
    pub base: String,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
}

/// The pack of the running pilot, tried on what was decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PilotSimulated {
    pub proposal: ProposalId,
    /// The pilot's, when it was tried.
    pub scope: Scope,
    #[serde(flatten)]
    pub simulated: Simulated,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReviewVoted {
    #[serde(flatten)]
    pub vote: VoteCast,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub comment: Option<Prose<1000>>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReviewClosed {
    pub round: u32,
}

impl crate::decider::Event for Event {
    fn claim(&self, _stream: &str) -> Option<String> {
        match self {
            Self::PackLoaded(recorded) | Self::PackAdmitted(recorded) => {
                Some(format!("pack:{}", recorded.hash))
            }
            Self::PackApplied(_)
            | Self::PilotEnded(_)
            | Self::ReviewOpened(_)
            | Self::ReviewVoted(_)
            | Self::ReviewClosed(_)
            | Self::PilotSimulated(_)
            | Self::WideningPaused(_)
            | Self::ActivationScheduled(_)
            | Self::ScheduleCancelled(_)
            | Self::ScheduleMissed(_)
            | Self::ShadowStarted(_)
            | Self::ShadowEnded(_) => None,
        }
    }
}

/// Which pack applies to whom.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    /// What applies to everybody outside of the pilot.
    pub in_force: Option<InForce>,
    /// What was in force before.
    pub before: Option<Arc<str>>,
    pub pilot: Option<Pilot>,
    /// Every pack that was ever recorded here.
    pub known: BTreeMap<Arc<str>, InForce>,
    /// What was agreed to comes into force once: what the brake took back is agreed to anew.
    pub activated: BTreeSet<ProposalId>,
    /// Of the last time that the brake was pulled, until it is closed.
    pub review: Option<Round>,
    pub reviews: u32,
    /// What comes into force by itself, and when.
    pub scheduled: BTreeMap<ProposalId, Scheduled>,
    /// How many times something was scheduled.
    pub schedules: u32,
    /// What every decision is made again under.
    pub shadows: BTreeMap<ProposalId, Shadow>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InForce {
    pub version: u32,
    pub hash: Arc<str>,
    pub pack: Arc<Pack>,
}

/// A pack that applies to some customers only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pilot {
    pub pack: InForce,
    pub scope: Scope,
    pub proposal: Option<ProposalId>,
    /// The steps that were agreed to and are still to come.
    pub then: Vec<Step>,
    /// Whose votes it has.
    pub parts: BTreeSet<Part>,
    /// Made since it began, and since it was last paused.
    pub simulation: Option<Simulated>,
    pub pause: Option<Pause>,
    /// The last event that the last pause rests on: what has not seen it says nothing about that.
    #[serde(default)]
    pub paused_upto: i64,
}

/// The pilot is not widened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pause {
    /// What lifts it; where there are not enough people for one, only a new proposal does.
    pub review: Option<Round>,
}

impl Policy {
    /// The one pack that applies to a customer.
    pub fn applying_to(&self, customer: &Registration) -> Option<&InForce> {
        match &self.pilot {
            Some(pilot) if pilot.scope.covers(customer) => Some(&pilot.pack),
            _ => self.in_force.as_ref(),
        }
    }

    /// The round of the brake's review, or of the pause of a pilot.
    pub fn to_review(&self) -> Option<&Round> {
        let pause = || self.pilot.as_ref()?.pause.as_ref()?.review.as_ref();
        self.review.as_ref().or_else(pause)
    }

    fn in_force(&self) -> Result<&InForce, Rejection> {
        self.in_force.as_ref().ok_or(Rejection::NothingInForce)
    }
}

impl Decider for Policy {
    const TYPE: &'static str = "policy";
    type Command = Command;
    type Event = Event;
    type Rejection = Rejection;
    type Context = Context;

    fn decide(&self, context: &Context, command: &Command) -> Result<Vec<Event>, Rejection> {
        match command {
            Command::Load(pack) => activation::load(self, pack),
            Command::Activate { proposal, scope } => {
                activation::activate(self, context, *proposal, scope.as_ref())
            }
            Command::SimulatePilot { proposal, scope, simulated } => {
                activation::simulate_pilot(self, context, *proposal, scope, simulated)
            }
            Command::Widen { scope } => activation::widen(self, context, scope.as_ref()),
            Command::PauseWidening(measured) => stopping::pause(self, context, measured),
            Command::Schedule { proposal, on } => schedule::schedule(self, context, *proposal, *on),
            Command::CancelSchedule { proposal, reason } => {
                schedule::cancel(self, *proposal, reason)
            }
            Command::RunSchedule { proposal } => schedule::run(self, context, *proposal),
            Command::StartShadow { proposal, scope } => {
                shadow::start(self, context, *proposal, scope.as_ref())
            }
            Command::EndShadow { proposal, found } => shadow::end(self, *proposal, found),
            Command::RollBack { reason } => activation::roll_back(self, context, reason),
            Command::Review { comment } => activation::review(self, context, comment.as_ref()),
        }
    }

    fn evolve(&mut self, event: &Event) {
        match event {
            Event::PackLoaded(loaded) => {
                let pack = self.admit(loaded);
                self.put_in_force(pack);
            }
            Event::PackAdmitted(admitted) => {
                self.admit(admitted);
            }
            Event::PackApplied(applied) => self.apply(applied),
            Event::PilotEnded(_) => self.pilot = None,
            Event::ReviewOpened(opened) => {
                self.reviews = opened.round;
                self.review = Some(Round::begin(opened));
            }
            Event::ReviewVoted(voted) => {
                if let Some(round) = self.round() {
                    round.take(&voted.vote);
                }
            }
            Event::ReviewClosed(_) => self.reviewed(),
            Event::PilotSimulated(tried) => {
                if let Some(pilot) = &mut self.pilot {
                    pilot.simulation = Some(tried.simulated.clone());
                }
            }
            Event::WideningPaused(paused) => stopping::paused(self, paused),
            Event::ActivationScheduled(scheduled) => {
                self.schedules = scheduled.number;
                self.scheduled.insert(scheduled.proposal, Scheduled::of(scheduled));
            }
            Event::ScheduleCancelled(ScheduleCancelled { proposal, .. })
            | Event::ScheduleMissed(ScheduleMissed { proposal, .. }) => {
                self.scheduled.remove(proposal);
            }
            Event::ShadowStarted(started) => {
                if let Some(pack) = self.known.get(started.hash.as_str()).cloned() {
                    let shadow = Shadow { pack, scope: started.scope.clone() };
                    self.shadows.insert(started.proposal, shadow);
                }
            }
            Event::ShadowEnded(ended) => {
                self.shadows.remove(&ended.proposal);
            }
        }
    }
}

impl Policy {
    fn admit(&mut self, recorded: &PackLoaded) -> InForce {
        let pack = InForce {
            version: recorded.version,
            hash: Arc::from(recorded.hash.as_str()),
            pack: Arc::clone(&recorded.pack),
        };
        self.known.insert(Arc::clone(&pack.hash), pack.clone());
        pack
    }

    fn apply(&mut self, applied: &PackApplied) {
        self.activated.extend(applied.proposal);
        if let Some(proposal) = &applied.proposal {
            self.scheduled.remove(proposal);
        }
        let Some(pack) = self.known.get(applied.hash.as_str()).cloned() else { return };
        match &applied.scope {
            Some(scope) => {
                // A step of the same proposal rests on what was tried since the pilot began.
                let before = self.pilot.take().filter(|it| it.proposal == applied.proposal);
                let paused_upto = before.as_ref().map_or(0, |it| it.paused_upto);
                self.pilot = Some(Pilot {
                    pack,
                    scope: scope.clone(),
                    proposal: applied.proposal,
                    then: applied.then.clone(),
                    parts: applied.parts.clone(),
                    simulation: before.and_then(|it| it.simulation),
                    pause: None,
                    paused_upto,
                });
            }
            None => self.put_in_force(pack),
        }
    }

    fn round(&mut self) -> Option<&mut Round> {
        let pause = self.pilot.as_mut().and_then(|pilot| pilot.pause.as_mut());
        self.review.as_mut().or_else(|| pause?.review.as_mut())
    }

    fn reviewed(&mut self) {
        if self.review.take().is_none()
            && let Some(pilot) = &mut self.pilot
        {
            pilot.pause = None;
        }
    }

    fn put_in_force(&mut self, pack: InForce) {
        self.before = self.in_force.take().map(|before| before.hash);
        self.pilot = None;
        self.in_force = Some(pack);
    }
}

stock_aggregate!(Policy);
