//! The reference of `--image NAME=REFERENCE`: an image of the image's own repository, or of another registry.

use super::fault::Fault;
use super::fault::registry::RegistryProblem;
use super::ids::Digest;
use super::reference::Reference;

/// A reference, read against the image's own repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// A tag or digest of the image's own repository.
    Own(String),
    /// A whole reference, host included.
    Elsewhere(String),
}

/// Reads a reference. Without a host it is of the image's own repository: kanmon never guesses that Docker Hub is meant, where anybody
/// may own the same name.
///
/// # Errors
/// `Invalid` for a name without a host that is not the repository's.
pub fn read(text: &str, repository: &str) -> Result<Given, Fault> {
    if text.parse::<Digest>().is_ok() {
        return Ok(Given::Own(text.to_owned()));
    }
    let given = Reference::of(text);
    if given.host_and_path().0.is_some() {
        return Ok(Given::Elsewhere(text.to_owned()));
    }
    match given.digest.or(given.tag).filter(|t| !t.is_empty()) {
        Some(what) if given.name == repository => Ok(Given::Own(what.to_owned())),
        _ => {
            let (reference, repository) = (text.to_owned(), repository.to_owned());
            Err(RegistryProblem::UnclearReference { reference, repository }.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    const D: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

    #[rstest]
    #[case("team/hello:v1", "v1")]
    #[case("team/hello@sha256:0000000000000000000000000000000000000000000000000000000000000001", D)]
    #[case("team/hello:v1@sha256:0000000000000000000000000000000000000000000000000000000000000001", D)]
    #[case(D, D)]
    fn a_name_without_a_host_is_of_the_images_own_repository(#[case] text: &str, #[case] what: &str) {
        assert_eq!(read(text, "team/hello"), Ok(Given::Own(what.to_owned())));
    }

    #[rstest]
    #[case("v1")]
    #[case("team/hello")]
    #[case("team/hello:")]
    #[case("hello:v1")]
    #[case("library/alpine:3")]
    #[case("")]
    fn no_other_name_is_guessed(#[case] text: &str) {
        let fault = read(text, "team/hello").unwrap_err();
        let (reference, repository) = (text.to_owned(), "team/hello".to_owned());
        assert_eq!(fault, RegistryProblem::UnclearReference { reference, repository }.into());
    }

    #[rstest]
    #[case("docker.io/library/alpine:3")]
    #[case("localhost/hello:v1")]
    #[case("127.0.0.1:5000/111111111111.ap-northeast-1/hello:v1")]
    #[case("r.example/hello")]
    fn a_reference_with_a_host_is_of_that_registry(#[case] text: &str) {
        assert_eq!(read(text, "hello"), Ok(Given::Elsewhere(text.to_owned())));
    }
}
