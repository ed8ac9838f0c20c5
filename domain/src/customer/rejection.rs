//! Why a command made no sense: nothing happened, and nothing is recorded.

use chrono::NaiveDate;

use super::registration::Status;
use crate::{
    approval,
    decision::CauseCode,
    document_kind::DocumentKind,
    money::{Currency, Money},
    staff::Role,
};

rejections! {
    => Vote(approval::Rejection);
    NoSuchCustomer = Unknown, "customer.unknown", "没有该客户。", "there is no such customer";
    AlreadyRegistered = Conflict, "customer.already_registered", "该客户已登记。", "this customer is already registered";
    UsccMissing = Content, "uscc.missing", "请填写统一社会信用代码。", "a customer is registered with its unified social credit code";
    KindMissing = Content, "customer.kind_missing", "请填写客户类型；未分类仅用于导入。", "say what the customer is: only an import may leave it unclassified";
    UsccFixed = Conflict, "uscc.fixed", "统一社会信用代码一经登记不得更改；请另行登记。", "a unified social credit code does not change: register another customer";
    StatusIs(Status) = Conflict, "customer.status", "客户当前状态不允许此操作。", "the customer is {0:?}, so this changes nothing";
    NeedsRole { roles: Vec<Role> } = Forbidden, "role.missing", "您的角色无权执行此操作。", "this takes one of the roles {roles:?}";
    NothingToSubmit = Conflict, "qualification.nothing_to_submit", "没有待提交的资料；请先上传。", "no uploaded document waits to be submitted: upload one first";
    NothingInReview = Conflict, "qualification.nothing_in_review", "没有待审核的资料；请先提交。", "nothing is under review: submit the documents first";
    OwnWork = Forbidden, "qualification.own_work", "上传人或提交人不得审核自己的资料；请由质量管理部门其他人员审核。", "whoever uploaded or submitted a document does not review it: ask another member of Quality";
    NoSuchCase = Unknown, "approval.unknown", "没有该审批事项，或已办结。", "no such case waits for anybody: it was decided, or never asked for";
    CaseNotOpen = Conflict, "approval.not_open", "该审批事项当前不在表决中。", "this case is not open to votes";
    CaseNotEnded = Conflict, "approval.not_ended", "该审批事项尚未被拒绝或撤回，无需重新发起。", "this case was neither rejected nor withdrawn: there is nothing to reopen";
    AskAnew = Conflict, "approval.ask_anew", "该事项已变化，原审批无法继续；请撤回后重新提出。", "what was asked for is no longer what it was, and this case cannot go on: withdraw it, and ask anew";
    SawAnother { content: String } = Conflict, "approval.content_differs", "审批内容已变更，与您所见不一致；请重新查看后再表决。", "what is asked for is no longer what you saw: look at it again ({content})";
    ReReviewStands = Conflict, "approval.re_review_stands", "复审不能退回申请人或撤回；请确认，或不予通过。", "a re-review is neither returned nor withdrawn: confirm it, or reject it";
    SignatureOfAnother = Conflict, "signature.of_another", "签名不属于此审批内容；请重新签名。", "this signature is under something else: sign what is voted on now";
    NotYourCase = Forbidden, "approval.not_yours", "只有提出申请的人员可以这样做。", "only those who asked for it may do this";
    QuestionOpen = Conflict, "approval.question_open", "已有待答复的问题。", "a question waits for its answer already";
    NoQuestion = Conflict, "approval.no_question", "没有待答复的问题。", "nobody has asked anything";
    NoRules = Conflict, "policy.not_configured", "尚无执行中的政策包，无法确定审批路线。", "no policy pack is in force to say who must agree";
    NoRoute { fault: &'static str } = Conflict, "approval.no_route", "政策包无法为此事项确定审批路线；请联系政策包的主管部门。", "the policy pack gives this no route ({fault}): tell those who own its tables";
    NotCanonical(String) = Conflict, "approval.not_canonical", "该事项没有规范形式。", "this has no canonical form: {0}";
    OwnApplication = Forbidden, "credit.own_application", "申请人不得评估自己的申请。", "whoever applied does not assess the application";
    AlreadyApplied = Conflict, "credit.already_applied", "该客户的信用申请正在审批中。", "an application for this customer is under way already";
    OwnOrder = Forbidden, "release.own_order", "下单人不得申请放行自己的订单。", "whoever placed the order does not release it";
    ReleaseAsked = Conflict, "release.asked_already", "该订单的放行正在审批中。", "the release of this order is being decided already";
    NoSuchDocument = Unknown, "document.unknown", "没有该资料。", "there is no such document";
    DocumentRevoked = Conflict, "document.already_revoked", "该资料已作废。", "this document is already revoked";
    TooManyDocuments = Conflict, "document.too_many", "资料数量已达上限。", "this customer has as many documents as it can have";
    TermMissing = Content, "document.term_missing", "请填写有效期至，或注明长期有效。", "give valid_to, or say long_term";
    TermContradicts = Content, "document.term_contradicts", "长期有效与有效期至不能同时填写。", "a document is either long_term or has valid_to";
    TermRequired { kind: DocumentKind } = Content, "document.term_required", "该类证件有法定有效期，不得为长期。", "a document of kind {kind:?} has a statutory end: give valid_to";
    TermReversed = Content, "document.term_reversed", "有效期止不得早于有效期起。", "valid_to lies before valid_from";
    NumberOfOtherKind { kind: DocumentKind } = Content, "document.number_of_other_kind", "证号与证件类型不符（许可与备案不一致）。", "the number is not one of a document of kind {kind:?}: licence and filing disagree";
    OwnAccount = Forbidden, "credit.own_account", "客户经理不得决定自己客户的信用。", "whoever manages this account does not decide about its credit";
    CurrencyDiffers { account: Currency, given: Currency } = Content, "money.other_currency", "币种与客户账户不一致。", "the customer's account is in {account}, not in {given}";
    AmountNotPositive = Content, "money.not_positive", "金额必须大于零。", "the amount must be more than zero";
    AmountTooLarge = Content, "money.too_large", "金额过大。", "the amount has more than twelve integer digits";
    LimitAlreadyEnded = Content, "credit.already_ended", "额度有效期不得早于今天。", "the limit would have ended before today";
    BeyondBand { grade: String, limit: Money, terms_days: u32 } = Conflict, "credit.beyond_band", "超出该客户评级所允许的信用额度或账期；请降低额度或缩短账期，或待客户评级改善后再申请。", "grade {grade} allows this customer at most {limit}, on terms of at most {terms_days} days: ask for less, or once the customer's grade is better";
    NoBand { fault: &'static str } = Conflict, "credit.no_band", "政策包无法评定该客户的信用等级；请联系政策包的主管部门。", "the policy pack gives this customer no grade ({fault}): tell those who own its scorecards and bands";
    AlreadyFrozen = Conflict, "credit.already_frozen", "信用额度已处于冻结状态。", "the limit is already frozen";
    NotFrozen = Conflict, "credit.not_frozen", "信用额度未冻结。", "the limit is not frozen";
    NoLines = Content, "order.no_lines", "请至少填写一行。", "give at least one line";
    TooManyLines = Content, "order.too_many_lines", "行数超过上限。", "too many lines: split the order";
    NoSuchProduct { line: u32 } = Content, "product.unknown", "所列产品不存在。", "line {line} names a product that does not exist";
    ShipDatePast { date: NaiveDate } = Content, "order.ship_date_past", "要求发货日期不得早于业务日期。", "the requested ship date {date} lies before the business date";
    ShipToUnknown = Content, "order.ship_to_unknown", "收货地址不在客户登记的地址之内；请先登记该地址。", "ship_to is not an address on file for this customer: amend its delivery addresses first";
    ShipToMissing = Content, "order.ship_to_missing", "客户没有登记收货地址；请填写已登记的地址。", "the customer has no address on file: amend its delivery addresses first";
    PercentOutOfRange = Content, "payment.percent", "预付比例应为 1 至 100。", "a prepaid share is between 1 and 100 per cent";
    TooManyOpenOrders = Conflict, "order.too_many_open", "未完成订单数量已达上限。", "this customer has as many open orders as it can have";
    OrderNotOpen = Unknown, "order.not_open", "没有该未完成订单。", "there is no such open order";
    OrderHeld { causes: Vec<CauseCode> } = Conflict, "order.held", "订单处于暂缓状态，原因解除或特批放行后方可发货。", "the order is held by {causes:?}: it ships once they are gone or released";
    NothingHeld = Conflict, "order.nothing_held", "该订单没有待放行的事项。", "nothing about this order is held";
    LegalCause { causes: Vec<CauseCode> } = Conflict, "release.legal_cause", "涉及法定原因，不得特批放行；请先整改。", "{causes:?} are legal causes: only their remedy lifts them";
    StatusCause { causes: Vec<CauseCode> } = Conflict, "release.status_cause", "客户状态原因不能特批放行；请先恢复客户状态。", "{causes:?} are lifted by reinstating the customer, not by a release";
    ToleranceTooWide { most: u32 } = Content, "release.tolerance", "容差超过政策上限。", "a release may carry a tolerance of at most {most} per cent";
    ReleaseTooLong { until: NaiveDate } = Content, "release.expiry", "放行有效期不符合政策。", "a release ends between today and {until}";
    NoSuchLine { line: u32 } = Content, "order.no_such_line", "订单没有该行。", "the order has no line {line}";
    MoreThanOpen { line: u32, open: u32 } = Conflict, "order.more_than_open", "数量超过该行未发货数量。", "line {line} has {open} left to ship or cancel";
    OrderInvoiced = Conflict, "order.invoiced", "订单已全部开票，请直接核销发票。", "all of this order is invoiced: apply the cash to its invoices";
    NothingToCancel = Conflict, "order.nothing_to_cancel", "订单没有可取消的数量。", "nothing of this order is left to cancel";
    SerialsExceedQuantity { line: u32 } = Content, "lot.serials", "序列号重复或多于数量。", "line {line} has more serial numbers than pieces, or one of them twice";
    LotDates { line: u32 } = Content, "lot.dates", "生产日期不得晚于今天或有效期。", "line {line}: goods are not made in the future, nor after their own use-by date";
    FutureDate { date: NaiveDate } = Content, "date.future", "日期过于靠后。", "{date} lies too far in the future";
    NotBackdated { date: NaiveDate } = Content, "business_date.not_past", "业务日期必须在今天之前。", "business_date {date} is not in the past: leave it out";
    NothingToInvoice = Conflict, "invoice.nothing_to_invoice", "没有已发货未开票的数量。", "nothing that was shipped waits to be invoiced";
    NoSuchShipment = Content, "shipment.unknown", "没有该待开票的发货单。", "one of the shipments does not exist, has not left, or is invoiced already";
    MoreThanShipped { line: u32, open: u32 } = Conflict, "invoice.more_than_shipped", "数量超过已发货未开票数量。", "line {line} has {open} shipped and not invoiced";
    TooManyOpenInvoices = Conflict, "invoice.too_many_open", "未结清发票数量已达上限。", "this customer has as many open invoices as it can have";
    InvoiceNotOpen = Unknown, "invoice.not_open", "没有该未结清发票。", "there is no such open invoice";
    InvoicePartlySettled = Conflict, "invoice.partly_settled", "发票已有核销，不能作废；请先冲销收款，或开具红字发票。", "something was applied to this invoice: reverse it first, or issue a credit note";
    InvoiceOrderClosed = Conflict, "invoice.order_closed", "发票对应的订单已结束，不能作废；请开具红字发票。", "the order behind this invoice is closed: issue a credit note";
    DueBeforeIssue = Content, "invoice.due_before_issue", "到期日不得早于开票日。", "the due date lies before the invoice date";
    ReceiptUnknown = Unknown, "receipt.unknown", "没有该收款，或已超过可冲销期限。", "there is no such receipt, or it is too old to be changed";
    NothingUnapplied = Conflict, "receipt.nothing_unapplied", "该收款没有未核销金额。", "nothing of this receipt is left to apply";
    AppliedTwice = Content, "receipt.applied_twice", "同一发票或订单重复填写。", "one invoice or order is named twice";
    MoreThanOwed { number: String } = Conflict, "receipt.more_than_owed", "核销金额超过发票未结金额。", "{number} has less than that left open";
    MoreThanReceived = Content, "receipt.more_than_received", "核销金额合计超过收款金额。", "more is applied than there is";
}

impl Rejection {
    /// The part of the body at fault, as a JSON pointer, where one can be named.
    pub fn pointer(&self) -> Option<String> {
        let index =
            |line: &u32, field: &str| Some(format!("/lines/{}{field}", line.saturating_sub(1)));
        match self {
            Self::UsccMissing => Some("/uscc".to_owned()),
            Self::KindMissing => Some("/kind".to_owned()),
            Self::TermMissing | Self::TermContradicts | Self::TermReversed => {
                Some("/valid_to".to_owned())
            }
            Self::TermRequired { .. } => Some("/long_term".to_owned()),
            Self::NumberOfOtherKind { .. } => Some("/number".to_owned()),
            Self::NoLines | Self::TooManyLines => Some("/lines".to_owned()),
            Self::NoSuchProduct { line } => index(line, "/product"),
            Self::NoSuchLine { line } => index(line, "/line"),
            Self::ShipDatePast { .. } => Some("/requested_ship_date".to_owned()),
            Self::ShipToUnknown | Self::ShipToMissing => Some("/ship_to".to_owned()),
            Self::PercentOutOfRange => Some("/payment/percent".to_owned()),
            Self::ToleranceTooWide { .. } => Some("/tolerance_percent".to_owned()),
            Self::ReleaseTooLong { .. } => Some("/expires_on".to_owned()),
            Self::NotBackdated { .. } => Some("/business_date".to_owned()),
            Self::CurrencyDiffers { .. } => Some("/currency".to_owned()),
            Self::AppliedTwice | Self::MoreThanReceived => Some("/apply".to_owned()),
            _ => None,
        }
    }
}
