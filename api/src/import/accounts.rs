//! Recording receivables: customer by customer, many customers at once.

use domain::ids::CustomerId;
use futures::stream::{self, StreamExt, TryStreamExt};
use journal::Replayed;

use super::earlier::{Earlier, Standing};
use super::giving::{Giver, IN_FLIGHT, Stopped};
use super::mapping::Columns;
use super::reading::Fault;
use super::receivables::{Account, Opening, Step, What};
use super::tally::{Fate, Tally, fault, otherwise};
use crate::problem::Problem;

pub async fn record(
    giver: &Giver<'_>,
    columns: &Columns,
    accounts: &[Account],
) -> Result<Tally, Stopped> {
    stream::iter(accounts)
        .map(|account| one(giver, columns, account))
        .buffer_unordered(IN_FLIGHT)
        .try_fold(Tally::default(), async |mut tally, of_one| {
            tally.add(of_one);
            Ok(tally)
        })
        .await
}

/// One customer's facts, one after the other: a receipt needs its invoice, and the account its order.
async fn one(giver: &Giver<'_>, columns: &Columns, account: &Account) -> Result<Tally, Stopped> {
    let mut tally = Tally::default();
    let Some(first) = account.openings.first() else { return Ok(tally) };
    let customer = match customer(giver, first, &mut tally).await? {
        Ok(customer) => customer,
        Err(problem) => {
            for opening in &account.openings {
                let Fault { column, reason, .. } = fault(first.line, &problem, columns);
                tally.faults.push(Fault { line: opening.line, column, reason });
                giver.row_done();
            }
            return Ok(tally);
        }
    };
    let earlier =
        if customer.known { Earlier::of(giver, customer.id).await? } else { Earlier::default() };
    let mut fates: Vec<Option<Fate>> = account.openings.iter().map(|_| None).collect();
    for step in &account.steps {
        let Some(opening) = account.openings.get(step.opening) else { continue };
        let Some(fate) = fates.get_mut(step.opening) else { continue };
        if step.what == What::Invoice {
            giver.row_done();
        }
        // The receipt of an invoice that was not taken would settle somebody else's.
        if matches!(fate, Some(Fate::Refused(_))) {
            continue;
        }
        let next = match earlier.standing(opening, step.what) {
            Standing::New => give(giver, columns, customer.id, opening, *step, &mut tally).await?,
            Standing::Recorded => Fate::Known,
            Standing::Otherwise => Fate::Refused(otherwise(opening.line)),
        };
        *fate = Some(match fate.take() {
            Some(before) => before.and(next),
            None => next,
        });
    }
    for fate in fates.into_iter().flatten() {
        tally.count(fate);
    }
    Ok(tally)
}

async fn give(
    giver: &Giver<'_>,
    columns: &Columns,
    customer: CustomerId,
    opening: &Opening,
    step: Step,
    tally: &mut Tally,
) -> Result<Fate, Stopped> {
    let command = opening.command(step.what, giver.digest()).map_err(Problem::internal)?;
    let what = match step.what {
        What::Invoice => "invoice",
        What::Receipt => "receipt",
    };
    let by = giver.asking(opening.line, what);
    Ok(match giver.customer(&by, customer, &command).await? {
        Ok(committed) => tally.command(&committed),
        Err(problem) => Fate::Refused(fault(opening.line, &problem, columns)),
    })
}

/// Whose account it is.
#[derive(Clone, Copy, Debug)]
struct Holder {
    id: CustomerId,
    /// From before this run.
    known: bool,
}

/// The customer with this code; it is registered when there is none.
async fn customer(
    giver: &Giver<'_>,
    first: &Opening,
    tally: &mut Tally,
) -> Result<Result<Holder, Problem>, Stopped> {
    let claim = format!("customer-code:{}", first.customer);
    let holder = giver.door().journal().holder(&claim).await.map_err(Problem::from)?;
    if let Some(id) = holder.and_then(|holder| holder.parse().ok()) {
        return Ok(Ok(Holder { id, known: true }));
    }
    let by = giver.asking(first.line, "customer");
    let id = CustomerId::from_uuid(by.new_id(giver.door()));
    let command = first.registration(giver.digest()).map_err(Problem::internal)?;
    match giver.customer(&by, id, &command).await? {
        Ok(committed) => {
            if committed.replayed == Replayed::No {
                tally.registered += 1;
                tally.commands += 1;
            }
            Ok(Ok(Holder { id, known: committed.replayed == Replayed::Yes }))
        }
        // Somebody registered it just now: whoever has the code is the customer.
        Err(problem) if problem.code() == "customer_code.taken" => {
            let holder = problem.holder().and_then(|holder| holder.parse().ok());
            Ok(holder.map(|id| Holder { id, known: true }).ok_or(problem))
        }
        Err(problem) => Ok(Err(problem)),
    }
}
