//! The door itself: what every request and every command from within needs, and the ways in which commands are given.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use domain::approval::{Assemblies, Assembly};
use domain::context::{Context, Facts};
use domain::customer::Customer;
use domain::ids::{CustomerId, ProductId, ProposalId, StaffId};
use domain::policy::Policy;
use domain::product::Product;
use domain::proposal::Proposal;
use domain::staff::{Matter, Staff};
use domain::turn::Turn;
use domain::{customer, policy, product, proposal, staff};
use journal::{Committed, Gather, Journal, Metadata, Position, Request};
use projections::{Reached, Standing};
use prometheus_client::registry::Registry;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::around::Around;
use crate::asked::Asking;
use crate::attachments::Attachments;
use crate::clock::{Clock, Ids};
use crate::house::House;
use crate::pace::Pace;
use crate::problem::Problem;
use crate::refusals::{Explain, explain};
use crate::tail::Tail;
use crate::watch::Watches;

/// How long a read waits for the read models.
const READ_WAIT: Duration = Duration::from_secs(2);

/// A handle; clones share everything.
#[derive(Clone)]
pub struct Door(Arc<Inner>);

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Door")
    }
}

struct Inner {
    journal: Journal,
    house: House,
    tail: Tail,
    attachments: Attachments,
    simulations: Attachments,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    reached: Reached,
    standing: watch::Receiver<Standing>,
    /// The head when the door opened.
    opened_at: Position,
    around: Arc<Around>,
    registry: Registry,
    closing: CancellationToken,
    streams_per_token: usize,
    /// Held by the one simulation that may run.
    simulating: Arc<Semaphore>,
    watches: Watches,
    pace: Pace,
}

/// What a door is made of.
pub struct Parts {
    pub journal: Journal,
    pub reached: Reached,
    /// Whether the read models are followed.
    pub standing: watch::Receiver<Standing>,
    pub attachments: PathBuf,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub request_timeout: Duration,
    pub streams_per_token: usize,
    /// Ends the event streams.
    pub closing: CancellationToken,
    /// Ends the followers, once nothing waits for them any more.
    pub ending: CancellationToken,
}

/// Why nobody should be sent here.
#[derive(Clone, Debug)]
pub enum NotReady {
    /// The read models are being filled.
    Behind { reached: Position },
    /// Nobody fills them any more.
    Stopped { reached: Position, error: projections::Error },
}

/// The door could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Journal(#[from] journal::Error),
    #[error("the folder of scans {} cannot be used: {error}", path.display())]
    Attachments { path: PathBuf, error: std::io::Error },
}

impl Door {
    pub async fn open(parts: Parts) -> Result<Self, OpenError> {
        let attachments = Attachments::open(&parts.attachments)
            .await
            .map_err(|error| OpenError::Attachments { path: parts.attachments.clone(), error })?;
        // Beside the scans, and not among them: whoever may read a scan may not read a list of decisions.
        let simulations = parts.attachments.join("simulations");
        let simulations = Attachments::open(&simulations)
            .await
            .map_err(|error| OpenError::Attachments { path: simulations, error })?;
        let journal = parts.journal;
        let around = Arc::new(Around::new(parts.request_timeout));
        let mut registry = Registry::with_prefix("probity");
        around.register(&mut registry);
        Ok(Self(Arc::new(Inner {
            house: House::start(journal.clone(), parts.ending.clone()).await?,
            tail: Tail::start(journal.clone(), parts.ending).await?,
            attachments,
            simulations,
            clock: parts.clock,
            ids: parts.ids,
            reached: parts.reached,
            standing: parts.standing,
            opened_at: journal.head().await?,
            journal,
            around,
            registry,
            closing: parts.closing,
            streams_per_token: parts.streams_per_token,
            simulating: Arc::new(Semaphore::new(1)),
            watches: Watches::default(),
            pace: Pace::default(),
        })))
    }

    /// A command for a customer.
    pub async fn customer(
        &self,
        by: Asking,
        id: CustomerId,
        command: customer::Command,
    ) -> Result<Committed<customer::Event>, Problem> {
        let request = self.to_customer(by, id, command);
        self.execute::<Customer>(request).await
    }

    /// What a command for a customer would record; records nothing.
    pub async fn consider(
        &self,
        by: Asking,
        id: CustomerId,
        command: customer::Command,
    ) -> Result<Vec<customer::Event>, Problem> {
        let request = self.to_customer(by, id, command);
        self.journal().consider::<Customer>(request).await.map_err(explain)
    }

    /// Who works here, for what wants approval for a customer; nobody of them acts.
    pub fn assemblies(&self, today: NaiveDate) -> Assemblies {
        let people = |matter: Matter| self.house().people(today, matter);
        Assemblies {
            qualification: people(Matter::Qualification),
            credit: people(Matter::Credit),
            release: people(Matter::Release),
            actor: BTreeSet::new(),
        }
    }

    fn to_customer(
        &self,
        by: Asking,
        id: CustomerId,
        command: customer::Command,
    ) -> Request<Customer> {
        let turn = self.turn(&by.actor);
        let assemblies =
            Assemblies { actor: by.roles.iter().copied().collect(), ..self.assemblies(turn.today) };
        let context = Context {
            turn,
            roles: by.roles.clone(),
            assemblies,
            business_date: by.business_date.clone(),
            facts: Facts::default(),
        };
        request(id.to_string(), command, context.turn.command_id, context, by)
    }

    /// A command for a product.
    pub async fn product(
        &self,
        by: Asking,
        id: ProductId,
        command: product::Command,
    ) -> Result<Committed<product::Event>, Problem> {
        let turn = self.turn(&by.actor);
        let request = request(id.to_string(), command, turn.command_id, turn, by);
        self.execute::<Product>(request).await
    }

    /// A command for a member of staff; answered when it holds for every request of this process.
    pub async fn staff(
        &self,
        by: Asking,
        id: &StaffId,
        command: staff::Command,
    ) -> Result<Committed<staff::Event>, Problem> {
        let profile = self.house().profile();
        let context = staff::Context { turn: self.turn(&by.actor), profile, colleague: None };
        let request = request(id.to_string(), command, context.turn.command_id, context, by);
        let committed = self.execute::<Staff>(request).await?;
        self.house().reach(committed.position).await;
        Ok(committed)
    }

    /// A command for the policy; answered when it holds for every request of this process.
    pub async fn policy(
        &self,
        by: Asking,
        command: policy::Command,
    ) -> Result<Committed<policy::Event>, Problem> {
        let turn = self.turn(&by.actor);
        let assembly = self.assembly(&by, &turn, Matter::Policy);
        let context = policy::Context { turn, assembly, proposal: None };
        let command_id = context.turn.command_id;
        let request = request(policy::STREAM.to_owned(), command, command_id, context, by);
        let committed = self.execute::<Policy>(request).await?;
        self.house().reach(committed.position).await;
        Ok(committed)
    }

    /// A command for a proposal to change the rules.
    pub async fn proposal(
        &self,
        by: Asking,
        id: ProposalId,
        command: proposal::Command,
    ) -> Result<Committed<proposal::Event>, Problem> {
        let turn = self.turn(&by.actor);
        let assembly = self.assembly(&by, &turn, Matter::Policy);
        let context = proposal::Context { turn, assembly, policy: Arc::default() };
        let request = request(id.to_string(), command, context.turn.command_id, context, by);
        self.execute::<Proposal>(request).await
    }

    /// Who works here, and with which roles this request is made.
    fn assembly(&self, by: &Asking, turn: &Turn, matter: Matter) -> Assembly {
        let people = self.house().people(turn.today, matter);
        Assembly { people, actor: by.roles.iter().copied().collect() }
    }

    async fn execute<A: Gather>(&self, request: Request<A>) -> Result<Committed<A::Event>, Problem>
    where
        A::Rejection: Explain,
    {
        self.journal().execute(request).await.map_err(explain)
    }

    fn turn(&self, actor: &StaffId) -> Turn {
        let now = self.0.clock.now();
        Turn {
            command_id: self.ids().uuid(),
            actor: actor.clone(),
            now,
            today: self.house().today(now),
        }
    }

    pub fn now(&self) -> chrono::DateTime<chrono::Utc> {
        self.0.clock.now()
    }

    /// The business date in the company's zone.
    pub fn today(&self) -> NaiveDate {
        self.house().today(self.0.clock.now())
    }

    /// Waits until the read models know `at`, or all that this process had acknowledged; 503 when they lag too far.
    pub async fn settled(&self, at: Option<i64>) -> Result<(), Problem> {
        let wanted = at.map_or_else(|| self.journal().acknowledged(), Position);
        in_time(wanted, self.0.reached.wait_for(wanted)).await
    }

    /// Waits until `at` is recorded: for what is read from the journal itself, which never lags.
    pub async fn recorded(&self, at: Option<i64>) -> Result<(), Problem> {
        match at {
            Some(at) => {
                let mut doorbell = self.journal().doorbell();
                in_time(Position(at), doorbell.wait_for(|head| head.0 >= at)).await
            }
            None => Ok(()),
        }
    }

    /// Whether every read model has reached the head that the door found when it opened, and is still followed.
    pub fn ready(&self) -> Result<(), NotReady> {
        let reached = self.0.reached.position();
        if let Standing::Stopped(error) = &*self.0.standing.borrow() {
            return Err(NotReady::Stopped { reached, error: error.clone() });
        }
        if self.0.standing.has_changed().is_err() {
            return Err(NotReady::Stopped { reached, error: projections::Error::Stopped });
        }
        if reached >= self.0.opened_at { Ok(()) } else { Err(NotReady::Behind { reached }) }
    }

    /// How far the journal went when this was opened.
    pub fn opened_at(&self) -> Position {
        self.0.opened_at
    }

    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    pub fn house(&self) -> &House {
        &self.0.house
    }

    pub fn tail(&self) -> &Tail {
        &self.0.tail
    }

    pub fn attachments(&self) -> &Attachments {
        &self.0.attachments
    }

    /// The lists of what simulations found.
    pub fn simulations(&self) -> &Attachments {
        &self.0.simulations
    }

    pub fn ids(&self) -> &dyn Ids {
        &*self.0.ids
    }

    pub fn around(&self) -> &Arc<Around> {
        &self.0.around
    }

    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    pub fn closing(&self) -> &CancellationToken {
        &self.0.closing
    }

    /// Lets one simulation run at a time: each reads the whole journal.
    pub fn simulating(&self) -> &Arc<Semaphore> {
        &self.0.simulating
    }

    /// What follows the decisions of shadows and of the pilot.
    pub fn watches(&self) -> &Watches {
        &self.0.watches
    }

    /// How fast components may be tried.
    pub fn pace(&self) -> &Pace {
        &self.0.pace
    }

    pub fn streams_per_token(&self) -> usize {
        self.0.streams_per_token
    }
}

async fn in_time<T, E>(
    wanted: Position,
    wait: impl Future<Output = Result<T, E>>,
) -> Result<(), Problem> {
    match tokio::time::timeout(READ_WAIT, wait).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(_)) | Err(_) => Err(Problem::unavailable(
            "read_model.behind",
            format!("Position {wanted} has not been reached yet; try again shortly."),
        )),
    }
}

fn request<A: Gather>(
    stream: String,
    command: A::Command,
    command_id: uuid::Uuid,
    context: A::Context,
    by: Asking,
) -> Request<A> {
    Request {
        stream,
        command,
        context,
        key: format!("{}/{}", by.actor, by.key.text()),
        request_hash: by.request_hash,
        if_match: by.if_match,
        metadata: Metadata {
            correlation_id: Some(by.correlation_id.unwrap_or_else(|| command_id.to_string())),
            causation_id: None,
            actor: by.actor.to_string(),
            via: by.via.map(|via| via.to_string()),
            command_id,
        },
    }
}
