//! Votes that are signed.

use super::*;
use crate::digest::Sha256Digest;
use crate::signature::{Component, Meaning};

/// Waits for credit and finance.
fn waiting() -> House {
    let mut house = House::new();
    house.draft("quality", other_terms(45)).unwrap();
    house.simulate(0).unwrap();
    house.tell("quality", Command::Submit).unwrap();
    house
}

fn signed(signer: &str, stream: &str, content: &str) -> Signature {
    Signature {
        signer: format!("staff-{signer}").parse().unwrap(),
        name_digest: Sha256Digest([1; 32]),
        role: Role::Credit,
        at: Turn::of_test().now,
        zone: chrono_tz::Tz::Asia__Shanghai,
        meaning: Meaning::Approve,
        stream: stream.to_owned(),
        content: content.to_owned(),
        components: [Component::Password, Component::Code].into(),
    }
}

#[test]
fn row_19_a_vote_takes_only_its_voters_signature_under_what_it_agrees_to() {
    let mut house = waiting();
    let record = house.proposal.id.unwrap().to_string();
    let content = house.proposal.round.clone().unwrap().content;
    let mut votes = |signature: &Signature| {
        let signature = Some(Box::new(signature.clone()));
        house.tell("credit", Command::Approve { comment: None, signature })
    };
    for moved in [
        signed("finance", &record, &content),
        signed("credit", "proposal-00000000-0000-0000-0000-00000000ffff", &content),
        signed("credit", &record, "sha256:of-before"),
    ] {
        assert_eq!(votes(&moved), Err(Rejection::SignedAnother), "{moved:?}");
    }
    let own = signed("credit", &record, &content);
    let events = votes(&own).unwrap();
    assert_eq!(events[0].signature(), Some(&own));
}

#[test]
fn row_20_every_vote_that_closes_a_step_names_a_person_who_was_asked() {
    let mut house = waiting();
    for nobody in ["admin", "system", "erp"] {
        let vote = Command::Approve { comment: None, signature: None };
        assert!(matches!(house.tell(nobody, vote), Err(Rejection::Vote(_))), "{nobody}");
    }
    for voter in ["credit", "finance"] {
        let vote = Command::Approve { comment: None, signature: None };
        house.tell(voter, vote).unwrap();
    }
    let round = house.proposal.round.unwrap();
    let voters: Vec<&str> = round.votes.iter().map(|vote| vote.by.as_str()).collect();
    assert_eq!(voters, ["staff-credit", "staff-finance"]);
    assert_eq!(house.proposal.standing, Standing::Approved);
}
