//! Scans: stored under their SHA-256 in a folder that all processes share.
//!
//! A scan is on disk, file and folder synced, before its id is answered: an event that names it never names nothing.
//! Storing the same bytes again gives the same id.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures::StreamExt;
use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::AsyncWriteExt;
use tokio_util::io::ReaderStream;

use crate::extract::discard;
use crate::problem::Problem;

/// The largest scan, in bytes.
pub const SCAN_MAX: u64 = 20 * 1024 * 1024;
/// What an id begins with.
const PREFIX: &str = "sha256:";
/// Where scans lie until they are whole.
const INCOMING: &str = "incoming";
/// As many bytes as tell the three formats apart.
const SIGNATURE_BYTES: usize = 8;

/// The folder of scans.
#[derive(Clone, Debug)]
pub struct Attachments {
    folder: Arc<Path>,
}

/// What a scan may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Pdf,
    Png,
    Jpeg,
}

impl Kind {
    fn of_content(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"%PDF-") {
            Some(Self::Pdf)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else {
            None
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
        }
    }

    fn announced(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let text = text.split(';').next()?.trim();
        [Self::Pdf, Self::Png, Self::Jpeg]
            .into_iter()
            .find(|kind| kind.media_type().eq_ignore_ascii_case(text))
    }
}

impl Attachments {
    /// Makes the folder where it is missing.
    pub async fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder.join(INCOMING)).await?;
        Ok(Self { folder: folder.into() })
    }

    /// Stores what `body` brings and answers its id once it is durable.
    pub async fn store(&self, headers: &HeaderMap, body: Body) -> Result<String, Problem> {
        let Some(announced) = Kind::announced(headers) else {
            discard(body.into_data_stream(), usize::try_from(SCAN_MAX).unwrap_or(0)).await;
            return Err(wrong_type());
        };
        let incoming = self.incoming()?;
        let mut file = fs::File::create(&incoming).await.map_err(not_stored)?;
        let mut hash = Sha256::new();
        let mut signature = Vec::with_capacity(SIGNATURE_BYTES);
        let mut length = 0_u64;
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| {
                Problem::not_understood("body.broken_off", format!("The body broke off: {error}."))
            })?;
            length = length.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            if length > SCAN_MAX {
                discard(pieces, usize::try_from(SCAN_MAX).unwrap_or(0)).await;
                return Err(too_large());
            }
            let missing = SIGNATURE_BYTES.saturating_sub(signature.len());
            signature.extend(piece.iter().take(missing));
            hash.update(&piece);
            file.write_all(&piece).await.map_err(not_stored)?;
        }
        if Kind::of_content(&signature) != Some(announced) {
            return Err(wrong_type());
        }
        file.flush().await.map_err(not_stored)?;
        file.sync_all().await.map_err(not_stored)?;
        drop(file);
        let digest = hex::encode(hash.finalize());
        self.keep(incoming, &digest).await.map_err(not_stored)?;
        Ok(format!("{PREFIX}{digest}"))
    }

    /// Stores what we made ourselves and answers its id once it is durable.
    pub async fn keep_made(&self, bytes: Vec<u8>) -> Result<String, Problem> {
        let digest = hex::encode(Sha256::digest(&bytes));
        let incoming = self.incoming()?;
        let mut file = fs::File::create(&incoming).await.map_err(not_stored)?;
        file.write_all(&bytes).await.map_err(not_stored)?;
        file.flush().await.map_err(not_stored)?;
        file.sync_all().await.map_err(not_stored)?;
        drop(file);
        self.keep(incoming, &digest).await.map_err(not_stored)?;
        Ok(format!("{PREFIX}{digest}"))
    }

    /// What [`Self::keep_made`] stored.
    pub async fn made(&self, id: &str) -> Result<Vec<u8>, Problem> {
        let missing = || Problem::not_found("attachment", id);
        let place = self.place(digest_of(id).ok_or_else(missing)?);
        match fs::read(place).await {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(missing()),
            Err(error) => Err(Problem::internal(error)),
        }
    }

    /// A file that vanishes unless it is kept, also when the caller goes away.
    fn incoming(&self) -> Result<tempfile::TempPath, Problem> {
        let file = tempfile::NamedTempFile::new_in(self.folder.join(INCOMING));
        Ok(file.map_err(not_stored)?.into_temp_path())
    }

    /// Moves a whole, synced file to its place, and syncs the folders that name it.
    async fn keep(&self, incoming: tempfile::TempPath, digest: &str) -> io::Result<()> {
        let place = self.place(digest);
        let folder = place.parent().unwrap_or(&self.folder).to_owned();
        let root = Arc::clone(&self.folder);
        tokio::task::spawn_blocking(move || {
            std::fs::create_dir_all(&folder)?;
            // Renaming over the same bytes changes nothing that a reader could see.
            incoming.persist(&place).map_err(|error| error.error)?;
            // A crash before these two lines loses a scan whose id nobody has heard.
            std::fs::File::open(&folder)?.sync_all()?;
            std::fs::File::open(&root)?.sync_all()
        })
        .await
        .map_err(io::Error::other)?
    }

    /// Whether a scan is here.
    pub async fn has(&self, id: &str) -> Result<(), Missing> {
        let digest = digest_of(id).ok_or(Missing)?;
        match fs::metadata(self.place(digest)).await {
            Ok(file) if file.is_file() => Ok(()),
            _ => Err(Missing),
        }
    }

    /// The scan, as it was stored.
    pub async fn answer(&self, id: &str) -> Result<Response, Problem> {
        let missing = || Problem::not_found("attachment", id);
        let digest = digest_of(id).ok_or_else(missing)?;
        let place = self.place(digest);
        let file = match fs::File::open(&place).await {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(missing()),
            Err(error) => return Err(Problem::internal(error)),
        };
        let length = file.metadata().await.map_err(Problem::internal)?.len();
        let kind = kind_of(&place).await.map_err(Problem::internal)?;
        let media_type = kind.map_or("application/octet-stream", Kind::media_type);
        Response::builder()
            .status(StatusCode::OK)
            .header(header::CONTENT_TYPE, media_type)
            .header(header::CONTENT_LENGTH, length)
            .header(header::ETAG, format!("\"{id}\""))
            .header(header::CACHE_CONTROL, "private, max-age=31536000, immutable")
            // What somebody uploaded is shown as what it is, and never runs.
            .header(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"))
            .header(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("sandbox"))
            .body(Body::from_stream(ReaderStream::new(file)))
            .map_err(Problem::internal)
    }

    fn place(&self, digest: &str) -> PathBuf {
        self.folder.join(digest.get(..2).unwrap_or("00")).join(digest)
    }
}

/// No scan with this id is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing;

async fn kind_of(place: &Path) -> io::Result<Option<Kind>> {
    use tokio::io::AsyncReadExt;
    let mut signature = Vec::with_capacity(SIGNATURE_BYTES);
    let most = u64::try_from(SIGNATURE_BYTES).unwrap_or(0);
    fs::File::open(place).await?.take(most).read_to_end(&mut signature).await?;
    Ok(Kind::of_content(&signature))
}

fn digest_of(id: &str) -> Option<&str> {
    let digest = id.strip_prefix(PREFIX)?;
    let plain = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (digest.len() == 64 && digest.bytes().all(plain)).then_some(digest)
}

fn wrong_type() -> Problem {
    Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "attachment.content_type",
        "A scan is a PDF, PNG or JPEG, by its content and by its Content-Type.",
    )
}

fn too_large() -> Problem {
    let detail = format!("A scan may have at most {SCAN_MAX} bytes.");
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "attachment.too_large", detail)
}

fn not_stored(error: io::Error) -> Problem {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Problem::unavailable(
            "attachment.no_space",
            "There is no space left for scans; nothing was stored.",
        ),
        _ => Problem::internal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PDF: &[u8] = b"%PDF-1.7 a licence";

    async fn store(
        attachments: &Attachments,
        kind: &'static str,
        body: impl Into<Body>,
    ) -> Result<String, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        let stored = attachments.store(&headers, body.into()).await;
        stored.map_err(|problem| problem.status().as_u16())
    }

    #[tokio::test]
    async fn the_same_bytes_have_one_id_and_come_back_whole() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::open(folder.path()).await.unwrap();
        let id = store(&attachments, "application/pdf", PDF).await.unwrap();
        assert_eq!(store(&attachments, "application/pdf", PDF).await.unwrap(), id);
        assert_eq!(attachments.has(&id).await, Ok(()));
        let response = attachments.answer(&id).await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/pdf");
        let body = axum::body::to_bytes(response.into_body(), 100).await.unwrap();
        assert_eq!(body, PDF);
    }

    #[tokio::test]
    async fn what_is_no_scan_is_refused_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::open(folder.path()).await.unwrap();
        for (kind, body) in [
            ("text/html", &b"<html>"[..]),
            ("application/pdf", b"<html>"),
            ("image/png", PDF),
            ("application/pdf", b""),
        ] {
            assert_eq!(store(&attachments, kind, body).await, Err(415), "{kind}");
        }
        let mut huge = PDF.to_vec();
        huge.resize(usize::try_from(SCAN_MAX).unwrap() + 1, 0);
        assert_eq!(store(&attachments, "application/pdf", huge).await, Err(413));
        assert_eq!(std::fs::read_dir(folder.path().join(INCOMING)).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn an_id_is_never_a_path() {
        let folder = tempfile::tempdir().unwrap();
        let attachments = Attachments::open(folder.path()).await.unwrap();
        for id in ["sha256:../../etc/passwd", "sha256:", "x", &format!("sha256:{}", "A".repeat(64))]
        {
            assert_eq!(attachments.has(id).await, Err(Missing));
            assert_eq!(attachments.answer(id).await.unwrap_err().status(), StatusCode::NOT_FOUND);
        }
    }
}
