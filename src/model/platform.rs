//! The platform of an image.

use serde::{Deserialize, Serialize};

/// `os/arch[/variant]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Platform {
    pub architecture: String,
    pub os: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<String>,
}

/// A text that is not a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAPlatform(pub String);

impl Platform {
    /// # Errors
    /// For what is not `os/arch` or `os/arch/variant`.
    pub fn parse(text: &str) -> Result<Platform, NotAPlatform> {
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [os, arch] => (os, arch, None),
            [os, arch, variant] => (os, arch, Some(variant)),
            _ => return Err(NotAPlatform(text.to_owned())),
        };
        let word = |w: &str| !w.is_empty() && w.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !word(os) || !word(architecture) || !variant.is_none_or(word) {
            return Err(NotAPlatform(text.to_owned()));
        }
        Ok(Platform { architecture: architecture.into(), os: os.into(), variant: variant.map(Into::into) })
    }

    /// Whether an image for `self` runs on `wanted`.
    pub fn serves(&self, wanted: &Platform) -> bool {
        let variant = |p: &Platform| match (p.architecture.as_str(), p.variant.as_deref()) {
            // arm64 has one variant in use, and most images omit it (containerd's platforms.Normalize).
            ("arm64", None) => Some("v8".to_owned()),
            ("amd64", Some("v1")) => None,
            (_, v) => v.map(str::to_owned),
        };
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (wanted.variant.is_none() || variant(self) == variant(wanted))
    }
}

impl std::fmt::Display for Platform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant.as_ref().map_or(Ok(()), |v| write!(f, "/{v}"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("linux/arm64", "linux/arm64", true)]
    #[case("linux/arm64/v8", "linux/arm64", true)]
    #[case("linux/arm64", "linux/arm64/v8", true)]
    #[case("linux/arm/v6", "linux/arm/v7", false)]
    #[case("linux/amd64", "linux/arm64", false)]
    fn an_image_runs_on_its_own_platform(#[case] has: &str, #[case] wanted: &str, #[case] serves: bool) {
        assert_eq!(Platform::parse(has).unwrap().serves(&Platform::parse(wanted).unwrap()), serves);
    }

    #[rstest]
    #[case("amd64")]
    #[case("linux/")]
    #[case("Linux/amd64")]
    #[case("linux/arm/v7/x")]
    fn a_platform_is_written_as_os_and_arch(#[case] text: &str) {
        assert_eq!(Platform::parse(text), Err(NotAPlatform(text.to_owned())));
    }
}
