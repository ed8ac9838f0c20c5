//! The plan of a proposal: to whom its pack is to apply at first, to whom then, and from when. It is part of what is agreed to.
//!
//! Without a plan a pack is proposed for all customers at once.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Rejection;
use crate::policy::Scope;

/// The most steps behind a pilot.
pub const STEPS_MAX: usize = 8;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// The customers of the pilot; absent: all customers, at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// To whom the pilot is widened, one step after the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Step>,
    /// The first business date on which the pack may apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective_from: Option<NaiveDate>,
}

/// To whom a pilot is widened: `"all"`, or `{"within": {…}}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    All,
    Within(Scope),
}

impl Step {
    /// None: all customers.
    pub fn scope(&self) -> Option<&Scope> {
        match self {
            Self::All => None,
            Self::Within(scope) => Some(scope),
        }
    }
}

impl Plan {
    /// Whether it says no more than having none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Refuses a plan that leads nowhere: each step takes in everybody of the one before it, and somebody more.
    pub(super) fn check(&self) -> Result<(), Rejection> {
        if self.then.len() > STEPS_MAX {
            return Err(Rejection::TooManySteps);
        }
        let mut before = self.scope.as_ref();
        if before.is_some_and(Scope::is_empty) {
            return Err(Rejection::ScopeEmpty);
        }
        for step in &self.then {
            // Nothing is wider than all customers.
            let narrower = before.ok_or(Rejection::NotWider)?;
            if let Step::Within(scope) = step {
                if scope.is_empty() {
                    return Err(Rejection::ScopeEmpty);
                }
                if !scope.is_wider_than(narrower) {
                    return Err(Rejection::NotWider);
                }
            }
            before = step.scope();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_step_is_wider_than_the_one_before_it() {
        let check = |plan: serde_json::Value| serde_json::from_value::<Plan>(plan).unwrap().check();
        let city = json!({"regions": ["3301"]});
        let province = json!({"within": {"regions": ["33"]}});
        for (plan, expected) in [
            (json!({}), Ok(())),
            (json!({"effective_from": "2027-01-01"}), Ok(())),
            (json!({"scope": city}), Ok(())),
            (json!({"scope": city, "then": ["all"]}), Ok(())),
            (json!({"scope": city, "then": [province, "all"]}), Ok(())),
            (json!({"scope": {}}), Err(Rejection::ScopeEmpty)),
            (json!({"scope": city, "then": [{"within": {}}]}), Err(Rejection::ScopeEmpty)),
            (json!({"then": ["all"]}), Err(Rejection::NotWider)),
            (json!({"scope": city, "then": [{"within": city}]}), Err(Rejection::NotWider)),
            (json!({"scope": city, "then": ["all", province]}), Err(Rejection::NotWider)),
            (json!({"scope": city, "then": vec!["all"; 9]}), Err(Rejection::TooManySteps)),
        ] {
            assert_eq!(check(plan.clone()), expected, "{plan}");
        }
    }
}
