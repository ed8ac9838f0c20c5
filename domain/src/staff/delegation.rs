//! Delegations: somebody's own roles, lent to a colleague for some days.
//!
//! Only roles of business are lent, and only by whoever holds them: what was lent to somebody is not theirs to lend on.
//! A delegation names its first and its last day, and may be for some matters only. The lender or an administrator ends it before.
//! It ends by itself with its last day, when the lender leaves or loses the role, and when the colleague leaves.
//! Nobody who administers exercises a role of business, lent or not.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Context, Event, Role, Staff, Standing};
use crate::ids::{DelegationId, StaffId};

/// The most days of one delegation, its first and its last included.
pub const DAYS_MAX: i64 = 92;
/// How many days before its first one a delegation may be given.
pub const AHEAD_MAX: i64 = 366;
/// How many delegations somebody may have given that are not over.
pub const GIVEN_MAX: usize = 20;

/// What a delegation may be for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[schema(as = DelegatedMatter)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    /// Reviewing customers' papers.
    Qualification,
    /// Granting credit.
    Credit,
    /// Releasing what is held.
    Release,
    /// Changing the rules.
    Policy,
}

impl Matter {
    pub const ALL: [Self; 4] = [Self::Qualification, Self::Credit, Self::Release, Self::Policy];
}

/// Roles lent to a colleague.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delegated {
    pub delegation: DelegationId,
    pub to: StaffId,
    pub roles: BTreeSet<Role>,
    /// The first day.
    pub from: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// For these matters; absent: for all.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(required = false)]
    pub matters: BTreeSet<Matter>,
    pub delegated_on: NaiveDate,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DelegationRevoked {
    pub delegation: DelegationId,
}

impl Delegated {
    /// Whether it holds on this day in this matter.
    pub fn holds(&self, today: NaiveDate, matter: Matter) -> bool {
        (self.from..=self.until).contains(&today)
            && (self.matters.is_empty() || self.matters.contains(&matter))
    }

    /// How many days it is long.
    fn days(&self) -> i64 {
        self.until.signed_duration_since(self.from).num_days().saturating_add(1)
    }
}

rejections! {
    NotOwnRoles { missing: Vec<Role> } = Conflict, "delegation.roles_not_held", "只能委托本人持有的业务角色；受托的角色不得转委托。", "only one's own roles of business are delegated, never {missing:?}: what was lent is not lent on";
    WithoutRole = Content, "delegation.without_role", "委托至少须有一个角色。", "a delegation needs at least one role";
    ToOneself = Content, "delegation.to_oneself", "不能委托给本人；请选择另一人。", "name somebody else: nobody stands in for themselves";
    NoSuchColleague = Content, "delegation.no_such_colleague", "没有该受托人，或其已离职；请选择在职人员。", "whoever is to stand in is not on the staff: name somebody who is";
    ToAdministration = Content, "delegation.to_administration", "管理人员不得代行业务角色；请选择另一人。", "who administers exercises no role of business: name somebody else";
    Days { most: i64 } = Content, "delegation.days", "委托期限不正确：起始日不得早于今日，截止日不得早于起始日，且期限不得过长。", "a delegation begins today or later and lasts 1 to {most} days: set from and until so";
    TooFarAhead { most: i64 } = Content, "delegation.too_far_ahead", "起始日过远；请在临近时再委托。", "a delegation is given at most {most} days before it begins";
    TooMany { most: usize } = Conflict, "delegation.too_many", "未结束的委托过多；请先撤销一些。", "there are {most} delegations that are not over: revoke one first";
    Unknown { delegation: DelegationId } = Unknown, "delegation.unknown", "没有该委托，或其已结束。", "there is no {delegation}, or it is over";
    Exists { delegation: DelegationId } = Conflict, "delegation.exists", "该委托已存在。", "{delegation} exists already";
}

/// Lends roles.
pub(super) fn delegate(
    staff: &Staff,
    context: &Context,
    given: &Delegated,
) -> Result<Vec<Event>, super::Rejection> {
    staff.present()?;
    let today = context.turn.today;
    if staff.delegations.contains_key(&given.delegation) {
        return Err(Rejection::Exists { delegation: given.delegation }.into());
    }
    if given.roles.is_empty() {
        return Err(Rejection::WithoutRole.into());
    }
    let lends = |role: &&Role| role.is_business() && staff.roles.contains(*role);
    let missing: Vec<Role> = given.roles.iter().filter(|role| !lends(role)).copied().collect();
    if !missing.is_empty() {
        return Err(Rejection::NotOwnRoles { missing }.into());
    }
    if given.to == context.turn.actor {
        return Err(Rejection::ToOneself.into());
    }
    let colleague = context.colleague.as_deref().filter(|it| it.standing == Standing::Present);
    let colleague = colleague.ok_or(Rejection::NoSuchColleague)?;
    if colleague.administers() {
        return Err(Rejection::ToAdministration.into());
    }
    if given.from < today || !(1..=DAYS_MAX).contains(&given.days()) {
        return Err(Rejection::Days { most: DAYS_MAX }.into());
    }
    if given.from.signed_duration_since(today).num_days() > AHEAD_MAX {
        return Err(Rejection::TooFarAhead { most: AHEAD_MAX }.into());
    }
    let open = staff.delegations.values().filter(|it| it.until >= today).count();
    if open >= GIVEN_MAX {
        return Err(Rejection::TooMany { most: GIVEN_MAX }.into());
    }
    Ok(vec![Event::Delegated(Box::new(Delegated { delegated_on: today, ..given.clone() }))])
}

/// Ends a delegation before its last day.
pub(super) fn revoke(
    staff: &Staff,
    context: &Context,
    delegation: DelegationId,
) -> Result<Vec<Event>, super::Rejection> {
    staff.present()?;
    let open = staff.delegations.get(&delegation).filter(|it| it.until >= context.turn.today);
    open.ok_or(Rejection::Unknown { delegation })?;
    Ok(vec![Event::DelegationRevoked(DelegationRevoked { delegation })])
}

impl Staff {
    /// The roles that a colleague may use today in this matter, as lent by this person.
    pub fn lends(&self, colleague: &StaffId, today: NaiveDate, matter: Matter) -> BTreeSet<Role> {
        let lent = self.delegations.values().filter(|it| it.to == *colleague);
        let lent = lent.filter(|it| it.holds(today, matter));
        lent.flat_map(|it| &it.roles & &self.roles).collect()
    }
}

/// Takes one in, and lets go of those that were over on that day.
pub(super) fn take(given: &mut BTreeMap<DelegationId, Delegated>, delegated: &Delegated) {
    given.retain(|_, it| it.until >= delegated.delegated_on);
    given.insert(delegated.delegation, delegated.clone());
}

/// Leaves of each delegation only roles that the lender still holds.
pub(super) fn keep_only(given: &mut BTreeMap<DelegationId, Delegated>, held: &BTreeSet<Role>) {
    given.retain(|_, it| {
        it.roles.retain(|role| held.contains(role));
        !it.roles.is_empty()
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::staff::{Command, Left, Registered, RolesGranted, tests::*};

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn id(number: u128) -> DelegationId {
        DelegationId::from_uuid(uuid::Uuid::from_u128(number))
    }

    fn lent(number: u128, given: &[Role], from: &str, until: &str) -> Delegated {
        Delegated {
            delegation: id(number),
            to: "staff-deputy".parse().unwrap(),
            roles: roles(given),
            from: day(from),
            until: day(until),
            matters: BTreeSet::new(),
            delegated_on: day("2026-11-22"),
        }
    }

    fn week(given: &[Role]) -> Delegated {
        lent(1, given, "2026-11-22", "2026-11-28")
    }

    fn holder() -> Staff {
        given([registered(), person(&[Role::Quality, Role::Sales])])
    }

    /// On a day on which `colleague` is whom the roles are lent to.
    fn told(
        staff: &Staff,
        given: &Delegated,
        colleague: Staff,
    ) -> Result<Vec<Event>, &'static str> {
        let context = Context { colleague: Some(colleague.into()), ..context() };
        let command = Command::Delegate(Box::new(given.clone()));
        crate::decider::Decider::decide(staff, &context, &command).map_err(|it| it.code())
    }

    fn lends(staff: &Staff, given: &Delegated) -> Result<Vec<Event>, &'static str> {
        told(staff, given, super::super::tests::given([registered(), person(&[Role::Sales])]))
    }

    fn fold(staff: &mut Staff, event: &Event) {
        crate::decider::Decider::evolve(staff, event);
    }

    #[test]
    fn own_roles_are_lent_and_nothing_else() {
        let event = Event::Delegated(Box::new(week(&[Role::Quality])));
        assert_eq!(lends(&holder(), &week(&[Role::Quality])), Ok(vec![event]));
        for (roles, expected) in [
            (&[Role::Credit][..], "delegation.roles_not_held"),
            (&[Role::Quality, Role::Credit], "delegation.roles_not_held"),
            (&[], "delegation.without_role"),
        ] {
            assert_eq!(lends(&holder(), &week(roles)), Err(expected));
        }
    }

    #[test]
    fn what_was_lent_is_not_lent_on() {
        // The deputy exercises quality by a delegation, and still holds sales only.
        let deputy = given([registered(), person(&[Role::Sales])]);
        assert_eq!(lends(&deputy, &week(&[Role::Quality])), Err("delegation.roles_not_held"));
    }

    #[test]
    fn an_administrator_lends_no_approval_and_is_lent_none() {
        let admin = given([registered(), person(&[Role::Admin])]);
        assert_eq!(lends(&admin, &week(&[Role::Admin])), Err("delegation.roles_not_held"));
        assert_eq!(lends(&admin, &week(&[Role::Quality])), Err("delegation.roles_not_held"));
        let to_admin = told(&holder(), &week(&[Role::Quality]), admin);
        assert_eq!(to_admin, Err("delegation.to_administration"));
    }

    #[test]
    fn only_a_colleague_who_is_here_stands_in() {
        let lent = week(&[Role::Quality]);
        assert_eq!(told(&holder(), &lent, Staff::default()), Err("delegation.no_such_colleague"));
        let left = given([registered(), Event::Left(Left {})]);
        assert_eq!(told(&holder(), &lent, left), Err("delegation.no_such_colleague"));
        let own = Delegated { to: context().turn.actor, ..lent };
        assert_eq!(lends(&holder(), &own), Err("delegation.to_oneself"));
    }

    #[test]
    fn its_days_are_bounded() {
        for (from, until, expected) in [
            ("2026-11-22", "2026-11-22", Ok(())),
            ("2026-11-22", "2027-02-21", Ok(())),
            ("2026-11-22", "2027-02-22", Err("delegation.days")),
            ("2026-11-23", "2026-11-22", Err("delegation.days")),
            ("2026-11-21", "2026-11-25", Err("delegation.days")),
            ("2027-11-23", "2027-11-23", Ok(())),
            ("2027-11-24", "2027-11-24", Err("delegation.too_far_ahead")),
        ] {
            let got = lends(&holder(), &lent(1, &[Role::Quality], from, until));
            assert_eq!(got.map(|_| ()), expected, "{from} {until}");
        }
    }

    #[test]
    fn it_holds_from_its_first_to_its_last_day_in_its_matters() {
        let all = week(&[Role::Quality]);
        let some = Delegated { matters: [Matter::Policy].into(), ..all.clone() };
        for (today, holds) in [
            ("2026-11-21", false),
            ("2026-11-22", true),
            ("2026-11-28", true),
            ("2026-11-29", false),
        ] {
            assert_eq!(all.holds(day(today), Matter::Credit), holds, "{today}");
            assert_eq!(some.holds(day(today), Matter::Policy), holds, "{today}");
            assert!(!some.holds(day(today), Matter::Credit), "{today}");
        }
    }

    #[test]
    fn it_ends_when_it_is_revoked_or_when_the_lender_loses_the_role_or_leaves() {
        let both = Event::Delegated(Box::new(week(&[Role::Quality, Role::Sales])));
        let mut staff = holder();
        fold(&mut staff, &both);
        let revoke = Command::RevokeDelegation { delegation: id(1) };
        assert_eq!(staff.when(&revoke).unwrap().len(), 1);
        assert_eq!(
            staff.when(&Command::RevokeDelegation { delegation: id(2) }),
            Err("delegation.unknown")
        );
        // A role that is lost and held again is not lent again.
        for held in [&[Role::Sales][..], &[Role::Quality, Role::Sales]] {
            fold(&mut staff, &Event::RolesGranted(RolesGranted { roles: roles(held) }));
            assert_eq!(staff.delegations[&id(1)].roles, roles(&[Role::Sales]));
        }
        fold(&mut staff, &Event::DelegationRevoked(DelegationRevoked { delegation: id(1) }));
        assert!(staff.delegations.is_empty());
        fold(&mut staff, &both);
        fold(&mut staff, &Event::Left(Left {}));
        assert!(staff.delegations.is_empty());
    }

    #[test]
    fn there_are_never_more_than_a_bounded_number() {
        let mut staff = holder();
        for number in 1..=20 {
            let lent = lent(number, &[Role::Sales], "2026-11-22", "2026-11-28");
            let event = lends(&staff, &lent).unwrap().remove(0);
            fold(&mut staff, &event);
        }
        let one_more = lent(21, &[Role::Sales], "2026-11-22", "2026-11-28");
        assert_eq!(lends(&staff, &one_more), Err("delegation.too_many"));
        assert_eq!(
            lends(&staff, &lent(20, &[Role::Sales], "2026-11-22", "2026-11-22")),
            Err("delegation.exists")
        );
        // Those that are over are let go of with the next one.
        let later = Delegated {
            delegated_on: day("2026-12-01"),
            ..lent(30, &[Role::Sales], "2026-12-01", "2026-12-02")
        };
        fold(&mut staff, &Event::Delegated(Box::new(later)));
        assert_eq!(staff.delegations.len(), 1);
        assert_eq!(staff.name_digest, Some(Registered { name_digest: digest(1) }.name_digest));
    }
}
