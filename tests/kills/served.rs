//! The binary in a process of its own, on a store that outlives it.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;
use tests::engine::Home;

const BINARY: &str = env!("CARGO_BIN_EXE_probity-under-test");
pub(crate) const ADMINISTRATOR: &str = "administrator-of-the-kills";

/// A database and a folder of scans, which stay through all kills.
pub(crate) struct Store {
    pub(crate) home: Home,
    folder: TempDir,
}

impl Store {
    pub(crate) fn new(home: Home) -> Self {
        Self { home, folder: tempfile::tempdir().unwrap() }
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// What the processes had to say.
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(self.log()).unwrap_or_default()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        let mut command = Command::new(BINARY);
        // Nothing of whoever runs the tests reaches the binary.
        command.env_clear().args(arguments).args(["--log", "warn", "--database", &self.home.url]);
        command.arg("--attachments").arg(self.folder.path().join("attachments"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        command
    }

    /// Starts to serve under this name among the processes of the store.
    pub(crate) fn start(&self, name: &str) -> Starting {
        let name = format!("{name}-{}", self.home.schema);
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0", "--instance", &name]);
        Starting(command.env("PROBITY_BOOTSTRAP_TOKEN", ADMINISTRATOR).spawn().unwrap())
    }

    /// Starts, and waits until it can be asked.
    pub(crate) fn serve(&self, name: &str) -> Served {
        let mut starting = self.start(name);
        let out = starting.0.stdout.take().unwrap();
        for line in BufReader::new(out).lines() {
            if let Some(base) = line.unwrap().strip_prefix("Probity listens on ") {
                return Served { base: base.to_owned(), _process: starting };
            }
        }
        panic!("it did not start:\n{}", self.said());
    }

    /// A command of the command line, which must succeed; answers what it printed.
    pub(crate) fn command_line(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}\n{}", output.status, self.said());
        String::from_utf8(output.stdout).unwrap()
    }
}

/// A process that was started. It is killed when this is dropped, whatever it is doing: that is `kill -9`.
pub(crate) struct Starting(Child);

impl Drop for Starting {
    fn drop(&mut self) {
        // Only a process that ended by itself cannot be killed.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that listens.
pub(crate) struct Served {
    pub(crate) base: String,
    _process: Starting,
}

impl Served {
    pub(crate) fn kill(self) {
        drop(self);
    }
}
