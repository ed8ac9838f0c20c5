//! The command behind each task.

use domain::customer::Command;
use domain::customer::approving;
use domain::customer::credit;
use domain::customer::qualification::{self, Remarks, Upload};
use domain::customer::receivables::{
    self, Allocation, Application, InvoiceScope, IssueInvoice, ReceiveCash, Target,
};
use domain::customer::registration;
use domain::customer::trading::{self, CancelOrder, Placement, ReleaseOrder, ShipGoods};
use domain::ids::OrderId;
use domain::money::Money;

use super::client::Client;
use super::data::{DataError, parsed};
use super::task::{Share, Task, Wish};
use super::trade::Trade;

impl Trade<'_> {
    /// None where there is nothing to do any more.
    pub(super) fn command(
        &mut self,
        day: u32,
        at: usize,
        task: &Task,
    ) -> Result<Option<Command>, DataError> {
        let manager = self.manager(at)?;
        let date = self.date(day);
        let client = self.clients.get(at).ok_or_else(|| DataError::of("a customer is missing"))?;
        Ok(Some(match task {
            Task::Register => {
                let register = client.registration(self.city(client)?, &manager)?;
                Command::Registration(registration::Command::Register(Box::new(register)))
            }
            Task::Upload(paper) => {
                let upload = Upload { paper: (**paper).clone() };
                Command::Qualification(qualification::Command::Upload(Box::new(upload)))
            }
            Task::Submit => Command::Qualification(qualification::Command::Submit { name: None }),
            Task::Vote { case, .. } => {
                let comment = Some(parsed("原件与复印件核对一致")?);
                let remarks = Remarks { comment, signature: None, signed: None };
                let act = approving::Act::Approve { remarks, content: None };
                let which = approving::Which::Case(*case);
                Command::Approving(approving::Command { which, act })
            }
            Task::Grant => Command::Credit(credit::Command::Grant(Box::new(client.grant()?))),
            Task::Freeze => Command::Credit(credit::Command::Freeze {
                reason: parsed("长期逾期，催收中")?,
            }),
            Task::Suspend => Command::Registration(registration::Command::Suspend {
                reason: parsed("产品储存条件存疑，待现场核查")?,
            }),
            Task::Disable => Command::Registration(registration::Command::Disable {
                reason: parsed("列入本公司禁止交易名单")?,
            }),
            Task::Order(wish) => place(wish, at, day, date)?,
            Task::Release(order) => release(*order)?,
            Task::Cancel(order) if !client.running.contains_key(order) => return Ok(None),
            Task::Cancel(order) => cancel(*order)?,
            Task::Ship { order, share } => return self.shipping(at, order, *share, date),
            Task::Invoice(order) => self.invoice(*order)?,
            Task::Pay { invoice, amount } => {
                self.receive(Target::Invoice(*invoice), *amount, date)?
            }
            Task::Deposit { order, amount } => {
                self.receive(Target::Order(*order), *amount, date)?
            }
            Task::Review => Command::ReviewDay,
        }))
    }

    fn shipping(
        &mut self,
        at: usize,
        order: &OrderId,
        share: Share,
        date: chrono::NaiveDate,
    ) -> Result<Option<Command>, DataError> {
        let Self { clients, shelf, goods, .. } = self;
        let client: &mut Client =
            clients.get_mut(at).ok_or_else(|| DataError::of("a customer is missing"))?;
        let lines = client.lots(order, share, goods, shelf, date)?;
        if lines.is_empty() {
            return Ok(None);
        }
        let ship = ShipGoods { order: *order, lines, shipped_on: None };
        Ok(Some(Command::Trading(trading::Command::Ship(Box::new(ship)))))
    }

    fn invoice(&mut self, order: OrderId) -> Result<Command, DataError> {
        self.invoices = self.invoices.saturating_add(1);
        let issue = IssueInvoice {
            number: parsed(&format!("INV-{:06}", self.invoices))?,
            issued_on: None,
            title: None,
            scope: InvoiceScope::Shipments { order, shipments: Vec::new() },
        };
        Ok(Command::Receivables(receivables::Command::Invoice(Box::new(issue))))
    }

    fn receive(
        &mut self,
        to: Target,
        amount: Money,
        date: chrono::NaiveDate,
    ) -> Result<Command, DataError> {
        self.receipts = self.receipts.saturating_add(1);
        let receive = ReceiveCash {
            reference: parsed(&format!("BANK-{:06}", self.receipts))?,
            amount,
            received_on: Some(date),
            apply: Allocation::Just(vec![Application { to, amount: None }]),
            origin: None,
        };
        Ok(Command::Receivables(receivables::Command::Receive(Box::new(receive))))
    }
}

fn place(wish: &Wish, at: usize, day: u32, date: chrono::NaiveDate) -> Result<Command, DataError> {
    let wanted = date.checked_add_days(chrono::Days::new(wish.in_days.into()));
    let placement = Placement {
        reference: Some(parsed(&format!("PO-{at}-{day}"))?),
        currency: None,
        lines: wish.lines.clone(),
        requested_ship_date: wanted,
        ship_to: None,
        payment: wish.payment,
    };
    Ok(Command::Trading(trading::Command::Place(Box::new(placement))))
}

fn release(order: OrderId) -> Result<Command, DataError> {
    let release = ReleaseOrder {
        order,
        reason: parsed("客户已书面承诺付款日期")?,
        tolerance_percent: 10,
        expires_on: None,
    };
    Ok(Command::Trading(trading::Command::Release(Box::new(release))))
}

fn cancel(order: OrderId) -> Result<Command, DataError> {
    let cancel =
        CancelOrder {
            order, reason: parsed("暂缓已久，客户同意取消")?, lines: Vec::new()
        };
    Ok(Command::Trading(trading::Command::Cancel(Box::new(cancel))))
}
