//! What somebody tries.

use proptest::prelude::*;

use super::{AMOUNTS, company::SIZE};
use crate::staff::Role;

#[derive(Clone, Debug)]
pub(super) enum Try {
    Upload(usize),
    /// Under the present name, or another one.
    Submit(Option<usize>),
    Revoke(usize),
    Classify(usize),
    Manager(usize),
    Apply(usize),
    Grant(usize),
    Freeze,
    Unfreeze,
    Place(usize),
    Cancel(usize),
    Release(usize),
    Vote(usize),
    /// For something that was put before somebody once, whatever it was.
    VoteOn(usize, usize),
    /// Signed for what is asked now.
    Sign(usize),
    /// With a signature that somebody gave once, under whatever it was.
    SignWith(usize, usize),
    Reject(usize),
    Return(usize),
    GoBack(usize, u32),
    Ask(usize),
    Inform(usize),
    AddReviewer(usize, usize),
    Transfer(usize, usize),
    Withdraw(usize),
    Reopen(usize),
    /// One after the other, everybody votes.
    Everybody(usize),
    /// Somebody else votes at the same moment.
    Race(usize, usize),
    Pack(usize),
    Days(u64),
    Lend {
        to: usize,
        role: Role,
    },
    TakeBack(usize),
    Gain(usize, Role),
    Lose(usize, Role),
    Leave(usize),
}

pub(super) fn tries() -> impl Strategy<Value = Vec<(usize, Try)>> {
    let one = || 0_usize..4;
    let staff = || 0_usize..SIZE;
    let amount = || 0_usize..AMOUNTS.len();
    let role = || proptest::sample::select(super::company::ROLES.to_vec());
    let ask = prop_oneof![
        3 => (0_usize..3).prop_map(Try::Upload),
        3 => Just(Try::Submit(None)),
        2 => (0_usize..3).prop_map(|name| Try::Submit(Some(name))),
        3 => amount().prop_map(Try::Apply),
        3 => amount().prop_map(Try::Grant),
        3 => amount().prop_map(Try::Place),
        3 => one().prop_map(Try::Release),
        1 => one().prop_map(Try::Withdraw),
        1 => one().prop_map(Try::Reopen),
        1 => one().prop_map(Try::Inform),
    ];
    let answer = prop_oneof![
        6 => one().prop_map(Try::Vote),
        1 => (one(), 0_usize..20).prop_map(|(case, content)| Try::VoteOn(case, content)),
        2 => one().prop_map(Try::Sign),
        2 => (one(), 0_usize..20).prop_map(|(case, nth)| Try::SignWith(case, nth)),
        4 => one().prop_map(Try::Everybody),
        2 => (one(), staff()).prop_map(|(case, other)| Try::Race(case, other)),
        1 => one().prop_map(Try::Reject),
        1 => one().prop_map(Try::Return),
        1 => (one(), 1_u32..4).prop_map(|(case, stage)| Try::GoBack(case, stage)),
        1 => one().prop_map(Try::Ask),
        1 => (one(), staff()).prop_map(|(case, staff)| Try::AddReviewer(case, staff)),
        1 => (one(), staff()).prop_map(|(case, staff)| Try::Transfer(case, staff)),
    ];
    let change = prop_oneof![
        1 => (0_usize..8).prop_map(Try::Revoke),
        1 => (0_usize..3).prop_map(Try::Classify),
        1 => staff().prop_map(Try::Manager),
        1 => Just(Try::Freeze),
        1 => Just(Try::Unfreeze),
        2 => one().prop_map(Try::Cancel),
        1 => (0_usize..4).prop_map(Try::Pack),
        2 => prop_oneof![Just(1_u64), Just(90), Just(300)].prop_map(Try::Days),
        3 => (staff(), role()).prop_map(|(to, role)| Try::Lend { to, role }),
        2 => staff().prop_map(Try::TakeBack),
        2 => (staff(), role()).prop_map(|(staff, role)| Try::Gain(staff, role)),
        1 => (staff(), role()).prop_map(|(staff, role)| Try::Lose(staff, role)),
        1 => staff().prop_map(Try::Leave),
    ];
    let any = prop_oneof![4 => ask, 5 => answer, 2 => change];
    proptest::collection::vec((staff(), any), 0..70)
}
