//! Splits image references into parts. Nothing is added, and the parts are not validated.

/// `[HOST[:PORT]/]PATH[:TAG][@DIGEST]`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference<'t> {
    /// Everything before the tag and the digest.
    pub name: &'t str,
    pub tag: Option<&'t str>,
    pub digest: Option<&'t str>,
}

impl<'t> Reference<'t> {
    pub fn of(text: &'t str) -> Reference<'t> {
        let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
        // A colon after the last slash is before a tag; one before it, before a port.
        let (name, tag) = match name.rfind(':') {
            Some(at) if !name[at..].contains('/') => (&name[..at], Some(&name[at + 1..])),
            Some(_) | None => (name, None),
        };
        Reference { name, tag, digest }
    }

    /// The registry and the path in it. The first part of a name is a host only where it cannot be part of a path (distribution/reference).
    pub fn host_and_path(&self) -> (Option<&'t str>, &'t str) {
        let is_host = |h: &str| h.contains(['.', ':']) || h == "localhost" || h.bytes().any(|b| b.is_ascii_uppercase());
        match self.name.split_once('/') {
            Some((host, path)) if is_host(host) => (Some(host), path),
            Some(_) | None => (None, self.name),
        }
    }

    /// What it names in its repository: the digest where there is one, else the tag, else `latest`.
    pub fn tag_or_digest(&self) -> &'t str {
        self.digest.or(self.tag).unwrap_or("latest")
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("r:5000/a/b:1", "r:5000/a/b", "1")]
    #[case("r:5000/a/b", "r:5000/a/b", "latest")]
    #[case("r:5000/a/b:1@sha256:ab", "r:5000/a/b", "sha256:ab")]
    #[case("nginx", "nginx", "latest")]
    fn a_reference_has_a_name_and_a_digest_or_a_tag(#[case] text: &str, #[case] name: &str, #[case] what: &str) {
        let found = Reference::of(text);
        assert_eq!((found.name, found.tag_or_digest()), (name, what));
    }

    #[rstest]
    #[case("r:5000/a/b:1", Some("r:5000"), "a/b")]
    #[case("localhost/a", Some("localhost"), "a")]
    #[case("[::1]:5000/a:x", Some("[::1]:5000"), "a")]
    #[case("team/app", None, "team/app")]
    #[case("nginx:1.27", None, "nginx")]
    fn a_first_part_is_a_host_only_where_it_cannot_be_a_path(
        #[case] text: &str,
        #[case] host: Option<&str>,
        #[case] path: &str,
    ) {
        assert_eq!(Reference::of(text).host_and_path(), (host, path));
    }
}
