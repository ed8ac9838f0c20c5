//! The house: who works here with which tokens, and by which rules, followed into memory so that a request costs no query.
//!
//! A command of this process is answered only once its events are in here: whoever was answered that a token is
//! revoked never sees it work again. Other processes' changes arrive with the doorbell.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use domain::approval::Person;
use domain::decider::Decider;
use domain::digest::Sha256Digest;
use domain::ids::{StaffId, TokenId};
use domain::policy::{self, InForce, Policy};
use domain::staff::{self, Role, Staff, Standing};
use journal::{Filter, Journal, Position};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::marks::Marks;

/// How many events one read takes.
const READ_MAX: usize = 1_000;
/// How long to wait before reading again after the database was away.
const PAUSE: Duration = Duration::from_millis(250);

/// People, tokens and rules as of the last event about them.
#[derive(Clone, Debug)]
pub struct House {
    state: Arc<RwLock<State>>,
    reached: watch::Receiver<Position>,
}

#[derive(Debug, Default)]
struct State {
    people: HashMap<String, Staff>,
    tokens: HashMap<[u8; 32], Arc<Credential>>,
    policy: Policy,
    marks: Marks,
}

/// A token that works.
#[derive(Debug)]
pub struct Credential {
    pub token: TokenId,
    pub staff: StaffId,
    /// What its person's event carries in the place of the name.
    pub name_digest: Option<Sha256Digest>,
    pub label: String,
    pub roles: BTreeSet<Role>,
    pub reach: Reach,
    /// Event streams that it holds open.
    pub streams: Arc<AtomicUsize>,
}

/// For whom a token may act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// For its own person.
    Own,
    /// A program's: for people that it names.
    Others,
}

impl House {
    /// Reads all events about people and rules, then follows until `closing`.
    pub async fn start(
        journal: Journal,
        closing: CancellationToken,
    ) -> Result<Self, journal::Error> {
        let state = Arc::new(RwLock::new(State::default()));
        let mut doorbell = journal.doorbell();
        doorbell.mark_changed();
        let cursor = catch_up(&journal, Position::default(), &state).await?;
        let (sender, reached) = watch::channel(cursor);
        let house = Self { state: Arc::clone(&state), reached };
        tokio::spawn(closing.run_until_cancelled_owned(async move {
            let mut cursor = cursor;
            while doorbell.changed().await.is_ok() {
                match catch_up(&journal, cursor, &state).await {
                    Ok(reached) => cursor = reached,
                    Err(error) => {
                        tracing::warn!(%error, "people and rules could not be read");
                        tokio::time::sleep(PAUSE).await;
                        doorbell.mark_changed();
                    }
                }
                sender.send_replace(cursor);
            }
        }));
        Ok(house)
    }

    /// Returns once everything up to `position` is known here, or the follower has ended.
    pub async fn reach(&self, position: Position) {
        let _ = self.reached.clone().wait_for(|reached| *reached >= position).await;
    }

    /// The token with this secret, while it works.
    pub fn credential(&self, secret: &str) -> Option<Arc<Credential>> {
        let digest: [u8; 32] = Sha256::digest(secret).into();
        self.read(|state| state.tokens.get(&digest).cloned())
    }

    /// Whether a token still works.
    pub fn works(&self, token: TokenId, staff: &StaffId) -> Standing {
        self.read(|state| match state.people.get(staff.as_str()) {
            Some(person) if person.tokens.contains_key(&token) => Standing::Present,
            Some(_) => Standing::Left,
            None => Standing::Unknown,
        })
    }

    /// Whether somebody is known, and still here.
    pub fn standing(&self, staff: &StaffId) -> Standing {
        self.read(|state| {
            state.people.get(staff.as_str()).map_or(Standing::Unknown, |person| person.standing)
        })
    }

    /// Everybody who is here and holds a role, with all of them.
    pub fn people(&self) -> Vec<Person> {
        let mut people: Vec<Person> = self.read(|state| {
            let here = state.people.iter().filter(|(_, person)| !person.roles.is_empty());
            here.filter_map(|(staff, person)| {
                Some(Person { staff: staff.parse().ok()?, departments: person.roles.clone() })
            })
            .collect()
        });
        people.sort_by(|one, other| one.staff.cmp(&other.staff));
        people
    }

    /// Whose token this is, also when it was revoked.
    pub fn owner(&self, token: TokenId) -> Option<StaffId> {
        self.read(|state| {
            let mut people = state.people.iter();
            let (owner, _) = people.find(|(_, person)| {
                person.tokens.contains_key(&token) || person.revoked.contains(&token)
            })?;
            owner.parse().ok()
        })
    }

    /// Every token that works, by id.
    pub fn tokens(&self) -> Vec<Arc<Credential>> {
        let mut tokens: Vec<_> = self.read(|state| state.tokens.values().cloned().collect());
        tokens.sort_by_key(|credential| credential.token);
        tokens
    }

    /// Which rules apply to whom.
    pub fn rules(&self) -> Policy {
        self.read(|state| state.policy.clone())
    }

    /// Which rules apply to whom, and since when pilots and shadows run.
    pub fn rules_since(&self) -> (Policy, Marks) {
        self.read(|state| (state.policy.clone(), state.marks.clone()))
    }

    /// The rules in force; none before the first pack was loaded.
    pub fn policy(&self) -> Option<InForce> {
        self.read(|state| state.policy.in_force.clone())
    }

    /// The business date in the company's zone.
    pub fn today(&self, now: DateTime<Utc>) -> NaiveDate {
        self.read(|state| match &state.policy.in_force {
            Some(in_force) => in_force.pack.today(now),
            None => now.date_naive(),
        })
    }

    /// Whether nobody was ever registered.
    pub fn is_empty(&self) -> bool {
        self.read(|state| state.people.is_empty())
    }

    fn read<T>(&self, ask: impl FnOnce(&State) -> T) -> T {
        ask(&self.state.read().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn catch_up(
    journal: &Journal,
    mut cursor: Position,
    state: &RwLock<State>,
) -> Result<Position, journal::Error> {
    let types = staff::Event::TYPES.iter().chain(policy::Event::TYPES);
    let filter = Filter { types: types.map(|t| (*t).to_owned()).collect(), ..Filter::default() };
    loop {
        let page = journal.after(cursor, &filter, READ_MAX).await?;
        if !page.entries.is_empty() {
            let mut state = state.write().unwrap_or_else(PoisonError::into_inner);
            for entry in &page.entries {
                if entry.aggregate_type == Policy::TYPE {
                    state.rule(entry.position, journal.event(entry));
                } else {
                    state.employ(&entry.stream, journal.event(entry));
                }
            }
        }
        cursor = cursor.max(page.next);
        if cursor >= page.head {
            return Ok(cursor);
        }
    }
}

impl State {
    fn rule(&mut self, at: Position, event: Result<policy::Event, journal::Error>) {
        match event {
            Ok(event) => {
                self.marks.note(&self.policy, at, &event);
                self.policy.evolve(&event);
            }
            Err(error) => tracing::error!(%error, "a policy event is not readable"),
        }
    }

    fn employ(&mut self, stream: &str, event: Result<staff::Event, journal::Error>) {
        match event {
            Ok(event) => {
                let person = self.people.entry(stream.to_owned()).or_default();
                person.evolve(&event);
                self.index(stream);
            }
            // Credentials fail closed: what cannot be read gives nobody anything.
            Err(error) => {
                tracing::error!(%error, "a staff event is not readable");
                self.people.remove(stream);
                self.forget(stream);
            }
        }
    }

    /// Makes the tokens of one person what its state says.
    fn index(&mut self, stream: &str) {
        let old = self.forget(stream);
        let (Some(person), Ok(staff)) = (self.people.get(stream), stream.parse::<StaffId>()) else {
            return;
        };
        for (id, issued) in &person.tokens {
            let streams = old.iter().find(|credential| credential.token == *id);
            let credential = Credential {
                token: *id,
                staff: staff.clone(),
                name_digest: person.name_digest,
                label: issued.label.to_string(),
                roles: person.roles_of(*id),
                reach: if issued.machine { Reach::Others } else { Reach::Own },
                streams: streams.map(|old| Arc::clone(&old.streams)).unwrap_or_default(),
            };
            self.tokens.insert(issued.secret_sha256.0, Arc::new(credential));
        }
    }

    fn forget(&mut self, stream: &str) -> Vec<Arc<Credential>> {
        let of = |credential: &Arc<Credential>| credential.staff.as_str() == stream;
        self.tokens.extract_if(|_, credential| of(credential)).map(|(_, old)| old).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::staff::{Event, Left, Registered, RolesGranted, TokenIssued, TokenRevoked};
    use uuid::Uuid;

    use super::*;

    fn state(events: Vec<Event>) -> House {
        let mut state = State::default();
        for event in events {
            state.employ("staff-1", Ok(event));
        }
        let (_, reached) = watch::channel(Position(1));
        House { state: Arc::new(RwLock::new(state)), reached }
    }

    fn hired() -> Vec<Event> {
        let issued = TokenIssued {
            token: TokenId::from_uuid(Uuid::nil()),
            label: "desk".parse().unwrap(),
            secret_sha256: Sha256Digest(Sha256::digest("secret").into()),
            roles: [Role::Sales].into(),
            machine: false,
        };
        vec![
            Event::Registered(Registered { name_digest: Sha256Digest([1; 32]) }),
            Event::RolesGranted(RolesGranted { roles: [Role::Sales, Role::Credit].into() }),
            Event::TokenIssued(Box::new(issued)),
        ]
    }

    #[test]
    fn a_secret_opens_what_its_token_carries() {
        let house = state(hired());
        assert_eq!(house.credential("secret").unwrap().roles, [Role::Sales].into());
        assert!(house.credential("Secret").is_none());
        assert!(!house.is_empty());
    }

    #[test]
    fn a_revoked_token_and_one_of_somebody_who_left_open_nothing() {
        let revoked = Event::TokenRevoked(TokenRevoked { token: TokenId::from_uuid(Uuid::nil()) });
        for end in [revoked, Event::Left(Left {})] {
            let mut events = hired();
            events.push(end);
            let house = state(events);
            assert!(house.credential("secret").is_none());
            let owner = house.owner(TokenId::from_uuid(Uuid::nil())).unwrap();
            assert_eq!(owner.as_str(), "staff-1");
        }
    }

    #[test]
    fn an_event_that_cannot_be_read_closes_the_door() {
        let mut state = State::default();
        for event in hired() {
            state.employ("staff-1", Ok(event));
        }
        state.employ("staff-1", Err(journal::Error::Closed));
        assert!(state.tokens.is_empty());
    }
}
