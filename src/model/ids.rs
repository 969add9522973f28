//! Ids and names, validated when they are parsed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A text that is not a valid id. `report` writes the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdError {
    pub expected: IdKind,
    pub found: String,
}

/// The kind of id that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdKind {
    AccountId,
    Region,
    Digest,
    ReleaseId,
    PlanHash,
    ContentHash,
    /// A name of the pipeline file's own.
    Name,
    /// Where releases are recorded.
    StateLocation,
}

impl std::error::Error for IdError {}

/// For serde and logs: the kind as data, and the text.
impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {:?}", self.expected, self.found)
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $expected:ident, $valid:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(s: &str) -> Result<Self, IdError> {
                let valid: fn(&str) -> bool = $valid;
                if valid(s) {
                    Ok(Self(s.to_owned()))
                } else {
                    Err(IdError { expected: IdKind::$expected, found: s.to_owned() })
                }
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(s: String) -> Result<Self, IdError> {
                s.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", self.0)
            }
        }
    };
}

/// A name of the pipeline file's own: short, printable, usable in tags and file names.
fn is_name(s: &str) -> bool {
    (1..=63).contains(&s.len())
        && s.starts_with(|c: char| c.is_ascii_alphanumeric())
        && s.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn is_lower_hex(s: &str, len: usize) -> bool {
    s.len() == len && s.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

id!(
    /// An AWS account id: twelve digits, leading zeros included.
    AccountId, AccountId,
    |s| s.len() == 12 && s.bytes().all(|b| b.is_ascii_digit())
);
id!(
    /// An AWS region code such as `ap-northeast-1`.
    Region, Region,
    |s| s.split('-').count() >= 3
        && s.split('-').all(|p| !p.is_empty() && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()))
        && s.ends_with(|c: char| c.is_ascii_digit())
);
id!(
    /// An OCI content digest; only `sha256` is used by ECR.
    Digest, Digest,
    |s| s.strip_prefix("sha256:").is_some_and(|h| is_lower_hex(h, 64))
);
id!(
    /// A release: `r`, a time and a random part, so that ids sort by time; valid as an image tag and as a session name.
    ReleaseId, ReleaseId,
    |s| (2..=40).contains(&s.len()) && s.starts_with('r') && s.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
);
id!(
    /// The hash of what a person is asked to approve (hex SHA-256).
    PlanHash, PlanHash, |s| is_lower_hex(s, 64)
);
id!(
    /// The hash of a task definition's content, without what AWS adds (hex SHA-256).
    ContentHash, ContentHash, |s| is_lower_hex(s, 64)
);
id!(/// The application of a pipeline file.
    AppName, Name, is_name);
id!(/// An account's name in the pipeline file.
    AccountName, Name, is_name);
id!(/// An image's name in the pipeline file.
    ImageName, Name, is_name);
id!(/// A service's name in the pipeline file.
    ServiceName, Name, is_name);
id!(/// A one-off task's name in the pipeline file.
    TaskName, Name, is_name);
id!(/// A stage's name in the pipeline file.
    StageName, Name, is_name);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(format!("sha256:{}", sha256_hex(bytes)))
    }

    /// The first twelve hex digits, for people.
    pub fn short(&self) -> &str {
        &self.0["sha256:".len()..][..12]
    }
}

impl PlanHash {
    /// How many hex digits identify a plan. With fewer, somebody who tries many plans could find another one with the same first digits: for 8
    /// digits a laptop needs seconds, for 12 days; for 16 (64 bits) a second preimage needs 2^64 tries, each with a whole plan to hash.
    pub const SHORT_DIGITS: usize = 16;

    pub fn of(bytes: &[u8]) -> PlanHash {
        PlanHash(sha256_hex(bytes))
    }

    /// The plans whose full hash is in a text. An image's digest has as many digits, but `sha256:` before them.
    pub fn named_in(text: &str) -> Vec<PlanHash> {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == ':'));
        words.filter_map(|word| word.trim_matches(':').parse().ok()).collect()
    }

    /// The only plan that a text names. With two, the answer to one would count for the other.
    pub fn only_one_in(text: &str) -> Option<PlanHash> {
        let mut named = PlanHash::named_in(text).into_iter();
        let first = named.next()?;
        named.all(|other| other == first).then_some(first)
    }

    /// The first digits, for people and for the command that they type.
    pub fn short(&self) -> &str {
        &self.0[..PlanHash::SHORT_DIGITS]
    }
}

impl ContentHash {
    pub fn of(bytes: &[u8]) -> ContentHash {
        ContentHash(sha256_hex(bytes))
    }
}

/// SHA-256 in lower-case hex.
pub fn sha256_hex(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_keeps_its_leading_zero_and_its_length() {
        assert!("012345678901".parse::<AccountId>().is_ok());
        let e = "12345678901".parse::<AccountId>().unwrap_err();
        assert_eq!(e, IdError { expected: IdKind::AccountId, found: "12345678901".to_owned() });
    }

    #[test]
    fn a_plan_is_named_by_its_whole_hash_and_a_digest_is_not_a_plan() {
        let (plan, other) = (PlanHash::of(b"one"), PlanHash::of(b"other"));
        let text = format!("release r1, image sha256:{other}, plan: {plan}.\n{}", other.short());
        assert_eq!(PlanHash::named_in(&text), std::slice::from_ref(&plan));
        assert_eq!(PlanHash::named_in("please look"), []);
        assert_eq!(PlanHash::only_one_in(&text), Some(plan.clone()));
        assert_eq!(PlanHash::only_one_in(&format!("{plan} {plan}")), Some(plan.clone()));
        assert_eq!(PlanHash::only_one_in(&format!("{plan} {other}")), None, "an answer to one would count for both");
        assert_eq!(PlanHash::only_one_in("please look"), None);
    }

    #[test]
    fn a_digest_is_lower_case_sha256() {
        let d = Digest::of(b"kanmon");
        assert_eq!(d.as_str().parse::<Digest>().unwrap(), d);
        assert!(d.as_str().to_uppercase().parse::<Digest>().is_err());
        assert_eq!(d.short().len(), 12);
    }
}
