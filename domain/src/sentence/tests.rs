//! What a timeline says, one case for each event, read from the event's own wire form.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::*;
use crate::{
    ids::StaffId,
    policy::{self, Pack},
};

const ORDER: &str = "order-00000000-0000-7000-8000-000000000004";
const SHIPMENT: &str = "shipment-00000000-0000-7000-8000-000000000005";
const INVOICE: &str = "invoice-00000000-0000-7000-8000-000000000006";
const RECEIPT: &str = "receipt-00000000-0000-7000-8000-000000000007";
const DOCUMENT: &str = "document-00000000-0000-7000-8000-000000000003";
const CASE: &str = "case-00000000-0000-7000-8000-00000000000a";
const PRODUCT: &str = "product-00000000-0000-7000-8000-000000000002";

fn cny(amount: &str) -> Value {
    json!({"amount": amount, "currency": "CNY"})
}

fn decision(outcome: &str, causes: &[(&str, &str)]) -> Value {
    let causes: Vec<Value> =
        causes.iter().map(|(code, reaction)| json!({"code": code, "reaction": reaction})).collect();
    json!({"id": "decision-00000000-0000-7000-8000-000000000009", "checkpoint": "order",
        "outcome": outcome, "mode": "enforce", "causes": causes, "business_date": "2026-11-22"})
}

fn allowed() -> Value {
    decision("allow", &[])
}

fn overdue() -> Value {
    decision(
        "hold",
        &[
            ("receivable.overdue", "hold"),
            ("credit.over_limit", "hold"),
            ("file.recommended", "advise"),
        ],
    )
}

fn unlicensed() -> Value {
    decision("deny", &[("document.missing", "deny"), ("document.missing", "deny")])
}

fn taken(decision: &Value) -> Value {
    let line = json!({"product": PRODUCT, "quantity": 10, "unit_price": "1000.00", "amount": cny("10000.00")});
    json!({"order": ORDER, "reference": "PO-1", "lines": [line], "total": cny("10000.00"),
        "requested_ship_date": "2026-12-01", "ship_to": "仓库", "payment": {"kind": "credit"}, "decision": decision})
}

fn lot() -> Value {
    json!({"line": 1, "quantity": 4, "lot": "L1"})
}

fn stopped_shipment(decision: &Value) -> Value {
    json!({"shipment": SHIPMENT, "order": ORDER, "lines": [lot()], "value": cny("4000.00"), "decision": decision})
}

fn stopped_invoice(decision: &Value) -> Value {
    json!({"invoice": INVOICE, "number": "INV-1", "lines": [], "amount": cny("4000.00"),
        "issued_on": "2026-12-02", "decision": decision})
}

fn shipped() -> Value {
    let particulars = json!({"code": "STENT", "name": "支架", "unit": "套"});
    json!({"shipment": SHIPMENT, "order": ORDER, "shipped_on": "2026-12-01", "value": cny("4000.00"),
        "lines": [{"goods": lot(), "product": PRODUCT, "unit_price": "1000.00", "amount": cny("4000.00"), "particulars": particulars}],
        "ship_to": "仓库", "buyer": {"name": "示范"}, "drawn": [{"receipt": RECEIPT, "amount": cny("1200.00")}],
        "decision": allowed(), "backdated": {"business_date": "2026-12-01", "reason": "系统停机"}})
}

fn route() -> Value {
    json!({"lane": "strict", "stages": [{"rule": "any", "departments": ["credit"]},
        {"rule": "one_per_department", "departments": ["finance", "compliance"]}]})
}

fn chosen() -> Value {
    json!({"route": "finance_and_compliance", "row": "with-all", "facts": {"limit": "2000000"}})
}

fn review(reason: &str) -> Value {
    json!({"documents": [DOCUMENT], "reason": reason, "by": "staff-q"})
}

/// Every event of a customer, as it is on the wire, and what is said of it.
#[expect(clippy::too_many_lines, reason = "one case for each event")]
fn cases() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let paper = json!({"kind": "device_trading_licence", "number": "浙1号", "valid_from": "2024-01-10", "valid_to": "2029-01-09", "copy": "sealed_copy"});
    let origin = json!({"kind": "import", "digest": "00", "line": 7});
    vec![
        (
            "registration.customer-registered",
            json!({"name": "示范医疗", "uscc": "91330100000000001C", "kind": "distributor", "currency": "CNY"}),
            "客户已登记：示范医疗（经销商），统一社会信用代码 91330100000000001C。",
            "Customer registered: 示范医疗 (distributor), unified social credit code 91330100000000001C.",
        ),
        (
            "registration.code-assigned",
            json!({"code": "C-1"}),
            "已分配客户编码 C-1。",
            "Customer code C-1 assigned.",
        ),
        (
            "registration.customer-classified",
            json!({"kind": "hospital"}),
            "客户已分类为医院。",
            "Customer classified as hospital.",
        ),
        (
            "registration.uscc-recorded",
            json!({"uscc": "91330100000000001C"}),
            "已登记统一社会信用代码 91330100000000001C。",
            "Unified social credit code 91330100000000001C recorded.",
        ),
        (
            "registration.particulars-amended",
            json!({"region": "330100", "account_manager": "staff-1"}),
            "客户资料已变更：地区、客户经理。",
            "Customer particulars amended: region and account manager.",
        ),
        (
            "registration.customer-suspended",
            json!({"reason": "飞行检查"}),
            "客户已暂停交易：飞行检查。",
            "Customer suspended: 飞行检查.",
        ),
        (
            "registration.customer-disabled",
            json!({"reason": "资料造假。"}),
            "客户已禁用：资料造假。",
            "Customer disabled: 资料造假.",
        ),
        (
            "registration.customer-reinstated",
            json!({"reason": "整改完成"}),
            "客户已恢复交易：整改完成。",
            "Customer reinstated: 整改完成.",
        ),
        (
            "qualification.document-uploaded",
            json!({"document": DOCUMENT, "paper": paper, "by": "staff-1"}),
            "已上传《医疗器械经营许可证》（浙1号），有效期 2024-01-10 至 2029-01-09。",
            "Uploaded: device trading licence 浙1号, valid from 2024-01-10 to 2029-01-09.",
        ),
        (
            "qualification.submitted",
            json!({"documents": [DOCUMENT], "by": "staff-1"}),
            "已提交审核，共 1 份资料。",
            "Submitted for review: 1 paper.",
        ),
        (
            "qualification.approved",
            json!({"documents": [DOCUMENT, DOCUMENT], "superseded": [DOCUMENT], "by": "staff-q"}),
            "质量管理部门审核通过，共 2 份资料，替代 1 份旧资料。",
            "Approved by Quality: 2 papers, superseding 1 earlier one.",
        ),
        (
            "qualification.rejected",
            review("印章不符"),
            "审核不予通过，共 1 份资料：印章不符。",
            "Rejected by Quality, 1 paper: 印章不符.",
        ),
        (
            "qualification.returned",
            review("缺页"),
            "审核退回补正，共 1 份资料：缺页。",
            "Returned by Quality to be mended, 1 paper: 缺页.",
        ),
        (
            "qualification.document-revoked",
            json!({"document": DOCUMENT, "kind": "business_licence", "number": "BL-1", "reason": "被吊销", "by": "staff-q"}),
            "《营业执照》（BL-1）已作废：被吊销。",
            "The business licence BL-1 revoked: 被吊销.",
        ),
        (
            "qualification.document-expiry-announced",
            json!({"document": DOCUMENT, "kind": "business_licence", "number": "BL-1", "valid_to": "2026-12-01", "days_left": 7, "business_date": "2026-11-24"}),
            "《营业执照》（BL-1）将于 2026-12-01 到期，还剩 7 天。",
            "The business licence BL-1 expires on 2026-12-01, 7 days left.",
        ),
        (
            "credit.limit-granted",
            json!({"limit": {"kind": "amount", "amount": cny("100000.00")}, "valid_until": "2027-11-22", "terms": {"from": "invoice", "days": 60}, "single_document_cap": cny("50000.00")}),
            "授予信用额度 ¥100,000.00，有效期至 2027-11-22，账期为开票后 60 天，单笔上限 ¥50,000.00。",
            "Credit limit of CNY 100,000.00 granted, until 2027-11-22, due 60 days after the invoice, at most CNY 50,000.00 for a single document.",
        ),
        (
            "approval.case-opened",
            json!({"case": CASE, "matter": {"kind": "credit", "grant": {"limit": {"kind": "amount", "amount": cny("2000000.00")}}},
                "round": 1, "content": "sha256:0", "route": route(), "excluded": ["staff-s"], "electorate": [],
                "chosen": chosen(), "pack": "sha256:1", "requested_by": "staff-s"}),
            "申请审批：信用额度 ¥2,000,000.00。审批路线：信用管理 → 财务、合规。",
            "Approval asked for: a credit limit of CNY 2,000,000.00. Asked, in this order: credit → finance, compliance.",
        ),
        (
            "approval.round-opened",
            json!({"case": CASE, "why": "rules_changed", "voided": 1, "matter": {"kind": "qualification"}, "round": 2,
                "content": "sha256:0", "route": {"lane": "straight_through", "stages": []}, "excluded": [], "electorate": [],
                "chosen": chosen(), "pack": "sha256:1"}),
            "适用规则已变更，第 2 轮审批开始，1 票作废。权限之内，无需他人同意。",
            "Other rules have come to apply: round 2 begins, 1 vote is void. Within authority: nobody else is asked.",
        ),
        (
            "approval.vote-cast",
            json!({"case": CASE, "round": 1, "stage": 2, "department": "finance", "content": "sha256:0", "by": "staff-f",
                "on_behalf_of": "staff-g", "comment": "同意"}),
            "财务部门同意（代理）（第 2 步）。意见：同意。",
            "Agreed to for finance by somebody who stands in, in step 2. Comment: 同意.",
        ),
        (
            "approval.stage-opened",
            json!({"case": CASE, "round": 1, "stage": 2, "electorate": [{"staff": "staff-q", "departments": ["quality"]}]}),
            "进入第 2 步，待表决：质量管理。",
            "Step 2 asks quality.",
        ),
        (
            "approval.information-asked",
            json!({"case": CASE, "question": "缺少授权书", "by": "staff-q"}),
            "要求补充说明，计时暂停：缺少授权书。",
            "Further information asked for; the clock stops: 缺少授权书.",
        ),
        (
            "approval.information-given",
            json!({"case": CASE, "answer": "已补充", "by": "staff-s"}),
            "已补充说明，继续计时：已补充。",
            "Information given; the clock goes on: 已补充.",
        ),
        (
            "approval.reviewer-added",
            json!({"case": CASE, "reviewer": {"staff": "staff-l", "departments": ["legal"]}, "reason": "涉及诉讼", "by": "staff-q"}),
            "增加一名审核人：涉及诉讼。",
            "A further reviewer was added: 涉及诉讼.",
        ),
        (
            "approval.transferred",
            json!({"case": CASE, "from": "staff-q", "to": {"staff": "staff-r", "departments": ["quality"]}, "reason": "休假"}),
            "审批已转交他人办理：休假。",
            "Handed to somebody else: 休假.",
        ),
        (
            "approval.case-closed",
            json!({"case": CASE, "round": 1, "content": "sha256:0", "outcome": "rejected", "reason": "资料不实", "by": "staff-q"}),
            "审批不予通过：资料不实。",
            "Rejected: 资料不实.",
        ),
        (
            "credit.limit-frozen",
            json!({"reason": "诉讼"}),
            "信用额度已冻结：诉讼。",
            "Credit limit frozen: 诉讼.",
        ),
        ("credit.limit-unfrozen", json!({}), "信用额度已解冻。", "Credit limit unfrozen."),
        (
            "trading.order-placed",
            taken(&decision(
                "allow_with_conditions",
                &[("document.lapses_before_shipment", "condition")],
            )),
            "订单已下达：客户订单号 PO-1，1 行，合计 ¥10,000.00，要求发货日期 2026-12-01。附条件：资质证件将于发货前到期。",
            "Order placed: reference PO-1, 1 line, CNY 10,000.00 in all, wanted by 2026-12-01. Conditions: paper lapses before shipment.",
        ),
        (
            "trading.order-held",
            taken(&overdue()),
            "订单暂缓：客户订单号 PO-1，1 行，合计 ¥10,000.00，要求发货日期 2026-12-01。原因：应收款逾期、超出信用额度。",
            "Order held: reference PO-1, 1 line, CNY 10,000.00 in all, wanted by 2026-12-01. Causes: receivables overdue and over the credit limit.",
        ),
        (
            "trading.order-denied",
            taken(&unlicensed()),
            "订单已拒绝：客户订单号 PO-1，1 行，合计 ¥10,000.00，要求发货日期 2026-12-01。原因：缺少资质证件。",
            "Order denied: reference PO-1, 1 line, CNY 10,000.00 in all, wanted by 2026-12-01. Causes: paper missing.",
        ),
        (
            "trading.order-released",
            json!({"order": ORDER, "release": {"lifted": [{"code": "receivable.overdue"}], "reason": "临床急需", "tolerance_percent": 5, "expires_on": "2026-12-31", "by": "staff-c"}, "remaining": ["file.missing"], "decision": overdue()}),
            "特批放行：应收款逾期；容差 5%，有效期至 2026-12-31。理由：临床急需。仍暂缓：客户档案缺项。",
            "Released: receivables overdue; tolerance 5 %, until 2026-12-31. Reason: 临床急需. Still held by: gap in the customer file.",
        ),
        (
            "trading.order-healed",
            json!({"order": ORDER, "decision": allowed()}),
            "暂缓原因已消除，订单已下达。",
            "What held the order is gone: it is placed.",
        ),
        (
            "trading.order-cancelled",
            json!({"order": ORDER, "lines": [{"line": 1, "quantity": 1}], "reason": "客户要求", "freed": [{"receipt": RECEIPT, "amount": cny("500.00")}]}),
            "订单取消 1 行，共 1 件：客户要求。释放定金 ¥500.00。",
            "Order cancelled, 1 line, 1 piece: 客户要求. Deposits of CNY 500.00 are free again.",
        ),
        (
            "trading.goods-shipped",
            shipped(),
            "已发货：1 行共 4 件，批号 L1，金额 ¥4,000.00，发货日期 2026-12-01。预付款由未核销收款 ¥1,200.00 抵充。补录（业务日期 2026-12-01）：系统停机。",
            "Goods shipped: 1 line, 4 pieces, lot L1, worth CNY 4,000.00, on 2026-12-01. Unapplied cash of CNY 1,200.00 covers the prepayment. Entered late for 2026-12-01: 系统停机.",
        ),
        (
            "trading.shipment-held",
            stopped_shipment(&overdue()),
            "发货暂缓：1 行共 4 件，批号 L1，金额 ¥4,000.00。原因：应收款逾期、超出信用额度。",
            "Shipment held: 1 line, 4 pieces, lot L1, worth CNY 4,000.00. Causes: receivables overdue and over the credit limit.",
        ),
        (
            "trading.shipment-denied",
            stopped_shipment(&decision("deny", &[("lot.expired", "deny")])),
            "发货不予通过：1 行共 4 件，批号 L1，金额 ¥4,000.00。原因：批次超过有效期。",
            "Shipment denied: 1 line, 4 pieces, lot L1, worth CNY 4,000.00. Causes: lot past its use-by date.",
        ),
        (
            "trading.shipment-cleared",
            json!({"shipment": SHIPMENT, "order": ORDER, "decision": allowed()}),
            "发货暂缓原因已消除，可以发货。",
            "What held the shipment is gone: it may leave.",
        ),
        (
            "receivables.invoice-issued",
            json!({"invoice": INVOICE, "number": "INV-1", "lines": [], "amount": cny("4000.00"), "issued_on": "2026-12-02", "due_on": "2027-01-31", "deposits": [{"order": ORDER, "receipt": RECEIPT, "amount": cny("1200.00")}], "decision": allowed()}),
            "发票 INV-1 已开具：¥4,000.00，开票日期 2026-12-02，到期日 2027-01-31。其中 ¥1,200.00 由定金抵充。",
            "Invoice INV-1 issued: CNY 4,000.00, dated 2026-12-02, due on 2027-01-31. Deposits settle CNY 1,200.00 of it.",
        ),
        (
            "receivables.invoice-held",
            stopped_invoice(&decision("hold", &[("invoice.wrong_title", "hold")])),
            "发票 INV-1 暂缓开具：0 行，合计 ¥4,000.00，开票日期 2026-12-02。原因：开票抬头不符。",
            "Invoice INV-1 held: 0 lines, CNY 4,000.00 in all, dated 2026-12-02. Causes: wrong title on the invoice.",
        ),
        (
            "receivables.invoice-denied",
            stopped_invoice(&unlicensed()),
            "发票 INV-1 不予开具：0 行，合计 ¥4,000.00，开票日期 2026-12-02。原因：缺少资质证件。",
            "Invoice INV-1 denied: 0 lines, CNY 4,000.00 in all, dated 2026-12-02. Causes: paper missing.",
        ),
        (
            "receivables.invoice-voided",
            json!({"invoice": INVOICE, "number": "INV-1", "amount": cny("4000.00"), "reason": "开错", "business_date": "2026-12-03"}),
            "发票 INV-1 已于 2026-12-03 作废：开错。",
            "Invoice INV-1 voided on 2026-12-03: 开错.",
        ),
        (
            "receivables.invoice-opened",
            json!({"invoice": INVOICE, "number": "611365", "amount": {"amount": "55.94", "currency": "USD"}, "issued_on": "2013-01-02", "due_on": "2013-02-01", "disputed": true, "origin": origin}),
            "由导入文件第 7 行登记发票 611365：USD 55.94，开票日期 2013-01-02，到期日 2013-02-01，有争议。",
            "Invoice 611365 taken from line 7 of an imported file: USD 55.94, dated 2013-01-02, due on 2013-02-01, disputed.",
        ),
        (
            "receivables.cash-received",
            json!({"receipt": RECEIPT, "reference": "BANK-1", "amount": cny("6000.00"), "received_on": "2026-12-20", "applied": [{"invoice": INVOICE, "amount": cny("4000.00")}], "deposits": [{"order": ORDER, "amount": cny("1500.00")}], "unapplied": cny("500.00"), "decision": allowed()}),
            "已收款 ¥6,000.00（BANK-1），收款日期 2026-12-20，核销 1 张发票 ¥4,000.00，转作 1 张订单的定金 ¥1,500.00，未核销 ¥500.00。",
            "Received CNY 6,000.00 (BANK-1) on 2026-12-20, CNY 4,000.00 to 1 invoice, CNY 1,500.00 as deposit for 1 order, CNY 500.00 unapplied.",
        ),
        (
            "receivables.cash-applied",
            json!({"receipt": RECEIPT, "applied": [{"invoice": INVOICE, "amount": cny("500.00")}], "business_date": "2026-12-21"}),
            "未核销收款 receipt-00000000-0000-7000-8000-000000000007 于 2026-12-21 分配，核销 1 张发票 ¥500.00。",
            "Receipt receipt-00000000-0000-7000-8000-000000000007 applied on 2026-12-21, CNY 500.00 to 1 invoice.",
        ),
        (
            "receivables.receipt-reversed",
            json!({"receipt": RECEIPT, "reopened": [{"invoice": INVOICE, "amount": cny("500.00")}], "amount": cny("6000.00"), "reason": "退票", "business_date": "2026-12-22"}),
            "收款 ¥6,000.00 已于 2026-12-22 冲销，1 张发票恢复未结：退票。",
            "Receipt of CNY 6,000.00 reversed on 2026-12-22, 1 invoice open again: 退票.",
        ),
        (
            "receivables.credit-note-issued",
            json!({"credit_note": "credit-note-00000000-0000-7000-8000-000000000008", "number": "CN-1", "amount": cny("100.00"), "issued_on": "2026-12-23", "applied": {"invoice": INVOICE, "amount": cny("60.00")}, "unapplied": cny("40.00"), "reason": "折让"}),
            "红字发票 CN-1 已开具：¥100.00，开具日期 2026-12-23，核销 1 张发票 ¥60.00，未核销 ¥40.00：折让。",
            "Credit note CN-1 issued: CNY 100.00, dated 2026-12-23, CNY 60.00 to 1 invoice, CNY 40.00 unapplied: 折让.",
        ),
        (
            "receivables.compliance-case-opened",
            json!({"case": "case-00000000-0000-7000-8000-00000000000a", "invoice": INVOICE, "causes": ["document.expired"]}),
            "发票 invoice-00000000-0000-7000-8000-000000000006 已开具；因以下情形登记合规核查：资质证件已过期。",
            "Invoice invoice-00000000-0000-7000-8000-000000000006 was issued, and a compliance case opened: paper expired.",
        ),
        (
            "receivables.overdue-announced",
            json!({"invoice": INVOICE, "number": "INV-1", "due_on": "2026-12-01", "open": cny("4000.00"), "business_date": "2026-12-02"}),
            "发票 INV-1 已于 2026-12-01 到期，未结 ¥4,000.00，现已逾期。",
            "Invoice INV-1 was due on 2026-12-01 and is overdue, CNY 4,000.00 open.",
        ),
    ]
}

#[test]
fn each_event_has_its_sentence() {
    for (kind, data, zh, en) in cases() {
        let event: customer::Event = serde_json::from_value(json!({ kind: data })).unwrap();
        let sentence = of(&event);
        assert_eq!((sentence.zh.as_str(), sentence.en.as_str()), (zh, en), "{kind}");
    }
}

#[test]
fn no_event_of_a_customer_is_left_without_a_case() {
    let told: BTreeSet<_> = cases().into_iter().map(|(kind, ..)| kind).collect();
    let all: BTreeSet<_> = customer::Event::TYPES.iter().copied().collect();
    assert_eq!(told, all);
}

#[test]
fn what_an_observing_checkpoint_let_through_is_said() {
    let mut decision = overdue();
    decision["mode"] = json!("observe");
    let event = json!({"trading.order-placed": taken(&decision)});
    let sentence = of(&serde_json::from_value(event).unwrap());
    assert!(sentence.zh.ends_with("仅观察，未拦截：应收款逾期、超出信用额度。"), "{}", sentence.zh);
    assert!(
        sentence.en.ends_with(
            "Observed only, not stopped: receivables overdue and over the credit limit."
        )
    );
}

#[test]
fn products_people_and_packs_have_theirs() {
    let product = json!({"product.registered": {"code": "STENT", "name": "支架", "specification": "3.5×18 mm", "unit": "套",
        "class": "III", "registration_number": "国械注准20243139901"}});
    assert_eq!(
        of_product(&serde_json::from_value(product).unwrap()).zh,
        "产品已登记：STENT 支架（3.5×18 mm），第三类医疗器械，注册证编号 国械注准20243139901。"
    );
    let term = json!({"product.term-opened": {"from": "2029-06-01", "to": "2034-05-31"}});
    assert_eq!(
        of_product(&serde_json::from_value(term).unwrap()).en,
        "Registration renewed, from 2029-06-01 to 2034-05-31."
    );
    let roles = json!({"staff.roles-granted": {"roles": ["sales", "quality"]}});
    assert_eq!(of_staff(&serde_json::from_value(roles).unwrap()).zh, "现有角色：销售、质量管理。");
    let pack = policy::PackLoaded {
        version: 2,
        hash: "sha256:00".to_owned(),
        pack: Pack::default_pack().into(),
    };
    assert_eq!(
        of_policy(&policy::Event::PackLoaded(pack)).zh,
        "业务规则第 2 版“default”已生效（sha256:00）。"
    );
}

#[test]
fn a_sentence_names_nobody() {
    for (kind, data, ..) in cases() {
        let event: customer::Event = serde_json::from_value(json!({ kind: data })).unwrap();
        let sentence = of(&event);
        assert!(!sentence.zh.contains(StaffId::PREFIX) && !sentence.en.contains(StaffId::PREFIX));
    }
}
