//! The PostgreSQL that everything is measured on: the one that was named, else a private one in a temporary folder.
//!
//! A private cluster runs with every safety on (fsync, synchronous commit, full pages), as a user that is not root.

use std::{
    fs,
    net::TcpListener,
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use sqlx::{Connection, PgConnection};

/// What is set besides PostgreSQL's own defaults.
const SETTINGS: &[&str] = &[
    "fsync=on",
    "synchronous_commit=on",
    "full_page_writes=on",
    "shared_buffers=1GB",
    "max_wal_size=4GB",
    "max_connections=300",
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
];

const START_MAX: Duration = Duration::from_secs(60);

/// A server, and how to reach it.
pub struct Cluster {
    url: String,
    own: Option<Own>,
}

struct Own {
    server: Child,
    /// Removed when it is dropped, after the server has stopped.
    _folder: tempfile::TempDir,
}

impl Cluster {
    /// Uses the database at `url`, or starts a cluster of our own.
    pub async fn reach(url: Option<String>) -> Result<Self> {
        match url {
            Some(url) => Ok(Self { url, own: None }),
            None => Self::start().await,
        }
    }

    async fn start() -> Result<Self> {
        let programs = programs()?;
        let folder = tempfile::Builder::new().prefix("probity-bench-").tempdir()?;
        let user = unprivileged(folder.path())?;
        let data = folder.path().join("data");
        let mut initdb = Command::new(programs.join("initdb"));
        initdb.args(["--username=bench", "--auth=trust", "--encoding=UTF8", "--locale=C", "-D"]);
        as_user(initdb.arg(&data), user);
        let made = initdb.current_dir(folder.path()).output().context("initdb")?;
        if !made.status.success() {
            bail!("initdb: {}", String::from_utf8_lossy(&made.stderr));
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut server = Command::new(programs.join("postgres"));
        server.arg("-D").arg(&data).args(["-p", &port.to_string()]);
        for setting in SETTINGS {
            server.args(["-c", setting]);
        }
        as_user(&mut server, user);
        let log = fs::File::create(folder.path().join("log"))?;
        server.current_dir(folder.path()).stdout(Stdio::null()).stderr(log);
        let server = server.spawn().context("postgres")?;
        let url = format!("postgres://bench@127.0.0.1:{port}/postgres");
        let cluster = Self { url, own: Some(Own { server, _folder: folder }) };
        cluster.ready().await?;
        Ok(cluster)
    }

    async fn ready(&self) -> Result<()> {
        let began = Instant::now();
        loop {
            match PgConnection::connect(&self.url).await {
                Ok(connection) => return Ok(connection.close().await?),
                Err(error) if began.elapsed() > START_MAX => bail!("postgres: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// The server's version and what of its settings decides durability and speed.
    pub async fn described(&self) -> Result<String> {
        let mut connection = PgConnection::connect(&self.url).await?;
        let sql = "SELECT name || '=' || setting FROM pg_settings WHERE name IN ('server_version', 'fsync', \
                   'synchronous_commit', 'full_page_writes', 'shared_buffers', 'max_wal_size') ORDER BY name LIMIT 10";
        let settings: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await?;
        Ok(settings.join(" "))
    }

    /// An empty schema of this name; whatever was in it is gone.
    pub async fn schema(&self, name: &str) -> Result<String> {
        let mut connection = PgConnection::connect(&self.url).await?;
        for sql in
            [format!("DROP SCHEMA IF EXISTS {name} CASCADE"), format!("CREATE SCHEMA {name}")]
        {
            sqlx::query(&sql).execute(&mut connection).await?;
        }
        let mark = if self.url.contains('?') { '&' } else { '?' };
        Ok(format!("{}{mark}options[search_path]={name}", self.url))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some(own) = &mut self.own {
            // SIGINT is PostgreSQL's fast shutdown; a cluster that does not hear it is thrown away all the same.
            let heard = Command::new("kill").args(["-INT", &own.server.id().to_string()]).status();
            if !heard.is_ok_and(|status| status.success()) {
                let _ = own.server.kill();
            }
            let _ = own.server.wait();
        }
    }
}

fn programs() -> Result<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<_> = installed.map(|version| version.path().join("bin")).collect();
    folders.sort();
    folders.push("/usr/local/bin".into());
    folders.push("/usr/bin".into());
    let complete = |f: &PathBuf| f.join("initdb").exists() && f.join("postgres").exists();
    folders
        .into_iter()
        .rfind(complete)
        .context("no PostgreSQL here: install it, or name a database in PROBITY_BENCH_POSTGRES")
}

/// Who runs the server where we are root, which PostgreSQL refuses; the folder is given to that user.
fn unprivileged(folder: &Path) -> Result<Option<(u32, u32)>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let (uid, gid) = of("postgres").or_else(|| of("nobody")).context("no user but root")?;
    std::os::unix::fs::chown(folder, Some(uid), Some(gid))?;
    Ok(Some((uid, gid)))
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) {
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
}
