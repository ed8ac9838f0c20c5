//! How much of the processors was used, and by whom: where a machine is shared, this says more than the clock.

use std::{collections::HashMap, fs};

/// Hundredths of a second (the kernel's unit here) spent so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spent {
    /// By this process.
    pub here: u64,
    /// By its descendants: the database, and servers where a row has them.
    pub below: u64,
}

/// One line of `/proc/<pid>/stat`: its parent, its own time, and that of its children that have ended.
fn stat(pid: &str) -> Option<(u32, u64, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold anything; what follows it does not.
    let fields: Vec<_> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |n: usize| fields.get(n).and_then(|field| field.parse::<u64>().ok());
    let parent = fields.get(1)?.parse().ok()?;
    Some((parent, number(11)? + number(12)?, number(13)? + number(14)?))
}

/// What was spent until now; nothing where the machine does not tell.
pub fn spent() -> Spent {
    let own = std::process::id();
    let pids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let names = pids.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let all: HashMap<u32, _> =
        names.filter_map(|name| Some((name.parse().ok()?, stat(&name)?))).collect();
    let mut spent = Spent::default();
    for (pid, (_, own_time, ended)) in &all {
        if *pid == own {
            spent.here = *own_time;
            spent.below += ended;
        } else if descends(&all, *pid, own) {
            spent.below += own_time + ended;
        }
    }
    spent
}

fn descends(all: &HashMap<u32, (u32, u64, u64)>, pid: u32, from: u32) -> bool {
    let mut at = pid;
    while let Some((parent, ..)) = all.get(&at) {
        if *parent == from {
            return true;
        }
        at = *parent;
    }
    false
}

impl Spent {
    /// Microseconds a command since `before`: here, and below.
    pub fn a_command(self, before: Self, commands: u64) -> (u64, u64) {
        let each = |now: u64, then: u64| (now.saturating_sub(then) * 10_000) / commands.max(1);
        (each(self.here, before.here), each(self.below, before.below))
    }
}
