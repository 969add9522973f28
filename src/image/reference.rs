//! References as Docker reads them (distribution/reference, "normalized" names).

use crate::model::address;
use crate::model::fault::Fault;
use crate::model::fault::registry::{ReferenceFlaw, RegistryProblem};
use crate::model::ids::Digest;
use crate::model::reference;

/// Docker Hub, by the name that references use.
pub const HUB: &str = "docker.io";

/// A reference, taken apart and completed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    /// With its port, where it has one.
    pub host: String,
    pub path: String,
    /// The digest where there is one, else the tag, else `latest`.
    pub tag_or_digest: String,
}

impl Reference {
    /// # Errors
    /// `Invalid` for what Docker would not take either.
    pub fn parse(text: &str) -> Result<Reference, Fault> {
        let bad = |why| Fault::from(RegistryProblem::InvalidReference { reference: text.to_owned(), why });
        let parts = reference::Reference::of(text);
        if let Some(digest) = parts.digest {
            digest.parse::<Digest>().map_err(|_| bad(ReferenceFlaw::Digest))?;
        }
        let (host, path) = parts.host_and_path();
        let host = host.filter(|host| *host != "index.docker.io").unwrap_or(HUB);
        let path = if host == HUB && !path.contains('/') { format!("library/{path}") } else { path.to_owned() };
        if !valid_host(host) {
            return Err(bad(ReferenceFlaw::Host));
        }
        if path.len() + host.len() > 255 || !path.split('/').all(valid_component) {
            return Err(bad(ReferenceFlaw::Name));
        }
        if parts.tag.is_some_and(|t| !valid_tag(t)) {
            return Err(bad(ReferenceFlaw::Tag));
        }
        Ok(Reference { host: host.to_owned(), path, tag_or_digest: parts.tag_or_digest().to_owned() })
    }

    /// Whether the host is this machine, where registries speak plain HTTP.
    pub fn is_loopback(&self) -> bool {
        address::is_loopback(address::without_port(&self.host))
    }
}

fn valid_host(host: &str) -> bool {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((v6, port)) if v6.parse::<std::net::Ipv6Addr>().is_ok() => ("v6", port.strip_prefix(':')),
            _ => return false,
        },
        None => host.split_once(':').map_or((host, None), |(n, p)| (n, Some(p))),
    };
    let label = |l: &str| {
        !l.is_empty()
            && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    name.split('.').all(label) && port.is_none_or(|p| p.parse::<u16>().is_ok())
}

fn valid_component(part: &str) -> bool {
    let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let ends = part.bytes().next().is_some_and(inner) && part.bytes().last().is_some_and(inner);
    let separators = part.split(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    ends && separators.into_iter().all(|s| ["", ".", "_", "__"].contains(&s) || s.bytes().all(|b| b == b'-'))
}

fn valid_tag(tag: &str) -> bool {
    (1..=128).contains(&tag.len())
        && !tag.starts_with(['.', '-'])
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"_.-".contains(&b))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::fault::FaultKind;

    const D: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000001";

    #[rstest]
    #[case("alpine", "docker.io", "library/alpine", "latest")]
    #[case("alpine:3.20", "docker.io", "library/alpine", "3.20")]
    #[case("team/app", "docker.io", "team/app", "latest")]
    #[case("index.docker.io/team/app", "docker.io", "team/app", "latest")]
    #[case("localhost/app", "localhost", "app", "latest")]
    #[case("localhost:5000/a/b:v1", "localhost:5000", "a/b", "v1")]
    #[case("127.0.0.1:5000/app", "127.0.0.1:5000", "app", "latest")]
    #[case("[::1]:5000/app:x", "[::1]:5000", "app", "x")]
    #[case(
        "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com/asset-manager:v1",
        "111111111111.dkr.ecr.ap-northeast-1.amazonaws.com",
        "asset-manager",
        "v1"
    )]
    #[case("gcr.io/distroless/static-debian12:nonroot", "gcr.io", "distroless/static-debian12", "nonroot")]
    fn a_reference_is_completed_as_docker_does(
        #[case] text: &str,
        #[case] host: &str,
        #[case] path: &str,
        #[case] tag: &str,
    ) {
        let expected = Reference { host: host.into(), path: path.into(), tag_or_digest: tag.into() };
        assert_eq!(Reference::parse(text).unwrap(), expected);
    }

    #[test]
    fn a_digest_wins_over_a_tag() {
        let found = Reference::parse(&format!("r.example:443/app:v1@{D}")).unwrap();
        assert_eq!((found.host.as_str(), found.path.as_str()), ("r.example:443", "app"));
        assert_eq!(found.tag_or_digest, D);
    }

    #[rstest]
    #[case("")]
    #[case("App")]
    #[case("app:")]
    #[case("app@sha256:12")]
    #[case("app:v 1")]
    #[case("a//b")]
    #[case("a___b")]
    #[case("-a")]
    #[case("r.example:port/app")]
    #[case("https://r.example/app")]
    #[case("r.example/../app")]
    fn an_invalid_reference_is_refused(#[case] text: &str) {
        assert_eq!(Reference::parse(text).unwrap_err().kind(), FaultKind::Invalid);
    }

    #[rstest]
    #[case("localhost:5000/a", true)]
    #[case("127.0.0.7:80/a", true)]
    #[case("[::1]:5000/a", true)]
    #[case("r.example/a", false)]
    #[case("localhost.example/a", false)]
    fn plain_http_is_for_this_machine_only(#[case] text: &str, #[case] clear: bool) {
        assert_eq!(Reference::parse(text).unwrap().is_loopback(), clear);
    }
}
