//! Where an image that was given with `--image` is.

use super::ports::Ports;
use crate::model::fault::Fault;
use crate::model::fault::registry::RegistryProblem;
use crate::model::given::{Given, read};
use crate::model::ids::ImageName;
use crate::model::pipeline::Pipeline;
use crate::ports::images::Access;

/// The repository, and the tag or digest in it; `own` is the image's own.
///
/// # Errors
/// `Invalid` for what is no reference.
pub async fn resolve(
    ports: &Ports,
    pipeline: &Pipeline,
    image: &ImageName,
    reference: &str,
    own: &Access,
) -> Result<(Access, String), Fault> {
    match read(reference, &pipeline.image(image).repository)? {
        Given::Own(what) => Ok((own.clone(), what)),
        Given::Elsewhere(reference) => {
            let (at, what) = ports.images.locate(&reference).await?;
            // The own repository is read with ECR's login, whatever Docker's configuration holds for its host.
            Ok(if at.repository == own.repository { (own.clone(), what) } else { (at, what) })
        }
    }
}

/// An image that was given and is not there.
pub fn missing(reference: &str) -> Fault {
    RegistryProblem::GivenMissing { reference: reference.to_owned() }.into()
}
