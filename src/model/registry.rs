//! Whose registry an image name refers to.

use super::address;
use super::partition;
use super::pipeline::{Account, Pipeline, Stage, Transfer};

/// The repository's name, where an image name (without tag and digest) is in this account's own registry.
pub fn own_repository<'n>(name: &'n str, account: &Account) -> Option<&'n str> {
    let (host, path) = name.split_once('/')?;
    let (id, region) = (account.id.as_str(), account.region.as_str());
    // SDKs use `aws` for an unknown region.
    let domain = partition::of(region).map_or("amazonaws.com", |p| p.dns_suffix.as_str());
    let plain = ["dkr.ecr", "dkr.ecr-fips"].map(|service| format!("{id}.{service}.{region}.{domain}"));
    // Dual-stack names, which only partitions with the domain amazonaws.com have.
    let dual = ["dkr-ecr", "dkr-ecr-fips"].map(|service| format!("{id}.{service}.{region}.on.aws"));
    if plain.iter().any(|own| own == host) || (domain == "amazonaws.com" && dual.iter().any(|own| own == host)) {
        return Some(path);
    }
    // A sandbox on this machine has its registry at its own address, with the account in the path instead of the host.
    is_sandbox_of(host, account).then(|| path.strip_prefix(&format!("{id}.{region}/"))).flatten()
}

/// Whether this host is the account's ECR endpoint in the file, on this machine. Another port of it may be anybody's.
fn is_sandbox_of(host: &str, account: &Account) -> bool {
    let endpoint = account.endpoints.get("ecr").or_else(|| account.endpoints.get("default"));
    let authority = endpoint.and_then(|url| url.split_once("://")).map(|(_, rest)| rest.trim_end_matches('/'));
    address::is_loopback(address::without_port(host)) && authority == Some(host)
}

/// The account of the file whose registry an image name (without tag and digest) is in, and the repository's name; the stage's own
/// account first. A stage that copies its images uses only its own account's registry and scans.
pub fn owner<'p, 'n>(pipeline: &'p Pipeline, stage: &Stage, name: &'n str) -> Option<(&'p Account, &'n str)> {
    let own = pipeline.account(&stage.account);
    let others = pipeline.accounts.values().filter(|_| match stage.images {
        Transfer::Pull => true,
        Transfer::Copy => false,
    });
    let all = [own].into_iter().chain(others);
    all.into_iter().find_map(|account| own_repository(name, account).map(|repository| (account, repository)))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::release::samples::pipeline;

    fn account() -> Account {
        pipeline().accounts.into_values().next().unwrap()
    }

    #[test]
    fn only_the_accounts_own_registry_is_its_own() {
        let account = &account();
        let own = |name: &str| own_repository(name, account).map(str::to_owned);
        let (id, region) = (account.id.as_str(), account.region.as_str());
        assert_eq!(own(&format!("{id}.dkr.ecr.{region}.amazonaws.com/team/hello")).unwrap(), "team/hello");
        assert_eq!(own(&format!("{id}.dkr-ecr.{region}.on.aws/team/hello")).unwrap(), "team/hello");
        for other in [
            format!("{id}.dkr.ecr.{region}.amazonaws.com.evil.example/hello"),
            format!("{id}.dkr.ecr.{region}.evil.example/hello"),
            format!("{id}.dkr.ecr.{region}.amazonaws.com.cn/hello"),
            format!("{id}.dkr.ecr.eu-west-1.amazonaws.com/hello"),
            format!("999999999999.dkr.ecr.{region}.amazonaws.com/hello"),
            format!("registry.evil.example/{id}.{region}/hello"),
            "public.ecr.aws/nginx/nginx".to_owned(),
            "hello".to_owned(),
        ] {
            assert_eq!(own(&other), None, "{other}");
        }
    }

    #[rstest]
    #[case("cn-north-1", "amazonaws.com.cn")]
    #[case("eusc-de-east-1", "amazonaws.eu")]
    #[case("us-iso-east-1", "c2s.ic.gov")]
    #[case("us-isob-east-1", "sc2s.sgov.gov")]
    #[case("us-isof-south-1", "csp.hci.ic.gov")]
    #[case("us-gov-west-1", "amazonaws.com")]
    fn a_registry_is_at_its_partitions_domain_and_no_other(#[case] region: &str, #[case] domain: &str) {
        let account = &Account { region: region.parse().unwrap(), ..account() };
        let at = |domain: &str| format!("{}.dkr.ecr.{region}.{domain}/hello", account.id);
        assert_eq!(own_repository(&at(domain), account), Some("hello"));
        for other in partition::all().iter().filter(|p| p.dns_suffix != domain) {
            assert_eq!(own_repository(&at(&other.dns_suffix), account), None, "{}", other.id);
        }
    }

    #[test]
    fn a_registry_on_this_machine_is_the_accounts_own_only_where_the_file_has_its_endpoint() {
        let mut account = account();
        let name = format!("127.0.0.1:4566/{}.{}/hello", account.id, account.region);
        assert_eq!(own_repository(&name, &account), None);
        for (service, url) in [("default", "http://127.0.0.1:4567"), ("ecr", "http://127.0.0.1:4566/")] {
            account.endpoints.insert(service.into(), url.into());
            assert_eq!(own_repository(&name, &account).is_some(), service == "ecr", "{service} {url}");
        }
        account.endpoints.insert("ecr".into(), "https://registry.example".into());
        let other = format!("registry.example/{}.{}/hello", account.id, account.region);
        assert_eq!(own_repository(&other, &account), None);
    }
}
