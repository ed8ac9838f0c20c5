//! What can go wrong with the read models.

use journal::Position;

#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error("{0:?} is no read model: see `Projector::NAMES`")]
    NoSuchModel(String),
    /// The schema lacks a read model's watermark.
    #[error("the read model {0} has no watermark: run `probity migrate`")]
    NotMigrated(&'static str),
    #[error("the projector has stopped")]
    Stopped,
    #[error(
        "the read models stand at {reached}, not at {head}: let them catch up and verify again"
    )]
    Behind { reached: Position, head: Position },
    #[error("{0:?} is no cursor of this list: begin again without one")]
    Cursor(String),
}

impl Error {
    /// A stable code for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Journal(error) => error.code(),
            Self::NoSuchModel(_) => "projection.unknown",
            Self::NotMigrated(_) => "projection.not_migrated",
            Self::Stopped => "projection.stopped",
            Self::Behind { .. } => "projection.behind",
            Self::Cursor(_) => "cursor.malformed",
        }
    }

    /// Whether the same may succeed a little later.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Journal(error) => error.is_passing(),
            Self::Behind { .. } => true,
            Self::NoSuchModel(_) | Self::NotMigrated(_) | Self::Stopped | Self::Cursor(_) => false,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        Self::Journal(error.into())
    }
}
