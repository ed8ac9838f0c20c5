//! Recording customers and products: every row by itself, many at once.

use domain::ids::{CustomerId, ProductId};
use futures::stream::{self, StreamExt, TryStreamExt};

use super::giving::{Given, Giver, IN_FLIGHT, Stopped};
use super::mapping::Columns;
use super::tally::{Fate, Tally, fault};
use super::{customers, products};

pub async fn customers(
    giver: &Giver<'_>,
    columns: &Columns,
    rows: &[customers::Registration],
) -> Result<Tally, Stopped> {
    let record = async |row: &customers::Registration| {
        let by = giver.asking(row.line, "customer");
        let id = CustomerId::from_uuid(by.new_id(giver.door()));
        let outcome = giver.customer(&by, id, &row.command).await?;
        Ok(counted(giver, columns, row.line, outcome))
    };
    let mut tally = all(stream::iter(rows).map(record).buffer_unordered(IN_FLIGHT)).await?;
    tally.registered = tally.taken;
    Ok(tally)
}

pub async fn products(
    giver: &Giver<'_>,
    columns: &Columns,
    rows: &[products::Registration],
) -> Result<Tally, Stopped> {
    let record = async |row: &products::Registration| {
        let by = giver.asking(row.line, "product");
        let id = ProductId::from_uuid(by.new_id(giver.door()));
        let outcome = giver.product(&by, id, &row.command).await?;
        Ok(counted(giver, columns, row.line, outcome))
    };
    all(stream::iter(rows).map(record).buffer_unordered(IN_FLIGHT)).await
}

fn counted<E>(giver: &Giver<'_>, columns: &Columns, line: u32, outcome: Given<E>) -> Tally {
    let mut tally = Tally::default();
    let fate = match outcome {
        Ok(committed) => tally.command(&committed),
        Err(problem) => Fate::Refused(fault(line, &problem, columns)),
    };
    tally.count(fate);
    giver.row_done();
    tally
}

async fn all(
    outcomes: impl stream::Stream<Item = Result<Tally, Stopped>>,
) -> Result<Tally, Stopped> {
    let add = async |mut tally: Tally, next| {
        tally.add(next);
        Ok(tally)
    };
    outcomes.try_fold(Tally::default(), add).await
}
