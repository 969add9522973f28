//! The tags that kanmon puts on task definitions.

use std::collections::BTreeMap;

use crate::model::ids::{ContentHash, ReleaseId};

/// The hash of a revision's content: what makes it reusable.
pub const CONTENT: &str = "kanmon:content";
/// The release that registered it.
pub const RELEASE: &str = "kanmon:release";

/// A base's tags, with kanmon's own. AWS's own (`aws:…`) cannot be set.
pub fn with_ours(
    base: &BTreeMap<String, String>,
    content: &ContentHash,
    release: &ReleaseId,
) -> BTreeMap<String, String> {
    let mut tags: BTreeMap<String, String> =
        base.iter().filter(|(k, _)| !k.starts_with("aws:")).map(|(k, v)| (k.clone(), v.clone())).collect();
    tags.insert(CONTENT.to_owned(), content.to_string());
    tags.insert(RELEASE.to_owned(), release.to_string());
    tags
}
