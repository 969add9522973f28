//! Where a registry may send this client: to token servers, to storage, to an upload's own address.

use std::net::IpAddr;

use reqwest::Url;

use crate::model::address;
use crate::model::fault::registry::AddressRefusal;

/// Names at which a machine's own cloud credentials are handed out; none of them serves images.
const METADATA: [&str; 2] = ["metadata.google.internal", "metadata"];

/// Whether this client goes to `to` because `from` said so.
///
/// TLS holds everywhere but between services of this machine. A name that leads to a forbidden address is caught by TLS: what
/// answers there has no certificate for it.
///
/// # Errors
/// Why not.
pub fn may_follow(from: &Url, to: &Url) -> Result<(), AddressRefusal> {
    let address = || shown(to);
    let at_home = is_loopback(from);
    match to.scheme() {
        "https" => {}
        "http" if from.scheme() == "http" && at_home && is_loopback(to) => {}
        "http" => return Err(AddressRefusal::NotEncrypted { address: address() }),
        _ => return Err(AddressRefusal::OtherScheme { address: address() }),
    }
    if to.host_str().is_none_or(str::is_empty) {
        return Err(AddressRefusal::NoHost { address: address() });
    }
    if !at_home && is_reserved(to) {
        return Err(AddressRefusal::Reserved { address: address() });
    }
    Ok(())
}

/// An address without what may be secret in it.
pub fn shown(url: &Url) -> String {
    let port = url.port().map(|p| format!(":{p}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

/// Whether both lead to the same server, so that what may be shown to one may be shown to the other.
pub fn is_same_server(one: &Url, other: &Url) -> bool {
    one.scheme() == other.scheme()
        && one.host_str() == other.host_str()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// Whether the host is this machine.
pub fn is_loopback(url: &Url) -> bool {
    address::is_loopback(&host(url))
}

/// Whether the host is this machine, its network's or its cloud's own, by whatever name.
fn is_reserved(url: &Url) -> bool {
    let host = host(url);
    let named = METADATA.contains(&host.as_str()) || host.ends_with(".localhost");
    named
        || address::is_loopback(&host)
        || address::ip(&host).is_some_and(|ip| {
            let is_broadcast = matches!(ip, IpAddr::V4(v4) if v4.is_broadcast());
            address::is_metadata(ip) || ip.is_unspecified() || ip.is_multicast() || is_broadcast
        })
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn allowed(from: &str, to: &str) -> bool {
        may_follow(&from.parse().unwrap(), &to.parse().unwrap()).is_ok()
    }

    #[rstest]
    #[case("https://auth.example/token", true)]
    #[case("https://10.1.2.3/token", true)]
    #[case("http://auth.example/token", false)]
    #[case("http://r.example/token", false)]
    #[case("ftp://auth.example/token", false)]
    #[case("https://localhost/token", false)]
    #[case("https://a.localhost/token", false)]
    #[case("https://localhost./token", false)]
    #[case("https://127.0.0.1:8443/token", false)]
    #[case("https://127.1/token", false)]
    #[case("https://2130706433/token", false)]
    #[case("https://0.0.0.0/token", false)]
    #[case("https://[::1]/token", false)]
    #[case("https://[::ffff:127.0.0.1]/token", false)]
    #[case("https://169.254.169.254/latest", false)]
    #[case("https://169.254.170.2/v2", false)]
    #[case("https://[fd00:ec2::254]/latest", false)]
    #[case("https://[fe80::1]/latest", false)]
    #[case("https://metadata.google.internal/x", false)]
    fn a_public_registry_cannot_lead_to_this_machine_or_to_plain_http(#[case] to: &str, #[case] may: bool) {
        assert_eq!(allowed("https://r.example/v2/", to), may);
    }

    #[rstest]
    #[case("http://127.0.0.1:5001/token", true)]
    #[case("http://localhost:5001/token", true)]
    #[case("https://auth.example/token", true)]
    #[case("http://auth.example/token", false)]
    #[case("http://169.254.169.254/token", false)]
    fn a_registry_of_this_machine_may_lead_to_another_service_of_it(#[case] to: &str, #[case] may: bool) {
        assert_eq!(allowed("http://127.0.0.1:5000/v2/", to), may);
    }

    #[test]
    fn an_address_is_shown_without_its_query() {
        assert_eq!(
            shown(&"https://u:p@s3.example:444/x?X-Amz-Signature=1".parse().unwrap()),
            "https://s3.example:444/x"
        );
    }
}
