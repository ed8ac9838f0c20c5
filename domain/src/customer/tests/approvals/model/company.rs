//! Who works here, what roles they have, and what they lent to whom.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tries::Try;
use crate::{
    approval::Person,
    customer::{
        given::{business_licence, licence},
        registration::CustomerKind,
    },
    ids::StaffId,
    staff::Role,
};

pub(super) const SIZE: usize = 9;
pub(super) const ROLES: [Role; 7] = [
    Role::Sales,
    Role::Legal,
    Role::Compliance,
    Role::Quality,
    Role::Credit,
    Role::Finance,
    Role::Admin,
];
pub(super) const KINDS: [CustomerKind; 3] =
    [CustomerKind::Distributor, CustomerKind::Hospital, CustomerKind::Clinic];

/// What the customer is called at first, and what else it may come to be called.
pub(super) const NAMES: [&str; 3] =
    ["示范医疗器械有限公司", "示范医疗集团有限公司", "示例器械贸易有限公司"];

/// A business licence, a wide trading licence, or a narrow one.
pub(super) fn paper(n: usize) -> Value {
    let mut paper = licence("2034-01-09");
    match n {
        0 => return business_licence(),
        1 => {}
        _ => paper["scope"] = json!([{"catalogue": "2017", "code": "14", "class": "III"}]),
    }
    paper
}

pub(super) fn name(n: usize) -> String {
    format!("staff-{n}")
}

#[derive(Clone, Debug, Default)]
pub(super) struct Company {
    /// Those who are here.
    roles: BTreeMap<StaffId, BTreeSet<Role>>,
    /// By whom and to whom, also what the lender has lost meanwhile.
    lent: BTreeMap<(StaffId, StaffId), BTreeSet<Role>>,
}

impl Company {
    pub(super) fn people(&self) -> Arc<Vec<Person>> {
        let person = |(staff, roles): (&StaffId, &BTreeSet<Role>)| {
            let mut person = Person::new(staff.clone(), roles.clone());
            let to_them = self.lent.iter().filter(|((_, to), _)| to == staff);
            person.stands_in_for =
                to_them.map(|((from, _), roles)| (from.clone(), roles.clone())).collect();
            person
        };
        Arc::new(self.roles.iter().map(person).collect())
    }

    pub(super) fn holds(&self, staff: &StaffId, role: Role) -> bool {
        self.roles.get(staff).is_some_and(|roles| roles.contains(&role))
    }

    /// Whether a role was lent, and is still the lender's.
    pub(super) fn lends(&self, from: &StaffId, to: &StaffId, role: Role) -> bool {
        let lent = self.lent.get(&(from.clone(), to.clone()));
        lent.is_some_and(|roles| roles.contains(&role)) && self.holds(from, role)
    }

    /// Of those who are here, whoever stands in for somebody, and whom they stand in for.
    pub(super) fn one_with(&self, staff: &StaffId) -> BTreeSet<StaffId> {
        let pairs = self.lent.keys().filter(|(_, to)| self.roles.contains_key(to));
        let other = |(from, to): &(StaffId, StaffId)| {
            if to == staff { Some(from.clone()) } else { (from == staff).then(|| to.clone()) }
        };
        pairs.filter_map(other).collect()
    }

    /// These, whoever stands in for one of them, and so on.
    pub(super) fn hands(&self, of: &BTreeSet<StaffId>) -> BTreeSet<StaffId> {
        let mut all = of.clone();
        for _ in 0..SIZE {
            let pairs = self.lent.keys().filter(|(from, _)| all.contains(from));
            let here = pairs.map(|(_, to)| to).filter(|to| self.roles.contains_key(to));
            let more: Vec<StaffId> = here.cloned().collect();
            all.extend(more);
        }
        all
    }

    /// Whether it was a change of the company.
    pub(super) fn changes(&mut self, who: usize, what: &Try) -> bool {
        let id = |n: usize| -> StaffId { name(n).parse().unwrap() };
        match what {
            Try::Lend { to, role } if *to != who => {
                self.lent.entry((id(who), id(*to))).or_default().insert(*role);
            }
            Try::TakeBack(to) => {
                self.lent.remove(&(id(who), id(*to)));
            }
            Try::Gain(staff, role) => {
                self.roles.entry(id(*staff)).or_default().insert(*role);
            }
            Try::Lose(staff, role) => {
                if let Some(roles) = self.roles.get_mut(&id(*staff)) {
                    roles.remove(role);
                }
            }
            Try::Leave(staff) => {
                self.roles.remove(&id(*staff));
            }
            _ => return false,
        }
        true
    }
}

pub(super) fn companies() -> impl Strategy<Value = Company> {
    let more =
        proptest::collection::vec((0..SIZE, proptest::sample::select(ROLES.to_vec())), 0..10);
    let lent = (0..SIZE, 0..SIZE, proptest::sample::select(ROLES.to_vec()));
    (more, proptest::collection::vec(lent, 0..4)).prop_map(|(more, lent)| {
        let mut company = Company::default();
        for staff in 0..SIZE {
            company.changes(staff, &Try::Gain(staff, ROLES[staff % ROLES.len()]));
        }
        for (staff, role) in more {
            company.changes(staff, &Try::Gain(staff, role));
        }
        for (from, to, role) in lent {
            company.changes(from, &Try::Lend { to, role });
        }
        company
    })
}
