//! Whose registry an image's name names.

use super::address;
use super::pipeline::Account;

/// What follows `ACCOUNT.dkr.ecr.REGION.` in the names of ECR's registries, partition by partition.
const DOMAINS: [&str; 4] = ["amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", "sc2s.sgov.gov"];

/// The repository's name where an image's name (without tag and digest) is in this account's own registry; `None` for every other.
pub fn own_repository<'n>(name: &'n str, account: &Account) -> Option<&'n str> {
    let (host, path) = name.split_once('/')?;
    let (id, region) = (account.id.as_str(), account.region.as_str());
    let ecr = |service: &str| {
        host.strip_prefix(&format!("{id}.{service}.{region}.")).is_some_and(|domain| DOMAINS.contains(&domain))
    };
    if ecr("dkr.ecr") || ecr("dkr.ecr-fips") || host == format!("{id}.dkr-ecr.{region}.on.aws") {
        return Some(path);
    }
    // The sandbox names the account in the path, where ECR names it in the host.
    let is_here = address::is_loopback(address::without_port(host));
    is_here.then(|| path.strip_prefix(&format!("{id}.{region}/"))).flatten()
}

/// An image's reference as name and digest or tag; without either it is the tag `latest`.
pub fn split(reference: &str) -> (&str, &str) {
    let (name, digest) = match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    let start = name.rfind('/').map_or(0, |at| at + 1);
    let (name, tag) = match name[start..].split_once(':') {
        Some((last, tag)) => (&name[..start + last.len()], tag),
        None => (name, "latest"),
    };
    (name, digest.unwrap_or(tag))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::release::samples::pipeline;

    #[test]
    fn only_the_accounts_own_registry_is_its_own() {
        let account = &pipeline().accounts.into_values().next().unwrap();
        let own = |name: &str| own_repository(name, account).map(str::to_owned);
        let (id, region) = (account.id.as_str(), account.region.as_str());
        assert_eq!(own(&format!("{id}.dkr.ecr.{region}.amazonaws.com/team/hello")).unwrap(), "team/hello");
        assert_eq!(own(&format!("127.0.0.1:4566/{id}.{region}/hello")).unwrap(), "hello");
        for other in [
            format!("{id}.dkr.ecr.{region}.amazonaws.com.evil.example/hello"),
            format!("{id}.dkr.ecr.{region}.evil.example/hello"),
            format!("{id}.dkr.ecr.eu-west-1.amazonaws.com/hello"),
            format!("999999999999.dkr.ecr.{region}.amazonaws.com/hello"),
            format!("registry.evil.example/{id}.{region}/hello"),
            "public.ecr.aws/nginx/nginx".to_owned(),
            "hello".to_owned(),
        ] {
            assert_eq!(own(&other), None, "{other}");
        }
    }

    #[test]
    fn a_reference_has_a_name_and_a_digest_or_a_tag() {
        assert_eq!(split("r:5000/a/b:1"), ("r:5000/a/b", "1"));
        assert_eq!(split("r:5000/a/b"), ("r:5000/a/b", "latest"));
        assert_eq!(split("r:5000/a/b:1@sha256:ab"), ("r:5000/a/b", "sha256:ab"));
        assert_eq!(split("nginx"), ("nginx", "latest"));
    }
}
