//! A destination is the source as it was one delay ago, of what the rules cover.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::json;

use super::super::replication::{DELAY, Rule, State};
use super::*;
use crate::sandbox::iam::Policy;
use crate::sandbox::id_generator::IdGenerator;
use crate::sandbox::latency::Latency;

const NAMES: [&str; 4] = ["app", "team/api", "team/web", "web"];
const TAGS: [&str; 3] = ["latest", "v1", "v2"];

/// A registry's repositories with images in them: their digests and tags.
type Seen = BTreeMap<String, (BTreeSet<String>, BTreeMap<String, String>)>;

fn seen(ecr: &Ecr, at: &RegistryKey) -> Seen {
    let repositories = ecr.registry(&at.0, &at.1).into_iter().flat_map(|r| r.repositories.values());
    let filled = repositories.filter(|r| !r.images.is_empty());
    filled.map(|r| (r.name.clone(), (r.images.keys().cloned().collect(), r.tags.clone()))).collect()
}

/// One push: how long after the one before, in milliseconds, and what under which tag.
type Pushes = Vec<(i64, usize, usize, Option<usize>)>;

fn pushes() -> impl Strategy<Value = Pushes> {
    let gap = prop_oneof![Just(0), Just(DELAY.as_millis() as i64), 0..2 * DELAY.as_millis() as i64];
    let one = (gap, 0..NAMES.len(), 0..4usize, proptest::option::of(0..TAGS.len()));
    proptest::collection::vec(one, 1..12)
}

fn prefixes() -> impl Strategy<Value = Vec<&'static str>> {
    prop_oneof![
        Just(vec![]),
        Just(vec!["team/"]),
        Just(vec!["app", "team/web"]),
        Just(vec!["we"]),
        Just(vec!["team/web/none"]),
    ]
}

fn granting(action: serde_json::Value) -> Option<(String, Policy)> {
    let statement = json!({"Effect": "Allow", "Principal": {"AWS": DEV}, "Action": action,
        "Resource": format!("arn:aws:ecr:ap-northeast-1:{PROD}:repository/*")});
    let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    Some((text.clone(), Policy::read_text(&text).unwrap()))
}

proptest! {
    #[test]
    fn what_is_pushed_arrives_after_the_delay_as_it_was_and_nothing_else_does(
        pushes in pushes(), prefixes in prefixes(), speed in prop_oneof![Just(1.0), Just(60.0)],
    ) {
        let source = registry_key(DEV, "ap-northeast-1");
        let (region, account) = (registry_key(DEV, "us-west-2"), registry_key(PROD, "ap-northeast-1"));
        let (closed, beyond) = (registry_key("333333333333", "ap-northeast-1"), registry_key(PROD, "us-west-2"));
        let latency = Latency::new(speed);
        let delay = latency.of(DELAY);
        let mut ecr = Ecr::new("registry.test", IdGenerator::new(1), latency);
        for name in NAMES {
            ecr.add_repository(&source.0, &source.1, Repository::new(name, Timestamp::UNIX_EPOCH));
        }
        let to = vec![region.clone(), account.clone(), closed.clone()];
        let covers = |name: &str| prefixes.is_empty() || prefixes.iter().any(|p| name.starts_with(p));
        let rule = Rule { to, prefixes: prefixes.iter().map(|p| (*p).to_owned()).collect() };
        ecr.registry_mut(&source.0, &source.1).replication = vec![rule];
        ecr.registry_mut(&account.0, &account.1).policy = granting(json!(["ecr:ReplicateImage", "ecr:CreateRepository"]));
        // What arrived is not sent on.
        ecr.registry_mut(&account.0, &account.1).replication = vec![Rule { to: vec![beyond.clone()], prefixes: vec![] }];

        let images = images(4);
        let mut now = Timestamp::UNIX_EPOCH;
        let mut timeline: Vec<(Timestamp, Option<usize>)> = Vec::new();
        for (n, push) in pushes.iter().enumerate() {
            now += SignedDuration::from_millis(push.0);
            timeline.push((now, Some(n)));
            let due = now + delay;
            timeline.extend([due - SignedDuration::from_nanos(1), due, due + delay].map(|at| (at, None)));
        }
        timeline.sort_by_key(|(at, _)| *at);
        // The source after each push.
        let mut history: Vec<(Timestamp, Seen)> = Vec::new();
        for (now, pushed) in timeline {
            while ecr.fire(now) {}
            prop_assert!(ecr.next_at().is_none_or(|at| at > now));
            if let Some(n) = pushed {
                let (_, name, image, tag) = pushes[n];
                push(&mut ecr, &source, NAMES[name], &images[image], tag.map(|t| TAGS[t]), now).unwrap();
                let covered = seen(&ecr, &source).into_iter().filter(|(name, _)| covers(name)).collect();
                history.push((now, covered));
            }
            let then = history.iter().rev().find(|(at, _)| *at + delay <= now).map(|(_, seen)| seen.clone());
            let then = then.unwrap_or_default();
            prop_assert_eq!(&seen(&ecr, &region), &then, "another region's");
            prop_assert_eq!(&seen(&ecr, &account), &then, "another account's");
            for registry in [&closed, &beyond] {
                prop_assert!(seen(&ecr, registry).is_empty(), "{:?}", registry);
            }
        }
        // Whole: the very bytes, with every blob that they name.
        let last = history.last().unwrap().1.clone();
        for (name, (digests, _)) in &last {
            let there = ecr.repository(&account.0, &account.1, name).unwrap();
            for image in images.iter().filter(|i| digests.contains(&i.digest)) {
                prop_assert_eq!(&there.images[&image.digest].manifest, image.manifest.as_bytes());
                prop_assert!(image.blobs.iter().all(|b| there.blobs.get(&String::from(Digest::of(b))) == Some(b)));
                let states = ecr.replicas_of(&source, name, &image.digest);
                let expected = [(&region, &State::Complete), (&account, &State::Complete), (&closed, &State::Failed("ACCESS_DENIED"))];
                prop_assert!(states.len() == 3 && expected.iter().all(|e| states.contains(e)), "{:?}", states);
            }
        }
    }
}

#[test]
fn a_registry_that_lets_images_in_and_no_repositories_made_takes_what_it_has_a_repository_for() {
    let (source, to) = (registry_key(DEV, "ap-northeast-1"), registry_key(PROD, "ap-northeast-1"));
    let mut ecr = Ecr::new("registry.test", IdGenerator::new(1), Latency::REAL);
    for name in NAMES {
        ecr.add_repository(&source.0, &source.1, Repository::new(name, Timestamp::UNIX_EPOCH));
    }
    ecr.add_repository(&to.0, &to.1, Repository::new("app", Timestamp::UNIX_EPOCH));
    ecr.registry_mut(&source.0, &source.1).replication = vec![Rule { to: vec![to.clone()], prefixes: vec![] }];
    ecr.registry_mut(&to.0, &to.1).policy = granting(json!("ecr:ReplicateImage"));
    let images = images(1);
    for name in NAMES {
        push(&mut ecr, &source, name, &images[0], Some("v1"), Timestamp::UNIX_EPOCH).unwrap();
    }
    while ecr.fire(Timestamp::UNIX_EPOCH + DELAY) {}
    assert_eq!(seen(&ecr, &to).into_keys().collect::<Vec<_>>(), ["app"]);
    let states = ecr.replicas_of(&source, "web", &images[0].digest);
    assert_eq!(states, [(&to, &State::Failed("REPOSITORY_NOT_FOUND"))]);
}

#[test]
fn an_image_that_is_deleted_before_it_is_due_does_not_arrive() {
    let (source, to) = (registry_key(DEV, "ap-northeast-1"), registry_key(DEV, "us-west-2"));
    let mut ecr = Ecr::new("registry.test", IdGenerator::new(1), Latency::REAL);
    ecr.add_repository(&source.0, &source.1, Repository::new("app", Timestamp::UNIX_EPOCH));
    ecr.registry_mut(&source.0, &source.1).replication = vec![Rule { to: vec![to.clone()], prefixes: vec![] }];
    let images = images(2);
    for (image, tag) in images.iter().zip(TAGS) {
        push(&mut ecr, &source, "app", image, Some(tag), Timestamp::UNIX_EPOCH).unwrap();
    }
    let repository = ecr.registry_mut(&source.0, &source.1).repositories.get_mut("app").unwrap();
    repository.images.remove(&images[0].digest);
    repository.tags.remove(TAGS[0]);
    while ecr.fire(Timestamp::UNIX_EPOCH + DELAY) {}
    assert_eq!(seen(&ecr, &to)["app"].0.iter().collect::<Vec<_>>(), [&images[1].digest]);
    assert_eq!(ecr.replicas_of(&source, "app", &images[0].digest), [(&to, &State::Failed("IMAGE_NOT_FOUND"))]);
}
