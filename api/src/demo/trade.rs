//! Day by day: what is due is commanded, what came of it is looked at, and what follows from that is put on the agenda.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::approval::{Route, Rule};
use domain::customer::Event;
use domain::customer::receivables::InvoiceIssued;
use domain::customer::trading::{GoodsShipped, OrderTaken};
use domain::decision::{CauseKind, Decision};
use domain::ids::{CaseId, OrderId};
use domain::money::Money;
use domain::permissions::Act;
use domain::staff::Role;
use futures::future::join_all;

use super::DemoError;
use super::agenda::{Agenda, Wave};
use super::cast::Part;
use super::client::{Chance, Client};
use super::clock::DemoClock;
use super::data::{City, DataError};
use super::goods::Good;
use super::lots::Shelf;
use super::papers::{Clerk, Span};
use super::people::People;
use super::rules::Scenes;
use super::statistics::Statistics;
use super::task::{Share, Task, Then};
use crate::asked::Asking;
use crate::door::Door;

/// Hours between the company's zone and UTC, for the simulated clock only.
const ZONE_HOURS: i64 = 8;
/// Rules are changed before anything is traded on a day.
const RULES_HOUR: u32 = 8;
/// Until when an order may be held before it is cancelled, in days.
const PATIENCE: u32 = 30;

pub struct Trade<'a> {
    pub door: &'a Door,
    pub clock: Arc<DemoClock>,
    pub people: &'a People,
    pub cities: &'a [City],
    pub goods: &'a [Good],
    pub clients: Vec<Client>,
    pub agenda: Agenda,
    pub span: Span,
    pub statistics: Statistics,
    pub(super) shelf: Shelf,
    pub(super) invoices: u32,
    pub(super) receipts: u32,
    commands: u32,
    /// Of the cases that somebody opened.
    routes: HashMap<CaseId, Route>,
}

impl<'a> Trade<'a> {
    pub fn new(
        door: &'a Door,
        clock: Arc<DemoClock>,
        people: &'a People,
        cities: &'a [City],
        goods: &'a [Good],
        clients: Vec<Client>,
        span: Span,
    ) -> Self {
        let mut statistics = Statistics::default();
        for client in &clients {
            statistics.customer(&client.sketch);
        }
        Self {
            door,
            clock,
            people,
            cities,
            goods,
            clients,
            agenda: Agenda::default(),
            span,
            statistics,
            shelf: Shelf::default(),
            invoices: 0,
            receipts: 0,
            commands: 0,
            routes: HashMap::new(),
        }
    }

    /// Lives through the days before `end`.
    pub async fn live(&mut self, end: u32) -> Result<(), DemoError> {
        let mut scenes = Scenes::over(end);
        while let Some(((day, hour), waves)) = self.agenda.next(end) {
            while let Some(due) = scenes.due(day) {
                self.clock.turn_to(moment(self.date(due), RULES_HOUR, 0));
                scenes.play(self.door, self.people).await?;
            }
            for (nth, wave) in (0..).zip(waves) {
                self.clock.turn_to(moment(self.date(day), hour, nth));
                self.do_all(day, wave).await?;
            }
        }
        Ok(())
    }

    pub(super) fn date(&self, day: u32) -> NaiveDate {
        self.span.first.checked_add_days(Days::new(day.into())).unwrap_or(self.span.first)
    }

    /// Gives the commands of a wave all at once, so that the journal can write them together; looks at the answers in their order.
    async fn do_all(&mut self, day: u32, wave: Wave) -> Result<(), DemoError> {
        let mut asked = Vec::with_capacity(wave.len());
        for due in wave {
            let Some(command) = self.command(day, due.client, &due.task)? else { continue };
            let by = self.asking(&due.task, due.client)?;
            let Some(client) = self.clients.get(due.client) else { continue };
            asked.push((due, by, client.id, command));
        }
        let door = self.door;
        let given: Vec<_> = asked
            .into_iter()
            .map(async |(due, by, id, command)| (due, door.customer(by, id, command).await))
            .collect();
        for (due, answer) in join_all(given).await {
            match answer {
                Ok(committed) => {
                    self.statistics.observe(&committed.events);
                    self.follow(day, due.client, &due.task, &committed.events);
                }
                Err(problem)
                    if due.task.may_come_too_late() && problem.status().is_client_error() =>
                {
                    self.statistics.too_late = self.statistics.too_late.saturating_add(1);
                }
                Err(problem) => return Err(DemoError::Refused { task: due.task, problem }),
            }
        }
        Ok(())
    }

    fn asking(&mut self, task: &Task, client: usize) -> Result<Asking, DemoError> {
        self.commands = self.commands.saturating_add(1);
        let key = format!("demo/{}", self.commands);
        Ok(match task.by() {
            Some((role, act)) => {
                // Whoever asked does not agree to it: where there are two, it is the other one.
                let nth = match task {
                    Task::Vote { .. } => client.saturating_add(1),
                    _ => client,
                };
                let person = self.people.who(role, act, nth)?;
                Asking::within(person.staff.clone(), vec![person.role], key)
            }
            None => Asking::within(super::data::parsed("staff-system")?, Vec::new(), key),
        })
    }

    /// Whoever looks after a customer.
    pub(super) fn manager(&self, client: usize) -> Result<domain::ids::StaffId, DataError> {
        Ok(self.people.who(Role::Sales, Act::RegisterCustomer, client)?.staff.clone())
    }

    pub fn city(&self, client: &Client) -> Result<&'a City, DataError> {
        self.cities.get(client.sketch.city).ok_or_else(|| DataError::of("a city is missing"))
    }

    pub fn clerk(&self, place: usize) -> Result<Clerk<'_>, DataError> {
        let client =
            self.clients.get(place).ok_or_else(|| DataError::of("a customer is missing"))?;
        let city = self.city(client)?;
        Ok(Clerk {
            sketch: &client.sketch,
            city,
            uscc: client.uscc.as_str(),
            serial: place,
            span: self.span,
        })
    }

    /// What follows from what happened.
    fn follow(&mut self, day: u32, client: usize, task: &Task, events: &[Event]) {
        for event in events {
            match event {
                Event::CaseOpened(case) => {
                    let next = day.saturating_add(1);
                    self.asked(next, client, case.case, (&case.opened.route, 1));
                    self.routes.insert(case.case, case.opened.route.clone());
                }
                Event::CaseStageOpened(it) => {
                    if let Some(route) = self.routes.get(&it.case).cloned() {
                        self.asked(day, client, it.case, (&route, it.opened.stage));
                    }
                }
                Event::OrderPlaced(taken) => self.placed(day, client, task, taken),
                Event::OrderHeld(taken) => self.held(day, client, task, taken),
                Event::OrderReleased(it) if it.remaining.is_empty() => {
                    self.ship(day.saturating_add(1), client, it.order, Share::Rest);
                }
                Event::OrderHealed(it) => {
                    self.ship(day.saturating_add(1), client, it.order, Share::Rest);
                }
                Event::ShipmentCleared(it) => {
                    self.ship(day.saturating_add(1), client, it.order, Share::Rest);
                }
                Event::GoodsShipped(it) => self.shipped(day, client, it),
                Event::ShipmentHeld(it) => self.stopped(day, client, it.order, &it.decision),
                Event::ShipmentDenied(it) => {
                    self.agenda.put(day.saturating_add(1), client, Task::Cancel(it.order));
                }
                Event::InvoiceIssued(it) => self.invoiced(day, client, it),
                _ => {}
            }
        }
    }

    /// The departments that a stage asks will vote.
    fn asked(&mut self, day: u32, at: usize, case: CaseId, (route, stage): (&Route, u32)) {
        let part = self.clients.get(at).map(|client| client.sketch.part);
        if part == Some(Part::InReview) {
            return;
        }
        let nth = usize::try_from(stage.saturating_sub(1)).unwrap_or(usize::MAX);
        let Some(open) = route.stages.get(nth) else { return };
        let wanted = if open.rule == Rule::OnePerDepartment { open.departments.len() } else { 1 };
        for role in open.departments.iter().take(wanted) {
            self.agenda.put(day, at, Task::Vote { case, role: *role, stage });
        }
    }

    fn then(task: &Task) -> Then {
        match task {
            Task::Order(wish) => wish.then,
            _ => Then::SeesToIt,
        }
    }

    fn placed(&mut self, day: u32, at: usize, task: &Task, taken: &OrderTaken) {
        let then = Self::then(task);
        let Some(client) = self.clients.get_mut(at) else { return };
        client.takes(taken, then);
        let share = if client.chance(20) == Chance::Comes { Share::Half } else { Share::Rest };
        let wait = match task {
            Task::Order(wish) => wish.in_days,
            _ => 1,
        };
        if taken.payment.prepaid_percent() > 0 && then == Then::SeesToIt {
            // Most of the money is there before the goods are wanted.
            let in_days = client.random_days(0, 5);
            let deposit = Task::Deposit { order: taken.order, amount: taken.total };
            self.agenda.put(day.saturating_add(in_days), at, deposit);
        }
        self.ship(day.saturating_add(wait), at, taken.order, share);
    }

    fn held(&mut self, day: u32, at: usize, task: &Task, taken: &OrderTaken) {
        let then = Self::then(task);
        if let Some(client) = self.clients.get_mut(at) {
            client.takes(taken, then);
        }
        self.stopped(day, at, taken.order, &taken.decision);
    }

    /// Credit releases some of what is held for money, and Sales gives up what is held too long.
    fn stopped(&mut self, day: u32, at: usize, order: OrderId, decision: &Decision) {
        let Some(client) = self.clients.get_mut(at) else { return };
        if client.running.get(&order).is_none_or(|running| running.then == Then::LeavesIt) {
            return;
        }
        let money = |kind| matches!(kind, CauseKind::Overdue | CauseKind::Limit);
        let about_money = decision.stopping().iter().all(|code| money(code.kind()));
        if about_money && client.chance(55) == Chance::Comes {
            let in_days = client.random_days(1, 3);
            self.agenda.put(day.saturating_add(in_days), at, Task::Release(order));
        }
        self.agenda.put(day.saturating_add(PATIENCE), at, Task::Cancel(order));
    }

    fn ship(&mut self, day: u32, client: usize, order: OrderId, share: Share) {
        self.agenda.put(day, client, Task::Ship { order, share });
    }

    fn shipped(&mut self, day: u32, at: usize, shipped: &GoodsShipped) {
        let Some(client) = self.clients.get_mut(at) else { return };
        let left = client.shipped(&shipped.order, shipped.lines.iter().map(|line| &line.goods));
        let (invoice_in, rest_in) = (client.random_days(0, 1), client.random_days(2, 6));
        self.agenda.put(day.saturating_add(invoice_in), at, Task::Invoice(shipped.order));
        if left > 0 {
            self.ship(day.saturating_add(rest_in), at, shipped.order, Share::Rest);
        }
    }

    fn invoiced(&mut self, day: u32, at: usize, issued: &InvoiceIssued) {
        let Some(client) = self.clients.get_mut(at) else { return };
        let mut paid = issued.deposits.iter().map(|used| used.amount);
        let open = paid.try_fold(issued.amount, Money::minus);
        let Some(amount) = open.ok().filter(|open| open.is_positive()) else { return };
        let in_days = client.pays_in();
        self.agenda.put(
            day.saturating_add(in_days),
            at,
            Task::Pay { invoice: issued.invoice, amount },
        );
    }
}

/// An hour of a day in the company's zone; waves of one hour are a minute apart.
fn moment(date: NaiveDate, hour: u32, minute: u32) -> DateTime<Utc> {
    let midnight = date.and_time(chrono::NaiveTime::MIN).and_utc();
    let into = TimeDelta::hours(i64::from(hour).saturating_sub(ZONE_HOURS));
    midnight + into + TimeDelta::minutes(i64::from(minute.min(59)))
}
