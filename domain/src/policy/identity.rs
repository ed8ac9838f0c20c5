//! What a pack says of itself beside its content: its version, who wrote it, and when it is meant to apply.
//!
//! What a pack *is* stays the hash of its canonical form: two packs of the same version are two packs. The version is for people, and
//! grows from pack to pack.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{
    Objection,
    pack::{Pack, Text},
};
use crate::{ids::StaffId, staff::Role};

/// A version after Semantic Versioning 2.0.0: three numbers, and nothing behind them, as a pack in force is no trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Semver {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
}

/// What is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no version such as 1.4.0")]
pub struct NoVersion(String);

/// The days on which a pack is meant to apply, both included; without a last one, until another takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effective {
    pub from: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

impl Effective {
    pub fn covers(self, day: NaiveDate) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

impl Pack {
    /// The version; none where the pack has none, or one that cannot be read.
    pub fn version(&self) -> Option<Semver> {
        self.semver.as_ref()?.parse().ok()
    }

    /// Whether the pack is meant to apply on this day. One that does not say when applies on every day.
    pub fn is_effective_on(&self, day: NaiveDate) -> bool {
        self.effective.is_none_or(|effective| effective.covers(day))
    }
}

impl FromStr for Semver {
    type Err = NoVersion;

    fn from_str(text: &str) -> Result<Self, NoVersion> {
        let number = |part: &str| -> Option<u32> {
            let plain = part.bytes().all(|byte| byte.is_ascii_digit());
            let leading = part.len() > 1 && part.starts_with('0');
            if plain && !leading { part.parse().ok() } else { None }
        };
        let parts: Option<Vec<u32>> = text.split('.').map(number).collect();
        match parts.as_deref() {
            Some([major, minor, patch]) => Ok(Self { major: *major, minor: *minor, patch: *patch }),
            _ => Err(NoVersion(text.to_owned())),
        }
    }
}

impl fmt::Display for Semver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// What stands against what a pack says of itself.
pub(super) fn objections(pack: &Pack) -> Vec<Objection> {
    let mut found = Vec::new();
    let mut object = |pointer: &str, zh: &str, en: &str| {
        let text = Text { zh: zh.to_owned(), en: en.to_owned() };
        found.push(Objection { pointer: pointer.to_owned(), text });
    };
    if pack.semver.is_some() && pack.version().is_none() {
        object(
            "/semver",
            "版本号应为三个数字，如 1.4.0。",
            "a version is three numbers, such as 1.4.0",
        );
    }
    let is_known =
        |author: &String| author.parse::<Role>().is_ok() || author.parse::<StaffId>().is_ok();
    if pack.author.as_ref().is_some_and(|author| !is_known(author)) {
        object(
            "/author",
            "编写者应为部门代码或员工编号，不得写姓名。",
            "the author is a department or the id of a staff member, and never a name",
        );
    }
    if pack.effective.is_some_and(|it| it.until.is_some_and(|until| until < it.from)) {
        object("/effective/until", "截止日早于起始日。", "the last day is before the first");
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Option<Semver> {
        text.parse().ok()
    }

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        assert!(version("1.10.0") > version("1.9.9"));
        assert!(version("2.0.0") > version("1.99.99"));
        assert_eq!(version("1.4.0").unwrap().to_string(), "1.4.0");
        for text in [
            "",
            "1",
            "1.4",
            "1.4.0.0",
            "01.4.0",
            "1.4.x",
            "v1.4.0",
            "1.4.0-rc.1",
            "1..0",
            "1.4.4294967296",
        ] {
            assert_eq!(version(text), None, "{text}");
        }
    }

    /// Rules are versioned: a pack is known by its content, says its version, and when it applies.
    #[test]
    fn row_117_a_version_is_known_by_its_content_and_says_from_when_it_applies() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let first = Pack {
            semver: Some("1.0.0".into()),
            author: Some("finance".into()),
            effective: Some(Effective { from: day("2026-01-01"), until: Some(day("2026-12-31")) }),
            ..Pack::default_pack()
        };
        assert_eq!(objections(&first), []);
        // The same content in another order of fields is the same pack, and the smallest change makes another.
        let value = serde_json::to_value(&first).unwrap();
        let again: Pack =
            serde_json::from_str(&serde_json::to_string_pretty(&value).unwrap()).unwrap();
        assert_eq!(first.hash().unwrap(), again.hash().unwrap());
        let second = Pack { semver: Some("1.0.1".into()), ..first.clone() };
        assert_ne!(first.hash().unwrap(), second.hash().unwrap());
        assert!(second.version() > first.version());
        for (date, effective) in [
            ("2025-12-31", false),
            ("2026-01-01", true),
            ("2026-12-31", true),
            ("2027-01-01", false),
        ] {
            assert_eq!(first.is_effective_on(day(date)), effective, "{date}");
        }
        assert!(Pack::default_pack().is_effective_on(day("1999-01-01")));
    }

    #[test]
    fn what_a_pack_says_of_itself_is_refused_where_it_makes_no_sense() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let pack = Pack::default_pack;
        let from = day("2026-01-01");
        let effective = |until: &str| Some(Effective { from, until: Some(day(until)) });
        for (pack, pointer) in [
            (Pack { semver: Some("1.0".into()), ..pack() }, Some("/semver")),
            (Pack { author: Some("李雷".into()), ..pack() }, Some("/author")),
            (Pack { author: Some("staff-".into()), ..pack() }, Some("/author")),
            (Pack { author: Some("staff-admin".into()), ..pack() }, None),
            (Pack { effective: effective("2025-12-31"), ..pack() }, Some("/effective/until")),
            (Pack { effective: effective("2026-01-01"), ..pack() }, None),
            (Pack { effective: Some(Effective { from, until: None }), ..pack() }, None),
        ] {
            let found: Vec<String> =
                crate::policy::proof::objections(&pack).into_iter().map(|it| it.pointer).collect();
            assert_eq!(found, pointer.into_iter().collect::<Vec<_>>(), "{pointer:?}");
        }
    }
}
