//! Addresses of the machine's metadata service, which hands out credentials to whoever asks from the machine: no file can make kanmon send
//! a request there.

use crate::model::address::{ip, is_metadata};

/// A URL's host, where it is a metadata address; names are looked at when they are resolved.
pub fn metadata_host(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let host = url.host_str()?;
    is_metadata(ip(host)?).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    fn metadata_is_recognized_in_every_form(
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
        assert!(metadata_host(url).is_some(), "{url}");
    }

    #[rstest]
    fn other_addresses_are_not_metadata(
        #[values(
            "https://hello.example/",
            "http://127.0.0.1:8080/",
            "http://[::1]/",
            "http://10.0.0.1/",
            "http://[fd00::1]/"
        )]
        url: &str,
    ) {
        assert_eq!(metadata_host(url), None);
    }
}
