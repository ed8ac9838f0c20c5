//! Which customers a pack applies to, while it is not yet for all.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{customer::registration::Registration, text::Line, uscc::Uscc};

/// Customers that match every list that is given; at least one is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub business_units: BTreeSet<Line<64>>,
    /// Codes of GB/T 2260, or what they begin with: `33` is a whole province.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["33"]))]
    pub regions: BTreeSet<Line<12>>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub segments: BTreeSet<Line<64>>,
    /// Single customers, by their unified social credit code.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    #[schema(value_type = Vec<String>)]
    pub customers: BTreeSet<Uscc>,
}

impl Scope {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a customer is within; what is not known of it is within no list.
    pub fn covers(&self, registration: &Registration) -> bool {
        let Some(known) = &registration.particulars else { return false };
        let of = |list: &BTreeSet<Line<64>>, value: Option<&Line<64>>| {
            list.is_empty() || value.is_some_and(|value| list.contains(value))
        };
        let region = known.region.as_deref();
        !self.is_empty()
            && of(&self.business_units, known.business_unit.as_ref())
            && of(&self.segments, known.segment.as_ref())
            && (self.regions.is_empty() || region.is_some_and(|region| self.has_region(region)))
            && (self.customers.is_empty()
                || known.uscc.is_some_and(|uscc| self.customers.contains(&uscc)))
    }

    fn has_region(&self, region: &str) -> bool {
        self.regions.iter().any(|begin| region.starts_with(begin.as_str()))
    }

    /// Whether it takes in everybody of the other, and may take in more.
    pub fn is_wider_than(&self, other: &Self) -> bool {
        self != other && self.includes(other)
    }

    /// Whether everybody within `narrower` is within this one too.
    pub fn includes(&self, narrower: &Self) -> bool {
        fn list<T: Ord>(wide: &BTreeSet<T>, narrow: &BTreeSet<T>) -> bool {
            wide.is_empty() || (!narrow.is_empty() && narrow.is_subset(wide))
        }
        let regions = self.regions.is_empty()
            || (!narrower.regions.is_empty()
                && narrower.regions.iter().all(|region| self.has_region(region)));
        list(&self.business_units, &narrower.business_units)
            && regions
            && list(&self.segments, &narrower.segments)
            && list(&self.customers, &narrower.customers)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::customer::registration::{CustomerKind, CustomerRegistered};

    fn customer(region: Option<&str>, unit: &str) -> Registration {
        let particulars = CustomerRegistered {
            name: "示范医院".parse().unwrap(),
            uscc: Some("91330100000000001C".parse().unwrap()),
            kind: CustomerKind::Hospital,
            segment: None,
            region: region.map(|it| it.parse().unwrap()),
            business_unit: Some(unit.parse().unwrap()),
            account_manager: None,
            registered_address: None,
            delivery_addresses: Vec::new(),
            currency: "CNY".parse().unwrap(),
            origin: None,
        };
        Registration { particulars: Some(particulars), ..Registration::default() }
    }

    fn scope(json: serde_json::Value) -> Scope {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_customer_is_within_when_every_list_that_is_given_has_it() {
        let of = |json| {
            let scope = scope(json);
            [
                customer(Some("330100"), "east"),
                customer(Some("310000"), "east"),
                customer(None, "x"),
            ]
            .map(|it| scope.covers(&it))
        };
        assert_eq!(of(json!({"regions": ["33"]})), [true, false, false]);
        assert_eq!(of(json!({"regions": ["33", "31"]})), [true, true, false]);
        assert_eq!(of(json!({"regions": ["33"], "business_units": ["west"]})), [false; 3]);
        assert_eq!(of(json!({"business_units": ["east"]})), [true, true, false]);
        assert_eq!(of(json!({"customers": ["91330100000000001C"]})), [true; 3]);
        assert_eq!(of(json!({})), [false; 3], "nobody is meant by nothing");
        assert!(!scope(json!({"regions": ["33"]})).covers(&Registration::default()));
    }

    #[test]
    fn a_wider_scope_loses_nobody() {
        let includes = |wide, narrow| scope(wide).includes(&scope(narrow));
        let narrow = json!({"regions": ["3301"], "business_units": ["east"]});
        assert!(includes(narrow.clone(), narrow.clone()));
        assert!(includes(json!({"regions": ["33"], "business_units": ["east"]}), narrow.clone()));
        assert!(includes(json!({"regions": ["33"]}), narrow.clone()));
        assert!(!includes(json!({"regions": ["330108"]}), narrow.clone()));
        assert!(!includes(json!({"regions": ["33"], "segments": ["a"]}), narrow));
    }
}
