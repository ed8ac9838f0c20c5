//! The demonstration's people: one for each role, two who sell and two who grant credit, each with a token.

use domain::ids::StaffId;
use domain::permissions::{Act, may};
use domain::staff::Role;

use super::DemoError;
use super::data::{DataError, Names, parsed};
use crate::asked::Asking;
use crate::auth::SECRET_PREFIX;
use crate::door::Door;
use crate::problem::Problem;
use crate::tokens::{IssueToken, issue_with};

/// Whoever sets the demonstration up.
pub const ADMINISTRATOR: &str = "staff-demo";

/// Somebody with a token.
#[derive(Clone, Debug)]
pub struct Person {
    pub staff: StaffId,
    pub role: Role,
    pub name: String,
    pub secret: String,
}

#[derive(Clone, Debug)]
pub struct People(Vec<Person>);

impl People {
    /// Hires everybody.
    pub async fn hired(door: &Door, names: &Names) -> Result<Self, DemoError> {
        let mut people = Vec::new();
        for (code, persons) in &names.staff {
            let role: Role = parsed(code)?;
            for (n, name) in (1..).zip(persons) {
                people.push(hire(door, role, n, name).await?);
            }
        }
        Ok(Self(people))
    }

    /// Who does what only this role may. Of several, always the same one for a customer.
    pub fn who(&self, role: Role, act: Act, customer: usize) -> Result<&Person, DataError> {
        if !may(role, act) {
            return Err(DataError::of(format!("{role} may not {act:?}")));
        }
        self.of_role(role, customer)
    }

    pub fn of_role(&self, role: Role, customer: usize) -> Result<&Person, DataError> {
        let able: Vec<&Person> = self.0.iter().filter(|person| person.role == role).collect();
        let place = customer.checked_rem(able.len()).unwrap_or(0);
        able.get(place).copied().ok_or_else(|| DataError::of(format!("nobody is of role {role}")))
    }

    /// Everybody, in the order of roles, each with the role's name and, from the second on, a number.
    pub fn labelled(&self) -> Vec<(String, &Person)> {
        let mut labelled = Vec::new();
        for role in Role::ALL {
            for (n, person) in (1..).zip(self.0.iter().filter(|person| person.role == *role)) {
                let label = if n == 1 { role.to_string() } else { format!("{role}-{n}") };
                labelled.push((label, person));
            }
        }
        labelled
    }
}

async fn hire(door: &Door, role: Role, n: u32, name: &str) -> Result<Person, DemoError> {
    let secret = format!("{SECRET_PREFIX}{}", door.ids().secret().map_err(Problem::internal)?);
    let token = IssueToken {
        name: Some(parsed(name)?),
        role: Some(role),
        roles: None,
        staff: None,
        machine: false,
    };
    let administrator: StaffId = parsed(ADMINISTRATOR)?;
    let by = Asking::within(
        administrator,
        vec![Role::Admin],
        format!("demo/staff/{code}/{n}", code = role.code()),
    );
    let (_, issued) = issue_with(door, by, token, secret.clone()).await?;
    Ok(Person { staff: issued.staff().clone(), role, name: name.to_owned(), secret })
}
