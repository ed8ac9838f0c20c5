//! Where the data lies, with a password that is never shown.

use std::fmt;
use std::path::Path;

/// A database URL; shown without its password.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// With its password: for the driver only.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The file of a SQLite store.
    pub fn sqlite_path(&self) -> Option<&Path> {
        let rest = self.0.strip_prefix("sqlite:")?;
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        Some(Path::new(rest.split('?').next().unwrap_or(rest)))
    }

    pub fn is_postgres(&self) -> bool {
        self.0.starts_with("postgres://") || self.0.starts_with("postgresql://")
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The password may also stand in the query: nothing after the question mark is shown.
        let shown = self.0.split('?').next().unwrap_or_default();
        let Some((scheme, rest)) = shown.split_once("://") else {
            return formatter.write_str(shown);
        };
        match rest.rsplit_once('@') {
            Some((user, place)) => {
                let name = user.split(':').next().unwrap_or_default();
                write!(formatter, "{scheme}://{name}@{place}")
            }
            None => write!(formatter, "{scheme}://{rest}"),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            (
                "postgres://probity:s3cret@db:5432/probity?sslmode=require",
                "postgres://probity@db:5432/probity",
            ),
            ("postgres://probity:a@b:c@db/probity", "postgres://probity@db/probity"),
            ("postgres://db/probity?password=s3cret", "postgres://db/probity"),
            ("sqlite:./a.db", "sqlite:./a.db"),
        ] {
            assert_eq!(DatabaseUrl::new(url).to_string(), shown);
            assert_eq!(format!("{:?}", DatabaseUrl::new(url)), shown);
        }
    }
}
