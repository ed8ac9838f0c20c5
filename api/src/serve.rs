//! Brings a store up behind the door, serves it, and takes it down without losing what was acknowledged.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::ListenerExt;
use domain::ids::StaffId;
use domain::policy::{self, Pack};
use domain::staff::{self, Profile, Role};
use journal::{ClockCheck, Exclusive, Journal, Options, Replayed};
use projections::Projector;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::asked::Asking;
use crate::auth::SECRET_PREFIX;
use crate::clock::{Clock, Ids, SystemClock, SystemIds};
use crate::config::DatabaseUrl;
use crate::door::{Door, OpenError, Parts};
use crate::problem::Problem;
use crate::routes::routes;
use crate::tokens::{IssueToken, issue_with};

/// Who acts before anybody is registered.
pub const SYSTEM: &str = "staff-system";
/// The administrator of a new store.
const ADMINISTRATOR: &str = "Administrator";
/// How long requests may still run once we were told to stop.
const DRAIN: Duration = Duration::from_secs(10);
/// How long what is queued may take to be finished after that, which is longer than an append is waited for. A database that does not
/// answer takes for ever; whoever gave those commands was told long ago that their outcome is unknown.
const CLOSE_MAX: Duration = Duration::from_secs(30);

/// What a store is opened with.
#[derive(Clone)]
pub struct Opening {
    pub database: DatabaseUrl,
    pub attachments: PathBuf,
    /// What a new store starts with, where that is not the delivered pack.
    pub pack: Option<Pack>,
    /// What the store is to become, where that is not what it is.
    pub profile: Option<Profile>,
    /// The administrator's token of a new store.
    pub bootstrap_token: Option<String>,
    pub clock: Arc<dyn Clock>,
    pub clock_check: ClockCheck,
    pub ids: Arc<dyn Ids>,
    pub exclusive: Exclusive,
    /// Different for each process that serves the same store.
    pub instance: String,
    pub request_timeout: Duration,
    pub streams_per_token: usize,
    pub cache_bytes: usize,
}

impl Opening {
    /// With the computer's clock and everything else as usual.
    pub fn of(database: DatabaseUrl, attachments: PathBuf) -> Self {
        Self {
            database,
            attachments,
            pack: None,
            profile: None,
            bootstrap_token: None,
            clock: Arc::new(SystemClock),
            clock_check: ClockCheck::Compared,
            ids: Arc::new(SystemIds),
            exclusive: Exclusive::No,
            instance: "probity".to_owned(),
            request_timeout: Duration::from_secs(10),
            streams_per_token: 128,
            cache_bytes: Options::default().cache_bytes,
        }
    }
}

/// The store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("{database}: {error}")]
    Journal { database: DatabaseUrl, error: journal::Error },
    #[error("{database}: {error}")]
    Projections { database: DatabaseUrl, error: projections::Error },
    #[error("{0}")]
    Open(#[from] OpenError),
    #[error("{}: {error}", path.display())]
    Folder { path: PathBuf, error: std::io::Error },
    #[error("a new store could not be begun: {0}")]
    Begin(#[from] Problem),
}

/// A store that is open: its door, and what must end with it.
pub struct Opened {
    pub door: Door,
    /// The administrator's token, when the store is new and the token was made here.
    pub first_token: Option<String>,
    /// Ends the event streams.
    closing: CancellationToken,
    /// Ends the followers.
    ending: CancellationToken,
    projector: Projector,
}

impl Opened {
    /// Opens a store, creating and migrating it where that is ours to do, and begins it where it is new.
    pub async fn open(opening: Opening) -> Result<Self, StartError> {
        let database = opening.database.clone();
        let fault = |error| StartError::Journal { database: database.clone(), error };
        let journal = open_journal(&opening).await.map_err(fault)?;
        let projector = Projector::start(&journal)
            .await
            .map_err(|error| StartError::Projections { database: database.clone(), error })?;
        let (closing, ending) = (CancellationToken::new(), CancellationToken::new());
        let parts = Parts {
            reached: projector.reached(),
            standing: projector.standing(),
            journal,
            attachments: opening.attachments,
            clock: opening.clock,
            ids: opening.ids,
            request_timeout: opening.request_timeout,
            streams_per_token: opening.streams_per_token,
            closing: closing.clone(),
            ending: ending.clone(),
        };
        let door = Door::open(parts).await?;
        let first_token = begin(&door, opening.pack, opening.bootstrap_token).await?;
        if let Some(profile) = opening.profile {
            become_of(&door, profile).await?;
        }
        Ok(Self { door, first_token, closing, ending, projector })
    }

    /// Serves until `stop`, then finishes what is under way.
    pub async fn serve(
        &self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> std::io::Result<()> {
        // Answers are small: waiting to fill a packet would only delay them.
        let listener = listener.tap_io(|connection| {
            let _ = connection.set_nodelay(true);
        });
        let (closing, drained) = (self.closing.clone(), self.closing.clone());
        let stopping = async move {
            stop.await;
            closing.cancel();
        };
        let server =
            axum::serve(listener, routes(self.door.clone())).with_graceful_shutdown(stopping);
        let patience = async move {
            drained.cancelled().await;
            tokio::time::sleep(DRAIN).await;
        };
        tokio::select! {
            ended = server => ended,
            () = patience => Ok(()),
        }
    }

    /// Ends the followers, finishes what is queued, and lets the store go, in bounded time.
    pub async fn close(self) {
        self.closing.cancel();
        self.ending.cancel();
        self.projector.stop().await;
        let closing = self.door.journal().clone().close();
        if tokio::time::timeout(CLOSE_MAX, closing).await.is_err() {
            tracing::warn!("the database does not answer; what was under way is left to it");
        }
    }
}

async fn open_journal(opening: &Opening) -> Result<Journal, journal::Error> {
    let url = opening.database.reveal();
    let options = Options {
        clock: Arc::clone(&opening.clock),
        clock_check: opening.clock_check,
        instance: opening.instance.clone(),
        exclusive: opening.exclusive,
        cache_bytes: opening.cache_bytes,
        deadline: opening.request_timeout,
        ..Options::default()
    };
    if let Some(path) = opening.database.sqlite_path() {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            tokio::fs::create_dir_all(folder).await?;
        }
        // The file is ours alone: what a new version needs is made as it starts.
        Journal::migrate(url).await?;
        return Journal::open(url, options).await;
    }
    match Journal::open(url, options.clone()).await {
        // Whoever serves as the owner of the tables may make them; a role with less gets the database's own refusal.
        Err(journal::Error::Schema { .. }) => {
            Journal::migrate(url).await?;
            Journal::open(url, options).await
        }
        opened => opened,
    }
}

/// Gives a new store its rules and its administrator. Another process that begins it too comes to the same end.
async fn begin(
    door: &Door,
    given: Option<Pack>,
    bootstrap_token: Option<String>,
) -> Result<Option<String>, StartError> {
    let system: StaffId = SYSTEM.parse().map_err(Problem::internal)?;
    let by = |what: &str| Asking::within(system.clone(), vec![Role::Admin], what);
    if door.house().policy().is_none() {
        let pack = given.clone().unwrap_or_else(Pack::default_pack);
        let load = policy::Command::Load(Box::new(pack));
        match door.policy(by("first pack"), load).await {
            // Another process that begins this store was first.
            Err(problem)
                if !["policy.already_in_force", "policy.not_the_first"]
                    .contains(&problem.code()) =>
            {
                return Err(problem.into());
            }
            _ => {}
        }
    }
    if let Some(given) = given {
        warn_of_another(door, &given)?;
    }
    if !door.house().is_empty() {
        return Ok(None);
    }
    let (secret, made) = match bootstrap_token {
        Some(given) => (given, false),
        None => {
            (format!("{SECRET_PREFIX}{}", door.ids().secret().map_err(Problem::internal)?), true)
        }
    };
    let token = IssueToken {
        name: Some(ADMINISTRATOR.parse().map_err(Problem::internal)?),
        role: Some(Role::Admin),
        roles: None,
        staff: None,
        machine: false,
    };
    let (committed, _) = issue_with(door, by("first administrator"), token, secret.clone()).await?;
    let ours = committed.replayed == Replayed::No;
    Ok((ours && made).then_some(secret))
}

/// Makes the store what was asked for, where that is stricter than what it is: other processes and later starts find it on record.
async fn become_of(door: &Door, profile: Profile) -> Result<(), Problem> {
    let mixed = door.house().not_kept_apart();
    if profile == Profile::Strict && !mixed.is_empty() {
        let detail = format!(
            "{} hold several of administration, security and audit: grant each to somebody else first.",
            mixed.join(", ")
        );
        return Err(Problem::conflict("profile.not_kept_apart", detail));
    }
    let system: StaffId = SYSTEM.parse().map_err(Problem::internal)?;
    let key = door.ids().uuid().to_string();
    let by = Asking::within(system.clone(), vec![Role::Admin], key);
    door.staff(by, &system, staff::Command::SetProfile(profile)).await.map(|_| ())
}

/// A pack that was given and is not followed must not look as if it were.
fn warn_of_another(door: &Door, given: &Pack) -> Result<(), Problem> {
    let given = given.hash().map_err(Problem::internal)?;
    if let Some(in_force) = door.house().policy().filter(|policy| *policy.hash != *given) {
        tracing::warn!(
            in_force = %in_force.hash,
            %given,
            "--policy is what a new store starts with; this store keeps the pack in force: \
             another one is not loaded into an existing store by this option"
        );
    }
    Ok(())
}

/// Waits until the process is told to stop.
pub async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        match signal(SignalKind::terminate()) {
            Ok(mut terminate) => {
                tokio::select! {
                    _ = interrupt => {}
                    _ = terminate.recv() => {}
                }
            }
            Err(_) => {
                let _ = interrupt.await;
            }
        }
    }
    #[cfg(not(unix))]
    {
        let _ = interrupt.await;
    }
}

/// The address as people open it.
pub fn address(listen: SocketAddr) -> String {
    format!("http://{listen}")
}
