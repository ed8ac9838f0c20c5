//! Why a command for the policy did nothing.

use chrono::NaiveDate;

use super::Objection;
use crate::approval;

rejections! {
    => Vote(approval::Rejection);
    AlreadyInForce = Conflict, "policy.already_in_force", "该政策包已在执行。", "this pack is already in force";
    NotTheFirst = Conflict, "policy.not_the_first", "系统已有政策包；更换须经提案审批。", "a pack is in force already: another one comes into force by a proposal that is approved";
    NothingInForce = Conflict, "policy.nothing_in_force", "尚无执行中的政策包。", "no pack is in force yet";
    NotCanonical(String) = Content, "policy.not_canonical", "该政策包没有规范形式。", "the pack has no canonical form: {0}";
    NotSound(Vec<Objection>) = Content, "policy.not_sound", "该政策包未通过检查；请按所列各项修改。", "the pack is not sound: mend what is listed";
    NoSuchProposal = Unknown, "proposal.unknown", "没有该提案。", "there is no such proposal";
    NotApproved = Conflict, "proposal.not_approved", "该提案尚未批准；请先完成审批。", "this proposal is not approved: have it approved first";
    AlreadyActivated = Conflict, "proposal.already_activated", "该提案已启用过；如需再次启用，请重新提案并审批。", "this proposal was activated before: propose it again, and have it agreed to";
    BaseSuperseded = Conflict, "proposal.base_superseded", "提案所依据的政策包已不再执行；请在现行政策包上修订后重新模拟和审批。", "the pack that this was proposed on is no longer in force: revise it on the one that is, simulate and submit again";
    TooEarly { from: NaiveDate } = Conflict, "policy.too_early", "未到批准的生效日期。", "what was agreed to applies from {from} on: schedule it for that day or a later one";
    NotEffective = Conflict, "policy.not_effective", "政策包的适用期已过；请修订适用期后重新审批。", "the days on which the pack is meant to apply are over: revise them, and have it approved again";
    SimulationTooOld { days: u32 } = Conflict, "proposal.simulation_too_old", "模拟结果已过期；请重新模拟并审批。", "its simulation is more than {days} days old: simulate and have it approved again";
    ScopeEmpty = Content, "policy.scope_empty", "请至少填写一项范围；适用于全部客户时不填范围。", "name somebody in the scope, or leave it out for everybody";
    NotAgreed = Conflict, "policy.not_agreed", "该范围与所批准的不同；请按批准的方案执行，或另行提案。", "another scope was agreed to: leave it out to do what was agreed, or propose this one";
    PilotRuns = Conflict, "policy.pilot_runs", "已有试点在执行；请先扩大或终止该试点。", "a pilot runs: widen it or end it first";
    NoPilot = Conflict, "policy.no_pilot", "当前没有试点。", "no pilot runs";
    NoStepAgreed = Conflict, "policy.no_step_agreed", "已批准的方案没有下一步；扩大试点请另行提案。", "no further step was agreed to: propose the same pack for more customers";
    Paused = Conflict, "policy.widening_paused", "试点拦截比例上升过多，扩大已暂停；须由相关部门复核，或另行提案。", "the pilot stops too many decisions and is not widened: the departments concerned review it, or a new proposal is agreed to";
    PilotNotSimulated { days: u32 } = Conflict, "policy.pilot_not_simulated", "试点开始（或最近一次暂停）后尚无有效的模拟结果；请重新模拟试点的政策包。", "simulate the pilot's pack first: there is no simulation made since the pilot began, or was last paused, and at most {days} days old";
    PilotChanged = Conflict, "policy.pilot_changed", "模拟期间试点已变化；请重新模拟。", "the pilot changed meanwhile: simulate it again";
    Unlawful = Conflict, "policy.unlawful", "模拟显示会放行法定应拦截的业务，而法定事项的部门尚未表决；请另行提案。", "it would let through what the law stops, and those who answer for the law have not agreed: propose it anew";
    NotWider = Content, "policy.not_wider", "扩大后的范围必须包含现有试点的全部客户。", "the new scope must take in everybody of the pilot's scope, and somebody more";
    ReviewDue = Conflict, "policy.review_due", "紧急回退尚待相关部门复核；复核完成前不得启用其他政策包。", "the emergency rollback waits for its review: nothing comes into force before it";
    NothingBefore = Conflict, "policy.nothing_before", "没有可回退的政策包。", "no pack was in force before this one";
    TouchesLaw = Conflict, "policy.touches_law", "回退会改变法定或资质规则，不得紧急回退；请按提案审批。", "this would change rules of law and qualification: propose it instead, one key is not enough";
    NothingToReview = Conflict, "policy.nothing_to_review", "没有待复核的回退。", "no rollback waits for a review";
    NoDay = Content, "policy.no_day", "请填写生效日期；方案中也没有。", "say on which day: the plan names none";
    DayPast = Content, "policy.day_past", "生效日期须晚于今天；当天生效请直接启用。", "name a day after today, or activate it now";
    AlreadyScheduled { on: NaiveDate } = Conflict, "policy.already_scheduled", "该提案已排定生效日期；请先取消。", "it is scheduled for {on} already: cancel that first";
    TooManySchedules = Conflict, "policy.too_many_schedules", "已排定的变更过多；请先取消一些。", "too many changes are scheduled: cancel some first";
    NotScheduled = Conflict, "policy.not_scheduled", "该提案没有排定生效日期。", "it is not scheduled";
    NotDue { on: NaiveDate } = Conflict, "policy.not_due", "尚未到排定的生效日期。", "it is scheduled for {on}, which has not come";
    NotForShadow = Conflict, "policy.not_for_shadow", "只有在审批中或已批准的提案可以影子运行；请先提交。", "only what is in approval or approved runs in shadow: submit it first";
    AlreadyInShadow = Conflict, "policy.already_in_shadow", "该提案已在影子运行。", "it runs in shadow already";
    TooManyShadows = Conflict, "policy.too_many_shadows", "影子运行过多；请先结束一个。", "too many packs run in shadow: end one first";
    NoShadow = Conflict, "policy.no_shadow", "该提案没有影子运行。", "it does not run in shadow";
    StopRuleKept = Conflict, "policy.stop_rule_kept", "未达到停止条件。", "the stop rule is kept, or there is none";
}
