//! Whether a service is still as it was when it was decided to change it.

use crate::model::fault::Fault;
use crate::model::fault::service::ServiceProblem;
use crate::model::ids::{ServiceName, StageName};
use crate::model::rollout::ServiceReading;

/// PRIMARY has to be this deployment.
///
/// # Errors
/// `Changed` where somebody else has deployed.
pub fn primary_is_still(
    primary: Option<&str>,
    reading: &ServiceReading,
    stage: &StageName,
    service: &ServiceName,
) -> Result<(), Fault> {
    match reading.primary() {
        Some(found) if Some(found.id.as_str()) == primary => Ok(()),
        found => {
            let (stage, service, was) = (stage.clone(), service.clone(), primary.map(str::to_owned));
            Err(ServiceProblem::Replaced { stage, service, was, is: found.map(|d| d.id.clone()) }.into())
        }
    }
}
