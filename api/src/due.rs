//! What the rules have due: scheduled changes whose day has come, shadows that have nothing to show any more, and the look at the pilot.
//!
//! It is part of the daily review, before customers are looked at. Several processes may do it: each thing is recorded once.

use std::time::Duration;

use domain::ids::{ProposalId, StaffId};
use domain::policy::{Command, Policy};
use domain::proposal::{Proposal, Standing};

use crate::asked::Asking;
use crate::door::Door;
use crate::problem::Problem;
use crate::proposals::shadow;
use crate::serve::SYSTEM;

/// How long a command waits for the look at the pilot.
const LOOK_WAIT: Duration = Duration::from_secs(5);

/// Does what is due on this day.
pub async fn due(door: &Door) -> Result<(), Problem> {
    schedules(door).await?;
    shadows(door).await?;
    look(door).await
}

/// The earliest first: what comes into force may be in the way of the next.
async fn schedules(door: &Door) -> Result<(), Problem> {
    let today = door.today();
    let scheduled = door.house().rules().scheduled;
    let mut due: Vec<_> = scheduled.into_iter().filter(|(_, it)| it.on <= today).collect();
    due.sort_by_key(|(_, scheduled)| (scheduled.on, scheduled.number));
    for (proposal, scheduled) in due {
        let key = format!("schedule/{}", scheduled.number);
        record(door, key, Command::RunSchedule { proposal }).await?;
    }
    Ok(())
}

/// Ends those whose pack is in force now, and those whose proposal has ended or says something else.
async fn shadows(door: &Door) -> Result<(), Problem> {
    let rules = door.house().rules();
    for proposal in rules.shadows.keys() {
        if is_over(door, &rules, *proposal).await? {
            let key =
                format!("shadow/{proposal}/{}", door.house().rules_since().1.since(*proposal));
            let command = shadow::ending(door, *proposal).await?;
            record(door, key, command).await?;
        }
    }
    Ok(())
}

async fn is_over(door: &Door, rules: &Policy, id: ProposalId) -> Result<bool, Problem> {
    let Some(shadow) = rules.shadows.get(&id) else { return Ok(false) };
    let proposal = door.journal().confirmed::<Proposal>(&id.to_string()).await?.state;
    let ended = matches!(proposal.standing, Standing::Rejected | Standing::Withdrawn);
    let same = proposal.content.as_ref().is_some_and(|it| *it.hash == *shadow.pack.hash);
    let in_force = rules.in_force.as_ref().is_some_and(|it| it.hash == shadow.pack.hash);
    Ok(ended || !same || in_force)
}

/// Looks at what the pilot decided, and pauses it where it stops more than the pack in force lets it.
pub async fn look(door: &Door) -> Result<(), Problem> {
    let since = door.house().rules_since();
    let (Some(base), Some(pilot)) = (&since.0.in_force, &since.0.pilot) else { return Ok(()) };
    let Some(rule) = base.pack.changes().stop_rule else { return Ok(()) };
    let Some(watch) = door.watches().pilot(&since).filter(|_| pilot.pause.is_none()) else {
        return Ok(());
    };
    let mut watch = watch.lock().await;
    watch.look_at_all(door.journal()).await?;
    let measured = watch.measured(pilot);
    if rule.stops(&measured) {
        let key = format!("pause/{}/{}", measured.hash, measured.after);
        record(door, key, Command::PauseWidening(Box::new(measured))).await?;
    }
    Ok(())
}

/// The same, for a command that depends on it: refused while there is more to look at than a request may wait for.
pub async fn look_in_time(door: &Door) -> Result<(), Problem> {
    match tokio::time::timeout(LOOK_WAIT, look(door)).await {
        Ok(looked) => looked,
        Err(_) => Err(Problem::unavailable(
            "pilot.looked_at",
            "What the pilot decided is still being looked at; try again shortly.",
        )),
    }
}

async fn record(door: &Door, key: String, command: Command) -> Result<(), Problem> {
    let system: StaffId = SYSTEM.parse().map_err(Problem::internal)?;
    let told = format!("{command:?}");
    match door.policy(Asking::within(system, Vec::new(), key), command).await {
        Ok(_) => Ok(()),
        Err(problem) if problem.passes() => Err(problem),
        // Another process was first, or somebody changed it meanwhile: the next look sees what is left.
        Err(problem) => {
            tracing::info!(%problem, command = %told.chars().take(100).collect::<String>(), "nothing was due");
            Ok(())
        }
    }
}
