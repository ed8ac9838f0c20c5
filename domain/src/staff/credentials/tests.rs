//! Who proves to be whom, how often somebody may be wrong, and who may start anew.

use uuid::Uuid;

use super::*;
use crate::decider::Decider;
use crate::staff::tests::*;
use crate::staff::{Command, Left};

const PASSWORD: u128 = 1;
const CODE: u128 = 2;

fn secret(number: u128) -> SecretId {
    SecretId::from_uuid(Uuid::from_u128(number))
}

fn session(number: u128) -> TokenId {
    TokenId::from_uuid(Uuid::from_u128(number))
}

/// So many minutes after the beginning, in the ordinary profile.
fn minutes(after: i64) -> Context {
    let mut context = context();
    context.turn.now += TimeDelta::minutes(after);
    context
}

fn strictly(actor: &str, after: i64) -> Context {
    let mut context = Context { profile: Profile::Strict, ..minutes(after) };
    context.turn.actor = actor.parse().unwrap();
    context
}

fn right(step: i64) -> Proof {
    Proof {
        password: Compared::Right(secret(PASSWORD)),
        code: Compared::Right((secret(CODE), step)),
    }
}

fn wrong_password(step: i64) -> Proof {
    Proof { password: Compared::Wrong, ..right(step) }
}

fn password_alone() -> Proof {
    Proof { code: Compared::NotGiven, ..right(0) }
}

fn code_alone(step: i64) -> Proof {
    Proof { password: Compared::NotGiven, ..right(step) }
}

fn secrets(numbers: &[u8]) -> BTreeSet<Sha256Digest> {
    numbers.iter().map(|number| digest(*number)).collect()
}

impl Staff {
    fn told(&mut self, context: &Context, command: &Command) -> Result<usize, &'static str> {
        let events = self.decide(context, command).map_err(|it| it.code())?;
        for event in &events {
            self.evolve(event);
        }
        Ok(events.len())
    }

    fn signs_in(&mut self, after: i64, proof: Proof, number: u128) -> Result<usize, &'static str> {
        let (session, secret_sha256) = (session(number), digest(9));
        let command = Command::OpenSession { proof, session, secret_sha256, role: Role::Quality };
        self.told(&minutes(after), &command)
    }

    fn signs(&mut self, proof: Proof, within: Option<u128>) -> Result<usize, &'static str> {
        let signing = Signing {
            role: Role::Quality,
            meaning: Meaning::Approve,
            stream: "proposal-1".to_owned(),
            content: "sha256:aa".to_owned(),
            session: within.map(session),
        };
        self.told(&minutes(1), &Command::Verify { proof, signing })
    }

    fn is_wrong(&mut self) -> usize {
        self.told(&minutes(0), &Command::CountWrongTry(Trying::SigningIn)).unwrap()
    }

    fn enrols(&mut self, after: i64, numbers: &[u8]) -> Result<usize, &'static str> {
        let set = PasswordSet { password: secret(PASSWORD), code: secret(CODE) };
        self.told(&minutes(after), &Command::SetPassword { secrets: secrets(numbers), set })?;
        let enrolled = CodeEnrolled { code: secret(CODE), step: 10 };
        self.told(&minutes(after), &Command::EnrolCode { secrets: secrets(numbers), enrolled })
    }
}

fn reset(number: u8) -> Command {
    Command::ResetCredentials { secret_sha256: digest(number) }
}

/// Somebody of quality who has a password, and codes of which that of step 10 is used.
fn enrolled() -> Staff {
    let mut staff = given([registered(), person(&[Role::Quality])]);
    staff.told(&minutes(0), &reset(5)).unwrap();
    assert_eq!(staff.enrols(1, &[5]), Ok(1));
    staff
}

#[test]
fn both_components_open_a_session_with_a_role_that_is_held() {
    let mut staff = enrolled();
    assert_eq!(staff.signs_in(0, password_alone(), 1), Err("components.missing"));
    assert_eq!(staff.signs_in(0, right(11), 1), Ok(1));
    assert_eq!(staff.roles_of(session(1)), roles(&[Role::Quality]));
    let other = Command::OpenSession {
        proof: right(12),
        session: session(2),
        secret_sha256: digest(8),
        role: Role::Credit,
    };
    assert_eq!(staff.told(&minutes(1), &other), Err("session.role_not_held"));
}

#[test]
fn nothing_but_the_right_components_of_this_moment_proves_anything() {
    let other = |number| Proof { password: Compared::Right(secret(number)), ..right(11) };
    for proof in [
        wrong_password(11),
        Proof { code: Compared::Wrong, ..right(11) },
        // Right, and compared with a secret that was replaced meanwhile.
        other(7),
        Proof { code: Compared::Right((secret(7), 11)), ..right(11) },
    ] {
        assert_eq!(enrolled().signs_in(0, proof, 1), Err("components.refused"));
    }
    let mut stranger = given([registered(), person(&[Role::Quality])]);
    assert_eq!(stranger.signs_in(0, right(11), 1), Err("components.refused"));
    assert_eq!(Staff::default().signs_in(0, right(11), 1), Err("components.refused"));
}

#[test]
fn a_code_proves_once_whatever_it_proved() {
    let mut staff = enrolled();
    assert_eq!(staff.signs_in(0, right(10), 1), Err("components.refused"), "it enrolled");
    assert_eq!(staff.signs_in(0, right(12), 1), Ok(1));
    assert_eq!(staff.signs_in(0, right(12), 2), Err("components.refused"));
    assert_eq!(staff.signs_in(0, right(11), 2), Err("components.refused"), "an older one");
    assert_eq!(staff.signs(right(12), None), Err("components.refused"));
    assert_eq!(staff.signs(right(13), None), Ok(1));
    assert_eq!(staff.signs(right(13), None), Err("components.refused"));
}

#[test]
fn five_wrong_tries_in_a_row_lock_and_an_administrator_unlocks() {
    let mut staff = enrolled();
    for _ in 1..5 {
        assert_eq!(staff.is_wrong(), 1);
    }
    assert!(!staff.credentials.is_locked());
    assert_eq!(staff.is_wrong(), 2, "the alert stands beside the fifth");
    assert!(staff.credentials.is_locked());
    assert_eq!(staff.is_wrong(), 0, "no more is counted");
    assert_eq!(staff.signs_in(0, right(11), 1), Err("components.refused"));
    assert_eq!(staff.signs(right(11), None), Err("components.refused"));
    assert_eq!(staff.told(&minutes(0), &Command::Unlock), Ok(1));
    assert_eq!(staff.told(&minutes(0), &Command::Unlock), Err("staff.not_locked"));
    assert_eq!(staff.signs_in(0, right(11), 1), Ok(1));
}

#[test]
fn what_is_proved_lets_wrong_tries_be_forgotten() {
    let mut staff = enrolled();
    for round in 0..3 {
        for _ in 1..5 {
            assert_eq!(staff.is_wrong(), 1);
        }
        assert_eq!(staff.signs_in(0, right(11 + round), 1), Ok(1));
    }
    assert_eq!(given([registered()]).is_wrong(), 0, "nobody is locked out of nothing");
}

#[test]
fn the_first_signature_of_a_session_takes_all_components_and_later_ones_at_least_one() {
    let mut staff = enrolled();
    staff.signs_in(0, right(11), 1).unwrap();
    assert_eq!(staff.signs(password_alone(), Some(1)), Err("components.missing"));
    assert_eq!(staff.signs(code_alone(12), Some(1)), Err("components.missing"));
    assert_eq!(staff.signs(right(12), Some(1)), Ok(1));
    assert_eq!(staff.signs(password_alone(), Some(1)), Ok(1));
    assert_eq!(staff.signs(code_alone(13), Some(1)), Ok(1));
    assert_eq!(staff.signs(code_alone(13), Some(1)), Err("components.refused"));
    let wrong = Proof { password: Compared::Wrong, code: Compared::NotGiven };
    assert_eq!(staff.signs(wrong.clone(), Some(1)), Err("components.refused"));
    let none = Proof::default();
    assert_eq!(staff.signs(none, Some(1)), Err("components.missing"));
    // With a token of another kind there is no period: every signature takes all.
    assert_eq!(staff.signs(password_alone(), None), Err("components.missing"));
    staff.signs_in(1, right(14), 2).unwrap();
    assert_eq!(
        staff.signs(password_alone(), Some(2)),
        Err("components.missing"),
        "another session"
    );
}

#[test]
fn a_session_ends_after_eight_hours_and_leaves_no_trace_in_the_state() {
    let mut staff = enrolled();
    staff.signs_in(0, right(11), 1).unwrap();
    let at = |after| minutes(after).turn.now;
    assert!(staff.works(session(1), at(8 * 60 - 1)));
    assert!(!staff.works(session(1), at(8 * 60)));
    for day in 1..400_i64 {
        staff.signs_in(day * 24 * 60, right(11 + day), 2).unwrap();
        assert_eq!(staff.credentials.sessions.len(), 1);
    }
    assert!(staff.revoked.is_empty());
    let close = Command::CloseSession { session: session(2) };
    assert_eq!(staff.told(&minutes(399 * 24 * 60 + 1), &close), Ok(1));
    assert_eq!(staff.told(&minutes(399 * 24 * 60 + 1), &close), Err("session.over"));
    assert!(!staff.works(session(2), at(399 * 24 * 60 + 1)));
}

#[test]
fn sessions_at_once_are_bounded() {
    let mut staff = enrolled();
    for number in 0..20_u8 {
        let step = 11 + i64::from(number);
        assert_eq!(staff.signs_in(0, right(step), number.into()), Ok(1));
    }
    assert_eq!(staff.signs_in(0, right(50), 50), Err("session.too_many"));
    assert_eq!(staff.signs_in(8 * 60, right(50), 50), Ok(1));
}

#[test]
fn a_reset_ends_everything_and_its_secret_serves_once_and_for_some_days() {
    let mut staff = enrolled();
    staff.signs_in(0, right(11), 1).unwrap();
    assert_eq!(staff.enrols(0, &[5]), Err("components.refused"), "the secret was used");
    assert_eq!(staff.told(&minutes(0), &reset(6)), Ok(1));
    assert!(!staff.works(session(1), minutes(0).turn.now));
    assert_eq!(staff.signs_in(0, right(12), 1), Err("components.refused"));
    assert_eq!(staff.enrols(0, &[5]), Err("components.refused"));
    assert_eq!(staff.enrols(7 * 24 * 60, &[6]), Err("components.refused"), "too late");
    assert_eq!(staff.enrols(7 * 24 * 60 - 1, &[6]), Ok(1));
    assert_eq!(staff.signs_in(0, right(11), 1), Err("components.refused"), "a code of before");
    assert_eq!(staff.signs_in(0, right(12), 1), Ok(1));
}

#[test]
fn in_the_strict_profile_a_reset_takes_two_administrators_within_an_hour() {
    let mut staff = enrolled();
    assert_eq!(staff.told(&strictly("staff-one", 0), &reset(5)), Ok(1));
    assert_eq!(staff.told(&strictly("staff-one", 59), &reset(6)), Err("reset.second_needed"));
    assert_eq!(staff.signs_in(0, right(11), 1), Ok(1), "nothing was taken away yet");
    // An hour later the first one has asked in vain, and is the first one again.
    assert_eq!(staff.told(&strictly("staff-two", 60), &reset(7)), Ok(1));
    assert_eq!(staff.signs_in(0, right(12), 2), Ok(1));
    assert_eq!(staff.told(&strictly("staff-one", 90), &reset(8)), Ok(1));
    assert_eq!(staff.signs_in(0, right(13), 3), Err("components.refused"));
    // Neither of the two can enrol with what they were shown.
    for alone in [&[7][..], &[8], &[7, 6], &[7, 8, 6]] {
        assert_eq!(staff.enrols(91, alone), Err("components.refused"));
    }
    assert_eq!(staff.enrols(91, &[8, 7]), Ok(1));
}

#[test]
fn who_has_left_proves_nothing() {
    let mut staff = enrolled();
    staff.signs_in(0, right(11), 1).unwrap();
    staff.evolve(&Event::Left(Left {}));
    assert!(!staff.works(session(1), minutes(0).turn.now));
    assert_eq!(staff.signs_in(0, right(12), 2), Err("components.refused"));
    assert_eq!(staff.told(&minutes(0), &reset(7)), Err("staff.has_left"));
    assert!(staff.credentials.secrets().is_empty());
}
