//! What is over: the rules keep only what is open, so to them a settled invoice is as unknown as one that never was. The
//! read models know better: what exists is 409 and says what to do, and only what never was is 404.

use std::collections::BTreeSet;

use domain::customer::{Command, Event};
use domain::ids::{CustomerId, InvoiceId, OrderId, ReceiptId};
use domain::policy::pack::Text;
use journal::Committed;
use projections::{orders, receivables};

use crate::asked::Asking;
use crate::door::Door;
use crate::problem::Problem;

/// What a command names of its customer's.
#[derive(Debug, Default)]
pub struct Named {
    pub orders: BTreeSet<OrderId>,
    pub invoices: BTreeSet<InvoiceId>,
    pub receipt: Option<ReceiptId>,
}

impl Named {
    pub fn order(order: OrderId) -> Self {
        Self { orders: [order].into(), ..Self::default() }
    }

    pub fn invoice(invoice: InvoiceId) -> Self {
        Self { invoices: [invoice].into(), ..Self::default() }
    }

    pub fn receipt(receipt: ReceiptId) -> Self {
        Self { receipt: Some(receipt), ..Self::default() }
    }

    /// Gives a command that names these.
    pub async fn give(
        self,
        door: &Door,
        by: Asking,
        customer: CustomerId,
        command: Command,
    ) -> Result<Committed<Event>, Problem> {
        match door.customer(by, customer, command).await {
            Ok(committed) => Ok(committed),
            Err(problem) => Err(self.explained(door, customer, problem).await),
        }
    }

    /// The refusal of a command that names these, as it is answered.
    pub async fn explained(self, door: &Door, customer: CustomerId, problem: Problem) -> Problem {
        match self.over(door, customer, problem.code()).await {
            Ok(None) => problem,
            Ok(Some(text)) => {
                let code = problem.code().to_owned();
                Problem::conflict(code, text.en).with("detail_zh", text.zh)
            }
            Err(failed) => failed,
        }
    }

    /// What to do instead, where all that was not found exists.
    async fn over(
        &self,
        door: &Door,
        customer: CustomerId,
        code: &str,
    ) -> Result<Option<Text>, Problem> {
        if !matches!(code, "order.not_open" | "invoice.not_open" | "receipt.unknown") {
            return Ok(None);
        }
        door.settled(None).await?;
        let customer = customer.to_string();
        match code {
            "order.not_open" => self.orders_over(door, &customer).await,
            "invoice.not_open" => self.invoices_over(door, &customer).await,
            _ => self.receipt_over(door, &customer).await,
        }
    }

    async fn orders_over(&self, door: &Door, customer: &str) -> Result<Option<Text>, Problem> {
        let mut told = None;
        for order in &self.orders {
            let found = orders::one(door.journal().engine(), order).await?;
            let Some(row) = found.filter(|row| row.customer == customer) else {
                return Ok(None);
            };
            told = told.or_else(|| order_over(&row.status));
        }
        Ok(told)
    }

    async fn invoices_over(&self, door: &Door, customer: &str) -> Result<Option<Text>, Problem> {
        let wanted: Vec<InvoiceId> = self.invoices.iter().copied().collect();
        let found = receivables::invoices_by_id(door.journal().engine(), &wanted).await?;
        let own: Vec<_> = found.into_iter().filter(|row| row.customer == customer).collect();
        if own.len() < wanted.len() {
            return Ok(None);
        }
        Ok(own.iter().find_map(|row| invoice_over(&row.status)))
    }

    async fn receipt_over(&self, door: &Door, customer: &str) -> Result<Option<Text>, Problem> {
        let Some(receipt) = &self.receipt else { return Ok(None) };
        let found = receivables::receipt(door.journal().engine(), receipt).await?;
        let own = found.filter(|row| row.customer == customer);
        Ok(own.map(|row| receipt_over(&row.status)))
    }
}

/// None for an order that goes on.
fn order_over(status: &str) -> Option<Text> {
    let (zh, en) = match status {
        "denied" => (
            "该订单已被拒绝，不再继续；原因消除后请重新下单。",
            "This order was denied, which ends it: place it again once its causes are gone.",
        ),
        "cancelled" => ("该订单已取消；请重新下单。", "This order is cancelled: place another."),
        "closed" => (
            "该订单已全部发货并开票；请重新下单，或处理其发票。",
            "All of this order is shipped and invoiced: place another, or go on with its invoices.",
        ),
        _ => return None,
    };
    Some(Text { zh: zh.to_owned(), en: en.to_owned() })
}

/// None for an invoice that is open.
fn invoice_over(status: &str) -> Option<Text> {
    let (zh, en) = match status {
        "settled" => (
            "该发票已结清；请先冲销收款，或开具红字发票；结清已久的，红字发票不注明该发票。",
            "This invoice is settled: reverse the receipt first, or issue a credit note, which names no \
             invoice that was settled too long ago to be reopened.",
        ),
        "voided" => ("该发票已作废；请重新开票。", "This invoice is voided: issue another."),
        "held" | "denied" => (
            "该发票未曾开具；原因消除后请重新开票。",
            "This invoice was never issued: issue it again once its causes are gone.",
        ),
        _ => return None,
    };
    Some(Text { zh: zh.to_owned(), en: en.to_owned() })
}

fn receipt_over(status: &str) -> Text {
    let (zh, en) = if status == "reversed" {
        (
            "该收款已冲销；如款项确已到账，请重新登记。",
            "This receipt is reversed: enter the cash again if it did come in.",
        )
    } else {
        (
            "该收款已全部核销且超过可变更期限；请另行登记收款或开具红字发票。",
            "This receipt is used up and too old to be changed: enter another, or a credit note.",
        )
    };
    Text { zh: zh.to_owned(), en: en.to_owned() }
}
