//! AWS's partitions: groups of regions with ARNs, endpoints and accounts of their own.
//!
//! The data in `data/partitions.json` is the table of AWS's own SDKs (`partitions.json`), by which they find a region's partition.

use std::sync::OnceLock;

use regex::Regex;
use serde::Deserialize;

use super::nearest;

/// A partition.
#[derive(Debug, Deserialize)]
pub struct Partition {
    /// As in ARNs: `aws` or `aws-cn`.
    pub id: String,
    /// The suffix of its endpoints' names: `amazonaws.com`.
    pub dns_suffix: String,
    /// A regular expression for its regions' names, future ones included.
    pattern: String,
    /// The known regions.
    pub regions: Vec<String>,
}

/// How well a region is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    Listed,
    /// Not listed, but each of its words is in the same position of a listed region: probably newer than the table.
    Plausible,
    /// Neither; with the nearest listed region.
    Unlikely {
        nearest: Option<&'static str>,
    },
}

/// All partitions.
///
/// # Panics
/// Where kanmon's own data cannot be read, which a test rules out.
pub fn all() -> &'static [Partition] {
    static ALL: OnceLock<Vec<Partition>> = OnceLock::new();
    ALL.get_or_init(|| {
        serde_json::from_str(include_str!("data/partitions.json")).expect("the partitions are data of kanmon")
    })
}

/// The partition that lists this region, or whose pattern matches it; `None`: none does, and SDKs use `aws`.
pub fn of(region: &str) -> Option<&'static Partition> {
    let lists = |p: &&Partition| p.regions.iter().any(|r| r == region);
    let fits = |p: &&Partition| Regex::new(&p.pattern).is_ok_and(|pattern| pattern.is_match(region));
    all().iter().find(lists).or_else(|| all().iter().find(fits))
}

/// How well a region is known.
pub fn known(region: &str) -> Known {
    let regions = || all().iter().flat_map(|p| p.regions.iter().map(String::as_str));
    if regions().any(|r| r == region) {
        return Known::Listed;
    }
    let words: Vec<&str> = region.split('-').collect();
    let used = |at: usize, word: &str| regions().any(|r| r.split('-').nth(at) == Some(word));
    let number = words.last().is_some_and(|n| n.parse::<u8>().is_ok_and(|n| n > 0));
    // Some regions have four words.
    let places = words.len().saturating_sub(1);
    if (2..=3).contains(&places) && number && (0..places).all(|at| used(at, words[at])) && of(region).is_some() {
        return Known::Plausible;
    }
    Known::Unlikely { nearest: nearest::nearest(region, regions()) }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ap-northeast-1", "aws")]
    #[case("ap-northeast-9", "aws")]
    #[case("cn-north-1", "aws-cn")]
    #[case("us-gov-west-1", "aws-us-gov")]
    #[case("eusc-de-east-1", "aws-eusc")]
    #[case("us-isof-south-1", "aws-iso-f")]
    fn a_region_has_its_partition(#[case] region: &str, #[case] id: &str) {
        assert_eq!(of(region).unwrap().id, id);
    }

    #[rstest]
    #[case("ap-northeast-1", Known::Listed)]
    #[case("ap-northeast-9", Known::Plausible)]
    #[case("sa-west-1", Known::Plausible)]
    #[case("eusc-de-west-1", Known::Plausible)]
    #[case("ap-notheast-1", Known::Unlikely { nearest: Some("ap-northeast-1") })]
    #[case("ap-norhteast-1", Known::Unlikely { nearest: Some("ap-northeast-1") })]
    #[case("jp-tokyo-1", Known::Unlikely { nearest: None })]
    fn a_misspelt_region_finds_the_one_that_was_meant(#[case] region: &str, #[case] is: Known) {
        assert_eq!(known(region), is);
        assert!(of("moon-base-1").is_none());
    }
}
