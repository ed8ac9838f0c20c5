//! Servers in processes of their own: the whole of Probity, and stock behind an HTTP layer of the same making.
//!
//! Each is this program again with a hidden subcommand. It prints its address and serves until its stdin ends.

use std::{collections::HashMap, path::Path, process::Stdio, sync::Arc, time::Duration};

use anyhow::{Context as _, Result};
use api::{
    config::DatabaseUrl,
    serve::{Opened, Opening},
};
use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path as InPath, State},
    http::{HeaderMap, StatusCode, header},
    routing::post,
};
use clap::{Args, ValueEnum};
use cqrs_es::{AggregateError, CqrsFramework, persist::PersistedEventStore};
use domain::{
    customer::{Command, Customer, trading},
    decider::Directed,
    ids::{CustomerId, ProductId, StaffId},
    money::{Quantity, UnitPrice},
    staff::Role,
    text::Line,
};
use postgres_es::PostgresEventRepository;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    process::{Child, ChildStdin, Command as Process},
};
use uuid::Uuid;

use crate::{company::Company, stock, wire::Connection};

/// The administrator of every store here.
pub const ADMINISTRATOR: &str = "administrator-of-the-benchmark";
/// Stock's best number of connections, by the rows without HTTP.
const STOCK_CONNECTIONS: u32 = 32;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Side {
    Probity,
    Stock,
}

/// What a server is told.
#[derive(Args, Debug)]
pub struct Serve {
    #[arg(long)]
    side: Side,
    #[arg(long)]
    url: String,
    #[arg(long)]
    folder: std::path::PathBuf,
}

/// The life of a server.
pub async fn serve(order: Serve) -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = async {
        let _ = tokio::io::stdin().read(&mut [0]).await;
    };
    match order.side {
        Side::Probity => {
            let mut opening = Opening::of(DatabaseUrl::new(&order.url), order.folder);
            opening.bootstrap_token = Some(ADMINISTRATOR.to_owned());
            let opened = Opened::open(opening).await?;
            announce(&address.to_string()).await?;
            opened.serve(listener, stop).await?;
            opened.close().await;
        }
        Side::Stock => {
            let router = stock_routes(&order.url).await?;
            announce(&address.to_string()).await?;
            axum::serve(listener, router).with_graceful_shutdown(stop).await?;
        }
    }
    Ok(())
}

async fn announce(address: &str) -> Result<()> {
    let mut out = tokio::io::stdout();
    out.write_all(format!("{address}\n").as_bytes()).await?;
    Ok(out.flush().await?)
}

/// A server that runs.
pub struct Server {
    child: Child,
    stdin: Option<ChildStdin>,
    pub address: String,
}

impl Server {
    pub async fn start(side: Side, url: &str, folder: &Path) -> Result<Self> {
        let mut command = Process::new(std::env::current_exe()?);
        let side = if side == Side::Stock { "stock" } else { "probity" };
        command.args(["server", "--side", side, "--url", url, "--folder"]).arg(folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let out = child.stdout.take().context("no pipe")?;
        let address = BufReader::new(out).lines().next_line().await?.context("the server ended")?;
        let stdin = child.stdin.take();
        Ok(Self { child, stdin, address })
    }

    /// A token with this role, made as people make them.
    pub async fn token(&self, role: &str) -> Result<String> {
        let mut admin = Connection::open(&self.address, ADMINISTRATOR).await?;
        let body = json!({"name": format!("bench {role}"), "role": role}).to_string();
        let (status, answer) = admin.post("/v1/tokens", &format!("token-{role}"), &body).await?;
        let answer: Value = serde_json::from_slice(answer)?;
        let secret = answer.get("secret").and_then(Value::as_str);
        Ok(secret.with_context(|| format!("token: {status} {answer}"))?.to_owned())
    }

    /// Waits until every read model has reached the head that it found.
    pub async fn ready(&self) -> Result<()> {
        let mut connection = Connection::open(&self.address, ADMINISTRATOR).await?;
        while connection.get("/readyz").await?.0 != 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// What the process holds in memory: now, and at most so far, in MiB.
    pub fn memory(&self) -> Result<(f64, f64)> {
        let id = self.child.id().context("the server ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let of = |name: &str| -> Result<f64> {
            let line =
                status.lines().find(|line| line.starts_with(name)).context("no such line")?;
            let kib: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
            Ok(kib / 1_024.0)
        };
        Ok((of("VmRSS:")?, of("VmHWM:")?))
    }

    pub async fn stop(mut self) -> Result<()> {
        drop(self.stdin.take());
        self.child.wait().await?;
        Ok(())
    }
}

struct Stock {
    framework: stock::Framework<PostgresEventRepository>,
    company: Company,
    /// By the SHA-256 of the secret, as at our own door.
    tokens: HashMap<[u8; 32], (StaffId, Role)>,
}

async fn stock_routes(url: &str) -> Result<Router> {
    let (_, repository) = stock::postgres(url, STOCK_CONNECTIONS).await?;
    let store = PersistedEventStore::new_event_store(repository);
    let digest = Sha256::digest(ADMINISTRATOR).into();
    let stock = Stock {
        framework: CqrsFramework::new(store, Vec::new(), ()),
        company: Company::new()?,
        tokens: HashMap::from([(digest, ("staff-sales".parse()?, Role::Sales))]),
    };
    Ok(Router::new()
        .route("/v1/customers/{id}/orders", post(place))
        .layer(DefaultBodyLimit::max(256 << 10))
        .with_state(Arc::new(stock)))
}

/// The body of an order, as at our own door.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    reference: Option<Line<100>>,
    lines: Vec<BodyLine>,
    requested_ship_date: Option<chrono::NaiveDate>,
    ship_to: Option<Line<300>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BodyLine {
    product: ProductId,
    quantity: Quantity,
    unit_price: UnitPrice,
}

type Answer = (StatusCode, Json<Value>);

async fn place(
    State(stock): State<Arc<Stock>>,
    InPath(customer): InPath<CustomerId>,
    headers: HeaderMap,
    Json(body): Json<Body>,
) -> Result<Answer, Answer> {
    let fault = |status: StatusCode, why: String| (status, Json(json!({"detail": why})));
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = token.and_then(|token| token.strip_prefix("Bearer "));
    let digest: Option<[u8; 32]> = secret.map(|secret| Sha256::digest(secret).into());
    let known = digest.and_then(|digest| stock.tokens.get(&digest));
    let (actor, role) = known.ok_or_else(|| fault(StatusCode::UNAUTHORIZED, String::new()))?;
    let lines = body.lines.into_iter().map(|line| trading::PlacedLine {
        product: line.product,
        quantity: line.quantity,
        unit_price: line.unit_price,
    });
    let placement = trading::Placement {
        reference: body.reference,
        currency: None,
        lines: lines.collect(),
        requested_ship_date: body.requested_ship_date,
        ship_to: body.ship_to,
        payment: None,
    };
    let id = Uuid::try_parse(
        headers.get("idempotency-key").and_then(|k| k.to_str().ok()).unwrap_or_default(),
    );
    let id = id.map_err(|error| fault(StatusCode::BAD_REQUEST, error.to_string()))?;
    let context = stock.company.context(id, actor.as_str(), *role);
    let context = context.map_err(|e| fault(StatusCode::INTERNAL_SERVER_ERROR, e.to_string()))?;
    let command = Command::Trading(trading::Command::Place(Box::new(placement)));
    let metadata = HashMap::from([
        ("actor".to_owned(), actor.to_string()),
        ("command_id".to_owned(), id.to_string()),
    ]);
    loop {
        let directed: Directed<Customer> =
            Directed { context: context.clone(), command: command.clone() };
        let stream = customer.to_string();
        let done = stock.framework.execute_with_metadata(&stream, directed, metadata.clone());
        match done.await {
            Ok(()) => {
                let answer =
                    json!({"id": format!("order-{id}"), "status": "placed", "position": 0});
                return Ok((StatusCode::CREATED, Json(answer)));
            }
            Err(AggregateError::AggregateConflict) => {}
            Err(error) => return Err(fault(StatusCode::CONFLICT, error.to_string())),
        }
    }
}
