//! Sentences about what wants approval: who is asked, what was agreed to, how it ended.

use super::{named, then};
use crate::{
    approval::{Route, Stage},
    customer::approving::{
        CaseClosed, CaseOpened, CaseRoundOpened, CaseStageOpened, CaseTransferred, CaseVoted,
        InformationAsked, InformationGiven, Matter, Outcome, ReviewerAdded, Why,
    },
    customer::credit::Limit,
    policy::pack::Text,
    staff::Role,
    wording::phrase::{amount, because, counted, ended, text},
};

pub(super) fn case_opened(e: &CaseOpened) -> Text {
    let matter = matter(&e.matter);
    let opened =
        text(format!("申请审批：{}。", matter.zh), format!("Approval asked for: {}.", matter.en));
    then(opened, &asks(&e.opened.route))
}

pub(super) fn round_opened(e: &CaseRoundOpened) -> Text {
    let why = match e.why {
        Why::ContentChanged => text("审批内容已变更", "What was asked for has changed"),
        Why::RulesChanged => text("适用规则已变更", "Other rules have come to apply"),
        Why::Revised => text("申请条件已修改", "Other terms are asked for"),
        Why::Resubmitted => text("补正后重新提交", "Mended and asked for again"),
        Why::Reopened => text("重新发起审批", "Reopened"),
    };
    let opened = text(
        format!("{}，第 {} 轮审批开始，{} 票作废。", why.zh, e.opened.round, e.voided),
        format!(
            "{}: round {} begins, {} void.",
            why.en,
            e.opened.round,
            counted(e.voided, "vote is", "votes are")
        ),
    );
    then(opened, &asks(&e.opened.route))
}

pub(super) fn voted(e: &CaseVoted) -> Text {
    let (zh, en) = (e.vote.department.zh(), e.vote.department.en());
    let stood_in = if e.vote.on_behalf_of.is_some() {
        text("（代理）", " by somebody who stands in,")
    } else {
        text("", "")
    };
    let voted = text(
        format!("{zh}部门同意{}（第 {} 步）。", stood_in.zh, e.vote.stage),
        format!("Agreed to for {en}{} in step {}.", stood_in.en, e.vote.stage),
    );
    match &e.comment {
        Some(comment) => {
            let comment = ended(comment);
            then(voted, &text(format!("意见：{}", comment.zh), format!(" Comment: {}", comment.en)))
        }
        None => voted,
    }
}

pub(super) fn stage_opened(e: &CaseStageOpened) -> Text {
    let departments = e.opened.electorate.iter().flat_map(|person| &person.departments);
    let mut asked: Vec<Role> = departments.copied().collect();
    asked.sort_unstable();
    asked.dedup();
    let asked = roles(&asked);
    match &e.returned {
        None => text(
            format!("进入第 {} 步，待表决：{}。", e.opened.stage, asked.zh),
            format!("Step {} asks {}.", e.opened.stage, asked.en),
        ),
        Some(returned) => because(
            &format!("退回第 {} 步，{} 票作废", e.opened.stage, returned.voided),
            &format!(
                "Returned to step {}, {} void",
                e.opened.stage,
                counted(returned.voided, "vote is", "votes are")
            ),
            &returned.reason,
        ),
    }
}

pub(super) fn information_asked(e: &InformationAsked) -> Text {
    because("要求补充说明，计时暂停", "Further information asked for; the clock stops", &e.question)
}

pub(super) fn information_given(e: &InformationGiven) -> Text {
    because("已补充说明，继续计时", "Information given; the clock goes on", &e.answer)
}

pub(super) fn reviewer_added(e: &ReviewerAdded) -> Text {
    because("增加一名审核人", "A further reviewer was added", &e.reason)
}

pub(super) fn transferred(e: &CaseTransferred) -> Text {
    because("审批已转交他人办理", "Handed to somebody else", &e.reason)
}

pub(super) fn closed(e: &CaseClosed) -> Text {
    let (zh, en) = match e.outcome {
        Outcome::Approved => ("审批通过", "Approved by all who were asked"),
        Outcome::Rejected => ("审批不予通过", "Rejected"),
        Outcome::Returned => ("审批退回补正", "Returned to be mended"),
        Outcome::Withdrawn => ("申请已撤回", "Withdrawn"),
        Outcome::Overtaken => {
            ("审批事项已不存在，审批终止", "Overtaken: nothing is left to decide")
        }
    };
    match &e.reason {
        Some(reason) => because(zh, en, reason),
        None => text(format!("{zh}。"), format!("{en}.")),
    }
}

/// What is asked for.
pub fn matter(matter: &Matter) -> Text {
    match matter {
        Matter::Qualification {} => text("资质资料审核", "review of papers"),
        Matter::Credit { grant, .. } => match grant.limit {
            Limit::None => text("不授予信用额度", "no credit"),
            Limit::Unlimited => text("不限额信用", "unlimited credit"),
            Limit::Amount { amount: limit } => {
                let limit = amount(limit);
                text(format!("信用额度 {}", limit.zh), format!("a credit limit of {}", limit.en))
            }
        },
        Matter::Release { release, .. } => {
            let codes: Vec<_> = release.lifted.iter().map(|lifted| lifted.code).collect();
            let causes = named(&codes);
            text(
                format!("订单放行（{}）", causes.zh),
                format!("release of an order ({})", causes.en),
            )
        }
    }
}

fn asks(route: &Route) -> Text {
    if route.stages.is_empty() {
        return text("权限之内，无需他人同意。", " Within authority: nobody else is asked.");
    }
    let stages: Vec<Text> = route.stages.iter().map(of_stage).collect();
    let zh: Vec<&str> = stages.iter().map(|stage| stage.zh.as_str()).collect();
    let en: Vec<&str> = stages.iter().map(|stage| stage.en.as_str()).collect();
    text(
        format!("审批路线：{}。", zh.join(" → ")),
        format!(" Asked, in this order: {}.", en.join(" → ")),
    )
}

fn of_stage(stage: &Stage) -> Text {
    roles(&stage.departments)
}

fn roles(roles: &[Role]) -> Text {
    let zh: Vec<&str> = roles.iter().map(|role| role.zh()).collect();
    let en: Vec<&str> = roles.iter().map(|role| role.en()).collect();
    text(zh.join("、"), en.join(", "))
}
