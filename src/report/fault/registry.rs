//! Registries and their contents.

use crate::model::fault::registry::{
    AddressRefusal, Awaited, ManifestFlaw, RedirectRefusal, ReferenceFlaw, RegistryProblem, Silence, UnusableAnswer,
    Work,
};
use crate::report::words::Words;

pub fn words(problem: &RegistryProblem) -> Words {
    match problem {
        RegistryProblem::Denied { work, login, token_server } => {
            let words = Words::new(failed(work));
            let login = login.as_ref().map(|login| format!(" ({})", super::registry_login::words(login)));
            let words = match (token_server, login) {
                (Some(at), login) => {
                    words.cause(format!("the token server {at} denied access{}", login.unwrap_or_default()))
                }
                (None, Some(login)) => words.cause(format!("access was denied{login}")),
                (None, None) => words,
            };
            words.hint("check the login for this registry, and the repository's policy")
        }
        RegistryProblem::TagTaken { work, holds } => Words::new(failed(work))
            .hint(format!("use another tag: this one already names {holds}, and immutable tags cannot be moved")),
        RegistryProblem::NotThere { work, token_server: Some(at) }
        | RegistryProblem::Refused { work, token_server: Some(at) } => {
            Words::new(failed(work)).cause(format!("the token server {at} refused"))
        }
        RegistryProblem::NotThere { work, token_server: None }
        | RegistryProblem::Refused { work, token_server: None }
        | RegistryProblem::Throttled { work }
        | RegistryProblem::FileUnreadable { work } => Words::new(failed(work)),
        RegistryProblem::Unusable { work, why } => Words::new(failed(work)).cause(unusable(why)),
        RegistryProblem::NoAnswer { work, silence } => silent(Words::new(failed(work)), silence),
        RegistryProblem::NoClearAnswer { work, silence } => {
            silent(Words::new(format!("{}, but the change may have been made", failed(work))), silence)
        }
        RegistryProblem::TagMoved { repository, tag, put, found } => {
            let found = found.as_ref().map_or_else(|| "nothing".to_owned(), ToString::to_string);
            Words::new(format!("{repository}:{tag} is not what was just pushed: somebody else changed the tag"))
                .cause(format!("pushed {put}, found {found}"))
                .hint("find out who else pushes the same tag")
        }
        RegistryProblem::PushedMissing { repository, tag } => {
            Words::new(format!("{repository}:{tag} does not exist after the push"))
        }
        RegistryProblem::ImageMissing { repository, digest, account } => {
            let of = account.as_ref().map(|account| format!(" of account {account}")).unwrap_or_default();
            Words::new(format!("repository {repository}{of} has no {digest}"))
                .hint("build the image again: a lifecycle policy may have removed it")
        }
        RegistryProblem::PartMissing { repository, digest } => {
            Words::new(format!("repository {repository} does not have {digest}, which an index names"))
                .hint("build or copy the image again")
        }
        RegistryProblem::BaseMissing { reference } => Words::new(format!("the base image {reference} does not exist"))
            .hint("correct `base`, or log in with `docker login` if it is private"),
        RegistryProblem::GivenMissing { reference } => Words::new(format!("there is no image {reference}"))
            .hint("give the image as `--image NAME=REPOSITORY:TAG` or `--image NAME=REPOSITORY@DIGEST`"),
        RegistryProblem::ContainersImageMissing { image, container } => {
            Words::new(format!("there is no image {image}, which container {container} would run"))
                .hint("push the image, or correct the task definition")
        }
        RegistryProblem::NotAManifest { why } => {
            let words = Words::new("the registry has something that is not an image manifest");
            match why {
                ManifestFlaw::NotJson => words,
                ManifestFlaw::SchemaVersion { version } => {
                    words.cause(format!("its schema version is {version}, not 2"))
                }
                ManifestFlaw::NamesNothing => words.cause("it names neither manifests nor a configuration with layers"),
            }
        }
        RegistryProblem::AmbiguousManifest { member } => Words::new(
            "the registry has something that is not a valid image manifest",
        )
        .cause(format!("programs read its member `{member}` in different ways, and some would run something else")),
        RegistryProblem::TooManyManifests { most } => Words::new("the image index is too large to be followed")
            .cause(format!("it names more than {most} manifests")),
        RegistryProblem::TooManyLevels { most } => {
            Words::new("the image index is too large to be followed").cause(format!("it has more than {most} levels"))
        }
        RegistryProblem::InvalidRegistry { host } => Words::new(format!("`{host}` is not a valid registry")),
        RegistryProblem::NotEncrypted { host } => Words::new(format!("`{host}` is not a valid registry"))
            .cause("kanmon uses registries that are not on this machine over TLS only"),
        RegistryProblem::InvalidRepository { repository } => {
            Words::new(format!("`{repository}` is not a valid repository")).hint("write HOST[:PORT]/PATH")
        }
        RegistryProblem::InvalidReference { reference, why } => {
            Words::new(format!("`{reference}` is not a valid image reference"))
                .cause(match why {
                    ReferenceFlaw::Digest => "a digest is sha256: and 64 hex digits",
                    ReferenceFlaw::Host => "its host is not valid",
                    ReferenceFlaw::Name => "a name has lower-case letters and digits, joined by . _ - and /",
                    ReferenceFlaw::Tag => "a tag has at most 128 letters, digits, _ . and -",
                })
                .hint("write [HOST[:PORT]/]NAME[:TAG][@sha256:…]")
        }
        RegistryProblem::UnclearReference { reference, repository } => {
            Words::new(format!("`{reference}` does not say which registry it is in"))
                .cause(format!("a name without a host must be the image's own repository, {repository}"))
                .hint(format!("write {repository}:TAG, {repository}@sha256:…, or HOST/NAME:TAG for another registry"))
        }
        RegistryProblem::NoClient => Words::new("no connection to a registry can be set up"),
    }
}

fn unusable(why: &UnusableAnswer) -> String {
    match why {
        UnusableAnswer::TooLarge { limit } => format!("the answer is larger than {limit} bytes, which is the limit"),
        UnusableAnswer::TooManyPages { limit } => format!("the list has more than {limit} pages"),
        UnusableAnswer::OtherBytes { named, sent: Some(sent) } => {
            format!("the registry names {named}, but sends {sent}")
        }
        UnusableAnswer::OtherBytes { named, sent: None } => format!("the registry's bytes do not match {named}"),
        UnusableAnswer::OtherSize { expected, found } => {
            format!("the manifest says {expected} bytes, but the registry has {found}")
        }
        UnusableAnswer::Manifest { fault } => super::words(fault).line(),
        UnusableAnswer::MediaType { media_type } => format!("the media type {media_type:?} cannot be sent"),
        UnusableAnswer::Token => "its token cannot be sent in a header".to_owned(),
        UnusableAnswer::Location { refusal } => format!("the registry points to another address: {}", address(refusal)),
        UnusableAnswer::TokenServer { refusal } => {
            format!("its token server is refused, and no login was sent: {}", address(refusal))
        }
    }
}

fn address(refusal: &AddressRefusal) -> String {
    match refusal {
        AddressRefusal::Invalid { address } => format!("`{address}` is not a valid address"),
        AddressRefusal::NotEncrypted { address } => format!("{address} is plain http"),
        AddressRefusal::OtherScheme { address } => format!("{address} is not an http address"),
        AddressRefusal::NoHost { address } => format!("{address} names no host"),
        AddressRefusal::Reserved { address } => {
            format!("{address} is an address of this machine or of its cloud's metadata service")
        }
    }
}

const CHECK_CONNECTION: &str = "check the registry's host, the network, HTTPS_PROXY and NO_PROXY";
const SOMETHING_BETWEEN: &str =
    "check the network, HTTPS_PROXY and NO_PROXY: something between this machine and the registry answered";

fn silent(words: Words, silence: &Silence) -> Words {
    match silence {
        Silence::NoAnswer => words.cause("no answer from the registry").hint(CHECK_CONNECTION),
        Silence::TimedOut { awaited, seconds } => words
            .cause(match awaited {
                Awaited::Answer => format!("no answer from the registry in {seconds} s"),
                Awaited::TransferEnd => format!("the transfer did not end in {seconds} s"),
                Awaited::UploadProgress => format!("the registry accepted nothing of the upload for {seconds} s"),
            })
            .hint(CHECK_CONNECTION),
        Silence::Foreign => words.cause("no answer from the registry").hint(SOMETHING_BETWEEN),
        Silence::Redirect(refusal) => words
            .cause(match refusal {
                RedirectRefusal::TooMany { limit } => format!("more than {limit} redirects in a row"),
                RedirectRefusal::Address(refusal) => format!("a redirect was not followed: {}", address(refusal)),
            })
            .hint(SOMETHING_BETWEEN),
        Silence::ServerError => words.cause("no answer from the registry"),
        Silence::LostUpload => words.cause("the registry no longer knows the upload"),
        Silence::LoginExpired => words.cause("the login expired during the upload"),
    }
}

fn failed(work: &Work) -> String {
    match work {
        Work::ReadManifest { repository, reference } => {
            let separator = if reference.contains(':') { '@' } else { ':' };
            format!("{repository}{separator}{reference} could not be read")
        }
        Work::PutManifest { repository, digest } => {
            format!("repository {repository} did not accept manifest {}", digest.short())
        }
        Work::SetTag { repository, tag } => format!("repository {repository} did not accept tag {tag}"),
        Work::FindLayer { repository } => format!("repository {repository} could not be searched for a layer"),
        Work::ReadLayer { repository, digest } => {
            format!("layer {} could not be read from repository {repository}", digest.short())
        }
        Work::PutLayer { repository, digest } => {
            format!("repository {repository} did not accept layer {}", digest.short())
        }
        Work::CopyLayer { from, to, digest } => {
            format!("layer {} could not be copied from {from} to {to}", digest.short())
        }
        Work::ReadConfiguration { repository, digest } => {
            format!("the configuration {} could not be read from repository {repository}", digest.short())
        }
        Work::ListReferrers { repository } => {
            format!("the referrers of an image in repository {repository} could not be listed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::Fault;
    use crate::report::fault;

    fn work() -> Work {
        Work::SetTag { repository: "r.example/app".into(), tag: "v1".into() }
    }

    #[test]
    fn a_silent_registry_is_described_by_what_did_not_come() {
        let late = |awaited| Silence::TimedOut { awaited, seconds: 120 };
        let address = AddressRefusal::Reserved { address: "http://169.254.169.254/".into() };
        let all = [
            Silence::NoAnswer,
            late(Awaited::Answer),
            late(Awaited::TransferEnd),
            late(Awaited::UploadProgress),
            Silence::Foreign,
            Silence::Redirect(RedirectRefusal::TooMany { limit: 5 }),
            Silence::Redirect(RedirectRefusal::Address(address)),
        ];
        let line = |silence| words(&RegistryProblem::NoAnswer { work: work(), silence }).line();
        insta::assert_snapshot!(all.map(line).join("\n"), @"
        repository r.example/app did not accept tag v1: no answer from the registry
        repository r.example/app did not accept tag v1: no answer from the registry in 120 s
        repository r.example/app did not accept tag v1: the transfer did not end in 120 s
        repository r.example/app did not accept tag v1: the registry accepted nothing of the upload for 120 s
        repository r.example/app did not accept tag v1: no answer from the registry
        repository r.example/app did not accept tag v1: more than 5 redirects in a row
        repository r.example/app did not accept tag v1: a redirect was not followed: http://169.254.169.254/ is an address of this machine or of its cloud's metadata service
        ");
    }

    #[test]
    fn a_token_server_that_refuses_is_named() {
        let token_server = || Some("https://auth.example/token".to_owned());
        let login = Some(crate::model::registry_login::RegistryLogin::File { username: "me".into(), file: "f".into() });
        let all = [
            RegistryProblem::Denied { work: work(), login, token_server: token_server() },
            RegistryProblem::Denied { work: work(), login: None, token_server: token_server() },
            RegistryProblem::Refused { work: work(), token_server: token_server() },
        ];
        let line = |problem| fault::words(&Fault::from(problem).said("HTTP 401: bad password")).line();
        insta::assert_snapshot!(all.map(line).join("\n"), @"
        repository r.example/app did not accept tag v1: the token server https://auth.example/token denied access (the login was that of `me` in f): HTTP 401: bad password
        repository r.example/app did not accept tag v1: the token server https://auth.example/token denied access: HTTP 401: bad password
        repository r.example/app did not accept tag v1: the token server https://auth.example/token refused: HTTP 401: bad password
        ");
    }
}
