//! Addresses that hand out a machine's credentials to whoever asks from it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IMDS and the endpoints of EKS and Nitro over IPv6 (`fd00:ec2::254`, `fd00:ec2::23`, …).
const EC2: [u16; 2] = [0xfd00, 0xec2];
/// The well-known prefix of NAT64 (RFC 6052): the last 32 bits are an IPv4 address.
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// Whether this is an address of the machine's own metadata: link-local (`169.254.169.254`, and `169.254.170.2` of ECS), or AWS's
/// for IPv6, in whichever form.
pub fn is_metadata(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => {
            let is_inside = embedded(address).is_some_and(|v4| v4.is_link_local());
            is_inside || address.segments()[..2] == EC2 || address.is_unicast_link_local()
        }
    }
}

/// The IPv4 address that an IPv6 address stands for.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b] = address.segments();
    let is_nat64 = address.segments()[..6] == NAT64;
    let last = || Ipv4Addr::from((u32::from(a) << 16) | u32::from(b));
    if is_nat64 { Some(last()) } else { address.to_ipv4() }
}

/// The sentence that refuses a metadata address, where a URL's host is one; names are looked at when they are resolved.
pub fn refused(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let host = url.host_str()?;
    let address: IpAddr = host.trim_start_matches('[').trim_end_matches(']').parse().ok()?;
    is_metadata(address).then(|| sentence(host))
}

pub fn sentence(host: &str) -> String {
    format!("{host} is an address of this machine's metadata, which hands out credentials")
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn metadata_is_refused_in_every_form(
        #[values(
            "http://169.254.169.254/latest/",
            "http://169.254.170.2/v2/credentials",
            "http://169.254.0.1/",
            "http://2852039166/",
            "http://0xa9fea9fe/",
            "http://0251.0376.0251.0376/",
            "http://[::ffff:169.254.169.254]/",
            "http://[::ffff:a9fe:a9fe]/",
            "http://[::169.254.170.2]/",
            "http://[64:ff9b::a9fe:a9fe]/",
            "http://[fd00:ec2::254]/",
            "http://[fd00:ec2::23]/",
            "http://[fe80::1]/"
        )]
        url: &str,
    ) {
        assert!(refused(url).is_some(), "{url}");
    }

    #[rstest]
    fn others_are_not(
        #[values(
            "https://hello.example/",
            "http://127.0.0.1:8080/",
            "http://[::1]/",
            "http://10.0.0.1/",
            "http://[fd00::1]/"
        )]
        url: &str,
    ) {
        assert_eq!(refused(url), None);
    }
}
