//! People by id, with their roles, and their tokens without secrets. Names are not here: they lie in an erasable table.
//!
//! Tables `staff` and `tokens`, made by migration 0018.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::staff::{Event, Role, TokenIssued};
use journal::Engine;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;
use crate::model::Model;
use crate::query::{Keyset, Listed, fetch};
use crate::seen::{Seen, What};
use crate::store::bulk::column_names;
use crate::store::{Json, Rows, Stored, table};

table! {
    /// A person.
    #[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
    pub struct StaffRow in "staff" by staff: Arc<str> {
        #[serde(rename = "id")]
        #[schema(value_type = String)]
        staff: Arc<str>,
        /// `present`, `left`.
        standing: String,
        #[schema(value_type = Vec<Role>)]
        roles: Json<Vec<Role>>,
        /// Those that work.
        #[serde(skip)]
        tokens: Json<Vec<String>>,
        registered_at: DateTime<Utc>,
    }
}

table! {
    /// A credential.
    #[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
    pub struct TokenRow in "tokens" by token: String {
        #[serde(rename = "id")]
        token: String,
        #[schema(value_type = String)]
        staff: Arc<str>,
        /// What it is for.
        label: String,
        #[schema(value_type = Vec<Role>)]
        roles: Json<Vec<Role>>,
        machine: bool,
        issued_at: DateTime<Utc>,
        /// Since when it works no more.
        revoked_at: Option<DateTime<Utc>>,
    }
}

const STAFF: &str = "FROM staff WHERE staff > $1 ORDER BY staff LIMIT $2";
const TOKENS: &str =
    "FROM tokens WHERE token > $1 AND ($2 IS NULL OR staff = $2) ORDER BY token LIMIT $3";

/// The fold.
#[derive(Debug, Default)]
pub(crate) struct StaffList {
    staff: Rows<StaffRow>,
    tokens: Rows<TokenRow>,
}

impl Model for StaffList {
    fn name(&self) -> &'static str {
        "staff"
    }

    fn ask(&mut self, seen: &Seen) {
        let What::Staff(event) = &seen.what else { return };
        match event {
            Event::Registered(_) => self.staff.expect(&seen.stream),
            Event::RolesGranted(_) | Event::Left(_) => self.staff.ask(&seen.stream),
            Event::TokenIssued(issued) => {
                self.staff.ask(&seen.stream);
                self.tokens.expect(&issued.token.to_string());
            }
            Event::TokenRevoked(revoked) => {
                self.staff.ask(&seen.stream);
                self.tokens.ask(&revoked.token.to_string());
            }
            Event::Delegated(_)
            | Event::DelegationRevoked(_)
            | Event::ResetAsked(_)
            | Event::CredentialsReset(_)
            | Event::PasswordSet(_)
            | Event::CodeEnrolled(_)
            | Event::TryRefused(_)
            | Event::Locked(_)
            | Event::Unlocked(_)
            | Event::SessionOpened(_)
            | Event::SessionClosed(_)
            | Event::ComponentsVerified(_)
            | Event::ProfileSet(_) => {}
        }
    }

    fn ask_more(&mut self, seen: &Seen) {
        if let What::Staff(Event::Left(_)) = &seen.what {
            // Tokens that this very batch issues are in memory already.
            let row = self.staff.get(&seen.stream);
            row.into_iter().flat_map(|row| &row.tokens.0).for_each(|token| self.tokens.ask(token));
        }
    }

    fn fold(&mut self, seen: &Seen) {
        let What::Staff(event) = &seen.what else { return };
        match event {
            Event::Registered(_) => self.staff.put(StaffRow {
                staff: Arc::clone(&seen.stream),
                standing: "present".to_owned(),
                roles: Json(Vec::new()),
                tokens: Json(Vec::new()),
                registered_at: seen.recorded_at,
            }),
            Event::RolesGranted(granted) => self.person(seen, |row| {
                row.roles = Json(granted.roles.iter().copied().collect());
            }),
            Event::TokenIssued(issued) => {
                self.person(seen, |row| row.tokens.0.push(issued.token.to_string()));
                self.tokens.put(TokenRow::new(seen, issued));
            }
            Event::TokenRevoked(revoked) => {
                let token = revoked.token.to_string();
                self.person(seen, |row| row.tokens.0.retain(|it| *it != token));
                self.revoke(seen, &token);
            }
            Event::Left(_) => {
                let mut tokens = Vec::new();
                self.person(seen, |row| {
                    "left".clone_into(&mut row.standing);
                    row.roles.0.clear();
                    tokens = std::mem::take(&mut row.tokens.0);
                });
                for token in &tokens {
                    self.revoke(seen, token);
                }
            }
            // They are asked of memory, where they are followed.
            Event::Delegated(_)
            | Event::DelegationRevoked(_)
            | Event::ResetAsked(_)
            | Event::CredentialsReset(_)
            | Event::PasswordSet(_)
            | Event::CodeEnrolled(_)
            | Event::TryRefused(_)
            | Event::Locked(_)
            | Event::Unlocked(_)
            | Event::SessionOpened(_)
            | Event::SessionClosed(_)
            | Event::ComponentsVerified(_)
            | Event::ProfileSet(_) => {}
        }
    }

    fn tables(&mut self) -> Vec<&mut dyn Stored> {
        vec![&mut self.staff, &mut self.tokens]
    }
}

impl StaffList {
    fn person(&mut self, seen: &Seen, change: impl FnOnce(&mut StaffRow)) {
        if let Some(row) = self.staff.change(&seen.stream) {
            change(row);
        }
    }

    fn revoke(&mut self, seen: &Seen, token: &String) {
        if let Some(row) = self.tokens.change(token) {
            row.revoked_at = Some(seen.recorded_at);
        }
    }
}

impl TokenRow {
    fn new(seen: &Seen, issued: &TokenIssued) -> Self {
        Self {
            token: issued.token.to_string(),
            staff: Arc::clone(&seen.stream),
            label: issued.label.to_string(),
            roles: Json(issued.roles.iter().copied().collect()),
            machine: issued.machine,
            issued_at: seen.recorded_at,
            revoked_at: None,
        }
    }
}

/// People, in the order of registration.
pub async fn people(engine: &Engine, keyset: &Keyset) -> Result<Listed<StaffRow>, Error> {
    let sql = format!("SELECT {} {STAFF}", column_names::<StaffRow>());
    let rows = fetch!(engine, StaffRow, &sql, keyset.text(), keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.staff.to_string()))
}

/// Tokens, revoked ones included, of one person or of all.
pub async fn tokens(
    engine: &Engine,
    staff: Option<&str>,
    keyset: &Keyset,
) -> Result<Listed<TokenRow>, Error> {
    let sql = format!("SELECT {} {TOKENS}", column_names::<TokenRow>());
    let rows = fetch!(engine, TokenRow, &sql, keyset.text(), staff, keyset.fetched())?;
    Ok(Listed::new(rows, keyset, |row| row.token.clone()))
}
