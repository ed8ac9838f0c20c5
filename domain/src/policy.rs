//! Policy: the rules in force, as data.
//!
//! A pack is recorded whole, once, under the hash of its canonical form; every decision names that hash.
//! At every moment exactly one pack applies to a customer: the pilot's within its scope, everywhere else the one in force.
//! After the first one, a pack comes into force by a proposal that was approved on the pack that it replaces.
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
pub mod scope;
pub mod scorecard;
pub mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{pack::Pack, proof::Objection, scope::Scope};
use crate::{
    approval::{self, Assembly, Round, RoundOpened, VoteCast},
    customer::registration::Registration,
    decider::Decider,
    events,
    ids::ProposalId,
    proposal::Proposal,
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
    /// Put what was approved in force: within a scope, or for all.
    Activate { proposal: ProposalId, scope: Option<Scope> },
    /// Let the pilot apply to more customers, or to all.
    Widen { scope: Option<Scope> },
    /// The brake.
    RollBack { reason: Prose<500> },
    /// Whoever owns what the brake changed has looked at it.
    Review { comment: Option<Prose<1000>> },
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
}

/// By what a pack came to apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    Activation,
    Widening,
    /// By one key, to be reviewed.
    Brake,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PilotEnded {
    pub hash: String,
    /// The pack that applies to its customers again.
    pub base: String,
    #[schema(value_type = String)]
    pub reason: Prose<500>,
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
            | Self::ReviewClosed(_) => None,
        }
    }
}

rejections! {
    => Vote(approval::Rejection);
    AlreadyInForce = Conflict, "policy.already_in_force", "该政策包已在执行。", "this pack is already in force";
    NotTheFirst = Conflict, "policy.not_the_first", "系统已有政策包；更换须经提案审批。", "a pack is in force already: another one comes into force by a proposal that is approved";
    NothingInForce = Conflict, "policy.nothing_in_force", "尚无执行中的政策包。", "no pack is in force yet";
    NotCanonical(String) = Content, "policy.not_canonical", "该政策包没有规范形式。", "the pack has no canonical form: {0}";
    NotSound(Vec<Objection>) = Content, "policy.not_sound", "该政策包未通过检查；请按所列各项修改。", "the pack is not sound: mend what is listed";
    NoSuchProposal = Unknown, "proposal.unknown", "没有该提案。", "there is no such proposal";
    NotApproved = Conflict, "proposal.not_approved", "该提案尚未批准；请先完成审批。", "this proposal is not approved: have it approved first";
    AlreadyActivated = Conflict, "proposal.already_activated", "该提案已启用过；如需再次启用，请重新提案并审批。", "this proposal was activated before: propose it again, and have it agreed to";
    BaseSuperseded = Conflict, "proposal.base_superseded", "提案所依据的政策包已不再执行；请在现行政策包上修订后重新模拟和审批。", "the pack that this was proposed on is no longer in force: revise it on the one that is, simulate and submit again";
    SimulationTooOld { days: u32 } = Conflict, "proposal.simulation_too_old", "模拟结果已过期；请重新模拟并审批。", "its simulation is more than {days} days old: simulate and have it approved again";
    ScopeEmpty = Content, "policy.scope_empty", "请至少填写一项范围；适用于全部客户时不填范围。", "name somebody in the scope, or leave it out for everybody";
    PilotRuns = Conflict, "policy.pilot_runs", "已有试点在执行；请先扩大或终止该试点。", "a pilot runs: widen it or end it first";
    NoPilot = Conflict, "policy.no_pilot", "当前没有试点。", "no pilot runs";
    NotWider = Content, "policy.not_wider", "扩大后的范围必须包含现有试点的全部客户。", "the new scope must take in everybody of the pilot's scope, and somebody more";
    ReviewDue = Conflict, "policy.review_due", "紧急回退尚待相关部门复核；复核完成前不得启用其他政策包。", "the emergency rollback waits for its review: nothing comes into force before it";
    NothingBefore = Conflict, "policy.nothing_before", "没有可回退的政策包。", "no pack was in force before this one";
    TouchesLaw = Conflict, "policy.touches_law", "回退会改变法定或资质规则，不得紧急回退；请按提案审批。", "this would change rules of law and qualification: propose it instead, one key is not enough";
    NothingToReview = Conflict, "policy.nothing_to_review", "没有待复核的回退。", "no rollback waits for a review";
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
}

impl Policy {
    /// The one pack that applies to a customer.
    pub fn applying_to(&self, customer: &Registration) -> Option<&InForce> {
        match &self.pilot {
            Some(pilot) if pilot.scope.covers(customer) => Some(&pilot.pack),
            _ => self.in_force.as_ref(),
        }
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
            Command::Widen { scope } => activation::widen(self, scope.as_ref()),
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
                if let Some(round) = &mut self.review {
                    round.take(&voted.vote);
                }
            }
            Event::ReviewClosed(_) => self.review = None,
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
        let Some(pack) = self.known.get(applied.hash.as_str()).cloned() else { return };
        match &applied.scope {
            Some(scope) => {
                let (scope, proposal) = (scope.clone(), applied.proposal);
                self.pilot = Some(Pilot { pack, scope, proposal });
            }
            None => self.put_in_force(pack),
        }
    }

    fn put_in_force(&mut self, pack: InForce) {
        self.before = self.in_force.take().map(|before| before.hash);
        self.pilot = None;
        self.in_force = Some(pack);
    }
}

stock_aggregate!(Policy);
