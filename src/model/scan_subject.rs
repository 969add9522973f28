//! What is scanned.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::{Digest, IdError, ImageName};

/// Something that a gate judges. As text it is an image's name, or `REPOSITORY@DIGEST`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ScanSubject {
    /// An image of the file.
    Image(ImageName),
    /// The image of a container that the file does not name: the repository's name in its account, and the digest.
    Unnamed { repository: String, digest: Digest },
}

impl FromStr for ScanSubject {
    type Err = IdError;

    fn from_str(text: &str) -> Result<ScanSubject, IdError> {
        match text.split_once('@') {
            Some((repository, digest)) if !repository.is_empty() => {
                Ok(ScanSubject::Unnamed { repository: repository.to_owned(), digest: digest.parse()? })
            }
            _ => text.parse().map(ScanSubject::Image),
        }
    }
}

impl TryFrom<String> for ScanSubject {
    type Error = IdError;

    fn try_from(text: String) -> Result<ScanSubject, IdError> {
        text.parse()
    }
}

impl From<ScanSubject> for String {
    fn from(subject: ScanSubject) -> String {
        match subject {
            ScanSubject::Image(image) => image.into(),
            ScanSubject::Unnamed { repository, digest } => format!("{repository}@{digest}"),
        }
    }
}

/// For people: a digest with its first twelve digits.
impl fmt::Display for ScanSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ScanSubject::Image(image) => image.fmt(f),
            ScanSubject::Unnamed { repository, digest } => write!(f, "{repository}@sha256:{}", digest.short()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_the_same_after_it_was_written_down() {
        let digest = Digest::of(b"sidecar");
        let unnamed = ScanSubject::Unnamed { repository: "team/metrics".into(), digest: digest.clone() };
        let image = ScanSubject::Image("web".parse().unwrap());
        for subject in [unnamed, image] {
            assert_eq!(String::from(subject.clone()).parse(), Ok(subject));
        }
        for none in ["", "team/metrics", "@", &format!("@{digest}"), "metrics@sha256:12"] {
            assert!(none.parse::<ScanSubject>().is_err(), "{none}");
        }
    }
}
