//! Who may hold what, and which token speaks for whom.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::*;

pub(super) fn context() -> Context {
    let now: DateTime<Utc> = "2026-11-22T03:04:05Z".parse().unwrap();
    let actor = "staff-admin".parse().unwrap();
    let turn = Turn { command_id: Uuid::nil(), actor, now, today: now.date_naive() };
    Context { turn, profile: Profile::Ordinary, colleague: None }
}

pub(super) fn digest(number: u8) -> Sha256Digest {
    Sha256Digest([number; 32])
}

fn token_id(number: u8) -> TokenId {
    TokenId::from_uuid(Uuid::from_u128(number.into()))
}

pub(super) fn roles(given: &[Role]) -> BTreeSet<Role> {
    given.iter().copied().collect()
}

pub(super) fn person(given: &[Role]) -> Event {
    Event::RolesGranted(RolesGranted { roles: roles(given) })
}

pub(super) fn registered() -> Event {
    Event::Registered(Registered { name_digest: digest(1) })
}

fn token(number: u8, given: &[Role]) -> TokenIssued {
    TokenIssued {
        token: token_id(number),
        label: "desk".parse().unwrap(),
        secret_sha256: digest(number),
        roles: roles(given),
        machine: false,
    }
}

fn issue(token: TokenIssued) -> Command {
    Command::IssueToken(Box::new(token))
}

fn issued(token: TokenIssued) -> Event {
    Event::TokenIssued(Box::new(token))
}

fn register(given: &[Role], token: Option<TokenIssued>) -> Command {
    Command::Register { name_digest: digest(1), roles: roles(given), token: token.map(Box::new) }
}

pub(super) fn given<const N: usize>(events: [Event; N]) -> Staff {
    let mut staff = Staff::default();
    for event in events {
        staff.evolve(&event);
    }
    staff
}

impl Staff {
    pub(super) fn when(&self, command: &Command) -> Result<Vec<Event>, &'static str> {
        self.decide(&context(), command).map_err(|rejection| rejection.code())
    }
}

#[test]
fn a_person_is_registered_with_roles_and_a_first_token() {
    let first = token(1, &[Role::Sales]);
    assert_eq!(
        given([]).when(&register(&[Role::Sales, Role::Credit], Some(first.clone()))),
        Ok(vec![registered(), person(&[Role::Sales, Role::Credit]), issued(first)])
    );
    assert_eq!(given([]).when(&register(&[], None)), Ok(vec![registered()]));
    assert_eq!(given([registered()]).when(&register(&[], None)), Err("staff.already_registered"));
}

#[test]
fn who_administers_does_no_business() {
    for business in Role::ALL.iter().copied().filter(|role| role.is_business()) {
        let mixed = [Role::Admin, business];
        assert_eq!(given([]).when(&register(&mixed, None)), Err("staff.admin_mixed"), "{business}");
        let grant = Command::GrantRoles { roles: roles(&mixed) };
        assert_eq!(given([registered()]).when(&grant), Err("staff.admin_mixed"), "{business}");
    }
    assert!(given([]).when(&register(&[Role::Admin, Role::Auditor], None)).is_ok());
}

#[test]
fn in_the_strict_profile_administration_security_and_audit_are_three_people() {
    let strict = Context { profile: Profile::Strict, ..context() };
    let kept = [Role::Admin, Role::SecurityAdmin, Role::Auditor];
    for one in kept {
        let alone = given([]).decide(&strict, &register(&[one, Role::Executive], None));
        assert!(alone.is_ok(), "{one}");
        for other in kept.into_iter().filter(|other| *other != one) {
            let both = register(&[one, other], None);
            let refused = given([]).decide(&strict, &both).unwrap_err();
            assert_eq!(refused.code(), "staff.kept_apart", "{one} {other}");
            assert!(given([]).when(&both).is_ok(), "{one} {other}");
            let grant = Command::GrantRoles { roles: roles(&[one, other]) };
            assert!(given([registered()]).decide(&strict, &grant).is_err(), "{one} {other}");
        }
    }
    let mixed = register(&[Role::SecurityAdmin, Role::Quality], None);
    assert_eq!(given([]).when(&mixed), Err("staff.admin_mixed"));
}

#[test]
fn a_profile_only_becomes_stricter() {
    let set = |profile| Event::ProfileSet(ProfileSet { profile });
    let (ordinary, strict) = (Profile::Ordinary, Profile::Strict);
    assert_eq!(given([]).when(&Command::SetProfile(ordinary)), Ok(vec![]));
    assert_eq!(given([]).when(&Command::SetProfile(strict)), Ok(vec![set(strict)]));
    let store = given([set(strict)]);
    assert_eq!(store.when(&Command::SetProfile(strict)), Ok(vec![]));
    assert_eq!(store.when(&Command::SetProfile(ordinary)), Err("profile.lowered"));
}

#[test]
fn a_token_carries_only_what_its_person_holds() {
    let seller = given([registered(), person(&[Role::Sales])]);
    assert!(seller.when(&issue(token(1, &[Role::Sales]))).is_ok());
    assert_eq!(seller.when(&issue(token(1, &[Role::Credit]))), Err("token.roles_not_held"));
    assert_eq!(seller.when(&issue(token(1, &[]))), Err("token.without_role"));
    assert_eq!(given([]).when(&issue(token(1, &[Role::Sales]))), Err("staff.unknown"));
}

#[test]
fn only_a_machines_token_carries_several_roles() {
    let both = [Role::Sales, Role::Finance];
    let staff = given([registered(), person(&both)]);
    assert_eq!(staff.when(&issue(token(1, &both))), Err("token.several_roles"));
    assert!(staff.when(&issue(TokenIssued { machine: true, ..token(1, &both) })).is_ok());
}

#[test]
fn a_token_is_revoked_once_and_its_id_is_never_used_again() {
    let mut staff = given([registered(), person(&[Role::Sales]), issued(token(1, &[Role::Sales]))]);
    let revoke = |number| Command::RevokeToken { token: token_id(number) };
    assert_eq!(staff.when(&revoke(2)), Err("token.unknown"));
    let revoked = Event::TokenRevoked(TokenRevoked { token: token_id(1) });
    assert_eq!(staff.when(&revoke(1)), Ok(vec![revoked.clone()]));
    staff.evolve(&revoked);
    assert_eq!(staff.when(&revoke(1)), Err("token.revoked"));
    assert_eq!(staff.when(&issue(token(1, &[Role::Sales]))), Err("token.exists"));
    assert!(staff.roles_of(token_id(1)).is_empty());
}

#[test]
fn a_role_taken_from_a_person_is_taken_from_the_tokens_too() {
    let machine = TokenIssued { machine: true, ..token(1, &[Role::Sales, Role::Finance]) };
    let mut staff = given([registered(), person(&[Role::Sales, Role::Finance]), issued(machine)]);
    staff.evolve(&person(&[Role::Finance]));
    assert_eq!(staff.roles_of(token_id(1)), roles(&[Role::Finance]));
}

#[test]
fn who_has_left_has_nothing_and_gets_nothing() {
    let mut staff = given([registered(), person(&[Role::Sales]), issued(token(1, &[Role::Sales]))]);
    assert_eq!(staff.when(&Command::Leave), Ok(vec![Event::Left(Left {})]));
    staff.evolve(&Event::Left(Left {}));
    assert!(staff.roles_of(token_id(1)).is_empty());
    assert_eq!(staff.when(&Command::Leave), Err("staff.has_left"));
    assert_eq!(staff.when(&issue(token(2, &[Role::Sales]))), Err("staff.has_left"));
    assert_eq!(staff.when(&Command::RevokeToken { token: token_id(1) }), Err("token.revoked"));
}

#[test]
fn a_secret_is_claimed_by_its_digest() {
    let event = issued(token(7, &[Role::Sales]));
    let claim = decider::Event::claim(&event, "staff-1");
    assert_eq!(claim, Some(format!("token:{}", "07".repeat(32))));
    assert_eq!(decider::Event::claim(&registered(), "staff-1"), None);
}

#[test]
fn payloads_have_one_level_under_their_wire_names() {
    let events = [
        registered(),
        person(&[Role::Sales]),
        issued(token(1, &[Role::Sales])),
        Event::TokenRevoked(TokenRevoked { token: token_id(1) }),
        Event::Left(Left {}),
    ];
    for (event, name) in events.iter().zip(Event::TYPES) {
        let payload = serde_json::to_value(event).unwrap();
        let (key, body) = payload.as_object().unwrap().iter().next().unwrap();
        assert_eq!((key, &event.kind().to_owned()), (&(*name).to_owned(), &(*name).to_owned()));
        assert!(body.is_object(), "{name}");
        assert_eq!(&serde_json::from_value::<Event>(payload.clone()).unwrap(), event);
    }
    assert_eq!(serde_json::to_value(Event::Left(Left {})).unwrap(), json!({"staff.left": {}}));
}

#[test]
fn roles_are_read_by_their_wire_names() {
    for role in Role::ALL {
        assert_eq!(role.code().parse(), Ok(*role));
        assert_eq!(serde_json::to_value(role).unwrap(), json!(role.code()));
    }
    assert!("boss".parse::<Role>().unwrap_err().to_string().contains("sales, quality"));
}
