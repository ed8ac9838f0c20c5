//! What is still to be done, by day and hour.

use std::collections::BTreeMap;

use super::task::Task;

/// A task of one customer.
#[derive(Clone, Debug)]
pub struct Due {
    /// The place of the customer in the list.
    pub client: usize,
    pub task: Task,
}

#[derive(Debug, Default)]
pub struct Agenda {
    due: BTreeMap<(u32, u32), Vec<Due>>,
    /// Where the day stands: nothing is put before it.
    now: (u32, u32),
}

/// Tasks that are done at the same time, no two of one customer.
pub type Wave = Vec<Due>;

impl Agenda {
    /// Puts a task on a day, or on today, after what is under way.
    pub fn put(&mut self, day: u32, client: usize, task: Task) {
        let hour = task.hour();
        let at =
            if (day, hour) < self.now { (self.now.0.saturating_add(1), hour) } else { (day, hour) };
        self.due.entry(at).or_default().push(Due { client, task });
    }

    /// The next hour with something to do before a day, and what that is.
    pub fn next(&mut self, end: u32) -> Option<((u32, u32), Vec<Wave>)> {
        let (at, _) = self.due.first_key_value().filter(|((day, _), _)| *day < end)?;
        let at = *at;
        let due = self.due.remove(&at)?;
        // Whatever it leads to at this hour comes tomorrow.
        self.now = (at.0, at.1.saturating_add(1));
        Some((at, waves(due)))
    }
}

/// A customer's tasks of one hour one after the other, those of different customers at the same time.
fn waves(due: Vec<Due>) -> Vec<Wave> {
    let mut waves: Vec<Wave> = Vec::new();
    let mut done: BTreeMap<usize, usize> = BTreeMap::new();
    for due in due {
        let nth = done.entry(due.client).or_default();
        match waves.get_mut(*nth) {
            Some(wave) => wave.push(due),
            None => waves.push(vec![due]),
        }
        *nth = nth.saturating_add(1);
    }
    waves
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_come_in_order_and_a_customer_is_never_twice_in_a_wave() {
        let mut agenda = Agenda::default();
        for client in [1, 2, 1] {
            agenda.put(3, client, Task::Review);
        }
        agenda.put(3, 1, Task::Submit);
        let (at, waves) = agenda.next(10).unwrap();
        assert_eq!((at, waves.len()), ((3, 11), 1));
        agenda.put(3, 5, Task::Register);
        let (at, waves) = agenda.next(10).unwrap();
        let clients: Vec<Vec<usize>> =
            waves.iter().map(|wave| wave.iter().map(|due| due.client).collect()).collect();
        assert_eq!((at, clients), ((3, 19), vec![vec![1, 2], vec![1]]));
        // What was put on an hour that has passed is done the next day.
        assert_eq!(agenda.next(10).unwrap().0, (4, 9));
        assert!(agenda.next(10).is_none());
    }
}
