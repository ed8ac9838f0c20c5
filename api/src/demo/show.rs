//! What is printed when the demonstration is filled: figures, a token for each role, and three lines worth trying.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::time::Instant;

use domain::policy::Pack;
use domain::staff::Role;
use projections::ageing;
use rust_decimal::Decimal;

use super::cast::Part;
use super::script::implant;
use super::{Filled, fill};
use crate::cli::{Fault, listen, say, serve_opened};
use crate::clock::{Clock, SystemClock};
use crate::config::{DemoOptions, ServeOptions};
use crate::import::report::percent;
use crate::serve::address;

/// `probity demo`.
pub async fn run(serving: &ServeOptions, options: &DemoOptions) -> Result<(), Fault> {
    serving.check_exposure()?;
    let listener = listen(serving).await?;
    // With port 0 the system chooses one.
    let bound = listener.local_addr()?;
    let folder = tempfile::Builder::new().prefix("probity-demo-").tempdir()?;
    let started = Instant::now();
    let last = Pack::default_pack().today(SystemClock.now());
    let filled =
        fill(folder.path(), options, last).await.map_err(|error| Fault::Data(error.to_string()))?;
    let seconds = Decimal::new(i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX), 3);
    let head = filled.opened.door.journal().head().await?;
    say(&format!(
        "A company that does not exist, from {} to {} (seed {}), in {}: {} commands, {head} events, {} s\n",
        filled.span.first,
        filled.span.last,
        options.seed,
        folder.path().display(),
        filled.statistics.commands,
        seconds.round_dp(1)
    ))?;
    say(&filled.statistics.to_string())?;
    say(&receivables(&filled).await?)?;
    say(&tokens(&filled))?;
    say(&worth_trying(&filled, bound))?;
    serve_opened(filled.opened, listener).await
}

/// The system's own figures.
async fn receivables(filled: &Filled) -> Result<String, Fault> {
    let engine = filled.opened.door.journal().engine();
    let summaries = ageing::summary(engine, filled.span.last).await;
    let summaries = summaries.map_err(|error| Fault::Data(error.to_string()))?;
    let lines = summaries.iter().map(|summary| {
        format!(
            "{} invoices, {} {} in all, {} open; of {} settled {} were late ({}); {} overdue today\n",
            summary.invoices,
            summary.currency,
            summary.amount,
            summary.open,
            summary.settled,
            summary.settled_late,
            summary.late_share.as_deref().map_or_else(|| "–".to_owned(), percent),
            summary.overdue
        )
    });
    Ok(lines.collect())
}

fn tokens(filled: &Filled) -> String {
    let mut text = "Tokens, one for each role:\n".to_owned();
    for (label, person) in filled.people.labelled() {
        let _ = writeln!(text, "  {label:<11} {}", person.secret);
    }
    if let Some(token) = &filled.opened.first_token {
        let _ = writeln!(text, "  {:<11} {token}", Role::Admin.code());
    }
    text
}

fn worth_trying(filled: &Filled, listen: SocketAddr) -> String {
    let base = address(listen);
    let of_part = |part| filled.clients.iter().find(|client| client.sketch.part == part);
    let secret = |role| {
        filled.people.of_role(role, 0).map(|person| person.secret.as_str()).unwrap_or_default()
    };
    let mut lines = vec!["Worth trying, from another terminal:\n".to_owned()];
    if let (Some(lapsed), Some(implant)) = (of_part(Part::Lapsed), implant(&filled.goods)) {
        lines.push(format!(
            "\n# A dealer whose licence ran out orders an implant: denied, with the reason and the remedy\n\
             curl -s {base}/v1/customers/{}/orders -H 'Authorization: Bearer {}' -H 'Content-Type: application/json' \\\n  \
             -d '{{\"lines\":[{{\"product\":\"{}\",\"quantity\":1,\"unit_price\":\"{}\"}}]}}'\n",
            lapsed.id,
            secret(Role::Sales),
            implant.id,
            implant.price
        ));
        let lot = filled.statistics.most_sold_lot(&implant.particulars.code).unwrap_or_default();
        lines.push(format!(
            "\n# Every sale of one lot, with the buyers' licences at that time\n\
             curl -s '{base}/v1/reports/sales-records?lot={lot}&format=csv' -H 'Authorization: Bearer {}'\n",
            secret(Role::Auditor)
        ));
    }
    if let Some(client) = of_part(Part::OverLimit) {
        lines.push(format!(
            "\n# A customer whose last order waits for Credit: what was granted, what is owed, what happened\n\
             curl -s {base}/v1/customers/{} -H 'Authorization: Bearer {}'\n",
            client.id,
            secret(Role::Credit)
        ));
    }
    lines.concat()
}
