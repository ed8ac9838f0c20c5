//! The house: who works here with which tokens, and by which rules, followed into memory so that a request costs no query.
//!
//! A command of this process is answered only once its events are in here: whoever was answered that a token is
//! revoked never sees it work again. Other processes' changes arrive with the doorbell.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use domain::approval::Person;
use domain::decider::Decider;
use domain::digest::Sha256Digest;
use domain::ids::{StaffId, TokenId};
use domain::policy::{self, InForce, Policy};
use domain::staff::{self, Delegated, Matter, Profile, Role, Staff, Standing};
use journal::{Filter, Journal, Position};
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::marks::{Marks, Moment};
use crate::serve::SYSTEM;

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
    /// Who may be asked, by matter, as of one business date; forgotten with every event about people.
    asked: Mutex<Asked>,
}

/// Who may be asked on one business date.
#[derive(Debug, Default)]
struct Asked {
    today: NaiveDate,
    people: BTreeMap<Matter, Arc<Vec<Person>>>,
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
    pub lasts: Lasts,
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

/// How long a secret works.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lasts {
    /// A token's.
    UntilRevoked,
    /// A session's; not from then on.
    Until(DateTime<Utc>),
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

    /// The token or the session with this secret, while it works.
    pub fn credential(&self, secret: &str, now: DateTime<Utc>) -> Option<Arc<Credential>> {
        let digest: [u8; 32] = Sha256::digest(secret).into();
        let found = self.read(|state| state.tokens.get(&digest).cloned());
        found.filter(|credential| match credential.lasts {
            Lasts::UntilRevoked => true,
            Lasts::Until(end) => now < end,
        })
    }

    /// Whether a token or a session still works.
    pub fn works(&self, token: TokenId, staff: &StaffId, now: DateTime<Utc>) -> Standing {
        self.read(|state| match state.people.get(staff.as_str()) {
            Some(person) if person.works(token, now) => Standing::Present,
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

    /// Everybody who is here and holds a role, with all of them, and for whom they stand in today in this matter.
    pub fn people(&self, today: NaiveDate, matter: Matter) -> Arc<Vec<Person>> {
        self.read(|state| {
            let mut asked = state.asked.lock().unwrap_or_else(PoisonError::into_inner);
            if asked.today != today {
                *asked = Asked { today, people: BTreeMap::new() };
            }
            let people = asked.people.entry(matter).or_insert_with(|| {
                Arc::new(state.present(&|delegated| delegated.holds(today, matter)))
            });
            Arc::clone(people)
        })
    }

    /// The roles of others in whose place somebody stands today, whatever the matter; the rule asks in which.
    pub fn lent(&self, staff: &StaffId, today: NaiveDate) -> BTreeSet<Role> {
        let lent = |matter: Matter| {
            let people = self.people(today, matter);
            let found = people.binary_search_by(|person| person.staff.cmp(staff)).ok();
            let person = found.and_then(|at| people.get(at));
            person.map(|it| it.stands_in_for.values().flatten().copied().collect::<Vec<Role>>())
        };
        Matter::ALL.into_iter().filter_map(lent).flatten().collect()
    }

    /// Somebody's state, as of the last event about them.
    pub fn person(&self, staff: &StaffId) -> Option<Staff> {
        self.read(|state| state.people.get(staff.as_str()).cloned())
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

    /// How strictly this store keeps administrators apart.
    pub fn profile(&self) -> Profile {
        self.read(|state| state.people.get(SYSTEM).map(|system| system.profile).unwrap_or_default())
    }

    /// Whoever holds several of the roles that the strict profile keeps apart.
    pub fn not_kept_apart(&self) -> Vec<String> {
        let several =
            |person: &Staff| person.roles.iter().filter(|it| it.is_kept_apart()).count() > 1;
        self.read(|state| {
            let found = state.people.iter().filter(|(_, person)| several(person));
            found.map(|(staff, _)| staff.clone()).collect()
        })
    }

    /// Every token that works, by id; sessions are not among them.
    pub fn tokens(&self) -> Vec<Arc<Credential>> {
        let mut tokens: Vec<_> = self.read(|state| {
            let tokens = state.tokens.values();
            tokens.filter(|it| it.lasts == Lasts::UntilRevoked).cloned().collect()
        });
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
        self.read(|state| state.people.values().all(|it| it.standing == Standing::Unknown))
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
                    state.rule((entry.position, entry.recorded_at), journal.event(entry));
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
    /// Everybody who is here and holds a role, by id.
    fn present(&self, holds: &dyn Fn(&Delegated) -> bool) -> Vec<Person> {
        let mut stands_in: HashMap<&StaffId, BTreeMap<StaffId, BTreeSet<Role>>> = HashMap::new();
        for (lender, person) in &self.people {
            let Ok(lender) = lender.parse::<StaffId>() else { continue };
            for lent in person.delegations.values().filter(|lent| holds(lent)) {
                let of = stands_in.entry(&lent.to).or_default().entry(lender.clone());
                of.or_default().extend(&lent.roles & &person.roles);
            }
        }
        let here = self.people.iter().filter(|(_, person)| !person.roles.is_empty());
        let mut people: Vec<Person> = here
            .filter_map(|(staff, person)| {
                let staff: StaffId = staff.parse().ok()?;
                let lent = stands_in.remove(&staff).filter(|_| !person.administers());
                let stands_in_for = lent.unwrap_or_default();
                Some(Person { stands_in_for, ..Person::new(staff, person.roles.clone()) })
            })
            .collect();
        people.sort_by(|one, other| one.staff.cmp(&other.staff));
        people
    }

    fn rule(&mut self, at: Moment, event: Result<policy::Event, journal::Error>) {
        match event {
            Ok(event) => {
                self.marks.note(&self.policy, at, &event);
                self.policy.evolve(&event);
            }
            Err(error) => tracing::error!(%error, "a policy event is not readable"),
        }
    }

    fn employ(&mut self, stream: &str, event: Result<staff::Event, journal::Error>) {
        self.asked.get_mut().unwrap_or_else(PoisonError::into_inner).people.clear();
        let old = self.forget(stream);
        match event {
            Ok(event) => {
                let person = self.people.entry(stream.to_owned()).or_default();
                person.evolve(&event);
                self.index(stream, &old);
            }
            // Credentials fail closed: what cannot be read gives nobody anything.
            Err(error) => {
                tracing::error!(%error, "a staff event is not readable");
                self.people.remove(stream);
            }
        }
    }

    /// Makes the tokens of one person what its state says.
    fn index(&mut self, stream: &str, old: &[Arc<Credential>]) {
        let (Some(person), Ok(staff)) = (self.people.get(stream), stream.parse::<StaffId>()) else {
            return;
        };
        let credential = |token: TokenId, label: String, reach, lasts| {
            let streams = old.iter().find(|credential| credential.token == token);
            Arc::new(Credential {
                token,
                staff: staff.clone(),
                name_digest: person.name_digest,
                label,
                roles: person.roles_of(token),
                reach,
                lasts,
                streams: streams.map(|old| Arc::clone(&old.streams)).unwrap_or_default(),
            })
        };
        for (id, issued) in &person.tokens {
            let reach = if issued.machine { Reach::Others } else { Reach::Own };
            let of_token = credential(*id, issued.label.to_string(), reach, Lasts::UntilRevoked);
            self.tokens.insert(issued.secret_sha256.0, of_token);
        }
        for (id, session) in &person.credentials.sessions {
            let lasts = Lasts::Until(session.expires_at);
            let of_session = credential(*id, session.role.code().to_owned(), Reach::Own, lasts);
            self.tokens.insert(session.secret_sha256.0, of_session);
        }
    }

    /// Takes away what the state of one person has opened so far.
    fn forget(&mut self, stream: &str) -> Vec<Arc<Credential>> {
        let Some(person) = self.people.get(stream) else { return Vec::new() };
        let tokens = person.tokens.values().map(|it| it.secret_sha256);
        let sessions = person.credentials.sessions.values().map(|it| it.secret_sha256);
        tokens.chain(sessions).filter_map(|digest| self.tokens.remove(&digest.0)).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::DelegationId;
    use domain::staff::{Event, Left, Registered, RolesGranted, TokenIssued, TokenRevoked};
    use uuid::Uuid;

    use super::*;

    fn state(events: Vec<Event>) -> House {
        let mut state = State::default();
        for event in events {
            state.employ("staff-1", Ok(event));
        }
        housed(state)
    }

    fn housed(state: State) -> House {
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
        assert_eq!(
            house.credential("secret", DateTime::UNIX_EPOCH).unwrap().roles,
            [Role::Sales].into()
        );
        assert!(house.credential("Secret", DateTime::UNIX_EPOCH).is_none());
        assert!(!house.is_empty());
    }

    #[test]
    fn a_revoked_token_and_one_of_somebody_who_left_open_nothing() {
        let revoked = Event::TokenRevoked(TokenRevoked { token: TokenId::from_uuid(Uuid::nil()) });
        for end in [revoked, Event::Left(Left {})] {
            let mut events = hired();
            events.push(end);
            let house = state(events);
            assert!(house.credential("secret", DateTime::UNIX_EPOCH).is_none());
            let owner = house.owner(TokenId::from_uuid(Uuid::nil())).unwrap();
            assert_eq!(owner.as_str(), "staff-1");
        }
    }

    #[test]
    fn who_stands_in_for_whom_depends_on_the_day_and_the_matter() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let employed = |roles: &[Role]| {
            vec![
                Event::Registered(Registered { name_digest: Sha256Digest([1; 32]) }),
                Event::RolesGranted(RolesGranted { roles: roles.iter().copied().collect() }),
            ]
        };
        let lent = |number: u128, to: &str| {
            Event::Delegated(Box::new(Delegated {
                delegation: DelegationId::from_uuid(Uuid::from_u128(number)),
                to: to.parse().unwrap(),
                roles: [Role::Quality].into(),
                from: day("2026-11-23"),
                until: day("2026-11-24"),
                matters: [Matter::Policy].into(),
                delegated_on: day("2026-11-22"),
            }))
        };
        let mut state = State::default();
        for (stream, roles) in [
            ("staff-1", &[Role::Quality][..]),
            ("staff-2", &[Role::Sales]),
            ("staff-3", &[Role::Admin]),
        ] {
            for event in employed(roles) {
                state.employ(stream, Ok(event));
            }
        }
        state.employ("staff-1", Ok(lent(1, "staff-2")));
        // The second one has meanwhile come to administer: they exercise no role of business.
        state.employ("staff-1", Ok(lent(2, "staff-3")));
        let house = housed(state);
        let stands_in = |today: &str, matter| {
            let people = house.people(day(today), matter);
            assert_eq!(people.len(), 3);
            let with = people.iter().filter(|it| !it.stands_in_for.is_empty());
            with.map(|it| it.staff.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(stands_in("2026-11-22", Matter::Policy), [""; 0]);
        assert_eq!(stands_in("2026-11-23", Matter::Policy), ["staff-2"]);
        assert_eq!(stands_in("2026-11-23", Matter::Credit), [""; 0]);
        assert_eq!(stands_in("2026-11-24", Matter::Policy), ["staff-2"]);
        assert_eq!(stands_in("2026-11-25", Matter::Policy), [""; 0]);
        let people = house.people(day("2026-11-24"), Matter::Policy);
        assert!(Arc::ptr_eq(&people, &house.people(day("2026-11-24"), Matter::Policy)));
        house.state.write().unwrap().employ("staff-1", Ok(Event::Left(Left {})));
        assert!(house.people(day("2026-11-24"), Matter::Policy)[0].stands_in_for.is_empty());
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
