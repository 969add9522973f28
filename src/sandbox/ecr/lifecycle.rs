//! Lifecycle policies: which images a repository expires.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::{Ecr, Image, Repository};
use crate::model::ids::{AccountId, Region};
use crate::sandbox::iam::pattern;

/// How often policies are evaluated, nominally. AWS: images expire "within 24 hours" of meeting a rule.
const EVALUATED_EVERY: SignedDuration = SignedDuration::from_hours(12);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A repository's policy.
#[derive(Debug, Clone, PartialEq)]
pub struct Lifecycle {
    pub text: String,
    rules: Vec<Rule>,
    pub evaluated: Option<Timestamp>,
    next: Timestamp,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Rule {
    rule_priority: u32,
    #[serde(default, rename = "description")]
    _description: Option<String>,
    selection: Selection,
    action: Action,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Action {
    r#type: ActionType,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ActionType {
    Expire,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Selection {
    tag_status: TagStatus,
    #[serde(default)]
    tag_prefix_list: Vec<String>,
    #[serde(default)]
    tag_pattern_list: Vec<String>,
    count_type: CountType,
    count_unit: Option<String>,
    count_number: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum TagStatus {
    Tagged,
    Untagged,
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum CountType {
    ImageCountMoreThan,
    SinceImagePushed,
}

impl Lifecycle {
    /// Reads a policy's text.
    ///
    /// # Errors
    /// The first of AWS's evaluation rules that it violates.
    pub fn read(text: &str, now: Timestamp, every: SignedDuration) -> Result<Lifecycle, String> {
        let Document { mut rules } = serde_json::from_str(text).map_err(|e| e.to_string())?;
        rules.sort_by_key(|r| r.rule_priority);
        if rules.is_empty() {
            return Err("rules must not be empty".to_owned());
        }
        if rules.windows(2).any(|r| r[0].rule_priority == r[1].rule_priority) {
            return Err("rulePriority must be unique".to_owned());
        }
        for (n, rule) in rules.iter().enumerate() {
            rule.selection.check()?;
            if rule.selection.tag_status == TagStatus::Any && n + 1 < rules.len() {
                return Err("a rule with tagStatus any must have the highest rulePriority".to_owned());
            }
        }
        Ok(Lifecycle { text: text.to_owned(), rules, evaluated: None, next: now + every })
    }
}

impl Selection {
    fn check(&self) -> Result<(), String> {
        let listed = !self.tag_prefix_list.is_empty() || !self.tag_pattern_list.is_empty();
        let days = self.count_unit.as_deref() == Some("days");
        let fits_unit = match self.count_type {
            CountType::ImageCountMoreThan => self.count_unit.is_none(),
            CountType::SinceImagePushed => days,
        };
        if (self.tag_status == TagStatus::Tagged) != listed {
            return Err(
                "tagStatus tagged needs tagPrefixList or tagPatternList, and no other tagStatus allows them".to_owned()
            );
        }
        if !self.tag_prefix_list.is_empty() && !self.tag_pattern_list.is_empty() {
            return Err("tagPrefixList and tagPatternList exclude each other".to_owned());
        }
        if !fits_unit {
            return Err("countUnit must be days for sinceImagePushed, and absent otherwise".to_owned());
        }
        if self.count_number == 0 { Err("countNumber must be greater than 0".to_owned()) } else { Ok(()) }
    }

    /// Whether an image's tags match the rule: all of its prefixes or patterns.
    fn wants(&self, tags: &[&str]) -> bool {
        match self.tag_status {
            TagStatus::Any => true,
            TagStatus::Untagged => tags.is_empty(),
            TagStatus::Tagged => {
                self.tag_prefix_list.iter().all(|p| tags.iter().any(|t| t.starts_with(p.as_str())))
                    && self.tag_pattern_list.iter().all(|p| tags.iter().any(|t| pattern::matches(p, t)))
            }
        }
    }

    /// Those of the wanted images, newest first, that are too many or too old.
    fn expired<'a>(&self, wanted: &[&'a Image], now: Timestamp) -> Vec<&'a Image> {
        let days = DAY * i32::try_from(self.count_number).unwrap_or(i32::MAX);
        match self.count_type {
            CountType::ImageCountMoreThan => wanted.iter().skip(self.count_number as usize).copied().collect(),
            CountType::SinceImagePushed => {
                wanted.iter().filter(|i| now.duration_since(i.pushed_at) > days).copied().collect()
            }
        }
    }
}

/// The images that the rules expire at `now`. An image is one rule's: that of the highest priority (the lowest number) whose
/// tags it meets; a later rule still counts it.
fn expired(rules: &[Rule], repository: &Repository, now: Timestamp) -> BTreeSet<String> {
    // An index is what is deployed and deleted; its platforms' images stay as long as it does.
    let children = repository.children();
    let mut images: Vec<&Image> =
        repository.images.values().filter(|i| !children.contains(i.digest.as_str())).collect();
    images.sort_by(|a, b| (b.pushed_at, &a.digest).cmp(&(a.pushed_at, &b.digest)));
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut gone = BTreeSet::new();
    for rule in rules {
        let wants = |i: &&Image| rule.selection.wants(&repository.tags_of(&i.digest));
        let wanted: Vec<&Image> = images.iter().copied().filter(wants).collect();
        let expired = rule.selection.expired(&wanted, now);
        gone.extend(expired.iter().filter(|i| !taken.contains(i.digest.as_str())).map(|i| i.digest.clone()));
        taken.extend(wanted.iter().map(|i| i.digest.as_str()));
    }
    gone
}

impl Repository {
    /// Deletes what the policy expires, and what belongs to it: artifacts that refer to it and an index's own images.
    fn evaluate(&mut self, now: Timestamp, every: SignedDuration) {
        let Some(lifecycle) = &mut self.lifecycle else { return };
        (lifecycle.evaluated, lifecycle.next) = (Some(now), now + every);
        let rules = lifecycle.rules.clone();
        let mut gone = expired(&rules, self, now);
        let held = |gone: &BTreeSet<String>, image: &Image| {
            let left = |i: &&Image| !gone.contains(&i.digest);
            self.images.values().filter(left).any(|i| i.parsed.manifests.iter().any(|m| m.digest == image.digest))
        };
        let orphans: Vec<String> = gone
            .iter()
            .filter_map(|d| self.images.get(d))
            .flat_map(|i| i.parsed.manifests.iter())
            .filter_map(|m| self.images.get(&m.digest))
            .filter(|i| self.tags_of(&i.digest).is_empty() && !held(&gone, i))
            .map(|i| i.digest.clone())
            .collect();
        gone.extend(orphans);
        let refer = |i: &&Image| i.parsed.subject.as_ref().is_some_and(|s| gone.contains(s));
        let referrers: Vec<String> = self.images.values().filter(refer).map(|i| i.digest.clone()).collect();
        gone.extend(referrers);
        self.images.retain(|digest, _| !gone.contains(digest));
        self.tags.retain(|_, digest| !gone.contains(digest));
    }
}

impl Ecr {
    pub(super) fn lifecycle_pace(&self) -> SignedDuration {
        self.latency.of(EVALUATED_EVERY)
    }

    /// When the next policy is evaluated, and whose.
    pub(super) fn next_evaluation(&self) -> Option<(Timestamp, (AccountId, Region), String)> {
        let of = |(place, name, r): (&(AccountId, Region), &String, &Repository)| {
            Some((r.lifecycle.as_ref()?.next, place.clone(), name.clone()))
        };
        let all = self.registries.iter().flat_map(|(p, r)| r.repositories.iter().map(move |(n, r)| (p, n, r)));
        all.filter_map(of).min()
    }

    pub(super) fn evaluate(&mut self, place: &(AccountId, Region), repository: &str, at: Timestamp) {
        let every = self.lifecycle_pace();
        let registry = self.registry_mut(&place.0, &place.1);
        if let Some(repository) = registry.repositories.get_mut(repository) {
            repository.evaluate(at, every);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(rules: &str) -> Result<Lifecycle, String> {
        Lifecycle::read(rules, Timestamp::UNIX_EPOCH, DAY)
    }

    #[test]
    fn policies_that_aws_rules_out_are_refused() {
        let rule = |priority: u32, selection: &str| {
            format!(r#"{{"rulePriority": {priority}, "selection": {{{selection}}}, "action": {{"type": "expire"}}}}"#)
        };
        let any = r#""tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 1"#;
        let untagged =
            r#""tagStatus": "untagged", "countType": "sinceImagePushed", "countUnit": "days", "countNumber": 1"#;
        let policy = |rules: &[String]| read(&format!(r#"{{"rules": [{}]}}"#, rules.join(",")));
        assert!(policy(&[rule(1, untagged), rule(2, any)]).is_ok());
        assert!(policy(&[]).is_err());
        assert!(policy(&[rule(1, untagged), rule(1, any)]).unwrap_err().contains("unique"));
        assert!(policy(&[rule(2, untagged), rule(1, any)]).unwrap_err().contains("highest"));
        for (from, to) in
            [("untagged", "tagged"), (r#""countUnit": "days","#, ""), (r#""countNumber": 1"#, r#""countNumber": 0"#)]
        {
            assert!(policy(&[rule(1, &untagged.replace(from, to))]).is_err(), "{to}");
        }
    }

    /// A repository of images that are so many days old, under these tags.
    fn repository(images: &[(u32, Vec<&'static str>)], now: Timestamp) -> Repository {
        let mut repository = Repository::new("app", now);
        for (n, (age, tags)) in images.iter().enumerate() {
            let manifest = format!(
                r#"{{"schemaVersion": 2, "mediaType": "{}", "layers": [], "config": {{"mediaType": "c", "digest": "d", "size": {n}}}}}"#,
                crate::sandbox::ecr::manifest::OCI_MANIFEST
            );
            let image = Image {
                digest: format!("sha256:{n:064}"),
                parsed: crate::sandbox::ecr::manifest::Parsed::read(manifest.as_bytes(), None).unwrap(),
                manifest: manifest.into(),
                config: Default::default(),
                // A moment apart, so that their order is definite.
                pushed_at: now - DAY * i32::try_from(*age).unwrap() - SignedDuration::from_secs(n as i64 + 1),
                basic_scan: None,
                scan_asked: None,
            };
            for tag in tags {
                repository.tags.insert(format!("{tag}{n}"), image.digest.clone());
            }
            repository.images.insert(image.digest.clone(), image);
        }
        repository
    }

    fn images() -> impl Strategy<Value = Vec<(u32, Vec<&'static str>)>> {
        let tags = proptest::sample::subsequence(vec!["dev-", "prod-", "v"], 0..3);
        proptest::collection::vec((0u32..40, tags), 0..12)
    }

    fn selection() -> impl Strategy<Value = Selection> {
        let prefixes = proptest::sample::subsequence(vec!["dev-".to_owned(), "prod-".to_owned()], 1..3);
        let status = prop_oneof![Just((TagStatus::Untagged, vec![])), prefixes.prop_map(|p| (TagStatus::Tagged, p))];
        (status, any::<bool>(), 1u32..20).prop_map(|((tag_status, tag_prefix_list), age, count_number)| Selection {
            tag_status,
            tag_prefix_list,
            tag_pattern_list: vec![],
            count_type: if age { CountType::SinceImagePushed } else { CountType::ImageCountMoreThan },
            count_unit: age.then(|| "days".to_owned()),
            count_number,
        })
    }

    fn rule(rule_priority: u32, selection: Selection) -> Rule {
        Rule { rule_priority, _description: None, selection, action: Action { r#type: ActionType::Expire } }
    }

    proptest! {
        #[test]
        fn only_the_first_rule_that_an_images_tags_meet_expires_it(
            images in images(), selections in proptest::collection::vec(selection(), 1..4),
        ) {
            let now = Timestamp::UNIX_EPOCH + DAY * 365;
            let repository = repository(&images, now);
            let rules: Vec<Rule> = selections.into_iter().zip(1..).map(|(s, n)| rule(n, s)).collect();
            let gone = expired(&rules, &repository, now);
            for image in repository.images.values() {
                let tags = repository.tags_of(&image.digest);
                let alone = rules.iter().find(|r| r.selection.wants(&tags));
                let by_it = alone.is_some_and(|r| expired(std::slice::from_ref(r), &repository, now).contains(&image.digest));
                prop_assert_eq!(gone.contains(&image.digest), by_it);
            }
        }

        #[test]
        fn so_many_of_the_newest_are_left(images in images(), count in 1u32..14) {
            let now = Timestamp::UNIX_EPOCH + DAY * 365;
            let repository = repository(&images, now);
            let any = Selection {
                tag_status: TagStatus::Any,
                tag_prefix_list: vec![],
                tag_pattern_list: vec![],
                count_type: CountType::ImageCountMoreThan,
                count_unit: None,
                count_number: count,
            };
            let gone = expired(&[rule(1, any)], &repository, now);
            prop_assert_eq!(repository.images.len() - gone.len(), images.len().min(count as usize));
            let pushed = |gone_or_not: bool| {
                let side = repository.images.values().filter(move |i| gone.contains(&i.digest) == gone_or_not);
                side.map(|i| i.pushed_at).collect::<Vec<_>>()
            };
            let (old, new) = (pushed.clone()(true), pushed(false));
            prop_assert!(old.iter().all(|o| new.iter().all(|n| o < n)));
        }
    }
}
