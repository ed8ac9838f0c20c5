//! A client on the wire: one connection, one request at a time, and as little work as a load generator must do.

use anyhow::{Context as _, Result, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A head or a line of a stream may be so long.
const LINE_MAX: usize = 1 << 20;

pub struct Connection {
    stream: BufReader<TcpStream>,
    address: String,
    token: String,
    request: Vec<u8>,
    answer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: &str, token: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.with_context(|| address.to_owned())?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::with_capacity(64 << 10, stream),
            address: address.to_owned(),
            token: token.to_owned(),
            request: Vec::new(),
            answer: Vec::new(),
        })
    }

    pub async fn post(&mut self, path: &str, key: &str, body: &str) -> Result<(u16, &[u8])> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nIdempotency-Key: {key}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.address,
            self.token,
            body.len()
        );
        self.request.clear();
        self.request.extend_from_slice(head.as_bytes());
        self.request.extend_from_slice(body.as_bytes());
        self.exchange().await
    }

    pub async fn get(&mut self, path: &str) -> Result<(u16, &[u8])> {
        self.ask(path);
        self.exchange().await
    }

    fn ask(&mut self, path: &str) {
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\n\r\n",
            self.address, self.token
        );
        self.request.clear();
        self.request.extend_from_slice(head.as_bytes());
    }

    async fn exchange(&mut self) -> Result<(u16, &[u8])> {
        self.stream.write_all(&self.request).await?;
        let (status, length) = self.head().await?;
        self.answer.resize(length.context("an answer without a length")?, 0);
        self.stream.read_exact(&mut self.answer).await?;
        Ok((status, &self.answer))
    }

    /// Opens an endless answer; its lines are read with [`Self::line`].
    pub async fn follow(mut self, path: &str) -> Result<Self> {
        self.ask(path);
        self.stream.write_all(&self.request).await?;
        let (status, _) = self.head().await?;
        ensure!(status == 200, "{path}: {status}");
        Ok(self)
    }

    /// The next line, without its end. Lengths of chunks are lines too.
    pub async fn line(&mut self) -> Result<&[u8]> {
        use tokio::io::AsyncBufReadExt;
        self.answer.clear();
        let read = self.stream.read_until(b'\n', &mut self.answer).await?;
        ensure!(read > 0 && read < LINE_MAX, "the stream ended");
        Ok(self.answer.trim_ascii_end())
    }

    /// Status and length of what follows.
    async fn head(&mut self) -> Result<(u16, Option<usize>)> {
        let first = self.line().await?;
        let status = std::str::from_utf8(first)?.split(' ').nth(1).context("no status")?.parse()?;
        let mut length = None;
        loop {
            let line = std::str::from_utf8(self.line().await?)?;
            if line.is_empty() {
                return Ok((status, length));
            }
            let Some((name, value)) = line.split_once(':') else { bail!("not a header: {line}") };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse()?);
            }
        }
    }
}

/// A number of a flat JSON text by its name, without reading the rest.
pub fn number_in(json: &[u8], name: &str) -> Result<i64> {
    let text = std::str::from_utf8(json)?;
    let mark = format!("\"{name}\":");
    let at = text.find(&mark).with_context(|| format!("no {name} in {text}"))?;
    let rest = text.get(at + mark.len()..).unwrap_or_default();
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Ok(rest.get(..end).unwrap_or_default().parse()?)
}
