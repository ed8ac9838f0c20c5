//! Why a command for a proposal did nothing.

use crate::{approval, policy::Objection};

rejections! {
    => Vote(approval::Rejection);
    NoSuchProposal = Unknown, "proposal.unknown", "没有该提案。", "there is no such proposal";
    AlreadyDrafted = Conflict, "proposal.already_drafted", "该提案已起草。", "this proposal is drafted already";
    Ended = Conflict, "proposal.ended", "该提案已被否决或撤回；请另行起草。", "this proposal was rejected or withdrawn: draft another";
    NothingInForce = Conflict, "policy.nothing_in_force", "尚无执行中的政策包。", "no pack is in force yet";
    NoSuchPack = Content, "proposal.no_such_pack", "没有该哈希对应的历史政策包。", "no pack with this hash is on record";
    NotCanonical(String) = Content, "policy.not_canonical", "该政策包没有规范形式。", "the pack has no canonical form: {0}";
    NoDifference = Conflict, "proposal.no_difference", "与现行政策包没有差异。", "this is the pack that is in force";
    CompanyFixed = Content, "proposal.company_fixed", "公司的时区和币种不得更改：已有记录以其为准。", "the company's zone and currency stay: what is on record was dated and counted in them";
    ScopeEmpty = Content, "policy.scope_empty", "请至少填写一项范围；适用于全部客户时不填范围。", "name somebody in the scope, or leave it out for everybody";
    NotWider = Content, "policy.not_wider", "扩大后的范围必须包含上一步的全部客户，并且更大。", "each step must take in everybody of the one before it, and somebody more";
    TooManySteps = Content, "proposal.too_many_steps", "推广步骤过多；最多 8 步。", "a plan has 8 steps behind its pilot at most";
    SimulationOfAnother = Conflict, "proposal.simulation_of_another", "提案在模拟期间已被修订；请重新模拟。", "the proposal was revised meanwhile: simulate it again";
    AlreadySubmitted = Conflict, "proposal.already_submitted", "该提案已提交；如需更改请修订。", "this proposal is submitted already: revise it to change it";
    BaseSuperseded = Conflict, "proposal.base_superseded", "提案所依据的政策包已不再执行；请在现行政策包上修订后重新模拟和提交。", "the pack that this was proposed on is no longer in force: revise it on the one that is, simulate and submit again";
    NotSound(Vec<Objection>) = Content, "policy.not_sound", "该政策包未通过检查；请按所列各项修改。", "the pack is not sound: mend what is listed";
    VersionNotGreater { than: String } = Content, "proposal.version_not_greater", "版本号须大于现行政策包的版本号；请修改政策包的 semver。", "the version must be greater than that of the pack in force, {than}: raise the semver of the pack";
    EffectivePast = Content, "proposal.effective_past", "生效日期早于今天；请改为今天或之后的日期。", "what is proposed cannot apply from a day that has passed: name today or a later one";
    NotSimulated = Conflict, "proposal.not_simulated", "请先模拟：没有该版本的模拟结果，或结果已过期。", "simulate it first: there is no simulation of this pack that is recent enough";
    NotInApproval = Conflict, "proposal.not_in_approval", "该提案不在审批中。", "this proposal is not in approval: submit it first";
    SignedAnother = Conflict, "proposal.signed_another", "该签名不是您对提案现有内容的签名；请查看后重新签名。", "this is no signature of yours under what the proposal says now: look at it, and sign again";
    NotYours = Forbidden, "proposal.not_yours", "只有编制人可以撤回提案，或在提交后修订、重新模拟。", "only those who wrote it withdraw it, or revise and simulate it once it is submitted";
}
