//! `probity policy`: packs as the people who own the rules work with them: checked, compared, tried on what was decided.

pub mod affected;
pub mod codes;
pub mod difference;
pub mod file;
pub mod lists;
pub mod place;
pub mod readable;
pub mod simulation;
pub mod status;
pub mod tables;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use domain::policy::pack::{Overdue, Pack, Text};
use domain::policy::{self, Policy, facts, proof};
use journal::{Journal, Until, Version};

use crate::cli::{Fault, journal, say};
use crate::config::{PolicyCommand, Reading, StoreOptions};
use crate::policies::difference::differences;
use crate::policies::file::put;
use crate::policies::place::place;
use crate::policies::readable::Readable;

/// Which pack is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The one that the product is delivered with.
    BuiltIn,
    /// The one of the store.
    InForce,
    File(PathBuf),
}

impl FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "built-in" => Self::BuiltIn,
            "in-force" => Self::InForce,
            path => Self::File(path.into()),
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("built-in"),
            Self::InForce => f.write_str("in-force"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// A pack, with the text that it was read from where that was a file.
#[derive(Debug)]
pub struct Loaded {
    pub pack: Pack,
    text: Option<String>,
    from: Source,
}

impl Loaded {
    pub async fn of(source: &Source, store: &StoreOptions) -> Result<Self, Fault> {
        let pack = match source {
            Source::BuiltIn => Pack::default_pack(),
            Source::InForce => {
                let journal = journal(store).await?;
                let pack = in_force(&journal).await;
                journal.close().await;
                pack?
            }
            Source::File(path) => {
                let unreadable = |error| Fault::Data(format!("{}: {error}", path.display()));
                let text = std::fs::read_to_string(path).map_err(unreadable)?;
                return Self::from_text(source.clone(), text);
            }
        };
        Ok(Self { pack, text: None, from: source.clone() })
    }

    /// What stands in a file.
    pub fn from_text(from: Source, text: String) -> Result<Self, Fault> {
        let pack = Pack::parse(&text).map_err(|error| Fault::Data(told(&from, &error)))?;
        Ok(Self { pack, text: Some(text), from })
    }

    /// Refuses a pack that is not sound, with every objection where it stands.
    pub fn sound(self) -> Result<Self, Fault> {
        self.sound_where(|_| None)
    }

    /// The same; what somebody wrote elsewhere is told by its place there, for which its pointer is given.
    pub fn sound_where(self, place_of: impl Fn(&str) -> Option<Text>) -> Result<Self, Fault> {
        let found = proof::objections(&self.pack);
        if found.is_empty() {
            return Ok(self);
        }
        for objection in &found {
            let (from, pointer, Text { zh, en }) =
                (&self.from, &objection.pointer, &objection.text);
            if let Some(at) = place_of(pointer) {
                say(&format!("{}: {en}", at.en))?;
                say(&format!("  {}：{zh}", at.zh))?;
                continue;
            }
            let at = match &self.text {
                Some(text) => place(text, pointer).to_string(),
                None => String::new(),
            };
            say(&format!("{from}{at}: {pointer}: {en}"))?;
            say(&format!("  {zh}"))?;
        }
        let count = found.len();
        let many = if count == 1 { "objection" } else { "objections" };
        Err(Fault::Data(format!("{} is not sound: {count} {many}", self.from)))
    }

    pub fn hash(&self) -> Result<String, Fault> {
        self.pack.hash().map_err(|error| Fault::Data(format!("{}: {error}", self.from)))
    }
}

/// `path:line:column: what`, as compilers say it.
fn told(path: impl fmt::Display, error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("{path}:{}:{}: {what}", error.line(), error.column())
}

async fn in_force(journal: &Journal) -> Result<Pack, Fault> {
    let last = Until::Version(Version(i64::MAX));
    let known = journal.replay::<Policy>(policy::STREAM, last).await?;
    match &known.state.in_force {
        Some(in_force) => Ok((*in_force.pack).clone()),
        None => Err(Fault::Data("no policy pack is in force in this store yet".to_owned())),
    }
}

/// Does what `probity policy …` says.
pub async fn run(store: &StoreOptions, command: PolicyCommand) -> Result<(), Fault> {
    match command {
        PolicyCommand::Check { pack } => check(&Loaded::of(&pack, store).await?.sound()?),
        PolicyCommand::Facts => list_facts(),
        PolicyCommand::Show { pack, reading } => {
            let pack = Loaded::of(&pack, store).await?.pack;
            show(&readable::readable(&pack, reading.lang.unwrap_or_default()), &reading)
        }
        PolicyCommand::Diff { old, new, reading } => {
            let (old, new) = (Loaded::of(&old, store).await?, Loaded::of(&new, store).await?);
            if reading == Reading::default() {
                return diff(&old, &new);
            }
            let lang = reading.lang.unwrap_or_default();
            show(&readable::readable_difference(&old.pack, &new.pack, lang), &reading)
        }
        PolicyCommand::Simulate(options) => simulation::run(store, &options).await,
        PolicyCommand::Status { lang } => status::run(store, lang.unwrap_or_default()).await,
        PolicyCommand::Affected(options) => affected::run(store, &options).await,
        PolicyCommand::Export { pack, to, table } => {
            let pack = Loaded::of(&pack, store).await?.pack;
            tables::export(&pack, table.as_deref(), &to)
        }
        PolicyCommand::Import { pack, table, from, to, semver } => {
            let pack = Loaded::of(&pack, store).await?.pack;
            let table = table.as_deref();
            tables::import(&pack, &tables::Import { table, from: &from, to: &to, semver })
        }
    }
}

fn check(loaded: &Loaded) -> Result<(), Fault> {
    say(&format!("{} is sound: {}", loaded.from, loaded.hash()?))?;
    if let Overdue::Table(overdue) = &loaded.pack.overdue {
        let rows = overdue.table.source().rows.len();
        say(&format!("overdue: {rows} rows, proved for every combination of values"))?;
    }
    Ok(())
}

/// On the terminal, or as a page in a file.
fn show(
    readable: &Result<Readable, serde_json::Error>,
    Reading { html, .. }: &Reading,
) -> Result<(), Fault> {
    let readable = readable.as_ref().map_err(|error| Fault::Data(error.to_string()))?;
    let Some(to) = html else {
        return say(&readable::terminal::lines(readable).join("\n"));
    };
    put(to, readable::html::page(readable).as_bytes())?;
    say(&format!("{} is written", to.display()))
}

fn list_facts() -> Result<(), Fault> {
    for known in facts::CATALOGUE.iter() {
        say(&format!("{} (version {}): {}", known.fact.name, known.version, known.fact))?;
        say(&format!("  {}", known.meaning.en))?;
        say(&format!("  {}", known.meaning.zh))?;
        let missing = known.when_missing();
        say(&format!("  {}; when missing or too old: {}", known.freshness, missing.en))?;
        say(&format!("  {}；缺失或过旧时：{}", known.freshness.zh(), missing.zh))?;
    }
    Ok(())
}

fn diff(old: &Loaded, new: &Loaded) -> Result<(), Fault> {
    let value = |loaded: &Loaded| {
        serde_json::to_value(&loaded.pack)
            .map_err(|error| Fault::Data(format!("{}: {error}", loaded.from)))
    };
    let found = differences(&value(old)?, &value(new)?);
    if found.is_empty() {
        return say("no difference");
    }
    for difference in found {
        say(&difference.to_string())?;
    }
    Ok(())
}
