//! Rows 14 to 16: one decision of a gate that has much to look at, what it takes to prove a large table, and every
//! decision of a large journal made again under another pack.

use std::{sync::Arc, time::Instant};

use anyhow::{Context as _, Result, bail};
use api::policies::simulation::simulate;
use chrono::Days;
use domain::{
    context::Context,
    customer::{Command, Customer, qualification, receivables, trading},
    decider::Decider,
    policy::{
        InForce, Pack,
        facts::OVERDUE,
        table::{HitPolicy, Slot, Source, SourceRow, Table, axis, check::check},
    },
    staff::Role,
};
use indicatif::ProgressBar;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    bench::Bench,
    company::{Company, happens},
    ours,
    seeding::Sales,
    table::{Compared, Round, Row, Target, median},
};

/// What the customer of row 14 has.
const DOCUMENTS: u32 = 40;
const OPEN_ORDERS: u32 = 200;
const OPEN_ITEMS: u32 = 500;
const LINES: usize = 20;
const TABLE_ROWS: usize = 30;
/// Decisions of one round.
const DECISIONS: usize = 2_000;

/// What each customer of row 15 has done.
const SALES: Sales = Sales { paid: 7, unpaid: 3 };
/// An order, its shipment, its invoice, and its receipt where it is paid.
const DECISIONS_OF_EACH: u32 = 4 * SALES.paid + 3 * SALES.unpaid;

/// The table of row 16.
const INPUTS: usize = 8;
const PROVED_ROWS: usize = 200;
/// Tables of one round; the slowest counts.
const TABLES: u64 = 5;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    Ok(vec![gate(bench)?, simulation(bench).await?, checker(bench)?])
}

fn gate(bench: &Bench) -> Result<Row> {
    let pack = Pack::default_pack();
    let pack = in_force(widened(&pack)?)?;
    let (customer, context, asked) = large_customer(&bench.company, &pack)?;
    let mut rounds = Vec::new();
    for round in 1..=bench.scale.rounds {
        let mut took = Vec::with_capacity(DECISIONS);
        for _ in 0..DECISIONS {
            let began = Instant::now();
            let events = customer.decide(&context, &asked)?;
            took.push(began.elapsed().as_secs_f64() * 1e6);
            let decision = events.first().and_then(|event| event.decision());
            let lines = decision.context("a check without a decision")?.reads.len();
            if lines != 3 {
                bail!("the decision read {lines} streams");
            }
        }
        let figure = median(took);
        bench.say(&format!("one decision, round {round}: {figure:.1} µs"));
        rounds.push(Round { ours: figure, peer: None });
    }
    let target = Target::AtMost { must: 60.0, aim: 20.0 };
    let compared = Compared { what: "", target, unit: "µs", rounds };
    let what = "one gate decision, median: 40 documents, 200 open orders, 500 open items, 20 lines, a table of 30 rows";
    Ok(Row::of(14, what, "–", vec![compared]))
}

fn in_force(pack: Pack) -> Result<Arc<InForce>> {
    let hash = Arc::from(pack.hash()?);
    Ok(Arc::new(InForce { version: 1, hash, pack: Arc::new(pack) }))
}

/// The delivered pack with a table of 30 rows before its last one.
fn widened(pack: &Pack) -> Result<Pack> {
    let mut pack = serde_json::to_value(pack)?;
    let rows = pack.pointer_mut("/overdue/table/rows").and_then(Value::as_array_mut);
    let rows = rows.context("no table")?;
    for n in (0..TABLE_ROWS.saturating_sub(rows.len())).rev() {
        let beyond = format!("> {}", 2_000 + n * 1_000);
        let row = json!({"id": format!("agent-{n}"), "when": ["in (agent, clinic)", "-", beyond, "> 20"], "then": "stop"});
        rows.insert(3, row);
    }
    Ok(serde_json::from_value(pack)?)
}

fn large_customer(company: &Company, pack: &Arc<InForce>) -> Result<(Customer, Context, Command)> {
    let mut customer = Customer::default();
    let mut count = 0;
    let mut does = |command: &Command, actor: &str, role: Role| -> Result<()> {
        count += 1;
        let mut context = company.context(Company::fresh_id(14, count), actor, role)?;
        context.facts.policy = Some(Arc::clone(pack));
        happens(&mut customer, &context, command).map(drop)
    };
    let mut steps = company.qualification(1)?;
    let submit = |(command, ..): &(Command, &str, Role)| {
        matches!(command, Command::Qualification(qualification::Command::Submit { .. }))
    };
    let submitted = steps.iter().position(submit).context("a submission")?;
    let agreed = steps.split_off(submitted);
    for (command, actor, role) in &steps {
        does(command, actor, *role)?;
    }
    let kinds =
        ["agent_authorisation", "quality_agreement", "competence_record", "invoicing_particulars"];
    for (n, kind) in (3..DOCUMENTS).zip(kinds.into_iter().cycle()) {
        let paper = json!({"kind": kind, "number": format!("N-{n}"), "valid_from": "2024-01-01", "valid_to": "2049-01-01",
            "copy": "sealed_copy"});
        let paper = serde_json::from_value(paper)?;
        let upload = qualification::Command::Upload(Box::new(qualification::Upload { paper }));
        does(&Command::Qualification(upload), "staff-sales", Role::Sales)?;
    }
    for (command, actor, role) in &agreed {
        does(command, actor, *role)?;
    }
    for order in 0..OPEN_ORDERS {
        let asked = company.order(1, Company::fresh_id(15, order))?;
        does(&asked.command, "staff-sales", Role::Sales)?;
    }
    for item in 0..OPEN_ITEMS {
        let open = receivables::Command::OpenInvoice(Box::new(open_item(company, item)?));
        does(&Command::Receivables(open), "staff-import", Role::Finance)?;
    }
    let mut context = company.context(Uuid::from_u128(14), "staff-sales", Role::Sales)?;
    context.facts.policy = Some(Arc::clone(pack));
    Ok((customer, context, Command::Check(Box::new(placement(company)?))))
}

/// Every other one is overdue, and not for long.
fn open_item(company: &Company, item: u32) -> Result<receivables::OpenInvoice> {
    let due_on = if item.is_multiple_of(2) {
        company.today.checked_sub_days(Days::new(10))
    } else {
        company.today.checked_add_days(Days::new(20))
    };
    Ok(receivables::OpenInvoice {
        number: format!("OLD-{item}").parse()?,
        amount: serde_json::from_value(json!({"amount": "1200.00", "currency": "CNY"}))?,
        issued_on: company.today.checked_sub_days(Days::new(40)).context("no such day")?,
        due_on: due_on.context("no such day")?,
        disputed: false,
        origin: serde_json::from_value(json!({"kind": "import", "digest": "0", "line": item + 1}))?,
    })
}

/// An order of many lines.
fn placement(company: &Company) -> Result<trading::Placement> {
    let line = |n: usize| -> Result<trading::PlacedLine> {
        Ok(trading::PlacedLine {
            product: Company::product_for(u32::try_from(n)?),
            quantity: serde_json::from_value(json!(1))?,
            unit_price: "100.00".parse()?,
        })
    };
    Ok(trading::Placement {
        reference: None,
        currency: None,
        lines: (0..LINES).map(line).collect::<Result<_>>()?,
        requested_ship_date: Some(company.ship_date()?),
        ship_to: None,
        payment: None,
    })
}

async fn simulation(bench: &Bench) -> Result<Row> {
    let mut pack = serde_json::to_value(Pack::default_pack())?;
    let reaction = pack.pointer_mut("/reactions/file.recommended/order").context("a reaction")?;
    *reaction = json!("condition");
    let pack = in_force(serde_json::from_value(pack)?)?;
    let customers = bench.scale.decisions.div_ceil(DECISIONS_OF_EACH);
    let url = bench.store("bench_decisions", customers, SALES).await?;
    let (rounds, mut notes) = simulated(bench, &url, &pack).await?;
    // The large journal of other rows holds more of everything else than decisions.
    let (sparse, note) = simulated(bench, &bench.large_postgres().await?, &pack).await?;
    let of_a_million = median(sparse.iter().map(|round| round.ours).collect());
    notes.extend(note);
    notes.push(format!("there {of_a_million:.1} s for a million"));
    let target = Target::AtMost { must: 20.0, aim: 5.0 };
    let compared = vec![Compared { what: "", target, unit: "s", rounds }];
    let what = "1 M recorded decisions made again under another pack, PostgreSQL";
    Ok(Row { number: 15, what, against: "–", compared, notes })
}

/// How long a million of its decisions take, and what there was.
async fn simulated(
    bench: &Bench,
    url: &str,
    pack: &Arc<InForce>,
) -> Result<(Vec<Round>, Vec<String>)> {
    let journal = ours::open(url, "bench-simulation").await?;
    let (mut rounds, mut notes) = (Vec::new(), Vec::new());
    for round in 1..=bench.scale.rounds {
        let began = Instant::now();
        let bar = ProgressBar::hidden();
        let simulated = simulate(&journal, pack, (None, None), &bar).await?;
        let took = began.elapsed().as_secs_f64();
        if simulated.decisions == 0 || simulated.lost > 0 || simulated.changed.is_empty() {
            bail!("{} decisions, {} of them lost", simulated.decisions, simulated.lost);
        }
        #[expect(clippy::cast_precision_loss, clippy::as_conversions, reason = "a rate")]
        let of_a_million = took * 1e6 / simulated.decisions as f64;
        let what = format!("{} decisions among {} events", simulated.decisions, simulated.upto);
        bench.say(&format!("simulation, round {round}: {what} in {took:.2} s"));
        let changed = simulated.changed.len();
        notes = vec![format!("{what}, {changed} of them otherwise under the other pack")];
        rounds.push(Round { ours: of_a_million, peer: None });
    }
    journal.close().await;
    Ok((rounds, notes))
}

fn checker(bench: &Bench) -> Result<Row> {
    let mut rounds = Vec::new();
    for round in 1..=bench.scale.rounds {
        let mut slowest: f64 = 0.0;
        for table in 0..TABLES {
            let (source, slot) = partition(u64::from(round) * TABLES + table);
            let began = Instant::now();
            let read = Table::read(&source, &slot);
            let findings = read.as_ref().map(check);
            slowest = slowest.max(began.elapsed().as_secs_f64() * 1e3);
            match findings {
                Ok(findings) if findings.is_empty() => {}
                Ok(findings) => bail!("a table that has no gap and no overlap: {findings:?}"),
                Err(mistakes) => bail!("a table that can be read: {mistakes:?}"),
            }
        }
        bench.say(&format!("checker, round {round}: {slowest:.1} ms"));
        rounds.push(Round { ours: slowest, peer: None });
    }
    let target = Target::AtMost { must: 2_000.0, aim: 100.0 };
    let compared = Compared { what: "", target, unit: "ms", rounds };
    let what =
        "reading and proving a table of 8 inputs and 200 rows that part all values among them";
    Ok(Row::of(16, what, "–", vec![compared]))
}

/// Rows that part all values of the inputs among them, by cuts in places of chance.
fn partition(seed: u64) -> (Source, Slot) {
    const LAST: u64 = 999;
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut chance = |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let mut boxes = vec![[(0_u64, LAST); INPUTS]];
    while boxes.len() < PROVED_ROWS {
        let count = u64::try_from(boxes.len()).unwrap_or(1);
        let place = usize::try_from(chance(count)).unwrap_or_default();
        let input = usize::try_from(chance(8)).unwrap_or_default();
        let Some(parted) = boxes.get_mut(place) else { continue };
        let Some((first, last)) = parted.get(input).copied() else { continue };
        if first == last {
            continue;
        }
        let cut = first + chance(last - first);
        let mut above = *parted;
        if let (Some(below), Some(upper)) = (parted.get_mut(input), above.get_mut(input)) {
            (*below, *upper) = ((first, cut), (cut + 1, last));
        }
        boxes.push(above);
    }
    let inputs: Vec<String> = (0..INPUTS).map(|n| format!("input_{n}")).collect();
    let fact = |name: &String| axis::Fact {
        name: name.clone(),
        axis: axis::Axis::Number { least: 0.into(), greatest: LAST.into(), scale: 0 },
        unit: axis::Unit::None,
        when_missing: axis::WhenMissing::Hold,
    };
    let slot = Slot {
        name: "partition".to_owned(),
        facts: inputs.iter().map(fact).collect(),
        output: OVERDUE.output.clone(),
    };
    let cell = |(first, last): &(u64, u64)| {
        if (*first, *last) == (0, LAST) { "-".to_owned() } else { format!("[{first}..{last}]") }
    };
    let rows = boxes.iter().enumerate().map(|(n, parted)| {
        SourceRow::plain(format!("r{n}"), parted.iter().map(cell).collect(), "fine".to_owned())
    });
    let source =
        Source { hit: HitPolicy::Unique, inputs, monotone: Vec::new(), rows: rows.collect() };
    (source, slot)
}
