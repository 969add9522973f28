//! Whether a service is still as it was when it was decided to change it.

use crate::model::fault::Fault;
use crate::model::fault::service::ServiceProblem;
use crate::model::rollout::ServiceReading;

/// PRIMARY has to be this deployment; `place` is the service for people.
///
/// # Errors
/// `Changed` where somebody else has deployed.
pub fn primary_is_still(primary: Option<&str>, service: &ServiceReading, place: &str) -> Result<(), Fault> {
    match service.primary() {
        Some(found) if Some(found.id.as_str()) == primary => Ok(()),
        found => {
            let (place, was) = (place.to_owned(), primary.map(str::to_owned));
            Err(ServiceProblem::Replaced { place, was, is: found.map(|d| d.id.clone()) }.into())
        }
    }
}
