//! Sentences about the rules, and about proposals to change them.

use std::collections::BTreeSet;

use crate::{
    approval::{Person, RoundOpened, VoteCast},
    policy::{
        self, How, PackApplied, Scope,
        pack::Text,
        schedule::{ActivationScheduled, Missed},
        shadow::ShadowEnded,
        stopping::{Measured, WideningPaused},
    },
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
        E::ReviewClosed(_) => text("复核已完成。", "The review is closed."),
        E::PilotSimulated(e) => then(
            text("试点期间重新模拟。", "The pilot's pack was tried again. "),
            &simulated(&e.simulated),
        ),
        E::WideningPaused(e) => paused(e),
        E::ActivationScheduled(e) => scheduled(e),
        E::ScheduleCancelled(e) => then(
            text(
                format!("原定 {} 启用的变更已取消：", e.on),
                format!("The change scheduled for {} was cancelled: ", e.on),
            ),
            &ended(&e.reason),
        ),
        E::ScheduleMissed(e) => {
            let why = missed(e.why);
            text(
                format!("原定 {} 启用的变更未启用：{}。", e.on, why.zh),
                format!("The change scheduled for {} did not come into force: {}.", e.on, why.en),
            )
        }
        E::ShadowStarted(e) => {
            let whom = whom(e.scope.as_ref());
            text(
                format!("业务规则“{}”开始影子运行，对象为{}。", e.name, whom.zh),
                format!("Policy pack {} runs in shadow for {}.", e.name, whom.en),
            )
        }
        E::ShadowEnded(e) => shadow_ended(e),
    }
}

fn scheduled(e: &ActivationScheduled) -> Text {
    let whom = whom(e.scope.as_ref());
    text(
        format!("业务规则“{}”排定于 {} 启用，适用于{}。", e.name, e.on, whom.zh),
        format!("Policy pack {} is to apply to {} from {} on.", e.name, whom.en, e.on),
    )
}

fn shadow_ended(e: &ShadowEnded) -> Text {
    let found = &e.found;
    let differ = found.stricter.saturating_add(found.looser).saturating_add(found.otherwise);
    text(
        format!("影子运行结束：{} 个决定中 {differ} 个不同。", found.decisions),
        format!("The shadow ended: {differ} of {} decisions differ.", found.decisions),
    )
}

fn paused(e: &WideningPaused) -> Text {
    let Measured { decisions, stopped, stopped_by_base, .. } = &e.measured;
    let said = text(
        format!(
            "试点扩大已暂停：{decisions} 个决定中拦截 {stopped} 个，按现行规则为 {stopped_by_base} 个。"
        ),
        format!(
            "The pilot is not widened: of {decisions} decisions it stops {stopped}, and the pack in force would stop {stopped_by_base}."
        ),
    );
    match &e.review {
        Some(review) => {
            then(said, &then(text("待复核：", " It waits for the review by "), &asked(review)))
        }
        None => said,
    }
}

fn missed(why: Missed) -> Text {
    match why {
        Missed::ReviewDue => text("紧急回退尚待复核", "an emergency rollback waits for its review"),
        Missed::NotApproved => {
            text("该提案已不再是批准时的内容", "it is not approved any more as it was then")
        }
        Missed::BaseSuperseded => {
            text("所依据的规则已被替换", "another pack is in force than it was agreed to on")
        }
        Missed::PilotRuns => text("另有试点在执行", "another pilot runs"),
        Missed::SimulationTooOld => text("模拟结果已过期", "its simulation is too old"),
        Missed::NotSound => text("该政策包未通过检查", "the pack is not sound"),
    }
}

/// To whom a pack applies; without a scope, to everybody.
pub fn whom(scope: Option<&Scope>) -> Text {
    scope.map_or_else(|| text("全部客户", "all customers"), within)
}

fn applied(e: &PackApplied) -> Text {
    let whom = whom(e.scope.as_ref());
    let how = match e.how {
        How::Activation => text("启用", "now applies"),
        How::Widening => text("扩大适用", "is widened and applies"),
        How::Schedule => text("按期启用", "now applies, as scheduled,"),
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
