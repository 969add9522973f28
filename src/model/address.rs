//! Which hosts are this machine, or the metadata service that gives a machine its credentials.

// Addresses as values; nothing here opens a connection.
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IMDS and the endpoints of EKS and Nitro over IPv6 (`fd00:ec2::254`, `fd00:ec2::23`, …).
const EC2: [u16; 2] = [0xfd00, 0xec2];
/// The metadata service of a cloud that does not use a link-local address (Alibaba).
const OTHER_CLOUD: Ipv4Addr = Ipv4Addr::new(100, 100, 100, 200);
/// The well-known prefix of NAT64 (RFC 6052): the last 32 bits are an IPv4 address.
const NAT64: [u16; 6] = [0x64, 0xff9b, 0, 0, 0, 0];

/// The host of `HOST[:PORT]`; one of IPv6 keeps its brackets.
pub fn without_port(host: &str) -> &str {
    match host.find(']') {
        Some(end) => &host[..=end],
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// The IP address of a host, as URLs and references write it; `None` for a name. An IPv4-mapped IPv6 address is the IPv4 address.
pub fn ip(host: &str) -> Option<IpAddr> {
    host.trim_matches(['[', ']']).trim_end_matches('.').parse().ok().map(plain)
}

/// Whether a host is this machine, so that no traffic leaves it.
pub fn is_loopback(host: &str) -> bool {
    host == "localhost" || ip(host).is_some_and(|ip| ip.is_loopback())
}

/// Whether an address is a metadata service of the machine: link-local (`169.254.169.254`, and `169.254.170.2` of ECS), or AWS's for
/// IPv6, in any form.
pub fn is_metadata(address: IpAddr) -> bool {
    match plain(address) {
        IpAddr::V4(address) => address.is_link_local() || address == OTHER_CLOUD,
        IpAddr::V6(address) => address.segments()[..2] == EC2 || address.is_unicast_link_local(),
    }
}

fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if !v6.is_loopback() && !v6.is_unspecified() => embedded(v6).map_or(address, IpAddr::V4),
        IpAddr::V6(_) | IpAddr::V4(_) => address,
    }
}

/// The IPv4 address that is embedded in an IPv6 address.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [.., a, b] = address.segments();
    match address.segments()[..6] == NAT64 {
        true => Some(Ipv4Addr::from((u32::from(a) << 16) | u32::from(b))),
        false => address.to_ipv4(),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("localhost", true)]
    #[case("127.0.0.1", true)]
    #[case("127.9.8.7", true)]
    #[case("[::1]", true)]
    #[case("[::ffff:127.0.0.1]", true)]
    #[case("localhost.example", false)]
    #[case("a.localhost", false)]
    #[case("127.0.0.1.example", false)]
    #[case("0.0.0.0", false)]
    #[case("[::]", false)]
    fn this_machine_is_known_by_name_and_by_address(#[case] host: &str, #[case] is: bool) {
        assert_eq!(is_loopback(host), is);
    }

    #[test]
    fn a_port_is_taken_off() {
        let hosts = ["r.example:5000", "r.example", "[::1]:5000", "[::1]"];
        assert_eq!(hosts.map(without_port), ["r.example", "r.example", "[::1]", "[::1]"]);
    }
}
