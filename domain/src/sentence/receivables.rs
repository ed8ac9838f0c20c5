//! Sentences about invoices, receipts and credit notes.

use super::{late, lines, named, remarks, stopping, then, total};
use crate::{
    customer::receivables::{
        CashApplied, CashReceived, ComplianceCaseOpened, CreditNoteIssued, Deposited,
        InvoiceIssued, InvoiceOpened, InvoiceStopped, InvoiceVoided, OverdueAnnounced,
        ReceiptReversed, Settled,
    },
    money::Money,
    policy::pack::Text,
    wording::phrase::{amount, because, counted, text},
};

pub(super) fn issued(e: &InvoiceIssued) -> Text {
    let sum = amount(e.amount);
    let issued = text(
        format!(
            "发票 {} 已开具：{}，开票日期 {}，到期日 {}。",
            e.number, sum.zh, e.issued_on, e.due_on
        ),
        format!(
            "Invoice {} issued: {}, dated {}, due on {}.",
            e.number, sum.en, e.issued_on, e.due_on
        ),
    );
    let used = total(e.deposits.iter().map(|deposit| deposit.amount)).map(|used| {
        text(
            format!("其中 {} 由定金抵充。", used.zh),
            format!(" Deposits settle {} of it.", used.en),
        )
    });
    let freed = total(e.freed.iter().map(|deposit| deposit.amount)).map(|freed| {
        text(
            format!("释放定金 {}。", freed.zh),
            format!(" Deposits of {} are free again.", freed.en),
        )
    });
    let issued = used.into_iter().chain(freed).fold(issued, |issued, more| then(issued, &more));
    then(then(issued, &remarks(&e.decision)), &late(e.backdated.as_ref()))
}

pub(super) fn held(e: &InvoiceStopped) -> Text {
    let (stopped, causes) = (stopped(e), stopping(&e.decision));
    text(
        format!("发票 {} 暂缓开具：{}。原因：{}。", e.number, stopped.zh, causes.zh),
        format!("Invoice {} held: {}. Causes: {}.", e.number, stopped.en, causes.en),
    )
}

pub(super) fn denied(e: &InvoiceStopped) -> Text {
    let (stopped, causes) = (stopped(e), stopping(&e.decision));
    text(
        format!("发票 {} 不予开具：{}。原因：{}。", e.number, stopped.zh, causes.zh),
        format!("Invoice {} denied: {}. Causes: {}.", e.number, stopped.en, causes.en),
    )
}

fn stopped(e: &InvoiceStopped) -> Text {
    let (lines, sum) = (lines(e.lines.len()), amount(e.amount));
    text(
        format!("{}，合计 {}，开票日期 {}", lines.zh, sum.zh, e.issued_on),
        format!("{}, {} in all, dated {}", lines.en, sum.en, e.issued_on),
    )
}

pub(super) fn voided(e: &InvoiceVoided) -> Text {
    let (invoice, date) = (&e.number, e.business_date);
    let voided = because(
        &format!("发票 {invoice} 已于 {date} 作废"),
        &format!("Invoice {invoice} voided on {date}"),
        &e.reason,
    );
    then(voided, &late(e.backdated.as_ref()))
}

pub(super) fn opened(e: &InvoiceOpened) -> Text {
    let sum = amount(e.amount);
    let (zh, en) = if e.disputed { ("，有争议", ", disputed") } else { ("", "") };
    text(
        format!(
            "由导入文件第 {} 行登记发票 {}：{}，开票日期 {}，到期日 {}{zh}。",
            e.origin.line, e.number, sum.zh, e.issued_on, e.due_on
        ),
        format!(
            "Invoice {} taken from line {} of an imported file: {}, dated {}, due on {}{en}.",
            e.number, e.origin.line, sum.en, e.issued_on, e.due_on
        ),
    )
}

pub(super) fn cash_received(e: &CashReceived) -> Text {
    let (sum, spread) = (amount(e.amount), spread(&e.applied, &e.deposits, Some(e.unapplied)));
    let (zh, en) = e.origin.as_ref().map_or_else(Default::default, |origin| {
        let line = origin.line;
        (format!("，来自导入文件第 {line} 行"), format!(", from line {line} of an imported file"))
    });
    let received = text(
        format!(
            "已收款 {}（{}），收款日期 {}{zh}{}。",
            sum.zh, e.reference, e.received_on, spread.zh
        ),
        format!("Received {} ({}) on {}{en}{}.", sum.en, e.reference, e.received_on, spread.en),
    );
    then(received, &late(e.backdated.as_ref()))
}

pub(super) fn cash_applied(e: &CashApplied) -> Text {
    let spread = spread(&e.applied, &e.deposits, None);
    let (receipt, date) = (e.receipt, e.business_date);
    let applied = text(
        format!("未核销收款 {receipt} 于 {date} 分配{}。", spread.zh),
        format!("Receipt {receipt} applied on {date}{}.", spread.en),
    );
    then(applied, &late(e.backdated.as_ref()))
}

pub(super) fn reversed(e: &ReceiptReversed) -> Text {
    let (sum, date) = (amount(e.amount), e.business_date);
    let opened = match e.reopened.len() {
        0 => text("", ""),
        count => text(
            format!("，{count} 张发票恢复未结"),
            format!(", {} open again", counted(count, "invoice", "invoices")),
        ),
    };
    let reversed = because(
        &format!("收款 {} 已于 {date} 冲销{}", sum.zh, opened.zh),
        &format!("Receipt of {} reversed on {date}{}", sum.en, opened.en),
        &e.reason,
    );
    then(reversed, &late(e.backdated.as_ref()))
}

pub(super) fn credit_note(e: &CreditNoteIssued) -> Text {
    let sum = amount(e.amount);
    let applied: Vec<Settled> = e.applied.iter().cloned().collect();
    let spread = spread(&applied, &[], Some(e.unapplied));
    let issued = because(
        &format!("红字发票 {} 已开具：{}，开具日期 {}{}", e.number, sum.zh, e.issued_on, spread.zh),
        &format!("Credit note {} issued: {}, dated {}{}", e.number, sum.en, e.issued_on, spread.en),
        &e.reason,
    );
    then(issued, &late(e.backdated.as_ref()))
}

pub(super) fn case_opened(e: &ComplianceCaseOpened) -> Text {
    let causes = named(&e.causes);
    text(
        format!("发票 {} 已开具；因以下情形登记合规核查：{}。", e.invoice, causes.zh),
        format!("Invoice {} was issued, and a compliance case opened: {}.", e.invoice, causes.en),
    )
}

pub(super) fn overdue_announced(e: &OverdueAnnounced) -> Text {
    let open = amount(e.open);
    text(
        format!("发票 {} 已于 {} 到期，未结 {}，现已逾期。", e.number, e.due_on, open.zh),
        format!("Invoice {} was due on {} and is overdue, {} open.", e.number, e.due_on, open.en),
    )
}

/// What cash went to; what lies unapplied is said where there is any.
fn spread(applied: &[Settled], deposits: &[Deposited], unapplied: Option<Money>) -> Text {
    let settled = total(applied.iter().map(|settled| settled.amount)).map(|sum| {
        let count = applied.len();
        text(
            format!("，核销 {count} 张发票 {}", sum.zh),
            format!(", {} to {}", sum.en, counted(count, "invoice", "invoices")),
        )
    });
    let deposited = total(deposits.iter().map(|deposited| deposited.amount)).map(|sum| {
        let count = deposits.len();
        text(
            format!("，转作 {count} 张订单的定金 {}", sum.zh),
            format!(", {} as deposit for {}", sum.en, counted(count, "order", "orders")),
        )
    });
    let left = unapplied.filter(|left| left.is_positive()).map(|left| {
        let left = amount(left);
        text(format!("，未核销 {}", left.zh), format!(", {} unapplied", left.en))
    });
    let parts = [settled, deposited, left].into_iter().flatten();
    parts.fold(text("", ""), |spread, part| then(spread, &part))
}
