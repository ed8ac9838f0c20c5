//! What everybody does in the ordinary course, and what those with a part do besides.

use super::cast::Part;
use super::client::Client;
use super::data::DataError;
use super::goods::Good;
use super::task::{Task, Then, Wish};
use super::trade::Trade;
use domain::product::Trait;

/// Days within which the customers of the beginning come.
const ARRIVAL_DAYS: u32 = 15;
/// Days between two daily reviews of a customer that nothing else happens to; every review speaks of all days since the last.
const REVIEW_DAYS: u32 = 7;

impl Trade<'_> {
    /// Puts everything on the agenda that does not follow from something else.
    pub fn plan(&mut self, days: u32) -> Result<(), DataError> {
        for place in 0..self.clients.len() {
            self.plan_one(place, days)?;
        }
        Ok(())
    }

    fn plan_one(&mut self, place: usize, days: u32) -> Result<(), DataError> {
        let Some(part) = self.clients.get(place).map(|client| client.sketch.part) else {
            return Ok(());
        };
        let nth = u32::try_from(place).unwrap_or(u32::MAX);
        let late = part == Part::InReview;
        let arrival = if late {
            days.saturating_sub(5)
        } else {
            nth.checked_rem(ARRIVAL_DAYS.min(days / 4).max(1)).unwrap_or(0)
        };
        self.qualify(place, arrival, part)?;
        let first = arrival.saturating_add(3);
        self.orders(place, first, days.saturating_sub(quiet(part)))?;
        self.act(place, first, days, part)?;
        let mut day = first;
        while day < days {
            self.agenda.put(day, place, Task::Review);
            day = day.saturating_add(REVIEW_DAYS);
        }
        Ok(())
    }

    fn qualify(&mut self, place: usize, day: u32, part: Part) -> Result<(), DataError> {
        self.agenda.put(day, place, Task::Register);
        for paper in self.clerk(place)?.papers()? {
            self.agenda.put(day, place, Task::Upload(Box::new(paper)));
        }
        self.agenda.put(day, place, Task::Submit);
        if part != Part::InReview {
            self.agenda.put(day.saturating_add(2), place, Task::Grant);
        }
        Ok(())
    }

    /// Orders in the ordinary course, on working days.
    fn orders(&mut self, place: usize, first: u32, end: u32) -> Result<(), DataError> {
        let mut day = first;
        while let Some(client) = self.clients.get_mut(place) {
            day = day.saturating_add(client.orders_in());
            let wish = client.wish(self.goods)?;
            let day_of_trade = self.working_day(day);
            if day_of_trade >= end {
                break;
            }
            if !wish.lines.is_empty() {
                self.agenda.put(day_of_trade, place, Task::Order(wish));
            }
        }
        Ok(())
    }

    fn working_day(&self, day: u32) -> u32 {
        use chrono::{Datelike, Weekday};
        match self.date(day).weekday() {
            Weekday::Sat => day.saturating_add(2),
            Weekday::Sun => day.saturating_add(1),
            _ => day,
        }
    }

    /// The scenes of those with a part, counted from the last day.
    fn act(&mut self, place: usize, first: u32, days: u32, part: Part) -> Result<(), DataError> {
        let on = |before: u32| days.saturating_sub(before).max(first);
        match part {
            Part::Ordinary => {}
            Part::Lapsed => {
                for before in [20, 8, 2] {
                    self.wants_implants(place, on(before), 3, Then::SeesToIt)?;
                }
            }
            Part::DrugsOnly => self.wants_implants(place, on(15), 2, Then::SeesToIt)?,
            Part::InReview => self.wants_implants(place, on(1), 1, Then::SeesToIt)?,
            Part::ELicence => {
                let renewal = self.clerk(place)?.renewal()?;
                self.agenda.put(on(4), place, Task::Upload(Box::new(renewal)));
                self.agenda.put(on(3), place, Task::Submit);
            }
            Part::Suspended => {
                self.agenda.put(on(12), place, Task::Suspend);
                self.wants_implants(place, on(7), 2, Then::LeavesIt)?;
            }
            Part::Disabled => {
                self.agenda.put(on(40), place, Task::Disable);
                self.wants_implants(place, on(30), 2, Then::SeesToIt)?;
            }
            Part::OverLimit => self.wants_implants(place, on(3), 60, Then::LeavesIt)?,
            Part::AwaitsMoney => self.wants_implants(place, on(4), 8, Then::LeavesIt)?,
            Part::Frozen => {
                self.agenda.put(on(21), place, Task::Freeze);
                self.wants_implants(place, on(2), 4, Then::LeavesIt)?;
            }
        }
        Ok(())
    }

    fn wants_implants(
        &mut self,
        place: usize,
        day: u32,
        pieces: u32,
        then: Then,
    ) -> Result<(), DataError> {
        let implant = implant(self.goods);
        let client: Option<&mut Client> = self.clients.get_mut(place);
        let (Some(implant), Some(client)) = (implant, client) else { return Ok(()) };
        let lines = vec![client.line(implant, pieces)?];
        let wish = Wish { lines, in_days: 1, payment: None, then };
        self.agenda.put(day, place, Task::Order(wish));
        Ok(())
    }
}

/// The implant that the demonstration shows most of.
pub fn implant(goods: &[Good]) -> Option<&Good> {
    goods.iter().find(|good| good.is(Trait::Implant))
}

/// How many days before the last one the ordinary orders end.
fn quiet(part: Part) -> u32 {
    match part {
        Part::Ordinary | Part::ELicence => 0,
        Part::Frozen => 3,
        Part::OverLimit => 4,
        Part::AwaitsMoney => 5,
        Part::Suspended => 13,
        Part::Lapsed => 27,
        Part::Disabled => 41,
        Part::DrugsOnly | Part::InReview => u32::MAX,
    }
}
