//! What chance proposes: mostly what people would do next, sometimes what they should not.

use chrono::{Days, NaiveDate};
use domain::{
    customer::{
        Command, Customer,
        approving::{self, Act, Which},
        credit,
        order::Order,
        qualification, receivables,
        registration::{self, CustomerKind, Origin},
        trading,
    },
    ids::{InvoiceId, OrderId, ReceiptId, StaffId},
    money::{Currency, Minor, Money, Quantity},
    staff::Role,
};
use rand::RngExt;
use serde_json::json;

use super::{VOTERS, World};

/// A command, for one of the customers, by somebody.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub customer: usize,
    pub actor: &'static str,
    pub roles: Vec<Role>,
    pub command: Command,
}

impl World {
    /// The next thing that somebody does.
    pub fn propose(&mut self) -> Proposal {
        let customer = self.rng.random_range(0..self.customers.len());
        let (actor, role, command) = self.act(customer);
        Proposal { customer, actor, roles: vec![role], command }
    }

    fn act(&mut self, n: usize) -> (&'static str, Role, Command) {
        let customer = self.customers[n].1.clone();
        if !customer.is_registered() {
            return ("staff-sales-1", Role::Sales, self.registration(n));
        }
        match self.rng.random_range(0..100) {
            0 => ("staff-sales-1", Role::Sales, self.particulars(&customer, n)),
            1..10 => self.papers(&customer),
            10..14 => self.credit(),
            14..20 => self.case(&customer),
            20..22 => self.status(),
            22..45 => ("staff-sales-1", Role::Sales, self.place(&customer)),
            45..52 => self.release(&customer),
            52..56 => ("staff-sales-1", Role::Sales, self.cancel(&customer)),
            56..72 => ("staff-warehouse-1", Role::Warehouse, self.ship(&customer)),
            72..82 => ("staff-finance-1", Role::Finance, self.invoice(&customer)),
            82..96 => ("staff-finance-1", Role::Finance, self.cash(&customer)),
            _ => ("staff-system", Role::Admin, Command::ReviewDay),
        }
    }

    fn date(&mut self, from: i64, to: i64) -> NaiveDate {
        let days = self.rng.random_range(from..to);
        let shift = Days::new(days.unsigned_abs());
        let today = self.today();
        let date =
            if days < 0 { today.checked_sub_days(shift) } else { today.checked_add_days(shift) };
        date.expect("a date")
    }

    /// Says what an imported customer is, or where a known one takes its goods.
    fn particulars(&mut self, customer: &Customer, n: usize) -> Command {
        let unclassified = customer.registration.uscc().is_none();
        let amended =
            json!({"delivery_addresses": [format!("示范仓库 {}", self.rng.random_range(1..9))]});
        let amended = serde_json::from_value(amended).expect("an amendment");
        Command::Registration(if unclassified {
            let uscc = format!("9133020000000{n:04}");
            let uscc = domain::uscc::Uscc::with_check(&uscc).expect("17 characters");
            registration::Command::Classify { kind: CustomerKind::Distributor, uscc }
        } else {
            registration::Command::Amend(Box::new(amended))
        })
    }

    fn papers(&mut self, customer: &Customer) -> (&'static str, Role, Command) {
        let of = Command::Qualification;
        match self.rng.random_range(0..10) {
            0..5 => {
                let upload = qualification::Upload { paper: self.paper() };
                let upload = qualification::Command::Upload(Box::new(upload));
                ("staff-sales-1", Role::Sales, of(upload))
            }
            5..7 => {
                let name = self.rng.random_bool(0.2).then(|| {
                    let number = self.rng.random_range(1..4);
                    format!("杭州安和医疗器械有限公司（{number}）").parse().expect("a name")
                });
                ("staff-sales-1", Role::Sales, of(qualification::Command::Submit { name }))
            }
            9 => {
                let reason = "复核不符".parse().expect("a reason");
                let all: Vec<_> = customer.qualification.documents.keys().copied().collect();
                match self.pick(&all) {
                    Some(document) if self.rng.random_bool(0.3) => {
                        let revoke = qualification::Command::Revoke { document, reason };
                        ("staff-quality-1", Role::Quality, of(revoke))
                    }
                    _ => self.case(customer),
                }
            }
            _ => self.case(customer),
        }
    }

    /// Something done about a case that waits, mostly the vote that it waits for.
    fn case(&mut self, customer: &Customer) -> (&'static str, Role, Command) {
        let cases: Vec<_> = customer.cases.all().cloned().collect();
        let case = self.rng.random_range(0..cases.len().max(1));
        let case = cases.get(case);
        let waits = case.map(|case| case.round.waits_for()).unwrap_or_default();
        let able: Vec<_> = VOTERS.iter().filter(|(_, role)| waits.contains(role)).collect();
        let (voter, role) = match able.get(self.rng.random_range(0..able.len().max(1))) {
            Some(found) if self.rng.random_bool(0.95) => **found,
            _ => VOTERS[self.rng.random_range(0..VOTERS.len())],
        };
        let asked_by = case.map(|case| case.requested_by.as_str());
        let (editor, as_editor) = match asked_by {
            Some("staff-credit-1") => ("staff-credit-1", Role::Credit),
            _ => ("staff-sales-1", Role::Sales),
        };
        let remarks = qualification::Remarks::default();
        let (reason, text) = ("复核不符".parse(), "请补充说明".parse());
        let (reason, text) = (reason.expect("a reason"), text.expect("a text"));
        let colleague = VOTERS.iter().find(|(name, of)| *of == role && *name != voter);
        let anybody = VOTERS[self.rng.random_range(0..VOTERS.len())];
        let other = colleague.copied().filter(|_| self.rng.random_bool(0.7)).unwrap_or(anybody).0;
        let other: StaffId = other.parse().expect("a staff id");
        let (actor, role, act) = match self.rng.random_range(0..40) {
            0 => (voter, role, Act::Reject { reason, remarks }),
            1 => (voter, role, Act::Return { reason, remarks, stage: None }),
            2 => (voter, role, Act::Return { reason, remarks, stage: Some(1) }),
            3 => (voter, role, Act::AskForInformation { question: text }),
            4..7 => (editor, as_editor, Act::Inform { answer: text }),
            7 => (voter, role, Act::AddReviewer { reviewer: other, reason }),
            8 => (voter, role, Act::Transfer { to: other, reason }),
            9 => (editor, as_editor, Act::Withdraw { reason }),
            10..12 => (editor, as_editor, Act::Reopen { reason }),
            _ => (voter, role, Act::Approve { remarks, content: None }),
        };
        let which = case.map_or(Which::Qualification, |case| Which::Case(case.id));
        (actor, role, Command::Approving(approving::Command { which, act }))
    }

    fn paper(&mut self) -> qualification::Paper {
        let kinds = [
            "business_licence",
            "institution_certificate",
            "social_organisation_certificate",
            "device_trading_licence",
            "device_trading_filing",
            "practice_licence",
            "practice_verification",
            "drug_trading_licence",
            "quality_agreement",
        ];
        let kind = kinds[self.rng.random_range(0..kinds.len())];
        let number = match kind {
            "device_trading_licence" => "浙杭药监械经营许20240001号".to_owned(),
            "device_trading_filing" => "浙杭药监械经营备20240001号".to_owned(),
            _ => format!("NO-{}", self.rng.random_range(1..1_000)),
        };
        let scope = match kind {
            "device_trading_licence" => {
                json!([{"catalogue": "2017", "code": "13", "class": "III"}])
            }
            "device_trading_filing" => json!([{"catalogue": "2017", "code": "14", "class": "II"}]),
            _ => json!([]),
        };
        let (from, to) = (self.date(-400, 30), self.date(-20, 900));
        let to = to.max(from);
        serde_json::from_value(json!({"kind": kind, "number": number, "valid_from": from,
            "valid_to": to, "copy": "sealed_copy", "scope": scope}))
        .expect("a paper")
    }

    fn credit(&mut self) -> (&'static str, Role, Command) {
        let actor = if self.rng.random_bool(0.1) { "staff-sales-2" } else { "staff-credit-1" };
        let applies = self.rng.random_bool(0.2);
        let command = match self.rng.random_range(0..10) {
            0 => credit::Command::Freeze { reason: "复核".parse().expect("a reason") },
            1..4 => credit::Command::Unfreeze { reason: None },
            n => {
                let most = if self.rng.random_bool(0.1) { 900_000_000 } else { 5_000_000 };
                let amount = money(self.rng.random_range(100_000..most));
                let limit = match n {
                    4 => credit::Limit::None,
                    5 => credit::Limit::Unlimited,
                    _ => credit::Limit::Amount { amount },
                };
                let cap = self.rng.random_bool(0.2).then(|| money(1_000_000));
                let asked = Box::new(credit::LimitGranted {
                    limit,
                    valid_until: self.rng.random_bool(0.3).then(|| self.date(0, 300)),
                    terms: None,
                    single_document_cap: cap,
                    increase: None,
                });
                if applies {
                    let apply = Command::Credit(credit::Command::Apply(asked));
                    return ("staff-sales-1", Role::Sales, apply);
                }
                credit::Command::Grant(asked)
            }
        };
        (actor, Role::Credit, Command::Credit(command))
    }

    fn status(&mut self) -> (&'static str, Role, Command) {
        let reason = "飞行检查".parse().expect("a reason");
        let of = Command::Registration;
        match self.rng.random_range(0..6) {
            0 => ("staff-quality-1", Role::Quality, of(registration::Command::Suspend { reason })),
            1 => ("staff-legal-1", Role::Legal, of(registration::Command::Disable { reason })),
            2 | 3 => {
                ("staff-legal-1", Role::Legal, of(registration::Command::Reinstate { reason }))
            }
            _ => {
                ("staff-quality-1", Role::Quality, of(registration::Command::Reinstate { reason }))
            }
        }
    }

    fn place(&mut self, customer: &Customer) -> Command {
        let products: Vec<_> = self.products.keys().copied().collect();
        let lines = (0..self.rng.random_range(1..4)).map(|_| trading::PlacedLine {
            product: products[self.rng.random_range(0..products.len())],
            quantity: Quantity::new(self.rng.random_range(1..20)).expect("more than none"),
            unit_price: format!(
                "{}.{:04}",
                self.rng.random_range(0..900),
                self.rng.random_range(0..10_000)
            )
            .parse()
            .expect("a price"),
        });
        let lines = lines.collect();
        let payment = match self.rng.random_range(0..6) {
            0 => Some(trading::Payment::Prepaid { percent: self.rng.random_range(1..=100) }),
            1 => Some(trading::Payment::OnDelivery),
            2 => None,
            _ => Some(trading::Payment::Credit),
        };
        let _ = customer;
        Command::Trading(trading::Command::Place(Box::new(trading::Placement {
            reference: None,
            currency: None,
            lines,
            requested_ship_date: Some(self.date(0, 40)),
            ship_to: None,
            payment,
        })))
    }

    fn release(&mut self, customer: &Customer) -> (&'static str, Role, Command) {
        let waiting: Vec<OrderId> = customer.waiting.values().copied().collect();
        let all: Vec<OrderId> = customer.orders.keys().copied().collect();
        let order = self.pick(&waiting).or_else(|| self.pick(&all)).unwrap_or_else(nowhere);
        let quality = self.rng.random_bool(0.3);
        let release = trading::ReleaseOrder {
            order,
            reason: "客户已承诺付款".parse().expect("a reason"),
            tolerance_percent: self.rng.random_range(0..15),
            expires_on: None,
        };
        let release = Command::Trading(trading::Command::Release(Box::new(release)));
        if quality {
            ("staff-quality-1", Role::Quality, release)
        } else {
            ("staff-credit-1", Role::Credit, release)
        }
    }

    fn cancel(&mut self, customer: &Customer) -> Command {
        let (order, open) = self.open_order(customer);
        let lines = open.filter(|_| self.rng.random_bool(0.5)).map(|open| {
            vec![trading::LineQuantity { line: open.0, quantity: Quantity::new(1).expect("one") }]
        });
        let reason = "客户要求".parse().expect("a reason");
        let cancel = trading::CancelOrder { order, reason, lines: lines.unwrap_or_default() };
        Command::Trading(trading::Command::Cancel(Box::new(cancel)))
    }

    fn ship(&mut self, customer: &Customer) -> Command {
        let (order, open) = self.open_order(customer);
        let (line, most) = open.unwrap_or((1, 1));
        let quantity = self.rng.random_range(1..=most.saturating_add(u32::from(most == 0)).max(1));
        let lot = format!("L{}", self.rng.random_range(1..30));
        let made = self.rng.random_bool(0.9).then(|| self.date(-500, -5));
        let lot = trading::Lot {
            line,
            quantity: Quantity::new(quantity).expect("more than none"),
            lot: Some(lot.parse().expect("a lot")),
            serials: Vec::new(),
            manufactured_on: made,
            expires_on: Some(self.date(-4, 900)),
        };
        let part = Quantity::new(quantity / 3).filter(|_| self.rng.random_bool(0.5));
        let lines = match part {
            Some(part) => {
                let rest = Quantity::new(quantity - part.get()).expect("most of it");
                let second = trading::Lot { quantity: rest, ..lot.clone() };
                vec![trading::Lot { quantity: part, ..lot }, second]
            }
            None => vec![lot],
        };
        let shipped_on = self.rng.random_bool(0.1).then(|| self.date(-20, 1));
        let ship = trading::ShipGoods { order, lines, shipped_on };
        Command::Trading(trading::Command::Ship(Box::new(ship)))
    }

    fn invoice(&mut self, customer: &Customer) -> Command {
        let items: Vec<InvoiceId> = customer.receivables.items.keys().copied().collect();
        if self.rng.random_bool(0.1) {
            let invoice =
                self.pick(&items).unwrap_or_else(|| InvoiceId::from_uuid(uuid::Uuid::nil()));
            let reason = "抬头错误".parse().expect("a reason");
            return Command::Receivables(receivables::Command::Void { invoice, reason });
        }
        let number = format!("INV-{}", self.rng.random::<u64>());
        let number = number.parse().expect("a number");
        let shipped: Vec<OrderId> = customer
            .orders
            .iter()
            .filter(|(_, order)| order.shipments.values().any(|s| s.shipped_on.is_some()))
            .map(|(id, _)| *id)
            .collect();
        let order = self.pick(&shipped).unwrap_or_else(nowhere);
        let part = customer.orders.get(&order).and_then(|order| {
            let mut lines = (1..).zip(&order.lines).filter(|(_, line)| line.to_invoice() > 0);
            lines.next().map(|(number, line)| (number, line.to_invoice()))
        });
        let scope = match part {
            Some((line, most)) if self.rng.random_bool(0.3) => {
                let quantity = Quantity::new(self.rng.random_range(1..=most)).expect("one");
                let part = receivables::InvoicedPart { order, line, quantity };
                receivables::InvoiceScope::Lines(vec![part])
            }
            _ => receivables::InvoiceScope::Shipments { order, shipments: Vec::new() },
        };
        let issued_on = self.rng.random_bool(0.5).then(|| self.date(-60, 3));
        let title = self.rng.random_bool(0.1).then(|| "另一家公司".parse().expect("a title"));
        let issue = receivables::IssueInvoice { number, issued_on, title, scope };
        Command::Receivables(receivables::Command::Invoice(Box::new(issue)))
    }

    fn cash(&mut self, customer: &Customer) -> Command {
        let receipts: Vec<ReceiptId> = customer.receivables.receipts.keys().copied().collect();
        let items: Vec<InvoiceId> = customer.receivables.items.keys().copied().collect();
        let orders: Vec<OrderId> = customer.orders.keys().copied().collect();
        let receipt = self.pick(&receipts);
        Command::Receivables(match (self.rng.random_range(0..20), receipt) {
            (0, Some(receipt)) => {
                let reason = "退票".parse().expect("a reason");
                receivables::Command::Reverse { receipt, reason }
            }
            (1..4, Some(receipt)) => receivables::Command::Apply { receipt, apply: Vec::new() },
            (5, _) => {
                let (issued_on, line) = (self.date(-300, -200), self.rng.random_range(2..9_999));
                receivables::Command::OpenInvoice(Box::new(receivables::OpenInvoice {
                    number: format!("OLD-{}", self.rng.random::<u64>()).parse().expect("a number"),
                    amount: money(self.rng.random_range(1..400_000)),
                    issued_on,
                    due_on: issued_on + Days::new(30),
                    disputed: self.rng.random_bool(0.2),
                    origin: Origin { kind: "import".to_owned(), digest: "0".repeat(64), line },
                }))
            }
            (4, _) => {
                let number = format!("CN-{}", self.rng.random::<u64>());
                receivables::Command::IssueCreditNote(Box::new(receivables::IssueCreditNote {
                    number: number.parse().expect("a number"),
                    invoice: self.pick(&items),
                    amount: money(self.rng.random_range(1..200_000)),
                    issued_on: None,
                    reason: "折让".parse().expect("a reason"),
                }))
            }
            _ => {
                let apply = match self.rng.random_range(0..6) {
                    0 => receivables::Allocation::Just(Vec::new()),
                    1 | 2 => {
                        let to =
                            receivables::Target::Order(self.pick(&orders).unwrap_or_else(nowhere));
                        receivables::Allocation::Just(vec![receivables::Application {
                            to,
                            amount: None,
                        }])
                    }
                    _ => receivables::Allocation::OldestFirst,
                };
                let reference = format!("BANK-{}", self.rng.random::<u64>());
                receivables::Command::Receive(Box::new(receivables::ReceiveCash {
                    reference: reference.parse().expect("a reference"),
                    amount: money(self.rng.random_range(1..1_500_000)),
                    received_on: None,
                    apply,
                    origin: None,
                }))
            }
        })
    }

    /// An open order, and a line of it with so much left to ship.
    fn open_order(&mut self, customer: &Customer) -> (OrderId, Option<(u32, u32)>) {
        let open = |order: &Order| order.lines.iter().any(|line| line.to_ship() > 0);
        let orders: Vec<OrderId> =
            customer.orders.iter().filter(|(_, order)| open(order)).map(|(id, _)| *id).collect();
        let order = self.pick(&orders).unwrap_or_else(nowhere);
        let line = customer.orders.get(&order).and_then(|order| {
            let mut lines = (1..).zip(&order.lines).filter(|(_, line)| line.to_ship() > 0);
            lines.next().map(|(number, line)| (number, line.to_ship()))
        });
        (order, line)
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.rng.random_range(0..from.len())]) }
    }
}

fn nowhere() -> OrderId {
    OrderId::from_uuid(uuid::Uuid::nil())
}

fn money(minor: i64) -> Money {
    Money::from_minor(Minor(minor), Currency::CNY).expect("an amount")
}
