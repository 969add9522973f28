//! A tag that may not be moved names one image for as long as it is there.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::sandbox::ecr::api;
use crate::sandbox::iam::{Caller, Identity};
use crate::sandbox::id_generator::IdGenerator;
use crate::sandbox::inspector::Inspector;
use crate::sandbox::latency::Latency;
use crate::sandbox::service::{Answer, Call};

const TAGS: [&str; 5] = ["v1", "v2", "dev", "dev-1", "latest"];
const IMAGES: usize = 3;

/// `imageTagMutability` with its exclusion filters.
const MODES: [(&str, &[&str]); 5] = [
    ("MUTABLE", &[]),
    ("IMMUTABLE", &[]),
    ("IMMUTABLE_WITH_EXCLUSION", &["dev*"]),
    ("IMMUTABLE_WITH_EXCLUSION", &["dev*", "latest"]),
    ("MUTABLE_WITH_EXCLUSION", &["v*"]),
];

/// Whether a mode keeps a tag, worked out by hand.
fn keeps(mode: usize, tag: &str) -> bool {
    match mode {
        0 => false,
        1 => true,
        2 => !["dev", "dev-1"].contains(&tag),
        3 => ["v1", "v2"].contains(&tag),
        _ => ["v1", "v2"].contains(&tag),
    }
}

#[derive(Debug, Clone)]
enum Act {
    Push { image: usize, tag: Option<usize> },
    Untag(usize),
    Delete(usize),
    Set(usize),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        6 => (0..IMAGES, proptest::option::weighted(0.9, 0..TAGS.len())).prop_map(|(image, tag)| Act::Push { image, tag }),
        2 => (0..TAGS.len()).prop_map(Act::Untag),
        1 => (0..IMAGES).prop_map(Act::Delete),
        1 => (0..MODES.len()).prop_map(Act::Set),
    ]
}

struct Registry {
    ecr: Ecr,
    at: RegistryKey,
    inspector: Inspector,
}

impl Registry {
    fn asks(&mut self, op: &str, mut input: Value) -> Answer {
        let arn = format!("arn:aws:iam::{DEV}:user/developer");
        let identity = Identity::User { name: "developer".to_owned() };
        let caller = Caller { account: self.at.0.clone(), arn, user_id: "AIDAX".to_owned(), identity };
        input["repositoryName"] = "app".into();
        let (account, region) = (&self.at.0, &self.at.1);
        let now = Timestamp::UNIX_EPOCH;
        let call = Call { op, input: &input, account, region, principal: &caller.arn, now };
        api::handle(&mut self.ecr, &call, &caller, &self.inspector)
    }

    fn repository(&self) -> &Repository {
        self.ecr.repository(&self.at.0, &self.at.1, "app").unwrap()
    }
}

proptest! {
    #[test]
    fn a_tag_that_is_kept_never_names_a_second_image(
        first in 0..MODES.len(), acts in proptest::collection::vec(act(), 1..40),
    ) {
        let images = images(IMAGES);
        let mut ecr = Ecr::new("registry.test", IdGenerator::new(1), Latency::REAL);
        let at = registry_key(DEV, "ap-northeast-1");
        let mut repository = Repository::new("app", Timestamp::UNIX_EPOCH);
        images.iter().for_each(|i| with_blobs(&mut repository, i));
        ecr.add_repository(&at.0, &at.1, repository);
        let mut registry = Registry { ecr, at, inspector: Inspector::new(Latency::REAL) };
        // What there should be: the tags' images, and the images.
        let (mut tags, mut there): (BTreeMap<&str, usize>, BTreeSet<usize>) = Default::default();
        let mut mode = first;
        for act in std::iter::once(Act::Set(first)).chain(acts) {
            let before = registry.repository().tags.clone();
            match &act {
                Act::Push { image, tag } => {
                    let tag = tag.map(|t| TAGS[t]);
                    let mut input = json!({"imageManifest": images[*image].manifest});
                    if let Some(tag) = tag {
                        input["imageTag"] = tag.into();
                    }
                    let code = registry.asks("PutImage", input).map_or_else(|e| e.code, |_| "OK".to_owned());
                    let named = tag.and_then(|t| tags.get(t));
                    let expected = match (tag, named) {
                        (None, _) if there.contains(image) => "ImageAlreadyExistsException",
                        (Some(_), Some(named)) if named == image => "ImageAlreadyExistsException",
                        (Some(tag), Some(_)) if keeps(mode, tag) => "ImageTagAlreadyExistsException",
                        _ => "OK",
                    };
                    prop_assert_eq!(code, expected, "{:?} under {}", act, MODES[mode].0);
                    if expected == "OK" {
                        there.insert(*image);
                        tags.extend(tag.map(|tag| (tag, *image)));
                    }
                }
                Act::Untag(tag) => {
                    registry.asks("BatchDeleteImage", json!({"imageIds": [{"imageTag": TAGS[*tag]}]})).unwrap();
                    if let Some(image) = tags.remove(TAGS[*tag])
                        && !tags.values().any(|i| *i == image)
                    {
                        there.remove(&image);
                    }
                }
                Act::Delete(image) => {
                    let ids = json!([{"imageDigest": images[*image].digest}]);
                    registry.asks("BatchDeleteImage", json!({"imageIds": ids})).unwrap();
                    there.remove(image);
                    tags.retain(|_, i| i != image);
                }
                Act::Set(new) => {
                    let (name, filters) = MODES[*new];
                    let filter = |f: &&str| json!({"filterType": "WILDCARD", "filter": f});
                    let mut input = json!({"imageTagMutability": name});
                    if !filters.is_empty() {
                        input["imageTagMutabilityExclusionFilters"] = filters.iter().map(filter).collect();
                    }
                    registry.asks("PutImageTagMutability", input).unwrap();
                    mode = *new;
                }
            }
            let after = registry.repository();
            let moved = |(tag, digest): &(&String, &String)| after.tags.get(*tag).is_some_and(|now| now != *digest);
            if let Some((tag, _)) = before.iter().find(moved) {
                prop_assert!(!keeps(mode, tag), "{} was moved by {:?} under {}", tag, act, MODES[mode].0);
            }
            let expected: BTreeMap<_, _> = tags.iter().map(|(t, i)| ((*t).to_owned(), images[*i].digest.clone())).collect();
            prop_assert_eq!(&after.tags, &expected);
            let expected: BTreeSet<_> = there.iter().map(|i| &images[*i].digest).collect();
            prop_assert_eq!(after.images.keys().collect::<BTreeSet<_>>(), expected);
        }
    }
}
