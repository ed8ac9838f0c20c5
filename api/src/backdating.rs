//! A past business date: entered by finance, with a reason, and stored beside the time of recording.

use chrono::NaiveDate;
use domain::context::Backdated;
use domain::text::Prose;

use crate::problem::Problem;

/// The two fields of a body, which come together or not at all.
pub fn backdated(
    business_date: Option<NaiveDate>,
    reason: Option<&Prose<500>>,
) -> Result<Option<Backdated>, Problem> {
    match (business_date, reason) {
        (None, _) => Ok(None),
        (Some(business_date), Some(reason)) => {
            Ok(Some(Backdated { business_date, reason: reason.to_string() }))
        }
        (Some(_), None) => {
            Err(Problem::field("/reason", "missing_field", "a past business_date needs its reason"))
        }
    }
}
