//! The command line and its environment twins. This is the only place that reads the environment.

mod policy;

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use clap::builder::{BoolishValueParser, PossibleValuesParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use domain::ids::{StaffId, TokenId};
use domain::staff::{Profile, Role};
use domain::text::Line;

use crate::demo::{CUSTOMERS_MAX, CUSTOMERS_MIN, DAYS_MAX, DAYS_MIN};

pub use self::policy::{AffectedOptions, PolicyCommand, Reading, SimulateOptions};
pub use crate::database_url::DatabaseUrl;

/// Where the embedded database lies when nothing else is said.
const DATABASE_DEFAULT: &str = "sqlite:./probity-data/probity.db";
/// Where we listen when nothing else is said.
const LISTEN_DEFAULT: &str = "127.0.0.1:8080";
/// Version and commit, as `--version` prints them.
pub const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("PROBITY_COMMIT"), ")");

const EXAMPLES: &str = "\
Examples:
  probity                                      serve from ./probity-data/probity.db on 127.0.0.1:8080
  probity demo                                 a filled, throw-away store to look around in
  probity --database postgres://probity@db/probity serve
  PROBITY_DATABASE_FILE=/run/secrets/database probity serve
  probity token create --name 'ERP bridge' --role integrator
  probity import receivables open-items.csv --mapping erp.toml --dry-run
  probity verify                               prove that nothing was lost, doubled or changed

Every option has an environment twin (PROBITY_DATABASE for --database, and so on); an option on the command line wins.
Results go to stdout, the log to stderr. Exit codes: 0 done, 1 the input or the data is at fault, 2 wrong usage.";

/// May this customer do this, now? Probity answers, and remembers every answer.
#[derive(Debug, Parser)]
#[command(name = "probity", version = VERSION, after_help = EXAMPLES, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub store: StoreOptions,
    #[command(flatten)]
    pub serving: ServeOptions,
    #[command(flatten)]
    pub log: LogOptions,
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Cli {
    /// Reads this process's command line and environment; ends the process where they are wrong or ask for help.
    pub fn read() -> Self {
        let matches = Self::command().get_matches();
        let read = Self::from_arg_matches(&matches);
        let mut cli = read.unwrap_or_else(|error| error.exit());
        cli.store.outrank(&matches);
        cli
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve HTTP (what happens without a command, too)
    Serve,
    /// Serve a throw-away store filled with the demonstration company
    Demo(DemoOptions),
    /// Take customers, products or receivables from a CSV or XLSX file
    #[command(after_help = crate::import::help())]
    Import(ImportOptions),
    /// Make, list and revoke credentials
    #[command(subcommand)]
    Token(TokenCommand),
    /// Create the tables, or bring them to this version
    Migrate(MigrateOptions),
    /// Fill the read models again from the journal
    Rebuild(RebuildOptions),
    /// Prove the journal's integrity and compare the read models with it
    Verify,
    /// Check, compare and try policy packs, and edit their tables as spreadsheets
    #[command(subcommand, after_help = policy::EXAMPLES)]
    Policy(PolicyCommand),
    /// Write a consistent copy of a SQLite store
    Backup(BackupOptions),
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Store")]
pub struct StoreOptions {
    /// Where the data lies: sqlite:PATH or postgres://… [default: sqlite:./probity-data/probity.db]
    #[arg(
        long,
        env = "PROBITY_DATABASE",
        value_name = "URL",
        global = true,
        hide_env_values = true
    )]
    database: Option<String>,
    /// A file that holds the URL, for URLs with a password
    #[arg(long, env = "PROBITY_DATABASE_FILE", value_name = "FILE", global = true)]
    database_file: Option<PathBuf>,
    /// The folder of scans [default: `attachments` beside the SQLite file, ./probity-data/attachments otherwise]
    #[arg(long, env = "PROBITY_ATTACHMENTS", value_name = "DIR", global = true)]
    attachments: Option<PathBuf>,
    /// The policy pack that a new store starts with [default: the built-in one]
    #[arg(long, env = "PROBITY_POLICY", value_name = "FILE", global = true)]
    pub policy: Option<PathBuf>,
    /// `strict`: a reset of components takes two administrators, administration, security and audit are three people, and approvals
    /// need a session. It is recorded in the store, and a strict store stays so [default: what the store is; a new one is ordinary]
    #[arg(long, env = "PROBITY_PROFILE", value_name = "PROFILE", global = true)]
    pub profile: Option<Profile>,
    /// The administrator's token of a new store, instead of a made one
    #[arg(
        long,
        env = "PROBITY_BOOTSTRAP_TOKEN",
        value_name = "TOKEN",
        global = true,
        hide_env_values = true
    )]
    bootstrap_token: Option<String>,
    /// A file that holds that token
    #[arg(long, env = "PROBITY_BOOTSTRAP_TOKEN_FILE", value_name = "FILE", global = true)]
    bootstrap_token_file: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Serving")]
pub struct ServeOptions {
    /// The address to listen on
    #[arg(long, env = "PROBITY_LISTEN", value_name = "ADDR", global = true, default_value = LISTEN_DEFAULT)]
    pub listen: SocketAddr,
    /// The name of this process among those that serve one PostgreSQL database: no two may share it [default: the address]
    #[arg(long, env = "PROBITY_INSTANCE", value_name = "NAME", global = true)]
    pub instance: Option<String>,
    /// TLS ends in a proxy in front of us: other addresses than loopback are allowed
    #[arg(long, env = "PROBITY_BEHIND_PROXY", global = true, value_parser = switch())]
    pub behind_proxy: bool,
    /// How long a request may take before it is answered 503
    #[arg(long, env = "PROBITY_REQUEST_TIMEOUT_MS", value_name = "MS", global = true, default_value_t = 10_000,
          value_parser = clap::value_parser!(u64).range(100..=600_000))]
    pub request_timeout_ms: u64,
    /// How many event streams one token may hold open
    #[arg(long, env = "PROBITY_STREAMS_PER_TOKEN", value_name = "N", global = true, default_value_t = 128,
          value_parser = clap::value_parser!(u16).range(1..))]
    pub streams_per_token: u16,
    /// Memory for open customers, in MiB
    #[arg(long, env = "PROBITY_CACHE_MIB", value_name = "MIB", global = true, default_value_t = 256,
          value_parser = clap::value_parser!(u16).range(8..))]
    pub cache_mib: u16,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Log")]
pub struct LogOptions {
    /// What to log: error, warn, info, debug, or target=level,…
    #[arg(
        long = "log",
        env = "PROBITY_LOG",
        value_name = "FILTER",
        global = true,
        default_value = "info,sqlx=warn"
    )]
    pub filter: String,
    /// How to log
    #[arg(long = "log-format", env = "PROBITY_LOG_FORMAT", global = true, value_enum, default_value_t = LogFormat::Text)]
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

#[derive(Args, Clone, Debug)]
pub struct DemoOptions {
    /// How many customers: at least the 16 that have a part to play, at most 20,000
    #[arg(long, env = "PROBITY_DEMO_CUSTOMERS", value_name = "N", default_value_t = 40,
          value_parser = clap::value_parser!(u32).range(within(CUSTOMERS_MIN, CUSTOMERS_MAX)))]
    pub customers: u32,
    /// How many days of trade until today: at least 60, at most 3,650
    #[arg(long, env = "PROBITY_DEMO_DAYS", value_name = "N", default_value_t = 240,
          value_parser = clap::value_parser!(u32).range(within(DAYS_MIN, DAYS_MAX)))]
    pub days: u32,
    /// The same seed on the same day gives the same company, secrets excepted
    #[arg(long, env = "PROBITY_DEMO_SEED", value_name = "S", default_value_t = 1)]
    pub seed: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ImportKind {
    Customers,
    Products,
    Receivables,
}

#[derive(Args, Clone, Debug)]
pub struct ImportOptions {
    /// What the file holds
    #[arg(value_enum)]
    pub kind: ImportKind,
    /// CSV (UTF-8 or GB18030) or XLSX
    pub file: PathBuf,
    /// Which column is what, the currency and the date format
    #[arg(long, env = "PROBITY_IMPORT_MAPPING", value_name = "MAP.toml")]
    pub mapping: Option<PathBuf>,
    /// Read and check everything, record nothing
    #[arg(long, env = "PROBITY_IMPORT_DRY_RUN", value_parser = switch())]
    pub dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token; its secret is shown once
    Create {
        /// What the token is called in `token list`
        #[arg(long, env = "PROBITY_TOKEN_NAME")]
        name: Line<100>,
        /// What it may do; for --machine several times, or several with commas between
        #[arg(
            long = "role",
            env = "PROBITY_TOKEN_ROLE",
            value_name = "ROLE",
            required = true,
            value_delimiter = ','
        )]
        roles: Vec<Role>,
        /// Whose token it is; without, a new staff member is made
        #[arg(long, env = "PROBITY_TOKEN_STAFF")]
        staff: Option<StaffId>,
        /// A program's token, which names the person by the header Probity-Staff
        #[arg(long, env = "PROBITY_TOKEN_MACHINE", value_parser = switch())]
        machine: bool,
    },
    /// List tokens, without their secrets
    List,
    /// Revoke a token
    Revoke {
        /// The id that `token list` shows
        id: TokenId,
    },
}

#[derive(Args, Clone, Debug)]
pub struct MigrateOptions {
    /// PostgreSQL: let this role serve (read and append, nothing else)
    #[arg(long, env = "PROBITY_MIGRATE_GRANT", value_name = "ROLE")]
    pub grant: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct RebuildOptions {
    /// One read model only
    #[arg(value_parser = PossibleValuesParser::new(projections::names()))]
    pub table: Option<String>,
}

#[derive(Args, Clone, Debug)]
pub struct BackupOptions {
    /// Where the copy goes; it must not exist
    pub file: PathBuf,
}

fn within(least: u32, most: u32) -> RangeInclusive<i64> {
    least.into()..=most.into()
}

/// What a switch is in the environment: 1, true, yes, on, or 0, false, no, off. Anything else is a mistake, and refused.
fn switch() -> BoolishValueParser {
    BoolishValueParser::new()
}

/// The options contradict each other or cannot be read: exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    #[error("{option} names {}, which cannot be read ({error}): check the path and its permissions", path.display())]
    Unreadable { option: &'static str, path: PathBuf, error: std::io::Error },
    #[error("give either {one} or {other}, not both")]
    Both { one: &'static str, other: &'static str },
    #[error("{0} is not a database: write sqlite:PATH or postgres://USER@HOST/NAME")]
    Database(DatabaseUrl),
    #[error(
        "{0} is reachable from other machines, and Probity speaks plain HTTP: listen on 127.0.0.1, \
         or say --behind-proxy when a proxy in front ends TLS"
    )]
    Exposed(SocketAddr),
    #[error("the bootstrap token needs 16 to 200 visible ASCII characters without spaces")]
    BootstrapToken,
}

impl StoreOptions {
    /// What stands on the command line wins over the environment, also where it says the same by the other one of two options.
    fn outrank(&mut self, matches: &ArgMatches) {
        let loses = |option: &str, other: &str| {
            matches.value_source(option) == Some(ValueSource::EnvVariable)
                && matches.value_source(other) == Some(ValueSource::CommandLine)
        };
        self.database.take_if(|_| loses("database", "database_file"));
        self.database_file.take_if(|_| loses("database_file", "database"));
        self.bootstrap_token.take_if(|_| loses("bootstrap_token", "bootstrap_token_file"));
        self.bootstrap_token_file.take_if(|_| loses("bootstrap_token_file", "bootstrap_token"));
    }

    /// The database, from the option or from its file.
    pub fn database(&self) -> Result<DatabaseUrl, UsageError> {
        let url = one_of(
            ("--database", self.database.as_ref()),
            ("--database-file", self.database_file.as_deref()),
        )?;
        let url = DatabaseUrl::new(url.unwrap_or_else(|| DATABASE_DEFAULT.to_owned()));
        let named = url.sqlite_path().is_some_and(|path| !path.as_os_str().is_empty());
        if named || url.is_postgres() { Ok(url) } else { Err(UsageError::Database(url)) }
    }

    /// The folder of scans that belongs to `database`.
    pub fn attachments(&self, database: &DatabaseUrl) -> PathBuf {
        if let Some(folder) = &self.attachments {
            return folder.clone();
        }
        let beside = database.sqlite_path().and_then(Path::parent);
        beside.unwrap_or(Path::new("./probity-data")).join("attachments")
    }

    /// The administrator's token of a new store, where one was given.
    pub fn bootstrap_token(&self) -> Result<Option<String>, UsageError> {
        let token = one_of(
            ("--bootstrap-token", self.bootstrap_token.as_ref()),
            ("--bootstrap-token-file", self.bootstrap_token_file.as_deref()),
        )?;
        match token {
            Some(token)
                if !(16..=200).contains(&token.len())
                    || !token.bytes().all(|byte| byte.is_ascii_graphic()) =>
            {
                Err(UsageError::BootstrapToken)
            }
            token => Ok(token),
        }
    }
}

impl ServeOptions {
    /// Refuses to be reachable from other machines over plain HTTP.
    pub fn check_exposure(&self) -> Result<(), UsageError> {
        let safe = self.listen.ip().is_loopback() || self.behind_proxy;
        if safe { Ok(()) } else { Err(UsageError::Exposed(self.listen)) }
    }
}

/// A secret from its option or from its file, whose last line break does not count.
fn one_of(
    (option, given): (&'static str, Option<&String>),
    (file_option, file): (&'static str, Option<&Path>),
) -> Result<Option<String>, UsageError> {
    match (given, file) {
        (Some(_), Some(_)) => Err(UsageError::Both { one: option, other: file_option }),
        (Some(text), None) => Ok(Some(text.clone())),
        (None, Some(path)) => match std::fs::read_to_string(path) {
            Ok(text) => Ok(Some(text.trim().to_owned())),
            Err(error) => {
                Err(UsageError::Unreadable { option: file_option, path: path.to_owned(), error })
            }
        },
        (None, None) => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn options_stand_before_or_after_the_command() {
        for line in ["probity --listen 127.0.0.1:9 serve", "probity serve --listen 127.0.0.1:9"] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.serving.listen.port(), 9, "{line}");
        }
    }

    #[test]
    fn every_option_of_every_command_has_an_environment_twin() {
        let mut commands = vec![Cli::command()];
        let mut seen = BTreeMap::new();
        while let Some(command) = commands.pop() {
            for argument in command.get_arguments().filter(|it| !it.is_positional()) {
                let id = argument.get_id().as_str();
                let twin = argument.get_env();
                assert!(twin.is_some() || ["help", "version"].contains(&id), "{command} {id}");
                let other = twin.and_then(|twin| seen.insert(twin.to_owned(), id.to_owned()));
                assert!(other.is_none_or(|other| other == id), "two options share {twin:?}");
            }
            commands.extend(command.get_subcommands().cloned());
        }
        assert!(seen.len() > 20, "{seen:?}");
    }

    #[test]
    fn the_demonstration_is_as_long_and_as_large_as_it_was_asked_for() {
        for (option, given, taken) in [
            ("--days", "59", false),
            ("--days", "60", true),
            ("--days", "3651", false),
            ("--customers", "15", false),
            ("--customers", "20000", true),
            ("--customers", "20001", false),
        ] {
            let read = Cli::try_parse_from(["probity", "demo", option, given]);
            assert_eq!(read.is_ok(), taken, "{option} {given}");
            assert!(taken || read.unwrap_err().to_string().contains("..="), "{option}");
        }
    }

    #[test]
    fn scans_lie_beside_the_sqlite_file() {
        let cli =
            Cli::try_parse_from(["probity", "--database", "sqlite:/srv/p/probity.db"]).unwrap();
        let database = cli.store.database().unwrap();
        assert_eq!(cli.store.attachments(&database), Path::new("/srv/p/attachments"));
    }

    #[test]
    fn a_database_needs_a_known_scheme() {
        for url in ["mysql://x", "sqlite:", "probity.db"] {
            let cli = Cli::try_parse_from(["probity", "--database", url]).unwrap();
            assert!(matches!(cli.store.database(), Err(UsageError::Database(_))), "{url}");
        }
    }

    #[test]
    fn other_addresses_than_loopback_need_a_proxy() {
        for (line, allowed) in [
            ("probity", true),
            ("probity --listen [::1]:80", true),
            ("probity --listen 0.0.0.0:80", false),
            ("probity --listen 0.0.0.0:80 --behind-proxy", true),
        ] {
            let cli = Cli::try_parse_from(line.split(' ')).unwrap();
            assert_eq!(cli.serving.check_exposure().is_ok(), allowed, "{line}");
        }
    }

    #[test]
    fn a_secret_is_read_from_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789abcdef\n").unwrap();
        let path = file.path().to_str().unwrap();
        let cli = Cli::try_parse_from(["probity", "--bootstrap-token-file", path]).unwrap();
        assert_eq!(cli.store.bootstrap_token().unwrap().as_deref(), Some("0123456789abcdef"));
        let both = ["probity", "--bootstrap-token-file", path, "--bootstrap-token", "x"];
        let cli = Cli::try_parse_from(both).unwrap();
        assert!(matches!(cli.store.bootstrap_token(), Err(UsageError::Both { .. })));
    }
}
