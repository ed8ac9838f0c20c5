//! Sentences about the rules, and about proposals to change them.

use std::collections::BTreeSet;

use crate::{
    approval::{Person, RoundOpened, VoteCast},
    policy::{self, How, PackApplied, Scope, pack::Text},
    proposal::{self, Simulated},
    staff::Role,
    wording::phrase::{ended, listed, text},
};

use super::then;

pub(super) fn of_policy(event: &policy::Event) -> Text {
    use policy::Event as E;
    match event {
        E::PackLoaded(e) => text(
            format!("业务规则第 {} 版“{}”已生效（{}）。", e.version, e.pack.name, e.hash),
            format!(
                "Policy pack {}, version {}, is in force ({}).",
                e.pack.name, e.version, e.hash
            ),
        ),
        E::PackAdmitted(e) => text(
            format!("业务规则第 {} 版“{}”已登记（{}）。", e.version, e.pack.name, e.hash),
            format!(
                "Policy pack {}, version {}, is on record ({}).",
                e.pack.name, e.version, e.hash
            ),
        ),
        E::PackApplied(e) => applied(e),
        E::PilotEnded(e) => then(
            text("试点已紧急终止，恢复现行规则：", "The pilot was ended by the brake: "),
            &ended(&e.reason),
        ),
        E::ReviewOpened(e) => then(
            text("紧急回退待复核：", "The emergency rollback waits for its review by "),
            &asked(e),
        ),
        E::ReviewVoted(e) => then(text("复核：", "Review: "), &vote(&e.vote)),
        E::ReviewClosed(_) => text("紧急回退已复核。", "The emergency rollback was reviewed."),
    }
}

fn applied(e: &PackApplied) -> Text {
    let whom = match &e.scope {
        None => text("全部客户", "all customers"),
        Some(scope) => within(scope),
    };
    let how = match e.how {
        How::Activation => text("启用", "now applies"),
        How::Widening => text("扩大适用", "is widened and applies"),
        How::Brake => text("紧急回退后重新适用", "applies again, by the brake,"),
    };
    let said = text(
        format!("业务规则第 {} 版“{}”{}，适用于{}。", e.version, e.name, how.zh, whom.zh),
        format!("Policy pack {}, version {}, {} to {}.", e.name, e.version, how.en, whom.en),
    );
    match &e.reason {
        Some(reason) => {
            let reason = ended(reason);
            then(said, &text(format!("原因：{}", reason.zh), format!(" Reason: {}", reason.en)))
        }
        None => said,
    }
}

/// Whom a scope takes in.
fn within(scope: &Scope) -> Text {
    let Scope { business_units, regions, segments, customers } = scope;
    let of = |zh: &str, en: &str, values: Vec<String>| {
        let values = values.join("、");
        (!values.is_empty())
            .then(|| text(format!("{zh}{values}"), format!("{en} {}", values.replace('、', ", "))))
    };
    let strings = |values: Vec<&str>| values.into_iter().map(str::to_owned).collect();
    let parts = [
        of("业务单元", "business unit", strings(business_units.iter().map(|it| &**it).collect())),
        of("地区", "region", strings(regions.iter().map(|it| &**it).collect())),
        of("客户分群", "segment", strings(segments.iter().map(|it| &**it).collect())),
        of("客户", "customer", customers.iter().map(ToString::to_string).collect()),
    ];
    listed(&parts.into_iter().flatten().collect::<Vec<Text>>())
}

pub(super) fn of_proposal(event: &proposal::Event) -> Text {
    use proposal::Event as E;
    match event {
        E::Drafted(e) => {
            then(text("规则修改提案已起草：", "Rules proposed: "), &ended(&e.content.summary))
        }
        E::Revised(e) => then(
            then(text("提案已修订：", "Proposal revised: "), &ended(&e.content.summary)),
            &voided(e.voided),
        ),
        E::Simulated(e) => then(simulated(e), &voided(e.voided)),
        E::Submitted(e) => {
            then(text("提案已提交，待表决：", "Submitted for the vote of "), &asked(&e.opened))
        }
        E::VoteCast(e) => vote(&e.vote),
        E::StageOpened(e) => {
            then(text("进入下一步，待表决：", "The next step asks "), &departments(&e.electorate))
        }
        E::Approved(_) => text("提案已批准。", "The proposal is approved."),
        E::Rejected(e) => {
            then(text("提案被否决：", "The proposal was rejected: "), &ended(&e.reason))
        }
        E::Returned(e) => {
            then(text("提案被退回修改：", "The proposal was returned: "), &ended(&e.reason))
        }
        E::Withdrawn(e) => {
            then(text("提案已撤回：", "The proposal was withdrawn: "), &ended(&e.reason))
        }
    }
}

fn simulated(e: &Simulated) -> Text {
    let differ = e.stricter.saturating_add(e.looser).saturating_add(e.otherwise);
    text(
        format!(
            "已用 {} 个历史决定模拟：{differ} 个不同，其中 {} 个更严、{} 个更宽。",
            e.decisions, e.stricter, e.looser
        ),
        format!(
            "Tried on {} past decisions: {differ} differ, {} stricter and {} looser.",
            e.decisions, e.stricter, e.looser
        ),
    )
}

fn voided(votes: u32) -> Text {
    if votes == 0 {
        return text("", "");
    }
    text(format!("已投的 {votes} 票作废。"), format!(" The {votes} votes cast before are void."))
}

fn vote(e: &VoteCast) -> Text {
    text(format!("{}同意。", e.department.zh()), format!("Agreed to for {}.", e.department.en()))
}

fn asked(e: &RoundOpened) -> Text {
    departments(&e.electorate)
}

fn departments(electorate: &[Person]) -> Text {
    let all: BTreeSet<Role> =
        electorate.iter().flat_map(|person| person.departments.iter().copied()).collect();
    let names: Vec<Text> = all.iter().map(|role| text(role.zh(), role.en())).collect();
    let names = listed(&names);
    text(format!("{}。", names.zh), format!("{}.", names.en))
}
