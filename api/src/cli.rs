//! The commands of the command line other than serving: each opens the store, does one thing, and prints its result.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use domain::customer::Customer;
use domain::policy::{Pack, Policy};
use domain::product::Product;
use domain::proposal::Proposal;
use domain::staff::{Role, Staff};
use indicatif::{ProgressBar, ProgressStyle};
use journal::{Engine, Exclusive, Journal};
use projections::{Difference, Side};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::asked::Asking;
use crate::auth::SECRET_PREFIX;
use crate::config::{Cli, Command, ServeOptions, StoreOptions, TokenCommand, UsageError};
use crate::review::daily;
use crate::serve::{Opened, Opening, StartError, address, told_to_stop};
use crate::tokens::{IssueToken, issue_with, listed, revoke_token};

/// Whoever uses the command line on the machine itself.
const OPERATOR: &str = "staff-operator";

/// Why a command of the command line did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// Wrong usage.
    #[error("{0}")]
    Usage(#[from] UsageError),
    /// The input or the data is at fault.
    #[error("{0}")]
    Data(String),
}

impl Fault {
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(2),
            Self::Data(_) => ExitCode::from(1),
        }
    }
}

macro_rules! data_faults {
    ($($error:ty),+) => {$(
        impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Self::Data(error.to_string())
            }
        }
    )+};
}

data_faults!(
    StartError,
    std::io::Error,
    journal::Error,
    journal::Unsound,
    projections::Error,
    crate::problem::Problem
);

/// Does what the command line says.
pub async fn run(cli: Cli) -> Result<(), Fault> {
    match cli.command {
        None | Some(Command::Serve) => serve(&cli.store, &cli.serving).await,
        Some(Command::Token(command)) => token(&cli.store, command).await,
        Some(Command::Migrate(options)) => migrate(&cli.store, options.grant.as_deref()).await,
        Some(Command::Rebuild(options)) => rebuild(&cli.store, options.table.as_deref()).await,
        Some(Command::Verify) => verify(&cli.store).await,
        Some(Command::Backup(options)) => backup(&cli.store, &options.file).await,
        Some(Command::Import(options)) => crate::import::run(&cli.store, &options).await,
        Some(Command::Policy(command)) => crate::policies::run(&cli.store, command).await,
        Some(Command::Demo(options)) => crate::demo::run(&cli.serving, &options).await,
    }
}

/// What the store is opened with, as the options say.
pub fn opening(store: &StoreOptions) -> Result<Opening, Fault> {
    let database = store.database()?;
    let attachments = store.attachments(&database);
    let mut opening = Opening::of(database, attachments);
    // Whichever command is the first one begins the store.
    opening.bootstrap_token = store.bootstrap_token()?;
    opening.pack = pack(store)?;
    opening.profile = store.profile;
    Ok(opening)
}

/// The policy pack that was given.
pub fn pack(store: &StoreOptions) -> Result<Option<Pack>, Fault> {
    let Some(path) = &store.policy else { return Ok(None) };
    let text = std::fs::read_to_string(path).map_err(|error| UsageError::Unreadable {
        option: "--policy",
        path: path.clone(),
        error,
    })?;
    let pack = Pack::parse(&text);
    pack.map(Some).map_err(|error| Fault::Data(format!("{}: {error}", path.display())))
}

fn serving(store: &StoreOptions, options: &ServeOptions) -> Result<Opening, Fault> {
    let mut opening = opening(store)?;
    opening.exclusive = Exclusive::Yes;
    // What a dead predecessor left is told by this name: two that share it would end each other's connections.
    opening.instance = options.instance.clone().unwrap_or_else(|| options.listen.to_string());
    opening.request_timeout = Duration::from_millis(options.request_timeout_ms);
    opening.streams_per_token = usize::from(options.streams_per_token);
    opening.cache_bytes = usize::from(options.cache_mib) << 20;
    Ok(opening)
}

async fn serve(store: &StoreOptions, options: &ServeOptions) -> Result<(), Fault> {
    options.check_exposure()?;
    let opening = serving(store, options)?;
    let database = opening.database.clone();
    let listener = listen(options).await?;
    let opened = Opened::open(opening).await?;
    welcome(&opened)?;
    warn_owner(&opened).await?;
    serve_opened(opened, listener).await?;
    tracing::info!(%database, "closed");
    Ok(())
}

/// Shows the administrator's token of a store that was begun just now: whoever begins it, nobody sees it again.
fn welcome(opened: &Opened) -> Result<(), Fault> {
    match &opened.first_token {
        Some(token) => say(&format!("The administrator's token, shown this once: {token}")),
        None => Ok(()),
    }
}

/// Append-only is enforced by what the serving role may not do: an owner may do everything.
async fn warn_owner(opened: &Opened) -> Result<(), Fault> {
    if opened.door.journal().may_change_events().await? {
        tracing::warn!(
            "this role may change and delete events: serve as another one, which `probity migrate --grant ROLE` prepares"
        );
    }
    Ok(())
}

/// Takes the port, before anything that takes longer or changes the store.
pub async fn listen(options: &ServeOptions) -> Result<TcpListener, Fault> {
    TcpListener::bind(options.listen).await.map_err(|error| {
        let advice = "choose another --listen";
        Fault::Data(format!("{} cannot be listened on ({error}): {advice}", options.listen))
    })
}

/// Says where it listens, and serves until told to stop.
pub async fn serve_opened(opened: Opened, listener: TcpListener) -> Result<(), Fault> {
    say(&format!("Probity listens on {}", address(listener.local_addr()?)))?;
    let closing = CancellationToken::new();
    let reviews = tokio::spawn(daily(opened.door.clone(), closing.clone()));
    opened.serve(listener, told_to_stop()).await?;
    closing.cancel();
    let _ = reviews.await;
    opened.close().await;
    Ok(())
}

async fn token(store: &StoreOptions, command: TokenCommand) -> Result<(), Fault> {
    let opened = Opened::open(opening(store)?).await?;
    welcome(&opened)?;
    let done = token_at(&opened, command).await;
    opened.close().await;
    done
}

async fn token_at(opened: &Opened, command: TokenCommand) -> Result<(), Fault> {
    let door = &opened.door;
    let by = || -> Result<Asking, Fault> {
        let operator = OPERATOR.parse().map_err(crate::problem::Problem::internal)?;
        Ok(Asking::within(operator, vec![Role::Admin], door.ids().uuid().to_string()))
    };
    match command {
        TokenCommand::Create { name, roles, staff, machine } => {
            let token = IssueToken {
                name: Some(name),
                role: None,
                roles: Some(roles.into_iter().collect()),
                staff,
                machine,
            };
            let secret = door.ids().secret().map_err(crate::problem::Problem::internal)?;
            let secret = format!("{SECRET_PREFIX}{secret}");
            let (_, issued) = issue_with(door, by()?, token, secret.clone()).await?;
            say(&format!("{}\t{}\t{secret}", issued.id(), issued.staff()))
        }
        TokenCommand::List => {
            for token in listed(door).await? {
                let roles: Vec<_> = token.roles.iter().map(|role| role.code()).collect();
                let name = token.name.unwrap_or_default();
                say(&format!("{}\t{}\t{}\t{name}", token.id, token.staff, roles.join(",")))?;
            }
            Ok(())
        }
        TokenCommand::Revoke { id } => {
            revoke_token(door, by()?, id).await?;
            say(&format!("{id} is revoked"))
        }
    }
}

async fn migrate(store: &StoreOptions, grant: Option<&str>) -> Result<(), Fault> {
    let database = store.database()?;
    if let Some(folder) = database.sqlite_path().and_then(Path::parent) {
        tokio::fs::create_dir_all(folder).await?;
    }
    Journal::migrate(database.reveal()).await?;
    if let Some(role) = grant {
        Journal::grant(database.reveal(), role).await?;
        say(&format!("{role} may read and append"))?;
    }
    say(&format!("{database} is at this version"))
}

/// The journal alone, for commands that give none.
pub async fn journal(store: &StoreOptions) -> Result<Journal, Fault> {
    let database = store.database()?;
    let opened = Journal::open(database.reveal(), journal::Options::default()).await;
    opened.map_err(|error| Fault::Data(format!("{database}: {error}")))
}

async fn rebuild(store: &StoreOptions, table: Option<&str>) -> Result<(), Fault> {
    let journal = journal(store).await?;
    let rebuilt = async {
        projections::reset(&journal, table).await?;
        projections::catch_up(&journal).await
    };
    let reached = rebuilt.await;
    journal.close().await;
    let reached = reached?;
    say(&format!("{} filled up to position {reached}", table.unwrap_or("every read model is")))
}

async fn verify(store: &StoreOptions) -> Result<(), Fault> {
    let journal = journal(store).await?;
    let verified = verify_all(&journal).await;
    journal.close().await;
    verified
}

/// The journal first: read models are compared with what it proves.
async fn verify_all(journal: &Journal) -> Result<(), Fault> {
    let report = journal.verify().await?;
    say(&format!(
        "journal: {} events in {} streams, {} leaf hashes, {} keys, {} claims; positions and versions are dense",
        report.events, report.streams, report.hashed, report.keys, report.claims
    ))?;
    for (what, streams) in [
        ("customers", journal.verify_streams::<Customer>().await?),
        ("products", journal.verify_streams::<Product>().await?),
        ("staff", journal.verify_streams::<Staff>().await?),
        ("policies", journal.verify_streams::<Policy>().await?),
        ("proposals", journal.verify_streams::<Proposal>().await?),
    ] {
        say(&format!("{what}: {streams} folded by the stock reader too, with the same result"))?;
    }
    let decisions = journal.verify_decisions().await?;
    say(&format!("decisions: {decisions} made again from what is on record, each as it was"))?;
    let verified = projections::verify(journal).await?;
    for (table, rows) in &verified.tables {
        say(&format!("{table}: {rows} rows"))?;
    }
    if let Some(difference) = verified.differences.first() {
        let Difference { table, key, side } = difference;
        let fault = match side {
            Side::Unexpected => "has a row that no event leads to",
            Side::Missing => "lacks a row that the journal leads to",
        };
        return Err(Fault::Data(format!("{table} {fault} ({key}): run `probity rebuild {table}`")));
    }
    say(&format!("the read models are what the journal says, up to position {}", verified.position))
}

async fn backup(store: &StoreOptions, file: &Path) -> Result<(), Fault> {
    if tokio::fs::try_exists(file).await? {
        return Err(Fault::Data(format!("{} exists: choose another name", file.display())));
    }
    let journal = journal(store).await?;
    let Engine::Sqlite(pool) = journal.engine() else {
        let advice =
            "a PostgreSQL store is backed up by pg_dump or point-in-time recovery; see README";
        return Err(Fault::Data(advice.to_owned()));
    };
    let copied = sqlx::query("VACUUM INTO $1").bind(file.to_string_lossy()).execute(pool).await;
    copied.map_err(|error| Fault::Data(format!("{}: {error}", file.display())))?;
    journal.close().await;
    // The copy counts once it would survive a power cut.
    tokio::fs::File::open(file).await?.sync_all().await?;
    say(&format!("{} is a copy of the store; copy the folder of scans beside it", file.display()))
}

/// A result, on stdout.
pub fn say(line: &str) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()?;
    Ok(())
}

/// A bar on stderr that counts these; nothing where that is no terminal.
pub fn bar(counted: &str) -> ProgressBar {
    let template =
        format!("{{bar:40}} {{pos}}/{{len}} {counted}, {{per_sec}}, {{eta}} left {{msg}}");
    let style = ProgressStyle::with_template(&template);
    ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Starts the log, on stderr.
pub fn start_log(options: &crate::config::LogOptions) {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_new(&options.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second log in one process (tests) is no fault.
    let _ = match options.format {
        crate::config::LogFormat::Text => log.try_init(),
        crate::config::LogFormat::Json => log.json().try_init(),
    };
}
