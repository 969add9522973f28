//! The one tag that kanmon puts on a task definition: what it says, and which release registered it.

use std::collections::BTreeMap;

use crate::model::effect::Workload;
use crate::model::fault::Fault;
use crate::model::fault::task_definition::TaskDefinitionProblem;
use crate::model::ids::{ContentHash, ReleaseId, StageName};

/// The tag's key. Its value is `RELEASE/CONTENT`.
pub const KEY: &str = "kanmon";

/// ECS's quota *Tags per resource*, which cannot be raised. AWS's own (`aws:…`) do not count.
const MOST: usize = 50;

/// The hash of the content that a revision was registered with, by its tag. Tags are copied: the content has to prove it.
pub fn content(tags: &BTreeMap<String, String>) -> Option<ContentHash> {
    tags.get(KEY)?.split_once('/')?.1.parse().ok()
}

/// A base's tags, with kanmon's own.
pub fn with_ours(
    base: &BTreeMap<String, String>,
    content: &ContentHash,
    release: &ReleaseId,
) -> BTreeMap<String, String> {
    let mut tags = of_others(base);
    tags.insert(KEY.to_owned(), format!("{release}/{content}"));
    tags
}

/// The same for a rollback, which no quota may block: kanmon's tag is left out where there is no room for it.
pub fn with_ours_if_room(
    base: &BTreeMap<String, String>,
    content: &ContentHash,
    release: &ReleaseId,
) -> BTreeMap<String, String> {
    match of_others(base) {
        others if others.len() >= MOST => others,
        _ => with_ours(base, content, release),
    }
}

/// Whether there is room for kanmon's tag beside a base's.
///
/// # Errors
/// `Invalid`, saying how many there are and that one more is kanmon's. `from`: what carries them, in words.
pub fn room(base: &BTreeMap<String, String>, stage: &StageName, workload: &Workload, from: &str) -> Result<(), Fault> {
    let others = of_others(base).len();
    if others < MOST {
        return Ok(());
    }
    Err(TaskDefinitionProblem::TooManyTags {
        stage: stage.clone(),
        workload: workload.clone(),
        from: from.to_owned(),
        others: others as u64,
        most: MOST as u64,
        ours: KEY.to_owned(),
    }
    .into())
}

/// All but AWS's own, which cannot be set, and kanmon's, which is set again.
fn of_others(base: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let others = base.iter().filter(|(key, _)| !key.to_ascii_lowercase().starts_with("aws:") && *key != KEY);
    others.map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fault::FaultKind;

    fn others(n: usize) -> BTreeMap<String, String> {
        (0..n).map(|i| (format!("t{i:02}"), "v".to_owned())).collect()
    }

    fn ours(base: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        with_ours(base, &ContentHash::of(b"x"), &"r20260401-090000-1a2b3c".parse().unwrap())
    }

    #[test]
    fn one_tag_says_which_content_and_which_release() {
        let tags = ours(&BTreeMap::from([("aws:x".to_owned(), "1".to_owned()), ("team".to_owned(), "a".to_owned())]));
        assert_eq!(tags.keys().collect::<Vec<_>>(), ["kanmon", "team"]);
        assert_eq!(content(&tags), Some(ContentHash::of(b"x")));
        assert!(tags[KEY].starts_with("r20260401-090000-1a2b3c/"), "{}", tags[KEY]);
        assert_eq!(ours(&tags).len(), 2, "a revision of kanmon's own has no more tags than the one before");
        for value in ["", "r20260401-090000-1a2b3c", "x/y"] {
            let tags = BTreeMap::from([(KEY.to_owned(), value.to_owned())]);
            assert_eq!(content(&tags), None, "{value}");
        }
    }

    #[test]
    fn forty_nine_tags_of_others_have_room_and_fifty_do_not() {
        let (stage, workload) = ("prod".parse().unwrap(), Workload::Service("web".parse().unwrap()));
        assert!(room(&others(49), &stage, &workload, "web:1").is_ok());
        assert!(room(&ours(&others(49)), &stage, &workload, "web:2").is_ok(), "kanmon's own does not count twice");
        let fault = room(&others(50), &stage, &workload, "web:1").unwrap_err();
        assert_eq!(fault.kind(), FaultKind::Invalid);
        let (from, ours) = ("web:1".to_owned(), KEY.to_owned());
        let others = 50;
        assert_eq!(fault, TaskDefinitionProblem::TooManyTags { stage, workload, from, others, most: 50, ours }.into());
    }

    #[test]
    fn a_rollback_goes_without_the_tag_where_there_is_no_room() {
        let back =
            |n| with_ours_if_room(&others(n), &ContentHash::of(b"x"), &"r20260401-090000-1a2b3c".parse().unwrap());
        assert_eq!((back(49).len(), back(50).len()), (50, 50));
        assert!(!back(50).contains_key(KEY));
    }
}
