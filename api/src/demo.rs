//! `probity demo`: a store that is thrown away afterwards, filled through the ordinary commands with a company that does not exist.
//!
//! A simulated clock is moved day by day up to today; then the store is served with the computer's clock. The same seed on the
//! same day gives the same company, secrets excepted.

pub mod agenda;
pub mod cast;
pub mod client;
pub mod clock;
mod commands;
pub mod data;
pub mod goods;
pub mod lots;
pub mod papers;
pub mod people;
pub mod rules;
pub mod script;
pub mod show;
pub mod statistics;
pub mod task;
pub mod trade;

use std::path::Path;
use std::sync::Arc;

use chrono::{Days, NaiveDate, NaiveTime};
use domain::ids::{CustomerId, ProductId};
use domain::permissions::Act;
use domain::staff::Role;
use futures::future::try_join_all;
use journal::ClockCheck;
use rand::SeedableRng;
use rand_chacha::ChaCha12Rng;

use self::client::Client;
use self::clock::{DemoClock, DemoIds};
use self::data::{DataError, Names, names};
use self::goods::Good;
use self::papers::Span;
use self::people::People;
use self::statistics::Statistics;
use self::task::Task;
use self::trade::Trade;
use crate::asked::Asking;
use crate::config::{DatabaseUrl, DemoOptions};
use crate::door::Door;
use crate::problem::Problem;
use crate::serve::{Opened, Opening, StartError};

pub use self::show::run;

/// Fewer days show nothing of who pays late.
pub const DAYS_MIN: u32 = 60;
/// The most that is filled: ten years, and so many customers.
pub const DAYS_MAX: u32 = 3_650;
pub const CUSTOMERS_MAX: u32 = 20_000;
/// So many have a part to play.
pub const CUSTOMERS_MIN: u32 = 16;

/// The demonstration could not be filled.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("{0}")]
    Data(#[from] DataError),
    #[error("{0}")]
    Start(#[from] StartError),
    #[error("{0}")]
    Problem(#[from] Problem),
    #[error("{task:?} was refused: {problem}")]
    Refused { task: Task, problem: Problem },
    #[error("the read models did not follow: {0}")]
    Behind(#[from] projections::Error),
}

/// A store that is filled, and what is worth looking at.
pub struct Filled {
    pub opened: Opened,
    pub people: People,
    pub goods: Vec<Good>,
    pub clients: Vec<Client>,
    pub statistics: Statistics,
    pub span: Span,
}

/// Fills a new store in `folder` up to the day `last`.
pub async fn fill(
    folder: &Path,
    options: &DemoOptions,
    last: NaiveDate,
) -> Result<Filled, DemoError> {
    let days = options.days;
    let first = last.checked_sub_days(Days::new(u64::from(days).saturating_sub(1))).unwrap_or(last);
    let span = Span { first, last };
    let clock = Arc::new(DemoClock::at(first.and_time(NaiveTime::MIN).and_utc()));
    let opened = Opened::open(opening(folder, &clock, options.seed)).await?;
    let names = names()?;
    let door = opened.door.clone();
    let people = People::hired(&door, &names).await?;
    let goods =
        goods::goods(first, &names.makers_of_products, || ProductId::from_uuid(door.ids().uuid()))?;
    register(&door, &people, &goods).await?;
    let clients = clients(&door, &names, options)?;
    let mut trade =
        Trade::new(&door, Arc::clone(&clock), &people, &names.cities, &goods, clients, span);
    trade.plan(days)?;
    trade.live(days).await?;
    let Trade { clients, statistics, .. } = trade;
    clock.let_go();
    let _ = door.settled(None).await;
    projections::catch_up(door.journal()).await?;
    Ok(Filled { opened, people, goods, clients, statistics, span })
}

fn opening(folder: &Path, clock: &Arc<DemoClock>, seed: u64) -> Opening {
    let database = DatabaseUrl::new(format!("sqlite:{}", folder.join("demo.db").display()));
    let mut opening = Opening::of(database, folder.join("attachments"));
    opening.clock = Arc::<DemoClock>::clone(clock);
    opening.clock_check = ClockCheck::Simulated;
    opening.ids = Arc::new(DemoIds::new(Arc::clone(clock), seed));
    opening
}

async fn register(door: &Door, people: &People, goods: &[Good]) -> Result<(), DemoError> {
    let quality = people.who(Role::Quality, Act::ManageProducts, 0)?;
    let registered = goods.iter().map(|good| {
        let key = format!("demo/product/{}", good.particulars.code);
        let by = Asking::within(quality.staff.clone(), vec![quality.role], key);
        door.product(by, good.id, good.register())
    });
    try_join_all(registered).await?;
    Ok(())
}

fn clients(door: &Door, names: &Names, options: &DemoOptions) -> Result<Vec<Client>, DataError> {
    let mut random = ChaCha12Rng::seed_from_u64(options.seed);
    let sketches = cast::sketches(options.customers, names, &mut random);
    let clients = sketches.into_iter().enumerate().map(|(place, sketch)| {
        let city = names.cities.get(sketch.city);
        let city = city.ok_or_else(|| DataError::of("a city is missing"))?;
        Client::new(sketch, CustomerId::from_uuid(door.ids().uuid()), city, place, options.seed)
    });
    clients.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_with_a_part_has_a_place() {
        assert_eq!(u32::try_from(cast::CAST_SIZE), Ok(CUSTOMERS_MIN));
    }
}
