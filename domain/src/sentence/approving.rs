//! Sentences about what wants approval: who is asked, what was agreed to, how it ended.

use super::{named, then};
use crate::{
    approval::{Route, Stage},
    customer::approving::{
        CaseClosed, CaseOpened, CaseRoundOpened, CaseStageOpened, CaseTransferred, CaseVoted,
        InformationAsked, InformationGiven, Matter, Outcome, ReviewerAdded, Why,
        clock::{CaseEscalated, CaseReminded, SlaBreached},
        reviewing::{Evidence, Reviewed, Trigger},
    },
    customer::credit::Limit,
    customer::qualification::Remarks,
    policy::pack::Text,
    staff::Role,
    wording::{
        names,
        phrase::{amount, because, counted, ended, listed, text},
    },
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
    commented(voted, &e.remarks)
}

fn commented(said: Text, remarks: &Remarks) -> Text {
    match &remarks.comment {
        Some(comment) => {
            let comment = ended(comment);
            then(said, &text(format!("意见：{}", comment.zh), format!(" Comment: {}", comment.en)))
        }
        None => said,
    }
}

pub(super) fn stage_opened(e: &CaseStageOpened) -> Text {
    let departments = e.opened.electorate.iter().flat_map(|person| &person.departments);
    let mut asked: Vec<Role> = departments.copied().collect();
    asked.sort_unstable();
    asked.dedup();
    let asked = roles(&asked);
    match &e.returned {
        None if e.refilled.is_some() => {
            let voided = e.refilled.unwrap_or_default();
            text(
                format!(
                    "第 {} 步原表决人员不足，{voided} 票作废，重新请在职人员表决：{}。",
                    e.opened.stage, asked.zh
                ),
                format!(
                    "Too few of those who were asked in step {} are left: {} void, and now it asks {}.",
                    e.opened.stage,
                    counted(voided, "vote is", "votes are"),
                    asked.en
                ),
            )
        }
        None => text(
            format!("进入第 {} 步，待表决：{}。", e.opened.stage, asked.zh),
            format!("Step {} asks {}.", e.opened.stage, asked.en),
        ),
        Some(returned) => {
            let back = because(
                &format!("退回第 {} 步，{} 票作废", e.opened.stage, returned.voided),
                &format!(
                    "Returned to step {}, {} void",
                    e.opened.stage,
                    counted(returned.voided, "vote is", "votes are")
                ),
                &returned.reason,
            );
            commented(back, &returned.remarks)
        }
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

pub(super) fn reminded(e: &CaseReminded) -> Text {
    text(
        format!("提醒：第 {} 步已用去 {}% 的办理时限。", e.stage, e.percent),
        format!("Reminder: step {} has used {} % of its time.", e.stage, e.percent),
    )
}

pub(super) fn sla_breached(e: &SlaBreached) -> Text {
    text(
        format!("第 {} 步已超过办理时限；超时不视为同意，仍须表决。", e.stage),
        format!(
            "Step {} is past its time. Time agrees to nothing: it still wants its votes.",
            e.stage
        ),
    )
}

pub(super) fn escalated(e: &CaseEscalated) -> Text {
    let mut asked: Vec<Role> = e.also.iter().filter_map(|person| person.escalated_as).collect();
    asked.sort_unstable();
    asked.dedup();
    if asked.is_empty() {
        return text(
            format!("第 {} 步升级至第 {} 级，但该级无可表决人员；请任命人员。", e.stage, e.level),
            format!(
                "Step {} escalated to level {}, where nobody can vote: appoint somebody.",
                e.stage, e.level
            ),
        );
    }
    let asked = roles(&asked);
    text(
        format!("第 {} 步升级至第 {} 级，另请{}表决。", e.stage, e.level, asked.zh),
        format!("Step {} escalated to level {}: it asks {} as well.", e.stage, e.level, asked.en),
    )
}

pub(super) fn closed(e: &CaseClosed) -> Text {
    let (zh, en) = match e.outcome {
        Outcome::Approved => ("审批通过", "Approved by all who were asked"),
        Outcome::Confirmed => {
            ("复审确认，维持不变", "Looked at anew and confirmed: nothing changes")
        }
        Outcome::Rejected => ("审批不予通过", "Rejected"),
        Outcome::Returned => ("审批退回补正", "Returned to be mended"),
        Outcome::Withdrawn => ("申请已撤回", "Withdrawn"),
        Outcome::Overtaken => {
            ("审批事项已不存在，审批终止", "Overtaken: nothing is left to decide")
        }
    };
    let closed = match &e.reason {
        Some(reason) => because(zh, en, reason),
        None => text(format!("{zh}。"), format!("{en}.")),
    };
    commented(closed, &e.remarks)
}

/// What is asked for.
pub fn matter(matter: &Matter) -> Text {
    match matter {
        Matter::Qualification { renames_to: None } => text("资质资料审核", "review of papers"),
        Matter::Qualification { renames_to: Some(name) } => text(
            format!("资质资料审核及更名为“{name}”"),
            format!("review of papers, and the new name “{name}”"),
        ),
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
        Matter::ReReview { of, evidence } => {
            let mut triggers: Vec<Trigger> = evidence.iter().map(Evidence::trigger).collect();
            triggers.sort_unstable();
            triggers.dedup();
            let names: Vec<Text> = triggers.into_iter().map(names::trigger).collect();
            let why = listed(&names);
            let (zh, en) = match of {
                Reviewed::Qualification => ("资质复审", "re-review of papers"),
                Reviewed::Credit => ("信用复审", "re-review of credit"),
            };
            text(format!("{zh}（{}）", why.zh), format!("{en} ({})", why.en))
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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    const CASE: &str = "case-00000000-0000-7000-8000-00000000000a";

    #[test]
    fn what_a_case_became_is_said() {
        let said = |event: Value| -> (String, String) {
            let sentence = super::super::of(&serde_json::from_value(event).unwrap());
            (sentence.zh, sentence.en)
        };
        let opened = json!({"case": CASE, "round": 1, "stage": 2, "refilled": 1,
            "electorate": [{"staff": "staff-c", "departments": ["compliance"]}]});
        assert_eq!(
            said(json!({"approval.stage-opened": opened})),
            (
                "第 2 步原表决人员不足，1 票作废，重新请在职人员表决：合规。".to_owned(),
                "Too few of those who were asked in step 2 are left: 1 vote is void, and now it asks compliance.".to_owned(),
            )
        );
        let escalated = json!({"case": CASE, "round": 1, "stage": 2, "level": 3, "also": []});
        assert_eq!(
            said(json!({"approval.escalated": escalated})),
            (
                "第 2 步升级至第 3 级，但该级无可表决人员；请任命人员。".to_owned(),
                "Step 2 escalated to level 3, where nobody can vote: appoint somebody.".to_owned(),
            )
        );
        let closed =
            json!({"case": CASE, "round": 1, "content": "sha256:00", "outcome": "confirmed"});
        assert_eq!(said(json!({"approval.case-closed": closed})).0, "复审确认，维持不变。");
        let matter = json!({"kind": "re_review", "of": "credit", "evidence": [{"trigger": "overdue_beyond",
            "amount": {"amount": "50000.00", "currency": "CNY"}, "days": 31, "on": "2027-02-21"}]});
        let matter = super::matter(&serde_json::from_value(matter).unwrap());
        assert_eq!(
            (matter.zh.as_str(), matter.en.as_str()),
            ("信用复审（逾期超出政策）", "re-review of credit (overdue beyond policy)")
        );
        let matter = json!({"kind": "re_review", "of": "credit", "evidence": [{"trigger": "limit_about_to_end",
            "limit": {"kind": "unlimited"}, "valid_until": "2027-02-21", "on": "2027-02-01"}]});
        let matter = super::matter(&serde_json::from_value(matter).unwrap());
        assert_eq!(
            (matter.zh.as_str(), matter.en.as_str()),
            ("信用复审（额度即将到期）", "re-review of credit (limit about to end)")
        );
    }
}
