//! What is in force where: the pack, its pilot and the next step of that, what is scheduled, what runs in shadow, what waits for a review.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use domain::approval::Round;
use domain::policy::pack::Text;
use domain::policy::{self, Event, InForce, Pilot, Policy};
use domain::sentence::whom;
use domain::staff::Role;
use journal::{Journal, Until, Version};

use crate::cli::{Fault, journal, say};
use crate::config::StoreOptions;
use crate::policies::codes::text;
use crate::policies::readable::Lang;

/// Events that are read at once.
const PAGE: usize = 500;

/// Since when what applies does.
#[derive(Debug, Default)]
struct Since {
    in_force: Option<DateTime<Utc>>,
    pilot: Option<DateTime<Utc>>,
}

/// `probity policy status`.
pub async fn run(store: &StoreOptions, lang: Lang) -> Result<(), Fault> {
    let journal = journal(store).await?;
    let known = known(&journal).await;
    journal.close().await;
    let (policy, since) = known?;
    for line in told(&policy, &since) {
        say(&lang.of(line))?;
    }
    Ok(())
}

async fn known(journal: &Journal) -> Result<(Policy, Since), Fault> {
    let last = Until::Version(Version(i64::MAX));
    let policy = journal.replay::<Policy>(policy::STREAM, last).await?.state;
    let mut since = Since::default();
    let mut after = Version::NONE;
    loop {
        let entries = journal.stream(policy::STREAM, after, PAGE).await?;
        let Some(read) = entries.last() else { break };
        after = read.version;
        for entry in &entries {
            match journal.event::<Event>(entry)? {
                Event::PackApplied(applied) if applied.scope.is_some() => {
                    since.pilot = entry.recorded_at;
                }
                Event::PackLoaded(_) | Event::PackApplied(_) => since.in_force = entry.recorded_at,
                _ => {}
            }
        }
    }
    Ok((Policy::clone(&policy), since))
}

fn told(policy: &Policy, since: &Since) -> Vec<Text> {
    let Some(in_force) = &policy.in_force else {
        return vec![text("尚无执行中的政策包。", "no policy pack is in force yet")];
    };
    let mut lines = vec![applies(&whom(None), in_force, since.in_force, in_force)];
    match &policy.pilot {
        Some(pilot) => {
            let whom = whom(Some(&pilot.scope));
            let pack = applies(&whom, &pilot.pack, since.pilot, in_force);
            lines.push(joined(&text("试点，", "pilot, "), &pack));
            lines.push(next(pilot));
        }
        None => lines.push(text("没有试点。", "no pilot runs")),
    }
    if let Some(review) = &policy.review {
        let by = waits_for(review);
        lines.push(joined(
            &text("紧急回退待复核：", "the emergency rollback waits for its review by "),
            &by,
        ));
    }
    if policy.scheduled.is_empty() {
        lines.push(text("没有排定的变更。", "nothing is scheduled"));
    }
    let mut scheduled: Vec<_> = policy.scheduled.iter().collect();
    scheduled.sort_by_key(|(_, it)| (it.on, it.number));
    lines.extend(scheduled.into_iter().map(|(proposal, it)| {
        let whom = whom(it.scope.as_ref());
        text(
            &format!(
                "排定于 {} 启用，适用于{}：“{}”，{}（{proposal}）",
                it.on, whom.zh, it.name, it.hash
            ),
            &format!(
                "scheduled for {}, for {}: {:?}, {} ({proposal})",
                it.on, whom.en, it.name, it.hash
            ),
        )
    }));
    if policy.shadows.is_empty() {
        lines.push(text("没有影子运行。", "nothing runs in shadow"));
    }
    lines.extend(policy.shadows.iter().map(|(proposal, it)| {
        let (whom, pack) = (whom(it.scope.as_ref()), named(&it.pack));
        text(
            &format!("影子运行，对象为{}：{}（{proposal}）", whom.zh, pack.zh),
            &format!("in shadow, for {}: {} ({proposal})", whom.en, pack.en),
        )
    }));
    lines
}

/// A pack by its name, its version and its hash.
fn named(pack: &InForce) -> Text {
    let (name, number, hash) = (&pack.pack.name, pack.version, &pack.hash);
    let (zh, en) = match pack.pack.version() {
        Some(semver) => (format!("，版本 {semver}"), format!(", {semver}")),
        None => (String::new(), String::new()),
    };
    text(
        &format!("“{name}”{zh}，第 {number} 版，{hash}"),
        &format!("{name:?}{en}, version {number}, {hash}"),
    )
}

/// To whom a pack applies, and since when, by the company's clocks.
fn applies(whom: &Text, pack: &InForce, since: Option<DateTime<Utc>>, ours: &InForce) -> Text {
    let zone = ours.pack.company.zone;
    let since = since.map(|at| at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string());
    let since = since.unwrap_or_default();
    let pack = named(pack);
    text(
        &format!("执行中，适用于{}：{}，自 {since} 起", whom.zh, pack.zh),
        &format!("in force for {}: {}, since {since}", whom.en, pack.en),
    )
}

/// What comes after the pilot as it is.
fn next(pilot: &Pilot) -> Text {
    let step = match pilot.then.first() {
        Some(step) => {
            let whom = whom(step.scope());
            text(&format!("  下一步：扩大至{}", whom.zh), &format!("  next step: {}", whom.en))
        }
        None => text(
            "  已批准的方案没有下一步；扩大须另行提案",
            "  no further step was agreed to: propose the same pack for more customers",
        ),
    };
    let Some(pause) = &pilot.pause else { return step };
    let why = match &pause.review {
        Some(review) => {
            let by = waits_for(review);
            joined(&text("；已暂停，待复核：", "; paused until its review by "), &by)
        }
        None => text("；已暂停，须另行提案", "; paused until another proposal is agreed to"),
    };
    joined(&step, &why)
}

fn waits_for(review: &Round) -> Text {
    let roles: BTreeSet<Role> = review.waits_for();
    let names =
        |name: fn(Role) -> &'static str| roles.iter().map(|it| name(*it)).collect::<Vec<_>>();
    text(&names(Role::zh).join("、"), &names(Role::en).join(", "))
}

fn joined(first: &Text, then: &Text) -> Text {
    text(&format!("{}{}", first.zh, then.zh), &format!("{}{}", first.en, then.en))
}
