//! What people read, one line for each case.

use super::*;

fn cause(code: CauseCode, params: &[(&'static str, &'static str)]) -> Cause {
    params.iter().fold(Cause::new(code), |cause, (name, value)| cause.with(name, value))
}

/// Everything that any gate puts into any cause.
fn filled(code: CauseCode) -> Cause {
    cause(
        code,
        &[
            ("kind", "device_trading_licence"),
            ("number", "浙杭药监械经营许20240001号"),
            ("valid_from", "2024-01-10"),
            ("valid_to", "2026-10-31"),
            ("wanted", "device_trading_filing"),
            ("ship_date", "2027-01-10"),
            ("class", "III"),
            ("catalogue", "2017"),
            ("code", "13-07-02"),
            ("product", "STENT"),
            ("registration_number", "国械注准20243139901"),
            ("lot", "L1"),
            ("expires_on", "2026-10-31"),
            ("manufactured_on", "2024-01-05"),
            ("reason", "资料造假"),
            ("given", "甲公司"),
            ("name", "乙公司"),
            ("currency", "CNY"),
            ("figure_minor", "1"),
            ("amount", "38400.00"),
            ("days", "45"),
            ("amount_above", "10000.00"),
            ("days_above", "30"),
            ("valid_until", "2026-01-31"),
            ("value", "120000.00"),
            ("limit", "100000.00"),
            ("exposure", "20000.00"),
            ("available", "80000.00"),
            ("excess", "40000.00"),
            ("cap", "50000.00"),
            ("missing", "20000.00"),
        ],
    )
    .on_line(2)
}

fn says(cause: &Cause, message_zh: &str, remedy_zh: &str) {
    assert_eq!(message(cause).zh, message_zh);
    assert_eq!(remedy(cause).zh, remedy_zh);
}

#[test]
fn papers_are_named_with_number_and_date() {
    use CauseCode as C;
    let licence = [
        ("kind", "device_trading_licence"),
        ("number", "浙杭药监械经营许20240001号"),
        ("valid_to", "2026-10-31"),
    ];
    says(
        &cause(C::DocumentExpired, &licence),
        "《医疗器械经营许可证》（浙杭药监械经营许20240001号）有效期至 2026-10-31，现已过期。",
        "请上传延续后的许可证，经质量管理部门审核通过后重新提交。",
    );
    let lapsing = [
        ("kind", "device_trading_licence"),
        ("valid_to", "2026-12-20"),
        ("ship_date", "2027-01-10"),
    ];
    says(
        &cause(C::DocumentLapsesBeforeShipment, &lapsing),
        "《医疗器械经营许可证》将于 2026-12-20 到期，早于要求发货日期 2027-01-10。",
        "订单可以下达；发货前须提交延续后的许可证。",
    );
    says(
        &cause(C::DocumentMissing, &[("kind", "device_trading_filing")]),
        "缺少《第二类医疗器械经营备案凭证》。",
        "请补充上传并提交审核。",
    );
    says(
        &cause(C::DocumentMissing, &[("kind", "practice_licence,clinic_filing")]),
        "缺少《医疗机构执业许可证》或《诊所备案凭证》。",
        "请补充上传并提交审核。",
    );
    says(
        &cause(C::DocumentWrongKind, &[("kind", "drug_trading_licence")]),
        "《药品经营许可证》不能作为经营医疗器械的资质。",
        "请提供《医疗器械经营许可证》或《第二类医疗器械经营备案凭证》。",
    );
    says(
        &cause(
            C::DocumentWrongKind,
            &[("kind", "drug_trading_licence"), ("wanted", "device_trading_licence")],
        ),
        "《药品经营许可证》不能作为经营医疗器械的资质。",
        "请提供《医疗器械经营许可证》。",
    );
    says(
        &cause(C::NotApproved, &[]),
        "该客户尚未通过首次资质审核，不得销售。",
        "请补齐资料并提交质量管理部门审核。",
    );
}

#[test]
fn a_paper_that_is_no_licence_is_not_called_one() {
    use CauseCode as C;
    let expired =
        [("kind", "institution_certificate"), ("number", "N1"), ("valid_to", "2026-10-31")];
    says(
        &cause(C::DocumentExpired, &expired),
        "《事业单位法人证书》（N1）有效期至 2026-10-31，现已过期。",
        "请上传有效期内的《事业单位法人证书》，经质量管理部门审核通过后重新提交。",
    );
    says(
        &cause(C::FileRecommended, &[("kind", "quality_agreement")]),
        "建议补充《质量保证协议》。",
        "可补充上传并提交审核；不影响本次交易。",
    );
}

#[test]
fn lines_classes_and_lots_are_named() {
    use CauseCode as C;
    let scope = [("class", "III"), ("catalogue", "2017"), ("code", "13")];
    says(
        &cause(C::ScopeNotCovered, &scope).on_line(2),
        "第 2 行产品（Ⅲ类，2017 版目录 13 无源植入器械）超出该客户许可证的经营范围。",
        "请删除该行，或提供变更后的许可证。",
    );
    says(
        &cause(C::ScopeNotCovered, &scope).on_line(2).on_line(3),
        "第 2、3 行产品（Ⅲ类，2017 版目录 13 无源植入器械）超出该客户许可证的经营范围。",
        "请删除这些行，或提供变更后的许可证。",
    );
    let made = [("lot", "L1"), ("manufactured_on", "2024-01-05")];
    says(
        &cause(C::MadeOutsideRegistration, &made),
        "批号 L1 的生产日期 2024-01-05 不在注册证有效期内。",
        "请更换批次，或联系质量管理部门核实。",
    );
    let late = [("lot", "L1"), ("expires_on", "2026-10-31")];
    says(
        &cause(C::LotExpired, &late),
        "批号 L1 已超过有效期（2026-10-31），不得出库。",
        "请更换批次，并将该批次移入不合格品区。",
    );
    let unnamed = [("lot", "–"), ("expires_on", "2026-10-31")];
    assert_eq!(
        message(&cause(C::LotExpired, &unnamed).on_line(1)).zh,
        "第 1 行货物已超过有效期（2026-10-31），不得出库。"
    );
}

#[test]
fn a_status_gives_its_reason_once_and_ends_as_a_sentence() {
    use CauseCode as C;
    says(
        &cause(C::CustomerSuspended, &[("reason", "飞行检查。")]),
        "该客户已暂停交易：飞行检查。",
        "请联系质量管理部门处理。",
    );
    says(
        &cause(C::CustomerDisabled, &[("reason", "资料造假")]),
        "该客户已被禁用：资料造假。",
        "请联系合规或法务部门处理。",
    );
    says(&cause(C::LimitFrozen, &[]), "信用额度已冻结。", "请联系信用管理部门。");
}

#[test]
fn money_is_written_as_people_write_it() {
    use CauseCode as C;
    says(
        &filled(C::OverLimit),
        "本单 ¥120,000.00 超出可用信用额度 ¥80,000.00，超出 ¥40,000.00。",
        "请客户先付款 ¥40,000.00、减少订货，或申请调整额度。",
    );
    says(
        &filled(C::SingleCap),
        "本单金额超过单笔上限 ¥50,000.00。",
        "请申请单笔特批；不得拆单规避。",
    );
    says(
        &filled(C::ReceivableOverdue),
        "逾期应收款 ¥38,400.00，最长逾期 45 天，超过规定（¥10,000.00 且 30 天）。",
        "请催收；收款核销后自动解除。",
    );
    says(&filled(C::LimitExpired), "信用额度已于 2026-01-31 到期。", "请联系信用管理部门。");
    says(&filled(C::CreditNotConfigured), "尚未设置信用额度。", "请联系信用管理部门。");
    says(
        &filled(C::PrepaymentMissing),
        "本单约定款到发货，尚差 ¥20,000.00。",
        "收到货款后自动放行。",
    );
    assert_eq!(
        message(&filled(C::OverLimit)).en,
        "This order needs CNY 120,000.00 of credit and CNY 80,000.00 is available: CNY 40,000.00 too much."
    );
    let dollars = filled(C::PrepaymentMissing).with("currency", "USD");
    assert_eq!(message(&dollars).zh, "本单约定款到发货，尚差 USD 20,000.00。");
}

#[test]
fn what_is_within_policy_is_not_said_to_be_beyond() {
    let young = filled(CauseCode::ReceivableOverdue).with("days_above", "180");
    assert_eq!(
        message(&young).zh,
        "逾期应收款 ¥38,400.00，最长逾期 45 天，未超过规定（¥10,000.00 且 180 天）。"
    );
    assert_eq!(remedy(&young).zh, "请催收。");
}

#[test]
fn over_the_limit_already_or_with_this_order_counted_is_said_so() {
    let over =
        filled(CauseCode::OverLimit).with("exposure", "130000.00").with("available", "-30000.00");
    let asked = over.clone().with("excess", "150000.00");
    assert_eq!(
        message(&asked).zh,
        "信用额度 ¥100,000.00，已占用 ¥130,000.00，本单 ¥120,000.00，超出 ¥150,000.00。"
    );
    let counted = over.with("excess", "30000.00");
    assert_eq!(
        message(&counted).zh,
        "信用额度 ¥100,000.00，含本单已占用 ¥130,000.00，超出 ¥30,000.00。"
    );
}

#[test]
fn the_example_of_the_contract_reads_the_same_in_english() {
    let expired = cause(
        CauseCode::DocumentExpired,
        &[
            ("kind", "device_trading_licence"),
            ("number", "浙杭药监械经营许20210001号"),
            ("valid_to", "2026-10-31"),
        ],
    );
    assert_eq!(
        message(&expired).en,
        "The device trading licence 浙杭药监械经营许20210001号 was valid until 2026-10-31 and has expired."
    );
    assert_eq!(
        remedy(&expired).en,
        "Upload the renewed licence, have Quality approve it, then submit again."
    );
    assert_eq!(basis(&expired).unwrap(), "《医疗器械经营质量管理规范》第八十二条");
}

#[test]
fn a_rules_own_basis_wins_and_our_own_wishes_have_none() {
    let missing =
        cause(CauseCode::DocumentMissing, &[("basis", "《医疗器械监督管理条例》第四十八条")]);
    assert_eq!(basis(&missing).unwrap(), "《医疗器械监督管理条例》第四十八条");
    assert_eq!(basis(&cause(CauseCode::FileMissing, &[])), None);
    for code in CauseCode::ALL {
        let legal = code.kind() == crate::decision::CauseKind::Legal;
        assert!(!legal || basis(&Cause::new(*code)).is_some(), "{code} has no basis");
    }
}

#[test]
fn only_a_condition_has_a_condition() {
    let mut lapsing = filled(CauseCode::DocumentLapsesBeforeShipment);
    assert_eq!(condition(&lapsing), None);
    lapsing.reaction = Reaction::Condition;
    assert_eq!(
        condition(&lapsing).unwrap().zh,
        "发货前须提交延续后的许可证，并经质量管理部门审核通过。"
    );
}

#[test]
fn every_cause_has_whole_sentences_in_both_languages() {
    for code in CauseCode::ALL {
        for cause in [filled(*code), filled(*code).on_line(3)] {
            for text in [message(&cause), remedy(&cause)] {
                assert!(text.zh.ends_with('。') && !text.zh.contains("  "), "{code}: {}", text.zh);
                assert!(text.en.ends_with('.') && !text.en.contains("  "), "{code}: {}", text.en);
                assert!(text.en.starts_with(char::is_uppercase), "{code}: {}", text.en);
                assert!(!text.zh.contains(['{', '}']) && !text.en.contains(['{', '}']), "{code}");
            }
        }
        assert!(!name(*code).zh.is_empty() && !name(*code).en.is_empty(), "{code}");
    }
}

#[test]
fn a_long_list_is_cut_and_counted() {
    let items: Vec<String> = (1..=12).map(|number| number.to_string()).collect();
    assert_eq!(phrase::listed_zh(&items), "1、2、3、4、5、6、7、8等 12 项");
    assert_eq!(phrase::listed_en(&items), "1, 2, 3, 4, 5, 6, 7, 8 and 4 more");
    assert_eq!(phrase::listed_en(&["a", "b", "c"]), "a, b and c");
}
